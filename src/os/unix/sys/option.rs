//! Socket options of plain values.

use super::fd::done;
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
