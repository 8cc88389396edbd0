//! Sending and receiving messages.
//!
//! What waits in the pipe's operation is a read of no bytes, or a transaction that receives no bytes: either ends when a
//! message is there, and leaves it in the pipe. So a future that is dropped has not taken anything, but for an empty
//! message, which is noted.

use super::{AsyncPipe, Ended, Reader, pipe, stopped};
use crate::os::windows::named_pipe::raw::{
    Received, Source, Waited, busy, check_length, no_reply, transact_error,
};
use std::{
    io::{self, IoSlice},
    mem,
    os::windows::io::AsHandle,
    task::{Context, Poll, ready},
};

impl AsyncPipe {
    /// Receives a message into `buffer`, and discards the part that does not fit. `None`: the end.
    pub(crate) fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Option<Received>>> {
        self.poll_recv_with(cx, Received::default(), || self.source().take(buffer))
    }

    /// Receives a message of at most `limit` bytes, instead of what `buffer` has. `None`: the end.
    pub(crate) fn poll_recv_to_vec(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<u8>,
        limit: usize,
    ) -> Poll<io::Result<Option<usize>>> {
        buffer.clear();
        self.poll_recv_with(cx, 0, || self.source().take_to_vec(buffer, limit))
    }

    fn poll_recv_with<T>(
        &self,
        cx: &mut Context<'_>,
        empty: T,
        mut take: impl FnMut() -> io::Result<Option<T>>,
    ) -> Poll<io::Result<Option<T>>> {
        let reader = &mut *self.reader();
        loop {
            match ready!(self.poll_message(cx, reader))? {
                Waited::End => return Poll::Ready(Ok(None)),
                Waited::Empty => return Poll::Ready(Ok(Some(empty))),
                Waited::Ready => {}
            }
            // The sender may have taken it back.
            if let Some(message) = take()? {
                return Poll::Ready(Ok(Some(message)));
            }
        }
    }

    fn source(&self) -> Source<'_> {
        Source::new(self.as_handle(), self.is_server, &self.remote)
    }

    /// Waits for a message.
    fn poll_message(&self, cx: &mut Context<'_>, reader: &mut Reader) -> Poll<io::Result<Waited>> {
        loop {
            if mem::take(&mut reader.empty_message) {
                return Poll::Ready(Ok(Waited::Empty));
            }
            if reader.stopped {
                return Poll::Ready(Ok(Waited::End));
            }
            let result = match ready!(reader.place.poll(cx.waker())) {
                Some(result) => result,
                None => match reader.wait_for_message(self)? {
                    Poll::Ready(result) => result,
                    // Once more, to be woken.
                    Poll::Pending => continue,
                },
            };
            reader.transacts = false;
            match result {
                Ok(Ended::Partial(_)) => return Poll::Ready(Ok(Waited::Ready)),
                Ok(Ended::Done(_)) => return Poll::Ready(Ok(Waited::Empty)),
                Ok(Ended::TimedOut | Ended::Stopped) => {}
                // The thread that started it has ended: again, on this one.
                Err(error) if pipe::is_cancelled(&error) => {}
                Err(error) if pipe::is_end(&error) => return Poll::Ready(Ok(Waited::End)),
                Err(error) => return Poll::Ready(Err(pipe::read_error(error))),
            }
        }
    }

    /// Sends a message when the one before it is in the pipe. It may still be waiting for space then:
    /// [`poll_flush`](Self::poll_flush) waits for that.
    pub(crate) fn poll_send(&self, cx: &mut Context<'_>, message: &[u8]) -> Poll<io::Result<usize>> {
        let writer = &mut *self.writer();
        if writer.stopped {
            return Poll::Ready(Err(stopped()));
        }
        check_length(message)?;
        ready!(self.poll_finish(cx, writer))?;
        let operation = writer.place.operation()?;
        Poll::Ready(match operation.write(&self.handle, &[IoSlice::new(message)], message.len()) {
            Poll::Pending => Ok(message.len()),
            Poll::Ready(Ok(Ended::Done(bytes))) if bytes == message.len() => Ok(bytes),
            // Somebody set PIPE_NOWAIT. A message that does not fit is not sent then.
            Poll::Ready(Ok(_)) => Err(io::ErrorKind::WouldBlock.into()),
            Poll::Ready(Err(error)) => Err(pipe::write_error(error)),
        })
    }

    /// Sends a message and receives the one that comes back. `started` is the caller's note that the first is sent.
    pub(crate) fn poll_transact(
        &self,
        cx: &mut Context<'_>,
        request: &[u8],
        started: &mut bool,
        reply: &mut Vec<u8>,
        limit: usize,
    ) -> Poll<io::Result<usize>> {
        reply.clear();
        if !*started {
            let writer = &mut *self.writer();
            if writer.stopped {
                return Poll::Ready(Err(stopped()));
            }
            check_length(request)?;
            ready!(self.poll_finish(cx, writer))?;
            // The writer stays locked until the request is sent, so that no message comes between.
            let reader = &mut *self.reader();
            reader.prepare_transaction()?;
            let operation = reader.place.operation()?;
            match operation.transact(&self.handle, request) {
                Poll::Ready(result) => return Poll::Ready(self.reply(result, reply, limit)),
                Poll::Pending => (*started, reader.transacts, reader.messages) = (true, true, true),
            }
        }
        let reader = &mut *self.reader();
        loop {
            if reader.stopped {
                return Poll::Ready(Err(stopped()));
            }
            if !mem::take(&mut reader.transacts) {
                return Poll::Ready(Err(no_reply()));
            }
            let polled = reader.place.poll(cx.waker());
            reader.transacts = polled.is_pending();
            let result = match ready!(polled) {
                // The thread that started it has ended. The request is sent: goes on waiting, on this one.
                Some(Err(error)) if pipe::is_cancelled(&error) => match reader.wait_for_message(self)? {
                    Poll::Ready(result) => result,
                    Poll::Pending => {
                        reader.transacts = true;
                        continue;
                    }
                },
                Some(result) => result,
                None => return Poll::Ready(Err(no_reply())),
            };
            return Poll::Ready(self.reply(result, reply, limit));
        }
    }

    /// Takes the reply that a transaction has waited for.
    fn reply(&self, waited: io::Result<Ended>, reply: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        match waited {
            Ok(Ended::Partial(_)) => self.source().take_to_vec(reply, limit)?.ok_or_else(no_reply),
            Ok(_) => Ok(0),
            Err(error) => Err(transact_error(error)),
        }
    }
}

impl Reader {
    /// Starts to wait for a message, which stays in the pipe.
    fn wait_for_message(&mut self, pipe: &AsyncPipe) -> io::Result<Poll<io::Result<Ended>>> {
        self.messages = true;
        Ok(self.place.operation()?.read(&pipe.handle, 0))
    }

    /// Makes sure that the next message that comes is the reply to the next that is sent, as far as this end knows.
    fn prepare_transaction(&mut self) -> io::Result<()> {
        if self.stopped {
            return Err(stopped());
        }
        if self.transacts {
            return Err(busy());
        }
        // A receive that was dropped may still be waiting. To Windows that is as much a hindrance as a message.
        let waited = self.place.operation.as_mut().and_then(|operation| operation.cancel_and_wait());
        match waited {
            Some(Ok(Ended::Done(_))) => self.empty_message = true,
            Some(Ok(Ended::Partial(_))) => return Err(busy()),
            _ => {}
        }
        if self.empty_message { Err(busy()) } else { Ok(()) }
    }
}
