//! The half of unnamed pipes for Windows.
//!
//! Synchronous ends are those of `CreatePipe`, as children expect them. Ends under Tokio are those of a named pipe with a
//! name that nobody can guess, as `CreatePipe` makes none for overlapped operations.

mod conversions;
mod handover;
mod options;
mod share;
#[cfg(feature = "tokio")]
pub(super) mod tokio;

pub(super) use self::handover::{ANNOUNCEMENT, Handover, take_inherited};
pub use self::{options::CreationOptions, share::ShareHandle};

use crate::{
    error,
    os::windows::{
        named_pipe::raw::write_what_fits,
        sys::{
            event::deadline_after,
            handle,
            overlapped::{self, Ended, Limits, Stopper},
            pipe::{self, Space},
            synchronous::{self, Interrupter},
        },
    },
    timeout::Timeout,
};
use std::{
    fmt::Debug,
    io::{self, IoSlice, IoSliceMut},
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    sync::{Arc, Mutex, OnceLock, PoisonError},
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
    timeout: Timeout,
    /// For handles that somebody else has opened for overlapped operations.
    stopper: Stopper,
    /// For all others.
    interrupter: Interrupter,
    kind: OnceLock<Kind>,
    /// Held from learning how much space there is to filling it.
    turn: Mutex<()>,
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

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let timeout = self.timeout();
        let deadline = deadline_after(timeout);
        loop {
            return match self.read_once(buffer, deadline) {
                // The end of a file, or of what was typed at a console.
                Ok(Ended::Done(0)) if matches!(self.kind(), Kind::Synchronous { is_pipe: false }) => Ok(0),
                // The peer wrote nothing, which is not the end (Microsoft: "ReadFile function", Pipes).
                Ok(Ended::Done(0)) => continue,
                Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => Ok(bytes),
                Ok(Ended::TimedOut) => Err(error::timed_out("read from the pipe: no data arrived", timeout)),
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
        let timeout = self.timeout();
        if timeout.is_some() {
            return self.write_in_time(bytes, timeout);
        }
        match self.write_once(bytes, None, timeout)? {
            // Only in nonblocking mode, and if not all would fit.
            0 => match write_what_fits(bytes.len() / 2, |length| {
                self.write_once(&bytes[..length], None, timeout)
            })? {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                written => Ok(written),
            },
            written => Ok(written),
        }
    }

    /// Writes without losing count of what was written: of a cancelled write of more than one byte, Windows does not tell how
    /// much the peer got.
    fn write_in_time(&self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        let deadline = deadline_after(timeout);
        let written = self.write_what_there_is_space_for(bytes, deadline, timeout)?;
        if written > 0 {
            return Ok(written);
        }
        // The pipe is full, or the system does not say.
        let (first, rest) = bytes.split_at(1);
        if self.write_once(first, deadline, timeout)? == 0 {
            // In nonblocking mode.
            return Err(io::ErrorKind::WouldBlock.into());
        }
        // An error here would hide that a byte was written; the next write will meet it again.
        Ok(1 + self.write_what_there_is_space_for(rest, deadline, timeout).unwrap_or(0))
    }

    fn write_what_there_is_space_for(
        &self,
        bytes: &[u8],
        deadline: Option<Instant>,
        timeout: Option<Duration>,
    ) -> io::Result<usize> {
        let _turn = self.state.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match pipe::space(self.handle.as_handle()) {
            Ok(Space::Bytes(space)) if space > 0 && !bytes.is_empty() => {
                self.write_once(&bytes[..bytes.len().min(space)], deadline, timeout)
            }
            _ => Ok(0),
        }
    }

    fn write_once(
        &self,
        bytes: &[u8],
        deadline: Option<Instant>,
        timeout: Option<Duration>,
    ) -> io::Result<usize> {
        let (handle, state) = (self.handle.as_handle(), &*self.state);
        let result = match self.kind() {
            Kind::Overlapped => {
                overlapped::write(handle, bytes, Limits { deadline, stopper: &state.stopper })
            }
            Kind::Synchronous { .. } => state.interrupter.run(deadline, || synchronous::write(handle, bytes)),
            Kind::OverlappedFile => Err(no_position()),
        };
        match result {
            Ok(Ended::Done(written) | Ended::Partial(written)) => Ok(written),
            Ok(Ended::TimedOut) => Err(error::timed_out("write to the pipe: there was no room", timeout)),
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
        pipe::set_no_wait(self.handle.as_handle(), nonblocking)
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { handle: self.handle.try_clone()?, state: Arc::clone(&self.state) })
    }
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
