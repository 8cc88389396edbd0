//! interprocess 2.4's trait for making listeners.

use super::PipeListener;
use crate::{
    os::windows::named_pipe::{
        PipeListenerOptions,
        pipe_mode::{self, PipeModeTag},
    },
    sealed::Sealed,
};
use std::io;

/// The methods of [`PipeListenerOptions`] that make Tokio listeners. They are the type's own now; programs for
/// interprocess 2 import this trait for them.
pub trait PipeListenerOptionsExt: Sealed {
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

impl Sealed for PipeListenerOptions<'_> {}
