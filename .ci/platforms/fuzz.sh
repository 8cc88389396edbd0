#!/usr/bin/env bash
# fuzz.sh [SECONDS]: runs each fuzz target for so long (30), from the corpus that is in the tree.
. "$(dirname "$0")/common.sh"

seconds="${1:-30}"
command -v c++ >/dev/null || install_packages "fuzzing" g++
tools="$CACHE/fuzz"
if [ ! -x "$tools/bin/cargo-fuzz" ]; then
    echo "building cargo-fuzz"
    CARGO_TARGET_DIR="$TARGET_DIR/cargo-fuzz" cargo install -q cargo-fuzz --locked --root "$tools" \
        || unavailable "fuzzing: could not build cargo-fuzz"
fi
# The sanitizers are for nightly compilers, of which a stable one is one under this variable.
export RUSTC_BOOTSTRAP=1 PATH="$tools/bin:$PATH"
unset CARGO_TARGET_DIR
cd "$ROOT"
for target in fuzz/fuzz_targets/*.rs; do
    name="$(basename "$target" .rs)"
    # What a run adds to the corpus is not for the tree.
    found="$(mktemp -d)"
    step "$name" cargo fuzz run --target-dir "$TARGET_DIR/fuzz" "$name" "$found" "fuzz/corpus/$name" \
        -- -max_total_time="$seconds" -max_len=2048 -verbosity=0
    rm -rf "$found"
done
finish
