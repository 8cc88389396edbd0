use crate::os::unix::sys::file::{self, Identity, RemovedOnDrop};
use std::{
    io,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

/// Removes a FIFO when it is dropped, if it is still the very file that it was (same device and inode).
///
/// [`CreationOptions::create_guarded`](super::CreationOptions::create_guarded) gives one for a FIFO that it makes. Who has
/// the FIFO open can go on using it after it was removed.
#[derive(Debug)]
pub struct UnlinkOnDrop(RemovedOnDrop);

impl UnlinkOnDrop {
    /// Remembers the FIFO that is at the path now, wherever the process changes its working folder to.
    ///
    /// # Errors
    /// `NotFound`: there is nothing. `InvalidInput`: there is something that is not a FIFO (links are not followed).
    pub fn new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let (identity, kind) = file::identify_any(&path)?;
        if kind.is_fifo() {
            return Ok(Self::of(path, identity));
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{} is not a FIFO", path.display())))
    }

    /// The same for a file that was looked at already, at an absolute path.
    pub(super) fn of(path: PathBuf, identity: Identity) -> Self {
        Self(RemovedOnDrop::new(path, identity))
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
