#!/usr/bin/env bash
# linux.sh [long]: everything that runs on the machine itself: the tests, the tool, formatting, lints and documentation.
# In the long form, tests whose rounds are bounded for CI run many more.
. "$(dirname "$0")/common.sh"

if [ "${1:-}" = long ]; then
    export IP3_RAIN_ROUNDS="${IP3_RAIN_ROUNDS:-50}" INTERPROCESS_RACE_ROUNDS="${INTERPROCESS_RACE_ROUNDS:-20000}"
    export STEP_LIMIT="${STEP_LIMIT:-7200}"
fi

# Tools that some tests use to look at a program from outside; those tests pass over themselves without them.
packages=()
for tool in socat:socat strace:strace python3:python3 node:nodejs systemd-socket-activate:systemd dbus-daemon:dbus; do
    command -v "${tool%:*}" >/dev/null || packages+=("${tool#*:}")
done
(install_packages "tools for some Linux tests" "${packages[@]}") || [ "${CI:-}" != true ] || tell_failure "tools" "not installed"

run_steps native.sh
cd "$ROOT"
# The ways of the other Unixes, as far as they work here; in a folder of its own, as the flag makes all new.
step "tests of the other Unixes' ways" env RUSTFLAGS="--cfg interprocess_portable_unix" \
    CARGO_TARGET_DIR="$TARGET_DIR/portable-unix" cargo test -p interprocess --all-features --locked --no-fail-fast --tests
step "formatting" cargo fmt --all --check
step "clippy" cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
step "clippy, no features" cargo clippy -p interprocess --no-default-features --locked -- -D warnings
step "documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features --locked
finish
