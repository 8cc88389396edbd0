//! A descriptor that becomes readable when a signal handler says so.

use crate::os::unix::sys::pipe::{self, Options};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

/// An eventfd(2), whose counter takes any number of wake-ups, or a pipe to oneself.
#[derive(Debug)]
pub(super) struct Wake {
    reader: OwnedFd,
    /// Of a pipe.
    writer: Option<OwnedFd>,
}

impl Wake {
    pub(super) fn new() -> io::Result<Self> {
        if let Some(event) = system::event()? {
            return Ok(Self { reader: event, writer: None });
        }
        let (reader, writer) = pipe::new(Options { nonblocking: true, packets: false })?;
        Ok(Self { reader, writer: Some(writer) })
    }

    /// Whether being told anew is an event for a runtime only if somebody has read in between. Not so with an eventfd(2) and
    /// epoll(7).
    #[cfg(feature = "tokio")]
    pub(super) fn must_be_cleared(&self) -> bool {
        self.writer.is_some()
    }

    /// For signal handlers.
    pub(super) fn notify(&self) {
        // Fails only if the counter or the pipe is full, which is a wake-up as well. The reader is there, so there is no
        // SIGPIPE.
        let _ = rustix::io::write(self.writer.as_ref().unwrap_or(&self.reader), &1_u64.to_ne_bytes());
    }

    pub(super) fn clear(&self) {
        // An eventfd(2) gives 8 bytes.
        while rustix::io::read(&self.reader, &mut [0_u8; 64]) == Ok(64) {}
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
mod system {
    use super::{OwnedFd, io};
    use rustix::{event::EventfdFlags, io::Errno};

    /// `None`: there is none, or a sandbox does not allow it.
    pub(super) fn event() -> io::Result<Option<OwnedFd>> {
        match rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK) {
            Ok(event) => Ok(Some(event)),
            Err(Errno::NOSYS | Errno::PERM | Errno::ACCESS | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(any(not(any(target_os = "linux", target_os = "android")), interprocess_portable_unix))]
mod system {
    use super::{OwnedFd, io};

    pub(super) fn event() -> io::Result<Option<OwnedFd>> {
        Ok(None)
    }
}
