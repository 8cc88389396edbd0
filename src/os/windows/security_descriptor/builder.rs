//! Making security descriptors without their text form.

use super::{SecurityDescriptor, sddl};
use crate::os::windows::sys::security;
use std::{fmt::Write, io};

/// Makes a [`SecurityDescriptor`] for a pipe or a mailslot: says who may do what, and nobody else may do anything.
///
/// ```
/// use interprocess::os::windows::security_descriptor::{Access, SecurityDescriptorBuilder, Trustee};
///
/// # fn main() -> std::io::Result<()> {
/// let descriptor = SecurityDescriptorBuilder::new()
///     .allow(Trustee::CurrentUser, Access::Full)
///     .allow(Trustee::System, Access::Full)
///     .allow(Trustee::AuthenticatedUsers, Access::ReadWrite)
///     .deny(Trustee::Network, Access::Full)
///     .build()?;
/// # drop(descriptor);
/// # Ok(()) }
/// ```
///
/// Who makes a pipe must be let in itself to make further instances of it, as a listener does; so give
/// [`CurrentUser`](Trustee::CurrentUser) [`Full`](Access::Full) access.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SecurityDescriptorBuilder {
    owner: Option<Trustee>,
    group: Option<Trustee>,
    denied: Vec<(Trustee, Access)>,
    allowed: Vec<(Trustee, Access)>,
    protected: bool,
    label: Option<Integrity>,
}

/// Somebody that a security descriptor speaks of (Microsoft: "SID Strings").
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trustee {
    /// The user that the calling thread acts as when the descriptor is built.
    CurrentUser,
    /// The system itself, and services that run as it (`SY`).
    System,
    /// The group of administrators (`BA`). Programs that were not started "as administrator" do not act as members.
    Administrators,
    /// All users that have logged in, of this computer or its domain; guests are not among them (`AU`).
    AuthenticatedUsers,
    /// Everybody (`WD`). Anonymous users are not among them, unless the system was set up so.
    Everyone,
    /// Whoever logged in at this computer (`IU`).
    Interactive,
    /// Whoever comes from another computer (`NU`). Denying this keeps a pipe to its computer.
    Network,
    /// Programs in an app container (`AC`). Other entries do not let them in by themselves.
    AllAppPackages,
    /// The given SID: `S-1-...`, or the two letters of a well-known one.
    Sid(String),
}

/// How far a process is trusted, whatever its user (Microsoft: "Mandatory Integrity Control").
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Integrity {
    /// Anonymous processes, and those that a sandbox has taken everything from.
    Untrusted,
    /// Processes in an app container and sandboxed ones, such as a browser's.
    Low,
    /// Ordinary processes.
    Medium,
    /// Elevated processes.
    High,
    /// The system and its services.
    System,
}

/// Rights to a pipe or a mailslot.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Everything, also making instances of the pipe, that is being its server; and changing its security descriptor.
    Full,
    /// What clients need in both directions. Unlike `GRGW` in the text form this does not include the right to make
    /// instances of the pipe (`FILE_CREATE_PIPE_INSTANCE`, the same bit as `FILE_APPEND_DATA`), with which a client could
    /// take the server's place (Microsoft: "Named Pipe Security and Access Rights").
    ///
    /// Clients of this crate ask for no more. A program that opens a pipe with `GENERIC_WRITE` asks for that right as
    /// well and is refused.
    ReadWrite,
    /// What clients need that receive only.
    Read,
    /// What clients need that send only.
    Write,
    /// These rights (Microsoft: "Access Mask Format").
    Mask(u32),
}

impl Access {
    /// What is set in an entry that allows it (Microsoft: "File Access Rights Constants").
    pub fn mask(self) -> u32 {
        const GENERIC_ALL: u32 = 0x1000_0000;
        match self {
            Self::Full => GENERIC_ALL,
            Self::ReadWrite => security::CLIENT_READ | security::CLIENT_WRITE,
            Self::Read => security::CLIENT_READ,
            Self::Write => security::CLIENT_WRITE,
            Self::Mask(mask) => mask,
        }
    }

    /// What is set in an entry that forbids it. The rights to receive and to send have parts in common, without which nothing
    /// can be opened.
    fn mask_to_deny(self) -> u32 {
        match self {
            Self::ReadWrite => security::RECEIVING | security::SENDING,
            Self::Read => security::RECEIVING,
            Self::Write => security::SENDING,
            Self::Full | Self::Mask(_) => self.mask(),
        }
    }
}

impl SecurityDescriptorBuilder {
    /// Begins with a list that lets in nobody, protected, and with no owner or group.
    pub fn new() -> Self {
        Self {
            owner: None,
            group: None,
            denied: Vec::new(),
            allowed: Vec::new(),
            protected: true,
            label: None,
        }
    }

    /// Sets the owner, who may always change the access list. Without one it is the user that makes the object.
    ///
    /// Without the privilege to restore files, a program can make its own user the owner, and groups of its own that allow
    /// it, else making the object fails (Microsoft: "SetSecurityInfo function").
    pub fn owner(mut self, owner: Trustee) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Sets the primary group. Nothing but POSIX subsystems looks at it.
    pub fn group(mut self, group: Trustee) -> Self {
        self.group = Some(group);
        self
    }

    /// Lets somebody do something.
    pub fn allow(mut self, who: Trustee, access: Access) -> Self {
        self.allowed.push((who, access));
        self
    }

    /// Forbids somebody to do something, whatever else allows it: these entries come first in the list.
    pub fn deny(mut self, who: Trustee, access: Access) -> Self {
        self.denied.push((who, access));
        self
    }

    /// Says whether the list is protected from entries that objects inherit from what contains them. It is, unless told
    /// otherwise.
    pub fn protected(mut self, protected: bool) -> Self {
        self.protected = protected;
        self
    }

    /// Sets the mandatory label: processes of a lower integrity level cannot write, whatever the list allows. Default: the
    /// level of the process that makes the object.
    ///
    /// Sandboxed peers need two things: this label, and an entry for the user; in an app container also one for
    /// [`AllAppPackages`](Trustee::AllAppPackages) or the package's own SID. The level cannot be higher than that of the
    /// process that makes the object.
    ///
    /// A process in an app container can connect to pipes, and create them, only at `\\.\pipe\LOCAL\NAME` (Microsoft:
    /// "CreateNamedPipeW function"). Such a pipe belongs to the container, and processes outside know it by another name.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::windows::{
    ///     named_pipe::{PipeListenerOptions, pipe_mode::Bytes},
    ///     security_descriptor::{Access, Integrity, SecurityDescriptorBuilder, Trustee},
    /// };
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let descriptor = SecurityDescriptorBuilder::new()
    ///     .allow(Trustee::CurrentUser, Access::Full)
    ///     .allow(Trustee::AllAppPackages, Access::ReadWrite)
    ///     .mandatory_label(Integrity::Low)
    ///     .build()?;
    /// # let path = format!(r"\\.\pipe\interprocess-doc-label-{}", std::process::id());
    /// let listener = PipeListenerOptions::new()
    ///     .path(&path)
    ///     .security_descriptor(Some(descriptor))
    ///     .create_duplex::<Bytes>()?;
    /// # drop(listener);
    /// # Ok(()) }
    /// ```
    pub fn mandatory_label(mut self, level: Integrity) -> Self {
        self.label = Some(level);
        self
    }

    /// Makes the descriptor.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if a [`Sid`](Trustee::Sid) is not one; otherwise whatever the system
    /// reports when it is asked for the user.
    pub fn build(&self) -> io::Result<SecurityDescriptor> {
        let mut text = String::new();
        for (letter, who) in [('O', &self.owner), ('G', &self.group)] {
            if let Some(who) = who {
                write(&mut text, format_args!("{letter}:{}", who.sid()?));
            }
        }
        text.push_str(if self.protected { "D:P" } else { "D:" });
        let denied = self.denied.iter().map(|(who, access)| ('D', who, access.mask_to_deny()));
        let allowed = self.allowed.iter().map(|(who, access)| ('A', who, access.mask()));
        for (kind, who, mask) in denied.chain(allowed) {
            write(&mut text, format_args!("({kind};;{mask:#x};;;{})", who.sid()?));
        }
        if let Some(level) = self.label {
            // No write up ("SYSTEM_MANDATORY_LABEL_ACE structure").
            write(&mut text, format_args!("S:(ML;;NW;;;{})", level.sid()));
        }
        SecurityDescriptor::from_sddl(&text)
    }
}

impl Default for SecurityDescriptorBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl Trustee {
    /// The text form. What it gives cannot be anything but one SID.
    fn sid(&self) -> io::Result<String> {
        let well_known = match self {
            Self::CurrentUser => return security::current_user_sid(),
            Self::Sid(text) if sddl::is_sid(text) => text,
            Self::Sid(text) => {
                let message = format!("cannot build a security descriptor: {text:?} is not a SID");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            Self::System => "SY",
            Self::Administrators => "BA",
            Self::AuthenticatedUsers => "AU",
            Self::Everyone => "WD",
            Self::Interactive => "IU",
            Self::Network => "NU",
            Self::AllAppPackages => "AC",
        };
        Ok(well_known.to_owned())
    }
}

impl Integrity {
    fn sid(self) -> &'static str {
        match self {
            Self::Untrusted => "S-1-16-0",
            Self::Low => "S-1-16-4096",
            Self::Medium => "S-1-16-8192",
            Self::High => "S-1-16-12288",
            Self::System => "S-1-16-16384",
        }
    }
}

/// Writing to a string cannot fail.
fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}
