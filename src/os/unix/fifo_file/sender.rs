use super::OpenOptions;
use crate::os::unix::{pipe_end::PipeEnd, sys::pipe};
use std::{
    fs::File,
    io::{self, IoSlice, Write},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
    path::Path,
    process::Stdio,
    time::Duration,
};

/// The end of a FIFO that takes bytes.
///
/// A write of up to [`PIPE_BUF`](super::PIPE_BUF) bytes is not mixed with those of other senders; a longer one may be.
/// Writing when the last receiver is gone is the error `BrokenPipe`, and never SIGPIPE (see
/// [`unnamed_pipe`](crate::unnamed_pipe#writing-to-a-pipe-that-nobody-reads)). What was written and not yet read is lost when the last end of the FIFO is closed. Flushing does
/// nothing.
///
/// `&Sender` writes too.
#[derive(Debug)]
pub struct Sender(pub(super) PipeEnd);

impl Sender {
    /// Opens the FIFO at a path, and waits until a receiver opens it.
    ///
    /// # Errors
    /// As for [`OpenOptions::open_sender`].
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().open_sender(path)
    }

    pub(super) fn from_checked(end: OwnedFd) -> Self {
        Self(PipeEnd::sender(end))
    }

    /// Writes a message of at most [`PIPE_BUF`](super::PIPE_BUF) bytes in one piece: whoever else writes to the FIFO,
    /// their bytes come before or after it, and in nonblocking mode all of it is taken or nothing.
    ///
    /// # Errors
    /// `InvalidInput`: the message is longer. `WouldBlock`: in nonblocking mode, there is no room for all of it.
    /// `BrokenPipe`: there is no receiver.
    pub fn write_atomic(&self, message: &[u8]) -> io::Result<()> {
        self.0.write_atomic(message)
    }

    /// In nonblocking mode, a write fails with `WouldBlock` if there is no room: for all of it if it is of up to
    /// [`PIPE_BUF`](super::PIPE_BUF) bytes, for a part if it is longer.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Sets the write timeout. With `None` (the default), writes block until everything is written.
    ///
    /// A write whose timeout expires returns the number of bytes written until then, and fails with
    /// [`TimedOut`](io::ErrorKind::TimedOut) if there are none. The timeout belongs to this object and its clones; other
    /// processes that share the open file description are not affected. It has no effect in nonblocking mode.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the timeout is zero.
    pub fn set_send_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_timeout(timeout)
    }

    /// Returns the write timeout.
    ///
    /// # Errors
    /// None at present; the signature is that of [`local_socket::Stream`](crate::local_socket::Stream::send_timeout).
    pub fn send_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.0.timeout())
    }

    /// Wakes all threads that wait in this sender or its clones. A write that has written something returns how much; others
    /// fail with [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and so do all later ones.
    ///
    /// The descriptor stays open, and the receiver does not see the end, until the object is dropped.
    pub fn close(&self) {
        self.0.close();
    }

    /// A second object of the same end. The timeout is common to both, and [`close`](Self::close) closes both.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// How many bytes the FIFO holds while it is open.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android (`F_GETPIPE_SZ`, fcntl(2)).
    pub fn capacity(&self) -> io::Result<usize> {
        self.0.capacity()
    }

    /// Makes the FIFO hold at least so many bytes, until the last end of it is closed, and tells how many it does.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android (`F_SETPIPE_SZ`, fcntl(2)). `PermissionDenied`: over the
    /// system's limit. `ResourceBusy`: less than what is in the FIFO.
    #[doc(alias = "F_SETPIPE_SZ")]
    pub fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        self.0.set_capacity(bytes)
    }

    /// Moves up to `most` bytes out of any file, socket or pipe into this FIFO, and tells how many; zero is the end of
    /// the source. It waits while the FIFO is full, or the source empty.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android. `WouldBlock`: one of the two is in nonblocking mode and would have
    /// to wait. `InvalidInput`: the source cannot give spliced data, or is this same pipe. Others: splice(2).
    pub fn splice_from<F: AsFd>(&self, from: F, most: usize) -> io::Result<usize> {
        self.0.splice_from(from.as_fd(), most)
    }

    /// Puts bytes into this FIFO by reference, and tells how many. Whoever changed the memory before they are read would
    /// change what is read: that is why they must be there for ever.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android. `WouldBlock`: the FIFO is in nonblocking mode and full. Others:
    /// vmsplice(2).
    pub fn vmsplice(&self, bytes: &'static [u8]) -> io::Result<usize> {
        self.0.vmsplice(bytes)
    }
}

impl Write for &Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the end of any FIFO or unnamed pipe, in the mode it is in. `InvalidInput` if it is not a pipe, or cannot be
/// written to.
impl TryFrom<OwnedFd> for Sender {
    type Error = io::Error;

    fn try_from(end: OwnedFd) -> io::Result<Self> {
        pipe::check_writable(end.as_fd())?;
        Ok(Self::from_checked(end))
    }
}

/// As for `OwnedFd`.
impl TryFrom<File> for Sender {
    type Error = io::Error;

    fn try_from(end: File) -> io::Result<Self> {
        OwnedFd::from(end).try_into()
    }
}

impl From<Sender> for OwnedFd {
    fn from(sender: Sender) -> Self {
        sender.0.into()
    }
}

impl From<Sender> for File {
    fn from(sender: Sender) -> Self {
        OwnedFd::from(sender).into()
    }
}

impl From<Sender> for Stdio {
    fn from(sender: Sender) -> Self {
        OwnedFd::from(sender).into()
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for Sender {
    fn into_raw_fd(self) -> RawFd {
        OwnedFd::from(self).into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for Sender {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        Self::from_checked(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}
