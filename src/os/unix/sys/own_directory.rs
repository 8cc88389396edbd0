//! A directory that nobody but this user can use.

use super::{
    identity::{effective_user, is_own_user},
    place::Place,
};
use std::{
    fs::{DirBuilder, Metadata},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

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
    metadata.is_dir() && is_own_user(metadata.uid()) && metadata.mode() & 0o077 == 0
}
