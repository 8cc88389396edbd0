use super::PipeStream;
use crate::os::windows::{
    named_pipe::{ConnectOptions, connect::Attempt, name::PipePath, pipe_mode::PipeModeTag, poll::AsyncPipe},
    sys::timer::Sleep,
};
use std::{ffi::OsStr, io};

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
}
