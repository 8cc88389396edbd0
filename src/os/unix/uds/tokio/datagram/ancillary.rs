//! Data beside the data of datagrams, and batches.

use super::UnixDatagram;
use crate::os::unix::uds::{
    self, OutgoingMessage, ReceivedFds, RecvBatch, SendBatch, SocketAddr, SocketAncillary,
};
use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::AsFd,
    path::Path,
};

impl UnixDatagram {
    /// Sends a datagram with descriptors; see [`send_with_fds`] of the blocking type. Cancel-safe: it was not sent unless
    /// this returns.
    ///
    /// # Errors
    /// As for [`send_with_fds`].
    ///
    /// [`send_with_fds`]: crate::os::unix::uds::UnixDatagram::send_with_fds
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub async fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        self.registered.writing(|socket| socket.send_with_fds(bytes, fds)).await
    }

    /// [`send_with_fds`](Self::send_with_fds) to an address; see [above](Self#sending-to-a-full-queue). Cancel-safe.
    ///
    /// # Errors
    /// As for `send_with_fds` and [`send_to`](Self::send_to).
    pub async fn send_with_fds_to(
        &self,
        bytes: &[u8],
        fds: &[impl AsFd],
        address: &SocketAddr,
    ) -> io::Result<usize> {
        self.registered.writing_anywhere(|socket| socket.send_with_fds_to(bytes, fds, address)).await
    }

    /// Receives a datagram and the descriptors that came with it, at most `max`; see [`recv_with_fds`] of the blocking
    /// type. Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    ///
    /// [`recv_with_fds`]: crate::os::unix::uds::UnixDatagram::recv_with_fds
    #[doc(alias("SCM_RIGHTS", "recvmsg"))]
    pub async fn recv_with_fds(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, ReceivedFds)> {
        self.registered.reading(|socket| socket.recv_with_fds(buffer, max)).await
    }

    /// [`recv_with_fds`](Self::recv_with_fds) that tells from where. Cancel-safe.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn recv_with_fds_from(
        &self,
        buffer: &mut [u8],
        max: usize,
    ) -> io::Result<(usize, ReceivedFds, SocketAddr)> {
        self.registered.reading(|socket| socket.recv_with_fds_from(buffer, max)).await
    }

    /// Receives a datagram into several slices, with control messages, and tells from where. What the buffer held before is
    /// closed first. The boolean tells whether the datagram had more bytes than there was room for. Cancel-safe: nothing is
    /// taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn recv_vectored_with_ancillary_from(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<(usize, bool, SocketAddr)> {
        self.registered.reading(|socket| socket.recv_vectored_with_ancillary_from(slices, ancillary)).await
    }

    /// [`recv_vectored_with_ancillary_from`](Self::recv_vectored_with_ancillary_from) without the address. Cancel-safe.
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

    /// Sends a datagram of several slices, with control messages, to the socket at a path; see
    /// [above](Self#sending-to-a-full-queue). Cancel-safe: it was not sent unless this returns.
    ///
    /// # Errors
    /// As for [`send_with_fds_to`](Self::send_with_fds_to); `Unsupported` for credentials on a system that has none.
    pub async fn send_vectored_with_ancillary_to<P: AsRef<Path>>(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
        path: P,
    ) -> io::Result<usize> {
        let path = path.as_ref();
        let send =
            |socket: &uds::UnixDatagram| socket.send_vectored_with_ancillary_to(slices, ancillary, path);
        self.registered.writing_anywhere(send).await
    }

    /// [`send_vectored_with_ancillary_to`](Self::send_vectored_with_ancillary_to) for an address. Cancel-safe.
    ///
    /// # Errors
    /// As for that.
    pub async fn send_vectored_with_ancillary_to_addr(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
        address: &SocketAddr,
    ) -> io::Result<usize> {
        let send = |socket: &uds::UnixDatagram| {
            socket.send_vectored_with_ancillary_to_addr(slices, ancillary, address)
        };
        self.registered.writing_anywhere(send).await
    }

    /// Sends a datagram of several slices, with control messages, to the socket that this one is connected to. Cancel-safe:
    /// it was not sent unless this returns.
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

    /// Waits for a datagram, and receives those that are there into a batch, whose former contents are dropped; see
    /// [`recv_many`] of the blocking type. Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv_many`].
    ///
    /// [`recv_many`]: crate::os::unix::uds::UnixDatagram::recv_many
    pub async fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        self.registered.reading(|socket| socket.recv_many(batch)).await
    }

    /// Waits for room, sends the first of the messages, as many as there is room for now, and tells how many; see
    /// [`send_many`] of the blocking type, and [above](Self#sending-to-a-full-queue). Cancel-safe: nothing was sent unless
    /// this returns.
    ///
    /// # Errors
    /// As for [`send_many`].
    ///
    /// [`send_many`]: crate::os::unix::uds::UnixDatagram::send_many
    pub async fn send_many(
        &self,
        messages: &[OutgoingMessage<'_>],
        batch: &mut SendBatch,
    ) -> io::Result<usize> {
        if messages.iter().all(|message| message.parts().to.is_none()) {
            return self.registered.writing(|socket| socket.send_many(messages, batch)).await;
        }
        self.registered.writing_anywhere(|socket| socket.send_many(messages, batch)).await
    }
}
