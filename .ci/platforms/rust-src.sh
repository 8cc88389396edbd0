#!/usr/bin/env bash
# Puts the standard library's source beside the installed compiler, so that `-Zbuild-std` can build it for
# targets whose compiled form is not installed. The source comes from the Debian package of the same version.
. "$(dirname "$0")/common.sh"

what="standard library source"
version="$(rustc --version | cut -d' ' -f2)"
source="$(rustc --print sysroot)/lib/rustlib/src/rust"
[ ! -e "$source/library/std/Cargo.toml" ] || exit 0

kept="$CACHE/rust-src-$version"
if [ ! -e "$kept/library/std/Cargo.toml" ]; then
    command -v apt-get >/dev/null || unavailable "$what: apt-get is not here to download it"
    mirror="$(debian_mirror)"
    [ -n "$mirror" ] || unavailable "$what: no Debian mirror in apt's sources"
    work="$(mktemp -d "$CACHE/rust-src.XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    for suite in trixie-backports trixie sid; do
        echo "deb [signed-by=$keyring] $mirror $suite main"
    done >"$work/sources.list"
    # Lists and sources of our own: the machine's apt is left as it is.
    private=(-o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists"
        -o Dir::Cache="$work" -o APT::Sandbox::User=root)
    apt-get -qq "${private[@]}" update >"$work/log" 2>&1 \
        || unavailable "$what: apt-get update failed: $(tail -n 1 "$work/log")"
    exact="$(apt-cache "${private[@]}" madison rust-src \
        | awk -F'|' -v v="$version" '{gsub(/ /, "", $2); if (!found && index($2, v "+") == 1) found = $2} END {print found}')"
    [ -n "$exact" ] || unavailable "$what: no rust-src package of version $version"
    (cd "$work" && apt-get -qq "${private[@]}" download "rust-src=$exact" >"$work/log" 2>&1) \
        || unavailable "$what: download of rust-src=$exact failed: $(tail -n 1 "$work/log")"
    dpkg -x "$work"/rust-src_*.deb "$work/unpacked"
    rm -rf "$kept"
    mv "$work/unpacked/usr/src/rustc-$version" "$kept"
fi
{ mkdir -p "$(dirname "$source")" && ln -sfn "$kept" "$source"; } 2>/dev/null \
    || unavailable "$what: the compiler's folder is not writable"
