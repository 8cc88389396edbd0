//! Writing to pipes without SIGPIPE, whatever its disposition is.
//!
//! | system | how |
//! | --- | --- |
//! | Linux 6.18 and later | `RWF_NOSIGNAL` (pwritev2(2)) |
//! | macOS and relatives, NetBSD | `F_SETNOSIGPIPE`, as the signal is sent to the process and not to the thread |
//! | older Linux, Android, FreeBSD, OpenBSD, DragonFly BSD, illumos; splice(2) everywhere | the thread blocks the signal, writes, and takes the signal that this has raised |

use std::{
    io::{self, IoSlice},
    os::fd::BorrowedFd,
};

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::system::without_signal;
pub(crate) use self::system::{Quiet, keep_signal_away};

/// Whether a call with special flags was refused before it did anything: the kernel does not know the flags, has not got them
/// for this kind of file, or a sandbox forbids the call. Which of them it is cannot be told from the number.
pub(crate) fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EPERM | libc::EINVAL | libc::ESPIPE)
    )
}

/// Systems that send the signal to the thread that has written.
#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
mod system {
    use super::{BorrowedFd, IoSlice, io};
    use crate::os::unix::sys::sigset::{self, Change};
    use std::sync::atomic::AtomicBool;

    /// How a descriptor is written to without the signal, as far as its writes have shown.
    #[derive(Debug, Default)]
    pub(crate) struct Quiet {
        /// The flags are refused for this descriptor.
        #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
        has_no_flag: AtomicBool,
    }

    impl Quiet {
        /// Writes as the descriptor's mode says.
        pub(crate) fn write(&self, fd: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            super::flags::write(&self.has_no_flag, fd, slices, false)
                .unwrap_or_else(|| without_signal(|| Ok(rustix::io::writev(fd, slices)?)))
        }

        /// Writes what there is room for, whatever the descriptor's mode is. Refused ([`is_refused`](super::is_refused)) where
        /// the kernel cannot do that.
        pub(crate) fn write_at_once(&self, fd: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            super::flags::write(&self.has_no_flag, fd, slices, true)
                .unwrap_or_else(|| Err(rustix::io::Errno::OPNOTSUPP.into()))
        }
    }

    /// What is opened here needs no preparation.
    pub(crate) fn keep_signal_away(_: BorrowedFd<'_>) -> io::Result<()> {
        Ok(())
    }

    /// Makes a call that may raise the signal in this thread, and takes the signal away if it does.
    pub(crate) fn without_signal<T>(call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mut signal = sigset::empty();
        sigset::add(&mut signal, libc::SIGPIPE);
        let was_blocked = contains(&sigset::change(Change::Block, Some(&signal))?);
        // Who has blocked it may be waiting for one that another has sent. A second one merges with that.
        let was_pending = was_blocked && contains(&sigset::pending()?);
        let result = call();
        if matches!(&result, Err(error) if error.raw_os_error() == Some(libc::EPIPE)) && !was_pending {
            take(&signal);
        }
        if !was_blocked {
            sigset::change(Change::Unblock, Some(&signal))?;
        }
        result
    }

    fn contains(set: &libc::sigset_t) -> bool {
        sigset::contains(set, libc::SIGPIPE)
    }

    #[cfg(not(target_os = "openbsd"))]
    fn take(signal: &libc::sigset_t) {
        // Whatever else there is to take is waiting already. A system that drops ignored signals has none.
        while matches!(sigset::take(signal), Err(error) if error.kind() == io::ErrorKind::Interrupted) {}
    }

    /// There is only a way to wait for a signal. That this thread was sent, no other can take.
    #[cfg(target_os = "openbsd")]
    fn take(signal: &libc::sigset_t) {
        if sigset::pending().is_ok_and(|pending| contains(&pending)) {
            let _ = sigset::wait(signal);
        }
    }
}

/// Systems that send the signal to the process, and can be told not to for a descriptor.
#[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
mod system {
    use super::{BorrowedFd, IoSlice, io};
    use std::{
        os::fd::AsRawFd,
        sync::atomic::{AtomicBool, Ordering},
    };

    /// Whether a descriptor was looked after.
    #[derive(Debug, Default)]
    pub(crate) struct Quiet(AtomicBool);

    impl Quiet {
        /// Writes as the descriptor's mode says. The first write has the system send no signal for this descriptor, which may
        /// come from elsewhere. The system's setting is that of the open file description.
        pub(crate) fn write(&self, fd: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            if !self.0.load(Ordering::Relaxed) {
                keep_signal_away(fd)?;
                self.0.store(true, Ordering::Relaxed);
            }
            Ok(rustix::io::writev(fd, slices)?)
        }

        /// There is no such call.
        pub(crate) fn write_at_once(&self, _: BorrowedFd<'_>, _: &[IoSlice<'_>]) -> io::Result<usize> {
            Err(rustix::io::Errno::OPNOTSUPP.into())
        }
    }

    /// Has the system send no SIGPIPE for writes to this descriptor.
    pub(crate) fn keep_signal_away(sender: BorrowedFd<'_>) -> io::Result<()> {
        // SAFETY: the descriptor is open for the call; F_SETNOSIGPIPE takes an int and touches no memory.
        let result = unsafe { libc::fcntl(sender.as_raw_fd(), libc::F_SETNOSIGPIPE, 1) };
        crate::os::unix::sys::fd::done(result)
    }
}

/// The offset that makes `preadv2` and `pwritev2` work where `read` and `write` do (pwritev2(2)).
#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
pub(crate) const CURRENT_POSITION: u64 = u64::MAX;

#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
mod flags {
    use super::{BorrowedFd, CURRENT_POSITION, IoSlice, io, is_refused, without_signal};
    use rustix::io::ReadWriteFlags;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// `RWF_NOSIGNAL` (linux/fs.h, Linux 6.18), which rustix does not name yet.
    const NO_SIGNAL: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x100);

    /// Writes by `pwritev2`. `None`: that is no use for this write, or has nothing to add.
    ///
    /// What is refused is remembered for this descriptor alone, as it may be of a kind that refuses all flags.
    pub(super) fn write(
        has_no_flag: &AtomicBool,
        fd: BorrowedFd<'_>,
        slices: &[IoSlice<'_>],
        at_once: bool,
    ) -> Option<io::Result<usize>> {
        let waiting = if at_once { ReadWriteFlags::NOWAIT } else { ReadWriteFlags::empty() };
        let attempt =
            |flags| rustix::io::pwritev2(fd, slices, CURRENT_POSITION, flags).map_err(io::Error::from);
        if !has_no_flag.load(Ordering::Relaxed) {
            let result = attempt(NO_SIGNAL | waiting);
            if !matches!(&result, Err(error) if is_refused(error)) {
                return Some(result);
            }
            if !at_once {
                has_no_flag.store(true, Ordering::Relaxed);
                return None;
            }
        }
        if !at_once {
            return None;
        }
        let result = without_signal(|| attempt(waiting));
        if !matches!(&result, Err(error) if is_refused(error)) {
            // It was the other flag.
            has_no_flag.store(true, Ordering::Relaxed);
        }
        Some(result)
    }
}

#[cfg(not(any(
    all(target_os = "linux", not(interprocess_portable_unix)),
    target_vendor = "apple",
    target_os = "netbsd"
)))]
mod flags {
    use super::{BorrowedFd, IoSlice, io};
    use std::sync::atomic::AtomicBool;

    pub(super) fn write(
        _: &AtomicBool,
        _: BorrowedFd<'_>,
        _: &[IoSlice<'_>],
        _: bool,
    ) -> Option<io::Result<usize>> {
        None
    }
}
