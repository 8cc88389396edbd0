//! Sending signals by number: to this thread, a process, a group, a thread of a process.

use crate::os::unix::{signal::Signal, sys::fd::done};
use std::io;

/// The kind of an error of sending; std has none for a process that does not exist.
pub(crate) fn kind(error: &io::Error) -> io::ErrorKind {
    if error.raw_os_error() == Some(libc::ESRCH) { io::ErrorKind::NotFound } else { error.kind() }
}

/// kill(2), with 0 for no signal. Negative ids and 0 are groups, and more.
pub(crate) fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: no memory is touched.
    done(unsafe { libc::kill(pid, signal) })
}

pub(crate) fn killpg(group: i32, signal: Signal) -> io::Result<()> {
    // SAFETY: no memory is touched.
    done(unsafe { libc::killpg(group, signal.as_raw()) })
}

/// To the calling thread.
pub(crate) fn raise(signal: Signal) -> io::Result<()> {
    // SAFETY: no memory is touched.
    match unsafe { libc::raise(signal.as_raw()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub(crate) use self::{
    queued::queue,
    threads::{current_thread, send_thread},
};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod threads {
    use super::{Signal, io};
    use crate::os::unix::sys::fd::done;

    pub(crate) fn current_thread() -> io::Result<i32> {
        // SAFETY: no memory is touched, and it cannot fail.
        Ok(unsafe { libc::syscall(libc::SYS_gettid) } as i32)
    }

    /// tgkill(2), which not all C libraries have.
    pub(crate) fn send_thread(process: i32, thread: i32, signal: Signal) -> io::Result<()> {
        // SAFETY: no memory is touched.
        done(unsafe { libc::syscall(libc::SYS_tgkill, process, thread, signal.as_raw()) } as libc::c_int)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod threads {
    use super::{Signal, io};
    use crate::os::unix::sys::option::unsupported;

    pub(crate) fn current_thread() -> io::Result<i32> {
        Err(unsupported("this system does not number threads as Linux does"))
    }

    pub(crate) fn send_thread(_: i32, _: i32, _: Signal) -> io::Result<()> {
        Err(unsupported("this system does not send signals to threads of other processes (Linux does)"))
    }
}

#[cfg(not(any(
    target_vendor = "apple",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "android"
)))]
mod queued {
    use super::{Signal, io};
    use crate::os::unix::sys::fd::done;
    use std::ptr;

    pub(crate) fn queue(pid: i32, signal: Signal, value: usize) -> io::Result<()> {
        let value = libc::sigval { sival_ptr: ptr::without_provenance_mut(value) };
        // SAFETY: no memory is touched: the pointer is a value here.
        done(unsafe { libc::sigqueue(pid, signal.as_raw(), value) })
    }
}

/// Android's C library has it since API level 23 only, so the call that it makes is made here.
#[cfg(target_os = "android")]
mod queued {
    use super::{Signal, io};
    use crate::os::unix::sys::{fd::done, signal::queued_info::QueuedInfo};
    use std::ptr;

    pub(crate) fn queue(pid: i32, signal: Signal, value: usize) -> io::Result<()> {
        let info = QueuedInfo::new(signal, value);
        let info = ptr::from_ref(&info);
        // SAFETY: the pointer is to a description as large as the kernel's.
        let result = unsafe { libc::syscall(libc::SYS_rt_sigqueueinfo, pid, signal.as_raw(), info) };
        done(result as libc::c_int)
    }
}

#[cfg(any(target_vendor = "apple", target_os = "openbsd", target_os = "dragonfly"))]
mod queued {
    use super::{Signal, io};
    use crate::os::unix::sys::option::unsupported;

    pub(crate) fn queue(_: i32, _: Signal, _: usize) -> io::Result<()> {
        Err(unsupported("this system does not queue signals with values"))
    }
}
