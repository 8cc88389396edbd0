//! Operations that outlive the call that starts them, with memory of their own.
#![cfg_attr(not(feature = "tokio"), allow(dead_code))] // Listeners only connect; Tokio streams read and write.

use super::{
    emulated,
    event::{Event, deadline_after},
    lasting_thread,
    overlapped::{self, Ended, clamp, is, started},
    pipe::free_space,
    wait,
};
use std::{
    cell::UnsafeCell,
    fmt::{self, Debug, Formatter},
    io::{self, IoSlice},
    mem::{self, ManuallyDrop},
    os::windows::io::{AsHandle, AsRawHandle, OwnedHandle},
    ptr,
    ptr::NonNull,
    sync::Arc,
    task::Poll,
    time::Duration,
};
use windows_sys::Win32::{
    Foundation::{ERROR_NO_DATA, ERROR_PIPE_CONNECTED},
    Storage::FileSystem::{ReadFile, WriteFile},
    System::{IO::OVERLAPPED, Pipes::ConnectNamedPipe},
};

/// Place for one operation at a time on pipes: what is in flight, its buffer, and the event that tells of its end.
///
/// While an operation is in flight the pipe's handle is kept open from here; dropping cancels the operation and
/// waits for the cancellation, which is immediate for pipes of this computer. Of others it is the network's: what takes
/// longer than [`PATIENCE`] is left to the system's thread pool.
///
/// Windows cancels what a thread has in flight when that thread ends ("ExitThread function"). Such an operation
/// ends with `ERROR_OPERATION_ABORTED` although nobody called [`cancel`](Self::cancel); the owner starts it again. Writes
/// are started by a thread that does not end.
pub(crate) struct Operation {
    /// Touched by the system while `pipe` is `Some`.
    overlapped: NonNull<UnsafeCell<OVERLAPPED>>,
    /// Its bytes are touched by the system while `pipe` is `Some`.
    buffer: Vec<u8>,
    event: Arc<Event>,
    /// The pipe on which an operation is in flight.
    pipe: Option<Arc<OwnedHandle>>,
}

// SAFETY: `overlapped` is owned like a `Box`, and the system accepts it from any thread.
unsafe impl Send for Operation {}

impl Operation {
    /// Makes a place with nothing in flight.
    pub(crate) fn new() -> io::Result<Self> {
        let event = Arc::new(Event::new()?);
        let overlapped = Box::new(UnsafeCell::new(OVERLAPPED::default()));
        Ok(Self { overlapped: NonNull::from(Box::leak(overlapped)), buffer: Vec::new(), event, pipe: None })
    }

    /// The event that is signalled when an operation ends that was in flight.
    pub(crate) fn event(&self) -> &Arc<Event> {
        &self.event
    }

    /// Whether an operation is in flight, as far as [`poll`](Self::poll) has found out.
    pub(crate) fn in_flight(&self) -> bool {
        self.pipe.is_some()
    }

    /// The pipe on which an operation is in flight.
    pub(crate) fn pipe(&self) -> Option<Arc<OwnedHandle>> {
        self.pipe.clone()
    }

    /// What the last read has read is at the start of this. Empty while an operation is in flight.
    pub(crate) fn buffer(&self) -> &[u8] {
        if self.in_flight() { &[] } else { &self.buffer }
    }

    /// Starts to read at most `length` bytes into the buffer.
    pub(crate) fn read(&mut self, pipe: &Arc<OwnedHandle>, length: usize) -> Poll<io::Result<Ended>> {
        self.prepare();
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
        let place = self.buffer.as_mut_ptr();
        let overlapped = self.overlapped().get();
        let length = clamp(length);
        // SAFETY: `place` has room for `length` bytes. It and `overlapped` belong to `self`, which neither frees nor
        // touches them before the operation has ended (`pipe` is `Some` until then).
        let result = unsafe { ReadFile(pipe.as_raw_handle(), place, length, ptr::null_mut(), overlapped) };
        self.track(pipe, started(result))
    }

    /// Starts to write the first `length` bytes of `slices`, from a copy and in one piece.
    ///
    /// Windows cancels what a thread has in flight when the thread ends, and does not say how much of a cancelled write the
    /// peer has read. So what may have to wait for space is started by a thread that does not end.
    pub(crate) fn write(
        &mut self,
        pipe: &Arc<OwnedHandle>,
        slices: &[IoSlice<'_>],
        length: usize,
    ) -> Poll<io::Result<Ended>> {
        self.prepare();
        self.buffer.clear();
        for slice in slices {
            let wanted = length - self.buffer.len();
            self.buffer.extend_from_slice(&slice[..wanted.min(slice.len())]);
        }
        let place = self.buffer.as_ptr();
        let length = clamp(self.buffer.len());
        let overlapped = self.overlapped().get();
        let handle = pipe.as_raw_handle();
        emulated::writes(pipe.as_handle(), self.buffer.len());
        let started = if free_space(pipe.as_handle()).is_ok_and(|free| free >= self.buffer.len()) {
            // SAFETY: `place` has `length` bytes. It and `overlapped` belong to `self`, which neither frees nor changes
            // them before the operation has ended (`pipe` is `Some` until then).
            started(unsafe { WriteFile(handle, place, length, ptr::null_mut(), overlapped) })
        } else {
            // SAFETY: as above.
            unsafe { lasting_thread::write(handle, place, length, overlapped) }
        };
        self.track(pipe, started)
    }

    /// Starts to send a message and to wait for one that comes back, which stays in the pipe: the result is that of a
    /// [`read`](Self::read) of no bytes.
    pub(crate) fn transact(&mut self, pipe: &Arc<OwnedHandle>, message: &[u8]) -> Poll<io::Result<Ended>> {
        self.prepare();
        self.buffer.clear();
        self.buffer.extend_from_slice(message);
        let overlapped = self.overlapped().get();
        // SAFETY: `overlapped` and the buffer belong to `self`, which neither frees nor changes them before the operation
        // has ended (`pipe` is `Some` until then).
        let result = unsafe { overlapped::start_transaction(pipe.as_handle(), &self.buffer, overlapped) };
        self.track(pipe, started(result))
    }

    /// Starts to wait for a client of a server's pipe. That one was here and has left counts as a client.
    pub(crate) fn connect(&mut self, pipe: &Arc<OwnedHandle>) -> Poll<io::Result<Ended>> {
        self.prepare();
        let overlapped = self.overlapped().get();
        // SAFETY: `overlapped` belongs to `self`, which neither frees nor touches it before the operation has ended
        // (`pipe` is `Some` until then).
        let result = unsafe { ConnectNamedPipe(pipe.as_raw_handle(), overlapped) };
        match started(result) {
            Err(error) if is(&error, ERROR_PIPE_CONNECTED) || is(&error, ERROR_NO_DATA) => {
                // No operation was started, so the system does not signal the event.
                self.event.set();
                Poll::Ready(Ok(Ended::Done(0)))
            }
            other => self.track(pipe, other),
        }
    }

    /// The result of the operation that is in flight, or `Pending`: then the event will be signalled.
    ///
    /// # Panics
    /// If nothing is in flight.
    pub(crate) fn poll(&mut self) -> Poll<io::Result<Ended>> {
        let Some(pipe) = &self.pipe else { panic!("nothing is in flight") };
        let Some(result) = overlapped::result(pipe.as_handle(), self.overlapped(), &self.event) else {
            return Poll::Pending;
        };
        self.pipe = None;
        Poll::Ready(result)
    }

    /// Asks the system to end the operation that is in flight, if there is one. [`poll`](Self::poll) gives its
    /// result.
    pub(crate) fn cancel(&self) {
        if let Some(pipe) = &self.pipe {
            overlapped::cancel(pipe.as_handle(), self.overlapped());
        }
    }

    /// Cancels the operation that is in flight and waits until it has ended: the result it had nevertheless.
    pub(crate) fn cancel_and_wait(&mut self) -> Option<io::Result<Ended>> {
        let pipe = self.pipe()?;
        self.cancel();
        let result = overlapped::wait_to_end(pipe.as_handle(), self.overlapped(), &self.event);
        self.pipe = None;
        Some(result)
    }

    /// Has the system's thread pool see the write that is in flight to its end, for at most `limit`: then it is cancelled. If
    /// the pool cannot be used, it is cancelled now.
    pub(crate) fn finish_in_background(mut self, limit: Duration) {
        if !self.in_flight() {
            return;
        }
        let event = Arc::clone(&self.event);
        let _ = wait::spawn(&event, limit, move |timed_out| !timed_out && self.poll().is_pending());
    }

    /// Makes the place ready for a new operation.
    ///
    /// # Panics
    /// If one is in flight.
    fn prepare(&mut self) {
        assert!(!self.in_flight(), "another operation is in flight");
        // SAFETY: nothing is in flight, so the place is `self`'s alone.
        unsafe { self.overlapped().get().write(overlapped::fresh(&self.event)) };
    }

    /// Notes what a call that starts an operation gave.
    fn track(&mut self, pipe: &Arc<OwnedHandle>, started: io::Result<Poll<()>>) -> Poll<io::Result<Ended>> {
        match started {
            Err(error) => Poll::Ready(Err(error)),
            Ok(Poll::Pending) => {
                self.pipe = Some(Arc::clone(pipe));
                Poll::Pending
            }
            Ok(Poll::Ready(())) => {
                let result = overlapped::status(pipe.as_handle(), self.overlapped());
                Poll::Ready(result.unwrap_or(Ok(Ended::Done(0))))
            }
        }
    }

    fn overlapped(&self) -> &UnsafeCell<OVERLAPPED> {
        // SAFETY: the pointer came from a `Box` that lives as long as `self`; behind `UnsafeCell`, the system may
        // write to the place meanwhile.
        unsafe { self.overlapped.as_ref() }
    }
}

/// How long dropping may take at most.
const PATIENCE: Duration = Duration::from_secs(1);

impl Operation {
    /// Has the pool wait for the operation that is in flight, and keep its memory until then. If the pool cannot be used,
    /// the memory is kept for ever.
    fn leave_to_pool(&mut self) {
        let empty = Box::new(UnsafeCell::new(OVERLAPPED::default()));
        let mut left = Some(ManuallyDrop::new(Self {
            overlapped: mem::replace(&mut self.overlapped, NonNull::from(Box::leak(empty))),
            buffer: mem::take(&mut self.buffer),
            event: Arc::clone(&self.event),
            pipe: self.pipe.take(),
        }));
        let _ = wait::spawn(&self.event, Duration::from_secs(60), move |_timed_out| {
            let in_flight = left.as_mut().is_some_and(|operation| operation.poll().is_pending());
            if !in_flight {
                drop(left.take().map(ManuallyDrop::into_inner));
            }
            in_flight
        });
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let Some(pipe) = self.pipe() {
            self.cancel();
            let deadline = deadline_after(Some(PATIENCE));
            if overlapped::wait(pipe.as_handle(), self.overlapped(), &self.event, deadline).is_none() {
                self.leave_to_pool();
            }
        }
        // SAFETY: the pointer came from a `Box`, and nothing is in flight any more.
        drop(unsafe { Box::from_raw(self.overlapped.as_ptr()) });
    }
}

impl Debug for Operation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, Operation};
    use crate::os::windows::{
        named_pipe::raw::{PairOptions, private_pair},
        sys::{
            event::deadline_after,
            pipe::{Directions, is_cancelled},
        },
    };
    use std::{
        fs::File,
        io::{self, Write},
        os::windows::io::OwnedHandle,
        sync::Arc,
        task::Poll,
        thread,
        time::{Duration, Instant},
    };

    /// What ends after its owner is gone ends well: its memory is there, and is freed with the pipe.
    #[test]
    fn an_operation_outlives_its_owner() {
        let both = Directions { receives: true, sends: true };
        let (server, client) = private_pair(both, true, false, &PairOptions::default()).unwrap();
        let pipe = Arc::new(server);
        for _ in 0..100 {
            let mut operation = Operation::new().unwrap();
            assert!(operation.read(&pipe, 1000).is_pending());
            operation.leave_to_pool();
            assert!(!operation.in_flight());
            drop(operation);
            assert_eq!(Arc::strong_count(&pipe), 2, "the pipe is kept open");
            File::from(client.try_clone().unwrap()).write_all(&[7; 1000]).unwrap();
            let begun = Instant::now();
            while Arc::strong_count(&pipe) > 1 {
                assert!(begun.elapsed() < Duration::from_secs(120), "the pipe is never let go");
                thread::yield_now();
            }
        }
    }

    fn pair() -> (Arc<OwnedHandle>, File) {
        let both = Directions { receives: true, sends: true };
        let (server, client) = private_pair(both, true, false, &PairOptions::default()).unwrap();
        (Arc::new(server), client.into())
    }

    fn end_of(operation: &mut Operation) -> io::Result<Ended> {
        loop {
            assert!(operation.event().wait(deadline_after(Some(Duration::from_secs(60)))));
            if let Poll::Ready(result) = operation.poll() {
                return result;
            }
        }
    }

    /// Windows writes the status of an operation before it signals the event: as long as it has not, the operation is in
    /// flight, or the next one would get the signal.
    #[test]
    fn a_status_without_the_signal_is_no_end() {
        let (pipe, mut client) = pair();
        let mut operation = Operation::new().unwrap();
        assert!(operation.read(&pipe, 1).is_pending());
        client.write_all(&[7]).unwrap();
        assert!(operation.event().wait(deadline_after(Some(Duration::from_secs(60)))));
        operation.event().reset();
        assert!(operation.poll().is_pending(), "the status alone counts as the end");
        operation.event().set();
        assert!(matches!(end_of(&mut operation), Ok(Ended::Done(1))));
    }

    /// A signal that is left from another operation is taken back, and nothing ends by it: neither an operation nor the
    /// process.
    #[test]
    fn a_signal_without_the_status_is_no_end() {
        let (pipe, mut client) = pair();
        let mut operation = Operation::new().unwrap();
        assert!(operation.read(&pipe, 1).is_pending());
        operation.event().set();
        assert!(operation.poll().is_pending());
        assert!(!operation.event().is_signalled(), "a task that waits for it would be woken again and again");
        client.write_all(&[7]).unwrap();
        assert!(matches!(end_of(&mut operation), Ok(Ended::Done(1))));

        assert!(operation.read(&pipe, 1).is_pending());
        operation.event().set();
        let cancelled = operation.cancel_and_wait().unwrap();
        assert!(is_cancelled(&cancelled.unwrap_err()));

        assert!(operation.read(&pipe, 1).is_pending());
        operation.event().set();
        drop(operation);
        assert_eq!(Arc::strong_count(&pipe), 1);
    }
}
