//! What Unix-like systems have: Unix domain sockets of every kind, pipes by descriptor, and signals.

#[cfg(fuzzing)]
pub mod fuzzing;
pub mod local_socket;
pub mod signal;
pub(crate) mod sys;
pub mod uds;
pub mod unnamed_pipe;
