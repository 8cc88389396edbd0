//! Who the client is, and acting as it, under Tokio.

use super::PipeStream;
use crate::os::windows::{
    ImpersonationGuard,
    named_pipe::{
        ConnectOptions, connect::Attempt, identity::impersonate_client, name::PipePath,
        pipe_mode::PipeModeTag, poll::AsyncPipe,
    },
    sys::{handle, pipe, timer::Sleep},
};
use std::{
    ffi::{OsStr, OsString},
    io,
    os::windows::io::{AsHandle, RawHandle},
};

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeStream<Rm, Sm> {
    /// Connects to the named pipe at `path` as `options` say. Cancel-safe.
    ///
    /// # Errors
    /// Those of the synchronous
    /// [`connect_with`](crate::os::windows::named_pipe::PipeStream::connect_with).
    pub async fn connect_with(path: impl AsRef<OsStr>, options: &ConnectOptions) -> io::Result<Self> {
        let path = PipePath::for_operation(path.as_ref(), "connect to named pipe")?;
        let mut attempts = options.attempts::<Rm, Sm>(&path);
        loop {
            match attempts.attempt()? {
                Attempt::Pause(pause) => Sleep::new(pause)?.await,
                Attempt::Connected(handle) => return Ok(Self::from_raw(AsyncPipe::new(handle, false))),
            }
        }
    }

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
