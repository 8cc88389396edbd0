use crate::os::unix::sys::file::{self, Identity, Pinned, RemovedOnDrop};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Removes the file of a socket when it is dropped, if it is still the very file that it was (same device and inode).
///
/// Nothing here removes files of itself: as with std, dropping a listener leaves its file. Make this right after binding,
/// and keep it beside the socket. On Linux and Android it holds a descriptor of the file, so that no other file can get the
/// same inode, even after the socket is closed.
///
/// ```
/// use interprocess::os::unix::uds::{UnixListener, UnlinkOnDrop};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("interprocess-doc-unlink-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let guard = UnlinkOnDrop::new(&path)?;
/// drop((guard, listener));
/// assert!(!path.exists());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UnlinkOnDrop(RemovedOnDrop);

impl UnlinkOnDrop {
    /// Remembers the socket's file that is at the path now, wherever the process changes its working folder to.
    ///
    /// # Errors
    /// `NotFound`: there is nothing. `InvalidInput`: there is something that is not a socket (links are not followed).
    /// The limit of open descriptors.
    pub fn new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let file = Pinned::at(file::HERE, &path).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot find the socket {}: {error}", path.display()))
        })?;
        if file.is_socket() {
            return Ok(Self(RemovedOnDrop::pinned(path, file)));
        }
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{} is not a socket", path.display())))
    }

    /// The same for the file of a bound socket, at an absolute path. The socket keeps the inode while it is open.
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
