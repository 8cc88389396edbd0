//! The environment, which any thread may be reading.

use std::{env, path::PathBuf};

/// The directory for temporary files, but not what `TMPDIR` says anywhere but on Android.
pub(crate) fn shared_temporary_directory() -> PathBuf {
    if cfg!(target_os = "android") {
        let directory = env::var_os("TMPDIR").or_else(|| env::var_os("TEMPDIR"));
        directory.map_or_else(|| PathBuf::from("/data/local/tmp"), PathBuf::from)
    } else {
        PathBuf::from("/tmp")
    }
}

/// Removes variables from the environment of this process, if no other thread can be reading it. Tells whether it did.
///
/// C code reads the environment without any lock, so a process with more threads than one keeps it as it is.
pub(crate) fn remove_variables(names: &[&str]) -> bool {
    if !is_single_threaded() {
        return false;
    }
    for name in names {
        // SAFETY: this is the only thread, and starts no other meanwhile.
        unsafe { env::remove_var(name) };
    }
    true
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_single_threaded() -> bool {
    let threads = std::fs::read_dir("/proc/self/task").and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    threads.is_ok_and(|threads| threads.len() == 1)
}

/// The other systems have no way to ask that they all share.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_single_threaded() -> bool {
    false
}
