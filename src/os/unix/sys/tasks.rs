//! The tasks that wait for one direction of a descriptor.
//!
//! A runtime keeps one waker for the poll functions of a direction, that of the last caller, as Tokio's `AsyncFd` does. It is
//! given a waker that wakes all callers instead.
#![cfg_attr(not(feature = "tokio"), allow(dead_code))] // The tests' adapter uses less.

use crate::{os::wakers::Wakers, sync::Mutex};
use std::{
    fmt::{self, Debug, Formatter},
    sync::{
        Arc, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

/// How long tasks pause that no event will wake.
const PAUSE: Duration = Duration::from_millis(1);

/// Tasks that wait for the same event.
pub(super) struct Tasks {
    waiting: Arc<Waiting>,
    /// Wakes all of them.
    all: Waker,
}

#[derive(Default)]
struct Waiting {
    wakers: Mutex<Wakers>,
    /// Whether there is a [`Pause`].
    is_pausing: AtomicBool,
}

/// The end of a pause, also if the runtime drops it early.
pub(super) struct Pause(Arc<Waiting>);

impl Tasks {
    pub(super) fn new() -> Self {
        let waiting = Arc::new(Waiting::default());
        Self { all: Waker::from(Arc::clone(&waiting)), waiting }
    }

    /// Polls on behalf of all tasks. If the result is `Pending`, the caller is woken together with the others.
    pub(super) fn poll<R>(
        &self,
        cx: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let all = &mut Context::from_waker(&self.all);
        if let ready @ Poll::Ready(_) = poll(all) {
            return ready;
        }
        let swept = self.waiting.lock().add(cx.waker());
        swept.into_iter().flatten().for_each(Waker::wake);
        // An event between the first poll and `add` has woken the others only.
        poll(all)
    }

    /// Has the caller woken after a pause, together with the others. There is one pause at a time, however often they poll, and
    /// `drop_after` ends it by dropping it.
    pub(super) fn poll_after_pause<R>(
        &self,
        cx: &Context<'_>,
        drop_after: impl FnOnce(Duration, Pause),
    ) -> Poll<R> {
        let swept = self.waiting.lock().add(cx.waker());
        swept.into_iter().flatten().for_each(Waker::wake);
        if !self.waiting.is_pausing.swap(true, Ordering::AcqRel) {
            drop_after(PAUSE, Pause(Arc::clone(&self.waiting)));
        }
        Poll::Pending
    }

    pub(super) fn wake_all(&self) {
        self.all.wake_by_ref();
    }
}

impl Debug for Tasks {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Wakers> {
        // Each change is one step.
        self.wakers.lock()
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Not under the lock: a waker may run code of its own.
        let wakers = self.lock().take();
        wakers.for_each(Waker::wake);
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        // Before the wakers are taken: who adds one later begins another pause.
        self.0.is_pausing.store(false, Ordering::Release);
        self.0.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use super::Tasks;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn an_event_while_a_task_is_added_is_seen_by_that_task() {
        let tasks = Tasks::new();
        let mut polls = 0;
        let result = tasks.poll(&Context::from_waker(Waker::noop()), |cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready("ready");
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        assert_eq!(result, Poll::Ready("ready"));
    }
}
