//! Files by path: modes, identities, locks, and moves that replace nothing.

use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat};
use std::{
    ffi::OsString,
    fs::{DirBuilder, Permissions},
    hash::{BuildHasher, Hasher, RandomState},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

/// Which file it is, whatever its name is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

/// Stands for the process's working folder where a folder's descriptor is asked for.
pub(crate) const HERE: BorrowedFd<'static> = CWD;

/// The file that a path names, without following a link: which one, and whether it is a socket.
pub(crate) fn identify(path: &Path) -> io::Result<(Identity, bool)> {
    let metadata = std::fs::symlink_metadata(path)?;
    let identity = Identity { device: metadata.dev(), inode: metadata.ino() };
    Ok((identity, metadata.file_type().is_socket()))
}

fn identity_of(fd: &OwnedFd) -> io::Result<Identity> {
    Ok(identity_in(&rustix::fs::fstat(fd)?))
}

pub(super) fn identity_in(status: &Stat) -> Identity {
    // The types differ from system to system; all fit.
    Identity { device: status.st_dev as _, inode: status.st_ino as _ }
}

pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Gives a socket that is not bound yet the mode of its later file (Linux).
pub(crate) fn set_mode_of(fd: BorrowedFd<'_>, mode: u32) -> io::Result<()> {
    Ok(rustix::fs::fchmod(fd, Mode::from_raw_mode(mode as _))?)
}

/// A path, and the folder that it begins in.
pub(crate) type Place<'p> = (BorrowedFd<'p>, &'p Path);

/// Gives what is at `from` the name `to`, or fails with `AlreadyExists`.
pub(crate) fn move_without_replacing(from: Place<'_>, to: Place<'_>) -> io::Result<()> {
    if let Some(result) = rename_without_replacing(from, to) {
        return result;
    }
    rustix::fs::linkat(from.0, from.1, to.0, to.1, AtFlags::empty())?;
    Ok(rustix::fs::unlinkat(from.0, from.1, AtFlags::empty())?)
}

/// In one step; `None` if the file system cannot.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_without_replacing(from: Place<'_>, to: Place<'_>) -> Option<io::Result<()>> {
    use rustix::{fs::RenameFlags, io::Errno};
    match rustix::fs::renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => None,
        other => Some(other.map_err(io::Error::from)),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_without_replacing(_: Place<'_>, _: Place<'_>) -> Option<io::Result<()>> {
    None
}

/// A name beside `path` that nobody else uses or can guess.
pub(crate) fn private_name_beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(format!("{:016x}", RandomState::new().build_hasher().finish()));
    path.with_file_name(name)
}

/// Removes a file if it is the one that is meant, and no other that has taken its name since.
///
/// No system removes by identity, so the file is moved to a private name first, looked at there, and moved back if it
/// turns out to be another's: `NotFound` for a moment is the worst that this other can suffer.
pub(crate) fn remove_exactly(path: &Path, meant: Identity) {
    if !matches!(identify(path), Ok((found, _)) if found == meant) {
        return;
    }
    let private = private_name_beside(path);
    if std::fs::rename(path, &private).is_err() {
        return;
    }
    let is_meant = matches!(identify(&private), Ok((found, _)) if found == meant);
    if is_meant || move_without_replacing((HERE, &private), (HERE, path)).is_err() {
        let _ = std::fs::remove_file(&private);
    }
}

/// A file whose identity no other file gets, on Linux and Android: many file systems give a new file the inode of one
/// that was just removed, but not while that one is open. Elsewhere nothing is held open: a descriptor would be an end
/// of the FIFO.
#[derive(Debug)]
pub(crate) struct Pinned {
    identity: Identity,
    kind: FileType,
    _descriptor: Option<OwnedFd>,
}

impl Pinned {
    /// What the path names, if it begins in the folder, without following a link.
    pub(crate) fn at(folder: BorrowedFd<'_>, path: &Path) -> io::Result<Self> {
        let (status, descriptor) = look_and_hold(folder, path)?;
        let kind = FileType::from_raw_mode(status.st_mode as _);
        Ok(Self { identity: identity_in(&status), kind, _descriptor: descriptor })
    }

    pub(crate) fn is_fifo(&self) -> bool {
        self.kind.is_fifo()
    }

    pub(crate) fn is_socket(&self) -> bool {
        self.kind.is_socket()
    }
}

/// By a descriptor that only stands for the file: for a FIFO, it is none of the two ends.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn look_and_hold(folder: BorrowedFd<'_>, path: &Path) -> io::Result<(Stat, Option<OwnedFd>)> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, path, flags, Mode::empty())?;
    Ok((rustix::fs::fstat(&file)?, Some(file)))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn look_and_hold(folder: BorrowedFd<'_>, path: &Path) -> io::Result<(Stat, Option<OwnedFd>)> {
    Ok((rustix::fs::statat(folder, path, AtFlags::SYMLINK_NOFOLLOW)?, None))
}

/// Removes a file when it is dropped, if it is still the one that is meant; see [`remove_exactly`].
#[derive(Debug)]
pub(crate) struct RemovedOnDrop {
    path: PathBuf,
    /// `None`: the file is to stay.
    identity: Option<Identity>,
    /// Dropped after the file was removed.
    _pinned: Option<Pinned>,
}

impl RemovedOnDrop {
    /// The path is to be absolute, for the process may change its working folder.
    pub(crate) fn new(path: PathBuf, identity: Identity) -> Self {
        Self { path, identity: Some(identity), _pinned: None }
    }

    /// The same for a file that nothing else keeps its inode for.
    pub(crate) fn pinned(path: PathBuf, file: Pinned) -> Self {
        Self { path, identity: Some(file.identity), _pinned: Some(file) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn keep(mut self) {
        self.identity = None;
    }
}

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        if let Some(identity) = self.identity {
            remove_exactly(&self.path, identity);
        }
    }
}

/// A folder that only this user can enter, with room for one file. Both are removed when it is dropped.
pub(crate) struct PrivateFolder<'f> {
    /// Where its path begins.
    start: BorrowedFd<'f>,
    path: PathBuf,
    /// The folder itself, whatever somebody who may write to the one above puts at its path.
    opened: OwnedFd,
}

/// The name of the file that there is room for.
const INSIDE: &str = "s";

impl PrivateFolder<'static> {
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        Self::beside_in(HERE, path)
    }
}

impl<'f> PrivateFolder<'f> {
    /// Beside a path that begins in the folder `start`.
    pub(crate) fn beside_in(start: BorrowedFd<'f>, path: &Path) -> io::Result<Self> {
        let path = private_name_beside(path);
        rustix::fs::mkdirat(start, &path, Mode::RWXU)?;
        let opened = open_private(start, &path).inspect_err(|_| {
            let _ = rustix::fs::unlinkat(start, &path, AtFlags::REMOVEDIR);
        })?;
        Ok(Self { start, path, opened })
    }

    /// The path of the file that there is room for.
    pub(crate) fn inside(&self) -> PathBuf {
        self.path.join(INSIDE)
    }

    /// The same as seen from the folder itself.
    pub(crate) fn place(&self) -> Place<'_> {
        (self.opened.as_fd(), Path::new(INSIDE))
    }
}

impl Drop for PrivateFolder<'_> {
    fn drop(&mut self) {
        let _ = rustix::fs::unlinkat(&self.opened, INSIDE, AtFlags::empty());
        let _ = rustix::fs::unlinkat(self.start, &self.path, AtFlags::REMOVEDIR);
    }
}

/// Opens a folder that was just made, if it is a folder that this user alone can enter.
fn open_private(start: BorrowedFd<'_>, path: &Path) -> io::Result<OwnedFd> {
    // A umask may take permissions from the owner, too.
    let status = rustix::fs::statat(start, path, AtFlags::SYMLINK_NOFOLLOW)?;
    if !Mode::from_raw_mode(status.st_mode as _).contains(Mode::RWXU) {
        rustix::fs::chmodat(start, path, Mode::RWXU, AtFlags::empty())?;
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(start, path, flags, Mode::empty())?;
    let status = rustix::fs::fstat(&opened)?;
    let others = Mode::RWXG | Mode::RWXO;
    if status.st_uid == effective_user() && !Mode::from_raw_mode(status.st_mode as _).intersects(others) {
        return Ok(opened);
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        "somebody else has put a folder in the place of the private one that was made",
    ))
}

/// A folder of mode 0700 that belongs to this user, made if it is not there.
pub(crate) fn own_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let metadata = std::fs::symlink_metadata(folder)?;
    if metadata.is_dir() && metadata.uid() == effective_user() && metadata.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{} is not a folder that belongs to this user alone (mode 0700)", folder.display()),
    ))
}

/// Fails unless the path is of a file that this process may execute.
pub(crate) fn check_executable(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(rustix::fs::access(path, rustix::fs::Access::EXEC_OK)?)
}

/// The shell of POSIX.
pub(crate) const SHELL: &str = if cfg!(target_os = "android") { "/system/bin/sh" } else { "/bin/sh" };

pub(crate) fn effective_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The user that `/run/user/UID` is named after.
pub(crate) fn real_user() -> u32 {
    rustix::process::getuid().as_raw()
}

/// A file that one process at a time can hold, for as long as it lives (flock(2)).
#[derive(Debug)]
pub(crate) struct LockFile {
    path: PathBuf,
    identity: Identity,
    _held: OwnedFd,
}

impl LockFile {
    /// Takes the lock, or fails with `WouldBlock` if a living process has it.
    pub(crate) fn acquire(path: &Path) -> io::Result<Self> {
        loop {
            let file = open(path, OFlags::CREATE)?;
            rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            let held = Self::held(path, file)?;
            // The last holder may have removed the file between the opening and the locking.
            if held.is_in_place() {
                return Ok(held);
            }
        }
    }

    /// Puts a new lock in place of one that somebody may hold, who keeps a file without a name.
    pub(crate) fn displace(path: &Path) -> io::Result<Self> {
        let private = private_name_beside(path);
        let file = open(&private, OFlags::CREATE | OFlags::EXCL)?;
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        std::fs::rename(&private, path).inspect_err(|_| drop(std::fs::remove_file(&private)))?;
        Self::held(path, file)
    }

    /// Whether the lock's path still names this lock.
    pub(crate) fn is_in_place(&self) -> bool {
        matches!(identify(&self.path), Ok((found, _)) if found == self.identity)
    }

    fn held(path: &Path, file: OwnedFd) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity_of(&file)?, _held: file })
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // Before the descriptor closes: who gets the lock next then sees that this file has no name any more.
        remove_exactly(&self.path, self.identity);
    }
}

fn open(path: &Path, how: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW | how;
    Ok(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?)
}
