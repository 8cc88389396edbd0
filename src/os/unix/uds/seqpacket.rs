use super::{
    OutgoingMessage, ReceivedFds, RecvBatch, SendBatch, Socket, SocketAncillary,
    ancillary::{receive_fds, send_fds},
    kind::Seqpacket,
};
use crate::os::unix::sys::{
    self,
    message::{self, END_OF_RECORD, Received, Take},
    socket,
};
use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::AsFd,
};

/// A connected socket of sequenced packets: a connection as of streams, whose messages arrive whole as datagrams do.
///
/// For small messages it is cheaper than a stream, and needs no framing. Linux, Android, the BSDs and illumos have it;
/// on macOS, making one is `Unsupported`.
///
/// What does not fit into the receiver's buffer is lost. The calls with ancillary data tell; with the others, offer a byte
/// more than you expect.
///
/// # Packets of length zero, and the end
/// [`recv`](Self::recv) gives 0 for a packet of length zero and for the end of the connection. [`recv_packet`] tells them
/// apart: a packet is marked by its sender's name or credentials or, on FreeBSD, by `MSG_EOR`; without a mark, a further
/// system call asks whether the peer has ended. One case remains, on Linux: packets of length zero that were the very last
/// before the end are taken for the end if nothing marks them. Where they matter, let messages come with credentials
/// ([`set_passcred`](super::UnixSocketExt::set_passcred)), which marks all. The other systems deliver no packets of length
/// zero, or mark them.
///
/// [`recv_packet`]: Self::recv_packet
#[doc(alias = "SOCK_SEQPACKET")]
pub type UnixSeqpacket = Socket<Seqpacket>;

impl UnixSeqpacket {
    /// Sends a packet: the whole of it, or an error.
    ///
    /// # Errors
    /// `BrokenPipe`: the peer has closed. `ConnectionReset`: it closed before it received everything, which is told once, here
    /// or by receiving. A packet that is too long is `EMSGSIZE`.
    pub fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        message::send(self.as_fd(), bytes, END_OF_RECORD)
    }

    /// Sends a packet of several slices.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        message::send_message(self.as_fd(), slices, None, None, END_OF_RECORD)
    }

    /// Receives a packet. 0 is a packet of length zero, or the end; see [above](Self#packets-of-length-zero-and-the-end).
    ///
    /// # Errors
    /// `ConnectionReset`: the peer closed before it received everything.
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        message::receive(self.as_fd(), buffer, Take::Out)
    }

    /// Receives a packet into several slices.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub fn recv_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        message::receive_message(self.as_fd(), slices, None, None, Take::Out).map(|received| received.length)
    }

    /// Receives a packet, or tells that the connection has ended: `None`. See
    /// [above](Self#packets-of-length-zero-and-the-end).
    ///
    /// # Errors
    /// As for [`recv`](Self::recv). Where the system refuses poll(2), as with a limit of no open descriptors, `Other` at the
    /// end of the connection, which looks like another packet of length zero then.
    pub fn recv_packet(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let mut from = sys::address::Address::UNNAMED;
        let slices = &mut [IoSliceMut::new(buffer)];
        let received = message::receive_message(self.as_fd(), slices, None, Some(&mut from), Take::Out)?;
        let has_name = !from.bytes().is_empty();
        Ok(if self.is_end(&received, has_name)? { None } else { Some(received.length) })
    }

    fn is_end(&self, received: &Received, has_name: bool) -> io::Result<bool> {
        if received.length > 0 || received.is_certainly_a_message || has_name {
            return Ok(false);
        }
        socket::has_ended(self.as_fd())
    }

    /// Sends a packet with descriptors. The peer gets descriptors of its own; yours stay open.
    ///
    /// # Errors
    /// `InvalidInput`, before anything is sent: more descriptors than the system passes at once (253 on Linux). Else as for
    /// [`send`](Self::send); `ETOOMANYREFS` if too many descriptors are under way.
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        send_fds(fds, |control| {
            message::send_message(self.as_fd(), &[IoSlice::new(bytes)], Some(control), None, END_OF_RECORD)
        })
    }

    /// Receives a packet and the descriptors that came with it, at most `max`.
    ///
    /// All descriptors are close-on-exec. What comes beyond `max` is closed, which [`ReceivedFds::is_truncated`] tells.
    /// Descriptors that arrive with an ordinary receive are closed by the system.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    #[doc(alias("SCM_RIGHTS", "recvmsg"))]
    pub fn recv_with_fds(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, ReceivedFds)> {
        receive_fds(self.as_fd(), buffer, max, None)
    }

    /// Sends a packet of several slices, with control messages.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds); `Unsupported` for credentials on a system that has none.
    pub fn send_vectored_with_ancillary(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        message::send_message(self.as_fd(), slices, Some(&ancillary.0), None, END_OF_RECORD)
    }

    /// Receives a packet into several slices, with control messages. What the buffer held before is closed first. The
    /// boolean tells whether the packet had more bytes than there was room for.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub fn recv_vectored_with_ancillary(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<(usize, bool)> {
        let control = Some(&mut ancillary.0);
        let received = message::receive_message(self.as_fd(), slices, control, None, Take::Out)?;
        Ok((received.length, received.is_truncated))
    }

    /// Receives the packets that are there into a batch, whose former contents are dropped, and tells how many. In blocking
    /// mode it waits for the first. One system call on Linux, Android and NetBSD, and one a packet elsewhere.
    ///
    /// No packet means that the connection has ended, with the same reservation as for
    /// [`recv_packet`](Self::recv_packet).
    ///
    /// # Errors
    /// `InvalidInput` for a batch without room for a message; else as for [`recv`](Self::recv). An error after the first
    /// packet is returned by the next call on this socket with the same batch.
    #[doc(alias = "recvmmsg")]
    pub fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        batch.0.receive(self.as_fd())?;
        batch.without_end(self.as_fd())
    }

    /// Sends the first of the messages, as many as the batch has room for, and tells how many; system calls as for
    /// [`recv_many`](Self::recv_many). Addresses in the messages are refused by the system.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds), of the first message; that of a later one ends the sending and is told
    /// by the next call.
    #[doc(alias = "sendmmsg")]
    pub fn send_many(&self, messages: &[OutgoingMessage<'_>], batch: &mut SendBatch) -> io::Result<usize> {
        batch.0.send(self.as_fd(), messages.iter().map(OutgoingMessage::parts), END_OF_RECORD)
    }
}
