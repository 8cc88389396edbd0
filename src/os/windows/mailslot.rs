//! Mailslots: messages in one direction, to one process of this computer or to many of a network.
//!
//! A [`Mailslot`] receives whole messages from anybody who may write to it; a [`MailslotSender`] sends them. Nobody answers,
//! nobody is told whether a message arrived, and the receiver does not learn who sent it: for all that there are
//! [named pipes](super::named_pipe).
//!
//! # Between computers
//! A sender can name another computer (`\\HOST\mailslot\NAME`), all computers of a domain (`\\DOMAIN\mailslot\NAME`) or of
//! this computer's own domain (`\\*\mailslot\NAME`). Then opening and sending succeed whether or not there is such a
//! mailslot. Messages to a domain have at most [424 bytes](BROADCAST_LIMIT), and a message may arrive several times, once
//! for each protocol of the network. Windows 11 has this switched off unless an administrator allows it (Microsoft:
//! "Deprecated features for Windows client", Remote Mailslots).
//!
//! # Example
//! ```
//! use interprocess::os::windows::mailslot::{MailslotOptions, MailslotSender};
//! use std::{thread, time::Duration};
//!
//! # fn main() -> std::io::Result<()> {
//! let path = r"\\.\mailslot\interprocess-doc-example";
//! let slot = MailslotOptions::new().path(path).read_timeout(Some(Duration::from_secs(60))).create()?;
//!
//! let sender = thread::spawn(move || {
//!     let sender = MailslotSender::open(path)?;
//!     sender.send(b"Hello,")?;
//!     sender.send(b"mailslot!")
//! });
//!
//! let mut message = Vec::new();
//! slot.recv_vec(&mut message)?;
//! assert_eq!(message, b"Hello,");
//! slot.recv_vec(&mut message)?;
//! assert_eq!(message, b"mailslot!");
//! sender.join().unwrap()?;
//! # Ok(()) }
//! ```

mod options;
mod sender;
mod slot;

pub use self::{
    options::MailslotOptions,
    sender::MailslotSender,
    slot::{Mailslot, MailslotInfo},
};

use crate::os::windows::{
    device_path::{self, BadPath, Device},
    sys::wide::WideString,
};
use std::{
    ffi::{OsStr, OsString},
    fmt::Display,
    io,
    path::Path,
};

/// The most bytes that a message to a domain may have (Microsoft: "About Mailslots").
pub const BROADCAST_LIMIT: usize = 424;

/// A path that can be the path of a mailslot.
#[derive(Clone, Debug)]
struct SlotPath {
    text: OsString,
    wide: WideString,
}

impl SlotPath {
    /// Checks a path, which must be one of this computer if `local` says so.
    fn new(path: &OsStr, operation: &str, local: bool) -> io::Result<Self> {
        let invalid = |reason: &dyn Display| {
            let message = format!("cannot {operation} mailslot {}: {reason}", Path::new(path).display());
            io::Error::new(io::ErrorKind::InvalidInput, message)
        };
        let host = device_path::check(path, Device::Mailslot).map_err(|bad| invalid(&bad))?;
        if local && host != b"." {
            return Err(invalid(&r"it is of another computer (not \\.\mailslot\...)"));
        }
        let wide = WideString::new(path).ok_or_else(|| invalid(&BadPath::Zero))?;
        Ok(Self { text: path.to_os_string(), wide })
    }

    /// An operation on this mailslot, for errors.
    fn operation(&self, operation: &str) -> String {
        format!("{operation} mailslot {}", Path::new(&self.text).display())
    }
}
