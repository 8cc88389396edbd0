//! Telling a process from those that are forked from it, also in signal handlers.

use super::handler;
use std::{
    io,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How many forks lie between this process and the one that the program was started as.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// A process, as opposed to its children by fork(2).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Process(usize);

impl Process {
    /// The one that calls.
    pub(super) fn this() -> io::Result<Self> {
        watch()?;
        Ok(Self(FORKS.load(Ordering::Relaxed)))
    }

    /// For signal handlers.
    pub(super) fn is_this(self) -> bool {
        self.0 == FORKS.load(Ordering::Relaxed)
    }
}

/// Has the C library tell of forks.
fn watch() -> io::Result<()> {
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*watched {
        // SAFETY: the function is of this program, and does only what is allowed in a child of several threads.
        match unsafe { libc::pthread_atfork(None, None, Some(in_child)) } {
            0 => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
        *watched = true;
    }
    Ok(())
}

unsafe extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    handler::forget_other_threads();
}
