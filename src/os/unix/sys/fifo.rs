//! FIFO files: making them, opening them, and who is at the other end.

use super::{
    LINUX_SOCKETS,
    apart::with_umask,
    directory::{Held, Identity},
    fd,
    identity::effective_user,
    path_lock::PathLock,
    place::Place,
    quiet::keep_signal_away,
};
use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags},
    io::{Errno, retry_on_intr},
};
use std::{
    ffi::OsStr,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    time::Duration,
};

/// Whether a FIFO can be opened for reading and writing at once. POSIX leaves open what that does, and OpenBSD refuses.
pub(crate) const READ_WRITE: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// What a file is, and whose.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Facts {
    kind: FileType,
    pub(crate) owner: u32,
    /// The permissions, with the bits for the user and group of a process and for sticky directories.
    pub(crate) mode: u32,
    pub(crate) identity: Identity,
}

impl Facts {
    pub(crate) fn is_fifo(&self) -> bool {
        self.kind.is_fifo()
    }

    /// Whether poll(2) tells when it can be read or written: not of files on disks, which are always ready.
    pub(crate) fn is_pollable(&self) -> bool {
        !matches!(self.kind, FileType::RegularFile | FileType::Directory | FileType::BlockDevice)
    }

    /// What it is, in words.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            FileType::Fifo => "a FIFO",
            FileType::RegularFile => "a regular file",
            FileType::Directory => "a folder",
            FileType::Symlink => "a symbolic link",
            FileType::Socket => "a socket",
            FileType::CharacterDevice | FileType::BlockDevice => "a device",
            FileType::Unknown => "of a kind of its own",
        }
    }
}

impl From<rustix::fs::Stat> for Facts {
    fn from(status: rustix::fs::Stat) -> Self {
        // The types differ from system to system; all fit.
        let mode = status.st_mode as _;
        Self {
            kind: FileType::from_raw_mode(mode),
            owner: status.st_uid,
            mode: Mode::from_raw_mode(mode).bits() as _,
            identity: Identity::from(&status),
        }
    }
}

/// What the descriptor is of.
pub(crate) fn facts(fd: BorrowedFd<'_>) -> io::Result<Facts> {
    Ok(rustix::fs::fstat(fd)?.into())
}

/// What a path names at the moment, if it begins in the directory.
pub(crate) fn facts_at(directory: BorrowedFd<'_>, path: &Path, follow: bool) -> io::Result<Facts> {
    let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    Ok(rustix::fs::statat(directory, path, flags)?.into())
}

/// Makes a FIFO whose mode the umask limits.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn make(directory: BorrowedFd<'_>, path: &Path, mode: u32) -> io::Result<()> {
    // The type differs from system to system.
    Ok(rustix::fs::mkfifoat(directory, path, Mode::from_raw_mode(mode as _))?)
}

/// Makes a FIFO whose mode the umask limits. macOS has mkfifoat since version 13.
#[cfg(target_vendor = "apple")]
pub(crate) fn make(directory: BorrowedFd<'_>, path: &Path, mode: u32) -> io::Result<()> {
    use std::{ffi::CString, mem, os::fd::AsRawFd, os::unix::ffi::OsStrExt};
    type MakeAt = unsafe extern "C" fn(libc::c_int, *const libc::c_char, libc::mode_t) -> libc::c_int;

    let path = CString::new(path.as_os_str().as_bytes())?;
    if directory.as_raw_fd() == super::directory::HERE.as_raw_fd() {
        // SAFETY: the path ends with a NUL byte, and is only read.
        return super::fd::done(unsafe { libc::mkfifo(path.as_ptr(), mode as _) });
    }
    // SAFETY: the name ends with a NUL byte, and looking it up runs no foreign code.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mkfifoat".as_ptr()) };
    if found.is_null() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system cannot make a FIFO in a folder that is given by its descriptor (macOS 13 and later can)",
        ));
    }
    // SAFETY: the C library's function of that name has this type (mkfifoat(2)).
    let make_at = unsafe { mem::transmute::<*mut libc::c_void, MakeAt>(found) };
    // SAFETY: the descriptor is open for the call, and the path ends with a NUL byte and is only read.
    super::fd::done(unsafe { make_at(directory.as_raw_fd(), path.as_ptr(), mode as _) })
}

#[cfg(not(target_vendor = "apple"))]
fn make_aside(place: &Place, _: BorrowedFd<'_>, name: &OsStr, mode: u32) -> io::Result<()> {
    make(place.directory.as_fd(), Path::new(name), mode)
}

/// Before version 13, macOS makes a FIFO at a path alone.
#[cfg(target_vendor = "apple")]
fn make_aside(place: &Place, start: BorrowedFd<'_>, name: &OsStr, mode: u32) -> io::Result<()> {
    make(start, &place.path().with_file_name(name), mode)
}

/// How long making waits for another process that makes or removes the same FIFO.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes a FIFO at a path that begins in the directory `start`, and holds it. With `exact` the umask does not count.
///
/// The FIFO is made under another name, looked at and moved to the path, so that no other FIFO is taken for it, and so that
/// it appears with its mode.
pub(crate) fn make_and_hold(
    start: BorrowedFd<'_>,
    path: &Path,
    mode: u32,
    exact: bool,
) -> io::Result<(Place, Held)> {
    let place = Place::open_in(start, path)?;
    let lock = PathLock::acquire(&place, PATIENCE).ok();
    if let Some(lock) = &lock {
        // What a process has left that was killed here, or while it removed the FIFO.
        let _ = place.move_back(&lock.name_of_old());
        let new = lock.name_of_new();
        if place.hold_aside(&new).is_ok_and(|left| left.is_fifo()) {
            let _ = place.remove_aside(&new);
        }
    }
    let name = place.free_name(lock.as_ref().map(PathLock::name_of_new));
    let mut made = make_with_mode(&place, start, &name, mode & 0o7777, exact)?;
    if let Err(error) = place.move_here(&name) {
        let _ = place.remove_aside(&name);
        if error.kind() == io::ErrorKind::AlreadyExists {
            return Err(error);
        }
        // No move without replacing: neither by renameat2(2), nor by a link.
        made = make_with_mode(&place, start, place.name(), mode & 0o7777, exact)?;
    }
    drop(lock);
    Ok((place, made))
}

fn make_with_mode(
    place: &Place,
    start: BorrowedFd<'_>,
    name: &OsStr,
    mode: u32,
    exact: bool,
) -> io::Result<Held> {
    let has_mode = match exact.then(|| with_umask(0, || make_aside(place, start, name, mode))).flatten() {
        Some(made) => made.map(|()| true)?,
        None => make_aside(place, start, name, mode).map(|()| !exact)?,
    };
    let made = place.hold_aside(name)?;
    if !made.is_fifo() || made.owner() != effective_user() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "another process has put another file in the place of the FIFO that was just made",
        ));
    }
    if !has_mode && made.mode() != mode {
        place.set_mode_aside(name, &made, mode).inspect_err(|_| {
            let _ = place.remove_aside(name);
        })?;
    }
    Ok(made)
}

/// How to open a FIFO.
#[derive(Copy, Clone, Debug)]
pub(crate) struct OpenMode {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) nonblocking: bool,
    /// Go where a symbolic link leads.
    pub(crate) follow: bool,
}

/// Opens what is at the path, if that begins in the directory. In blocking mode this waits for the other end.
pub(crate) fn open(directory: BorrowedFd<'_>, path: &Path, how: OpenMode) -> io::Result<OwnedFd> {
    let access = match (how.read, how.write) {
        (true, true) => OFlags::RDWR,
        (_, false) => OFlags::RDONLY,
        (false, true) => OFlags::WRONLY,
    };
    let mut flags = access | OFlags::CLOEXEC | OFlags::NOCTTY;
    flags.set(OFlags::NONBLOCK, how.nonblocking);
    flags.set(OFlags::NOFOLLOW, !how.follow);
    let opened = retry_on_intr(|| rustix::fs::openat(directory, path, flags, Mode::empty()))?;
    if how.write {
        keep_signal_away(opened.as_fd())?;
    }
    Ok(opened)
}

/// Whether opening has failed because there is no receiver.
pub(crate) fn is_no_receiver(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::NXIO)
}

/// Whether a sender came and went since the receiver was opened, which was just now. `false` where the system tells this in
/// another way than Linux.
pub(crate) fn has_hung_up(receiver: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(LINUX_SOCKETS && fd::is_hung_up(receiver)?)
}

/// Whether a sender has the other end open, or one that left has left something. Where only reading would tell of a
/// sender that has written nothing yet, it counts from its first byte on.
pub(crate) fn has_sender(receiver: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(fd::readable_bytes(receiver)? > 0 || is_silent_sender_there(receiver)?)
}

/// Copying from an empty pipe into another tells whether anything can come, and takes nothing.
#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
fn is_silent_sender_there(receiver: BorrowedFd<'_>) -> io::Result<bool> {
    use rustix::pipe::{PipeFlags, SpliceFlags};
    let (_reader, copy) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
    match retry_on_intr(|| rustix::pipe::tee(receiver, &copy, 1, SpliceFlags::NONBLOCK)) {
        Ok(0) => Ok(false),
        Ok(_) | Err(Errno::AGAIN) => Ok(true),
        // A sandbox, or a kernel without it: as on other systems.
        Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix))))]
fn is_silent_sender_there(_: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(false)
}
