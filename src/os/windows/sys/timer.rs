//! Waiting for time to pass, by the system's thread pool: no thread of ours, and no runtime.

use super::{module::callback_environment, pool::Answer, wait::from_now};
use std::{
    ffi::c_void,
    io,
    pin::Pin,
    ptr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use windows_sys::Win32::System::Threading::{
    CloseThreadpoolTimer, CreateThreadpoolTimer, DisassociateCurrentThreadFromCallback,
    PTP_CALLBACK_INSTANCE, PTP_TIMER, SetThreadpoolTimer, WaitForThreadpoolTimerCallbacks,
};

/// Is ready when some time has passed. Dropping it ends the wait.
pub(crate) struct Sleep {
    timer: PTP_TIMER,
    /// What the callback sees. It outlives the `Sleep` if a callback is running when that is dropped.
    answer: Arc<Answer<()>>,
}

impl Sleep {
    pub(crate) fn new(duration: Duration) -> io::Result<Self> {
        let answer = Arc::new(Answer::new());
        let context = Arc::as_ptr(&answer).cast_mut().cast();
        // SAFETY: the callback expects a pointer to an `Answer` that is valid whenever the callback starts. `Drop` makes
        // sure that none starts after it, and `answer` is dropped only then.
        let timer = unsafe { CreateThreadpoolTimer(Some(time_is_over), context, &callback_environment()) };
        if timer == 0 {
            return Err(io::Error::last_os_error());
        }
        let due = from_now(duration);
        // SAFETY: the timer is open until `Drop`, and the time is read during the call. It is not repeated.
        unsafe { SetThreadpoolTimer(timer, &due, 0, 0) };
        Ok(Self { timer, answer })
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.answer.poll(cx)
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // SAFETY: the timer is open; no time means to stop it.
        unsafe { SetThreadpoolTimer(self.timer, ptr::null(), 0, 0) };
        // Ends callbacks that have not started and waits for those that have, up to where they let go of us.
        // SAFETY: the timer is open.
        unsafe { WaitForThreadpoolTimerCallbacks(self.timer, 1) };
        // SAFETY: the timer is open, and neither runs nor is used after this.
        unsafe { CloseThreadpoolTimer(self.timer) };
    }
}

/// Runs in the pool when the time of a [`Sleep`] is over.
unsafe extern "system" fn time_is_over(
    instance: PTP_CALLBACK_INSTANCE,
    context: *mut c_void,
    _timer: PTP_TIMER,
) {
    let answer: *const Answer<()> = context.cast_const().cast();
    // SAFETY: the `Sleep` that made the pointer with `Arc::as_ptr` still has its `Arc`: its `Drop` waits for us.
    unsafe { Arc::increment_strong_count(answer) };
    // SAFETY: the count was raised for this one.
    let answer = unsafe { Arc::from_raw(answer) };
    // A task that is woken may drop the `Sleep` at once, perhaps on this very thread. It must not wait for us then.
    // SAFETY: `instance` is this callback.
    unsafe { DisassociateCurrentThreadFromCallback(instance) };
    answer.give(());
}
