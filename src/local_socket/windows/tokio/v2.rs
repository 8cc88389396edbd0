//! The variants of interprocess 2.4's enums, as functions.

use crate::local_socket;

impl local_socket::tokio::Stream {
    /// Converts from what a stream is made of, in the place of the variant of interprocess 2.4's enum.
    #[deprecated(since = "3.0.0", note = "use `From`")]
    #[allow(non_snake_case)]
    pub fn NamedPipe(stream: impl Into<Self>) -> Self {
        stream.into()
    }
}

impl local_socket::tokio::Listener {
    /// Converts from what a listener is made of, in the place of the variant of interprocess 2.4's enum.
    #[deprecated(since = "3.0.0", note = "use `From`")]
    #[allow(non_snake_case)]
    pub fn NamedPipe(listener: impl Into<Self>) -> Self {
        listener.into()
    }
}
