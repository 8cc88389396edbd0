//! Waiting for time to pass on a Tokio runtime that need not have its own timer enabled.
//!
//! A timer is a descriptor that the runtime watches like any other: timerfd_create(2), or a kqueue(2) with a timer. Where
//! the system has neither or gives no descriptor, a thread of the runtime's pool for blocking work sleeps instead.

use super::async_fd::Registered;
use std::{
    future::poll_fn,
    io,
    pin::pin,
    task::{Poll, ready},
    thread,
    time::Duration,
};
use tokio::{io::Interest, runtime::Handle, task::spawn_blocking};

/// Waits for some time. Fails if the runtime is shutting down.
///
/// # Panics
/// Outside a Tokio runtime that has I/O enabled.
pub(crate) async fn sleep(duration: Duration) -> io::Result<()> {
    let timer = system::start(duration).and_then(|timer| Registered::new(timer, Interest::READABLE));
    match timer {
        Ok(timer) => timer.ready(Interest::READABLE).await.map(drop),
        Err(_) => spawn_blocking(move || thread::sleep(duration)).await.map_err(io::Error::other),
    }
}

/// Waits for `future`, but no longer than for some time: `None` if that is over. Fails as [`sleep`] does.
///
/// # Panics
/// As `sleep` does, unless `future` is ready at once.
pub(crate) async fn timeout<T>(duration: Duration, future: impl Future<Output = T>) -> io::Result<Option<T>> {
    let (mut future, mut sleep) = (pin!(future), pin!(sleep(duration)));
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(Some(output)));
        }
        ready!(sleep.as_mut().poll(cx))?;
        Poll::Ready(Ok(None))
    })
    .await
}

/// Drops something after some time; earlier if the caller is not on a runtime, or that shuts down.
pub(super) fn drop_after<T: Send + 'static>(duration: Duration, kept: T) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(async move {
            let _kept = kept;
            // Fails if the runtime is shutting down.
            let _ = sleep(duration).await;
        });
    }
}

#[cfg(any(
    all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)),
    target_os = "illumos",
))]
mod system {
    use crate::os::unix::sys::fd::libc_timespec;
    use std::{
        io,
        os::fd::{AsRawFd, FromRawFd, OwnedFd},
        ptr,
        time::Duration,
    };

    /// A descriptor that becomes readable after some time.
    pub(super) fn start(duration: Duration) -> io::Result<OwnedFd> {
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: no memory is involved.
        let timer = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if timer < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so this is a new descriptor that nobody else owns.
        let timer = unsafe { OwnedFd::from_raw_fd(timer) };
        let once = libc::itimerspec {
            it_interval: libc_timespec(Duration::ZERO),
            // Zero would stop it.
            it_value: libc_timespec(duration.max(Duration::from_nanos(1))),
        };
        // SAFETY: the descriptor is a timer, the call reads the times, and the old ones are not asked for.
        let set = unsafe { libc::timerfd_settime(timer.as_raw_fd(), 0, &raw const once, ptr::null_mut()) };
        if set < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(timer)
    }
}

#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
))]
mod system {
    use rustix::event::kqueue::{Event, EventFilter, EventFlags, kevent, kqueue};
    use std::{io, os::fd::OwnedFd, ptr, time::Duration};

    /// A descriptor that becomes readable after some time.
    pub(super) fn start(duration: Duration) -> io::Result<OwnedFd> {
        let queue = kqueue()?;
        rustix::io::fcntl_setfd(&queue, rustix::io::FdFlags::CLOEXEC)?;
        // Some systems count in milliseconds.
        let timer = EventFilter::Timer { ident: 0, timer: Some(duration.max(Duration::from_millis(1))) };
        let change = Event::new(timer, EventFlags::ADD | EventFlags::ONESHOT, ptr::null_mut());
        let no_room: &mut [Event] = &mut [];
        // SAFETY: a timer refers to no descriptor.
        unsafe { kevent(&queue, &[change], no_room, Some(Duration::ZERO)) }?;
        Ok(queue)
    }
}

#[cfg(not(any(
    all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)),
    target_os = "illumos",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
)))]
mod system {
    use std::{io, os::fd::OwnedFd, time::Duration};

    pub(super) fn start(_: Duration) -> io::Result<OwnedFd> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
