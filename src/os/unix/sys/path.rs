//! Socket addresses of paths, however long.

pub(crate) use super::address::LIMIT;

use super::address::Address;
use std::{
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
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
        None => long(path),
    }
}

/// On Linux the folder's descriptor stands for the folder: `/proc/self/fd/N/NAME` is short.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn long(path: &Path) -> io::Result<(Address, Option<OwnedFd>)> {
    use rustix::fs::{Mode, OFlags};
    use std::os::fd::AsRawFd;
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(too_long(path));
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let folder = rustix::fs::open(folder, flags, Mode::empty())?;
    let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    let address = Address::of_path(short.as_os_str().as_bytes()).ok_or_else(|| too_long(path))?;
    Ok((address, Some(folder)))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn long(path: &Path) -> io::Result<(Address, Option<OwnedFd>)> {
    Err(too_long(path))
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
