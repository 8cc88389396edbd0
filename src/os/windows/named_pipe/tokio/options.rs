//! Making Tokio listeners.

use super::PipeListener;
use crate::os::windows::named_pipe::{
    PipeListenerOptions,
    pipe_mode::{self, PipeModeTag},
};
use std::io;

impl PipeListenerOptions<'_> {
    /// Makes the pipe and a Tokio listener whose streams receive as `Rm` says and send as `Sm` says. Needs no runtime.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_tokio<Rm: PipeModeTag, Sm: PipeModeTag>(&self) -> io::Result<PipeListener<Rm, Sm>> {
        self.listen::<Rm, Sm>().map(PipeListener::new)
    }

    /// [`create_tokio`](Self::create_tokio) for one mode in both directions.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_tokio_duplex<M: PipeModeTag>(&self) -> io::Result<PipeListener<M, M>> {
        self.create_tokio()
    }

    /// [`create_tokio`](Self::create_tokio) for streams that only receive.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_tokio_recv_only<Rm: PipeModeTag>(&self) -> io::Result<PipeListener<Rm, pipe_mode::None>> {
        self.create_tokio()
    }

    /// [`create_tokio`](Self::create_tokio) for streams that only send.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_tokio_send_only<Sm: PipeModeTag>(&self) -> io::Result<PipeListener<pipe_mode::None, Sm>> {
        self.create_tokio()
    }
}
