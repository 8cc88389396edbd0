//! One kind of signal, in Tokio's shape.

use super::{SignalKind, Signals};
use crate::os::unix::signal::{self, SignalInfo};
use std::{
    io,
    task::{Context, Poll},
};

/// Listens to one kind of signal. Made by [`signal`](signal()).
#[derive(Debug)]
#[must_use = "signals are no longer received when this is dropped"]
pub struct Signal(Signals);

/// Begins to listen to a signal on the current runtime. Real-time signals too.
///
/// # Errors
/// Those of [`Signals::new`], and [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no such signal.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
///
/// # Example
/// ```
/// use interprocess::os::unix::signal::tokio::{SignalKind, signal};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let mut hangups = signal(SignalKind::hangup())?;
/// # interprocess::os::unix::signal::raise(interprocess::os::unix::signal::Signal::HUP)?;
/// hangups.recv().await;
/// println!("read the configuration again");
/// # Ok(()) }
/// ```
#[track_caller]
pub fn signal(kind: impl Into<SignalKind>) -> io::Result<Signal> {
    let signal = signal::Signal::try_from(kind.into())?;
    Signals::new(signal).map(Signal)
}

impl Signal {
    /// Waits for the signal. Unlike with Tokio's own, instances that came meanwhile are received one by one, as far as they
    /// are [kept](crate::os::unix::signal::Signals#what-is-kept-and-what-is-lost).
    ///
    /// `None` if the runtime is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe: a signal is taken only when it is given.
    pub async fn recv(&mut self) -> Option<()> {
        self.recv_info().await.map(drop)
    }

    /// The same, with what came with the signal: who sent it, and which value.
    ///
    /// # Cancel safety
    /// Cancel-safe: a signal is taken only when it is given.
    pub async fn recv_info(&mut self) -> Option<SignalInfo> {
        self.0.recv().await
    }

    /// The signal if it has come, or [`Pending`](Poll::Pending): then the task is woken when it comes.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<()>> {
        self.0.poll_recv(cx).map(|info| info.map(drop))
    }
}

/// Waits for Ctrl-C (`SIGINT`), beginning when it is first polled. Afterwards, Ctrl-C does what it did before.
///
/// A program that calls this again and again is ended by a Ctrl-C in between; [`Signals`] listens all the time.
///
/// # Errors
/// Those of [`signal`](signal()).
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
///
/// # Cancel safety
/// Dropping it ends listening. What has come and was not yet told is lost.
pub async fn ctrl_c() -> io::Result<()> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    match interrupts.recv().await {
        Some(()) => Ok(()),
        None => Err(io::Error::other("the runtime is gone that Ctrl-C was awaited on")),
    }
}
