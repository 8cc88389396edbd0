//! Work for the system's thread pool, and its results for tasks.
#![cfg_attr(not(feature = "tokio"), allow(dead_code))] // Writes of threads have no task.

use crate::sync::Mutex;
use std::{
    ffi::c_void,
    io,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use windows_sys::Win32::System::Threading::{
    PTP_CALLBACK_INSTANCE, TP_CALLBACK_ENVIRON_V3, TrySubmitThreadpoolCallback,
};

/// What a thread of the pool does, once.
pub(super) trait Job: Send + Sync {
    fn run(&self);
}

/// Has a thread of the pool run the job.
///
/// # Safety
/// What `environment` refers to must exist, now and until the job has run.
pub(super) unsafe fn submit<J: Job + 'static>(
    job: &Arc<J>,
    environment: &TP_CALLBACK_ENVIRON_V3,
) -> io::Result<()> {
    let context = Arc::into_raw(Arc::clone(job));
    // SAFETY: the callback expects a pointer of `Arc::into_raw` that it owns. The caller answers for the environment.
    let submitted =
        unsafe { TrySubmitThreadpoolCallback(Some(run::<J>), context.cast_mut().cast(), environment) };
    if submitted != 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    // SAFETY: there is no callback that could use the pointer.
    drop(unsafe { Arc::from_raw(context) });
    Err(error)
}

/// Runs in the pool for [`submit`].
unsafe extern "system" fn run<J: Job>(_instance: PTP_CALLBACK_INSTANCE, context: *mut c_void) {
    // SAFETY: `submit` gave the pointer of an `Arc` to this callback, which runs once.
    let job = unsafe { Arc::from_raw(context.cast_const().cast::<J>()) };
    job.run();
}

/// Where a thread of the pool leaves a result for a task.
pub(super) struct Answer<T>(Mutex<State<T>>);

struct State<T> {
    result: Option<T>,
    waker: Option<Waker>,
}

impl<T> Answer<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { result: None, waker: None }))
    }

    /// Leaves the result, and wakes the task that waits for it.
    pub(super) fn give(&self, result: T) {
        let waker = {
            let mut state = self.0.lock();
            state.result = Some(result);
            state.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// Takes the result.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.0.lock();
        match state.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
