#!/usr/bin/env bash
# Licences, sources and advisories of the dependencies. Only where cargo-deny is installed: it takes too long to
# build here, so its absence is a skip everywhere.
. "$(dirname "$0")/common.sh"

if ! cargo deny --version >/dev/null 2>&1; then
    note "cargo-deny is not installed"
    echo "SKIP: cargo-deny is not installed" >&2
    exit 77
fi
cd "$ROOT"
step "licences, versions and sources" cargo deny --workspace check licenses bans sources
if cargo deny fetch db >/dev/null 2>&1 </dev/null; then
    step "advisories" cargo deny --workspace check advisories
else
    note "no advisories: their database could not be fetched"
fi
finish
