//! Security descriptors: who owns an object and who may do what with it.
//!
//! They are given when a pipe or a mailslot is made. [`SecurityDescriptorBuilder`] makes them of what people need; their
//! text form, SDDL, can say everything and is described by Microsoft under "Security Descriptor String Format".
//!
//! # Example
//! ```
//! use interprocess::os::windows::{
//!     named_pipe::{PipeListenerOptions, pipe_mode::Bytes},
//!     security_descriptor::{
//!         Access, AceKind, Dacl, SecurityDescriptor, SecurityDescriptorBuilder, Trustee,
//!     },
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
//!
//! // What a descriptor says can be read.
//! let users = SecurityDescriptorBuilder::new()
//!     .owner(Trustee::CurrentUser)
//!     .allow(Trustee::CurrentUser, Access::Full)
//!     .allow(Trustee::AuthenticatedUsers, Access::ReadWrite)
//!     .build()?;
//! let Dacl::Entries(entries) = users.dacl()? else { panic!("it has a list") };
//! assert_eq!(entries[0].sid, users.owner()?);
//! assert_eq!((entries[1].kind, entries[1].sid.as_deref()), (AceKind::Allow, Some("S-1-5-11")));
//! # Ok(()) }
//! ```

mod builder;
mod entries;
mod sddl;

pub use self::{
    builder::{Access, Integrity, SecurityDescriptorBuilder, Trustee},
    entries::{Ace, AceKind, Dacl},
};

use self::entries::Layout;
use crate::{
    TryClone,
    os::windows::sys::{
        security::{self, Descriptor},
        wide::WideString,
    },
};
use std::{
    ffi::OsStr,
    fmt::{self, Debug, Formatter},
    io,
    os::windows::io::AsHandle,
    str::FromStr,
};

/// A security descriptor. It cannot be changed; make another one from text.
#[derive(Clone)]
pub struct SecurityDescriptor(Descriptor);

impl SecurityDescriptor {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if Windows does not understand it. The message says at which byte it is
    /// wrong, where that can be found.
    pub fn from_sddl(text: &str) -> io::Result<Self> {
        let invalid = |cause: &dyn fmt::Display| {
            let message = format!("cannot read {text:?} as a security descriptor: {cause}");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        let wide =
            WideString::new(OsStr::new(text)).ok_or_else(|| invalid(&"it contains a zero character"))?;
        Descriptor::from_sddl(&wide).map(Self).map_err(|error| {
            let takes = |text: &str| {
                WideString::new(OsStr::new(text)).is_some_and(|wide| Descriptor::from_sddl(&wide).is_ok())
            };
            match sddl::locate(text, takes) {
                None => invalid(&error),
                Some(fault) => {
                    let (at, wrong) = (fault.place.start, &text[fault.place]);
                    invalid(&format_args!("at byte {at}, {wrong:?}: {}", fault.reason))
                }
            }
        })
    }

    /// Reads the text form in UTF-16, of which a zero at the end is no part: what macros such as `widestring::u16cstr!` give.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if it is not UTF-16; otherwise those of
    /// [`from_sddl`](Self::from_sddl).
    pub fn deserialize(text: &(impl AsRef<[u16]> + ?Sized)) -> io::Result<Self> {
        let units = text.as_ref();
        let units = units.strip_suffix(&[0]).unwrap_or(units);
        let text = String::from_utf16(units).map_err(|_| {
            let message = "cannot read a security descriptor: its text is not UTF-16";
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })?;
        Self::from_sddl(&text)
    }

    /// Reads the descriptor of an object that exists: its owner, group and access list.
    ///
    /// A client can find out in this way who may be the server of its pipe.
    ///
    /// # Errors
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if the handle lacks the right to read it (`READ_CONTROL`);
    /// otherwise whatever the system reports (Microsoft: "GetKernelObjectSecurity function").
    pub fn of_object(object: &impl AsHandle) -> io::Result<Self> {
        Descriptor::of_object(object.as_handle()).map(Self)
    }

    /// Gives the text form. It may differ from the text it was made from, and means the same.
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn to_sddl(&self) -> io::Result<String> {
        self.0.to_sddl()
    }

    /// Creates a descriptor that gives access to the current user at the current elevation, and to the system itself.
    ///
    /// The user is that of the calling thread, which may impersonate another. It is the owner, and has full access. The owner
    /// is the default owner of objects that the thread makes (Microsoft: "TOKEN_OWNER structure"), as with .NET's
    /// `PipeOptions.CurrentUserOnly`:
    ///
    /// | the calling thread | owner | who has access |
    /// | --- | --- | --- |
    /// | is not elevated | the user | processes of the same user |
    /// | is elevated (runs as administrator), or is a service that runs as the system | `BUILTIN\Administrators` | elevated processes, of any administrator |
    ///
    /// A process that is not elevated never has access to what an elevated one of the same user made. An elevated client has
    /// access to the pipe of a server that is not; to refuse such a server, the client sets
    /// [`ConnectOptions::current_user_only`](super::named_pipe::ConnectOptions::current_user_only).
    ///
    /// # Errors
    /// Whatever the system reports when it is asked for the user.
    pub fn current_user_only() -> io::Result<Self> {
        let owner = security::current_owner_sid()?;
        Self::from_sddl(&format!("O:{owner}D:P(A;;GA;;;{owner})(A;;GA;;;SY)"))
    }

    /// What a pipe gets unless another is asked for: Windows' default without everyone's right to read, with which any user
    /// could take the instances that stand ready (Microsoft: "Named Pipe Security and Access Rights").
    pub(crate) fn of_pipes() -> io::Result<Self> {
        let owner = security::current_owner_sid()?;
        let mut text = format!("O:{owner}D:P(A;;GA;;;{owner})(A;;GA;;;SY)(A;;GA;;;BA)");
        // A process in an app container needs more than its user's rights to make the next instance.
        if let Some(container) = security::current_app_container_sid().unwrap_or(None) {
            text.push_str(&format!("(A;;GA;;;{container})"));
        }
        Self::from_sddl(&text)
    }

    /// The owner, as the text of a SID; `None` if it does not say.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if the system has made a descriptor that cannot be read.
    pub fn owner(&self) -> io::Result<Option<String>> {
        self.read(|layout| layout.owner())
    }

    /// The primary group, as the text of a SID; `None` if it does not say.
    ///
    /// # Errors
    /// Those of [`owner`](Self::owner).
    pub fn group(&self) -> io::Result<Option<String>> {
        self.read(|layout| layout.group())
    }

    /// Who may do what.
    ///
    /// # Errors
    /// Those of [`owner`](Self::owner).
    pub fn dacl(&self) -> io::Result<Dacl> {
        self.read(|layout| layout.dacl())
    }

    /// Whether the access list is protected from entries that come from what contains the object (`P` in the text form).
    ///
    /// # Errors
    /// Those of [`owner`](Self::owner).
    pub fn is_dacl_protected(&self) -> io::Result<bool> {
        self.read(|layout| layout.is_protected())
    }

    fn read<T>(&self, read: impl FnOnce(Layout<'_>) -> Option<T>) -> io::Result<T> {
        read(Layout::new(&self.0.to_bytes())).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "cannot read a security descriptor that Windows made")
        })
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
impl TryClone for SecurityDescriptor {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

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
