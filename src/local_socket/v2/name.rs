//! Names by a text's method and a type for the kind of name.

use crate::{local_socket::Name, sealed::Sealed};
use std::{
    borrow::Cow,
    ffi::{CStr, CString, OsStr, OsString},
    fmt::Debug,
    io,
    path::{Path, PathBuf},
};

/// A way to make names from texts. The implementors are types without values, for
/// [`to_fs_name`](ToFsName::to_fs_name) and [`to_ns_name`](ToNsName::to_ns_name).
#[allow(private_bounds)]
pub trait NameType: Copy + Debug + Eq + Send + Sync + Unpin + Sealed {
    /// Whether this system has names of this kind.
    fn is_supported() -> bool;
}

/// A way to make names from paths.
pub trait PathNameType<S: ToOwned + ?Sized>: NameType {
    /// Makes the name; [`ToFsName::to_fs_name`] is the convenient form.
    ///
    /// # Errors
    /// As for [`Name::path`].
    fn map(path: Cow<'_, S>) -> io::Result<Name<'_>>;
}

/// A way to make names from names in a namespace.
pub trait NamespacedNameType<S: ToOwned + ?Sized>: NameType {
    /// Makes the name; [`ToNsName::to_ns_name`] is the convenient form.
    ///
    /// # Errors
    /// As for [`Name::namespaced`].
    fn map(name: Cow<'_, S>) -> io::Result<Name<'_>>;
}

/// Paths of any platform, as [`Name::path`] takes them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum GenericFilePath {}

impl Sealed for GenericFilePath {}

impl NameType for GenericFilePath {
    fn is_supported() -> bool {
        true
    }
}

impl PathNameType<OsStr> for GenericFilePath {
    fn map(path: Cow<'_, OsStr>) -> io::Result<Name<'_>> {
        Name::from_path(path)
    }
}

/// Names in any platform's namespace, as [`Name::namespaced`] takes them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum GenericNamespaced {}

impl Sealed for GenericNamespaced {}

impl NameType for GenericNamespaced {
    fn is_supported() -> bool {
        true
    }
}

impl NamespacedNameType<OsStr> for GenericNamespaced {
    fn map(name: Cow<'_, OsStr>) -> io::Result<Name<'_>> {
        Name::from_namespaced(name)
    }
}

/// Conversion of a path to a name.
pub trait ToFsName<'s, S: ToOwned + ?Sized> {
    /// Makes the name.
    ///
    /// # Errors
    /// As for [`Name::path`].
    fn to_fs_name<NT: PathNameType<S>>(self) -> io::Result<Name<'s>>;
}

/// Conversion of a name in a namespace to a name.
pub trait ToNsName<'s, S: ToOwned + ?Sized> {
    /// Makes the name.
    ///
    /// # Errors
    /// As for [`Name::namespaced`].
    fn to_ns_name<NT: NamespacedNameType<S>>(self) -> io::Result<Name<'s>>;
}

impl<'s> ToFsName<'s, OsStr> for &'s Path {
    fn to_fs_name<NT: PathNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Borrowed(self.as_os_str()))
    }
}

impl<'s> ToFsName<'s, OsStr> for PathBuf {
    fn to_fs_name<NT: PathNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Owned(self.into_os_string()))
    }
}

impl<'s> ToFsName<'s, OsStr> for &'s OsStr {
    fn to_fs_name<NT: PathNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Borrowed(self))
    }
}

impl<'s> ToFsName<'s, OsStr> for OsString {
    fn to_fs_name<NT: PathNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Owned(self))
    }
}

impl<'s> ToFsName<'s, OsStr> for &'s str {
    fn to_fs_name<NT: PathNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Borrowed(OsStr::new(self)))
    }
}

impl<'s> ToFsName<'s, OsStr> for String {
    fn to_fs_name<NT: PathNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Owned(self.into()))
    }
}

impl<'s> ToFsName<'s, CStr> for &'s CStr {
    fn to_fs_name<NT: PathNameType<CStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Borrowed(self))
    }
}

impl<'s> ToFsName<'s, CStr> for CString {
    fn to_fs_name<NT: PathNameType<CStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Owned(self))
    }
}

impl<'s> ToNsName<'s, OsStr> for &'s OsStr {
    fn to_ns_name<NT: NamespacedNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Borrowed(self))
    }
}

impl<'s> ToNsName<'s, OsStr> for OsString {
    fn to_ns_name<NT: NamespacedNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Owned(self))
    }
}

impl<'s> ToNsName<'s, OsStr> for &'s str {
    fn to_ns_name<NT: NamespacedNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Borrowed(OsStr::new(self)))
    }
}

impl<'s> ToNsName<'s, OsStr> for String {
    fn to_ns_name<NT: NamespacedNameType<OsStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Owned(self.into()))
    }
}

impl<'s> ToNsName<'s, CStr> for &'s CStr {
    fn to_ns_name<NT: NamespacedNameType<CStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Borrowed(self))
    }
}

impl<'s> ToNsName<'s, CStr> for CString {
    fn to_ns_name<NT: NamespacedNameType<CStr>>(self) -> io::Result<Name<'s>> {
        NT::map(Cow::Owned(self))
    }
}
