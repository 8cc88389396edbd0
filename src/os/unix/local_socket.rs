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
//! # let folder = std::env::temp_dir().join(format!("interprocess-doc-mode-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("group.sock");
//! let listener = ListenerOptions::new()
//!     .name(path.as_path().to_fs_name::<FilesystemUdSocket>()?)
//!     .mode(0o660)
//!     .create_sync()?;
//! assert_eq!(std::fs::metadata(&path)?.permissions().mode() & 0o777, 0o660);
//! # drop(listener);
//! # std::fs::remove_dir(&folder)
//! # }
//! ```

pub use crate::local_socket::unix::{
    AbstractNsUdSocket, FilesystemUdSocket, ListenerOptionsExt, SpecialDirUdSocket,
};
