use super::{SocketAddr, UnixStream, bind, connection};
use crate::{
    TryClone,
    os::unix::sys::{
        self,
        socket::{self, Kind},
    },
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    iter::FusedIterator,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
        unix::net,
    },
    path::Path,
    time::Duration,
};

/// A socket that listens for stream connections, after [`std::os::unix::net::UnixListener`].
///
/// Dropping it leaves the socket's file where it is, as std does;
/// [`local_socket::Listener`](crate::local_socket::Listener) removes it.
#[must_use = "the listener is closed when this is dropped"]
pub struct UnixListener(OwnedFd);

impl UnixListener {
    /// The backlog that [`bind`](Self::bind) asks for; the system lowers it to its own limit
    /// (`net.core.somaxconn` on Linux).
    pub const DEFAULT_BACKLOG: u32 = 4096;

    /// Makes the socket's file and listens.
    ///
    /// # Errors
    /// `AddrInUse`: something is there, be it a socket whose listener is gone. `NotFound`: the folder does not exist.
    /// `InvalidInput`: the path is empty, has a NUL byte, or is too long (on Linux only if its last part is;
    /// elsewhere over 104 bytes).
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::bind_with(path.as_ref(), None, Self::DEFAULT_BACKLOG)
    }

    /// Listens at an address, as [`bind`](Self::bind) does.
    ///
    /// # Errors
    /// As for `bind`; `InvalidInput` if the address is unnamed.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        Self::bind_addr_with(address, Self::DEFAULT_BACKLOG)
    }

    /// [`bind_addr`](Self::bind_addr) with a backlog: how many connections may wait to be accepted.
    ///
    /// # Errors
    /// As for `bind_addr`.
    pub fn bind_addr_with(address: &SocketAddr, backlog: u32) -> io::Result<Self> {
        bind::bind_addr(Kind::Stream, address, |listener| socket::listen(listener, backlog)).map(Self)
    }

    /// [`bind`](Self::bind) with a mode of the socket's file, whatever the umask is, and a backlog.
    ///
    /// Connecting takes write permission, and nobody can connect before the file has its mode. Only the permission bits
    /// (`0o777`) of `mode` count.
    ///
    /// # Errors
    /// As for `bind`. `PermissionDenied`, where threads have no umask of their own: another process has replaced the file
    /// before it had its mode.
    ///
    /// # Platform-specific behavior
    /// On Linux and Android the file is made with its mode, by a thread that has a umask of its own. On other systems, and
    /// in a sandbox that refuses unshare(2), the mode is set after bind(2) and before listen(2).
    pub fn bind_with(path: &Path, mode: Option<u32>, backlog: u32) -> io::Result<Self> {
        bind::bind(Kind::Stream, path, mode, |listener| socket::listen(listener, backlog)).map(Self)
    }

    /// Listens at a name in the abstract namespace that the kernel chooses; [`local_addr`](Self::local_addr) tells it.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    pub fn autobind() -> io::Result<Self> {
        bind::autobind(Kind::Stream, |listener| socket::listen(listener, Self::DEFAULT_BACKLOG)).map(Self)
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// Those of accept(2), most often the limit of open descriptors: back off then, the connection stays in the
    /// queue. `InvalidInput` after [`shutdown`](Self::shutdown).
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, peer) = connection::accept(self.as_fd(), false)?;
        Ok((stream.into(), peer))
    }

    /// Accepts a stream that is in nonblocking mode from the start.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn accept_nonblocking_stream(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, peer) = connection::accept(self.as_fd(), true)?;
        Ok((stream.into(), peer))
    }

    /// Waits at most so long for a connection. The stream is in blocking mode.
    ///
    /// In nonblocking mode (of the listener) this waits too, and keeps to its time among any number of threads that accept
    /// from the same listener. In blocking mode, a thread that loses the race for a connection to another waits for the
    /// next one, however long.
    ///
    /// # Errors
    /// `TimedOut`, and as for [`accept`](Self::accept).
    pub fn accept_timeout(&self, timeout: Duration) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, peer) = connection::accept_within(self.as_fd(), timeout)?;
        Ok((stream.into(), peer))
    }

    /// Ends listening and wakes threads that are blocked in [`accept`](Self::accept), which then fail.
    ///
    /// # Errors
    /// `Unsupported` where the system does not wake them: everywhere but on Linux, Android and FreeBSD.
    pub fn shutdown(&self) -> io::Result<()> {
        socket::end_listening(self.as_fd())
    }

    /// A second object of the same listening socket.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        sys::fd::duplicate(self.as_fd()).map(Self)
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        socket::local_addr(self.as_fd()).map(SocketAddr)
    }

    /// In nonblocking mode, accepting fails with `WouldBlock` instead of waiting. Accepted streams are in blocking
    /// mode all the same, on every system.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        sys::fd::set_nonblocking(self.as_fd(), nonblocking)
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        socket::take_error(self.as_fd())
    }

    /// Accepts again and again; never ends.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }
}

impl TryClone for UnixListener {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

/// An iterator that accepts again and again; see [`UnixListener::incoming`].
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a> {
    listener: &'a UnixListener,
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.listener.accept().map(|(stream, _)| stream))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl FusedIterator for Incoming<'_> {}

impl<'a> IntoIterator for &'a UnixListener {
    type Item = io::Result<UnixStream>;
    type IntoIter = Incoming<'a>;

    fn into_iter(self) -> Incoming<'a> {
        self.incoming()
    }
}

impl Debug for UnixListener {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("UnixListener");
        fields.field("fd", &self.0.as_raw_fd());
        if let Ok(local) = self.local_addr() {
            fields.field("local", &local);
        }
        fields.finish()
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for UnixListener {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for UnixListener {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for UnixListener {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        Self(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

impl From<OwnedFd> for UnixListener {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl From<UnixListener> for OwnedFd {
    fn from(listener: UnixListener) -> Self {
        listener.0
    }
}

impl From<net::UnixListener> for UnixListener {
    fn from(listener: net::UnixListener) -> Self {
        Self(listener.into())
    }
}

impl From<UnixListener> for net::UnixListener {
    fn from(listener: UnixListener) -> Self {
        listener.0.into()
    }
}
