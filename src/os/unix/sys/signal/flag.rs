//! What a signal handler can do by itself: set flags, count, tell a socket, end the process.

use super::{
    fork::Process,
    handler::{self, Action, Registration},
};
use crate::os::unix::sys::{message, option, socket};
use std::{
    io,
    os::fd::{AsFd, OwnedFd},
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

/// Keeps the signal from doing what it does by default, but not in a process that was forked from this one.
#[cfg(feature = "tokio")]
pub(crate) fn absorb(signal: i32) -> io::Result<Registration> {
    let process = Process::this()?;
    // SAFETY: it reads atomics and memory.
    unsafe { handler::register(signal, Arc::new(move |_| process.is_this())) }
}

/// Sends a byte to a socket, if it has room.
pub(crate) fn tell(signal: i32, socket: Arc<OwnedFd>) -> io::Result<Registration> {
    option::kind(socket.as_fd()).map_err(|error| match error.raw_os_error() {
        Some(libc::ENOTSOCK) => io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is not a socket"),
        _ => error,
    })?;
    socket::no_sigpipe(socket.as_fd())?;
    let process = Process::this()?;
    let action: Arc<Action> = Arc::new(move |_| {
        // A child by fork has its parent's socket.
        let is_ours = process.is_this();
        if is_ours {
            // There is nobody to tell of an error; if there is no room, the reader has something to read.
            let _ = message::send(socket.as_fd(), &[0], libc::MSG_DONTWAIT);
        }
        is_ours
    });
    // SAFETY: one send(2), which raises no SIGPIPE, and an error of the system's, which is a number.
    unsafe { handler::register(signal, action) }
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
