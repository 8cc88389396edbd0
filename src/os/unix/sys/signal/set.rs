//! Sets of signals as the C library has them.

use super::{number::Signal, signal_set::SignalSet};
use std::mem::MaybeUninit;

/// The C library's set. What it keeps for itself cannot be in it.
pub(crate) fn to_system(set: SignalSet) -> libc::sigset_t {
    let mut system = MaybeUninit::uninit();
    // SAFETY: the pointer is to memory for a set, which the call initialises; it cannot fail.
    unsafe { libc::sigemptyset(system.as_mut_ptr()) };
    // SAFETY: sigemptyset has initialised it.
    let mut system = unsafe { system.assume_init() };
    for signal in set {
        // SAFETY: the pointer is to an initialised set; a number that cannot be in it is an error without effect.
        unsafe { libc::sigaddset(&mut system, signal.as_raw()) };
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
    // SAFETY: the pointer is to an initialised set, which is only read.
    unsafe { libc::sigismember(system, signal.as_raw()) == 1 }
}
