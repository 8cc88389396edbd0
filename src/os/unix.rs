//! What Unix-like systems have: Unix domain sockets of every kind, FIFO files, pipes by descriptor, and signals.

pub(super) mod async_io;
#[doc(alias("named pipe", "mkfifo"))]
pub mod fifo_file;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod local_socket;
pub(crate) mod pipe_end;
#[cfg(feature = "signal")]
#[doc(alias("kill", "sigaction"))]
pub mod signal;
pub(crate) mod sys;
#[doc(alias("unix socket", "unix domain socket", "AF_UNIX"))]
pub mod uds;
pub mod unnamed_pipe;
