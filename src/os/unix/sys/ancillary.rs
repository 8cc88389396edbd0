//! The buffer of a control message, and the descriptors in it.
//!
//! What was received owns its descriptors: whoever takes one out puts -1 in its place, and what is left when the buffer is
//! used again or dropped is closed. What is to be sent only mentions descriptors that somebody else owns.

use super::{
    control::{self, Record},
    credentials::{self, Credentials},
    fd,
};
use std::{
    io, mem,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
};

/// The most descriptors in one message: `SCM_MAX_FD` of Linux, which refuses more with EINVAL. Elsewhere the kernel has
/// the last word; no system takes more than this (macOS: 512).
pub(crate) const MOST_DESCRIPTORS: usize =
    if cfg!(any(target_os = "linux", target_os = "android")) { 253 } else { 512 };

/// Room for a message of any size: the most descriptors, and what else may come with them.
pub(crate) const ROOM_FOR_ALL: usize = size(MOST_DESCRIPTORS);

/// Room for a message with so many descriptors, and with credentials, a pidfd and a label.
pub(crate) const fn size(descriptors: usize) -> usize {
    control::space(descriptors * FD) + control::space(256) + control::space(256) + control::space(FD)
}

/// Whether a buffer that is too small does harm, so that another with room for all has to stand in.
///
/// macOS hands over all descriptors and then drops those that do not fit, so that they stay open unseen (xnu,
/// `unp_externalize` before the copy in `recvmsg`); so do old FreeBSDs, and DragonFly may. OpenBSD fails with EMSGSIZE.
/// Linux, NetBSD, today's FreeBSD and illumos close what does not fit.
pub(super) const NEEDS_ROOM_FOR_ALL: bool = cfg!(any(
    target_vendor = "apple",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "openbsd",
    interprocess_portable_unix
));

/// The flag that makes received descriptors close-on-exec from the start. macOS and illumos have none: there they are
/// made so right after, and a child that another thread starts in between inherits them.
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "illumos",
    target_os = "solaris",
    interprocess_portable_unix
)))]
pub(super) const CLOSE_ON_EXEC: Option<libc::c_int> = Some(libc::MSG_CMSG_CLOEXEC);
#[cfg(any(
    target_vendor = "apple",
    target_os = "illumos",
    target_os = "solaris",
    interprocess_portable_unix
))]
pub(super) const CLOSE_ON_EXEC: Option<libc::c_int> = None;

const FD: usize = control::DESCRIPTOR;
const TAKEN: [u8; FD] = (-1 as RawFd).to_ne_bytes();

/// A buffer for control messages, to be sent or received.
#[derive(Debug)]
pub(crate) struct Control<'a> {
    buffer: &'a mut [u8],
    /// How much of the buffer is in use.
    length: usize,
    contents: Contents,
    is_truncated: bool,
    /// How many descriptors are to be sent.
    descriptors: usize,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Contents {
    /// Numbers of descriptors that are somebody else's.
    Outgoing,
    /// To be sent, with something that this system has not.
    Impossible,
    /// What the kernel has written. Descriptors that are not -1 belong to this object.
    Incoming,
}

impl<'a> Control<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: 0, contents: Contents::Outgoing, is_truncated: false, descriptors: 0 }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.buffer.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// The kernel had more than there was room for.
    pub(crate) fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Closes what nobody took, and begins anew.
    pub(crate) fn clear(&mut self) {
        self.incoming().close();
        self.length = 0;
        self.contents = Contents::Outgoing;
        self.is_truncated = false;
        self.descriptors = 0;
    }

    /// Adds descriptors, which the lifetime keeps open until the message is sent. `false`: there is no room.
    pub(crate) fn add_descriptors(
        &mut self,
        descriptors: impl ExactSizeIterator<Item = BorrowedFd<'a>>,
    ) -> bool {
        self.begin_outgoing();
        let count = descriptors.len();
        if count == 0 {
            return true;
        }
        let size = count * FD;
        let room = &mut self.buffer[self.length..];
        let Some(data) = control::begin(room, libc::SOL_SOCKET, libc::SCM_RIGHTS, size) else { return false };
        for (to, from) in data.chunks_exact_mut(FD).zip(descriptors) {
            to.copy_from_slice(&from.as_raw_fd().to_ne_bytes());
        }
        self.length += control::space(size);
        self.descriptors += count;
        true
    }

    /// Adds credentials, all of them or none. `false`: there is no room.
    pub(crate) fn add_credentials(&mut self, all: impl Iterator<Item = Credentials>) -> bool {
        self.begin_outgoing();
        let before = self.length;
        for credentials in all {
            let Some((kind, data)) = credentials::outgoing(credentials) else {
                self.contents = Contents::Impossible;
                return true;
            };
            let room = &mut self.buffer[self.length..];
            let Some(written) = control::write(room, libc::SOL_SOCKET, kind, &data) else {
                self.length = before;
                return false;
            };
            self.length += written;
        }
        true
    }

    fn begin_outgoing(&mut self) {
        if self.contents == Contents::Incoming {
            self.clear();
        }
    }

    /// What is to be sent.
    pub(super) fn outgoing(&self) -> io::Result<&[u8]> {
        match self.contents {
            Contents::Incoming => Ok(&[]),
            Contents::Outgoing if self.descriptors <= MOST_DESCRIPTORS => Ok(&self.buffer[..self.length]),
            Contents::Outgoing => Err(too_many(self.descriptors)),
            Contents::Impossible => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system does not let a sender add credentials to a message \
                 (Linux, Android, FreeBSD and DragonFly do)",
            )),
        }
    }

    /// Whether there are descriptors to be sent.
    pub(super) fn has_descriptors(&self) -> bool {
        self.descriptors > 0
    }

    /// The buffer for a kernel to write into, after which [`received`](Self::received) is called.
    pub(super) fn room(&mut self) -> &mut [u8] {
        self.clear();
        self.buffer
    }

    /// # Safety
    /// The kernel has just written so many bytes of control messages into [`room`](Self::room), and nobody else has taken
    /// their descriptors.
    pub(super) unsafe fn received(&mut self, length: usize, is_truncated: bool) {
        self.length = length.min(self.buffer.len());
        self.contents = Contents::Incoming;
        self.is_truncated = is_truncated;
        if CLOSE_ON_EXEC.is_none() {
            self.incoming().set_close_on_exec();
        }
    }

    /// Takes over what was received into a larger buffer, as far as it fits.
    pub(super) fn take_over(&mut self, mut larger: Control<'_>) {
        self.clear();
        let (length, fits) = control::move_fitting(larger.incoming().0, self.buffer, holds_descriptors);
        self.length = length;
        self.contents = Contents::Incoming;
        self.is_truncated = larger.is_truncated || !fits;
    }

    /// What was received and not taken yet.
    pub(crate) fn incoming(&mut self) -> Incoming<'_> {
        let length = if self.contents == Contents::Incoming { self.length } else { 0 };
        Incoming(&mut self.buffer[..length])
    }
}

impl Drop for Control<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

pub(crate) fn too_many(count: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{count} descriptors are too many for one message, the most is {MOST_DESCRIPTORS}"),
    )
}

fn is_rights(record: &Record<'_>) -> bool {
    record.level == libc::SOL_SOCKET && record.kind == libc::SCM_RIGHTS
}

fn is_pidfd(record: &Record<'_>) -> bool {
    record.level == libc::SOL_SOCKET && Some(record.kind) == credentials::PIDFD
}

fn holds_descriptors(record: &Record<'_>) -> bool {
    is_rights(record) || is_pidfd(record)
}

/// Control messages that were received, with the descriptors that nobody has taken out yet.
#[derive(Debug)]
pub(crate) struct Incoming<'a>(&'a mut [u8]);

/// One of them.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    Rights(Descriptors<'a>),
    Pidfd(OwnedFd),
    Credentials(Credentials),
    Security(&'a [u8]),
    Unknown { level: i32, kind: i32 },
}

impl<'a> Incoming<'a> {
    /// # Safety
    /// The kernel wrote the bytes as control messages, and the descriptors in them that are not -1 belong to nobody else.
    pub(super) unsafe fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// Closes what is left.
    pub(super) fn close(self) {
        for message in self {
            if let Message::Rights(descriptors) = message {
                descriptors.for_each(drop);
            }
        }
    }

    /// Cannot fail, because the message has been taken: fcntl(2) sets this flag of every descriptor that is open.
    pub(super) fn set_close_on_exec(self) {
        let mut rest = self.0;
        while let Some((record, later)) = control::split(rest) {
            rest = later;
            if !is_rights(&record) {
                continue;
            }
            for number in record.data.chunks_exact(FD).filter(|&number| number != TAKEN) {
                let number = RawFd::from_ne_bytes(number.try_into().unwrap_or(TAKEN));
                // SAFETY: a descriptor that the kernel has just made and that this object owns.
                let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
                let _ = fd::set_close_on_exec(descriptor, true);
            }
        }
    }
}

impl<'a> Iterator for Incoming<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        loop {
            let (record, rest) = control::split(mem::take(&mut self.0))?;
            self.0 = rest;
            if is_rights(&record) {
                return Some(Message::Rights(Descriptors(record.data)));
            }
            if is_pidfd(&record) {
                // The kernel writes a negative number if the process is gone.
                match Descriptors(record.data).next() {
                    Some(pidfd) => return Some(Message::Pidfd(pidfd)),
                    None => continue,
                }
            }
            let is_of_sockets = record.level == libc::SOL_SOCKET;
            if let Some(found) = credentials::incoming(record.kind, record.data).filter(|_| is_of_sockets) {
                return Some(Message::Credentials(found));
            }
            if is_of_sockets && Some(record.kind) == credentials::SECURITY {
                return Some(Message::Security(record.data));
            }
            return Some(Message::Unknown { level: record.level, kind: record.kind });
        }
    }
}

/// Descriptors that arrived in one control message. Those that are not taken stay in the buffer.
#[derive(Debug)]
pub(crate) struct Descriptors<'a>(&'a mut [u8]);

impl Descriptors<'_> {
    /// How many there are to take.
    pub(crate) fn left(&self) -> usize {
        self.0.chunks_exact(FD).filter(|&number| is_open(number)).count()
    }
}

/// Not taken, and not the error that stands for a process that is gone.
fn is_open(number: &[u8]) -> bool {
    number.try_into().is_ok_and(|number| RawFd::from_ne_bytes(number) >= 0)
}

impl Iterator for Descriptors<'_> {
    type Item = OwnedFd;

    fn next(&mut self) -> Option<OwnedFd> {
        loop {
            let (first, rest) = mem::take(&mut self.0).split_first_chunk_mut::<FD>()?;
            self.0 = rest;
            let number = RawFd::from_ne_bytes(mem::replace(first, TAKEN));
            if number >= 0 {
                // SAFETY: the kernel made the descriptor for the owner of the buffer, nobody has taken it before, and
                // with -1 in its place nobody will take it again.
                return Some(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
    }
}
