#!/usr/bin/env bash
# Builds the library with the oldest compiler it promises to support: Debian's packages of that version, which
# are in /usr/bin, whatever toolchain comes first on PATH.
. "$(dirname "$0")/common.sh"

oldest="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml" | head -n 1)"
are_oldest() {
    local tool
    for tool in rustc cargo; do
        "/usr/bin/$tool" --version 2>/dev/null | grep "^$tool ${oldest//./\\.}\\." || return 1
    done
}
if ! are_oldest >/dev/null; then
    command -v apt-cache >/dev/null || unavailable "Rust $oldest: apt is not here to install it"
    newest_of_it() {
        apt-cache madison rustc-web \
            | awk -F'|' -v v="$oldest." '{gsub(/ /, "", $2); if (!found && index($2, v) == 1) found = $2} END {print found}'
    }
    version="$(newest_of_it)"
    if [ -z "$version" ]; then
        [ "$(id -u)" -ne 0 ] || apt_quiet update || true
        version="$(newest_of_it)"
    fi
    [ -n "$version" ] || unavailable "Rust $oldest: Debian has no package of this version"
    install_packages "Rust $oldest" "rustc-web=$version" "cargo-web=$version" "libstd-rust-web-dev=$version"
fi
are_oldest || unavailable "Rust $oldest: /usr/bin holds another version"

export RUSTC=/usr/bin/rustc CARGO_TARGET_DIR="$TARGET_DIR/msrv"
unset RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTUP_TOOLCHAIN
cd "$ROOT"
step "all features" /usr/bin/cargo build -p interprocess --all-features --locked
step "no features" /usr/bin/cargo build -p interprocess --no-default-features --locked
finish
