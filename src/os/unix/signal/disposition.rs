use super::Signal;
use crate::{
    error::about,
    os::unix::sys::signal::{
        disposition::{self, Action, Disposition},
        handler,
    },
};
use std::io;

/// What this process does with the signal now (sigaction(2)).
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): the C library keeps the signal for itself. Some systems also refuse to
/// tell of [`KILL`](Signal::KILL) and [`STOP`](Signal::STOP).
pub fn disposition(signal: Signal) -> io::Result<Disposition> {
    match disposition::get(signal) {
        Ok(action) => Ok(action.disposition()),
        Err(error) => Err(failed(signal, "look at", error)),
    }
}

/// Has the signal ignored, or do what it does by default, from now on. Returns what was done before.
///
/// Handlers are taken out by this, of this module or others, which are not told: where there may be any, use
/// [`DispositionGuard`], or nothing. A signal that is pending and now ignored is gone (POSIX, 2.4.3).
///
/// # Traps
/// - A process that ignores [`CHLD`](Signal::CHLD) has its children waited for by the system: std's
///   [`Child::wait`](std::process::Child::wait) then fails.
/// - What is ignored is ignored by children too, even after exec: see
///   [`SignalCommandExt::default_signals`](super::SignalCommandExt::default_signals).
/// - With the default action of [`PIPE`](Signal::PIPE), which Rust's start-up code has ignored, writing to a peer that is
///   gone ends the process (but not in this crate's sockets).
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput):
/// - [`KILL`](Signal::KILL) and [`STOP`](Signal::STOP), which do what they do.
/// - [`Ignore`](Disposition::Ignore) for faults ([`Signal::is_fault`]): the program could not go on (POSIX, 2.4.3).
/// - [`Handler`](Disposition::Handler): there is none here to be set.
#[doc(alias = "sigaction")]
pub fn set_disposition(signal: Signal, disposition: Disposition) -> io::Result<Disposition> {
    let ignored = is_ignored(signal, disposition)?;
    Ok(change(signal, ignored)?.disposition())
}

/// Does now what the signal does by default, whatever handlers there are: for a program that has caught
/// [`TERM`](Signal::TERM), has cleaned up, and now ends as if it had not, so that whoever waits for it sees by which signal.
///
/// This returns if that is nothing, or when the process goes on after it was stopped. Handlers are as before then.
///
/// This function is async-signal-safe (signal-safety(7)) unless it fails, as an error allocates memory. So an action of
/// [`low_level::register`](super::low_level::register) may call it.
///
/// # Process 1 and orphaned process groups
/// Process 1 of a pid namespace, such as the first of a container, has no default actions
/// (pid_namespaces(7)): there, a signal that would end the process ends it with status 128 + its number, by which shells
/// report that. A signal that stops does nothing in an orphaned process group (POSIX, 2.4.3).
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): the C library keeps the signal for itself.
///
/// ```no_run
/// use interprocess::os::unix::signal::{Signal, Signals, act_by_default};
///
/// # fn main() -> std::io::Result<()> {
/// let signals = Signals::new([Signal::INT, Signal::TERM])?;
/// let received = signals.wait().expect("nobody closes it");
/// // clean up
/// act_by_default(received.signal())
/// # }
/// ```
#[doc(alias = "emulate_default_handler")]
pub fn act_by_default(signal: Signal) -> io::Result<()> {
    if signal.can_be_caught() {
        disposition(signal)?;
    } else {
        super::raise(signal)?;
    }
    handler::act_by_default(signal.as_raw());
    Ok(())
}

/// A signal that is ignored, or does what it does by default, until this is dropped.
///
/// When it is dropped, what was there before comes back, be it a handler, with all its flags; but not if somebody has set
/// something else meanwhile. (No system can compare and set in one step: a handler that another thread sets in that instant,
/// without this crate, can be lost.) Guards for one signal have to be dropped in the reverse order. As long as one exists,
/// nothing of this module can begin to listen to the signal ([`ResourceBusy`](io::ErrorKind::ResourceBusy)).
///
/// ```
/// use interprocess::os::unix::signal::{Disposition, DispositionGuard, Signal, disposition, raise};
///
/// # fn main() -> std::io::Result<()> {
/// let guard = DispositionGuard::new(Signal::HUP, Disposition::Ignore)?;
/// raise(Signal::HUP)?; // It does not end the process.
/// drop(guard);
/// assert_eq!(disposition(Signal::HUP)?, Disposition::Default);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "the disposition comes back when this is dropped"]
pub struct DispositionGuard {
    signal: Signal,
    ours: Disposition,
    before: Action,
}

impl DispositionGuard {
    /// Has the signal ignored, or do what it does by default.
    ///
    /// # Errors
    /// As for [`set_disposition`]. [`ResourceBusy`](io::ErrorKind::ResourceBusy): something of this module listens to the
    /// signal; to that the signal would not come.
    pub fn new(signal: Signal, disposition: Disposition) -> io::Result<Self> {
        let ignored = is_ignored(signal, disposition)?;
        let before = handler::begin_guard(signal.as_raw(), || change(signal, ignored));
        match before {
            Ok(before) => Ok(Self { signal, ours: disposition, before }),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                Err(failed(signal, "change what is done with", error))
            }
            Err(error) => Err(error),
        }
    }

    /// The signal.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// What was done before.
    pub fn before(&self) -> Disposition {
        self.before.disposition()
    }
}

impl Drop for DispositionGuard {
    fn drop(&mut self) {
        handler::end_guard(self.signal.as_raw(), || {
            // What could be set can be put back.
            let _ = disposition::restore(self.signal, self.ours, &self.before);
        });
    }
}

/// Whether the signal is to be ignored. Fails if its disposition can never be that one, whatever else is done with it now.
fn is_ignored(signal: Signal, to: Disposition) -> io::Result<bool> {
    let invalid = |reason: &str| {
        let message = format!("cannot set the disposition of {signal} to {to:?}: {reason}");
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    };
    if !signal.can_be_caught() {
        return invalid("it can be neither caught nor ignored");
    }
    match to {
        Disposition::Default => Ok(false),
        Disposition::Ignore if signal.is_fault() => {
            invalid("a program cannot go on behind an instruction that cannot be carried out")
        }
        Disposition::Ignore => Ok(true),
        Disposition::Handler => invalid("a handler is registered, not set"),
    }
}

fn change(signal: Signal, ignored: bool) -> io::Result<Action> {
    disposition::set(signal, ignored).map_err(|error| failed(signal, "set", error))
}

fn failed(signal: Signal, what: &str, error: io::Error) -> io::Error {
    about(format_args!("{what} the disposition of {signal}"), error)
}
