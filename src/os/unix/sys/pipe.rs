//! Pipes that no child inherits.

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

pub(crate) use self::{
    again::{open_again, read_at_once},
    system::{capacity, new, set_capacity},
};

/// What a pipe can be made with.
#[derive(Copy, Clone, Default)]
pub(crate) struct Options {
    pub(crate) nonblocking: bool,
    /// Each write is a packet (Linux's O_DIRECT).
    pub(crate) packets: bool,
}

/// Whether the descriptor is a pipe, and what it may be used for: `(readable, writable)`.
pub(crate) fn directions(fd: BorrowedFd<'_>) -> io::Result<(bool, bool)> {
    let status = rustix::fs::fstat(fd)?;
    if !rustix::fs::FileType::from_raw_mode(status.st_mode as _).is_fifo() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is open but is not a pipe"));
    }
    let mode = rustix::fs::fcntl_getfl(fd)? & rustix::fs::OFlags::RWMODE;
    Ok((mode != rustix::fs::OFlags::WRONLY, mode != rustix::fs::OFlags::RDONLY))
}

/// Fails unless the descriptor is the end of a pipe that gives bytes.
pub(crate) fn check_readable(fd: BorrowedFd<'_>) -> io::Result<()> {
    if directions(fd)?.0 { Ok(()) } else { Err(other_direction("cannot be read from")) }
}

/// Fails unless the descriptor is the end of a pipe that takes bytes.
pub(crate) fn check_writable(fd: BorrowedFd<'_>) -> io::Result<()> {
    if directions(fd)?.1 { Ok(()) } else { Err(other_direction("cannot be written to")) }
}

fn other_direction(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("the descriptor is a pipe of the other direction: it {what}"),
    )
}

/// How many bytes a pipe takes in one piece, whoever else writes to it.
// The type differs from system to system.
pub(crate) const ATOMIC: usize = libc::PIPE_BUF as _;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{BorrowedFd, Options, OwnedFd, io};
    use rustix::pipe::PipeFlags;

    pub(crate) fn new(options: Options) -> io::Result<(OwnedFd, OwnedFd)> {
        let mut flags = PipeFlags::CLOEXEC;
        flags.set(PipeFlags::NONBLOCK, options.nonblocking);
        flags.set(PipeFlags::DIRECT, options.packets);
        Ok(rustix::pipe::pipe_with(flags)?)
    }

    pub(crate) fn capacity(pipe: BorrowedFd<'_>) -> io::Result<usize> {
        Ok(rustix::pipe::fcntl_getpipe_size(pipe)?)
    }

    pub(crate) fn set_capacity(pipe: BorrowedFd<'_>, bytes: usize) -> io::Result<usize> {
        Ok(rustix::pipe::fcntl_setpipe_size(pipe, bytes)?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::{BorrowedFd, Options, OwnedFd, io};

    pub(crate) fn new(options: Options) -> io::Result<(OwnedFd, OwnedFd)> {
        if options.packets {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "pipes in packet mode (O_DIRECT) exist on Linux alone",
            ));
        }
        made(options.nonblocking)
    }

    #[cfg(not(target_vendor = "apple"))]
    fn made(nonblocking: bool) -> io::Result<(OwnedFd, OwnedFd)> {
        let mut flags = rustix::pipe::PipeFlags::CLOEXEC;
        flags.set(rustix::pipe::PipeFlags::NONBLOCK, nonblocking);
        Ok(rustix::pipe::pipe_with(flags)?)
    }

    #[cfg(target_vendor = "apple")]
    fn made(nonblocking: bool) -> io::Result<(OwnedFd, OwnedFd)> {
        use crate::os::unix::sys::fd;
        use std::os::fd::AsFd;
        let (reader, writer) = rustix::pipe::pipe()?;
        for end in [reader.as_fd(), writer.as_fd()] {
            fd::set_close_on_exec(end, true)?;
            fd::set_nonblocking(end, nonblocking)?;
        }
        crate::os::unix::sys::quiet::keep_signal_away(writer.as_fd())?;
        Ok((reader, writer))
    }

    pub(crate) fn capacity(_: BorrowedFd<'_>) -> io::Result<usize> {
        Err(no_capacity())
    }

    pub(crate) fn set_capacity(_: BorrowedFd<'_>, _: usize) -> io::Result<usize> {
        Err(no_capacity())
    }

    fn no_capacity() -> io::Error {
        io::Error::new(
            io::ErrorKind::Unsupported,
            "this system cannot tell or change a pipe's capacity (F_GETPIPE_SZ and F_SETPIPE_SZ are Linux's)",
        )
    }
}

/// Operations that do not wait, on descriptors whose blocking mode others share.
#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
mod again {
    use super::{BorrowedFd, io};
    use crate::os::unix::sys::quiet::CURRENT_POSITION;
    use rustix::io::ReadWriteFlags;
    use std::io::IoSliceMut;

    pub(crate) use super::reopening::open_again;

    /// Reads what is there (`RWF_NOWAIT`). The kernel refuses before it reads where it cannot do that: before Linux 6.4, for
    /// a FIFO with a path, and for a pipe that was spliced.
    pub(crate) fn read_at_once(fd: BorrowedFd<'_>, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        Ok(rustix::io::preadv2(fd, buffers, CURRENT_POSITION, ReadWriteFlags::NOWAIT)?)
    }
}

/// The same where there is no such call.
#[cfg(not(all(target_os = "linux", not(interprocess_portable_unix))))]
mod again {
    use super::{BorrowedFd, io};
    use std::io::IoSliceMut;

    pub(crate) use super::reopening::open_again;

    pub(crate) fn read_at_once(_: BorrowedFd<'_>, _: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        Err(rustix::io::Errno::OPNOTSUPP.into())
    }
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
mod reopening {
    use super::{BorrowedFd, OwnedFd};
    use crate::os::unix::sys::{
        closing::Readiness,
        fifo::{self, Facts},
    };
    use rustix::fs::{Mode, OFlags};
    use std::os::fd::{AsFd, AsRawFd};

    /// Opens a pipe or FIFO anew, in nonblocking mode, which changes nothing for those who share the descriptor's. `None`:
    /// each of its writes is a packet (which cannot be had in this way), or the system does not allow it.
    pub(crate) fn open_again(pipe: BorrowedFd<'_>, facts: Facts, readiness: Readiness) -> Option<OwnedFd> {
        if rustix::fs::fcntl_getfl(pipe).ok()?.contains(OFlags::DIRECT) {
            return None;
        }
        let access = match readiness {
            Readiness::Readable => OFlags::RDONLY,
            Readiness::Writable => OFlags::WRONLY,
        };
        let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
        let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let opened = rustix::fs::open(path, flags, Mode::empty()).ok()?;
        (fifo::facts(opened.as_fd()).ok()?.identity == facts.identity).then_some(opened)
    }
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix))))]
mod reopening {
    use super::{BorrowedFd, OwnedFd};
    use crate::os::unix::sys::{closing::Readiness, fifo::Facts};

    /// Other systems give a second descriptor of the same description, or nothing.
    pub(crate) fn open_again(_: BorrowedFd<'_>, _: Facts, _: Readiness) -> Option<OwnedFd> {
        None
    }
}
