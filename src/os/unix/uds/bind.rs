//! Binding to a path, with the mode that the file has from the first instant.

use super::SocketAddr;
use crate::{
    error::about,
    os::unix::sys::{
        address::Address,
        apart::with_umask,
        directory::Held,
        identity::effective_user,
        path,
        place::Place,
        socket::{self, ABSTRACT_NAMESPACE, Kind},
    },
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

/// Binds a new socket to a path. `then` makes it ready to be found, once its file has its mode. If it cannot, the file is
/// removed again.
pub(super) fn bind(
    kind: Kind,
    path: &Path,
    mode: Option<u32>,
    then: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<OwnedFd> {
    let failed = |error| about(format_args!("bind to {path:?}"), error);
    let socket = socket::socket(kind, false).map_err(failed)?;
    let bound = match mode {
        None => path::bind(socket.as_fd(), path),
        Some(mode) => bind_with_mode(socket.as_fd(), path, mode & 0o777),
    };
    // A datagram socket is ready.
    let path = (kind != Kind::Datagram).then_some(path);
    bound.and_then(|()| finish(path, || then(socket.as_fd()))).map_err(failed)?;
    Ok(socket)
}

/// Does the rest of a call that has just made the file of a socket at `path`. If that fails, the file is removed again: its
/// caller has nothing to own it by. Only the very file is, and so it is looked at before.
fn finish<T>(path: Option<&Path>, rest: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let made = JustMade::new(path);
    made.unless_failed(rest())
}

/// The file of a socket that was just made, as it was found then.
pub(super) struct JustMade(Option<io::Result<(Held, Place)>>);

impl JustMade {
    pub(super) fn new(path: Option<&Path>) -> Self {
        Self(path.map(|path| Place::open(path).and_then(|place| Ok((place.hold()?, place)))))
    }

    /// Removes the file if the rest of the call has failed.
    pub(super) fn unless_failed<T>(&self, rest: io::Result<T>) -> io::Result<T> {
        rest.inspect_err(|_| match &self.0 {
            Some(Ok((file, place))) if file.is_socket() => {
                let _ = place.remove(file.identity(), &place.free_name(None));
            }
            _ => {}
        })
    }
}

/// The path is the one that the caller asked for, because peers are told what a socket was bound to and not where its file
/// was moved to. The mode comes with binding, from a umask: a step by name that comes after it could meet a stranger's file
/// in a directory that others can change. Where threads share their umask, that step is made on the very file that was
/// looked at, as far as the system can, and before the socket listens, until which nobody can connect.
fn bind_with_mode(socket: BorrowedFd<'_>, path: &Path, mode: u32) -> io::Result<()> {
    if let Some(bound) = with_umask(!mode & 0o777, || path::bind(socket, path)) {
        return bound;
    }
    let place = Place::open(path)?;
    socket::limit_mode(socket, mode);
    path::bind(socket, path)?;
    let made = place.hold()?;
    if !made.is_socket() || made.owner() != effective_user() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "another process has put another file in the place of the socket that was just made",
        ));
    }
    if made.mode() == mode {
        return Ok(());
    }
    place.set_mode(&made, mode).inspect_err(|_| {
        let _ = place.remove(made.identity(), &place.free_name(None));
    })
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
    let path = address.as_pathname().filter(|_| kind != Kind::Datagram);
    bound(kind, &address.0, |socket| finish(path, || then(socket))).map_err(failed)
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
