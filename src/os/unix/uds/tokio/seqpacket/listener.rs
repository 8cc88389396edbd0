use super::UnixSeqpacket;
use crate::os::unix::uds::{
    self, SocketAddr, UnixSocketExt, bind::JustMade, options::Sealed, tokio::listening::Listening,
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    path::Path,
    task::{Context, Poll},
};

/// A socket that listens for connections of sequenced packets; see [`uds::UnixSeqpacketListener`].
#[must_use = "the listener is closed when this is dropped"]
pub struct UnixSeqpacketListener(Listening);

impl UnixSeqpacketListener {
    /// Makes the socket's file and listens.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacketListener::bind`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::bind_with(path.as_ref(), None, uds::UnixSeqpacketListener::DEFAULT_BACKLOG)
    }

    /// Listens at an address.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacketListener::bind_addr`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        Self::bind_addr_with(address, uds::UnixSeqpacketListener::DEFAULT_BACKLOG)
    }

    /// [`bind_addr`](Self::bind_addr) with a backlog; see [`uds::UnixSeqpacketListener::bind_addr_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_addr_with(address: &SocketAddr, backlog: u32) -> io::Result<Self> {
        let listener = uds::UnixSeqpacketListener::bind_addr_with(address, backlog)?;
        let made = JustMade::new(address.as_pathname());
        made.unless_failed(Self::try_from(listener))
    }

    /// [`bind`](Self::bind) with permissions and a backlog; see [`uds::UnixSeqpacketListener::bind_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_with(path: &Path, mode: Option<u32>, backlog: u32) -> io::Result<Self> {
        let listener = uds::UnixSeqpacketListener::bind_with(path, mode, backlog)?;
        let made = JustMade::new(Some(path));
        made.unless_failed(Self::try_from(listener))
    }

    /// Listens at a name in the abstract namespace that the kernel chooses; [`local_addr`](Self::local_addr) tells it.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn autobind() -> io::Result<Self> {
        Self::try_from(uds::UnixSeqpacketListener::autobind()?)
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
    /// This method is cancel safe. If the future is dropped before completion, no connection has been accepted.
    pub async fn accept(&self) -> io::Result<(UnixSeqpacket, SocketAddr)> {
        self.0.accept(|_| Ok(true), UnixSeqpacket::try_registered).await
    }

    /// Accepts a connection, or has the task woken when one comes. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixSeqpacket, SocketAddr)>> {
        self.0.poll_accept(cx, |_| Ok(true), UnixSeqpacket::try_registered)
    }

    /// Closes this listener, and wakes all tasks that wait in [`accept`](Self::accept): they fail with
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and so does every later attempt. This is
    /// [`uds::UnixSeqpacketListener::close`]: what others share goes on listening for them.
    pub fn close(&self) {
        self.0.close();
    }

    /// Returns whether this listener was [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.0.get().is_closed()
    }

    /// Shuts the socket down for all processes that share it, and wakes the tasks that wait in
    /// [`accept`](Self::accept), which then fail. To end only this listener, [`close`](Self::close) it.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) everywhere but on Linux, Android and FreeBSD.
    pub fn shutdown(&self) -> io::Result<()> {
        self.0.get().shutdown()
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

impl Sealed for UnixSeqpacketListener {
    fn socket(&self) -> BorrowedFd<'_> {
        self.0.get().socket()
    }
}
impl UnixSocketExt for UnixSeqpacketListener {}

impl Debug for UnixSeqpacketListener {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.get().debug("UnixSeqpacketListener", f)
    }
}

impl AsFd for UnixSeqpacketListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().share()
    }
}

impl AsRawFd for UnixSeqpacketListener {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Puts a listener on the current runtime, and into nonblocking mode.
///
/// The mode belongs to the open file description. If others share it, and it was in blocking mode, it is in nonblocking mode
/// for them too while the Tokio listener exists, since a thread of the runtime must not block when another process takes a
/// connection first.
impl TryFrom<uds::UnixSeqpacketListener> for UnixSeqpacketListener {
    type Error = io::Error;

    #[track_caller]
    fn try_from(listener: uds::UnixSeqpacketListener) -> io::Result<Self> {
        Listening::new(listener.into_listening()).map(Self)
    }
}

/// Takes a listener off the runtime, and into blocking mode.
impl TryFrom<UnixSeqpacketListener> for uds::UnixSeqpacketListener {
    type Error = io::Error;

    fn try_from(listener: UnixSeqpacketListener) -> io::Result<Self> {
        let listener = uds::UnixSeqpacketListener::of(listener.0.into_inner());
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}

/// Puts a listening socket on the current runtime, and into nonblocking mode as long as the listener exists.
impl TryFrom<OwnedFd> for UnixSeqpacketListener {
    type Error = io::Error;

    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        Self::try_from(uds::UnixSeqpacketListener::from(fd))
    }
}
