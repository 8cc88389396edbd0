#!/usr/bin/env bash
# Licences, advisories and sources of the dependencies. Only where cargo-deny is installed: building it takes
# longer than all the rest, so its absence is a skip everywhere.
. "$(dirname "$0")/common.sh"

if ! cargo deny --version >/dev/null 2>&1; then
    note "cargo-deny is not installed"
    echo "SKIP: cargo-deny is not installed" >&2
    exit 77
fi
cd "$ROOT"
step "licences, versions and sources" cargo deny --all-features check licenses bans sources
if cargo deny fetch db >/dev/null 2>&1 </dev/null; then
    step "advisories" cargo deny --all-features check --disable-fetch advisories
else
    note "no advisories: their database could not be fetched"
fi
finish
