//! Local sockets where they show that they are Unix domain sockets: kinds of names, and options of the listener.
//!
//! ```
//! use interprocess::{
//!     local_socket::{ListenerOptions, ToFsName},
//!     os::unix::local_socket::{FilesystemUdSocket, ListenerOptionsExt},
//! };
//! use std::os::unix::fs::PermissionsExt;
//!
//! # fn main() -> std::io::Result<()> {
//! # let directory = std::env::temp_dir().join(format!("interprocess-doc-mode-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let path = directory.join("group.sock");
//! let listener = ListenerOptions::new()
//!     .name(path.as_path().to_fs_name::<FilesystemUdSocket>()?)
//!     .mode(0o660)
//!     .create_sync()?;
//! assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o660);
//! # drop(listener);
//! # std::fs::remove_dir(&directory)
//! # }
//! ```

use crate::sealed::Sealed;

/// Options of a listener that only Unix has.
#[allow(private_bounds)]
pub trait ListenerOptionsExt: Sized + Sealed {
    /// The permissions of the socket's file, from the first instant and whatever the umask is; see
    /// [`UnixListener::bind_with`](crate::os::unix::uds::UnixListener::bind_with). Connecting takes write permission.
    ///
    /// A listener at an abstract name, which has no permissions, is `InvalidInput` with this:
    /// [`current_user_only`](crate::local_socket::ListenerOptions::current_user_only) works there.
    #[must_use]
    fn mode(self, mode: u32) -> Self;
}

/// Paths of socket files, the same as [`GenericFilePath`](crate::local_socket::GenericFilePath) on Unix.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum FilesystemUdSocket {}

/// Names in the abstract namespace of Linux and Android. Elsewhere [`map`](crate::local_socket::NamespacedNameType::map) fails with
/// `Unsupported`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum AbstractNsUdSocket {}

/// Names in the directories in which programs built with interprocess 2.4 look for namespaced names where there is no
/// abstract namespace: `/run/user/UID`, or `/tmp` where that does not exist (Android: `$TMPDIR`, `$TEMPDIR` or
/// `/data/local/tmp`). Listening creates the directories that the name contains; nothing removes them.
///
/// It is here for talking to such programs: every user can write to the second directory, and take the name first.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SpecialDirUdSocket {}
