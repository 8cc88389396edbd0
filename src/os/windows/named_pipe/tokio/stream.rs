//! The stream: which methods it has with which modes. What they do is in [`poll`](super::super::poll).

use crate::{
    ConnectWaitMode,
    os::windows::{
        named_pipe::{
            ConnectOptions,
            pipe::{Core, HasCore, Pipe, Waiting},
            pipe_mode::{self, PipeModeTag},
            poll::AsyncPipe,
            raw::{self, PairOptions},
        },
        sys::{
            drain::Drain,
            pipe::{self, Directions},
        },
    },
};
use std::{
    ffi::OsStr,
    future::poll_fn,
    io::{self, IoSlice, IoSliceMut, Read},
    net::Shutdown,
    os::windows::io::AsHandle,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One end of a connection over a named pipe: receives as `Rm` says, sends as `Sm` says. The counterpart of
/// [`named_pipe::PipeStream`](crate::os::windows::named_pipe::PipeStream).
///
/// Streams of bytes implement [`AsyncRead`] and [`AsyncWrite`], also for `&PipeStream`: the two directions are
/// independent, and several tasks may wait in the same direction. Streams of [messages](pipe_mode::Messages) have
/// [`recv`](PipeStream::recv), [`recv_to_vec`](PipeStream::recv_to_vec) and [`send`](PipeStream::send).
///
/// # Cancel safety
/// A read or write whose future is dropped before it was ready has moved nothing that is lost: bytes that arrive for it
/// are kept for the next read.
///
/// # Writing, flushing, dropping
/// A write that does not fit into the pipe is left in flight: at most 64 KiB, which count as written. `flush` waits until
/// they are in the pipe.
///
/// `shutdown` flushes and refuses writes from then on. The peer sees the end when
/// the stream is dropped: Windows has no way to end one direction of a pipe.
///
/// Dropping never blocks and needs no runtime. What is still in flight is left to the system's thread pool, which waits for
/// space for at most a minute. If the process ends earlier it is lost. **Flush before the process ends.**
pub type PipeStream<Rm, Sm> = Pipe<Async, Rm, Sm>;

/// The task waits.
#[derive(Debug)]
pub enum Async {}

impl Waiting for Async {}

impl HasCore for Async {
    type Core = AsyncPipe;
}

impl Core for AsyncPipe {
    fn is_server(&self) -> bool {
        self.is_server()
    }
}

/// A stream that sends and receives in the same mode.
pub type DuplexPipeStream<M> = PipeStream<M, M>;
/// A stream, or a half of one, that receives only.
pub type RecvPipeStream<M> = PipeStream<M, pipe_mode::None>;
/// A stream, or a half of one, that sends only.
pub type SendPipeStream<M> = PipeStream<pipe_mode::None, M>;

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeStream<Rm, Sm> {
    /// Connects to the named pipe at `path` (`\\.\pipe\NAME`, or `\\HOST\pipe\NAME` for another computer's), waiting
    /// as long as all its instances are busy. Cancel-safe.
    ///
    /// # Errors
    /// Those of the synchronous
    /// [`connect_by_path`](crate::os::windows::named_pipe::PipeStream::connect_by_path).
    pub async fn connect_by_path(path: impl AsRef<OsStr>) -> io::Result<Self> {
        Self::connect_by_path_with_wait_mode(path, ConnectWaitMode::Unbounded).await
    }

    /// The same, waiting as `wait_mode` says. Cancel-safe.
    ///
    /// # Errors
    /// Those of the synchronous
    /// [`connect_by_path_with_wait_mode`](crate::os::windows::named_pipe::PipeStream::connect_by_path_with_wait_mode).
    pub async fn connect_by_path_with_wait_mode(
        path: impl AsRef<OsStr>,
        wait_mode: ConnectWaitMode,
    ) -> io::Result<Self> {
        Self::connect_with(path, &ConnectOptions::new().wait_mode(wait_mode)).await
    }

    /// Ends the stream for this process: with [`Read`](Shutdown::Read) reading, with [`Both`](Shutdown::Both) writing
    /// as well. Tasks that wait in this end's reads and writes are woken. From then on reads give nothing and writes
    /// give [`BrokenPipe`](io::ErrorKind::BrokenPipe). Bytes that arrived for a dropped read can still be read.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) with [`Write`](Shutdown::Write).
    pub fn shutdown_now(&self, how: Shutdown) -> io::Result<()> {
        self.raw.shutdown_now(how)
    }

    /// Creates a new handle to the same end, which is closed when all are dropped. They share everything, such as bytes that
    /// have arrived for a read that was dropped. While there are several, none can be converted.
    ///
    /// # Errors
    /// None today.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self::from_shared(Arc::clone(&self.raw)))
    }
}

impl PipeStream<pipe_mode::Bytes, pipe_mode::Bytes> {
    /// Makes two connected streams, the server's end first. See the synchronous
    /// [`pair`](crate::os::windows::named_pipe::PipeStream::pair).
    ///
    /// # Errors
    /// Whatever the system reports, such as having too many handles.
    pub fn pair() -> io::Result<(Self, Self)> {
        let both = Directions { receives: true, sends: true };
        let (server, client) = raw::private_pair(both, true, true, &PairOptions::default())?;
        Ok((Self::from_raw(AsyncPipe::new(server, true)), Self::from_raw(AsyncPipe::new(client, false))))
    }
}

/// Reads as Tokio's `AsyncRead` does.
pub(crate) fn read_into(
    pipe: &AsyncPipe,
    cx: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    pipe.poll_read(cx, buffer.remaining(), |bytes| {
        let taken = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..taken]);
        taken
    })
}

/// Reading without waiting, and waiting without reading, as Tokio's own pipes do.
impl<Sm: PipeModeTag> PipeStream<pipe_mode::Bytes, Sm> {
    /// Waits until [`try_read`](Self::try_read) would give something: bytes, or the end. Cancel-safe.
    ///
    /// What has come is kept in the stream, up to 64 KiB of it, as if a read had been dropped.
    ///
    /// # Errors
    /// Those of a read.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::windows::named_pipe::{pipe_mode::Bytes, tokio::DuplexPipeStream};
    /// use std::io;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> io::Result<()> {
    /// let (mut server, client) = DuplexPipeStream::<Bytes>::pair()?;
    /// let mut buffer = [0; 16];
    /// let nothing = client.try_read(&mut buffer).unwrap_err();
    /// assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
    ///
    /// server.write_all(b"news").await?;
    /// client.readable().await?;
    /// assert_eq!(client.try_read(&mut buffer)?, 4);
    /// # Ok(()) }
    /// ```
    pub async fn readable(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll_read_ready(cx)).await
    }

    /// [`readable`](Self::readable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// Those of a read.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.raw.poll_readable(cx)
    }

    /// Reads what is there, without waiting: 0 is the end.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): nothing is there, and [`readable`](Self::readable) waits for it. Otherwise those
    /// of a read.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        at_once(|cx| read_into(&self.raw, cx, &mut buffer))?;
        Ok(buffer.filled().len())
    }

    /// [`try_read`](Self::try_read) into several slices, one after the other.
    ///
    /// # Errors
    /// Those of `try_read`.
    pub fn try_read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let wanted = slices.iter().map(|slice| slice.len()).fold(0, usize::saturating_add);
        let mut taken = 0;
        let take = |mut bytes: &[u8]| {
            for slice in slices {
                // Reading from a slice cannot fail.
                taken += bytes.read(slice).unwrap_or(0);
            }
            taken
        };
        at_once(|cx| self.raw.poll_read(cx, wanted, take))?;
        Ok(taken)
    }
}

/// Writing without waiting, and waiting without writing, as Tokio's own pipes do.
impl<Rm: PipeModeTag> PipeStream<Rm, pipe_mode::Bytes> {
    /// Waits until [`try_write`](Self::try_write) would take bytes: until no earlier write is in flight. Cancel-safe.
    ///
    /// # Errors
    /// Those of the earlier write.
    pub async fn writable(&self) -> io::Result<()> {
        poll_fn(|cx| self.poll_write_ready(cx)).await
    }

    /// [`writable`](Self::writable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// Those of the earlier write.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.raw.poll_flush(cx)
    }

    /// Writes without waiting. What was taken may be in flight when this returns, as after any write of this stream.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): an earlier write is in flight, and [`writable`](Self::writable) waits for
    /// it. Otherwise those of a write.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::windows::named_pipe::{pipe_mode::Bytes, tokio::DuplexPipeStream};
    /// use std::io;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> io::Result<()> {
    /// let (server, client) = DuplexPipeStream::<Bytes>::pair()?;
    /// // Nobody reads, so that the pipe fills up.
    /// let mut written = 0;
    /// let error = loop {
    ///     match client.try_write(&[1; 1024]) {
    ///         Ok(bytes) => written += bytes,
    ///         Err(error) => break error,
    ///     }
    /// };
    /// assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    ///
    /// while written > 0 {
    ///     server.readable().await?;
    ///     written -= server.try_read(&mut [0; 1024])?;
    /// }
    /// client.writable().await?;
    /// client.try_write(&[1])?;
    /// # Ok(()) }
    /// ```
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write_vectored(&[IoSlice::new(bytes)])
    }

    /// [`try_write`](Self::try_write) of several slices, one after the other.
    ///
    /// # Errors
    /// Those of `try_write`.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        at_once(|cx| self.raw.poll_write(cx, slices))
    }
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeStream<Rm, Sm> {
    /// Waits until the peer has read everything that was written, or has closed its end. See the synchronous
    /// [`drain`](crate::os::windows::named_pipe::PipeStream::drain).
    ///
    /// Windows has no overlapped form of this, so one thread of the system's pool waits, whose limit is the process's. Cancel-safe,
    /// but that thread goes on, and keeps this end open, until the peer has read everything or closes its end.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the peer has gone without reading everything; those of an earlier write that
    /// was in flight.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::windows::named_pipe::{pipe_mode::Bytes, tokio::DuplexPipeStream};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut server, mut client) = DuplexPipeStream::<Bytes>::pair()?;
    /// server.write_all(b"read this").await?;
    /// let mut received = [0; 9];
    /// let (drained, read) = tokio::join!(server.drain(), client.read_exact(&mut received));
    /// drained?;
    /// read?;
    /// # Ok(()) }
    /// ```
    pub async fn drain(&self) -> io::Result<()> {
        poll_fn(|cx| self.raw.poll_flush(cx)).await?;
        Drain::new(self.as_handle())?.await.map_err(pipe::write_error)
    }
}

/// What a poll function gives now.
fn at_once<R>(poll: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<R>>) -> io::Result<R> {
    match poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<Sm: PipeModeTag> AsyncRead for &PipeStream<pipe_mode::Bytes, Sm> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        read_into(&self.raw, cx, buffer)
    }
}

impl<Sm: PipeModeTag> AsyncRead for PipeStream<pipe_mode::Bytes, Sm> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        read_into(&self.raw, cx, buffer)
    }
}

impl<Rm: PipeModeTag> AsyncWrite for &PipeStream<Rm, pipe_mode::Bytes> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.raw.poll_write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.raw.poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.raw.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.raw.poll_shutdown(cx)
    }
}

impl<Rm: PipeModeTag> AsyncWrite for PipeStream<Rm, pipe_mode::Bytes> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.raw.poll_write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.raw.poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.raw.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.raw.poll_shutdown(cx)
    }
}
