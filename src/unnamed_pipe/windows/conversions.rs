//! Between pipe ends and handles.

use super::PipeEnd;
use crate::unnamed_pipe;
use std::{
    os::windows::io::{
        AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, IntoRawHandle, OwnedHandle, RawHandle,
    },
    process::{ChildStderr, ChildStdin, ChildStdout, Stdio},
};

/// Takes any handle that can be written, such as a standard stream. A file for synchronous operations is written at its position, which
/// the system keeps. A file that was opened for overlapped operations has none: operations fail with `InvalidInput`.
impl From<OwnedHandle> for unnamed_pipe::Sender {
    fn from(handle: OwnedHandle) -> Self {
        Self(PipeEnd::new(handle))
    }
}

/// Takes any handle that can be read, such as a standard stream. A file for synchronous operations is read at its position, which
/// the system keeps. A file that was opened for overlapped operations has none: operations fail with `InvalidInput`.
impl From<OwnedHandle> for unnamed_pipe::Recver {
    fn from(handle: OwnedHandle) -> Self {
        Self(PipeEnd::new(handle))
    }
}

impl From<unnamed_pipe::Sender> for OwnedHandle {
    fn from(end: unnamed_pipe::Sender) -> Self {
        end.0.into()
    }
}

impl From<unnamed_pipe::Recver> for OwnedHandle {
    fn from(end: unnamed_pipe::Recver) -> Self {
        end.0.into()
    }
}

impl From<unnamed_pipe::Sender> for Stdio {
    fn from(end: unnamed_pipe::Sender) -> Self {
        OwnedHandle::from(end).into()
    }
}

impl From<unnamed_pipe::Recver> for Stdio {
    fn from(end: unnamed_pipe::Recver) -> Self {
        OwnedHandle::from(end).into()
    }
}

impl From<ChildStdin> for unnamed_pipe::Sender {
    fn from(end: ChildStdin) -> Self {
        OwnedHandle::from(end).into()
    }
}

impl From<ChildStdout> for unnamed_pipe::Recver {
    fn from(end: ChildStdout) -> Self {
        OwnedHandle::from(end).into()
    }
}

impl From<ChildStderr> for unnamed_pipe::Recver {
    fn from(end: ChildStderr) -> Self {
        OwnedHandle::from(end).into()
    }
}

impl AsHandle for unnamed_pipe::Sender {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsHandle for unnamed_pipe::Recver {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsRawHandle for unnamed_pipe::Sender {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_handle().as_raw_handle()
    }
}

impl AsRawHandle for unnamed_pipe::Recver {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_handle().as_raw_handle()
    }
}

impl IntoRawHandle for unnamed_pipe::Sender {
    fn into_raw_handle(self) -> RawHandle {
        OwnedHandle::from(self).into_raw_handle()
    }
}

impl IntoRawHandle for unnamed_pipe::Recver {
    fn into_raw_handle(self) -> RawHandle {
        OwnedHandle::from(self).into_raw_handle()
    }
}

#[allow(unsafe_code)]
impl FromRawHandle for unnamed_pipe::Sender {
    unsafe fn from_raw_handle(handle: RawHandle) -> Self {
        // SAFETY: the caller promises that the handle is open and owned by nobody else.
        unsafe { OwnedHandle::from_raw_handle(handle) }.into()
    }
}

#[allow(unsafe_code)]
impl FromRawHandle for unnamed_pipe::Recver {
    unsafe fn from_raw_handle(handle: RawHandle) -> Self {
        // SAFETY: the caller promises that the handle is open and owned by nobody else.
        unsafe { OwnedHandle::from_raw_handle(handle) }.into()
    }
}
