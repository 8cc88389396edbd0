//! The stream: which methods it has with which modes. What they do is in [`raw`](super::raw).

use super::{
    ConnectOptions, FromHandleError, handle,
    pipe::{Blocking, Pipe},
    pipe_mode::{self, PipeModeTag},
    raw::{self, PairOptions, RawPipe},
};
use crate::{ConnectWaitMode, TryClone, os::windows::sys::pipe::Directions};
use std::{
    ffi::OsStr,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    net::Shutdown,
    os::windows::io::{IntoRawHandle, OwnedHandle, RawHandle},
    sync::Arc,
    time::Duration,
};

/// One end of a connection over a named pipe: receives as `Rm` says, sends as `Sm` says.
///
/// It comes from a [`PipeListener`](super::PipeListener), from [`connect_by_path`](Self::connect_by_path) or from
/// [`pair`](PipeStream::pair). Streams of bytes implement [`Read`] and [`Write`], also for `&PipeStream`; streams of
/// [messages](pipe_mode::Messages) have [`recv`](PipeStream::recv), [`recv_to_vec`](PipeStream::recv_to_vec) and
/// [`send`](PipeStream::send). One thread can receive while another sends, and neither waits for the other.
///
/// Both ends choose for themselves how they receive from a pipe of messages: what one sends as messages the other can read
/// as bytes, and what one writes as bytes arrives as messages, of one or more to a write, at a peer that receives such.
///
/// # The end
/// Dropping the stream closes it at once. A write returns only when its bytes are in the pipe (with a
/// [timeout](Self::set_write_timeout) or in [nonblocking mode](Self::set_nonblocking), [`flush`](Write::flush) does), and
/// closing an end leaves them there for the peer to read, so nothing is lost and no thread is needed to wait for the peer
/// (Microsoft: "DisconnectNamedPipe function" describes the call that does discard them, which only
/// [`disconnect`](Self::disconnect) makes).
///
/// When the peer has closed its end, reads give what it wrote and then 0, and writes give
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe). There is no half-close: see [`shutdown`](Self::shutdown).
pub type PipeStream<Rm, Sm> = Pipe<Blocking, Rm, Sm>;

/// A stream that sends and receives in the same mode.
pub type DuplexPipeStream<M> = PipeStream<M, M>;
/// A stream, or a half of one, that receives only.
pub type RecvPipeStream<M> = PipeStream<M, pipe_mode::None>;
/// A stream, or a half of one, that sends only.
pub type SendPipeStream<M> = PipeStream<pipe_mode::None, M>;

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeStream<Rm, Sm> {
    /// Connects to the named pipe at `path` (`\\.\pipe\NAME`, or `\\HOST\pipe\NAME` for another computer's), waiting
    /// as long as all its instances are busy.
    ///
    /// The server may find out who the client is, but cannot act in its name
    /// (`SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION`).
    ///
    /// # Errors
    /// - [`NotFound`](io::ErrorKind::NotFound): there is no such pipe.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the pipe does not let this user in, or not in these
    ///   directions.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `path` is not the path of a named pipe, or messages were asked for
    ///   and the pipe does not keep them apart.
    pub fn connect_by_path(path: impl AsRef<OsStr>) -> io::Result<Self> {
        Self::connect_by_path_with_wait_mode(path, ConnectWaitMode::Unbounded)
    }

    /// The same, waiting as `wait_mode` says.
    ///
    /// # Errors
    /// Those of [`connect_by_path`](Self::connect_by_path), and if all instances are busy
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) with [`Deferred`](ConnectWaitMode::Deferred) and
    /// [`TimedOut`](io::ErrorKind::TimedOut) with [`Timeout`](ConnectWaitMode::Timeout).
    pub fn connect_by_path_with_wait_mode(
        path: impl AsRef<OsStr>,
        wait_mode: ConnectWaitMode,
    ) -> io::Result<Self> {
        Self::connect_with(path, &ConnectOptions::new().wait_mode(wait_mode))
    }

    /// Chooses whether reads and writes that would wait fail with [`WouldBlock`](io::ErrorKind::WouldBlock) instead.
    ///
    /// A write that does not fit into the pipe is left in flight: at most 64 KiB, which count as written. Until they are in the
    /// pipe the next write fails with [`WouldBlock`](io::ErrorKind::WouldBlock), and so does [`flush`](Write::flush). A
    /// message fits wholly or is not sent. The setting is this process's, shared by clones and halves.
    ///
    /// # Errors
    /// None today.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.raw.set_nonblocking(nonblocking);
        Ok(())
    }

    /// How long a read may wait. `None`: as long as it takes.
    ///
    /// # Errors
    /// None today.
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.raw.read_timeout())
    }

    /// Limits how long a read may wait; then it fails with [`TimedOut`](io::ErrorKind::TimedOut) and has read
    /// nothing. The setting is shared by clones and halves and begins with the next read.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the limit is zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.raw.set_read_timeout(timeout)
    }

    /// How long a write may wait. `None`: as long as it takes.
    ///
    /// # Errors
    /// None today.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.raw.write_timeout())
    }

    /// Limits how long a write may wait. The setting is shared by clones and halves and begins with the next write.
    ///
    /// A write of bytes that fails with [`TimedOut`](io::ErrorKind::TimedOut) has written nothing. Windows does not say how much
    /// of a cancelled write the peer has read, so a write whose time is over while its bytes wait for space leaves them in
    /// flight: at most 64 KiB, which count as written. The next write waits for them first, and so does
    /// [`flush`](Write::flush). **Flush before the process ends**; dropping the stream leaves them to the system's thread
    /// pool for at most a minute. [Messages](PipeStream::send) are sent wholly or not at all.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the limit is zero.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.raw.set_write_timeout(timeout)
    }

    /// Ends the stream for this process: with [`Read`](Shutdown::Read) reading, with [`Both`](Shutdown::Both) writing
    /// as well. Threads that are blocked in this end's reads and writes, or in those of its clones and halves, are
    /// woken. From then on reads give 0 and writes give [`BrokenPipe`](io::ErrorKind::BrokenPipe).
    ///
    /// The peer notices when the last clone and half is dropped. A write of bytes that is stopped in the
    /// middle may have delivered a part.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) with [`Write`](Shutdown::Write): Windows has no way to end one
    /// direction of a pipe.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.raw.shutdown(how)
    }

    /// Makes another stream for the same end. The end is closed when all are dropped.
    ///
    /// # Errors
    /// Whatever the system reports, such as having too many handles.
    pub fn try_clone(&self) -> io::Result<Self> {
        RawPipe::try_clone(&self.raw).map(Self::from_raw)
    }

    /// Waits until the peer has read everything that was written, or has closed its end.
    ///
    /// This is `FlushFileBuffers`. **It blocks as long as the peer does not read**, whatever the time limit of writes
    /// is, and [`shutdown`](Self::shutdown) does not end it. It is not needed to keep data from being lost (see
    /// [above](Self#the-end)); [`flush`](Write::flush) does nothing and returns at once.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the peer has gone without reading everything.
    #[doc(alias = "FlushFileBuffers")]
    pub fn drain(&self) -> io::Result<()> {
        self.raw.drain()
    }
}

impl PipeStream<pipe_mode::Bytes, pipe_mode::Bytes> {
    /// Makes two connected streams, the server's end first.
    ///
    /// They are a pipe without a name, which nobody else can find.
    ///
    /// # Errors
    /// Whatever the system reports, such as having too many handles.
    pub fn pair() -> io::Result<(Self, Self)> {
        let both = Directions { receives: true, sends: true };
        let (server, client) = raw::private_pair(both, true, true, &PairOptions::default())?;
        Ok((Self::from_raw(RawPipe::new(server, true)), Self::from_raw(RawPipe::new(client, false))))
    }

    /// Gives the handle. A stream of both directions is not a half, so it is the only one that uses it.
    pub(crate) fn into_handle(self) -> OwnedHandle {
        match OwnedHandle::try_from(self) {
            Ok(handle) => handle,
            Err(_) => unreachable!("only halves share a handle, and a half has one direction"),
        }
    }
}

impl<Sm: PipeModeTag> PipeStream<pipe_mode::Bytes, Sm> {
    /// Reads like [`read`](Read::read) into memory that need not have content. As much of it has content then as the number
    /// that this gives.
    ///
    /// # Errors
    /// Those of reading: [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut) if there is
    /// nothing to read [now](Self::set_nonblocking) or in [time](Self::set_read_timeout).
    pub fn read_to_uninit(&self, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.raw.read_to_uninit(buffer)
    }
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> TryClone for PipeStream<Rm, Sm> {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl<Sm: PipeModeTag> Read for &PipeStream<pipe_mode::Bytes, Sm> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.raw.read(buffer)
    }

    /// Reads into the first buffer that is not empty: Windows fills one per call.
    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let first = buffers.iter_mut().find(|buffer| !buffer.is_empty());
        first.map_or(Ok(0), |buffer| self.raw.read(buffer))
    }
}

impl<Sm: PipeModeTag> Read for PipeStream<pipe_mode::Bytes, Sm> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(buffers)
    }
}

impl<Rm: PipeModeTag> Write for &PipeStream<Rm, pipe_mode::Bytes> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.raw.write(buffer)
    }

    /// Writes the first buffer that is not empty: Windows takes one per call.
    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let first = buffers.iter().find(|buffer| !buffer.is_empty());
        self.raw.write(first.map_or(&[], |buffer| buffer))
    }

    /// See the same method of `PipeStream`.
    fn flush(&mut self) -> io::Result<()> {
        self.raw.flush()
    }
}

impl<Rm: PipeModeTag> Write for PipeStream<Rm, pipe_mode::Bytes> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        (&*self).write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(buffers)
    }

    /// Waits until everything that was written is in the pipe, which takes something only after a write with a
    /// [timeout](PipeStream::set_write_timeout) or in [nonblocking mode](PipeStream::set_nonblocking). The peer need not have
    /// read it: see [`drain`](PipeStream::drain).
    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

impl IntoRawHandle for PipeStream<pipe_mode::Bytes, pipe_mode::Bytes> {
    fn into_raw_handle(self) -> RawHandle {
        self.into_handle().into_raw_handle()
    }
}

/// Takes one end of a named pipe that was opened for overlapped operations (`FILE_FLAG_OVERLAPPED`). Which end it is
/// and what the pipe is are checked, the handle's access rights are not: without them reads and writes fail. If the
/// stream receives messages, the handle is set to give them one at a time, for all who have it.
impl<Rm: PipeModeTag, Sm: PipeModeTag> TryFrom<OwnedHandle> for PipeStream<Rm, Sm> {
    type Error = FromHandleError;

    fn try_from(handle: OwnedHandle) -> Result<Self, FromHandleError> {
        let (handle, is_server) = handle::check::<Rm, Sm>(handle)?;
        Ok(Self::from_raw(RawPipe::new(handle, is_server)))
    }
}

/// Gives the handle, or the stream back if it is a half whose other half still exists.
impl<Rm: PipeModeTag, Sm: PipeModeTag> TryFrom<PipeStream<Rm, Sm>> for OwnedHandle {
    type Error = PipeStream<Rm, Sm>;

    fn try_from(stream: PipeStream<Rm, Sm>) -> Result<Self, PipeStream<Rm, Sm>> {
        match Arc::try_unwrap(stream.raw) {
            Ok(raw) => Ok(raw.into_handle()),
            Err(raw) => Err(PipeStream::from_shared(raw)),
        }
    }
}
