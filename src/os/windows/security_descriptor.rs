//! Security descriptors: who owns an object and who may do what with it.
//!
//! They are given when a pipe is made. Their text form, SDDL, is described by Microsoft under "Security Descriptor
//! String Format".
//!
//! # Example
//! ```
//! use interprocess::os::windows::{
//!     named_pipe::{PipeListenerOptions, pipe_mode::Bytes},
//!     security_descriptor::SecurityDescriptor,
//! };
//!
//! # fn main() -> std::io::Result<()> {
//! // Full access for the system and administrators; users that have logged in may read and write.
//! let descriptor: SecurityDescriptor = "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GRGW;;;AU)".parse()?;
//!
//! let listener = PipeListenerOptions::new()
//!     .path(r"\\.\pipe\interprocess-doc-security")
//!     .security_descriptor(Some(descriptor))
//!     .create_duplex::<Bytes>()?;
//! # drop(listener);
//! # Ok(()) }
//! ```

use crate::os::windows::sys::{
    security::{self, Descriptor},
    wide::WideString,
};
use std::{
    ffi::OsStr,
    fmt::{self, Debug, Formatter},
    io,
    str::FromStr,
};

/// A security descriptor. It cannot be changed; make another one from text.
#[derive(Clone)]
pub struct SecurityDescriptor(Descriptor);

impl SecurityDescriptor {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if Windows does not understand it.
    pub fn from_sddl(text: &str) -> io::Result<Self> {
        let invalid = |cause: &dyn fmt::Display| {
            let message = format!("cannot read {text:?} as a security descriptor: {cause}");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        let wide =
            WideString::new(OsStr::new(text)).ok_or_else(|| invalid(&"it contains a zero character"))?;
        Descriptor::from_sddl(&wide).map(Self).map_err(|error| invalid(&error))
    }

    /// Gives the text form. It may differ from the text it was made from, and means the same.
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn to_sddl(&self) -> io::Result<String> {
        self.0.to_sddl()
    }

    /// Lets in the current user (of the thread, if it acts as somebody else) and the system itself, and nobody else.
    ///
    /// # Errors
    /// Whatever the system reports when it is asked for the user.
    pub fn current_user_only() -> io::Result<Self> {
        let user = security::current_user_sid()?;
        Self::from_sddl(&format!("D:P(A;;GA;;;{user})(A;;GA;;;SY)"))
    }

    /// Borrows it.
    pub fn borrow(&self) -> BorrowedSecurityDescriptor<'_> {
        BorrowedSecurityDescriptor(self)
    }

    /// Clones it, which cannot fail; like [`clone`](Clone::clone).
    ///
    /// # Errors
    /// None today.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }

    pub(crate) fn as_sys(&self) -> &Descriptor {
        &self.0
    }
}

/// The same as [`from_sddl`](SecurityDescriptor::from_sddl).
impl FromStr for SecurityDescriptor {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        Self::from_sddl(text)
    }
}

impl Debug for SecurityDescriptor {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecurityDescriptor").field(&self.to_sddl().as_deref().unwrap_or("?")).finish()
    }
}

/// A security descriptor that is borrowed.
#[derive(Copy, Clone, Debug)]
pub struct BorrowedSecurityDescriptor<'a>(&'a SecurityDescriptor);

impl BorrowedSecurityDescriptor<'_> {
    /// Makes one that is owned.
    ///
    /// # Errors
    /// None today.
    pub fn to_owned_sd(&self) -> io::Result<SecurityDescriptor> {
        Ok(self.0.clone())
    }

    pub(crate) fn as_sys(&self) -> &Descriptor {
        self.0.as_sys()
    }
}

impl<'a> From<&'a SecurityDescriptor> for BorrowedSecurityDescriptor<'a> {
    fn from(descriptor: &'a SecurityDescriptor) -> Self {
        descriptor.borrow()
    }
}
