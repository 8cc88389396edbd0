//! The half of unnamed pipes for Windows.
//!
//! Synchronous ends are those of `CreatePipe`, as children expect them. Ends under Tokio are made as named
//! pipes are, but without a name, as `CreatePipe` makes none for overlapped operations.

mod conversions;
mod inherit;
mod options;
#[cfg(feature = "tokio")]
pub(super) mod tokio;
mod turn;

pub(super) use self::inherit::{ANNOUNCEMENT, Handover, Process, take_inherited};

use self::turn::Turn;
use crate::{
    error,
    os::windows::{
        named_pipe::raw::MOST_WRITTEN,
        sys::{
            event::deadline_after,
            handle,
            overlapped::{self, Ended, Limits, Stopper},
            pipe,
            synchronous::{self, Interrupter},
        },
        unnamed_pipe::ShareHandle,
    },
    timeout::Timeout,
};
use std::{
    fmt::Debug,
    io::{self, IoSlice, IoSliceMut},
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// What an end is to the system.
pub(super) type OwnedEnd = OwnedHandle;

pub(super) type Sender = PipeEnd;
pub(super) type Recver = PipeEnd;

/// An end, used in one direction.
#[derive(Debug)]
pub(crate) struct PipeEnd {
    handle: OwnedHandle,
    state: Arc<State>,
}

/// What all clones of an end have in common.
#[derive(Debug, Default)]
struct State {
    nonblocking: AtomicBool,
    timeout: Timeout,
    /// For handles that somebody else has opened for overlapped operations.
    stopper: Stopper,
    /// For all others.
    interrupter: Interrupter,
    kind: OnceLock<Kind>,
    /// The size of the pipe, if this end receives.
    size: OnceLock<usize>,
    turn: Turn,
}

/// What the handle is of, since it need not be a pipe: standard streams are often files.
#[derive(Copy, Clone, Debug)]
enum Kind {
    Overlapped,
    /// The system keeps the position in a file, for all who share the handle.
    Synchronous {
        is_pipe: bool,
    },
    /// A file without a position: each operation would be at its beginning.
    OverlappedFile,
}

/// How long an operation may take that begins now.
#[derive(Copy, Clone, Debug)]
struct Patience {
    nonblocking: bool,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
}

impl Patience {
    /// The error of an operation that did not end in time.
    fn too_late(self, what: &str) -> io::Error {
        if self.nonblocking { io::ErrorKind::WouldBlock.into() } else { error::timed_out(what, self.timeout) }
    }
}

pub(super) fn pipe() -> io::Result<(Sender, Recver)> {
    let (recver, sender) = pipe::anonymous(0, None, false)?;
    Ok((PipeEnd::new(sender), PipeEnd::new(recver)))
}

impl PipeEnd {
    fn new(handle: OwnedHandle) -> Self {
        Self { handle, state: Arc::default() }
    }

    fn kind(&self) -> Kind {
        *self.state.kind.get_or_init(|| {
            let handle = self.handle.as_handle();
            match handle::is_overlapped(handle).unwrap_or(false) {
                true if handle::is_file(handle) => Kind::OverlappedFile,
                true => Kind::Overlapped,
                false => Kind::Synchronous { is_pipe: handle::is_pipe_like(handle) },
            }
        })
    }

    /// Reads once, until the deadline or until the end is closed.
    fn read_once(&self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<Ended> {
        let (handle, state) = (self.handle.as_handle(), &*self.state);
        match self.kind() {
            Kind::Overlapped => {
                overlapped::read(handle, buffer, Limits { deadline, stopper: &state.stopper })
            }
            Kind::Synchronous { .. } => state.interrupter.run(deadline, || synchronous::read(handle, buffer)),
            Kind::OverlappedFile => Err(no_position()),
        }
    }

    fn patience(&self) -> Patience {
        let (nonblocking, timeout) = (self.state.nonblocking.load(Relaxed), self.timeout());
        let deadline = if nonblocking { Some(Instant::now()) } else { deadline_after(timeout) };
        Patience { nonblocking, timeout, deadline }
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let patience = self.patience();
        let too_late = || patience.too_late("read from the pipe: no data arrived");
        let deadline = patience.deadline;
        let Some(_turn) = self.state.turn.take(deadline) else { return Err(too_late()) };
        // Windows takes what a waiting read asks for off the space that it reports to the writer. One that would ask for all
        // of it asks for nothing until there is something.
        let handle = self.handle.as_handle();
        let size = *self.state.size.get_or_init(|| pipe::receiving_size(handle).unwrap_or(usize::MAX));
        let asks_for_all = size > 0 && buffer.len() >= size;
        loop {
            let waited = if asks_for_all { self.read_once(&mut [], deadline) } else { Ok(Ended::Done(0)) };
            let ended = match waited {
                Ok(Ended::Done(_) | Ended::Partial(_)) => self.read_once(buffer, deadline),
                other => other,
            };
            return match ended {
                // The end of a file, or of what was typed at a console.
                Ok(Ended::Done(0)) if matches!(self.kind(), Kind::Synchronous { is_pipe: false }) => Ok(0),
                // The peer wrote nothing, which is not the end (Microsoft: "ReadFile function", Pipes).
                Ok(Ended::Done(0) | Ended::Partial(0)) => continue,
                Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => Ok(bytes),
                Ok(Ended::TimedOut) => Err(too_late()),
                Ok(Ended::Stopped) => Err(error::closed("pipe receiver")),
                Err(error) if pipe::is_end(&error) => Ok(0),
                Err(error) => Err(pipe::read_error(error)),
            };
        }
    }

    /// Windows fills one buffer per call: the first that is not empty.
    pub(super) fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let first = buffers.iter_mut().find(|buffer| !buffer.is_empty());
        first.map_or(Ok(0), |buffer| self.read(buffer))
    }

    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let patience = self.patience();
        let Some(_turn) = self.state.turn.take(patience.deadline) else { return Err(no_room(patience)) };
        if patience.deadline.is_none() || matches!(self.kind(), Kind::Synchronous { is_pipe: false }) {
            return self.write_once(&bytes[..bytes.len().min(MOST_WRITTEN)], patience);
        }
        // Windows does not tell how much the peer got of a cancelled write, unless that is of one byte.
        let written = self.write_what_fits(bytes, patience)?;
        if written > 0 {
            return Ok(written);
        }
        // The pipe is full, or the peer waits in a big read, or the system does not say.
        let (first, rest) = bytes.split_at(1);
        if self.write_once(first, patience)? == 0 {
            // Another holder of the pipe set PIPE_NOWAIT.
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // An error here would hide that a byte was written; the next write will meet it again.
        Ok(1 + self.write_what_fits(rest, patience).unwrap_or(0))
    }

    fn write_what_fits(&self, bytes: &[u8], patience: Patience) -> io::Result<usize> {
        let free = pipe::free_space(self.handle.as_handle()).unwrap_or(0);
        let bytes = &bytes[..bytes.len().min(free)];
        if bytes.is_empty() { Ok(0) } else { self.write_once(bytes, patience) }
    }

    fn write_once(&self, bytes: &[u8], patience: Patience) -> io::Result<usize> {
        let (handle, state, deadline) = (self.handle.as_handle(), &*self.state, patience.deadline);
        let result = match self.kind() {
            Kind::Overlapped => {
                overlapped::write(handle, bytes, Limits { deadline, stopper: &state.stopper })
            }
            Kind::Synchronous { .. } => state.interrupter.run(deadline, || synchronous::write(handle, bytes)),
            Kind::OverlappedFile => Err(no_position()),
        };
        match result {
            Ok(Ended::Done(written) | Ended::Partial(written)) => Ok(written),
            Ok(Ended::TimedOut) => Err(no_room(patience)),
            Ok(Ended::Stopped) => Err(error::closed("pipe sender")),
            Err(error) => Err(pipe::write_error(error)),
        }
    }

    /// Windows takes one buffer per call: the first that is not empty.
    pub(super) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        first.map_or(Ok(0), |slice| self.write(slice))
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.state.timeout.get()
    }

    pub(super) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.state.timeout.set(timeout)
    }

    pub(super) fn close(&self) {
        self.state.stopper.stop(self.handle.as_handle());
        self.state.interrupter.stop();
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        // Windows has a mode for it (PIPE_NOWAIT), into which an end cannot be put while there is data.
        self.state.nonblocking.store(nonblocking, Relaxed);
        Ok(())
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { handle: self.handle.try_clone()?, state: Arc::clone(&self.state) })
    }
}

fn no_room(patience: Patience) -> io::Error {
    patience.too_late("write to the pipe: there was no room")
}

fn no_position() -> io::Error {
    let reason = "a file that was opened for overlapped operations has no position to read or write at";
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

impl AsHandle for PipeEnd {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

impl From<PipeEnd> for OwnedHandle {
    fn from(end: PipeEnd) -> Self {
        end.handle
    }
}

impl ShareHandle for super::Sender {}
impl ShareHandle for super::Recver {}
