//! What listeners for both kinds of connections have in common.

use crate::os::unix::sys::registered::{Registered, StableFd};
use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
};
use tokio::io::Interest;

/// A listener in nonblocking mode, on the runtime.
pub(super) struct Listening<L: StableFd> {
    socket: Registered<L>,
    /// A socket in nonblocking mode does not tell that it was shut down: accept(2) fails with EAGAIN as before.
    is_shut_down: AtomicBool,
}

impl<L: StableFd> Listening<L> {
    pub(super) fn new(listener: L) -> io::Result<Self> {
        let socket = Registered::new(listener, Interest::READABLE)?;
        Ok(Self { socket, is_shut_down: AtomicBool::new(false) })
    }

    pub(super) fn get(&self) -> &L {
        self.socket.get()
    }

    pub(super) fn into_inner(self) -> L {
        self.socket.into_inner()
    }

    pub(super) async fn accept<S>(&self, attempt: impl Fn(&L) -> io::Result<S>) -> io::Result<S> {
        self.socket.reading(|listener| self.unless_shut_down(attempt(listener))).await
    }

    pub(super) fn poll_accept<S>(
        &self,
        cx: &mut Context<'_>,
        attempt: impl Fn(&L) -> io::Result<S>,
    ) -> Poll<io::Result<S>> {
        self.socket.poll_reading(cx, |listener| self.unless_shut_down(attempt(listener)))
    }

    pub(super) fn shut_down(&self, end: impl FnOnce(&L) -> io::Result<()>) -> io::Result<()> {
        self.is_shut_down.store(true, Ordering::SeqCst);
        end(self.get()).inspect_err(|_| self.is_shut_down.store(false, Ordering::SeqCst))
    }

    fn unless_shut_down<S>(&self, accepted: io::Result<S>) -> io::Result<S> {
        match accepted {
            Err(_) if self.is_shut_down.load(Ordering::SeqCst) => {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "the listener was shut down"))
            }
            other => other,
        }
    }
}
