//! The variants of interprocess 2.4's enums, as functions.

use crate::local_socket;

impl local_socket::tokio::Stream {
    /// Converts from what a stream is made of, in the place of the variant of interprocess 2.4's enum.
    #[deprecated(since = "3.0.0", note = "use `From`")]
    #[allow(non_snake_case)]
    pub fn UdSocket(stream: impl Into<Self>) -> Self {
        stream.into()
    }
}
