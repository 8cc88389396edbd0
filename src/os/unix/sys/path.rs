//! Socket addresses of paths, however long.

pub(crate) use super::address::LIMIT;

use super::{address::Address, socket};
use std::{
    io,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

/// The address of a path, which holds for as long as the second part lives.
///
/// # Errors
/// `InvalidInput` for an empty path, for a NUL byte and for a path that is too long here.
#[inline]
pub(crate) fn address(path: &Path) -> io::Result<(Address, Option<OwnedFd>)> {
    let bytes = path.as_os_str().as_bytes();
    // Why there is no address is asked only then: this is on the way of each datagram to a path.
    match Address::of_path(bytes) {
        Some(address) => Ok((address, None)),
        None if bytes.is_empty() => Err(invalid("the path of a Unix domain socket is empty".into())),
        None if bytes.contains(&0) => {
            Err(invalid(format!("the path {} has a NUL byte in it", path.display())))
        }
        None => long::of(path),
    }
}

/// Binds a socket to a path.
///
/// # Errors
/// As for [`address`], and those of bind(2).
pub(crate) fn bind(socket: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
    match Address::of_path(path.as_os_str().as_bytes()) {
        Some(address) => socket::bind(socket, &address),
        None => long::bind(socket, path),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod long {
    use super::{Address, BorrowedFd, LIMIT, OsStrExt, OwnedFd, Path, address, io, socket, too_long};
    use crate::os::unix::sys::{
        apart::apart,
        directory::{Directory, HERE},
    };
    use std::{
        ffi::OsStr,
        fs::read_link,
        os::fd::{AsFd, AsRawFd},
        sync::atomic::{AtomicBool, Ordering},
    };

    /// The directory's descriptor stands for the directory: `/proc/self/fd/N/NAME` is short.
    pub(super) fn of(path: &Path) -> io::Result<(Address, Option<OwnedFd>)> {
        let (directory, name) = parts(path)?;
        let address = below("/proc/self/fd", &directory, name).ok_or_else(|| too_long(path))?;
        check_proc(directory.as_fd(), path)?;
        Ok((address, Some(directory.into())))
    }

    /// What a socket is bound to is what its peers are told, and to them `/proc/self/fd/N` is another directory. So it is
    /// bound through a thread that ends at once: `/proc/self/task/THREAD/fd/N` is nothing to everybody, and no other
    /// process can make it something.
    pub(super) fn bind(socket: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
        let in_thread = || {
            let (directory, name) = parts(path)?;
            // PROCESS/task/THREAD, as this /proc counts them.
            let thread = read_link("/proc/thread-self").ok();
            let thread = thread.as_deref().and_then(Path::file_name).and_then(OsStr::to_str);
            let address =
                thread.and_then(|thread| below(&format!("/proc/self/task/{thread}/fd"), &directory, name));
            address.map(|address| socket::bind(socket, &address)).transpose()
        };
        match address(path).and_then(|_| apart(in_thread)) {
            Ok(Ok(Some(()))) => return Ok(()),
            Ok(Ok(None)) => {}
            Ok(Err(error)) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // The thread's name is not there, or the path.
            Ok(Err(_)) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        let (address, _directory) = address(path)?;
        socket::bind(socket, &address)
    }

    fn parts(path: &Path) -> io::Result<(Directory, &OsStr)> {
        if path.file_name().is_none() {
            return Err(too_long(path));
        }
        Directory::open_parent(HERE, path)
    }

    fn below(descriptors: &str, directory: &Directory, name: &OsStr) -> Option<Address> {
        let short = Path::new(descriptors).join(directory.as_fd().as_raw_fd().to_string()).join(name);
        Address::of_path(short.as_os_str().as_bytes())
    }

    /// Where /proc is, it stays.
    fn check_proc(directory: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
        static IS_THERE: AtomicBool = AtomicBool::new(false);
        if IS_THERE.load(Ordering::Relaxed)
            || Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).exists()
        {
            IS_THERE.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "the socket path {} is longer than {LIMIT} bytes, which takes /proc, and /proc is not mounted",
                path.display()
            ),
        ))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod long {
    use super::{Address, BorrowedFd, OwnedFd, Path, address, io, socket, too_long};

    pub(super) fn of(path: &Path) -> io::Result<(Address, Option<OwnedFd>)> {
        Err(too_long(path))
    }

    pub(super) fn bind(socket: BorrowedFd<'_>, path: &Path) -> io::Result<()> {
        let (address, _) = address(path)?;
        socket::bind(socket, &address)
    }
}

/// Whether [`address`] can say without looking at the file system that a path is too long.
pub(crate) fn check_length(path: &Path) -> io::Result<()> {
    let longest = if cfg!(any(target_os = "linux", target_os = "android")) {
        // Descriptors beyond a million take privileges.
        match path.file_name() {
            Some(name) if path.as_os_str().len() > LIMIT => "/proc/self/fd/999999/".len() + name.len(),
            _ => 0,
        }
    } else {
        path.as_os_str().len()
    };
    if longest > LIMIT { Err(too_long(path)) } else { Ok(()) }
}

fn too_long(path: &Path) -> io::Error {
    let length = path.as_os_str().len();
    invalid(format!(
        "the socket path {} is too long: it has {length} bytes, and a socket address has room for {LIMIT} \
         (sockaddr_un.sun_path)",
        path.display()
    ))
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
