use super::{SignalInfo, SignalSet};
use crate::{
    error::about,
    os::unix::sys::signal::{mask, wait as sys},
    time::Deadline,
};
use std::{io, time::Duration};

/// Takes one of these signals, without a handler: waits until one is pending, for this thread or the process.
///
/// The signals have to be blocked by **every** thread ([`SignalMask`](super::SignalMask)), else one that has not blocked them is where they
/// are delivered, and their default actions happen. Of several that are pending, real-time signals come in the order of
/// their numbers, and those of one number in the order in which they were queued (POSIX, 2.4.2). Do not ignore what is to
/// come: Linux keeps whatever is blocked, other systems may discard what is ignored, be it by default (POSIX, 2.4.1).
///
/// When other signals are handled meanwhile, this goes on waiting. Each call makes a second system call, to look whether the
/// signals are blocked.
///
/// # Platform differences
/// macOS and OpenBSD do not say more than which signal it is (sigwait(2)): [`Cause::Unknown`](super::Cause::Unknown). glibc
/// tells what was sent to a thread as sent to the process (sigtimedwait.c): [`Cause::User`](super::Cause::User).
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): this thread has not blocked all of the signals; there are none; or one of
/// them is [`KILL`](super::Signal::KILL) or [`STOP`](super::Signal::STOP), which nobody can wait for.
#[doc(alias("sigwait", "sigwaitinfo"))]
pub fn wait(signals: impl Into<SignalSet>) -> io::Result<SignalInfo> {
    let signals = signals.into();
    check_blocked("wait for", signals)?;
    loop {
        match sys::wait(signals, None) {
            Ok(Some(record)) => return Ok(SignalInfo::from_record(record)),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(signals, error)),
        }
    }
}

/// [`wait`](wait()), but not for longer than `timeout`.
///
/// # Errors
/// - [`TimedOut`](io::ErrorKind::TimedOut): none came in time.
/// - [`Unsupported`](io::ErrorKind::Unsupported): macOS and OpenBSD, which have no sigtimedwait(2).
/// - As for [`wait`](wait()).
#[doc(alias = "sigtimedwait")]
pub fn wait_timeout(signals: impl Into<SignalSet>, timeout: Duration) -> io::Result<SignalInfo> {
    let signals = signals.into();
    check_blocked("wait for", signals)?;
    let deadline = Deadline::after(timeout);
    let mut left = timeout;
    loop {
        match sys::wait(signals, Some(left)) {
            Ok(Some(record)) => return Ok(SignalInfo::from_record(record)),
            Ok(None) if left.is_zero() => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "no signal came in time"));
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(signals, error)),
        }
        left = deadline.left().unwrap_or(Duration::MAX);
    }
}

/// Takes one of these signals if one is pending.
///
/// # Errors
/// As for [`wait_timeout`], but for `TimedOut`.
pub fn try_wait(signals: impl Into<SignalSet>) -> io::Result<Option<SignalInfo>> {
    match wait_timeout(signals, Duration::ZERO) {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(None),
        Err(error) => Err(error),
    }
}

/// The signals that are pending: sent to this thread or the process, and blocked (sigpending(2)).
///
/// # Errors
/// None that POSIX names.
pub fn pending() -> io::Result<SignalSet> {
    mask::pending()
}

/// Refuses what would wait for ever, or end the process.
pub(super) fn check_blocked(what: &str, signals: SignalSet) -> io::Result<()> {
    let invalid = |reason: String| {
        let signals = if signals.is_empty() { "no signals".into() } else { signals.to_string() };
        Err(io::Error::new(io::ErrorKind::InvalidInput, format!("cannot {what} {signals}: {reason}")))
    };
    if signals.is_empty() {
        return invalid("none of them would ever come".into());
    }
    if let Some(signal) = signals.iter().find(|signal| !signal.can_be_caught()) {
        return invalid(format!("{signal} cannot be blocked"));
    }
    let missing = mask::unblocked(signals)?;
    if !missing.is_empty() {
        return invalid(format!("this thread has not blocked {missing}"));
    }
    Ok(())
}

fn failed(signals: SignalSet, error: io::Error) -> io::Error {
    about(format_args!("wait for {signals}"), error)
}
