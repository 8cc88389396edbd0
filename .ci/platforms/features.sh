#!/usr/bin/env bash
# features.sh: type-checks the library with no feature, with each feature alone and with each pair, on the machine itself, and
# with each alone for Windows. Dead code is an error: a module that no feature of the set needs has to be left out.
. "$(dirname "$0")/common.sh"

needs rust-src.sh
install_packages "Windows" gcc-mingw-w64-x86-64-posix

cd "$ROOT"
mapfile -t features < <(sed -n '/^\[features\]$/,/^$/ s/^\([a-z-]*\) = .*/\1/p' Cargo.toml | grep -vx default)
[ ${#features[@]} -gt 1 ] || { tell_failure "features" "none are found in Cargo.toml"; finish; }
singles=("" "${features[@]}")
pairs=()
for ((first = 0; first < ${#features[@]}; first++)); do
    for ((second = first + 1; second < ${#features[@]}; second++)); do
        pairs+=("${features[first]},${features[second]}")
    done
done

export RUSTFLAGS="${RUSTFLAGS:-} -D warnings" CARGO_PROFILE_DEV_DEBUG=none CARGO_TARGET_DIR="$TARGET_DIR/features"
check=(cargo check -q -p interprocess --lib --locked --no-default-features)
for set in "${singles[@]}" "${pairs[@]}"; do
    step "Linux: ${set:-none}" "${check[@]}" --features "$set"
done
export RUSTC_BOOTSTRAP=1
for set in "${singles[@]}"; do
    step "Windows: ${set:-none}" "${check[@]}" --features "$set" --target x86_64-pc-windows-gnu "$STD_TO_CHECK"
done
finish
