//! Local sockets on a Tokio runtime.
//!
//! On Unix they are driven by readiness, on Windows by completion of overlapped operations; never by a pool of blocking
//! threads. On Windows nothing is tied to the runtime: a stream can be made, used and dropped anywhere.
//!
//! ```
//! use interprocess::local_socket::{ListenerOptions, Name, tokio::Stream};
//! use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let name = Name::namespaced("interprocess-tokio-example")?;
//! # let unique = format!("interprocess-doc-local-tokio-{}", std::process::id());
//! # let name = Name::namespaced(&unique)?;
//! let listener = ListenerOptions::new().name(&name).create_tokio()?;
//! let server = tokio::spawn(async move {
//!     let mut client = BufReader::new(listener.accept().await?);
//!     let mut question = String::new();
//!     client.read_line(&mut question).await?;
//!     client.get_mut().write_all(format!("you said: {question}").as_bytes()).await?;
//!     client.get_mut().flush().await
//! });
//!
//! let mut stream = BufReader::new(Stream::connect(name).await?);
//! stream.get_mut().write_all(b"hello\n").await?;
//! let mut answer = String::new();
//! stream.read_line(&mut answer).await?;
//! assert_eq!(answer, "you said: hello\n");
//! # server.await.unwrap()
//! # }
//! ```

#[cfg(feature = "futures-core")]
mod incoming;
mod options;

#[cfg(feature = "futures-core")]
pub use self::incoming::Incoming;

pub use super::v2::tokio::prelude;

use super::{ConnectOptions, ListenerOptions, Name, PeerCreds, absence::Absence, platform};
use crate::{TryClone, error};
use std::{
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    process,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connected local socket.
///
/// `&Stream` reads and writes too, so that any number of tasks can share one: all that wait are woken. The two directions
/// are independent.
///
/// # Cancel safety
/// A read that was dropped before it was ready has taken no byte, and a write none either: both are cancel-safe, as
/// Tokio's own are (and `read_exact` and `write_all` are not, as with Tokio).
///
/// # Flush, shutdown and drop
/// On Unix, what was written is in the kernel's hands, and flushing does nothing. On Windows a write is done when the
/// stream has taken the bytes, and they may still be on their way into a pipe that is full; `flush` waits until they
/// are in it. Dropping such a stream blocks nobody: the system finishes the write, for at most a minute, while the
/// process lives. Before a process ends, flush.
///
/// `shutdown` ends the sending direction on Unix, and the peer sees it. Windows has no such thing: there it flushes and
/// refuses later writes, and the peer sees the end when the stream is dropped.
#[doc(alias("UnixStream", "NamedPipeClient", "connection"))]
#[derive(Debug)]
pub struct Stream(pub(super) platform::tokio::Stream);

impl Stream {
    /// Connects to a listener, and waits without end if it is there but busy. [`ConnectOptions`] can set a limit.
    /// Cancel-safe.
    ///
    /// # Errors
    /// As for [`ConnectOptions::connect_sync`].
    ///
    /// # Panics
    /// As for [`ConnectOptions::connect_tokio`].
    pub async fn connect<'n>(name: impl Into<Name<'n>>) -> io::Result<Self> {
        Self::from_options(&ConnectOptions::new().name(name)).await
    }

    /// Connects as the options say; the same as [`ConnectOptions::connect_tokio`].
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As there.
    pub async fn from_options(options: &ConnectOptions<'_>) -> io::Result<Self> {
        let mut absence = Absence::new(options.wait_for_listener);
        loop {
            match platform::tokio::connect(options).await {
                Ok(stream) => return Ok(Self(stream)),
                Err(error) => platform::tokio::pause(absence.after(error, options.name.as_ref())?).await?,
            }
        }
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    /// The limit of open descriptors or handles.
    ///
    /// # Panics
    /// On Unix, outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = platform::tokio::pair()?;
        Ok((Self(a), Self(b)))
    }

    /// Splits the stream into two halves for different tasks. Dropping the [`SendHalf`] ends the sending direction where the
    /// platform can, and the connection closes when both are dropped.
    pub fn split(self) -> (RecvHalf, SendHalf) {
        let shared = Arc::new(self.0);
        (RecvHalf(Arc::clone(&shared)), SendHalf { stream: shared, owner: Some(process::id()) })
    }

    /// Puts two halves together again.
    ///
    /// # Errors
    /// The halves are of different streams, and are given back.
    pub fn reunite(recv: RecvHalf, send: SendHalf) -> ReuniteResult {
        if !Arc::ptr_eq(&recv.0, &send.stream) {
            return Err(ReuniteError { rh: recv, sh: send });
        }
        send.forget();
        match Arc::into_inner(recv.0) {
            Some(stream) => Ok(Self(stream)),
            None => {
                unreachable!("a stream has two halves, which cannot be cloned, and one was just dropped")
            }
        }
    }

    /// Creates a new handle to the same connection. The connection closes when the last handle is dropped.
    ///
    /// # Errors
    /// The limit of open descriptors (Unix).
    ///
    /// # Panics
    /// On Unix, outside a Tokio runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::tokio::Stream;
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (mut stream, mut peer) = Stream::pair()?;
    /// let mut clone = stream.try_clone()?;
    /// stream.write_all(b"one ").await?;
    /// stream.flush().await?;
    /// drop(stream);
    /// clone.write_all(b"connection").await?;
    /// clone.flush().await?;
    /// drop(clone);
    /// let mut received = String::new();
    /// peer.read_to_string(&mut received).await?;
    /// assert_eq!(received, "one connection");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Ends both directions and wakes all tasks that wait in them, also through clones of this stream; see
    /// [`local_socket::Stream::close`](super::Stream::close).
    ///
    /// # Platform-specific behavior
    /// On Windows, a write that is under way is cancelled: flush before.
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::tokio::Stream;
    /// use tokio::io::AsyncReadExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, _silent) = Stream::pair()?;
    /// let reading = async { (&stream).read(&mut [0]).await };
    /// let (read, closed) = tokio::join!(reading, async { stream.close() });
    /// closed?;
    /// assert_eq!(read?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) -> io::Result<()> {
        platform::tokio::close(&self.0)
    }

    /// Ends one direction or both at once, and wakes the tasks that wait in it.
    ///
    /// This is [`local_socket::Stream::shutdown`](super::Stream::shutdown); `AsyncWriteExt::shutdown` is the
    /// asynchronous end of sending.
    ///
    /// # Errors
    /// As there.
    pub fn shutdown_now(&self, how: Shutdown) -> io::Result<()> {
        platform::tokio::shutdown_now(&self.0, how)
    }

    /// Waits until the peer has read everything that was written; see
    /// [`local_socket::Stream::drain`](super::Stream::drain). Cancel-safe.
    ///
    /// # Errors
    /// As for [`local_socket::Stream::drain`](super::Stream::drain).
    ///
    /// # Platform-specific behavior
    /// On Linux this looks again and again, from one to twenty milliseconds apart. On Windows one thread of the system's pool
    /// waits; if the future is dropped it goes on, and keeps this end open, until the peer has read everything or closes its end.
    pub async fn drain(&self) -> io::Result<()> {
        self.0.drain().await
    }

    /// Takes the error that the system keeps for this stream. Windows keeps none.
    ///
    /// # Errors
    /// Those of the system.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    /// Who is at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell; those of the system.
    #[doc(alias("peer_cred", "SO_PEERCRED", "getpeereid"))]
    pub fn peer_creds(&self) -> io::Result<PeerCreds> {
        platform::tokio::peer_creds(&self.0)
    }

    /// The name of this end; see [`local_socket::Stream::local_name`](super::Stream::local_name).
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_name(&self) -> io::Result<Option<Name<'static>>> {
        platform::tokio::local_name(&self.0)
    }

    /// The name of the other end; see [`local_socket::Stream::peer_name`](super::Stream::peer_name).
    ///
    /// # Errors
    /// Those of the system.
    pub fn peer_name(&self) -> io::Result<Option<Name<'static>>> {
        platform::tokio::peer_name(&self.0)
    }
}

impl TryClone for Stream {
    #[track_caller]
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl AsyncRead for &Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for &Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &self.0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &self.0).poll_shutdown(cx)
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_shutdown(cx)
    }
}

/// Puts a stream on the current runtime (Unix: and into nonblocking mode).
impl TryFrom<super::Stream> for Stream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(stream: super::Stream) -> io::Result<Self> {
        platform::tokio::attach(stream.0).map(Self)
    }
}

/// Takes a stream off the runtime (Unix: and into blocking mode).
///
/// Fails on Windows if a write is under way, or if a read that was dropped has left bytes in the stream.
impl TryFrom<Stream> for super::Stream {
    type Error = io::Error;

    fn try_from(stream: Stream) -> io::Result<Self> {
        platform::tokio::detach(stream.0).map(Self)
    }
}

/// The receiving half of a [`Stream`], made by [`Stream::split`]. Dropping it ends nothing.
#[doc(alias("ReadHalf", "OwnedReadHalf"))]
#[derive(Debug)]
pub struct RecvHalf(pub(super) Arc<platform::tokio::Stream>);

impl AsyncRead for &RecvHalf {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.0).poll_read(cx, buf)
    }
}

impl AsyncRead for RecvHalf {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.0).poll_read(cx, buf)
    }
}

/// The sending half of a [`Stream`], made by [`Stream::split`].
///
/// # Half-close
/// Dropping it ends the sending direction, as `AsyncWriteExt::shutdown` does, so that a peer which reads to the end goes on;
/// [`forget`](Self::forget) drops it without. Windows cannot end one direction of a named pipe: there, the peer sees
/// end-of-file when both halves are dropped, and a message has to say where it ends.
///
/// The direction ends for clones of the stream and duplicates of its descriptor too, also in other processes. In a process
/// that was forked from the one that split the stream, dropping the half ends nothing.
///
/// ```
/// use interprocess::local_socket::tokio::Stream;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let (client, mut server) = Stream::pair()?;
/// let (mut answers, mut requests) = client.split();
/// requests.write_all(b"the whole request").await?;
/// requests.flush().await?;
/// drop(requests);
///
/// # if cfg!(unix) {
/// let mut request = String::new();
/// server.read_to_string(&mut request).await?; // Ends here on Unix.
/// assert_eq!(request, "the whole request");
/// # }
/// server.write_all(b"the answer").await?;
/// server.flush().await?;
/// drop(server);
/// let mut answer = String::new();
/// answers.read_to_string(&mut answer).await?;
/// assert_eq!(answer, "the answer");
/// # Ok(())
/// # }
/// ```
#[doc(alias("WriteHalf", "OwnedWriteHalf"))]
#[derive(Debug)]
#[must_use = "dropping it ends the sending direction"]
pub struct SendHalf {
    pub(super) stream: Arc<platform::tokio::Stream>,
    /// The process whose drop ends the direction, and not that of a copy by fork(2). `None` if none does.
    owner: Option<u32>,
}

impl SendHalf {
    /// Drops this half and leaves the sending direction as it is. Then the connection closes when the other half is dropped.
    pub fn forget(mut self) {
        self.owner = None;
    }
}

impl Drop for SendHalf {
    fn drop(&mut self) {
        if self.owner == Some(process::id()) {
            platform::tokio::end_sending(&self.stream);
        }
    }
}

impl AsyncWrite for &SendHalf {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.stream).poll_shutdown(cx)
    }
}

impl AsyncWrite for SendHalf {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_shutdown(cx)
    }
}

/// Two halves of different streams, given back.
pub type ReuniteError = error::ReuniteError<RecvHalf, SendHalf>;

/// What [`Stream::reunite`] gives.
pub type ReuniteResult = error::ReuniteResult<Stream, RecvHalf, SendHalf>;

/// A local socket that waits for clients. Made by [`ListenerOptions::create_tokio`].
#[derive(Debug)]
#[must_use = "the listener is closed when this is dropped"]
pub struct Listener(pub(super) platform::tokio::Listener);

impl Listener {
    /// Makes a listener; the same as [`ListenerOptions::create_tokio`].
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn from_options(options: ListenerOptions<'_>) -> io::Result<Self> {
        platform::tokio::Listener::listen(options).map(Self)
    }

    /// Waits for a client. Cancel-safe: no client is lost. Several tasks may wait. For a deadline, put
    /// `tokio::time::timeout` around it.
    ///
    /// # Errors
    /// As for [`local_socket::Listener::accept`](super::Listener::accept), but for `WouldBlock`.
    pub async fn accept(&self) -> io::Result<Stream> {
        self.0.accept().await.map(Stream)
    }

    /// [`accept`](Self::accept) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for `accept`.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        self.0.poll_accept(cx).map_ok(Stream)
    }

    /// Returns a [`Stream`](futures_core::Stream) that accepts clients until the listener is [closed](Self::close) (feature
    /// `futures-core`).
    ///
    /// After an error, such as the limit of open descriptors, it waits for 10 ms before it accepts again, so that a loop
    /// which passes over errors does not keep the processor busy. No client is lost.
    ///
    /// # Cancel safety
    /// Dropping a future that waits for the next item loses no client.
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::{ListenerOptions, Name, tokio::Stream};
    /// use futures_lite::StreamExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let name = Name::unique("example")?;
    /// let listener = ListenerOptions::new().name(&name).create_tokio()?;
    /// let client = Stream::connect(&name).await?;
    /// let mut incoming = listener.incoming();
    /// while let Some(accepted) = incoming.next().await {
    ///     let _server = accepted?;
    ///     listener.close();
    /// }
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "futures-core")]
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming::new(self)
    }

    /// Closes the listener, and wakes all tasks that wait in [`accept`](Self::accept): they fail with `ConnectionAborted`,
    /// and so does every later attempt. See [`local_socket::Listener::close`](super::Listener::close).
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether the listener was [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// The name it listens at. `None` if it was made from a descriptor that has none.
    pub fn local_name(&self) -> Option<Name<'static>> {
        self.0.local_name()
    }

    /// Leaves a socket file where it is when the listener is dropped.
    pub fn do_not_reclaim_name_on_drop(&mut self) {
        self.0.do_not_reclaim_name_on_drop();
    }
}
