//! One operation after another on an end.

use crate::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

/// Lets one thread at a time use an end: a write needs that from asking for space to filling it. And on a handle for
/// synchronous I/O the system makes everybody wait for the operation that is going on, even those who only ask something,
/// and no deadline ends that wait (Microsoft: "Synchronous and Asynchronous I/O").
#[derive(Debug, Default)]
pub(super) struct Turn {
    taken: Mutex<bool>,
    given_back: Condvar,
}

/// Gives the turn back when it is dropped.
#[derive(Debug)]
#[must_use = "the turn is over when this is dropped"]
pub(super) struct Taken<'t>(&'t Turn);

impl Turn {
    /// Waits for the turn; `None` if it does not come in time.
    pub(super) fn take(&self, deadline: Option<Instant>) -> Option<Taken<'_>> {
        let mut taken = self.taken.lock();
        while *taken {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return None;
            }
            taken = self.given_back.wait(taken, left);
        }
        *taken = true;
        Some(Taken(self))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock() = false;
        self.0.given_back.notify_one();
    }
}
