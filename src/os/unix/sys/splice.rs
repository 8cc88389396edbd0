//! Moving data between descriptors without taking it through this process. None of these calls waits for a pipe, and none
//! raises SIGPIPE.

use std::{io, os::fd::BorrowedFd};

pub(crate) use self::system::{splice, tee, vmsplice};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{BorrowedFd, io};
    use crate::os::unix::sys::quiet::without_signal;
    use rustix::{
        io::retry_on_intr,
        pipe::{IoSliceRaw, SpliceFlags},
    };

    pub(crate) fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        without_signal(|| Ok(retry_on_intr(|| rustix::pipe::splice(from, None, to, None, most, flags))?))
    }

    pub(crate) fn tee(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        without_signal(|| Ok(retry_on_intr(|| rustix::pipe::tee(from, to, most, SpliceFlags::NONBLOCK))?))
    }

    pub(crate) fn vmsplice(to: BorrowedFd<'_>, bytes: &'static [u8]) -> io::Result<usize> {
        let slice = [IoSliceRaw::from_slice(bytes)];
        let put = || {
            // SAFETY: the slice is valid memory for ever and nobody writes to it, so the pipe may go on referring to
            // its pages after the call; without SPLICE_F_GIFT the pages stay this process's own.
            unsafe { rustix::pipe::vmsplice(to, &slice, SpliceFlags::NONBLOCK) }
        };
        without_signal(|| Ok(retry_on_intr(put)?))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::{BorrowedFd, io};

    pub(crate) fn splice(_: BorrowedFd<'_>, _: BorrowedFd<'_>, _: usize) -> io::Result<usize> {
        Err(unsupported())
    }

    pub(crate) fn tee(_: BorrowedFd<'_>, _: BorrowedFd<'_>, _: usize) -> io::Result<usize> {
        Err(unsupported())
    }

    pub(crate) fn vmsplice(_: BorrowedFd<'_>, _: &'static [u8]) -> io::Result<usize> {
        Err(unsupported())
    }

    fn unsupported() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "this system cannot move data between descriptors by itself (splice, tee and vmsplice are Linux's)",
        )
    }
}
