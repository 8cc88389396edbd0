//! The tests of std's and Tokio's Unix domain sockets, and of Tokio's pipes, with this crate's types.
//!
//! `.ci/platforms/suites-of-peers.sh` puts them into `tests/` from the source of the standard library and the package of
//! Tokio, and lists all that is changed in them.
