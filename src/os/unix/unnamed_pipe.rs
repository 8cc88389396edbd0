//! Unnamed pipes where they show that they are Unix's: options and modes.
//!
//! ```
//! use interprocess::os::unix::unnamed_pipe::CreationOptions;
//! use std::io::Write;
//!
//! # fn main() -> std::io::Result<()> {
//! let (mut sender, recver) = CreationOptions::new().nonblocking(true).create()?;
//! sender.write_all(b"four")?;
//! assert_eq!(recver.available()?, 4);
//! # Ok(())
//! # }
//! ```

mod v2;

pub use self::v2::UnnamedPipeExt;
pub use crate::unnamed_pipe::unix::pipe_with_mode as pipe;

use super::sys::pipe as sys;

/// How to make a pipe.
///
/// ```
/// use interprocess::os::unix::unnamed_pipe::CreationOptions;
/// use std::io::Read;
///
/// # fn main() -> std::io::Result<()> {
/// let (_sender, mut recver) = CreationOptions::new().nonblocking(true).create()?;
/// assert_eq!(recver.read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
/// # Ok(())
/// # }
/// ```
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "options do nothing until a pipe is made from them"]
pub struct CreationOptions {
    /// Whether both ends fail with `WouldBlock` instead of waiting.
    pub nonblocking: bool,
    /// How many bytes the pipe holds at least; `None` is the system's default (64 KiB on Linux). Linux rounds it up to a
    /// power of two of pages, and limits it for users without privileges (`/proc/sys/fs/pipe-max-size`).
    pub capacity: Option<usize>,
    /// Whether each write of up to `PIPE_BUF` bytes is a packet that one read takes, dropping what does not fit its
    /// buffer (`O_DIRECT`, pipe(2); Linux). For Tokio, use [`create_tokio`](Self::create_tokio): the receiving end itself does
    /// not tell that packets come, and one that was converted may wait although there is another.
    pub packets: bool,
}

impl CreationOptions {
    /// A blocking pipe of bytes, of the default capacity.
    pub fn new() -> Self {
        Self::default()
    }

    /// See the [field](Self#structfield.nonblocking).
    pub fn nonblocking(mut self, nonblocking: bool) -> Self {
        self.nonblocking = nonblocking;
        self
    }

    /// See the [field](Self#structfield.capacity).
    pub fn capacity(mut self, capacity: impl Into<Option<usize>>) -> Self {
        self.capacity = capacity.into();
        self
    }

    /// See the [field](Self#structfield.packets).
    pub fn packets(mut self, packets: bool) -> Self {
        self.packets = packets;
        self
    }
}

/// How many bytes a pipe takes in one piece (`PIPE_BUF`): 4,096 on Linux and Android, 512 on macOS and the BSDs, 5,120 on
/// illumos. Writes of up to so many bytes are never mixed with those of others, and never taken in part.
pub const PIPE_BUF: usize = sys::ATOMIC;
