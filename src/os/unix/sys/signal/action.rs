//! What the system keeps for a signal (sigaction(2)). All of it may run in a signal handler.

use crate::os::unix::sys::fd::done;
use std::{io, mem::MaybeUninit, ptr};

pub(super) fn get(signal: i32) -> io::Result<libc::sigaction> {
    let mut current = MaybeUninit::uninit();
    // SAFETY: null changes nothing; the other pointer is to memory for the structure.
    done(unsafe { libc::sigaction(signal, ptr::null(), current.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, and so filled it in.
    Ok(unsafe { current.assume_init() })
}

/// Sets an action, and gives the one before.
///
/// # Safety
/// The function in it, if there is one, may run at any time in any thread.
pub(super) unsafe fn set(signal: i32, new: &libc::sigaction) -> io::Result<libc::sigaction> {
    let mut before = MaybeUninit::uninit();
    // SAFETY: the pointers are to the new action and to memory for one; the caller promises the rest.
    done(unsafe { libc::sigaction(signal, new, before.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, and so filled it in.
    Ok(unsafe { before.assume_init() })
}

/// Has the signal ignored, or do what it does by default, and gives the action before.
pub(super) fn set_default_or_ignore(signal: i32, ignored: bool) -> io::Result<libc::sigaction> {
    let new = without_flags(if ignored { libc::SIG_IGN } else { libc::SIG_DFL });
    // SAFETY: neither is code of this process.
    unsafe { set(signal, &new) }
}

/// An action with an empty mask.
pub(super) fn without_flags(action: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: the structure is made of integers and, on some systems, of an optional function pointer: zeroes are valid.
    let mut new: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    new.sa_sigaction = action;
    // SAFETY: the pointer is to memory for a set.
    unsafe { libc::sigemptyset(&mut new.sa_mask) };
    new
}
