#!/usr/bin/env bash
# The tests, on the machine that runs this, whatever its system is; for another target that it runs if CARGO_BUILD_TARGET
# says so.
. "$(dirname "$0")/common.sh"

# `harness` is for Linux.
packages=(--workspace)
[ "$(uname -s)" = Linux ] || packages+=(--exclude harness)
cd "$ROOT"
step "tests" cargo test "${packages[@]}" --all-features --locked --no-fail-fast
step "tests with default features" cargo test -p interprocess --locked --no-fail-fast
step "tests of 2.4" "$PLATFORMS/suite-of-2.sh"
[ "$(uname -s)" != Linux ] || step "tests of std and Tokio" "$PLATFORMS/suites-of-peers.sh"
step "tour" cargo run -q -p ipc --locked -- tour
finish
