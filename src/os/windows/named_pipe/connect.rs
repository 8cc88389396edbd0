//! Connecting to a named pipe, waiting for one of its instances to become free.

use super::{PipeMode, identity::check_server, name::PipePath, raw::directions};
use crate::{
    ConnectWaitMode,
    os::windows::sys::pipe::{self, Exposure, Opening},
    time::{Backoff, Deadline},
};
use std::{
    io,
    os::windows::io::{AsHandle, OwnedHandle},
    thread,
    time::Duration,
};

const OPERATION: &str = "connect to named pipe";

/// Waits between attempts to connect: 1 ms at first, then twice as long each time up to 20 ms.
///
/// `WaitNamedPipe` is not used: it can block by itself for longer than asked, another client may take the instance
/// it reports, and it fails in Windows containers.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    path: &'a PipePath,
    receive: Option<PipeMode>,
    send: Option<PipeMode>,
    wait_mode: ConnectWaitMode,
    deadline: Deadline,
    backoff: Backoff,
    exposure: Exposure,
    current_user_only: bool,
}

/// What came of an attempt that did not fail for good.
pub(super) enum Attempt {
    /// Connected.
    Connected(OwnedHandle),
    /// All instances are taken: try again after this time.
    Pause(Duration),
}

impl<'a> Attempts<'a> {
    pub(super) fn new(
        path: &'a PipePath,
        receive: Option<PipeMode>,
        send: Option<PipeMode>,
        wait_mode: ConnectWaitMode,
    ) -> Self {
        let timeout = match wait_mode {
            ConnectWaitMode::Timeout(timeout) => Some(timeout),
            ConnectWaitMode::Deferred | ConnectWaitMode::Unbounded => None,
        };
        let deadline = Deadline::after(timeout);
        let (exposure, current_user_only) = (Exposure::DEFAULT, false);
        Self {
            path,
            receive,
            send,
            wait_mode,
            deadline,
            backoff: Backoff::new(),
            exposure,
            current_user_only,
        }
    }

    /// Says what the server may do with this user's identity.
    pub(super) fn exposing(self, exposure: Exposure) -> Self {
        Self { exposure, ..self }
    }

    /// Says whether the server must be of the current user.
    pub(super) fn requiring_current_user(self, current_user_only: bool) -> Self {
        Self { current_user_only, ..self }
    }

    /// Tries until it is connected, blocking.
    pub(super) fn connect(mut self) -> io::Result<OwnedHandle> {
        loop {
            match self.attempt()? {
                Attempt::Connected(handle) => return Ok(handle),
                Attempt::Pause(pause) => thread::sleep(pause),
            }
        }
    }

    /// Tries once.
    pub(super) fn attempt(&mut self) -> io::Result<Attempt> {
        let opening = Opening {
            directions: directions(self.receive, self.send),
            overlapped: true,
            message_reads: self.receive == Some(PipeMode::Messages),
            exposure: self.exposure,
        };
        match pipe::open(self.path.wide(), opening) {
            Ok(handle) => {
                if self.current_user_only {
                    check_server(handle.as_handle()).map_err(|error| self.path.about(OPERATION, error))?;
                }
                self.choose_modes(handle).map(Attempt::Connected)
            }
            Err(error) if pipe::is_busy(&error) => self.next_pause().map(Attempt::Pause),
            Err(error) => Err(self.path.about(OPERATION, error)),
        }
    }

    /// Makes sure that messages are kept apart, if there shall be any.
    fn choose_modes(&self, handle: OwnedHandle) -> io::Result<OwnedHandle> {
        let messages = Some(PipeMode::Messages);
        let failed = |error: io::Error| self.path.about(OPERATION, error);
        let fits = if self.receive == messages {
            match pipe::set_message_reads(handle.as_handle()) {
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => false,
                result => result.map(|()| true).map_err(failed)?,
            }
        } else {
            // `CreateFile` gives every handle the right to ask ("CreateFileW function", FILE_READ_ATTRIBUTES).
            self.send != messages || pipe::info(handle.as_handle()).map_err(failed)?.message_type
        };
        if fits {
            return Ok(handle);
        }
        let reason = "the pipe does not keep messages apart";
        Err(self.path.error(OPERATION, io::ErrorKind::InvalidInput, reason))
    }

    fn next_pause(&mut self) -> io::Result<Duration> {
        let busy = |kind| self.path.error(OPERATION, kind, "all its instances are busy");
        if self.wait_mode == ConnectWaitMode::Deferred {
            return Err(busy(io::ErrorKind::WouldBlock));
        }
        if self.deadline.is_over() {
            return Err(busy(io::ErrorKind::TimedOut));
        }
        Ok(self.deadline.at_most(self.backoff.pause()))
    }
}
