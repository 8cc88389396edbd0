//! The half of unnamed pipes for Unix.

mod conversions;
#[cfg(feature = "tokio")]
pub(super) mod tokio;
mod transfer;

use super::inherit::Direction;
use crate::os::unix::{
    pipe_end::PipeEnd,
    sys::{child::Inheritable, inherited, pipe},
    unnamed_pipe::{CreationOptions, UnnamedPipeExt},
};
use std::{
    fmt::Debug,
    io,
    os::fd::{BorrowedFd, OwnedFd},
    process::{Child, Command},
};

/// What an end is to the system.
pub(super) type OwnedEnd = OwnedFd;

pub(super) type Sender = PipeEnd;
pub(super) type Recver = PipeEnd;

pub(super) fn pipe() -> io::Result<(Sender, Recver)> {
    ends(pipe::Options::default())
}

fn ends(options: pipe::Options) -> io::Result<(Sender, Recver)> {
    let (recver, sender) = pipe::new(options)?;
    Ok((PipeEnd::sender(sender), PipeEnd::recver(recver)))
}

/// The variable by which a child learns that ends are handed to it.
pub(super) use inherited::ANNOUNCEMENT;

/// An end on its way to a child.
#[derive(Debug)]
pub(super) struct Handover(Inheritable);

impl Handover {
    pub(super) fn new(end: OwnedFd) -> io::Result<Self> {
        Inheritable::new(end).map(Self)
    }

    /// The child's number of it.
    pub(super) fn number(&self) -> u64 {
        self.0.number().unsigned_abs().into()
    }

    pub(super) fn prepare(&self, command: &mut Command) {
        self.0.prepare(command);
    }

    pub(super) fn explain(error: io::Error) -> io::Error {
        if error.kind() != Inheritable::REPLACED {
            return error;
        }
        let problem =
            "a socket that `Passing` passes gets the number of a pipe end that `Inherit` hands over";
        io::Error::new(error.kind(), format!("cannot start the child: {problem}"))
    }

    /// The child has it since its start; here it is closed.
    pub(super) fn deliver(self, _: &impl Process) -> io::Result<()> {
        Ok(())
    }
}

/// A child, of which nothing is needed here.
pub(super) trait Process {}

impl Process for Child {}

pub(super) fn take_inherited(number: u64, direction: Direction) -> io::Result<OwnedFd> {
    let number = i32::try_from(number).map_err(|_| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("no descriptor has the number {number}"))
    })?;
    let mut claimed = inherited::claim(number..=number, |fd| check_direction(fd, direction))?;
    Ok(claimed.remove(0))
}

/// Whether a descriptor is this end of a pipe.
fn check_direction(fd: BorrowedFd<'_>, direction: Direction) -> io::Result<()> {
    match direction {
        Direction::Send => pipe::check_writable(fd),
        Direction::Recv => pipe::check_readable(fd),
    }
}

impl CreationOptions {
    /// Makes the pipe. No child inherits its ends.
    ///
    /// # Errors
    /// `Unsupported`: a capacity or packets, anywhere but on Linux and Android. `PermissionDenied`: the capacity is over
    /// the system's limit. The limit of open descriptors.
    pub fn create(self) -> io::Result<(super::Sender, super::Recver)> {
        let options = pipe::Options { nonblocking: self.nonblocking, packets: self.packets };
        let (sender, recver) = ends(options)?;
        if let Some(capacity) = self.capacity {
            sender.set_capacity(capacity)?;
        }
        Ok((super::Sender(sender), super::Recver(recver)))
    }
}

/// Makes a pipe whose ends are in blocking or nonblocking mode.
///
/// # Errors
/// The limit of open descriptors.
pub fn pipe_with_mode(nonblocking: bool) -> io::Result<(super::Sender, super::Recver)> {
    CreationOptions::new().nonblocking(nonblocking).create()
}

impl UnnamedPipeExt for super::Sender {}
impl UnnamedPipeExt for super::Recver {}

impl super::Sender {
    /// Writes a message of at most [`PIPE_BUF`](crate::os::unix::unnamed_pipe::PIPE_BUF) bytes in one piece: whoever
    /// else writes to the pipe, their bytes come before or after it, and in nonblocking mode all of it is taken or nothing.
    ///
    /// # Errors
    /// `InvalidInput`: the message is longer. `WouldBlock`: in nonblocking mode, there is no room for all of it.
    /// `BrokenPipe`: there is no receiver.
    pub fn write_atomic(&self, message: &[u8]) -> io::Result<()> {
        self.0.write_atomic(message)
    }

    /// How many bytes the pipe holds.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android (`F_GETPIPE_SZ`, fcntl(2)).
    pub fn capacity(&self) -> io::Result<usize> {
        self.0.capacity()
    }

    /// Makes the pipe hold at least so many bytes, and tells how many it does.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android (`F_SETPIPE_SZ`, fcntl(2)). `PermissionDenied`: over the
    /// system's limit. `ResourceBusy`: less than what is in the pipe.
    #[doc(alias = "F_SETPIPE_SZ")]
    pub fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        self.0.set_capacity(bytes)
    }
}

impl super::Recver {
    /// How many bytes can be read at once (`FIONREAD`).
    ///
    /// # Errors
    /// Those of ioctl(2).
    #[doc(alias = "FIONREAD")]
    pub fn available(&self) -> io::Result<usize> {
        self.0.available()
    }

    /// How many bytes the pipe holds; see [`Sender::capacity`](super::Sender::capacity).
    ///
    /// # Errors
    /// As there.
    pub fn capacity(&self) -> io::Result<usize> {
        self.0.capacity()
    }
}
