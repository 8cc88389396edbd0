//! How to make a mailslot.

use super::{Mailslot, SlotPath, slot};
use crate::{
    error,
    os::windows::{security_descriptor::SecurityDescriptor, sys::mailslot},
};
use std::{
    ffi::{OsStr, OsString},
    io,
    num::NonZeroU32,
    time::Duration,
};

/// How to make a [`Mailslot`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MailslotOptions {
    path: OsString,
    max_message_size: Option<NonZeroU32>,
    read_timeout: Option<Duration>,
    security_descriptor: Option<SecurityDescriptor>,
    inheritable: bool,
}

impl MailslotOptions {
    /// Messages of any size, for which reads wait as long as it takes; Windows' default access list; no path yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The path: `\\.\mailslot\NAME`. The name may contain backslashes.
    pub fn path(mut self, path: impl AsRef<OsStr>) -> Self {
        self.path = path.as_ref().to_os_string();
        self
    }

    /// The most bytes that a message may have; `None`: any number.
    pub fn max_message_size(mut self, size: Option<NonZeroU32>) -> Self {
        self.max_message_size = size;
        self
    }

    /// How long reads wait for a message; `None`: as long as it takes.
    pub fn read_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Who may send to it; `None`: as Windows has it by default.
    pub fn security_descriptor(mut self, descriptor: Option<SecurityDescriptor>) -> Self {
        self.security_descriptor = descriptor;
        self
    }

    /// Whether children that are started with inheritance inherit the handle. They do not, unless asked for.
    pub fn inheritable(mut self, inheritable: bool) -> Self {
        self.inheritable = inheritable;
        self
    }

    /// Makes the mailslot.
    ///
    /// # Errors
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): there is a mailslot of that name already.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is not `\\.\mailslot\NAME`, or the timeout is zero (see
    ///   [`recv_timeout`](Mailslot::recv_timeout) for reads that do not wait).
    /// - Otherwise whatever the system reports (Microsoft: "CreateMailslotW function").
    pub fn create(&self) -> io::Result<Mailslot> {
        const OPERATION: &str = "create";
        let path = SlotPath::new(&self.path, OPERATION, true)?;
        let timeout = slot::milliseconds(self.read_timeout)?;
        let size = self.max_message_size.map_or(0, NonZeroU32::get);
        let security = self.security_descriptor.as_ref().map(SecurityDescriptor::as_sys);
        match mailslot::create(&path.wide, size, timeout, security, self.inheritable) {
            Ok(handle) => Ok(Mailslot::from_handle(handle)),
            Err(error) => {
                let taken = error.kind() == io::ErrorKind::AlreadyExists;
                let kind = if taken { io::ErrorKind::AddrInUse } else { error.kind() };
                Err(error::about_as(kind, path.operation(OPERATION), error))
            }
        }
    }
}
