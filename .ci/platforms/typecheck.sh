#!/usr/bin/env bash
# typecheck.sh [TARGET...]: compiles the library, for two targets all tests too, without linking, with Clippy's
# lints on top, for systems that cannot run here. Clippy does all that `cargo check` does, so one pass serves
# both. `--list` names the targets.
. "$(dirname "$0")/common.sh"

targets=(
    x86_64-apple-darwin
    aarch64-apple-darwin
    x86_64-unknown-freebsd
    x86_64-unknown-netbsd
    x86_64-unknown-openbsd
    x86_64-unknown-illumos
    aarch64-linux-android
    x86_64-unknown-linux-musl
    x86_64-pc-windows-msvc
    aarch64-pc-windows-msvc
    i686-pc-windows-gnu
)
if [ "${1:-}" = --list ]; then
    printf '%s\n' "${targets[@]}"
    exit
fi
[ $# -eq 0 ] || targets=("$@")
needs rust-src.sh
# The standard library for this one makes import libraries even when it is only checked.
[[ " ${targets[*]} " != *" i686-pc-windows-gnu "* ]] || install_packages "i686-pc-windows-gnu" binutils-mingw-w64-i686

export RUSTC_BOOTSTRAP=1 CARGO_PROFILE_DEV_DEBUG=none
cd "$ROOT"
for PLATFORM in "${targets[@]}"; do
    # Two systems stand for the others in what only tests need.
    tests=false
    case "$PLATFORM" in aarch64-apple-darwin | x86_64-unknown-freebsd) tests=true ;; esac
    std="$STD_TO_CHECK"
    ! $tests || std="$STD_TO_RUN"
    lint=(cargo clippy -p interprocess --locked --target "$PLATFORM" "$std")
    step "all features" "${lint[@]}" --all-features -- -D warnings
    step "no features" "${lint[@]}" --no-default-features -- -D warnings
    # A helper of a test that is not for this system is no fault.
    ! $tests || step "tests and examples" cargo clippy --workspace --exclude harness --all-features --all-targets \
        --locked --target "$PLATFORM" "$std" -- -D warnings -A unused
done
finish
