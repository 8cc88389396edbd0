//! What a stream can tell of its pipe.

use crate::os::windows::sys::pipe::{self, Measures};
use std::{io, os::windows::io::BorrowedHandle};

/// The buffer sizes and instance counts of a named pipe, as returned by [`pipe_info`](super::PipeStream::pipe_info).
///
/// Both ends see the same.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct PipeInfo(Measures);

impl PipeInfo {
    pub(super) fn of(end: BorrowedHandle<'_>) -> io::Result<Self> {
        pipe::measures(end).map(Self)
    }

    /// Returns the number of instances that the pipe has, connected or waiting for a client.
    pub fn instances(&self) -> u32 {
        self.0.instances
    }

    /// Returns the number of instances that the pipe can have, or `None` if it is unlimited.
    pub fn max_instances(&self) -> Option<u32> {
        self.0.max_instances
    }

    /// Returns the size in bytes of the buffer for data on its way to the server. 0 means that a write ends only when its bytes
    /// are read.
    pub fn input_buffer_size(&self) -> u32 {
        self.0.input_buffer
    }

    /// Returns the size in bytes of the buffer for data on its way to the client. 0 means that a write ends only when its bytes
    /// are read.
    pub fn output_buffer_size(&self) -> u32 {
        self.0.output_buffer
    }
}
