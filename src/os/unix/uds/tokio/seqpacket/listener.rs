use super::UnixSeqpacket;
use crate::os::unix::uds::{self, SocketAddr, UnixSocketExt, options::Sealed, tokio::listening::Listening};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    path::Path,
    task::{Context, Poll, ready},
};

/// A socket that listens for connections of sequenced packets; see [`uds::UnixSeqpacketListener`].
#[must_use = "the listener is closed when this is dropped"]
pub struct UnixSeqpacketListener(Listening<uds::UnixSeqpacketListener>);

impl UnixSeqpacketListener {
    /// Makes the socket's file and listens.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacketListener::bind`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        uds::UnixSeqpacketListener::bind(path)?.try_into()
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacketListener::bind_addr`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        uds::UnixSeqpacketListener::bind_addr(address)?.try_into()
    }

    /// [`bind_addr`](Self::bind_addr) with a backlog; see [`uds::UnixSeqpacketListener::bind_addr_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind_addr_with(address: &SocketAddr, backlog: u32) -> io::Result<Self> {
        uds::UnixSeqpacketListener::bind_addr_with(address, backlog)?.try_into()
    }

    /// [`bind`](Self::bind) with permissions and a backlog; see [`uds::UnixSeqpacketListener::bind_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind_with(path: &Path, mode: Option<u32>, backlog: u32) -> io::Result<Self> {
        uds::UnixSeqpacketListener::bind_with(path, mode, backlog)?.try_into()
    }

    /// Listens at a name in the abstract namespace that the kernel chooses; [`local_addr`](Self::local_addr) tells it.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn autobind() -> io::Result<Self> {
        uds::UnixSeqpacketListener::autobind()?.try_into()
    }

    /// Waits for a connection. Cancel-safe: no connection is lost. Several tasks may wait.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacketListener::accept`].
    pub async fn accept(&self) -> io::Result<(UnixSeqpacket, SocketAddr)> {
        let (socket, peer) = self.0.accept(uds::UnixSeqpacketListener::accept_nonblocking).await?;
        Ok((UnixSeqpacket::registered(socket)?, peer))
    }

    /// Accepts a connection, or has the task woken when one comes. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixSeqpacket, SocketAddr)>> {
        let accepted = ready!(self.0.poll_accept(cx, uds::UnixSeqpacketListener::accept_nonblocking));
        Poll::Ready(accepted.and_then(|(socket, peer)| Ok((UnixSeqpacket::registered(socket)?, peer))))
    }

    /// Ends listening and wakes the tasks that wait in [`accept`](Self::accept), which then fail.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux, Android and FreeBSD.
    pub fn shutdown(&self) -> io::Result<()> {
        self.0.shut_down(uds::UnixSeqpacketListener::shutdown)
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
}

impl Sealed for UnixSeqpacketListener {}
impl UnixSocketExt for UnixSeqpacketListener {}

impl Debug for UnixSeqpacketListener {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl AsFd for UnixSeqpacketListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl AsRawFd for UnixSeqpacketListener {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get().as_raw_fd()
    }
}

/// Puts a listener on the current runtime, and into nonblocking mode.
impl TryFrom<uds::UnixSeqpacketListener> for UnixSeqpacketListener {
    type Error = io::Error;

    fn try_from(listener: uds::UnixSeqpacketListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Listening::new(listener).map(Self)
    }
}

/// Takes a listener off the runtime, and into blocking mode.
impl TryFrom<UnixSeqpacketListener> for uds::UnixSeqpacketListener {
    type Error = io::Error;

    fn try_from(listener: UnixSeqpacketListener) -> io::Result<Self> {
        let listener = listener.0.into_inner();
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}

/// Puts a listening socket on the current runtime, and into nonblocking mode.
impl TryFrom<OwnedFd> for UnixSeqpacketListener {
    type Error = io::Error;

    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        uds::UnixSeqpacketListener::from(fd).try_into()
    }
}
