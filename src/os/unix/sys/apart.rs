//! Work in a thread that lives no longer than the work, for what a thread can have of its own (Linux).

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use self::linux::apart;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use crate::os::unix::sys::sigset::{self, Change};
    use std::{io, panic::resume_unwind, thread};

    /// Runs `work` in a thread of its own, in which no signal handler runs.
    pub(in crate::os::unix::sys) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let quietly = || {
            let _ = sigset::change(Change::Block, Some(&sigset::full()));
            work()
        };
        thread::scope(|scope| {
            let worker = thread::Builder::new().spawn_scoped(scope, quietly)?;
            Ok(worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    }
}

/// Runs `work` with a umask of its own, while other threads keep theirs. `None`: this system, or this sandbox, has one umask
/// for all threads, and nothing has run.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
pub(crate) fn with_umask<T: Send>(mask: u32, work: impl FnOnce() -> T + Send) -> Option<T> {
    let with_mask = || {
        // SAFETY: the flag takes nothing from this thread but the umask and the directories of the others, of which it has
        // copies from then on.
        if unsafe { libc::unshare(libc::CLONE_FS) } != 0 {
            return None;
        }
        // SAFETY: the call cannot fail. What it changes is this thread's alone by now.
        unsafe { libc::umask(mask) };
        Some(work())
    };
    apart(with_mask).ok().flatten()
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix))))]
pub(crate) fn with_umask<T: Send>(_: u32, _: impl FnOnce() -> T + Send) -> Option<T> {
    None
}
