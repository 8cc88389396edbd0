//! interprocess 2.4's kind of names.

/// Paths of named pipes, `\\HOST\pipe\NAME`; the same as [`GenericFilePath`](crate::local_socket::GenericFilePath) on Windows.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NamedPipe {}
