use super::{UnixStream, listening::Listening};
use crate::os::unix::uds::{self, SocketAddr, UnixSocketExt, options::Sealed};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
        unix::net,
    },
    path::Path,
    task::{Context, Poll, ready},
};

/// A socket that listens for stream connections, after [`tokio::net::UnixListener`].
#[must_use = "the listener is closed when this is dropped"]
pub struct UnixListener(Listening<uds::UnixListener>);

impl UnixListener {
    /// Makes the socket's file and listens.
    ///
    /// # Errors
    /// As for [`uds::UnixListener::bind`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        uds::UnixListener::bind(path)?.try_into()
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// As for [`uds::UnixListener::bind_addr`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        uds::UnixListener::bind_addr(address)?.try_into()
    }

    /// [`bind_addr`](Self::bind_addr) with a backlog; see [`uds::UnixListener::bind_addr_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind_addr_with(address: &SocketAddr, backlog: u32) -> io::Result<Self> {
        uds::UnixListener::bind_addr_with(address, backlog)?.try_into()
    }

    /// [`bind`](Self::bind) with permissions and a backlog; see [`uds::UnixListener::bind_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind_with(path: &Path, mode: Option<u32>, backlog: u32) -> io::Result<Self> {
        uds::UnixListener::bind_with(path, mode, backlog)?.try_into()
    }

    /// Listens at a name in the abstract namespace that the kernel chooses; [`local_addr`](Self::local_addr) tells it.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn autobind() -> io::Result<Self> {
        uds::UnixListener::autobind()?.try_into()
    }

    /// Waits for a connection. Cancel-safe: no connection is lost. Several tasks may wait.
    ///
    /// # Errors
    /// As for [`uds::UnixListener::accept`].
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let (stream, peer) = self.0.accept(uds::UnixListener::accept_nonblocking_stream).await?;
        Ok((UnixStream::registered(stream)?, peer))
    }

    /// Accepts a connection, or has the task woken when one comes. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accepted = ready!(self.0.poll_accept(cx, uds::UnixListener::accept_nonblocking_stream));
        Poll::Ready(accepted.and_then(|(stream, peer)| Ok((UnixStream::registered(stream)?, peer))))
    }

    /// Ends listening and wakes the tasks that wait in [`accept`](Self::accept), which then fail.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux, Android and FreeBSD.
    pub fn shutdown(&self) -> io::Result<()> {
        self.0.shut_down(uds::UnixListener::shutdown)
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get().local_addr()
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.get().take_error()
    }

    /// Takes the listener off the runtime, in nonblocking mode.
    ///
    /// # Errors
    /// None at present; the signature is Tokio's.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        Ok(self.0.into_inner().into())
    }

    /// Puts a std listener, which must be in nonblocking mode, on the current runtime.
    ///
    /// # Errors
    /// The runtime's poller refuses it.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn from_std(listener: net::UnixListener) -> io::Result<Self> {
        Listening::new(listener.into()).map(Self)
    }
}

impl Sealed for UnixListener {}
impl UnixSocketExt for UnixListener {}

impl Debug for UnixListener {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl AsRawFd for UnixListener {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get().as_raw_fd()
    }
}

/// Puts a listener on the current runtime, and into nonblocking mode.
impl TryFrom<uds::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: uds::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Listening::new(listener).map(Self)
    }
}

/// Takes a listener off the runtime, and into blocking mode.
impl TryFrom<UnixListener> for uds::UnixListener {
    type Error = io::Error;

    fn try_from(listener: UnixListener) -> io::Result<Self> {
        let listener = listener.0.into_inner();
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}

/// [`UnixListener::from_std`].
impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}

/// Puts a listening socket on the current runtime, and into nonblocking mode.
impl TryFrom<OwnedFd> for UnixListener {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        uds::UnixListener::from(fd).try_into()
    }
}
