//! Data beside the data: descriptors, credentials, and what else a message carries.

mod fds;

pub use self::fds::{IntoFds, ReceivedFds};
pub(super) use self::fds::{receive_fds, send_fds};

use crate::os::unix::sys::{
    self,
    ancillary::{Control, Descriptors, Incoming, Message},
    credentials::Credentials,
};
use std::{
    error::Error,
    fmt::{self, Display, Formatter},
    marker::PhantomData,
    os::fd::{BorrowedFd, OwnedFd},
};

/// A buffer for control messages, after std's type of that name (there unstable).
///
/// It is either filled with what is to be sent, or with what was received. It owns the descriptors that were received: each
/// can be taken once, as an [`OwnedFd`], and those that nobody took are closed when the buffer is received into again,
/// cleared or dropped. Descriptors to be sent are borrowed for as long as the buffer lives.
///
/// [`ancillary_size`] tells how large a buffer should be. If it is too small, the system closes the descriptors for which
/// there was no room, and [`truncated`](Self::truncated) says so.
///
/// ```
/// use interprocess::os::unix::uds::{AncillaryData, SocketAncillary, UnixStream, ancillary_size};
/// use std::{io::{IoSlice, IoSliceMut, Write}, os::fd::AsFd};
///
/// # fn main() -> std::io::Result<()> {
/// let (a, b) = UnixStream::pair()?;
/// let (passed, kept) = UnixStream::pair()?;
///
/// let mut buffer = vec![0; ancillary_size(1)];
/// let mut ancillary = SocketAncillary::new(&mut buffer);
/// assert!(ancillary.add_fds(&[passed.as_fd()]));
/// a.send_vectored_with_ancillary(&[IoSlice::new(b"one")], &mut ancillary)?;
///
/// let mut buffer = vec![0; ancillary_size(1)];
/// let mut ancillary = SocketAncillary::new(&mut buffer);
/// let mut bytes = [0; 3];
/// b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut bytes)], &mut ancillary)?;
/// for message in ancillary.messages() {
///     if let Ok(AncillaryData::ScmRights(mut descriptors)) = message {
///         let stream = UnixStream::from(descriptors.next().unwrap());
///         (&stream).write_all(b"through the passed one")?;
///     }
/// }
/// # drop(kept);
/// # Ok(())
/// # }
/// ```
#[doc(alias("cmsg", "control message"))]
#[derive(Debug)]
pub struct SocketAncillary<'a>(pub(super) Control<'a>);

/// How many bytes of buffer a message with so many descriptors takes, and with the credentials, the descriptor of a
/// process and the security label (up to 256 bytes) that may come with it.
pub const fn ancillary_size(fds: usize) -> usize {
    sys::ancillary::size(fds)
}

impl<'a> SocketAncillary<'a> {
    /// Takes a buffer, whatever its alignment. What is in it does not matter.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self(Control::new(buffer))
    }

    /// The size of the buffer in bytes.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes of the buffer are used.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What was received. Descriptors that are taken here are not seen again by the next call.
    pub fn messages(&mut self) -> Messages<'_> {
        Messages(self.0.incoming())
    }

    /// Whether the last receiving had more control messages than there was room for (`MSG_CTRUNC`). The system has closed
    /// the descriptors in them.
    pub fn truncated(&self) -> bool {
        self.0.is_truncated()
    }

    /// Adds descriptors to be sent. `false`, and nothing is added, if there is no room.
    ///
    /// A buffer that was received into begins anew, and closes what it had.
    pub fn add_fds(&mut self, fds: &[BorrowedFd<'a>]) -> bool {
        self.0.add_descriptors(fds.iter().copied())
    }

    /// Adds credentials to be sent. `false`, and nothing is added, if there is no room.
    ///
    /// On Linux a process without privileges may only tell its own process id, and of its user and group ids the real, the
    /// effective and the saved ones: anything else is `PermissionDenied` when it is sent. FreeBSD and DragonFly send the
    /// true ones whatever is given here. On other systems sending is `Unsupported`.
    ///
    /// A buffer that was received into begins anew, and closes what it had.
    pub fn add_creds(&mut self, creds: &[SocketCred]) -> bool {
        self.0.add_credentials(creds.iter().map(|creds| creds.0))
    }

    /// Empties the buffer and closes the descriptors in it that were received and not taken.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// The control messages of a message that was received.
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Messages<'a>(pub(super) Incoming<'a>);

impl<'a> Iterator for Messages<'a> {
    type Item = Result<AncillaryData<'a>, AncillaryError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(match self.0.next()? {
            Message::Rights(descriptors) => AncillaryData::ScmRights(ScmRights(descriptors)),
            Message::Pidfd(pidfd) => AncillaryData::ScmPidfd(pidfd),
            Message::Credentials(credentials) => AncillaryData::ScmCredentials(ScmCredentials {
                next: Some(SocketCred(credentials)),
                _buffer: PhantomData,
            }),
            Message::Security(label) => AncillaryData::ScmSecurity(label),
            Message::Unknown { level, kind } => {
                return Some(Err(AncillaryError::Unknown { cmsg_level: level, cmsg_type: kind }));
            }
        }))
    }
}

/// A control message.
#[derive(Debug)]
#[non_exhaustive]
pub enum AncillaryData<'a> {
    /// Descriptors.
    ScmRights(ScmRights<'a>),
    /// Who sent the message; `SCM_CREDS` on the BSDs. Comes if it was asked for
    /// ([`set_passcred`](super::UnixSocketExt::set_passcred)), or if a sender on FreeBSD adds it.
    ScmCredentials(ScmCredentials<'a>),
    /// A descriptor of the process that sent the message (Linux 6.5). Comes if it was asked for
    /// ([`set_pass_pidfd`](super::UnixSocketExt::set_pass_pidfd)).
    ScmPidfd(OwnedFd),
    /// The label that a security module gives the sender (Linux). Comes if it was asked for
    /// ([`set_pass_security`](super::UnixSocketExt::set_pass_security)).
    ScmSecurity(&'a [u8]),
}

/// A control message that cannot be understood.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AncillaryError {
    /// Its type is unknown here.
    Unknown {
        /// `cmsg_level` of cmsg(3).
        cmsg_level: i32,
        /// `cmsg_type` of cmsg(3).
        cmsg_type: i32,
    },
}

impl Display for AncillaryError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self::Unknown { cmsg_level, cmsg_type } = self;
        write!(f, "a control message of level {cmsg_level} and type {cmsg_type}, which is unknown here")
    }
}

impl Error for AncillaryError {}

/// The descriptors of a control message, each to be taken once. Those that are not taken stay in the buffer.
#[derive(Debug)]
pub struct ScmRights<'a>(Descriptors<'a>);

impl Iterator for ScmRights<'_> {
    type Item = OwnedFd;

    fn next(&mut self) -> Option<OwnedFd> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.0.left();
        (count, Some(count))
    }
}

impl ExactSizeIterator for ScmRights<'_> {}

/// The credentials of a control message. There is one set of them in each that a system makes.
#[derive(Clone, Debug)]
pub struct ScmCredentials<'a> {
    next: Option<SocketCred>,
    _buffer: PhantomData<&'a [u8]>,
}

impl Iterator for ScmCredentials<'_> {
    type Item = SocketCred;

    fn next(&mut self) -> Option<SocketCred> {
        self.next.take()
    }
}

/// Who sends a message, after std's type of that name (there unstable).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SocketCred(Credentials);

impl SocketCred {
    /// All zeroes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This process, with its real user and group.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(Credentials::of_this_process())
    }

    /// Sets the process id.
    pub fn set_pid(&mut self, pid: i32) {
        self.0.pid = pid;
    }

    /// The process id. 0 for a process in a pid namespace that this process does not see.
    #[must_use]
    pub fn get_pid(&self) -> i32 {
        self.0.pid
    }

    /// Sets the user id.
    pub fn set_uid(&mut self, uid: u32) {
        self.0.uid = uid;
    }

    /// The real user id of the sender, unless it chose to tell another of its own.
    #[must_use]
    pub fn get_uid(&self) -> u32 {
        self.0.uid
    }

    /// Sets the group id.
    pub fn set_gid(&mut self, gid: u32) {
        self.0.gid = gid;
    }

    /// The real group id of the sender, unless it chose to tell another of its own.
    #[must_use]
    pub fn get_gid(&self) -> u32 {
        self.0.gid
    }
}
