//! Beside Tokio's signals and signal-hook in one process, in every order of coming and going. Unix.
//!
//! Each order has a process of its own, since neither of the others ever takes its handler away.
#![cfg(all(unix, feature = "tokio"))]

mod common;

use common::{Killed, begin_role, command_for_role, within_deadline};
use interprocess::os::unix::signal::{Signal, Signals};
use signal_hook::low_level::raise;
use std::process::Stdio;
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::SignalKind,
};

const USED: Signal = Signal::USR1;

const ORDERS: [[Who; 3]; 6] = [
    [Who::Ours, Who::Tokio, Who::SignalHook],
    [Who::Ours, Who::SignalHook, Who::Tokio],
    [Who::Tokio, Who::Ours, Who::SignalHook],
    [Who::Tokio, Who::SignalHook, Who::Ours],
    [Who::SignalHook, Who::Ours, Who::Tokio],
    [Who::SignalHook, Who::Tokio, Who::Ours],
];

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Who {
    Ours,
    Tokio,
    SignalHook,
}

/// A listener of one of the three.
enum Listener {
    Ours(Signals),
    Tokio(Runtime, tokio::signal::unix::Signal),
    SignalHook(signal_hook::iterator::Signals),
}

impl Listener {
    fn new(who: Who) -> Self {
        match who {
            Who::Ours => Self::Ours(Signals::new(USED).unwrap()),
            Who::Tokio => {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                let kind = SignalKind::from_raw(USED.as_raw());
                let signal = runtime.block_on(async { tokio::signal::unix::signal(kind) }).unwrap();
                Self::Tokio(runtime, signal)
            }
            Who::SignalHook => {
                Self::SignalHook(signal_hook::iterator::Signals::new([USED.as_raw()]).unwrap())
            }
        }
    }

    /// Waits for the signal that was sent, and makes sure that there is only one.
    fn receives_one(&mut self) {
        match self {
            Self::Ours(signals) => {
                assert_eq!(signals.wait().unwrap().signal(), USED);
                assert_eq!(signals.pending().count(), 0);
            }
            Self::Tokio(runtime, signal) => runtime.block_on(async {
                signal.recv().await.unwrap();
                let none =
                    std::future::poll_fn(|cx| std::task::Poll::Ready(signal.poll_recv(cx).is_pending()));
                assert!(none.await);
            }),
            Self::SignalHook(signals) => {
                assert_eq!(signals.wait().collect::<Vec<_>>(), [USED.as_raw()]);
                assert_eq!(signals.pending().count(), 0);
            }
        }
    }
}

#[test]
fn all_three_see_the_same_signal_in_every_order() {
    within_deadline(|| {
        for (number, coming) in ORDERS.iter().enumerate() {
            for (going, _) in ORDERS.iter().enumerate() {
                let mut command = command_for_role("role_of_three", &format!("{number} {going}"));
                let mut child = Killed(command.stdout(Stdio::null()).spawn().unwrap());
                let status = child.0.wait().unwrap();
                assert!(status.success(), "coming {coming:?}, going {:?}: {status}", ORDERS[going]);
            }
        }
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_of_three() {
    let argument = begin_role();
    let (coming, going) = argument.split_once(' ').unwrap();
    let [coming, going] = [coming, going].map(|number| ORDERS[number.parse::<usize>().unwrap()]);

    // Twice, since the second time the handlers of others are there already.
    for _ in 0..2 {
        let mut listeners: Vec<(Who, Listener)> = Vec::new();
        for who in coming {
            listeners.push((who, Listener::new(who)));
            raise(USED.as_raw()).unwrap();
            listeners.iter_mut().for_each(|(_, listener)| listener.receives_one());
        }
        for who in going {
            listeners.retain(|(other, _)| *other != who);
            if !listeners.is_empty() {
                raise(USED.as_raw()).unwrap();
                listeners.iter_mut().for_each(|(_, listener)| listener.receives_one());
            }
        }
    }
}

/// Ours alone, gone again, and then the others: they hear, since the old disposition is really there for them to replace.
#[test]
fn others_that_come_after_ours_has_gone_hear() {
    for who in [Who::Tokio, Who::SignalHook] {
        let name = if who == Who::Tokio { "tokio" } else { "signal-hook" };
        let mut command = command_for_role("role_of_two", name);
        let mut child = Killed(command.stdout(Stdio::null()).spawn().unwrap());
        within_deadline(move || child.succeeds());
    }
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_of_two() {
    let name = begin_role();
    let ours = Signals::new(USED).unwrap();
    raise(USED.as_raw()).unwrap();
    assert_eq!(ours.wait().unwrap().signal(), USED);
    drop(ours);
    let mut other = Listener::new(if name == "tokio" { Who::Tokio } else { Who::SignalHook });
    raise(USED.as_raw()).unwrap();
    other.receives_one();
    // And ours again, above theirs.
    let mut ours = Listener::new(Who::Ours);
    raise(USED.as_raw()).unwrap();
    ours.receives_one();
    other.receives_one();
    drop(ours);
    raise(USED.as_raw()).unwrap();
    other.receives_one();
}

/// Ours below signal-hook's, which somebody takes away for a while and puts back: ours must not go above it then, as the two
/// would call each other for ever.
#[test]
fn handlers_never_call_each_other_in_a_circle() {
    let mut command = command_for_role("role_of_a_circle", "");
    let mut child = Killed(command.stdout(Stdio::null()).spawn().unwrap());
    within_deadline(move || child.succeeds());
}

#[allow(unsafe_code)]
#[test]
#[ignore = "a role, which another test starts"]
fn role_of_a_circle() {
    begin_role();
    let first = Listener::new(Who::Ours);
    let mut other = Listener::new(Who::SignalHook);
    // SAFETY: zeros are valid values of the structure.
    let (mut ignored, mut saved): (libc::sigaction, libc::sigaction) = unsafe { std::mem::zeroed() };
    ignored.sa_sigaction = libc::SIG_IGN;
    // SAFETY: runs no code, and fills a local variable.
    assert_eq!(unsafe { libc::sigaction(USED.as_raw(), &ignored, &mut saved) }, 0);
    let second = Listener::new(Who::Ours);
    drop((second, first));
    // SAFETY: what was there before.
    assert_eq!(unsafe { libc::sigaction(USED.as_raw(), &saved, std::ptr::null_mut()) }, 0);
    let mut third = Listener::new(Who::Ours);
    raise(USED.as_raw()).unwrap();
    third.receives_one();
    other.receives_one();
}
