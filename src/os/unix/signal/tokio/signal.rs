//! One kind of signal, in Tokio's shape.

use super::{SignalKind, Signals};
use crate::{
    os::unix::{
        signal::{self, Registration, SignalInfo},
        sys::signal::flag::absorb,
    },
    sync::Mutex,
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    task::{Context, Poll},
};

/// What keeps the handler of each signal in place that was ever listened to by Tokio's names.
static INSTALLED: Mutex<BTreeMap<signal::Signal, Registration>> = Mutex::new(BTreeMap::new());

/// Listens to one kind of signal. Made by [`signal`](signal()).
#[derive(Debug)]
#[must_use = "signals are no longer received when this is dropped"]
pub struct Signal(Signals);

/// Begins to listen to a signal on the current runtime. Real-time signals too.
///
/// As with Tokio's function, the process keeps the handler once it is installed: the signal does not do what it does by
/// default any more, also after the [`Signal`] is dropped. [`uninstall`] gives its disposition back. [`Signals`] gives it
/// back when it is dropped.
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
    let listener = Signals::new(signal).map(Signal)?;
    let mut installed = INSTALLED.lock();
    if let Entry::Vacant(place) = installed.entry(signal) {
        place.insert(Registration::of_each(signal.into(), absorb)?);
    }
    Ok(listener)
}

/// Removes the handler that [`signal`](signal()) and [`ctrl_c`] leave installed for a signal. Returns whether there was one.
///
/// The signal gets its old disposition back, at once or when everything else is dropped that listens to it.
///
/// # Examples
/// ```
/// use interprocess::os::unix::signal::{
///     Disposition, Signal, disposition,
///     tokio::{SignalKind, signal, uninstall},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// drop(signal(SignalKind::hangup())?);
/// assert_eq!(disposition(Signal::HUP)?, Disposition::Handler);
/// assert!(uninstall(SignalKind::hangup()));
/// assert_eq!(disposition(Signal::HUP)?, Disposition::Default);
/// # Ok(()) }
/// ```
pub fn uninstall(kind: impl Into<SignalKind>) -> bool {
    let Ok(signal) = signal::Signal::try_from(kind.into()) else { return false };
    let installed = INSTALLED.lock().remove(&signal);
    installed.is_some()
}

impl Signal {
    /// Waits for the signal. Unlike with Tokio's own, instances that came meanwhile are received one by one, as far as they
    /// are [kept](crate::os::unix::signal::Signals#what-is-kept-and-what-is-lost).
    ///
    /// `None` if the runtime is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe: a signal is taken only when it is given.
    #[doc(alias = "wait")]
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

/// Waits for Ctrl-C (`SIGINT`), beginning when it is first polled.
///
/// As with Tokio's function, Ctrl-C does not end the process any more from then on, also when this future is dropped or
/// has completed, until [`uninstall`] is called. So a loop may call this in each round. One that comes between two rounds is
/// lost: to receive each, keep one [`Signal`] or [`Signals`].
///
/// # Errors
/// Those of [`signal`](signal()).
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
///
/// # Cancel safety
/// Dropping it ends listening. A Ctrl-C that has arrived and was not returned is lost.
///
/// # Examples
/// ```
/// use interprocess::os::unix::signal::tokio::{SignalKind, ctrl_c, uninstall};
/// # use interprocess::os::unix::signal::{Signal, raise};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let work = async || {
/// #     tokio::task::yield_now().await;
/// #     raise(Signal::INT)
/// # };
/// for _round in 0..3 {
///     tokio::select! {
///         interrupted = ctrl_c() => interrupted?,
///         worked = work() => worked?,
///     }
/// }
/// uninstall(SignalKind::interrupt()); // Ctrl-C ends the process again.
/// # Ok(()) }
/// ```
pub async fn ctrl_c() -> io::Result<()> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    match interrupts.recv().await {
        Some(()) => Ok(()),
        None => Err(io::Error::other("the runtime is gone that Ctrl-C was awaited on")),
    }
}
