//! Signals through a descriptor (signalfd(2)).

use super::info::Record;
use super::signal_set::SignalSet;
use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

pub(crate) use self::system::{check, create, read, set};

/// The most that one call reads.
pub(crate) const MOST: usize = 32;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{BorrowedFd, MOST, OwnedFd, Record, SignalSet, io};
    use crate::os::unix::sys::{
        fd::done,
        option::unsupported,
        signal::{
            info::{Origin, origin},
            set::to_system,
        },
    };
    use std::{
        mem::MaybeUninit,
        os::fd::{AsRawFd, FromRawFd},
    };

    pub(crate) fn create(signals: SignalSet) -> io::Result<OwnedFd> {
        // SAFETY: -1 makes a descriptor; the pointer is to an initialised set.
        let number = unsafe { libc::signalfd(-1, &to_system(signals), libc::SFD_CLOEXEC) };
        done(number).map_err(denied)?;
        // SAFETY: the kernel has just made the descriptor for this caller.
        Ok(unsafe { OwnedFd::from_raw_fd(number) })
    }

    pub(crate) fn set(fd: BorrowedFd<'_>, signals: SignalSet) -> io::Result<()> {
        // SAFETY: the descriptor is open for the call; the pointer is to an initialised set.
        done(unsafe { libc::signalfd(fd.as_raw_fd(), &to_system(signals), 0) }).map_err(denied)
    }

    /// The kernel itself asks for no permission (signalfd(2)).
    fn denied(error: io::Error) -> io::Error {
        match error.raw_os_error() {
            Some(libc::ENOSYS | libc::EPERM | libc::EACCES) => {
                unsupported("this kernel, or a sandbox, has no descriptors of signals (signalfd4)")
            }
            _ => error,
        }
    }

    /// Takes up to [`MOST`] pending signals in one call, and hands each on. Waits for the first if the descriptor does.
    pub(crate) fn read(fd: BorrowedFd<'_>, most: usize, mut take: impl FnMut(Record)) -> io::Result<usize> {
        let mut buffer = [MaybeUninit::<libc::signalfd_siginfo>::uninit(); MOST];
        let wanted = &mut buffer[..most.min(MOST)];
        let (pointer, length) = (wanted.as_mut_ptr().cast(), size_of_val(wanted));
        // SAFETY: the descriptor is open for the call; the pointer and length describe the buffer.
        let length = unsafe { libc::read(fd.as_raw_fd(), pointer, length) };
        // Only whole structures are read (signalfd(2)); -1 is an error.
        let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
        let count = length / size_of::<libc::signalfd_siginfo>();
        for info in &buffer[..count] {
            // SAFETY: the kernel has written so many structures of integers.
            take(record(unsafe { info.assume_init_ref() }));
        }
        Ok(count)
    }

    /// What [`record`](crate::os::unix::sys::signal::info::record) keeps of a `siginfo_t`.
    fn record(info: &libc::signalfd_siginfo) -> Record {
        let (signal, code) = (info.ssi_signo as i32, info.ssi_code);
        let origin = origin(signal, code);
        let mut record = Record { signal, code, pid: 0, uid: 0, status: 0, value: 0, address: 0 };
        if origin.has_process() {
            record.pid = info.ssi_pid as i32;
            record.uid = info.ssi_uid;
        }
        if origin == Origin::Child {
            record.status = info.ssi_status;
        }
        if origin.has_value() {
            record.value = value(info);
        }
        if origin == Origin::Fault {
            record.address = info.ssi_addr as usize;
        }
        record
    }

    /// The kernel's pointer, of 64 bits if the kernel is, holds the bytes of a program for 32 bits in its first half: so
    /// there the integer is taken.
    fn value(info: &libc::signalfd_siginfo) -> usize {
        if size_of::<usize>() == 4 { info.ssi_int as u32 as usize } else { info.ssi_ptr as usize }
    }

    /// Fails for a descriptor of another kind.
    pub(crate) fn check(fd: BorrowedFd<'_>) -> io::Result<()> {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).map_err(|error| {
            // A descriptor that is owned is open.
            let kind = match error.kind() {
                io::ErrorKind::NotFound => io::ErrorKind::Unsupported,
                other => other,
            };
            io::Error::new(
                kind,
                format!("cannot tell a signalfd from another descriptor without /proc: {error}"),
            )
        })?;
        if link.as_os_str() == "anon_inode:[signalfd]" {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is not a signalfd"))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::{BorrowedFd, OwnedFd, Record, SignalSet, io};
    use crate::os::unix::sys::option::unsupported;

    fn missing() -> io::Error {
        unsupported("this system has no descriptors of signals (Linux has)")
    }

    pub(crate) fn create(_: SignalSet) -> io::Result<OwnedFd> {
        Err(missing())
    }

    pub(crate) fn set(_: BorrowedFd<'_>, _: SignalSet) -> io::Result<()> {
        Err(missing())
    }

    pub(crate) fn read(_: BorrowedFd<'_>, _: usize, _: impl FnMut(Record)) -> io::Result<usize> {
        Err(missing())
    }

    pub(crate) fn check(_: BorrowedFd<'_>) -> io::Result<()> {
        Err(missing())
    }
}
