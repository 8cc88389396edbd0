//! Everything that one platform has and others lack.

#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[cfg(any(windows, feature = "tokio"))]
pub(crate) mod wakers;
