//! Descriptors on a Tokio runtime.

use super::{
    message,
    readiness::{self, Reactor, Received, Watched, Way, WouldBlock, nothing_can_come, would_block},
    timer::{drop_after, sleep, timeout},
};
use crate::time::Backoff;
use std::{
    future::poll_fn,
    io,
    os::fd::{AsFd, AsRawFd, RawFd},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{
        Interest, ReadBuf, Ready,
        unix::{AsyncFd, AsyncFdReadyGuard},
    },
    task::coop::{RestoreOnPending, poll_proceed},
};

/// An object in nonblocking mode whose descriptor a Tokio runtime watches.
pub(crate) type Registered<T> = Watched<Tokio<T>>;

/// The runtime's part.
#[derive(Debug)]
pub(crate) struct Tokio<T: AsFd> {
    watched: AsyncFd<Numbered<T>>,
    /// Whether what is read can have descriptors and the like with it, at which a read ends.
    has_control_messages: bool,
}

/// An object together with the number of its descriptor, so that it is the same each time.
#[derive(Debug)]
struct Numbered<T> {
    number: RawFd,
    inner: T,
}

impl<T> AsRawFd for Numbered<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.number
    }
}

impl<T: AsFd> Tokio<T> {
    #[track_caller]
    fn new(inner: T, interest: Interest) -> Result<Self, (T, io::Error)> {
        let watched = Numbered { number: inner.as_fd().as_raw_fd(), inner };
        // SAFETY: the object has lent its descriptor by `as_fd`, for as long as it is borrowed. From here on the AsyncFd owns
        // the object and only ever lends it (`get`), so nothing can close what such a loan is of. The number stays the same.
        let registered = unsafe { AsyncFd::register_with_interest(watched, interest) };
        match registered {
            Ok(watched) => Ok(Self { watched, has_control_messages: false }),
            Err(error) => {
                let (watched, error) = error.into_parts();
                Err((watched.inner, error))
            }
        }
    }

    /// Reads into memory that need not be initialised.
    fn read_into(&self, buffer: &mut ReadBuf<'_>) -> io::Result<Received> {
        let from = self.get().as_fd();
        // SAFETY: what is called only writes to the memory, and does not un-initialise any of it.
        let unfilled = unsafe { buffer.unfilled_mut() };
        let (count, may_have_more) = if self.has_control_messages {
            message::receive_part(from, unfilled)?
        } else {
            let (filled, _) = rustix::io::read(from, unfilled)?;
            (filled.len(), false)
        };
        // SAFETY: the kernel has written these bytes.
        unsafe { buffer.assume_init(count) };
        buffer.advance(count);
        Ok(Received { count, may_have_more })
    }
}

impl<T: AsFd> Registered<T> {
    /// # Panics
    /// Outside a Tokio runtime that has I/O enabled.
    #[track_caller]
    pub(crate) fn new(inner: T, interest: Interest) -> io::Result<Self> {
        Self::try_new(inner, interest).map_err(|(_, error)| error)
    }

    /// [`new`](Self::new) that gives the object back with an error.
    ///
    /// # Panics
    /// As `new` does.
    #[track_caller]
    pub(crate) fn try_new(inner: T, interest: Interest) -> Result<Self, (T, io::Error)> {
        Tokio::new(inner, interest).map(Self::by)
    }

    /// [`try_new`](Self::try_new) for both directions of a stream socket. The runtime is asked for news of out-of-band data
    /// too, by the same system call.
    ///
    /// # Panics
    /// As `new` does.
    #[track_caller]
    pub(crate) fn try_stream(inner: T) -> Result<Self, (T, io::Error)> {
        let interest = Interest::READABLE | Interest::WRITABLE | OUT_OF_BAND;
        Ok(Self::by(Tokio { has_control_messages: true, ..Tokio::new(inner, interest)? }))
    }

    pub(crate) async fn reading<R>(&self, operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        self.repeat(Interest::READABLE, operation).await
    }

    /// Waits and tries, as `AsyncFd::async_io` does, and ends or pauses where that would go round for ever: a direction that
    /// has ended stays ready, even if the operation says that it would have to wait. So does sending on a datagram socket
    /// after an error, such as its peer's leaving for another.
    async fn repeat<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut backoff = Backoff::new();
        loop {
            let mut guard = self.reactor.watched.ready(interest).await?;
            let ready = guard.ready();
            {
                let budget = poll_fn(poll_proceed).await;
                if let Ok(result) = guard.try_io(|watched| operation(&watched.get_ref().inner)) {
                    budget.made_progress();
                    return result;
                }
            }
            drop(guard);
            if ready.is_read_closed() && !interest.is_writable() {
                return Err(nothing_can_come());
            }
            if ready.is_read_closed() || ready.is_write_closed() {
                // Boxed, so that it adds nothing to the future of each operation.
                Box::pin(sleep(backoff.pause())).await?;
            }
        }
    }

    pub(crate) async fn writing<R>(&self, mut operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        if self.assumes_room() {
            // As `poll_write` does.
            let budget = poll_fn(poll_proceed).await;
            let result = self.try_writing(&mut operation);
            if !would_block(&result) {
                budget.made_progress();
                return result;
            }
        }
        self.repeat(Interest::WRITABLE, operation).await
    }

    /// Writes to a socket that this one need not be connected to: see
    /// [`poll_writing_anywhere`](Self::poll_writing_anywhere). After a few events that were wrong this pauses, instead of trying
    /// again and again.
    pub(crate) async fn writing_anywhere<R>(
        &self,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let (mut backoff, mut events_to_believe) = (Backoff::new(), 8u32);
        let mut pause = backoff.pause();
        loop {
            {
                let budget = poll_fn(poll_proceed).await;
                let result = self.write_regardless(&mut operation);
                if !would_block(&result) {
                    budget.made_progress();
                    return result;
                }
            }
            if let Some(ready) = timeout(pause, self.reactor.watched.writable()).await? {
                drop(ready?);
                if let Some(left) = events_to_believe.checked_sub(1) {
                    events_to_believe = left;
                    continue;
                }
                sleep(pause).await?;
            }
            pause = backoff.pause();
        }
    }

    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        Ok(self.reactor.watched.ready(interest).await?.ready())
    }

    /// For reading if that is of interest, else for writing.
    pub(crate) fn poll_interest(&self, cx: &mut Context<'_>, interest: Interest) -> Poll<io::Result<Ready>> {
        let way = if interest.is_readable() { Way::Read } else { Way::Write };
        self.poll_ready(cx, way).map_ok(|event| event.guard.ready())
    }

    /// An operation of the caller's own, if it is ready.
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.reactor.watched.try_io(interest, |_| operation())
    }

    /// An operation of the caller's own, as soon as it is ready.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.repeat(interest, |_| operation()).await
    }

    /// Fills part of a buffer.
    pub(crate) fn poll_fill(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_read(cx, buffer.remaining(), |_| self.reactor.read_into(buffer))
    }

    /// The same, but `WouldBlock` as [`poll_read_to_end`](Self::poll_read_to_end).
    pub(crate) fn poll_fill_to_end(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read_to_end(cx, buffer.remaining(), |_| self.reactor.read_into(buffer))
    }
}

/// That a way is ready, by Tokio.
pub(crate) struct Event<'a, T: AsFd> {
    guard: AsyncFdReadyGuard<'a, Numbered<T>>,
    way: Way,
}

impl<T: AsFd> Reactor for Tokio<T> {
    type Object = T;
    type Ready<'a>
        = Event<'a, T>
    where
        T: 'a;
    type Budget = RestoreOnPending;

    fn get(&self) -> &T {
        &self.watched.get_ref().inner
    }

    fn into_inner(self) -> T {
        self.watched.into_inner().inner
    }

    fn poll_ready(&self, cx: &mut Context<'_>, way: Way) -> Poll<io::Result<Event<'_, T>>> {
        let guard = match way {
            Way::Read => ready!(self.watched.poll_read_ready(cx)),
            Way::Write => ready!(self.watched.poll_write_ready(cx)),
        };
        Poll::Ready(guard.map(|guard| Event { guard, way }))
    }

    fn try_io<R>(&self, way: Way, operation: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        let interest = match way {
            Way::Read => Interest::READABLE,
            Way::Write => Interest::WRITABLE,
        };
        self.watched.try_io(interest, |watched| operation(&watched.inner))
    }

    fn has_marks(&self) -> bool {
        OUT_OF_BAND != Interest::READABLE && self.watched.try_io(OUT_OF_BAND, |_| Ok(())).is_ok()
    }

    fn poll_budget(cx: &mut Context<'_>) -> Poll<RestoreOnPending> {
        poll_proceed(cx)
    }

    fn made_progress(budget: RestoreOnPending) {
        budget.made_progress();
    }

    fn drop_after<K: Send + 'static>(duration: Duration, kept: K) {
        drop_after(duration, kept);
    }
}

impl<T: AsFd> readiness::Ready<T> for Event<'_, T> {
    fn has_ended(&self) -> bool {
        match self.way {
            Way::Read => self.guard.ready().is_read_closed(),
            Way::Write => self.guard.ready().is_write_closed(),
        }
    }

    fn try_io<R>(
        &mut self,
        operation: impl FnOnce(&T) -> io::Result<R>,
    ) -> Result<io::Result<R>, WouldBlock> {
        self.guard.try_io(|watched| operation(&watched.get_ref().inner)).map_err(|_| WouldBlock)
    }

    fn clear(&mut self) {
        self.guard.clear_ready();
    }
}

/// What the runtime calls readiness for out-of-band data (`MSG_OOB`), which Linux 5.15 and later have on Unix domain sockets.
#[cfg(any(target_os = "linux", target_os = "android"))]
const OUT_OF_BAND: Interest = Interest::PRIORITY;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const OUT_OF_BAND: Interest = Interest::READABLE;
