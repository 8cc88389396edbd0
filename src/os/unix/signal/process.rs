use super::{Signal, SignalValue, send};
use crate::{
    error::about_as,
    os::unix::sys::signal::process::{self, ProcessHandle},
    time::Deadline,
};
use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
    process::Child,
    time::Duration,
};

impl ProcessHandle {
    /// Of the process that has this number now: an `i32`, or a `u32` as [`Child::id`] returns it.
    ///
    /// # Errors
    /// - [`NotFound`](io::ErrorKind::NotFound): there is none. One that has ended counts until its parent has waited for it.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `pid` is 0 or negative. The number of a thread that is not the main one
    ///   is not found by Linux 6.18, and invalid to older kernels.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): Linux before 5.3, or a sandbox that denies pidfd_open(2), as old versions
    ///   of Docker do. [`send`](super::send()) sends to the number then, which can come to mean another process.
    pub fn from_pid(pid: impl TryInto<i32>) -> io::Result<Self> {
        let pid = send::process("open", pid)?;
        match process::open(pid) {
            Ok(handle) => Ok(Self { handle, pid: Some(pid) }),
            Err(error) => {
                let kind = crate::os::unix::sys::signal::send::kind(&error);
                Err(about_as(kind, format_args!("open process {pid}"), error))
            }
        }
    }

    /// Of a child that runs. As nobody else can wait for it meanwhile, its number is its own; that does not hold if the
    /// process ignores [`CHLD`](Signal::CHLD), or waits for children past std (`waitpid(-1)`).
    ///
    /// # Errors
    /// - [`NotFound`](io::ErrorKind::NotFound): it has ended. Its status is with the [`Child`].
    /// - Those of [`Child::try_wait`], and of [`from_pid`](Self::from_pid).
    pub fn from_child(child: &mut Child) -> io::Result<Self> {
        // This asks the system only if the child has not been waited for; else the number may be another's.
        if let Some(status) = child.try_wait()? {
            let message = format!("cannot open child {}: it has ended ({status})", child.id());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        Self::from_pid(child.id())
    }

    /// Of the process of a descriptor: one that
    /// [`peer_pidfd`](crate::os::unix::uds::UnixSocketExt::peer_pidfd) has returned, that came with a message, or that
    /// pidfd_open(2) has made.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the descriptor is of something else.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): not Linux 5.1 or Android; or nothing says what the descriptor is of,
    ///   because `/proc` is missing, the kernel is older than Linux 6.9, and a sandbox denies pidfd_send_signal(2).
    pub fn from_pidfd(descriptor: OwnedFd) -> io::Result<Self> {
        let (handle, pid) = process::adopt(descriptor)?;
        Ok(Self { handle, pid })
    }

    /// The number of the process. `None` if it has none here, as it is of another pid namespace, or was gone before this was
    /// made from a descriptor; or if `/proc` is missing, for one made from a descriptor.
    ///
    /// Do not send signals to the number: that is what this type is for.
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }

    /// Sends a signal (pidfd_send_signal(2)).
    ///
    /// # Errors
    /// - [`NotFound`](io::ErrorKind::NotFound): the process is gone.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): it is another user's.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): a sandbox denies pidfd_send_signal(2).
    pub fn send(&self, signal: Signal) -> io::Result<()> {
        self.handle.send(signal.as_raw()).map_err(|error| self.failed(signal, error))
    }

    /// Sends a signal with a value, as [`queue`](super::queue) does.
    ///
    /// # Errors
    /// - [`NotFound`](io::ErrorKind::NotFound): the process is gone.
    /// - Those of [`queue`](super::queue), but for `InvalidInput`.
    pub fn queue(&self, signal: Signal, value: impl Into<SignalValue>) -> io::Result<()> {
        let value = value.into().as_usize();
        self.handle.queue(signal, value).map_err(|error| self.failed(signal, error))
    }

    /// Looks whether this process may send signals to that one. One that has ended counts until its parent has waited for it.
    ///
    /// # Errors
    /// - [`NotFound`](io::ErrorKind::NotFound): the process is gone.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): it is another user's.
    pub fn probe(&self) -> io::Result<()> {
        self.handle.send(0).map_err(|error| self.failed("no signal", error))
    }

    /// Whether the process has not ended. On Linux, one that nobody has waited for yet has ended; on other systems it still
    /// counts as alive.
    ///
    /// # Errors
    /// Those of poll(2).
    pub fn is_alive(&self) -> io::Result<bool> {
        Ok(!self.handle.has_ended()?)
    }

    /// Waits until the process has ended, and does not take its status: that is with its parent. `None` is without a limit.
    ///
    /// # Errors
    /// - [`TimedOut`](io::ErrorKind::TimedOut): it has not ended in time.
    /// - [`Unsupported`](io::ErrorKind::Unsupported) everywhere but on Linux 5.3 and Android.
    pub fn wait_exit(&self, timeout: Option<Duration>) -> io::Result<()> {
        if self.handle.wait_ended(Deadline::after(timeout))? {
            return Ok(());
        }
        let message = format!("{} has not ended in time", self.name());
        Err(io::Error::new(io::ErrorKind::TimedOut, message))
    }

    /// The descriptor of the process, which becomes readable when the process ends. `None` on systems that have none.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.handle.descriptor()
    }

    fn failed(&self, signal: impl std::fmt::Display, error: io::Error) -> io::Error {
        send::failed(signal, self.name(), error)
    }

    fn name(&self) -> String {
        match self.pid {
            Some(pid) => format!("process {pid}"),
            None => "a process without a number here".into(),
        }
    }
}

/// As [`ProcessHandle::from_pidfd`].
impl TryFrom<OwnedFd> for ProcessHandle {
    type Error = io::Error;

    fn try_from(descriptor: OwnedFd) -> io::Result<Self> {
        Self::from_pidfd(descriptor)
    }
}
