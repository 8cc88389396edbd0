//! Signals without the crate under test: sending, masks, dispositions, forks.
#![allow(unsafe_code)]

use interprocess::os::unix::signal::Signal;
use rustix::event::{PollFd, PollFlags};
use std::{
    mem::MaybeUninit,
    os::{fd::AsFd, unix::process::ExitStatusExt},
    process::ExitStatus,
    ptr,
};

/// To the calling thread, whose handler has run when this returns. What all processes of a user have pending counts
/// together, so that for real-time signals there need not be room.
pub(crate) fn raise(signal: Signal) {
    while let Err(error) = signal_hook::low_level::raise(signal.as_raw()) {
        wait_for_room(&error);
    }
}

/// To a process.
pub(crate) fn kill(process: u32, signal: Signal) {
    let process = libc::pid_t::try_from(process).unwrap();
    assert!(process > 0, "no group is meant");
    // SAFETY: takes numbers.
    assert_eq!(unsafe { libc::kill(process, signal.as_raw()) }, 0);
}

/// To a process, with a value, as soon as the kernel has room.
#[cfg(target_os = "linux")]
pub(crate) fn queue(process: u32, signal: Signal, value: i32) {
    let process = libc::pid_t::try_from(process).unwrap();
    // The integer is at the beginning of the union.
    let mut bytes = [0; size_of::<usize>()];
    bytes[..4].copy_from_slice(&value.to_ne_bytes());
    let value = libc::sigval { sival_ptr: ptr::without_provenance_mut(usize::from_ne_bytes(bytes)) };
    loop {
        // SAFETY: takes numbers, and a pointer that is only handed on.
        if unsafe { libc::sigqueue(process, signal.as_raw(), value) } == 0 {
            return;
        }
        wait_for_room(&std::io::Error::last_os_error());
    }
}

/// Whether signals can be queued at all. Says so if they cannot.
pub(crate) fn can_queue_signals() -> bool {
    #[cfg(target_os = "linux")]
    if rustix::process::getrlimit(rustix::process::Resource::Sigpending).current == Some(0) {
        super::skip("no signal can be queued under this limit");
        return false;
    }
    true
}

/// After a signal could not be queued.
fn wait_for_room(error: &std::io::Error) {
    assert_eq!(error.raw_os_error(), Some(libc::EAGAIN), "{error}");
    #[cfg(target_os = "linux")]
    {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Sigpending).current;
        if limit == Some(0) {
            panic!("skipped: no signal can be queued under this limit");
        }
    }
    std::thread::yield_now();
}

fn set_of(signals: &[Signal]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: initialises the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: it is initialised.
    let mut set = unsafe { set.assume_init() };
    for signal in signals {
        // SAFETY: the set is initialised.
        unsafe { libc::sigaddset(&mut set, signal.as_raw()) };
    }
    set
}

/// In the calling thread, and in those that it starts afterwards.
pub(crate) fn block(signals: &[Signal]) {
    // SAFETY: the set is a local variable.
    assert_eq!(unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set_of(signals), ptr::null_mut()) }, 0);
}

pub(crate) fn unblock(signals: &[Signal]) {
    // SAFETY: the set is a local variable.
    assert_eq!(unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &set_of(signals), ptr::null_mut()) }, 0);
}

/// Whether the calling thread blocks it. May be asked in a handler.
pub(crate) fn is_blocked(signal: Signal) -> bool {
    let mut set = set_of(&[]);
    // SAFETY: fills the local variable.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut set) };
    // SAFETY: the set is initialised.
    unsafe { libc::sigismember(&set, signal.as_raw()) == 1 }
}

/// The address of the handler, `SIG_DFL` or `SIG_IGN`.
pub(crate) fn disposition(signal: Signal) -> usize {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: fills the local variable.
    assert_eq!(unsafe { libc::sigaction(signal.as_raw(), ptr::null(), action.as_mut_ptr()) }, 0);
    // SAFETY: it was filled, and zeros are valid.
    unsafe { action.assume_init() }.sa_sigaction
}

pub(crate) fn is_default(signal: Signal) -> bool {
    disposition(signal) == libc::SIG_DFL
}

/// Sets a disposition, without flags and with an empty mask, and gives what there was.
///
/// # Safety
/// `SIG_DFL`, `SIG_IGN`, or the address of an `extern "C" fn(c_int)` that may run in a signal handler.
pub(crate) unsafe fn set_disposition(signal: Signal, handler: usize) -> libc::sigaction {
    let mut new = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: zeros are valid.
    let new = unsafe { new.assume_init_mut() };
    new.sa_sigaction = handler;
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: both are local variables; the caller promises the rest.
    assert_eq!(unsafe { libc::sigaction(signal.as_raw(), new, old.as_mut_ptr()) }, 0);
    // SAFETY: it was filled, and zeros are valid.
    unsafe { old.assume_init() }
}

pub(crate) fn ignore(signal: Signal) {
    // SAFETY: runs no code of this process.
    unsafe { set_disposition(signal, libc::SIG_IGN) };
}

/// Whether poll(2) finds something to read.
pub(crate) fn is_readable(descriptor: impl AsFd) -> bool {
    let mut entry = [PollFd::new(&descriptor, PollFlags::IN)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        match rustix::event::poll(&mut entry, Some(&now)) {
            Err(rustix::io::Errno::INTR) => {}
            result => return result.unwrap() == 1,
        }
    }
}

/// Runs `child` in a forked process, and gives how that ended: with `child`'s number, unless by a signal.
///
/// # Safety
/// `child` does what is allowed in a child of a process of several threads, and does not panic.
pub(crate) unsafe fn forked(child: impl FnOnce() -> i32) -> ExitStatus {
    // SAFETY: the caller's promise.
    let process = unsafe { libc::fork() };
    // SAFETY: the caller's promise.
    unsafe { in_child(process, child) }
}

/// The same by a system call of which the C library knows nothing.
///
/// # Safety
/// As for [`forked`].
#[cfg(target_os = "linux")]
pub(crate) unsafe fn forked_unseen(child: impl FnOnce() -> i32) -> ExitStatus {
    // Without other flags this is fork(2). s390x has the first two arguments the other way round.
    let flags = libc::c_long::from(libc::SIGCHLD);
    let (first, second) = if cfg!(target_arch = "s390x") { (0, flags) } else { (flags, 0) };
    let none: libc::c_long = 0;
    // SAFETY: the caller's promise.
    let process = unsafe { libc::syscall(libc::SYS_clone, first, second, none, none, none) };
    // SAFETY: the caller's promise.
    unsafe { in_child(process as libc::pid_t, child) }
}

/// # Safety
/// `process` was given by a fork, and the rest is as for [`forked`].
unsafe fn in_child(process: libc::pid_t, child: impl FnOnce() -> i32) -> ExitStatus {
    assert!(process >= 0, "{}", std::io::Error::last_os_error());
    if process == 0 {
        let status = child();
        // SAFETY: takes a number.
        unsafe { libc::_exit(status) };
    }
    let mut status = 0;
    loop {
        // SAFETY: fills the local variable.
        if unsafe { libc::waitpid(process, &mut status, 0) } == process {
            return ExitStatus::from_raw(status);
        }
        assert_eq!(std::io::Error::last_os_error().kind(), std::io::ErrorKind::Interrupted);
    }
}

/// How many descriptors are open, once what handlers under way used when their listeners were dropped is closed: a later
/// change of what is listened to does that.
#[cfg(target_os = "linux")]
pub(crate) fn descriptors_after_all(expected: usize) -> usize {
    use interprocess::os::unix::signal::{Signal, Signals};
    for _ in 0..1000 {
        if super::open_descriptors() == expected {
            break;
        }
        drop(Signals::new(Signal::URG).unwrap());
        std::thread::yield_now();
    }
    super::open_descriptors()
}

/// Under `INTERPROCESS_TEST_FORKS`, makes children all the time that hold all descriptors for a moment, as those of a
/// program do that another thread is just starting. They are unseen by wait(2), and no SIGCHLD tells of them.
#[cfg(target_os = "linux")]
pub(crate) fn fork_if_wanted() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    if std::env::var_os("INTERPROCESS_TEST_FORKS").is_some() {
        ONCE.call_once(|| drop(std::thread::spawn(|| fork_all_the_time())));
    }
}

#[cfg(target_os = "linux")]
fn fork_all_the_time() -> ! {
    let mut all = set_of(&[]);
    // SAFETY: fills the local variable.
    unsafe { libc::sigfillset(&mut all) };
    // Signals to the process are for other threads.
    // SAFETY: the set is a local variable.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &all, ptr::null_mut()) };
    let none: libc::c_long = 0;
    loop {
        // SAFETY: as fork(2), but for the signal; the child only sleeps and ends.
        let process = unsafe { libc::syscall(libc::SYS_clone, none, none, none, none, none) };
        if process == 0 {
            // SAFETY: takes a number.
            unsafe { libc::usleep(1000) };
            // SAFETY: takes a number.
            unsafe { libc::_exit(0) };
        }
        // SAFETY: no status is wanted.
        unsafe { libc::waitpid(process as libc::pid_t, ptr::null_mut(), libc::__WALL) };
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}
