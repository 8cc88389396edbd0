#!/usr/bin/env bash
# Runs the library's tests, the tool and the interoperability test as Windows programs under Wine.
. "$(dirname "$0")/common.sh"

if [ -z "${WINE_ROOT:-}" ]; then
    needs rust-src.sh
    needs wine.sh
    INTERPROCESS_CI_PLATFORM="$PLATFORM" exec "$PLATFORMS/wine-session" "$SELF"
fi

target=x86_64-pc-windows-gnu
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$PLATFORMS/run-wine"
# Each program starts many others, which takes Wine its time.
export STEP_LIMIT="${STEP_LIMIT:-1200}"
cd "$ROOT"
step "library tests" cargo test -p interprocess --all-features --locked --no-fail-fast --target $target "$STD_TO_RUN"
# What Windows does and Wine does not is emulated there (docs/windows.md). Only the library is built again.
step "library tests with Windows' semantics" cargo -Z profile-rustflags \
    --config unstable.profile-rustflags=true \
    --config 'profile.dev.package.interprocess.rustflags=["--cfg","interprocess_windows_semantics"]' \
    test -p interprocess --all-features --locked --no-fail-fast --tests --target $target "$STD_TO_RUN"
step "tool" cargo test -p ipc --locked --target $target "$STD_TO_RUN"
step "tour" cargo run -q -p ipc --locked --target $target "$STD_TO_RUN" -- tour
step "tests of 2.4" "$PLATFORMS/suite-of-2.sh" --target $target "$STD_TO_RUN"
step "programs for a freed library" cargo build -p peer --locked --target $target "$STD_TO_RUN"
step "freed library" "$PLATFORMS/run-wine" "$TARGET_DIR/$target/debug/unload.exe" "$TARGET_DIR/$target/debug/unloaded.dll"
if [ -e bench/tests/interop.rs ]; then
    step "interoperability" cargo test -p bench --test drop_in --test interop --test messages --locked --target $target "$STD_TO_RUN"
fi
finish
