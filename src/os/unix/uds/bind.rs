//! Binding to a path, with the mode that the file has from the first instant.

use super::SocketAddr;
use crate::{
    error::about,
    os::unix::sys::{
        address::Address,
        file::{self, PrivateFolder},
        path,
        socket::{self, ABSTRACT_NAMESPACE, Kind, MODE_BEFORE_BIND},
    },
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

/// Binds a new socket to a path. `then` makes it ready to be found; if that fails with a mode, no file stays behind.
pub(super) fn bind(
    kind: Kind,
    path: &Path,
    mode: Option<u32>,
    then: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    bind_at(kind, path, mode, then).map_err(|error| about(format_args!("bind to {path:?}"), error))
}

fn bind_at(
    kind: Kind,
    path: &Path,
    mode: Option<u32>,
    then: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    let socket = socket::socket(kind, false)?;
    let (address, _folder) = path::address(path)?;
    match mode {
        None => {
            socket::bind(socket.as_fd(), &address)?;
            then(socket.as_fd())?;
        }
        Some(mode) if MODE_BEFORE_BIND => {
            file::set_mode_of(socket.as_fd(), mode)?;
            socket::bind(socket.as_fd(), &address)?;
            file::set_mode(path, mode)
                .and_then(|()| then(socket.as_fd()))
                .inspect_err(|_| drop(std::fs::remove_file(path)))?;
        }
        Some(mode) => {
            let private = PrivateFolder::beside(path)?;
            let inside = private.inside();
            let (address, _folder) = path::address(&inside)?;
            socket::bind(socket.as_fd(), &address)?;
            file::set_mode(&inside, mode)?;
            then(socket.as_fd())?;
            // A link instead of a rename, so that what is there already stays there.
            file::move_without_replacing(private.place(), (file::HERE, path)).map_err(|error| match error
                .kind()
            {
                io::ErrorKind::AlreadyExists => io::ErrorKind::AddrInUse.into(),
                _ => error,
            })?;
        }
    }
    Ok(socket)
}

/// Binds a new socket to an address that is not unnamed. `then` makes it ready to be found.
pub(super) fn bind_addr(
    kind: Kind,
    address: &SocketAddr,
    then: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    if address.is_unnamed() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the address is unnamed; autobind lets the system choose a name",
        ));
    }
    let failed = |error| about(format_args!("bind to {address:?}"), error);
    bound(kind, &address.0, then).map_err(failed)
}

/// Binds a new socket to a name in the abstract namespace that the kernel chooses (unix(7), "Autobind feature").
pub(super) fn autobind(
    kind: Kind,
    then: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    if !ABSTRACT_NAMESPACE {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system does not choose names for sockets (Linux and Android do)",
        ));
    }
    bound(kind, &Address::UNNAMED, then)
        .map_err(|error| about("bind to a name of the system's choice", error))
}

fn bound(
    kind: Kind,
    address: &Address,
    then: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    let socket = socket::socket(kind, false)?;
    socket::bind(socket.as_fd(), address)?;
    then(socket.as_fd())?;
    Ok(socket)
}
