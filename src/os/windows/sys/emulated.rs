//! What Windows does and Wine does not, for tests under Wine with `--cfg interprocess_windows_semantics`. `docs/windows.md`
//! has the sources.

use super::pipe;
use crate::sync::Mutex;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::windows::io::BorrowedHandle,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Whether all this is wanted.
pub(super) const ON: bool = cfg!(interprocess_windows_semantics);

/// What this process has written into each end of a pipe, all instances together.
static WRITTEN: Mutex<BTreeMap<(OsString, bool), usize>> = Mutex::new(BTreeMap::new());

/// Which ones are late, and which queries meet a reader.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Notes a write that is about to be started.
pub(super) fn writes(handle: BorrowedHandle<'_>, length: usize) {
    if ON {
        if let Some(end) = end(handle) {
            let mut written = WRITTEN.lock();
            let written = written.entry(end).or_default();
            *written = written.saturating_add(length);
        }
    }
}

/// The space in a pipe of this size: the system's account, as if nothing had been read yet, or 0, as if a reader waited in a
/// big read. It is never more than there is.
pub(super) fn free_space(handle: BorrowedHandle<'_>, size: usize) -> usize {
    if COUNT.fetch_add(1, Relaxed) % 3 == 0 {
        return 0;
    }
    let Some(end) = end(handle) else { return 0 };
    let written = WRITTEN.lock();
    size.saturating_sub(written.get(&end).copied().unwrap_or(0))
}

/// Whether an operation whose status says that it has ended has not signalled its event yet.
pub(super) fn signal_is_late() -> bool {
    ON && COUNT.fetch_add(1, Relaxed) % 5 == 0
}

fn end(handle: BorrowedHandle<'_>) -> Option<(OsString, bool)> {
    Some((pipe::name(handle).ok()?, pipe::info(handle).ok()?.is_server))
}
