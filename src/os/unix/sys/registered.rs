//! Waiting for descriptors on a Tokio runtime: try, wait, try again.

use super::{
    message, slices,
    tasks::Tasks,
    timer::{sleep, timeout},
};
use std::{
    future::poll_fn,
    io::{self, IoSlice},
    os::fd::{AsFd, AsRawFd, RawFd},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{
        Interest, ReadBuf, Ready,
        unix::{AsyncFd, AsyncFdReadyGuard},
    },
    task::coop::poll_proceed,
};

/// How long to wait before another attempt where no event announces that it may succeed: this long at first, and
/// twice as long each time up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// An object together with the number of its descriptor, so that it is the same each time.
#[derive(Debug)]
struct Watched<T> {
    number: RawFd,
    inner: T,
}

impl<T> AsRawFd for Watched<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.number
    }
}

/// An object in nonblocking mode whose descriptor the current runtime watches.
#[derive(Debug)]
pub(crate) struct Registered<T: AsFd> {
    watched: AsyncFd<Watched<T>>,
    readers: Tasks,
    writers: Tasks,
    /// Until a write shows otherwise, there is room, and no need to be told so.
    assume_writable: AtomicBool,
    /// Whether a read ends with a packet, so that after a short one there may be more.
    has_packets: bool,
    /// Whether what is read can have descriptors and the like with it, at which a read ends.
    has_control_messages: bool,
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
        let watched = Watched { number: inner.as_fd().as_raw_fd(), inner };
        // SAFETY: the object has lent its descriptor by `as_fd`, for as long as it is borrowed. From here on the AsyncFd owns
        // the object and only ever lends it (`get`), so nothing can close what such a loan is of. The number stays the same.
        let registered = unsafe { AsyncFd::register_with_interest(watched, interest) };
        let watched = registered.map_err(|error| {
            let (watched, error) = error.into_parts();
            (watched.inner, error)
        })?;
        let (readers, writers) = (Tasks::new(), Tasks::new());
        Ok(Self {
            watched,
            readers,
            writers,
            assume_writable: AtomicBool::new(true),
            has_packets: false,
            has_control_messages: false,
        })
    }

    /// [`try_new`](Self::try_new) for both directions of a stream socket. The runtime is asked for news of out-of-band data
    /// too, by the same system call.
    ///
    /// # Panics
    /// As `new` does.
    #[track_caller]
    pub(crate) fn try_stream(inner: T) -> Result<Self, (T, io::Error)> {
        let interest = Interest::READABLE | Interest::WRITABLE | OUT_OF_BAND;
        Ok(Self { has_control_messages: true, ..Self::try_new(inner, interest)? })
    }

    /// Whether there was out-of-band data. A read ends where it was, although more may follow that no further event announces.
    fn has_marks(&self) -> bool {
        OUT_OF_BAND != Interest::READABLE && self.watched.try_io(OUT_OF_BAND, |_| Ok(())).is_ok()
    }

    /// Says whether what is read are packets.
    pub(crate) fn with_packets(self, has_packets: bool) -> Self {
        Self { has_packets, ..self }
    }

    pub(crate) fn get(&self) -> &T {
        &self.watched.get_ref().inner
    }

    /// Stops watching. The object stays in nonblocking mode.
    pub(crate) fn into_inner(self) -> T {
        self.watched.into_inner().inner
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
        let mut pause = SHORTEST_PAUSE;
        loop {
            let mut guard = self.watched.ready(interest).await?;
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
                Box::pin(sleep(pause)).await?;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }

    /// The same as a poll function. All tasks that poll are woken.
    pub(crate) fn poll_reading<R>(
        &self,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            let mut guard = ready!(self.poll_readable(cx))?;
            let has_ended = guard.ready().is_read_closed();
            if let Ok(result) = guard.try_io(|watched| operation(&watched.get_ref().inner)) {
                return Poll::Ready(result);
            }
            if has_ended {
                return Poll::Ready(Err(nothing_can_come()));
            }
        }
    }

    /// Reads if there may be something to read.
    pub(crate) fn try_reading<R>(&self, operation: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        self.watched.try_io(Interest::READABLE, |watched| operation(&watched.inner))
    }

    pub(crate) async fn writing<R>(&self, mut operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        if self.assume_writable.load(Ordering::Relaxed) {
            // As in `poll_assumed_write`.
            let budget = poll_fn(poll_proceed).await;
            let result = self.try_writing(&mut operation);
            if !would_block(&result) {
                budget.made_progress();
                return result;
            }
        }
        self.repeat(Interest::WRITABLE, operation).await
    }

    /// Writes to a socket that this one need not be connected to.
    ///
    /// Linux announces room in the queue of the socket that this one is connected to. For another's it announces room all
    /// the time: the failed attempt itself gives back the memory it took, and that is an event. So after a few of them
    /// this pauses, instead of trying again and again.
    pub(crate) async fn writing_anywhere<R>(
        &self,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let (mut pause, mut events_to_believe) = (SHORTEST_PAUSE, 8u32);
        loop {
            {
                let budget = poll_fn(poll_proceed).await;
                let result = self.write_regardless(&mut operation);
                if !would_block(&result) {
                    budget.made_progress();
                    return result;
                }
            }
            if let Some(ready) = timeout(pause, self.watched.writable()).await? {
                drop(ready?);
                if let Some(left) = events_to_believe.checked_sub(1) {
                    events_to_believe = left;
                    continue;
                }
                sleep(pause).await?;
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// The same as a poll function, which believes no event.
    pub(crate) fn poll_writing_anywhere<R>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let budget = ready!(poll_proceed(cx));
        let result = self.write_regardless(operation);
        if would_block(&result) {
            return self.writers.poll_after_pause(cx);
        }
        budget.made_progress();
        Poll::Ready(result)
    }

    /// Writes if there may be room.
    pub(crate) fn try_writing<R>(&self, mut operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        if !self.assume_writable.load(Ordering::Relaxed) {
            return self.watched.try_io(Interest::WRITABLE, |watched| operation(&watched.inner));
        }
        let result = self.write_regardless(operation);
        if would_block(&result) {
            self.assume_writable.store(false, Ordering::Relaxed);
        }
        result
    }

    /// Writes whatever is known of room, and lets the runtime know if there is none.
    pub(crate) fn write_regardless<R>(
        &self,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut was_ready = false;
        let result = self.watched.try_io(Interest::WRITABLE, |watched| {
            was_ready = true;
            operation(&watched.inner)
        });
        if was_ready { result } else { operation(self.get()) }
    }

    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        Ok(self.watched.ready(interest).await?.ready())
    }

    fn poll_readable(&self, cx: &Context<'_>) -> Poll<io::Result<AsyncFdReadyGuard<'_, Watched<T>>>> {
        self.readers.poll(cx, |cx| self.watched.poll_read_ready(cx))
    }

    fn poll_writable(&self, cx: &Context<'_>) -> Poll<io::Result<AsyncFdReadyGuard<'_, Watched<T>>>> {
        self.writers.poll(cx, |cx| self.watched.poll_write_ready(cx))
    }

    /// Has all tasks that wait in a poll function poll again.
    pub(crate) fn wake_all(&self) {
        self.readers.wake_all();
        self.writers.wake_all();
    }

    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_ready(cx, Interest::READABLE).map_ok(drop)
    }

    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_ready(cx, Interest::WRITABLE).map_ok(drop)
    }

    /// For reading if that is of interest, else for writing.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>, interest: Interest) -> Poll<io::Result<Ready>> {
        let guard = if interest.is_readable() { self.poll_readable(cx) } else { self.poll_writable(cx) };
        guard.map_ok(|guard| guard.ready())
    }

    /// An operation of the caller's own, if it is ready.
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.watched.try_io(interest, |_| operation())
    }

    /// An operation of the caller's own, as soon as it is ready.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.repeat(interest, |_| operation()).await
    }

    /// Fills part of a buffer by read(2).
    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match ready!(self.poll_read_to_end(cx, buffer)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.readers.poll_after_pause(cx),
            result => Poll::Ready(result),
        }
    }

    /// The same, but `WouldBlock` if the direction has ended and there is nothing nevertheless: the runtime takes an end
    /// for final, and will not wait for what comes after it.
    pub(crate) fn poll_read_to_end(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wanted = buffer.remaining();
        loop {
            let mut guard = ready!(self.poll_readable(cx))?;
            let has_ended = guard.ready().is_read_closed();
            match guard.try_io(|_| self.read_into(buffer)) {
                Ok(Ok((count, may_have_more))) => {
                    let is_empty = is_short(count, wanted) && !may_have_more && !self.has_packets;
                    if is_empty && !self.has_marks() {
                        guard.clear_ready();
                    }
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) if has_ended => {
                    return Poll::Ready(Err(io::ErrorKind::WouldBlock.into()));
                }
                Err(_would_block) => {}
            }
        }
    }

    /// Reads into memory that need not be initialised. Tells how many bytes, and whether there may be more although they
    /// are not as many as there was room for.
    fn read_into(&self, buffer: &mut ReadBuf<'_>) -> io::Result<(usize, bool)> {
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
        Ok((count, may_have_more))
    }

    /// Takes part of `offered` bytes.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        operation: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        match ready!(self.poll_write_to_end(cx, offered, operation)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writers.poll_after_pause(cx),
            result => Poll::Ready(result),
        }
    }

    /// The same, but `WouldBlock` if the direction has ended and there is only no room nevertheless; as
    /// [`poll_read_to_end`](Self::poll_read_to_end).
    pub(crate) fn poll_write_to_end(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        mut operation: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if let Some(result) = self.poll_assumed_write(cx, offered, &mut operation) {
            return result;
        }
        loop {
            let mut guard = ready!(self.poll_writable(cx))?;
            let has_ended = guard.ready().is_write_closed();
            match guard.try_io(|registered| operation(&registered.get_ref().inner)) {
                Ok(Ok(count)) => {
                    if is_short(count, offered) {
                        guard.clear_ready();
                    }
                    return Poll::Ready(Ok(count));
                }
                Ok(error) => return Poll::Ready(error),
                Err(_would_block) if has_ended => {
                    return Poll::Ready(Err(io::ErrorKind::WouldBlock.into()));
                }
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

/// What the runtime calls readiness for out-of-band data (`MSG_OOB`), which Linux 5.15 and later have on Unix domain sockets.
#[cfg(any(target_os = "linux", target_os = "android"))]
const OUT_OF_BAND: Interest = Interest::PRIORITY;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const OUT_OF_BAND: Interest = Interest::READABLE;

/// Linux says of a datagram socket whose receiving direction was shut down, as of a listener, that it would have to wait.
fn nothing_can_come() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "nothing can come any more: this direction was shut down")
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// A short transfer has emptied (or filled) the queue, so that the next attempt would only be told to wait: that
/// call is saved by waiting at once, as Tokio's own types do. Not after zero bytes: that is the end of the stream,
/// which no further event announces.
fn is_short(count: usize, wanted: usize) -> bool {
    0 < count && count < wanted
}

/// How many bytes one system call is offered at least: a write of fewer is short.
pub(crate) fn offered(slices: &[IoSlice<'_>]) -> usize {
    slices::total(&slices[slices::part(slices)])
}
