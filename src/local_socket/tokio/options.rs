use super::{Listener, Stream};
use crate::local_socket::{ConnectOptions, ListenerOptions};
use std::io;

impl ListenerOptions<'_> {
    /// Makes a listener on the current Tokio runtime.
    ///
    /// # Errors
    /// As for [`create_sync`](Self::create_sync).
    ///
    /// # Panics
    /// On Unix, outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn create_tokio(self) -> io::Result<Listener> {
        Listener::from_options(self)
    }
}

impl<'n> ConnectOptions<'n> {
    /// Connects on the current Tokio runtime. Cancel-safe.
    ///
    /// # Errors
    /// As for [`connect_sync`](Self::connect_sync).
    ///
    /// # Panics
    /// On Unix, outside a Tokio runtime with I/O enabled.
    pub fn connect_tokio(&self) -> impl Future<Output = io::Result<Stream>> + Send + Sync + use<'_, 'n> {
        Stream::from_options(self)
    }
}
