//! What a program that is generic over listeners and streams asks for, as in interprocess 2.4.
//!
//! The methods are those of the types themselves, where they are described; nobody who uses
//! [`Listener`](local_socket::Listener) and [`Stream`](local_socket::Stream) directly needs these.
//!
//! ```
//! use interprocess::local_socket::{self, traits::Stream};
//! use std::io::{Read, Write};
//!
//! fn echo_once<S: Stream>(mut stream: S) -> std::io::Result<()> {
//!     let mut byte = [0];
//!     stream.read_exact(&mut byte)?;
//!     stream.write_all(&byte)
//! }
//!
//! # fn main() -> std::io::Result<()> {
//! let (mut here, there) = local_socket::Stream::pair()?;
//! here.write_all(b"!")?;
//! echo_once(there)?;
//! let mut back = [0];
//! here.read_exact(&mut back)?;
//! assert_eq!(&back, b"!");
//! # Ok(())
//! # }
//! ```
#![allow(private_bounds)]

#[cfg(feature = "tokio")]
pub mod tokio;

use crate::{
    error,
    local_socket::{
        self, ConnectOptions, Incoming, ListenerNonblockingMode, ListenerOptions, Name, PeerCreds,
    },
    sealed::Sealed,
};
use std::{
    fmt::Debug,
    io::{self, Read, Write},
    iter::FusedIterator,
    time::Duration,
};

/// [`local_socket::Listener`](local_socket::Listener)'s methods.
pub trait Listener:
    Iterator<Item = io::Result<Self::Stream>> + FusedIterator + Debug + Send + Sync + Sized + Sealed
{
    /// What is accepted.
    type Stream: Stream;

    /// Waits for a client.
    ///
    /// # Errors
    /// As for [`local_socket::Listener::accept`](local_socket::Listener::accept).
    fn accept(&self) -> io::Result<Self::Stream>;

    /// Whether accepting and the accepted streams fail with `WouldBlock` instead of waiting.
    ///
    /// # Errors
    /// Those of the system.
    fn set_nonblocking(&self, nonblocking: ListenerNonblockingMode) -> io::Result<()>;

    /// Leaves a socket file where it is when the listener is dropped.
    fn do_not_reclaim_name_on_drop(&mut self);

    /// Whether the listener was closed.
    fn is_closed(&self) -> bool;

    /// Makes a listener.
    ///
    /// # Errors
    /// As for [`ListenerOptions::create_sync`].
    fn from_options(options: ListenerOptions<'_>) -> io::Result<Self>;
}

/// Iteration over clients.
pub trait ListenerExt: Listener {
    /// Accepts again and again, until the listener is closed.
    fn incoming(&self) -> Incoming<'_, Self> {
        self.into()
    }
}

impl<L: Listener> ListenerExt for L {}

/// [`local_socket::Stream`](local_socket::Stream)'s methods.
pub trait Stream: Read + Write + StreamCommon {
    /// The receiving half.
    type RecvHalf: RecvHalf<Stream = Self>;
    /// The sending half.
    type SendHalf: SendHalf<Stream = Self>;

    /// Connects to a listener.
    ///
    /// # Errors
    /// As for [`ConnectOptions::connect_sync`].
    fn connect(name: Name<'_>) -> io::Result<Self> {
        Self::from_options(&ConnectOptions::new().name(name))
    }

    /// In nonblocking mode, what would have to wait fails with `WouldBlock`.
    ///
    /// # Errors
    /// Those of the system.
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;

    /// How long a read waits.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// How long a write waits.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    fn set_send_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Two halves that can go to different threads.
    fn split(self) -> (Self::RecvHalf, Self::SendHalf);

    /// Puts two halves together again.
    ///
    /// # Errors
    /// The halves are of different streams, and are given back.
    fn reunite(rh: Self::RecvHalf, sh: Self::SendHalf) -> ReuniteResult<Self>;

    /// Connects as the options say.
    ///
    /// # Errors
    /// As for [`ConnectOptions::connect_sync`].
    fn from_options(options: &ConnectOptions<'_>) -> io::Result<Self>;
}

/// What blocking and Tokio streams have in common.
pub trait StreamCommon: Debug + Send + Sync + Sized + Sealed + 'static {
    /// Takes the error that the system keeps for this stream.
    ///
    /// # Errors
    /// Those of the system.
    fn take_error(&self) -> io::Result<Option<io::Error>>;

    /// Who is at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell; those of the system.
    fn peer_creds(&self) -> io::Result<PeerCreds>;
}

/// The receiving half of a stream.
pub trait RecvHalf: Read + Debug + Send + Sync + Sized + Sealed + 'static {
    /// What it is a half of.
    type Stream: Stream;

    /// How long a read waits.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
}

/// The sending half of a stream.
pub trait SendHalf: Write + Debug + Send + Sync + Sized + Sealed + 'static {
    /// What it is a half of.
    type Stream: Stream;

    /// How long a write waits.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
}

/// What [`Stream::reunite`] gives.
pub type ReuniteResult<S> = error::ReuniteResult<S, <S as Stream>::RecvHalf, <S as Stream>::SendHalf>;

impl Sealed for local_socket::Listener {}
impl Sealed for local_socket::Stream {}
impl Sealed for local_socket::RecvHalf {}
impl Sealed for local_socket::SendHalf {}
impl Sealed for ListenerOptions<'_> {}

impl Listener for local_socket::Listener {
    type Stream = local_socket::Stream;

    fn accept(&self) -> io::Result<local_socket::Stream> {
        self.accept()
    }

    fn set_nonblocking(&self, nonblocking: ListenerNonblockingMode) -> io::Result<()> {
        self.set_nonblocking(nonblocking)
    }

    fn do_not_reclaim_name_on_drop(&mut self) {
        self.do_not_reclaim_name_on_drop();
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }

    fn from_options(options: ListenerOptions<'_>) -> io::Result<Self> {
        options.create_sync()
    }
}

impl Stream for local_socket::Stream {
    type RecvHalf = local_socket::RecvHalf;
    type SendHalf = local_socket::SendHalf;

    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.set_nonblocking(nonblocking)
    }

    fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_recv_timeout(timeout)
    }

    fn set_send_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_send_timeout(timeout)
    }

    fn split(self) -> (local_socket::RecvHalf, local_socket::SendHalf) {
        self.split()
    }

    fn reunite(rh: local_socket::RecvHalf, sh: local_socket::SendHalf) -> ReuniteResult<Self> {
        Self::reunite(rh, sh)
    }

    fn from_options(options: &ConnectOptions<'_>) -> io::Result<Self> {
        options.connect_sync()
    }
}

impl StreamCommon for local_socket::Stream {
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.take_error()
    }

    fn peer_creds(&self) -> io::Result<PeerCreds> {
        self.peer_creds()
    }
}

impl RecvHalf for local_socket::RecvHalf {
    type Stream = local_socket::Stream;

    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_timeout(timeout)
    }
}

impl SendHalf for local_socket::SendHalf {
    type Stream = local_socket::Stream;

    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_timeout(timeout)
    }
}
