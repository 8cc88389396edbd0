use super::{Messages, SocketAddr, SocketAncillary};
use crate::os::unix::sys::{
    batch::{Outgoing, RecvHeaders, SendHeaders, Slot},
    socket,
};
use std::{io, iter::FusedIterator, os::fd::BorrowedFd};

/// Room for messages to be received in one call, and those that were received last. It allocates when it is made, and never
/// again.
///
/// ```
/// use interprocess::os::unix::uds::{OutgoingMessage, RecvBatch, SendBatch, UnixDatagram};
///
/// # fn main() -> std::io::Result<()> {
/// let (a, b) = UnixDatagram::pair()?;
/// let outgoing = [OutgoingMessage::new(b"one"), OutgoingMessage::new(b"two")];
/// assert_eq!(a.send_many(&outgoing, &mut SendBatch::new(64))?, 2);
///
/// let mut batch = RecvBatch::new(64, 2048);
/// assert_eq!(b.recv_many(&mut batch)?, 2);
/// let received: Vec<&[u8]> = batch.iter().map(|message| message.bytes()).collect();
/// assert_eq!(received, [b"one", b"two"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RecvBatch(pub(super) RecvHeaders);

impl RecvBatch {
    /// Room for so many messages of so many bytes each. Descriptors that come with them are closed by the system.
    ///
    /// No system takes more than 1,024 messages in one call.
    ///
    /// # Panics
    /// If that is more memory than there can be.
    #[must_use]
    pub fn new(messages: usize, message_size: usize) -> Self {
        Self(RecvHeaders::new(messages, message_size, 0))
    }

    /// The same with room for control messages of so many bytes ([`ancillary_size`](super::ancillary_size)) with each.
    /// macOS and some BSDs get more, as their kernels would lose what does not fit.
    ///
    /// # Panics
    /// As `new` does.
    #[must_use]
    pub fn with_ancillary(messages: usize, message_size: usize, ancillary_size: usize) -> Self {
        Self(RecvHeaders::new(messages, message_size, ancillary_size))
    }

    /// How many messages there is room for.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A message, if there are so many.
    pub fn get(&self, index: usize) -> Option<ReceivedMessage<'_>> {
        self.0.slot(index).map(ReceivedMessage)
    }

    /// The messages in the order in which they came.
    pub fn iter(&self) -> BatchIter<'_> {
        BatchIter { batch: self, next: 0 }
    }

    /// The control messages of a message; none if there are not so many. Descriptors that are taken here are not seen again
    /// by the next call.
    pub fn messages(&mut self, index: usize) -> Messages<'_> {
        Messages(self.0.incoming(index))
    }

    /// Drops the messages, and closes the descriptors that nobody took. Receiving and dropping the batch do the same.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes what stands for the end of a connection of sequenced packets out of the messages.
    ///
    /// The end fills the rest of the batch with messages of length zero that nothing marks.
    pub(super) fn without_end(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        let messages = self
            .iter()
            .enumerate()
            .filter(|(_, message)| !message.could_be_end())
            .map(|(index, _)| index + 1);
        let certain = messages.last().unwrap_or(0);
        if certain < self.len() {
            match socket::has_ended(socket) {
                Ok(false) => {}
                Ok(true) => self.0.forget_from(certain),
                Err(error) => {
                    self.0.forget_from(certain);
                    if certain == 0 {
                        return Err(error);
                    }
                    self.0.postpone(socket, error);
                }
            }
        }
        Ok(self.len())
    }
}

impl<'a> IntoIterator for &'a RecvBatch {
    type Item = ReceivedMessage<'a>;
    type IntoIter = BatchIter<'a>;

    fn into_iter(self) -> BatchIter<'a> {
        self.iter()
    }
}

/// The messages of a [`RecvBatch`].
#[derive(Clone, Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct BatchIter<'a> {
    batch: &'a RecvBatch,
    next: usize,
}

impl<'a> Iterator for BatchIter<'a> {
    type Item = ReceivedMessage<'a>;

    fn next(&mut self) -> Option<ReceivedMessage<'a>> {
        let message = self.batch.get(self.next)?;
        self.next += 1;
        Some(message)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.batch.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for BatchIter<'_> {}

impl FusedIterator for BatchIter<'_> {}

/// A message in a [`RecvBatch`].
#[derive(Copy, Clone, Debug)]
pub struct ReceivedMessage<'a>(Slot<'a>);

impl<'a> ReceivedMessage<'a> {
    /// What was received.
    pub fn bytes(&self) -> &'a [u8] {
        self.0.bytes
    }

    /// Where it came from: unnamed for a sender that did not bind, and for packets of a connection on most systems.
    pub fn address(&self) -> SocketAddr {
        SocketAddr(*self.0.from)
    }

    /// Whether the message had more bytes than there was room for (`MSG_TRUNC`). The others are lost.
    pub fn is_truncated(&self) -> bool {
        self.0.is_truncated
    }

    /// Whether it had more control messages than there was room for (`MSG_CTRUNC`). The system has closed the descriptors in
    /// them.
    pub fn is_ancillary_truncated(&self) -> bool {
        self.0.is_control_truncated
    }

    fn could_be_end(&self) -> bool {
        self.0.bytes.is_empty() && !self.0.is_certainly_a_message && self.0.from.bytes().is_empty()
    }
}

/// A message to be sent with others in one call.
#[derive(Copy, Clone, Debug)]
pub struct OutgoingMessage<'a> {
    bytes: &'a [u8],
    to: Option<&'a SocketAddr>,
    ancillary: Option<&'a SocketAncillary<'a>>,
}

impl<'a> OutgoingMessage<'a> {
    /// A message to the socket that the sending one is connected to.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, to: None, ancillary: None }
    }

    /// Where to send it, if the sending socket is not connected.
    #[must_use]
    pub fn to(self, address: &'a SocketAddr) -> Self {
        Self { to: Some(address), ..self }
    }

    /// What to send with it.
    #[must_use]
    pub fn with_ancillary(self, ancillary: &'a SocketAncillary<'a>) -> Self {
        Self { ancillary: Some(ancillary), ..self }
    }

    pub(super) fn address(&self) -> Option<&'a SocketAddr> {
        self.to
    }

    pub(super) fn parts(&self) -> Outgoing<'a> {
        Outgoing {
            bytes: self.bytes,
            to: self.to.map(|address| &address.0),
            control: self.ancillary.map(|ancillary| &ancillary.0),
        }
    }
}

/// What it takes to send many messages in one call. It allocates when it is made, and never again.
#[derive(Debug)]
pub struct SendBatch(pub(super) SendHeaders);

impl SendBatch {
    /// For so many messages a call. No system takes more than 1,024.
    #[must_use]
    pub fn new(messages: usize) -> Self {
        Self(SendHeaders::new(messages))
    }

    /// How many messages a call sends at most.
    pub fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::{OutgoingMessage, RecvBatch, SendBatch};
    use crate::os::unix::uds::{AncillaryData, SocketAncillary, UnixDatagram, ancillary_size};
    use std::os::fd::AsFd;

    fn count_descriptors(batch: &mut RecvBatch, index: usize) -> usize {
        let rights = batch.messages(index).map(|message| match message {
            Ok(AncillaryData::ScmRights(descriptors)) => descriptors.count(),
            _ => 0,
        });
        rights.sum()
    }

    /// Headers are used again without being made again, and what one message leaves in them is not the next one's.
    #[test]
    fn a_batch_that_is_used_again_tells_nothing_of_the_last() {
        let folder = std::env::temp_dir().join(format!("interprocess-batch-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let [here, there] = ["here", "there"].map(|name| folder.join(name));
        let recver = UnixDatagram::bind(&here).unwrap();
        let (unnamed, named) = (UnixDatagram::unbound().unwrap(), UnixDatagram::bind(&there).unwrap());
        unnamed.connect(&here).unwrap();
        named.connect(&here).unwrap();
        recver.set_nonblocking(true).unwrap();

        let mut buffer = vec![0; ancillary_size(2)];
        let mut fds = SocketAncillary::new(&mut buffer);
        assert!(fds.add_fds(&[named.as_fd(), unnamed.as_fd()]));
        let mut outbox = SendBatch::new(3);
        let mut batch = RecvBatch::with_ancillary(4, 8, ancillary_size(2));
        for round in 0..4 {
            assert!(recver.recv_many(&mut batch).is_err(), "nothing is there");
            let messages = [
                OutgoingMessage::new(b"12345678"),
                OutgoingMessage::new(b"123456789").with_ancillary(&fds),
                OutgoingMessage::new(b"1"),
                OutgoingMessage::new(b"too many for the batch"),
            ];
            assert_eq!(named.send_many(&messages, &mut outbox).unwrap(), 3);
            assert_eq!(recver.recv_many(&mut batch).unwrap(), 3);
            let got: Vec<_> = batch.iter().map(|message| (message.bytes(), message.is_truncated())).collect();
            assert_eq!(got, [(&b"12345678"[..], false), (b"12345678", true), (b"1", false)], "{round}");
            assert!(batch.iter().all(|message| message.address().as_pathname() == Some(&there)));
            // Taken every other time, closed by the batch the others.
            if round % 2 == 0 {
                let counts = [0, 1, 2, 3, 99].map(|index| count_descriptors(&mut batch, index));
                assert_eq!(counts, [0, 2, 0, 0, 0], "{round}");
            }

            // The pointers in the headers outlive a move.
            let mut moved = Box::new((round, batch)).1;
            let messages = [OutgoingMessage::new(b""), OutgoingMessage::new(b"ab")];
            assert_eq!(unnamed.send_many(&messages, &mut outbox).unwrap(), 2);
            assert_eq!(recver.recv_many(&mut moved).unwrap(), 2);
            let got: Vec<_> = moved.iter().map(|message| (message.bytes(), message.is_truncated())).collect();
            assert_eq!(got, [(&b""[..], false), (b"ab", false)], "{round}");
            assert!(moved.iter().all(|message| message.address().is_unnamed()), "{round}");
            assert_eq!([0, 1].map(|index| count_descriptors(&mut moved, index)), [0, 0], "{round}");
            batch = moved;
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
