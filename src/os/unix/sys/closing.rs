//! Waiting for a descriptor until another thread ends the wait.

use super::fd::timespec;
use crate::time::Deadline;
use rustix::{
    event::{PollFd, PollFlags},
    io::Errno,
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    process,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering, fence},
    },
    time::Duration,
};

/// What to wait for. The end of the other side counts as both.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    Readable,
    Writable,
}

impl Readiness {
    fn flags(self) -> PollFlags {
        match self {
            Self::Readable => PollFlags::IN,
            Self::Writable => PollFlags::OUT,
        }
    }

    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Readable => Self::Writable,
            Self::Writable => Self::Readable,
        }
    }
}

/// How a wait has ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Ready,
    TimedOut,
    Closed,
}

/// Whether an object was closed, and the means to wake the threads that wait for its descriptor.
///
/// The descriptor itself is not touched, since other processes may share it.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    closed: AtomicBool,
    /// Made by the first thread that waits. `None`: there was no descriptor left.
    wake: OnceLock<Option<Wake>>,
}

/// What becomes readable when the object is closed. Children by fork share it, and must not use it.
#[derive(Debug)]
struct Wake {
    event: event::Event,
    process: u32,
}

impl Closing {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Ends all waits, now and from now on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        // With the fence in `wait`: either the flag is seen there, or the descriptor here.
        fence(Ordering::SeqCst);
        if let Some(wake) = self.wake.get().and_then(Wake::usable) {
            wake.event.notify();
        }
    }

    /// Waits until the descriptor is ready, the deadline has passed or the object is closed. Signals do not end it.
    ///
    /// # Errors
    /// `InvalidInput`: two descriptors are more than the process may have open (`RLIMIT_NOFILE`, poll(2)).
    pub(crate) fn wait(
        &self,
        fd: BorrowedFd<'_>,
        readiness: Readiness,
        deadline: Deadline,
    ) -> io::Result<Waited> {
        /// How often to look at the flag if nothing wakes this thread.
        const LOOK: Duration = Duration::from_millis(20);
        let made = self.wake.get_or_init(|| event::Event::new().ok().map(Wake::new));
        fence(Ordering::SeqCst);
        let wake = Wake::usable(made);
        loop {
            if self.is_closed() {
                return Ok(Waited::Closed);
            }
            let left = deadline.left();
            let at_most = if wake.is_some() { left } else { Some(deadline.at_most(LOOK)) };
            let woken_by = wake.map_or(fd, |wake| wake.event.as_fd());
            let mut entries = [
                PollFd::from_borrowed_fd(fd, readiness.flags()),
                PollFd::from_borrowed_fd(woken_by, PollFlags::IN),
            ];
            let entries = if wake.is_some() { &mut entries[..] } else { &mut entries[..1] };
            match rustix::event::poll(entries, at_most.map(timespec).as_ref()) {
                Ok(_) if !entries[0].revents().is_empty() => return Ok(Waited::Ready),
                Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(Waited::TimedOut),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Wake {
    fn new(event: event::Event) -> Self {
        Self { event, process: process::id() }
    }

    fn usable(made: &Option<Self>) -> Option<&Self> {
        made.as_ref().filter(|wake| wake.process == process::id())
    }
}

/// Whether the descriptor is ready now.
pub(crate) fn is_ready(fd: BorrowedFd<'_>, readiness: Readiness) -> io::Result<bool> {
    let mut entry = [PollFd::from_borrowed_fd(fd, readiness.flags())];
    let now = timespec(Duration::ZERO);
    Ok(rustix::io::retry_on_intr(|| rustix::event::poll(&mut entry, Some(&now)))? > 0)
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)))]
mod event {
    use super::{AsFd, BorrowedFd, OwnedFd, io};
    use rustix::event::EventfdFlags;

    #[derive(Debug)]
    pub(super) struct Event(OwnedFd);

    impl Event {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self(rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
        }

        pub(super) fn notify(&self) {
            // Fails only if the counter is full, and then it is readable.
            let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
        }
    }

    impl AsFd for Event {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
}

#[cfg(not(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix))))]
mod event {
    use super::{AsFd, BorrowedFd, OwnedFd, io};
    use crate::os::unix::sys::pipe::{self, Options};

    #[derive(Debug)]
    pub(super) struct Event {
        reader: OwnedFd,
        writer: OwnedFd,
    }

    impl Event {
        pub(super) fn new() -> io::Result<Self> {
            let (reader, writer) = pipe::new(Options { nonblocking: true, packets: false })?;
            Ok(Self { reader, writer })
        }

        pub(super) fn notify(&self) {
            // Fails only if the pipe is full, and then it is readable. The reader is open, so there is no SIGPIPE.
            let _ = rustix::io::write(&self.writer, &[0]);
        }
    }

    impl AsFd for Event {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.reader.as_fd()
        }
    }
}
