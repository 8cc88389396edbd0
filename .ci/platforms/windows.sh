#!/usr/bin/env bash
# Lints and documentation for Windows; its tests are run by wine-tests.sh.
. "$(dirname "$0")/common.sh"

needs rust-src.sh
install_packages "Windows" gcc-mingw-w64-x86-64-posix

target=x86_64-pc-windows-gnu
export RUSTC_BOOTSTRAP=1
cd "$ROOT"
step "clippy" \
    cargo clippy -p interprocess -p ipc -p peer --all-targets --all-features --locked --target $target "$STD_TO_RUN" -- -D warnings
step "documentation" \
    env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features --locked --target $target "$STD_TO_RUN"
finish
