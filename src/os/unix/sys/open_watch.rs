//! Being told that a file was opened.
//!
//! Linux tells through inotify(7), when opening has succeeded. Other systems do not, nor does Linux when the user has no
//! more inotify instances (`fs.inotify.max_user_instances`): then who waits has to look again from time to time.

use super::fd;
use crate::time::Deadline;
use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
    time::Duration,
};

/// A watch on one file. `None`: nobody will tell.
#[derive(Debug)]
pub(crate) struct OpenWatch(Option<OwnedFd>);

impl OpenWatch {
    /// Watches the file at a path that begins in the directory.
    pub(crate) fn at(directory: BorrowedFd<'_>, path: &Path, follow: bool) -> Self {
        Self(system::watch(&path_from(directory, path), follow))
    }

    /// Watches the file that is open.
    pub(crate) fn of(file: BorrowedFd<'_>) -> Self {
        Self(system::watch(&path_of(file), true))
    }

    /// Whether something will tell.
    pub(crate) fn tells(&self) -> bool {
        self.0.is_some()
    }

    /// What becomes readable when the file is opened, in nonblocking mode.
    #[cfg(feature = "tokio")]
    pub(crate) fn into_descriptor(self) -> Option<OwnedFd> {
        self.0
    }

    /// Waits until the file is opened, or the time is over. `None`: as long as it takes, if something will tell.
    pub(crate) fn wait(&self, at_most: Option<Duration>) -> io::Result<()> {
        match (&self.0, at_most) {
            (Some(watch), _) => {
                if fd::wait_readable(watch.as_fd(), Deadline::after(at_most))? {
                    take_events(watch.as_fd())?;
                }
            }
            (None, Some(at_most)) => fd::pause(at_most),
            (None, None) => {}
        }
        Ok(())
    }
}

/// Takes what a watch has to tell. `WouldBlock`: nothing.
pub(crate) fn take_events(watch: BorrowedFd<'_>) -> io::Result<()> {
    // Room for many events: a file that is watched itself has no names in them.
    let mut events = [0; 1024];
    fd::read(watch, &mut events)?;
    while fd::read(watch, &mut events).is_ok() {}
    Ok(())
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
mod system {
    use super::{OwnedFd, Path};
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

    pub(super) fn watch(path: &Path, follow: bool) -> Option<OwnedFd> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        // Removing the file, or moving it away, is told too: who waits at its path looks again. Writes are told for those
        // who cannot find out about a sender before its first byte.
        let mut events = WatchFlags::OPEN
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF;
        events.set(WatchFlags::DONT_FOLLOW, !follow);
        inotify::add_watch(&watch, path, events).ok()?;
        Some(watch)
    }
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix))))]
mod system {
    use super::{OwnedFd, Path};

    pub(super) fn watch(_: &Path, _: bool) -> Option<OwnedFd> {
        None
    }
}

/// What inotify, which takes no descriptors of directories, is to be told.
fn path_from(directory: BorrowedFd<'_>, path: &Path) -> PathBuf {
    if directory.as_raw_fd() == super::directory::HERE.as_raw_fd() {
        return path.to_owned();
    }
    path_of(directory).join(path)
}

fn path_of(file: BorrowedFd<'_>) -> PathBuf {
    Path::new("/proc/self/fd").join(file.as_raw_fd().to_string())
}
