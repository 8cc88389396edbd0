//! A place for a file: a name in a directory that stays open.
//!
//! Whatever comes after making a file goes through the directory's descriptor, so that it holds for relative paths wherever
//! the process changes its working directory to, and for directories that are renamed or cannot be searched from above.

use super::{
    directory::HERE,
    directory::{Directory, Held, Identity, private_name},
    path_lock::PathLock,
};
use std::{
    ffi::{OsStr, OsString},
    io,
    os::fd::BorrowedFd,
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Debug)]
pub(crate) struct Place {
    pub(super) directory: Directory,
    name: OsString,
    path: PathBuf,
}

impl Place {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::open_in(HERE, path)
    }

    /// The place of a path that begins in the directory `start`.
    pub(crate) fn open_in(start: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        let (directory, name) = Directory::open_parent(start, path)?;
        Ok(Self { directory, name: name.to_owned(), path: path.to_owned() })
    }

    /// The path as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// Looks at the file that is there, without following a link, and holds it.
    pub(crate) fn hold(&self) -> io::Result<Held> {
        self.directory.hold(&self.name)
    }

    pub(crate) fn is(&self, file: &Held) -> bool {
        self.directory.is(&self.name, file.identity())
    }

    /// Gives the file a mode if it is still the one that was looked at.
    pub(crate) fn set_mode(&self, file: &Held, mode: u32) -> io::Result<()> {
        self.directory.set_mode(&self.name, file, mode)
    }

    /// Moves the file to another name if it is the one that is meant, and no other that has taken its name since. `false`:
    /// it is another.
    ///
    /// No system moves by identity, so the file is looked at again under its new name, and moved back if it turns out to be
    /// a stranger's: `NotFound` for an instant is the worst that this stranger can suffer. A file that cannot be moved back,
    /// because one more stranger has taken the name meanwhile, stays under the other name; none is removed.
    pub(crate) fn move_aside(&self, meant: Identity, to: &OsStr) -> io::Result<bool> {
        if !self.directory.is(&self.name, meant) {
            return Ok(false);
        }
        self.directory.rename(&self.name, to)?;
        if self.directory.is(to, meant) {
            return Ok(true);
        }
        let _ = self.move_back(to);
        Ok(false)
    }

    /// Gives what has another name the place's own, or fails with `AlreadyExists`.
    ///
    /// # Errors
    /// `PermissionDenied` and others: the file system cannot do this for that file.
    pub(super) fn move_here(&self, from: &OsStr) -> io::Result<()> {
        self.directory.rename_without_replacing(from, &self.name)
    }

    /// Gives what was moved away from here its name back. A rename to a name that was free an instant before is the last
    /// resort.
    pub(crate) fn move_back(&self, from: &OsStr) -> io::Result<()> {
        self.move_here(from).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound => Err(error),
            _ if self.directory.is_free(&self.name) => self.directory.rename(from, &self.name),
            _ => Err(io::ErrorKind::AlreadyExists.into()),
        })
    }

    /// Removes what was moved to a name.
    pub(crate) fn remove_aside(&self, name: &OsStr) -> io::Result<()> {
        self.directory.unlink(name)
    }

    /// A name for the meantime: `wanted`, which the next process finds if this one is killed, if it is free, else one that
    /// nobody else uses.
    pub(crate) fn free_name(&self, wanted: Option<OsString>) -> OsString {
        let is_free = |name: &OsString| matches!(self.directory.identity(name), Err(error) if error.kind() == io::ErrorKind::NotFound);
        wanted.filter(is_free).unwrap_or_else(private_name)
    }

    pub(super) fn set_mode_aside(&self, name: &OsStr, file: &Held, mode: u32) -> io::Result<()> {
        self.directory.set_mode(name, file, mode)
    }

    /// Looks at what was moved to a name.
    pub(crate) fn hold_aside(&self, name: &OsStr) -> io::Result<Held> {
        self.directory.hold(name)
    }

    /// Removes the file if it is the one that is meant. `aside` is a name for the meantime that is free.
    pub(crate) fn remove(&self, meant: Identity, aside: &OsStr) -> io::Result<()> {
        if self.move_aside(meant, aside)? { self.directory.unlink(aside) } else { Ok(()) }
    }
}

/// Removes a file when it is dropped, if it is still the one that is meant; see [`Place::move_aside`]. In a child by fork it
/// does nothing: the file belongs to the process that made this.
#[derive(Debug)]
pub(crate) struct RemovedOnDrop {
    place: Place,
    file: Held,
    process: u32,
    is_kept: bool,
}

/// How long removing waits for a process that is just taking the path.
const PATIENCE: Duration = Duration::from_secs(1);

impl RemovedOnDrop {
    pub(crate) fn new(place: Place, file: Held) -> Self {
        Self { place, file, process: std::process::id(), is_kept: false }
    }

    pub(crate) fn path(&self) -> &Path {
        self.place.path()
    }

    pub(crate) fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        if self.is_kept || std::process::id() != self.process || !self.place.is(&self.file) {
            return;
        }
        // Processes of this crate come and go under the lock. Without it, strangers are still safe.
        let lock = PathLock::acquire(&self.place, PATIENCE).ok();
        let aside = self.place.free_name(lock.as_ref().map(PathLock::name_of_old));
        let _ = self.place.remove(self.file.identity(), &aside);
    }
}
