use super::SignalSet;
use crate::os::unix::sys::signal::mask::{self, Change};
use std::{io, marker::PhantomData, mem, process::Command};

/// A change of the signals that this thread has blocked, undone when it is dropped.
///
/// A blocked signal stays pending until it is unblocked or taken: by [`wait`](super::wait()), or through a
/// [`SignalFd`](super::SignalFd). [`KILL`](super::Signal::KILL) and [`STOP`](super::Signal::STOP) cannot be blocked, which
/// is no error (POSIX, pthread_sigmask).
///
/// # Threads and children
/// Each thread has a mask of its own. A new thread starts with the mask of the one that starts it, and a child with that of
/// the thread that starts it, through exec too: std's [`Command`] leaves it as it is. A signal for the process goes to any
/// thread that has not blocked it. So block signals in the main thread before any other is started, and give children their
/// mask with [`SignalCommandExt`].
///
/// ```
/// use interprocess::os::unix::signal::{Signal, SignalMask, SignalValue, raise, wait};
///
/// # fn main() -> std::io::Result<()> {
/// let blocked = SignalMask::block(Signal::USR1)?;
/// raise(Signal::USR1)?; // It does not end the process.
/// assert_eq!(wait(Signal::USR1)?.signal(), Signal::USR1);
/// drop(blocked);
/// assert!(!SignalMask::current()?.contains(Signal::USR1));
/// # Ok(()) }
/// ```
#[doc(alias("sigprocmask", "pthread_sigmask"))]
#[derive(Debug)]
#[must_use = "the mask is changed back when this is dropped; `keep` leaves it changed"]
pub struct SignalMask {
    /// What was blocked or unblocked that was not so before.
    blocked: SignalSet,
    unblocked: SignalSet,
    before: SignalSet,
    /// The mask is this thread's.
    of_this_thread: PhantomData<*const ()>,
}

impl SignalMask {
    /// The signals that this thread has blocked.
    ///
    /// # Errors
    /// None that POSIX names.
    pub fn current() -> io::Result<SignalSet> {
        mask::current()
    }

    /// Blocks these signals beside those that are.
    ///
    /// # Errors
    /// None that POSIX names.
    pub fn block(signals: impl Into<SignalSet>) -> io::Result<Self> {
        let signals = signals.into();
        let before = mask::change(Change::Block, signals)?;
        Ok(Self::new(before, before | signals))
    }

    /// Unblocks these signals. Those of them that are pending are delivered before this returns, or at least one is
    /// (POSIX, pthread_sigmask).
    ///
    /// # Errors
    /// None that POSIX names.
    pub fn unblock(signals: impl Into<SignalSet>) -> io::Result<Self> {
        let signals = signals.into();
        let before = mask::change(Change::Unblock, signals)?;
        Ok(Self::new(before, before - signals))
    }

    /// Blocks these signals and no others.
    ///
    /// # Errors
    /// None that POSIX names.
    pub fn set(signals: impl Into<SignalSet>) -> io::Result<Self> {
        let signals = signals.into();
        let before = mask::change(Change::Set, signals)?;
        Ok(Self::new(before, signals))
    }

    /// What was blocked before.
    pub fn before(&self) -> SignalSet {
        self.before
    }

    /// Leaves the mask as it is now.
    pub fn keep(self) {
        mem::forget(self);
    }

    fn new(before: SignalSet, after: SignalSet) -> Self {
        Self { blocked: after - before, unblocked: before - after, before, of_this_thread: PhantomData }
    }
}

/// Each signal that was blocked or unblocked is changed back, whatever others were meanwhile.
impl Drop for SignalMask {
    fn drop(&mut self) {
        // Nothing of this can fail for signals that it was done for before.
        if !self.blocked.is_empty() {
            let _ = mask::change(Change::Unblock, self.blocked);
        }
        if !self.unblocked.is_empty() {
            let _ = mask::change(Change::Block, self.unblocked);
        }
    }
}

/// What a child does with signals from its start.
///
/// A child has the mask of the thread that starts it. What its parent ignores it ignores too, and what its parent catches
/// has the default action (POSIX, exec). std gives it the default action of [`PIPE`](super::Signal::PIPE), and changes
/// nothing else.
///
/// Each of these makes std start the child by fork(2) and exec(2) where it would have used posix_spawn(3), as
/// [`CommandExt::pre_exec`](std::os::unix::process::CommandExt::pre_exec) does.
///
/// ```
/// use interprocess::os::unix::signal::{Signal, SignalCommandExt, SignalMask, SignalSet};
/// use std::process::Command;
///
/// # fn main() -> std::io::Result<()> {
/// let _blocked = SignalMask::block([Signal::INT, Signal::TERM])?;
/// let mut child = Command::new("true").signal_mask(SignalSet::empty()).spawn()?;
/// # assert!(child.wait()?.success());
/// # Ok(()) }
/// ```
pub trait SignalCommandExt: Sealed {
    /// Has the child start with these signals blocked, and no others.
    fn signal_mask(&mut self, blocked: impl Into<SignalSet>) -> &mut Self;

    /// Has the child start with the default actions of these signals. Those that cannot have another are left out.
    fn default_signals(&mut self, signals: impl Into<SignalSet>) -> &mut Self;
}

impl SignalCommandExt for Command {
    fn signal_mask(&mut self, blocked: impl Into<SignalSet>) -> &mut Self {
        mask::set_for_child(self, blocked.into());
        self
    }

    fn default_signals(&mut self, signals: impl Into<SignalSet>) -> &mut Self {
        mask::default_for_child(self, signals.into());
        self
    }
}

#[doc(hidden)]
pub trait Sealed {}

impl Sealed for Command {}
