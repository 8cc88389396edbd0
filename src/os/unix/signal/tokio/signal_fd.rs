use crate::os::unix::{
    signal::{self, SignalInfo, SignalSet},
    sys::async_fd::Registered,
};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    task::{Context, Poll},
};
use tokio::io::Interest;

/// Signals through a descriptor, on a Tokio runtime: [`signal::SignalFd`], with the same need for every thread to have them
/// blocked, those of the runtime included. So block them before the runtime is made.
///
/// Signals that were sent to one thread alone are seen by a read of that thread alone; it may be another of the runtime's that
/// reads.
#[derive(Debug)]
#[must_use = "signals are no longer received when this is dropped"]
pub struct SignalFd(Registered<signal::SignalFd>);

impl SignalFd {
    /// A descriptor for these signals.
    ///
    /// # Errors
    /// As for [`signal::SignalFd::new`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn new(signals: impl Into<SignalSet>) -> io::Result<Self> {
        Self::try_from(signal::SignalFd::new(signals)?)
    }

    /// Has it tell of these signals instead, from now on.
    ///
    /// # Errors
    /// As for [`signal::SignalFd::set`].
    pub fn set(&self, signals: impl Into<SignalSet>) -> io::Result<()> {
        self.0.get().set(signals)
    }

    /// Takes one signal, as soon as there is one.
    ///
    /// # Cancel safety
    /// Cancel safe: if the future is dropped, no signal was taken.
    ///
    /// # Errors
    /// Those of read(2).
    pub async fn read(&self) -> io::Result<SignalInfo> {
        self.0.reading(signal::SignalFd::read).await
    }

    /// Takes up to 32 signals, as soon as there is one, and appends them. Tells how many there were.
    ///
    /// # Cancel safety
    /// Cancel safe: if the future is dropped, no signal was taken.
    ///
    /// # Errors
    /// Those of read(2).
    pub async fn read_many(&self, signals: &mut Vec<SignalInfo>) -> io::Result<usize> {
        self.0.reading(|inner| inner.read_many(signals)).await
    }

    /// Takes one signal, if there is one.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): there is none.
    pub fn try_read(&self) -> io::Result<SignalInfo> {
        self.0.try_reading(signal::SignalFd::read)
    }

    /// [`read`](Self::read) by hand. All tasks that poll are woken.
    ///
    /// # Errors
    /// Those of read(2).
    pub fn poll_read(&self, cx: &mut Context<'_>) -> Poll<io::Result<SignalInfo>> {
        self.0.poll_reading(cx, signal::SignalFd::read)
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.get().as_fd()
    }
}

impl AsRawFd for SignalFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.get().as_raw_fd()
    }
}

/// Makes it nonblocking and has the current runtime watch it.
///
/// # Panics
/// Outside a Tokio runtime with I/O enabled.
impl TryFrom<signal::SignalFd> for SignalFd {
    type Error = io::Error;

    #[track_caller]
    fn try_from(signals: signal::SignalFd) -> io::Result<Self> {
        signals.set_nonblocking(true)?;
        Ok(Self(Registered::new(signals, Interest::READABLE)?))
    }
}

/// In blocking mode.
impl TryFrom<SignalFd> for signal::SignalFd {
    type Error = io::Error;

    fn try_from(signals: SignalFd) -> io::Result<Self> {
        let signals = signals.0.into_inner();
        signals.set_nonblocking(false)?;
        Ok(signals)
    }
}

/// The descriptor stays nonblocking.
impl From<SignalFd> for OwnedFd {
    fn from(signals: SignalFd) -> Self {
        signals.0.into_inner().into()
    }
}
