use super::OpenOptions;
use crate::{
    os::unix::{
        pipe_end::PipeEnd,
        sys::{fifo, pipe},
    },
    sync::Mutex,
    time::Deadline,
};
use std::{
    fs::File,
    io::{self, IoSliceMut, Read},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
    path::Path,
    process::Stdio,
    sync::{Arc, MutexGuard},
    time::Duration,
};

/// The end of a FIFO that gives bytes.
///
/// It sees the end of the stream when the last sender is gone, and bytes again when the next one comes: reading on after
/// the end is allowed. In between, each read says at once that this is the end, so a receiver for senders that come and go
/// is better opened with [`OpenOptions::keep_open`], or waits with [`wait_for_sender`](Self::wait_for_sender).
///
/// `&Receiver` reads too.
#[doc(alias = "Recver")]
#[derive(Debug)]
pub struct Receiver {
    pub(super) end: PipeEnd,
    /// A sender that is there so that the end is never seen. Clones share it.
    keeper: Arc<Mutex<Option<OwnedFd>>>,
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
        Self { end: PipeEnd::recver(end), keeper: Arc::default() }
    }

    pub(super) fn with_keeper(end: OwnedFd, keeper: OwnedFd) -> Self {
        Self { end: PipeEnd::recver(end), keeper: Arc::new(Mutex::new(Some(keeper))) }
    }

    /// In nonblocking mode, a read fails with `WouldBlock` when there is a sender, but nothing to read. When there is no
    /// sender, a read says that this is the end.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.end.set_nonblocking(nonblocking)
    }

    /// Sets the read timeout. With `None` (the default), reads block until there is data or the last sender has left.
    ///
    /// A read whose timeout expires fails with [`TimedOut`](io::ErrorKind::TimedOut) and has read nothing. The timeout belongs to
    /// this object and its clones; other processes that share the open file description are not affected. It has no effect in
    /// nonblocking mode.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the timeout is zero.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::fifo_file::OpenOptions;
    /// use std::{io::{ErrorKind, Read}, time::Duration};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("interprocess-doc-recv-timeout-{}", std::process::id()));
    /// let mut receiver = OpenOptions::new().create_or_open(0o600).keep_open(true).open_receiver(&path)?;
    /// receiver.set_recv_timeout(Some(Duration::from_millis(10)))?;
    /// assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    pub fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.end.set_timeout(timeout)
    }

    /// Returns the read timeout.
    ///
    /// # Errors
    /// None at present; the signature is that of [`local_socket::Stream`](crate::local_socket::Stream::recv_timeout).
    pub fn recv_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.end.timeout())
    }

    /// Wakes all threads that wait in this receiver or its clones. Their reads fail with
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and so do all later ones.
    ///
    /// The descriptor stays open, and senders keep a receiver, until the object is dropped. What is in the FIFO stays there.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::fifo_file::OpenOptions;
    /// use std::{io::{ErrorKind, Read}, thread};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("interprocess-doc-fifo-close-{}", std::process::id()));
    /// let receiver = OpenOptions::new().create_or_open(0o600).keep_open(true).open_receiver(&path)?;
    /// thread::scope(|scope| {
    ///     let reader = scope.spawn(|| (&receiver).read(&mut [0]));
    ///     receiver.close();
    ///     assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
    /// });
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    pub fn close(&self) {
        self.end.close();
    }

    /// Closes the sender that [`OpenOptions::keep_open`] has opened: from now on, this receiver and its clones see the end of
    /// the stream when the last sender has left.
    ///
    /// A read that is waiting in another thread ends at once if there is no sender. It has no effect if `keep_open` was not
    /// set.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the receiver was opened with
    ///   [`read_write`](OpenOptions::read_write), so its own descriptor is a sender.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::fifo_file::{OpenOptions, Sender};
    /// use std::io::{Read, Write};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("interprocess-doc-end-with-senders-{}", std::process::id()));
    /// let mut receiver = OpenOptions::new().create_or_open(0o600).keep_open(true).open_receiver(&path)?;
    /// let mut sender = Sender::open(&path)?;
    /// sender.write_all(b"the last words")?;
    /// receiver.end_with_senders()?;
    /// drop(sender);
    /// let mut text = String::new();
    /// receiver.read_to_string(&mut text)?; // With the keeper, this would wait for the next sender.
    /// assert_eq!(text, "the last words");
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    pub fn end_with_senders(&self) -> io::Result<()> {
        if pipe::directions(self.as_fd())?.1 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "cannot end with the senders: the receiver was opened for writing too",
            ));
        }
        *self.keeper() = None;
        Ok(())
    }

    fn keeper(&self) -> MutexGuard<'_, Option<OwnedFd>> {
        // It is replaced in one step.
        self.keeper.lock()
    }

    /// A second object of the same end. Each byte goes to one of the two. The timeout is common to both, and
    /// [`close`](Self::close) closes both.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { end: self.end.try_clone()?, keeper: Arc::clone(&self.keeper) })
    }

    /// How many bytes can be read at once (`FIONREAD`).
    ///
    /// # Errors
    /// Those of ioctl(2).
    #[doc(alias = "FIONREAD")]
    pub fn available(&self) -> io::Result<usize> {
        self.end.available()
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
        self.wait_until(Deadline::after(timeout), Self::has_sender)
    }

    pub(super) fn has_sender(&self) -> io::Result<bool> {
        Ok(self.keeper().is_some() || fifo::has_sender(self.end.as_fd())?)
    }

    /// How many bytes the FIFO holds while it is open.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android (`F_GETPIPE_SZ`, fcntl(2)).
    pub fn capacity(&self) -> io::Result<usize> {
        self.end.capacity()
    }

    /// Makes the FIFO hold at least so many bytes, as
    /// [`Sender::set_capacity`](super::Sender::set_capacity) does, and tells how many it does.
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "F_SETPIPE_SZ")]
    pub fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        self.end.set_capacity(bytes)
    }

    /// Moves up to `most` bytes into any file, socket or pipe, and tells how many; zero is the end of the stream. See
    /// [`unnamed_pipe::Recver::splice_to`](crate::unnamed_pipe::Recver#method.splice_to), which does the same.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android. `WouldBlock`: one of the two is in nonblocking mode and would have
    /// to wait. `InvalidInput`: the target cannot take spliced data, or is this same pipe. Others: splice(2).
    pub fn splice_to<T: AsFd>(&self, to: T, most: usize) -> io::Result<usize> {
        self.end.splice_to(to.as_fd(), most)
    }

    /// Copies up to `most` bytes to another FIFO or pipe and leaves them here as well, to be read or spliced after.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android. `WouldBlock`: one of the two is in nonblocking mode and would have
    /// to wait. `InvalidInput`: the other is not a pipe, or this same one. Others: tee(2).
    pub fn tee_to<T: AsFd>(&self, to: T, most: usize) -> io::Result<usize> {
        self.end.tee_to(to.as_fd(), most)
    }
}

impl Read for &Receiver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.end.read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.end.read_vectored(buffers)
    }
}

impl Read for Receiver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.end.read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.end.read_vectored(buffers)
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
        receiver.end.into()
    }
}

/// As for `OwnedFd`.
impl From<Receiver> for File {
    fn from(receiver: Receiver) -> Self {
        OwnedFd::from(receiver).into()
    }
}

/// As for `OwnedFd`.
impl From<Receiver> for Stdio {
    fn from(receiver: Receiver) -> Self {
        OwnedFd::from(receiver).into()
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
        OwnedFd::from(self).into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for Receiver {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        Self::from_checked(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}
