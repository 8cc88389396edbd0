//! Requests to shut down, between processes.
//!
//! The receivers are roles of this program. Who sends is one too, in a console of its own on Windows, so that events do not
//! reach whoever runs the tests (see the tests of the console).
#![cfg_attr(unix, allow(unsafe_code))]

mod common;

use common::{Killed, begin_role, command_for_role, within_deadline};
use interprocess::shutdown::{self, Reason, Shutdown};
use std::{
    io::{self, BufRead, BufReader, ErrorKind},
    process::{ChildStdout, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(100);

#[cfg(unix)]
mod platform {
    use super::{Command, ExitStatus, Reason, Shutdown};
    use crate::common::signalling::{kill, set_disposition};
    use interprocess::os::unix::signal::Signal;
    use std::os::unix::process::ExitStatusExt;

    pub(super) const REASONS: &[Reason] = &[Reason::Interrupt, Reason::Terminate, Reason::Hangup];

    fn signal(reason: Reason) -> Signal {
        match reason {
            Reason::Interrupt => Signal::INT,
            Reason::Terminate => Signal::TERM,
            _ => Signal::HUP,
        }
    }

    pub(super) fn prepare_sender(_command: &mut Command) {}

    pub(super) fn prepare_receiver(_command: &mut Command) {}

    /// Whoever runs the tests may have had requests ignored.
    pub(super) fn begin() {
        for reason in REASONS {
            // SAFETY: runs no code of this process.
            unsafe { set_disposition(signal(*reason), libc::SIG_DFL) };
        }
    }

    pub(super) fn send(process: u32, reason: Reason, _own: &Shutdown) {
        kill(process, signal(reason));
    }

    pub(super) fn was_ended(status: ExitStatus, reason: Reason) -> bool {
        status.signal() == Some(signal(reason).as_raw())
    }
}

#[cfg(windows)]
mod platform {
    use super::{Command, ExitStatus, LONG, Reason, Shutdown};
    use interprocess::os::windows::console::{self, ControlEvent};
    use std::os::windows::process::CommandExt;

    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;

    /// Programs can send no others.
    pub(super) const REASONS: &[Reason] = &[Reason::Interrupt];

    pub(super) fn prepare_sender(command: &mut Command) {
        command.creation_flags(CREATE_NO_WINDOW);
    }

    pub(super) fn prepare_receiver(command: &mut Command) {
        command.creation_flags(if crate::common::is_wine() { 0 } else { CREATE_NEW_PROCESS_GROUP });
    }

    pub(super) fn begin() {
        console::set_ctrl_c_ignored(false).unwrap();
    }

    /// To the whole console under Wine, where Ctrl-Break reaches nobody. It has come to this process too when this returns:
    /// else it could come when `own` is gone already, and end the process.
    pub(super) fn send(process: u32, _reason: Reason, own: &Shutdown) {
        if crate::common::is_wine() {
            console::send(ControlEvent::CtrlC, None).unwrap();
            drop(own.wait_timeout(LONG).unwrap().unwrap());
        } else {
            console::send(ControlEvent::CtrlBreak, Some(process)).unwrap();
        }
    }

    /// `STATUS_CONTROL_C_EXIT`, which Wine does not tell.
    pub(super) fn was_ended(status: ExitStatus, _reason: Reason) -> bool {
        !status.success()
    }
}

/// Runs a role that sends, to its end.
fn run_sender(role: &'static str, receiver: &'static str) {
    within_deadline(move || {
        let mut command = command_for_role(role, receiver);
        platform::prepare_sender(&mut command);
        Killed(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()).succeeds();
    });
}

/// A process that receives, of which lines can be read.
struct Receiver<'a> {
    /// On Windows, everybody in the console is asked.
    own: &'a Shutdown,
    child: Killed,
    lines: BufReader<ChildStdout>,
}

impl<'a> Receiver<'a> {
    fn start(role: &str, own: &'a Shutdown) -> Self {
        let mut command = command_for_role(role, "");
        platform::prepare_receiver(&mut command);
        let mut child = Killed(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let lines = BufReader::new(child.0.stdout.take().unwrap());
        let mut receiver = Self { own, child, lines };
        assert_eq!(receiver.line().as_deref(), Some("ready"));
        receiver
    }

    /// The next line that the role has said; `None` if it has ended.
    fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some((_, said)) = line.trim_end().split_once("role says: ") {
                return Some(said.to_owned());
            }
        }
    }

    fn is_asked(&self, reason: Reason) {
        platform::send(self.child.0.id(), reason, self.own);
    }

    fn is_asked_and_says(&mut self, reason: Reason) {
        self.is_asked(reason);
        assert_eq!(self.line(), Some(reason.to_string()));
    }

    fn is_ended_by(&mut self, reason: Reason) {
        self.is_asked(reason);
        assert_eq!(self.line(), None, "it lives on");
        let status = self.child.0.wait().unwrap();
        assert!(platform::was_ended(status, reason), "{reason}: {status}");
    }
}

fn say(text: impl std::fmt::Display) {
    println!("role says: {text}");
}

/// Lives until it is killed, or until who reads its lines has gone.
fn live_on() -> ! {
    let _ = io::stdin().read_line(&mut String::new());
    say("survived");
    std::process::exit(99);
}

/// The first request is received, the second ends the process.
#[test]
#[ignore = "a role, which another test starts"]
fn role_asks_twice() {
    let receiver = begin_role();
    platform::begin();
    let own = Shutdown::new().unwrap();
    for first in platform::REASONS {
        for second in platform::REASONS {
            let mut receiver = Receiver::start(&receiver, &own);
            receiver.is_asked_and_says(*first);
            assert_eq!(receiver.line().as_deref(), Some("once more"));
            receiver.is_ended_by(*second);
        }
    }
}

/// All requests are received until it is closed, then they end the process.
#[test]
#[ignore = "a role, which another test starts"]
fn role_asks_often() {
    let receiver = begin_role();
    platform::begin();
    let own = Shutdown::new().unwrap();
    let mut receiver = Receiver::start(&receiver, &own);
    for _ in 0..2 {
        for reason in platform::REASONS {
            receiver.is_asked_and_says(*reason);
        }
    }
    receiver.is_asked_and_says(Reason::Interrupt);
    assert_eq!(receiver.line().as_deref(), Some("closed"));
    receiver.is_ended_by(Reason::Interrupt);
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_watches_a_flag() {
    begin_role();
    platform::begin();
    // Tells the reason, which a flag does not.
    let reasons = Shutdown::new().unwrap();
    let stop = shutdown::flag().unwrap();
    assert!(!stop.is_set());
    say("ready");
    while !stop.is_set() {
        thread::yield_now();
    }
    assert!(stop.is_set());
    let request = reasons.wait().unwrap();
    say(request.reason());
    drop(reasons);
    assert!(stop.is_set());
    say("once more");
    live_on();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_listens() {
    begin_role();
    platform::begin();
    let shutdown = Shutdown::new().unwrap();
    say("ready");
    for number in 0..2 * platform::REASONS.len() {
        let request = if number % 2 == 0 {
            shutdown.wait().unwrap()
        } else {
            shutdown.wait_timeout(LONG).unwrap().unwrap()
        };
        assert!(shutdown.pending().is_none());
        say(request.reason());
    }
    let request = loop {
        match shutdown.pending() {
            Some(request) => break request,
            None => thread::yield_now(),
        }
    };
    say(request.reason());
    shutdown.close();
    assert!(shutdown.wait().is_none());
    say("closed");
    live_on();
}

#[test]
fn a_second_request_ends_the_process_despite_the_flag() {
    run_sender("role_asks_twice", "role_watches_a_flag");
}

#[test]
fn a_listener_receives_all() {
    run_sender("role_asks_often", "role_listens");
}

/// In this process, which nobody asks.
#[test]
fn nobody_asks() {
    within_deadline(|| {
        let shutdown = Shutdown::new().unwrap();
        let stop = shutdown::flag().unwrap();
        for time in [NOW, Duration::from_millis(20)] {
            let error = shutdown.wait_timeout(time).expect_err("there was none");
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
        assert!(shutdown.pending().is_none());
        thread::scope(|scope| {
            let waiters = [(); 3].map(|()| scope.spawn(|| shutdown.wait().is_none()));
            let timed = scope.spawn(|| shutdown.wait_timeout(LONG).unwrap().is_none());
            shutdown.close();
            assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
            assert!(timed.join().unwrap());
        });
        assert!(shutdown.wait_timeout(NOW).unwrap().is_none());
        assert!(shutdown.pending().is_none());
        assert!(!stop.is_set());
    });
}

#[test]
fn reasons_can_be_told() {
    let all = [Reason::Interrupt, Reason::Terminate, Reason::Hangup].map(|reason| reason.to_string());
    assert_eq!(all, ["interrupted", "asked to terminate", "the terminal is gone"]);
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{begin_role, live_on, platform, run_sender, say};
    use interprocess::shutdown::tokio::{Shutdown, wait};
    use std::{future::poll_fn, pin::pin, task::Poll};

    fn runtime() -> tokio::runtime::Runtime {
        crate::common::runtime(tokio::runtime::Builder::new_current_thread().enable_all())
    }

    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_listens_on_tokio() {
        begin_role();
        platform::begin();
        runtime().block_on(async {
            let shutdown = Shutdown::new().unwrap();
            say("ready");
            for _ in 0..2 * platform::REASONS.len() {
                say(shutdown.recv().await.unwrap().reason());
            }
            say(poll_fn(|cx| shutdown.poll_recv(cx)).await.unwrap().reason());
            shutdown.close();
            assert!(shutdown.recv().await.is_none());
        });
        say("closed");
        live_on();
    }

    /// Listens from its first poll, until it is told.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_waits_on_tokio() {
        begin_role();
        platform::begin();
        runtime().block_on(async {
            {
                let mut dropped = pin!(wait());
                assert!(poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx).is_pending())).await);
            }
            let mut waiting = pin!(wait());
            assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await);
            say("ready");
            say(waiting.await.unwrap().reason());
        });
        say("once more");
        live_on();
    }

    #[test]
    fn a_task_receives_all() {
        if !super::common::has_tokio() {
            return;
        }
        run_sender("role_asks_often", "asynchronous::role_listens_on_tokio");
    }

    #[test]
    fn a_second_request_ends_the_process_after_waiting() {
        if !super::common::has_tokio() {
            return;
        }
        run_sender("role_asks_twice", "asynchronous::role_waits_on_tokio");
    }

    #[test]
    fn closing_wakes_a_task() {
        super::common::on_tokio(async {
            let shutdown = Shutdown::new().unwrap();
            assert!(poll_fn(|cx| Poll::Ready(shutdown.poll_recv(cx).is_pending())).await);
            shutdown.close();
            assert!(shutdown.recv().await.is_none());
        });
    }
}

/// The receiver does nothing but to wait, from before it is asked. That it listens can be seen from outside only here.
#[cfg(unix)]
#[test]
fn a_second_request_ends_the_process_after_wait() {
    within_deadline(|| {
        let own = Shutdown::new().unwrap();
        for reason in platform::REASONS {
            let mut receiver = Receiver::start("role_only_waits", &own);
            receiver.is_asked_and_says(*reason);
            receiver.is_ended_by(Reason::Interrupt);
        }
    });
}

#[cfg(unix)]
#[test]
#[ignore = "a role, which another test starts"]
fn role_only_waits() {
    use crate::common::signalling::is_default;
    use interprocess::os::unix::signal::Signal;

    begin_role();
    platform::begin();
    let teller = thread::spawn(|| {
        // The last of the three that it listens to.
        while [Signal::INT, Signal::TERM, Signal::HUP].into_iter().any(is_default) {
            thread::yield_now();
        }
        say("ready");
    });
    let request = shutdown::wait().unwrap();
    teller.join().unwrap();
    assert!([Signal::INT, Signal::TERM, Signal::HUP].into_iter().all(is_default));
    say(request.reason());
    live_on();
}
