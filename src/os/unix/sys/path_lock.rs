//! The lock on the path of a socket or FIFO, held while the path changes hands, and no longer.
//!
//! It is a file `.NAME.interprocess-lock` beside the path's own, locked by flock(2), which the system releases with its process.
//! Whether a listener lives is not the lock's business: the socket itself tells.

use super::{
    directory::{Directory, Identity},
    fd,
    identity::effective_user,
    place::Place,
};
use crate::time::Deadline;
use rustix::{
    fs::{FlockOperation, Mode, OFlags},
    io::Errno,
};
use std::{
    ffi::{OsStr, OsString},
    io,
    os::fd::OwnedFd,
    time::Duration,
};

#[derive(Debug)]
pub(crate) struct PathLock<'p> {
    place: &'p Place,
    name: OsString,
    identity: Identity,
    _locked: OwnedFd,
}

/// How many times in a row the locked file may turn out not to be the one at the path. More says that the file system does
/// not keep its inode numbers.
const MOST_MISMATCHES: usize = 32;

const POLL: Duration = Duration::from_millis(1);

impl<'p> PathLock<'p> {
    /// Takes the lock.
    ///
    /// # Errors
    /// `WouldBlock`: another process holds it and has not released it within `patience`. `Unsupported`: the system or the
    /// file system has no such locks.
    pub(crate) fn acquire(place: &'p Place, patience: Duration) -> io::Result<Self> {
        let (directory, name) = (&place.directory, beside(place.name(), "lock"));
        let deadline = Deadline::after(patience);
        let mut mismatches = 0;
        loop {
            let error = match attempt(directory, &name) {
                Ok(Some(locked)) => {
                    let identity = Identity::from(&rustix::fs::fstat(&locked)?);
                    // The last holder may have removed the file between the opening and the locking.
                    if directory.is(&name, identity) {
                        return Ok(Self { place, name, identity, _locked: locked });
                    }
                    mismatches += 1;
                    if mismatches < MOST_MISMATCHES {
                        continue;
                    }
                    return Err(unsupported("the file system does not keep inode numbers"));
                }
                // Another process was faster.
                Ok(None) => continue,
                Err(error) => error,
            };
            let may_pass =
                matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::PermissionDenied);
            if !may_pass || deadline.is_over() {
                return Err(error);
            }
            fd::pause(POLL);
        }
    }

    /// What a file is called while it is being removed. Only the holder of the lock may use the name.
    pub(crate) fn name_of_old(&self) -> OsString {
        beside(self.place.name(), "old")
    }

    /// What a file is called until it is ready. Only the holder of the lock may use the name.
    pub(crate) fn name_of_new(&self) -> OsString {
        beside(self.place.name(), "new")
    }
}

impl Drop for PathLock<'_> {
    fn drop(&mut self) {
        // Before the descriptor closes: the next holder then sees that this file has no name any more.
        if self.place.directory.is(&self.name, self.identity) {
            let _ = self.place.directory.unlink(&self.name);
        }
    }
}

fn beside(name: &OsStr, what: &str) -> OsString {
    let mut text = OsString::from(".");
    text.push(name);
    text.push(".interprocess-");
    text.push(what);
    text
}

/// `None`: the file came or went meanwhile.
fn attempt(directory: &Directory, name: &OsStr) -> io::Result<Option<OwnedFd>> {
    // Without O_CREAT first, which is refused for a file of another user in a sticky directory (`fs.protected_regular`,
    // proc(5)). Nonblocking, in case that something else has the name.
    let (file, is_new) = match directory.open_file(name, OFlags::RDWR | OFlags::NONBLOCK, Mode::empty()) {
        Ok(file) => (file, false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match create(directory, name)? {
            Some(file) => (file, true),
            None => return Ok(None),
        },
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return if is_unlocked_by_mode(directory, name)? { Ok(None) } else { Err(error) };
        }
        Err(error) => return Err(error),
    };
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(Errno::WOULDBLOCK) => Err(Errno::WOULDBLOCK.into()),
        Err(Errno::INTR) => Ok(None),
        Err(error) => {
            if is_new {
                let _ = directory.unlink(name);
            }
            Err(unsupported(&format!("flock: {error}")))
        }
    }
}

const OWN: Mode = Mode::RUSR.union(Mode::WUSR);

fn create(directory: &Directory, name: &OsStr) -> io::Result<Option<OwnedFd>> {
    match directory.open_file(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, OWN) {
        Ok(file) => {
            // A umask may take permissions from the owner, too. A file system without modes is no obstacle.
            let mode = Mode::from_raw_mode(rustix::fs::fstat(&file)?.st_mode);
            if !mode.contains(OWN) {
                let _ = rustix::fs::fchmod(&file, OWN);
            }
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Mends the mode of a lock file whose maker, of the same user, was killed before it could. A file with another name or with
/// content is none: somebody may have put a link to it there.
fn is_unlocked_by_mode(directory: &Directory, name: &OsStr) -> io::Result<bool> {
    let file = match directory.hold(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        other => other?,
    };
    let lacks_mode = file.mode() & 0o600 != 0o600;
    if !(file.is_fresh() && file.owner() == effective_user() && lacks_mode) {
        return Ok(false);
    }
    directory.set_mode(name, &file, 0o600)?;
    Ok(true)
}

fn unsupported(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}
