//! Connecting to a named pipe, waiting for one of its instances to become free.

use super::name::PipePath;
use crate::{
    ConnectWaitMode,
    os::windows::sys::{
        event::deadline_after,
        pipe::{self, Directions, Exposure},
    },
};
use std::{
    io,
    os::windows::io::OwnedHandle,
    thread,
    time::{Duration, Instant},
};

const OPERATION: &str = "connect to named pipe";

/// Waits between attempts to connect: 1 ms at first, then twice as long each time up to 20 ms.
///
/// `WaitNamedPipe` is not used: it can block by itself for longer than asked, another client may take the instance
/// it reports, and it fails in Windows containers.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    path: &'a PipePath,
    directions: Directions,
    wait_mode: ConnectWaitMode,
    deadline: Option<Instant>,
    pause: Duration,
    sets_state: bool,
    exposure: Exposure,
}

/// What came of an attempt that did not fail for good.
pub(super) enum Attempt {
    /// Connected.
    Connected(OwnedHandle),
    /// All instances are taken: try again after this time.
    Pause(Duration),
}

impl<'a> Attempts<'a> {
    pub(super) fn new(path: &'a PipePath, directions: Directions, wait_mode: ConnectWaitMode) -> Self {
        let timeout = match wait_mode {
            ConnectWaitMode::Timeout(timeout) => Some(timeout),
            ConnectWaitMode::Deferred | ConnectWaitMode::Unbounded => None,
        };
        let pause = Duration::from_millis(1);
        let deadline = deadline_after(timeout);
        Self { path, directions, wait_mode, deadline, pause, sets_state: false, exposure: Exposure::DEFAULT }
    }

    /// Says what the server may do with this user's identity.
    pub(super) fn exposing(self, exposure: Exposure) -> Self {
        Self { exposure, ..self }
    }

    /// Says whether the client is to read messages. One that does not send needs a further right to tell the system
    /// (Microsoft: "SetNamedPipeHandleState function").
    pub(super) fn reading_messages(self, messages: bool) -> Self {
        Self { sets_state: messages, ..self }
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
        match pipe::open_as(self.path.wide(), self.directions, true, self.sets_state, self.exposure) {
            Ok(handle) => Ok(Attempt::Connected(handle)),
            Err(error) if pipe::is_busy(&error) => self.next_pause().map(Attempt::Pause),
            Err(error) => Err(self.path.error(OPERATION, error.kind(), &error)),
        }
    }

    fn next_pause(&mut self) -> io::Result<Duration> {
        const LONGEST: Duration = Duration::from_millis(20);
        let busy = |kind| self.path.error(OPERATION, kind, "all its instances are busy");
        if self.wait_mode == ConnectWaitMode::Deferred {
            return Err(busy(io::ErrorKind::WouldBlock));
        }
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(busy(io::ErrorKind::TimedOut));
        }
        let pause = left.map_or(self.pause, |left| left.min(self.pause));
        self.pause = LONGEST.min(self.pause * 2);
        Ok(pause)
    }
}
