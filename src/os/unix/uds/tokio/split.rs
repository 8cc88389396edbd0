//! Halves of streams.

use super::UnixStream;
use crate::os::unix::uds::SocketAddr;
use bytes::BufMut;
use std::{
    error::Error,
    fmt::{self, Display, Formatter},
    io::{self, IoSlice, IoSliceMut},
    ops::Deref,
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};

pub(super) fn borrowed(stream: &UnixStream) -> (ReadHalf<'_>, WriteHalf<'_>) {
    (ReadSide(stream), WriteSide(stream))
}

pub(super) fn owned(stream: UnixStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    let stream = Arc::new(stream);
    (ReadSide(stream.clone()), WriteSide(EndsOnDrop { stream, ends: true }))
}

/// The half of a stream that reads; see [`UnixStream::split`].
pub type ReadHalf<'a> = ReadSide<&'a UnixStream>;

/// The half of a stream that writes; see [`UnixStream::split`]. `AsyncWriteExt::shutdown` ends the
/// sending direction, dropping does not.
pub type WriteHalf<'a> = WriteSide<&'a UnixStream>;

/// The half of a stream that reads; see [`UnixStream::into_split`].
pub type OwnedReadHalf = ReadSide<Arc<UnixStream>>;

/// The half of a stream that writes; see [`UnixStream::into_split`]. `AsyncWriteExt::shutdown` and
/// dropping end the sending direction.
pub type OwnedWriteHalf = WriteSide<EndsOnDrop>;

/// The half of a stream that reads: [`ReadHalf`] or [`OwnedReadHalf`].
#[derive(Debug)]
pub struct ReadSide<S>(S);

/// The half of a stream that writes: [`WriteHalf`] or [`OwnedWriteHalf`].
#[derive(Debug)]
pub struct WriteSide<S>(S);

/// A reference to a stream whose sending direction ends when this is dropped.
#[derive(Debug)]
#[must_use = "the sending direction ends when this is dropped"]
pub struct EndsOnDrop {
    stream: Arc<UnixStream>,
    ends: bool,
}

impl Deref for EndsOnDrop {
    type Target = UnixStream;

    fn deref(&self) -> &UnixStream {
        &self.stream
    }
}

impl Drop for EndsOnDrop {
    fn drop(&mut self) {
        if self.ends {
            // To know whether that worked, a program calls `shutdown`.
            let _ = self.stream.end_sending();
        }
    }
}

/// What a half that writes has of its stream.
trait SendingEnd: Deref<Target = UnixStream> + Unpin {
    fn end(&mut self) -> io::Result<()>;
}

impl SendingEnd for &UnixStream {
    fn end(&mut self) -> io::Result<()> {
        self.end_sending()
    }
}

impl SendingEnd for EndsOnDrop {
    fn end(&mut self) -> io::Result<()> {
        let ended = self.end_sending();
        // Dropping need not do it again.
        self.ends &= ended.is_err();
        ended
    }
}

/// Two halves that do not belong together, given back.
#[derive(Debug)]
pub struct ReuniteError(pub OwnedReadHalf, pub OwnedWriteHalf);

impl Display for ReuniteError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves belong to different streams")
    }
}

impl Error for ReuniteError {}

impl OwnedReadHalf {
    /// Makes the stream of the halves whole again.
    ///
    /// # Errors
    /// They are of different streams.
    pub fn reunite(self, other: OwnedWriteHalf) -> Result<UnixStream, ReuniteError> {
        if !Arc::ptr_eq(&self.0, &other.0.stream) {
            return Err(ReuniteError(self, other));
        }
        other.forget();
        // The other half is gone, and there are never more than two.
        Ok(Arc::into_inner(self.0).expect("a stream has two halves"))
    }
}

impl OwnedWriteHalf {
    /// Makes the stream of the halves whole again.
    ///
    /// # Errors
    /// They are of different streams.
    pub fn reunite(self, other: OwnedReadHalf) -> Result<UnixStream, ReuniteError> {
        other.reunite(self)
    }

    /// Drops this half and leaves the sending direction as it is.
    pub fn forget(mut self) {
        self.0.ends = false;
    }
}

impl<S: Deref<Target = UnixStream>> ReadSide<S> {
    /// See [`UnixStream::ready`]. Cancel-safe.
    ///
    /// # Errors
    /// As for that.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// See [`UnixStream::readable`]. Cancel-safe.
    ///
    /// # Errors
    /// As for that.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// See [`UnixStream::try_read`].
    ///
    /// # Errors
    /// As for that.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }

    /// See [`UnixStream::try_read_buf`].
    ///
    /// # Errors
    /// As for that.
    pub fn try_read_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
        self.0.try_read_buf(buffer)
    }

    /// See [`UnixStream::try_read_vectored`].
    ///
    /// # Errors
    /// As for that.
    pub fn try_read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_read_vectored(slices)
    }

    /// See [`UnixStream::peer_addr`].
    ///
    /// # Errors
    /// As for that.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// See [`UnixStream::local_addr`].
    ///
    /// # Errors
    /// As for that.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl<S: Deref<Target = UnixStream>> WriteSide<S> {
    /// See [`UnixStream::ready`]. Cancel-safe.
    ///
    /// # Errors
    /// As for that.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// See [`UnixStream::writable`]. Cancel-safe.
    ///
    /// # Errors
    /// As for that.
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }

    /// See [`UnixStream::try_write`].
    ///
    /// # Errors
    /// As for that.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    /// See [`UnixStream::try_write_vectored`].
    ///
    /// # Errors
    /// As for that.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(slices)
    }

    /// See [`UnixStream::peer_addr`].
    ///
    /// # Errors
    /// As for that.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// See [`UnixStream::local_addr`].
    ///
    /// # Errors
    /// As for that.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl<S: Deref<Target = UnixStream> + Unpin> AsyncRead for ReadSide<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

#[allow(private_bounds)]
impl<S: SendingEnd> AsyncWrite for WriteSide<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.end())
    }
}

impl<S: Deref<Target = UnixStream>> AsRef<UnixStream> for ReadSide<S> {
    fn as_ref(&self) -> &UnixStream {
        &self.0
    }
}

impl<S: Deref<Target = UnixStream>> AsRef<UnixStream> for WriteSide<S> {
    fn as_ref(&self) -> &UnixStream {
        &self.0
    }
}

impl<S: Deref<Target = UnixStream>> AsFd for ReadSide<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.deref().as_fd()
    }
}

impl<S: Deref<Target = UnixStream>> AsFd for WriteSide<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.deref().as_fd()
    }
}
