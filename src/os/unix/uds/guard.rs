use crate::{
    error::about,
    os::unix::sys::{
        directory::Held,
        place::{Place, RemovedOnDrop},
    },
};
use std::{io, path::Path};

/// Removes the file of a socket when it is dropped, if it is still the very file that it was (same device and inode).
///
/// The sockets of this module leave their files behind, as std's do. Make a guard right after binding, and drop it before
/// the socket. It holds the directory by a descriptor, so that a relative path stays right wherever the process changes its
/// working directory to. On Linux and Android it also holds a descriptor of the file, so that no other file can get the
/// same inode.
///
/// A guard belongs to the process that made it: dropped in a child by fork(2), it removes nothing.
///
/// ```
/// use interprocess::os::unix::uds::{UnixListener, UnlinkSocket};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("interprocess-doc-unlink-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let guard = UnlinkSocket::new(&path)?;
/// drop((guard, listener));
/// assert!(!path.exists());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the file is removed when this is dropped"]
pub struct UnlinkSocket(RemovedOnDrop);

impl UnlinkSocket {
    /// Holds the socket's file that is at `path` now, and its directory.
    ///
    /// # Errors
    /// - `NotFound`: there is no such file.
    /// - `InvalidInput`: it is not a socket (links are not followed).
    pub fn new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = path.as_ref();
        let failed = |error| about(format_args!("find the socket {path:?}"), error);
        let place = Place::open(path).map_err(failed)?;
        let file = place.hold().map_err(failed)?;
        if file.is_socket() {
            return Ok(Self::of(place, file));
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{path:?} is not a socket")))
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
