//! What the sockets of all kinds have in common.

use super::{
    SocketAddr, UCred, connection,
    kind::{ConnectionKind, SocketKind},
    peer,
};
use crate::{
    TryClone,
    os::unix::sys::{
        fd,
        message::{self, Take},
        socket::{self, Direction},
    },
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    marker::PhantomData,
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
    path::Path,
    time::Duration,
};

/// A socket of a kind `K`: [`UnixStream`](super::UnixStream), [`UnixDatagram`](super::UnixDatagram)
/// or [`UnixSeqpacket`](super::UnixSeqpacket).
///
/// The pages of these types list all methods that their sockets have.
pub struct Socket<K> {
    fd: OwnedFd,
    kind: PhantomData<K>,
}

impl<K: ConnectionKind> Socket<K> {
    /// Connects to the listener at a path. While its backlog is full, Linux waits; the other
    /// systems refuse.
    ///
    /// # Errors
    /// `NotFound`: there is no such file. `ConnectionRefused`: there is one, but nobody listens.
    /// `InvalidInput`: the path is empty, has a NUL byte, or is too long (on Linux only if its last
    /// part is; elsewhere over 104 bytes). A listener of another kind is `EPROTOTYPE`.
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect(K::KIND, to)).map(Self::of)
    }

    /// Connects to an address, as [`connect`](Self::connect) does.
    ///
    /// # Errors
    /// As for `connect`.
    pub fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect(K::KIND, to)).map(Self::of)
    }

    /// Connects to the listener at a path, and waits at most `timeout` for room in its backlog.
    ///
    /// On Linux the kernel itself waits (a connect heeds `SO_SNDTIMEO`); elsewhere a full backlog
    /// refuses at once.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), and `TimedOut`.
    pub fn connect_timeout<P: AsRef<Path>>(path: P, timeout: Duration) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect_within(K::KIND, to, timeout))
            .map(Self::of)
    }

    /// [`connect_timeout`](Self::connect_timeout) for an address.
    ///
    /// # Errors
    /// As for `connect_timeout`.
    pub fn connect_addr_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect_within(K::KIND, to, timeout)).map(Self::of)
    }

    /// Connects without waiting, and returns a socket in nonblocking mode.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), and `WouldBlock` if the backlog is full (Linux). A socket
    /// that is returned is connected.
    pub fn connect_nonblocking<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect_at_once(K::KIND, to)).map(Self::of)
    }

    /// [`connect_nonblocking`](Self::connect_nonblocking) for an address.
    ///
    /// # Errors
    /// As for `connect_nonblocking`.
    pub fn connect_addr_nonblocking(address: &SocketAddr) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect_at_once(K::KIND, to)).map(Self::of)
    }

    /// The process at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell.
    #[doc(alias("SO_PEERCRED", "getpeereid", "LOCAL_PEERCRED"))]
    pub fn peer_cred(&self) -> io::Result<UCred> {
        peer::credentials(self.as_fd())
    }

    /// The groups of the process at the other end (Linux 4.13: `SO_PEERGROUPS`, its supplementary
    /// groups; macOS, FreeBSD and illumos: its groups, the effective one first). `None` where the
    /// system cannot tell.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    #[doc(alias = "SO_PEERGROUPS")]
    pub fn peer_groups(&self) -> io::Result<Option<Vec<u32>>> {
        peer::groups(self.as_fd())
    }
}

impl<K: SocketKind> Socket<K> {
    pub(super) fn of(fd: OwnedFd) -> Self {
        Self { fd, kind: PhantomData }
    }

    /// Creates two sockets that are connected to each other and have no name.
    ///
    /// # Errors
    /// The limit of open descriptors.
    #[doc(alias = "socketpair")]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socket::pair(K::KIND, false)?;
        Ok((Self::of(a), Self::of(b)))
    }

    /// Creates a second object of the same socket. Both share modes and timeouts, and a connection
    /// closes when both are dropped.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        fd::duplicate(self.as_fd()).map(Self::of)
    }

    /// The address of this socket: unnamed, unless it was bound, or accepted by a listener that has
    /// a name.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        socket::local_addr(self.as_fd()).map(SocketAddr)
    }

    /// The address of the socket that this one is connected to: the listener's, for the process
    /// that connected.
    ///
    /// # Errors
    /// `NotConnected`: the socket is not connected or, on some systems, the peer has closed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        socket::peer_addr(self.as_fd()).map(SocketAddr)
    }

    /// Reads or receives, and leaves the data for the next call.
    ///
    /// # Errors
    /// As for reading or receiving.
    #[doc(alias = "MSG_PEEK")]
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        message::receive(self.as_fd(), buffer, Take::Peek)
    }

    /// Sets the read timeout. With `None` (the default), reading and receiving block until there is
    /// data.
    ///
    /// A call that has waited that long fails with `WouldBlock`.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    #[doc(alias = "SO_RCVTIMEO")]
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        socket::set_timeout(self.as_fd(), Direction::Recv, timeout)
    }

    /// Sets the write timeout. With `None` (the default), writing and sending block until there is
    /// room at the peer.
    ///
    /// A call that has waited that long fails with `WouldBlock`; on a stream, it returns how much
    /// it wrote if that is not zero.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    #[doc(alias = "SO_SNDTIMEO")]
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        socket::set_timeout(self.as_fd(), Direction::Send, timeout)
    }

    /// Returns the read timeout.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        socket::timeout(self.as_fd(), Direction::Recv)
    }

    /// Returns the write timeout.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        socket::timeout(self.as_fd(), Direction::Send)
    }

    /// Sets the mode. In nonblocking mode, what would have to wait fails with `WouldBlock`.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        fd::set_nonblocking(self.as_fd(), nonblocking)
    }

    /// Returns and clears the socket's pending error (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        socket::take_error(self.as_fd())
    }

    /// Shuts down one direction or both, and wakes what waits in it, in this process and in the
    /// peer's. After `Shutdown::Write` the peer of a connection receives what is still there and
    /// then sees the end.
    ///
    /// # Errors
    /// `NotConnected`: the socket is not connected or, on some systems, the peer has closed.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        socket::shutdown(self.as_fd(), how)
    }
}

impl<K: SocketKind> TryClone for Socket<K> {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl<K: SocketKind> Debug for Socket<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct(K::SOCKET);
        fields.field("fd", &self.as_raw_fd());
        if let Ok(local) = self.local_addr() {
            fields.field("local", &local);
        }
        if let Ok(peer) = self.peer_addr() {
            fields.field("peer", &peer);
        }
        fields.finish()
    }
}

impl<K: SocketKind> AsFd for Socket<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl<K: SocketKind> AsRawFd for Socket<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl<K: SocketKind> IntoRawFd for Socket<K> {
    fn into_raw_fd(self) -> RawFd {
        self.fd.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl<K: SocketKind> FromRawFd for Socket<K> {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        unsafe { OwnedFd::from_raw_fd(fd) }.into()
    }
}

impl<K: SocketKind> From<OwnedFd> for Socket<K> {
    fn from(fd: OwnedFd) -> Self {
        // macOS refuses this to a connection that the peer has closed already.
        let _ = socket::no_sigpipe(fd.as_fd());
        Self::of(fd)
    }
}

impl<K: SocketKind> From<Socket<K>> for OwnedFd {
    fn from(socket: Socket<K>) -> Self {
        socket.fd
    }
}
