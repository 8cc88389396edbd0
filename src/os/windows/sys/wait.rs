//! Waking tasks when an event is signalled, by the system's thread pool: no thread of ours, and no runtime.
#![cfg_attr(not(feature = "tokio"), allow(dead_code))] // Without tasks it only keeps what others leave behind.

use super::{event::Event, module::callback_environment};
use crate::{os::wakers::Wakers, sync::Mutex};
use std::{
    ffi::c_void,
    fmt::{self, Debug, Formatter},
    io,
    os::windows::io::{AsHandle, AsRawHandle},
    ptr,
    sync::{Arc, MutexGuard},
    task::Waker,
    time::Duration,
};
use windows_sys::Win32::{
    Foundation::FILETIME,
    System::Threading::{
        CloseThreadpoolWait, CreateThreadpoolWait, DisassociateCurrentThreadFromCallback,
        PTP_CALLBACK_INSTANCE, PTP_WAIT, SetThreadpoolWait, WaitForThreadpoolWaitCallbacks,
    },
};

/// Wakes tasks when one event is signalled.
pub(crate) struct Waiter {
    wait: PTP_WAIT,
    /// Kept open as long as the pool may wait for it.
    event: Arc<Event>,
    shared: Arc<Shared>,
}

/// What the callback sees. It outlives the `Waiter` if a callback is running when that is dropped.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    wakers: Wakers,
    /// The pool waits for the event, or has seen it and is about to run the callback.
    armed: bool,
}

impl Waiter {
    /// Prepares to wait for `event`.
    pub(crate) fn new(event: &Arc<Event>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let context = Arc::as_ptr(&shared).cast_mut().cast();
        // SAFETY: the callback expects a pointer to `Shared` that is valid whenever the callback starts. `Drop` makes
        // sure that none starts after it, and `shared` is dropped only then.
        let wait = unsafe { CreateThreadpoolWait(Some(event_signalled), context, &callback_environment()) };
        if wait == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { wait, event: Arc::clone(event), shared })
    }

    /// Has `waker` woken, once, when the event is signalled; at once if it is. It may also be woken for nothing.
    pub(crate) fn wake_when_signalled(&self, waker: &Waker) {
        let mut state = self.shared.lock();
        let swept = state.wakers.add(waker);
        if !state.armed {
            state.armed = true;
            let event = self.event.as_handle().as_raw_handle();
            // SAFETY: both objects are open and stay so until `Drop` has ended the wait. No time limit is allowed.
            unsafe { SetThreadpoolWait(self.wait, event, ptr::null()) };
        }
        drop(state);
        swept.into_iter().flatten().for_each(Waker::wake);
    }

    /// Does not wake `waker` any more.
    pub(crate) fn forget(&self, waker: &Waker) {
        self.shared.lock().wakers.forget(waker);
    }

    /// Wakes all who wait, without the event.
    pub(crate) fn wake_all(&self) {
        let wakers = self.shared.lock().wakers.take();
        wakers.for_each(Waker::wake);
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        // SAFETY: the wait object is open; no event means to stop waiting.
        unsafe { SetThreadpoolWait(self.wait, ptr::null_mut(), ptr::null()) };
        // Ends callbacks that have not started and waits for those that have, up to where they let go of us.
        // SAFETY: the wait object is open.
        unsafe { WaitForThreadpoolWaitCallbacks(self.wait, 1) };
        // SAFETY: the wait object is open, and neither waits nor is used after this.
        unsafe { CloseThreadpoolWait(self.wait) };
    }
}

impl Debug for Waiter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

/// Runs in the pool when the event of a [`Waiter`] is signalled.
unsafe extern "system" fn event_signalled(
    instance: PTP_CALLBACK_INSTANCE,
    context: *mut c_void,
    _wait: PTP_WAIT,
    _result: u32,
) {
    let shared: *const Shared = context.cast_const().cast();
    // SAFETY: the `Waiter` that made the pointer with `Arc::as_ptr` still has its `Arc`: its `Drop` waits for us.
    unsafe { Arc::increment_strong_count(shared) };
    // SAFETY: the count was raised for this one.
    let shared = unsafe { Arc::from_raw(shared) };
    // A task that is woken may drop the `Waiter` at once, perhaps on this very thread. It must not wait for us then.
    // SAFETY: `instance` is this callback.
    unsafe { DisassociateCurrentThreadFromCallback(instance) };
    let wakers = {
        let mut state = shared.lock();
        state.armed = false;
        state.wakers.take()
    };
    wakers.for_each(Waker::wake);
}

/// Runs `action` in the pool when `event` is signalled or `limit` has passed (told by `true`). An action that gives
/// `true` is run again at the next signal, one that gives `false` is dropped.
pub(crate) fn spawn(
    event: &Arc<Event>,
    limit: Duration,
    action: impl FnMut(bool) -> bool + Send + 'static,
) -> io::Result<()> {
    let detached = Box::new(Detached { event: Arc::clone(event), limit, action: Box::new(action) });
    let context = Box::into_raw(detached);
    // SAFETY: the callback expects a pointer to a `Detached` that it owns. It runs one at a time, as it is armed again
    // only at its own end.
    let wait =
        unsafe { CreateThreadpoolWait(Some(detached_signalled), context.cast(), &callback_environment()) };
    if wait == 0 {
        let error = io::Error::last_os_error();
        // SAFETY: the pointer came from a `Box`, and there is no callback that could use it.
        drop(unsafe { Box::from_raw(context) });
        return Err(error);
    }
    arm(wait, event, limit);
    Ok(())
}

struct Detached {
    event: Arc<Event>,
    limit: Duration,
    action: Box<dyn FnMut(bool) -> bool + Send>,
}

fn arm(wait: PTP_WAIT, event: &Event, limit: Duration) {
    let time = from_now(limit);
    // SAFETY: both objects are open; the `Detached` that the callback frees keeps the event open until then.
    unsafe { SetThreadpoolWait(wait, event.as_handle().as_raw_handle(), &time) };
}

/// What the pool takes for a time from now on: a negative number of steps of 100 ns.
pub(super) fn from_now(duration: Duration) -> FILETIME {
    let steps = i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX).wrapping_neg() as u64;
    FILETIME { dwLowDateTime: steps as u32, dwHighDateTime: (steps >> 32) as u32 }
}

/// Runs in the pool for [`spawn`].
unsafe extern "system" fn detached_signalled(
    _instance: PTP_CALLBACK_INSTANCE,
    context: *mut c_void,
    wait: PTP_WAIT,
    result: u32,
) {
    // SAFETY: `spawn` gave the pointer of a `Box` to this callback, which runs one at a time.
    let mut detached = unsafe { Box::from_raw(context.cast::<Detached>()) };
    let timed_out = result != 0;
    if (detached.action)(timed_out) {
        let (event, limit) = (Arc::clone(&detached.event), detached.limit);
        // The next callback owns it; it may start before `arm` returns, so `event` is held here.
        let _ = Box::into_raw(detached);
        arm(wait, &event, limit);
    } else {
        drop(detached);
        // SAFETY: nothing waits and nobody else knows the object. Closing it in its own callback is allowed.
        unsafe { CloseThreadpoolWait(wait) };
    }
}
