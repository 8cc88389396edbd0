//! The half of Tokio local sockets for Windows.

mod v2;

use super::{connect_options, creds, name_if, pipe_options, pipe_path};
use crate::{
    local_socket::{self, ConnectOptions, ListenerOptions, Name, PeerCreds},
    os::windows::{
        named_pipe::{
            FromHandleError,
            pipe_mode::Bytes,
            tokio::{DuplexPipeStream, PipeListener},
        },
        sys::timer::Sleep,
    },
};
use std::{
    io,
    net::Shutdown,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle},
    task::{Context, Poll},
    time::Duration,
};

pub(in crate::local_socket) type Stream = DuplexPipeStream<Bytes>;

pub(in crate::local_socket) async fn connect(options: &ConnectOptions<'_>) -> io::Result<Stream> {
    Stream::connect_with(pipe_path(options.needed_name()?), &connect_options(options)).await
}

/// Waits so long.
pub(in crate::local_socket) async fn pause(duration: Duration) -> io::Result<()> {
    Sleep::new(duration)?.await;
    Ok(())
}

pub(in crate::local_socket) fn pair() -> io::Result<(Stream, Stream)> {
    Stream::pair()
}

pub(in crate::local_socket) fn attach(stream: super::Stream) -> io::Result<Stream> {
    stream.try_into().map_err(io::Error::from)
}

pub(in crate::local_socket) fn detach(stream: Stream) -> io::Result<super::Stream> {
    stream.try_into().map_err(io::Error::from)
}

pub(in crate::local_socket) fn shutdown_now(stream: &Stream, how: Shutdown) -> io::Result<()> {
    stream.shutdown_now(how)
}

pub(in crate::local_socket) fn close(stream: &Stream) -> io::Result<()> {
    stream.shutdown_now(Shutdown::Both)
}

/// One direction of a named pipe cannot be ended.
pub(in crate::local_socket) fn end_sending(_: &Stream) {}

pub(in crate::local_socket) fn peer_creds(stream: &Stream) -> io::Result<PeerCreds> {
    creds(stream.peer_process_id(), stream.peer_user_sid())
}

pub(in crate::local_socket) fn local_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    name_if(stream.is_server(), stream.as_handle())
}

pub(in crate::local_socket) fn peer_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    name_if(stream.is_client(), stream.as_handle())
}

#[derive(Debug)]
pub(in crate::local_socket) struct Listener {
    pipe: PipeListener<Bytes, Bytes>,
    name: Option<Name<'static>>,
}

impl Listener {
    pub(in crate::local_socket) fn listen(options: ListenerOptions<'_>) -> io::Result<Self> {
        let pipe = pipe_options(&options)?.create_tokio_duplex()?;
        Ok(Self { pipe, name: options.name.map(Name::into_owned) })
    }

    pub(in crate::local_socket) async fn accept(&self) -> io::Result<Stream> {
        self.pipe.accept().await
    }

    pub(in crate::local_socket) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        self.pipe.poll_accept(cx)
    }

    pub(in crate::local_socket) fn close(&self) {
        self.pipe.close();
    }

    pub(in crate::local_socket) fn is_closed(&self) -> bool {
        self.pipe.is_closed()
    }

    pub(in crate::local_socket) fn local_name(&self) -> Option<Name<'static>> {
        self.name.clone()
    }

    /// The name of a pipe goes with the pipe, whatever anybody wants.
    pub(in crate::local_socket) fn do_not_reclaim_name_on_drop(&mut self) {}
}

impl From<DuplexPipeStream<Bytes>> for local_socket::tokio::Stream {
    fn from(stream: DuplexPipeStream<Bytes>) -> Self {
        Self(stream)
    }
}

impl From<local_socket::tokio::Stream> for DuplexPipeStream<Bytes> {
    fn from(stream: local_socket::tokio::Stream) -> Self {
        stream.0
    }
}

/// Takes one end of a duplex named pipe that was opened for overlapped operations.
impl TryFrom<OwnedHandle> for local_socket::tokio::Stream {
    type Error = FromHandleError;

    fn try_from(handle: OwnedHandle) -> Result<Self, FromHandleError> {
        DuplexPipeStream::try_from(handle).map(Self)
    }
}

/// Fails if a write is under way, or if a read that was dropped has left bytes in the stream.
impl TryFrom<local_socket::tokio::Stream> for OwnedHandle {
    type Error = io::Error;

    fn try_from(stream: local_socket::tokio::Stream) -> io::Result<Self> {
        OwnedHandle::try_from(stream.0).map_err(io::Error::from)
    }
}

impl AsHandle for local_socket::tokio::Stream {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsRawHandle for local_socket::tokio::Stream {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

impl From<PipeListener<Bytes, Bytes>> for local_socket::tokio::Listener {
    fn from(pipe: PipeListener<Bytes, Bytes>) -> Self {
        Self(Listener { pipe, name: None })
    }
}

impl From<local_socket::tokio::Listener> for PipeListener<Bytes, Bytes> {
    fn from(listener: local_socket::tokio::Listener) -> Self {
        listener.0.pipe
    }
}

impl AsHandle for local_socket::tokio::RecvHalf {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsHandle for local_socket::tokio::SendHalf {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.stream.as_handle()
    }
}
