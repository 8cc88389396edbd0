//! FIFO files on a Tokio runtime, driven by readiness.
//!
//! The names and methods are those of [`tokio::net::unix::pipe`], so that a program moves over by writing
//! `use interprocess::os::unix::fifo_file::tokio as pipe`.
//! Beyond Tokio's there are:
//!
//! - [`OpenOptions::open_sender_waiting`], [`OpenOptions::open_receiver_waiting`] and [`Receiver::wait_for_sender`], which wait
//!   for the other end.
//! - The checks, the making of FIFOs and the receivers that stay open of the blocking
//!   [`OpenOptions`](super::OpenOptions), from which those here are made.
//! - [`Sender::write_atomic`], and reading and writing by reference.
//! - Writing never raises SIGPIPE, and waiting for a second sender after a first one has
//!   left takes no processor time.
//!
//! ```
//! use interprocess::os::unix::fifo_file::{create_fifo, tokio::OpenOptions};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # let path = std::env::temp_dir().join(format!("interprocess-doc-fifo-tokio-{}", std::process::id()));
//! create_fifo(&path, 0o600)?;
//! let to = path.clone();
//! let sending = tokio::spawn(async move {
//!     // Whichever of the two is first waits for the other.
//!     let mut sender = OpenOptions::new().open_sender_waiting(&to).await?;
//!     sender.write_all(b"through the FIFO").await
//! });
//!
//! let mut receiver = OpenOptions::new().open_receiver_waiting(&path).await?;
//! let mut text = String::new();
//! receiver.read_to_string(&mut text).await?;
//! assert_eq!(text, "through the FIFO");
//! # sending.await.unwrap()?;
//! # std::fs::remove_file(&path)
//! # }
//! ```

mod open_watch;
mod options;
mod receiver;
mod sender;

pub use self::{options::OpenOptions, receiver::Receiver, sender::Sender};

use super::{Receiver as BlockingReceiver, Sender as BlockingSender};
use crate::os::unix::sys::pipe;
use std::io;

/// Makes an unnamed pipe with both ends on the runtime, as [`tokio::net::unix::pipe::pipe`] does. No child inherits them.
///
/// # Errors
/// The limit of open descriptors.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Receiver)> {
    let (receiver, sender) = pipe::new(pipe::Options { nonblocking: true, packets: false })?;
    let sender = Sender::registered(BlockingSender::from_checked(sender))?;
    Ok((sender, Receiver::registered(BlockingReceiver::from_checked(receiver))?))
}
