//! The calling thread's signal mask and pending signals, by the C library's sets.

use super::fd::done;
use std::{io, mem::MaybeUninit, ptr};

#[derive(Copy, Clone, Debug)]
pub(crate) enum Change {
    Block,
    Unblock,
    #[cfg(feature = "signal")]
    Set,
}

/// The empty set.
pub(super) fn empty() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the pointer is to memory for a set, which the call initialises; it cannot fail.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: sigemptyset has initialised it.
    unsafe { set.assume_init() }
}

/// The set of all signals.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn full() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the pointer is to memory for a set, which the call initialises; it cannot fail.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: sigfillset has initialised it.
    unsafe { set.assume_init() }
}

/// Adds a signal. A number that cannot be in the set has no effect.
pub(super) fn add(set: &mut libc::sigset_t, signal: libc::c_int) {
    // SAFETY: the pointer is to an initialised set; a number that cannot be in it is an error without effect.
    unsafe { libc::sigaddset(set, signal) };
}

pub(super) fn contains(set: &libc::sigset_t, signal: libc::c_int) -> bool {
    // SAFETY: the pointer is to an initialised set, which is only read.
    unsafe { libc::sigismember(set, signal) == 1 }
}

/// Changes the calling thread's mask and returns the previous one; with `None` it only returns it. Async-signal-safe.
pub(super) fn change(how: Change, set: Option<&libc::sigset_t>) -> io::Result<libc::sigset_t> {
    let how = match how {
        Change::Block => libc::SIG_BLOCK,
        Change::Unblock => libc::SIG_UNBLOCK,
        #[cfg(feature = "signal")]
        Change::Set => libc::SIG_SETMASK,
    };
    let mut old = MaybeUninit::uninit();
    let set = set.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the one pointer is null or to an initialised set, the other to memory for one.
    let error = unsafe { libc::pthread_sigmask(how, set, old.as_mut_ptr()) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    // SAFETY: the call has succeeded, and so filled it in.
    Ok(unsafe { old.assume_init() })
}

/// Signals that were sent and are blocked: those of the process, and those of the calling thread.
pub(super) fn pending() -> io::Result<libc::sigset_t> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the pointer is to memory for a set.
    done(unsafe { libc::sigpending(set.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, and so filled it in.
    Ok(unsafe { set.assume_init() })
}

#[cfg(not(any(
    target_vendor = "apple",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris"
)))]
pub(super) use libc::sigtimedwait;

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
unsafe extern "C" {
    /// signal.h; libc 0.2 does not declare it for these systems.
    pub(super) fn sigtimedwait(
        set: *const libc::sigset_t,
        info: *mut libc::siginfo_t,
        timeout: *const libc::timespec,
    ) -> libc::c_int;
}

/// Takes a pending signal and does not wait. Fails with `EAGAIN` if there is none.
#[cfg(not(any(target_vendor = "apple", target_os = "netbsd", target_os = "openbsd")))]
pub(super) fn take(set: &libc::sigset_t) -> io::Result<()> {
    let now = super::fd::libc_timespec(std::time::Duration::ZERO);
    // SAFETY: the pointers are to an initialised set and to a time, which are only read; a null pointer stands for no
    // description (POSIX, sigtimedwait).
    done(unsafe { sigtimedwait(set, ptr::null_mut(), &now) })
}

/// Takes a signal that is pending, or waits for one.
#[cfg(any(all(target_vendor = "apple", feature = "signal"), target_os = "openbsd"))]
pub(super) fn wait(set: &libc::sigset_t) -> io::Result<libc::c_int> {
    let mut number = 0;
    // SAFETY: the pointers are to an initialised set, and to an integer.
    match unsafe { libc::sigwait(set, &mut number) } {
        0 => Ok(number),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
