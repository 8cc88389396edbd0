#!/usr/bin/env bash
# foreign.sh i686|aarch64|s390x [ARGUMENT...]: runs the library's tests for another Linux, the last two under qemu's user mode.
# Arguments are added to those of `cargo test`.
# Every program is linked to the cross C library by its full path, so it runs as it is: by the kernel for i686,
# else through the kernel's table of program formats (binfmt_misc). Tests can so start themselves again.
. "$(dirname "$0")/common.sh"

name="${1:-}"
[ $# -eq 0 ] || shift
PLATFORM="${INTERPROCESS_CI_PLATFORM:-$name}"
case "$name" in
    i686) libc=libc6-dev-i386-cross loader=ld-linux.so.2 ;;
    aarch64) libc=libc6-dev-arm64-cross loader=ld-linux-aarch64.so.1 ;;
    s390x) libc=libc6-dev-s390x-cross loader=ld64.so.1 ;;
    *) echo "usage: foreign.sh i686|aarch64|s390x [ARGUMENT...]" >&2; exit 2 ;;
esac
packages=("gcc-$name-linux-gnu" "$libc")
[ "$name" = i686 ] || packages+=(qemu-user-static)
install_packages "$name" "${packages[@]}"
needs rust-src.sh

libraries="/usr/$name-linux-gnu/lib"
runs() { "$libraries/$loader" --version >/dev/null 2>&1; }
# An entry of our own, for as long as this script runs; Debian's package ships its text but a container or a
# machine without binfmt-support has not loaded it.
if ! runs; then
    privately "$name" "$name" "$@"
    table=/proc/sys/fs/binfmt_misc
    [ -e $table/register ] || mount -t binfmt_misc binfmt_misc $table 2>/dev/null \
        || unavailable "$name: the kernel has no binfmt_misc"
    of() { sed -n "s/^$1 //p" "/usr/share/binfmts/qemu-$name"; }
    entry="interprocess-$name-$(date +%s%N)"
    trap '[ ! -e "$table/$entry" ] || echo -1 >"$table/$entry"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '%s' ":$entry:M::$(of magic):$(of mask):$(of interpreter):FP" >$table/register || true
    runs || unavailable "$name: cannot register qemu with the kernel"
fi

target="$name-unknown-linux-gnu"
variable="CARGO_TARGET_$(tr a-z- A-Z_ <<<"$target")"
flags="-Clink-arg=-Wl,--dynamic-linker=$libraries/$loader -Clink-arg=-Wl,-rpath=$libraries"
export RUSTC_BOOTSTRAP=1 "${variable}_LINKER=$name-linux-gnu-gcc" RUSTFLAGS="$flags" RUSTDOCFLAGS="$flags"
export STEP_LIMIT="${STEP_LIMIT:-900}"
cd "$ROOT"
step "library tests" cargo test -p interprocess --all-features --locked --no-fail-fast --target "$target" \
    "$STD_TO_RUN" "$@"
finish
