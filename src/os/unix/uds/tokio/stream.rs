mod ancillary;

use super::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::os::unix::{
    sys::{
        async_fd::Registered,
        buf, readiness,
        socket::{self, FULL_BACKLOG, Kind},
        timer::sleep,
    },
    uds::{self, SocketAddr, UCred, UnixSocketExt, options::Sealed},
};
use crate::{
    TryClone,
    time::{Backoff, Deadline},
};
use bytes::BufMut;
use std::{
    fmt::{self, Debug, Formatter},
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
        unix::net,
    },
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

/// A connected stream socket, after [`tokio::net::UnixStream`].
///
/// `&UnixStream` reads and writes too, so that any number of tasks can share one: all that wait in a direction are woken.
/// Reading and writing are cancel-safe: a read or write that was dropped before it was ready has moved no byte.
/// `AsyncWriteExt::shutdown` ends the sending direction, and the peer sees it.
///
/// # Out-of-band data
/// A read ends where a peer has sent out-of-band data (`MSG_OOB`, unix(7), Linux 5.15 and later), and the next read goes on
/// behind it, which discards that byte. Receive it before by [`async_io`](Self::async_io) with [`Interest::PRIORITY`].
pub struct UnixStream(Registered<uds::UnixStream>);

impl UnixStream {
    /// Connects to the listener at a path. While its backlog is full, Linux waits; the other systems refuse.
    ///
    /// The kernel does not announce room in a backlog, so the wait is a series of attempts, from one to fifty
    /// milliseconds apart. Cancel-safe.
    ///
    /// # Errors
    /// As for [`uds::UnixStream::connect`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub async fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = path.as_ref();
        retried(|| uds::UnixStream::connect_nonblocking(path)).await.and_then(Self::registered)
    }

    /// Connects to an address, as [`connect`](Self::connect) does. Cancel-safe.
    ///
    /// # Errors
    /// As for [`uds::UnixStream::connect`].
    ///
    /// # Panics
    /// As `connect` does.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        retried(|| uds::UnixStream::connect_addr_nonblocking(address)).await.and_then(Self::registered)
    }

    /// Two streams that are connected to each other and have no name.
    ///
    /// # Errors
    /// The limit of open descriptors.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socket::pair(Kind::Stream, true)?;
        Ok((Self::registered(a.into())?, Self::registered(b.into())?))
    }

    /// Wraps a stream that is in nonblocking mode.
    #[track_caller]
    pub(crate) fn registered(stream: uds::UnixStream) -> io::Result<Self> {
        Registered::try_stream(stream).map(Self).map_err(|(_, error)| error)
    }

    /// Wraps a socket that is in nonblocking mode, or gives it back.
    pub(crate) fn try_registered(socket: OwnedFd) -> Result<Self, (OwnedFd, io::Error)> {
        let registered = Registered::try_stream(uds::UnixStream::from(socket));
        registered.map(Self).map_err(|(stream, error)| (stream.into(), error))
    }

    pub(crate) fn get(&self) -> &uds::UnixStream {
        self.0.get()
    }

    /// The address of this end.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// Those of getpeername(2).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get().peer_addr()
    }

    /// The process at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        self.0.get().peer_cred()
    }

    /// The groups of the process at the other end; see [`uds::UnixStream::peer_groups`].
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn peer_groups(&self) -> io::Result<Option<Vec<u32>>> {
        self.0.get().peer_groups()
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.get().take_error()
    }

    /// Ends one direction or both, and wakes whoever waits in it, in this process and in the other.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn shutdown_now(&self, how: Shutdown) -> io::Result<()> {
        self.0.get().shutdown(how)
    }

    /// Some systems say that there is nothing to end when the peer has closed.
    pub(super) fn end_sending(&self) -> io::Result<()> {
        match self.shutdown_now(Shutdown::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            other => other,
        }
    }

    /// Creates a new handle to the same connection, on the current runtime. The connection closes when the last handle is
    /// dropped.
    ///
    /// # Errors
    /// The limit of open descriptors.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn try_clone(&self) -> io::Result<Self> {
        Self::registered(self.get().try_clone()?)
    }

    /// Takes the stream off the runtime, in nonblocking mode.
    ///
    /// # Errors
    /// None at present; the signature is Tokio's.
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        Ok(self.0.into_inner().into())
    }

    /// Puts a std stream, or a [`uds::UnixStream`], on the current runtime and into nonblocking mode, as [`TryFrom`] does.
    ///
    /// # Errors
    /// The runtime's poller refuses it.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn from_std(stream: impl Into<uds::UnixStream>) -> io::Result<Self> {
        Self::try_from(stream.into())
    }

    /// Divides the stream into halves that borrow it.
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        split::borrowed(self)
    }

    /// Divides the stream into halves for two tasks. Dropping the half that writes ends the sending direction.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        split::owned(self)
    }

    /// Waits until there may be something to read, or room, or one of these directions has ended
    /// ([`Ready::is_read_closed`], [`Ready::is_write_closed`]). Cancel-safe.
    ///
    /// What is told lasts until a `try_` method or another operation of this stream fails with `WouldBlock`.
    ///
    /// # Errors
    /// The runtime is shutting down.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there may be something to read. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn readable(&self) -> io::Result<()> {
        self.0.ready(Interest::READABLE).await.map(drop)
    }

    /// Waits until there may be room for writing. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn writable(&self) -> io::Result<()> {
        self.0.ready(Interest::WRITABLE).await.map(drop)
    }

    /// [`readable`](Self::readable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read_ready(cx)
    }

    /// [`writable`](Self::writable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(cx)
    }

    /// Reads without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: there is nothing, or the runtime has not learned of it yet; [`readable`](Self::readable) waits for
    /// it. Else as for a read.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_reading(|mut stream| stream.read(buffer))
    }

    /// Reads without waiting into the next part of a buffer, and advances it.
    ///
    /// # Errors
    /// As for [`try_read`](Self::try_read).
    pub fn try_read_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
        self.0.try_reading(|stream| buf::read(stream.as_fd(), buffer))
    }

    /// [`try_read`](Self::try_read) into several slices.
    ///
    /// # Errors
    /// As for `try_read`.
    pub fn try_read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_reading(|mut stream| stream.read_vectored(slices))
    }

    /// Writes without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room; [`writable`](Self::writable) waits for it. Else as for a write.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_writing(|mut stream| stream.write(bytes))
    }

    /// [`try_write`](Self::try_write) of several slices.
    ///
    /// # Errors
    /// As for `try_write`.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_writing(|mut stream| stream.write_vectored(slices))
    }

    /// Tries an operation on the descriptor that must fail with `WouldBlock` if it would have to wait.
    ///
    /// # Errors
    /// The operation's; `WouldBlock`, without trying, if the runtime knows that it would have to wait.
    pub fn try_io<R>(&self, interest: Interest, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.0.try_io(interest, operation)
    }

    /// Repeats such an operation as for [`try_io`](Self::try_io) until it need not wait. Cancel-safe if it moves
    /// nothing when it fails with `WouldBlock`.
    ///
    /// # Errors
    /// The operation's.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.0.async_io(interest, operation).await
    }

    /// Reads, and leaves what was read for the next read. Cancel-safe.
    ///
    /// # Errors
    /// As for a read.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.reading(|stream| stream.peek(buffer)).await
    }

    /// Waits until the peer has read everything that was written; see [`uds::UnixStream::drain`]. This looks again and
    /// again, from one to twenty milliseconds apart. Cancel-safe.
    ///
    /// # Errors
    /// As for that.
    pub async fn drain(&self) -> io::Result<()> {
        let mut backoff = Backoff::new();
        while !self.get().is_drained()? {
            sleep(backoff.pause()).await?;
        }
        Ok(())
    }

    /// Reads into the unfilled part of `buffer`, as [`AsyncRead::poll_read`] does.
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_fill(cx, buffer)
    }

    /// Writes, as [`AsyncWrite::poll_write`] does.
    pub fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes.len(), |mut stream| stream.write(bytes))
    }

    /// Writes several slices, as [`AsyncWrite::poll_write_vectored`] does.
    pub fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered = readiness::offered(slices);
        self.0.poll_write(cx, offered, |mut stream| stream.write_vectored(slices))
    }
}

impl AsyncRead for &UnixStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        UnixStream::poll_read(&self, cx, buf)
    }
}

impl AsyncWrite for &UnixStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        UnixStream::poll_write(&self, cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        UnixStream::poll_write_vectored(&self, cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.end_sending())
    }
}

impl AsyncRead for UnixStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Self::poll_read(&self, cx, buf)
    }
}

impl AsyncWrite for UnixStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Self::poll_write(&self, cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Self::poll_write_vectored(&self, cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.end_sending())
    }
}

impl TryClone for UnixStream {
    #[track_caller]
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl Sealed for UnixStream {}
impl UnixSocketExt for UnixStream {}

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Debug for UnixStream {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl AsRawFd for UnixStream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get().as_raw_fd()
    }
}

/// Puts a stream on the current runtime, and into nonblocking mode.
impl TryFrom<uds::UnixStream> for UnixStream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(stream: uds::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Self::registered(stream)
    }
}

/// Takes a stream off the runtime, and into blocking mode.
impl TryFrom<UnixStream> for uds::UnixStream {
    type Error = io::Error;

    fn try_from(stream: UnixStream) -> io::Result<Self> {
        let stream = stream.0.into_inner();
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}

/// [`UnixStream::from_std`].
impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}

/// Puts a stream socket on the current runtime, and into nonblocking mode.
impl TryFrom<OwnedFd> for UnixStream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        Self::try_from(uds::UnixStream::from(fd))
    }
}

/// Repeats a connect while it would have to wait.
pub(crate) async fn retried<T>(connect: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    retried_until(Deadline::NEVER, connect).await
}

/// The same until a deadline: if that is over, the error says that it would have to wait.
pub(crate) async fn retried_until<T>(
    deadline: Deadline,
    mut connect: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let mut backoff = Backoff::new();
    loop {
        match connect() {
            Err(error) if error.kind() == FULL_BACKLOG => {
                if deadline.is_over() {
                    return Err(error);
                }
                sleep(deadline.at_most(backoff.pause())).await?;
            }
            other => return other,
        }
    }
}
