//! What a pipe stream does for tasks, whatever its modes are and whatever runtime polls it.
#![cfg_attr(not(feature = "tokio"), allow(dead_code))] // The tests' adapter uses less.

mod messages;

use crate::{
    os::windows::{
        named_pipe::raw::{self, LINGER, MOST_KEPT, no_half_close, stopped},
        sys::{operation::Operation, overlapped::Ended, pipe, wait::Waiter},
    },
    sync::Mutex,
};
use std::{
    io::{self, IoSlice},
    net::Shutdown,
    ops::Range,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    sync::{Arc, MutexGuard, OnceLock},
    task::{Context, Poll, Waker, ready},
};

/// The most that one read asks for.
const MOST_READ: usize = 64 * 1024;
/// A read that follows one of fewer bytes asks for less than the pipe's size, and for half of the usual one at most: Windows
/// takes what a waiting read asks for off the space that it reports to the writer, which then takes a longer way.
const MANY: usize = 16 * 1024;

/// One end of a named pipe, opened for overlapped operations. The two directions are independent.
#[derive(Debug)]
pub(crate) struct AsyncPipe {
    handle: Arc<OwnedHandle>,
    is_server: bool,
    /// Whether the server may be on another computer; for clients that receive messages.
    remote: OnceLock<bool>,
    /// The size of the pipe in the direction in which this end receives; 0 if it has none or the system does not tell.
    size: OnceLock<usize>,
    reader: Mutex<Reader>,
    writer: Mutex<Writer>,
}

/// The receiving direction.
#[derive(Debug, Default)]
struct Reader {
    place: Place,
    /// The part of the place's buffer that was read by the system and not yet by the user.
    unread: Range<usize>,
    /// How many bytes the last read got.
    last: usize,
    stopped: bool,
    /// The operation waits for messages.
    messages: bool,
    /// The operation is a transaction that waits for its reply.
    transacts: bool,
    /// A message without content was taken by a wait and not yet by the user.
    empty_message: bool,
}

/// The sending direction.
#[derive(Debug, Default)]
struct Writer {
    place: Place,
    stopped: bool,
}

/// A place for an operation and for those who wait for it, made when first needed.
#[derive(Debug, Default)]
struct Place {
    operation: Option<Operation>,
    waiter: Option<Waiter>,
}

impl Place {
    fn operation(&mut self) -> io::Result<&mut Operation> {
        match &mut self.operation {
            Some(operation) => Ok(operation),
            none => Ok(none.insert(Operation::new()?)),
        }
    }

    /// The result of the operation that is in flight; `None` if none is. While it is, `waker` will be woken.
    fn poll(&mut self, waker: &Waker) -> Poll<Option<io::Result<Ended>>> {
        let Some(operation) = self.operation.as_mut().filter(|operation| operation.in_flight()) else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(result) = operation.poll() {
            return Poll::Ready(Some(result));
        }
        let waiter = match &self.waiter {
            Some(waiter) => waiter,
            None => match Waiter::new(operation.event()) {
                Ok(waiter) => self.waiter.insert(waiter),
                Err(error) => return Poll::Ready(Some(Err(error))),
            },
        };
        waiter.wake_when_signalled(waker);
        Poll::Pending
    }

    /// Cancels what is in flight and wakes all who wait.
    fn stop(&self) {
        if let Some(operation) = &self.operation {
            operation.cancel();
        }
        if let Some(waiter) = &self.waiter {
            waiter.wake_all();
        }
    }
}

impl AsyncPipe {
    /// Wraps an end of a pipe. The handle must be overlapped.
    pub(crate) fn new(handle: OwnedHandle, is_server: bool) -> Self {
        let (reader, writer) = (Mutex::default(), Mutex::default());
        let (remote, size) = (OnceLock::new(), OnceLock::new());
        Self { handle: Arc::new(handle), is_server, remote, size, reader, writer }
    }

    pub(crate) fn is_server(&self) -> bool {
        self.is_server
    }

    /// Reads at most `wanted` bytes, or gives what an earlier read was dropped with. `take` is given bytes if there are any,
    /// and says how many it has taken; the others stay for the next read. It is not called at the end, and if no bytes
    /// are wanted.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wanted: usize,
        take: impl FnOnce(&[u8]) -> usize,
    ) -> Poll<io::Result<()>> {
        let reader = &mut *self.reader();
        loop {
            if wanted == 0 || reader.stopped {
                return Poll::Ready(Ok(()));
            }
            if let Some(unread) = reader.unread() {
                let taken = take(unread);
                reader.unread.start += taken;
                return Poll::Ready(Ok(()));
            }
            let result = match ready!(reader.place.poll(cx.waker())) {
                Some(result) => result,
                None => {
                    let wanted = wanted.min(self.most_read(reader.last));
                    match reader.place.operation()?.read(&self.handle, wanted) {
                        Poll::Ready(result) => result,
                        // Once more, to be woken.
                        Poll::Pending => continue,
                    }
                }
            };
            match result {
                // Nothing is no end: the peer wrote nothing (Microsoft: "ReadFile function", Pipes).
                Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => {
                    (reader.unread, reader.last) = (0..bytes, bytes);
                }
                Ok(Ended::TimedOut | Ended::Stopped) => {}
                // The thread that started it has ended. Nothing was read: again, on this one.
                Err(error) if pipe::is_cancelled(&error) => {}
                Err(error) if pipe::is_end(&error) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(pipe::read_error(error))),
            }
        }
    }

    /// Waits until there is something to read, or nothing will come any more.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_read(cx, MOST_READ, |_| 0)
    }

    /// The most that a read asks for if the last one got so many bytes.
    fn most_read(&self, last: usize) -> usize {
        let size = *self.size.get_or_init(|| pipe::receiving_size(self.handle.as_handle()).unwrap_or(0));
        // Of a pipe without a size nothing is in the account.
        if size < 2 || last >= MANY { MOST_READ } else { (MOST_READ / 2).min(size - 1) }
    }

    /// Writes some of the slices' bytes. What is written may still be waiting for space in the pipe: at most as much as
    /// [`poll_flush`](Self::poll_flush) waits for.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let writer = &mut *self.writer();
        if writer.stopped {
            return Poll::Ready(Err(stopped()));
        }
        let total = slices.iter().map(|slice| slice.len()).fold(0, usize::saturating_add).min(MOST_KEPT);
        if total == 0 {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_finish(cx, writer))?;
        Poll::Ready(match writer.place.operation()?.write(&self.handle, slices, total) {
            Poll::Pending => Ok(total),
            Poll::Ready(written) => raw::written(written),
        })
    }

    /// Waits until everything that was written is in the pipe.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_finish(cx, &mut self.writer())
    }

    /// Flushes, and refuses writes from then on.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let writer = &mut *self.writer();
        ready!(self.poll_finish(cx, writer))?;
        writer.stopped = true;
        Poll::Ready(Ok(()))
    }

    /// Waits for the write that is in flight, if one is.
    fn poll_finish(&self, cx: &mut Context<'_>, writer: &mut Writer) -> Poll<io::Result<()>> {
        Poll::Ready(match ready!(writer.place.poll(cx.waker())) {
            Some(Err(_)) if writer.stopped => Err(stopped()),
            Some(result) => raw::written(result).map(drop),
            None => Ok(()),
        })
    }

    /// Ends the stream for this process; see `PipeStream::shutdown_now`.
    pub(crate) fn shutdown_now(&self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Write {
            return Err(no_half_close());
        }
        // First, as a task that is woken in a read may write.
        if how == Shutdown::Both {
            let mut writer = self.writer();
            writer.stopped = true;
            writer.place.stop();
        }
        let mut reader = self.reader();
        reader.stopped = true;
        reader.place.stop();
        Ok(())
    }

    /// Gives the handle, if nothing is on its way: otherwise the stream is given back.
    pub(crate) fn into_handle(mut self) -> Result<OwnedHandle, Box<(Self, io::Error)>> {
        if let Err(error) = self.settle() {
            return Err(Box::new((self, error)));
        }
        drop((self.reader, self.writer));
        match Arc::into_inner(self.handle) {
            Some(handle) => Ok(handle),
            None => unreachable!("only an operation in flight shares the handle, and none is"),
        }
    }

    /// Makes sure that nothing is on its way: cancels a read that waits, as that takes no byte.
    fn settle(&mut self) -> io::Result<()> {
        let busy = |what| Err(io::Error::new(io::ErrorKind::ResourceBusy, what));
        match self.poll_flush(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => return busy("the named pipe stream has not finished a write: flush it first"),
            Poll::Ready(flushed) => flushed?,
        }
        let reader = self.reader.get_mut();
        let read = reader.place.operation.as_mut().and_then(Operation::cancel_and_wait);
        match read {
            Some(Ok(Ended::Done(_))) if reader.messages => reader.empty_message = true,
            Some(Ok(Ended::Done(bytes) | Ended::Partial(bytes))) => reader.unread = 0..bytes,
            _ => {}
        }
        if !reader.unread.is_empty() || reader.empty_message {
            return busy("the named pipe stream has received something that was not read yet");
        }
        Ok(())
    }

    fn reader(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock()
    }
}

impl AsHandle for AsyncPipe {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

impl Reader {
    /// Bytes that were read before, if there are any.
    fn unread(&self) -> Option<&[u8]> {
        let operation = self.place.operation.as_ref().filter(|_| !self.unread.is_empty())?;
        Some(&operation.buffer()[self.unread.clone()])
    }
}

/// Lets the system finish a write after its stream was dropped, without blocking anybody.
impl Drop for Writer {
    fn drop(&mut self) {
        self.place.waiter = None;
        if let Some(operation) = self.place.operation.take().filter(|_| !self.stopped) {
            operation.finish_in_background(LINGER);
        }
    }
}
