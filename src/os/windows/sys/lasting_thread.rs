//! A thread that does not end, for starting writes: Windows cancels what a thread has in flight when it ends.
//!
//! It is that of a pool with one thread, at least and at most, which keeps it (Microsoft: "SetThreadpoolThreadMinimum
//! function"). No code of ours is in it between two calls.

use super::{module::callback_environment, overlapped::started};
use std::{
    ffi::c_void,
    io,
    os::windows::io::RawHandle,
    ptr,
    sync::{Arc, Condvar, Mutex, OnceLock, PoisonError},
    task::Poll,
};
use windows_sys::Win32::{
    Storage::FileSystem::WriteFile,
    System::{
        IO::OVERLAPPED,
        Threading::{
            CloseThreadpool, CreateThreadpool, PTP_CALLBACK_INSTANCE, PTP_POOL, SetThreadpoolThreadMaximum,
            SetThreadpoolThreadMinimum, TP_CALLBACK_ENVIRON_V3, TrySubmitThreadpoolCallback,
        },
    },
};

/// A write that is to be started, and what came of that.
struct Job {
    handle: RawHandle,
    place: *const u8,
    length: u32,
    overlapped: *mut OVERLAPPED,
    started: Mutex<Option<io::Result<Poll<()>>>>,
    changed: Condvar,
}

// SAFETY: the pointers are only handed to the system, which takes them from any thread, and the caller of `write`
// neither frees nor touches what they point to meanwhile.
unsafe impl Send for Job {}
// SAFETY: as above.
unsafe impl Sync for Job {}

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
    let job = Arc::new(Job { handle, place, length, overlapped, started, changed });
    if !submit(&job) {
        return job.start();
    }
    let mut started = job.started.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(result) = started.take() {
            return result;
        }
        started = job.changed.wait(started).unwrap_or_else(PoisonError::into_inner);
    }
}

impl Job {
    fn start(&self) -> io::Result<Poll<()>> {
        let Self { handle, place, length, overlapped, .. } = *self;
        // SAFETY: what the caller of `write` has promised.
        started(unsafe { WriteFile(handle, place, length, ptr::null_mut(), overlapped) })
    }
}

/// Has the pool run the job; `false` if it will not.
fn submit(job: &Arc<Job>) -> bool {
    let Some(pool) = pool() else { return false };
    let environment = TP_CALLBACK_ENVIRON_V3 { Pool: pool, ..callback_environment() };
    let context = Arc::into_raw(Arc::clone(job));
    // SAFETY: the callback expects a pointer of `Arc::into_raw` that it owns, and the environment is valid for the call.
    let submitted =
        unsafe { TrySubmitThreadpoolCallback(Some(run), context.cast_mut().cast(), &environment) } != 0;
    if !submitted {
        // SAFETY: there is no callback that could use the pointer.
        drop(unsafe { Arc::from_raw(context) });
    }
    submitted
}

/// Runs in the pool for [`submit`].
unsafe extern "system" fn run(_instance: PTP_CALLBACK_INSTANCE, context: *mut c_void) {
    // SAFETY: `submit` gave the pointer of an `Arc` to this callback, which runs once.
    let job = unsafe { Arc::from_raw(context.cast_const().cast::<Job>()) };
    let result = job.start();
    *job.started.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    job.changed.notify_one();
}

/// The pool, made when first needed; `None` if that is impossible.
fn pool() -> Option<PTP_POOL> {
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
