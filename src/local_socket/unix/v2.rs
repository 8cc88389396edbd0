//! Kinds of names, and the variants of interprocess 2.4's enums as functions.

use super::name_check;
use crate::{
    local_socket::{
        GenericFilePath, GenericNamespaced, Listener, Name, NameType, NamespacedNameType, PathNameType,
        Stream, name::Kind,
    },
    os::unix::{
        local_socket::{AbstractNsUdSocket, FilesystemUdSocket, SpecialDirUdSocket},
        sys::socket,
    },
    sealed::Sealed,
};
use std::{
    borrow::Cow,
    ffi::{CStr, OsStr, OsString},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
};

impl Sealed for FilesystemUdSocket {}

impl NameType for FilesystemUdSocket {
    fn is_supported() -> bool {
        true
    }
}

impl PathNameType<OsStr> for FilesystemUdSocket {
    fn map(path: Cow<'_, OsStr>) -> io::Result<Name<'_>> {
        GenericFilePath::map(path)
    }
}

impl PathNameType<CStr> for FilesystemUdSocket {
    fn map(path: Cow<'_, CStr>) -> io::Result<Name<'_>> {
        GenericFilePath::map(path)
    }
}

impl PathNameType<CStr> for GenericFilePath {
    fn map(path: Cow<'_, CStr>) -> io::Result<Name<'_>> {
        Self::map(os_str(path))
    }
}

impl NamespacedNameType<CStr> for GenericNamespaced {
    fn map(name: Cow<'_, CStr>) -> io::Result<Name<'_>> {
        Self::map(os_str(name))
    }
}

impl Sealed for AbstractNsUdSocket {}

impl NameType for AbstractNsUdSocket {
    fn is_supported() -> bool {
        socket::ABSTRACT_NAMESPACE
    }
}

impl NamespacedNameType<OsStr> for AbstractNsUdSocket {
    fn map(name: Cow<'_, OsStr>) -> io::Result<Name<'_>> {
        if !Self::is_supported() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no abstract namespace of sockets (Linux and Android do)",
            ));
        }
        GenericNamespaced::map(name)
    }
}

impl NamespacedNameType<CStr> for AbstractNsUdSocket {
    fn map(name: Cow<'_, CStr>) -> io::Result<Name<'_>> {
        Self::map(os_str(name))
    }
}

impl Sealed for SpecialDirUdSocket {}

impl NameType for SpecialDirUdSocket {
    fn is_supported() -> bool {
        true
    }
}

impl NamespacedNameType<OsStr> for SpecialDirUdSocket {
    fn map(name: Cow<'_, OsStr>) -> io::Result<Name<'_>> {
        name_check::check(&name, "name")?;
        Ok(Name::with_kind(Kind::SpecialDir, name))
    }
}

impl NamespacedNameType<CStr> for SpecialDirUdSocket {
    fn map(name: Cow<'_, CStr>) -> io::Result<Name<'_>> {
        Self::map(os_str(name))
    }
}

fn os_str(text: Cow<'_, CStr>) -> Cow<'_, OsStr> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(OsStr::from_bytes(text.to_bytes())),
        Cow::Owned(text) => Cow::Owned(OsString::from_vec(text.into_bytes())),
    }
}

impl Stream {
    /// Converts from what a stream is made of, in the place of the variant of interprocess 2.4's enum.
    #[deprecated(since = "3.0.0", note = "use `From`")]
    #[allow(non_snake_case)]
    pub fn UdSocket(stream: impl Into<Self>) -> Self {
        stream.into()
    }
}

impl Listener {
    /// Converts from what a listener is made of, in the place of the variant of interprocess 2.4's enum.
    #[deprecated(since = "3.0.0", note = "use `From`")]
    #[allow(non_snake_case)]
    pub fn UdSocket(listener: impl Into<Self>) -> Self {
        listener.into()
    }
}
