# shellcheck shell=bash disable=SC2034
# Shared by the scripts of this folder: where things are kept, how a step runs and is reported, how packages
# are installed, and how a platform that cannot be set up is told. Sourced, never run.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
PLATFORMS="$ROOT/.ci/platforms"
SELF="$PLATFORMS/$(basename "$0")"
PLATFORM="${INTERPROCESS_CI_PLATFORM:-$(basename "$0" .sh)}" # the name in titles

# Downloads live outside the tree, so that a fresh clone finds them again.
export INTERPROCESS_CI_CACHE="${INTERPROCESS_CI_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/interprocess-ci}"
CACHE="$INTERPROCESS_CI_CACHE"
mkdir -p "$CACHE"

# Absolute, since the steps run in other folders and namespaces too.
TARGET_DIR="${CARGO_TARGET_DIR:-$ROOT/target}"
case "$TARGET_DIR" in
    /* | [A-Za-z]:*) ;;
    *) TARGET_DIR="$PWD/$TARGET_DIR" ;;
esac
export CARGO_TARGET_DIR="$TARGET_DIR"

# msrv.sh puts Debian's compiler into /usr/bin: the toolchain of the user goes first, whatever PATH says.
if [ -x "${CARGO_HOME:-${HOME:-}/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
fi

# Nothing is built twice in CI, so state for the next build is a waste, and so is most of the debug information.
if [ "${CI:-}" = true ]; then
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=line-tables-only CARGO_TERM_COLOR=never
fi

# The standard library for a target that is not installed: one set of crates for each use, so that the steps of
# a target share what they build. RUSTC_BOOTSTRAP lets a stable compiler take `-Zbuild-std`.
STD_TO_RUN=-Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test
STD_TO_CHECK=-Zbuild-std=std,panic_abort

failed_steps=0

# step NAME COMMAND...: runs one command under a title and a time limit; a failure is counted and told by `finish`.
step() {
    local name="$1" status=0 begun=$SECONDS limit="${STEP_LIMIT:-600}" left foreground=()
    shift
    printf '\n== %s: %s ==\n' "$PLATFORM" "$name"
    if [ -n "${INTERPROCESS_CI_DEADLINE:-}" ]; then
        left=$((INTERPROCESS_CI_DEADLINE - $(date +%s)))
        [ "$left" -ge "$limit" ] || limit=$left
    fi
    # With a terminal, Ctrl-C has to reach the command.
    [ ! -t 1 ] || foreground=(--foreground)
    if [ "$limit" -le 0 ]; then
        status=124
    else
        INTERPROCESS_TEST_SKIPS="$(mktemp)"
        export INTERPROCESS_TEST_SKIPS
        timeout ${foreground[@]+"${foreground[@]}"} -k 10 "$limit" "$@" </dev/null || status=$?
        tell_skips "$name"
    fi
    case "$status" in
        0) printf -- '-- %s: %s: ok, %d s\n' "$PLATFORM" "$name" $((SECONDS - begun)) ;;
        77) unavailable "$name: none of it can be tried here" ;;
        124 | 137) tell_failure "$name" "out of time after $((SECONDS - begun)) s" ;;
        *) tell_failure "$name" "exit status $status, $((SECONDS - begun)) s" ;;
    esac
}

# What the tests of a step have left out by `skip` of tests/common.
tell_skips() {
    local count
    count=$(wc -l <"$INTERPROCESS_TEST_SKIPS")
    if [ "$count" -gt 0 ]; then
        printf -- '-- %s: %s: %d skips, and why:\n' "$PLATFORM" "$1" "$count"
        LC_ALL=C sort "$INTERPROCESS_TEST_SKIPS" | uniq -c
        note "$1: $count skips"
    fi
    rm -f "$INTERPROCESS_TEST_SKIPS"
    unset INTERPROCESS_TEST_SKIPS
}

tell_failure() {
    failed_steps=$((failed_steps + 1))
    printf -- '-- %s: %s: FAILED (%s)\n' "$PLATFORM" "$1" "$2"
    note "$1"
}

# note TEXT: a remark for this platform's line in the closing table of `.ci/run`.
note() {
    [ -z "${INTERPROCESS_CI_NOTES:-}" ] || printf '%s\n' "$1" >>"$INTERPROCESS_CI_NOTES"
}

# run_steps SCRIPT [ARGUMENT...]: the steps of another script of this folder.
run_steps() {
    INTERPROCESS_CI_PLATFORM="$PLATFORM" "$PLATFORMS/$1" "${@:2}" || failed_steps=$((failed_steps + 1))
}

# The last line of every script that has steps.
finish() {
    [ "$failed_steps" -eq 0 ] || exit 1
    exit 0
}

# A platform that cannot be set up: fatal in CI, a named skip elsewhere (exit 77, the automake convention).
unavailable() {
    note "$*"
    if [ "${CI:-}" = true ]; then
        echo "FAIL: $*" >&2
        exit 1
    fi
    echo "SKIP: $*" >&2
    exit 77
}

# needs SCRIPT [ARGUMENT...]: another script of this folder that has to succeed first; its verdict is ours.
needs() {
    INTERPROCESS_CI_PLATFORM="$PLATFORM" "$PLATFORMS/$1" "${@:2}" || exit $?
}

# matrix NAME [long|ROW...]: one of the tables of `harness/`, as the only step of a script. The long form has the time
# that it takes.
matrix() {
    local name="$1" words=()
    shift
    if [ "${1:-}" = long ]; then
        shift
        words=(--long)
        STEP_LIMIT="${STEP_LIMIT:-7200}"
    fi
    STEP_LIMIT="${STEP_LIMIT:-1500}"
    cd "$ROOT"
    cargo build -q -p harness --locked || { tell_failure "$name" "it cannot be built"; finish; }
    step "$name" "$TARGET_DIR/debug/harness" "$name" "${words[@]}" "$@"
    finish
}

# privately REASON "$@": runs the calling script again in mount and process namespaces of its own. Whatever it
# mounts or leaves running ends with it, so that no mount and no process outlives a run, however it ends.
privately() {
    local reason="$1"
    shift
    [ "${INTERPROCESS_CI_PRIVATE:-}" != "$SELF" ] || return 0
    unshare --mount true 2>/dev/null || unavailable "$reason: no permission to mount (root is needed)"
    INTERPROCESS_CI_PRIVATE="$SELF" INTERPROCESS_CI_PLATFORM="$PLATFORM" \
        exec unshare --mount --pid --fork --kill-child --mount-proc "$SELF" "$@"
}

# The mirror that this machine's own apt sources already use for Debian itself.
debian_mirror() {
    {
        sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true
        sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null || true
    } | sed -e '/security/d' -e 's:/*$::' -e q
}

# install_packages REASON PACKAGE[=VERSION]...: installs what is missing, as root, through apt.
install_packages() {
    local reason="$1" missing=() package
    shift
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || unavailable "$reason: apt-get is not here to install ${missing[*]}"
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null || unavailable "$reason: not root, cannot install ${missing[*]}"
    echo "installing ${missing[*]}"
    # The lists may be missing or old, hence the second try.
    apt_install "${missing[@]}" && return
    apt_quiet update || unavailable "$reason: apt-get update failed: $(tail -n 1 "$CACHE/apt.log")"
    apt_install "${missing[@]}" \
        || unavailable "$reason: could not install ${missing[*]}: $(tail -n 1 "$CACHE/apt.log")"
}

is_installed() {
    local found
    found="$(dpkg-query -W -f '${db:Status-Status} ${Version}' "${1%%=*}" 2>/dev/null)" || return 1
    case "$1" in
        *=*) [ "$found" = "installed ${1#*=}" ] ;;
        *) [ "${found%% *}" = installed ] ;;
    esac
}

apt_install() {
    apt_quiet install -y --no-install-recommends --allow-downgrades "$@"
}

apt_quiet() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" \
        </dev/null >"$CACHE/apt.log" 2>&1
}
