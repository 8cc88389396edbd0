//! Which signals a thread has blocked, and what a child starts with.

use super::set::{from_system, of_system, to_system};
use super::signal_set::SignalSet;
use std::{io, mem::MaybeUninit, os::unix::process::CommandExt, process::Command, ptr};

#[derive(Copy, Clone, Debug)]
pub(crate) enum Change {
    Block,
    Unblock,
    Set,
}

/// Changes the calling thread's mask. What it was is returned.
pub(crate) fn change(how: Change, set: SignalSet) -> io::Result<SignalSet> {
    Ok(from_system(&apply(how, Some(&to_system(set)))?))
}

/// The calling thread's mask.
pub(crate) fn current() -> io::Result<SignalSet> {
    Ok(from_system(&apply(Change::Block, None)?))
}

/// Those of the signals that the calling thread has not blocked.
pub(crate) fn unblocked(signals: SignalSet) -> io::Result<SignalSet> {
    Ok(signals.difference(of_system(&apply(Change::Block, None)?, signals)))
}

/// The system's call, and nothing else. For signal handlers, too.
pub(super) fn apply(how: Change, set: Option<&libc::sigset_t>) -> io::Result<libc::sigset_t> {
    let how = match how {
        Change::Block => libc::SIG_BLOCK,
        Change::Unblock => libc::SIG_UNBLOCK,
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
pub(crate) fn pending() -> io::Result<SignalSet> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the pointer is to memory for a set.
    crate::os::unix::sys::fd::done(unsafe { libc::sigpending(set.as_mut_ptr()) })?;
    // SAFETY: the call has succeeded, and so filled it in.
    Ok(from_system(unsafe { set.assume_init_ref() }))
}

/// Gives the child this mask.
pub(crate) fn set_for_child(command: &mut Command, set: SignalSet) {
    let set = to_system(set);
    let prepare = move || apply(Change::Set, Some(&set)).map(drop);
    // SAFETY: between fork and exec the closure calls pthread_sigmask alone, which is async-signal-safe (POSIX, 2.4.3), and
    // makes an error from a number, which does not allocate.
    unsafe { command.pre_exec(prepare) };
}

/// Gives the child the default actions of these signals.
pub(crate) fn default_for_child(command: &mut Command, set: SignalSet) {
    let prepare = move || set.iter().try_for_each(super::disposition::set_default);
    // SAFETY: between fork and exec the closure calls sigaction alone, which is async-signal-safe (POSIX, 2.4.3); going
    // through the bits of the set and making an error from a number do not allocate.
    unsafe { command.pre_exec(prepare) };
}
