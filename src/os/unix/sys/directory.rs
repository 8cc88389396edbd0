//! A directory by its descriptor, and the files in it by name.
//!
//! Every step goes to the directory that was opened, wherever it is moved to and whatever takes its path, and no step
//! follows a link at the name.

use crate::random;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
use rustix::io::Errno;
use std::{
    ffi::{OsStr, OsString},
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
};

/// Stands for the process's working directory where a directory's descriptor is asked for.
pub(crate) const HERE: BorrowedFd<'static> = CWD;

/// Which file it is, whatever its name is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl From<&Stat> for Identity {
    fn from(status: &Stat) -> Self {
        // The types differ from system to system; all fit.
        Self { device: status.st_dev as _, inode: status.st_ino as _ }
    }
}

#[derive(Debug)]
pub(crate) struct Directory(OwnedFd);

/// How to open a directory for nothing but its names.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn search() -> OFlags {
    OFlags::PATH
}

/// Takes no permission to read the directory.
#[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "netbsd", target_os = "illumos"))]
fn search() -> OFlags {
    // The types differ from system to system.
    OFlags::from_bits_retain(libc::O_SEARCH as _)
}

/// OpenBSD and DragonFly BSD have nothing better.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "illumos"
)))]
fn search() -> OFlags {
    OFlags::RDONLY
}

impl Directory {
    /// Opens a directory by a path that begins in the directory `start`. The empty path is `start` itself.
    pub(super) fn open(start: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = search() | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::openat(start, path, flags, Mode::empty())?))
    }

    /// Opens the directory that a path leads to, and returns the path's last part too.
    pub(super) fn open_parent<'p>(start: BorrowedFd<'_>, path: &'p Path) -> io::Result<(Self, &'p OsStr)> {
        let name = path.file_name().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{path:?} does not name a file"))
        })?;
        Ok((Self::open(start, path.parent().unwrap_or(Path::new("")))?, name))
    }

    fn status(&self, name: &OsStr) -> io::Result<Stat> {
        Ok(rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    pub(super) fn identity(&self, name: &OsStr) -> io::Result<Identity> {
        Ok(Identity::from(&self.status(name)?))
    }

    pub(super) fn is(&self, name: &OsStr, meant: Identity) -> bool {
        matches!(self.identity(name), Ok(found) if found == meant)
    }

    pub(super) fn open_file(&self, name: &OsStr, flags: OFlags, mode: Mode) -> io::Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        Ok(rustix::fs::openat(&self.0, name, flags, mode)?)
    }

    pub(super) fn unlink(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Replaces what has the name `to`.
    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// Gives a file another name, or fails with `AlreadyExists` and leaves both files as they are.
    ///
    /// In one step where the system and the file system can. A link does the same in two steps, but not for a stranger's
    /// file (`fs.protected_hardlinks`, proc(5)) and not on every file system.
    pub(super) fn rename_without_replacing(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        if let Some(result) = self.exclusive_rename(from, to) {
            return result;
        }
        rustix::fs::linkat(&self.0, from, &self.0, to, AtFlags::empty())?;
        self.unlink(from)
    }

    /// Whether nothing has the name.
    pub(super) fn is_free(&self, name: &OsStr) -> bool {
        matches!(self.status(name), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// `None` if it takes another way. A sandbox that does not know the call refuses it with EPERM.
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn exclusive_rename(&self, from: &OsStr, to: &OsStr) -> Option<io::Result<()>> {
        match rustix::fs::renameat_with(&self.0, from, &self.0, to, rustix::fs::RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::PERM) => None,
            other => Some(other.map_err(io::Error::from)),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn exclusive_rename(&self, _: &OsStr, _: &OsStr) -> Option<io::Result<()>> {
        None
    }

    /// Looks at what has the name, and holds it.
    pub(super) fn hold(&self, name: &OsStr) -> io::Result<Held> {
        if let Some(held) = self.hold_by_descriptor(name)? {
            return Ok(held);
        }
        Ok(Held { status: self.status(name)?, descriptor: None })
    }

    /// By a descriptor that only stands for the file: it is no end of a FIFO. A full table of descriptors is no reason to
    /// fail.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn hold_by_descriptor(&self, name: &OsStr) -> io::Result<Option<Held>> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(file) => Ok(Some(Held { status: rustix::fs::fstat(&file)?, descriptor: Some(file) })),
            Err(Errno::MFILE | Errno::NFILE) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn hold_by_descriptor(&self, _: &OsStr) -> io::Result<Option<Held>> {
        Ok(None)
    }

    /// Gives a file a mode: the very file that was looked at, and no other that has its name by now.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn set_mode(&self, _: &OsStr, file: &Held, mode: u32) -> io::Result<()> {
        use std::os::{fd::AsRawFd, unix::fs::PermissionsExt};
        let Some(descriptor) = &file.descriptor else { return Err(Errno::MFILE.into()) };
        match change_mode(descriptor.as_fd(), mode) {
            // Linux before 6.6 changes no mode through a descriptor that only stands for a file, but through its name in
            // /proc.
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::NOTSUP) => {}
            other => return Ok(other?),
        }
        let path = format!("/proc/self/fd/{}", descriptor.as_raw_fd());
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::new(
                io::ErrorKind::Unsupported,
                "changing the mode of a socket or FIFO takes Linux 6.6 or /proc",
            ),
            _ => error,
        })
    }

    /// No other system changes a mode through a descriptor that is no end of a FIFO, and none opens a socket.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn set_mode(&self, name: &OsStr, file: &Held, mode: u32) -> io::Result<()> {
        let check = || match self.is(name, file.identity()) {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "another process has replaced the file that was just made",
            )),
        };
        check()?;
        rustix::fs::chmodat(&self.0, name, Mode::from_raw_mode(mode as _), AtFlags::SYMLINK_NOFOLLOW)?;
        check()
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<Directory> for OwnedFd {
    fn from(directory: Directory) -> Self {
        directory.0
    }
}

/// fchmodat2(2) has one number on all architectures but Alpha; neither rustix nor all versions of libc have it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn change_mode(file: BorrowedFd<'_>, mode: u32) -> Result<(), Errno> {
    use std::os::fd::AsRawFd;
    const FCHMODAT2: libc::c_long = if cfg!(target_pointer_width = "32") && cfg!(target_arch = "x86_64") {
        0x4000_0000 + 452 // __X32_SYSCALL_BIT
    } else {
        452
    };
    let (file, mode) = (libc::c_long::from(file.as_raw_fd()), mode as libc::c_long);
    let flags = libc::c_long::from(libc::AT_EMPTY_PATH);
    // SAFETY: the descriptor is open for the call, and the name is an empty C string.
    let result = unsafe { libc::syscall(FCHMODAT2, file, c"".as_ptr(), mode, flags) };
    if result == 0 {
        Ok(())
    } else {
        Err(Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::NOSYS))
    }
}

/// What a name stood for when it was looked at.
///
/// On Linux and Android no other file gets its inode meanwhile: many file systems give a new file the inode of one that was
/// just removed, but not while that one is open. Elsewhere nothing is held open: a descriptor would be an end of the FIFO.
#[derive(Debug)]
pub(crate) struct Held {
    status: Stat,
    #[cfg_attr(not(any(target_os = "linux", target_os = "android")), allow(dead_code))]
    descriptor: Option<OwnedFd>,
}

impl Held {
    pub(crate) fn identity(&self) -> Identity {
        Identity::from(&self.status)
    }

    // The types of the fields differ from system to system; all fit.
    fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.status.st_mode as _)
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.kind().is_fifo()
    }

    pub(crate) fn is_socket(&self) -> bool {
        self.kind().is_socket()
    }

    /// Whether it is an empty regular file without another name.
    pub(super) fn is_fresh(&self) -> bool {
        self.kind().is_file() && self.status.st_nlink == 1 && self.status.st_size == 0
    }

    pub(crate) fn mode(&self) -> u32 {
        Mode::from_raw_mode(self.status.st_mode as _).bits() as _
    }

    pub(crate) fn owner(&self) -> u32 {
        self.status.st_uid
    }

    /// When the file was made, or anything of it was last changed but its content, in seconds of the system's clock.
    pub(crate) fn changed(&self) -> i64 {
        self.status.st_ctime as _
    }
}

/// A name that nobody else uses or can guess.
pub(super) fn private_name() -> OsString {
    format!(".{:016x}", random::number()).into()
}
