//! A descriptor that becomes readable when a signal handler says so.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

pub(super) use system::Wake;

#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
mod system {
    use super::{AsFd, BorrowedFd, OwnedFd, io};
    use rustix::event::EventfdFlags;

    /// An eventfd(2): its counter takes any number of wake-ups.
    #[derive(Debug)]
    pub(in crate::os::unix::sys::signal) struct Wake(OwnedFd);

    impl Wake {
        /// Being told anew is an event for epoll(7) even if nobody has read in between.
        #[cfg(feature = "tokio")]
        pub(in crate::os::unix::sys::signal) const MUST_BE_CLEARED: bool = false;

        pub(in crate::os::unix::sys::signal) fn new() -> io::Result<Self> {
            Ok(Self(rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
        }

        /// For signal handlers.
        pub(in crate::os::unix::sys::signal) fn notify(&self) {
            // Fails only if the counter is full, which is a wake-up as well.
            let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
        }

        pub(in crate::os::unix::sys::signal) fn clear(&self) {
            let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
        }
    }

    impl AsFd for Wake {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
}

#[cfg(any(not(any(target_os = "linux", target_os = "android")), interprocess_portable_unix))]
mod system {
    use super::{AsFd, BorrowedFd, OwnedFd, io};
    use crate::os::unix::sys::pipe::{self, Options};

    /// A pipe to oneself.
    #[derive(Debug)]
    pub(in crate::os::unix::sys::signal) struct Wake {
        reader: OwnedFd,
        writer: OwnedFd,
    }

    impl Wake {
        #[cfg(feature = "tokio")]
        pub(in crate::os::unix::sys::signal) const MUST_BE_CLEARED: bool = true;

        pub(in crate::os::unix::sys::signal) fn new() -> io::Result<Self> {
            let (reader, writer) = pipe::new(Options { nonblocking: true, packets: false })?;
            Ok(Self { reader, writer })
        }

        /// For signal handlers.
        pub(in crate::os::unix::sys::signal) fn notify(&self) {
            // Fails only if the pipe is full, which is a wake-up as well. The reader is there, so there is no SIGPIPE.
            let _ = rustix::io::write(&self.writer, &[0]);
        }

        pub(in crate::os::unix::sys::signal) fn clear(&self) {
            while rustix::io::read(&self.reader, &mut [0_u8; 64]) == Ok(64) {}
        }
    }

    impl AsFd for Wake {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.reader.as_fd()
        }
    }
}
