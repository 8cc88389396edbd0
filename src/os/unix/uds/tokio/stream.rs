mod ancillary;

use super::{
    Socket,
    split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf},
};
use crate::os::unix::{
    sys::{buf, readiness, socket::FULL_BACKLOG, timer::sleep},
    uds::{self, kind::Stream},
};
use crate::{
    TryClone,
    time::{Backoff, Deadline},
};
use bytes::BufMut;
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connected stream socket, after [`tokio::net::UnixStream`].
///
/// `&UnixStream` reads and writes too, so that any number of tasks can share one: all that wait in a direction are woken.
/// Reading and writing are cancel-safe: a read or write that was dropped before it was ready has moved no byte.
/// `AsyncWriteExt::shutdown` ends the sending direction, and the peer sees it.
///
/// # Out-of-band data
/// A read ends where a peer has sent out-of-band data (`MSG_OOB`, unix(7), Linux 5.15 and later), and the next read goes on
/// behind it, which discards that byte. Receive it before by [`async_io`](Self::async_io) with
/// [`Interest::PRIORITY`](tokio::io::Interest::PRIORITY).
pub type UnixStream = Socket<Stream>;

impl UnixStream {
    /// Ends one direction or both, and wakes what waits in it, in this process and in the other.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn shutdown_now(&self, how: Shutdown) -> io::Result<()> {
        self.registered.get().shutdown(how)
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
        Ok(OwnedFd::from(self.into_inner()).into())
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

    /// [`readable`](Self::readable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_read_ready(cx)
    }

    /// [`writable`](Self::writable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_write_ready(cx)
    }

    /// Reads without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: there is nothing, or the runtime has not learned of it yet; [`readable`](Self::readable) waits for
    /// it. Else as for a read.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registered.try_reading(|mut stream| stream.read(buffer))
    }

    /// Reads without waiting into the next part of a buffer, and advances it.
    ///
    /// # Errors
    /// As for [`try_read`](Self::try_read).
    pub fn try_read_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
        self.registered.try_reading(|stream| buf::read(stream.as_fd(), buffer))
    }

    /// [`try_read`](Self::try_read) into several slices.
    ///
    /// # Errors
    /// As for `try_read`.
    pub fn try_read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.registered.try_reading(|mut stream| stream.read_vectored(slices))
    }

    /// Writes without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room; [`writable`](Self::writable) waits for it. Else as for a write.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registered.try_writing(|mut stream| stream.write(bytes))
    }

    /// [`try_write`](Self::try_write) of several slices.
    ///
    /// # Errors
    /// As for `try_write`.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.registered.try_writing(|mut stream| stream.write_vectored(slices))
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
        self.registered.poll_fill(cx, buffer)
    }

    /// Writes, as [`AsyncWrite::poll_write`] does.
    pub fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.registered.poll_write(cx, bytes.len(), |mut stream| stream.write(bytes))
    }

    /// Writes several slices, as [`AsyncWrite::poll_write_vectored`] does.
    pub fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered = readiness::offered(slices);
        self.registered.poll_write(cx, offered, |mut stream| stream.write_vectored(slices))
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

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
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

/// Repeats a connect while it would have to wait.
pub(crate) async fn retried<T>(connect: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    retried_until(Deadline::after(None), connect).await
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
