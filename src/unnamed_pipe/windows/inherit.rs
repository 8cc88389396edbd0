//! Handing an end to one child.
//!
//! A child inherits all inheritable handles or none, and other threads may start children at the same time. So the end
//! itself is never inheritable. What the child inherits is the receiving end of a small control pipe; another child that
//! gets that too can do nothing with it. When the child runs, the end is moved into it, and its value there is sent
//! through the control pipe.

use super::super::inherit::Direction;
use crate::{
    error,
    os::windows::sys::{handle, inherited, pipe},
};
use std::{
    fs::File,
    io::{self, Write},
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    process::{Child, Command},
};

/// The variable by which a child learns that ends are handed to it.
pub(in crate::unnamed_pipe) use crate::os::windows::sys::inherited::ANNOUNCEMENT;

/// An end on its way to a child.
#[derive(Debug)]
pub(in crate::unnamed_pipe) struct Handover {
    end: OwnedHandle,
    /// What the child inherits.
    control_recver: OwnedHandle,
    control_sender: OwnedHandle,
}

impl Handover {
    pub(in crate::unnamed_pipe) fn new(end: OwnedHandle) -> io::Result<Self> {
        let (control_recver, control_sender) = pipe::anonymous(0, None, false)?;
        handle::set_inheritable(control_recver.as_handle(), true)?;
        Ok(Self { end, control_recver, control_sender })
    }

    /// The child's number of the handle that it inherits.
    pub(in crate::unnamed_pipe) fn number(&self) -> u64 {
        self.control_recver.as_raw_handle().addr() as u64
    }

    /// std starts children with inheritance in any case.
    pub(in crate::unnamed_pipe) fn prepare(&self, _: &mut Command) {}

    pub(in crate::unnamed_pipe) fn explain(error: io::Error) -> io::Error {
        error
    }

    pub(in crate::unnamed_pipe) fn deliver(self, child: &impl Process) -> io::Result<()> {
        let Some(child) = child.process() else { return Ok(()) };
        // A child that ended at once took nothing, and needs nothing.
        let unless_ended = |error| if handle::has_ended(child) { Ok(()) } else { Err(error) };
        drop(self.control_recver);
        let value = match handle::move_to_process(self.end, child) {
            Ok(value) => value,
            Err(error) => return unless_ended(error::about("hand a pipe end to a child", error)),
        };
        // It fits into the pipe, so this does not wait for the child.
        File::from(self.control_sender).write_all(&value.to_le_bytes()).or_else(unless_ended)
    }
}

/// A child.
pub(in crate::unnamed_pipe) trait Process {
    /// Its handle; `None` if it has ended and was waited for.
    fn process(&self) -> Option<BorrowedHandle<'_>>;
}

impl Process for Child {
    fn process(&self) -> Option<BorrowedHandle<'_>> {
        Some(self.as_handle())
    }
}

pub(in crate::unnamed_pipe) fn take_inherited(number: u64, direction: Direction) -> io::Result<OwnedHandle> {
    let end = inherited::claim(number)?.receive().map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::new(error.kind(), "the parent did not hand the pipe end over: it has ended or failed")
        }
        io::ErrorKind::InvalidInput => error,
        _ => error::about("learn of the pipe end that the parent hands over", error),
    })?;
    let (right, what) = match direction {
        Direction::Send => (handle::WRITE, "cannot be written to"),
        Direction::Recv => (handle::READ, "cannot be read from"),
    };
    if handle::granted_access(end.as_handle())? & right == 0 {
        let message = format!("the handle is a pipe of the other direction: it {what}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(end)
}
