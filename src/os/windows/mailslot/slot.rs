//! The receiver.

use super::MailslotOptions;
use crate::os::windows::sys::{
    event::deadline_after,
    mailslot::{self, FOREVER, Read},
};
use std::{
    ffi::OsStr,
    io,
    num::NonZeroU32,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle},
    time::{Duration, Instant},
};

/// A mailslot: receives messages. It ceases to be when it is dropped, with all messages in it.
///
/// Messages are received whole and in the order in which they came. Those that nobody receives are kept in the system's
/// memory without limit; so receive them, and say who may send ([`MailslotOptions::security_descriptor`]).
///
/// Several threads may receive from one mailslot; each message goes to one of them.
#[derive(Debug)]
#[must_use = "the mailslot is closed when this is dropped"]
pub struct Mailslot(OwnedHandle);

/// What a mailslot says of itself.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailslotInfo {
    /// The most bytes that a message may have; `None`: any number.
    pub max_message_size: Option<NonZeroU32>,
    /// How many bytes the next message has, which may be zero; `None`: there is no message.
    pub next_message_size: Option<u32>,
    /// How many messages wait.
    pub waiting: u32,
    /// How long reads wait for a message; `None`: as long as it takes.
    pub read_timeout: Option<Duration>,
}

impl Mailslot {
    /// Makes a mailslot at `path` (`\\.\mailslot\NAME`) with the [defaults](MailslotOptions::new).
    ///
    /// # Errors
    /// Those of [`MailslotOptions::create`].
    pub fn create(path: impl AsRef<OsStr>) -> io::Result<Self> {
        MailslotOptions::new().path(path).create()
    }

    pub(super) fn from_handle(handle: OwnedHandle) -> Self {
        Self(handle)
    }

    /// Receives a message into `buffer`, and gives its size. Waits for one as long as the mailslot's
    /// [timeout](Self::set_read_timeout) allows.
    ///
    /// # Errors
    /// - [`TimedOut`](io::ErrorKind::TimedOut): none came in time.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the message is longer than `buffer`. It stays in the mailslot.
    /// - Otherwise whatever the system reports.
    #[doc(alias = "read")]
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv_until(buffer, None)
    }

    /// The same, but waits as long as `timeout` allows. With a timeout of zero it does not wait.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    pub fn recv_timeout(&self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.recv_until(buffer, deadline_after(Some(timeout)))
    }

    /// Receives a message of any size, in place of what `buffer` has. Waits for one as long as the mailslot's
    /// [timeout](Self::set_read_timeout) allows.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut): none came in time. Otherwise whatever the system reports. `buffer` is empty
    /// then.
    pub fn recv_vec(&self, buffer: &mut Vec<u8>) -> io::Result<()> {
        self.recv_vec_until(buffer, None)
    }

    /// The same, but waits as long as `timeout` allows. With a timeout of zero it does not wait.
    ///
    /// # Errors
    /// Those of [`recv_vec`](Self::recv_vec).
    pub fn recv_vec_timeout(&self, buffer: &mut Vec<u8>, timeout: Duration) -> io::Result<()> {
        self.recv_vec_until(buffer, deadline_after(Some(timeout)))
    }

    fn recv_until(&self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        match self.read(buffer, deadline)? {
            Read::Message(size) => Ok(size),
            Read::TimedOut => Err(timed_out()),
            Read::TooLong => {
                let message =
                    format!("a message in the mailslot is longer than the buffer of {} bytes", buffer.len());
                Err(io::Error::new(io::ErrorKind::InvalidInput, message))
            }
        }
    }

    fn recv_vec_until(&self, buffer: &mut Vec<u8>, deadline: Option<Instant>) -> io::Result<()> {
        /// Enough for most messages that are waited for.
        const FIRST: usize = 4096;
        buffer.clear();
        loop {
            let next = mailslot::info(self.as_handle())?.next;
            let size = next.map_or(FIRST, |size| size as usize);
            buffer.resize(size.max(buffer.capacity()), 0);
            // Another message than the one that was asked about may be read, and be longer.
            let result = self.read(buffer, deadline);
            if let Ok(Read::Message(size)) = result {
                buffer.truncate(size);
                return Ok(());
            }
            buffer.clear();
            if matches!(result?, Read::TimedOut) {
                return Err(timed_out());
            }
        }
    }

    /// Reads, for as long as the deadline allows, or the system if there is none.
    fn read(&self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<Read> {
        loop {
            match mailslot::read(self.as_handle(), buffer, deadline)? {
                // The system's limit was shorter.
                Read::TimedOut if deadline.is_some_and(|deadline| Instant::now() < deadline) => {}
                result => return Ok(result),
            }
        }
    }

    /// What waits in it, and how it was made.
    ///
    /// # Errors
    /// Whatever the system reports (Microsoft: "GetMailslotInfo function").
    pub fn info(&self) -> io::Result<MailslotInfo> {
        let info = mailslot::info(self.as_handle())?;
        let timeout = Duration::from_millis(u64::from(info.timeout));
        Ok(MailslotInfo {
            max_message_size: NonZeroU32::new(info.max_message),
            next_message_size: info.next,
            waiting: info.waiting,
            read_timeout: (info.timeout != FOREVER).then_some(timeout),
        })
    }

    /// Sets how long reads from this mailslot wait, those of other handles of it as well; `None`: as long as it takes.
    /// Counted in milliseconds, rounded up.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the timeout is zero: use [`recv_timeout`](Self::recv_timeout).
    /// Otherwise whatever the system reports (Microsoft: "SetMailslotInfo function").
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        mailslot::set_timeout(self.as_handle(), milliseconds(timeout)?)
    }
}

/// As the system wants it. What is too long for it is cut, to 49 days.
pub(super) fn milliseconds(timeout: Option<Duration>) -> io::Result<u32> {
    match timeout {
        None => Ok(FOREVER),
        Some(Duration::ZERO) => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "cannot set a timeout of zero"))
        }
        Some(timeout) => {
            let milliseconds = timeout.as_nanos().div_ceil(1_000_000);
            Ok(u32::try_from(milliseconds).unwrap_or(FOREVER).min(FOREVER - 1))
        }
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no message came into the mailslot in time")
}

impl AsHandle for Mailslot {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

impl AsRawHandle for Mailslot {
    fn as_raw_handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }
}

impl From<Mailslot> for OwnedHandle {
    fn from(slot: Mailslot) -> Self {
        slot.0
    }
}
