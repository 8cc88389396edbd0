//! Which signals a thread has blocked, and what a child starts with.

use super::set::{from_system, of_system, to_system};
use super::signal_set::SignalSet;
use crate::os::unix::sys::sigset;
use std::{io, os::unix::process::CommandExt, process::Command};

pub(crate) use crate::os::unix::sys::sigset::Change;

/// Changes the calling thread's mask. What it was is returned.
pub(crate) fn change(how: Change, set: SignalSet) -> io::Result<SignalSet> {
    Ok(from_system(&sigset::change(how, Some(&to_system(set)))?))
}

/// The calling thread's mask.
pub(crate) fn current() -> io::Result<SignalSet> {
    Ok(from_system(&sigset::change(Change::Block, None)?))
}

/// Those of the signals that the calling thread has not blocked.
pub(crate) fn unblocked(signals: SignalSet) -> io::Result<SignalSet> {
    Ok(signals.difference(of_system(&sigset::change(Change::Block, None)?, signals)))
}

/// Signals that were sent and are blocked: those of the process, and those of the calling thread.
pub(crate) fn pending() -> io::Result<SignalSet> {
    Ok(from_system(&sigset::pending()?))
}

/// Gives the child this mask.
pub(crate) fn set_for_child(command: &mut Command, set: SignalSet) {
    let set = to_system(set);
    let prepare = move || sigset::change(Change::Set, Some(&set)).map(drop);
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
