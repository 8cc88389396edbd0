//! Streams of messages: the methods. What they do is in [`raw`].

use super::{
    PipeStream,
    pipe_mode::{Messages, PipeModeTag},
    raw::{self, PairOptions, RawPipe, Received},
};
use crate::{
    ConnectWaitMode,
    os::windows::sys::pipe::{self, Directions},
};
use std::{
    ffi::OsStr,
    io,
    os::windows::io::{AsHandle, OwnedHandle},
};

/// Receiving messages. Several threads may; each message goes to one of them, whole.
impl<Sm: PipeModeTag> PipeStream<Messages, Sm> {
    /// Receives a message into `buffer`. `None`: the peer has closed its end and everything was received, or this end was
    /// [shut down](Self::shutdown). An empty message is `Some` with a length of 0.
    ///
    /// If the buffer is too small, **the rest of the message is discarded**, as datagram sockets do, and the result
    /// [tells](Received::is_truncated). With an empty buffer this discards a message. See
    /// [`recv_to_vec`](Self::recv_to_vec) for messages of unknown size.
    ///
    /// # Errors
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is no message, and the stream is
    ///   [nonblocking](Self::set_nonblocking).
    /// - [`TimedOut`](io::ErrorKind::TimedOut): none came in [time](Self::set_read_timeout). Nothing is lost.
    /// - [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): the sender of a message that is longer than the buffer and than a
    ///   megabyte gave it up, or ended, while the rest was discarded. What `buffer` has is to be ignored; the next receive
    ///   is in order again. A message that the sender sent in the same instant may have been discarded as well.
    #[doc(alias = "recv_msg")]
    pub fn recv(&self, buffer: &mut [u8]) -> io::Result<Option<Received>> {
        self.raw.recv(buffer)
    }

    /// Receives a message of at most `limit` bytes into `buffer`, whose former content is dropped, and gives its length.
    /// `None` means the same as for [`recv`](Self::recv).
    ///
    /// The buffer grows to the length of the message: `limit` is what a peer can make this program allocate.
    ///
    /// # Errors
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the message is longer than `limit`. It stays in the pipe:
    ///   [`peek_msg_len`](Self::peek_msg_len) tells its length, and `recv` with an empty buffer discards it.
    /// - Those of [`recv`](Self::recv). `buffer` is empty then.
    pub fn recv_to_vec(&self, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Option<usize>> {
        self.raw.recv_to_vec(buffer, limit)
    }

    /// How many bytes the next message has. 0 if it is empty, and also if there is none: this never waits.
    ///
    /// Microsoft: "PeekNamedPipe function", `lpBytesLeftThisMessage`.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) if the peer has closed its end and everything was received.
    #[doc(alias = "PeekNamedPipe")]
    pub fn peek_msg_len(&self) -> io::Result<usize> {
        pipe::peek_message(self.as_handle()).map_err(pipe::write_error)
    }
}

/// Sending messages. Several threads may; each message arrives whole.
impl<Rm: PipeModeTag> PipeStream<Rm, Messages> {
    /// Sends a message, which may be empty, and gives its length.
    ///
    /// It is sent wholly or not at all, whatever ends the call: an error, a time limit, [`shutdown`](Self::shutdown) in
    /// another thread. One exception is not in the sender's hands: a peer that reads the message in pieces (as bytes, or
    /// into a buffer that is too small) has what it read before the sender gave up.
    ///
    /// A message that is longer than the pipe's buffer is allowed. The call then returns when the peer has received so
    /// much of it that the rest fits, and of pipes to other computers Windows allows 65,535 bytes.
    ///
    /// # Errors
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): it does not fit into the pipe now, and the stream is
    ///   [nonblocking](Self::set_nonblocking). Longer messages than the pipe's buffer hardly ever do.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): it did not get in in [time](Self::set_write_timeout).
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe): the peer has closed its end, or this end was shut down.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): it has 4 GiB or more.
    pub fn send(&self, message: &[u8]) -> io::Result<usize> {
        self.raw.send(message)
    }
}

/// Both ways.
impl PipeStream<Messages, Messages> {
    /// Makes two connected streams, the server's end first, as the [`pair`](PipeStream::pair) of streams of bytes does.
    ///
    /// # Errors
    /// Whatever the system reports, such as having too many handles.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (server, client) = private_pair()?;
        Ok((Self::from_raw(RawPipe::new(server, true)), Self::from_raw(RawPipe::new(client, false))))
    }

    /// Sends a message and receives the one that comes back into `reply`, whose former content is dropped; gives its
    /// length. Microsoft: "TransactNamedPipe function".
    ///
    /// Unlike sending and receiving this makes sure that no earlier message is taken for the reply. It waits even if the
    /// stream is nonblocking, at most for the [time limit of reads](Self::set_read_timeout). Other threads must not receive
    /// at the same time.
    ///
    /// # Errors
    /// - [`ResourceBusy`](io::ErrorKind::ResourceBusy): a message was not received yet, or another thread is in a
    ///   transaction, or receives and Windows notices. Nothing was sent.
    /// - [`InvalidData`](io::ErrorKind::InvalidData): the reply is longer than `limit`. It stays in the pipe, as with
    ///   [`recv_to_vec`](Self::recv_to_vec), and has to be received before the next transaction.
    /// - [`TimedOut`](io::ErrorKind::TimedOut): no reply came in time. **The request was sent, and its reply may still
    ///   come**: drop the stream, or receive it before the next transaction.
    /// - [`BrokenPipe`](io::ErrorKind::BrokenPipe): the peer closed its end without a reply, or this end was shut down.
    /// - [`Other`](io::ErrorKind::Other): another thread received the reply.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the request has 4 GiB or more.
    ///
    /// `reply` is empty then.
    #[doc(alias = "TransactNamedPipe")]
    pub fn transact(&self, request: &[u8], reply: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
        self.raw.transact(request, reply, limit)
    }

    /// Connects to the named pipe at `path`, [transacts](Self::transact) once, and closes.
    ///
    /// This is what `CallNamedPipe` does (Microsoft: "CallNamedPipeW function"), which is not used because it cannot keep
    /// the server from acting in this program's name, as [`connect_by_path`](Self::connect_by_path) does. As there,
    /// `wait_mode` limits the waiting for a free instance, not for the reply.
    ///
    /// # Errors
    /// Those of [`connect_by_path_with_wait_mode`](Self::connect_by_path_with_wait_mode) and of
    /// [`transact`](Self::transact).
    #[doc(alias = "CallNamedPipe")]
    pub fn call(
        path: impl AsRef<OsStr>,
        request: &[u8],
        reply: &mut Vec<u8>,
        limit: usize,
        wait_mode: ConnectWaitMode,
    ) -> io::Result<usize> {
        Self::connect_by_path_with_wait_mode(path, wait_mode)?.transact(request, reply, limit)
    }
}

/// The two ends of a pipe of messages.
pub(super) fn private_pair() -> io::Result<(OwnedHandle, OwnedHandle)> {
    let both = Directions { receives: true, sends: true };
    raw::private_pair(both, true, true, &PairOptions { messages: true, ..PairOptions::default() })
}
