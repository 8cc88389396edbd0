//! Pipes that no child inherits.

use super::{fd, slices};
use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::{BorrowedFd, OwnedFd},
};

pub(crate) use self::{
    system::{capacity, new, set_capacity},
    writing::write,
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

/// Writes part of the slices, or all of them in one piece if they are up to [`ATOMIC`] bytes.
pub(crate) fn write_vectored(pipe: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    if slices.len() > slices::MOST && slices::total(slices) <= ATOMIC {
        return write(pipe, &slices::joined(slices)?);
    }
    writing::write_vectored(pipe, &slices[slices::part(slices)])
}

/// Reads part of a stream, or a whole packet if there is room for it: what does not fit would be dropped.
pub(crate) fn read_vectored(pipe: BorrowedFd<'_>, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    if slices.len() > slices::MOST && slices::total(&slices[slices::part(slices)]) < ATOMIC {
        let size = slices::total(slices).min(ATOMIC);
        return slices::scattered(slices, size, |buffer| fd::read(pipe, buffer), |&length| length);
    }
    fd::read_vectored(pipe, slices)
}

/// Writes all of a message in one piece.
pub(crate) fn write_atomic(pipe: BorrowedFd<'_>, message: &[u8]) -> io::Result<()> {
    if message.len() > ATOMIC {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "a message of {} bytes is not written in one piece: the most is {ATOMIC} (PIPE_BUF)",
                message.len()
            ),
        ));
    }
    loop {
        match write(pipe, message) {
            Ok(count) if count == message.len() => return Ok(()),
            Ok(count) => {
                return Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    format!(
                        "the system has taken {count} of {} bytes, which is no pipe's way",
                        message.len()
                    ),
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

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
        super::keep_signal_away(writer.as_fd())?;
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

/// Has the system send no SIGPIPE for writes to this descriptor, where that is a matter of the descriptor.
#[cfg(target_vendor = "apple")]
pub(crate) fn keep_signal_away(sender: BorrowedFd<'_>) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    // SAFETY: the descriptor is open for the call; F_SETNOSIGPIPE takes an int and touches no memory.
    let result = unsafe { libc::fcntl(sender.as_raw_fd(), libc::F_SETNOSIGPIPE, 1) };
    super::fd::done(result)
}

#[cfg(not(target_vendor = "apple"))]
pub(crate) fn keep_signal_away(_: BorrowedFd<'_>) -> io::Result<()> {
    Ok(())
}

/// Writing without SIGPIPE, as far as the system can.
#[cfg(target_os = "linux")]
mod writing {
    use super::{BorrowedFd, IoSlice, io};
    use rustix::io::{Errno, ReadWriteFlags};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// `RWF_NOSIGNAL` (linux/fs.h, Linux 6.18), which rustix does not name yet.
    const NO_SIGNAL: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x100);
    /// The offset that makes `pwritev2` write where `write` does (pwritev2(2)).
    const CURRENT_POSITION: u64 = u64::MAX;
    static NO_SIGNAL_IS_KNOWN: AtomicBool = AtomicBool::new(true);

    pub(crate) fn write(pipe: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
        write_vectored(pipe, &[IoSlice::new(bytes)])
    }

    /// One `pwritev2` without SIGPIPE where the kernel has that; an older one refuses the flag before it writes
    /// anything, and is not asked again.
    pub(crate) fn write_vectored(pipe: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if NO_SIGNAL_IS_KNOWN.load(Ordering::Relaxed) {
            match rustix::io::pwritev2(pipe, slices, CURRENT_POSITION, NO_SIGNAL) {
                // An older kernel; a filter of system calls.
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => {
                    NO_SIGNAL_IS_KNOWN.store(false, Ordering::Relaxed);
                }
                // Not a pipe: what `write` says of it counts.
                Err(Errno::INVAL | Errno::SPIPE) => {}
                other => return Ok(other?),
            }
        }
        Ok(rustix::io::writev(pipe, slices)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod writing {
    use super::{BorrowedFd, IoSlice, io};

    pub(crate) fn write(pipe: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(pipe, bytes)?)
    }

    pub(crate) fn write_vectored(pipe: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(rustix::io::writev(pipe, slices)?)
    }
}

/// Moving data between descriptors without taking it through this process.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod transfer {
    use super::{BorrowedFd, io};
    use rustix::{
        io::retry_on_intr,
        pipe::{IoSliceRaw, SpliceFlags},
    };

    pub(crate) fn splice(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        Ok(retry_on_intr(|| rustix::pipe::splice(from, None, to, None, most, SpliceFlags::MOVE))?)
    }

    pub(crate) fn tee(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        Ok(retry_on_intr(|| rustix::pipe::tee(from, to, most, SpliceFlags::empty()))?)
    }

    pub(crate) fn vmsplice(to: BorrowedFd<'_>, bytes: &'static [u8]) -> io::Result<usize> {
        let slice = [IoSliceRaw::from_slice(bytes)];
        let result = retry_on_intr(|| {
            // SAFETY: the slice is valid memory for ever and nobody writes to it, so the pipe may go on referring to
            // its pages after the call; without SPLICE_F_GIFT the pages stay this process's own.
            unsafe { rustix::pipe::vmsplice(to, &slice, SpliceFlags::empty()) }
        });
        Ok(result?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) mod transfer {
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
