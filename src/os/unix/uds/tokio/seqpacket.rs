mod ancillary;
mod listener;

pub use self::listener::UnixSeqpacketListener;

use super::retried;
use crate::os::unix::{
    sys::{
        async_fd::Registered,
        socket::{self, Kind},
    },
    uds::{self, SocketAddr, UCred, UnixSocketExt, options::Sealed},
};
use std::{
    fmt::{self, Debug, Formatter},
    io::{self, IoSlice, IoSliceMut},
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    path::Path,
    task::{Context, Poll},
};
use tokio::io::{Interest, ReadBuf, Ready};

/// A connected socket of sequenced packets; see [`uds::UnixSeqpacket`].
///
/// All methods take it by reference, so that several tasks can share one. Sending and receiving are cancel-safe: what was
/// dropped before it was ready has sent or taken nothing. All tasks that wait are woken, those of the `poll_` methods too.
pub struct UnixSeqpacket(Registered<uds::UnixSeqpacket>);

impl UnixSeqpacket {
    /// Connects to the listener at a path. While its backlog is full, Linux waits, in the way of
    /// [`UnixStream::connect`](super::UnixStream::connect); the other systems refuse. Cancel-safe.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacket::connect`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub async fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = path.as_ref();
        retried(|| uds::UnixSeqpacket::connect_nonblocking(path)).await.and_then(Self::registered)
    }

    /// Connects to an address, as [`connect`](Self::connect) does. Cancel-safe.
    ///
    /// # Errors
    /// As for `connect`.
    ///
    /// # Panics
    /// As `connect` does.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        retried(|| uds::UnixSeqpacket::connect_addr_nonblocking(address)).await.and_then(Self::registered)
    }

    /// Two sockets that are connected to each other and have no name.
    ///
    /// # Errors
    /// The limit of open descriptors.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socket::pair(Kind::Seqpacket, true)?;
        Ok((Self::registered(a.into())?, Self::registered(b.into())?))
    }

    /// Wraps a socket that is in nonblocking mode.
    #[track_caller]
    fn registered(socket: uds::UnixSeqpacket) -> io::Result<Self> {
        Registered::new(socket, Interest::READABLE | Interest::WRITABLE).map(Self)
    }

    /// Wraps a socket that is in nonblocking mode, or gives it back.
    fn try_registered(socket: OwnedFd) -> Result<Self, (OwnedFd, io::Error)> {
        let registered =
            Registered::try_new(uds::UnixSeqpacket::from(socket), Interest::READABLE | Interest::WRITABLE);
        registered.map(Self).map_err(|(socket, error)| (socket.into(), error))
    }

    /// The address of this end: unnamed, unless it was accepted.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get().local_addr()
    }

    /// The address of the other end: the listener's, for the one who connected.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get().peer_addr()
    }

    /// The process at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        self.0.get().peer_cred()
    }

    /// The groups of the process at the other end; see [`uds::UnixStream::peer_groups`].
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn peer_groups(&self) -> io::Result<Option<Vec<u32>>> {
        self.0.get().peer_groups()
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.get().take_error()
    }

    /// Ends one direction or both, and wakes whoever waits in it, in this process and in the other. After
    /// `Shutdown::Write` the peer receives what is still there and then sees the end.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get().shutdown(how)
    }

    /// Sends a packet. Cancel-safe: it was not sent unless this returns.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacket::send`].
    pub async fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.writing(|socket| socket.send(bytes)).await
    }

    /// [`send`](Self::send) that does not wait.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room; [`writable`](Self::writable) waits for it. Else as for `send`.
    pub fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_writing(|socket| socket.send(bytes))
    }

    /// [`send`](Self::send) as a poll method.
    ///
    /// # Errors
    /// As for `send`.
    pub fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes.len(), |socket| socket.send(bytes))
    }

    /// Sends a packet of several slices. Cancel-safe: it was not sent unless this returns.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.writing(|socket| socket.send_vectored(slices)).await
    }

    /// Receives a packet. 0 is a packet of length zero, or the end; see
    /// [the blocking type](uds::UnixSeqpacket#packets-of-length-zero-and-the-end). Cancel-safe: nothing is taken unless it
    /// is returned.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacket::recv`].
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.reading(|socket| socket.recv(buffer)).await
    }

    /// [`recv`](Self::recv) that does not wait.
    ///
    /// # Errors
    /// `WouldBlock`: there is none, or the runtime has not learned of it yet; [`readable`](Self::readable) waits for it.
    /// Else as for `recv`.
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_reading(|socket| socket.recv(buffer))
    }

    /// [`recv`](Self::recv) as a poll method, into the unfilled part of a buffer.
    ///
    /// # Errors
    /// As for `recv`.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_reading(cx, |socket| {
            let length = socket.recv(buffer.initialize_unfilled())?;
            buffer.advance(length);
            Ok(())
        })
    }

    /// Receives a packet into several slices. Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn recv_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.reading(|socket| socket.recv_vectored(slices)).await
    }

    /// Receives a packet, or tells that the connection has ended: `None`. See
    /// [the blocking type](uds::UnixSeqpacket#packets-of-length-zero-and-the-end). Cancel-safe: nothing is taken unless it
    /// is returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn recv_packet(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.0.reading(|socket| socket.recv_packet(buffer)).await
    }

    /// [`recv_packet`](Self::recv_packet) that does not wait.
    ///
    /// # Errors
    /// As for [`try_recv`](Self::try_recv).
    pub fn try_recv_packet(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.0.try_reading(|socket| socket.recv_packet(buffer))
    }

    /// Receives a packet, and leaves it for the next to receive. Cancel-safe.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.reading(|socket| socket.peek(buffer)).await
    }

    /// Waits until there may be something to receive, or room, or one of these directions has ended
    /// ([`Ready::is_read_closed`], [`Ready::is_write_closed`]). Cancel-safe.
    ///
    /// What is told lasts until a `try_` method or another operation of this socket fails with `WouldBlock`.
    ///
    /// # Errors
    /// The runtime is shutting down.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.0.ready(interest).await
    }

    /// Waits until there may be something to receive. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn readable(&self) -> io::Result<()> {
        self.0.ready(Interest::READABLE).await.map(drop)
    }

    /// Waits until there may be room for sending. Cancel-safe.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub async fn writable(&self) -> io::Result<()> {
        self.0.ready(Interest::WRITABLE).await.map(drop)
    }

    /// [`readable`](Self::readable) as a poll method.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read_ready(cx)
    }

    /// [`writable`](Self::writable) as a poll method.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(cx)
    }

    /// Tries an operation on the descriptor that must fail with `WouldBlock` if it would have to wait.
    ///
    /// # Errors
    /// The operation's; `WouldBlock`, without trying, if the runtime knows that it would have to wait.
    pub fn try_io<R>(&self, interest: Interest, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.0.try_io(interest, operation)
    }

    /// Repeats such an operation as for [`try_io`](Self::try_io) until it need not wait. Cancel-safe if it moves
    /// nothing when it fails with `WouldBlock`.
    ///
    /// # Errors
    /// The operation's.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.0.async_io(interest, operation).await
    }
}

impl Sealed for UnixSeqpacket {}
impl UnixSocketExt for UnixSeqpacket {}

impl Debug for UnixSeqpacket {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.get().fmt(f)
    }
}

impl AsFd for UnixSeqpacket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl AsRawFd for UnixSeqpacket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get().as_raw_fd()
    }
}

/// Puts a socket on the current runtime, and into nonblocking mode.
impl TryFrom<uds::UnixSeqpacket> for UnixSeqpacket {
    type Error = io::Error;

    #[track_caller]
    fn try_from(socket: uds::UnixSeqpacket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Self::registered(socket)
    }
}

/// Takes a socket off the runtime, and into blocking mode.
impl TryFrom<UnixSeqpacket> for uds::UnixSeqpacket {
    type Error = io::Error;

    fn try_from(socket: UnixSeqpacket) -> io::Result<Self> {
        let socket = socket.0.into_inner();
        socket.set_nonblocking(false)?;
        Ok(socket)
    }
}

/// Puts a socket of sequenced packets on the current runtime, and into nonblocking mode.
impl TryFrom<OwnedFd> for UnixSeqpacket {
    type Error = io::Error;

    #[track_caller]
    fn try_from(fd: OwnedFd) -> io::Result<Self> {
        Self::try_from(uds::UnixSeqpacket::from(fd))
    }
}
