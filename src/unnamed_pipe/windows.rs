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

use crate::os::windows::{
    named_pipe::raw::write_what_fits,
    sys::{
        overlapped::{self, Ended, Limits, Stopper},
        pipe,
    },
};
use std::{
    fmt::Debug,
    io::{self, IoSlice, IoSliceMut},
    os::windows::io::{AsHandle, OwnedHandle},
};

/// What an end is to the system.
pub(super) type OwnedEnd = OwnedHandle;

#[derive(Debug)]
pub(super) struct Sender(OwnedHandle);

#[derive(Debug)]
pub(super) struct Recver(OwnedHandle);

pub(super) fn pipe() -> io::Result<(Sender, Recver)> {
    let (recver, sender) = pipe::anonymous(0, None, false)?;
    Ok((Sender(sender), Recver(recver)))
}

/// No operation here is stopped or limited.
static NEVER: Stopper = Stopper::new();
const UNLIMITED: Limits<'static> = Limits { deadline: None, stopper: &NEVER };

impl Sender {
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        match self.write_once(bytes)? {
            // Only in nonblocking mode, and if not all would fit.
            0 => match write_what_fits(bytes.len() / 2, |length| self.write_once(&bytes[..length]))? {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                written => Ok(written),
            },
            written => Ok(written),
        }
    }

    fn write_once(&self, bytes: &[u8]) -> io::Result<usize> {
        match overlapped::write(self.0.as_handle(), bytes, UNLIMITED) {
            Ok(Ended::Done(written) | Ended::Partial(written)) => Ok(written),
            Ok(Ended::TimedOut | Ended::Stopped) => Ok(0),
            Err(error) => Err(pipe::write_error(error)),
        }
    }

    /// Windows takes one buffer per call: the first that is not empty.
    pub(super) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = slices.iter().find(|slice| !slice.is_empty());
        first.map_or(Ok(0), |slice| self.write(slice))
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        pipe::set_no_wait(self.0.as_handle(), nonblocking)
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }
}

impl Recver {
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            return match overlapped::read(self.0.as_handle(), buffer, UNLIMITED) {
                // The peer wrote nothing, which is not the end (Microsoft: "ReadFile function", Pipes).
                Ok(Ended::Done(0) | Ended::TimedOut | Ended::Stopped) => continue,
                Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => Ok(bytes),
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

    pub(super) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        pipe::set_no_wait(self.0.as_handle(), nonblocking)
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }
}
