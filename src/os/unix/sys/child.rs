//! Handing descriptors to one child and to no other.

use super::inherited::FIRST_LISTENED;
use rustix::io::FdFlags;
use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
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
///
/// Its number is beyond those that [`Numbered`] gives, which replaces whatever else is there in the child. Where that is
/// impossible, since too few descriptors may be open or too many are, the child finds out and is not started.
#[derive(Debug)]
pub(crate) struct Inheritable(Arc<AtomicI32>);

impl Inheritable {
    /// What starting the child fails with if a [`Numbered`] replaces the descriptor there. exec itself never does.
    pub(crate) const REPLACED: io::ErrorKind = io::ErrorKind::ResourceBusy;

    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        let least = Self::least_number();
        // Numbers 0 to 2 are replaced in the child by its standard streams.
        let fd = if fd.as_raw_fd() >= least {
            fd
        } else {
            match rustix::io::fcntl_dupfd_cloexec(&fd, least) {
                Ok(moved) => moved,
                Err(_) if fd.as_raw_fd() > 2 => fd,
                Err(_) => rustix::io::fcntl_dupfd_cloexec(&fd, Numbered::FIRST)?,
            }
        };
        Ok(Self(Arc::new(AtomicI32::new(std::os::fd::IntoRawFd::into_raw_fd(fd)))))
    }

    /// [`Numbered`] takes as many numbers from its first one on as it keeps open itself beyond them. So half of what may
    /// be open is enough room for it. Larger numbers than necessary cost memory, and select(2) knows of 1,024.
    fn least_number() -> RawFd {
        const MOST: RawFd = 1024;
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: a place for the limit.
        let found = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0;
        // No limit is a number that does not fit.
        let limit = if found { RawFd::try_from(limit.rlim_cur).unwrap_or(MOST) } else { MOST };
        limit.min(MOST) / 2 + Numbered::FIRST
    }

    /// The number, here and in the child.
    pub(crate) fn number(&self) -> RawFd {
        self.0.load(Ordering::Acquire)
    }

    /// Lets the children that `command` starts from now on inherit the descriptor, until this object is dropped. What the
    /// command starts after that does without.
    pub(crate) fn prepare(&self, command: &mut Command) {
        let number = Arc::clone(&self.0);
        let keep_open = move || {
            let number = number.load(Ordering::Acquire);
            if number == GONE {
                return Ok(());
            }
            // SAFETY: the owner closes the descriptor only after it has replaced the number by GONE; in the child,
            // where there is one thread and the owner never runs, it stays open.
            let fd = unsafe { BorrowedFd::borrow_raw(number) };
            // dup2, which `Numbered` calls before this runs, clears the flag.
            if !rustix::io::fcntl_getfd(fd)?.contains(FdFlags::CLOEXEC) {
                return Err(io::Error::from_raw_os_error(libc::EBUSY));
            }
            Ok(rustix::io::fcntl_setfd(fd, FdFlags::empty())?)
        };
        // SAFETY: the closure makes system calls and loads an atomic; it does not allocate, lock or panic.
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
    const FIRST: RawFd = FIRST_LISTENED;

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

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
