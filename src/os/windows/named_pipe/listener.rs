//! The listener.

use super::{
    PipeListenerOptions, PipeStream, instance_pool::Instances, pipe_mode::PipeModeTag, raw::RawPipe,
};
use crate::os::windows::sys::event::{deadline_after, wait_any};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    iter::FusedIterator,
    marker::PhantomData,
    os::windows::io::OwnedHandle,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Accepts the clients of a named pipe, as streams that receive as `Rm` says and send as `Sm` says.
///
/// Made with [`PipeListenerOptions`](super::PipeListenerOptions). Several threads may accept at the same time. Dropping the listener closes the
/// instances that stand ready, and with them clients that were not accepted; streams are not affected.
///
/// The name is in use as long as the listener or one of its streams exists: that is how Windows counts. When the
/// listener is gone and streams are not, the same name cannot be listened at, and clients find its instances busy.
///
/// A client that connected, wrote something and left before it was accepted is accepted nevertheless, and what it wrote
/// can be read, as with sockets.
#[must_use = "the listener is closed when this is dropped"]
pub struct PipeListener<Rm: PipeModeTag, Sm: PipeModeTag> {
    instances: Instances,
    nonblocking: AtomicBool,
    modes: PhantomData<(Rm, Sm)>,
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeListener<Rm, Sm> {
    pub(super) fn new(instances: Instances, nonblocking: bool) -> Self {
        Self { instances, nonblocking: AtomicBool::new(nonblocking), modes: PhantomData }
    }

    /// Makes a listener of an instance of a pipe that exists, which waits for a client or has one, and of options as they
    /// would make such a pipe: further instances are made by them.
    ///
    /// This is for a handle that was made elsewhere, such as by the process that started this one. What can be checked is
    /// checked, and if something is wrong [`accept`](Self::accept) fails with [`InvalidInput`](io::ErrorKind::InvalidInput)
    /// and says what: the handle is of no pipe, of a client's end, of a pipe of another name, not open for overlapped
    /// operations (`FILE_FLAG_OVERLAPPED`), or of a pipe of bytes if messages are kept; or the options have no path. The
    /// handle's rights, its limit of instances and whether children inherit it are as they are.
    pub fn from_handle_and_options(handle: OwnedHandle, options: PipeListenerOptions<'static>) -> Self {
        Self::new(options.adopt::<Rm, Sm>(handle), options.nonblocking)
    }

    /// Waits for a client.
    ///
    /// # Errors
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is none, and the listener is nonblocking.
    /// - [`ConnectionAborted`](io::ErrorKind::ConnectionAborted): the listener was [closed](Self::close).
    /// - [`ResourceBusy`](io::ErrorKind::ResourceBusy): the
    ///   [instance limit](super::PipeListenerOptions#structfield.instance_limit) is reached.
    /// - Whatever the system reports when it cannot make an instance for the next client, such as having too many
    ///   handles. No client is lost: call again when something was freed, not at once.
    pub fn accept(&self) -> io::Result<PipeStream<Rm, Sm>> {
        let deadline = self.nonblocking.load(Relaxed).then(Instant::now);
        self.accept_until(deadline, io::ErrorKind::WouldBlock)
    }

    /// Waits for a client at most so long, whether or not the listener is nonblocking.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if none came in time, otherwise those of [`accept`](Self::accept).
    pub fn accept_timeout(&self, timeout: Duration) -> io::Result<PipeStream<Rm, Sm>> {
        self.accept_until(deadline_after(Some(timeout)), io::ErrorKind::TimedOut)
    }

    fn accept_until(&self, deadline: Option<Instant>, late: io::ErrorKind) -> io::Result<PipeStream<Rm, Sm>> {
        loop {
            let events = match self.instances.take_or_events()? {
                Ok(handle) => {
                    let raw = RawPipe::new(handle, true);
                    raw.set_nonblocking(self.nonblocking.load(Relaxed));
                    return Ok(PipeStream::from_raw(raw));
                }
                Err(events) => events,
            };
            // No lock is held while waiting: other threads accept, and close, meanwhile.
            if !wait_any(&events, deadline)? {
                return Err(self.instances.error(late, "no client came"));
            }
        }
    }

    /// Accepts clients for ever: an iterator over the results of [`accept`](Self::accept).
    pub fn incoming(&self) -> Incoming<'_, Rm, Sm> {
        Incoming { listener: self }
    }

    /// Chooses whether [`accept`](Self::accept), and reads and writes of streams accepted from now on, fail with
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) instead of waiting.
    ///
    /// # Errors
    /// None today.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.nonblocking.store(nonblocking, Relaxed);
        Ok(())
    }

    /// Stops listening: clients that were not accepted are disconnected, and all calls of [`accept`](Self::accept),
    /// now and later, fail with [`ConnectionAborted`](io::ErrorKind::ConnectionAborted). The name becomes free when
    /// the last accepted stream is dropped.
    pub fn close(&self) {
        self.instances.close();
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.instances.is_closed()
    }
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> Debug for PipeListener<Rm, Sm> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeListener")
            .field("path", self.instances.path())
            .field("closed", &self.is_closed())
            .field("nonblocking", &self.nonblocking)
            .finish_non_exhaustive()
    }
}

/// Accepts clients for ever; made by [`PipeListener::incoming`]. Never ends: stop at an error that will not pass.
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a, Rm: PipeModeTag, Sm: PipeModeTag> {
    listener: &'a PipeListener<Rm, Sm>,
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> Iterator for Incoming<'_, Rm, Sm> {
    type Item = io::Result<PipeStream<Rm, Sm>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.listener.accept())
    }
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> FusedIterator for Incoming<'_, Rm, Sm> {}

impl<'a, Rm: PipeModeTag, Sm: PipeModeTag> IntoIterator for &'a PipeListener<Rm, Sm> {
    type Item = io::Result<PipeStream<Rm, Sm>>;
    type IntoIter = Incoming<'a, Rm, Sm>;

    fn into_iter(self) -> Self::IntoIter {
        self.incoming()
    }
}
