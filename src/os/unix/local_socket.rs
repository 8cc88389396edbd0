//! Local sockets where they show that they are Unix domain sockets: options of the listener.
//!
//! ```
//! use interprocess::{
//!     local_socket::{ListenerOptions, Name},
//!     os::unix::local_socket::ListenerOptionsExt,
//! };
//! use std::os::unix::fs::PermissionsExt;
//!
//! # fn main() -> std::io::Result<()> {
//! # let directory = std::env::temp_dir().join(format!("interprocess-doc-mode-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let path = directory.join("group.sock");
//! let listener = ListenerOptions::new()
//!     .name(Name::path(&path)?)
//!     .mode(0o660)
//!     .create_sync()?;
//! assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o660);
//! # drop(listener);
//! # std::fs::remove_dir(&directory)
//! # }
//! ```

mod v2;

pub use self::v2::{AbstractNsUdSocket, FilesystemUdSocket, SpecialDirUdSocket};

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
