use crate::os::unix::{
    sys::socket::{self, Kind},
    uds::{UnixDatagram, UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixStream},
};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A descriptor that was passed to this process, with the name that it was given.
#[derive(Debug)]
#[must_use = "the socket is closed when this is dropped"]
pub struct ActivatedSocket {
    name: Option<String>,
    socket: Activated,
}

impl ActivatedSocket {
    pub(super) fn new(name: Option<String>, fd: OwnedFd) -> Self {
        Self { name, socket: fd.into() }
    }

    /// The name, if the supervisor gives names.
    ///
    /// systemd's own are the socket unit's name if it says nothing else, `connection` for a connection, `stored` for what
    /// the service had stored, and `unknown`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What it is.
    #[must_use]
    pub fn socket(&self) -> &Activated {
        &self.socket
    }

    /// What it is, to be used.
    #[must_use]
    pub fn into_socket(self) -> Activated {
        self.socket
    }
}

impl AsFd for ActivatedSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl From<ActivatedSocket> for OwnedFd {
    fn from(passed: ActivatedSocket) -> Self {
        passed.socket.into()
    }
}

/// What was passed: a Unix domain socket of some kind, or something else.
#[derive(Debug)]
#[non_exhaustive]
pub enum Activated {
    /// Accepts stream connections (`ListenStream=` of systemd.socket(5)).
    StreamListener(UnixListener),
    /// Accepts connections of sequenced packets (`ListenSequentialPacket=`).
    SeqpacketListener(UnixSeqpacketListener),
    /// A stream socket that does not listen: a connection that the supervisor has accepted (`Accept=yes`).
    Stream(UnixStream),
    /// A socket of sequenced packets that does not listen: a connection that the supervisor has accepted (`Accept=yes`).
    Seqpacket(UnixSeqpacket),
    /// A datagram socket (`ListenDatagram=`).
    Datagram(UnixDatagram),
    /// Anything else, as it is: a TCP or UDP socket, a FIFO, a message queue, a file.
    Other(OwnedFd),
}

/// Finds out what a descriptor is.
///
/// ```
/// use interprocess::os::unix::uds::{UnixDatagram, activation::Activated};
/// use std::os::fd::OwnedFd;
///
/// # fn main() -> std::io::Result<()> {
/// let fd = OwnedFd::from(UnixDatagram::unbound()?);
/// assert!(matches!(Activated::from(fd), Activated::Datagram(_)));
/// # Ok(())
/// # }
/// ```
impl From<OwnedFd> for Activated {
    fn from(fd: OwnedFd) -> Self {
        let Some((kind, listens)) = socket::kind(fd.as_fd()) else { return Self::Other(fd) };
        // macOS refuses this to a connection that the peer has closed already, which is to be taken all the same.
        let _ = socket::no_sigpipe(fd.as_fd());
        match (kind, listens) {
            (Kind::Stream, true) => Self::StreamListener(fd.into()),
            (Kind::Stream, false) => Self::Stream(fd.into()),
            (Kind::Seqpacket, true) => Self::SeqpacketListener(fd.into()),
            (Kind::Seqpacket, false) => Self::Seqpacket(fd.into()),
            (Kind::Datagram, _) => Self::Datagram(fd.into()),
        }
    }
}

impl AsFd for Activated {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::StreamListener(socket) => socket.as_fd(),
            Self::SeqpacketListener(socket) => socket.as_fd(),
            Self::Stream(socket) => socket.as_fd(),
            Self::Seqpacket(socket) => socket.as_fd(),
            Self::Datagram(socket) => socket.as_fd(),
            Self::Other(fd) => fd.as_fd(),
        }
    }
}

impl From<Activated> for OwnedFd {
    fn from(activated: Activated) -> Self {
        match activated {
            Activated::StreamListener(socket) => socket.into(),
            Activated::SeqpacketListener(socket) => socket.into(),
            Activated::Stream(socket) => socket.into(),
            Activated::Seqpacket(socket) => socket.into(),
            Activated::Datagram(socket) => socket.into(),
            Activated::Other(fd) => fd,
        }
    }
}
