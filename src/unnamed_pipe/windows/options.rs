//! Options of unnamed pipes that only Windows has.

use super::PipeEnd;
use crate::{
    os::windows::{
        security_descriptor::BorrowedSecurityDescriptor, sys::pipe, unnamed_pipe::CreationOptions,
    },
    unnamed_pipe,
};
use std::io;

impl CreationOptions<'_> {
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
