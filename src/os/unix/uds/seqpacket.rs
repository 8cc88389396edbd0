mod listener;

pub use self::listener::{SeqpacketIncoming, UnixSeqpacketListener};

use super::{
    OutgoingMessage, ReceivedFds, RecvBatch, SendBatch, SocketAddr, SocketAncillary, UCred,
    ancillary::{receive_fds, send_fds},
    connection, peer,
};
use crate::{
    TryClone,
    os::unix::sys::{
        self,
        message::{self, END_OF_RECORD, Received, Take},
        socket::{self, Direction, Kind},
    },
};
use std::{
    fmt::{self, Debug, Formatter},
    io::{self, IoSlice, IoSliceMut},
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
    path::Path,
    time::Duration,
};

/// A connected socket of sequenced packets: a connection as of streams, whose messages arrive whole as datagrams do.
///
/// For small messages it is cheaper than a stream, and needs no framing. Linux, Android, the BSDs and illumos have it;
/// on macOS, making one is `Unsupported`.
///
/// What does not fit into the receiver's buffer is lost. The calls with ancillary data tell; with the others, offer a byte
/// more than you expect.
///
/// # Packets of length zero, and the end
/// [`recv`](Self::recv) gives 0 for a packet of length zero and for the end of the connection. [`recv_packet`] tells them
/// apart: a packet is marked by its sender's name or credentials or, on FreeBSD, by `MSG_EOR`; without a mark, a further
/// system call asks whether the peer has ended. One case remains, on Linux: packets of length zero that were the very last
/// before the end are taken for the end if nothing marks them. Where they matter, let messages come with credentials
/// ([`set_passcred`](super::UnixSocketExt::set_passcred)), which marks all. The other systems deliver no packets of length
/// zero, or mark them.
///
/// [`recv_packet`]: Self::recv_packet
#[doc(alias = "SOCK_SEQPACKET")]
pub struct UnixSeqpacket(OwnedFd);

impl UnixSeqpacket {
    /// Connects to the listener at a path. While its backlog is full, Linux waits; the other systems refuse.
    ///
    /// # Errors
    /// `NotFound`: there is no such file. `ConnectionRefused`: there is one, but nobody listens. `InvalidInput`: the path is
    /// empty, has a NUL byte, or is too long (on Linux only if its last part is; elsewhere over 104 bytes). A listener of
    /// another kind is `EPROTOTYPE`.
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect(Kind::Seqpacket, to)).map(Self)
    }

    /// Connects to an address, as [`connect`](Self::connect) does.
    ///
    /// # Errors
    /// As for `connect`.
    pub fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect(Kind::Seqpacket, to)).map(Self)
    }

    /// Connects to the listener at a path, and waits at most `timeout` for room in its backlog.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), and `TimedOut`.
    pub fn connect_timeout<P: AsRef<Path>>(path: P, timeout: Duration) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect_within(Kind::Seqpacket, to, timeout))
            .map(Self)
    }

    /// [`connect_timeout`](Self::connect_timeout) for an address.
    ///
    /// # Errors
    /// As for `connect_timeout`.
    pub fn connect_addr_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect_within(Kind::Seqpacket, to, timeout))
            .map(Self)
    }

    /// Connects without waiting, and gives a socket in nonblocking mode.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), and `WouldBlock` if the backlog is full (Linux). A socket that is returned is
    /// connected.
    pub fn connect_nonblocking<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect_at_once(Kind::Seqpacket, to)).map(Self)
    }

    /// [`connect_nonblocking`](Self::connect_nonblocking) for an address.
    ///
    /// # Errors
    /// As for `connect_nonblocking`.
    pub fn connect_addr_nonblocking(address: &SocketAddr) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect_at_once(Kind::Seqpacket, to)).map(Self)
    }

    /// Two sockets that are connected to each other and have no name.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socket::pair(Kind::Seqpacket, false)?;
        Ok((Self(a), Self(b)))
    }

    /// A second object of the same connection. Both share modes and timeouts, and the peer sees the end when both are gone.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        sys::fd::duplicate(self.as_fd()).map(Self)
    }

    /// The address of this end: unnamed, unless it was accepted.
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        socket::local_addr(self.as_fd()).map(SocketAddr)
    }

    /// The address of the other end: the listener's, for the one who connected.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        socket::peer_addr(self.as_fd()).map(SocketAddr)
    }

    /// The process at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell.
    #[doc(alias("SO_PEERCRED", "getpeereid", "LOCAL_PEERCRED"))]
    pub fn peer_cred(&self) -> io::Result<UCred> {
        peer::credentials(self.as_fd())
    }

    /// The groups of the process at the other end; see [`UnixStream::peer_groups`](super::UnixStream::peer_groups).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn peer_groups(&self) -> io::Result<Option<Vec<u32>>> {
        peer::groups(self.as_fd())
    }

    /// Sends a packet: the whole of it, or an error.
    ///
    /// # Errors
    /// `BrokenPipe`: the peer has closed. `ConnectionReset`: it closed before it received everything, which is told once, here
    /// or by receiving. A packet that is too long is `EMSGSIZE`.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        message::send(self.as_fd(), bytes, END_OF_RECORD)
    }

    /// Sends a packet of several slices.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        message::send_message(self.as_fd(), slices, None, None, END_OF_RECORD)
    }

    /// Receives a packet. 0 is a packet of length zero, or the end; see [above](Self#packets-of-length-zero-and-the-end).
    ///
    /// # Errors
    /// `ConnectionReset`: the peer closed before it received everything.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        message::receive(self.as_fd(), buffer, Take::Out)
    }

    /// Receives a packet into several slices.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub fn recv_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        message::receive_message(self.as_fd(), slices, None, None, Take::Out).map(|received| received.length)
    }

    /// Receives a packet, or tells that the connection has ended: `None`. See
    /// [above](Self#packets-of-length-zero-and-the-end).
    ///
    /// # Errors
    /// As for [`recv`](Self::recv). Where the system refuses poll(2), as with a limit of no open descriptors, `Other` at the
    /// end of the connection, which looks like another packet of length zero then.
    pub fn recv_packet(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let mut from = sys::address::Address::UNNAMED;
        let slices = &mut [IoSliceMut::new(buffer)];
        let received = message::receive_message(self.as_fd(), slices, None, Some(&mut from), Take::Out)?;
        let has_name = !from.bytes().is_empty();
        Ok(if self.is_end(&received, has_name)? { None } else { Some(received.length) })
    }

    fn is_end(&self, received: &Received, has_name: bool) -> io::Result<bool> {
        if received.length > 0 || received.is_certainly_a_message || has_name {
            return Ok(false);
        }
        socket::has_ended(self.as_fd())
    }

    /// Receives a packet, and leaves it for the next to receive.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        message::receive(self.as_fd(), buffer, Take::Peek)
    }

    /// Sends a packet with descriptors. The peer gets descriptors of its own; yours stay open.
    ///
    /// # Errors
    /// `InvalidInput`, before anything is sent: more descriptors than the system passes at once (253 on Linux). Else as for
    /// [`send`](Self::send); `ETOOMANYREFS` if too many descriptors are under way.
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        send_fds(fds, |control| {
            message::send_message(self.as_fd(), &[IoSlice::new(bytes)], Some(control), None, END_OF_RECORD)
        })
    }

    /// Receives a packet and the descriptors that came with it, at most `max`.
    ///
    /// All descriptors are close-on-exec. What comes beyond `max` is closed, which [`ReceivedFds::is_truncated`] tells.
    /// Descriptors that arrive with an ordinary receive are closed by the system.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    #[doc(alias("SCM_RIGHTS", "recvmsg"))]
    pub fn recv_with_fds(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, ReceivedFds)> {
        receive_fds(self.as_fd(), buffer, max, None)
    }

    /// Sends a packet of several slices, with control messages.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds); `Unsupported` for credentials on a system that has none.
    pub fn send_vectored_with_ancillary(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        message::send_message(self.as_fd(), slices, Some(&ancillary.0), None, END_OF_RECORD)
    }

    /// Receives a packet into several slices, with control messages. What the buffer held before is closed first. The
    /// boolean tells whether the packet had more bytes than there was room for.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub fn recv_vectored_with_ancillary(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<(usize, bool)> {
        let control = Some(&mut ancillary.0);
        let received = message::receive_message(self.as_fd(), slices, control, None, Take::Out)?;
        Ok((received.length, received.is_truncated))
    }

    /// Receives the packets that are there into a batch, whose former contents are dropped, and tells how many. In blocking
    /// mode it waits for the first. One system call on Linux, Android and NetBSD, and one a packet elsewhere.
    ///
    /// No packet means that the connection has ended, with the same reservation as for
    /// [`recv_packet`](Self::recv_packet).
    ///
    /// # Errors
    /// `InvalidInput` for a batch without room for a message; else as for [`recv`](Self::recv). An error after the first
    /// packet is returned by the next call on this socket with the same batch.
    #[doc(alias = "recvmmsg")]
    pub fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        batch.0.receive(self.as_fd())?;
        batch.without_end(self.as_fd())
    }

    /// Sends the first of the messages, as many as the batch has room for, and tells how many; system calls as for
    /// [`recv_many`](Self::recv_many). Addresses in the messages are refused by the system.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds), of the first message; that of a later one ends the sending and is told
    /// by the next call.
    #[doc(alias = "sendmmsg")]
    pub fn send_many(&self, messages: &[OutgoingMessage<'_>], batch: &mut SendBatch) -> io::Result<usize> {
        batch.0.send(self.as_fd(), messages.iter().map(OutgoingMessage::parts), END_OF_RECORD)
    }

    /// How long receiving waits; `None` is for ever.
    ///
    /// What has waited that long fails with `WouldBlock`.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        socket::set_timeout(self.as_fd(), Direction::Recv, timeout)
    }

    /// How long sending waits for room in the peer's queue; `None` is for ever.
    ///
    /// What has waited that long fails with `WouldBlock`.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        socket::set_timeout(self.as_fd(), Direction::Send, timeout)
    }

    /// How long receiving waits.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        socket::timeout(self.as_fd(), Direction::Recv)
    }

    /// How long sending waits.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        socket::timeout(self.as_fd(), Direction::Send)
    }

    /// In nonblocking mode, what would have to wait fails with `WouldBlock`.
    ///
    /// # Errors
    /// Those of ioctl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        sys::fd::set_nonblocking(self.as_fd(), nonblocking)
    }

    /// Takes the error that the kernel keeps for this socket (`SO_ERROR`).
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        socket::take_error(self.as_fd())
    }

    /// Ends one direction or both, and wakes whoever waits in it, in this process and in the other. After
    /// `Shutdown::Write` the peer receives what is still there and then sees the end.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        socket::shutdown(self.as_fd(), how)
    }
}

impl TryClone for UnixSeqpacket {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl Debug for UnixSeqpacket {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("UnixSeqpacket");
        fields.field("fd", &self.0.as_raw_fd());
        if let Ok(local) = self.local_addr() {
            fields.field("local", &local);
        }
        if let Ok(peer) = self.peer_addr() {
            fields.field("peer", &peer);
        }
        fields.finish()
    }
}

impl AsFd for UnixSeqpacket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for UnixSeqpacket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for UnixSeqpacket {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for UnixSeqpacket {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        unsafe { OwnedFd::from_raw_fd(fd) }.into()
    }
}

impl From<OwnedFd> for UnixSeqpacket {
    fn from(fd: OwnedFd) -> Self {
        // macOS refuses this to a connection that the peer has closed already.
        let _ = socket::no_sigpipe(fd.as_fd());
        Self(fd)
    }
}

impl From<UnixSeqpacket> for OwnedFd {
    fn from(socket: UnixSeqpacket) -> Self {
        socket.0
    }
}
