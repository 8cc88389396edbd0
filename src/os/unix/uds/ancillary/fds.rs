use crate::os::unix::sys::{
    address::Address,
    ancillary::{Control, MOST_DESCRIPTORS, Message, ROOM_FOR_ALL, too_many},
    message::{self, Take},
};
use std::{
    io::{self, IoSliceMut},
    iter::FusedIterator,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    slice, vec,
};

/// Descriptors that came with bytes. Dropped, they are closed.
///
/// # Examples
/// ```
/// use interprocess::os::unix::uds::UnixStream;
/// use std::{fs::File, io::Read, os::fd::OwnedFd};
///
/// # fn main() -> std::io::Result<()> {
/// let (here, there) = UnixStream::pair()?;
/// here.send_with_fds(b"!", &[File::open("/dev/null")?])?;
/// let (_, received) = there.recv_with_fds(&mut [0], 4)?;
/// assert_eq!(received.len(), 1);
/// let files: Vec<OwnedFd> = received.into_iter().collect();
/// # let [file] = files.try_into().unwrap();
/// # assert_eq!(File::from(file).read(&mut [0])?, 0);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "SCM_RIGHTS")]
#[derive(Debug, Default)]
pub struct ReceivedFds {
    fds: Vec<OwnedFd>,
    is_truncated: bool,
    is_message_truncated: bool,
}

impl ReceivedFds {
    /// Whether there were more than were asked for, or more than the limit of open descriptors allowed. The others are
    /// closed.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Whether the datagram or packet had more bytes than there was room for. The others are lost.
    pub fn is_message_truncated(&self) -> bool {
        self.is_message_truncated
    }

    /// Returns how many descriptors there are.
    pub fn len(&self) -> usize {
        self.fds.len()
    }

    /// Returns whether there is no descriptor.
    pub fn is_empty(&self) -> bool {
        self.fds.is_empty()
    }

    /// Returns the descriptors in the order in which they were sent.
    pub fn as_slice(&self) -> &[OwnedFd] {
        &self.fds
    }

    /// Returns an iterator over the descriptors in the order in which they were sent.
    pub fn iter(&self) -> slice::Iter<'_, OwnedFd> {
        self.fds.iter()
    }

    /// Returns the descriptors in the order in which they were sent, to be kept.
    pub fn into_vec(self) -> Vec<OwnedFd> {
        self.fds
    }
}

impl From<ReceivedFds> for Vec<OwnedFd> {
    fn from(received: ReceivedFds) -> Self {
        received.fds
    }
}

impl IntoIterator for ReceivedFds {
    type Item = OwnedFd;
    type IntoIter = IntoFds;

    fn into_iter(self) -> IntoFds {
        IntoFds(self.fds.into_iter())
    }
}

impl<'a> IntoIterator for &'a ReceivedFds {
    type Item = &'a OwnedFd;
    type IntoIter = slice::Iter<'a, OwnedFd>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The descriptors of [`ReceivedFds`], one by one. Those that are not taken are closed.
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct IntoFds(vec::IntoIter<OwnedFd>);

impl Iterator for IntoFds {
    type Item = OwnedFd;

    fn next(&mut self) -> Option<OwnedFd> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for IntoFds {
    fn next_back(&mut self) -> Option<OwnedFd> {
        self.0.next_back()
    }
}

impl ExactSizeIterator for IntoFds {}

impl FusedIterator for IntoFds {}

/// Has a control message with these descriptors sent.
pub(crate) fn send_fds(
    fds: &[impl AsFd],
    send: impl FnOnce(&Control<'_>) -> io::Result<usize>,
) -> io::Result<usize> {
    if fds.len() > MOST_DESCRIPTORS {
        return Err(too_many(fds.len()));
    }
    let mut buffer = [0; ROOM_FOR_ALL];
    let mut control = Control::new(&mut buffer);
    control.add_descriptors(fds.iter().map(AsFd::as_fd));
    send(&control)
}

/// Receives bytes and descriptors. There is room for all that can come, so that none is lost unseen.
pub(crate) fn receive_fds(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    max: usize,
    from: Option<&mut Address>,
) -> io::Result<(usize, ReceivedFds)> {
    let mut room = [0; ROOM_FOR_ALL];
    let mut control = Control::new(&mut room);
    let slices = &mut [IoSliceMut::new(buffer)];
    let received = message::receive_message(socket, slices, Some(&mut control), from, Take::Out)?;
    let mut fds = ReceivedFds {
        fds: Vec::new(),
        is_truncated: control.is_truncated(),
        is_message_truncated: received.is_truncated,
    };
    for message in control.incoming() {
        if let Message::Rights(mut descriptors) = message {
            fds.fds.extend(descriptors.by_ref().take(max - fds.fds.len()));
            fds.is_truncated |= descriptors.left() > 0;
        }
    }
    Ok((received.length, fds))
}
