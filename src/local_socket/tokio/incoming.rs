use super::{Listener, Stream};
use crate::local_socket::platform;
use std::{
    fmt::{self, Debug, Formatter},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

/// How long nothing is accepted after an error.
const PAUSE: Duration = Duration::from_millis(10);

/// Accepts clients until the listener is closed. Made by [`Listener::incoming`].
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<'a> {
    listener: &'a Listener,
    pause: Option<Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>>,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(listener: &'a Listener) -> Self {
        Self { listener, pause: None }
    }
}

impl futures_core::Stream for Incoming<'_> {
    type Item = io::Result<Stream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Stream>>> {
        if let Some(pause) = &mut self.pause {
            let paused = ready!(pause.as_mut().poll(cx));
            self.pause = None;
            if paused.is_err() {
                // The runtime is shutting down.
                return Poll::Ready(None);
            }
        }
        let accepted = ready!(self.listener.poll_accept(cx));
        if accepted.is_err() {
            if self.listener.is_closed() {
                return Poll::Ready(None);
            }
            self.pause = Some(Box::pin(platform::tokio::pause(PAUSE)));
        }
        Poll::Ready(Some(accepted))
    }
}

impl Debug for Incoming<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("listener", &self.listener).finish_non_exhaustive()
    }
}
