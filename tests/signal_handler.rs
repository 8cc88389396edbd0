//! The signal handler in bad company: forks, no memory, other handlers, storms, dispositions that were inherited. Unix.
//!
//! Whatever concerns the whole process is in a process of its own.
#![cfg(unix)]
#![allow(unsafe_code)]

mod common;

use common::{
    Killed, begin_role, command_for_role,
    signalling::{
        self, block, disposition, forked, is_blocked, is_default, is_readable, kill, raise, set_disposition,
    },
    within_deadline,
};
use interprocess::os::unix::signal::{Signal, SignalInfo, SignalSet, Signals, flag, low_level};
use std::{
    io::{self, ErrorKind, Read, Write},
    mem::MaybeUninit,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// Runs a role to its end, and gives how it ended.
fn ending_of(role: &'static str, argument: &'static str) -> ExitStatus {
    within_deadline(move || {
        let mut command = command_for_role(role, argument);
        Killed(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()).0.wait().unwrap()
    })
}

fn succeeds(role: &'static str) {
    let status = ending_of(role, "");
    assert!(status.success(), "{role}: {status}");
}

const NOW: Duration = Duration::ZERO;

/// Neither does a child read its parent's signals, nor does it take the wake-up away that tells the parent of them.
#[test]
fn a_forked_child_leaves_its_parents_listener_alone() {
    succeeds("role_forks");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_forks() {
    begin_role();
    const USED: Signal = Signal::USR1;
    let signals = Signals::new(USED).unwrap();
    let check = |fork: &dyn Fn(&dyn Fn() -> i32) -> ExitStatus| {
        raise(USED);
        assert!(is_readable(&signals));
        let status = fork(&|| {
            let mut wrong = 0;
            wrong |= i32::from(!signals.is_closed());
            wrong |= 2 * i32::from(signals.pending().next().is_some());
            wrong |= 4 * i32::from(signals.wait().is_some());
            wrong |= 8 * i32::from(!matches!(signals.wait_timeout(NOW), Ok(None)));
            wrong
        });
        assert_eq!(status.code(), Some(0), "{status}");
        assert!(is_readable(&signals), "the parent would sleep over its signal");
        assert_eq!(signals.wait().unwrap().signal(), USED);
        assert_eq!(signals.pending().count(), 0);
        assert!(!is_readable(&signals));

        // Nor does it make the descriptor readable by what it gets itself, which does to it what it does by default.
        let status = fork(&|| {
            raise(USED);
            7
        });
        assert_eq!(status.signal(), Some(USED.as_raw()), "{status}");
        assert!(!is_readable(&signals));
        // Nor by closing.
        let status = fork(&|| {
            signals.close();
            7
        });
        assert_eq!(status.code(), Some(7), "{status}");
        assert!(!is_readable(&signals));
        assert!(!signals.is_closed());
        assert_eq!(signals.pending().count(), 0);
    };
    // SAFETY: the closures call the system, and take a lock that nobody else has.
    check(&|child| unsafe { forked(child) });
    #[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
    if common::is_native_linux((4, 14)) {
        // SAFETY: as above.
        check(&|child| unsafe { signalling::forked_unseen(child) });
    }
    // And a child's own listener is its own, also in a grandchild.
    let grandchild = || {
        let Ok(own) = Signals::new(USED) else { return 1 };
        raise(USED);
        if own.pending().count() != 1 || signals.pending().count() != 0 {
            return 2;
        }
        let raises = || {
            raise(USED);
            3
        };
        // SAFETY: the closure calls the system.
        let status = unsafe { forked(raises) };
        if status.signal() == Some(USED.as_raw()) { 0 } else { 4 }
    };
    // SAFETY: there is one thread here that does anything.
    let status = unsafe { forked(grandchild) };
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(!is_readable(&signals));
}

/// Signals that there is no memory for are counted as lost, and do not count as unread for ever.
#[test]
#[cfg(target_os = "linux")]
fn after_memory_was_short_signals_come_again() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    if common::is_native_linux((0, 0)) {
        succeeds("role_without_memory");
    }
}

#[test]
#[ignore = "a role, which another test starts"]
#[cfg(target_os = "linux")]
fn role_without_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    begin_role();
    const USED: Signal = Signal::USR1;
    let filling = Signal::rt(1).unwrap();
    let signals = Signals::new(SignalSet::from_iter([USED, filling])).unwrap();
    let before = getrlimit(Resource::As);
    setrlimit(Resource::As, Rlimit { current: Some(0), ..before }).unwrap();
    while signals.lost() == 0 {
        raise(filling);
    }
    (0..1000).for_each(|_| raise(USED));
    setrlimit(Resource::As, before).unwrap();
    assert_eq!(signals.lost(), 1001, "there was no memory for any of them");
    assert!(signals.pending().all(|info| info.signal() == filling));
    raise(USED);
    assert_eq!(signals.pending().map(|info| info.signal()).collect::<Vec<_>>(), [USED]);
    assert_eq!(signals.lost(), 1001);
    assert!(!is_readable(&signals));
}

/// What fails for want of descriptors leaves nothing behind.
#[test]
#[cfg(target_os = "linux")]
fn failing_leaves_no_memory_behind() {
    if !common::has_proc() {
        return;
    }
    if common::is_native_linux((0, 0)) {
        succeeds("role_without_descriptors");
    }
}

#[test]
#[ignore = "a role, which another test starts"]
#[cfg(target_os = "linux")]
fn role_without_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    begin_role();
    const USED: Signal = Signal::USR1;
    fn pages() -> usize {
        let all = std::fs::read_to_string("/proc/self/statm").unwrap();
        all.split(' ').next().unwrap().parse().unwrap()
    }
    let fail = || {
        let before = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..before }).unwrap();
        for _ in 0..2000 {
            let error = Signals::new(USED).expect_err("there are no descriptors");
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
        }
        setrlimit(Resource::Nofile, before).unwrap();
    };
    fail();
    let before = pages();
    fail();
    assert!(pages() < before + 1000, "{} pages more", pages() - before);
    assert!(is_default(USED));
}

/// Of a signal that does nothing by default, doing that in one thread does not lose those of other threads.
#[test]
fn doing_nothing_by_default_loses_nothing() {
    succeeds("role_does_nothing_by_default");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_does_nothing_by_default() {
    begin_role();
    const USED: Signal = Signal::URG;
    const THREADS: usize = 4;
    const EACH: usize = 5_000;
    let counter = Arc::new(AtomicUsize::new(0));
    let _default = flag::register_conditional_default(USED, &Arc::new(AtomicBool::new(true))).unwrap();
    let _counted = flag::register_counter(USED, &counter).unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..EACH).for_each(|_| raise(USED)));
        }
    });
    assert_eq!(counter.load(Ordering::SeqCst), THREADS * EACH);
}

/// The handler that acts by default goes on with all signals blocked. Nothing else holds a storm of them off the stack.
#[test]
fn after_acting_by_default_the_signal_is_blocked_again() {
    succeeds("role_stops_by_default");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_stops_by_default() {
    begin_role();
    const USED: Signal = Signal::TSTP;
    // POSIX, 2.4.3: in an orphaned process group this does not stop the process.
    rustix::process::setsid().unwrap();
    let seen = Arc::new(AtomicI32::new(-1));
    let _default = flag::register_conditional_default(USED, &Arc::new(AtomicBool::new(true))).unwrap();
    let noted = Arc::clone(&seen);
    // SAFETY: asks for the mask, and sets an atomic variable.
    let _after = unsafe {
        low_level::register(USED, move |_| noted.store(i32::from(is_blocked(USED)), Ordering::SeqCst))
    }
    .unwrap();
    let ours = disposition(USED);
    raise(USED);
    assert_eq!(seen.load(Ordering::SeqCst), 1);
    assert_eq!(disposition(USED), ours, "it is listened to as before");
    assert!(!is_blocked(USED));
}

/// A signal that was ignored is received while somebody listens, and ignored again afterwards.
#[test]
fn what_was_ignored_is_ignored_again() {
    const USED: Signal = Signal::XCPU;
    signalling::ignore(USED);
    for _ in 0..3 {
        let signals = Signals::new(USED).unwrap();
        raise(USED);
        assert_eq!(signals.wait().unwrap().signal(), USED);
        drop(signals);
        assert_eq!(disposition(USED), libc::SIG_IGN);
        raise(USED);
    }
    let stop = Arc::new(AtomicBool::new(false));
    drop(flag::register(USED, &stop).unwrap());
    assert_eq!(disposition(USED), libc::SIG_IGN);
}

/// What the system keeps for a signal.
fn action_of(signal: Signal) -> libc::sigaction {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: fills the local variable.
    assert_eq!(unsafe { libc::sigaction(signal.as_raw(), std::ptr::null(), action.as_mut_ptr()) }, 0);
    // SAFETY: it was filled, and zeros are valid.
    unsafe { action.assume_init() }
}

/// # Safety
/// The handler may run at any time.
unsafe fn set_action(signal: Signal, handler: usize, flags: libc::c_int, mask: &[Signal]) {
    let mut action = action_of(signal);
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: the set is a local variable's.
    unsafe { libc::sigemptyset(&mut action.sa_mask) };
    for blocked in mask {
        // SAFETY: as above.
        unsafe { libc::sigaddset(&mut action.sa_mask, blocked.as_raw()) };
    }
    // SAFETY: the caller's promise.
    assert_eq!(unsafe { libc::sigaction(signal.as_raw(), &action, std::ptr::null_mut()) }, 0);
}

/// The handler, the flags, and what is blocked.
fn parts_of(signal: Signal) -> (usize, libc::c_int, Vec<Signal>) {
    let action = action_of(signal);
    // SAFETY: the set is a local variable's.
    let is_in = |signal: &Signal| unsafe { libc::sigismember(&action.sa_mask, signal.as_raw()) } == 1;
    // The C library's own, which it may add and hide.
    let flags = action.sa_flags & !0x0400_0000;
    (action.sa_sigaction, flags, Signal::all().filter(is_in).collect())
}

/// What was said of the old handler, beside which function it is, holds while somebody listens, and is back afterwards.
#[test]
fn flags_of_the_old_handler_stay_in_force() {
    succeeds("role_keeps_flags");
}

static OLD_CALLS: AtomicUsize = AtomicUsize::new(0);
static OLD_BLOCKED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

extern "C" fn notes_what_is_blocked(signal: libc::c_int) {
    OLD_CALLS.fetch_add(1, Ordering::SeqCst);
    let own = Signal::from_raw(signal).unwrap_or(Signal::HUP);
    for (noted, signal) in OLD_BLOCKED.iter().zip([own, Signal::USR2, Signal::WINCH]) {
        noted.store(is_blocked(signal), Ordering::SeqCst);
    }
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_keeps_flags() {
    begin_role();
    const USED: Signal = Signal::USR1;
    let old = notes_what_is_blocked as extern "C" fn(libc::c_int) as usize;
    let blocked = || OLD_BLOCKED.each_ref().map(|noted| noted.load(Ordering::SeqCst));
    // This thread's own.
    block(&[Signal::WINCH]);
    for (flags, mask, expected) in [
        (0, &[Signal::USR2][..], [true, true, true]),
        (libc::SA_RESTART, &[], [true, false, true]),
        (libc::SA_NODEFER, &[], [false, false, true]),
    ] {
        // SAFETY: the handler uses atomic variables and asks for the mask.
        unsafe { set_action(USED, old, flags, mask) };
        let before = parts_of(USED);
        let seen = Arc::new(AtomicI32::new(-1));
        let noted = Arc::clone(&seen);
        // SAFETY: asks for the mask, and sets an atomic variable.
        let action = unsafe {
            low_level::register(USED, move |_| {
                noted.store(i32::from(is_blocked(Signal::HUP)), Ordering::SeqCst)
            })
        }
        .unwrap();
        raise(USED);
        assert_eq!(seen.load(Ordering::SeqCst), 1, "actions have everything blocked");
        assert_eq!(blocked(), expected, "{flags:#x}");
        assert!(!is_blocked(USED) && !is_blocked(Signal::USR2) && is_blocked(Signal::WINCH));
        assert_eq!(parts_of(USED).1 & libc::SA_RESTART, flags & libc::SA_RESTART);
        drop(action);
        assert_eq!(parts_of(USED), before);
    }

    // Called once.
    // SAFETY: as above.
    unsafe { set_action(USED, old, libc::SA_RESETHAND | libc::SA_RESTART, &[]) };
    OLD_CALLS.store(0, Ordering::SeqCst);
    let signals = Signals::new(USED).unwrap();
    (0..3).for_each(|_| raise(USED));
    assert_eq!((signals.pending().count(), OLD_CALLS.load(Ordering::SeqCst)), (3, 1));
    drop(signals);
    assert!(is_default(USED));

    // Without SA_RESTART, a call that waits is interrupted.
    // SAFETY: as above.
    unsafe { set_action(USED, old, 0, &[]) };
    let signals = Signals::new(USED).unwrap();
    let (reader, _writer) = io::pipe().unwrap();
    thread::scope(|scope| {
        // SAFETY: takes nothing.
        let (tell, told) = std::sync::mpsc::channel();
        let reading = scope.spawn(move || {
            // SAFETY: takes nothing.
            tell.send(unsafe { libc::pthread_self() } as usize).unwrap();
            (&reader).read(&mut [0]).unwrap_err().kind()
        });
        let thread = told.recv().unwrap() as libc::pthread_t;
        while !reading.is_finished() {
            // SAFETY: the thread was not joined.
            unsafe { libc::pthread_kill(thread, USED.as_raw()) };
            thread::yield_now();
        }
        assert_eq!(reading.join().unwrap(), ErrorKind::Interrupted);
    });
    drop(signals);
}

/// Listening to SIGCHLD changes neither which children are told of, nor which become zombies.
#[test]
fn children_are_reaped_as_before_listening() {
    if common::is_emulated() {
        return common::skip("qemu's user mode gives the kernel no SA_NOCLDSTOP");
    }
    succeeds("role_has_children");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_has_children() {
    begin_role();
    const USED: Signal = Signal::CHLD;
    /// A child that stops if it is to, and ends when it goes on.
    fn child(stops: bool) -> libc::pid_t {
        // SAFETY: the child calls what may be called there.
        let child = unsafe { libc::fork() };
        if child == 0 {
            if stops {
                // SAFETY: takes a number.
                unsafe { libc::raise(libc::SIGSTOP) };
            }
            // SAFETY: takes a number.
            unsafe { libc::_exit(0) };
        }
        child
    }
    fn wait_for(child: libc::pid_t) -> Result<libc::c_int, Option<i32>> {
        let mut status = 0;
        loop {
            // SAFETY: fills the local variable.
            if unsafe { libc::waitpid(child, &mut status, libc::WUNTRACED) } == child {
                return Ok(status);
            }
            let error = io::Error::last_os_error();
            if error.kind() != ErrorKind::Interrupted {
                return Err(error.raw_os_error());
            }
        }
    }
    let old = counts as extern "C" fn(libc::c_int) as usize;
    // SAFETY: it counts in an atomic variable.
    unsafe { set_action(USED, old, libc::SA_NOCLDSTOP | libc::SA_RESTART, &[]) };
    let before = parts_of(USED);
    let signals = Signals::new(USED).unwrap();
    let stopped = child(true);
    assert!(libc::WIFSTOPPED(wait_for(stopped).unwrap()));
    assert_eq!((signals.pending().count(), FOREIGN_CALLS.load(Ordering::SeqCst)), (0, 0));
    kill(stopped.try_into().unwrap(), Signal::CONT);
    assert!(libc::WIFEXITED(wait_for(stopped).unwrap()));
    assert_eq!(signals.wait().unwrap().signal(), USED);
    drop(signals);
    assert_eq!(parts_of(USED), before);

    for (handler, flags) in
        [(libc::SIG_IGN, 0), (libc::SIG_DFL, libc::SA_NOCLDWAIT), (old, libc::SA_NOCLDWAIT)]
    {
        // SAFETY: as above.
        unsafe { set_action(USED, handler, flags, &[]) };
        let before = parts_of(USED);
        let signals = Signals::new(USED).unwrap();
        assert_eq!(wait_for(child(false)), Err(Some(libc::ECHILD)), "nobody has to wait for it");
        if cfg!(target_os = "linux") {
            assert_eq!(signals.wait().unwrap().signal(), USED);
        }
        drop(signals);
        assert_eq!(parts_of(USED), before);
        assert_eq!(wait_for(child(false)), Err(Some(libc::ECHILD)));
    }
}

/// A sandbox that has opened all its descriptors may set the limit of them to 0, and with it that of poll(2) on Linux.
#[test]
#[cfg(target_os = "linux")]
fn waiting_works_at_a_descriptor_limit_of_zero() {
    if common::is_native_linux((0, 0)) {
        succeeds("role_may_open_nothing");
    }
}

#[test]
#[ignore = "a role, which another test starts"]
#[cfg(target_os = "linux")]
fn role_may_open_nothing() {
    use interprocess::os::unix::signal::ProcessHandle;
    use rustix::process::{Resource, Rlimit, setrlimit};

    begin_role();
    const SHORT: Duration = Duration::from_millis(5);
    let signals = Arc::new(Signals::new(Signal::USR1).unwrap());
    let this = std::process::id();
    let handle = common::unless_missing(ProcessHandle::from_pid(this), (5, 3));
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: Some(0) }).unwrap();
    assert_eq!(signals.wait_timeout(SHORT).expect_err("none comes").kind(), ErrorKind::TimedOut);
    if let Some(handle) = handle {
        assert_eq!(handle.wait_exit(Some(SHORT)).expect_err("it runs").kind(), ErrorKind::TimedOut);
    }
    let waiting = Arc::clone(&signals);
    let thread = thread::spawn(move || waiting.wait().unwrap().signal());
    kill(std::process::id(), Signal::USR1);
    assert_eq!(thread.join().unwrap(), Signal::USR1);
}

static FOREIGN_CALLS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn counts(_signal: libc::c_int) {
    FOREIGN_CALLS.fetch_add(1, Ordering::SeqCst);
}

/// A plain handler that was there before is called as well, after the actions, and is back afterwards.
#[test]
fn a_handler_that_was_there_before_goes_on() {
    const USED: Signal = Signal::XFSZ;
    let address = counts as extern "C" fn(libc::c_int) as usize;
    // SAFETY: it counts in an atomic variable.
    unsafe { set_disposition(USED, address) };
    for round in 1..=3 {
        let signals = Signals::new(USED).unwrap();
        let at_the_action = Arc::new(AtomicUsize::new(0));
        let noted = Arc::clone(&at_the_action);
        // SAFETY: it uses atomic variables.
        let action = unsafe {
            low_level::register(USED, move |_| {
                noted.store(FOREIGN_CALLS.load(Ordering::SeqCst), Ordering::SeqCst);
            })
        };
        raise(USED);
        assert_eq!(signals.pending().count(), 1);
        assert_eq!(FOREIGN_CALLS.load(Ordering::SeqCst), 2 * round - 1);
        assert_eq!(at_the_action.load(Ordering::SeqCst), 2 * round - 2, "actions are first");
        drop((signals, action));
        assert_eq!(disposition(USED), address);
        raise(USED);
        assert_eq!(FOREIGN_CALLS.load(Ordering::SeqCst), 2 * round);
    }
}

/// A handler that was put in place of this crate's, and does not call it, stays when the listener goes, and so does the
/// default action that somebody has set. Who listens afterwards replaces that.
#[test]
fn what_others_have_set_meanwhile_stays() {
    const USED: Signal = Signal::PROF;
    let ignoring = counts as extern "C" fn(libc::c_int) as usize;
    let signals = Signals::new(USED).unwrap();
    // SAFETY: it counts in an atomic variable.
    unsafe { set_disposition(USED, ignoring) };
    drop(signals);
    assert_eq!(disposition(USED), ignoring);

    // SAFETY: runs no code of this process.
    unsafe { set_disposition(USED, libc::SIG_DFL) };
    let signals = Signals::new(USED).unwrap();
    raise(USED);
    assert_eq!(signals.pending().count(), 1);
    signalling::ignore(USED);
    drop(signals);
    assert_eq!(disposition(USED), libc::SIG_IGN);
    let signals = Signals::new(USED).unwrap();
    raise(USED);
    assert_eq!(signals.pending().count(), 1);
    drop(signals);
    assert_eq!(disposition(USED), libc::SIG_IGN);
}

/// What a handler that was put above this crate's has to call.
static BELOW: AtomicUsize = AtomicUsize::new(0);
static DEPTH: AtomicUsize = AtomicUsize::new(0);
static DEEPEST: AtomicUsize = AtomicUsize::new(0);

extern "C" fn calls_the_one_below(
    signal: libc::c_int,
    information: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
    let depth = DEPTH.fetch_add(1, Ordering::SeqCst) + 1;
    DEEPEST.fetch_max(depth, Ordering::SeqCst);
    let below = std::ptr::with_exposed_provenance::<()>(BELOW.load(Ordering::SeqCst));
    // SAFETY: it is the address of such a function, as SA_SIGINFO was among its flags.
    let below = unsafe { std::mem::transmute::<*const (), Handler>(below) };
    below(signal, information, context);
    DEPTH.fetch_sub(1, Ordering::SeqCst);
}

/// Handlers that interrupt each other, because another one above this crate's blocks only its own signal, lose and double
/// nothing.
#[test]
#[cfg(target_os = "linux")]
fn handlers_on_top_of_each_other_lose_nothing() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    succeeds("role_nests_handlers");
}

#[test]
#[ignore = "a role, which another test starts"]
#[cfg(target_os = "linux")]
fn role_nests_handlers() {
    begin_role();
    const EACH: i32 = 1_000;
    let kinds: Vec<Signal> = (1..=8).map(|n| Signal::rt(n).unwrap()).collect();
    let signals = Signals::new(kinds.iter().copied().collect::<SignalSet>()).unwrap();
    for kind in &kinds {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: zeros are valid.
        let action = unsafe { action.assume_init_mut() };
        action.sa_sigaction = calls_the_one_below as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        BELOW.store(disposition(*kind), Ordering::SeqCst);
        // SAFETY: the handler calls this crate's, which may run at any time, and uses atomic variables.
        assert_eq!(unsafe { libc::sigaction(kind.as_raw(), action, std::ptr::null_mut()) }, 0);
    }
    let own = std::process::id();
    let mut received = vec![vec![0_u8; EACH as usize]; kinds.len()];
    thread::scope(|scope| {
        for kind in &kinds {
            scope.spawn(move || {
                for number in 0..EACH {
                    signalling::queue(own, *kind, number);
                }
            });
        }
        for _ in 0..EACH as usize * kinds.len() {
            let info = signals.wait().unwrap();
            let kind = kinds.iter().position(|kind| *kind == info.signal()).unwrap();
            received[kind][info.value().unwrap().as_i32() as usize] += 1;
        }
    });
    assert!(received.iter().flatten().all(|count| *count == 1), "lost or doubled");
    assert_eq!(signals.pending().count(), 0);
    assert_eq!(signals.lost(), 0);
    assert!(!is_readable(&signals));

    // Interrupted by each other for certain: each raises the next.
    let actions: Vec<_> = kinds
        .windows(2)
        .map(|pair| {
            let next = pair[1].as_raw();
            // SAFETY: raise(3) may be called in a handler.
            let raise = move |_: &SignalInfo| while unsafe { libc::raise(next) } != 0 {};
            // SAFETY: as above.
            unsafe { low_level::register(pair[0], raise) }.unwrap()
        })
        .collect();
    raise(kinds[0]);
    assert!(DEEPEST.load(Ordering::SeqCst) >= kinds.len(), "they were one after the other");
    assert!(signals.pending().map(|info| info.signal()).eq(kinds));
    assert!(!is_readable(&signals));
    drop(actions);
}

/// Ends the threads of a storm, also when the test fails.
struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A handler that another thread does not get out of keeps nobody from adding and removing actions, and keeps alive only
/// what it uses itself.
#[test]
fn handler_that_does_not_return_holds_up_no_change() {
    succeeds("role_is_stuck_in_a_handler");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_is_stuck_in_a_handler() {
    begin_role();
    const USED: Signal = Signal::USR1;
    let (reader, mut writer) = io::pipe().unwrap();
    let (begun_reader, begun_writer) = io::pipe().unwrap();
    let held = Arc::new(());
    let in_action = Arc::clone(&held);
    let stuck = move |_: &SignalInfo| {
        let _ = &in_action;
        let _ = rustix::io::write(&begun_writer, b"!");
        while rustix::io::read(&reader, &mut [0]).is_err() {}
    };
    // SAFETY: write(2) and read(2) may be called in a handler.
    let stuck = unsafe { low_level::register(USED, stuck) }.unwrap();
    let thread = thread::spawn(|| raise(USED));
    (&begun_reader).read_exact(&mut [0]).unwrap();

    for signal in [USED, Signal::USR2] {
        for _ in 0..1000 {
            let counter = Arc::new(AtomicUsize::new(0));
            drop(flag::register_counter(signal, &counter).unwrap());
            assert_eq!(Arc::strong_count(&counter), 1, "no handler uses it");
        }
    }
    drop(stuck);
    assert!(is_default(USED));
    assert_eq!(Arc::strong_count(&held), 2, "the handler still uses it");
    writer.write_all(b"!").unwrap();
    thread.join().unwrap();
    drop(flag::register(Signal::USR2, &Arc::default()).unwrap());
    assert_eq!(Arc::strong_count(&held), 1);
}

/// Listeners and actions come and go while signals come to other threads all the time.
#[test]
fn listeners_come_and_go_in_a_storm() {
    // Those of listeners that a handler under way still used are closed by a later change.
    if !common::has_room_for_descriptors(64) {
        return;
    }
    succeeds("role_in_a_storm");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_in_a_storm() {
    begin_role();
    const USED: Signal = Signal::USR1;
    const ROUNDS: usize = 200;
    // Somebody always listens, so that the process lives on.
    let all = Arc::new(AtomicUsize::new(0));
    let _always = flag::register_counter(USED, &all).unwrap();
    let (over, raised) = (AtomicBool::new(false), AtomicUsize::new(0));
    let begin = Barrier::new(4);
    let mut counters = Vec::new();
    thread::scope(|scope| {
        let _over = SetWhenDropped(&over);
        for _ in 0..3 {
            scope.spawn(|| {
                begin.wait();
                while !over.load(Ordering::SeqCst) {
                    raise(USED);
                    raised.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        begin.wait();
        for _ in 0..ROUNDS {
            let signals = Signals::new(USED).unwrap();
            let counter = Arc::new(AtomicUsize::new(0));
            let registration = flag::register_counter(USED, &counter).unwrap();
            assert_eq!(signals.wait().unwrap().signal(), USED);
            assert!(signals.remove(USED));
            assert!(signals.pending().count() <= 64 + 3);
            drop(registration);
            let counted = counter.load(Ordering::SeqCst);
            raise(USED);
            raise(USED);
            raise(USED);
            raise(USED);
            let counted_later = counter.load(Ordering::SeqCst) - counted;
            assert!(counted_later <= 3, "it is called by handlers alone that had begun in the other threads");
            counters.push((counter, signals));
        }
    });
    // What handlers used at the time is freed by the next change.
    drop(flag::register(USED, &Arc::default()).unwrap());
    for (counter, signals) in counters {
        assert_eq!(Arc::strong_count(&counter), 1);
        // Also what was behind one that a handler was just writing when the others were read.
        assert!(signals.pending().count() <= 64 + 3);
        assert!(!is_readable(&signals));
    }
    assert_eq!(all.load(Ordering::SeqCst), raised.load(Ordering::SeqCst) + 4 * ROUNDS);
}

/// The last listener goes again and again while signals come; what then happens by default is nothing.
#[test]
fn the_last_listener_goes_in_a_storm() {
    // qemu's user mode reads the handler once more when it calls it, and jumps to address 0 if the default action was put
    // back in between.
    if common::is_emulated() {
        return common::skip("qemu's user mode cannot do this");
    }
    succeeds("role_goes_in_a_storm");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_goes_in_a_storm() {
    begin_role();
    const USED: Signal = Signal::WINCH;
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    raise(USED);
                }
            });
        }
        for _ in 0..500 {
            let signals = Signals::new(USED).unwrap();
            assert_eq!(signals.wait().unwrap().signal(), USED);
            drop(signals);
            assert!(is_default(USED));
        }
        over.store(true, Ordering::SeqCst);
    });
}

/// A listener that is closed wakes its thread, whatever signals come at the same time.
#[test]
fn closing_in_a_storm_wakes() {
    const USED: Signal = Signal::IO;
    let _always = flag::register(USED, &Arc::default()).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                raise(USED);
            }
        });
        for _ in 0..200 {
            let signals = Signals::new(USED).unwrap();
            thread::scope(|scope| {
                let waiter = scope.spawn(|| signals.forever().count());
                let other = scope.spawn(|| signals.forever().count());
                signals.close();
                waiter.join().unwrap();
                other.join().unwrap();
            });
            assert_eq!(signals.add(USED).expect_err("closed").kind(), ErrorKind::ConnectionAborted);
        }
        over.store(true, Ordering::SeqCst);
    });
}

/// `poll` and the like are interrupted by signals that nobody waits for, and the time goes on.
#[test]
fn other_signals_do_not_end_a_wait() {
    succeeds("role_is_interrupted");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_is_interrupted() {
    begin_role();
    // For good: at the end, a signal may still be on its way to a thread that has not run since.
    std::mem::forget(flag::register(Signal::USR2, &Arc::default()).unwrap());
    let signals = Signals::new(Signal::USR1).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        // The thread that waits takes them, as this one does not.
        scope.spawn(|| {
            block(&[Signal::USR2]);
            while !over.load(Ordering::SeqCst) {
                kill(std::process::id(), Signal::USR2);
                thread::yield_now();
            }
        });
        let begin = std::time::Instant::now();
        let time = Duration::from_millis(100);
        let error = signals.wait_timeout(time).expect_err("none of these comes");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(begin.elapsed() >= time);
        kill(std::process::id(), Signal::USR1);
        assert_eq!(signals.wait().unwrap().signal(), Signal::USR1);
        over.store(true, Ordering::SeqCst);
    });
}
