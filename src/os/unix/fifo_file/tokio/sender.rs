use crate::os::unix::{
    fifo_file,
    pipe_end::tokio::Renewed,
    sys::{fd, readiness},
};
use std::{
    fs::File,
    io::{self, IoSlice},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncWrite, Interest, Ready};

/// The end of a FIFO or pipe that takes bytes, after [`tokio::net::unix::pipe::Sender`].
///
/// Writing is cancel-safe: a write that was dropped before it was ready has taken no byte. A write of up to
/// [`PIPE_BUF`](fifo_file::PIPE_BUF) bytes is taken whole and not mixed with those of other senders. `flush` and `shutdown` do
/// nothing; the receiver sees the end when the last sender is dropped. `&Sender` writes too.
#[derive(Debug)]
pub struct Sender(Renewed<fifo_file::Sender>);

impl Sender {
    /// Takes a file, and puts it into nonblocking mode.
    ///
    /// # Errors
    /// `InvalidInput`: it is not a pipe, or cannot be written to.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Self> {
        Self::from_owned_fd(file.into())
    }

    /// Takes a descriptor, and puts it into nonblocking mode.
    ///
    /// # Errors
    /// `InvalidInput`: it is not a pipe, or cannot be written to.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn from_owned_fd(end: OwnedFd) -> io::Result<Self> {
        Self::try_from(fifo_file::Sender::try_from(end)?)
    }

    /// Takes a file as it is. It must be the sending end of a pipe in nonblocking mode: in blocking mode, all tasks of the
    /// thread wait where this one would have to.
    ///
    /// # Errors
    /// The runtime's poller refuses it, as it does a regular file.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Self> {
        Self::from_owned_fd_unchecked(file.into())
    }

    /// Takes a descriptor as it is; see [`from_file_unchecked`](Self::from_file_unchecked).
    ///
    /// # Errors
    /// As there.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn from_owned_fd_unchecked(end: OwnedFd) -> io::Result<Self> {
        Self::registered(fifo_file::Sender::from_checked(end))
    }

    /// Wraps an end that is in nonblocking mode.
    #[track_caller]
    pub(super) fn registered(end: fifo_file::Sender) -> io::Result<Self> {
        Renewed::new(end, Interest::WRITABLE).map(Self)
    }

    /// Waits until there may be room, or the last receiver is gone ([`Ready::is_write_closed`]). Cancel-safe.
    ///
    /// # Errors
    /// The runtime is shutting down.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there may be room. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn writable(&self) -> io::Result<()> {
        self.0.ready(Interest::WRITABLE).await.map(drop)
    }

    /// [`writable`](Self::writable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(cx).map_ok(drop)
    }

    /// Writes without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room; [`writable`](Self::writable) waits for it. `BrokenPipe`: there is no receiver.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_writing(|end| end.0.write_now(&[IoSlice::new(bytes)]))
    }

    /// [`try_write`](Self::try_write) of several slices.
    ///
    /// # Errors
    /// As for `try_write`.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_writing(|end| end.0.write_now(slices))
    }

    /// Writes a message in one piece, and waits for room for all of it; see [`fifo_file::Sender::write_atomic`].
    /// Cancel-safe: the message is in the FIFO or not.
    ///
    /// # Errors
    /// `InvalidInput`: the message is longer than [`PIPE_BUF`](fifo_file::PIPE_BUF). `BrokenPipe`: there is no receiver.
    pub async fn write_atomic(&self, message: &[u8]) -> io::Result<()> {
        self.0.writing(|end| end.0.write_atomic_now(message)).await
    }

    /// Tries an operation on the descriptor that must fail with `WouldBlock` if it would have to wait for room.
    ///
    /// # Errors
    /// The operation's; `WouldBlock`, without trying, if the runtime knows that it would have to wait.
    pub fn try_io<R>(&self, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.0.try_io(|_| operation())
    }

    /// How many bytes the FIFO holds while it is open.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    pub fn capacity(&self) -> io::Result<usize> {
        self.0.get().capacity()
    }

    /// Makes the FIFO hold at least so many bytes, and tells how many it does; see [`fifo_file::Sender::set_capacity`].
    ///
    /// # Errors
    /// As there.
    pub fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        self.0.get().set_capacity(bytes)
    }

    /// Takes the end off the runtime, and into blocking mode.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        fifo_file::Sender::try_from(self).map(OwnedFd::from)
    }

    /// Takes the end off the runtime, in nonblocking mode.
    ///
    /// # Errors
    /// None at present; the signature is Tokio's.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        Ok(self.0.into_inner().into())
    }

    fn poll_write_by_ref(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes.len(), |end| end.0.write_now(&[IoSlice::new(bytes)]))
    }

    fn poll_write_slices(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let offered = readiness::offered(slices);
        self.0.poll_write(cx, offered, |end| end.0.write_now(slices))
    }
}

impl AsyncWrite for &Sender {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_by_ref(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_slices(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Sender {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_by_ref(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_slices(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Puts an end on the current runtime, and into nonblocking mode.
impl TryFrom<fifo_file::Sender> for Sender {
    type Error = io::Error;

    #[track_caller]
    fn try_from(end: fifo_file::Sender) -> io::Result<Self> {
        end.set_nonblocking(true)?;
        Self::registered(end)
    }
}

/// Takes an end off the runtime, and into blocking mode.
impl TryFrom<Sender> for fifo_file::Sender {
    type Error = io::Error;

    fn try_from(end: Sender) -> io::Result<Self> {
        let end = end.0.into_inner();
        fd::set_nonblocking(end.as_fd(), false)?;
        Ok(end)
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get().as_raw_fd()
    }
}
