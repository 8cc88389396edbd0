//! Programs of interprocess 2.4 and programs of this version talk to each other, 64 MiB each way, both ways at once.

use bench::{program, unique_name, unique_path};
use std::{
    fmt::{self, Display, Formatter},
    io::Read,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// When a pair that does not end is killed.
const DEADLINE: Duration = Duration::from_secs(240);

#[test]
fn blocking_by_a_name() {
    both_roles(["blocking", "blocking"], "namespaced");
}

#[test]
fn blocking_by_a_path() {
    both_roles(["blocking", "blocking"], "path");
}

#[test]
fn tokio_by_a_name() {
    both_roles(["tokio", "tokio"], "namespaced");
}

#[test]
fn tokio_by_a_path() {
    both_roles(["tokio", "tokio"], "path");
}

#[test]
fn blocking_with_tokio() {
    both_roles(["blocking", "tokio"], "namespaced");
    both_roles(["tokio", "blocking"], "namespaced");
}

/// The first of the runtimes is the listening program's.
fn both_roles(runtimes: [&'static str; 2], kind: &'static str) {
    for programs in [["peer-2", "peer-3"], ["peer-3", "peer-2"]] {
        Pair { programs, runtimes, kind }.run();
    }
}

/// Two programs, the listening one first.
struct Pair {
    programs: [&'static str; 2],
    runtimes: [&'static str; 2],
    kind: &'static str,
}

impl Pair {
    fn run(&self) {
        let purpose = format!("{}-{}-{}", self.programs[0], self.runtimes.concat(), self.kind);
        let name = match self.kind {
            "path" => unique_path(&purpose).into_os_string(),
            _ => unique_name(&purpose).into(),
        };
        let mut children = [0, 1].map(|index| {
            let command = program(self.programs[index]);
            let child = Command::new(&command)
                .args([["listen", "connect"][index], self.runtimes[index], self.kind])
                .arg(&name)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            KilledOnDrop(child.unwrap_or_else(|error| panic!("cannot start {}: {error}", command.display())))
        });

        let end = Instant::now() + DEADLINE;
        loop {
            let states = children.each_mut().map(KilledOnDrop::succeeded);
            // One that failed leaves the other waiting.
            if states == [Some(true); 2] || states.contains(&Some(false)) || Instant::now() > end {
                break;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let [listening, connected] = children.map(KilledOnDrop::outcome);
        let all = format!("{self}: the first {listening}, the second {connected}");
        assert!(listening.succeeded && connected.succeeded, "{all}");
        let ([sent, received], [sent_back, received_back]) = (listening.tallies(), connected.tallies());
        assert_eq!([sent, sent_back], [received_back, received], "{all}");
        assert!(sent != sent_back, "the two ends send different bytes: {all}");
        for tally in [sent, sent_back] {
            assert!(tally.starts_with("67108864:"), "64 MiB: {all}");
        }
    }
}

impl Display for Pair {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ([listens, connects], [first, second]) = (self.programs, self.runtimes);
        write!(f, "{listens} listens ({first}), {connects} connects ({second}), by a {} name", self.kind)
    }
}

struct KilledOnDrop(Child);

impl KilledOnDrop {
    /// `None` as long as it runs.
    fn succeeded(&mut self) -> Option<bool> {
        self.0.try_wait().expect("a child can be waited for").map(|status| status.success())
    }

    fn outcome(mut self) -> Outcome {
        let succeeded = self.succeeded();
        self.end();
        let (mut said, mut complained) = (String::new(), String::new());
        let stdout = self.0.stdout.as_mut().expect("stdout is piped").read_to_string(&mut said);
        let stderr = self.0.stderr.as_mut().expect("stderr is piped").read_to_string(&mut complained);
        stdout.and(stderr).expect("what a child prints is text");
        Outcome { succeeded: succeeded == Some(true), was_killed: succeeded.is_none(), said, complained }
    }

    fn end(&mut self) {
        // They fail only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        self.end();
    }
}

/// How a program ended, and what it printed.
struct Outcome {
    succeeded: bool,
    was_killed: bool,
    said: String,
    complained: String,
}

impl Outcome {
    /// What it says that it sent, and received.
    fn tallies(&self) -> [&str; 2] {
        match self.said.split_whitespace().collect::<Vec<_>>()[..] {
            ["sent", sent, "received", received] => [sent, received],
            _ => panic!("a program says how much it sent and received: {self}"),
        }
    }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let how = match (self.succeeded, self.was_killed) {
            (true, _) => "succeeded",
            (false, true) => "was killed",
            (false, false) => "failed",
        };
        write!(f, "{how} and said {:?}", [self.said.trim(), self.complained.trim()].concat())
    }
}
