//! What any descriptor can be asked.

use super::{directory::Identity, poll, slices};
use crate::time::Deadline;
use rustix::{
    event::{PollFlags, Timespec},
    fs::OFlags,
    io::FdFlags,
};
use std::{
    io::{self, IoSliceMut},
    os::fd::{AsRawFd, BorrowedFd, OwnedFd},
    time::Duration,
};
#[cfg(feature = "tokio")]
use std::{
    os::fd::AsFd,
    sync::atomic::{AtomicBool, Ordering},
};

/// What a call of libc that gives -1 for an error has given.
pub(in crate::os::unix::sys) fn done(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(fd, buffer)?)
}

/// Reads part of a stream.
pub(crate) fn read_vectored(fd: BorrowedFd<'_>, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    let part = slices::part(buffers);
    Ok(rustix::io::readv(fd, &mut buffers[part])?)
}

pub(crate) fn set_nonblocking(fd: BorrowedFd<'_>, nonblocking: bool) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(fd, nonblocking)?)
}

pub(crate) fn is_nonblocking(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(rustix::fs::fcntl_getfl(fd)?.contains(OFlags::NONBLOCK))
}

/// A descriptor whose open file description is put into nonblocking mode only for as long as this exists.
#[cfg(feature = "tokio")]
#[derive(Debug)]
pub(crate) struct Lent {
    fd: OwnedFd,
    was_blocking: AtomicBool,
}

#[cfg(feature = "tokio")]
impl Lent {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        Self { fd, was_blocking: false.into() }
    }

    pub(crate) fn make_nonblocking(&self) -> io::Result<()> {
        if !is_nonblocking(self.fd.as_fd())? {
            set_nonblocking(self.fd.as_fd(), true)?;
            self.was_blocking.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Has the description keep the mode that it has now.
    pub(crate) fn keep(&self) {
        self.was_blocking.store(false, Ordering::Relaxed);
    }
}

#[cfg(feature = "tokio")]
impl AsFd for Lent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(feature = "tokio")]
impl Drop for Lent {
    fn drop(&mut self) {
        if self.was_blocking.load(Ordering::Relaxed) {
            let _ = set_nonblocking(self.fd.as_fd(), false);
        }
    }
}

/// A second descriptor of the same open file that no child inherits.
pub(crate) fn duplicate(fd: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    fd.try_clone_to_owned()
}

/// What a descriptor refers to, as far as the system says.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenFile(Option<Identity>);

pub(crate) fn open_file(fd: BorrowedFd<'_>) -> OpenFile {
    OpenFile(rustix::fs::fstat(fd).ok().as_ref().map(Identity::from))
}

/// Has a descriptor mean the open file of another from now on, in one step, so that its number is never free. No child
/// inherits it.
pub(crate) fn replace(fd: BorrowedFd<'_>, by: BorrowedFd<'_>) -> io::Result<()> {
    #[cfg(target_os = "android")]
    {
        // The libc crate has no dup3 for Android.
        let number = libc::SYS_dup3;
        // SAFETY: both descriptors are open for the call, and remain so.
        let result = unsafe { libc::syscall(number, by.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) };
        done(result as libc::c_int)
    }
    #[cfg(any(
        target_os = "linux",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "illumos",
    ))]
    {
        // SAFETY: both descriptors are open for the call, and remain so.
        done(unsafe { libc::dup3(by.as_raw_fd(), fd.as_raw_fd(), libc::O_CLOEXEC) })
    }
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "illumos",
    )))]
    {
        // SAFETY: both descriptors are open for the call, and remain so.
        done(unsafe { libc::dup2(by.as_raw_fd(), fd.as_raw_fd()) })?;
        set_close_on_exec(fd, true)
    }
}

pub(crate) fn set_close_on_exec(fd: BorrowedFd<'_>, close: bool) -> io::Result<()> {
    let flags = if close { FdFlags::CLOEXEC } else { FdFlags::empty() };
    Ok(rustix::io::fcntl_setfd(fd, flags)?)
}

/// The bytes that can be read at once (`FIONREAD`).
pub(crate) fn readable_bytes(fd: BorrowedFd<'_>) -> io::Result<usize> {
    Ok(usize::try_from(rustix::io::ioctl_fionread(fd)?).unwrap_or(usize::MAX))
}

/// Waits until there is something to read or the peer is gone. `false`: the time is over.
pub(crate) fn wait_readable(fd: BorrowedFd<'_>, deadline: Deadline) -> io::Result<bool> {
    loop {
        let left = deadline.left();
        match poll::poll([fd], PollFlags::IN, left.map(timespec).as_ref()) {
            Ok([ready]) if !ready.is_empty() => return Ok(true),
            Ok(_) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether poll(2) says that the other end is gone.
pub(crate) fn is_hung_up(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let [ready] = poll::look([fd], PollFlags::IN | PollFlags::OUT)?;
    Ok(ready.intersects(PollFlags::HUP | PollFlags::ERR))
}

/// Waits for so long, or until a signal comes. `thread::sleep` goes on after a signal, and may never end under many of them:
/// each time it waits a little longer than what was left.
pub(crate) fn pause(at_most: Duration) {
    let time = libc_timespec(at_most.min(Duration::from_secs(3600)));
    // SAFETY: the call reads the time, and may leave out what was left of it.
    unsafe { libc::nanosleep(&raw const time, std::ptr::null_mut()) };
}

/// At most a year, as some systems refuse more than a few; the caller looks at the clock again in any case.
pub(in crate::os::unix::sys) fn libc_timespec(duration: Duration) -> libc::timespec {
    let Timespec { tv_sec, tv_nsec } = timespec(duration);
    // The types differ from system to system; all fit.
    libc::timespec { tv_sec: tv_sec as _, tv_nsec: tv_nsec as _ }
}

pub(in crate::os::unix::sys) fn timespec(duration: Duration) -> Timespec {
    // Some systems refuse more than a few years; the caller looks at the clock again in any case.
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
    let duration = duration.min(LONGEST);
    Timespec { tv_sec: duration.as_secs() as _, tv_nsec: duration.subsec_nanos() as _ }
}
