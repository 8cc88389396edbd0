//! The half of Tokio unnamed pipes for Windows.

#[cfg(feature = "tokio-process")]
mod inherit;

use crate::{
    os::windows::{
        named_pipe::{
            poll::AsyncPipe,
            raw::{DEFAULT_BUFFER, PairOptions, private_pair},
            tokio::stream::read_into,
        },
        security_descriptor::BorrowedSecurityDescriptor,
        sys::{handle, pipe::Directions},
        unnamed_pipe::CreationOptions,
    },
    unnamed_pipe,
};
use std::{
    io::{self, IoSlice},
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle},
    task::{Context, Poll},
};
use tokio::io::ReadBuf;

#[derive(Debug)]
pub(in crate::unnamed_pipe) struct Sender(AsyncPipe);

#[derive(Debug)]
pub(in crate::unnamed_pipe) struct Recver(AsyncPipe);

/// The receiver is the pipe's server.
const SERVER: Directions = Directions { receives: true, sends: false };

pub(in crate::unnamed_pipe) fn pipe() -> io::Result<(Sender, Recver)> {
    make(&PairOptions::default())
}

pub(super) fn make(how: &PairOptions<'_>) -> io::Result<(Sender, Recver)> {
    let (recver, sender) = private_pair(SERVER, true, true, how)?;
    Ok((Sender::new(sender), Recver::new(recver)))
}

pub(in crate::unnamed_pipe) fn sender_pair() -> io::Result<(Sender, super::Recver)> {
    let (recver, sender) = private_pair(SERVER, false, true, &PairOptions::default())?;
    Ok((Sender::new(sender), super::PipeEnd::new(recver)))
}

pub(in crate::unnamed_pipe) fn recver_pair() -> io::Result<(super::Sender, Recver)> {
    let (recver, sender) = private_pair(SERVER, true, false, &PairOptions::default())?;
    Ok((super::PipeEnd::new(sender), Recver::new(recver)))
}

impl CreationOptions<'_> {
    /// Makes the pipe with both ends for Tokio. Needs no runtime.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub fn create_tokio(self) -> io::Result<(unnamed_pipe::tokio::Sender, unnamed_pipe::tokio::Recver)> {
        let (sender, recver) = make(&PairOptions {
            buffer: self.size(DEFAULT_BUFFER)?,
            security: self.security_descriptor.as_ref().map(BorrowedSecurityDescriptor::as_sys),
            inheritable: self.inheritable,
            messages: false,
        })?;
        Ok((unnamed_pipe::tokio::Sender(sender), unnamed_pipe::tokio::Recver(recver)))
    }
}

impl Sender {
    fn new(end: OwnedHandle) -> Self {
        Self(AsyncPipe::new(end, false))
    }

    pub(in crate::unnamed_pipe) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, &[IoSlice::new(bytes)])
    }

    pub(in crate::unnamed_pipe) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, slices)
    }

    pub(in crate::unnamed_pipe) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }
}

impl Recver {
    fn new(end: OwnedHandle) -> Self {
        Self(AsyncPipe::new(end, true))
    }

    pub(in crate::unnamed_pipe) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        read_into(&self.0, cx, buffer)
    }
}

/// `InvalidInput` if the handle is not the sending end of a pipe, or was not opened for overlapped operations.
impl TryFrom<OwnedHandle> for unnamed_pipe::tokio::Sender {
    type Error = io::Error;

    fn try_from(end: OwnedHandle) -> io::Result<Self> {
        check(end.as_handle(), handle::WRITE, "the sending end of a pipe")?;
        Ok(Self(Sender::new(end)))
    }
}

/// `InvalidInput` if the handle is not the receiving end of a pipe, or was not opened for overlapped operations.
impl TryFrom<OwnedHandle> for unnamed_pipe::tokio::Recver {
    type Error = io::Error;

    fn try_from(end: OwnedHandle) -> io::Result<Self> {
        check(end.as_handle(), handle::READ, "the receiving end of a pipe")?;
        Ok(Self(Recver::new(end)))
    }
}

fn check(end: BorrowedHandle<'_>, right: u32, what: &str) -> io::Result<()> {
    let invalid = |message| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    if !handle::is_pipe_like(end) || handle::granted_access(end)? & right == 0 {
        return invalid(format!("the handle is not {what}"));
    }
    if !handle::is_overlapped(end)? {
        return invalid("the pipe end was not made for overlapped operations, which Tokio needs".to_owned());
    }
    Ok(())
}

/// Fails if a write is under way: flush before.
impl TryFrom<unnamed_pipe::tokio::Sender> for OwnedHandle {
    type Error = io::Error;

    fn try_from(end: unnamed_pipe::tokio::Sender) -> io::Result<Self> {
        end.0.0.into_handle().map_err(|failure| failure.1)
    }
}

/// Fails if a read that was dropped has left bytes in the end.
impl TryFrom<unnamed_pipe::tokio::Recver> for OwnedHandle {
    type Error = io::Error;

    fn try_from(end: unnamed_pipe::tokio::Recver) -> io::Result<Self> {
        end.0.0.into_handle().map_err(|failure| failure.1)
    }
}

impl AsHandle for unnamed_pipe::tokio::Sender {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.0.as_handle()
    }
}

impl AsHandle for unnamed_pipe::tokio::Recver {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.0.as_handle()
    }
}

impl AsRawHandle for unnamed_pipe::tokio::Sender {
    fn as_raw_handle(&self) -> RawHandle {
        self.as_handle().as_raw_handle()
    }
}

impl AsRawHandle for unnamed_pipe::tokio::Recver {
    fn as_raw_handle(&self) -> RawHandle {
        self.as_handle().as_raw_handle()
    }
}
