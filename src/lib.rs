//! Interprocess communication toolkit: what a program uses to talk to other processes on the same machine.
//!
//! | you want | use |
//! | --- | --- |
//! | to talk to a process that listens at a name, on any platform | [`local_socket`] |
//! | to talk to a child, or give it an end of a pipe | [`unnamed_pipe`] |
//! | all that Unix domain sockets have: datagrams, packets, passing files, credentials | `os::unix::uds` |
//! | a pipe with a path, for shell scripts and programs of any kind | `os::unix::fifo_file` |
//! | all that Unix signals have: senders, values, masks, handles of processes | `os::unix::signal` |
//! | to know when to shut down, on any platform | [`shutdown`] |
//! | all that Windows named pipes have: messages, transactions, impersonation | `os::windows::named_pipe` |
//!
//! Each has a module `tokio` with the same types on a Tokio runtime (feature `tokio`).
//!
//! ```
//! use interprocess::local_socket::Stream;
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let (mut here, mut there) = Stream::pair()?;
//! here.write_all(b"hello")?;
//! drop(here);
//! let mut text = String::new();
//! there.read_to_string(&mut text)?;
//! assert_eq!(text, "hello");
//! # Ok(())
//! # }
//! ```
//!
//! # What holds everywhere
//! One call that moves data is one system call. No descriptor or handle reaches a child unless it is handed to it, and writing to a peer
//! that is gone is an error, not a signal. What was written is read, also if its writer is dropped or dies. Errors are
//! [`std::io::Error`] with the most specific kind and a message that names what failed; [`error`] has the few that give
//! something back.
//!
//! # Features
//!
//! | feature | default | turns on |
//! | --- | --- | --- |
//! | `signal` | yes | `os::unix::signal`, `os::windows::console`, `shutdown` |
//! | `tokio` | no | the modules `tokio`, and what they use of Tokio |
//! | `tokio-process` | no | `tokio`, and handing pipe ends to children of `tokio::process` |
//! | `futures-core` | no | with `tokio`: clients of a local socket, and signals on Unix, as a `Stream` |
//!
//! Everything else is always there. `default-features = false` builds faster.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod error;
#[doc(alias("unix socket", "unix domain socket", "named pipe", "AF_UNIX"))]
pub mod local_socket;
pub mod os;
pub mod prelude;
#[cfg(feature = "signal")]
#[doc(alias("ctrlc", "SIGTERM", "SetConsoleCtrlHandler"))]
pub mod shutdown;
#[doc(alias = "anonymous pipe")]
pub mod unnamed_pipe;

mod other_runtime;
mod random;
mod sealed;
mod sync;
mod time;
mod timeout;
mod try_clone;
mod wait_mode;

pub use self::{try_clone::TryClone, wait_mode::ConnectWaitMode};

/// The examples of the page on migration, as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/migration.md")]
struct Migration;

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
