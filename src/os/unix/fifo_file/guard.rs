use crate::{
    error::about,
    os::unix::sys::file::{self, Pinned, RemovedOnDrop},
};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Removes a FIFO when it is dropped, if it is still the very file that it was (same device and inode).
///
/// [`CreationOptions::create_guarded`](super::CreationOptions::create_guarded) gives one for a FIFO that it makes. Who has
/// the FIFO open can go on using it after it was removed.
///
/// On Linux and Android the guard holds a descriptor of the file, which is none of its two ends and which no child inherits:
/// so no other file can get the same inode meanwhile. On other systems a file that somebody has put into the place of the
/// removed one may have its inode, as the file system pleases, and is then taken for it.
#[derive(Debug)]
pub struct UnlinkOnDrop(RemovedOnDrop);

impl UnlinkOnDrop {
    /// Remembers the FIFO that is at the path now, wherever the process changes its working folder to.
    ///
    /// # Errors
    /// `NotFound`: there is nothing. `InvalidInput`: there is something that is not a FIFO (links are not followed).
    /// The limit of open descriptors.
    pub fn new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let file = Pinned::at(file::HERE, &path)
            .map_err(|error| about(format_args!("find the FIFO {path:?}"), error))?;
        if file.is_fifo() {
            return Ok(Self::of(path, file));
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{} is not a FIFO", path.display())))
    }

    /// The same for a file that was looked at already, at an absolute path.
    pub(super) fn of(path: PathBuf, file: Pinned) -> Self {
        Self(RemovedOnDrop::pinned(path, file))
    }

    /// The path, made absolute.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves the file where it is.
    pub fn keep(self) {
        self.0.keep();
    }
}
