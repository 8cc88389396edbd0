//! Receiving signals one by one, with what came with them.

use super::{Signal, SignalInfo, SignalSet, listener::Listener};
use crate::{os::unix::sys::fd::pause, time::Deadline};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    time::Duration,
};

/// Receives signals, in the order in which the process got them.
///
/// While it exists, the signals do not have their default action. When the last listener of a signal is gone, its old
/// disposition is back. Each listener gets every signal; threads may share one, and then each signal goes to one of them.
///
/// # What is kept, and what is lost
/// Real-time signals are all kept, with their values, however many wait to be received: the memory for them grows. Of a
/// standard signal the kernel itself keeps one instance while it is not delivered; here up to 64 wait to be received, and
/// more of the same kind are dropped. So a signal is never missed, but standard ones cannot be counted.
///
/// The order is that in which the handler ran. The kernel hands out a process's signals in order, but to any thread that
/// does not block them, and two threads can overtake each other on the way into their handlers. Where the order of
/// real-time signals matters, let only one thread take them, by a [`SignalMask`](super::SignalMask) in the others.
///
/// # Children
/// What the old disposition of [`CHLD`](Signal::CHLD) says stays in force. A handler with `SA_NOCLDSTOP` keeps signals of
/// children that stop from being raised, and if the process ignores the signal, or has set `SA_NOCLDWAIT`, children are no
/// zombies when they end. Linux raises the signal for those all the same; other systems need not (sigaction(2)).
///
/// # Forks
/// A process that is forked from this one (fork(2)) receives none of its signals: there the listener is closed, nothing is
/// taken from the parent, and the signals do what they did before it. Who becomes a daemon by forking listens afterwards.
///
/// # Waiting for other things as well
/// The descriptor ([`AsFd`]) becomes readable when there are signals, for poll(2) and the like. It must not be read; it
/// stays readable until [`pending`](Self::pending) has found nothing more.
///
/// # Example
/// ```
/// use interprocess::os::unix::signal::{self, Signal, SignalValue, Signals};
///
/// # fn main() -> std::io::Result<()> {
/// let signals = Signals::new([Signal::USR1, Signal::WINCH])?;
/// signal::queue(std::process::id() as i32, Signal::USR1, SignalValue::from(7))?;
/// let info = signals.wait().expect("nobody closes it");
/// assert_eq!(info.signal(), Signal::USR1);
/// assert_eq!(info.pid(), Some(std::process::id() as i32));
/// assert_eq!(info.value().map(|value| value.as_i32()), Some(7));
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "signals are no longer received when this is dropped"]
pub struct Signals(pub(super) Listener);

/// How often [`Signals::wait`] looks for signals where the system does not let it wait.
const PAUSE: Duration = Duration::from_millis(10);

impl Signals {
    /// Begins to receive these signals. Others can be [added](Self::add).
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `SIGKILL` and `SIGSTOP`, which nobody can catch; `SIGSEGV`, `SIGBUS`,
    ///   `SIGFPE` and `SIGILL`, for which see [`low_level`](super::low_level).
    /// - The limit of open descriptors; no memory.
    pub fn new(signals: impl Into<SignalSet>) -> io::Result<Self> {
        Listener::new(signals.into()).map(Self)
    }

    /// Receives this signal as well from now on, also in threads that are waiting.
    ///
    /// # Errors
    /// As for [`new`](Self::new). [`ConnectionAborted`](io::ErrorKind::ConnectionAborted): the listener is [closed](Self::close).
    pub fn add(&self, signal: Signal) -> io::Result<()> {
        self.0.add(signal)
    }

    /// Receives this signal no longer; `false` if it did not. Instances that came before can still be received.
    pub fn remove(&self, signal: Signal) -> bool {
        self.0.remove(signal)
    }

    /// Which signals are received.
    pub fn signals(&self) -> SignalSet {
        self.0.signals()
    }

    /// Waits for the next signal; `None` if the listener was [closed](Self::close) and all that came before was received.
    #[doc(alias("recv", "forever"))]
    pub fn wait(&self) -> Option<SignalInfo> {
        loop {
            if let Some(info) = self.0.take() {
                return Some(info);
            }
            if self.is_closed() {
                return self.0.take();
            }
            if self.0.queue.wait(Deadline::after(None)).is_err() {
                // The kernel has no memory just now, or a sandbox lets nobody wait. The queue itself needs no system call.
                pause(PAUSE);
            }
        }
    }

    /// The same, for as long as `timeout` allows. With a timeout of zero it does not wait.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if there was no signal in time. Those of poll(2).
    pub fn wait_timeout(&self, timeout: Duration) -> io::Result<Option<SignalInfo>> {
        let deadline = Deadline::after(timeout);
        loop {
            if let Some(info) = self.0.take() {
                return Ok(Some(info));
            }
            if self.is_closed() {
                return Ok(self.0.take());
            }
            if !self.0.queue.wait(deadline)? {
                return match self.0.take() {
                    Some(info) => Ok(Some(info)),
                    None => Err(io::Error::new(io::ErrorKind::TimedOut, "there was no signal in time")),
                };
            }
        }
    }

    /// Those that have come and were not received yet. Does not wait.
    pub fn pending(&self) -> Pending<'_> {
        Pending(self)
    }

    /// All to come: waits for each, and ends when the listener is [closed](Self::close).
    pub fn forever(&self) -> Forever<'_> {
        Forever(self)
    }

    /// Stops receiving, from any thread: the old dispositions are back, threads that wait are woken, and what has come
    /// before can still be received. A signal that another thread's handler is at that moment about to hand over does what
    /// it does without this listener.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether it was [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.0.queue.is_closed()
    }

    /// How many signals were dropped because the system had no memory for them. Zero, as a rule.
    pub fn lost(&self) -> usize {
        self.0.queue.lost()
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.queue.as_fd()
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl<'a> IntoIterator for &'a Signals {
    type Item = SignalInfo;
    type IntoIter = Forever<'a>;

    fn into_iter(self) -> Forever<'a> {
        self.forever()
    }
}

/// Signals that have come, as [`Signals::pending`] gives them.
#[derive(Debug)]
#[must_use = "signals are received one by one, by iterating"]
pub struct Pending<'a>(&'a Signals);

impl Iterator for Pending<'_> {
    type Item = SignalInfo;

    fn next(&mut self) -> Option<SignalInfo> {
        self.0.0.take()
    }
}

/// Signals to come, as [`Signals::forever`] gives them.
#[derive(Debug)]
#[must_use = "signals are received one by one, by iterating"]
pub struct Forever<'a>(&'a Signals);

impl Iterator for Forever<'_> {
    type Item = SignalInfo;

    fn next(&mut self) -> Option<SignalInfo> {
        self.0.wait()
    }
}
