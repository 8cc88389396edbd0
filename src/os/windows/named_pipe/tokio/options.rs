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

/// The methods of [`PipeListenerOptions`] that make Tokio listeners. They are the type's own now; programs for
/// interprocess 2 import this trait for them.
pub trait PipeListenerOptionsExt: sealed::Sealed {
    /// [`PipeListenerOptions::create_tokio`].
    ///
    /// # Errors
    /// As there.
    fn create_tokio<Rm: PipeModeTag, Sm: PipeModeTag>(&self) -> io::Result<PipeListener<Rm, Sm>>;

    /// [`PipeListenerOptions::create_tokio_duplex`].
    ///
    /// # Errors
    /// As there.
    fn create_tokio_duplex<M: PipeModeTag>(&self) -> io::Result<PipeListener<M, M>> {
        self.create_tokio()
    }

    /// [`PipeListenerOptions::create_tokio_recv_only`].
    ///
    /// # Errors
    /// As there.
    fn create_tokio_recv_only<Rm: PipeModeTag>(&self) -> io::Result<PipeListener<Rm, pipe_mode::None>> {
        self.create_tokio()
    }

    /// [`PipeListenerOptions::create_tokio_send_only`].
    ///
    /// # Errors
    /// As there.
    fn create_tokio_send_only<Sm: PipeModeTag>(&self) -> io::Result<PipeListener<pipe_mode::None, Sm>> {
        self.create_tokio()
    }
}

impl PipeListenerOptionsExt for PipeListenerOptions<'_> {
    fn create_tokio<Rm: PipeModeTag, Sm: PipeModeTag>(&self) -> io::Result<PipeListener<Rm, Sm>> {
        self.create_tokio()
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::PipeListenerOptions<'_> {}
}
