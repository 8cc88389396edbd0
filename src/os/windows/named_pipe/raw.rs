//! What a pipe stream does, whatever its modes are.

mod messages;

#[cfg(feature = "tokio")]
pub(super) use messages::{Source, Waited, busy, check_length, no_reply, transact_error};

use super::{PipeMode, identity, name::PipePath};
use crate::{
    os::windows::sys::{
        event::deadline_after,
        handle,
        overlapped::{self, Ended, Limits, Stopper},
        pipe::{self, Creation, Directions, Exposure, Id, Opening, Space},
        security,
    },
    timeout::Timeout,
};
use std::{
    io,
    mem::MaybeUninit,
    net::Shutdown,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// The size of a pipe's buffers unless another is asked for.
pub(crate) const DEFAULT_BUFFER: u32 = 65536;

/// One end of a named pipe, opened for overlapped operations.
#[derive(Debug)]
pub(crate) struct RawPipe {
    handle: OwnedHandle,
    is_server: bool,
    settings: Arc<Settings>,
}

/// What all clones of a stream have in common, as clones of a socket do.
#[derive(Debug, Default)]
struct Settings {
    nonblocking: AtomicBool,
    read_timeout: Timeout,
    write_timeout: Timeout,
    reads: Stopper,
    writes: Stopper,
    /// Held while a message is taken out of the pipe, which can need several calls; not while waiting for one.
    taking: Mutex<()>,
    /// Held during a transaction.
    transaction: Mutex<()>,
    /// Whether the server may be on another computer; for clients that receive messages.
    remote: OnceLock<bool>,
}

impl RawPipe {
    /// Wraps an end of a pipe. The handle must be overlapped.
    pub(super) fn new(handle: OwnedHandle, is_server: bool) -> Self {
        Self { handle, is_server, settings: Arc::new(Settings::default()) }
    }

    /// Whether this is the server's end.
    pub(super) fn is_server(&self) -> bool {
        self.is_server
    }

    /// Reads bytes: 0 at the end of the stream.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_with(buffer.is_empty(), |handle, limits| overlapped::read(handle, buffer, limits))
    }

    /// The same into memory that has no content yet.
    pub(super) fn read_to_uninit(&self, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.read_with(buffer.is_empty(), |handle, limits| overlapped::read_to_uninit(handle, buffer, limits))
    }

    fn read_with(
        &self,
        nothing: bool,
        mut read: impl FnMut(BorrowedHandle<'_>, Limits<'_>) -> io::Result<Ended>,
    ) -> io::Result<usize> {
        let settings = &*self.settings;
        if nothing || settings.reads.is_stopped() {
            return Ok(0);
        }
        let deadline = if settings.nonblocking.load(Relaxed) {
            // How many bytes there are is not asked: that is 0 for a write of nothing too, behind which may be the end.
            Some(Instant::now())
        } else {
            deadline_after(settings.read_timeout.get())
        };
        let limits = Limits { deadline, stopper: &settings.reads };
        loop {
            return match read(self.handle.as_handle(), limits) {
                // The peer wrote nothing, which is not the end (Microsoft: "ReadFile function", Pipes).
                Ok(Ended::Done(0)) => continue,
                Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => Ok(bytes),
                Ok(Ended::Stopped) => Ok(0),
                Ok(Ended::TimedOut) if settings.nonblocking.load(Relaxed) => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                Ok(Ended::TimedOut) => {
                    Err(io::Error::new(io::ErrorKind::TimedOut, "reading from a named pipe took too long"))
                }
                Err(error) if pipe::is_end(&error) => Ok(0),
                Err(error) => Err(pipe::read_error(error)),
            };
        }
    }

    /// Writes bytes.
    pub(super) fn write(&self, buffer: &[u8]) -> io::Result<usize> {
        let settings = &*self.settings;
        if settings.writes.is_stopped() {
            return Err(stopped());
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        if settings.nonblocking.load(Relaxed) {
            return match self.write_at_once(buffer)? {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                bytes => Ok(bytes),
            };
        }
        match settings.write_timeout.get() {
            None => loop {
                // Nothing is written only while another thread is in `write_without_waiting`.
                match self.write_until(buffer, None)? {
                    0 => thread::yield_now(),
                    bytes => return Ok(bytes),
                }
            },
            Some(timeout) => self.write_in_time(buffer, deadline_after(Some(timeout))),
        }
    }

    /// Writes what fits into the pipe now, perhaps nothing.
    fn write_at_once(&self, buffer: &[u8]) -> io::Result<usize> {
        /// How much to try where the system does not say what fits: a page always fits an empty pipe.
        const PAGE: usize = 4096;
        let handle = self.handle.as_handle();
        let bytes = match pipe::space(handle) {
            // If a peer waits in a big read the space is 0 as well, and the write ends at once.
            Ok(Space::Bytes(bytes)) => bytes.clamp(1, buffer.len()),
            Ok(Space::Unknown) | Err(_) => buffer.len().min(PAGE),
            Ok(Space::Denied) => return self.write_without_waiting(buffer),
        };
        match self.write_until(&buffer[..bytes], Some(Instant::now())) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(0),
            other => other,
        }
    }

    /// The same for a send-only end, where the setting that is changed for a moment disturbs no reader.
    fn write_without_waiting(&self, buffer: &[u8]) -> io::Result<usize> {
        let handle = self.handle.as_handle();
        pipe::set_no_wait(handle, true)?;
        let result = write_what_fits(buffer.len(), |length| self.write_until(&buffer[..length], None));
        pipe::set_no_wait(handle, false)?;
        result
    }

    /// Writes with a time limit and without losing count of what the peer got: more than fits is never in flight.
    fn write_in_time(&self, buffer: &[u8], deadline: Option<Instant>) -> io::Result<usize> {
        let bytes = self.write_at_once(buffer)?;
        if bytes > 0 {
            return Ok(bytes);
        }
        // The pipe is full. One byte either gets in or does not, so it can wait and be cancelled.
        let (first, rest) = buffer.split_at(1);
        let first = self.write_until(first, deadline)?;
        if rest.is_empty() {
            return Ok(first);
        }
        // An error here would hide that a byte was written; the next write will meet it again.
        Ok(first + self.write_at_once(rest).unwrap_or(0))
    }

    fn write_until(&self, buffer: &[u8], deadline: Option<Instant>) -> io::Result<usize> {
        let limits = Limits { deadline, stopper: &self.settings.writes };
        match overlapped::write(self.handle.as_handle(), buffer, limits) {
            Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => Ok(bytes),
            Ok(Ended::Stopped) => Err(stopped()),
            Ok(Ended::TimedOut) => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "writing to a named pipe took too long"))
            }
            Err(error) => Err(pipe::write_error(error)),
        }
    }

    /// Waits until the peer has read everything.
    pub(super) fn drain(&self) -> io::Result<()> {
        pipe::flush(self.handle.as_handle()).map_err(pipe::write_error)
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) {
        self.settings.nonblocking.store(nonblocking, Relaxed);
    }

    pub(super) fn read_timeout(&self) -> Option<Duration> {
        self.settings.read_timeout.get()
    }

    pub(super) fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.settings.read_timeout.set(timeout)
    }

    pub(super) fn write_timeout(&self) -> Option<Duration> {
        self.settings.write_timeout.get()
    }

    pub(super) fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.settings.write_timeout.set(timeout)
    }

    /// Ends the stream for this process; see `PipeStream::shutdown`.
    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how == Shutdown::Write {
            return Err(no_half_close());
        }
        self.settings.reads.stop(self.handle.as_handle());
        if how == Shutdown::Both {
            self.settings.writes.stop(self.handle.as_handle());
        }
        Ok(())
    }

    pub(super) fn try_clone(&self) -> io::Result<Self> {
        let handle = self.handle.try_clone()?;
        Ok(Self { handle, is_server: self.is_server, settings: Arc::clone(&self.settings) })
    }

    pub(super) fn into_handle(self) -> OwnedHandle {
        self.handle
    }
}

impl AsHandle for RawPipe {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

/// Which way bytes go at an end with these modes.
pub(super) fn directions(receive: Option<PipeMode>, send: Option<PipeMode>) -> Directions {
    Directions { receives: receive.is_some(), sends: send.is_some() }
}

/// Makes a pipe for one connection that nobody else can meet: the server's end, then the client's.
pub(crate) fn private_pair(
    server: Directions,
    server_overlapped: bool,
    client_overlapped: bool,
    how: &PairOptions<'_>,
) -> io::Result<(OwnedHandle, OwnedHandle)> {
    /// Another program can list the names of pipes and connect in the instant before we do. Then that pipe is dropped.
    const ATTEMPTS: u32 = 8;
    let mut attempt = 1;
    loop {
        match private_pair_once(server, server_overlapped, client_overlapped, how) {
            Err(error) if pipe::is_busy(&error) && attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

fn private_pair_once(
    server: Directions,
    server_overlapped: bool,
    client_overlapped: bool,
    how: &PairOptions<'_>,
) -> io::Result<(OwnedHandle, OwnedHandle)> {
    let path = PipePath::unguessable();
    let creation = Creation {
        directions: server,
        first: true,
        overlapped: server_overlapped,
        write_through: false,
        message_type: how.messages,
        message_reads: how.messages,
        accept_remote: false,
        max_instances: Some(1),
        output_buffer: how.buffer,
        input_buffer: how.buffer,
        wait_timeout: 0,
        security: how.security,
        inheritable: how.inheritable,
    };
    let server_end = pipe::create(path.wide(), &creation)?;
    let client = Directions { receives: server.sends, sends: server.receives };
    // A new instance takes a client without being told to.
    let opening = Opening {
        directions: client,
        overlapped: client_overlapped,
        message_reads: how.messages,
        exposure: Exposure::DEFAULT,
    };
    let client_end = pipe::open(path.wide(), opening)?;
    if how.messages {
        pipe::set_message_reads(client_end.as_handle())?;
    }
    if how.inheritable {
        handle::set_inheritable(client_end.as_handle(), true)?;
    }
    Ok((server_end, client_end))
}

/// How to make a [`private_pair`].
#[derive(Copy, Clone, Debug)]
pub(crate) struct PairOptions<'a> {
    pub(crate) buffer: u32,
    pub(crate) security: Option<&'a security::Descriptor>,
    pub(crate) inheritable: bool,
    /// Whether the pipe is of messages, and both ends receive them as such.
    pub(crate) messages: bool,
}

impl Default for PairOptions<'_> {
    fn default() -> Self {
        Self { buffer: DEFAULT_BUFFER, security: None, inheritable: false, messages: false }
    }
}

/// Writes to a pipe with `PIPE_NOWAIT`, where a write that does not fit moves nothing: tries less and less.
pub(crate) fn write_what_fits(
    length: usize,
    mut write: impl FnMut(usize) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut length = length.min(DEFAULT_BUFFER as usize);
    while length > 0 {
        let written = write(length)?;
        if written > 0 {
            return Ok(written);
        }
        length /= 2;
    }
    Ok(0)
}

/// The process at the other end.
pub(super) fn peer_process_id(handle: BorrowedHandle<'_>, is_server: bool) -> io::Result<u32> {
    pipe::id(handle, if is_server { Id::ClientProcess } else { Id::ServerProcess })
}

/// The session of the process at the other end.
pub(super) fn peer_session_id(handle: BorrowedHandle<'_>, is_server: bool) -> io::Result<u32> {
    pipe::id(handle, if is_server { Id::ClientSession } else { Id::ServerSession })
}

/// The user at the other end, as the text of a SID.
pub(super) fn peer_user_sid(handle: BorrowedHandle<'_>, is_server: bool) -> io::Result<String> {
    if is_server { security::client_user_sid(handle) } else { identity::server_user_sid(handle) }
}

/// Closes the client's end, from the server's, and discards what was not received.
pub(super) fn disconnect(handle: BorrowedHandle<'_>, is_server: bool) -> io::Result<()> {
    if is_server {
        return pipe::disconnect(handle);
    }
    let reason = "only the server's end of a named pipe can disconnect the other";
    Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
}

/// The error of a write after `shutdown`.
pub(super) fn stopped() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the named pipe stream was shut down")
}

/// The error of `shutdown(Write)`.
pub(super) fn no_half_close() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "a named pipe cannot be closed for writing only: the peer sees the end when the stream is dropped",
    )
}
