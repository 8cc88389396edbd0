//! What a pipe stream does under Tokio, whatever its modes are.

mod messages;

use crate::os::windows::{
    named_pipe::raw::{no_half_close, stopped, write_what_fits},
    sys::{
        operation::Operation,
        overlapped::Ended,
        pipe::{self, Space},
        wait::{self, Waiter},
    },
};
use std::{
    io::{self, IoSlice},
    net::Shutdown,
    ops::Range,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};
use tokio::io::ReadBuf;

/// The most that one read asks for. Half of a pipe of the usual size: Windows takes what a waiting read asks for off the
/// space that it reports to the writer.
const MOST_READ: usize = 32 * 1024;
/// The most that one write moves.
const MOST_WRITTEN: usize = 64 * 1024;
/// How long the system goes on with a write after its stream was dropped.
const LINGER: Duration = Duration::from_secs(60);

/// One end of a named pipe, opened for overlapped operations. The two directions are independent.
#[derive(Debug)]
pub(crate) struct AsyncPipe {
    handle: Arc<OwnedHandle>,
    is_server: bool,
    /// Whether the server may be on another computer; for clients that receive messages.
    remote: OnceLock<bool>,
    reader: Mutex<Reader>,
    writer: Mutex<Writer>,
}

/// The receiving direction.
#[derive(Debug, Default)]
struct Reader {
    place: Place,
    /// The part of the place's buffer that was read by the system and not yet by the user.
    unread: Range<usize>,
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
    /// The operation writes messages.
    messages: bool,
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
        Self { handle: Arc::new(handle), is_server, remote: OnceLock::new(), reader, writer }
    }

    pub(crate) fn is_server(&self) -> bool {
        self.is_server
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let reader = &mut *self.reader();
        loop {
            if buffer.remaining() == 0 || reader.give(buffer) || reader.stopped {
                return Poll::Ready(Ok(()));
            }
            let result = match ready!(reader.place.poll(cx.waker())) {
                Some(result) => result,
                None => {
                    let wanted = buffer.remaining().min(MOST_READ);
                    match reader.place.operation()?.read(&self.handle, wanted) {
                        Poll::Ready(result) => result,
                        // Once more, to be woken.
                        Poll::Pending => continue,
                    }
                }
            };
            match result {
                // Nothing is no end: the peer wrote nothing (Microsoft: "ReadFile function", Pipes).
                Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => reader.unread = 0..bytes,
                Ok(Ended::TimedOut | Ended::Stopped) => {}
                // The thread that started it has ended. Nothing was read: again, on this one.
                Err(error) if pipe::is_cancelled(&error) => {}
                Err(error) if pipe::is_end(&error) => return Poll::Ready(Ok(())),
                Err(error) => return Poll::Ready(Err(pipe::read_error(error))),
            }
        }
    }

    /// Writes some of the slices' bytes. What is written may still be waiting for space in the pipe: at most as much as
    /// [`poll_flush`](Self::poll_flush) waits for.
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let writer = &mut *self.writer();
        if writer.stopped {
            return Poll::Ready(Err(stopped()));
        }
        let total = slices.iter().map(|slice| slice.len()).fold(0, usize::saturating_add).min(MOST_WRITTEN);
        if total == 0 {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_finish(cx, writer))?;
        match self.write(writer, slices, total) {
            Ok(bytes) => Poll::Ready(Ok(bytes)),
            Err(error) => Poll::Ready(Err(pipe::write_error(error))),
        }
    }

    /// Writes what fits; if that is nothing, lets one byte wait for space.
    ///
    /// More than one would be a risk: Windows cancels what a thread has in flight when the thread ends, which is not in
    /// our hands, and does not say how much of a cancelled write the peer has read. Of one byte it is known.
    fn write(&self, writer: &mut Writer, slices: &[IoSlice<'_>], total: usize) -> io::Result<usize> {
        let operation = writer.place.operation()?;
        let mut written = 0;
        while written < total {
            let left = total - written;
            let space = pipe::space(self.handle.as_handle()).unwrap_or(Space::Unknown);
            let wanted = match space {
                // 0 can also mean that the peer waits in a big read. Then the byte arrives at once, and the space shows.
                Space::Bytes(bytes) => bytes.clamp(1, left),
                // Wine. Should such a write be cancelled, that is an error below.
                Space::Unknown => left,
                Space::Denied => match self.write_without_waiting(operation, slices, written, left)? {
                    0 => 1,
                    bytes => return Ok(written + bytes),
                },
            };
            match operation.write(&self.handle, slices, written, wanted) {
                Poll::Pending => return Ok(written + wanted),
                Poll::Ready(Ok(Ended::Done(bytes) | Ended::Partial(bytes))) => written += bytes,
                Poll::Ready(Ok(Ended::TimedOut | Ended::Stopped)) => break,
                // What is in the pipe was written; the next call meets the error again.
                Poll::Ready(Err(_)) if written > 0 => break,
                Poll::Ready(Err(error)) => return Err(error),
            }
            if space != Space::Bytes(0) {
                break;
            }
        }
        Ok(written)
    }

    /// Writes what fits into a send-only end, of which Windows does not tell the space. The setting that is changed for a
    /// moment disturbs no reader.
    fn write_without_waiting(
        &self,
        operation: &mut Operation,
        slices: &[IoSlice<'_>],
        skip: usize,
        length: usize,
    ) -> io::Result<usize> {
        pipe::set_no_wait(self.handle.as_handle(), true)?;
        let result = write_what_fits(length, |length| {
            match operation.write(&self.handle, slices, skip, length) {
                Poll::Ready(Ok(Ended::Done(bytes) | Ended::Partial(bytes))) => Ok(bytes),
                Poll::Ready(Ok(Ended::TimedOut | Ended::Stopped)) => Ok(0),
                Poll::Ready(Err(error)) => Err(error),
                // Does not happen. If it did, all would be on its way.
                Poll::Pending => Ok(length),
            }
        });
        pipe::set_no_wait(self.handle.as_handle(), false)?;
        result
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
        while let Some(result) = ready!(writer.place.poll(cx.waker())) {
            if let Some(result) = writer.settle(&self.handle, result)? {
                return Poll::Ready(result);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the stream for this process; see `PipeStream::shutdown_now`.
    pub(crate) fn shutdown_now(&self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Write {
            return Err(no_half_close());
        }
        let mut reader = self.reader();
        reader.stopped = true;
        reader.place.stop();
        drop(reader);
        if how == Shutdown::Both {
            let mut writer = self.writer();
            writer.stopped = true;
            writer.place.stop();
        }
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
        let reader = self.reader.get_mut().unwrap_or_else(PoisonError::into_inner);
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
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsHandle for AsyncPipe {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

impl Reader {
    /// Gives bytes that were read before, if there are any.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let Some(operation) = self.place.operation.as_ref().filter(|_| !self.unread.is_empty()) else {
            return false;
        };
        let count = self.unread.len().min(buffer.remaining());
        let end = self.unread.start + count;
        buffer.put_slice(&operation.buffer()[self.unread.start..end]);
        self.unread.start = end;
        true
    }
}

impl Writer {
    /// Looks at the result of a write that was in flight. `None`: it was started again.
    fn settle(
        &mut self,
        handle: &Arc<OwnedHandle>,
        result: io::Result<Ended>,
    ) -> io::Result<Option<io::Result<()>>> {
        match result {
            Err(_) if self.stopped => Ok(Some(Err(stopped()))),
            Err(error) if pipe::is_cancelled(&error) => match self.restart(handle)? {
                Poll::Pending => Ok(None),
                Poll::Ready(result) => self.settle(handle, result),
            },
            Err(error) => Ok(Some(Err(pipe::write_error(error)))),
            Ok(_) => Ok(Some(Ok(()))),
        }
    }

    fn restart(&mut self, handle: &Arc<OwnedHandle>) -> io::Result<Poll<io::Result<Ended>>> {
        let messages = self.messages;
        Ok(restart(self.place.operation()?, handle, messages))
    }
}

/// Starts a write again that Windows cancelled because its thread has ended, if it is known that none of it was read: who
/// receives a message takes it whole.
fn restart(operation: &mut Operation, handle: &Arc<OwnedHandle>, messages: bool) -> Poll<io::Result<Ended>> {
    if operation.buffer().len() > 1 && !messages {
        let lost = "the thread that started to write to a named pipe has ended before the write did";
        return Poll::Ready(Err(io::Error::new(io::ErrorKind::BrokenPipe, lost)));
    }
    operation.write_again(handle)
}

/// Lets the system finish a write after its stream was dropped, without blocking anybody.
impl Drop for Writer {
    fn drop(&mut self) {
        self.place.waiter = None;
        let Some(mut operation) = self.place.operation.take().filter(|_| !self.stopped) else {
            return;
        };
        let Some(handle) = operation.pipe() else {
            return;
        };
        let event = Arc::clone(operation.event());
        let messages = self.messages;
        // If the pool cannot be used, the write is cancelled: dropping must not block.
        let _ = wait::spawn(&event, LINGER, move |timed_out| {
            if timed_out || !operation.in_flight() {
                return false;
            }
            match operation.poll() {
                Poll::Pending => true,
                Poll::Ready(Err(error)) if pipe::is_cancelled(&error) => {
                    restart(&mut operation, &handle, messages).is_pending()
                }
                Poll::Ready(_) => false,
            }
        });
    }
}
