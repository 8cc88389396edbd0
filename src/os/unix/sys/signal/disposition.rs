//! What the process does with a signal.

use crate::os::unix::{
    signal::{Disposition, Signal},
    sys::fd::done,
};
use std::{fmt, io, mem::MaybeUninit, ptr};

/// All that the system keeps for a signal: the handler, its flags, the signals blocked meanwhile.
#[derive(Copy, Clone)]
pub(crate) struct Action(libc::sigaction);

impl Action {
    pub(crate) fn disposition(&self) -> Disposition {
        match self.0.sa_sigaction {
            libc::SIG_DFL => Disposition::Default,
            libc::SIG_IGN => Disposition::Ignore,
            _ => Disposition::Handler,
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.disposition().fmt(f)
    }
}

pub(crate) fn get(signal: Signal) -> io::Result<Action> {
    let mut old = MaybeUninit::uninit();
    // SAFETY: null changes nothing; the other pointer is to memory for the structure.
    done(unsafe { libc::sigaction(signal.as_raw(), ptr::null(), old.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, and so filled it in.
    Ok(Action(unsafe { old.assume_init() }))
}

/// Has the signal ignored, or do what it does by default. What was set before is returned.
pub(crate) fn set(signal: Signal, ignored: bool) -> io::Result<Action> {
    let mut old = MaybeUninit::uninit();
    let new = without_handler(if ignored { libc::SIG_IGN } else { libc::SIG_DFL });
    // SAFETY: neither action is code of this process; the other pointer is to memory for the structure.
    done(unsafe { libc::sigaction(signal.as_raw(), &new, old.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, and so filled it in.
    Ok(Action(unsafe { old.assume_init() }))
}

/// The default action, for signals that can have another. Async-signal-safe.
pub(super) fn set_default(signal: Signal) -> io::Result<()> {
    if !signal.can_be_caught() {
        return Ok(());
    }
    let new = without_handler(libc::SIG_DFL);
    // SAFETY: the default action is no code of this process; the old one is not asked for.
    match done(unsafe { libc::sigaction(signal.as_raw(), &new, ptr::null_mut()) }) {
        // The C library's own, as SIGTHR of FreeBSD and OpenBSD.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(()),
        other => other,
    }
}

/// Puts back what was there before `ours` was set, unless somebody has set something else since. POSIX has no call that
/// compares and sets: of this crate's guards one acts at a time, but others can come in between.
pub(crate) fn restore(signal: Signal, ours: Disposition, before: &Action) -> io::Result<bool> {
    if get(signal)?.disposition() != ours {
        return Ok(false);
    }
    // SAFETY: a handler in it was in place before, set by somebody who had to know that it may run at any time; who takes
    // it away for good (a library that is unloaded, say) has to set another action, which was looked for above.
    done(unsafe { libc::sigaction(signal.as_raw(), &before.0, ptr::null_mut()) })?;
    Ok(true)
}

/// An action that runs no code.
fn without_handler(action: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: the structure is made of integers and, on some systems, of an optional function pointer: zeroes are valid.
    let mut new: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    new.sa_sigaction = action;
    // SAFETY: the pointer is to memory for a set.
    unsafe { libc::sigemptyset(&mut new.sa_mask) };
    new
}
