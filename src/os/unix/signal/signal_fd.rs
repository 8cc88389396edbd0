use super::{SignalInfo, SignalSet, wait::check_blocked};
use crate::{
    error::about,
    os::unix::sys::{fd as descriptor, signal::fd as sys},
};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd},
};

/// Signals through a descriptor that can be polled together with others (signalfd(2)), on Linux and Android.
///
/// The signals have to be blocked by **every** thread, as for [`wait`](super::wait()), and stay blocked. What is read is what
/// is pending for the process, or for the thread that reads; it can be taken by any reader, or by a
/// [`wait`](super::wait()), but once. A child that has the descriptor reads its own signals through it, not its parent's.
///
/// ```
/// use interprocess::os::unix::signal::{Signal, SignalFd, SignalMask, raise};
///
/// # fn main() -> std::io::Result<()> {
/// let _blocked = SignalMask::block([Signal::HUP, Signal::TERM])?;
/// # if cfg!(not(any(target_os = "linux", target_os = "android"))) { return Ok(()) }
/// let signals = SignalFd::new([Signal::HUP, Signal::TERM])?;
/// raise(Signal::HUP)?;
/// assert_eq!(signals.read()?.signal(), Signal::HUP);
/// # Ok(()) }
/// ```
///
/// # Errors
/// On other systems whatever makes one fails with [`Unsupported`](io::ErrorKind::Unsupported).
#[doc(alias = "signalfd")]
#[derive(Debug)]
#[must_use = "signals are no longer received when this is dropped"]
pub struct SignalFd(OwnedFd);

impl SignalFd {
    /// Creates a descriptor for these signals, close-on-exec and blocking.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): this thread has not blocked all of the signals; there are none; or
    ///   one of them is [`KILL`](super::Signal::KILL) or [`STOP`](super::Signal::STOP).
    /// - [`Unsupported`](io::ErrorKind::Unsupported): a sandbox denies signalfd4(2).
    pub fn new(signals: impl Into<SignalSet>) -> io::Result<Self> {
        let signals = signals.into();
        check_blocked("make a descriptor of", signals)?;
        match sys::create(signals) {
            Ok(descriptor) => Ok(Self(descriptor)),
            Err(error) => Err(about(format_args!("make a descriptor of {signals}"), error)),
        }
    }

    /// Has it tell of these signals instead, from now on, also in threads that are waiting.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn set(&self, signals: impl Into<SignalSet>) -> io::Result<()> {
        let signals = signals.into();
        check_blocked("change a descriptor to", signals)?;
        sys::set(self.0.as_fd(), signals)
            .map_err(|error| about(format_args!("change a descriptor to {signals}"), error))
    }

    /// Takes one signal; waits for it, unless the descriptor is nonblocking. When other signals are handled meanwhile, this
    /// goes on waiting.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock): the descriptor is nonblocking, and none is pending.
    pub fn read(&self) -> io::Result<SignalInfo> {
        let mut taken = None;
        loop {
            self.take(1, |info| taken = Some(info))?;
            if let Some(info) = taken {
                return Ok(info);
            }
        }
    }

    /// Takes up to 32 signals in one system call, waits for the first as [`read`](Self::read) does, and appends them. Tells
    /// how many there were.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_many(&self, signals: &mut Vec<SignalInfo>) -> io::Result<usize> {
        signals.reserve(sys::MOST);
        self.take(sys::MOST, |info| signals.push(info))
    }

    fn take(&self, most: usize, mut take: impl FnMut(SignalInfo)) -> io::Result<usize> {
        loop {
            match sys::read(self.0.as_fd(), most, |record| take(SignalInfo::from_record(record))) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    /// Has [`read`](Self::read) fail instead of waiting.
    ///
    /// # Errors
    /// Those of fcntl(2).
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        descriptor::set_nonblocking(self.0.as_fd(), nonblocking)
    }

    /// A second descriptor of the same, for the same signals.
    ///
    /// # Errors
    /// Those of fcntl(2).
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(descriptor::duplicate(self.0.as_fd())?))
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for SignalFd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl IntoRawFd for SignalFd {
    fn into_raw_fd(self) -> RawFd {
        self.0.into_raw_fd()
    }
}

/// Looks at neither the descriptor's kind nor the mask.
#[allow(unsafe_code)]
impl FromRawFd for SignalFd {
    unsafe fn from_raw_fd(number: RawFd) -> Self {
        // SAFETY: the caller gives an open descriptor that it owns.
        Self(unsafe { OwnedFd::from_raw_fd(number) })
    }
}

impl From<SignalFd> for OwnedFd {
    fn from(signals: SignalFd) -> Self {
        signals.0
    }
}

/// Takes a descriptor that signalfd(2) has made. That the signals are blocked is not looked at.
///
/// Fails with [`InvalidInput`](io::ErrorKind::InvalidInput) for one of another kind, and with
/// [`Unsupported`](io::ErrorKind::Unsupported) if `/proc` is missing and on other systems.
impl TryFrom<OwnedFd> for SignalFd {
    type Error = io::Error;

    fn try_from(descriptor: OwnedFd) -> io::Result<Self> {
        sys::check(descriptor.as_fd())?;
        Ok(Self(descriptor))
    }
}
