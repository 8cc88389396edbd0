//! What the sockets of all kinds have in common on a runtime.

use super::{abstract_address, retried};
use crate::os::unix::{
    sys::{
        async_fd::Registered,
        socket::{self, Kind},
    },
    uds::{
        self, SocketAddr, UCred, UnixSocketExt,
        kind::{ConnectionKind, SocketKind},
        options::Sealed,
    },
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    path::Path,
};
use tokio::io::{Interest, Ready};

/// A socket of a kind `K`: [`UnixStream`](super::UnixStream), [`UnixDatagram`](super::UnixDatagram)
/// or [`UnixSeqpacket`](super::UnixSeqpacket).
///
/// The pages of these types list all methods that their sockets have.
pub struct Socket<K: SocketKind> {
    pub(super) registered: Registered<uds::Socket<K>>,
}

impl<K: ConnectionKind> Socket<K> {
    /// Connects to the listener at a path. While its backlog is full, Linux waits; the other
    /// systems refuse. As with Tokio's own type, a path that begins with a zero byte is a name in
    /// the abstract namespace.
    ///
    /// The kernel does not announce room in a backlog, so the wait is a series of attempts, from
    /// one to fifty milliseconds apart. Cancel-safe.
    ///
    /// # Errors
    /// As for [`uds::Socket::connect`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub async fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = path.as_ref();
        if let Some(address) = abstract_address(path)? {
            return Self::connect_addr(&address).await;
        }
        retried(|| uds::Socket::connect_nonblocking(path)).await.and_then(Self::registered)
    }

    /// Connects to an address, as [`connect`](Self::connect) does. Cancel-safe.
    ///
    /// # Errors
    /// As for [`uds::Socket::connect`].
    ///
    /// # Panics
    /// As `connect` does.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        retried(|| uds::Socket::connect_addr_nonblocking(address)).await.and_then(Self::registered)
    }

    /// The process at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell.
    #[doc(alias("SO_PEERCRED", "getpeereid", "LOCAL_PEERCRED"))]
    pub fn peer_cred(&self) -> io::Result<UCred> {
        self.get().peer_cred()
    }

    /// The groups of the process at the other end; see [`uds::Socket::peer_groups`].
    ///
    /// # Errors
    /// Those of getsockopt(2).
    #[doc(alias = "SO_PEERGROUPS")]
    pub fn peer_groups(&self) -> io::Result<Option<Vec<u32>>> {
        self.get().peer_groups()
    }
}

impl<K: SocketKind> Socket<K> {
    /// Creates two sockets that are connected to each other and have no name.
    ///
    /// # Errors
    /// The limit of open descriptors.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[doc(alias = "socketpair")]
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socket::pair(K::KIND, true)?;
        Ok((Self::registered(a.into())?, Self::registered(b.into())?))
    }

    /// Wraps a socket that is in nonblocking mode.
    #[track_caller]
    pub(crate) fn registered(socket: uds::Socket<K>) -> io::Result<Self> {
        Self::try_registered(socket.into()).map_err(|(_, error)| error)
    }

    /// Wraps a socket that is in nonblocking mode, or gives it back.
    #[track_caller]
    pub(crate) fn try_registered(socket: OwnedFd) -> Result<Self, (OwnedFd, io::Error)> {
        let socket = uds::Socket::from(socket);
        let registered = match K::KIND {
            Kind::Stream => Registered::try_stream(socket),
            Kind::Datagram | Kind::Seqpacket => {
                Registered::try_new(socket, Interest::READABLE | Interest::WRITABLE)
            }
        };
        registered.map(|registered| Self { registered }).map_err(|(socket, error)| (socket.into(), error))
    }

    pub(crate) fn get(&self) -> &uds::Socket<K> {
        self.registered.get()
    }

    /// Takes the socket off the runtime, in nonblocking mode.
    pub(super) fn into_inner(self) -> uds::Socket<K> {
        self.registered.into_inner()
    }

    /// The address of this socket: unnamed, unless it was bound, or accepted by a listener that has
    /// a name.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get().local_addr()
    }

    /// The address of the socket that this one is connected to: the listener's, for the process
    /// that connected.
    ///
    /// # Errors
    /// `NotConnected`: the socket is not connected or, on some systems, the peer has closed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.get().peer_addr()
    }

    /// Returns and clears the socket's pending error (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.get().take_error()
    }

    /// Reads or receives, and leaves the data for the next call. Cancel-safe.
    ///
    /// # Errors
    /// As for reading or receiving.
    #[doc(alias = "MSG_PEEK")]
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registered.reading(|socket| socket.peek(buffer)).await
    }

    /// Waits until there may be something to read, or room, or one of these directions has ended
    /// ([`Ready::is_read_closed`], [`Ready::is_write_closed`]). Cancel-safe.
    ///
    /// What is told lasts until a `try_` method or another operation of this socket fails with
    /// `WouldBlock`.
    ///
    /// # Errors
    /// The runtime is shutting down.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.registered.ready(interest).await
    }

    /// Waits until there may be something to read or receive. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn readable(&self) -> io::Result<()> {
        self.registered.ready(Interest::READABLE).await.map(drop)
    }

    /// Waits until there may be room for writing or sending. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn writable(&self) -> io::Result<()> {
        self.registered.ready(Interest::WRITABLE).await.map(drop)
    }

    /// Tries an operation on the descriptor that must fail with `WouldBlock` if it would have to
    /// wait.
    ///
    /// # Errors
    /// The operation's; `WouldBlock`, without trying, if the runtime knows that it would have to
    /// wait.
    pub fn try_io<R>(&self, interest: Interest, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.registered.try_io(interest, operation)
    }

    /// Repeats such an operation as for [`try_io`](Self::try_io) until it need not wait.
    /// Cancel-safe if it moves nothing when it fails with `WouldBlock`.
    ///
    /// # Errors
    /// The operation's.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.registered.async_io(interest, operation).await
    }
}

impl<K: SocketKind> Sealed for Socket<K> {}
impl<K: SocketKind> UnixSocketExt for Socket<K> {}

impl<K: SocketKind> Debug for Socket<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl<K: SocketKind> AsFd for Socket<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get().as_fd()
    }
}

impl<K: SocketKind> AsRawFd for Socket<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.get().as_raw_fd()
    }
}

/// Puts a socket on the current runtime, and into nonblocking mode.
impl<K: SocketKind> TryFrom<uds::Socket<K>> for Socket<K> {
    type Error = io::Error;

    #[track_caller]
    fn try_from(socket: uds::Socket<K>) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Self::registered(socket)
    }
}

/// Takes a socket off the runtime, and into blocking mode.
impl<K: SocketKind> TryFrom<Socket<K>> for uds::Socket<K> {
    type Error = io::Error;

    fn try_from(socket: Socket<K>) -> io::Result<Self> {
        let socket = socket.into_inner();
        socket.set_nonblocking(false)?;
        Ok(socket)
    }
}

/// Puts a socket on the current runtime, and into nonblocking mode.
impl<K: SocketKind> TryFrom<OwnedFd> for Socket<K> {
    type Error = io::Error;

    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        Self::try_from(uds::Socket::from(fd))
    }
}
