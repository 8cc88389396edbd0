//! Local sockets where they show that they are named pipes: a kind of names, and options of the listener.
//!
//! ```
//! use interprocess::{
//!     local_socket::{ListenerOptions, ToFsName},
//!     os::windows::{
//!         local_socket::{ListenerOptionsExt, NamedPipe},
//!         security_descriptor::SecurityDescriptor,
//!     },
//! };
//!
//! # fn main() -> std::io::Result<()> {
//! // Users that have logged in may connect.
//! let descriptor = SecurityDescriptor::from_sddl("D:P(A;;GA;;;SY)(A;;GRGW;;;AU)")?;
//! let listener = ListenerOptions::new()
//!     .name(r"\\.\pipe\interprocess-doc-local-descriptor".to_fs_name::<NamedPipe>()?)
//!     .security_descriptor(descriptor)
//!     .create_sync()?;
//! # drop(listener);
//! # Ok(())
//! # }
//! ```

pub use crate::local_socket::windows::{ListenerOptionsExt, NamedPipe};
