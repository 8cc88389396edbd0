//! What a pipe stream does, whatever its modes are.

mod messages;

pub use messages::Received;
#[cfg(any(feature = "tokio", test))]
pub(super) use messages::{Source, Waited, busy, check_length, no_reply, transact_error};

use super::{PipeMode, identity};
use crate::{
    os::windows::sys::{
        event::{Event, deadline_after, wait_any},
        operation::Operation,
        overlapped::{self, Ended, Limits, Stopper},
        pipe::{self, Creation, Directions, Exposure, Id, Opening},
        security,
    },
    sync::Mutex,
    timeout::Timeout,
};
use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    net::Shutdown,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    sync::{
        Arc, MutexGuard, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::Poll,
    time::{Duration, Instant},
};

/// The size of a pipe's buffers unless another is asked for.
pub(crate) const DEFAULT_BUFFER: u32 = 65536;

/// The most that one write leaves in flight when it returns.
pub(super) const MOST_KEPT: usize = 64 * 1024;
/// The most that one write hands to the system, which copies it into memory that cannot be paged out.
pub(crate) const MOST_WRITTEN: usize = 1024 * 1024;
/// How long the system goes on with a write after its stream was dropped.
pub(super) const LINGER: Duration = Duration::from_secs(60);

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
    /// The size of the pipe in the direction in which this end receives.
    size: OnceLock<usize>,
    /// Of the writes with a time limit. Locked from asking for space to using it.
    kept: Mutex<Option<Kept>>,
}

/// A write that is left in flight when its time is over, as nobody could say how much of it was read if it were cancelled.
/// Its bytes count as written.
#[derive(Debug)]
struct Kept {
    pipe: Arc<OwnedHandle>,
    operation: Operation,
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
        self.read_with(buffer.len(), |handle, limits| overlapped::read(handle, buffer, limits))
    }

    /// The same into memory that has no content yet.
    pub(super) fn read_to_uninit(&self, buffer: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.read_with(buffer.len(), |handle, limits| overlapped::read_to_uninit(handle, buffer, limits))
    }

    fn read_with(
        &self,
        length: usize,
        mut read: impl FnMut(BorrowedHandle<'_>, Limits<'_>) -> io::Result<Ended>,
    ) -> io::Result<usize> {
        let settings = &*self.settings;
        if length == 0 || settings.reads.is_stopped() {
            return Ok(0);
        }
        // How many bytes there are is not asked: that is 0 for a write of nothing too, behind which may be the end.
        let deadline = settings.deadline(&settings.read_timeout);
        let limits = Limits { deadline, stopper: &settings.reads };
        let handle = self.handle.as_handle();
        // Windows takes what a waiting read asks for off the space that it reports to the writer. One that would ask for all
        // of it asks for nothing until there is something.
        let size = *settings.size.get_or_init(|| pipe::receiving_size(handle).unwrap_or(usize::MAX));
        let asks_for_all = size > 0 && length >= size;
        loop {
            let waited =
                if asks_for_all { overlapped::read(handle, &mut [], limits) } else { Ok(Ended::Done(0)) };
            let ended = match waited {
                Ok(Ended::Done(_) | Ended::Partial(_)) => read(handle, limits),
                other => other,
            };
            return match ended {
                // The peer wrote nothing, which is not the end (Microsoft: "ReadFile function", Pipes).
                Ok(Ended::Done(0) | Ended::Partial(0)) => continue,
                Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => Ok(bytes),
                Ok(Ended::Stopped) => Ok(0),
                Ok(Ended::TimedOut) => Err(settings.too_late("reading from a named pipe took too long")),
                Err(error) if pipe::is_end(&error) => Ok(0),
                Err(error) => Err(pipe::read_error(error)),
            };
        }
    }

    /// Writes bytes. With a time limit, what does not fit may still be waiting for space when this returns: see
    /// [`flush`](Self::flush).
    pub(super) fn write(&self, buffer: &[u8]) -> io::Result<usize> {
        let settings = &*self.settings;
        if settings.writes.is_stopped() {
            return Err(stopped());
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        match settings.deadline(&settings.write_timeout) {
            None => self.write_to_end(&buffer[..buffer.len().min(MOST_WRITTEN)]),
            deadline => self.write_in_time(&buffer[..buffer.len().min(MOST_KEPT)], deadline),
        }
    }

    fn write_in_time(&self, buffer: &[u8], deadline: Option<Instant>) -> io::Result<usize> {
        let settings = &*self.settings;
        loop {
            if !self.wait_for_kept(deadline)? {
                return Err(settings.too_late("writing to a named pipe took too long"));
            }
            let mut kept = settings.kept();
            if settings.writes.is_stopped() {
                return Err(stopped());
            }
            let Kept { pipe, operation } = match &mut *kept {
                // Another thread was faster.
                Some(Kept { operation, .. }) if operation.in_flight() => continue,
                Some(kept) => kept,
                none => none
                    .insert(Kept { pipe: Arc::new(self.handle.try_clone()?), operation: Operation::new()? }),
            };
            if let Poll::Ready(result) = operation.write(pipe, &[IoSlice::new(buffer)], buffer.len()) {
                return written(result);
            }
            break;
        }
        self.wait_for_kept(deadline)?;
        Ok(buffer.len())
    }

    /// Waits until what is in flight of earlier writes is in the pipe; `false` if it is not in time.
    fn wait_for_kept(&self, deadline: Option<Instant>) -> io::Result<bool> {
        while let Some(event) = self.settings.look_at_kept()? {
            if !wait_any(&[event], deadline)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits until everything that was written is in the pipe. The peer need not have read it.
    pub(super) fn flush(&self) -> io::Result<()> {
        let settings = &*self.settings;
        if self.wait_for_kept(settings.deadline(&settings.write_timeout))? {
            return Ok(());
        }
        Err(settings.too_late("flushing a named pipe took too long"))
    }

    fn write_to_end(&self, buffer: &[u8]) -> io::Result<usize> {
        let limits = Limits { deadline: None, stopper: &self.settings.writes };
        match overlapped::write(self.handle.as_handle(), buffer, limits) {
            Ok(Ended::Stopped) => Err(stopped()),
            other => written(other),
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
        // First, as a thread that is woken in a read may write.
        if how == Shutdown::Both {
            self.settings.writes.stop(self.handle.as_handle());
            if let Some(kept) = &*self.settings.kept() {
                kept.operation.cancel();
            }
        }
        self.settings.reads.stop(self.handle.as_handle());
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

impl Settings {
    /// When an operation is to end that begins now.
    fn deadline(&self, timeout: &Timeout) -> Option<Instant> {
        if self.nonblocking.load(Relaxed) { Some(Instant::now()) } else { deadline_after(timeout.get()) }
    }

    /// The error of an operation that did not end in time.
    fn too_late(&self, what: &'static str) -> io::Error {
        if self.nonblocking.load(Relaxed) {
            io::ErrorKind::WouldBlock.into()
        } else {
            io::Error::new(io::ErrorKind::TimedOut, what)
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock()
    }

    /// The event that tells of the end of what is in flight; `None` if nothing is. An error is told once.
    fn look_at_kept(&self) -> io::Result<Option<Arc<Event>>> {
        let mut kept = self.kept();
        let Some(Kept { operation, .. }) = kept.as_mut().filter(|kept| kept.operation.in_flight()) else {
            return Ok(None);
        };
        match operation.poll() {
            Poll::Pending => Ok(Some(Arc::clone(operation.event()))),
            Poll::Ready(Err(_)) if self.writes.is_stopped() => Err(stopped()),
            Poll::Ready(result) => written(result).map(|_| None),
        }
    }
}

/// Lets the system finish a write after all clones were dropped, without blocking anybody.
impl Drop for Settings {
    fn drop(&mut self) {
        let kept = self.kept.get_mut().take();
        if let Some(Kept { operation, .. }) = kept.filter(|_| !self.writes.is_stopped()) {
            operation.finish_in_background(LINGER);
        }
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

/// Makes a pipe without a name for one connection, so that nobody else can meet it: the server's end, then the client's.
pub(crate) fn private_pair(
    server: Directions,
    server_overlapped: bool,
    client_overlapped: bool,
    how: &PairOptions<'_>,
) -> io::Result<(OwnedHandle, OwnedHandle)> {
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
    let client = Directions { receives: server.sends, sends: server.receives };
    let opening = Opening {
        directions: client,
        overlapped: client_overlapped,
        message_reads: how.messages,
        exposure: Exposure::DEFAULT,
    };
    let (server_end, client_end) = pipe::create_pair(&creation, opening)?;
    if how.messages {
        pipe::set_message_reads(client_end.as_handle())?;
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

/// What the end of a write of bytes comes to.
pub(super) fn written(ended: io::Result<Ended>) -> io::Result<usize> {
    match ended {
        Ok(Ended::Done(bytes) | Ended::Partial(bytes)) => Ok(bytes),
        // Nobody stops a write in this way that is asked about here.
        Ok(Ended::TimedOut | Ended::Stopped) => Ok(0),
        Err(error) => Err(pipe::write_error(error)),
    }
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
