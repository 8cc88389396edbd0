//! Handing an end to one child.
//!
//! A child inherits all inheritable handles or none, and other threads may start children at the same time. So the end
//! itself is never inheritable. What the child inherits is the receiving end of a small control pipe; another child that
//! gets that too can do nothing with it. When the child runs, the end is moved into it, and its value there is sent
//! through the control pipe.

use super::super::child::Direction;
use crate::os::windows::sys::{
    handle::{self, Refusal},
    pipe,
};
use std::{
    fs::File,
    io::{self, Read, Write},
    os::windows::io::{AsHandle, AsRawHandle, OwnedHandle},
    process::{Child, Command},
};

/// An end on its way to a child.
#[derive(Debug)]
pub(in crate::unnamed_pipe) struct Handover {
    end: OwnedHandle,
    direction: Direction,
    /// What the child inherits.
    control_recver: OwnedHandle,
    control_sender: OwnedHandle,
}

impl Handover {
    pub(in crate::unnamed_pipe) fn new(end: OwnedHandle, direction: Direction) -> io::Result<Self> {
        let (control_recver, control_sender) = pipe::anonymous(0, None, false)?;
        handle::set_inheritable(control_recver.as_handle(), true)?;
        Ok(Self { end, direction, control_recver, control_sender })
    }

    pub(in crate::unnamed_pipe) fn token(&self) -> String {
        format!("{}-{}", self.direction.word(), self.control_recver.as_raw_handle().addr())
    }

    /// std starts children with inheritance in any case.
    pub(in crate::unnamed_pipe) fn prepare(&mut self, _: &mut Command) -> io::Result<()> {
        Ok(())
    }

    pub(in crate::unnamed_pipe) fn deliver(self, child: &Child) -> io::Result<()> {
        // A child that ended at once took nothing, and needs nothing.
        let unless_ended = |error| if handle::has_ended(child.as_handle()) { Ok(()) } else { Err(error) };
        drop(self.control_recver);
        let value = match handle::move_to_process(self.end, child.as_handle()) {
            Ok(value) => value,
            Err(error) => return unless_ended(about("hand a pipe end to a child", error)),
        };
        // It fits into the pipe, so this does not wait for the child.
        File::from(self.control_sender).write_all(&value.to_le_bytes()).or_else(unless_ended)
    }
}

pub(in crate::unnamed_pipe) fn take_inherited(token: &str, direction: Direction) -> io::Result<OwnedHandle> {
    let number = direction.number_in(token)?;
    let control = handle::adopt(number, true).map_err(|reason| refused(number, reason))?;
    let mut value = [0; 8];
    File::from(control).read_exact(&mut value).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::new(error.kind(), "the parent did not hand the pipe end over: it has ended or failed")
        }
        _ => about("learn of the pipe end that the parent hands over", error),
    })?;
    let value = u64::from_le_bytes(value);
    let end = handle::adopt(value, false).map_err(|reason| refused(value, reason))?;
    let (right, what) = match direction {
        Direction::Send => (handle::WRITE, "cannot be written to"),
        Direction::Recv => (handle::READ, "cannot be read from"),
    };
    if handle::granted_access(end.as_handle())? & right == 0 {
        return Err(invalid(format!("the handle is a pipe of the other direction: it {what}")));
    }
    Ok(end)
}

fn refused(number: u64, reason: Refusal) -> io::Error {
    invalid(match reason {
        Refusal::Closed => format!("the handle {number} is not open"),
        Refusal::OtherKind => format!("the handle {number} is not a pipe"),
        Refusal::NotPassed => {
            format!("the handle {number} was not handed over by the parent, or was taken already")
        }
    })
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

fn about(what: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot {what}: {error}"))
}
