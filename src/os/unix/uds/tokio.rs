//! Unix domain sockets on a Tokio runtime.
//!
//! The types have the names and methods of [`tokio::net`], and convert from and to them by [`TryFrom`], so that a program
//! moves over by changing its `use` lines. Each wraps the blocking type of [the parent module](super), and only says when to
//! try again. Beyond Tokio's there are:
//!
//! - [`UnixSeqpacket`] and [`UnixSeqpacketListener`].
//! - Addresses wherever there are paths, [`UnixListener::bind_with`], and names that the kernel chooses
//!   ([`UnixListener::autobind`]).
//! - Descriptors ([`UnixStream::send_with_fds`]) and other control messages
//!   ([`UnixStream::recv_vectored_with_ancillary`]), on all three kinds of sockets.
//! - Many datagrams or packets in one call: [`UnixDatagram::recv_many`], [`UnixDatagram::send_many`].
//! - Peeking, [`UnixStream::peer_groups`], and the options in [`UnixSocketExt`](super::UnixSocketExt).
//! - [`UnixListener::close`], which wakes the tasks that accept.
//! - [`UnixStream::connect`] waits for room in a full backlog, and [`UnixDatagram::send_to`] for room in a full queue
//!   without keeping the processor busy.
//!
//! All methods that wait are cancel-safe: an operation that was dropped before it was ready has not begun.
//!
//! ```
//! use interprocess::os::unix::uds::tokio::{UnixListener, UnixStream};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("interprocess-doc-uds-tokio-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("answer.sock");
//! let listener = UnixListener::bind(&path)?;
//! let server = tokio::spawn(async move {
//!     let (mut stream, _) = listener.accept().await?;
//!     stream.write_all(b"42").await
//! });
//!
//! let mut answer = String::new();
//! UnixStream::connect(&path).await?.read_to_string(&mut answer).await?;
//! assert_eq!(answer, "42");
//! # server.await.unwrap()?;
//! # std::fs::remove_file(&path)?;
//! # std::fs::remove_dir(&folder)
//! # }
//! ```

mod conversions;
mod datagram;
mod listener;
pub(crate) mod listening;
mod seqpacket;
mod socket;
mod split;
mod stream;
mod unix_socket;

pub(crate) use self::stream::{retried, retried_until};

use super::SocketAddr;
use std::{io, os::unix::ffi::OsStrExt, path::Path};

pub use self::{
    datagram::UnixDatagram,
    listener::{Listener, UnixListener, UnixSeqpacketListener},
    seqpacket::UnixSeqpacket,
    socket::Socket,
    split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReadSide, ReuniteError, WriteHalf, WriteSide},
    stream::UnixStream,
    unix_socket::UnixSocket,
};

/// The address of a name in the abstract namespace that is given as a path: with a zero byte before it, as Tokio's own types
/// take it.
fn abstract_address(path: &Path) -> io::Result<Option<SocketAddr>> {
    let name = path.as_os_str().as_bytes().strip_prefix(b"\0");
    name.map(SocketAddr::from_abstract_name).transpose()
}
