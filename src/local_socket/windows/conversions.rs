//! Between local sockets and what they are on Windows.

use crate::{
    local_socket::{Listener, RecvHalf, SendHalf, Stream, windows},
    os::windows::named_pipe::{DuplexPipeStream, FromHandleError, PipeListener, pipe_mode::Bytes},
};
use std::{
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, IntoRawHandle, OwnedHandle, RawHandle},
    sync::atomic::AtomicBool,
};

impl From<DuplexPipeStream<Bytes>> for Stream {
    fn from(stream: DuplexPipeStream<Bytes>) -> Self {
        Self(stream)
    }
}

impl From<Stream> for DuplexPipeStream<Bytes> {
    fn from(stream: Stream) -> Self {
        stream.0
    }
}

/// Takes one end of a duplex named pipe that was opened for overlapped operations.
impl TryFrom<OwnedHandle> for Stream {
    type Error = FromHandleError;

    fn try_from(handle: OwnedHandle) -> Result<Self, FromHandleError> {
        DuplexPipeStream::try_from(handle).map(Self)
    }
}

impl From<Stream> for OwnedHandle {
    fn from(stream: Stream) -> Self {
        stream.0.into_handle()
    }
}

impl AsHandle for Stream {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsRawHandle for Stream {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

impl IntoRawHandle for Stream {
    fn into_raw_handle(self) -> RawHandle {
        self.0.into_raw_handle()
    }
}

/// The streams that are accepted are blocking.
impl From<PipeListener<Bytes, Bytes>> for Listener {
    fn from(pipe: PipeListener<Bytes, Bytes>) -> Self {
        Self(windows::Listener { pipe, name: None, nonblocking_streams: AtomicBool::new(false) })
    }
}

impl From<Listener> for PipeListener<Bytes, Bytes> {
    fn from(listener: Listener) -> Self {
        listener.0.pipe
    }
}

impl AsHandle for RecvHalf {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsHandle for SendHalf {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.stream.as_handle()
    }
}
