//! Copying an end into another process.

use crate::{os::windows::sys::handle, unnamed_pipe};
use std::{
    io,
    os::windows::io::{AsHandle, BorrowedHandle, RawHandle},
};

/// Pipe ends that can be copied into another process.
pub trait ShareHandle: AsHandle + unnamed_pipe::sealed::Sealed {
    /// Copies the handle into the process `receiver`, and gives its value there: a number that means nothing here and
    /// that has to be told to that process. Children do not inherit the copy. Nobody owns it until the process does; if
    /// it never learns of the number, the copy is open until that process ends.
    ///
    /// To hand an end to a child, [`Inherit`](crate::unnamed_pipe::Inherit) is simpler.
    ///
    /// # Errors
    /// Whatever the system reports (Microsoft: "DuplicateHandle function"), such as that `receiver` lacks the right
    /// `PROCESS_DUP_HANDLE`.
    fn share(&self, receiver: BorrowedHandle<'_>) -> io::Result<RawHandle> {
        handle::copy_to_process(self.as_handle(), receiver)
    }
}

impl ShareHandle for unnamed_pipe::Sender {}
impl ShareHandle for unnamed_pipe::Recver {}
