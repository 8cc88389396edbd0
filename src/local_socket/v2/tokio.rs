//! The same for Tokio.

use super::traits::tokio as traits;
use crate::local_socket::{ConnectOptions, ListenerOptions};
use std::io;

/// Everything that a program for interprocess 2.4 imports at once.
pub mod prelude {
    pub use crate::local_socket::{
        NameType as _, ToFsName as _, ToNsName as _,
        tokio::{Listener as LocalSocketListener, Stream as LocalSocketStream},
        traits::{
            StreamCommon as _,
            tokio::{Listener as _, Stream as _},
        },
    };
}

impl ListenerOptions<'_> {
    /// [`create_tokio`](Self::create_tokio), generic.
    ///
    /// # Errors
    /// As for `create_tokio`.
    #[track_caller]
    pub fn create_tokio_as<L: traits::Listener>(self) -> io::Result<L> {
        L::from_options(self)
    }
}

impl<'n> ConnectOptions<'n> {
    /// [`connect_tokio`](Self::connect_tokio), generic.
    ///
    /// # Errors
    /// As for `connect_tokio`.
    pub fn connect_tokio_as<S: traits::Stream>(
        &self,
    ) -> impl Future<Output = io::Result<S>> + Send + Sync + use<'_, 'n, S> {
        S::from_options(self)
    }
}
