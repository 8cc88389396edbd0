//! Connecting and accepting, for the two kinds of sockets that connect.

use super::SocketAddr;
use crate::{
    error::about,
    os::unix::sys::{
        address::Address,
        path,
        socket::{self, Direction, FULL_BACKLOG, Kind},
    },
    time::Deadline,
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    time::Duration,
};

/// Connects to a path in one of the ways below. Errors name the path.
pub(super) fn to_path<T>(path: &Path, connect: impl FnOnce(&Address) -> io::Result<T>) -> io::Result<T> {
    // The descriptor in the second part keeps the address valid.
    let connected = path::address(path).and_then(|(address, _folder)| connect(&address));
    connected.map_err(|error| about(format_args!("connect to {path:?}"), error))
}

/// Connects to an address in one of the ways below. Errors name the address.
pub(super) fn to_address<T>(
    address: &SocketAddr,
    connect: impl FnOnce(&Address) -> io::Result<T>,
) -> io::Result<T> {
    connect(&address.0).map_err(|error| about(format_args!("connect to {address:?}"), error))
}

/// Waits for room in the backlog.
pub(super) fn connect(kind: Kind, address: &Address) -> io::Result<OwnedFd> {
    let socket = socket::socket(kind, false)?;
    loop {
        // An interrupted connect of a Unix domain socket has not begun anything that goes on without it.
        match socket::connect(socket.as_fd(), address) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(|()| socket),
        }
    }
}

/// Does not wait. The socket is in nonblocking mode.
pub(super) fn connect_at_once(kind: Kind, address: &Address) -> io::Result<OwnedFd> {
    let socket = socket::socket(kind, true)?;
    loop {
        match socket::connect(socket.as_fd(), address) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == FULL_BACKLOG => {
                return Err(io::Error::new(FULL_BACKLOG, "the listener's backlog is full"));
            }
            other => return other.map(|()| socket),
        }
    }
}

/// Waits so long for room in the backlog.
pub(super) fn connect_within(kind: Kind, address: &Address, timeout: Duration) -> io::Result<OwnedFd> {
    let deadline = Deadline::after(timeout);
    let socket = socket::socket(kind, false)?;
    loop {
        let left = deadline.left();
        // Zero would mean no limit; a last try with the shortest wait is what a timeout of zero asks for.
        let left = left.map(|left| left.max(Duration::from_micros(1)));
        socket::set_timeout(socket.as_fd(), Direction::Send, left)?;
        match socket::connect(socket.as_fd(), address) {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // The kernel counts in ticks and may be early.
            Err(error) if error.kind() == FULL_BACKLOG && !deadline.is_over() => {}
            Err(error) if error.kind() == FULL_BACKLOG => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the listener's backlog stayed full until the deadline",
                ));
            }
            Err(error) => return Err(error),
        }
    }
    match socket::set_timeout(socket.as_fd(), Direction::Send, None) {
        // The listener's process has closed already, after which macOS sets no options.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(socket),
        other => other.map(|()| socket),
    }
}

/// Accepts a connection, in blocking or nonblocking mode.
pub(super) fn accept(listener: BorrowedFd<'_>, nonblocking: bool) -> io::Result<(OwnedFd, SocketAddr)> {
    let (socket, peer) = socket::accept(listener, nonblocking)?;
    Ok((socket, SocketAddr(peer)))
}
