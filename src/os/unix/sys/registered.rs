//! Waiting for descriptors on a Tokio runtime: try, wait, try again.

use std::{
    io,
    os::fd::{AsFd, AsRawFd},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, ready},
};
use tokio::{
    io::{Interest, ReadBuf, unix::AsyncFd},
    task::coop::poll_proceed,
};

/// Owns its descriptor from construction to drop, and never changes it.
///
/// # Safety
/// `as_raw_fd` must return the same open descriptor for as long as the object exists.
pub(crate) unsafe trait StableFd: AsRawFd {}

// SAFETY: a UnixStream is an OwnedFd, which it gives up only by being consumed.
unsafe impl StableFd for crate::os::unix::uds::UnixStream {}
// SAFETY: a UnixListener is an OwnedFd, which it gives up only by being consumed.
unsafe impl StableFd for crate::os::unix::uds::UnixListener {}
// SAFETY: an OwnedFd keeps its descriptor open and the same until it is consumed.
unsafe impl StableFd for std::os::fd::OwnedFd {}

/// An object in nonblocking mode whose descriptor the current runtime watches.
#[derive(Debug)]
pub(crate) struct Registered<T: StableFd> {
    watched: AsyncFd<T>,
    /// Until a write shows otherwise, there is room, and no need to be told so.
    assume_writable: AtomicBool,
}

impl<T: StableFd> Registered<T> {
    /// # Panics
    /// Outside a Tokio runtime that has I/O enabled.
    #[track_caller]
    pub(crate) fn new(inner: T, interest: Interest) -> io::Result<Self> {
        // SAFETY: `StableFd` promises an open descriptor that stays the same while the AsyncFd owns the object.
        let registered = unsafe { AsyncFd::register_with_interest(inner, interest) };
        let watched = registered.map_err(|error| error.into_parts().1)?;
        Ok(Self { watched, assume_writable: AtomicBool::new(true) })
    }

    pub(crate) fn get(&self) -> &T {
        self.watched.get_ref()
    }

    /// Stops watching. The object stays in nonblocking mode.
    pub(crate) fn into_inner(self) -> T {
        self.watched.into_inner()
    }

    pub(crate) async fn reading<R>(&self, mut operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.watched.async_io(Interest::READABLE, |inner| operation(inner)).await
    }

    /// Fills part of a buffer by read(2).
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>>
    where
        T: AsFd,
    {
        let wanted = buffer.remaining();
        loop {
            let mut guard = ready!(self.watched.poll_read_ready(cx))?;
            match guard.try_io(|watched| read_into(watched.get_ref(), buffer)) {
                Ok(Ok(count)) => {
                    if is_short(count, wanted) {
                        guard.clear_ready();
                    }
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }

    /// Takes part of `offered` bytes.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        mut operation: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if let Some(result) = self.poll_assumed_write(cx, offered, &mut operation) {
            return result;
        }
        loop {
            let mut guard = ready!(self.watched.poll_write_ready(cx))?;
            match guard.try_io(|registered| operation(registered.get_ref())) {
                Ok(Ok(count)) => {
                    if is_short(count, offered) {
                        guard.clear_ready();
                    }
                    return Poll::Ready(Ok(count));
                }
                Ok(error) => return Poll::Ready(error),
                Err(_would_block) => {}
            }
        }
    }

    /// Writes while there is assumed to be room. `None`: there was not, or is not assumed to be.
    fn poll_assumed_write(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        operation: impl FnOnce(&T) -> io::Result<usize>,
    ) -> Option<Poll<io::Result<usize>>> {
        if !self.assume_writable.load(Ordering::Relaxed) {
            return None;
        }
        // Waiting for readiness would count this against the task's budget; without it that is done here.
        let Poll::Ready(budget) = poll_proceed(cx) else { return Some(Poll::Pending) };
        let result = operation(self.get());
        match &result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.assume_writable.store(false, Ordering::Relaxed);
                return None;
            }
            Ok(count) if is_short(*count, offered) => self.assume_writable.store(false, Ordering::Relaxed),
            _ => {}
        }
        budget.made_progress();
        Some(Poll::Ready(result))
    }
}

/// A short transfer has emptied (or filled) the queue, so that the next attempt would only be told to wait: that
/// call is saved by waiting at once, as Tokio's own types do. Not after zero bytes: that is the end of the stream,
/// which no further event announces.
fn is_short(count: usize, wanted: usize) -> bool {
    0 < count && count < wanted
}

/// Reads into memory that need not be initialised.
fn read_into(from: &impl AsFd, buffer: &mut ReadBuf<'_>) -> io::Result<usize> {
    // SAFETY: rustix only writes to the memory, and does not un-initialise any of it.
    let unfilled = unsafe { buffer.unfilled_mut() };
    let (filled, _) = rustix::io::read(from, unfilled)?;
    let count = filled.len();
    // SAFETY: the kernel has written these bytes.
    unsafe { buffer.assume_init(count) };
    buffer.advance(count);
    Ok(count)
}
