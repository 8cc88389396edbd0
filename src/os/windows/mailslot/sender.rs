//! The sender.

use super::SlotPath;
use crate::{error, os::windows::sys::mailslot};
use std::{
    ffi::OsStr,
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle},
};

/// Sends messages to a mailslot. Threads may share it.
#[derive(Debug)]
pub struct MailslotSender {
    handle: OwnedHandle,
    path: SlotPath,
}

impl MailslotSender {
    /// Opens a mailslot to send to: `\\.\mailslot\NAME` of this computer, `\\HOST\mailslot\NAME` of another,
    /// `\\DOMAIN\mailslot\NAME` or `\\*\mailslot\NAME` of all computers of a domain.
    ///
    /// # Errors
    /// - [`NotFound`](io::ErrorKind::NotFound): there is no such mailslot on this computer. (Of other computers nobody knows.)
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): it does not let this user send.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `path` is not the path of a mailslot.
    pub fn open(path: impl AsRef<OsStr>) -> io::Result<Self> {
        const OPERATION: &str = "open";
        let path = SlotPath::new(path.as_ref(), OPERATION, false)?;
        match mailslot::open(&path.wide) {
            Ok(handle) => Ok(Self { handle, path }),
            Err(error) => Err(error::about(path.operation(OPERATION), error)),
        }
    }

    /// Sends a message, which may be empty. Does not wait for anybody: on this computer it is in the mailslot when this
    /// returns, and on another it may arrive or not.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the message is longer than the mailslot or the network takes.
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe): the mailslot, of this computer, is no more.
    /// - Otherwise whatever the system reports.
    pub fn send(&self, message: &[u8]) -> io::Result<()> {
        mailslot::write(self.handle.as_handle(), message).map_err(|error| {
            let operation = format!("send {} bytes to", message.len());
            error::about(self.path.operation(&operation), error)
        })
    }
}

impl AsHandle for MailslotSender {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

impl AsRawHandle for MailslotSender {
    fn as_raw_handle(&self) -> RawHandle {
        self.handle.as_raw_handle()
    }
}

impl From<MailslotSender> for OwnedHandle {
    fn from(sender: MailslotSender) -> Self {
        sender.handle
    }
}
