use super::{
    ReceivedFds, SocketAddr, SocketAncillary, UCred,
    ancillary::{receive_fds, send_fds},
    connection, peer,
};
use crate::{
    TryClone,
    os::unix::sys::{
        self,
        message::{self, Take},
        socket::{self, Direction, Kind},
    },
    time::Backoff,
};
use std::{
    fmt::{self, Debug, Formatter},
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
        unix::net,
    },
    path::Path,
    time::Duration,
};

/// A connected stream socket, after [`std::os::unix::net::UnixStream`].
///
/// One read or write is one system call. The two directions are independent: threads that share a stream by reference
/// can read and write at the same time.
#[doc(alias = "SOCK_STREAM")]
pub struct UnixStream(OwnedFd);

impl UnixStream {
    /// Connects to the listener at a path. While its backlog is full, Linux waits; the other systems refuse.
    ///
    /// # Errors
    /// `NotFound`: there is no such file. `ConnectionRefused`: there is one, but nobody listens. `InvalidInput`: the
    /// path is empty, has a NUL byte, or is too long (on Linux only if its last part is; elsewhere over 104 bytes).
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect(Kind::Stream, to)).map(Self)
    }

    /// Connects to an address, as [`connect`](Self::connect) does.
    ///
    /// # Errors
    /// As for `connect`.
    pub fn connect_addr(address: &SocketAddr) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect(Kind::Stream, to)).map(Self)
    }

    /// Connects to the listener at a path, and waits at most `timeout` for room in its backlog.
    ///
    /// On Linux the kernel itself waits (a connect heeds `SO_SNDTIMEO`); elsewhere a full backlog refuses at once.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), and `TimedOut`.
    pub fn connect_timeout<P: AsRef<Path>>(path: P, timeout: Duration) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect_within(Kind::Stream, to, timeout))
            .map(Self)
    }

    /// [`connect_timeout`](Self::connect_timeout) for an address.
    ///
    /// # Errors
    /// As for `connect_timeout`.
    pub fn connect_addr_timeout(address: &SocketAddr, timeout: Duration) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect_within(Kind::Stream, to, timeout)).map(Self)
    }

    /// Connects without waiting, and gives a stream in nonblocking mode.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect), and `WouldBlock` if the backlog is full (Linux). A stream that is returned
    /// is connected.
    pub fn connect_nonblocking<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        connection::to_path(path.as_ref(), |to| connection::connect_at_once(Kind::Stream, to)).map(Self)
    }

    /// [`connect_nonblocking`](Self::connect_nonblocking) for an address.
    ///
    /// # Errors
    /// As for `connect_nonblocking`.
    pub fn connect_addr_nonblocking(address: &SocketAddr) -> io::Result<Self> {
        connection::to_address(address, |to| connection::connect_at_once(Kind::Stream, to)).map(Self)
    }

    /// Two streams that are connected to each other and have no name.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socket::pair(Kind::Stream, false)?;
        Ok((Self(a), Self(b)))
    }

    /// A second stream object of the same connection. Both share modes and timeouts, and the peer sees the end when
    /// both are gone.
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

    /// The groups of the process at the other end (Linux 4.13: `SO_PEERGROUPS`, its supplementary groups; macOS,
    /// FreeBSD and illumos: its groups, the effective one first). `None` where the system cannot tell.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn peer_groups(&self) -> io::Result<Option<Vec<u32>>> {
        peer::groups(self.as_fd())
    }

    /// How long a read waits; `None` is for ever.
    ///
    /// A read that has waited that long fails with `WouldBlock`.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        socket::set_timeout(self.as_fd(), Direction::Recv, timeout)
    }

    /// How long a write waits; `None` is for ever.
    ///
    /// A write that has waited that long fails with `WouldBlock`, or tells how much it could write.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        socket::set_timeout(self.as_fd(), Direction::Send, timeout)
    }

    /// How long a read waits.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        socket::timeout(self.as_fd(), Direction::Recv)
    }

    /// How long a write waits.
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
    /// `Shutdown::Write` the peer reads what is still there and then sees the end.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        socket::shutdown(self.as_fd(), how)
    }

    /// Waits until the peer has read everything that was written.
    ///
    /// Nothing needs this to arrive: what was written stays readable when the stream is dropped and the process ends. The
    /// kernel does not announce it, so this looks again and again, from a tenth of a millisecond to twenty apart.
    ///
    /// # Errors
    /// `ConnectionReset`: the peer closed without reading everything. `Unsupported` everywhere but on Linux and Android.
    pub fn drain(&self) -> io::Result<()> {
        let mut backoff = Backoff::starting_at(Duration::from_micros(100));
        while !self.is_drained()? {
            sys::fd::pause(backoff.pause());
        }
        Ok(())
    }

    pub(super) fn is_drained(&self) -> io::Result<bool> {
        if socket::unread_by_peer(self.as_fd())? > 0 {
            return Ok(false);
        }
        // A peer that closes discards what it has not read, and leaves this behind.
        match self.take_error()? {
            Some(error) => Err(error),
            None => Ok(true),
        }
    }

    /// Reads, and leaves what was read for the next read.
    ///
    /// # Errors
    /// As for a read.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        message::receive(self.as_fd(), buffer, Take::Peek)
    }

    /// Writes bytes, and passes descriptors with the first of them. The peer gets descriptors of its own; yours stay open.
    ///
    /// If fewer bytes than all were written, the descriptors are on their way, and only the rest of the bytes is left.
    ///
    /// # Errors
    /// `InvalidInput`, before anything is sent: more descriptors than the system passes at once (253 on Linux), or
    /// descriptors without a byte to go with. Else as for a write; `ETOOMANYREFS` if too many descriptors are under way.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::uds::UnixStream;
    /// use std::{fs::File, io::Read};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (a, b) = UnixStream::pair()?;
    /// let file = File::open("/dev/zero")?;
    /// a.send_with_fds(b"a file", &[&file])?;
    ///
    /// let mut buffer = [0; 16];
    /// let (length, fds) = b.recv_with_fds(&mut buffer, 1)?;
    /// assert_eq!(&buffer[..length], b"a file");
    /// let mut received: File = fds.into_iter().next().expect("a descriptor came with it").into();
    /// received.read_exact(&mut buffer)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        send_fds(fds, |control| message::send_part_with(self.as_fd(), &[IoSlice::new(bytes)], control))
    }

    /// Reads bytes, and takes the descriptors that came with them, at most `max`.
    ///
    /// The bytes end where others begin that came with other descriptors. All descriptors are close-on-exec. What comes
    /// beyond `max` is closed, which [`ReceivedFds::is_truncated`] tells. Descriptors that arrive with an ordinary read are
    /// closed by the system.
    ///
    /// # Errors
    /// As for a read; `InvalidInput` for an empty buffer, which could not be told from the end of the stream.
    #[doc(alias("SCM_RIGHTS", "recvmsg"))]
    pub fn recv_with_fds(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, ReceivedFds)> {
        if buffer.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "receiving descriptors takes room for the bytes they come with",
            ));
        }
        receive_fds(self.as_fd(), buffer, max, None)
    }

    /// Writes several slices with control messages.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds); `Unsupported` for credentials on a system that has none.
    pub fn send_vectored_with_ancillary(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        message::send_part_with(self.as_fd(), slices, &ancillary.0)
    }

    /// Reads into several slices, with control messages. What the buffer held before is closed first.
    ///
    /// # Errors
    /// As for a read.
    pub fn recv_vectored_with_ancillary(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        let part = sys::slices::part(slices);
        let control = Some(&mut ancillary.0);
        message::receive_message(self.as_fd(), &mut slices[part], control, None, Take::Out)
            .map(|received| received.length)
    }
}

impl TryClone for UnixStream {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl Read for &UnixStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        sys::fd::read(self.as_fd(), buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        sys::fd::read_vectored(self.as_fd(), buffers)
    }
}

impl Write for &UnixStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        message::send(self.as_fd(), bytes, 0)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        message::send_part(self.as_fd(), slices)
    }

    /// Does nothing: a write hands its bytes to the kernel, and they outlive this process.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for UnixStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(buffers)
    }
}

impl Write for UnixStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Debug for UnixStream {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("UnixStream");
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

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for UnixStream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for UnixStream {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for UnixStream {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        unsafe { OwnedFd::from_raw_fd(fd) }.into()
    }
}

impl From<OwnedFd> for UnixStream {
    fn from(fd: OwnedFd) -> Self {
        // macOS refuses this to a connection that the peer has closed already.
        let _ = socket::no_sigpipe(fd.as_fd());
        Self(fd)
    }
}

impl From<UnixStream> for OwnedFd {
    fn from(stream: UnixStream) -> Self {
        stream.0
    }
}

impl From<net::UnixStream> for UnixStream {
    fn from(stream: net::UnixStream) -> Self {
        Self(stream.into())
    }
}

impl From<UnixStream> for net::UnixStream {
    fn from(stream: UnixStream) -> Self {
        stream.0.into()
    }
}
