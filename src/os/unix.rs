//! What Unix-like systems have: Unix domain sockets of every kind, and pipes by descriptor.

#[cfg(fuzzing)]
pub mod fuzzing;
pub mod local_socket;
pub(crate) mod sys;
pub mod uds;
pub mod unnamed_pipe;
