//! Waiting for descriptors on a Tokio runtime: try, wait, try again.

use std::{
    io,
    os::fd::AsRawFd,
    task::{Context, Poll, ready},
};
use tokio::io::{Interest, unix::AsyncFd};

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
pub(crate) struct Registered<T: StableFd>(AsyncFd<T>);

impl<T: StableFd> Registered<T> {
    /// # Panics
    /// Outside a Tokio runtime that has I/O enabled.
    #[track_caller]
    pub(crate) fn new(inner: T, interest: Interest) -> io::Result<Self> {
        // SAFETY: `StableFd` promises an open descriptor that stays the same while the AsyncFd owns the object.
        let registered = unsafe { AsyncFd::register_with_interest(inner, interest) };
        Ok(Self(registered.map_err(|error| error.into_parts().1)?))
    }

    pub(crate) fn get(&self) -> &T {
        self.0.get_ref()
    }

    /// Stops watching. The object stays in nonblocking mode.
    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }

    pub(crate) async fn reading<R>(&self, mut operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.0.async_io(Interest::READABLE, |inner| operation(inner)).await
    }

    /// Fills part of a buffer of `wanted` bytes.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wanted: usize,
        mut operation: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready(cx))?;
            match guard.try_io(|registered| operation(registered.get_ref())) {
                Ok(Ok(count)) => {
                    if is_short(count, wanted) {
                        guard.clear_ready();
                    }
                    return Poll::Ready(Ok(count));
                }
                Ok(error) => return Poll::Ready(error),
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
        loop {
            let mut guard = ready!(self.0.poll_write_ready(cx))?;
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
}

/// A short transfer has emptied (or filled) the queue, so that the next attempt would only be told to wait: that
/// call is saved by waiting at once, as Tokio's own types do. Not after zero bytes: that is the end of the stream,
/// which no further event announces.
fn is_short(count: usize, wanted: usize) -> bool {
    0 < count && count < wanted
}
