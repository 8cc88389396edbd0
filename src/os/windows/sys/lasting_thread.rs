//! A thread that does not end, for starting writes: Windows cancels what a thread has in flight when it ends.
//!
//! It is that of a pool with one thread, at least and at most, which keeps it (Microsoft: "SetThreadpoolThreadMinimum
//! function"). No code of ours is in it between two calls.

use super::{
    module::callback_environment,
    overlapped::started,
    pool::{self, Job},
};
use crate::sync::{Condvar, Mutex};
use std::{
    io,
    os::windows::io::RawHandle,
    ptr,
    sync::{Arc, OnceLock},
    task::Poll,
};
use windows_sys::Win32::{
    Storage::FileSystem::WriteFile,
    System::{
        IO::OVERLAPPED,
        Threading::{
            CloseThreadpool, CreateThreadpool, PTP_POOL, SetThreadpoolThreadMaximum,
            SetThreadpoolThreadMinimum, TP_CALLBACK_ENVIRON_V3,
        },
    },
};

/// A write that is to be started, and what came of that.
struct Write {
    handle: RawHandle,
    place: *const u8,
    length: u32,
    overlapped: *mut OVERLAPPED,
    started: Mutex<Option<io::Result<Poll<()>>>>,
    changed: Condvar,
}

// SAFETY: the pointers are only handed to the system, which takes them from any thread, and the caller of `write`
// neither frees nor touches what they point to meanwhile.
unsafe impl Send for Write {}
// SAFETY: as above.
unsafe impl Sync for Write {}

/// Starts an overlapped write as [`WriteFile`] does, in the thread that does not end; in this one if there is no other to
/// be had.
///
/// # Safety
/// As for `WriteFile`: the handle is open and overlapped, `place` has `length` bytes, and it and `overlapped` stay in place
/// until the operation has ended, if one was started.
pub(super) unsafe fn write(
    handle: RawHandle,
    place: *const u8,
    length: u32,
    overlapped: *mut OVERLAPPED,
) -> io::Result<Poll<()>> {
    let (started, changed) = (Mutex::new(None), Condvar::new());
    let write = Arc::new(Write { handle, place, length, overlapped, started, changed });
    if !submit(&write) {
        return write.start();
    }
    let mut started = write.started.lock();
    loop {
        if let Some(result) = started.take() {
            return result;
        }
        started = write.changed.wait(started, None);
    }
}

impl Write {
    fn start(&self) -> io::Result<Poll<()>> {
        let Self { handle, place, length, overlapped, .. } = *self;
        // SAFETY: what the caller of `write` has promised.
        started(unsafe { WriteFile(handle, place, length, ptr::null_mut(), overlapped) })
    }
}

/// Has the pool run it; `false` if it will not.
fn submit(write: &Arc<Write>) -> bool {
    let Some(lasting) = lasting_pool() else { return false };
    let environment = TP_CALLBACK_ENVIRON_V3 { Pool: lasting, ..callback_environment() };
    // SAFETY: it refers to a pool that is never closed and to the file that this code is in.
    unsafe { pool::submit(write, &environment) }.is_ok()
}

impl Job for Write {
    fn run(&self) {
        let result = self.start();
        *self.started.lock() = Some(result);
        self.changed.notify_one();
    }
}

/// The pool, made when first needed; `None` if that is impossible.
fn lasting_pool() -> Option<PTP_POOL> {
    static POOL: OnceLock<Option<PTP_POOL>> = OnceLock::new();
    *POOL.get_or_init(|| {
        // SAFETY: the parameter is reserved.
        let pool = unsafe { CreateThreadpool(ptr::null()) };
        if pool == 0 {
            return None;
        }
        // SAFETY: the pool is open and known only here.
        unsafe { SetThreadpoolThreadMaximum(pool, 1) };
        // SAFETY: as above.
        if unsafe { SetThreadpoolThreadMinimum(pool, 1) } == 0 {
            // SAFETY: as above, and it has nothing to do.
            unsafe { CloseThreadpool(pool) };
            return None;
        }
        Some(pool)
    })
}
