//! Unix domain sockets.
//!
//! The types have the names, signatures and behaviour of [`std::os::unix::net`], so that a program moves over by
//! changing its `use` line, and differ in this:
//!
//! - No write raises SIGPIPE, whatever the signal's disposition is, vectored writes included.
//! - A path may be longer than a socket address has room for, on Linux (through the folder's descriptor).
//! - [`UnixStream::connect_timeout`] waits for room in a full backlog.
//! - [`UnixStream::peer_cred`] and [`UnixStream::peer_groups`] tell who the peer is.
//! - [`activation`] takes sockets that systemd or launchd has opened, and passes sockets to children in the same way.
//!
//! ```
//! use interprocess::os::unix::uds::{UnixListener, UnixStream};
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("interprocess-doc-uds-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("answer.sock");
//! let listener = UnixListener::bind(&path)?;
//! let server = std::thread::spawn(move || -> std::io::Result<()> {
//!     let (mut stream, _) = listener.accept()?;
//!     assert_eq!(stream.peer_cred()?.pid(), Some(std::process::id() as i32));
//!     stream.write_all(b"42")
//! });
//!
//! let mut answer = String::new();
//! UnixStream::connect(&path)?.read_to_string(&mut answer)?;
//! assert_eq!(answer, "42");
//! # server.join().unwrap()?;
//! # std::fs::remove_file(&path)?;
//! # std::fs::remove_dir(&folder)
//! # }
//! ```

pub mod activation;
mod addr;
mod ancillary;
mod batch;
mod bind;
pub(crate) mod claim;
mod connection;
mod datagram;
mod guard;
mod listener;
mod options;
mod peer;
mod seqpacket;
mod stream;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use self::{
    addr::SocketAddr,
    ancillary::{
        AncillaryData, AncillaryError, IntoFds, Messages, ReceivedFds, ScmCredentials, ScmRights,
        SocketAncillary, SocketCred, ancillary_size,
    },
    batch::{BatchIter, OutgoingMessage, ReceivedMessage, RecvBatch, SendBatch},
    datagram::UnixDatagram,
    guard::UnlinkOnDrop,
    listener::{Incoming, UnixListener},
    options::UnixSocketExt,
    peer::UCred,
    seqpacket::{SeqpacketIncoming, UnixSeqpacket, UnixSeqpacketListener},
    stream::UnixStream,
};
