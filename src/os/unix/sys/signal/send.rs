//! Sending signals by number: to this thread, a process, a group, a thread of a process.

use super::number::Signal;
use crate::os::unix::sys::{fd::done, option::unsupported};
use std::io;

/// The kind of an error of sending; std has none for a process that does not exist.
pub(crate) fn kind(error: &io::Error) -> io::ErrorKind {
    if error.raw_os_error() == Some(libc::ESRCH) { io::ErrorKind::NotFound } else { error.kind() }
}

/// kill(2), with 0 for no signal. Negative ids and 0 are groups, and more.
pub(crate) fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: no memory is touched.
    let sent = done(unsafe { libc::kill(pid, signal) });
    // SAFETY: as above.
    unless_denied(sent, "kill", |this| done(unsafe { libc::kill(this, 0) }))
}

pub(crate) fn killpg(group: i32, signal: Signal) -> io::Result<()> {
    // SAFETY: no memory is touched.
    let sent = done(unsafe { libc::killpg(group, signal.as_raw()) });
    // SAFETY: as above.
    unless_denied(sent, "kill", |this| done(unsafe { libc::kill(this, 0) }))
}

/// To the calling thread.
pub(crate) fn raise(signal: Signal) -> io::Result<()> {
    // SAFETY: no memory is touched.
    let sent = match unsafe { libc::raise(signal.as_raw()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    };
    unless_denied(sent, "tgkill", |_| Err(io::ErrorKind::PermissionDenied.into()))
}

pub(crate) fn queue(pid: i32, signal: Signal, value: usize) -> io::Result<()> {
    let sent = queued::queue(pid, signal.as_raw(), value);
    unless_denied(sent, "rt_sigqueueinfo", |this| queued::queue(this, 0, 0))
}

pub(crate) fn send_thread(process: i32, thread: i32, signal: Signal) -> io::Result<()> {
    let sent = threads::send(process, thread, signal.as_raw());
    unless_denied(sent, "tgkill", |this| threads::send(this, current_thread()?, 0))
}

pub(crate) use self::threads::current_thread;

/// Tells what a sandbox denies from what the process may not do: the kernel lets it send nothing to itself.
fn unless_denied(
    sent: io::Result<()>,
    call: &str,
    send_nothing_to: impl FnOnce(i32) -> io::Result<()>,
) -> io::Result<()> {
    let is_denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    let this = || std::process::id() as i32;
    if sent.as_ref().is_err_and(is_denied) && send_nothing_to(this()).as_ref().is_err_and(is_denied) {
        return Err(unsupported(&format!("a sandbox does not let this process send signals by {call}")));
    }
    sent
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod threads {
    use super::{done, io};

    pub(crate) fn current_thread() -> io::Result<i32> {
        // SAFETY: no memory is touched, and it cannot fail.
        Ok(unsafe { libc::syscall(libc::SYS_gettid) } as i32)
    }

    /// tgkill(2), which not all C libraries have.
    pub(super) fn send(process: i32, thread: i32, signal: i32) -> io::Result<()> {
        // SAFETY: no memory is touched.
        done(unsafe { libc::syscall(libc::SYS_tgkill, process, thread, signal) } as libc::c_int)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod threads {
    use super::{io, unsupported};

    pub(crate) fn current_thread() -> io::Result<i32> {
        Err(unsupported("this system does not number threads as Linux does"))
    }

    pub(super) fn send(_: i32, _: i32, _: i32) -> io::Result<()> {
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
    use super::{done, io};
    use std::ptr;

    pub(super) fn queue(pid: i32, signal: i32, value: usize) -> io::Result<()> {
        let value = libc::sigval { sival_ptr: ptr::without_provenance_mut(value) };
        // SAFETY: no memory is touched: the pointer is a value here.
        done(unsafe { libc::sigqueue(pid, signal, value) })
    }
}

/// Android's C library has it since API level 23 only, so the call that it makes is made here.
#[cfg(target_os = "android")]
mod queued {
    use super::{Signal, done, io};
    use crate::os::unix::sys::signal::queued_info::QueuedInfo;
    use std::ptr;

    pub(super) fn queue(pid: i32, signal: i32, value: usize) -> io::Result<()> {
        let info = QueuedInfo::new(Signal::from_system(signal), value);
        let info = ptr::from_ref(&info);
        // SAFETY: the pointer is to a description as large as the kernel's.
        let result = unsafe { libc::syscall(libc::SYS_rt_sigqueueinfo, pid, signal, info) };
        done(result as libc::c_int)
    }
}

#[cfg(any(target_vendor = "apple", target_os = "openbsd", target_os = "dragonfly"))]
mod queued {
    use super::{io, unsupported};

    pub(super) fn queue(_: i32, _: i32, _: usize) -> io::Result<()> {
        Err(unsupported("this system does not queue signals with values"))
    }
}
