//! Control events of the console, for tasks.
//!
//! # Example
//! ```
//! use interprocess::os::windows::console::tokio::ControlEvents;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let mut events = ControlEvents::new()?;
//! tokio::select! {
//!     Some(received) = events.recv() => println!("{:?}: ending", received.event()),
//!     () = tokio::time::sleep(Duration::from_millis(10)) => println!("the work is done"),
//! }
//! # Ok(()) }
//! ```

pub use super::ReceivedEvent;

use std::{
    future::poll_fn,
    io,
    task::{Context, Poll},
};

/// Listens to control events of the console. The counterpart of
/// [`console::ControlEvents`](crate::os::windows::console::ControlEvents), which says what holds for both. Needs no runtime.
#[derive(Debug)]
#[must_use = "control events are no longer received when this is dropped"]
pub struct ControlEvents(super::ControlEvents);

impl ControlEvents {
    /// Begins to listen.
    ///
    /// # Errors
    /// Whatever the system reports (Microsoft: "SetConsoleCtrlHandler function").
    pub fn new() -> io::Result<Self> {
        super::ControlEvents::new().map(Self)
    }

    /// Waits for the next event; `None` if the listener was [closed](Self::close) and all that came before was received.
    /// Cancel-safe: an event is taken only when it is given.
    #[doc(alias = "wait")]
    pub async fn recv(&mut self) -> Option<ReceivedEvent> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next event, or [`Pending`](Poll::Pending): then the task is woken when there may be one.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<ReceivedEvent>> {
        self.0.poll_next(cx)
    }

    /// Stops listening: events that come from now on are not received.
    pub fn close(&self) {
        self.0.close();
    }
}

/// Goes on as a synchronous listener. Nothing is lost.
impl From<ControlEvents> for super::ControlEvents {
    fn from(events: ControlEvents) -> Self {
        events.0
    }
}

/// Goes on as a listener for tasks. Nothing is lost.
impl From<super::ControlEvents> for ControlEvents {
    fn from(events: super::ControlEvents) -> Self {
        Self(events)
    }
}
