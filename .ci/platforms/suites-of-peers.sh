#!/usr/bin/env bash
# suites-of-peers.sh [ARGUMENT...]: runs the tests of std's and Tokio's Unix domain sockets, and of Tokio's pipes, with this
# crate's types, by cargo with these arguments. They come from the standard library's source and Tokio's package.
. "$(dirname "$0")/common.sh"

cd "$ROOT"
needs rust-src.sh
suite=bench/suite_of_peers
std="$(rustc --print sysroot)/lib/rustlib/src/rust/library/std"
tokio="$(cargo metadata --format-version 1 --locked --manifest-path $suite/Cargo.toml \
    | grep -o '"[^"]*/tokio-1[^"/]*/Cargo\.toml"' | head -n 1 | tr -d '"')"
uds=interprocess::os::unix::uds
rm -rf $suite/tests
mkdir $suite/tests

# Tokio's, by their `use` lines. What std has in traits, the types here have themselves.
for name in uds_cred uds_datagram uds_socket uds_split uds_stream net_unix_pipe; do
    sed -e "s/^use tokio::net::Unix/use $uds::tokio::Unix/" \
        -e "s/^use tokio::net::{Unix/use $uds::tokio::{Unix/" \
        -e "s/^    net::UnixSocket,$//" \
        -e "s/^use tokio::net::unix::pipe;/use interprocess::os::unix::fifo_file::tokio as pipe;/" \
        -e "s/^use std::os::unix::net::SocketAddr;/use $uds::SocketAddr;/" \
        "$(dirname "$tokio")/tests/$name.rs" >$suite/tests/$name.rs
done
sed -i -e "s/^use tokio::{\$/use $uds::tokio::UnixSocket;\n&/" $suite/tests/uds_socket.rs

# std's.
sed -e "s/^use super::\*;/use $uds::*;\nuse std::os::fd::AsFd;/" \
    -e 's/^use crate::test_helpers::tmpdir;/fn tmpdir() -> Dir { Dir(tempfile::tempdir().unwrap()) }\nstruct Dir(tempfile::TempDir);\nimpl Dir { fn path(\&self) -> \&std::path::Path { self.0.path() } }/' \
    -e 's/^use crate::os::\(linux\|android\|cygwin\)::net::.*/use std::io as _;/' \
    -e 's/\bcrate::/std::/' \
    -e 's/add_fds(&\[\([a-z0-9]*\)\.as_raw_fd()\]/add_fds(\&[\1.as_fd()]/' \
    -e 's/libc::close(fd_vec\[0\]);/drop(fd_vec);/' \
    "$std/src/os/unix/net/tests.rs" >$suite/tests/std.rs
# What ours do not have in common with Tokio's:
# - since its version 1.54, a new socket counts as ready until an operation has shown otherwise, without an event; ours only
#   take it for writable, and their `writable` waits for the event (`pair_starts_writable`, `poll_read_ready`);
# - connecting never ends at the first poll there, and does here (`epollhup`);
# - texts of errors (`assert_usage`).
differences=(--skip pair_starts_writable --skip poll_read_ready --skip epollhup --skip assert_usage)
exec cargo test --manifest-path $suite/Cargo.toml --locked --no-fail-fast "$@" -- "${differences[@]}"
