//! Receiving signals, case by case: listeners that wait, share and close, flags, actions, what is refused. Unix.
//!
//! Each test has a signal of its own, or a process.
#![cfg(unix)]
#![allow(unsafe_code)]

mod common;

use common::{
    Killed, begin_role, command_for_role,
    signalling::{disposition, is_default, is_readable, kill, raise, set_disposition},
    within_deadline,
};
use interprocess::os::unix::signal::{
    self, Cause, ChildStatus, DefaultAction, Signal, SignalSet, Signals, flag, low_level,
};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::{
    io::{BufRead, BufReader, ErrorKind},
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

const NOW: Duration = Duration::ZERO;

/// A process that plays a role, of which lines can be read.
struct Role {
    child: Killed,
    lines: BufReader<ChildStdout>,
}

impl Role {
    fn start(role: &str, argument: &str) -> Self {
        let mut command = command_for_role(role, argument);
        // Of its own, whose processes can be stopped as their parent is in another (POSIX, 2.4.3).
        command.process_group(0);
        let mut child = Killed(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let lines = BufReader::new(child.0.stdout.take().unwrap());
        let mut role = Self { child, lines };
        role.says("ready");
        role
    }

    /// Waits for the next line that it says.
    fn says(&mut self, text: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "it has ended without saying {text:?}");
            if let Some((_, said)) = line.trim_end().split_once("role says: ") {
                assert_eq!(said, text);
                return;
            }
        }
    }

    fn gets(&self, signal: Signal) {
        kill(self.child.0.id(), signal);
    }

    fn ends(&mut self) -> ExitStatus {
        // Waiting would close it, which ends it too.
        let _kept = self.child.0.stdin.take();
        self.child.0.wait().unwrap()
    }
}

fn say(text: &str) {
    println!("role says: {text}");
}

/// Lives until it is killed, or until who plays it has gone.
fn live_on() -> ! {
    let _ = std::io::stdin().read_line(&mut String::new());
    std::process::exit(99);
}

/// A role that began with the default action, which whoever runs the tests may have changed.
fn begin_by_default(signal: Signal) {
    // SAFETY: runs no code of this process.
    unsafe { set_disposition(signal, libc::SIG_DFL) };
}

#[test]
fn forever_ends_when_closed_and_not_before() {
    within_deadline(|| {
        const USED: Signal = Signal::USR1;
        let signals = Signals::new(USED).unwrap();
        let (seen, received) = mpsc::channel();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let mut count = 0;
                for info in &signals {
                    assert_eq!(info.signal(), USED);
                    count += 1;
                    seen.send(()).unwrap();
                }
                count
            });
            for _ in 0..5 {
                raise(USED);
                received.recv().unwrap();
                assert!(!waiter.is_finished());
            }
            signals.close();
            assert_eq!(waiter.join().unwrap(), 5);
        });
    });
}

#[test]
fn waiting_waits() {
    const USED: Signal = Signal::USR2;
    let signals = Signals::new(USED).unwrap();
    let time = Duration::from_millis(20);
    for _ in 0..5 {
        let begin = Instant::now();
        assert_eq!(signals.wait_timeout(time).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(begin.elapsed() >= time);
        assert_eq!(signals.wait_timeout(NOW).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(signals.pending().next(), None);
    }
    raise(USED);
    assert_eq!(signals.wait_timeout(NOW).unwrap().unwrap().signal(), USED);
    raise(USED);
    assert_eq!(signals.wait_timeout(Duration::MAX).unwrap().unwrap().signal(), USED);
    raise(USED);
    assert_eq!(signals.wait().unwrap().signal(), USED);
    raise(USED);
    assert!(signals.forever().take(1).map(|info| info.signal()).eq([USED]));
    raise(USED);
    assert!(signals.pending().map(|info| info.signal()).eq([USED]));
}

#[test]
fn nothing_blocks_when_closed() {
    const USED: Signal = Signal::ALRM;
    let signals = Signals::new(USED).unwrap();
    assert!(!signals.is_closed());
    raise(USED);
    signals.close();
    signals.close();
    assert!(signals.is_closed());
    assert!(is_default(USED));
    assert!(is_readable(&signals), "for who waits by poll");
    // What came before.
    assert_eq!(signals.wait().unwrap().signal(), USED);
    assert_eq!(signals.wait(), None);
    assert_eq!(signals.wait_timeout(Duration::MAX).unwrap(), None);
    assert_eq!(signals.forever().next(), None);
    assert_eq!(signals.pending().next(), None);
    assert!(is_readable(&signals));
    assert_eq!(signals.add(USED).unwrap_err().kind(), ErrorKind::ConnectionAborted);
    assert!(!signals.remove(USED));
    assert!(signals.signals().is_empty());
}

#[test]
fn closing_wakes_who_waits_for_nothing() {
    within_deadline(|| {
        let signals = Signals::new(SignalSet::empty()).unwrap();
        thread::scope(|scope| {
            let waiters = [(); 4].map(|()| scope.spawn(|| signals.wait()));
            let timed = scope.spawn(|| signals.wait_timeout(Duration::MAX).unwrap());
            signals.close();
            for waiter in waiters {
                assert_eq!(waiter.join().unwrap(), None);
            }
            assert_eq!(timed.join().unwrap(), None);
        });
    });
}

#[test]
fn signals_are_added_later() {
    within_deadline(|| {
        const USED: Signal = Signal::VTALRM;
        let signals = Signals::new([]).unwrap();
        thread::scope(|scope| {
            let waiter = scope.spawn(|| signals.wait().unwrap().signal());
            signals.add(USED).unwrap();
            signals.add(USED).unwrap();
            raise(USED);
            assert_eq!(waiter.join().unwrap(), USED);
        });
        assert_eq!(signals.pending().count(), 0, "adding it twice does not double it");
        assert!(signals.remove(USED));
        assert!(is_default(USED));
    });
}

/// Signals that come after others were awaited are received with them, and then nothing is left that would wake anybody.
#[test]
fn what_comes_late_leaves_no_wake_up_behind() {
    let (one, other) = (Signal::PROF, Signal::WINCH);
    let signals = Signals::new([one, other]).unwrap();
    raise(one);
    assert_eq!(signals.wait().unwrap().signal(), one);
    raise(other);
    raise(one);
    assert!(signals.pending().map(|info| info.signal()).eq([other, one]));
    assert!(!is_readable(&signals));
    assert_eq!(signals.wait_timeout(NOW).unwrap_err().kind(), ErrorKind::TimedOut);
}

/// As with mio and other loops around poll(2).
#[test]
fn the_descriptor_says_whether_there_are_signals() {
    within_deadline(|| {
        let (one, other) = (Signal::XCPU, Signal::XFSZ);
        let signals = Signals::new([one, other]).unwrap();
        assert!(!is_readable(&signals));
        raise(one);
        assert!(is_readable(&signals));
        assert!(is_readable(&signals), "asking changes nothing");
        assert_eq!(signals.pending().next().unwrap().signal(), one);
        assert_eq!(signals.pending().next(), None);
        assert!(!is_readable(&signals));

        raise(one);
        raise(other);
        assert!(signals.pending().map(|info| info.signal()).eq([one, other]));
        assert!(!is_readable(&signals));

        // In parallel.
        let received = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 1..=100 {
                    raise(one);
                    while received.load(Ordering::SeqCst) < number {
                        thread::yield_now();
                    }
                }
            });
            while received.load(Ordering::SeqCst) < 100 {
                let mut entry = [rustix::event::PollFd::new(&signals, rustix::event::PollFlags::IN)];
                if rustix::event::poll(&mut entry, None).is_ok() {
                    assert_eq!(signals.pending().map(|info| assert_eq!(info.signal(), one)).count(), 1);
                    received.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        assert!(!is_readable(&signals));
    });
}

/// Each signal goes to one of the threads that share a listener, and to each listener.
#[test]
#[cfg(target_os = "linux")]
fn threads_share_a_listener() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    within_deadline(|| {
        const COUNT: i32 = 400;
        let used = Signal::rt(1).unwrap();
        let (shared, other) = (Signals::new(used).unwrap(), Signals::new(used).unwrap());
        let (sender, received) = mpsc::channel();
        let mut all: Vec<i32> = thread::scope(|scope| {
            for _ in 0..4 {
                let (shared, sender) = (&shared, sender.clone());
                scope.spawn(move || {
                    for info in shared {
                        sender.send(info.value().unwrap().as_i32()).unwrap();
                    }
                });
            }
            drop(sender);
            (0..COUNT).for_each(|number| common::signalling::queue(std::process::id(), used, number));
            let all = received.iter().take(COUNT as usize).collect();
            shared.close();
            assert_eq!(received.iter().count(), 0);
            all
        });
        all.sort_unstable();
        assert!(all.into_iter().eq(0..COUNT));
        // A handler may have reached the first listener and not yet this one.
        let mut all: Vec<_> = (0..COUNT).map(|_| other.wait().unwrap().value().unwrap().as_i32()).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..COUNT));
        assert_eq!((shared.lost(), other.lost()), (0, 0));
    });
}

#[test]
fn the_sender_is_told() {
    within_deadline(|| {
        const USED: Signal = Signal::IO;
        let signals = Signals::new(USED).unwrap();
        let argument = format!("{} {}", std::process::id(), USED.as_raw());
        let mut child = Role::start("role_sends", &argument);
        let info = signals.wait().unwrap();
        assert_eq!(info.signal(), USED);
        assert_eq!(info.cause(), Cause::User);
        assert_eq!(info.pid(), Some(child.child.0.id() as i32));
        assert_eq!(info.uid(), Some(rustix::process::getuid().as_raw()));
        assert_eq!((info.value(), info.child(), info.address()), (None, None, None));
        assert!(child.ends().success());
        assert_eq!(signals.pending().next(), None);
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_sends() {
    let argument = begin_role();
    let (process, signal) = argument.split_once(' ').unwrap();
    say("ready");
    kill(process.parse().unwrap(), Signal::from_raw(signal.parse().unwrap()).unwrap());
}

/// What children do, which is told with their process.
#[test]
fn children_are_told_of() {
    let mut child = Role::start("role_has_children", "");
    within_deadline(move || assert!(child.ends().success()));
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_has_children() {
    begin_role();
    let signals = Signals::new(Signal::CHLD).unwrap();
    say("ready");
    let start = |script: &str| -> Child {
        Command::new("/bin/sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap()
    };
    let next = |child: &Child| {
        let info = signals.wait().unwrap();
        assert_eq!(info.signal(), Signal::CHLD);
        assert_eq!(info.cause(), Cause::Child);
        assert_eq!(info.pid(), Some(child.id() as i32));
        info.child().unwrap()
    };
    let mut child = start("exit 7");
    assert_eq!(next(&child), ChildStatus::Exited(7));
    assert_eq!(child.wait().unwrap().code(), Some(7));

    let mut child = start("read line");
    kill(child.id(), Signal::STOP);
    assert_eq!(next(&child), ChildStatus::Stopped(Signal::STOP));
    kill(child.id(), Signal::CONT);
    assert_eq!(next(&child), ChildStatus::Continued);
    kill(child.id(), Signal::TERM);
    assert_eq!(next(&child), ChildStatus::Killed { signal: Signal::TERM, core_dumped: false });
    assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGTERM));
    assert_eq!(signals.pending().next(), None);
}

#[test]
fn what_is_refused() {
    let used = Signal::TTIN;
    let flag = Arc::new(AtomicBool::new(false));
    let forbidden = [Signal::KILL, Signal::STOP, Signal::SEGV, Signal::BUS, Signal::FPE, Signal::ILL];
    for one in forbidden {
        let both = SignalSet::from([used, one]);
        let number = Arc::new(AtomicUsize::new(0));
        let errors = [
            Signals::new(both).unwrap_err(),
            Signals::new([]).unwrap().add(one).unwrap_err(),
            signal::on(both, |_| {}).unwrap_err(),
            flag::register(both, &flag).unwrap_err(),
            flag::register_usize(both, &number, 1).unwrap_err(),
            flag::register_counter(both, &number).unwrap_err(),
            flag::register_conditional_shutdown(both, 1, &flag).unwrap_err(),
            flag::register_conditional_default(both, &flag).unwrap_err(),
            flag::set_or_default(both, &flag).unwrap_err(),
            // SAFETY: the action does nothing.
            unsafe { low_level::register(one, |_| {}) }.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{one}");
            assert!(error.to_string().contains(&one.to_string()), "{error}");
        }
        assert!(is_default(used), "all or none");
    }
    assert_eq!(Arc::strong_count(&flag), 1);
    for one in Signal::all().filter(|one| !one.is_fault()) {
        // SAFETY: the action does nothing.
        let error = unsafe { low_level::register_fault(one, |_| false) }.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{one}");
    }
}

/// What is refused elsewhere can be caught by unsafe code.
#[test]
fn faults_can_be_caught() {
    let mut child = Role::start("role_catches_a_fault", "");
    within_deadline(move || assert_eq!(child.ends().signal(), Some(libc::SIGFPE)));
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_catches_a_fault() {
    begin_role();
    static CAUGHT: AtomicUsize = AtomicUsize::new(0);
    begin_by_default(Signal::FPE);
    // SAFETY: the action counts, and there is nothing to mend, as the signal is sent.
    let mends = unsafe {
        low_level::register_fault(Signal::FPE, |_| {
            CAUGHT.fetch_add(1, Ordering::SeqCst);
            true
        })
    }
    .unwrap();
    raise(Signal::FPE);
    raise(Signal::FPE);
    assert_eq!(CAUGHT.load(Ordering::SeqCst), 2);
    drop(mends);
    assert!(is_default(Signal::FPE));
    // SAFETY: the action does nothing.
    let _does_not = unsafe { low_level::register_fault(Signal::FPE, |_| false) }.unwrap();
    say("ready");
    raise(Signal::FPE);
    live_on();
}

/// The same action twice, beside another signal; all of one signal gone, and there again.
#[test]
fn actions_are_added_and_removed() {
    let (one, other) = (Signal::URG, Signal::TTOU);
    let called = Arc::new(AtomicUsize::new(0));
    let add = |signal| {
        let called = Arc::clone(&called);
        // SAFETY: the action counts.
        unsafe {
            low_level::register(signal, move |_| {
                called.fetch_add(1, Ordering::SeqCst);
            })
        }
        .unwrap()
    };
    let (first, second, third) = (add(one), add(one), add(other));
    assert_eq!(first.signals(), SignalSet::from(one));
    raise(one);
    assert_eq!(called.load(Ordering::SeqCst), 2);
    drop(first);
    raise(one);
    assert_eq!(called.load(Ordering::SeqCst), 3);
    drop(second);
    assert!(is_default(one));
    raise(one);
    assert_eq!(called.load(Ordering::SeqCst), 3, "it is called no more");
    raise(other);
    assert_eq!(called.load(Ordering::SeqCst), 4, "the other is not disturbed");
    let again = add(one);
    raise(one);
    assert_eq!(called.load(Ordering::SeqCst), 5);
    drop((third, again));
    assert_eq!(Arc::strong_count(&called), 1, "actions are dropped");
    assert!(is_default(one) && is_default(other));
}

/// What an action is told, and that it leaves the number of the last error as it was.
#[test]
#[cfg(target_os = "linux")]
fn actions_run_in_the_handler() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    let used = Signal::rt(2).unwrap();
    let (pid, thread) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicI32::new(0)));
    let (told, ran) = (Arc::clone(&pid), Arc::clone(&thread));
    let action = move |info: &signal::SignalInfo| {
        told.store(info.pid().unwrap_or(-1), Ordering::SeqCst);
        ran.store(thread_id(), Ordering::SeqCst);
        set_errno(12345);
    };
    // SAFETY: the action uses atomic variables, and makes calls that may be made in a handler.
    let _action = unsafe { low_level::register(used, action) }.unwrap();
    set_errno(0);
    raise(used);
    assert_ne!(std::io::Error::last_os_error().raw_os_error(), Some(12345));
    assert_eq!(pid.load(Ordering::SeqCst), std::process::id() as i32);
    assert_eq!(thread.load(Ordering::SeqCst), thread_id());
}

#[cfg(target_os = "linux")]
fn thread_id() -> i32 {
    // SAFETY: takes nothing.
    unsafe { libc::gettid() }
}

#[cfg(target_os = "linux")]
fn set_errno(number: i32) {
    // SAFETY: takes nothing.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: the variable of this thread.
    unsafe { *place = number };
}

#[test]
fn a_flag_is_set_until_it_is_not_wanted_any_more() {
    let used = Signal::SYS;
    // So that the process lives on.
    let _always = Signals::new(used).unwrap();
    let flag = Arc::new(AtomicBool::new(false));
    let registration = flag::register(used, &flag).unwrap();
    assert!(!flag.load(Ordering::SeqCst));
    raise(used);
    assert!(flag.load(Ordering::SeqCst));
    drop(registration);
    assert_eq!(Arc::strong_count(&flag), 1);
    flag.store(false, Ordering::SeqCst);
    raise(used);
    assert!(!flag.load(Ordering::SeqCst));

    // Kept for ever.
    flag::register(used, &flag).unwrap().keep();
    raise(used);
    assert!(flag.load(Ordering::SeqCst));
    assert_eq!(Arc::strong_count(&flag), 2);
}

#[test]
fn one_variable_tells_signals_apart() {
    let (one, other) = (Signal::TRAP, Signal::HUP);
    let (last, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let _one = flag::register_usize(one, &last, 1).unwrap();
    let _other = flag::register_usize(other, &last, 2).unwrap();
    let counted = flag::register_counter([one, other], &count).unwrap();
    assert_eq!(counted.signals(), SignalSet::from([one, other]));
    for (signal, value) in [(one, 1), (other, 2), (one, 1), (one, 1)] {
        raise(signal);
        assert_eq!(last.load(Ordering::SeqCst), value);
    }
    assert_eq!(count.load(Ordering::SeqCst), 4);
    drop(counted);
    raise(one);
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

/// Each role listens to `SIGTERM` in its way. The first does not end it; the second does, with this status or signal.
#[test]
fn the_second_request_ends_the_process() {
    for (role, code, signal) in [
        ("role_arms_inside_the_handler", Some(3), None),
        ("role_arms_after_receiving", Some(4), None),
        ("role_arms_the_default", None, Some(libc::SIGTERM)),
        ("role_sets_or_defaults", None, Some(libc::SIGTERM)),
    ] {
        within_deadline(move || {
            let mut child = Role::start(role, "");
            child.gets(Signal::TERM);
            child.says("received");
            assert!(child.child.0.try_wait().unwrap().is_none());
            child.gets(Signal::TERM);
            let status = child.ends();
            assert_eq!((status.code(), status.signal()), (code, signal), "{role}");
        });
    }
}

fn wait_for(flag: &AtomicBool) {
    while !flag.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    say("received");
}

/// Ends if the flag is set, which is set after that was looked at.
#[test]
#[ignore = "a role, which another test starts"]
fn role_arms_inside_the_handler() {
    begin_role();
    let armed = Arc::new(AtomicBool::new(false));
    let _ends = flag::register_conditional_shutdown(Signal::TERM, 3, &armed).unwrap();
    let _arms = flag::register(Signal::TERM, &armed).unwrap();
    say("ready");
    wait_for(&armed);
    live_on();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_arms_after_receiving() {
    begin_role();
    let signals = Signals::new(Signal::TERM).unwrap();
    say("ready");
    assert_eq!(signals.wait().unwrap().signal(), Signal::TERM);
    let armed = Arc::new(AtomicBool::new(true));
    let _ends = flag::register_conditional_shutdown(Signal::TERM, 4, &armed).unwrap();
    say("received");
    live_on();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_arms_the_default() {
    begin_role();
    let armed = Arc::new(AtomicBool::new(false));
    let _ends = flag::register_conditional_default(Signal::TERM, &armed).unwrap();
    let _arms = flag::register(Signal::TERM, &armed).unwrap();
    say("ready");
    wait_for(&armed);
    live_on();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_sets_or_defaults() {
    begin_role();
    let asked = Arc::new(AtomicBool::new(false));
    let _registration = flag::set_or_default([Signal::TERM, Signal::INT], &asked).unwrap();
    // Clearing it makes the next one the first again.
    for _ in 0..3 {
        raise(Signal::INT);
        assert!(asked.swap(false, Ordering::SeqCst));
    }
    say("ready");
    wait_for(&asked);
    live_on();
}

/// Every signal does by default what its table says, also when that is done by the handler.
#[test]
fn the_default_action_is_that_of_the_system() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    within_deadline(|| {
        for one in Signal::all().filter(|one| one.can_be_caught() && !one.is_fault()) {
            let expected = one.default_action();
            if expected == DefaultAction::CoreDump && one == Signal::TRAP {
                // Debuggers and emulators have their own use for it.
                continue;
            }
            if one.is_realtime() && common::is_emulated() {
                // qemu has fewer of them than it says, and does with some what its host's C library does.
                continue;
            }
            let mut child = Role::start("role_acts_by_default", &one.as_raw().to_string());
            match expected {
                DefaultAction::Terminate | DefaultAction::CoreDump => {
                    let status = child.ends();
                    assert_eq!(status.signal(), Some(one.as_raw()), "{one}: {status}");
                }
                DefaultAction::Stop => {
                    let process = Pid::from_raw(child.child.0.id() as i32);
                    let (_, status) = waitpid(process, WaitOptions::UNTRACED).unwrap().unwrap();
                    assert!(status.stopped(), "{one}");
                    assert_eq!(status.stopping_signal(), Some(one.as_raw()));
                    child.gets(Signal::CONT);
                    child.says("lives on");
                }
                DefaultAction::Ignore | DefaultAction::Continue => child.says("lives on"),
            }
        }
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_acts_by_default() {
    let argument = begin_role();
    let used = Signal::from_raw(argument.parse().unwrap()).unwrap();
    begin_by_default(used);
    let no_core = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    rustix::process::setrlimit(rustix::process::Resource::Core, no_core).unwrap();
    let _registration = flag::register_conditional_default(used, &Arc::new(AtomicBool::new(true))).unwrap();
    let ours = disposition(used);
    say("ready");
    raise(used);
    assert_eq!(disposition(used), ours, "it is listened to as before");
    say("lives on");
    live_on();
}

#[test]
fn ordinary_code_runs_when_a_signal_comes() {
    within_deadline(|| {
        const USED: Signal = Signal::QUIT;
        let (sender, received) = mpsc::channel();
        let name = move |info: signal::SignalInfo| {
            sender.send((info.signal(), thread::current().id())).unwrap();
        };
        let action = signal::on(USED, name).unwrap();
        raise(USED);
        let (signal, thread) = received.recv().unwrap();
        assert_eq!(signal, USED);
        assert_ne!(thread, thread::current().id());
        raise(USED);
        action.stop();
        assert_eq!(received.iter().count(), 1, "what came before is waited for");
        assert!(is_default(USED));
    });
}
