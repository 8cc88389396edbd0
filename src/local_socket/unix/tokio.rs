//! The half of Tokio local sockets for Unix.

mod v2;

use super::{
    Target, check_server, connect_to_first,
    listener::{self, State},
    name_of, peer_name_of,
};
use crate::{
    ConnectWaitMode,
    local_socket::{self, ConnectOptions, ListenerOptions, Name, PeerCreds},
    os::unix::{
        sys::timer,
        uds::{
            self,
            tokio::{UnixStream, listening::Listening},
        },
    },
    time::Deadline,
};
use std::{
    future::poll_fn,
    io,
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    task::{Context, Poll, ready},
    time::Duration,
};

pub(in crate::local_socket) type Stream = UnixStream;

pub(in crate::local_socket) async fn connect(options: &ConnectOptions<'_>) -> io::Result<Stream> {
    let name = options.needed_name()?;
    let attempt = || {
        connect_to_first(name, |target| match target {
            Target::Path(path) => uds::UnixStream::connect_nonblocking(path),
            Target::Abstract(address) => uds::UnixStream::connect_addr_nonblocking(address),
        })
    };
    let connected = match options.wait_mode {
        ConnectWaitMode::Deferred => attempt()?,
        ConnectWaitMode::Unbounded => uds::tokio::retried(attempt).await?,
        ConnectWaitMode::Timeout(timeout) => {
            let deadline = Deadline::after(timeout);
            uds::tokio::retried_until(deadline, attempt).await.map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "cannot connect to {name}: the listener's backlog stayed full until the deadline"
                    ),
                ),
                _ => error,
            })?
        }
    };
    check_server(options, &connected)?;
    Stream::registered(connected)
}

/// Waits so long. Fails if the runtime is shutting down.
pub(in crate::local_socket) async fn pause(duration: Duration) -> io::Result<()> {
    timer::sleep(duration).await
}

#[track_caller]
pub(in crate::local_socket) fn pair() -> io::Result<(Stream, Stream)> {
    UnixStream::pair()
}

#[track_caller]
pub(in crate::local_socket) fn attach(stream: super::Stream) -> io::Result<Stream> {
    Stream::try_from(stream)
}

pub(in crate::local_socket) fn detach(stream: Stream) -> io::Result<super::Stream> {
    stream.try_into()
}

pub(in crate::local_socket) fn shutdown_now(stream: &Stream, how: Shutdown) -> io::Result<()> {
    stream.shutdown_now(how)
}

pub(in crate::local_socket) fn close(stream: &Stream) -> io::Result<()> {
    super::close(stream.get())
}

pub(in crate::local_socket) fn end_sending(stream: &Stream) {
    super::end_sending(stream.get());
}

pub(in crate::local_socket) fn peer_creds(stream: &Stream) -> io::Result<PeerCreds> {
    super::peer_creds(stream.get())
}

pub(in crate::local_socket) fn local_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    Ok(name_of(&stream.local_addr()?))
}

pub(in crate::local_socket) fn peer_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    Ok(peer_name_of(&stream.peer_addr()?))
}

#[derive(Debug)]
pub(in crate::local_socket) struct Listener {
    // Dropped first; see the blocking listener.
    shared: State,
    socket: Listening,
}

impl Listener {
    #[track_caller]
    pub(in crate::local_socket) fn listen(options: ListenerOptions<'_>) -> io::Result<Self> {
        let (socket, shared) = listener::listen(options)?;
        Ok(Self { socket: Listening::new(socket.into_listening())?, shared })
    }

    pub(in crate::local_socket) async fn accept(&self) -> io::Result<Stream> {
        poll_fn(|cx| self.poll_accept(cx)).await
    }

    pub(in crate::local_socket) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        let admits = |client: BorrowedFd<'_>| self.shared.lets_in(client);
        let accepted = ready!(self.socket.poll_accept(cx, admits, Stream::try_registered));
        Poll::Ready(accepted.map(|(stream, _)| stream).map_err(|error| {
            if error.kind() != io::ErrorKind::InvalidInput {
                return error;
            }
            self.close();
            listener::shut_down_by_another()
        }))
    }

    pub(in crate::local_socket) fn close(&self) {
        self.socket.close();
    }

    pub(in crate::local_socket) fn is_closed(&self) -> bool {
        self.socket.get().is_closed()
    }

    pub(in crate::local_socket) fn local_name(&self) -> Option<Name<'static>> {
        self.shared.name()
    }

    pub(in crate::local_socket) fn do_not_reclaim_name_on_drop(&mut self) {
        self.shared.do_not_reclaim_name_on_drop();
    }
}

impl From<UnixStream> for local_socket::tokio::Stream {
    fn from(stream: UnixStream) -> Self {
        Self(stream)
    }
}

impl From<local_socket::tokio::Stream> for UnixStream {
    fn from(stream: local_socket::tokio::Stream) -> Self {
        stream.0
    }
}

/// Puts a stream socket on the current runtime, and into nonblocking mode.
impl TryFrom<OwnedFd> for local_socket::tokio::Stream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        UnixStream::try_from(fd).map(Self)
    }
}

/// Takes the socket off the runtime, and into blocking mode.
impl TryFrom<local_socket::tokio::Stream> for OwnedFd {
    type Error = io::Error;

    fn try_from(stream: local_socket::tokio::Stream) -> io::Result<Self> {
        uds::UnixStream::try_from(stream.0).map(Self::from)
    }
}

impl AsFd for local_socket::tokio::Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for local_socket::tokio::Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl AsFd for local_socket::tokio::Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.socket.get().share()
    }
}

impl AsRawFd for local_socket::tokio::Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Puts a listener on the current runtime.
impl TryFrom<uds::UnixListener> for local_socket::tokio::Listener {
    type Error = io::Error;

    #[track_caller]
    fn try_from(mut socket: uds::UnixListener) -> io::Result<Self> {
        let shared = State::of(&mut socket);
        Ok(Self(Listener { socket: Listening::new(socket.into_listening())?, shared }))
    }
}

impl AsFd for local_socket::tokio::RecvHalf {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for local_socket::tokio::SendHalf {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}
