//! Streams of messages: the methods. What they do is in [`poll`](super::super::poll).

use super::{PipeStream, Received};
use crate::{
    ConnectWaitMode,
    os::windows::{
        named_pipe::{
            messages::private_pair,
            pipe_mode::{Messages, PipeModeTag},
            poll::AsyncPipe,
        },
        sys::pipe,
    },
};
use std::{ffi::OsStr, future::poll_fn, io, os::windows::io::AsHandle};

/// Receiving messages. Several tasks may; each message goes to one of them, whole.
impl<Sm: PipeModeTag> PipeStream<Messages, Sm> {
    /// Receives a message into `buffer`; the rest is discarded if it does not fit. `None` is the end. See the synchronous
    /// [`recv`](crate::os::windows::named_pipe::PipeStream::recv).
    ///
    /// Cancel-safe: a message is taken out of the pipe only when this returns it.
    ///
    /// # Errors
    /// Those of the synchronous method, but for the ones of waiting.
    #[doc(alias = "recv_msg")]
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        poll_fn(|cx| self.raw.poll_recv(cx, buffer)).await
    }

    /// Receives a message of at most `limit` bytes into `buffer`, whose former content is dropped. `None` is the end. See
    /// the synchronous [`recv_to_vec`](crate::os::windows::named_pipe::PipeStream::recv_to_vec).
    ///
    /// Cancel-safe: a message is taken out of the pipe only when this returns it.
    ///
    /// # Errors
    /// Those of the synchronous method, but for the ones of waiting.
    pub async fn recv_to_vec(&self, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Option<usize>> {
        poll_fn(|cx| self.raw.poll_recv_to_vec(cx, buffer, limit)).await
    }

    /// How many bytes the next message has. 0 if it is empty, and also if there is none: this never waits.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the peer has closed its end and everything was received.
    pub fn peek_msg_len(&self) -> io::Result<usize> {
        pipe::peek_message(self.as_handle()).map_err(pipe::write_error)
    }
}

/// Sending messages. Several tasks may; each message arrives whole.
impl<Rm: PipeModeTag> PipeStream<Rm, Messages> {
    /// Sends a message, which may be empty, and gives its length.
    ///
    /// It waits until the message before it is in the pipe. Its own may then wait there for space after this has returned,
    /// and always does if it is longer than the pipe's buffer: [`flush`](Self::flush) waits for that. **Flush before the
    /// process ends.** Dropping the stream leaves the message to the system, as it does [bytes](PipeStream).
    ///
    /// Cancel-safe: if this is dropped before it has returned, nothing was sent. If it has returned `Ok`, all of it is sent.
    ///
    /// # Errors
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe): the peer has closed its end, or this end was shut down. It can be
    ///   the message before that failed to get in.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the message has 4 GiB or more.
    pub async fn send(&self, message: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| self.raw.poll_send(cx, message)).await
    }

    /// Waits until everything that was sent is in the pipe. The peer need not have received it. Cancel-safe.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the peer has closed its end, or this end was shut down.
    pub async fn flush(&self) -> io::Result<()> {
        poll_fn(|cx| self.raw.poll_flush(cx)).await
    }
}

/// Both ways.
impl PipeStream<Messages, Messages> {
    /// Makes two connected streams, the server's end first. See the synchronous
    /// [`pair`](crate::os::windows::named_pipe::PipeStream::pair).
    ///
    /// # Errors
    /// Whatever the system reports, such as having too many handles.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (server, client) = private_pair()?;
        Ok((Self::from_raw(AsyncPipe::new(server, true)), Self::from_raw(AsyncPipe::new(client, false))))
    }

    /// Sends a message and receives the one that comes back into `reply`, whose former content is dropped; gives its
    /// length. See the synchronous [`transact`](crate::os::windows::named_pipe::PipeStream::transact). Other tasks must
    /// not receive at the same time.
    ///
    /// Not cancel-safe: if this is dropped the request may have been sent. Nothing is lost then: the reply is the next
    /// message to be received, and has to be before the next transaction.
    ///
    /// # Errors
    /// Those of the synchronous method, but for the ones of waiting.
    pub async fn transact(&self, request: &[u8], reply: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        let mut started = false;
        poll_fn(|cx| self.raw.poll_transact(cx, request, &mut started, reply, limit)).await
    }

    /// Connects to the named pipe at `path`, [transacts](Self::transact) once, and closes. See the synchronous
    /// [`call`](crate::os::windows::named_pipe::PipeStream::call).
    ///
    /// If this is dropped the request may have been sent; a reply is lost then.
    ///
    /// # Errors
    /// Those of [`connect_by_path_with_wait_mode`](Self::connect_by_path_with_wait_mode) and of
    /// [`transact`](Self::transact).
    pub async fn call(
        path: impl AsRef<OsStr>,
        request: &[u8],
        reply: &mut Vec<u8>,
        limit: usize,
        wait_mode: ConnectWaitMode,
    ) -> io::Result<usize> {
        let stream = Self::connect_by_path_with_wait_mode(path, wait_mode).await?;
        stream.transact(request, reply, limit).await
    }
}
