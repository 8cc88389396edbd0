//! Events: objects that a finished operation signals.

use std::{
    cell::RefCell,
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle},
    process, ptr,
    sync::Arc,
    time::{Duration, Instant},
};
use windows_sys::Win32::{
    Foundation::{WAIT_FAILED, WAIT_OBJECT_0, WAIT_TIMEOUT},
    System::Threading::{
        CreateEventW, INFINITE, ResetEvent, SetEvent, WaitForMultipleObjects, WaitForSingleObject,
    },
};

/// The most events that [`wait_any`] can wait for (`MAXIMUM_WAIT_OBJECTS`).
pub(crate) const MAX_WAIT: usize = 64;

/// An event that stays signalled until it is reset ("manual-reset event").
#[derive(Debug)]
pub(crate) struct Event(OwnedHandle);

impl Event {
    /// Makes an event that is not signalled and that no child inherits.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: no security attributes and no name are allowed, and no memory of ours is involved.
        let handle = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so `handle` is a new handle that nobody else owns.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// Signals the event.
    pub(crate) fn set(&self) {
        // SAFETY: the handle is an open event with all access. The call has no other way to fail.
        let _ = unsafe { SetEvent(self.0.as_raw_handle()) };
    }

    /// Whether it is signalled.
    pub(super) fn is_signalled(&self) -> bool {
        self.wait(Some(Instant::now()))
    }

    /// Takes the signal back.
    pub(super) fn reset(&self) {
        // SAFETY: the handle is an open event with all access. The call has no other way to fail.
        let _ = unsafe { ResetEvent(self.0.as_raw_handle()) };
    }

    /// Waits for the event; `false` if it was not signalled in time. Never runs foreign APCs, and never unwinds:
    /// the caller may have an operation in flight.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        loop {
            let milliseconds = milliseconds_until(deadline);
            // SAFETY: the handle is an open event with all access.
            let result = unsafe { WaitForSingleObject(self.0.as_raw_handle(), milliseconds) };
            match result {
                WAIT_OBJECT_0 => return true,
                WAIT_TIMEOUT if is_past(deadline) => return false,
                WAIT_TIMEOUT => {}
                // Somebody else closed our event. Returning would free memory that an operation may still write to.
                _ => process::abort(),
            }
        }
    }

    /// The handle for `OVERLAPPED::hEvent`, with its lowest bit set: then no completion port that the pipe may be
    /// bound to hears of the operation (Microsoft: "GetQueuedCompletionStatus function").
    pub(super) fn for_overlapped(&self) -> RawHandle {
        self.0.as_raw_handle().wrapping_byte_add(1)
    }
}

impl AsHandle for Event {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

/// Waits until one of the events is signalled; `false` if none was in time. Never runs foreign APCs.
///
/// # Panics
/// If there are none, or more than [`MAX_WAIT`].
pub(crate) fn wait_any(events: &[Arc<Event>], deadline: Option<Instant>) -> io::Result<bool> {
    assert!((1..=MAX_WAIT).contains(&events.len()), "an impossible number of events to wait for");
    let handles: Vec<RawHandle> = events.iter().map(|event| event.0.as_raw_handle()).collect();
    let count = handles.len() as u32;
    loop {
        let milliseconds = milliseconds_until(deadline);
        // SAFETY: `handles` has `count` handles, all open until the call returns, as `events` owns them.
        let result = unsafe { WaitForMultipleObjects(count, handles.as_ptr(), 0, milliseconds) };
        match result {
            WAIT_FAILED => return Err(io::Error::last_os_error()),
            WAIT_TIMEOUT if is_past(deadline) => return Ok(false),
            WAIT_TIMEOUT => {}
            _ => return Ok(true),
        }
    }
}

/// Runs `operation` with an event that belongs to this thread, so that a read does not have to make one.
///
/// The event is lent: an operation inside the operation gets another one.
// It is constant; Clippy does not see that on targets without native thread-locals.
#[allow(clippy::missing_const_for_thread_local)]
pub(super) fn with_thread_event<T>(operation: impl FnOnce(&Event) -> io::Result<T>) -> io::Result<T> {
    thread_local! {
        static SPARE: RefCell<Option<Event>> = const { RefCell::new(None) };
    }
    // The spare is gone while it is lent, and for good when the thread's other destructors run: then make one.
    let spare = SPARE.try_with(|spare| spare.borrow_mut().take()).unwrap_or(None);
    let event = spare.map_or_else(Event::new, Ok)?;
    let result = operation(&event);
    let _ = SPARE.try_with(|spare| spare.borrow_mut().replace(event));
    result
}

/// The moment that lies `timeout` ahead; `None` (never) if that is not representable.
pub(crate) fn deadline_after(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

fn is_past(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

/// Time left in whole milliseconds, rounded up so that a wait does not end early and spin.
fn milliseconds_until(deadline: Option<Instant>) -> u32 {
    let Some(deadline) = deadline else {
        return INFINITE;
    };
    let left = deadline.saturating_duration_since(Instant::now());
    let milliseconds = left.as_nanos().div_ceil(1_000_000);
    u32::try_from(milliseconds).unwrap_or(INFINITE).min(INFINITE - 1)
}
