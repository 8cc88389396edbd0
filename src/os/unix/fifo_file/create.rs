use super::UnlinkFifo;
use crate::{
    error::about,
    os::unix::sys::{directory, fifo},
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
};

/// Makes a FIFO with a mode that the umask limits, as `mkfifo` in a shell does.
///
/// [`FifoOptions`] has the exact mode and removal, [`OpenOptions::create_or_open`](super::OpenOptions::create_or_open)
/// takes a FIFO that is there already.
///
/// ```
/// use interprocess::os::unix::fifo_file::create_fifo;
/// use std::os::unix::fs::FileTypeExt;
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("interprocess-doc-create-fifo-{}", std::process::id()));
/// create_fifo(&path, 0o600)?;
/// assert!(std::fs::metadata(&path)?.file_type().is_fifo());
/// # std::fs::remove_file(&path)
/// # }
/// ```
///
/// # Errors
/// `AlreadyExists`: there is something at the path. `NotFound`: its directory is missing. `PermissionDenied`. Others:
/// mkfifo(2).
#[doc(alias = "mkfifo")]
pub fn create_fifo<P: AsRef<Path>>(path: P, mode: u32) -> io::Result<()> {
    FifoOptions::new().mode(mode).create(path)
}

/// Makes a FIFO as [`create_fifo`] does, at a path that begins in the directory of a descriptor, wherever that directory is
/// moved to.
///
/// macOS has this since version 13.
///
/// # Errors
/// As for [`create_fifo`]. `NotADirectory`: the descriptor is of something else than a directory. `Unsupported`: an older
/// macOS.
pub fn create_fifo_at<D: AsFd, P: AsRef<Path>>(directory: D, path: P, mode: u32) -> io::Result<()> {
    FifoOptions::new().mode(mode).create_at(directory, path)
}

/// How to make a FIFO.
///
/// ```
/// use interprocess::os::unix::fifo_file::FifoOptions;
/// use std::os::unix::fs::PermissionsExt;
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("interprocess-doc-creation-{}", std::process::id()));
/// // Everybody may write to it, whatever the umask is.
/// let guard = FifoOptions::new().mode(0o622).exact_mode(true).create_guarded(&path)?;
/// assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o622);
/// drop(guard);
/// assert!(!path.exists());
/// # Ok(())
/// # }
/// ```
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[must_use = "options do nothing until a FIFO is made from them"]
pub struct FifoOptions {
    mode: u32,
    exact_mode: bool,
}

impl FifoOptions {
    /// A FIFO for this user alone: mode 0600.
    pub fn new() -> Self {
        Self { mode: 0o600, exact_mode: false }
    }

    /// Who may read and write. The umask takes permissions away, unless [`exact_mode`](Self::exact_mode) is set.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Sets whether the mode is exact, whatever the umask is; `false` by default.
    ///
    /// The FIFO appears at its path with the mode that it is to have: it is made under another name and moved.
    pub fn exact_mode(mut self, exact: bool) -> Self {
        self.exact_mode = exact;
        self
    }

    /// Makes the FIFO.
    ///
    /// # Errors
    /// As for [`create_fifo`].
    pub fn create<P: AsRef<Path>>(self, path: P) -> io::Result<()> {
        self.make(directory::HERE, path.as_ref())
    }

    /// Makes the FIFO at a path that begins in the directory of a descriptor.
    ///
    /// # Errors
    /// As for [`create_fifo_at`].
    pub fn create_at<D: AsFd, P: AsRef<Path>>(self, directory: D, path: P) -> io::Result<()> {
        self.make(directory.as_fd(), path.as_ref())
    }

    /// Makes the FIFO, and has it removed when the guard is dropped: the very file that was made, and no other that has
    /// taken its path since.
    ///
    /// # Errors
    /// As for [`create_fifo`].
    pub fn create_guarded<P: AsRef<Path>>(self, path: P) -> io::Result<UnlinkFifo> {
        let path = path.as_ref();
        let made = fifo::make_and_hold(directory::HERE, path, self.mode, self.exact_mode);
        made.map(|(place, file)| UnlinkFifo::of(place, file))
            .map_err(|error| about(format_args!("make the FIFO {path:?}"), error))
    }

    pub(super) fn make(self, directory: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
        let made = if self.exact_mode {
            fifo::make_and_hold(directory, path, self.mode, true).map(drop)
        } else {
            fifo::make(directory, path, self.mode)
        };
        made.map_err(|error| about(format_args!("make the FIFO {path:?}"), error))
    }
}

impl Default for FifoOptions {
    fn default() -> Self {
        Self::new()
    }
}
