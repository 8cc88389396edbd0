//! Waiting for descriptors in poll functions: try, wait, try again. What a runtime has to do for it is [`Reactor`].
#![cfg_attr(not(feature = "tokio"), allow(dead_code))] // The tests' adapter uses less.

use super::{slices, tasks::Tasks};
use std::{
    io::{self, IoSlice},
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

/// A way that bytes go.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Read,
    Write,
}

/// A runtime's watch over the descriptor of an object in nonblocking mode.
///
/// A way is taken for ready from the start, and from an event on, until an operation would have to wait or
/// [`Ready::clear`] says so.
pub(crate) trait Reactor: Sized {
    type Object;
    /// That a way is ready.
    type Ready<'a>: Ready<Self::Object>
    where
        Self: 'a;
    /// A part of what the runtime lets a task do before others have their turn.
    type Budget;

    fn get(&self) -> &Self::Object;

    /// Stops watching.
    fn into_inner(self) -> Self::Object;

    /// Waits until a way is ready. The waker of the last call for this way is woken, and need be no other.
    fn poll_ready(&self, cx: &mut Context<'_>, way: Way) -> Poll<io::Result<Self::Ready<'_>>>;

    /// Does it if the way is ready; `WouldBlock` otherwise.
    fn try_io<R>(&self, way: Way, operation: impl FnOnce(&Self::Object) -> io::Result<R>) -> io::Result<R>;

    /// Whether there was out-of-band data. A read ends where it was, although more may follow that no further event
    /// announces.
    fn has_marks(&self) -> bool;

    /// Takes from the task's budget, for an operation that did not begin with [`poll_ready`](Self::poll_ready).
    fn poll_budget(cx: &mut Context<'_>) -> Poll<Self::Budget>;

    /// The budget was used; otherwise the task gets it back.
    fn made_progress(budget: Self::Budget);

    /// Drops something after some time, or earlier if the runtime ends.
    fn drop_after<K: Send + 'static>(duration: Duration, kept: K);
}

/// That a way is ready, as far as the runtime knows.
pub(crate) trait Ready<T> {
    /// Whether the way has ended. Then it stays ready for ever.
    fn has_ended(&self) -> bool;

    /// Does it, unless it would have to wait: then the way is not ready any more, unless an event has come meanwhile.
    fn try_io<R>(&mut self, operation: impl FnOnce(&T) -> io::Result<R>)
    -> Result<io::Result<R>, WouldBlock>;

    /// The way is not ready any more, unless an event has come meanwhile.
    fn clear(&mut self);
}

/// The operation would have to wait.
pub(crate) struct WouldBlock;

/// What came of a read.
pub(crate) struct Received {
    pub(crate) count: usize,
    /// There may be more, although there was room for more than this.
    pub(crate) may_have_more: bool,
}

/// An object in nonblocking mode whose descriptor a runtime watches.
#[derive(Debug)]
pub(crate) struct Watched<W> {
    pub(super) reactor: W,
    readers: Tasks,
    writers: Tasks,
    /// Until a write shows otherwise, there is room, and no need to be told so.
    assume_writable: AtomicBool,
    /// Whether a read ends with a packet, so that after a short one there may be more.
    has_packets: bool,
}

impl<W: Reactor> Watched<W> {
    pub(crate) fn by(reactor: W) -> Self {
        Self {
            reactor,
            readers: Tasks::new(),
            writers: Tasks::new(),
            assume_writable: AtomicBool::new(true),
            has_packets: false,
        }
    }

    /// Says whether what is read are packets.
    pub(crate) fn with_packets(self, has_packets: bool) -> Self {
        Self { has_packets, ..self }
    }

    pub(crate) fn get(&self) -> &W::Object {
        self.reactor.get()
    }

    /// Stops watching. The object stays in nonblocking mode.
    pub(crate) fn into_inner(self) -> W::Object {
        self.reactor.into_inner()
    }

    /// Does something that reads, as soon as it need not wait. All tasks that poll are woken.
    pub(crate) fn poll_reading<R>(
        &self,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&W::Object) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            let mut ready = ready!(self.poll_ready(cx, Way::Read))?;
            let has_ended = ready.has_ended();
            if let Ok(result) = ready.try_io(&mut operation) {
                return Poll::Ready(result);
            }
            if has_ended {
                return Poll::Ready(Err(nothing_can_come()));
            }
        }
    }

    /// Reads if there may be something to read.
    pub(crate) fn try_reading<R>(
        &self,
        operation: impl FnOnce(&W::Object) -> io::Result<R>,
    ) -> io::Result<R> {
        self.reactor.try_io(Way::Read, operation)
    }

    /// Writes to a socket that this one need not be connected to, and believes no event.
    ///
    /// Linux announces room in the queue of the socket that this one is connected to. For another's it announces room all
    /// the time: the failed attempt itself gives back the memory it took, and that is an event.
    pub(crate) fn poll_writing_anywhere<R>(
        &self,
        cx: &mut Context<'_>,
        operation: impl FnMut(&W::Object) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let budget = ready!(W::poll_budget(cx));
        let result = self.write_regardless(operation);
        if would_block(&result) {
            return self.pause(cx, Way::Write);
        }
        W::made_progress(budget);
        Poll::Ready(result)
    }

    /// Writes if there may be room.
    pub(crate) fn try_writing<R>(&self, operation: impl FnMut(&W::Object) -> io::Result<R>) -> io::Result<R> {
        if !self.assumes_room() {
            return self.reactor.try_io(Way::Write, operation);
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
        mut operation: impl FnMut(&W::Object) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut was_ready = false;
        let result = self.reactor.try_io(Way::Write, |inner| {
            was_ready = true;
            operation(inner)
        });
        if was_ready { result } else { operation(self.get()) }
    }

    /// Whether there is room as far as a write has shown.
    pub(super) fn assumes_room(&self) -> bool {
        self.assume_writable.load(Ordering::Relaxed)
    }

    /// Has all tasks that wait in a poll function poll again.
    pub(crate) fn wake_all(&self) {
        self.readers.wake_all();
        self.writers.wake_all();
    }

    pub(crate) fn poll_read_ready(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.poll_ready(cx, Way::Read).map_ok(drop)
    }

    pub(crate) fn poll_write_ready(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.poll_ready(cx, Way::Write).map_ok(drop)
    }

    /// All tasks that poll are woken.
    pub(super) fn poll_ready(&self, cx: &Context<'_>, way: Way) -> Poll<io::Result<W::Ready<'_>>> {
        self.tasks(way).poll(cx, |cx| self.reactor.poll_ready(cx, way))
    }

    /// Has the task woken after a while, although no event tells of anything.
    fn pause<R>(&self, cx: &Context<'_>, way: Way) -> Poll<R> {
        self.tasks(way).poll_after_pause(cx, W::drop_after)
    }

    fn tasks(&self, way: Way) -> &Tasks {
        match way {
            Way::Read => &self.readers,
            Way::Write => &self.writers,
        }
    }

    /// Reads at most `wanted` bytes.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        wanted: usize,
        operation: impl FnMut(&W::Object) -> io::Result<Received>,
    ) -> Poll<io::Result<()>> {
        match ready!(self.poll_read_to_end(cx, wanted, operation)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.pause(cx, Way::Read),
            result => Poll::Ready(result),
        }
    }

    /// The same, but `WouldBlock` if the way has ended and there is nothing nevertheless: the runtime takes an end for final, and
    /// will not wait for what comes after it.
    pub(crate) fn poll_read_to_end(
        &self,
        cx: &Context<'_>,
        wanted: usize,
        mut operation: impl FnMut(&W::Object) -> io::Result<Received>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.poll_ready(cx, Way::Read))?;
            let has_ended = ready.has_ended();
            match ready.try_io(&mut operation) {
                Ok(Ok(Received { count, may_have_more })) => {
                    let is_empty = is_short(count, wanted) && !may_have_more && !self.has_packets;
                    if is_empty && !self.reactor.has_marks() {
                        ready.clear();
                    }
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(WouldBlock) if has_ended => {
                    return Poll::Ready(Err(io::ErrorKind::WouldBlock.into()));
                }
                Err(WouldBlock) => {}
            }
        }
    }

    /// Takes part of `offered` bytes.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        operation: impl FnMut(&W::Object) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        match ready!(self.poll_write_to_end(cx, offered, operation)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.pause(cx, Way::Write),
            result => Poll::Ready(result),
        }
    }

    /// The same, but `WouldBlock` if the way has ended and there is only no room nevertheless; as
    /// [`poll_read_to_end`](Self::poll_read_to_end).
    pub(crate) fn poll_write_to_end(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        mut operation: impl FnMut(&W::Object) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        if let Some(result) = self.poll_assumed_write(cx, offered, &mut operation) {
            return result;
        }
        loop {
            let mut ready = ready!(self.poll_ready(cx, Way::Write))?;
            let has_ended = ready.has_ended();
            match ready.try_io(&mut operation) {
                Ok(Ok(count)) => {
                    if is_short(count, offered) {
                        ready.clear();
                    }
                    return Poll::Ready(Ok(count));
                }
                Ok(error) => return Poll::Ready(error),
                Err(WouldBlock) if has_ended => {
                    return Poll::Ready(Err(io::ErrorKind::WouldBlock.into()));
                }
                Err(WouldBlock) => {}
            }
        }
    }

    /// Writes while there is assumed to be room. `None`: there was not, or is not assumed to be.
    fn poll_assumed_write(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        operation: impl FnOnce(&W::Object) -> io::Result<usize>,
    ) -> Option<Poll<io::Result<usize>>> {
        if !self.assumes_room() {
            return None;
        }
        // Waiting for readiness would count this against the task's budget; without it that is done here.
        let Poll::Ready(budget) = W::poll_budget(cx) else { return Some(Poll::Pending) };
        let result = operation(self.get());
        match &result {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.assume_writable.store(false, Ordering::Relaxed);
                return None;
            }
            Ok(count) if is_short(*count, offered) => self.assume_writable.store(false, Ordering::Relaxed),
            _ => {}
        }
        W::made_progress(budget);
        Some(Poll::Ready(result))
    }
}

/// Linux says of a datagram socket whose receiving direction was shut down, as of a listener, that it would have to wait.
pub(super) fn nothing_can_come() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "nothing can come any more: this direction was shut down")
}

pub(crate) fn would_block<R>(result: &io::Result<R>) -> bool {
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
