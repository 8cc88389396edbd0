//! What the process does with a signal.

use super::{action, number::Signal};
use std::{fmt, io};

/// What a process does with a signal that is delivered to it. It is the same for all its threads.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// What the system does by default: [`Signal::default_action`].
    Default,
    /// Nothing.
    Ignore,
    /// A function of the process is called.
    Handler,
}

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
    action::get(signal.as_raw()).map(Action)
}

/// Has the signal ignored, or do what it does by default. What was set before is returned.
pub(crate) fn set(signal: Signal, ignored: bool) -> io::Result<Action> {
    action::set_default_or_ignore(signal.as_raw(), ignored).map(Action)
}

/// The default action, for signals that can have another. Async-signal-safe.
pub(super) fn set_default(signal: Signal) -> io::Result<()> {
    if !signal.can_be_caught() {
        return Ok(());
    }
    match action::set_default_or_ignore(signal.as_raw(), false).map(drop) {
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
    unsafe { action::set(signal.as_raw(), &before.0) }?;
    Ok(true)
}
