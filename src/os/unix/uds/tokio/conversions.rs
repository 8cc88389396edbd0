//! Between these types and [`tokio::net`]'s.

use super::{UnixDatagram, UnixListener, UnixStream};
use std::io;
use tokio::net;

/// Takes the stream off its runtime and puts it on the current one.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        Self::from_std(stream.into_std()?)
    }
}

/// Takes the stream off its runtime and puts it on the current one.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
impl TryFrom<UnixStream> for net::UnixStream {
    type Error = io::Error;

    #[track_caller]
    fn try_from(stream: UnixStream) -> io::Result<Self> {
        Self::from_std(stream.into_std()?)
    }
}

/// Takes the socket off its runtime and puts it on the current one.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    #[track_caller]
    fn try_from(socket: net::UnixDatagram) -> io::Result<Self> {
        Self::from_std(socket.into_std()?)
    }
}

/// Takes the socket off its runtime and puts it on the current one.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
impl TryFrom<UnixDatagram> for net::UnixDatagram {
    type Error = io::Error;

    #[track_caller]
    fn try_from(socket: UnixDatagram) -> io::Result<Self> {
        Self::from_std(socket.into_std()?)
    }
}

/// Takes the listener off its runtime and puts it on the current one.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    #[track_caller]
    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener.into_std()?)
    }
}

/// Takes the listener off its runtime and puts it on the current one.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
impl TryFrom<UnixListener> for net::UnixListener {
    type Error = io::Error;

    #[track_caller]
    fn try_from(listener: UnixListener) -> io::Result<Self> {
        Self::from_std(listener.into_std()?)
    }
}
