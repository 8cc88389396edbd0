#!/usr/bin/env bash
# suite-of-2.sh [ARGUMENT...]: runs the tests of interprocess 2.4.7 with this version, by cargo with these arguments. They
# come from the crate's package, on which `bench` depends.
. "$(dirname "$0")/common.sh"

cd "$ROOT"
suite=bench/suite_2
# Windows' paths are escaped as in JSON.
package="$(cargo metadata --format-version 1 --locked --manifest-path bench/Cargo.toml \
    | grep -o '"[^"]*[/\\]interprocess-2\.4\.7[/\\]*Cargo\.toml"' | head -n 1 | tr -d '"' | tr -s '\\' /)"
rm -rf $suite/tests
cp -R "$(dirname "$package")/tests" $suite/tests
git apply --directory=$suite $suite/interface.patch
exec cargo test --manifest-path $suite/Cargo.toml --locked --no-fail-fast "$@"
