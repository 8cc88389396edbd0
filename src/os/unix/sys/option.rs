//! Socket options of plain values.

use super::{credentials, fd::done};
use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd},
};

/// Types for which every bit pattern is a value.
///
/// # Safety
/// The type consists of integers alone, with or without padding, or of pointers that nobody follows.
pub(super) unsafe trait Plain: Copy {}

// SAFETY: one integer.
unsafe impl Plain for libc::c_int {}
// SAFETY: two integers.
unsafe impl Plain for libc::timeval {}

/// Reads an option.
pub(super) fn get<T: Plain>(socket: BorrowedFd<'_>, level: libc::c_int, name: libc::c_int) -> io::Result<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the descriptor is open for the call; the pointer and length describe `value`, which the kernel fills.
    let result =
        unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, value.as_mut_ptr().cast(), &mut length) };
    done(result)?;
    // SAFETY: zeroed at first and then written by the kernel, and any bytes are a value of a `Plain` type.
    Ok(unsafe { value.assume_init() })
}

/// Sets an option.
pub(super) fn set<T: Plain>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    name: libc::c_int,
    value: T,
) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the descriptor is open for the call; the pointer and length describe `value`, which the kernel reads.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), length) };
    done(result)
}

/// An option that some systems have: its level and name.
type Optional = Option<(libc::c_int, libc::c_int)>;

const LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// The numbers of asm/socket.h, of which SPARC has its own; libc does not name them for every C library.
const fn linux(number: libc::c_int, sparc: libc::c_int) -> Optional {
    let is_sparc = cfg!(any(target_arch = "sparc", target_arch = "sparc64"));
    if LINUX { Some((libc::SOL_SOCKET, if is_sparc { sparc } else { number })) } else { None }
}

const PASS_SECURITY: Optional = linux(34, 0x1f);
/// Linux 6.5.
const PASS_PIDFD: Optional = linux(76, 0x55);
const PEEK_OFFSET: Optional = linux(42, 0x26);

/// Packets and connections marked for routing and packet filters: socket(7), setsockopt(2) of the BSDs.
const MARK: Optional = if LINUX {
    linux(36, 0x22)
} else if cfg!(target_os = "freebsd") {
    // SO_USER_COOKIE
    Some((libc::SOL_SOCKET, 0x1015))
} else if cfg!(target_os = "openbsd") {
    // SO_RTABLE
    Some((libc::SOL_SOCKET, 0x1021))
} else {
    None
};

/// What can be made to come with messages.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    Credentials,
    Pidfd,
    Security,
}

impl Switch {
    fn option(self) -> (Optional, &'static str) {
        match self {
            Self::Credentials => (
                credentials::PASS,
                "this system does not add credentials to messages at the receiver's wish \
                 (Linux, Android, FreeBSD 13 and NetBSD do)",
            ),
            Self::Pidfd => {
                (PASS_PIDFD, "this system does not add a descriptor of the sender's process (Linux 6.5 does)")
            }
            Self::Security => {
                (PASS_SECURITY, "this system does not add a security label to messages (Linux does)")
            }
        }
    }
}

pub(crate) fn is_on(socket: BorrowedFd<'_>, switch: Switch) -> io::Result<bool> {
    let (option, missing) = switch.option();
    let (level, name) = present(option, missing)?;
    Ok(known(get::<libc::c_int>(socket, level, name), missing)? != 0)
}

pub(crate) fn switch(socket: BorrowedFd<'_>, switch: Switch, on: bool) -> io::Result<()> {
    let (option, missing) = switch.option();
    let (level, name) = present(option, missing)?;
    known(set::<libc::c_int>(socket, level, name, on.into()), missing)
}

const NO_PEEK_OFFSET: &str = "this system has no offset for peeking (SO_PEEK_OFF is Linux's)";

pub(crate) fn peek_offset(socket: BorrowedFd<'_>) -> io::Result<Option<u32>> {
    let (level, name) = present(PEEK_OFFSET, NO_PEEK_OFFSET)?;
    Ok(u32::try_from(known(get::<libc::c_int>(socket, level, name), NO_PEEK_OFFSET)?).ok())
}

pub(crate) fn set_peek_offset(socket: BorrowedFd<'_>, offset: Option<u32>) -> io::Result<()> {
    let (level, name) = present(PEEK_OFFSET, NO_PEEK_OFFSET)?;
    let offset = match offset.map(libc::c_int::try_from) {
        None => -1,
        Some(Ok(offset)) => offset,
        Some(Err(_)) => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the offset is 2 GiB or more"));
        }
    };
    known(set(socket, level, name, offset), NO_PEEK_OFFSET)
}

pub(crate) fn set_mark(socket: BorrowedFd<'_>, mark: u32) -> io::Result<()> {
    const MISSING: &str = "this system has no marks for sockets (Linux, FreeBSD and OpenBSD have)";
    let (level, name) = present(MARK, MISSING)?;
    known(set(socket, level, name, mark as libc::c_int), MISSING)
}

/// Which of the two buffers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Buffer {
    Recv,
    Send,
}

impl Buffer {
    fn option(self) -> libc::c_int {
        match self {
            Self::Recv => libc::SO_RCVBUF,
            Self::Send => libc::SO_SNDBUF,
        }
    }
}

pub(crate) fn buffer_size(socket: BorrowedFd<'_>, buffer: Buffer) -> io::Result<usize> {
    let size = get::<libc::c_int>(socket, libc::SOL_SOCKET, buffer.option())?;
    Ok(usize::try_from(size).unwrap_or(0))
}

pub(crate) fn set_buffer_size(socket: BorrowedFd<'_>, buffer: Buffer, size: usize) -> io::Result<()> {
    let size = libc::c_int::try_from(size).unwrap_or(libc::c_int::MAX);
    set(socket, libc::SOL_SOCKET, buffer.option(), size)
}

/// The kind of socket (`SO_TYPE`), and whether it listens (`SO_ACCEPTCONN`).
pub(crate) fn kind(socket: BorrowedFd<'_>) -> io::Result<(libc::c_int, bool)> {
    let kind = get::<libc::c_int>(socket, libc::SOL_SOCKET, libc::SO_TYPE)?;
    let listens = get::<libc::c_int>(socket, libc::SOL_SOCKET, libc::SO_ACCEPTCONN)?;
    Ok((kind, listens != 0))
}

fn present(option: Optional, missing: &str) -> io::Result<(libc::c_int, libc::c_int)> {
    option.ok_or_else(|| unsupported(missing))
}

/// A kernel that is too old for an option says ENOPROTOOPT. Linux 6.16 says EOPNOTSUPP of one that it was built without, and
/// a sandbox ENOSYS.
fn known<T>(result: io::Result<T>, missing: &str) -> io::Result<T> {
    result.map_err(|error| if is_unknown(&error) { unsupported(missing) } else { error })
}

pub(super) fn is_unknown(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOPROTOOPT | libc::EOPNOTSUPP | libc::ENOSYS))
}

pub(super) fn unsupported(missing: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, missing)
}
