//! Moving data through pipes without copying it to user space.

use crate::unnamed_pipe::{Recver, Sender};
use std::{io, os::fd::AsFd};

impl Recver {
    /// Moves up to `most` bytes out of this pipe into any file, socket or pipe, and tells how many; zero is the end of
    /// the stream.
    ///
    /// It waits while the pipe is empty. The bytes go to the target's current position, which must not be in append
    /// mode. A pipe or socket that nobody reads is the error `BrokenPipe`, and no SIGPIPE.
    ///
    /// # Errors
    /// `WouldBlock`: one of the two is in nonblocking mode and would have to wait. `InvalidInput`: the target cannot
    /// take spliced data, or is this same pipe. `Unsupported`: anywhere but on
    /// Linux and Android. Others: splice(2).
    pub fn splice_to<T: AsFd>(&self, to: T, most: usize) -> io::Result<usize> {
        self.0.splice_to(to.as_fd(), most)
    }

    /// Copies up to `most` bytes to another pipe and leaves them here as well, to be read or spliced after.
    ///
    /// # Errors
    /// `WouldBlock`: one of the two is in nonblocking mode and would have to wait. `InvalidInput`: both are the same
    /// pipe. `Unsupported`: anywhere but on Linux and Android. Others: tee(2).
    pub fn tee_to(&self, to: &Sender, most: usize) -> io::Result<usize> {
        self.0.tee_to(to.as_fd(), most)
    }
}

impl Sender {
    /// Moves up to `most` bytes out of any file, socket or pipe into this pipe, and tells how many; zero is the end of
    /// the source.
    ///
    /// It waits while the pipe is full, or the source empty.
    ///
    /// # Errors
    /// `WouldBlock`: one of the two is in nonblocking mode and would have to wait. `InvalidInput`: the source cannot
    /// give spliced data, or is this same pipe. `Unsupported`: anywhere but on
    /// Linux and Android. Others: splice(2).
    pub fn splice_from<F: AsFd>(&self, from: F, most: usize) -> io::Result<usize> {
        self.0.splice_from(from.as_fd(), most)
    }

    /// Puts bytes into this pipe by reference, and tells how many.
    ///
    /// The pipe refers to the memory itself until the bytes are read, however long that takes and even if they were
    /// spliced elsewhere before; whoever changed the memory meanwhile would change what is read. That is why the bytes
    /// must be there for ever.
    ///
    /// # Errors
    /// `WouldBlock`: the pipe is in nonblocking mode and full. `Unsupported`: anywhere but on Linux and
    /// Android. Others: vmsplice(2).
    pub fn vmsplice(&self, bytes: &'static [u8]) -> io::Result<usize> {
        self.0.vmsplice(bytes)
    }
}
