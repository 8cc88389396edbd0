//! Local sockets where they show that they are named pipes: options of the listener.
//!
//! ```
//! use interprocess::{
//!     local_socket::{ListenerOptions, Name},
//!     os::windows::{
//!         local_socket::ListenerOptionsExt, security_descriptor::SecurityDescriptor,
//!     },
//! };
//!
//! # fn main() -> std::io::Result<()> {
//! // Users that have logged in may connect.
//! let descriptor = SecurityDescriptor::from_sddl("D:P(A;;GA;;;SY)(A;;GRGW;;;AU)")?;
//! let listener = ListenerOptions::new()
//!     .name(Name::path(r"\\.\pipe\interprocess-doc-local-descriptor")?)
//!     .security_descriptor(descriptor)
//!     .create_sync()?;
//! # drop(listener);
//! # Ok(())
//! # }
//! ```

mod v2;

pub use self::v2::NamedPipe;

use super::security_descriptor::SecurityDescriptor;
use crate::sealed::Sealed;

/// Options of a listener that only Windows has.
#[allow(private_bounds)]
pub trait ListenerOptionsExt: Sized + Sealed {
    /// Who may connect, and more. Comes before
    /// [`current_user_only`](crate::local_socket::ListenerOptions::current_user_only) if both are given.
    #[must_use]
    fn security_descriptor(self, sd: SecurityDescriptor) -> Self;
}
