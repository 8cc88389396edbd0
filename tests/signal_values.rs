//! Signals without handlers: names, sets, masks, waiting, descriptors of signals, dispositions, sending, handles of
//! processes. Whatever changes more than its own thread runs in a process of its own.
#![cfg(all(unix, not(miri)))]
#![allow(unsafe_code)]

mod common;

use common::{FOREVER, Killed, begin_role, command_for_role, role_argument, unless_missing, within_deadline};
use interprocess::os::unix::{
    signal::{
        Cause, ChildStatus, Disposition, DispositionGuard, ProcessHandle, Signal, SignalCommandExt, SignalFd,
        SignalInfo, SignalMask, SignalSet, SignalValue, disposition, pending, probe, queue, raise, send,
        send_group, send_thread, set_disposition, thread_id, try_wait, wait, wait_timeout,
    },
    uds::{UnixSocketExt, UnixStream},
};
use std::{
    io::{self, ErrorKind, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, Command, Stdio},
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// Whether the system tells more of a signal than which it is where it is waited for.
const DESCRIBES: bool = cfg!(not(any(target_vendor = "apple", target_os = "openbsd")));
const HAS_SIGNALFD: bool = cfg!(any(target_os = "linux", target_os = "android"));

fn here() -> i32 {
    std::process::id() as i32
}

fn id(child: &Child) -> i32 {
    child.id() as i32
}

fn user() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Runs the test of this name in a process of its own, all of whose threads have blocked these signals from the start.
fn alone(test: &str, blocked: impl Into<SignalSet>, work: impl FnOnce()) {
    if role_argument(test).is_some() {
        return work();
    }
    let mut child = Killed(command_for_role(test, "").signal_mask(blocked).spawn().unwrap());
    let end = Instant::now() + FOREVER;
    loop {
        match child.0.try_wait().unwrap() {
            Some(status) => return assert!(status.success(), "{status}"),
            None if Instant::now() > end => panic!("the test hangs"),
            None => thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// Queues a value as soon as there is room in the queue, which other tests use too. Nothing tells when.
fn queue_patiently(mut attempt: impl FnMut() -> io::Result<()>) {
    let end = Instant::now() + FOREVER;
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < end => {
                thread::yield_now()
            }
            other => return other.unwrap(),
        }
    }
}

/// The first real-time signals, where there are any.
fn realtime<const N: usize>() -> Option<[Signal; N]> {
    match Signal::rt(N as u32) {
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            common::skip(error);
            None
        }
        other => other.map(|_| std::array::from_fn(|n| Signal::rt(n as u32).unwrap())).ok(),
    }
}

/// A child that waits to be ended.
fn sleeper() -> Killed {
    sleeper_of(|_| {})
}

/// Returns when the child sleeps: under qemu, std does so before the child's program has begun.
fn sleeper_of(change: impl FnOnce(&mut Command)) -> Killed {
    let mut command = Command::new("sh");
    change(command.args(["-c", "echo ready; exec sleep 1000"]).stdout(Stdio::piped()));
    let mut child = Killed(command.spawn().unwrap());
    let mut ready = [0; 6];
    child.0.stdout.take().unwrap().read_exact(&mut ready).unwrap();
    assert_eq!(&ready, b"ready\n");
    child
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// `None`, and says so, where the kernel or a sandbox has none.
fn descriptor_of(signals: impl Into<SignalSet>) -> Option<SignalFd> {
    if !HAS_SIGNALFD {
        common::skip("there are no descriptors of signals");
        return None;
    }
    unless_missing(SignalFd::new(signals), (2, 27))
}

/// `None`, and says so, where the kernel or a sandbox sends nothing through handles of processes.
fn sending(opened: io::Result<ProcessHandle>) -> Option<ProcessHandle> {
    let sending = opened.and_then(|handle| match handle.probe() {
        Err(error) if error.kind() == ErrorKind::Unsupported => Err(error),
        _ => Ok(handle),
    });
    unless_missing(sending, (5, 3))
}

// Names.

/// What bash calls the signals of this system.
#[test]
fn names_are_those_of_the_shell() {
    let numbers: Vec<_> = Signal::all().map(|signal| signal.as_raw().to_string()).collect();
    let shell = Command::new("bash").arg("-c").arg(format!("kill -l {}", numbers.join(" "))).output();
    let Ok(output) = shell else { return common::skip("there is no bash") };
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = text.split_ascii_whitespace().collect();
    assert_eq!(names.len(), numbers.len(), "{text}");
    for (name, signal) in names.into_iter().zip(Signal::all()) {
        assert_eq!(name.parse::<Signal>().unwrap(), signal, "{name}");
        if let Some(ours) = signal.name() {
            assert_eq!(ours.strip_prefix("SIG"), Some(name));
        }
    }
}

// Values, in order and complete.

const MANY: i32 = 100_000;

/// How many are sent before the receiver has to say that it has as many: the queue is one for all processes of a user, whose
/// timers need room in it too.
const WINDOW: i32 = 1000;

/// Sends so many values to a role, which is to end well.
fn send_many(role: &str) {
    let Some([signal]) = realtime() else { return };
    let (here, there) = UnixStream::pair().unwrap();
    let mut command = command_for_role(role, &std::process::id().to_string());
    command.signal_mask(signal).stdin(OwnedFd::from(there)).stdout(Stdio::null());
    let mut child = Killed(command.spawn().unwrap());
    // The child's end is its own, so that its death is seen here.
    drop(command);
    within_deadline(move || {
        let pid = id(&child.0);
        for value in 0..MANY {
            if value % WINDOW == 0 && value >= 2 * WINDOW {
                (&here).read_exact(&mut [0]).expect("the receiver has ended early");
            }
            queue_patiently(|| queue(pid, signal, value));
        }
        child.succeeds();
    });
}

/// Tells the sender how far the receiver is.
fn received(value: i32) {
    if value % WINDOW == WINDOW - 1 {
        assert_eq!(rustix::io::write(io::stdin(), b"!").unwrap(), 1);
    }
}

/// Whether it is the value from the sender.
fn check_value(info: &SignalInfo, signal: Signal, sender: i32, value: i32) {
    assert_eq!(info.signal(), signal);
    assert_eq!(info.value().map(SignalValue::as_i32), Some(value), "{info:?}");
    assert_eq!((info.cause(), info.pid(), info.uid()), (Cause::Queued, Some(sender), Some(user())));
    assert_eq!((info.child(), info.address()), (None, None));
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_waits_for_values() {
    let sender = begin_role();
    let (sender, [signal]) = (sender.parse().unwrap(), realtime().unwrap());
    for value in 0..MANY {
        check_value(&wait(signal).unwrap(), signal, sender, value);
        received(value);
    }
    assert_eq!(try_wait(signal).unwrap(), None);
}

#[test]
fn a_hundred_thousand_values_are_waited_for_in_order() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    send_many("role_waits_for_values");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_reads_values() {
    let sender = begin_role();
    let (sender, [signal]) = (sender.parse().unwrap(), realtime().unwrap());
    let signals = SignalFd::new(signal).unwrap();
    let (mut batch, mut next) = (Vec::new(), 0);
    while next < MANY {
        assert_eq!(signals.read_many(&mut batch).unwrap(), batch.len());
        assert!(!batch.is_empty() && batch.len() <= 32);
        for info in batch.drain(..) {
            check_value(&info, signal, sender, next);
            received(next);
            next += 1;
        }
    }
    signals.set_nonblocking(true).unwrap();
    assert_eq!(kind(signals.read()), ErrorKind::WouldBlock);
}

fn descriptor_of_blocked() -> Option<SignalFd> {
    let _blocked = SignalMask::block(Signal::USR1).unwrap();
    descriptor_of(Signal::USR1)
}

#[test]
fn a_hundred_thousand_values_are_read_in_order() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    if descriptor_of_blocked().is_some() {
        send_many("role_reads_values");
    }
}

#[cfg(feature = "tokio")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_reads_values_on_tokio() {
    use interprocess::os::unix::signal::tokio::SignalFd;

    let sender = begin_role();
    let (sender, [signal]) = (sender.parse().unwrap(), realtime().unwrap());
    common::on_tokio(async move {
        let signals = SignalFd::new(signal).unwrap();
        for value in 0..MANY / 2 {
            check_value(&signals.read().await.unwrap(), signal, sender, value);
            received(value);
        }
        let (mut batch, mut next) = (Vec::new(), MANY / 2);
        while next < MANY {
            signals.read_many(&mut batch).await.unwrap();
            for info in batch.drain(..) {
                check_value(&info, signal, sender, next);
                received(next);
                next += 1;
            }
        }
        assert_eq!(kind(signals.try_read()), ErrorKind::WouldBlock);
        // Off the runtime it blocks again.
        let signals: interprocess::os::unix::signal::SignalFd = signals.try_into().unwrap();
        queue_patiently(|| raise(signal));
        assert_eq!(signals.read().unwrap().signal(), signal);
    });
}

#[cfg(feature = "tokio")]
#[test]
fn a_hundred_thousand_values_are_read_on_tokio_in_order() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    if let Err(error) = tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        return common::skip(format_args!("there is no Tokio: {error}"));
    }
    if descriptor_of_blocked().is_some() {
        send_many("role_reads_values_on_tokio");
    }
}

/// Integers and pointers, all bits of them, on each way of receiving.
#[test]
fn values_keep_their_bits() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    let Some([signal]) = realtime() else { return };
    alone("values_keep_their_bits", signal, || {
        let signals = descriptor_of(signal);
        // qemu 7.2 gives other real-time signals to the kernel than it says in what comes with them, which is refused.
        let handle = sending(ProcessHandle::from_pid(here())).filter(|handle| {
            queue_patiently(|| handle.queue(Signal::URG, 0));
            common::is_native_linux((0, 0))
        });
        let take = |by_fd: bool| match &signals {
            Some(signals) if by_fd => signals.read().unwrap(),
            _ => wait(signal).unwrap(),
        };
        for by_fd in [false, true] {
            for bits in [0, 1, usize::MAX, usize::MAX / 3, 1 << (usize::BITS - 1)] {
                queue_patiently(|| queue(here(), signal, bits));
                assert_eq!(take(by_fd).value().unwrap().as_usize(), bits);
                if let Some(handle) = &handle {
                    queue_patiently(|| handle.queue(signal, bits));
                    assert_eq!(take(by_fd).value().unwrap().as_usize(), bits);
                }
            }
            for integer in [0, 1, -1, i32::MIN, i32::MAX] {
                queue_patiently(|| queue(here(), signal, integer));
                assert_eq!(take(by_fd).value().unwrap(), SignalValue::from(integer));
                if let Some(handle) = &handle {
                    queue_patiently(|| handle.queue(signal, integer));
                    check_value(&take(by_fd), signal, here(), integer);
                }
            }
        }
    });
}

#[test]
fn a_full_queue_would_block() {
    let Some([signal]) = realtime() else { return };
    alone("a_full_queue_would_block", signal, || {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Resource, getrlimit, setrlimit};
            let mut limit = getrlimit(Resource::Sigpending);
            limit.current = Some(0);
            setrlimit(Resource::Sigpending, limit).unwrap();
            let error = queue(here(), signal, 1).unwrap_err();
            let text = format!("cannot send SIGRTMIN to process {}: ", here());
            assert!(error.kind() == ErrorKind::WouldBlock && error.to_string().starts_with(&text), "{error}");
            assert_eq!(kind(raise(signal)), ErrorKind::WouldBlock);
            assert_eq!(kind(send_thread(here(), thread_id().unwrap(), signal)), ErrorKind::WouldBlock);
            assert_eq!(try_wait(signal).unwrap(), None);
            // kill(2) loses who has sent it instead; nobody is to take that for the superuser.
            send(here(), signal).unwrap();
            let info = wait(signal).unwrap();
            assert_eq!((info.signal(), info.pid(), info.uid(), info.value()), (signal, None, None, None));
        }
    });
}

// What the system tells.

#[test]
fn the_sender_is_told() {
    alone("the_sender_is_told", Signal::USR1, || {
        let signals = descriptor_of(Signal::USR1);
        for by_fd in [false, true] {
            let mut shell =
                Command::new("sh").args(["-c", "kill -s USR1 $0"]).arg(here().to_string()).spawn().unwrap();
            let info = match &signals {
                Some(signals) if by_fd => signals.read().unwrap(),
                _ => wait(Signal::USR1).unwrap(),
            };
            assert!(shell.wait().unwrap().success());
            assert_eq!(info.signal(), Signal::USR1);
            if DESCRIBES {
                assert_eq!(
                    (info.cause(), info.pid(), info.uid()),
                    (Cause::User, Some(id(&shell)), Some(user()))
                );
            } else {
                assert_eq!((info.cause(), info.pid(), info.uid()), (Cause::Unknown, None, None));
            }
            assert_eq!((info.value(), info.child(), info.address()), (None, None, None));
        }
    });
}

#[test]
fn children_are_told_of() {
    alone("children_are_told_of", Signal::CHLD, || {
        let told = |child: &Child, status: ChildStatus| {
            let info = wait(Signal::CHLD).unwrap();
            assert_eq!(info.signal(), Signal::CHLD);
            if DESCRIBES {
                assert_eq!((info.cause(), info.child()), (Cause::Child, Some(status)), "{info:?}");
                assert_eq!((info.pid(), info.uid(), info.value()), (Some(id(child)), Some(user()), None));
            }
        };
        let mut child = Command::new("sh").args(["-c", "exit 7"]).spawn().unwrap();
        told(&child, ChildStatus::Exited(7));
        assert_eq!(child.wait().unwrap().code(), Some(7));

        let mut child = sleeper();
        send(id(&child.0), Signal::STOP).unwrap();
        told(&child.0, ChildStatus::Stopped(Signal::STOP));
        send(id(&child.0), Signal::CONT).unwrap();
        told(&child.0, ChildStatus::Continued);
        send(id(&child.0), Signal::KILL).unwrap();
        told(&child.0, ChildStatus::Killed { signal: Signal::KILL, core_dumped: false });
        assert_eq!(child.0.wait().unwrap().signal(), Some(9));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn timers_are_told_of() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    alone("timers_are_told_of", Signal::USR2, || {
        let value = SignalValue::from(-17);
        // SAFETY: integers and pointers, for which zeroes are valid.
        let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = libc::SIGUSR2;
        event.sigev_value.sival_ptr = std::ptr::without_provenance_mut(value.as_usize());
        let mut timer = std::ptr::null_mut();
        queue_patiently(|| {
            // SAFETY: the pointers are to an event and to memory for the timer's id.
            match unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        });
        // SAFETY: integers, for which zeroes are valid.
        let mut when: libc::itimerspec = unsafe { std::mem::zeroed() };
        when.it_value.tv_nsec = 1;
        // SAFETY: the timer was made above, the pointers are to its time and null.
        assert_eq!(unsafe { libc::timer_settime(timer, 0, &when, std::ptr::null_mut()) }, 0);
        let info = wait(Signal::USR2).unwrap();
        assert_eq!((info.cause(), info.value()), (Cause::Timer, Some(value)), "{info:?}");
        assert_eq!((info.pid(), info.uid()), (None, None));
    });
}

#[test]
fn standard_signals_of_a_kind_are_one() {
    let _blocked = SignalMask::block(Signal::URG).unwrap();
    raise(Signal::URG).unwrap();
    raise(Signal::URG).unwrap();
    assert!(pending().unwrap().contains(Signal::URG));
    assert_eq!(wait(Signal::URG).unwrap().signal(), Signal::URG);
    assert!(!pending().unwrap().contains(Signal::URG));
}

#[test]
fn lower_realtime_signals_come_first() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    let Some([first, second, third]) = realtime() else { return };
    let set = SignalSet::from([first, second, third]);
    alone("lower_realtime_signals_come_first", set, || {
        for (signal, value) in [(third, 1), (first, 2), (second, 3), (first, 4)] {
            queue_patiently(|| queue(here(), signal, value));
        }
        let mut came = Vec::new();
        while let Some(info) = try_wait(set).unwrap() {
            came.push((info.signal(), info.value().unwrap().as_i32()));
        }
        assert_eq!(came, [(first, 2), (first, 4), (second, 3), (third, 1)]);
    });
}

// Waiting.

#[test]
fn what_cannot_be_waited_for_is_refused() {
    let blocked = SignalMask::block([Signal::USR1, Signal::KILL]).unwrap();
    let sets = [
        SignalSet::empty(),
        SignalSet::from(Signal::USR2),
        SignalSet::from([Signal::USR1, Signal::USR2]),
        SignalSet::from(Signal::KILL),
        SignalSet::from([Signal::USR1, Signal::STOP]),
    ];
    for set in sets {
        for result in [
            wait(set),
            wait_timeout(set, FOREVER),
            try_wait(set).map(Option::unwrap),
            SignalFd::new(set).and_then(|signals| signals.read()),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{set}: {error}");
        }
    }
    let text = wait([Signal::USR1, Signal::USR2]).unwrap_err().to_string();
    assert_eq!(text, "cannot wait for SIGUSR1, SIGUSR2: this thread has not blocked SIGUSR2");
    drop(blocked);
    assert_eq!(kind(wait(Signal::USR1)), ErrorKind::InvalidInput);
}

#[test]
fn waiting_has_an_end() {
    let _blocked = SignalMask::block(Signal::URG).unwrap();
    if !DESCRIBES {
        assert_eq!(kind(wait_timeout(Signal::URG, Duration::ZERO)), ErrorKind::Unsupported);
        return;
    }
    for timeout in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(30)] {
        let start = Instant::now();
        let error = wait_timeout(Signal::URG, timeout).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::TimedOut, "no signal came in time".into()));
        assert!(start.elapsed() >= timeout);
    }
    raise(Signal::URG).unwrap();
    assert_eq!(wait_timeout(Signal::URG, Duration::MAX).unwrap().signal(), Signal::URG);
}

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn handler(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

fn handle(signal: Signal) {
    let function = handler as extern "C" fn(libc::c_int);
    // SAFETY: the function does nothing but count.
    assert_ne!(unsafe { libc::signal(signal.as_raw(), function as usize) }, libc::SIG_ERR);
}

/// Handlers interrupt the system's calls, and nothing comes of it; not even a longer time.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn other_signals_do_not_end_waiting() {
    alone("other_signals_do_not_end_waiting", Signal::USR1, || {
        handle(Signal::USR2);
        let (thread, over) = (thread_id().unwrap(), AtomicBool::new(false));
        let Some(signals) = descriptor_of(Signal::USR1) else { return };
        thread::scope(|scope| {
            let disturbing = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    send_thread(here(), thread, Signal::USR2).unwrap();
                }
            });
            let start = Instant::now();
            let timeout = Duration::from_millis(50);
            assert_eq!(kind(wait_timeout(Signal::USR1, timeout)), ErrorKind::TimedOut);
            assert!(start.elapsed() >= timeout);
            for by_fd in [false, true] {
                let before = HANDLED.load(Ordering::Relaxed);
                let sending = scope.spawn(move || {
                    while HANDLED.load(Ordering::Relaxed) < before + 100 {
                        thread::yield_now();
                    }
                    send(here(), Signal::USR1).unwrap();
                });
                let info = if by_fd { signals.read() } else { wait(Signal::USR1) };
                assert_eq!(info.unwrap().signal(), Signal::USR1);
                assert!(HANDLED.load(Ordering::Relaxed) >= before + 100);
                sending.join().unwrap();
            }
            over.store(true, Ordering::Relaxed);
            disturbing.join().unwrap();
        });
    });
}

// Masks.

#[test]
fn masks_are_put_back() {
    let before = SignalMask::current().unwrap();
    assert!(!before.contains(Signal::HUP) && !before.contains(Signal::USR1));
    let outer = SignalMask::block([Signal::HUP, Signal::KILL]).unwrap();
    assert_eq!(outer.before(), before);
    assert_eq!(SignalMask::current().unwrap(), before | Signal::HUP.into());
    {
        let _inner = SignalMask::block([Signal::HUP, Signal::USR1]).unwrap();
        let _unblocked = SignalMask::unblock([Signal::HUP, Signal::WINCH]).unwrap();
        assert_eq!(SignalMask::current().unwrap(), before | Signal::USR1.into());
    }
    assert_eq!(SignalMask::current().unwrap(), before | Signal::HUP.into());
    {
        let _set = SignalMask::set(SignalSet::all()).unwrap();
        let all = SignalMask::current().unwrap();
        // qemu lacks the last two real-time signals that its program's C library has.
        let missing = SignalSet::all() - all;
        let lacks = |signal: Signal| signal.is_realtime() && !common::is_native_linux((0, 0));
        assert!(missing.contains(Signal::KILL) && missing.contains(Signal::STOP));
        assert!(missing.iter().all(|signal| !signal.can_be_caught() || lacks(signal)), "{missing}");
    }
    assert_eq!(SignalMask::current().unwrap(), before | Signal::HUP.into());
    // One that is dropped too early takes back what it has done, and no more.
    let later = SignalMask::block(Signal::USR1).unwrap();
    drop(outer);
    assert_eq!(SignalMask::current().unwrap(), before | Signal::USR1.into());
    later.keep();
    assert_eq!(SignalMask::current().unwrap(), before | Signal::USR1.into());
    drop(SignalMask::set(before).unwrap());
    SignalMask::set(before).unwrap().keep();
    assert_eq!(SignalMask::current().unwrap(), before);
}

#[test]
fn threads_inherit_the_mask_they_are_started_with() {
    let (start, begin) = mpsc::channel();
    let earlier = thread::spawn(move || {
        begin.recv().unwrap();
        SignalMask::current().unwrap()
    });
    let before = SignalMask::current().unwrap();
    let blocked = SignalMask::block(Signal::USR1).unwrap();
    start.send(()).unwrap();
    assert!(!earlier.join().unwrap().contains(Signal::USR1));
    let later = thread::spawn(|| SignalMask::current().unwrap());
    assert_eq!(later.join().unwrap(), before | Signal::USR1.into());
    drop(blocked);
    assert_eq!(SignalMask::current().unwrap(), before);
}

/// What a child has blocked and ignores, as the kernel tells. Of real-time signals, qemu keeps some for itself.
#[cfg(target_os = "linux")]
fn state_of_child(change: impl FnOnce(&mut Command)) -> (SignalSet, SignalSet) {
    let mut command = Command::new("cat");
    change(command.arg("/proc/self/status"));
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let set = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let bits = u128::from_str_radix(line.trim(), 16).unwrap();
        let standard = Signal::all().filter(|signal| !signal.is_realtime());
        standard.filter(|signal| bits >> (signal.as_raw() - 1) & 1 == 1).collect()
    };
    (set("SigBlk:"), set("SigIgn:"))
}

#[cfg(target_os = "linux")]
#[test]
fn children_start_with_what_was_asked_for() {
    if !common::has_proc() {
        return;
    }
    alone("children_start_with_what_was_asked_for", SignalSet::empty(), || {
        assert_eq!(state_of_child(|_| {}), (SignalSet::empty(), SignalSet::empty()));
        let blocked = SignalMask::block([Signal::USR1, Signal::TERM]).unwrap();
        assert_eq!(set_disposition(Signal::HUP, Disposition::Ignore).unwrap(), Disposition::Default);
        set_disposition(Signal::QUIT, Disposition::Ignore).unwrap();
        handle(Signal::USR2);
        assert_eq!(disposition(Signal::PIPE).unwrap(), Disposition::Ignore);
        // std gives back SIGPIPE and leaves the rest, as our documentation says.
        let (hup, quit) = (SignalSet::from(Signal::HUP), SignalSet::from(Signal::QUIT));
        let inherited = SignalSet::from([Signal::USR1, Signal::TERM]);
        assert_eq!(state_of_child(|_| {}), (inherited, hup | quit));
        let state = state_of_child(|command| {
            command.signal_mask(SignalSet::empty());
        });
        assert_eq!(state, (SignalSet::empty(), hup | quit));
        let state = state_of_child(|command| {
            command.signal_mask(Signal::INT).default_signals([Signal::HUP, Signal::KILL]);
        });
        assert_eq!(state, (Signal::INT.into(), quit));
        let state = state_of_child(|command| {
            command.default_signals(SignalSet::all());
        });
        assert_eq!(state, (inherited, SignalSet::empty()));
        // Nothing of that has changed this process.
        assert_eq!(SignalMask::current().unwrap(), inherited);
        assert_eq!(disposition(Signal::HUP).unwrap(), Disposition::Ignore);
        drop(blocked);
    });
}

// Dispositions.

#[test]
fn dispositions_come_back() {
    alone("dispositions_come_back", SignalSet::empty(), || {
        let now = || disposition(Signal::HUP).unwrap();
        assert_eq!(now(), Disposition::Default);
        let guard = DispositionGuard::new(Signal::HUP, Disposition::Ignore).unwrap();
        assert_eq!(
            (guard.signal(), guard.before(), now()),
            (Signal::HUP, Disposition::Default, Disposition::Ignore)
        );
        raise(Signal::HUP).unwrap();
        drop(guard);
        assert_eq!(now(), Disposition::Default);

        // A handler comes back, and works.
        handle(Signal::HUP);
        let outer = DispositionGuard::new(Signal::HUP, Disposition::Default).unwrap();
        let inner = DispositionGuard::new(Signal::HUP, Disposition::Ignore).unwrap();
        raise(Signal::HUP).unwrap();
        assert_eq!(HANDLED.load(Ordering::Relaxed), 0);
        drop(inner);
        assert_eq!(now(), Disposition::Default);
        drop(outer);
        assert_eq!(now(), Disposition::Handler);
        raise(Signal::HUP).unwrap();
        assert_eq!(HANDLED.load(Ordering::Relaxed), 1);

        // What somebody else has set meanwhile stays.
        let guard = DispositionGuard::new(Signal::HUP, Disposition::Ignore).unwrap();
        handle(Signal::HUP);
        drop(guard);
        assert_eq!(now(), Disposition::Handler);
        let guard = DispositionGuard::new(Signal::HUP, Disposition::Ignore).unwrap();
        assert_eq!(set_disposition(Signal::HUP, Disposition::Default).unwrap(), Disposition::Ignore);
        drop(guard);
        assert_eq!(now(), Disposition::Default);
    });
}

#[test]
fn dispositions_that_cannot_be_are_refused() {
    for (signal, to) in [
        (Signal::KILL, Disposition::Ignore),
        (Signal::STOP, Disposition::Default),
        (Signal::TERM, Disposition::Handler),
        (Signal::SEGV, Disposition::Ignore),
        (Signal::FPE, Disposition::Ignore),
    ] {
        let error = set_disposition(signal, to).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains(signal.name().unwrap()), "{error}");
        assert_eq!(kind(DispositionGuard::new(signal, to)), ErrorKind::InvalidInput);
    }
    // Also while there is a listener, with which no guard goes together.
    let _signals = interprocess::os::unix::signal::Signals::new([Signal::TERM]).unwrap();
    assert_eq!(kind(DispositionGuard::new(Signal::TERM, Disposition::Handler)), ErrorKind::InvalidInput);
}

// Sending.

#[test]
#[ignore = "a role, which another test starts"]
fn role_ends_by_a_signal() {
    let signal = begin_role();
    raise(signal.parse().unwrap()).unwrap();
    unreachable!("{signal} has ended the process");
}

#[test]
fn raised_signals_arrive_before_the_call_returns() {
    for signal in [Signal::TERM, Signal::USR1, Signal::KILL] {
        let mut command = command_for_role("role_ends_by_a_signal", &signal.to_string());
        let output = command.output().unwrap();
        assert_eq!(output.status.signal(), Some(signal.as_raw()), "{output:?}");
    }
}

#[test]
fn numbers_that_are_many_processes_are_refused() {
    for pid in [0, -1, -2, i32::MIN] {
        for result in [
            send(pid, Signal::TERM),
            queue(pid, Signal::TERM, 1),
            probe(pid),
            send_thread(pid, 1, Signal::TERM),
            send_thread(here(), pid, Signal::TERM),
            ProcessHandle::from_pid(pid).map(drop),
        ] {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.to_string().contains(&pid.to_string()), "{error}");
        }
    }
    for error in [probe(u32::MAX).unwrap_err(), ProcessHandle::from_pid(u32::MAX).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    probe(std::process::id()).unwrap();
    for group in [1, -1, i32::MIN] {
        assert_eq!(kind(send_group(group, Signal::TERM)), ErrorKind::InvalidInput);
    }
    assert_eq!(
        send(-1, Signal::TERM).unwrap_err().to_string(),
        "cannot send SIGTERM to process -1: there is no such number"
    );
}

#[test]
fn who_is_not_there_is_not_found() {
    // No system has so many processes.
    const NOBODY: i32 = i32::MAX;
    for result in [
        send(NOBODY, Signal::TERM),
        send_group(NOBODY, Signal::TERM),
        probe(NOBODY),
        ProcessHandle::from_pid(NOBODY).map(drop),
    ] {
        let error = result.unwrap_err();
        if error.kind() == ErrorKind::Unsupported && !common::is_native_linux((5, 3)) {
            common::skip(error);
            continue;
        }
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(&NOBODY.to_string()), "{error}");
    }
    if realtime::<1>().is_some() {
        assert_eq!(kind(queue(NOBODY, Signal::TERM, 1)), ErrorKind::NotFound);
    }
    if HAS_SIGNALFD {
        assert_eq!(kind(send_thread(here(), NOBODY, Signal::TERM)), ErrorKind::NotFound);
        // A thread of another process.
        let other = sleeper();
        let error = send_thread(here(), id(&other.0), Signal::TERM).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    probe(here()).unwrap();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_may_not_signal_its_parent() {
    let parent = begin_role();
    let parent: i32 = parent.parse().unwrap();
    for result in [send(parent, Signal::URG), probe(parent), queue(parent, Signal::URG, 1)] {
        let error = result.unwrap_err();
        let unsupported = error.kind() == ErrorKind::Unsupported && realtime::<1>().is_none();
        assert!(unsupported || error.kind() == ErrorKind::PermissionDenied, "{error}");
    }
    if let Some(handle) = sending(ProcessHandle::from_pid(parent)) {
        assert_eq!(kind(handle.send(Signal::URG)), ErrorKind::PermissionDenied);
        assert_eq!(kind(handle.probe()), ErrorKind::PermissionDenied);
        assert!(handle.is_alive().unwrap());
    }
}

#[test]
fn what_is_not_permitted_is_denied() {
    const NOBODY: u32 = 65534;
    if user() != 0 {
        // The first process is the superuser's.
        assert_eq!(kind(probe(1)), ErrorKind::PermissionDenied);
        return;
    }
    let mut command = command_for_role("role_may_not_signal_its_parent", &here().to_string());
    match command.uid(NOBODY).gid(NOBODY).spawn() {
        // It may not run this program either.
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}"),
        Ok(child) => Killed(child).succeeds(),
    }
}

#[test]
fn groups_have_all_their_processes_signalled() {
    let mut leader = sleeper_of(|command| _ = command.process_group(0));
    let group = id(&leader.0);
    let mut member = sleeper_of(|command| _ = command.process_group(group));
    let mut other = sleeper();
    send_group(group, Signal::TERM).unwrap();
    assert_eq!(leader.0.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    assert_eq!(member.0.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    assert!(other.0.try_wait().unwrap().is_none());
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_signals_its_own_group() {
    begin_role();
    send_group(0, Signal::TERM).unwrap();
    unreachable!("the group's signal is this process's too");
}

#[test]
fn group_zero_is_ones_own() {
    let mut command = command_for_role("role_signals_its_own_group", "");
    let status = command.process_group(0).stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_thread_alone_is_signalled() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    let _blocked = SignalMask::block(Signal::USR1).unwrap();
    if descriptor_of(Signal::USR1).is_none() {
        return;
    }
    let (barrier, (tell, told)) = (Barrier::new(2), mpsc::channel());
    thread::scope(|scope| {
        scope.spawn(|| {
            tell.send(thread_id().unwrap()).unwrap();
            barrier.wait();
            assert!(pending().unwrap().contains(Signal::USR1));
            let signals = SignalFd::new(Signal::USR1).unwrap();
            let mut info = signals.read().unwrap();
            // While other tests fill the queue, the sender is not told.
            while info.pid().is_none() {
                raise(Signal::USR1).unwrap();
                info = signals.read().unwrap();
            }
            assert_eq!((info.cause(), info.pid(), info.uid()), (Cause::Thread, Some(here()), Some(user())));
            raise(Signal::USR1).unwrap();
            let info = wait(Signal::USR1).unwrap();
            // glibc hides that a thread was meant.
            assert!([Cause::Thread, Cause::User].contains(&info.cause()), "{info:?}");
            assert!(info.pid().is_none_or(|pid| pid == here()));
        });
        let thread = told.recv().unwrap();
        assert_ne!(thread, thread_id().unwrap());
        send_thread(here(), thread, Signal::USR1).unwrap();
        assert_eq!(try_wait(Signal::USR1).unwrap(), None);
        barrier.wait();
    });
}

// Descriptors of signals.

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn descriptors_are_of_signals() {
    let _blocked = SignalMask::block([Signal::USR1, Signal::USR2]).unwrap();
    let Some(signals) = descriptor_of(Signal::USR1) else { return };
    let flags = rustix::io::fcntl_getfd(&signals).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    signals.set_nonblocking(true).unwrap();
    raise(Signal::USR2).unwrap();
    assert_eq!(kind(signals.read()), ErrorKind::WouldBlock);
    signals.set([Signal::USR1, Signal::USR2]).unwrap();
    let clone = signals.try_clone().unwrap();
    raise(Signal::USR1).unwrap();
    let mut both = Vec::new();
    // qemu forgets what a duplicate is of, and so to put its bytes into this order.
    let reader = if cfg!(target_endian = "big") && common::is_emulated() { &signals } else { &clone };
    assert_eq!(reader.read_many(&mut both).unwrap(), 2);
    assert_eq!(both.iter().map(SignalInfo::signal).collect::<SignalSet>().len(), 2);
    assert_eq!(kind(signals.set(Signal::TERM)), ErrorKind::InvalidInput);

    // Given away and taken back.
    let descriptor = OwnedFd::from(signals);
    if !common::has_proc() {
        assert_eq!(kind(SignalFd::try_from(descriptor)), ErrorKind::Unsupported);
        return;
    }
    let signals = SignalFd::try_from(descriptor).unwrap();
    raise(Signal::USR2).unwrap();
    assert_eq!(signals.read().unwrap().signal(), Signal::USR2);
    let (end, _other) = UnixStream::pair().unwrap();
    for other in [OwnedFd::from(end), std::fs::File::open("/dev/null").unwrap().into()] {
        assert_eq!(kind(SignalFd::try_from(other)), ErrorKind::InvalidInput);
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[test]
fn descriptors_of_signals_are_of_linux() {
    let _blocked = SignalMask::block(Signal::USR1).unwrap();
    assert_eq!(kind(SignalFd::new(Signal::USR1)), ErrorKind::Unsupported);
}

// Handles of processes.

#[test]
fn a_handle_signals_its_process() {
    let mut child = sleeper();
    let Some(handle) = sending(ProcessHandle::from_child(&mut child.0)) else { return };
    assert_eq!(handle.pid(), Some(id(&child.0)));
    assert!(handle.is_alive().unwrap());
    handle.probe().unwrap();
    if HAS_SIGNALFD {
        assert_eq!(kind(handle.wait_exit(Some(Duration::ZERO))), ErrorKind::TimedOut);
        assert_eq!(kind(handle.wait_exit(Some(Duration::from_millis(5)))), ErrorKind::TimedOut);
    }
    handle.send(Signal::TERM).unwrap();
    if HAS_SIGNALFD {
        // Its end is told before anybody has waited for it, and its status stays.
        handle.wait_exit(None).unwrap();
        assert!(!handle.is_alive().unwrap());
        handle.probe().unwrap();
    }
    assert_eq!(child.0.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    if HAS_SIGNALFD {
        handle.wait_exit(Some(FOREVER)).unwrap();
        let error = handle.send(Signal::KILL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert!(error.to_string().contains(&id(&child.0).to_string()), "{error}");
        assert_eq!(kind(handle.queue(Signal::KILL, 1)), ErrorKind::NotFound);
        assert_eq!(kind(handle.probe()), ErrorKind::NotFound);
        assert!(!handle.is_alive().unwrap());
    }
    assert_eq!(kind(ProcessHandle::from_child(&mut child.0)), ErrorKind::NotFound);
}

/// The number of a thread is none of a process.
#[cfg(target_os = "linux")]
#[test]
fn threads_have_no_handles() {
    if unless_missing(ProcessHandle::from_pid(here()), (5, 3)).is_some() {
        let opening = thread::spawn(|| ProcessHandle::from_pid(thread_id().unwrap()).unwrap_err());
        let error = opening.join().unwrap();
        assert!([ErrorKind::NotFound, ErrorKind::InvalidInput].contains(&error.kind()), "{error}");
    }
}

/// Gives a dead process's number to a new one, where the kernel lets this user choose it.
#[cfg(target_os = "linux")]
#[test]
fn a_handle_never_hits_who_got_the_number() {
    let mut recycled = 0;
    for _ in 0..50 {
        let mut old = sleeper();
        let Some(handle) = sending(ProcessHandle::from_child(&mut old.0)) else { return };
        old.kill();
        let last = (id(&old.0) - 1).to_string();
        if std::fs::write("/proc/sys/kernel/ns_last_pid", last).is_err() {
            return common::skip("this process cannot choose the next process ID");
        }
        let mut new = sleeper();
        for result in [handle.send(Signal::KILL), handle.queue(Signal::KILL, 1), handle.probe()] {
            assert_eq!(kind(result), ErrorKind::NotFound);
        }
        assert!(!handle.is_alive().unwrap());
        if id(&new.0) == id(&old.0) {
            recycled += 1;
            assert!(new.0.try_wait().unwrap().is_none(), "the handle has hit another process");
            if recycled == 3 {
                break;
            }
        }
    }
    println!("{recycled} numbers were given to others");
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn handles_are_made_of_descriptors() {
    if !common::has_proc() {
        return;
    }
    let Some(handle) = sending(ProcessHandle::from_pid(here())) else { return };
    assert!(handle.pidfd().is_some());
    let descriptor = handle.as_fd().try_clone_to_owned().unwrap();
    let again = ProcessHandle::try_from(descriptor).unwrap();
    again.probe().unwrap();
    if common::is_native_linux((5, 3)) {
        assert_eq!(again.pid(), Some(here()));
    }
    let flags = rustix::io::fcntl_getfd(OwnedFd::from(handle)).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));

    let (end, _other) = UnixStream::pair().unwrap();
    if let Some(descriptor) = unless_missing(end.peer_pidfd(), (6, 5)) {
        let peer = ProcessHandle::from_pidfd(descriptor).unwrap();
        assert_eq!(peer.pid(), Some(here()));
        peer.send(Signal::URG).unwrap();
    }

    let folder = std::fs::File::open(format!("/proc/{}", here())).unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    for other in [OwnedFd::from(end), folder.into(), file.into()] {
        let error = ProcessHandle::from_pidfd(other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }

    // One of a process that is gone is one of a process.
    let mut child = sleeper();
    let handle = ProcessHandle::from_child(&mut child.0).unwrap();
    child.kill();
    let again = ProcessHandle::from_pidfd(handle.into()).unwrap();
    assert_eq!(again.pid(), None);
    assert_eq!(kind(again.send(Signal::KILL)), ErrorKind::NotFound);
    assert!(!again.is_alive().unwrap());
}

// Sandboxes and older kernels.

/// Has system calls of this thread fail with an error, or, with 0, succeed and do nothing.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn deny(calls: &[(libc::c_long, libc::c_int)]) {
    let statement = |code, jt, jf, k| libc::sock_filter { code, jt, jf, k };
    let load = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    let jump_if_equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let answer = (libc::BPF_RET | libc::BPF_K) as u16;
    // The number of the call is first in what a filter sees (seccomp(2)).
    let mut filter = vec![statement(load, 0, 0, 0)];
    for (call, error) in calls {
        filter.push(statement(jump_if_equal, 0, 1, *call as u32));
        filter.push(statement(answer, 0, 0, libc::SECCOMP_RET_ERRNO | *error as u32));
    }
    filter.push(statement(answer, 0, 0, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: takes numbers.
    assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
    // SAFETY: the program is of local variables.
    let result = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
}

/// Runs the work in a thread of its own, to which alone the calls are denied.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn without(calls: &[(libc::c_long, libc::c_int)], work: impl FnOnce() + Send) {
    if !common::is_native_linux((4, 14)) {
        return common::skip("this kernel has no filters of system calls");
    }
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            deny(calls);
            work();
        });
        worker.join().unwrap();
    });
}

/// A descriptor that is none of a process is not taken for one, whatever a sandbox answers, and what it denies is not said
/// to be denied by the process.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn sandbox_makes_no_descriptor_one_of_a_process() {
    if !common::has_proc() {
        return;
    }
    let Some(handle) = unless_missing(ProcessHandle::from_pid(here()), (5, 3)) else { return };
    let adopted = |descriptor: OwnedFd| ProcessHandle::from_pidfd(descriptor);
    let pipe = || OwnedFd::from(io::pipe().unwrap().0);
    let own = || handle.as_fd().try_clone_to_owned().unwrap();
    let send = libc::SYS_pidfd_send_signal;
    for error in [0, libc::EPERM, libc::ENOSYS, libc::EACCES, libc::EBADF] {
        without(&[(send, error)], || {
            assert_eq!(kind(adopted(pipe())), ErrorKind::InvalidInput);
            let own = adopted(own()).unwrap();
            assert_eq!(own.pid(), Some(here()));
            if error == libc::EPERM || error == libc::ENOSYS {
                assert_eq!(kind(own.probe()), ErrorKind::Unsupported);
            }
        });
        // As without /proc, and before Linux 6.9.
        let nothing_known = [
            (send, error),
            (libc::SYS_readlink, libc::ENOENT),
            (libc::SYS_readlinkat, libc::ENOENT),
            (libc::SYS_fstatfs, libc::ENOSYS),
        ];
        without(&nothing_known, || {
            let refused = if error == libc::EBADF { ErrorKind::InvalidInput } else { ErrorKind::Unsupported };
            assert_eq!(kind(adopted(pipe())), refused);
            assert_eq!(kind(adopted(own())), refused);
        });
        without(&nothing_known[1..], || {
            assert_eq!(kind(adopted(pipe())), ErrorKind::InvalidInput);
            let directory = std::fs::File::open("/proc/self").unwrap();
            assert_eq!(kind(adopted(directory.into())), ErrorKind::InvalidInput);
            adopted(own()).unwrap().probe().unwrap();
        });
    }
}

/// What a sandbox denies, and an older kernel does not have, is `Unsupported`, or is done another way.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn denied_calls_are_unsupported_or_replaced() {
    let _blocked = SignalMask::block([Signal::USR1, Signal::USR2]).unwrap();
    for error in [libc::EPERM, libc::ENOSYS] {
        without(&[(libc::SYS_pidfd_open, error)], || {
            assert_eq!(kind(ProcessHandle::from_pid(here())), ErrorKind::Unsupported);
        });
        without(&[(libc::SYS_signalfd4, error)], || {
            assert_eq!(kind(SignalFd::new(Signal::USR1)), ErrorKind::Unsupported);
        });
        without(&[(libc::SYS_eventfd2, error)], || {
            let signals = interprocess::os::unix::signal::Signals::new(Signal::WINCH).unwrap();
            for _ in 0..3 {
                raise(Signal::WINCH).unwrap();
                assert!(common::signalling::is_readable(&signals));
                assert_eq!(signals.wait().unwrap().signal(), Signal::WINCH);
                assert!(signals.pending().next().is_none());
                assert!(!common::signalling::is_readable(&signals));
            }
        });
        without(&[(libc::SYS_tgkill, error)], || {
            assert_eq!(kind(raise(Signal::URG)), ErrorKind::Unsupported);
            assert_eq!(kind(send_thread(here(), here(), Signal::URG)), ErrorKind::Unsupported);
            // A child by fork, for which its parent's listener is closed, ends by the signal.
            let _signals = interprocess::os::unix::signal::Signals::new(Signal::TERM).unwrap();
            let in_child = || {
                let _ = send(here(), Signal::TERM);
                7
            };
            // SAFETY: the child makes a system call.
            let status = unsafe { common::signalling::forked(in_child) };
            assert_eq!(status.signal(), Some(libc::SIGTERM), "{status:?}");
        });
        without(&[(libc::SYS_rt_sigqueueinfo, error)], || {
            assert_eq!(kind(queue(here(), Signal::URG, 1)), ErrorKind::Unsupported);
        });
        without(&[(libc::SYS_kill, error)], || {
            for result in [send(here(), Signal::URG), probe(here()), send_group(0, Signal::URG)] {
                assert_eq!(kind(result), ErrorKind::Unsupported);
            }
        });
        // Waiting, and what waits, without poll(2).
        without(&[(libc::SYS_ppoll, error), (libc::SYS_poll, error)], || {
            let signals = interprocess::os::unix::signal::Signals::new(Signal::WINCH).unwrap();
            assert_eq!(kind(signals.wait_timeout(Duration::from_millis(5))), ErrorKind::TimedOut);
            raise(Signal::WINCH).unwrap();
            assert_eq!(signals.wait().unwrap().signal(), Signal::WINCH);
        });
    }
}
