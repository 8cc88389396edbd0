//! Sending and receiving messages.
//!
//! Who receives waits with a read of no bytes. It ends when a message is there and leaves it in the pipe, unless the
//! message is empty (CPython's `multiprocessing.connection` relies on the same). Then the message is taken without
//! waiting, as a whole and with one read, because its length is known: so a message that is taken back by its sender, whose
//! time limit is over, is never there in part.

use super::{RawPipe, Settings, deadline_after, overlapped, pipe, stopped};
use crate::os::windows::{
    named_pipe::messages::Received,
    sys::overlapped::{Ended, Limits, Stopper},
};
use std::{
    io,
    os::windows::io::{AsHandle, BorrowedHandle},
    sync::{Mutex, MutexGuard, PoisonError, TryLockError, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

/// How long a message may be to be received with one read if the receiver has less room for it: the memory is this
/// program's, and the length the sender's choice.
const MOST_ASIDE: usize = 1 << 20;

/// What waiting for a message came to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// There is one in the pipe.
    Ready,
    /// There was one, without content. It is not in the pipe any more.
    Empty,
    /// There will be none.
    End,
}

impl RawPipe {
    /// Receives a message into `buffer`, and discards the part that does not fit. `None`: the end.
    pub(crate) fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        self.recv_with(Received::default(), || self.source().take(buffer))
    }

    /// Receives a message of at most `limit` bytes, instead of what `buffer` has. `None`: the end.
    pub(crate) fn recv_to_vec(&self, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Option<usize>> {
        buffer.clear();
        self.recv_with(0, || self.source().take_to_vec(buffer, limit))
    }

    fn recv_with<T>(
        &self,
        empty: T,
        mut take: impl FnMut() -> io::Result<Option<T>>,
    ) -> io::Result<Option<T>> {
        let deadline = if self.settings.nonblocking.load(Relaxed) {
            Some(Instant::now())
        } else {
            deadline_after(self.settings.read_timeout.get())
        };
        loop {
            match self.wait_for_message(deadline)? {
                Waited::End => return Ok(None),
                Waited::Empty => return Ok(Some(empty)),
                Waited::Ready => {}
            }
            let _taking = lock(&self.settings.taking);
            // Another thread may be faster, or the sender may take it back.
            if let Some(message) = take()? {
                return Ok(Some(message));
            }
        }
    }

    fn source(&self) -> Source<'_> {
        Source { handle: self.handle.as_handle(), is_server: self.is_server }
    }

    fn wait_for_message(&self, deadline: Option<Instant>) -> io::Result<Waited> {
        let settings = &*self.settings;
        if settings.reads.is_stopped() {
            return Ok(Waited::End);
        }
        let limits = Limits { deadline, stopper: &settings.reads };
        match overlapped::read(self.handle.as_handle(), &mut [], limits) {
            Ok(Ended::Partial(_)) => Ok(Waited::Ready),
            Ok(Ended::Done(_)) => Ok(Waited::Empty),
            Ok(Ended::Stopped) => Ok(Waited::End),
            Ok(Ended::TimedOut) => {
                Err(settings.too_late("receiving a message from a named pipe took too long"))
            }
            Err(error) if pipe::is_end(&error) => Ok(Waited::End),
            Err(error) => Err(pipe::read_error(error)),
        }
    }

    /// Sends a message, wholly or not at all.
    pub(crate) fn send(&self, message: &[u8]) -> io::Result<usize> {
        let settings = &*self.settings;
        if settings.writes.is_stopped() {
            return Err(stopped());
        }
        check_length(message)?;
        let deadline = if settings.nonblocking.load(Relaxed) {
            Some(Instant::now())
        } else {
            deadline_after(settings.write_timeout.get())
        };
        let limits = Limits { deadline, stopper: &settings.writes };
        match overlapped::write(self.handle.as_handle(), message, limits) {
            Ok(Ended::Done(bytes)) if bytes == message.len() => Ok(bytes),
            // Somebody set PIPE_NOWAIT. A message that does not fit is not sent then.
            Ok(Ended::Done(_) | Ended::Partial(_)) => Err(io::ErrorKind::WouldBlock.into()),
            Ok(Ended::Stopped) => Err(stopped()),
            Ok(Ended::TimedOut) => Err(settings.too_late("sending a message to a named pipe took too long")),
            Err(error) => Err(pipe::write_error(error)),
        }
    }

    /// Sends a message and receives the one that comes back.
    pub(crate) fn transact(&self, request: &[u8], reply: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        let settings = &*self.settings;
        reply.clear();
        if settings.reads.is_stopped() || settings.writes.is_stopped() {
            return Err(stopped());
        }
        check_length(request)?;
        let _transaction = match settings.transaction.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
        };
        let deadline = deadline_after(settings.read_timeout.get());
        let limits = Limits { deadline, stopper: &settings.reads };
        match overlapped::transact(self.handle.as_handle(), request, limits) {
            Ok(Ended::Partial(_)) => {}
            Ok(Ended::Done(_)) => return Ok(0),
            Ok(Ended::Stopped) => return Err(stopped()),
            Ok(Ended::TimedOut) => {
                let late = "waiting for the reply to a message took too long";
                return Err(io::Error::new(io::ErrorKind::TimedOut, late));
            }
            Err(error) => return Err(transact_error(error)),
        }
        let _taking = lock(&settings.taking);
        self.source().take_to_vec(reply, limit)?.ok_or_else(no_reply)
    }
}

impl Settings {
    /// The error of an operation that did not end in time.
    fn too_late(&self, what: &'static str) -> io::Error {
        if self.nonblocking.load(Relaxed) {
            io::ErrorKind::WouldBlock.into()
        } else {
            io::Error::new(io::ErrorKind::TimedOut, what)
        }
    }
}

fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An end from which messages are taken.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) handle: BorrowedHandle<'a>,
    pub(crate) is_server: bool,
}

impl Source<'_> {
    /// Takes the message that is in the pipe, if it still is, and discards what does not fit. Does not wait.
    pub(crate) fn take(self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        let Some(left) = self.peek()? else {
            return Ok(None);
        };
        if (buffer.len() + 1..=MOST_ASIDE).contains(&left) {
            return self.take_aside(buffer, left);
        }
        let too_long = left.checked_sub(buffer.len());
        match self.read_now(buffer, left)? {
            None => Ok(None),
            Some(Ended::Partial(length)) => {
                let message_length = length + self.discard_rest(too_long)?;
                Ok(Some(Received { length, message_length }))
            }
            Some(ended) => {
                let length = moved(ended);
                Ok(Some(Received { length, message_length: length }))
            }
        }
    }

    /// The same for a message that does not fit. With one read: between two, its sender may take it back and send another,
    /// whose beginning would pass for its end.
    fn take_aside(self, buffer: &mut [u8], left: usize) -> io::Result<Option<Received>> {
        let mut whole = vec![0; left];
        let Some(ended) = self.read_now(&mut whole, left)? else {
            return Ok(None);
        };
        let rest = if let Ended::Partial(_) = ended { self.discard_rest(None)? } else { 0 };
        let length = moved(ended).min(buffer.len());
        buffer[..length].copy_from_slice(&whole[..length]);
        Ok(Some(Received { length, message_length: moved(ended) + rest }))
    }

    /// Takes the message that is in the pipe, if it still is and is not too long. Does not wait. `buffer` must be empty,
    /// and is so after an error.
    pub(crate) fn take_to_vec(self, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Option<usize>> {
        let result = self.take_whole(buffer, limit);
        let length = if let Ok(Some(length)) = &result { *length } else { 0 };
        buffer.truncate(length);
        result
    }

    fn take_whole(self, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Option<usize>> {
        let mut length = 0;
        loop {
            let left = match self.peek()? {
                Some(left) => left,
                None if length == 0 => return Ok(None),
                None => return Err(cut()),
            };
            let whole = length + left;
            if whole > limit {
                if length > 0 {
                    self.discard_rest(Some(left))?;
                }
                let reason = format!("a message of {whole} bytes is longer than allowed ({limit})");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            buffer.resize(whole, 0);
            match self.read_now(&mut buffer[length..], left)? {
                None if length == 0 => return Ok(None),
                None => return Err(cut()),
                // It is longer: it came after the other one was taken back.
                Some(Ended::Partial(bytes)) => length += bytes,
                Some(ended) => return Ok(Some(length + moved(ended))),
            }
        }
    }

    /// The length of the message in the pipe, or 0 if there is none. `None`: the end, which those who wait again find.
    fn peek(self) -> io::Result<Option<usize>> {
        match pipe::peek_message(self.handle) {
            Ok(left) => Ok(Some(left)),
            Err(error) if pipe::is_end(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the rest of a message: how long it was. If that is known and not what is there, then what is there is another
    /// message.
    fn discard_rest(self, known: Option<usize>) -> io::Result<usize> {
        let mut discarded = 0;
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let left = self.peek()?.ok_or_else(cut)?;
            if known.is_some_and(|known| known - discarded != left) {
                return Err(cut());
            }
            match self.read_now(&mut buffer, left)? {
                None => return Err(cut()),
                Some(Ended::Partial(bytes)) => discarded += bytes,
                Some(ended) => return Ok(discarded + moved(ended)),
            }
        }
    }

    /// Reads what is there: a message that has `left` bytes. `None`: there is nothing now.
    fn read_now(self, buffer: &mut [u8], left: usize) -> io::Result<Option<Ended>> {
        /// From another computer it takes a moment, and to cancel that could lose it. Only a server can be there, so no
        /// client can hold up its server for so long by taking messages back.
        const FROM_ELSEWHERE: Duration = Duration::from_secs(1);
        static NEVER: Stopper = Stopper::new();
        let patience = if self.is_server || left == 0 { Duration::ZERO } else { FROM_ELSEWHERE };
        let limits = Limits { deadline: deadline_after(Some(patience)), stopper: &NEVER };
        // Of what came since, nothing is taken: its length is not known.
        let buffer = if left == 0 { &mut [][..] } else { buffer };
        match overlapped::read(self.handle, buffer, limits) {
            Ok(Ended::TimedOut | Ended::Stopped) => Ok(None),
            Ok(Ended::Partial(_)) if left == 0 => Ok(None),
            Ok(ended) => Ok(Some(ended)),
            Err(error) if pipe::is_end(&error) => Ok(None),
            Err(error) => Err(pipe::read_error(error)),
        }
    }
}

fn moved(ended: Ended) -> usize {
    match ended {
        Ended::Done(bytes) | Ended::Partial(bytes) => bytes,
        Ended::TimedOut | Ended::Stopped => 0,
    }
}

/// Whether one call can send the message.
pub(crate) fn check_length(message: &[u8]) -> io::Result<()> {
    if u32::try_from(message.len()).is_ok() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "a message for a named pipe is longer than 4 GiB"))
}

/// The error of a message of which a part was received when its sender took it back, or ended.
fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the sender of a message gave up while it was received")
}

/// A failed transaction.
pub(crate) fn transact_error(error: io::Error) -> io::Error {
    if pipe::is_busy(&error) { busy() } else { pipe::write_error(error) }
}

/// The error of a transaction while another message is in the pipe, or waited for.
pub(crate) fn busy() -> io::Error {
    let reason =
        "a message was not received yet, or is waited for, so that a reply could not be told from it";
    io::Error::new(io::ErrorKind::ResourceBusy, reason)
}

/// The error of a transaction whose reply is not there.
pub(crate) fn no_reply() -> io::Error {
    io::Error::other("the reply to a message was received by somebody else")
}
