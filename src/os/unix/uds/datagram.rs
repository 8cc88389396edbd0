use super::{
    OutgoingMessage, ReceivedFds, RecvBatch, SendBatch, Socket, SocketAddr, SocketAncillary,
    ancillary::{receive_fds, send_fds},
    bind, connection,
    kind::Datagram,
};
use crate::{
    error::about,
    os::unix::sys::{
        self,
        address::Address,
        message::{self, Take},
        socket::{self, Kind},
    },
};
use std::{
    fmt::Debug,
    io::{self, IoSlice, IoSliceMut},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    path::Path,
};

/// A datagram socket, after [`std::os::unix::net::UnixDatagram`].
///
/// Datagrams arrive whole, in order and without loss: a sender waits for room in the receiver's queue on Linux, and gets
/// `ENOBUFS` on macOS and the BSDs. A datagram of length zero is a datagram; receiving none of its zero bytes is not an
/// end, which datagram sockets do not have.
///
/// What does not fit into the receiver's buffer is lost. The calls with ancillary data tell; with the others, offer a byte
/// more than you expect.
#[doc(alias = "SOCK_DGRAM")]
pub type UnixDatagram = Socket<Datagram>;

impl UnixDatagram {
    /// Makes the socket's file, so that others can send to it.
    ///
    /// # Errors
    /// `AddrInUse`: something is there, be it the socket of a process that is gone. `NotFound`: the folder does not exist.
    /// `InvalidInput`: the path is empty, has a NUL byte, or is too long (on Linux only if its last part is; elsewhere over
    /// 104 bytes).
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::bind_with(path.as_ref(), None)
    }

    /// [`bind`](Self::bind) with a mode of the socket's file, whatever the umask is; see
    /// [`UnixListener::bind_with`](super::UnixListener::bind_with). Sending to it takes write permission.
    ///
    /// # Errors
    /// As for `UnixListener::bind_with`.
    ///
    /// # Platform-specific behavior
    /// A datagram socket receives as soon as it is bound. Where bind(2) cannot set the mode (other systems than Linux and
    /// Android), the file has the permissions that the umask leaves until the mode is set: a sender that has them can send
    /// or connect in that instant. Bind under a strict umask there if that matters.
    pub fn bind_with(path: &Path, mode: Option<u32>) -> io::Result<Self> {
        bind::bind(Kind::Datagram, path, mode, |_| Ok(())).map(Self::of)
    }

    /// Binds to an address, as [`bind`](Self::bind) does.
    ///
    /// # Errors
    /// As for `bind`; `InvalidInput` if the address is unnamed.
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        bind::bind_addr(Kind::Datagram, address, |_| Ok(())).map(Self::of)
    }

    /// Binds to a name in the abstract namespace that the kernel chooses; [`local_addr`](Self::local_addr) tells it. For
    /// clients that want answers.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    pub fn autobind() -> io::Result<Self> {
        bind::autobind(Kind::Datagram, |_| Ok(())).map(Self::of)
    }

    /// A socket without a name, to which nobody can send.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn unbound() -> io::Result<Self> {
        socket::socket(Kind::Datagram, false).map(Self::of)
    }

    /// Makes a path the place to which [`send`](Self::send) sends, and from which alone datagrams are received.
    ///
    /// # Errors
    /// `NotFound`: there is no such file. `ConnectionRefused`: the socket is gone. `PermissionDenied`: it is connected to
    /// another (EPERM), or its file does not let you write. `InvalidInput`: as for [`bind`](Self::bind).
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        connection::to_path(path.as_ref(), |to| socket::connect(self.as_fd(), to))
    }

    /// [`connect`](Self::connect) to an address.
    ///
    /// # Errors
    /// As for `connect`.
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        connection::to_address(address, |to| socket::connect(self.as_fd(), to))
    }

    /// Receives a datagram, and tells from where.
    ///
    /// # Errors
    /// Those of recv(2).
    pub fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (length, from) = message::receive_from(self.as_fd(), buffer, Take::Out)?;
        Ok((length, SocketAddr(from)))
    }

    /// Receives a datagram.
    ///
    /// # Errors
    /// Those of recv(2).
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        message::receive(self.as_fd(), buffer, Take::Out)
    }

    /// Receives a datagram, tells from where, and leaves it for the next to receive.
    ///
    /// # Errors
    /// Those of recv(2).
    pub fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let (length, from) = message::receive_from(self.as_fd(), buffer, Take::Peek)?;
        Ok((length, SocketAddr(from)))
    }

    /// Sends a datagram to the socket at a path.
    ///
    /// # Errors
    /// `NotFound`: there is no such file. `ConnectionRefused`: the socket is gone. A datagram is sent whole or not at all:
    /// one that is too long is `EMSGSIZE`.
    pub fn send_to<P: AsRef<Path>>(&self, bytes: &[u8], path: P) -> io::Result<usize> {
        to_path(path.as_ref(), |address| message::send_to(self.as_fd(), bytes, address))
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    /// As for [`send_to`](Self::send_to).
    pub fn send_to_addr(&self, bytes: &[u8], address: &SocketAddr) -> io::Result<usize> {
        to_address(address, |address| message::send_to(self.as_fd(), bytes, address))
    }

    /// Sends a datagram to the socket that this one is connected to.
    ///
    /// # Errors
    /// `NotConnected`; `ConnectionRefused` or `ConnectionReset` if the other is gone; else as for
    /// [`send_to`](Self::send_to).
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        message::send(self.as_fd(), bytes, 0)
    }

    /// Sends a datagram with descriptors. The receiver gets descriptors of its own; yours stay open.
    ///
    /// # Errors
    /// `InvalidInput`, before anything is sent: more descriptors than the system passes at once (253 on Linux). Else as for
    /// [`send`](Self::send); `ETOOMANYREFS` if too many descriptors are under way.
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        self.send_fds_to(bytes, fds, None)
    }

    /// [`send_with_fds`](Self::send_with_fds) to an address.
    ///
    /// # Errors
    /// As for `send_with_fds` and [`send_to`](Self::send_to).
    pub fn send_with_fds_to(
        &self,
        bytes: &[u8],
        fds: &[impl AsFd],
        address: &SocketAddr,
    ) -> io::Result<usize> {
        to_address(address, |address| self.send_fds_to(bytes, fds, Some(address)))
    }

    fn send_fds_to(&self, bytes: &[u8], fds: &[impl AsFd], address: Option<&Address>) -> io::Result<usize> {
        send_fds(fds, |control| {
            message::send_message(self.as_fd(), &[IoSlice::new(bytes)], Some(control), address, 0)
        })
    }

    /// Receives a datagram and the descriptors that came with it, at most `max`.
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

    /// [`recv_with_fds`](Self::recv_with_fds) that tells from where.
    ///
    /// # Errors
    /// As for `recv`.
    pub fn recv_with_fds_from(
        &self,
        buffer: &mut [u8],
        max: usize,
    ) -> io::Result<(usize, ReceivedFds, SocketAddr)> {
        let mut from = Address::UNNAMED;
        let (length, fds) = receive_fds(self.as_fd(), buffer, max, Some(&mut from))?;
        Ok((length, fds, SocketAddr(from)))
    }

    /// Receives a datagram into several slices, with control messages, and tells from where. What the buffer held before is
    /// closed first. The boolean tells whether the datagram had more bytes than there was room for.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub fn recv_vectored_with_ancillary_from(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<(usize, bool, SocketAddr)> {
        let mut from = Address::UNNAMED;
        let control = Some(&mut ancillary.0);
        let received = message::receive_message(self.as_fd(), slices, control, Some(&mut from), Take::Out)?;
        Ok((received.length, received.is_truncated, SocketAddr(from)))
    }

    /// [`recv_vectored_with_ancillary_from`](Self::recv_vectored_with_ancillary_from) without the address.
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

    /// Sends a datagram of several slices, with control messages, to the socket at a path.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds) and [`send_to`](Self::send_to); `Unsupported` for credentials on a
    /// system that has none.
    pub fn send_vectored_with_ancillary_to<P: AsRef<Path>>(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
        path: P,
    ) -> io::Result<usize> {
        let control = Some(&ancillary.0);
        to_path(path.as_ref(), |address| {
            message::send_message(self.as_fd(), slices, control, Some(address), 0)
        })
    }

    /// [`send_vectored_with_ancillary_to`](Self::send_vectored_with_ancillary_to) for an address.
    ///
    /// # Errors
    /// As for that.
    pub fn send_vectored_with_ancillary_to_addr(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
        address: &SocketAddr,
    ) -> io::Result<usize> {
        let control = Some(&ancillary.0);
        to_address(address, |address| message::send_message(self.as_fd(), slices, control, Some(address), 0))
    }

    /// Sends a datagram of several slices, with control messages, to the socket that this one is connected to.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds); `Unsupported` for credentials on a system that has none.
    pub fn send_vectored_with_ancillary(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        message::send_message(self.as_fd(), slices, Some(&ancillary.0), None, 0)
    }

    /// Receives the datagrams that are there into a batch, whose former contents are dropped, and tells how many. In
    /// blocking mode it waits for the first. One system call on Linux, Android and NetBSD, and one a datagram
    /// elsewhere.
    ///
    /// # Errors
    /// `InvalidInput` for a batch without room for a message; else those of recv(2). An error after the first
    /// datagram is returned by the next call on this socket with the same batch.
    #[doc(alias = "recvmmsg")]
    pub fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        batch.0.receive(self.as_fd())
    }

    /// Sends the first of the messages, as many as the batch has room for, and tells how many; system calls as for
    /// [`recv_many`](Self::recv_many). In blocking mode it waits for room for each on Linux, and for the first elsewhere.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds) and [`send_to`](Self::send_to), of the first message; that of a later
    /// one ends the sending and is told by the next call.
    #[doc(alias = "sendmmsg")]
    pub fn send_many(&self, messages: &[OutgoingMessage<'_>], batch: &mut SendBatch) -> io::Result<usize> {
        let sent = batch.0.send(self.as_fd(), messages.iter().map(OutgoingMessage::parts), 0);
        // An error is that of the first message.
        match messages.first().and_then(OutgoingMessage::address) {
            Some(address) => sent.map_err(|error| about_sending(address, error)),
            None => sent,
        }
    }
}

/// Sends to a path. Errors name it.
fn to_path(path: &Path, send: impl FnOnce(&Address) -> io::Result<usize>) -> io::Result<usize> {
    // The descriptor in the second part keeps the address valid.
    let sent = sys::path::address(path).and_then(|(address, _folder)| send(&address));
    sent.map_err(|error| about_sending(path, error))
}

/// Sends to an address. Errors name it.
fn to_address(address: &SocketAddr, send: impl FnOnce(&Address) -> io::Result<usize>) -> io::Result<usize> {
    send(&address.0).map_err(|error| about_sending(address, error))
}

/// A full queue is met again and again, like `WouldBlock`, and stays the system's bare error.
fn about_sending(to: impl Debug, error: io::Error) -> io::Error {
    if message::is_full(&error) { error } else { about(format_args!("send to {to:?}"), error) }
}

impl From<net::UnixDatagram> for UnixDatagram {
    fn from(socket: net::UnixDatagram) -> Self {
        Self::of(socket.into())
    }
}

impl From<UnixDatagram> for net::UnixDatagram {
    fn from(socket: UnixDatagram) -> Self {
        OwnedFd::from(socket).into()
    }
}
