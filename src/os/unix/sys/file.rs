//! What else there is to files: the user's own directory, programs, and users.

use super::place::Place;
use rustix::fs::CWD;
use std::{
    fs::{DirBuilder, Metadata},
    io,
    os::{
        fd::BorrowedFd,
        unix::fs::{DirBuilderExt, MetadataExt},
    },
    path::Path,
};

/// Stands for the process's working directory where a directory's descriptor is asked for.
pub(crate) const HERE: BorrowedFd<'static> = CWD;

/// A directory of mode 0700 that belongs to this user, made if it is not there.
pub(crate) fn own_directory(directory: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
        Ok(()) => {
            // A umask may take permissions from the owner, too.
            let place = Place::open(directory)?;
            let made = place.hold()?;
            if made.owner() == effective_user() && made.mode() & 0o700 != 0o700 {
                place.set_mode(&made, 0o700)?;
            }
        }
    }
    let metadata = std::fs::symlink_metadata(directory)?;
    if is_own_directory(&metadata) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{} is not a directory that belongs to this user alone (mode 0700)", directory.display()),
    ))
}

/// Whether it is a directory that belongs to this user, and is not open to others.
pub(crate) fn is_own_directory(metadata: &Metadata) -> bool {
    metadata.is_dir() && super::identity::is_own_user(metadata.uid()) && metadata.mode() & 0o077 == 0
}

/// Fails unless the path is of a file that this process may execute.
pub(crate) fn check_executable(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(rustix::fs::access(path, rustix::fs::Access::EXEC_OK)?)
}

/// The shell of POSIX.
pub(crate) const SHELL: &str = if cfg!(target_os = "android") { "/system/bin/sh" } else { "/bin/sh" };

pub(crate) fn effective_user() -> u32 {
    // SAFETY: the call has no argument and cannot fail.
    unsafe { libc::geteuid() }
}

/// The user that `/run/user/UID` is named after.
pub(crate) fn real_user() -> u32 {
    // SAFETY: as above.
    unsafe { libc::getuid() }
}

pub(crate) fn real_group() -> u32 {
    // SAFETY: as above.
    unsafe { libc::getgid() }
}
