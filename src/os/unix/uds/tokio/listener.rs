use super::{Socket, abstract_address, listening::Listening};
use crate::os::unix::uds::{
    self, SocketAddr, UnixSocketExt,
    bind::JustMade,
    kind::{ConnectionKind, Seqpacket, Stream},
    options::Sealed,
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    marker::PhantomData,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
        unix::net,
    },
    path::Path,
    task::{Context, Poll},
};

/// A socket that listens for stream connections, after [`tokio::net::UnixListener`].
pub type UnixListener = Listener<Stream>;

/// A socket that listens for connections of sequenced packets; see [`uds::UnixSeqpacketListener`].
pub type UnixSeqpacketListener = Listener<Seqpacket>;

/// A socket that listens for connections of a kind `K`: [`UnixListener`] or
/// [`UnixSeqpacketListener`].
#[must_use = "the listener is closed when this is dropped"]
pub struct Listener<K> {
    listening: Listening,
    kind: PhantomData<K>,
}

impl<K: ConnectionKind> Listener<K> {
    /// Makes the socket's file and listens. As with Tokio's own type, a path that begins with a zero
    /// byte is a name in the abstract namespace.
    ///
    /// # Errors
    /// As for [`uds::Listener::bind`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = path.as_ref();
        match abstract_address(path)? {
            Some(address) => Self::bind_addr(&address),
            None => Self::bind_with(path, None, uds::Listener::<K>::DEFAULT_BACKLOG),
        }
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// As for [`uds::Listener::bind_addr`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        Self::bind_addr_with(address, uds::Listener::<K>::DEFAULT_BACKLOG)
    }

    /// [`bind_addr`](Self::bind_addr) with a backlog; see [`uds::Listener::bind_addr_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_addr_with(address: &SocketAddr, backlog: u32) -> io::Result<Self> {
        let listener = uds::Listener::<K>::bind_addr_with(address, backlog)?;
        let made = JustMade::new(address.as_pathname());
        made.unless_failed(Self::try_from(listener))
    }

    /// [`bind`](Self::bind) with permissions and a backlog; see [`uds::Listener::bind_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_with(path: &Path, mode: Option<u32>, backlog: u32) -> io::Result<Self> {
        let listener = uds::Listener::<K>::bind_with(path, mode, backlog)?;
        let made = JustMade::new(Some(path));
        made.unless_failed(Self::try_from(listener))
    }

    /// Listens at a name in the abstract namespace that the kernel chooses;
    /// [`local_addr`](Self::local_addr) tells it.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn autobind() -> io::Result<Self> {
        Self::try_from(uds::Listener::<K>::autobind()?)
    }

    /// Accepts a connection. Several tasks may wait.
    ///
    /// # Errors
    /// - [`ConnectionAborted`](io::ErrorKind::ConnectionAborted): the listener was [closed](Self::close).
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the socket was [shut down](Self::shutdown), possibly by another
    ///   process that shares it.
    /// - Those of accept(2), most often the limit of open descriptors: back off then, the connection stays in the queue.
    ///   It also stays there for the next call if it cannot be put on the runtime.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before completion, no connection has
    /// been accepted.
    pub async fn accept(&self) -> io::Result<(Socket<K>, SocketAddr)> {
        self.listening.accept(|_| Ok(true), Socket::try_registered).await
    }

    /// Accepts a connection, or has the task woken when one comes. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket<K>, SocketAddr)>> {
        self.listening.poll_accept(cx, |_| Ok(true), Socket::try_registered)
    }

    /// Closes this listener, and wakes all tasks that wait in [`accept`](Self::accept): they fail
    /// with [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and so does every later
    /// attempt. This is
    /// [`uds::Listener::close`]: what others share goes on listening for them.
    pub fn close(&self) {
        self.listening.close();
    }

    /// Returns whether this listener was [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.listening.get().is_closed()
    }

    /// Shuts the socket down for all processes that share it, and wakes the tasks that wait in
    /// [`accept`](Self::accept), which then fail. To end only this listener, [`close`](Self::close)
    /// it.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) everywhere but on Linux, Android and FreeBSD.
    pub fn shutdown(&self) -> io::Result<()> {
        self.listening.get().shutdown()
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listening.get().local_addr()
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.listening.get().take_error()
    }
}

impl UnixListener {
    /// Takes the listener off the runtime, in nonblocking mode.
    ///
    /// # Errors
    /// None at present; the signature is Tokio's.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        Ok(self.listening.into_inner().into_socket().into())
    }

    /// Puts a std listener, or a [`uds::UnixListener`], on the current runtime and into nonblocking
    /// mode, as [`TryFrom`] does.
    ///
    /// # Errors
    /// The runtime's poller refuses it.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn from_std(listener: impl Into<uds::UnixListener>) -> io::Result<Self> {
        Self::try_from(listener.into())
    }
}

impl<K: ConnectionKind> Sealed for Listener<K> {
    fn socket(&self) -> BorrowedFd<'_> {
        self.listening.get().socket()
    }
}
impl<K: ConnectionKind> UnixSocketExt for Listener<K> {}

impl<K: ConnectionKind> Debug for Listener<K> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.listening.get().debug(K::LISTENER, f)
    }
}

impl<K: ConnectionKind> AsFd for Listener<K> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listening.get().share()
    }
}

impl<K: ConnectionKind> AsRawFd for Listener<K> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Puts a listener on the current runtime, and into nonblocking mode.
///
/// The mode belongs to the open file description. If others share it, and it was in blocking mode,
/// it is in nonblocking mode for them too while the Tokio listener exists, since a thread of the
/// runtime must not block when another process takes a connection first.
impl<K: ConnectionKind> TryFrom<uds::Listener<K>> for Listener<K> {
    type Error = io::Error;

    #[track_caller]
    fn try_from(listener: uds::Listener<K>) -> io::Result<Self> {
        let listening = Listening::new(listener.into_listening())?;
        Ok(Self { listening, kind: PhantomData })
    }
}

/// Takes a listener off the runtime, and into blocking mode.
impl<K: ConnectionKind> TryFrom<Listener<K>> for uds::Listener<K> {
    type Error = io::Error;

    fn try_from(listener: Listener<K>) -> io::Result<Self> {
        let listener = Self::of(listener.listening.into_inner());
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}

/// [`UnixListener::from_std`].
impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    #[track_caller]
    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

/// Puts a listening socket on the current runtime, and into nonblocking mode as long as the
/// listener exists.
impl<K: ConnectionKind> TryFrom<OwnedFd> for Listener<K> {
    type Error = io::Error;

    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        Self::try_from(uds::Listener::<K>::from(fd))
    }
}
