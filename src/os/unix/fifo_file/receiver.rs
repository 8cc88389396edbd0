use super::OpenOptions;
use crate::os::unix::sys::{
    fd, fifo,
    pipe::{self, transfer},
};
use std::{
    fs::File,
    io::{self, IoSliceMut, Read},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

/// The end of a FIFO that gives bytes.
///
/// It sees the end of the stream when the last sender is gone, and bytes again when the next one comes: reading on after
/// the end is allowed. In between, each read says at once that this is the end, so a receiver for senders that come and go
/// is better opened with [`OpenOptions::keep_open`], or waits with [`wait_for_sender`](Self::wait_for_sender).
///
/// `&Receiver` reads too.
#[derive(Debug)]
pub struct Receiver {
    end: OwnedFd,
    /// A sender that is there so that the end is never seen.
    keeper: Option<OwnedFd>,
}

impl Receiver {
    /// Opens the FIFO at a path, and waits until a sender opens it.
    ///
    /// # Errors
    /// As for [`OpenOptions::open_receiver`].
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().open_receiver(path)
    }

    pub(super) fn from_checked(end: OwnedFd) -> Self {
        Self { end, keeper: None }
    }

    pub(super) fn with_keeper(end: OwnedFd, keeper: OwnedFd) -> Self {
        Self { end, keeper: Some(keeper) }
    }

    /// In nonblocking mode, a read fails with `WouldBlock` when there is a sender, but nothing to read. When there is no
    /// sender, a read says that this is the end.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        fd::set_nonblocking(self.end.as_fd(), nonblocking)
    }

    /// A second object of the same end. Each byte goes to one of the two.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        let keeper = self.keeper.as_ref().map(|keeper| fd::duplicate(keeper.as_fd())).transpose()?;
        Ok(Self { end: fd::duplicate(self.end.as_fd())?, keeper })
    }

    /// How many bytes can be read at once (`FIONREAD`).
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn available(&self) -> io::Result<usize> {
        fd::readable_bytes(self.end.as_fd())
    }

    /// Waits until a sender has the FIFO open, or there is something to read. `false`: the time is over; `None` is as
    /// long as it takes. It returns at once for a receiver that [holds a sender itself](OpenOptions::keep_open).
    ///
    /// Linux and Android tell through inotify(7) when a sender was opened, and then what copying from the empty pipe with
    /// tee(2) says tells whether it is there still; a sender that left without having written anything is not noticed. On
    /// other systems a sender counts from its first byte on, and this looks for that from one to twenty milliseconds
    /// apart; as it does on Linux when there is no `/proc`, or the user has no inotify instance left.
    ///
    /// # Errors
    /// The limit of open descriptors; those of poll(2).
    pub fn wait_for_sender(&self, timeout: impl Into<Option<Duration>>) -> io::Result<bool> {
        let deadline = timeout.into().and_then(|timeout| Instant::now().checked_add(timeout));
        self.wait_until(deadline, Self::has_sender)
    }

    pub(super) fn has_sender(&self) -> io::Result<bool> {
        Ok(self.keeper.is_some() || fifo::has_sender(self.end.as_fd())?)
    }

    /// How many bytes the FIFO holds while it is open.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android (`F_GETPIPE_SZ`, fcntl(2)).
    pub fn capacity(&self) -> io::Result<usize> {
        pipe::capacity(self.end.as_fd())
    }

    /// Makes the FIFO hold at least so many bytes, as
    /// [`Sender::set_capacity`](super::Sender::set_capacity) does, and tells how many it does.
    ///
    /// # Errors
    /// As there.
    pub fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        pipe::set_capacity(self.end.as_fd(), bytes)
    }

    /// Moves up to `most` bytes into any file, socket or pipe, and tells how many; zero is the end of the stream. See
    /// [`unnamed_pipe::Recver::splice_to`](crate::unnamed_pipe::Recver#method.splice_to), which does the same.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android. `WouldBlock`: one of the two is in nonblocking mode and would have
    /// to wait. `InvalidInput`: the target cannot take spliced data, or is this same pipe. Others: splice(2).
    pub fn splice_to<T: AsFd>(&self, to: T, most: usize) -> io::Result<usize> {
        transfer::splice(self.end.as_fd(), to.as_fd(), most)
    }

    /// Copies up to `most` bytes to another FIFO or pipe and leaves them here as well, to be read or spliced after.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android. `WouldBlock`: one of the two is in nonblocking mode and would have
    /// to wait. `InvalidInput`: the other is not a pipe, or this same one. Others: tee(2).
    pub fn tee_to<T: AsFd>(&self, to: T, most: usize) -> io::Result<usize> {
        transfer::tee(self.end.as_fd(), to.as_fd(), most)
    }
}

impl Read for &Receiver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        fd::read(self.end.as_fd(), buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        pipe::read_vectored(self.end.as_fd(), buffers)
    }
}

impl Read for Receiver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        fd::read(self.end.as_fd(), buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        pipe::read_vectored(self.end.as_fd(), buffers)
    }
}

/// Takes the end of any FIFO or unnamed pipe, in the mode it is in. `InvalidInput` if it is not a pipe, or cannot be read
/// from.
impl TryFrom<OwnedFd> for Receiver {
    type Error = io::Error;

    fn try_from(end: OwnedFd) -> io::Result<Self> {
        pipe::check_readable(end.as_fd())?;
        Ok(Self::from_checked(end))
    }
}

/// As for `OwnedFd`.
impl TryFrom<File> for Receiver {
    type Error = io::Error;

    fn try_from(end: File) -> io::Result<Self> {
        OwnedFd::from(end).try_into()
    }
}

/// Closes the sender that [`OpenOptions::keep_open`] has opened, if so.
impl From<Receiver> for OwnedFd {
    fn from(receiver: Receiver) -> Self {
        receiver.end
    }
}

/// As for `OwnedFd`.
impl From<Receiver> for File {
    fn from(receiver: Receiver) -> Self {
        receiver.end.into()
    }
}

/// As for `OwnedFd`.
impl From<Receiver> for Stdio {
    fn from(receiver: Receiver) -> Self {
        receiver.end.into()
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }
}

impl AsRawFd for Receiver {
    fn as_raw_fd(&self) -> RawFd {
        self.end.as_raw_fd()
    }
}

impl IntoRawFd for Receiver {
    fn into_raw_fd(self) -> RawFd {
        self.end.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for Receiver {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        Self::from_checked(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}
