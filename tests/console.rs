//! Control events of the console, between processes.
//!
//! A process of its own console (`CREATE_NO_WINDOW`) starts the receivers and sends, so that the events do not reach
//! whoever runs the tests, and so that there is a console.
//!
//! Windows documents that Ctrl-Break always reaches the handlers of the group that it is sent to. In Wine 10 it reaches
//! nobody, although sending it succeeds; there the tests send Ctrl-C to the whole console instead.
#![cfg(windows)]

mod common;

use common::{Killed, begin_role, command_for_role, within_deadline};
use interprocess::os::windows::console::{self, ControlEvent, ControlEvents};
use std::{
    io::{self, BufRead, BufReader, ErrorKind},
    os::windows::process::CommandExt,
    process::{ChildStdout, Stdio},
    time::Duration,
};

const LONG: Duration = Duration::from_secs(30);
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;

/// Runs a role in a console of its own, to its end.
fn in_own_console(role: &'static str) {
    within_deadline(move || {
        let mut command = command_for_role(role, "");
        command.creation_flags(CREATE_NO_WINDOW).stdin(Stdio::null());
        Killed(command.spawn().unwrap()).succeeds();
    });
}

/// A receiver in a process group of its own, of which lines can be read.
struct Receiver {
    child: Killed,
    lines: BufReader<ChildStdout>,
}

impl Receiver {
    fn start(role: &str) -> Self {
        let mut command = command_for_role(role, "");
        command.creation_flags(if common::is_wine() { 0 } else { CREATE_NEW_PROCESS_GROUP });
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Killed(command.spawn().unwrap());
        let lines = BufReader::new(child.0.stdout.take().unwrap());
        let mut receiver = Self { child, lines };
        assert_eq!(receiver.line().as_deref(), Some("ready"));
        receiver
    }

    /// Sends an event to the receiver, and gives what it will see. If it reaches this process too, it has done so then: else
    /// the event could come when `own` is gone already, and end the process.
    fn interrupt(&self, own: &ControlEvents) -> &'static str {
        if common::is_wine() {
            console::send(ControlEvent::CtrlC, None).unwrap();
            assert_eq!(own.wait_timeout(LONG).unwrap().unwrap().event(), ControlEvent::CtrlC);
            return "CtrlC";
        }
        console::send(ControlEvent::CtrlBreak, Some(self.child.0.id())).unwrap();
        "CtrlBreak"
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
}

fn say(text: impl std::fmt::Debug) {
    println!("role says: {}", format!("{text:?}").trim_matches('"'));
}

/// Two listeners, each of which sees all events.
#[test]
#[ignore = "a role, which another test starts"]
fn role_listens() {
    begin_role();
    let one = ControlEvents::new().unwrap();
    let other = ControlEvents::new().unwrap();
    console::set_ctrl_c_ignored(false).unwrap();
    say("ready");
    for _ in 0..3 {
        for listener in [&one, &other] {
            say(listener.wait_timeout(LONG).unwrap().unwrap().event());
        }
    }
}

/// As many events as are sent arrive, at both listeners, and only in the group that they are sent to.
#[test]
#[ignore = "a role, which another test starts"]
fn role_sends_to_a_group() {
    begin_role();
    console::set_ctrl_c_ignored(false).unwrap();
    let own = ControlEvents::new().unwrap();
    let mut receiver = Receiver::start("role_listens");
    for _ in 0..2 {
        let event = receiver.interrupt(&own);
        assert_eq!(receiver.line().as_deref(), Some(event));
        assert_eq!(receiver.line().as_deref(), Some(event));
    }
    assert_eq!(own.wait_timeout(Duration::ZERO).expect_err("not for us").kind(), ErrorKind::TimedOut);

    // And without a group, to everybody of this console.
    console::send(ControlEvent::CtrlC, None).unwrap();
    assert_eq!(own.wait_timeout(LONG).unwrap().unwrap().event(), ControlEvent::CtrlC);
    assert_eq!(receiver.line().as_deref(), Some("CtrlC"));
    assert_eq!(receiver.line().as_deref(), Some("CtrlC"));
    receiver.child.succeeds();
}

#[test]
fn a_group_receives() {
    in_own_console("role_sends_to_a_group");
}

/// Listens, and then does not any more.
#[test]
#[ignore = "a role, which another test starts"]
fn role_has_stopped_listening() {
    begin_role();
    let first = ControlEvents::new().unwrap();
    drop(ControlEvents::new().unwrap());
    drop(first);
    say("ready");
    io::stdin().read_line(&mut String::new()).unwrap();
    say("survived");
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_ends_another() {
    begin_role();
    console::set_ctrl_c_ignored(false).unwrap();
    let own = ControlEvents::new().unwrap();
    let mut receiver = Receiver::start("role_has_stopped_listening");
    receiver.interrupt(&own);
    assert_eq!(receiver.line(), None, "the default action has ended it");
    receiver.child.0.wait().unwrap();
}

#[test]
fn without_listeners_the_default_action_is_back() {
    in_own_console("role_ends_another");
}

#[test]
fn what_cannot_be_sent() {
    for (event, group) in [
        (ControlEvent::Close, None),
        (ControlEvent::Logoff, None),
        (ControlEvent::Shutdown, Some(1)),
        (ControlEvent::CtrlC, Some(1)),
        (ControlEvent::CtrlBreak, Some(0)),
    ] {
        let error = console::send(event, group).expect_err("cannot be sent");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{event:?} {group:?}");
    }
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{Receiver, begin_role, console, in_own_console, say};
    use interprocess::os::windows::console::tokio::ControlEvents;

    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_listens_on_tokio() {
        begin_role();
        super::common::on_tokio(async {
            let mut events = ControlEvents::new().unwrap();
            let mut other = ControlEvents::new().unwrap();
            let task = tokio::spawn(async move { other.recv().await.unwrap().event() });
            say("ready");
            say(events.recv().await.unwrap().event());
            say(task.await.unwrap());
            events.close();
            assert!(events.recv().await.is_none());
        });
    }

    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_sends_to_tokio() {
        begin_role();
        console::set_ctrl_c_ignored(false).unwrap();
        let own = super::ControlEvents::new().unwrap();
        let mut receiver = Receiver::start("asynchronous::role_listens_on_tokio");
        let event = receiver.interrupt(&own);
        assert_eq!(receiver.line().as_deref(), Some(event));
        assert_eq!(receiver.line().as_deref(), Some(event));
        receiver.child.succeeds();
    }

    #[test]
    fn tasks_receive() {
        in_own_console("asynchronous::role_sends_to_tokio");
    }
}
