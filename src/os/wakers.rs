//! Tasks that wait for the same event.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Formatter},
    mem, ptr,
    task::Waker,
    time::{Duration, Instant},
};

/// A task that is dropped leaves its waker behind. From this many on, all are woken from time to time: tasks that still
/// wait poll again, and the rest is gone.
const MANY: usize = 64;
/// How long after one such sweep the next may come, so that tasks which do wait are not woken all the time.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(1);

/// Their wakers, each once.
#[derive(Default)]
pub(crate) struct Wakers {
    /// Usually the only one, which needs no memory.
    first: Option<Waker>,
    others: BTreeMap<Key, Waker>,
    last_sweep: Option<Instant>,
}

type Key = (usize, usize);

impl Wakers {
    /// Adds a task. Returns the wakers of all others if those are many, so that the caller wakes them.
    #[must_use]
    pub(crate) fn add(&mut self, waker: &Waker) -> Option<impl Iterator<Item = Waker> + use<>> {
        self.add_at(waker, &Instant::now)
    }

    fn add_at(
        &mut self,
        waker: &Waker,
        now: &dyn Fn() -> Instant,
    ) -> Option<impl Iterator<Item = Waker> + use<>> {
        let mut swept = None;
        match &self.first {
            None => self.first = Some(waker.clone()),
            Some(first) if first.will_wake(waker) => {}
            Some(_) => {
                let key = key(waker);
                if self.others.contains_key(&key) {
                    return None;
                }
                if self.others.len() >= MANY && self.may_sweep(now()) {
                    swept = Some(self.take());
                }
                self.others.insert(key, waker.clone());
            }
        }
        swept
    }

    fn may_sweep(&mut self, now: Instant) -> bool {
        let may = self.last_sweep.is_none_or(|last| now.duration_since(last) >= BETWEEN_SWEEPS);
        if may {
            self.last_sweep = Some(now);
        }
        may
    }

    /// Takes all wakers out.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = Waker> + use<> {
        self.first.take().into_iter().chain(mem::take(&mut self.others).into_values())
    }

    /// Takes one task out.
    #[cfg(windows)]
    pub(crate) fn forget(&mut self, waker: &Waker) {
        self.first.take_if(|first| first.will_wake(waker));
        self.others.remove(&key(waker));
    }
}

/// What [`Waker::will_wake`] compares.
fn key(waker: &Waker) -> Key {
    (waker.data().addr(), ptr::from_ref(waker.vtable()).addr())
}

impl Debug for Wakers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wakers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{BETWEEN_SWEEPS, MANY, Wakers};
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Wake, Waker},
        time::{Duration, Instant},
    };

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn all_woken(tasks: &[Arc<Task>], times: usize) -> bool {
        tasks.iter().all(|task| task.0.load(Ordering::Relaxed) == times)
    }

    fn count(wakers: &Wakers) -> usize {
        usize::from(wakers.first.is_some()) + wakers.others.len()
    }

    #[test]
    fn a_task_that_waits_is_woken_once_however_often_it_polled() {
        let mut wakers = Wakers::default();
        let tasks: Vec<_> = (0..10).map(|_| Arc::new(Task::default())).collect();
        for task in tasks.iter().cycle().take(30) {
            assert!(wakers.add(&Waker::from(Arc::clone(task))).is_none());
        }
        assert_eq!(count(&wakers), tasks.len());
        wakers.take().for_each(Waker::wake);
        wakers.take().for_each(Waker::wake);
        assert!(all_woken(&tasks, 1));
        assert!(tasks.iter().all(|task| Arc::strong_count(task) == 1), "a waker is kept");
    }

    #[test]
    fn wakers_of_dropped_tasks_are_swept_out() {
        let mut wakers = Wakers::default();
        let start = Instant::now();
        let mut add = |count, after| {
            let tasks: Vec<_> = (0..count).map(|_| Arc::new(Task::default())).collect();
            for task in &tasks {
                let swept = wakers.add_at(&Waker::from(Arc::clone(task)), &|| start + after);
                swept.into_iter().flatten().for_each(Waker::wake);
            }
            (tasks, super::tests::count(&wakers))
        };
        let (first, _) = add(MANY + 1, Duration::ZERO);
        assert!(all_woken(&first, 0));
        let (_, left) = add(1, Duration::ZERO);
        assert!(all_woken(&first, 1), "many wakers are swept");
        assert_eq!(left, 1);
        let (crowd, left) = add(10 * MANY, Duration::ZERO);
        assert!(all_woken(&crowd, 0), "tasks that came back are left alone for a while");
        assert_eq!(left, 10 * MANY + 1);
        let (_, left) = add(1, BETWEEN_SWEEPS);
        assert!(all_woken(&crowd, 1), "the next sweep");
        assert_eq!(left, 1);
    }
}
