mod ancillary;

use super::Socket;
use crate::os::unix::uds::kind::Seqpacket;
use std::{
    io::{self, IoSlice, IoSliceMut},
    net::Shutdown,
    task::{Context, Poll},
};
use tokio::io::ReadBuf;

/// A connected socket of sequenced packets; see
/// [`uds::UnixSeqpacket`](crate::os::unix::uds::UnixSeqpacket).
///
/// All methods take it by reference, so that several tasks can share one. Sending and receiving are
/// cancel-safe: what was dropped before it was ready has sent or taken nothing. All tasks that wait
/// are woken, those of the `poll_` methods too.
pub type UnixSeqpacket = Socket<Seqpacket>;

impl UnixSeqpacket {
    /// Ends one direction or both, and wakes what waits in it, in this process and in the other.
    /// After `Shutdown::Write` the peer receives what is still there and then sees the end.
    ///
    /// # Errors
    /// `NotConnected`, on some systems, if the peer has closed.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.registered.get().shutdown(how)
    }

    /// Sends a packet. Cancel-safe: it was not sent unless this returns.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacket::send`](crate::os::unix::uds::UnixSeqpacket::send).
    pub async fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registered.writing(|socket| socket.send(bytes)).await
    }

    /// [`send`](Self::send) that does not wait.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room; [`writable`](Self::writable) waits for it. Else as for
    /// `send`.
    pub fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registered.try_writing(|socket| socket.send(bytes))
    }

    /// [`send`](Self::send) as a poll method.
    ///
    /// # Errors
    /// As for `send`.
    pub fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.registered.poll_write(cx, bytes.len(), |socket| socket.send(bytes))
    }

    /// Sends a packet of several slices. Cancel-safe: it was not sent unless this returns.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.registered.writing(|socket| socket.send_vectored(slices)).await
    }

    /// Receives a packet. 0 is a packet of length zero, or the end; see [the blocking
    /// type](crate::os::unix::uds::UnixSeqpacket#packets-of-length-zero-and-the-end). Cancel-safe:
    /// nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`uds::UnixSeqpacket::recv`](crate::os::unix::uds::UnixSeqpacket::recv).
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registered.reading(|socket| socket.recv(buffer)).await
    }

    /// [`recv`](Self::recv) that does not wait.
    ///
    /// # Errors
    /// `WouldBlock`: there is none, or the runtime has not learned of it yet;
    /// [`readable`](Self::readable) waits for it. Else as for `recv`.
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registered.try_reading(|socket| socket.recv(buffer))
    }

    /// [`recv`](Self::recv) as a poll method, into the unfilled part of a buffer.
    ///
    /// # Errors
    /// As for `recv`.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_reading(cx, |socket| {
            let length = socket.recv(buffer.initialize_unfilled())?;
            buffer.advance(length);
            Ok(())
        })
    }

    /// Receives a packet into several slices. Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn recv_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.registered.reading(|socket| socket.recv_vectored(slices)).await
    }

    /// Receives a packet, or tells that the connection has ended: `None`. See [the blocking
    /// type](crate::os::unix::uds::UnixSeqpacket#packets-of-length-zero-and-the-end). Cancel-safe:
    /// nothing is taken unless it is returned.
    ///
    /// # Errors
    /// As for [`recv`](Self::recv).
    pub async fn recv_packet(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.registered.reading(|socket| socket.recv_packet(buffer)).await
    }

    /// [`recv_packet`](Self::recv_packet) that does not wait.
    ///
    /// # Errors
    /// As for [`try_recv`](Self::try_recv).
    pub fn try_recv_packet(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        self.registered.try_reading(|socket| socket.recv_packet(buffer))
    }

    /// [`readable`](Self::readable) as a poll method.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_read_ready(cx)
    }

    /// [`writable`](Self::writable) as a poll method.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_write_ready(cx)
    }
}
