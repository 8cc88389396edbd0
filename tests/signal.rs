//! Receiving signals: listeners, flags, actions; what happens when the last has gone; children by fork. Unix.
//!
//! The signals of a process are common to all its tests: each test here has a signal of its own, or a process.
#![cfg(unix)]

mod common;

use common::{
    Killed, begin_role, command_for_role,
    signalling::{disposition, is_readable, set_disposition},
    within_deadline,
};
use interprocess::os::unix::signal::{
    self, Cause, ChildStatus, Signal, SignalSet, SignalValue, Signals, flag, on,
};
use std::{
    io,
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// This process, for sending to.
fn own_pid() -> i32 {
    std::process::id().try_into().unwrap()
}

/// How the role ends.
fn status_of(role: &str, argument: &str) -> ExitStatus {
    let mut command = command_for_role(role, argument);
    let mut child = Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    within_deadline(move || child.0.wait().unwrap())
}

#[test]
fn a_signal_comes_with_its_sender_and_value() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    let signals = Signals::new([Signal::USR1, Signal::URG]).unwrap();
    assert_eq!(signals.signals(), SignalSet::from([Signal::USR1, Signal::URG]));
    assert!(signals.pending().next().is_none());
    signal::send(own_pid(), Signal::USR1).unwrap();
    let info = within_deadline_ref(&signals);
    assert_eq!((info.signal(), info.cause()), (Signal::USR1, Cause::User));
    assert_eq!(info.pid(), Some(own_pid()));
    assert_eq!(info.uid(), Some(rustix::process::getuid().as_raw()));
    assert_eq!(info.value(), None);
    if cfg!(not(any(target_vendor = "apple", target_os = "openbsd"))) {
        signal::queue(own_pid(), Signal::URG, SignalValue::from(-5)).unwrap();
        let info = within_deadline_ref(&signals);
        assert_eq!((info.signal(), info.cause()), (Signal::URG, Cause::Queued));
        assert_eq!(info.pid(), Some(own_pid()));
        assert_eq!(info.value().unwrap().as_i32(), -5);
    }
    let error = signals.wait_timeout(Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

fn within_deadline_ref(signals: &Signals) -> signal::SignalInfo {
    signals.wait_timeout(common::FOREVER).unwrap().expect("nobody closes it")
}

#[test]
fn a_child_that_ends_is_told_with_its_status() {
    let signals = Signals::new(Signal::CHLD).unwrap();
    let mut child = common::command_for_role("role_that_exits", "23").stdout(Stdio::null()).spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    loop {
        // Other tests have children, too.
        let info = within_deadline_ref(&signals);
        if info.pid() == Some(pid) {
            assert_eq!(info.cause(), Cause::Child);
            assert_eq!(info.child(), Some(ChildStatus::Exited(23)));
            break;
        }
    }
    child.wait().unwrap();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_that_exits() {
    std::process::exit(begin_role().parse().unwrap());
}

#[test]
fn what_nobody_can_catch_or_mend_is_refused() {
    for signal in [Signal::KILL, Signal::STOP, Signal::SEGV, Signal::BUS, Signal::FPE, Signal::ILL] {
        let error = Signals::new([Signal::WINCH, signal]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{signal}");
        assert!(error.to_string().contains(&signal.to_string()), "{error}");
        let flag = Arc::new(AtomicBool::new(false));
        assert_eq!(flag::register(signal, &flag).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(on(signal, |_| {}).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
    // Nothing is left of what was registered before the error.
    assert_eq!(disposition(Signal::WINCH), libc::SIG_DFL);
}

#[test]
fn listeners_are_added_to_and_taken_from_while_threads_wait() {
    within_deadline(|| {
        let signals = Arc::new(Signals::new(SignalSet::empty()).unwrap());
        let waiting = {
            let signals = Arc::clone(&signals);
            thread::spawn(move || signals.forever().map(|info| info.signal()).collect::<Vec<_>>())
        };
        signals.add(Signal::PROF).unwrap();
        signals.add(Signal::PROF).unwrap();
        // To this thread, so that it has come when this returns.
        signal::raise(Signal::PROF).unwrap();
        // Removing must not hide what has come, nor leave the handler there.
        assert!(signals.remove(Signal::PROF));
        assert!(!signals.remove(Signal::PROF));
        assert_eq!(disposition(Signal::PROF), libc::SIG_DFL);
        signals.close();
        assert_eq!(waiting.join().unwrap(), [Signal::PROF]);
        assert!(signals.wait().is_none());
        assert_eq!(signals.add(Signal::PROF).unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    });
}

#[test]
fn all_listeners_get_each_signal_and_threads_share_one() {
    within_deadline(|| {
        const THREADS: usize = 4;
        let shared = Arc::new(Signals::new(Signal::TTIN).unwrap());
        let other = Signals::new(Signal::TTIN).unwrap();
        let (found, all) = mpsc::channel();
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (signals, found) = (Arc::clone(&shared), found.clone());
                thread::spawn(move || signals.forever().for_each(|_| found.send(()).unwrap()))
            })
            .collect();
        for _ in 0..THREADS {
            signal::send(own_pid(), Signal::TTIN).unwrap();
            all.recv().unwrap();
            assert_eq!(other.wait().unwrap().signal(), Signal::TTIN);
        }
        assert!(all.try_recv().is_err(), "each signal goes to one thread");
        shared.close();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn the_descriptor_is_readable_as_long_as_there_are_signals() {
    let signals = Signals::new([Signal::TTOU, Signal::VTALRM]).unwrap();
    assert!(!is_readable(&signals));
    signal::raise(Signal::TTOU).unwrap();
    signal::raise(Signal::VTALRM).unwrap();
    assert!(is_readable(&signals));
    assert_eq!(signals.wait().unwrap().signal(), Signal::TTOU);
    assert!(is_readable(&signals), "one is left");
    assert_eq!(signals.pending().count(), 1);
    assert!(!is_readable(&signals));
    signal::raise(Signal::TTOU).unwrap();
    assert!(is_readable(&signals));
    signals.close();
    assert_eq!(signals.pending().count(), 1);
    assert!(is_readable(&signals), "the end stays");
}

#[test]
fn of_standard_signals_so_many_are_kept_and_then_no_more() {
    let signals = Signals::new(Signal::SYS).unwrap();
    for round in 0..3 {
        for _ in 0..100 {
            signal::raise(Signal::SYS).unwrap();
        }
        assert_eq!(signals.pending().count(), 64, "round {round}");
    }
    assert_eq!(signals.lost(), 0);
}

#[test]
fn flags_and_counters() {
    let (first, second) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (value, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let registrations = [
        flag::register(Signal::ALRM, &first).unwrap(),
        flag::register([Signal::ALRM, Signal::XCPU], &second).unwrap(),
        flag::register_usize(Signal::ALRM, &value, 14).unwrap(),
        flag::register_usize(Signal::XCPU, &value, 24).unwrap(),
        flag::register_counter([Signal::ALRM, Signal::XCPU], &count).unwrap(),
    ];
    signal::raise(Signal::XCPU).unwrap();
    assert!(!first.load(Ordering::SeqCst) && second.load(Ordering::SeqCst));
    assert_eq!(value.load(Ordering::SeqCst), 24);
    signal::raise(Signal::ALRM).unwrap();
    assert!(first.load(Ordering::SeqCst));
    assert_eq!(value.load(Ordering::SeqCst), 14);
    for _ in 0..98 {
        signal::raise(Signal::ALRM).unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 100);
    assert_eq!(registrations[1].signals(), SignalSet::from([Signal::ALRM, Signal::XCPU]));
    drop(registrations);
    assert_eq!(disposition(Signal::ALRM), libc::SIG_DFL);
    assert_eq!(disposition(Signal::XCPU), libc::SIG_DFL);
    assert_eq!(Arc::strong_count(&count), 1, "the actions are gone");
}

#[test]
fn ordinary_code_runs_on_a_thread_of_its_own() {
    within_deadline(|| {
        let (said, heard) = mpsc::channel();
        let main = thread::current().id();
        let handler = on(Signal::XFSZ, move |info| {
            assert_ne!(thread::current().id(), main);
            // Allocates, locks, prints: whatever handlers may not.
            said.send(format!("{}", info.signal())).unwrap();
        })
        .unwrap();
        for _ in 0..3 {
            signal::raise(Signal::XFSZ).unwrap();
            assert_eq!(heard.recv().unwrap(), "SIGXFSZ");
        }
        signal::raise(Signal::XFSZ).unwrap();
        handler.stop();
        assert_eq!(heard.recv().unwrap(), "SIGXFSZ", "what came before the stop");
        assert!(heard.recv().is_err(), "the closure is gone");
        assert_eq!(disposition(Signal::XFSZ), libc::SIG_DFL);
    });
}

#[test]
fn an_action_that_panics_gives_the_signal_back() {
    within_deadline(|| {
        let handler = on(Signal::IO, |_| std::panic::resume_unwind(Box::new("as wanted"))).unwrap();
        signal::raise(Signal::IO).unwrap();
        while disposition(Signal::IO) != libc::SIG_DFL {
            thread::yield_now();
        }
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handler.stop())).unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "as wanted");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_descriptor_and_no_memory_is_left() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    common::expect_success(status_of("role_that_makes_listeners", ""));
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_that_makes_listeners() {
    begin_role();
    let mappings = || std::fs::read_to_string("/proc/self/maps").unwrap().lines().count();
    let round = || {
        let signals = Signals::new([Signal::USR1, Signal::rt(0).unwrap()]).unwrap();
        // Enough for several chunks of memory.
        for number in 0..1_000 {
            signal::queue(own_pid(), Signal::rt(0).unwrap(), SignalValue::from(number)).unwrap();
        }
        // Other threads may still be about to take some.
        assert_eq!(signals.forever().take(1_000).count(), 1_000);
    };
    round();
    let before = (common::open_descriptors(), mappings());
    (0..100).for_each(|_| round());
    assert_eq!(common::signalling::descriptors_after_all(before.0), before.0);
    // The allocator may have taken an area of its own meanwhile.
    assert!(mappings() < before.1 + 20, "{} mappings, {} before", mappings(), before.1);
}

static OLD_HANDLER_RAN: AtomicUsize = AtomicUsize::new(0);

extern "C" fn old_handler(_: libc::c_int) {
    OLD_HANDLER_RAN.fetch_add(1, Ordering::SeqCst);
}

#[allow(unsafe_code)]
#[test]
fn old_dispositions_are_called_and_put_back() {
    let signal = Signal::QUIT;
    let handler = old_handler as *const () as usize;
    for old in [libc::SIG_DFL, libc::SIG_IGN, handler] {
        // SAFETY: nothing, or a function that only counts in an atomic variable.
        unsafe { set_disposition(signal, old) };
        let before = OLD_HANDLER_RAN.load(Ordering::SeqCst);
        let first = Signals::new(signal).unwrap();
        let second = Signals::new(signal).unwrap();
        signal::raise(signal).unwrap();
        assert_eq!((first.pending().count(), second.pending().count()), (1, 1));
        assert_eq!(OLD_HANDLER_RAN.load(Ordering::SeqCst) - before, usize::from(old == handler));
        drop(first);
        assert_ne!(disposition(signal), old, "one is left");
        signal::raise(signal).unwrap();
        assert_eq!(second.pending().count(), 1);
        drop(second);
        assert_eq!(disposition(signal), old);
    }
    signal::raise(signal).unwrap();
    assert_eq!(OLD_HANDLER_RAN.load(Ordering::SeqCst), 3);
}
