//! The kind of names, and the variants of interprocess 2.4's enums as functions.

use crate::{
    local_socket::{Listener, Name, NameType, PathNameType, Stream},
    os::windows::local_socket::NamedPipe,
    sealed::Sealed,
};
use std::{borrow::Cow, ffi::OsStr, io};

impl Sealed for NamedPipe {}

impl NameType for NamedPipe {
    fn is_supported() -> bool {
        true
    }
}

impl PathNameType<OsStr> for NamedPipe {
    fn map(path: Cow<'_, OsStr>) -> io::Result<Name<'_>> {
        Name::from_path(path)
    }
}

impl Stream {
    /// Converts from what a stream is made of, in the place of the variant of interprocess 2.4's enum.
    #[deprecated(since = "3.0.0", note = "use `From`")]
    #[allow(non_snake_case)]
    pub fn NamedPipe(stream: impl Into<Self>) -> Self {
        stream.into()
    }
}

impl Listener {
    /// Converts from what a listener is made of, in the place of the variant of interprocess 2.4's enum.
    #[deprecated(since = "3.0.0", note = "use `From`")]
    #[allow(non_snake_case)]
    pub fn NamedPipe(listener: impl Into<Self>) -> Self {
        listener.into()
    }
}
