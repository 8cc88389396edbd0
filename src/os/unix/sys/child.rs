//! Handing descriptors to one child and to no other.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    os::unix::process::CommandExt,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
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

/// Descriptors that the children of one `Command` will have open as 3, 4, 5 and so on.
///
/// The numbers are given in the child alone, between fork and exec, where they replace whatever is open there. Nearly all
/// of that is close-on-exec and nothing to a child, but for the socket or pipe on which std's `Command` reports that exec
/// has failed. Holding all free numbers of the range keeps it out of there.
///
/// What remains: a number in the range that was in use when this object was made, is closed since, and is what std's
/// channel gets. Should exec fail then, the parent is told of a child that was killed by SIGABRT instead.
#[derive(Debug)]
pub(crate) struct Numbered {
    /// In the order of the numbers that they get in the child; here all are beyond those.
    sources: Vec<OwnedFd>,
    _placeholders: Vec<OwnedFd>,
}

impl Numbered {
    /// The number of the first descriptor.
    pub(crate) const FIRST: RawFd = 3;

    pub(crate) fn new(fds: Vec<OwnedFd>) -> io::Result<Self> {
        let end = RawFd::try_from(fds.len()).ok().and_then(|count| Self::FIRST.checked_add(count));
        let end =
            end.ok_or_else(|| invalid(format!("{} descriptors are more than can be open", fds.len())))?;
        let duplicate_from = |fd: &OwnedFd, least| Ok(rustix::io::fcntl_dupfd_cloexec(fd, least)?);
        let sources = fds.iter().map(|fd| duplicate_from(fd, end)).collect::<io::Result<Vec<_>>>()?;
        // Their numbers may be in the range, and would become free after it was filled.
        drop(fds);
        let mut placeholders = Vec::new();
        while let Some(source) = sources.first() {
            let placeholder = duplicate_from(source, Self::FIRST)?;
            if placeholder.as_raw_fd() >= end {
                break;
            }
            placeholders.push(placeholder);
        }
        Ok(Self { sources, _placeholders: placeholders })
    }

    /// Has all children of `command` inherit the descriptors, which stay open here as long as it lives.
    pub(crate) fn prepare(self, command: &mut Command) {
        let give_numbers = move || {
            // The whole object moves into the closure, with the placeholders.
            let numbered = &self;
            for (number, source) in (Self::FIRST..).zip(&numbered.sources) {
                // SAFETY: the source is open and not in the range of numbers. In the child, which has one thread, nobody
                // uses what the number stood for before (see above). A number that dup2 makes is not close-on-exec.
                while unsafe { libc::dup2(source.as_raw_fd(), number) } == -1 {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
            }
            Ok(())
        };
        // SAFETY: the closure makes system calls and reads memory; it does not allocate, lock or panic.
        unsafe { command.pre_exec(give_numbers) };
    }
}

/// Fails if a descriptor of that number is not there to be taken by [`take_inherited`].
pub(crate) fn check_inherited(number: RawFd) -> io::Result<()> {
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
    Ok(())
}

/// Takes ownership of a descriptor that this process was started with.
///
/// Everything that Rust code opens is close-on-exec, so a descriptor without that flag came with the process (or
/// was made inheritable on purpose). The flag is set before ownership is given, which makes a second taking fail.
pub(crate) fn take_inherited(
    number: RawFd,
    check: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    // Of two threads that take the same number at once, one has to see the other's flag.
    static TAKING: Mutex<()> = Mutex::new(());
    let _taking = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    check_inherited(number)?;
    // SAFETY: the descriptor is open and has no owner in this process, as check_inherited has shown.
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
