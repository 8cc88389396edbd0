//! Between pipe ends and descriptors.

use crate::{
    os::unix::{fifo_file, pipe_end::PipeEnd},
    unnamed_pipe,
};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
    process::{ChildStderr, ChildStdin, ChildStdout, Stdio},
};

impl From<OwnedFd> for unnamed_pipe::Sender {
    fn from(fd: OwnedFd) -> Self {
        Self(PipeEnd::sender(fd))
    }
}

impl From<OwnedFd> for unnamed_pipe::Recver {
    fn from(fd: OwnedFd) -> Self {
        Self(PipeEnd::recver(fd))
    }
}

impl From<unnamed_pipe::Sender> for OwnedFd {
    fn from(end: unnamed_pipe::Sender) -> Self {
        end.0.into()
    }
}

impl From<unnamed_pipe::Recver> for OwnedFd {
    fn from(end: unnamed_pipe::Recver) -> Self {
        end.0.into()
    }
}

impl From<unnamed_pipe::Sender> for Stdio {
    fn from(end: unnamed_pipe::Sender) -> Self {
        OwnedFd::from(end).into()
    }
}

impl From<unnamed_pipe::Recver> for Stdio {
    fn from(end: unnamed_pipe::Recver) -> Self {
        OwnedFd::from(end).into()
    }
}

impl From<ChildStdin> for unnamed_pipe::Sender {
    fn from(end: ChildStdin) -> Self {
        OwnedFd::from(end).into()
    }
}

impl From<ChildStdout> for unnamed_pipe::Recver {
    fn from(end: ChildStdout) -> Self {
        OwnedFd::from(end).into()
    }
}

impl From<ChildStderr> for unnamed_pipe::Recver {
    fn from(end: ChildStderr) -> Self {
        OwnedFd::from(end).into()
    }
}

/// The end of a FIFO as one of an unnamed pipe, which is the same to the system.
impl From<fifo_file::Sender> for unnamed_pipe::Sender {
    fn from(end: fifo_file::Sender) -> Self {
        OwnedFd::from(end).into()
    }
}

/// The end of a FIFO as one of an unnamed pipe, which is the same to the system. The sender that
/// [`keep_open`](fifo_file::OpenOptions::keep_open) has opened is closed.
impl From<fifo_file::Receiver> for unnamed_pipe::Recver {
    fn from(end: fifo_file::Receiver) -> Self {
        OwnedFd::from(end).into()
    }
}

/// `InvalidInput` if it was made from a descriptor that is not a pipe, or cannot be written to.
impl TryFrom<unnamed_pipe::Sender> for fifo_file::Sender {
    type Error = io::Error;

    fn try_from(end: unnamed_pipe::Sender) -> io::Result<Self> {
        OwnedFd::from(end).try_into()
    }
}

/// `InvalidInput` if it was made from a descriptor that is not a pipe, or cannot be read from.
impl TryFrom<unnamed_pipe::Recver> for fifo_file::Receiver {
    type Error = io::Error;

    fn try_from(end: unnamed_pipe::Recver) -> io::Result<Self> {
        OwnedFd::from(end).try_into()
    }
}

impl AsFd for unnamed_pipe::Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for unnamed_pipe::Recver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for unnamed_pipe::Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsRawFd for unnamed_pipe::Recver {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for unnamed_pipe::Sender {
    fn into_raw_fd(self) -> RawFd {
        OwnedFd::from(self).into_raw_fd()
    }
}

impl IntoRawFd for unnamed_pipe::Recver {
    fn into_raw_fd(self) -> RawFd {
        OwnedFd::from(self).into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for unnamed_pipe::Sender {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        unsafe { OwnedFd::from_raw_fd(fd) }.into()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for unnamed_pipe::Recver {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        unsafe { OwnedFd::from_raw_fd(fd) }.into()
    }
}
