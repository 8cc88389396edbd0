use super::UnixStream;
use crate::os::unix::{
    sys::registered::Registered,
    uds::{self, SocketAddr},
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::io::Interest;

/// A socket that listens for stream connections, after [`tokio::net::UnixListener`].
pub struct UnixListener {
    socket: Registered<uds::UnixListener>,
    /// A socket in nonblocking mode does not tell that it was shut down: accept(2) fails with EAGAIN as before.
    is_shut_down: AtomicBool,
}

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
    /// As for [`uds::UnixListener::bind`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        uds::UnixListener::bind_addr(address)?.try_into()
    }

    /// Waits for a connection. Cancel-safe: no connection is lost. Several tasks may wait.
    ///
    /// # Errors
    /// As for [`uds::UnixListener::accept`].
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accept = |socket: &uds::UnixListener| match socket.accept_nonblocking_stream() {
            Err(_) if self.is_shut_down.load(Ordering::SeqCst) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "the listener was shut down"))
            }
            other => other,
        };
        let (stream, peer) = self.socket.reading(accept).await?;
        Ok((UnixStream::registered(stream)?, peer))
    }

    /// Ends listening and wakes the tasks that wait in [`accept`](Self::accept), which then fail.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux, Android and FreeBSD.
    pub fn shutdown(&self) -> io::Result<()> {
        self.is_shut_down.store(true, Ordering::SeqCst);
        self.socket.get().shutdown()
    }

    /// The address it listens at.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get().local_addr()
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.get().take_error()
    }
}

impl Debug for UnixListener {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.socket.get().fmt(f)
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get().as_fd()
    }
}

impl AsRawFd for UnixListener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.get().as_raw_fd()
    }
}

/// Puts a listener on the current runtime, and into nonblocking mode.
impl TryFrom<uds::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: uds::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let socket = Registered::new(listener, Interest::READABLE)?;
        Ok(Self { socket, is_shut_down: AtomicBool::new(false) })
    }
}

/// Takes a listener off the runtime, and into blocking mode.
impl TryFrom<UnixListener> for uds::UnixListener {
    type Error = io::Error;

    fn try_from(listener: UnixListener) -> io::Result<Self> {
        let listener = listener.socket.into_inner();
        listener.set_nonblocking(false)?;
        Ok(listener)
    }
}
