//! What a signal handler can do by itself: set flags, count, end the process.

use super::handler::{self, Action, Registration};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

pub(crate) fn set(signal: i32, flag: Arc<AtomicBool>) -> io::Result<Registration> {
    safely(signal, move || flag.store(true, Ordering::SeqCst))
}

pub(crate) fn set_usize(signal: i32, flag: Arc<AtomicUsize>, value: usize) -> io::Result<Registration> {
    safely(signal, move || flag.store(value, Ordering::SeqCst))
}

pub(crate) fn count(signal: i32, counter: Arc<AtomicUsize>) -> io::Result<Registration> {
    safely(signal, move || {
        counter.fetch_add(1, Ordering::SeqCst);
    })
}

/// Ends the process at once if the flag is set.
pub(crate) fn exit_if(signal: i32, flag: Arc<AtomicBool>, status: i32) -> io::Result<Registration> {
    safely(signal, move || {
        if flag.load(Ordering::SeqCst) {
            // SAFETY: takes a number, and may be called in a handler.
            unsafe { libc::_exit(status) };
        }
    })
}

/// Does what the signal does by default if the flag is set.
pub(crate) fn default_if(signal: i32, flag: Arc<AtomicBool>) -> io::Result<Registration> {
    safely(signal, move || {
        if flag.load(Ordering::SeqCst) {
            handler::act_by_default(signal);
        }
    })
}

/// Sets the flag, or does what the signal does by default if it was set.
pub(crate) fn set_or_default(signal: i32, flag: Arc<AtomicBool>) -> io::Result<Registration> {
    safely(signal, move || {
        if flag.swap(true, Ordering::SeqCst) {
            handler::act_by_default(signal);
        }
    })
}

/// For the closures of this module.
fn safely(signal: i32, action: impl Fn() + Send + Sync + 'static) -> io::Result<Registration> {
    let action: Arc<Action> = Arc::new(move |_| {
        action();
        true
    });
    // SAFETY: they use atomics and what the handler's module allows.
    unsafe { handler::register(signal, action) }
}
