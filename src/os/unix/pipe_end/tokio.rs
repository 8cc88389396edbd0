//! Ends that find a new other end after the last one was gone.
//!
//! A runtime takes the end of a stream for final: it calls a descriptor that was closed at the other end ready for ever, and
//! tells of nothing that comes after. With a FIFO something may come: the next sender, who says nothing for the time being,
//! or the next receiver, who does not read. Waiting for it would be trying again and again. Instead a duplicate of the
//! descriptor is registered then, of which the runtime knows nothing yet.

use crate::{
    os::unix::sys::{async_fd::Registered, fd},
    sync::Mutex,
};
use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};
use tokio::{
    io::{Interest, ReadBuf, Ready},
    runtime::Handle,
    task::coop::consume_budget,
};

/// An end in nonblocking mode on the runtime, for one direction.
#[derive(Debug)]
pub(crate) struct Renewed<T: AsFd> {
    first: Registered<T>,
    /// Whether there is a later one. Until then, nobody takes the lock.
    is_renewed: AtomicBool,
    later: Mutex<Option<Later>>,
    interest: Interest,
    /// Whether a read ends with a packet.
    has_packets: bool,
    runtime: Handle,
}

type Later = Arc<Registered<OwnedFd>>;

impl<T: AsFd> Renewed<T> {
    /// # Panics
    /// Outside a Tokio runtime that has I/O enabled.
    #[track_caller]
    pub(crate) fn new(end: T, interest: Interest) -> io::Result<Self> {
        Ok(Self {
            first: Registered::new(end, interest)?,
            is_renewed: AtomicBool::new(false),
            later: Mutex::new(None),
            interest,
            has_packets: false,
            runtime: Handle::current(),
        })
    }

    /// Says whether what is read are packets.
    pub(crate) fn with_packets(self, has_packets: bool) -> Self {
        Self { first: self.first.with_packets(has_packets), has_packets, ..self }
    }

    pub(crate) fn get(&self) -> &T {
        self.first.get()
    }

    pub(crate) fn into_inner(self) -> T {
        self.first.into_inner()
    }

    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        let later = self.later();
        let ready = match &later {
            None => self.first.ready(interest).await?,
            Some(later) => later.ready(interest).await?,
        };
        if !self.is_outdated(ready)? {
            return Ok(ready);
        }
        self.renew(later)?.ready(interest).await
    }

    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        let later = self.later();
        let ready = ready!(match &later {
            None => self.first.poll_interest(cx, self.interest),
            Some(later) => later.poll_interest(cx, self.interest),
        })?;
        if !self.is_outdated(ready)? {
            return Poll::Ready(Ok(ready));
        }
        self.renew(later)?.poll_interest(cx, self.interest)
    }

    pub(crate) fn try_io<R>(&self, operation: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        match self.later() {
            None => self.first.try_io(self.interest, || operation(self.get())),
            Some(later) => later.try_io(self.interest, || operation(self.get())),
        }
    }

    /// Writes if there may be room.
    pub(crate) fn try_writing<R>(&self, mut operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        match self.later() {
            None => self.first.try_writing(operation),
            Some(later) => later.try_writing(|_| operation(self.get())),
        }
    }

    /// Writes as soon as there is room.
    pub(crate) async fn writing<R>(&self, mut operation: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        loop {
            consume_budget().await;
            match self.try_writing(&mut operation) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            self.ready(Interest::WRITABLE).await?;
        }
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let later = self.later();
        let result = ready!(match &later {
            None => self.first.poll_fill_to_end(cx, buffer),
            Some(later) => later.poll_fill_to_end(cx, buffer),
        });
        if !would_block(&result) {
            return Poll::Ready(result);
        }
        let result = ready!(self.renew(later)?.poll_fill_to_end(cx, buffer));
        once_more(cx, result)
    }

    /// Takes part of `offered` bytes.
    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        offered: usize,
        mut operation: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let later = self.later();
        let result = ready!(match &later {
            None => self.first.poll_write_to_end(cx, offered, &mut operation),
            Some(later) => later.poll_write_to_end(cx, offered, |_| operation(self.get())),
        });
        if !would_block(&result) {
            return Poll::Ready(result);
        }
        let result = ready!(self.renew(later)?.poll_write_to_end(cx, offered, |_| operation(self.get())));
        once_more(cx, result)
    }

    fn later(&self) -> Option<Later> {
        if self.is_renewed.load(Ordering::Acquire) { self.lock().clone() } else { None }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Later>> {
        // It is replaced in one step.
        self.later.lock()
    }

    /// Whether the runtime takes for closed what is not closed any more.
    fn is_outdated(&self, ready: Ready) -> io::Result<bool> {
        let is_closed = ready.is_read_closed() || ready.is_write_closed();
        Ok(is_closed && !fd::is_hung_up(self.get().as_fd())?)
    }

    /// Puts a new registration in place of the one that is outdated, if no other task has.
    fn renew(&self, outdated: Option<Later>) -> io::Result<Later> {
        let mut later = self.lock();
        if let Some(later) = &*later {
            if outdated.is_none_or(|outdated| !Arc::ptr_eq(&outdated, later)) {
                return Ok(Arc::clone(later));
            }
        }
        let duplicate = fd::duplicate(self.get().as_fd())?;
        // Whoever polls need not be in the runtime's context.
        let _context = self.runtime.enter();
        let renewed = Arc::new(Registered::new(duplicate, self.interest)?.with_packets(self.has_packets));
        let replaced = later.replace(Arc::clone(&renewed));
        self.is_renewed.store(true, Ordering::Release);
        drop(later);
        if let Some(replaced) = replaced {
            // Its end may be known here before the runtime has woken the other tasks, and dropping it forgets them.
            replaced.wake_all();
        }
        Ok(renewed)
    }
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// Has the task polled again if the new registration is outdated already.
fn once_more<R>(cx: &mut Context<'_>, result: io::Result<R>) -> Poll<io::Result<R>> {
    if would_block(&result) {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    Poll::Ready(result)
}
