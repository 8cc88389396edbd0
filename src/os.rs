//! Everything that one platform has and others lack.

#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;
