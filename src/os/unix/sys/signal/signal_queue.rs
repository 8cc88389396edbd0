//! Where a listener's signals wait until somebody reads them.

use super::{
    fork,
    handler::{self, Registration},
    info::Record,
    record_queue::{Push, Queue, Reader},
    table,
    wake::Wake,
};
use crate::{
    os::unix::sys::{fd::timespec, poll::poll},
    sync::Mutex,
    time::Deadline,
};
use rustix::{event::PollFlags, io::Errno};
use std::{
    array, io,
    os::fd::{AsFd, BorrowedFd},
    sync::{
        Arc, MutexGuard,
        atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// How many instances of a standard signal are kept unread. The kernel itself keeps one.
const MOST_OF_STANDARD: u8 = 64;

/// A queue of signals with a descriptor that is readable while there are some.
#[derive(Debug)]
pub(crate) struct SignalQueue {
    queue: Queue,
    reader: Mutex<Reader>,
    wake: Wake,
    /// Whether the descriptor was made readable since the queue was last found empty.
    told: AtomicBool,
    closed: AtomicBool,
    /// How many instances of each standard signal are unread.
    unread: [AtomicU8; handler::SLOTS],
    first_realtime: i32,
    lost: AtomicUsize,
    process: fork::Process,
}

impl SignalQueue {
    pub(crate) fn new() -> io::Result<Arc<Self>> {
        let (wake, process) = (Wake::new()?, fork::Process::this()?);
        // Last, since the drop of this alone unmaps it.
        let (queue, reader) = Queue::new()
            .ok_or_else(|| io::Error::new(io::ErrorKind::OutOfMemory, "no memory for a queue of signals"))?;
        Ok(Arc::new(Self {
            queue,
            reader: Mutex::new(reader),
            wake,
            told: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            unread: array::from_fn(|_| AtomicU8::new(0)),
            first_realtime: table::realtime().map_or(i32::MAX, |range| *range.start()),
            lost: AtomicUsize::new(0),
            process,
        }))
    }

    /// Has a signal come here until the registration is dropped.
    pub(crate) fn listen(self: &Arc<Self>, signal: i32) -> io::Result<Registration> {
        let queue = Arc::clone(self);
        // SAFETY: `deliver` takes no locks, allocates by mapping memory only, does not panic, and calls write(2).
        unsafe { handler::register(signal, Arc::new(move |record| queue.deliver(record))) }
    }

    /// Takes a signal; `false` in a process that was forked from the listener's, and in a handler that had begun when the
    /// listener was closed: there, the signal does what it does without a listener. For signal handlers.
    fn deliver(&self, record: &Record) -> bool {
        if self.is_closed() {
            return false;
        }
        let unread = self.counter_of(record);
        if let Some(unread) = unread {
            if unread.fetch_add(1, Ordering::Relaxed) >= MOST_OF_STANDARD {
                unread.fetch_sub(1, Ordering::Relaxed);
                return true;
            }
        }
        let pushed = self.queue.push(*record, || self.is_closed());
        if pushed != Push::Done {
            // Nobody will read it.
            if let Some(unread) = unread {
                unread.fetch_sub(1, Ordering::Relaxed);
            }
        }
        if pushed == Push::NoMemory {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.tell();
        pushed != Push::Refused
    }

    /// The counter of a standard signal. Instances of a real-time signal are never put together.
    fn counter_of(&self, record: &Record) -> Option<&AtomicU8> {
        if record.signal >= self.first_realtime {
            return None;
        }
        self.unread.get(usize::try_from(record.signal).ok()?)
    }

    /// Makes the descriptor readable if it is not.
    fn tell(&self) {
        if !self.told.swap(true, Ordering::SeqCst) {
            self.wake.notify();
        }
    }

    /// The next signal. `None`: there is none, and the descriptor is not readable until there is one.
    pub(crate) fn take(&self) -> Option<Record> {
        self.take_and_rest(true)
    }

    /// The same for a descriptor that is watched by a runtime: only changes matter, not whether it stays readable.
    #[cfg(feature = "tokio")]
    pub(crate) fn take_watched(&self) -> Option<Record> {
        self.take_and_rest(self.wake.must_be_cleared())
    }

    fn take_and_rest(&self, clear: bool) -> Option<Record> {
        let reader = &mut *self.reader();
        self.pop(reader).or_else(|| {
            self.rest(reader, clear);
            self.pop(reader)
        })
    }

    fn pop(&self, reader: &mut Reader) -> Option<Record> {
        // What a forked process has of the queue is a copy: its parent receives these signals.
        if !self.process.is_this() {
            return None;
        }
        let record = self.queue.pop(reader, self.is_closed())?;
        if let Some(unread) = self.counter_of(&record) {
            unread.fetch_sub(1, Ordering::Relaxed);
        }
        Some(record)
    }

    /// Makes the descriptor unreadable, unless something came meanwhile or the listener is closed.
    fn rest(&self, reader: &Reader, clear: bool) {
        if self.is_closed() {
            return;
        }
        if clear {
            // Whatever `told` says: a handler may have set that and not come to the descriptor before now.
            self.wake.clear();
        }
        // Reads what the handler wrote that told last, and with it all that this handler had queued before.
        self.told.swap(false, Ordering::SeqCst);
        if !self.queue.is_empty(reader) || self.is_closed() {
            self.tell();
        }
    }

    /// Makes the descriptor say what is the case after it was watched.
    #[cfg(feature = "tokio")]
    pub(crate) fn unwatch(&self) {
        self.rest(&self.reader(), true);
    }

    /// Waits until there may be a signal. `false`: the time is over.
    pub(crate) fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        let left = deadline.left();
        match poll([self.wake.as_fd()], PollFlags::IN, left.map(timespec).as_ref()) {
            Ok([ready]) => Ok(!ready.is_empty() || left != Some(Duration::ZERO)),
            // Most likely by the very signal that is waited for.
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Wakes all that wait, now and later.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if self.process.is_this() {
            self.wake.notify();
        }
    }

    /// As it is in a process that was forked from the listener's: the descriptor is the parent's as well, and a wake-up that
    /// was taken here would be lost there.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst) || !self.process.is_this()
    }

    /// How many signals there was no memory for.
    pub(crate) fn lost(&self) -> usize {
        self.lost.load(Ordering::Relaxed)
    }

    fn reader(&self) -> MutexGuard<'_, Reader> {
        // Nothing that is done under the lock panics.
        self.reader.lock()
    }
}

impl Drop for SignalQueue {
    fn drop(&mut self) {
        // The registrations are gone, and with them all handlers that knew it: each state of the handler has this queue.
        let reader = self.reader.get_mut();
        self.queue.free(reader);
    }
}

impl AsFd for SignalQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
