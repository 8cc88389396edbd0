//! The half for Windows: control events of the console.

use super::{Reason, Request};
use crate::{
    os::windows::console::{ControlEvent, ControlEvents, ReceivedEvent},
    sync::Mutex,
};
use std::{io, time::Duration};

#[cfg(feature = "tokio")]
pub(super) mod tokio;

/// Windows waits for it to be dropped.
pub(super) type Hold = ReceivedEvent;

pub(super) fn request(event: ReceivedEvent) -> Request {
    let reason = match event.event() {
        ControlEvent::CtrlC | ControlEvent::CtrlBreak => Reason::Interrupt,
        ControlEvent::Shutdown => Reason::Terminate,
        ControlEvent::Close | ControlEvent::Logoff => Reason::Hangup,
    };
    Request { reason, _hold: event }
}

#[derive(Debug)]
pub(super) struct Listener(ControlEvents);

impl Listener {
    pub(super) fn new() -> io::Result<Self> {
        ControlEvents::new().map(Self)
    }

    pub(super) fn wait(&self) -> Option<Request> {
        self.0.wait().map(request)
    }

    pub(super) fn wait_timeout(&self, timeout: Duration) -> io::Result<Option<Request>> {
        Ok(self.0.wait_timeout(timeout)?.map(request))
    }

    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// Listens until the first event, and holds that until it is dropped.
#[derive(Debug)]
pub(super) struct Flag {
    events: ControlEvents,
    seen: Mutex<Option<ReceivedEvent>>,
}

impl Flag {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { events: ControlEvents::once()?, seen: Mutex::new(None) })
    }

    pub(super) fn is_set(&self) -> bool {
        let mut seen = self.seen.lock();
        if seen.is_none() {
            *seen = self.events.wait_timeout(Duration::ZERO).unwrap_or(None);
        }
        seen.is_some()
    }
}
