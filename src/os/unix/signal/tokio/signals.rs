use crate::os::unix::{
    signal::{self, Signal, SignalInfo, SignalSet, listener::Listener},
    sys::{async_fd::Registered, signal::signal_queue::SignalQueue},
};
use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::Interest;

/// Receives signals on the runtime that it was made on. The counterpart of [`signal::Signals`], which says what is kept and
/// what is lost; what one has not received yet, the other can after a conversion.
///
/// Tasks may share it: each signal goes to one of them.
#[derive(Debug)]
#[must_use = "signals are no longer received when this is dropped"]
pub struct Signals {
    listener: Listener,
    queue: Registered<Arc<SignalQueue>>,
}

impl Signals {
    /// Begins to receive these signals on the current runtime. Others can be [added](Self::add).
    ///
    /// # Errors
    /// Those of [`signal::Signals::new`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn new(signals: impl Into<SignalSet>) -> io::Result<Self> {
        Self::watched(Listener::new(signals.into())?)
    }

    #[track_caller]
    fn watched(listener: Listener) -> io::Result<Self> {
        let queue = Registered::new(Arc::clone(&listener.queue), Interest::READABLE)?;
        Ok(Self { listener, queue })
    }

    /// Receives this signal as well from now on.
    ///
    /// # Errors
    /// Those of [`signal::Signals::add`].
    pub fn add(&self, signal: Signal) -> io::Result<()> {
        self.listener.add(signal)
    }

    /// Receives this signal no longer; `false` if it did not. Instances that came before can still be received.
    pub fn remove(&self, signal: Signal) -> bool {
        self.listener.remove(signal)
    }

    /// Which signals are received.
    pub fn signals(&self) -> SignalSet {
        self.listener.signals()
    }

    /// Waits for the next signal. `None` if the listener was [closed](Self::close) and all that came before was received, or
    /// the runtime is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe: a signal is taken only when it is given.
    #[doc(alias = "wait")]
    pub async fn recv(&self) -> Option<SignalInfo> {
        self.queue.reading(next).await.unwrap_or(None)
    }

    /// The next signal, or [`Pending`](Poll::Pending): then the task is woken when there may be one. All tasks
    /// that poll are woken.
    pub fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<SignalInfo>> {
        self.queue.poll_reading(cx, next).map(|result| result.unwrap_or(None))
    }

    /// The next signal if it has come.
    pub fn try_recv(&self) -> Option<SignalInfo> {
        self.listener.take()
    }

    /// Stops receiving: the old dispositions are back, tasks that wait are woken, and what has come before can still be
    /// received.
    pub fn close(&self) {
        self.listener.close();
    }

    /// How many signals were dropped because the system had no memory for them. Zero, as a rule.
    pub fn lost(&self) -> usize {
        self.listener.queue.lost()
    }
}

fn next(queue: &Arc<SignalQueue>) -> io::Result<Option<SignalInfo>> {
    // Asked first: what comes afterwards is not for this listener any more.
    let is_closed = queue.is_closed();
    match queue.take_watched() {
        Some(record) => Ok(Some(SignalInfo::from_record(record))),
        None if is_closed => Ok(None),
        None => Err(io::ErrorKind::WouldBlock.into()),
    }
}

/// Goes on on the current runtime. Nothing is lost, unless it fails. Panics outside a Tokio runtime with I/O enabled.
impl TryFrom<signal::Signals> for Signals {
    type Error = io::Error;

    #[track_caller]
    fn try_from(signals: signal::Signals) -> io::Result<Self> {
        Self::watched(signals.0)
    }
}

/// Goes on without a runtime. Nothing is lost.
impl From<Signals> for signal::Signals {
    fn from(signals: Signals) -> Self {
        drop(signals.queue);
        signals.listener.queue.unwatch();
        Self(signals.listener)
    }
}

/// Gives signals as [`recv`](Signals::recv) does (feature `futures-core`).
#[cfg(feature = "futures-core")]
impl futures_core::Stream for Signals {
    type Item = SignalInfo;

    fn poll_next(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SignalInfo>> {
        self.poll_recv(cx)
    }
}
