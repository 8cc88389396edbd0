//! Sets of signals as the C library has them.

use super::{number::Signal, signal_set::SignalSet};
use crate::os::unix::sys::sigset;

/// The C library's set. What it keeps for itself cannot be in it.
pub(crate) fn to_system(set: SignalSet) -> libc::sigset_t {
    let mut system = sigset::empty();
    for signal in set {
        sigset::add(&mut system, signal.as_raw());
    }
    system
}

/// Those of the C library's set that programs can use.
pub(crate) fn from_system(system: &libc::sigset_t) -> SignalSet {
    Signal::all().filter(|signal| contains(system, *signal)).collect()
}

/// Those of the signals that are in the C library's set.
pub(crate) fn of_system(system: &libc::sigset_t, signals: SignalSet) -> SignalSet {
    signals.iter().filter(|signal| contains(system, *signal)).collect()
}

fn contains(system: &libc::sigset_t, signal: Signal) -> bool {
    sigset::contains(system, signal.as_raw())
}
