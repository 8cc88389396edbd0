//! The half of Tokio unnamed pipes for Unix.

#[cfg(feature = "tokio-process")]
mod inherit;

use super::{CreationOptions, Direction, check_direction, ends};
use crate::{
    os::unix::{
        pipe_end::{PipeEnd, tokio::Renewed},
        sys::{fd, pipe, readiness},
    },
    unnamed_pipe,
};
use std::{
    io::{self, IoSlice},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    task::{Context, Poll},
};
use tokio::io::{Interest, ReadBuf};

#[derive(Debug)]
pub(in crate::unnamed_pipe) struct Sender(Renewed<PipeEnd>);

#[derive(Debug)]
pub(in crate::unnamed_pipe) struct Recver(Renewed<PipeEnd>);

#[track_caller]
pub(in crate::unnamed_pipe) fn pipe() -> io::Result<(Sender, Recver)> {
    let (sender, recver) = ends(pipe::Options { nonblocking: true, packets: false })?;
    Ok((Sender::registered(sender)?, Recver::registered(recver)?))
}

#[track_caller]
pub(in crate::unnamed_pipe) fn sender_pair() -> io::Result<(Sender, super::Recver)> {
    let (sender, recver) = super::pipe()?;
    sender.set_nonblocking(true)?;
    Ok((Sender::registered(sender)?, recver))
}

#[track_caller]
pub(in crate::unnamed_pipe) fn recver_pair() -> io::Result<(super::Sender, Recver)> {
    let (sender, recver) = super::pipe()?;
    recver.set_nonblocking(true)?;
    Ok((sender, Recver::registered(recver)?))
}

impl Sender {
    #[track_caller]
    fn registered(end: PipeEnd) -> io::Result<Self> {
        Renewed::new(end, Interest::WRITABLE).map(Self)
    }

    pub(in crate::unnamed_pipe) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes.len(), |end| end.write_now(&[IoSlice::new(bytes)]))
    }

    pub(in crate::unnamed_pipe) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered = readiness::offered(slices);
        self.0.poll_write(cx, offered, |end| end.write_now(slices))
    }

    pub(in crate::unnamed_pipe) fn poll_flush(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Recver {
    #[track_caller]
    fn registered(end: PipeEnd) -> io::Result<Self> {
        Renewed::new(end, Interest::READABLE).map(Self)
    }

    /// Says whether what comes are packets, of which each ends a read.
    pub(in crate::unnamed_pipe) fn with_packets(self, packets: bool) -> Self {
        Self(self.0.with_packets(packets))
    }

    pub(in crate::unnamed_pipe) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buffer)
    }
}

impl CreationOptions {
    /// Makes the pipe with both ends on the current Tokio runtime, nonblocking in any case.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn create_tokio(self) -> io::Result<(unnamed_pipe::tokio::Sender, unnamed_pipe::tokio::Recver)> {
        let (sender, recver) = self.nonblocking(true).create()?;
        let unnamed_pipe::tokio::Recver(recver) = unnamed_pipe::tokio::Recver::try_from(recver)?;
        let recver = unnamed_pipe::tokio::Recver(recver.with_packets(self.packets));
        Ok((unnamed_pipe::tokio::Sender::try_from(sender)?, recver))
    }
}

/// Puts a descriptor on the current runtime, and into nonblocking mode. `InvalidInput` if it is not the sending end of a
/// pipe.
impl TryFrom<OwnedFd> for unnamed_pipe::tokio::Sender {
    type Error = io::Error;

    #[track_caller]
    fn try_from(end: OwnedFd) -> io::Result<Self> {
        check_direction(end.as_fd(), Direction::Send)?;
        fd::set_nonblocking(end.as_fd(), true)?;
        Sender::registered(PipeEnd::sender(end)).map(Self)
    }
}

/// Puts a descriptor on the current runtime, and into nonblocking mode. `InvalidInput` if it is not the receiving end of
/// a pipe.
impl TryFrom<OwnedFd> for unnamed_pipe::tokio::Recver {
    type Error = io::Error;

    #[track_caller]
    fn try_from(end: OwnedFd) -> io::Result<Self> {
        check_direction(end.as_fd(), Direction::Recv)?;
        fd::set_nonblocking(end.as_fd(), true)?;
        Recver::registered(PipeEnd::recver(end)).map(Self)
    }
}

/// Takes an end off the runtime, and into blocking mode.
impl TryFrom<unnamed_pipe::tokio::Sender> for OwnedFd {
    type Error = io::Error;

    fn try_from(end: unnamed_pipe::tokio::Sender) -> io::Result<Self> {
        let end = OwnedFd::from(end.0.0.into_inner());
        fd::set_nonblocking(end.as_fd(), false)?;
        Ok(end)
    }
}

/// Takes an end off the runtime, and into blocking mode.
impl TryFrom<unnamed_pipe::tokio::Recver> for OwnedFd {
    type Error = io::Error;

    fn try_from(end: unnamed_pipe::tokio::Recver) -> io::Result<Self> {
        let end = OwnedFd::from(end.0.0.into_inner());
        fd::set_nonblocking(end.as_fd(), false)?;
        Ok(end)
    }
}

impl AsFd for unnamed_pipe::tokio::Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.get().as_fd()
    }
}

impl AsFd for unnamed_pipe::tokio::Recver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.get().as_fd()
    }
}

impl AsRawFd for unnamed_pipe::tokio::Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsRawFd for unnamed_pipe::tokio::Recver {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
