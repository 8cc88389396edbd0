//! Telling a process from those that are forked from it, also in signal handlers.
//!
//! The C library tells of forks by `pthread_atfork`, but of those alone that it does itself, and in the child a signal can
//! come before that. So the kernel is asked as well where it can tell: on Linux, for memory that is zeros in a child
//! (madvise(2), `MADV_WIPEONFORK`).

use crate::sync::Mutex;
use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
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
        !mark::is_wiped() && self.0 == FORKS.load(Ordering::Relaxed)
    }
}

/// Has the C library tell of forks, and the kernel.
fn watch() -> io::Result<()> {
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock();
    if !*watched {
        // SAFETY: the function is of this program, and does only what is allowed in a child of several threads.
        match unsafe { libc::pthread_atfork(None, None, Some(in_child)) } {
            0 => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
        *watched = true;
        mark::make();
    } else if mark::is_wiped() {
        FORKS.fetch_add(1, Ordering::Relaxed);
        mark::set();
    }
    Ok(())
}

unsafe extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
mod mark {
    use super::super::page_size;
    use rustix::mm::{Advice, MapFlags, ProtFlags};
    use std::{
        ptr,
        sync::atomic::{AtomicPtr, AtomicUsize, Ordering},
    };

    /// One that is never unmapped, or null: the kernel cannot do it (before Linux 4.14).
    static PAGE: AtomicPtr<AtomicUsize> = AtomicPtr::new(ptr::null_mut());

    pub(super) fn make() {
        let (size, access) = (page_size(), ProtFlags::READ | ProtFlags::WRITE);
        // SAFETY: a new mapping, which touches no memory that is in use. It is filled with zeros.
        let memory = unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), size, access, MapFlags::PRIVATE) };
        let Ok(memory) = memory else { return };
        // SAFETY: the mapping of this function.
        if unsafe { rustix::mm::madvise(memory, size, Advice::LinuxWipeOnFork) }.is_err() {
            // SAFETY: as above, and nobody else knows it.
            let _ = unsafe { rustix::mm::munmap(memory, size) };
            return;
        }
        PAGE.store(memory.cast(), Ordering::Release);
        // Before there is anything that asks.
        set();
    }

    pub(super) fn set() {
        if let Some(page) = page() {
            page.store(1, Ordering::Relaxed);
        }
    }

    /// Whether this process was forked since the mark was set. For signal handlers.
    pub(super) fn is_wiped() -> bool {
        page().is_some_and(|page| page.load(Ordering::Relaxed) == 0)
    }

    fn page() -> Option<&'static AtomicUsize> {
        // SAFETY: null, or a mapping that stays, whose bytes are a number.
        unsafe { PAGE.load(Ordering::Acquire).as_ref() }
    }
}

#[cfg(any(not(any(target_os = "linux", target_os = "android")), interprocess_portable_unix))]
mod mark {
    pub(super) fn make() {}

    pub(super) fn set() {}

    pub(super) fn is_wiped() -> bool {
        false
    }
}
