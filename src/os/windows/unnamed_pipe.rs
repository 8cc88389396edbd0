//! Unnamed pipes where they show that they are Windows': options.
//!
//! ```
//! use interprocess::os::windows::unnamed_pipe::CreationOptions;
//! use std::num::NonZeroUsize;
//!
//! # fn main() -> std::io::Result<()> {
//! let (sender, recver) = CreationOptions::new().buffer_size_hint(NonZeroUsize::new(1 << 20)).create()?;
//! # drop((sender, recver));
//! # Ok(())
//! # }
//! ```

use super::{security_descriptor::BorrowedSecurityDescriptor, sys::handle};
use crate::sealed::Sealed;
use std::{
    io,
    num::NonZeroUsize,
    os::windows::io::{AsHandle, BorrowedHandle, RawHandle},
};

/// How to make a pipe.
///
/// ```
/// use interprocess::os::windows::unnamed_pipe::CreationOptions;
/// use std::{io::{Read, Write}, num::NonZeroUsize};
///
/// # fn main() -> std::io::Result<()> {
/// let (mut sender, mut recver) =
///     CreationOptions::new().buffer_size_hint(NonZeroUsize::new(1 << 20)).create()?;
/// sender.write_all(&[1; 100_000])?; // Waits for nobody: it fits.
/// recver.read_exact(&mut [0; 100_000])?;
/// # Ok(())
/// # }
/// ```
#[derive(Copy, Clone, Debug, Default)]
#[non_exhaustive]
#[must_use = "options do nothing until a pipe is made from them"]
pub struct CreationOptions<'sd> {
    /// Who may open the ends again by their handles. Default: Windows'.
    pub security_descriptor: Option<BorrowedSecurityDescriptor<'sd>>,
    /// Whether all children inherit both ends, which keeps a receiver from ever seeing the end. Default: no. To hand one
    /// end to one child, use [`Sender::inherit`](crate::unnamed_pipe::Sender::inherit).
    pub inheritable: bool,
    /// About how many bytes the pipe holds. Default: Windows' (4,096 bytes), and 65,536 under Tokio.
    pub buffer_size_hint: Option<NonZeroUsize>,
}

impl<'sd> CreationOptions<'sd> {
    /// The defaults.
    pub const fn new() -> Self {
        Self { security_descriptor: None, inheritable: false, buffer_size_hint: None }
    }

    /// See the [field](Self#structfield.security_descriptor).
    pub fn security_descriptor(
        mut self,
        security_descriptor: Option<BorrowedSecurityDescriptor<'sd>>,
    ) -> Self {
        self.security_descriptor = security_descriptor;
        self
    }

    /// See the [field](Self#structfield.inheritable).
    pub fn inheritable(mut self, inheritable: bool) -> Self {
        self.inheritable = inheritable;
        self
    }

    /// See the [field](Self#structfield.buffer_size_hint).
    pub fn buffer_size_hint(mut self, buffer_size_hint: Option<NonZeroUsize>) -> Self {
        self.buffer_size_hint = buffer_size_hint;
        self
    }
}

/// Pipe ends that can be copied into another process.
pub trait ShareHandle: AsHandle + Sealed {
    /// Copies the handle into the process `receiver`, and gives its value there: a number that means nothing here and
    /// that has to be told to that process. Children do not inherit the copy. Nobody owns it until the process does; if
    /// it never learns of the number, the copy is open until that process ends.
    ///
    /// To hand an end to a child, [`Inherit`](crate::unnamed_pipe::Inherit) is simpler.
    ///
    /// # Errors
    /// Whatever the system reports (Microsoft: "DuplicateHandle function"), such as that `receiver` lacks the right
    /// `PROCESS_DUP_HANDLE`.
    fn share(&self, receiver: BorrowedHandle<'_>) -> io::Result<RawHandle> {
        handle::copy_to_process(self.as_handle(), receiver)
    }
}
