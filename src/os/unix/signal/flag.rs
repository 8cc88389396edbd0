//! Variables that the signal handler itself sets, and sockets that it writes to.
//!
//! The least that can be done with a signal, and all that many programs want: a loop that looks at a flag now and then.
//! Nothing is woken: a thread that waits in a system call goes on waiting, as most calls are restarted. They are not if a
//! handler was there before that was installed without `SA_RESTART`: then they fail with
//! [`Interrupted`](std::io::ErrorKind::Interrupted), as that one's program expects.
//!
//! What ends the process by default does so by status 128 + n in process 1 of a container: see
//! [`act_by_default`](super::act_by_default).
//!
//! ```
//! use interprocess::os::unix::signal::{self, Signal, flag};
//! use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
//!
//! # fn main() -> std::io::Result<()> {
//! let stop = Arc::new(AtomicBool::new(false));
//! // A second Ctrl-C ends the process in any case.
//! let _registration = flag::set_or_default([Signal::INT, Signal::TERM], &stop)?;
//! # signal::raise(Signal::TERM)?;
//! while !stop.load(Ordering::SeqCst) {
//!     // work
//! }
//! # Ok(()) }
//! ```
//!
//! Every function takes one signal or several. Each fails with [`InvalidInput`](std::io::ErrorKind::InvalidInput) for signals
//! that [`Signals`](super::Signals) refuses. Actions run in the order in which they were added.

use super::{Registration, SignalSet};
use crate::os::unix::sys::signal::flag as sys;
use std::{
    io,
    os::fd::OwnedFd,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize},
    },
};

/// Sets `flag` whenever one of the signals comes.
///
/// # Errors
/// Signals that cannot be caught or are faults.
pub fn register(signals: impl Into<SignalSet>, flag: &Arc<AtomicBool>) -> io::Result<Registration> {
    Registration::of_each(signals.into(), |signal| sys::set(signal, Arc::clone(flag)))
}

/// Sets `flag` to `value` whenever one of the signals comes. With another value for each signal, one variable tells which
/// was the last.
///
/// # Errors
/// Signals that cannot be caught or are faults.
pub fn register_usize(
    signals: impl Into<SignalSet>,
    flag: &Arc<AtomicUsize>,
    value: usize,
) -> io::Result<Registration> {
    Registration::of_each(signals.into(), |signal| sys::set_usize(signal, Arc::clone(flag), value))
}

/// Adds one to `counter` whenever one of the signals comes: every instance that the kernel delivers, which of standard
/// signals need not be every one that was sent.
///
/// # Errors
/// Signals that cannot be caught or are faults.
pub fn register_counter(
    signals: impl Into<SignalSet>,
    counter: &Arc<AtomicUsize>,
) -> io::Result<Registration> {
    Registration::of_each(signals.into(), |signal| sys::count(signal, Arc::clone(counter)))
}

/// Ends the process with `status` when one of the signals comes while `condition` is set, at once: nothing is cleaned up, as
/// by `_exit`(2).
///
/// # Errors
/// Signals that cannot be caught or are faults.
pub fn register_conditional_shutdown(
    signals: impl Into<SignalSet>,
    status: i32,
    condition: &Arc<AtomicBool>,
) -> io::Result<Registration> {
    Registration::of_each(signals.into(), |signal| sys::exit_if(signal, Arc::clone(condition), status))
}

/// Does what the signal does by default when one of them comes while `condition` is set.
///
/// # Errors
/// Signals that cannot be caught or are faults.
pub fn register_conditional_default(
    signals: impl Into<SignalSet>,
    condition: &Arc<AtomicBool>,
) -> io::Result<Registration> {
    Registration::of_each(signals.into(), |signal| sys::default_if(signal, Arc::clone(condition)))
}

/// Sets `flag` when one of the signals comes, and does what the signal does by default when one comes while it is set: the
/// first Ctrl-C asks the program to end, the second ends it. Clearing the flag makes the next one the first again.
///
/// # Errors
/// Signals that cannot be caught or are faults.
pub fn set_or_default(signals: impl Into<SignalSet>, flag: &Arc<AtomicBool>) -> io::Result<Registration> {
    Registration::of_each(signals.into(), |signal| sys::set_or_default(signal, Arc::clone(flag)))
}

/// Sends a byte to `socket` whenever one of the signals comes, for programs that wait for sockets of their own. If there is no
/// room, nothing is sent: the reader has enough to read. A child by fork sends nothing.
///
/// [`Signals`](super::Signals) has a descriptor that can be waited for as well, and tells which signals came.
///
/// ```
/// use interprocess::os::unix::{signal::{self, Signal, flag}, uds::UnixStream};
/// use std::io::Read;
///
/// # fn main() -> std::io::Result<()> {
/// let (mut here, there) = UnixStream::pair()?;
/// let _registration = flag::register_socket(Signal::HUP, there)?;
/// signal::raise(Signal::HUP)?;
/// assert_eq!(here.read(&mut [0; 8])?, 1);
/// # Ok(()) }
/// ```
///
/// # Errors
/// Signals that cannot be caught or are faults. [`InvalidInput`](io::ErrorKind::InvalidInput): it is not a socket; writing to a
/// pipe that nobody reads could end the process.
pub fn register_socket(
    signals: impl Into<SignalSet>,
    socket: impl Into<OwnedFd>,
) -> io::Result<Registration> {
    let socket = Arc::new(socket.into());
    Registration::of_each(signals.into(), |signal| sys::tell(signal, Arc::clone(&socket)))
}
