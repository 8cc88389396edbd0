use super::open_watch::AsyncOpenWatch;
use crate::{
    os::unix::{
        fifo_file,
        pipe_end::tokio::Renewed,
        sys::{buf, fd, open_watch::OpenWatch},
    },
    time::Backoff,
};
use bytes::BufMut;
use std::{
    fs::File,
    io::{self, IoSliceMut},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, Interest, ReadBuf, Ready};

/// The end of a FIFO or pipe that gives bytes, after [`tokio::net::unix::pipe::Receiver`].
///
/// Reading is cancel-safe: a read that was dropped before it was ready has taken no byte. It ends when the last sender is
/// gone, and goes on with the next one; between the two each read says at once that this is the end, so a task would do
/// well to call [`wait_for_sender`](Self::wait_for_sender) then. A read waits for a new sender that has written nothing yet
/// (Tokio's keeps the processor busy meanwhile). `&Receiver` reads too.
#[doc(alias = "Recver")]
#[derive(Debug)]
pub struct Receiver(Renewed<fifo_file::Receiver>);

impl Receiver {
    /// Takes a file, and puts it into nonblocking mode.
    ///
    /// # Errors
    /// `InvalidInput`: it is not a pipe, or cannot be read from.
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
    /// `InvalidInput`: it is not a pipe, or cannot be read from.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn from_owned_fd(end: OwnedFd) -> io::Result<Self> {
        Self::try_from(fifo_file::Receiver::try_from(end)?)
    }

    /// Takes a file as it is. It must be the receiving end of a pipe in nonblocking mode: in blocking mode, all tasks of
    /// the thread wait where this one would have to.
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
        Self::registered(fifo_file::Receiver::from_checked(end))
    }

    /// Wraps an end that is in nonblocking mode.
    #[track_caller]
    pub(super) fn registered(end: fifo_file::Receiver) -> io::Result<Self> {
        Renewed::new(end, Interest::READABLE).map(Self)
    }

    /// Waits until there may be something to read, or the last sender is gone ([`Ready::is_read_closed`]). Cancel-safe.
    ///
    /// # Errors
    /// The runtime is shutting down.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there may be something to read, or the last sender is gone. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn readable(&self) -> io::Result<()> {
        self.0.ready(Interest::READABLE).await.map(drop)
    }

    /// [`readable`](Self::readable) as a poll method. All tasks that poll are woken.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(cx).map_ok(drop)
    }

    /// Waits until a sender has the FIFO open, or there is something to read. It returns at once for a receiver that holds a
    /// sender itself. Tokio's has no such method. Cancel-safe.
    ///
    /// Linux and Android tell through inotify(7), and no time is spent on attempts; a sender that left without having
    /// written anything is not noticed. On other systems a sender counts from its first byte on, and this looks for that from one to twenty milliseconds apart; as it does on Linux when there is
    /// no `/proc`, or the user has no inotify instance left. No thread waits.
    ///
    /// # Errors
    /// The limit of open descriptors.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub async fn wait_for_sender(&self) -> io::Result<()> {
        self.wait_until(fifo_file::Receiver::has_sender).await
    }

    /// Waits for what changes when a sender opens the FIFO.
    pub(super) async fn wait_until(
        &self,
        is_met: fn(&fifo_file::Receiver) -> io::Result<bool>,
    ) -> io::Result<()> {
        if is_met(self.0.get())? {
            return Ok(());
        }
        let watch = AsyncOpenWatch::new(OpenWatch::of(self.as_fd()))?;
        let mut backoff = Backoff::new();
        // Again, since the watch tells only of what comes after it.
        while !is_met(self.0.get())? {
            let at_most = if watch.tells() { None } else { Some(backoff.pause()) };
            watch.wait(at_most).await?;
        }
        Ok(())
    }

    /// Reads without waiting.
    ///
    /// # Errors
    /// `WouldBlock`: there is nothing, or the runtime has not learned of it yet; [`readable`](Self::readable) waits for it.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_io(|end| fd::read(end.as_fd(), buffer))
    }

    /// Reads without waiting into the next part of a buffer, and advances it.
    ///
    /// # Errors
    /// As for [`try_read`](Self::try_read).
    pub fn try_read_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
        self.0.try_io(|end| buf::read(end.as_fd(), buffer))
    }

    /// [`try_read`](Self::try_read) into several slices.
    ///
    /// # Errors
    /// As for `try_read`.
    pub fn try_read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.try_io(|end| fd::read_vectored(end.as_fd(), slices))
    }

    /// Tries an operation on the descriptor that must fail with `WouldBlock` if it would have to wait for something to read.
    ///
    /// # Errors
    /// The operation's; `WouldBlock`, without trying, if the runtime knows that it would have to wait.
    pub fn try_io<R>(&self, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.0.try_io(|_| operation())
    }

    /// Closes the sender that `keep_open` has opened: from now on, this receiver sees the end of the stream when the last
    /// sender has left. See [`fifo_file::Receiver::end_with_senders`]. A read that is waiting in another task ends too.
    ///
    /// # Errors
    /// As for `fifo_file::Receiver::end_with_senders`.
    pub fn end_with_senders(&self) -> io::Result<()> {
        self.0.get().end_with_senders()
    }

    /// How many bytes can be read at once (`FIONREAD`).
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn available(&self) -> io::Result<usize> {
        self.0.get().available()
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

    /// Takes the end off the runtime, and into blocking mode. The sender that `keep_open` has opened is closed.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        fifo_file::Receiver::try_from(self).map(OwnedFd::from)
    }

    /// Takes the end off the runtime, in nonblocking mode. The sender that `keep_open` has opened is closed.
    ///
    /// # Errors
    /// None at present; the signature is Tokio's.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        Ok(self.0.into_inner().into())
    }
}

impl AsyncRead for &Receiver {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

impl AsyncRead for Receiver {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

/// Puts an end on the current runtime, and into nonblocking mode.
impl TryFrom<fifo_file::Receiver> for Receiver {
    type Error = io::Error;

    #[track_caller]
    fn try_from(end: fifo_file::Receiver) -> io::Result<Self> {
        end.set_nonblocking(true)?;
        Self::registered(end)
    }
}

/// Takes an end off the runtime, and into blocking mode.
impl TryFrom<Receiver> for fifo_file::Receiver {
    type Error = io::Error;

    fn try_from(end: Receiver) -> io::Result<Self> {
        let end = end.0.into_inner();
        fd::set_nonblocking(end.as_fd(), false)?;
        Ok(end)
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl AsRawFd for Receiver {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get().as_raw_fd()
    }
}
