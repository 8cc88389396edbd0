use crate::{
    os::windows::console::tokio::ControlEvents,
    shutdown::{Request, windows},
    sync::Mutex,
};
use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
};

/// Polled by one task at a time, which takes a moment.
#[derive(Debug)]
pub(in crate::shutdown) struct Listener(Mutex<ControlEvents>);

impl Listener {
    pub(in crate::shutdown) fn new() -> io::Result<Self> {
        Ok(Self(Mutex::new(ControlEvents::new()?)))
    }

    pub(in crate::shutdown) async fn recv(&self) -> Option<Request> {
        poll_fn(|cx| self.poll(cx)).await
    }

    pub(in crate::shutdown) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        let mut events = self.0.lock();
        events.poll_recv(cx).map(|event| event.map(windows::request))
    }

    pub(in crate::shutdown) fn close(&self) {
        self.0.lock().close();
    }
}
