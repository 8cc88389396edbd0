use super::longest_namespaced;
use crate::{
    local_socket::{
        GenericFilePath, GenericNamespaced, Name, NameType, NamespacedNameType, PathNameType, name::Kind,
    },
    os::unix::{
        local_socket::{AbstractNsUdSocket, FilesystemUdSocket, SpecialDirUdSocket},
        sys::{path, socket},
    },
    sealed::Sealed,
};
use std::{
    borrow::Cow,
    ffi::{CStr, OsStr, OsString},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
};

pub(in crate::local_socket) fn check_path(text: &OsStr) -> io::Result<()> {
    check(text, "path")?;
    path::check_length(Path::new(text))
}

pub(in crate::local_socket) fn check_namespaced(text: &OsStr) -> io::Result<()> {
    check(text, "name")?;
    if text.len() <= longest_namespaced() {
        return Ok(());
    }
    Err(invalid(format!(
        "the local socket name {} is too long: it has {} bytes, the most is {}",
        Path::new(text).display(),
        text.len(),
        longest_namespaced()
    )))
}

fn check(text: &OsStr, what: &str) -> io::Result<()> {
    if text.is_empty() {
        return Err(invalid(format!("the local socket {what} is empty")));
    }
    if text.as_bytes().contains(&0) {
        return Err(invalid(format!(
            "the local socket {what} {} has a NUL byte in it",
            Path::new(text).display()
        )));
    }
    Ok(())
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

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
        check(&name, "name")?;
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
