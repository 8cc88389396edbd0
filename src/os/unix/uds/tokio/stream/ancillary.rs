//! Data beside the data of streams.

use super::UnixStream;
use crate::os::unix::uds::{ReceivedFds, SocketAncillary};
use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::AsFd,
};

impl UnixStream {
    /// Writes bytes, and passes descriptors with the first of them; see [`send_with_fds`] of the blocking type.
    /// Cancel-safe: nothing was written unless it returns.
    ///
    /// # Errors
    /// As for [`send_with_fds`].
    ///
    /// [`send_with_fds`]: crate::os::unix::uds::UnixStream::send_with_fds
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub async fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        self.registered.writing(|stream| stream.send_with_fds(bytes, fds)).await
    }

    /// Reads bytes, and takes the descriptors that came with them, at most `max`; see [`recv_with_fds`] of the blocking
    /// type. Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv_with_fds`].
    ///
    /// [`recv_with_fds`]: crate::os::unix::uds::UnixStream::recv_with_fds
    #[doc(alias("SCM_RIGHTS", "recvmsg"))]
    pub async fn recv_with_fds(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, ReceivedFds)> {
        self.registered.reading(|stream| stream.recv_with_fds(buffer, max)).await
    }

    /// Writes several slices with control messages. Cancel-safe: nothing was written unless it returns.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds); `Unsupported` for credentials on a system that has none.
    pub async fn send_vectored_with_ancillary(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        self.registered.writing(|stream| stream.send_vectored_with_ancillary(slices, ancillary)).await
    }

    /// Reads into several slices, with control messages. What the buffer held before is closed first. Cancel-safe:
    /// nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for a read.
    pub async fn recv_vectored_with_ancillary(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        self.registered.reading(|stream| stream.recv_vectored_with_ancillary(slices, ancillary)).await
    }
}
