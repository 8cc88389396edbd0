//! Reads and writes that run to their end in the call, with a time limit and a way to stop them.
//!
//! Every one is an overlapped operation, so that a read and a write of two threads on one handle do not wait for
//! each other, as they would on a synchronous handle.

use super::{
    emulated,
    event::{Event, with_thread_event},
};
use crate::sync::Mutex;
use std::{
    cell::UnsafeCell,
    io,
    mem::MaybeUninit,
    os::windows::io::{AsRawHandle, BorrowedHandle},
    ptr,
    sync::{
        MutexGuard,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    time::Instant,
};
use windows_sys::Win32::{
    Foundation::{
        ERROR_IO_INCOMPLETE, ERROR_IO_PENDING, ERROR_MORE_DATA, ERROR_OPERATION_ABORTED, STATUS_PENDING,
    },
    Storage::FileSystem::{ReadFile, WriteFile},
    System::{
        IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED},
        Pipes::TransactNamedPipe,
    },
};

/// How an operation that did not fail ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// So many bytes were moved.
    Done(usize),
    /// So many bytes were read, and the message has more.
    Partial(usize),
    /// Nothing was moved in time. Of a write, part may have been: see [`write()`].
    TimedOut,
    /// Nothing was moved before the operation was stopped, with the same reservation.
    Stopped,
}

/// What ends an operation early.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Limits<'a> {
    /// When to give up; a moment that has passed means "do not wait".
    pub(crate) deadline: Option<Instant>,
    /// The way to stop the operation from another thread.
    pub(crate) stopper: &'a Stopper,
}

/// Stops the operations of other threads, now and from now on.
#[derive(Debug, Default)]
pub(crate) struct Stopper {
    stopped: AtomicBool,
    /// The addresses of the operations in flight. Only compared by the system, never followed.
    in_flight: Mutex<Vec<usize>>,
}

impl Stopper {
    /// One that stops nothing yet.
    pub(crate) const fn new() -> Self {
        Self { stopped: AtomicBool::new(false), in_flight: Mutex::new(Vec::new()) }
    }

    /// Whether [`stop`](Self::stop) was called.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(SeqCst)
    }

    /// Cancels the operations that are in flight on the pipe of `handle`, and those that will be started.
    ///
    /// There is no gap: an operation enters the list after it has started and then looks at the flag. Either it is in
    /// the list when this reads it, or it entered after the flag was set and sees that.
    pub(crate) fn stop(&self, handle: BorrowedHandle<'_>) {
        self.stopped.store(true, SeqCst);
        for &address in &*self.list() {
            // SAFETY: the handle is open. The system compares the address with those of the operations it knows.
            let _ = unsafe { CancelIoEx(handle.as_raw_handle(), ptr::without_provenance(address)) };
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<usize>> {
        self.in_flight.lock()
    }
}

/// Reads at most `buffer.len()` bytes.
///
/// An operation that is cancelled has either read something, which is then the result, or nothing.
pub(crate) fn read(handle: BorrowedHandle<'_>, buffer: &mut [u8], limits: Limits<'_>) -> io::Result<Ended> {
    // SAFETY: the place has room for as many bytes, for as long as the call lasts.
    unsafe { read_to_place(handle, buffer.as_mut_ptr(), buffer.len(), limits) }
}

/// The same into memory that has no content yet: as much as is told to be read has some then.
pub(crate) fn read_to_uninit(
    handle: BorrowedHandle<'_>,
    buffer: &mut [MaybeUninit<u8>],
    limits: Limits<'_>,
) -> io::Result<Ended> {
    // SAFETY: the place has room for as many bytes, for as long as the call lasts. Nothing reads them.
    unsafe { read_to_place(handle, buffer.as_mut_ptr().cast(), buffer.len(), limits) }
}

/// # Safety
/// `place` must have room for `length` bytes until this returns.
unsafe fn read_to_place(
    handle: BorrowedHandle<'_>,
    place: *mut u8,
    length: usize,
    limits: Limits<'_>,
) -> io::Result<Ended> {
    let length = clamp(length);
    with_thread_event(|event| {
        run(handle, event, limits, |handle, overlapped| {
            // SAFETY: the caller says that `place` has room for `length` bytes, and both it and `overlapped` stay in
            // place until the operation has ended, which `run` waits for in every case.
            unsafe { ReadFile(handle.as_raw_handle(), place, length, ptr::null_mut(), overlapped) }
        })
    })
}

/// Writes at most `buffer.len()` bytes.
///
/// When a write of more than one byte is cancelled, the peer may have read part of it, and Windows does not say how
/// much. A write of one byte is all or nothing.
pub(crate) fn write(handle: BorrowedHandle<'_>, buffer: &[u8], limits: Limits<'_>) -> io::Result<Ended> {
    let length = clamp(buffer.len());
    let place = buffer.as_ptr();
    emulated::writes(handle, buffer.len());
    with_thread_event(|event| {
        run(handle, event, limits, |handle, overlapped| {
            // SAFETY: `place` has `length` bytes, and both it and `overlapped` stay in place until the operation has
            // ended, which `run` waits for in every case.
            unsafe { WriteFile(handle.as_raw_handle(), place, length, ptr::null_mut(), overlapped) }
        })
    })
}

/// Sends a message and waits for one that comes back, without taking it: `Partial(0)` says that it is there, `Done(0)`
/// that it was empty, which takes it.
///
/// When this is cancelled the message was sent nevertheless.
pub(crate) fn transact(handle: BorrowedHandle<'_>, message: &[u8], limits: Limits<'_>) -> io::Result<Ended> {
    with_thread_event(|event| {
        run(handle, event, limits, |handle, overlapped| {
            // SAFETY: `overlapped` and `message` stay in place until the operation has ended, which `run` waits for in
            // every case.
            unsafe { start_transaction(handle, message, overlapped) }
        })
    })
}

/// Starts to send a message and to wait for one that comes back, as a read of no bytes does.
///
/// # Safety
/// `overlapped` must be valid, and it and `message` must stay in place, until the operation has ended.
pub(super) unsafe fn start_transaction(
    handle: BorrowedHandle<'_>,
    message: &[u8],
    overlapped: *mut OVERLAPPED,
) -> i32 {
    let nothing = ptr::NonNull::dangling().as_ptr();
    // SAFETY: the handle is open, `message` has as many bytes as are told, no bytes are asked for, and the caller keeps
    // the memory in place.
    unsafe {
        TransactNamedPipe(
            handle.as_raw_handle(),
            message.as_ptr().cast(),
            clamp(message.len()),
            nothing,
            0,
            ptr::null_mut(),
            overlapped,
        )
    }
}

/// Starts an operation and sees it to its end. Does not unwind and does not return before that.
fn run(
    handle: BorrowedHandle<'_>,
    event: &Event,
    limits: Limits<'_>,
    start: impl FnOnce(BorrowedHandle<'_>, *mut OVERLAPPED) -> i32,
) -> io::Result<Ended> {
    let overlapped = UnsafeCell::new(fresh(event));
    if started(start(handle, overlapped.get()))?.is_ready() {
        return status(handle, &overlapped).unwrap_or(Ok(Ended::Done(0)));
    }
    // In flight. From here on no path may leave this function before the operation has ended.
    let address = overlapped.get().addr();
    limits.stopper.list().push(address);
    let in_time =
        if limits.stopper.is_stopped() { None } else { wait(handle, &overlapped, event, limits.deadline) };
    let result = in_time.unwrap_or_else(|| {
        cancel(handle, &overlapped);
        wait_to_end(handle, &overlapped, event)
    });
    limits.stopper.list().retain(|&listed| listed != address);
    match result {
        Err(error) if is(&error, ERROR_OPERATION_ABORTED) => {
            if limits.stopper.is_stopped() {
                Ok(Ended::Stopped)
            } else if limits.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                Ok(Ended::TimedOut)
            } else {
                // Another part of the program called CancelIoEx on the raw handle.
                Err(error)
            }
        }
        result => result,
    }
}

/// Waits for the result of an operation; `None` if it has not ended in time.
pub(super) fn wait(
    handle: BorrowedHandle<'_>,
    overlapped: &UnsafeCell<OVERLAPPED>,
    event: &Event,
    deadline: Option<Instant>,
) -> Option<io::Result<Ended>> {
    while event.wait(deadline) {
        if let Some(result) = result(handle, overlapped, event) {
            return Some(result);
        }
    }
    None
}

/// Waits for the result of an operation that will end, as one does that was cancelled.
pub(super) fn wait_to_end(
    handle: BorrowedHandle<'_>,
    overlapped: &UnsafeCell<OVERLAPPED>,
    event: &Event,
) -> io::Result<Ended> {
    loop {
        if let Some(result) = wait(handle, overlapped, event, None) {
            return result;
        }
    }
}

/// What an operation is started with. `TransactNamedPipe` of Wine 10 does not itself note that it is pending.
pub(super) fn fresh(event: &Event) -> OVERLAPPED {
    OVERLAPPED { hEvent: event.for_overlapped(), Internal: STATUS_PENDING as usize, ..OVERLAPPED::default() }
}

/// Reads what a call that starts an operation gave: whether the operation has ended already, or an error.
pub(super) fn started(result: i32) -> io::Result<Poll<()>> {
    if result != 0 {
        return Ok(Poll::Ready(()));
    }
    let error = io::Error::last_os_error();
    if is(&error, ERROR_IO_PENDING) {
        Ok(Poll::Pending)
    } else if is(&error, ERROR_MORE_DATA) {
        Ok(Poll::Ready(()))
    } else {
        Err(error)
    }
}

/// The result of an operation; `None` if it is still in flight.
///
/// The event decides. The system writes the status first and signals the event then, so a thread that goes by the status
/// could start the next operation before the event is signalled for the last one. Should an event have been signalled for
/// another operation nevertheless, that signal is taken back, so that the wait for this one goes on.
pub(super) fn result(
    handle: BorrowedHandle<'_>,
    overlapped: &UnsafeCell<OVERLAPPED>,
    event: &Event,
) -> Option<io::Result<Ended>> {
    if !event.is_signalled() {
        return None;
    }
    let ended = status(handle, overlapped);
    if ended.is_some() && emulated::signal_is_late() {
        return None;
    }
    ended.or_else(|| {
        event.reset();
        // It may have ended between the two calls before.
        status(handle, overlapped)
    })
}

/// What the status of an operation says, whether its event was signalled or not; `None` if it is pending.
pub(super) fn status(
    handle: BorrowedHandle<'_>,
    overlapped: &UnsafeCell<OVERLAPPED>,
) -> Option<io::Result<Ended>> {
    let mut bytes = 0;
    // SAFETY: the handle is open, and `overlapped` was given to an operation on it and is still in place.
    let result = unsafe { GetOverlappedResult(handle.as_raw_handle(), overlapped.get(), &mut bytes, 0) };
    if result != 0 {
        return Some(Ok(Ended::Done(bytes as usize)));
    }
    let error = io::Error::last_os_error();
    if is(&error, ERROR_IO_INCOMPLETE) {
        None
    } else if is(&error, ERROR_MORE_DATA) {
        Some(Ok(Ended::Partial(bytes as usize)))
    } else {
        Some(Err(error))
    }
}

/// Asks the system to end an operation early. Its memory must stay in place until it has ended.
pub(super) fn cancel(handle: BorrowedHandle<'_>, overlapped: &UnsafeCell<OVERLAPPED>) {
    // SAFETY: the handle is open. The call fails if the operation has ended, which is fine.
    let _ = unsafe { CancelIoEx(handle.as_raw_handle(), overlapped.get()) };
}

/// Whether `error` is the system's error of that number.
pub(crate) fn is(error: &io::Error, number: u32) -> bool {
    error.raw_os_error() == Some(number as i32)
}

/// As much as one call can move.
pub(super) fn clamp(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
