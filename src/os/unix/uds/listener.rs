use super::{
    Socket, SocketAddr, UnixStream, UnlinkSocket, bind,
    kind::{ConnectionKind, Seqpacket, Stream},
    listening::{Listening, Wait},
};
use crate::{TryClone, os::unix::sys::socket, time::Deadline};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    iter::FusedIterator,
    marker::PhantomData,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
        unix::net,
    },
    path::Path,
    time::Duration,
};

/// A socket that listens for stream connections, after [`std::os::unix::net::UnixListener`].
///
/// Dropping it leaves the socket's file where it is, as std does, unless
/// [`ListenerOptions::unlink_on_drop`](super::ListenerOptions::unlink_on_drop) is set.
pub type UnixListener = Listener<Stream>;

/// A socket that listens for connections of sequenced packets.
///
/// Dropping it leaves the socket's file where it is; [`UnlinkSocket`] removes it.
pub type UnixSeqpacketListener = Listener<Seqpacket>;

/// A socket that listens for connections of a kind `K`: [`UnixListener`] or
/// [`UnixSeqpacketListener`].
#[must_use = "the listener is closed when this is dropped"]
pub struct Listener<K> {
    listening: Listening,
    kind: PhantomData<K>,
}

impl<K: ConnectionKind> Listener<K> {
    /// The backlog that [`bind`](Self::bind) asks for; the system lowers it to its own limit
    /// (`net.core.somaxconn` on Linux).
    pub const DEFAULT_BACKLOG: u32 = 4096;

    /// Makes the socket's file and listens.
    ///
    /// # Errors
    /// `AddrInUse`: something is there, be it a socket whose listener is gone. `NotFound`: the
    /// directory does not exist. `InvalidInput`: the path is empty, has a NUL byte, or is too long (on
    /// Linux only if its last part is; elsewhere over 104 bytes).
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
        bind::bind_addr(K::KIND, address, |listener| socket::listen(listener, backlog)).map(Self::made)
    }

    /// [`bind`](Self::bind) with a mode of the socket's file, whatever the umask is, and a backlog.
    ///
    /// Connecting takes write permission, and nobody can connect before the file has its mode. Only
    /// the permission bits (`0o777`) of `mode` count.
    ///
    /// # Errors
    /// As for `bind`. `PermissionDenied`, where threads have no umask of their own: another process
    /// has replaced the file before it had its mode.
    ///
    /// # Platform-specific behavior
    /// On Linux and Android the file is made with its mode, by a thread that has a umask of its
    /// own. On other systems, and in a sandbox that refuses unshare(2), the mode is set after
    /// bind(2) and before listen(2).
    pub fn bind_with(path: &Path, mode: Option<u32>, backlog: u32) -> io::Result<Self> {
        bind::bind(K::KIND, path, mode, |listener| socket::listen(listener, backlog)).map(Self::made)
    }

    /// Listens at a name in the abstract namespace that the kernel chooses;
    /// [`local_addr`](Self::local_addr) tells it.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    pub fn autobind() -> io::Result<Self> {
        bind::autobind(K::KIND, |listener| socket::listen(listener, Self::DEFAULT_BACKLOG)).map(Self::made)
    }

    fn made(socket: OwnedFd) -> Self {
        Self::of(Listening::made(socket))
    }

    pub(crate) fn of(listening: Listening) -> Self {
        Self { listening, kind: PhantomData }
    }

    /// Leaves removing the socket's file to the caller.
    pub(crate) fn take_unlink(&mut self) -> Option<UnlinkSocket> {
        self.listening.take_unlink()
    }

    pub(crate) fn listening(&self) -> &Listening {
        &self.listening
    }

    pub(crate) fn into_listening(self) -> Listening {
        self.listening
    }

    /// Accepts a connection, and blocks until there is one unless the listener is in nonblocking
    /// mode.
    ///
    /// # Errors
    /// - [`ConnectionAborted`](io::ErrorKind::ConnectionAborted): the listener was [closed](Self::close).
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): no connection is waiting, in nonblocking mode.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the socket was [shut down](Self::shutdown), possibly by another
    ///   process that shares it.
    /// - Those of accept(2), most often the limit of open descriptors: back off then, the connection stays in the queue.
    pub fn accept(&self) -> io::Result<(Socket<K>, SocketAddr)> {
        self.accept_as(Wait::AsMode, false)
    }

    /// Accepts a socket that is in nonblocking mode from the start.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn accept_nonblocking(&self) -> io::Result<(Socket<K>, SocketAddr)> {
        self.accept_as(Wait::AsMode, true)
    }

    /// Accepts a connection, and blocks for at most `timeout` until there is one, in nonblocking
    /// mode too. The accepted socket is in blocking mode.
    ///
    /// Any number of threads may accept from the same listener, each with its own timeout.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut), and as for [`accept`](Self::accept).
    ///
    /// # Platform-specific behavior
    /// If another process accepts from the same open file description, and that is in blocking
    /// mode, the other process can take the connection in the instant between finding and accepting
    /// it. This call then blocks until the next connection. In nonblocking mode this cannot happen.
    pub fn accept_timeout(&self, timeout: Duration) -> io::Result<(Socket<K>, SocketAddr)> {
        self.accept_as(Wait::Until(Deadline::after(timeout)), false)
    }

    fn accept_as(&self, wait: Wait, nonblocking: bool) -> io::Result<(Socket<K>, SocketAddr)> {
        let (socket, peer) = self.listening.accept(wait, nonblocking)?;
        Ok((socket.into(), peer))
    }

    /// Closes this listener, and wakes all threads that are blocked accepting from it: they fail
    /// with [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and so does every later
    /// attempt.
    ///
    /// The listener gives up its reference to the socket. Unless a clone, another process or an
    /// adopted descriptor still refers to it, connections in the queue end, and later ones are
    /// refused. Otherwise the socket goes on listening for the others, who notice nothing: unlike
    /// [`shutdown`](Self::shutdown), this changes nothing that is shared. The socket's file stays.
    /// The listener's descriptor refers to an unbound socket from then on, so that
    /// [`local_addr`](Self::local_addr) is unnamed.
    ///
    /// A connection that is being accepted at the same time may still be returned.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::uds::UnixListener;
    /// use std::{io, thread};
    ///
    /// # fn main() -> io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("interprocess-doc-close-stream-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// thread::scope(|scope| {
    ///     let acceptor = scope.spawn(|| listener.accept().map(drop));
    ///     listener.close();
    ///     assert_eq!(acceptor.join().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    /// });
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    pub fn close(&self) {
        self.listening.close();
    }

    /// Returns whether this listener was [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.listening.is_closed()
    }

    /// Shuts the socket down (shutdown(2)) for all processes that share it. All threads that are
    /// blocked accepting from it fail; to end only this listener, [`close`](Self::close) it.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) where the system does not wake the threads:
    /// everywhere but on Linux, Android and FreeBSD.
    pub fn shutdown(&self) -> io::Result<()> {
        self.listening.shutdown()
    }

    /// Creates a second object of the same listening socket. The two share the mode, but each is
    /// [closed](Self::close) for itself.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.listening.try_clone().map(Self::of)
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listening.local_addr()
    }

    /// Sets whether accepting fails with [`WouldBlock`](io::ErrorKind::WouldBlock) instead of
    /// blocking. Accepted sockets are in blocking mode all the same, on every system.
    ///
    /// The mode belongs to the open file description, so that it is also that of clones and of
    /// other processes that share the socket.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.listening.set_nonblocking(nonblocking)
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.listening.take_error()
    }

    /// Returns an iterator that accepts connections. It ends when the listener is
    /// [closed](Self::close).
    pub fn incoming(&self) -> Incoming<'_, K> {
        Incoming { listener: self }
    }
}

impl UnixListener {
    /// [`accept_nonblocking`](Self::accept_nonblocking) by its former name.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    #[deprecated = "use `accept_nonblocking`"]
    pub fn accept_nonblocking_stream(&self) -> io::Result<(UnixStream, SocketAddr)> {
        self.accept_nonblocking()
    }
}

impl<K: ConnectionKind> TryClone for Listener<K> {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

/// An iterator that accepts again and again; see [`Listener::incoming`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a, K = Stream> {
    listener: &'a Listener<K>,
}

/// An iterator that accepts again and again; see
/// [`UnixSeqpacketListener::incoming`](Listener::incoming).
pub type SeqpacketIncoming<'a> = Incoming<'a, Seqpacket>;

impl<K: ConnectionKind> Debug for Incoming<'_, K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("listener", self.listener).finish()
    }
}

impl<K: ConnectionKind> Iterator for Incoming<'_, K> {
    type Item = io::Result<Socket<K>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.listener.accept() {
            Err(_) if self.listener.is_closed() => None,
            other => Some(other.map(|(accepted, _)| accepted)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, None)
    }
}

impl<K: ConnectionKind> FusedIterator for Incoming<'_, K> {}

impl<'a, K: ConnectionKind> IntoIterator for &'a Listener<K> {
    type Item = io::Result<Socket<K>>;
    type IntoIter = Incoming<'a, K>;

    fn into_iter(self) -> Incoming<'a, K> {
        self.incoming()
    }
}

impl<K: ConnectionKind> Debug for Listener<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.listening.debug(K::LISTENER, f)
    }
}

/// The descriptor is in the mode that was asked for.
impl<K: ConnectionKind> AsFd for Listener<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listening.share()
    }
}

impl<K: ConnectionKind> AsRawFd for Listener<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<K: ConnectionKind> IntoRawFd for Listener<K> {
    fn into_raw_fd(self) -> RawFd {
        self.listening.into_socket().into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl<K: ConnectionKind> FromRawFd for Listener<K> {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        Self::from(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}

impl<K: ConnectionKind> From<OwnedFd> for Listener<K> {
    fn from(fd: OwnedFd) -> Self {
        Self::of(Listening::adopted(fd))
    }
}

impl<K: ConnectionKind> From<Listener<K>> for OwnedFd {
    fn from(listener: Listener<K>) -> Self {
        listener.listening.into_socket()
    }
}

impl From<net::UnixListener> for UnixListener {
    fn from(listener: net::UnixListener) -> Self {
        OwnedFd::from(listener).into()
    }
}

impl From<UnixListener> for net::UnixListener {
    fn from(listener: UnixListener) -> Self {
        OwnedFd::from(listener).into()
    }
}
