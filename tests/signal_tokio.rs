//! Signals on Tokio: runtimes that come and go, tasks that share a listener, conversions, nothing lost. Unix.
//!
//! Each test has a signal of its own, or a process.
#![cfg(all(unix, feature = "tokio"))]
#![allow(unsafe_code)]

mod common;

use common::{
    FOREVER, Killed, begin_role, command_for_role, now, on_tokio,
    signalling::{is_default, is_readable, kill, raise},
    within_deadline,
};
use interprocess::os::unix::signal::{
    self, Cause, Signal, SignalSet,
    tokio::{SignalKind, Signals, ctrl_c, signal, uninstall},
};
use std::{
    future::poll_fn,
    io::ErrorKind,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::{JoinSet, yield_now},
    time::timeout,
};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs a role to its end, and gives how it ended.
fn ending_of(role: &'static str) -> ExitStatus {
    within_deadline(move || {
        let mut command = command_for_role(role, "");
        Killed(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()).0.wait().unwrap()
    })
}

fn succeeds(role: &'static str) {
    let status = ending_of(role);
    assert!(status.success(), "{role}: {status}");
}

#[test]
fn one_signal_and_another() {
    on_tokio(async {
        let mut signals = signal(SignalKind::user_defined1()).unwrap();
        for _ in 0..3 {
            raise(Signal::USR1);
            assert_eq!(signals.recv().await, Some(()));
            assert!(now(signals.recv()).await.is_none(), "one is one");
        }
        // Unlike with Tokio's own, each instance.
        raise(Signal::USR1);
        raise(Signal::USR1);
        assert_eq!(signals.recv().await, Some(()));
        assert_eq!(signals.recv().await, Some(()));
        assert!(now(signals.recv()).await.is_none());
    });
}

#[test]
fn both_of_two_are_told() {
    on_tokio(async {
        let mut first = signal(SignalKind::user_defined2()).unwrap();
        let mut second = signal(Signal::USR2).unwrap();
        raise(Signal::USR2);
        assert_eq!(first.recv().await, Some(()));
        assert_eq!(second.recv().await, Some(()));
    });
}

#[test]
fn dropping_some_leaves_the_others() {
    on_tokio(async {
        let kind = SignalKind::alarm();
        let before = signal(kind).unwrap();
        let mut kept = signal(kind).unwrap();
        let after = signal(kind).unwrap();
        drop(before);
        drop(after);
        raise(Signal::ALRM);
        assert_eq!(kept.recv().await, Some(()));
    });
}

/// What comes while nobody listens is not received later.
#[test]
fn what_comes_between_two_listeners_is_of_nobody() {
    on_tokio(async {
        let kind = SignalKind::window_change();
        drop(signal(kind).unwrap());
        assert!(!is_default(Signal::WINCH));
        raise(Signal::WINCH);
        let mut signals = signal(kind).unwrap();
        assert!(now(signals.recv()).await.is_none());
        raise(Signal::WINCH);
        assert_eq!(signals.recv().await, Some(()));
        drop(signals);
        assert!(uninstall(kind) && is_default(Signal::WINCH));
    });
}

#[test]
fn the_end_of_one_runtime_does_not_starve_another() {
    let kind = SignalKind::from_raw(Signal::VTALRM.as_raw());
    let (first_runtime, second_runtime) = (runtime(), runtime());
    let mut first = first_runtime.block_on(async { signal(kind) }).unwrap();
    let mut second = second_runtime.block_on(async { signal(kind) }).unwrap();
    raise(Signal::VTALRM);
    assert_eq!(first_runtime.block_on(first.recv()), Some(()));
    drop(first_runtime);
    drop(first);
    raise(Signal::VTALRM);
    assert_eq!(second_runtime.block_on(second.recv()), Some(()));
    assert_eq!(second_runtime.block_on(second.recv()), Some(()));
}

#[test]
fn several_runtimes_at_once() {
    if !common::has_room_for_descriptors(64) {
        return;
    }
    let (ready, told) = mpsc::channel();
    for _ in 0..10 {
        thread::scope(|scope| {
            for _ in 0..4 {
                let ready = ready.clone();
                scope.spawn(move || {
                    runtime().block_on(async {
                        let mut signals = signal(SignalKind::io()).unwrap();
                        ready.send(()).unwrap();
                        assert_eq!(timeout(FOREVER, signals.recv()).await, Ok(Some(())));
                    });
                });
            }
            (0..4).for_each(|_| told.recv().unwrap());
            raise(Signal::IO);
        });
    }
}

/// Whoever waits on a runtime that goes is told so, and whoever asks later is told so too.
#[test]
fn a_listener_outlives_its_runtime() {
    const USED: Signal = Signal::XCPU;
    let first = runtime();
    let signals = Arc::new(first.block_on(async { Signals::new(USED) }).unwrap());
    let mut one = first.block_on(async { signal(USED) }).unwrap();
    let other = runtime();
    // Waiting on the one while it runs on the other.
    let waiting = Arc::clone(&signals);
    let (begun, has_begun) = mpsc::channel();
    let waiter = thread::spawn(move || {
        other.block_on(async {
            let mut future = std::pin::pin!(waiting.recv());
            assert!(now(future.as_mut()).await.is_none());
            begun.send(()).unwrap();
            timeout(FOREVER, future).await
        })
    });
    has_begun.recv().unwrap();
    drop(first);
    assert_eq!(waiter.join().unwrap(), Ok(None));

    let third = runtime();
    third.block_on(async {
        assert_eq!(timeout(FOREVER, signals.recv()).await, Ok(None));
        assert_eq!(poll_fn(|cx| signals.poll_recv(cx)).await, None);
        assert_eq!(one.recv().await, None);
        assert_eq!(one.recv_info().await, None);
        assert_eq!(poll_fn(|cx| one.poll_recv(cx)).await, None);
        // It still listens.
        raise(USED);
        assert_eq!(signals.try_recv().unwrap().signal(), USED);
        assert_eq!(signals.try_recv(), None);
    });
    drop(one);

    // And goes on elsewhere, with what has come meanwhile.
    raise(USED);
    let blocking = signal::Signals::from(Arc::into_inner(signals).unwrap());
    raise(USED);
    assert!(is_readable(&blocking));
    let again = third.block_on(async { Signals::try_from(blocking) }).unwrap();
    raise(USED);
    third.block_on(async {
        for _ in 0..3 {
            assert_eq!(again.recv().await.unwrap().signal(), USED);
        }
        assert!(now(again.recv()).await.is_none());
    });
    drop(third);
    drop(again);
    assert!(uninstall(USED) && is_default(USED));
}

#[test]
fn runtimes_one_after_another() {
    const USED: Signal = Signal::XFSZ;
    for round in 0..20 {
        let runtime = runtime();
        let mut signals = runtime.block_on(async { signal(USED) }).unwrap();
        raise(USED);
        assert_eq!(runtime.block_on(signals.recv()), Some(()));
        // In either order.
        if round % 2 == 0 {
            drop(runtime);
            drop(signals);
        } else {
            drop(signals);
            drop(runtime);
        }
        assert!(uninstall(USED) && is_default(USED));
    }
}

#[test]
fn outside_a_runtime_it_panics_where_it_was_called() {
    succeeds("role_panics");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_panics() {
    begin_role();
    let place = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&place);
    std::panic::set_hook(Box::new(move |info| {
        *noted.lock().unwrap() = info.location().map(|location| location.file().to_owned());
    }));
    let panics = |work: fn()| {
        assert!(std::panic::catch_unwind(work).is_err());
        let place = place.lock().unwrap().take();
        assert_eq!(place.as_deref(), Some(file!()));
        assert!(is_default(Signal::HUP), "a listener was left behind");
    };
    panics(|| drop(signal(SignalKind::hangup())));
    panics(|| drop(Signals::new(Signal::HUP)));
    panics(|| {
        let blocking = signal::Signals::new(Signal::HUP).unwrap();
        drop(Signals::try_from(blocking));
    });
    // A runtime that watches no descriptors.
    panics(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { drop(signal(SignalKind::hangup())) });
    });
    panics(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { drop(Signals::new(Signal::HUP)) });
    });
}

#[test]
fn what_cannot_be_listened_to() {
    on_tokio(async {
        for number in [-1, 0, 1000, i32::MIN, i32::MAX] {
            let error = signal(SignalKind::from_raw(number)).expect_err("there is none");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{number}");
        }
        for forbidden in [Signal::KILL, Signal::STOP, Signal::SEGV, Signal::BUS, Signal::FPE, Signal::ILL] {
            let error = signal(forbidden).expect_err("forbidden");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{forbidden}");
            assert!(error.to_string().contains(&forbidden.to_string()), "{error}");
            let error = Signals::new([forbidden, Signal::TRAP]).expect_err("forbidden");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{forbidden}");
            assert!(is_default(Signal::TRAP), "all or none");
        }
    });
}

#[test]
fn kinds_are_numbers() {
    assert_eq!(SignalKind::from(libc::SIGINT), SignalKind::interrupt());
    assert_eq!(i32::from(SignalKind::interrupt()), libc::SIGINT);
    assert_eq!(SignalKind::from_raw(libc::SIGTERM).as_raw_value(), SignalKind::terminate().as_raw_value());
    for (kind, number) in [
        (SignalKind::alarm(), libc::SIGALRM),
        (SignalKind::child(), libc::SIGCHLD),
        (SignalKind::hangup(), libc::SIGHUP),
        (SignalKind::io(), libc::SIGIO),
        (SignalKind::pipe(), libc::SIGPIPE),
        (SignalKind::quit(), libc::SIGQUIT),
        (SignalKind::terminate(), libc::SIGTERM),
        (SignalKind::user_defined1(), libc::SIGUSR1),
        (SignalKind::user_defined2(), libc::SIGUSR2),
        (SignalKind::window_change(), libc::SIGWINCH),
    ] {
        assert_eq!(kind.as_raw_value(), number);
        assert_eq!(Signal::try_from(kind).unwrap().as_raw(), number);
        assert_eq!(SignalKind::from(Signal::from_raw(number).unwrap()), kind);
    }
    assert_eq!(Signal::try_from(SignalKind::from_raw(-1)).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// The signal of Ctrl-T.
#[test]
#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly",
    target_os = "illumos"
))]
fn requests_for_information() {
    on_tokio(async {
        let info = Signal::from_raw(libc::SIGINFO).unwrap();
        let mut signals = signal(info).unwrap();
        raise(info);
        assert_eq!(signals.recv().await, Some(()));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn every_realtime_signal() {
    if !common::has_room_for_descriptors(64) {
        return;
    }
    if !crate::common::signalling::can_queue_signals() {
        return;
    }
    succeeds("role_listens_to_all_realtime_signals");
}

#[test]
#[ignore = "a role, which another test starts"]
#[cfg(target_os = "linux")]
fn role_listens_to_all_realtime_signals() {
    begin_role();
    // qemu has 28, whatever it says.
    let all: Vec<Signal> = Signal::all().filter(|signal| signal.is_realtime()).take(28).collect();
    assert!(all.len() >= 28);
    on_tokio(async {
        let each: Vec<_> = all.iter().map(|one| signal(*one).unwrap()).collect();
        let together = Signals::new(all.iter().copied().collect::<SignalSet>()).unwrap();
        all.iter().for_each(|one| raise(*one));
        for (number, mut one) in all.iter().zip(each) {
            assert_eq!(one.recv_info().await.unwrap().signal(), *number);
            assert!(now(one.recv()).await.is_none());
        }
        for number in &all {
            assert_eq!(together.recv().await.unwrap().signal(), *number);
        }
    });
}

/// Many signals by one listener, each with what came with it.
#[test]
fn many_signals_with_their_senders() {
    succeeds("role_listens_to_many");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_listens_to_many() {
    begin_role();
    let many = [
        Signal::HUP,
        Signal::INT,
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
        Signal::PIPE,
        Signal::ALRM,
        Signal::TERM,
        Signal::TSTP,
        Signal::WINCH,
    ];
    on_tokio(async {
        let signals = Signals::new(many).unwrap();
        assert_eq!(signals.signals(), SignalSet::from(many));
        let own = std::process::id();
        for one in many {
            kill(own, one);
            let info = signals.recv().await.unwrap();
            assert_eq!(info.signal(), one);
            assert_eq!(info.cause(), Cause::User);
            assert_eq!(info.pid(), Some(own as i32));
            assert_eq!(info.uid(), Some(rustix::process::getuid().as_raw()));
            assert_eq!(info.value(), None);
        }
        many.iter().for_each(|one| raise(*one));
        for one in many {
            assert_eq!(signals.recv().await.unwrap().signal(), one);
        }
    });
}

/// A task that already waits hears a signal that is added, and none that was removed.
#[test]
fn signals_are_added_and_removed_while_a_task_waits() {
    on_tokio(async {
        let (added, removed) = (Signal::URG, Signal::TTIN);
        let signals = Arc::new(Signals::new([]).unwrap());
        assert!(signals.signals().is_empty());
        let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
        let waiting = Arc::clone(&signals);
        let task = tokio::spawn(async move {
            while let Some(info) = waiting.recv().await {
                sender.send(info.signal()).unwrap();
            }
        });
        for _ in 0..100 {
            signals.add(removed).unwrap();
            signals.add(added).unwrap();
            signals.add(added).unwrap();
            raise(added);
            assert_eq!(received.recv().await, Some(added));
            assert!(signals.remove(removed));
            assert!(!signals.remove(removed));
            assert!(is_default(removed));
            assert_eq!(signals.signals(), SignalSet::from(added));
            assert!(signals.remove(added));
            // Does nothing by default.
            raise(added);
            signals.add(removed).unwrap();
            raise(removed);
            assert_eq!(received.recv().await, Some(removed));
        }
        signals.close();
        task.await.unwrap();
        assert_eq!(received.recv().await, None);
        assert_eq!(signals.add(added).unwrap_err().kind(), ErrorKind::ConnectionAborted);
    });
}

#[test]
fn closing_wakes_all_tasks() {
    on_tokio(async {
        const USED: Signal = Signal::TTOU;
        let signals = Arc::new(Signals::new(USED).unwrap());
        let begin = Arc::new(tokio::sync::Barrier::new(9));
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (signals, begin) = (Arc::clone(&signals), Arc::clone(&begin));
            tasks.spawn(async move {
                let mut future = std::pin::pin!(signals.recv());
                assert!(now(future.as_mut()).await.is_none());
                begin.wait().await;
                future.await
            });
        }
        begin.wait().await;
        signals.close();
        for ended in tasks.join_all().await {
            assert_eq!(ended, None);
        }
        assert_eq!(signals.recv().await, None);
        assert_eq!(poll_fn(|cx| signals.poll_recv(cx)).await, None);
        assert!(is_default(USED));
    });
}

/// What came before it was closed can still be received.
#[test]
fn closing_loses_nothing() {
    on_tokio(async {
        const USED: Signal = Signal::PROF;
        let signals = Signals::new(USED).unwrap();
        raise(USED);
        raise(USED);
        signals.close();
        assert!(is_default(USED));
        assert_eq!(signals.recv().await.unwrap().signal(), USED);
        assert_eq!(signals.recv().await.unwrap().signal(), USED);
        assert_eq!(signals.recv().await, None);
        assert_eq!(signals.recv().await, None);
    });
}

/// Real-time signals with values, of which nothing may be lost or come twice.
#[cfg(target_os = "linux")]
mod values {
    use super::*;
    use common::signalling::{block, queue, unblock};
    use std::{
        collections::BTreeSet,
        io::{BufRead, BufReader},
        os::unix::process::CommandExt,
        sync::atomic::AtomicBool,
    };

    /// Each signal goes to one of the tasks.
    #[test]
    fn tasks_share_one_listener() {
        if !crate::common::signalling::can_queue_signals() {
            return;
        }
        const COUNT: i32 = 1000;
        let used = Signal::rt(1).unwrap();
        on_tokio(async {
            let signals = Arc::new(Signals::new(used).unwrap());
            let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
            let mut tasks = JoinSet::new();
            for _ in 0..4 {
                let (signals, sender) = (Arc::clone(&signals), sender.clone());
                tasks.spawn(async move {
                    while let Some(info) = signals.recv().await {
                        sender.send(info.value().unwrap().as_i32()).unwrap();
                    }
                });
            }
            drop(sender);
            (0..COUNT).for_each(|number| queue(std::process::id(), used, number));
            let mut all = BTreeSet::new();
            for _ in 0..COUNT {
                assert!(all.insert(received.recv().await.unwrap()), "came twice");
            }
            assert!(all.into_iter().eq(0..COUNT));
            signals.close();
            tasks.join_all().await;
            assert_eq!(received.recv().await, None);
            assert_eq!(signals.lost(), 0);
        });
    }

    /// 1,000 of 1,000, in order, with their sender: taken by one thread, as another would overtake it.
    #[test]
    fn a_thousand_values_from_another_process() {
        if !crate::common::signalling::can_queue_signals() {
            return;
        }
        const COUNT: i32 = 1000;
        let used = Signal::rt(2).unwrap();
        within_deadline(move || {
            let mut command = command_for_role("values::role_receives_values", &COUNT.to_string());
            // SAFETY: the closure blocks a signal, which may be done at any time.
            unsafe {
                command.pre_exec(move || {
                    block(&[used]);
                    Ok(())
                })
            };
            let mut child = Killed(command.stdout(Stdio::piped()).spawn().unwrap());
            let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
            assert!(lines.any(|line| line.unwrap().ends_with("ready")));
            (0..COUNT).for_each(|number| queue(child.0.id(), used, number - 3));
            child.succeeds();
        });
    }

    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_receives_values() {
        let count = begin_role();
        let (count, used) = (count.parse::<i32>().unwrap(), Signal::rt(2).unwrap());
        let parent = rustix::process::getppid().unwrap().as_raw_nonzero().get();
        runtime().block_on(async {
            let signals = Signals::new(used).unwrap();
            unblock(&[used]);
            println!("ready");
            for number in 0..count {
                let info = timeout(FOREVER, signals.recv()).await.unwrap().unwrap();
                assert_eq!(info.cause(), Cause::Queued);
                assert_eq!(info.value().unwrap().as_i32(), number - 3);
                assert_eq!(info.pid(), Some(parent));
            }
            assert!(now(signals.recv()).await.is_none());
            assert_eq!(signals.lost(), 0);
        });
    }

    /// Futures that are dropped after they were polled take nothing with them.
    #[test]
    fn dropped_futures_lose_nothing() {
        if !crate::common::signalling::can_queue_signals() {
            return;
        }
        const COUNT: i32 = 1000;
        let used = Signal::rt(3).unwrap();
        on_tokio(async {
            let signals = Signals::new(used).unwrap();
            let sender = thread::spawn(move || {
                (0..COUNT).for_each(|number| queue(std::process::id(), used, number));
            });
            let mut all = BTreeSet::new();
            while all.len() < COUNT as usize {
                let polled_once = now(signals.recv()).await;
                let value = tokio::select! {
                    biased;
                    () = std::future::ready(()), if polled_once.is_some() => polled_once.unwrap(),
                    () = yield_now() => continue,
                    info = signals.recv() => info,
                };
                assert!(all.insert(value.unwrap().value().unwrap().as_i32()), "came twice");
            }
            sender.join().unwrap();
            assert!(all.into_iter().eq(0..COUNT));
            assert!(now(signals.recv()).await.is_none());
        });
    }

    /// Back and forth between blocking and Tokio while signals come all the time.
    #[test]
    fn conversions_lose_nothing() {
        if !crate::common::signalling::can_queue_signals() {
            return;
        }
        const COUNT: i32 = 2000;
        let used = Signal::rt(4).unwrap();
        on_tokio(async {
            let sent = Arc::new(AtomicBool::new(false));
            let mut blocking = signal::Signals::new(used).unwrap();
            let is_sent = Arc::clone(&sent);
            let sender = thread::spawn(move || {
                (0..COUNT).for_each(|number| queue(std::process::id(), used, number));
                is_sent.store(true, Ordering::SeqCst);
            });
            let mut all = BTreeSet::new();
            let mut rounds = 0;
            while all.len() < COUNT as usize {
                rounds += 1;
                // With something unread, and without.
                let some = if rounds % 2 == 0 { 3 } else { usize::MAX };
                for info in blocking.pending().take(some) {
                    assert!(all.insert(info.value().unwrap().as_i32()), "came twice");
                }
                let watched = Signals::try_from(blocking).unwrap();
                let mut left = some;
                while left > 0 {
                    // Waits if there is more for certain.
                    let next = if all.len() == COUNT as usize {
                        None
                    } else if sent.load(Ordering::SeqCst) {
                        Some(watched.recv().await)
                    } else {
                        now(watched.recv()).await
                    };
                    let Some(info) = next else { break };
                    assert!(all.insert(info.unwrap().value().unwrap().as_i32()), "came twice");
                    left -= 1;
                }
                blocking = signal::Signals::from(watched);
            }
            sender.join().unwrap();
            assert!(all.into_iter().eq(0..COUNT));
            assert_eq!(blocking.pending().count(), 0);
            assert!(!is_readable(&blocking));
        });
    }
}

/// Signals that wait at the moment of a conversion are there afterwards, and who has to wait then really waits.
#[test]
fn after_a_conversion_nobody_runs_in_circles() {
    const USED: Signal = Signal::QUIT;
    runtime().block_on(async {
        let mut blocking = signal::Signals::new(USED).unwrap();
        for round in 0..10 {
            raise(USED);
            raise(USED);
            if round % 2 == 0 {
                assert_eq!(blocking.wait().unwrap().signal(), USED);
            }
            let unread = if round % 2 == 0 { 1 } else { 2 };
            let watched = Arc::new(Signals::try_from(blocking).unwrap());
            for _ in 0..unread {
                assert_eq!(watched.recv().await.unwrap().signal(), USED);
            }
            // Polled when the task begins, when there is a signal, and perhaps once for what came before.
            let polls = Arc::new(AtomicUsize::new(0));
            let (polled, receiving) = (Arc::clone(&polls), Arc::clone(&watched));
            let task = tokio::spawn(async move {
                let mut future = std::pin::pin!(receiving.recv());
                poll_fn(|cx| {
                    polled.fetch_add(1, Ordering::SeqCst);
                    future.as_mut().poll(cx)
                })
                .await
            });
            for _ in 0..1000 {
                yield_now().await;
            }
            assert!(!task.is_finished());
            raise(USED);
            assert_eq!(task.await.unwrap().unwrap().signal(), USED);
            assert!(polls.load(Ordering::SeqCst) <= 4, "{polls:?} polls");

            // The other way, with and without signals that wait.
            if round % 3 == 0 {
                raise(USED);
            }
            blocking = Arc::into_inner(watched).unwrap().into();
            assert_eq!(is_readable(&blocking), round % 3 == 0);
            assert_eq!(blocking.pending().count(), usize::from(round % 3 == 0));
            assert!(!is_readable(&blocking));
            raise(USED);
            assert!(is_readable(&blocking));
            assert_eq!(blocking.wait().unwrap().signal(), USED);
            assert_eq!(blocking.pending().count(), 0);
            assert!(!is_readable(&blocking));
        }
        // Closed before, or in between.
        let watched = Signals::try_from(blocking).unwrap();
        raise(USED);
        watched.close();
        let blocking = signal::Signals::from(watched);
        assert!(blocking.is_closed());
        assert_eq!(blocking.wait().unwrap().signal(), USED);
        assert_eq!(blocking.wait(), None);
        let watched = Signals::try_from(blocking).unwrap();
        assert_eq!(watched.recv().await, None);
    });
}

/// A task that waits by `poll_recv` is woken once there is something.
#[test]
fn polling_by_hand() {
    succeeds("role_polls");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_polls() {
    begin_role();
    on_tokio(async {
        let signals = Signals::new(Signal::USR1).unwrap();
        let mut one = signal(Signal::USR2).unwrap();
        for _ in 0..100 {
            assert!(now(poll_fn(|cx| signals.poll_recv(cx))).await.is_none());
            assert!(now(poll_fn(|cx| one.poll_recv(cx))).await.is_none());
            let sender = thread::spawn(|| {
                kill(std::process::id(), Signal::USR1);
                kill(std::process::id(), Signal::USR2);
            });
            assert_eq!(poll_fn(|cx| signals.poll_recv(cx)).await.unwrap().signal(), Signal::USR1);
            assert_eq!(poll_fn(|cx| one.poll_recv(cx)).await, Some(()));
            sender.join().unwrap();
        }
    });
}

#[cfg(feature = "futures-core")]
#[test]
fn a_stream_of_signals() {
    use futures_core::Stream;
    use std::pin::Pin;

    fn next<S: Stream + Unpin>(stream: &mut S) -> impl Future<Output = Option<S::Item>> {
        poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx))
    }

    on_tokio(async {
        const USED: Signal = Signal::SYS;
        let mut signals = Signals::new(USED).unwrap();
        assert!(now(next(&mut signals)).await.is_none());
        raise(USED);
        raise(USED);
        assert_eq!(next(&mut signals).await.unwrap().signal(), USED);
        assert_eq!(next(&mut signals).await.unwrap().signal(), USED);
        let barrier = Arc::new(Barrier::new(2));
        let begin = Arc::clone(&barrier);
        let sender = thread::spawn(move || {
            begin.wait();
            raise(USED);
        });
        assert!(now(next(&mut signals)).await.is_none());
        barrier.wait();
        assert_eq!(next(&mut signals).await.unwrap().signal(), USED);
        sender.join().unwrap();
        signals.close();
        assert!(next(&mut signals).await.is_none());
    });
}

#[test]
fn a_delayed_signal_wakes_a_task() {
    on_tokio(async {
        const USED: Signal = Signal::CONT;
        let signals = Signals::new(USED).unwrap();
        let task = tokio::spawn(async move { signals.recv().await });
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(!task.is_finished());
        raise(USED);
        assert_eq!(task.await.unwrap().unwrap().signal(), USED);
    });
}

/// Between two rounds of a loop it does nothing, as with Tokio; once uninstalled, it ends the process.
#[test]
fn ctrl_c_does_nothing_between_rounds_until_it_is_uninstalled() {
    let status = ending_of("role_waits_for_ctrl_c");
    assert_eq!(status.signal(), Some(libc::SIGINT), "{status}");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_waits_for_ctrl_c() {
    begin_role();
    // Whoever runs the tests may have had it ignored.
    // SAFETY: runs no code of this process.
    unsafe { common::signalling::set_disposition(Signal::INT, libc::SIG_DFL) };
    runtime().block_on(async {
        let waiting = ctrl_c();
        assert!(is_default(Signal::INT), "it does not listen yet");
        drop(waiting);
        for _ in 0..3 {
            let waiting = ctrl_c();
            tokio::spawn(async { raise(Signal::INT) });
            timeout(FOREVER, waiting).await.unwrap().unwrap();
            raise(Signal::INT);
            assert!(now(ctrl_c()).await.is_none());
            raise(Signal::INT);
        }
        let mut listening = signal(Signal::INT).unwrap();
        assert!(uninstall(SignalKind::interrupt()) && !uninstall(Signal::INT));
        raise(Signal::INT);
        assert_eq!(listening.recv().await, Some(()));
        drop(listening);
        assert!(is_default(Signal::INT));
        drop(Signals::new(Signal::INT));
        assert!(is_default(Signal::INT));
        raise(Signal::INT);
        unreachable!("it ends the process");
    });
}

/// Neither threads nor descriptors, and those that there were are given back.
#[test]
#[cfg(target_os = "linux")]
fn no_thread_is_made_and_no_descriptor_left() {
    if !common::has_proc() {
        return;
    }
    succeeds("role_counts");
}

#[test]
#[ignore = "a role, which another test starts"]
#[cfg(target_os = "linux")]
fn role_counts() {
    begin_role();
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let all = [Signal::USR1, Signal::USR2, Signal::HUP, Signal::TERM];
    let (own_threads, mut own_descriptors) = (threads(), 0);
    for round in 0..30 {
        let runtime = runtime();
        runtime.block_on(async {
            let each: Vec<_> = all.iter().map(|one| signal(*one).unwrap()).collect();
            let together = Signals::new(all).unwrap();
            raise(Signal::TERM);
            assert_eq!(together.recv().await.unwrap().signal(), Signal::TERM);
            assert_eq!(threads(), own_threads);
            let blocking = signal::Signals::from(together);
            let again = Signals::try_from(blocking).unwrap();
            raise(Signal::HUP);
            assert_eq!(again.recv().await.unwrap().signal(), Signal::HUP);
            assert_eq!(threads(), own_threads);
            drop(each);
        });
        drop(runtime);
        assert!(all.into_iter().all(uninstall) && all.into_iter().all(is_default));
        // The first round may open what stays.
        if round == 0 {
            own_descriptors = common::open_descriptors();
        }
        assert_eq!(common::open_descriptors(), own_descriptors);
        assert_eq!(threads(), own_threads);
    }
}
