//! Waiting for descriptors to become ready.

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    io::Errno,
};
use std::{array, os::fd::BorrowedFd};

/// Waits until one of the descriptors is ready, and returns what is the case with each; nothing with any: the time is over.
///
/// poll(2) on Linux fails with `EINVAL` if it gets more descriptors than `RLIMIT_NOFILE`, which sandboxes set to 0 once all
/// descriptors are open; some seccomp filters deny it. select(2) has no such limit, but distinguishes neither `HUP` nor
/// `ERR` from readiness.
pub(crate) fn poll<const N: usize>(
    descriptors: [BorrowedFd<'_>; N],
    events: PollFlags,
    timeout: Option<&Timespec>,
) -> Result<[PollFlags; N], Errno> {
    let mut entries = descriptors.map(|descriptor| PollFd::from_borrowed_fd(descriptor, events));
    match rustix::event::poll(&mut entries, timeout) {
        Ok(_) => Ok(array::from_fn(|n| entries[n].revents())),
        #[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
        Err(error @ (Errno::INVAL | Errno::NOSYS | Errno::PERM)) => select(descriptors, events, timeout)
            .map_err(|second| if second == Errno::INTR { second } else { error }),
        Err(error) => Err(error),
    }
}

/// What descriptors are ready for. Does not wait, and goes on after a signal: poll(2) is interrupted by one that has come
/// before it.
pub(crate) fn look<const N: usize>(
    descriptors: [BorrowedFd<'_>; N],
    events: PollFlags,
) -> Result<[PollFlags; N], Errno> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    rustix::io::retry_on_intr(|| poll(descriptors, events, Some(&now)))
}

/// rustix has no select(2) on illumos, whose poll(2) is not refused.
#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
fn select<const N: usize>(
    descriptors: [BorrowedFd<'_>; N],
    events: PollFlags,
    timeout: Option<&Timespec>,
) -> Result<[PollFlags; N], Errno> {
    use rustix::event::{FdSetElement, FdSetIter, fd_set_insert, fd_set_num_elements};
    use std::os::fd::AsRawFd;

    let numbers = descriptors.map(|descriptor| descriptor.as_raw_fd());
    let end = numbers.iter().max().map_or(0, |greatest| greatest + 1);
    let set_for = |flag| {
        events.contains(flag).then(|| {
            let mut set = vec![FdSetElement::default(); fd_set_num_elements(N, end)];
            numbers.iter().for_each(|number| fd_set_insert(&mut set, *number));
            set
        })
    };
    let (mut readable, mut writable) = (set_for(PollFlags::IN), set_for(PollFlags::OUT));
    // SAFETY: the descriptors in the sets are borrowed, and so open for the call; the sets have room for `end` of them.
    unsafe { rustix::event::select(end, readable.as_deref_mut(), writable.as_deref_mut(), None, timeout) }?;
    Ok(numbers.map(|number| {
        let is_in = |set: &Option<Vec<_>>| {
            set.as_ref().is_some_and(|set| FdSetIter::new(set).any(|ready| ready == number))
        };
        let mut ready = PollFlags::empty();
        ready.set(PollFlags::IN, is_in(&readable));
        ready.set(PollFlags::OUT, is_in(&writable));
        ready
    }))
}
