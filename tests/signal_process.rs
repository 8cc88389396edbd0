//! What signals do to whole processes: ending them, forking them, storms of them. Every case runs in processes of its own.
#![cfg(unix)]

mod common;

use common::{Killed, begin_role, command_for_role, within_deadline};
use interprocess::os::unix::signal::{
    self, Cause, Disposition, DispositionGuard, Signal, SignalCommandExt, SignalMask, SignalSet, SignalValue,
    Signals, flag, low_level,
};
use interprocess::shutdown::{self, Shutdown};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{
        net::UnixStream,
        process::{CommandExt, ExitStatusExt},
    },
    process::{ChildStdin, ChildStdout, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

/// Fewer rounds where each instruction is emulated.
const IS_SLOW: bool = cfg!(not(any(target_arch = "x86_64", target_arch = "x86")));

/// A role that says lines and is told some.
struct Role {
    child: Killed,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Role {
    fn start(role: &str, argument: &str, prepare: impl FnOnce(&mut std::process::Command)) -> Self {
        let mut command = command_for_role(role, argument);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        prepare(&mut command);
        let mut child = command.spawn().unwrap();
        let to = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        Self { child: Killed(child), to, from }
    }

    fn pid(&self) -> i32 {
        self.child.0.id().try_into().unwrap()
    }

    /// Reads lines until the one that is expected; the test harness prints some as well.
    fn expect(&mut self, expected: &str) {
        let mut line = String::new();
        while self.from.read_line(&mut line).unwrap() > 0 {
            if line.trim_end().ends_with(expected) {
                return;
            }
            line.clear();
        }
        panic!("the role has ended before it said {expected:?}: {:?}", self.child.0.wait());
    }

    fn tell(&mut self) {
        self.to.write_all(b"\n").unwrap();
    }

    fn send(&self, signal: Signal) {
        signal::send(self.pid(), signal).unwrap();
    }

    fn ends(&mut self) -> ExitStatus {
        self.child.0.wait().unwrap()
    }
}

fn say(line: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn wait_to_be_told() {
    io::stdin().read_exact(&mut [0]).unwrap();
}

#[test]
fn when_the_last_listener_has_gone_a_signal_ends_the_process_again() {
    within_deadline(|| {
        let mut role = Role::start("role_that_stops_listening", "", |_| {});
        role.expect("listening");
        role.send(Signal::TERM);
        role.expect("received");
        role.expect("gone");
        role.send(Signal::TERM);
        assert_eq!(role.ends().signal(), Some(Signal::TERM.as_raw()));
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_that_stops_listening() {
    begin_role();
    let signals = Signals::new(Signal::TERM).unwrap();
    say("listening");
    assert_eq!(signals.wait().unwrap().signal(), Signal::TERM);
    say("received");
    drop(signals);
    say("gone");
    wait_to_be_told();
}

#[test]
fn a_second_signal_ends_the_process() {
    within_deadline(|| {
        for (way, status) in [("default", None), ("two calls", None), ("shutdown", Some(7))] {
            let mut role = Role::start("role_that_ends_at_the_second", way, |_| {});
            role.expect("ready");
            role.send(Signal::INT);
            role.expect("first");
            role.send(Signal::INT);
            let ended = role.ends();
            assert_eq!(ended.code(), status, "{way}: {ended}");
            assert_eq!(ended.signal(), status.is_none().then_some(Signal::INT.as_raw()), "{way}: {ended}");
        }
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_that_ends_at_the_second() {
    let way = begin_role();
    let stop = Arc::new(AtomicBool::new(false));
    let registrations = match way.as_str() {
        "default" => vec![flag::set_or_default([Signal::INT, Signal::TERM], &stop).unwrap()],
        "two calls" => vec![
            flag::register_conditional_default(Signal::INT, &stop).unwrap(),
            flag::register(Signal::INT, &stop).unwrap(),
        ],
        _ => vec![
            flag::register_conditional_shutdown(Signal::INT, 7, &stop).unwrap(),
            flag::register(Signal::INT, &stop).unwrap(),
        ],
    };
    let told = end_with_the_test();
    say("ready");
    while !stop.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    say("first");
    let _ = told.recv();
    drop(registrations);
}

/// A signal that stops is acted upon as without a handler, and the handler is still there afterwards.
///
/// The kernel stops no process of an orphaned group this way (POSIX, 2.4.3). The role has a group of its own, which is not
/// orphaned while this process, its parent, is of the same session.
#[test]
fn the_default_action_may_be_to_stop() {
    within_deadline(|| {
        let mut role = Role::start("role_that_is_stopped", "", |command| _ = command.process_group(0));
        role.expect("ready");
        role.send(Signal::TSTP);
        let status = wait_for_stop(role.pid());
        assert_eq!(status.stopped_signal(), Some(Signal::TSTP.as_raw()));
        role.send(Signal::CONT);
        role.expect("stopped and gone on");
        role.send(Signal::TSTP);
        assert_eq!(wait_for_stop(role.pid()).stopped_signal(), Some(Signal::TSTP.as_raw()));
        role.send(Signal::CONT);
        role.expect("stopped and gone on");
        role.tell();
        assert!(role.ends().success());
    });
}

#[allow(unsafe_code)]
fn wait_for_stop(pid: i32) -> ExitStatus {
    let mut status = 0;
    // SAFETY: fills a local variable.
    assert_eq!(unsafe { libc::waitpid(pid, &mut status, libc::WUNTRACED) }, pid);
    ExitStatus::from_raw(status)
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_that_is_stopped() {
    begin_role();
    let (always, count) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let registrations = [
        flag::register_conditional_default(Signal::TSTP, &always).unwrap(),
        flag::register_counter(Signal::TSTP, &count).unwrap(),
    ];
    let told = end_with_the_test();
    say("ready");
    for round in 1..=2 {
        while count.load(Ordering::SeqCst) != round {
            thread::yield_now();
        }
        say("stopped and gone on");
    }
    told.recv().unwrap();
    drop(registrations);
}

/// Has a role that does not wait for the test end with it, also if that is killed. Returns what is told.
fn end_with_the_test() -> mpsc::Receiver<()> {
    let (tell, told) = mpsc::channel();
    // Signals are for the other threads.
    let _blocked = SignalMask::block(SignalSet::all()).unwrap();
    thread::spawn(move || {
        while io::stdin().read_exact(&mut [0]).is_ok() {
            let _ = tell.send(());
        }
        std::process::exit(1);
    });
    told
}

/// Process 1 of a pid namespace has no default actions (pid_namespaces(7)). What ends a process by default ends it with the
/// status by which shells tell of that.
#[cfg(target_os = "linux")]
#[test]
fn acting_by_default_ends_process_one() {
    if !common::is_native_linux((0, 0)) {
        return common::skip("acting_by_default_ends_process_one needs a kernel of its own");
    }
    within_deadline(|| {
        for (way, status) in [
            ("second request", 128 + libc::SIGTERM),
            ("second signal", 128 + libc::SIGHUP),
            ("caught", 128 + libc::SIGQUIT),
            ("blocked", 128 + libc::SIGTERM),
            ("cannot be caught", 128 + libc::SIGKILL),
            ("nothing by default", 0),
        ] {
            let role = command_for_role("role_of_process_one", way);
            let mut command = std::process::Command::new("unshare");
            command.args(["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--"]);
            command.arg(role.get_program()).args(role.get_args());
            command.envs(role.get_envs().filter_map(|(name, value)| Some((name, value?))));
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let mut child = match command.spawn() {
                Ok(child) => Killed(child),
                Err(error) => {
                    return common::skip(format_args!("acting_by_default_ends_process_one: {error}"));
                }
            };
            let ended = child.0.wait().unwrap();
            if ended.code() == Some(1) {
                // unshare(1) says why.
                return common::skip("acting_by_default_ends_process_one needs a pid namespace");
            }
            assert_eq!(ended.code(), Some(status), "{way}: {ended}");
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_of_process_one() {
    let way = begin_role();
    assert_eq!(std::process::id(), 1);
    match way.as_str() {
        "second request" => {
            let stop = shutdown::flag().unwrap();
            signal::raise(Signal::TERM).unwrap();
            assert!(stop.is_set());
            signal::raise(Signal::TERM).unwrap();
        }
        "second signal" => {
            let _kept = flag::set_or_default(Signal::HUP, &Arc::new(AtomicBool::new(true))).unwrap();
            signal::raise(Signal::HUP).unwrap();
        }
        "caught" => {
            let signals = Signals::new(Signal::QUIT).unwrap();
            signal::raise(Signal::QUIT).unwrap();
            signal::act_by_default(signals.wait().unwrap().signal()).unwrap();
        }
        "blocked" => {
            let _blocked = SignalMask::block(Signal::TERM).unwrap();
            signal::act_by_default(Signal::TERM).unwrap();
        }
        "cannot be caught" => signal::act_by_default(Signal::KILL).unwrap(),
        _ => {
            signal::act_by_default(Signal::CHLD).unwrap();
            signal::act_by_default(Signal::CONT).unwrap();
            // Not caught: the kernel does not deliver it.
            signal::raise(Signal::TERM).unwrap();
            return;
        }
    }
    unreachable!("it has ended the process");
}

#[test]
fn a_child_by_fork_has_its_own_signals() {
    within_deadline(|| {
        let mut role = Role::start("role_that_forks", "", |_| {});
        assert!(role.ends().success());
    });
}

#[allow(unsafe_code)]
#[test]
#[ignore = "a role, which another test starts"]
fn role_that_forks() {
    begin_role();
    let signals = Signals::new([Signal::USR1, Signal::CHLD, Signal::TERM]).unwrap();
    let counter = Arc::new(AtomicUsize::new(0));
    let _registration = flag::register_counter(Signal::USR2, &counter).unwrap();
    let fork = |child: fn(&Signals) -> i32| {
        // SAFETY: the child raises signals, makes a listener, and ends: none of it takes a lock that another thread has at
        // this moment, as no other thread of this process does anything.
        match unsafe { libc::fork() } {
            0 => {
                let code = child(&signals);
                // SAFETY: ends the child.
                unsafe { libc::_exit(code) }
            }
            pid => {
                let mut status = 0;
                // SAFETY: fills a local variable.
                assert_eq!(unsafe { libc::waitpid(pid, &mut status, 0) }, pid);
                ExitStatus::from_raw(status)
            }
        }
    };
    // The listener is the parent's: the child does what it would do without one.
    let status = fork(|_| {
        let _ = signal::raise(Signal::TERM);
        1
    });
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()), "{status}");
    // What is ignored by default ends nobody, and nobody is woken by it.
    let status = fork(|signals| {
        let _ = signal::raise(Signal::CHLD);
        i32::try_from(signals.pending().count()).unwrap()
    });
    assert_eq!(status.code(), Some(0), "{status}");
    // Its own listener is like any.
    let status = fork(|signals| {
        let own = Signals::new(Signal::USR1).unwrap();
        let _ = signal::raise(Signal::USR1);
        let (own, parents) = (own.pending().count(), signals.pending().count());
        i32::try_from(own * 10 + parents).unwrap()
    });
    assert_eq!(status.code(), Some(10), "{status}");
    let received: Vec<_> = signals.pending().map(|info| info.signal()).collect();
    assert!(received.iter().all(|signal| *signal == Signal::CHLD), "the parent got {received:?}");
    assert!(received.len() <= 3);
    signal::raise(Signal::USR1).unwrap();
    assert_eq!(signals.wait().unwrap().signal(), Signal::USR1);
}

/// The signals that only one thread of the role is to take, so that their order is the kernel's.
fn realtime_signals() -> [Signal; 3] {
    [0, 1, 2].map(|number| Signal::rt(number).unwrap())
}

/// Limits how many signals can be queued for this process. The kernel looks through all of them for each that it delivers,
/// and counts them for all processes of the user: with its own limit of tens of thousands this test would be slow, and keep
/// others from queueing anything.
#[cfg(target_os = "linux")]
fn limit_queue() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Sigpending, Rlimit { current: Some(500), maximum: Some(500) }).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn limit_queue() {}

/// Queues a value as soon as there is room for it.
fn queue_patiently(pid: i32, signal: Signal, value: i32) {
    loop {
        match signal::queue(pid, signal, SignalValue::from(value)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::yield_now(),
            other => return other.unwrap(),
        }
    }
}

#[cfg(not(any(target_vendor = "apple", target_os = "openbsd")))]
#[test]
fn a_hundred_thousand_values_arrive_in_order() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    within_deadline(|| {
        let count: i32 = if IS_SLOW { 5_000 } else { 100_000 };
        for when in ["while they come", "afterwards", "by a function"] {
            let mut role = Role::start("role_that_takes_values", &format!("{count} {when}"), |command| {
                command.signal_mask(realtime_signals());
            });
            role.expect("listening");
            for value in 0..count {
                queue_patiently(role.pid(), realtime_signals()[0], value);
            }
            role.tell();
            role.expect("complete");
            assert!(role.ends().success());
        }
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_that_takes_values() {
    let argument = begin_role();
    let (count, when) = argument.split_once(' ').unwrap();
    let count: i32 = count.parse().unwrap();
    let signal = realtime_signals()[0];
    limit_queue();
    let signals = Signals::new(signal).unwrap();
    let (pass_on, passed_on) = mpsc::channel();
    // Its thread is as blocked as this one.
    let function = (when == "by a function")
        .then(|| signal::on(signal, move |info| pass_on.send(info).unwrap()).unwrap());
    SignalMask::unblock(signal).unwrap().keep();
    say("listening");
    if when == "afterwards" {
        wait_to_be_told();
    }
    for expected in 0..count {
        let info = signals.wait().unwrap();
        assert_eq!((info.signal(), info.cause()), (signal, Cause::Queued));
        assert_eq!(info.pid(), Some(std::os::unix::process::parent_id() as i32));
        assert_eq!(info.value().unwrap().as_i32(), expected);
        if function.is_some() {
            assert_eq!(passed_on.recv().unwrap(), info);
        }
    }
    if when != "afterwards" {
        wait_to_be_told();
    }
    assert_eq!(signals.pending().count(), 0);
    assert_eq!(signals.lost(), 0);
    say("complete");
}

/// Of four senders, in how many kinds of signals.
const SENDERS: usize = 4;
const STANDARD: [Signal; 6] =
    [Signal::USR1, Signal::USR2, Signal::HUP, Signal::WINCH, Signal::URG, Signal::ALRM];

fn storm_size() -> usize {
    if IS_SLOW { 2_000 } else { 250_000 }
}

#[cfg(not(any(target_vendor = "apple", target_os = "openbsd")))]
#[test]
fn a_storm_loses_nothing_that_the_kernel_accepted() {
    if !common::signalling::can_queue_signals() {
        return;
    }
    within_deadline(|| {
        let mut role = Role::start("role_in_the_storm", "", |command| {
            command.signal_mask(realtime_signals());
        });
        role.expect("listening");
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let argument = format!("{} {sender}", role.pid());
                let mut command = command_for_role("role_that_storms", &argument);
                Killed(command.stdout(Stdio::null()).spawn().unwrap())
            })
            .collect();
        senders.into_iter().for_each(|mut sender| sender.succeeds());
        role.tell();
        role.expect("complete");
        assert!(role.ends().success());
    });
}

/// Sends signals of all kinds in turn; the values of real-time ones count up, for each kind.
#[test]
#[ignore = "a role, which another test starts"]
fn role_that_storms() {
    let argument = begin_role();
    let (pid, sender) = argument.split_once(' ').unwrap();
    let (pid, sender): (i32, usize) = (pid.parse().unwrap(), sender.parse().unwrap());
    let mut next = [0; 3];
    for number in 0..storm_size() {
        let kind = number % (STANDARD.len() + next.len());
        if let Some(standard) = STANDARD.get(kind) {
            signal::send(pid, *standard).unwrap();
        } else {
            let kind = kind - STANDARD.len();
            queue_patiently(pid, realtime_signals()[kind], (sender << 24 | next[kind]) as i32);
            next[kind] += 1;
        }
    }
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_in_the_storm() {
    begin_role();
    limit_queue();
    let signals =
        Signals::new(STANDARD.into_iter().chain(realtime_signals()).collect::<SignalSet>()).unwrap();
    let counter = Arc::new(AtomicUsize::new(0));
    let _registration = flag::register_counter(STANDARD, &counter).unwrap();
    let over = Arc::new(AtomicBool::new(false));

    // Threads that do nothing but I/O, and get standard signals only; this one gets the others as well.
    let io = {
        let over = Arc::clone(&over);
        let (here, there) = UnixStream::pair().unwrap();
        let echo = thread::spawn(move || io::copy(&mut (&there), &mut (&there)).unwrap());
        thread::spawn(move || {
            let block = common::bytes(6, 3_000);
            let mut moved = 0;
            while !over.load(Ordering::SeqCst) {
                (&here).write_all(&block).unwrap();
                let mut back = vec![0; block.len()];
                (&here).read_exact(&mut back).unwrap();
                assert_eq!(back, block);
                moved += 1;
            }
            here.shutdown(std::net::Shutdown::Write).unwrap();
            echo.join().unwrap();
            moved
        })
    };
    SignalMask::unblock(realtime_signals()).unwrap().keep();
    say("listening");

    let mut seen = SignalSet::empty();
    let mut next = [[0; 3]; SENDERS];
    let (mut near, mut far) = UnixStream::pair().unwrap();
    let each = |kind: usize| {
        let round = STANDARD.len() + 3;
        (storm_size() + round - 1 - (STANDARD.len() + kind)) / round
    };
    while (0..SENDERS).any(|sender| (0..3).any(|kind| next[sender][kind] < each(kind))) {
        let info = signals.wait().unwrap();
        seen.insert(info.signal());
        // This thread does I/O as well.
        near.write_all(b"interrupted?").unwrap();
        far.read_exact(&mut [0; 12]).unwrap();
        if let Some(kind) = realtime_signals().iter().position(|signal| *signal == info.signal()) {
            let value = info.value().unwrap().as_i32() as usize;
            let (sender, number) = (value >> 24, value & 0xff_ffff);
            assert_eq!(number, next[sender][kind], "in order, once, of sender {sender}");
            next[sender][kind] += 1;
        }
    }
    wait_to_be_told();
    signals.pending().for_each(|info| {
        assert!(STANDARD.contains(&info.signal()), "one too many");
        seen.insert(info.signal());
    });
    assert_eq!(seen, signals.signals(), "every kind was seen");
    assert_eq!(signals.lost(), 0);
    assert!(counter.load(Ordering::SeqCst) >= STANDARD.len());
    over.store(true, Ordering::SeqCst);
    assert!(io.join().unwrap() > 0);
    say("complete");
    // Another thread's handler may be under way still. Without the listener, its signal would do what it does by default.
    std::process::exit(0);
}

/// A call that waits goes on waiting, and `errno` is as it was.
#[allow(unsafe_code)]
#[test]
fn handlers_disturb_no_system_call() {
    within_deadline(|| {
        let signals = Signals::new(Signal::IO).unwrap();
        let (mut here, mut there) = UnixStream::pair().unwrap();
        let (tell, told) = mpsc::channel();
        let reader = thread::spawn(move || {
            // SAFETY: takes nothing.
            tell.send(unsafe { libc::pthread_self() } as usize).unwrap();
            let mut byte = [0];
            here.read(&mut byte).map(|count| (count, byte[0]))
        });
        let thread = told.recv().unwrap() as libc::pthread_t;
        for _ in 0..1_000 {
            // SAFETY: the thread reads until it is written to below.
            unsafe { libc::pthread_kill(thread, Signal::IO.as_raw()) };
            signals.wait().unwrap();
        }
        there.write_all(b"x").unwrap();
        assert_eq!(reader.join().unwrap().unwrap(), (1, b'x'));

        // SAFETY: fails, and says so in errno.
        unsafe { libc::close(-1) };
        let before = io::Error::last_os_error().raw_os_error();
        // SAFETY: sends a signal to this thread, whose handler makes calls that fail.
        unsafe { libc::raise(Signal::IO.as_raw()) };
        assert_eq!(before, Some(libc::EBADF));
        assert_eq!(io::Error::last_os_error().raw_os_error(), before);
        assert_eq!(signals.pending().count(), 1);
    });
}

#[test]
fn a_fault_can_be_mended_or_passed_on() {
    within_deadline(|| {
        let mut role = Role::start("role_that_faults", "mended", |_| {});
        assert!(role.ends().success());
        let mut role = Role::start("role_that_faults", "not mended", |command| {
            command.stderr(Stdio::null());
        });
        assert_eq!(role.ends().signal(), Some(Signal::SEGV.as_raw()));
    });
}

static PAGE: AtomicUsize = AtomicUsize::new(0);
static FAULTED_AT: AtomicUsize = AtomicUsize::new(0);
static FAULTS: AtomicI32 = AtomicI32::new(0);

#[allow(unsafe_code)]
#[test]
#[ignore = "a role, which another test starts"]
fn role_that_faults() {
    let argument = begin_role();
    let mends = argument == "mended";
    let length = rustix::param::page_size();
    // SAFETY: a new mapping, which touches no memory that is in use.
    let page = unsafe {
        libc::mmap(std::ptr::null_mut(), length, libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANON, -1, 0)
    };
    assert_ne!(page, libc::MAP_FAILED);
    PAGE.store(page as usize, Ordering::SeqCst);
    let mend = move |info: &signal::SignalInfo| {
        FAULTS.fetch_add(1, Ordering::SeqCst);
        FAULTED_AT.store(info.address().unwrap_or(0), Ordering::SeqCst);
        // SAFETY: the page is this test's, and what is written to it may be.
        mends
            && unsafe { libc::mprotect(page_address(), page_length(), libc::PROT_READ | libc::PROT_WRITE) }
                == 0
    };
    assert_eq!(
        // SAFETY: not registered.
        unsafe { low_level::register_fault(Signal::TERM, |_| true) }.unwrap_err().kind(),
        io::ErrorKind::InvalidInput
    );
    let _stack = low_level::AlternateStack::new(64 * 1024).unwrap();
    // SAFETY: the action uses atomic variables and calls mprotect(2), a bare system call; afterwards the page may be used.
    let registration = unsafe { low_level::register_fault(Signal::SEGV, mend) }.unwrap();
    let byte = (page as usize + 5) as *mut u8;
    // SAFETY: the page is there; that it may not be written to is what the test is about.
    unsafe { byte.write_volatile(7) };
    // SAFETY: written above.
    assert_eq!(unsafe { byte.read_volatile() }, 7);
    assert_eq!(FAULTS.load(Ordering::SeqCst), 1);
    // Some processors tell the page only.
    let exactness = if cfg!(target_arch = "s390x") { length } else { 1 };
    assert_eq!(FAULTED_AT.load(Ordering::SeqCst) / exactness, (page as usize + 5) / exactness);
    drop(registration);
}

fn page_address() -> *mut libc::c_void {
    PAGE.load(Ordering::SeqCst) as *mut _
}

/// The part that is needed.
fn page_length() -> usize {
    1
}

/// What nohup(1) does.
#[test]
fn a_request_that_was_ignored_before_is_not_heard() {
    within_deadline(|| {
        let mut role = Role::start("role_that_is_to_go_on", "", |_| {});
        role.expect("listening");
        role.send(Signal::HUP);
        role.send(Signal::TERM);
        role.expect("asked to terminate");
        role.send(Signal::HUP);
        role.tell();
        assert!(role.ends().success());
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_that_is_to_go_on() {
    begin_role();
    signal::set_disposition(Signal::HUP, Disposition::Ignore).unwrap();
    signal::set_disposition(Signal::TERM, Disposition::Default).unwrap();
    // First, so that it is set when the listener is told.
    let stop = shutdown::flag().unwrap();
    let shutdown = Shutdown::new().unwrap();
    say("listening");
    say(&shutdown.wait().unwrap().reason().to_string());
    assert!(stop.is_set());
    assert!(shutdown.pending().is_none());
    wait_to_be_told();
}

#[test]
fn a_program_ends_by_the_signal_that_it_has_caught() {
    within_deadline(|| {
        for signal in [Signal::TERM, Signal::QUIT, Signal::KILL] {
            let mut role = Role::start("role_that_ends_by_a_signal", signal.name().unwrap(), |_| {});
            assert_eq!(role.ends().signal(), Some(signal.as_raw()));
        }
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_that_ends_by_a_signal() {
    let name = begin_role();
    let signal: Signal = name.parse().unwrap();
    let signals = Signals::new([Signal::TERM, Signal::QUIT, Signal::CHLD]).unwrap();
    signal::act_by_default(Signal::CHLD).unwrap();
    assert_eq!(signals.pending().count(), 0);
    let _blocked = SignalMask::block(SignalSet::all()).unwrap();
    signal::act_by_default(signal).unwrap();
    unreachable!("it has ended the process");
}

#[test]
fn a_socket_is_told_as_long_as_it_has_room() {
    let (mut here, there) = UnixStream::pair().unwrap();
    assert_eq!(
        flag::register_socket(Signal::WINCH, std::fs::File::open("/dev/null").unwrap()).unwrap_err().kind(),
        io::ErrorKind::InvalidInput
    );
    let registration = flag::register_socket([Signal::WINCH, Signal::URG], there).unwrap();
    signal::raise(Signal::WINCH).unwrap();
    signal::raise(Signal::URG).unwrap();
    here.read_exact(&mut [0; 2]).unwrap();
    // More than fits: nothing waits, and nothing ends the process.
    for _ in 0..10_000 {
        signal::raise(Signal::WINCH).unwrap();
    }
    here.read_exact(&mut [0]).unwrap();
    drop(registration);
    let mut rest = Vec::new();
    here.read_to_end(&mut rest).unwrap();

    // The reader is gone.
    let (here, there) = UnixStream::pair().unwrap();
    let _registration = flag::register_socket(Signal::WINCH, there).unwrap();
    drop(here);
    common::deadly_sigpipe();
    signal::raise(Signal::WINCH).unwrap();
}

#[test]
fn a_guard_and_a_listener_exclude_each_other() {
    let guard = DispositionGuard::new(Signal::TTOU, Disposition::Ignore).unwrap();
    let error = Signals::new(Signal::TTOU).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
    drop(guard);
    let signals = Signals::new(Signal::TTOU).unwrap();
    let error = DispositionGuard::new(Signal::TTOU, Disposition::Ignore).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy, "{error}");
    assert!(error.to_string().contains("SIGTTOU"), "{error}");
    signal::raise(Signal::TTOU).unwrap();
    assert_eq!(signals.wait().unwrap().signal(), Signal::TTOU);
    drop(signals);
    assert_eq!(signal::disposition(Signal::TTOU).unwrap(), Disposition::Default);
    drop(DispositionGuard::new(Signal::TTOU, Disposition::Ignore).unwrap());
    assert_eq!(signal::disposition(Signal::TTOU).unwrap(), Disposition::Default);
}

#[test]
fn stacks_that_are_dropped_in_the_wrong_order_stay_usable() {
    let counter = Arc::new(AtomicUsize::new(0));
    let _registration = flag::register_counter(Signal::TTIN, &counter).unwrap();
    let first = low_level::AlternateStack::new(0).unwrap();
    let second = low_level::AlternateStack::new(64 << 10).unwrap();
    drop(first);
    signal::raise(Signal::TTIN).unwrap();
    drop(second);
    signal::raise(Signal::TTIN).unwrap();
    assert_eq!(counter.load(Ordering::SeqCst), 2);
}
