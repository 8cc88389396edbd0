use super::{UnixDatagram, UnixListener, UnixStream, abstract_address, retried};
use crate::{
    error::about,
    os::unix::{
        sys::{
            path,
            socket::{self, Kind},
        },
        uds::{self, SocketAddr, UnixSocketExt, connection, options::Sealed},
    },
};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
    path::Path,
};

/// A socket that is not yet a listener, a stream or a datagram socket, after [`tokio::net::UnixSocket`]: for a stream that
/// is bound before it connects, and for options that must be set early
/// ([`UnixSocketExt`](crate::os::unix::uds::UnixSocketExt)).
#[derive(Debug)]
#[must_use = "the socket does nothing until it listens or connects"]
pub struct UnixSocket(OwnedFd);

impl UnixSocket {
    /// A stream socket.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn new_stream() -> io::Result<Self> {
        socket::socket(Kind::Stream, true).map(Self)
    }

    /// A datagram socket.
    ///
    /// # Errors
    /// The limit of open descriptors.
    pub fn new_datagram() -> io::Result<Self> {
        socket::socket(Kind::Datagram, true).map(Self)
    }

    /// Makes the socket's file.
    ///
    /// # Errors
    /// As for [`uds::UnixListener::bind`].
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        if let Some(address) = abstract_address(path)? {
            return self.bind_addr(&address);
        }
        let bound = path::bind(self.as_fd(), path);
        bound.map_err(|error| about(format_args!("bind to {path:?}"), error))
    }

    /// Binds to an address. The unnamed one lets Linux choose a name.
    ///
    /// # Errors
    /// As for [`uds::UnixListener::bind_addr`].
    pub fn bind_addr(&self, address: &SocketAddr) -> io::Result<()> {
        let bound = socket::bind(self.as_fd(), &address.0);
        bound.map_err(|error| about(format_args!("bind to {address:?}"), error))
    }

    /// Listens, with room for so many connections that wait to be accepted.
    ///
    /// # Errors
    /// `InvalidInput` for a datagram socket, and for one that is not bound on most systems.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        self.expect(Kind::Stream, "listen")?;
        socket::listen(self.as_fd(), backlog)?;
        UnixListener::try_from(uds::UnixListener::from(self.0))
    }

    /// Connects to the listener at a path, as [`UnixStream::connect`] does. Cancel-safe.
    ///
    /// # Errors
    /// `InvalidInput` for a datagram socket; else as for [`uds::UnixStream::connect`].
    ///
    /// # Panics
    /// As `UnixStream::connect` does.
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        self.expect(Kind::Stream, "connect")?;
        let path = path.as_ref();
        match abstract_address(path)? {
            Some(address) => {
                retried(|| {
                    connection::to_address(&address, |address| socket::connect(self.as_fd(), address))
                })
                .await?;
            }
            None => {
                retried(|| connection::to_path(path, |address| socket::connect(self.as_fd(), address)))
                    .await?;
            }
        }
        UnixStream::registered(self.0.into())
    }

    /// Makes it a datagram socket.
    ///
    /// # Errors
    /// `InvalidInput` for a stream socket.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        self.expect(Kind::Datagram, "become a datagram socket")?;
        UnixDatagram::try_from(uds::UnixDatagram::from(self.0))
    }

    fn expect(&self, kind: Kind, to: &str) -> io::Result<()> {
        match socket::kind(self.as_fd()) {
            Some((found, _)) if found == kind => Ok(()),
            found => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("this socket cannot {to}: it is {:?}", found.map(|(kind, _)| kind)),
            )),
        }
    }
}

impl Sealed for UnixSocket {}
impl UnixSocketExt for UnixSocket {}

impl AsFd for UnixSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for UnixSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for UnixSocket {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

#[allow(unsafe_code)]
impl FromRawFd for UnixSocket {
    /// Tokio's asks for a socket in nonblocking mode.
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the caller promises that the descriptor is open and owned by nobody else.
        Self(unsafe { OwnedFd::from_raw_fd(fd) })
    }
}
