//! System calls for signals, by subject.

mod action;
pub(crate) mod disposition;
mod errno;
pub(crate) mod fd;
pub(crate) mod flag;
mod fork;
pub(crate) mod handler;
pub(crate) mod info;
pub(crate) mod low_level;
pub(crate) mod mask;
pub(crate) mod number;
pub(crate) mod process;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod queued_info;
mod record_queue;
pub(crate) mod registration;
pub(crate) mod send;
pub(crate) mod set;
pub(crate) mod signal_info;
#[cfg(feature = "tokio")]
pub(crate) mod signal_kind;
pub(crate) mod signal_queue;
pub(crate) mod signal_set;
mod table;
pub(crate) mod wait;
mod wake;

/// How many bytes a page of memory has.
fn page_size() -> usize {
    // SAFETY: the call only reads what the system knows.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    // Every system has one.
    usize::try_from(size).unwrap_or(4096)
}
