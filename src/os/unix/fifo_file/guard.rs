use crate::{
    error::about,
    os::unix::sys::{
        directory::Held,
        place::{Place, RemovedOnDrop},
    },
};
use std::{io, path::Path};

/// Removes a FIFO when it is dropped, if it is still the very file that it was (same device and inode).
///
/// [`FifoOptions::create_guarded`](super::FifoOptions::create_guarded) gives one for a FIFO that it makes. Who has
/// the FIFO open can go on using it after it was removed.
///
/// The guard holds the directory by a descriptor, so that a relative path stays right wherever the process changes its
/// working directory to. It belongs to the process that made it: dropped in a child by fork(2), it removes nothing.
///
/// On Linux and Android the guard also holds a descriptor of the file, which is none of its two ends and which no child inherits:
/// so no other file can get the same inode meanwhile. On other systems a file that somebody has put into the place of the
/// removed one may have its inode, as the file system pleases, and is then taken for it.
#[derive(Debug)]
#[must_use = "the file is removed when this is dropped"]
pub struct UnlinkFifo(RemovedOnDrop);

impl UnlinkFifo {
    /// Holds the FIFO that is at `path` now, and its directory.
    ///
    /// # Errors
    /// - `NotFound`: there is no such file.
    /// - `InvalidInput`: it is not a FIFO (links are not followed).
    pub fn new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = path.as_ref();
        let failed = |error| about(format_args!("find the FIFO {path:?}"), error);
        let place = Place::open(path).map_err(failed)?;
        let file = place.hold().map_err(failed)?;
        if file.is_fifo() {
            return Ok(Self::of(place, file));
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{path:?} is not a FIFO")))
    }

    pub(super) fn of(place: Place, file: Held) -> Self {
        Self(RemovedOnDrop::new(place, file))
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves the file where it is.
    pub fn keep(self) {
        self.0.keep();
    }
}
