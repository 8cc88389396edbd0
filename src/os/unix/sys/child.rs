//! Handing a descriptor to one child and to no other.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    os::unix::process::CommandExt,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
};

const GONE: RawFd = -1;

/// A descriptor that children of one `Command` will have open under the same number.
///
/// It stays close-on-exec in this process; the child alone removes that flag, between fork and exec, so that
/// children which other threads start meanwhile do not get it.
#[derive(Debug)]
pub(crate) struct Inheritable(Arc<AtomicI32>);

impl Inheritable {
    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        // Numbers 0 to 2 are replaced in the child by its standard streams.
        let fd = if fd.as_raw_fd() > 2 { fd } else { rustix::io::fcntl_dupfd_cloexec(&fd, 3)? };
        Ok(Self(Arc::new(AtomicI32::new(std::os::fd::IntoRawFd::into_raw_fd(fd)))))
    }

    /// The number, here and in the child.
    pub(crate) fn number(&self) -> RawFd {
        self.0.load(Ordering::Acquire)
    }

    /// Lets the children that `command` starts from now on inherit the descriptor, until this object is dropped.
    pub(crate) fn prepare(&self, command: &mut Command) {
        let number = Arc::clone(&self.0);
        let keep_open = move || {
            let number = number.load(Ordering::Acquire);
            if number == GONE {
                return Err(io::Error::from_raw_os_error(libc::EBADF));
            }
            // SAFETY: the owner closes the descriptor only after it has replaced the number by GONE; in the child,
            // where there is one thread and the owner never runs, it stays open.
            let fd = unsafe { BorrowedFd::borrow_raw(number) };
            Ok(rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?)
        };
        // SAFETY: the closure makes one system call and loads an atomic; neither allocates, locks or panics.
        unsafe { command.pre_exec(keep_open) };
    }
}

impl Drop for Inheritable {
    fn drop(&mut self) {
        let number = self.0.swap(GONE, Ordering::AcqRel);
        // SAFETY: `new` took the number from an OwnedFd, and nobody but this drop takes it back.
        drop(unsafe { OwnedFd::from_raw_fd(number) });
    }
}

/// Takes ownership of a descriptor that this process was started with.
///
/// Everything that Rust code opens is close-on-exec, so a descriptor without that flag came with the process (or
/// was made inheritable on purpose). The flag is set before ownership is given, which makes a second taking fail.
pub(crate) fn take_inherited(
    number: RawFd,
    check: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    if number <= 2 {
        return Err(invalid(format!("descriptor {number} is a standard stream, which is never handed over")));
    }
    // SAFETY: fcntl with F_GETFD touches no memory, and is defined for numbers that are not open: EBADF.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    if flags == -1 {
        return Err(invalid(format!("descriptor {number} is not open in this process")));
    }
    if flags & libc::FD_CLOEXEC != 0 {
        return Err(invalid(format!(
            "descriptor {number} was not inherited by this process, or has been taken already"
        )));
    }
    // SAFETY: the descriptor is open, as F_GETFD has shown, and has no owner in this process (see above).
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    let checked = check(fd.as_fd()).and_then(|()| super::fd::set_close_on_exec(fd.as_fd(), true));
    match checked {
        Ok(()) => Ok(fd),
        Err(error) => {
            // What does not fit was not meant for the caller and stays as it was.
            let _ = std::os::fd::IntoRawFd::into_raw_fd(fd);
            Err(error)
        }
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
