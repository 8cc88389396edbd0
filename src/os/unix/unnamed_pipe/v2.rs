//! interprocess 2.4's trait.

use crate::{os::unix::sys::fd, sealed::Sealed};
use std::{io, os::fd::AsFd};

/// What ends of pipes can do on Unix, as in interprocess 2.4; the types have the same method themselves.
pub trait UnnamedPipeExt: AsFd + Sealed {
    /// In nonblocking mode, what would have to wait fails with `WouldBlock`.
    ///
    /// # Errors
    /// Those of ioctl(2).
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        fd::set_nonblocking(self.as_fd(), nonblocking)
    }
}
