//! Unix domain sockets: streams, datagrams and sequenced packets, with all that can travel beside the data.
//!
//! The types have the names, signatures and behaviour of [`std::os::unix::net`], so that a program moves over by
//! changing its `use` line; [`tokio`] has those of Tokio's `net`.
//!
//! | you want | use |
//! | --- | --- |
//! | a connection of bytes | [`UnixListener`], [`UnixStream`] |
//! | a connection of messages, each whole | [`UnixSeqpacketListener`], [`UnixSeqpacket`] (not on macOS) |
//! | messages without a connection | [`UnixDatagram`] |
//! | to pass open files, pipes, sockets | `send_with_fds` and `recv_with_fds` of each |
//! | to pass them with credentials, or without allocating | [`SocketAncillary`] |
//! | to know who the peer is | [`UnixStream::peer_cred`], [`UnixSocketExt::peer_pidfd`] |
//! | to know who sent a message | [`UnixSocketExt::set_passcred`], [`AncillaryData`] |
//! | many messages in one system call | [`UnixDatagram::recv_many`], [`RecvBatch`], [`SendBatch`] |
//! | buffer sizes, queues, peeking, marks | [`UnixSocketExt`] |
//! | names that are not files (Linux) | [`SocketAddr::from_abstract_name`], [`UnixListener::autobind`] |
//! | the mode of a socket's file | [`UnixListener::bind_with`], [`UnixDatagram::bind_with`] |
//! | to end accepting from another thread | [`UnixListener::close`] |
//! | the file to be gone afterwards | [`UnlinkSocket`] |
//! | sockets that systemd or launchd made | [`activation`] |
//!
//! Beyond std's types:
//!
//! - No write raises SIGPIPE, whatever the signal's disposition is, vectored writes included.
//! - A message is sent and received whole, even in more slices than one system call takes (`IOV_MAX`, 1,024): their bytes are
//!   then joined in a buffer.
//! - A descriptor that arrives is owned from the first instant and close-on-exec, and closed if nobody takes it.
//! - A path may fill the socket address to the last byte and, on Linux, be longer than that (through the folder's
//!   descriptor).
//! - Errors name the operation and the path or address. Their kinds are std's, but `raw_os_error` is `None`: the system's
//!   error is their [`source`](std::error::Error::source), and [`error::raw_os_error`](crate::error::raw_os_error) returns
//!   its code. Reads and writes, and sending and receiving without a path or address, return the system's bare error.
//! - [`UnixStream::connect_timeout`] waits for room in a full backlog, [`UnixListener::accept_timeout`] for a connection.
//!
//! # Interrupted calls
//!
//! As in std, a signal handler that was installed without `SA_RESTART` can make `read`, `write`, `read_vectored`,
//! `write_vectored`, `send`, `send_to`, `recv`, `recv_from`, `peek`, and their variants for addresses fail with
//! [`Interrupted`](std::io::ErrorKind::Interrupted), before anything is sent or received; so can any handler if a timeout is
//! set (signal(7)). All other functions go on instead. Those that send or receive messages with slices, descriptors,
//! ancillary data or batches, and [`recv_packet`](UnixSeqpacket::recv_packet), wait for at most three times the socket's
//! timeout then.
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

#[doc(alias("sd_listen_fds", "LISTEN_FDS", "launch_activate_socket"))]
pub mod activation;
mod addr;
mod ancillary;
mod batch;
mod bind;
mod connection;
mod datagram;
mod guard;
pub mod kind;
mod listener;
mod listener_options;
pub(crate) mod listening;
mod options;
pub(crate) mod path_claim;
mod peer;
mod seqpacket;
mod socket;
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
    guard::UnlinkSocket,
    listener::{Incoming, Listener, SeqpacketIncoming, UnixListener, UnixSeqpacketListener},
    listener_options::ListenerOptions,
    options::UnixSocketExt,
    peer::UCred,
    seqpacket::UnixSeqpacket,
    socket::Socket,
    stream::UnixStream,
};
