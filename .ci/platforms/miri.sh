#!/usr/bin/env bash
# The functions over bytes under Miri. Only where that component is installed: it comes with nightly toolchains alone,
# so its absence is a skip everywhere.
. "$(dirname "$0")/common.sh"

if ! cargo miri --version >/dev/null 2>&1; then
    note "the Miri component is not installed"
    echo "SKIP: the Miri component is not installed" >&2
    exit 77
fi
cd "$ROOT"
step "control messages and addresses" cargo miri test -p interprocess --all-features --locked --lib
finish
