#!/usr/bin/env bash
# Whether the version number tells of all that changed since the last release. Only where cargo-semver-checks is installed:
# it takes too long to build here, so its absence is a skip everywhere.
. "$(dirname "$0")/common.sh"

if ! cargo semver-checks --version >/dev/null 2>&1; then
    note "cargo-semver-checks is not installed"
    echo "SKIP: cargo-semver-checks is not installed" >&2
    exit 77
fi
cd "$ROOT"
step "public interface" cargo semver-checks check-release -p interprocess --all-features
finish
