//! Options of unnamed pipes that only Windows has.

use super::PipeEnd;
use crate::{
    os::windows::{security_descriptor::BorrowedSecurityDescriptor, sys::pipe},
    unnamed_pipe,
};
use std::{io, num::NonZeroUsize};

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
    /// end to one child, use [`Sender::inherit`](unnamed_pipe::Sender::inherit).
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

    /// Makes the pipe.
    ///
    /// # Errors
    /// `InvalidInput`: a size of 4 GiB or more. The limit of handles.
    pub fn create(self) -> io::Result<(unnamed_pipe::Sender, unnamed_pipe::Recver)> {
        let security = self.security_descriptor.as_ref().map(BorrowedSecurityDescriptor::as_sys);
        let (recver, sender) = pipe::anonymous(self.size(0)?, security, self.inheritable)?;
        Ok((unnamed_pipe::Sender(PipeEnd::new(sender)), unnamed_pipe::Recver(PipeEnd::new(recver))))
    }

    /// The same as [`create`](Self::create).
    ///
    /// # Errors
    /// As there.
    pub fn build(self) -> io::Result<(unnamed_pipe::Sender, unnamed_pipe::Recver)> {
        self.create()
    }

    pub(super) fn size(&self, default: u32) -> io::Result<u32> {
        self.buffer_size_hint.map_or(Ok(default), |size| {
            u32::try_from(size.get()).map_err(|_| {
                let message = format!("cannot make a pipe for {size} bytes: 4 GiB is too much");
                io::Error::new(io::ErrorKind::InvalidInput, message)
            })
        })
    }
}
