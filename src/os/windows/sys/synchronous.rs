//! Operations on handles for synchronous I/O, with a time limit and a way to stop them.
//!
//! Such an operation keeps its thread in the system until it is done. What ends it early is `CancelSynchronousIo`, called by
//! another thread: the one that stops it, or at the deadline one of the system's thread pool.
//!
//! No `OVERLAPPED` is given: its offset would be where a file is read or written, instead of the position that the system
//! keeps (Microsoft: "ReadFile function", Synchronization and File Position).

use super::{
    emulated,
    event::Event,
    handle::check,
    overlapped::{Ended, clamp, is},
    wait,
};
use crate::sync::Mutex;
use std::{
    cell::OnceCell,
    io,
    os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle},
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};
use windows_sys::Win32::{
    Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle, ERROR_MORE_DATA, ERROR_OPERATION_ABORTED},
    Storage::FileSystem::{ReadFile, WriteFile},
    System::{
        IO::CancelSynchronousIo,
        Threading::{GetCurrentProcess, GetCurrentThread},
    },
};

/// Reads at most `buffer.len()` bytes. The handle must be for synchronous operations.
pub(crate) fn read(handle: BorrowedHandle<'_>, buffer: &mut [u8]) -> io::Result<Ended> {
    let (mut bytes, length) = (0, clamp(buffer.len()));
    let place = buffer.as_mut_ptr();
    // SAFETY: the handle is open, `place` has room for `length` bytes, and `bytes` is a place for a number. An operation
    // without `OVERLAPPED` has ended when the call returns.
    let result = unsafe { ReadFile(handle.as_raw_handle(), place, length, &mut bytes, ptr::null_mut()) };
    match check(result) {
        Ok(()) => Ok(Ended::Done(bytes as usize)),
        Err(error) if is(&error, ERROR_MORE_DATA) => Ok(Ended::Partial(bytes as usize)),
        Err(error) => Err(error),
    }
}

/// Writes at most `buffer.len()` bytes. The handle must be for synchronous operations.
pub(crate) fn write(handle: BorrowedHandle<'_>, buffer: &[u8]) -> io::Result<Ended> {
    let (mut bytes, length) = (0, clamp(buffer.len()));
    emulated::writes(handle, buffer.len());
    // SAFETY: the handle is open, `buffer` has `length` bytes, and `bytes` is a place for a number. An operation without
    // `OVERLAPPED` has ended when the call returns.
    let result =
        unsafe { WriteFile(handle.as_raw_handle(), buffer.as_ptr(), length, &mut bytes, ptr::null_mut()) };
    check(result)?;
    Ok(Ended::Done(bytes as usize))
}

/// Stops the operations of other threads, now and from now on.
#[derive(Debug, Default)]
pub(crate) struct Interrupter {
    stopped: AtomicBool,
    in_flight: Mutex<Vec<Arc<InFlight>>>,
}

/// An operation of one thread.
#[derive(Debug)]
struct InFlight {
    thread: Arc<OwnedHandle>,
    /// Cleared by the thread itself. Nobody cancels what that thread does next.
    is_going_on: Mutex<bool>,
}

impl Interrupter {
    /// Cancels the operations that are in flight, waits until they have ended, and has later ones end at once.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, SeqCst);
        let in_flight = self.in_flight.lock().clone();
        in_flight.iter().for_each(|operation| operation.cancel());
    }

    /// Makes a call that is one operation on a synchronous handle.
    pub(crate) fn run(
        &self,
        deadline: Option<Instant>,
        call: impl FnOnce() -> io::Result<Ended>,
    ) -> io::Result<Ended> {
        let operation = Arc::new(InFlight { thread: this_thread()?, is_going_on: Mutex::new(true) });
        let over = deadline.map(|deadline| operation.cancel_at(deadline)).transpose()?;
        self.in_flight.lock().push(Arc::clone(&operation));
        // Who stops it either finds it in the list or has set the flag before.
        let result = if self.stopped.load(SeqCst) { Ok(Ended::Stopped) } else { call() };
        *operation.is_going_on.lock() = false;
        self.in_flight.lock().retain(|listed| !Arc::ptr_eq(listed, &operation));
        if let Some(over) = over {
            over.set();
        }
        match result {
            Err(error) if is(&error, ERROR_OPERATION_ABORTED) => {
                if self.stopped.load(SeqCst) {
                    Ok(Ended::Stopped)
                } else if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                    Ok(Ended::TimedOut)
                } else {
                    Err(error)
                }
            }
            result => result,
        }
    }
}

impl InFlight {
    /// Cancels the operation, and returns when it is known to end.
    fn cancel(&self) {
        loop {
            let is_going_on = self.is_going_on.lock();
            // SAFETY: the handle is that of a thread, and has all access.
            if !*is_going_on || unsafe { CancelSynchronousIo(self.thread.as_raw_handle()) } != 0 {
                return;
            }
            drop(is_going_on);
            // The thread has not yet entered the system, or is about to say that it has left.
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Has the pool cancel the operation at a moment, unless the event is signalled before.
    fn cancel_at(self: &Arc<Self>, deadline: Instant) -> io::Result<Arc<Event>> {
        let (over, operation) = (Arc::new(Event::new()?), Arc::clone(self));
        wait::spawn(&over, deadline.saturating_duration_since(Instant::now()), move |timed_out| {
            // A timer may be early by a tick.
            let is_early = timed_out && Instant::now() < deadline;
            if timed_out && !is_early {
                operation.cancel();
            }
            is_early
        })?;
        Ok(over)
    }
}

/// A handle of the thread that calls, which others can use.
// It is constant; Clippy does not see that on targets without native thread-locals.
#[allow(clippy::missing_const_for_thread_local)]
fn this_thread() -> io::Result<Arc<OwnedHandle>> {
    thread_local! {
        static THIS: OnceCell<Arc<OwnedHandle>> = const { OnceCell::new() };
    }
    let known = THIS.try_with(|this| this.get().cloned()).unwrap_or(None);
    if let Some(known) = known {
        return Ok(known);
    }
    let mut thread = ptr::null_mut();
    // SAFETY: gives a constant.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: gives a constant.
    let this = unsafe { GetCurrentThread() };
    // SAFETY: all are handles of this process or stand for one, and `thread` is a place for a handle.
    check(unsafe { DuplicateHandle(process, this, process, &mut thread, 0, 0, DUPLICATE_SAME_ACCESS) })?;
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    let thread = Arc::new(unsafe { OwnedHandle::from_raw_handle(thread) });
    let _ = THIS.try_with(|this| this.set(Arc::clone(&thread)));
    Ok(thread)
}
