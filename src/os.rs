//! Everything that one platform has and others lack.

#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[cfg(any(windows, feature = "tokio", test))]
pub(crate) mod wakers;

/// The adapter for async-io, and what it takes.
#[cfg(all(test, unix))]
pub(crate) mod async_io {
    pub(crate) use super::unix::async_io::{pipe, stream};
    pub(crate) use std::os::fd::OwnedFd as Owned;
}
#[cfg(all(test, windows))]
pub(crate) mod async_io {
    pub(crate) use super::windows::async_io::{pipe, stream};
    pub(crate) use std::os::windows::io::OwnedHandle as Owned;
}
