//! Listening at a path whose earlier listener may be gone, and leaving the path again.
//!
//! A file `.NAME.interprocess-lock` beside the socket is locked for as long as the listener lives, so that among
//! servers which start at the same time exactly one finds the socket's file stale, removes it and binds: without it,
//! two could each find it stale, and the slower one would delete the fresh socket of the faster. The system releases
//! the lock of a process that dies in whatever way. Servers that know nothing of the lock are found by connecting.

use super::{UnixListener, UnlinkOnDrop};
use crate::os::unix::sys::{
    file::{self, Identity, LockFile, PrivateFolder},
    path,
    socket::{self, FULL_BACKLOG, Kind},
};
use std::{
    ffi::OsString,
    io,
    os::fd::AsFd,
    path::{Path, PathBuf},
};

/// How to get a path.
#[derive(Copy, Clone, Debug)]
pub(crate) struct How {
    pub(crate) mode: Option<u32>,
    pub(crate) backlog: u32,
    /// Take over a socket that nobody listens at.
    pub(crate) reclaim_stale: bool,
    /// Take over a socket that somebody listens at.
    pub(crate) displace: bool,
}

/// A path that a listener of this process has. Dropped, it is given back.
#[derive(Debug)]
pub(crate) struct Claim {
    /// `None`: the socket's file stays, or is another's by now.
    file: Option<UnlinkOnDrop>,
    // Dropped after the file was removed.
    _lock: Option<LockFile>,
}

impl Claim {
    /// Leaves the socket's file where it is.
    pub(crate) fn keep_file(&mut self) {
        if let Some(file) = self.file.take() {
            file.keep();
        }
    }
}

pub(crate) fn listen(path: &Path, how: How) -> io::Result<(UnixListener, Claim)> {
    // The claim must find its file again from wherever the process has moved to.
    let path = std::path::absolute(path)?;
    if how.displace {
        let lock = LockFile::displace(&lock_path(&path)?).map_err(|error| about_lock(&path, &error))?;
        let (listener, identity) = listen_in_place(&path, how)?;
        let file = Some(UnlinkOnDrop::of(path, identity));
        return Ok((listener, Claim { file, _lock: Some(lock) }));
    }
    let lock = if how.reclaim_stale {
        Some(LockFile::acquire(&lock_path(&path)?).map_err(|error| about_lock(&path, &error))?)
    } else {
        None
    };
    let listener = match &lock {
        Some(_) => listen_or_take_over(&path, how)?,
        None => UnixListener::bind_with(&path, how.mode, how.backlog)?,
    };
    let (identity, _) = file::identify(&path)?;
    // Who displaces this listener displaces the lock first. With the lock in place, what was identified is ours.
    let is_ours = lock.as_ref().is_none_or(LockFile::is_in_place);
    let file = is_ours.then(|| UnlinkOnDrop::of(path, identity));
    Ok((listener, Claim { file, _lock: lock }))
}

fn lock_path(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{} does not name a file", path.display()))
    })?;
    let mut lock = OsString::from(".");
    lock.push(name);
    lock.push(".interprocess-lock");
    Ok(path.with_file_name(lock))
}

fn about_lock(path: &Path, error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock => in_use(path, "another process listens there"),
        kind => io::Error::new(kind, format!("cannot lock {}: {error}", path.display())),
    }
}

fn in_use(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, format!("{} is in use: {why}", path.display()))
}

fn listen_or_take_over(path: &Path, how: How) -> io::Result<UnixListener> {
    loop {
        match UnixListener::bind_with(path, how.mode, how.backlog) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            other => return other,
        }
        let (found, is_socket) = match file::identify(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        if !is_socket {
            return Err(in_use(path, "there is something that is not a socket"));
        }
        if let Some(why) = sign_of_life(path) {
            return Err(in_use(path, &why));
        }
        file::remove_exactly(path, found);
    }
}

/// Why the socket at a path must not be taken over, if so.
fn sign_of_life(path: &Path) -> Option<String> {
    let probe = || -> io::Result<()> {
        let (address, _folder) = path::address(path)?;
        let probe = socket::socket(Kind::Stream, true)?;
        socket::connect(probe.as_fd(), &address)
    };
    match probe() {
        Ok(()) => Some("another process listens there".into()),
        Err(error) if error.kind() == FULL_BACKLOG => {
            Some("another process listens there, and its backlog is full".into())
        }
        // On Linux that proves that nobody listens; elsewhere the backlog of a living listener may be full, but one of
        // ours would hold the lock that we hold.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("it cannot be told whether somebody listens there: {error}")),
    }
}

/// Listens at a private path and moves the socket to its place, in one step and whoever listens there.
fn listen_in_place(path: &Path, how: How) -> io::Result<(UnixListener, Identity)> {
    let private = PrivateFolder::beside(path)?;
    let socket = private.inside();
    let listener = UnixListener::bind_with(&socket, None, how.backlog)?;
    if let Some(mode) = how.mode {
        file::set_mode(&socket, mode)?;
    }
    match file::identify(path) {
        Ok((_, false)) => return Err(in_use(path, "there is something that is not a socket")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (identity, _) = file::identify(&socket)?;
    std::fs::rename(&socket, path)?;
    Ok((listener, identity))
}
