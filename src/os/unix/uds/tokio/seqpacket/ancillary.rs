//! Data beside the data of sequenced packets, and batches.

use super::UnixSeqpacket;
use crate::os::unix::uds::{OutgoingMessage, ReceivedFds, RecvBatch, SendBatch, SocketAncillary};
use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::AsFd,
};

impl UnixSeqpacket {
    /// Sends a packet with descriptors; see [`send_with_fds`] of the blocking type. Cancel-safe: it was not sent unless
    /// this returns.
    ///
    /// # Errors
    /// As for [`send_with_fds`].
    ///
    /// [`send_with_fds`]: crate::os::unix::uds::UnixSeqpacket::send_with_fds
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub async fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        self.registered.writing(|socket| socket.send_with_fds(bytes, fds)).await
    }

    /// Receives a packet and the descriptors that came with it, at most `max`; see [`recv_with_fds`] of the blocking type.
    /// Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    ///
    /// [`recv_with_fds`]: crate::os::unix::uds::UnixSeqpacket::recv_with_fds
    #[doc(alias("SCM_RIGHTS", "recvmsg"))]
    pub async fn recv_with_fds(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, ReceivedFds)> {
        self.registered.reading(|socket| socket.recv_with_fds(buffer, max)).await
    }

    /// Sends a packet of several slices, with control messages. Cancel-safe: it was not sent unless this returns.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds); `Unsupported` for credentials on a system that has none.
    pub async fn send_vectored_with_ancillary(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        self.registered.writing(|socket| socket.send_vectored_with_ancillary(slices, ancillary)).await
    }

    /// Receives a packet into several slices, with control messages. What the buffer held before is closed first. The
    /// boolean tells whether the packet had more bytes than there was room for. Cancel-safe: nothing is taken unless it is
    /// returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn recv_vectored_with_ancillary(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<(usize, bool)> {
        self.registered.reading(|socket| socket.recv_vectored_with_ancillary(slices, ancillary)).await
    }

    /// Waits for a packet, and receives those that are there into a batch, whose former contents are dropped; see
    /// [`recv_many`] of the blocking type. No packet means that the connection has ended. Cancel-safe: nothing is taken
    /// unless it is returned.
    ///
    /// # Errors
    /// As for [`recv_many`].
    ///
    /// [`recv_many`]: crate::os::unix::uds::UnixSeqpacket::recv_many
    pub async fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        self.registered.reading(|socket| socket.recv_many(batch)).await
    }

    /// Waits for room, sends the first of the messages, as many as there is room for now, and tells how many; see
    /// [`send_many`] of the blocking type. Cancel-safe: nothing was sent unless this returns.
    ///
    /// # Errors
    /// As for [`send_many`].
    ///
    /// [`send_many`]: crate::os::unix::uds::UnixSeqpacket::send_many
    pub async fn send_many(
        &self,
        messages: &[OutgoingMessage<'_>],
        batch: &mut SendBatch,
    ) -> io::Result<usize> {
        self.registered.writing(|socket| socket.send_many(messages, batch)).await
    }
}
