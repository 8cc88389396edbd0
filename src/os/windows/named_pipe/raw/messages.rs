//! Sending and receiving messages.
//!
//! Who receives waits with a read of no bytes. It ends when a message is there and leaves it in the pipe, unless the
//! message is empty (CPython's `multiprocessing.connection` relies on the same). Then the message is taken without
//! waiting, as a whole and with one read, because its length is known: so a message that is taken back by its sender, whose
//! time limit is over, is never there in part. Only of long messages that are not wanted whole it is done in pieces.

use super::{RawPipe, deadline_after, overlapped, pipe, stopped};
use crate::{
    os::windows::sys::{
        handle,
        overlapped::{Ended, Limits, Stopper},
    },
    random,
};
use std::{
    io,
    os::windows::io::{AsHandle, BorrowedHandle},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// What a receive into a buffer of fixed size got.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Received {
    /// How many bytes of the message are at the start of the buffer.
    pub length: usize,
    /// How many bytes the message had.
    pub message_length: usize,
}

impl Received {
    /// Whether the buffer was too small, so that the rest of the message is lost.
    pub fn is_truncated(self) -> bool {
        self.length < self.message_length
    }
}

/// The most that is received with one read of a message for which the receiver has less room: the memory is this program's,
/// and the length the sender's choice.
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
        let deadline = self.settings.deadline(&self.settings.read_timeout);
        loop {
            match self.wait_for_message(deadline)? {
                Waited::End => return Ok(None),
                Waited::Empty => return Ok(Some(empty)),
                Waited::Ready => {}
            }
            let _taking = self.settings.taking.lock();
            // Another thread may be faster, or the sender may take it back.
            if let Some(message) = take()? {
                return Ok(Some(message));
            }
        }
    }

    fn source(&self) -> Source<'_> {
        Source::new(self.handle.as_handle(), self.is_server, &self.settings.remote)
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
        let deadline = settings.deadline(&settings.write_timeout);
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
        let _transaction = settings.transaction.try_lock().ok_or_else(busy)?;
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
        let _taking = settings.taking.lock();
        self.source().take_to_vec(reply, limit)?.ok_or_else(no_reply)
    }
}

/// An end from which messages are taken.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Source<'a> {
    handle: BorrowedHandle<'a>,
    /// How long to wait for a message that is there.
    patience: Duration,
}

impl<'a> Source<'a> {
    /// Of a client the system is asked whether its server may be on another computer, and `remote` keeps the answer.
    pub(crate) fn new(handle: BorrowedHandle<'a>, is_server: bool, remote: &OnceLock<bool>) -> Self {
        /// From another computer a read takes a moment, and to cancel it could lose the message. Only a server can be
        /// there, so no client can hold up its server for so long by taking messages back.
        const FROM_ELSEWHERE: Duration = Duration::from_secs(1);
        let ask = || handle::is_remote(handle).unwrap_or(true);
        let remote = !is_server && *remote.get_or_init(ask);
        Self { handle, patience: if remote { FROM_ELSEWHERE } else { Duration::ZERO } }
    }

    /// Takes the message that is in the pipe, if it still is, and discards what does not fit. Does not wait.
    pub(crate) fn take(self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        match self.peek()? {
            None => Ok(None),
            Some(0) => Ok(self.take_nothing()?.then(Received::default)),
            Some(left) => take_pieces(buffer, left, |piece| self.read_now(piece)),
        }
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
                Some(0) if length == 0 => return Ok(self.take_nothing()?.then_some(0)),
                None if length == 0 => return Ok(None),
                Some(0) | None => return Err(cut()),
                Some(left) => left,
            };
            let whole = length + left;
            if whole > limit {
                if length > 0 {
                    discard_rest(|piece| self.read_now(piece))?;
                }
                let reason = format!("a message of {whole} bytes is longer than allowed ({limit})");
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            buffer.resize(whole, 0);
            let ended = self.read_now(&mut buffer[length..])?;
            match ended {
                None if length == 0 => return Ok(None),
                // It is longer: it came after the other one was taken back.
                Some(Ended::Partial(bytes)) if length == 0 => length = bytes,
                Some(Ended::Done(bytes)) if length == 0 || bytes == left => return Ok(Some(length + bytes)),
                // That one was taken back as well.
                Some(Ended::Partial(_)) => {
                    discard_rest(|piece| self.read_now(piece))?;
                    return Err(cut());
                }
                _ => return Err(cut()),
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

    /// Takes a message without content, if there is one. Of what came since, nothing is taken: its length is not known.
    fn take_nothing(self) -> io::Result<bool> {
        let at_once = Self { patience: Duration::ZERO, ..self };
        Ok(matches!(at_once.read_now(&mut [])?, Some(Ended::Done(_))))
    }

    /// Reads what is there. `None`: there is nothing now.
    fn read_now(self, buffer: &mut [u8]) -> io::Result<Option<Ended>> {
        static NEVER: Stopper = Stopper::new();
        let limits = Limits { deadline: deadline_after(Some(self.patience)), stopper: &NEVER };
        match overlapped::read(self.handle, buffer, limits) {
            Ok(Ended::TimedOut | Ended::Stopped) => Ok(None),
            Ok(ended) => Ok(Some(ended)),
            Err(error) if pipe::is_end(&error) => Ok(None),
            Err(error) => Err(pipe::read_error(error)),
        }
    }
}

/// Takes a message of `left` bytes with as few reads as possible, and keeps what fits.
///
/// Between two reads its sender may take the message back and send another, whose beginning would pass for the rest of the
/// first. That shows, as the rest has a length that is known, unless the other one has just this length. So the first read
/// ends where no sender can foresee it, and each read asks for more than the rest, if it can, so that a longer one shows.
/// (Nothing shows if the first read meets a message that came after its length was asked for, is longer, and is replaced in
/// turn before the second read: the length of its rest is not known.)
fn take_pieces(
    buffer: &mut [u8],
    left: usize,
    mut read: impl FnMut(&mut [u8]) -> io::Result<Option<Ended>>,
) -> io::Result<Option<Received>> {
    let (mut taken, mut rest, mut aside) = (0, Some(left), Vec::new());
    loop {
        let fits = taken == 0 && left <= buffer.len();
        let ended = if fits {
            read(buffer)?
        } else {
            let piece = rest.filter(|&rest| rest <= MOST_ASIDE).map_or_else(some_piece, |rest| rest + 1);
            aside.resize(piece, 0);
            read(&mut aside)?
        };
        let Some(ended) = ended else {
            return if taken == 0 { Ok(None) } else { Err(cut()) };
        };
        let (bytes, has_more) = (moved(ended), matches!(ended, Ended::Partial(_)));
        // What the first read gives is the beginning of a message, whichever it is.
        let is_another = |rest| if has_more { bytes >= rest } else { bytes != rest };
        if taken > 0 && rest.is_some_and(is_another) {
            if has_more {
                discard_rest(read)?;
            }
            return Err(cut());
        }
        if !fits {
            let room = buffer.get_mut(taken..).unwrap_or_default();
            let length = bytes.min(room.len());
            room[..length].copy_from_slice(&aside[..length]);
        }
        taken += bytes;
        if !has_more {
            return Ok(Some(Received { length: taken.min(buffer.len()), message_length: taken }));
        }
        rest = rest.and_then(|rest| rest.checked_sub(bytes)).filter(|&rest| rest > 0);
    }
}

/// A size for a read of a part of a message, which nobody can foresee: more than half of [`MOST_ASIDE`].
fn some_piece() -> usize {
    const HALF: usize = MOST_ASIDE / 2;
    HALF + 1 + random::number() as usize % HALF
}

/// Reads a message, of which something was read, to its end.
fn discard_rest(mut read: impl FnMut(&mut [u8]) -> io::Result<Option<Ended>>) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    while let Some(Ended::Partial(_)) = read(&mut buffer)? {}
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::{MOST_ASIDE, Source, take_pieces};
    use crate::os::windows::{
        named_pipe::raw::{PairOptions, private_pair},
        sys::{handle, overlapped::Ended, pipe::Directions},
    };
    use std::{
        collections::VecDeque,
        io::ErrorKind,
        os::windows::io::AsHandle,
        sync::OnceLock,
        time::{Duration, Instant},
    };

    /// The messages in a pipe, and those that take their place before a certain read.
    struct Pipe {
        messages: VecDeque<Vec<u8>>,
        /// How much of the first message was read.
        read: usize,
        replaced_before: Option<usize>,
        replacement: VecDeque<Vec<u8>>,
        reads: usize,
    }

    impl Pipe {
        fn new(length: usize) -> Self {
            let messages = VecDeque::from([content(length)]);
            Self { messages, read: 0, replaced_before: None, replacement: VecDeque::new(), reads: 0 }
        }

        fn replaced(length: usize, before: usize, replacement: &[usize]) -> Self {
            let replacement = replacement.iter().map(|&length| content(length)).collect();
            Self { replaced_before: Some(before), replacement, ..Self::new(length) }
        }

        fn read(&mut self, buffer: &mut [u8]) -> Option<Ended> {
            if self.replaced_before == Some(self.reads) {
                (self.messages, self.read) = (std::mem::take(&mut self.replacement), 0);
            }
            self.reads += 1;
            let rest = &self.messages.front()?[self.read..];
            let length = rest.len().min(buffer.len());
            buffer[..length].copy_from_slice(&rest[..length]);
            if length < rest.len() {
                self.read += length;
                return Some(Ended::Partial(length));
            }
            self.messages.pop_front();
            self.read = 0;
            Some(Ended::Done(length))
        }

        /// Takes a message of which it is known that it has `left` bytes: the lengths that are told.
        fn take(&mut self, buffer: &mut [u8], left: usize) -> Result<Option<(usize, usize)>, ErrorKind> {
            let received = take_pieces(buffer, left, |piece| Ok(self.read(piece)));
            let lengths = received.map(|received| received.map(|r| (r.length, r.message_length)));
            lengths.map_err(|error| error.kind())
        }
    }

    fn content(length: usize) -> Vec<u8> {
        let mut bytes = (0..251).collect::<Vec<u8>>().repeat(length / 251 + 1);
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn what_fits_of_a_message_is_kept() {
        for length in [1, 9, 10, 11, 4096, MOST_ASIDE, MOST_ASIDE + 1, 3 * MOST_ASIDE + 5] {
            for room in [0, 1, 10, MOST_ASIDE - 1, 2 * MOST_ASIDE + 3] {
                let (mut pipe, mut buffer) = (Pipe::new(length), vec![0; room]);
                let kept = length.min(room);
                assert_eq!(pipe.take(&mut buffer, length), Ok(Some((kept, length))), "{length} into {room}");
                assert_eq!(buffer[..kept], content(length)[..kept], "{length} into {room}");
                assert!(pipe.reads == 1 || length > MOST_ASIDE, "{length} into {room}: {} reads", pipe.reads);
            }
        }
    }

    /// The first read decides which message it is.
    #[test]
    fn a_message_that_came_in_the_place_of_another_is_whole() {
        for room in [0, 7, 4096] {
            for (expected, length) in
                [(5, 3000), (3000, 5), (3000, 4 * MOST_ASIDE), (3 * MOST_ASIDE, 5000), (3000, 3001)]
            {
                let mut pipe = Pipe::replaced(expected, 0, &[length]);
                let taken = pipe.take(&mut vec![0; room], expected);
                assert_eq!(taken, Ok(Some((length.min(room), length))), "{expected} {length} {room}");
            }
        }
        assert_eq!(Pipe::replaced(5, 0, &[]).take(&mut [0; 9], 5), Ok(None));
    }

    /// Whatever takes the place of a message that was begun is not taken for its rest. Most of all if it has the length that
    /// the rest has when the receiver's room is full.
    #[test]
    fn another_message_does_not_pass_for_the_rest() {
        const LENGTH: usize = 3 * MOST_ASIDE;
        for room in [0, 10, MOST_ASIDE / 2, 2 * MOST_ASIDE - 1] {
            for length in [LENGTH - room, LENGTH - MOST_ASIDE / 2, 5, 1, 9 * MOST_ASIDE] {
                for before in [1, 2] {
                    let mut pipe = Pipe::replaced(LENGTH, before, &[length, 77]);
                    let taken = pipe.take(&mut vec![0; room], LENGTH);
                    let case = format!("{room} {length} {before}");
                    assert_eq!(taken, Err(ErrorKind::UnexpectedEof), "{case}");
                    assert_eq!(pipe.messages, [content(77)], "{case}: what follows is whole");
                }
            }
            let mut pipe = Pipe::replaced(LENGTH, 1, &[]);
            assert_eq!(pipe.take(&mut vec![0; room], LENGTH), Err(ErrorKind::UnexpectedEof), "{room}");
        }
    }

    /// A client must not wait for a message that its server has just taken back, as it would if the server were on another
    /// computer.
    #[test]
    fn an_end_without_messages_is_left_at_once() {
        let both = Directions { receives: true, sends: true };
        let how = PairOptions { messages: true, ..PairOptions::default() };
        let (server, client) = private_pair(both, true, true, &how).unwrap();
        for (end, is_server) in [(server.as_handle(), true), (client.as_handle(), false)] {
            assert!(!handle::is_remote(end).unwrap(), "is_server: {is_server}");
            let remote = OnceLock::new();
            // What is slow is the machine if any of the attempts is faster.
            let at_once = (0..20).any(|_| {
                let begun = Instant::now();
                let nothing = Source::new(end, is_server, &remote).read_now(&mut [0; 10]).unwrap();
                assert_eq!(nothing, None, "is_server: {is_server}");
                begun.elapsed() < Duration::from_secs(1)
            });
            assert!(at_once, "is_server: {is_server}");
        }
    }
}
