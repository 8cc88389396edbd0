//! Acting as the client, and who it is, under Tokio.

use super::PipeStream;
use crate::os::windows::{
    ImpersonationGuard,
    named_pipe::{identity::impersonate_client, pipe_mode::PipeModeTag},
    sys::{handle, pipe},
};
use std::{
    ffi::OsString,
    io,
    os::windows::io::{AsHandle, RawHandle},
};

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeStream<Rm, Sm> {
    /// Makes this thread act as the client until the guard is dropped. See the synchronous
    /// [`impersonate_client`](crate::os::windows::named_pipe::PipeStream::impersonate_client).
    ///
    /// **Do not hold the guard across an `.await`**: the thread is the runtime's, and would run other tasks as the client.
    /// Where tasks move between threads the compiler sees to it, as the guard is not [`Send`].
    ///
    /// # Errors
    /// Those of the synchronous one.
    pub fn impersonate_client(&self) -> io::Result<ImpersonationGuard> {
        impersonate_client(self.as_handle(), self.is_server())
    }

    /// The name of the client's computer; `None` if it is this one. For the server's end. Microsoft:
    /// "GetNamedPipeClientComputerNameW function".
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn client_computer_name(&self) -> io::Result<Option<OsString>> {
        pipe::client_computer_name(self.as_handle())
    }

    /// Copies the stream's handle into another process, and gives its value there. See the synchronous
    /// [`share_with_process`](crate::os::windows::named_pipe::PipeStream::share_with_process); what this stream has read
    /// ahead or not written yet is not handed over.
    ///
    /// # Errors
    /// Those of the synchronous one.
    pub fn share_with_process(&self, process: &impl AsHandle) -> io::Result<RawHandle> {
        handle::copy_to_process(self.as_handle(), process.as_handle())
    }
}
