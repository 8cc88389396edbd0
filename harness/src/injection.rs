//! Each primitive's transfer with each system call that it makes failing in turn, by strace(1).
//!
//! A first run under strace tells the calls between the marks of `transfer`, and their numbers among those of their
//! name. Then one of them fails in each run. The caller tries again what has failed, so that in the end all must have
//! come through as sent, with no descriptor and no file left that the first run did not leave.
//!
//! Short counts are not made by strace, which does not perform the call whose result it makes up: bytes would be lost
//! that nobody can get back. The transfers through full sockets and pipes make them truthfully.

use crate::{
    run::{self, Scratch, Verdict},
    transfer,
};
use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

const FAULTS: [&str; 7] = ["EINTR", "EAGAIN", "ENOBUFS", "ENOMEM", "EMFILE", "EPIPE", "ECONNRESET"];

/// Longer than a transfer takes on a slow machine, by far: who takes this long waits for what does not come.
const LIMIT: Duration = Duration::from_secs(20);

/// How many primitives the short form tries, the first in the list.
const SHORT: usize = 7;

/// How many of the calls of one name and one primitive fail in turn, in either form.
const MOST: usize = 12;
const MOST_SHORT: usize = 2;

/// Calls that are not the library's, or cannot fail for a reason of their own: memory, threads, time, the end. Without
/// random numbers std panics. close(2) is over with any error, but strace would leave the descriptor open.
const OTHERS: &[&str] = &[
    "brk",
    "clock_gettime",
    "clock_nanosleep",
    "clone",
    "clone3",
    "close",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "execve",
    "exit",
    "exit_group",
    "futex",
    "getpid",
    "gettid",
    "geteuid",
    "getuid",
    "getegid",
    "getgid",
    "getrandom",
    "getppid",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "restart_syscall",
    "rt_sigreturn",
    "rt_sigprocmask",
    "sched_yield",
    "sigaltstack",
    "vfork",
    "wait4",
];

/// Calls by which files are identified and removed. If one fails in a drop, a file is left, and nobody can be told.
const REMOVING: &[&str] = &[
    "fstat",
    "newfstatat",
    "open",
    "openat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "statx",
    "unlink",
    "unlinkat",
];

/// Calls which never give EAGAIN unless there is nothing, so that Tokio's wait for something is right.
const EDGES: &[&str] = &[
    "accept4", "read", "readv", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "write",
    "writev", "pwritev2",
];

/// What cannot happen, and would be waited for: an eventfd(2) in nonblocking mode takes any wake-up, or is readable.
const IMPOSSIBLE: &[(&str, &str)] = &[("tokio signals", "write"), ("tokio shutdown", "write")];

/// One run: a call of a primitive that fails.
#[derive(Clone, Debug)]
struct Case {
    primitive: &'static str,
    call: String,
    nth: usize,
    fault: &'static str,
    /// What a run without fault leaves behind.
    leaves: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Result {
    /// The call was not made.
    NotReached,
    Transferred,
    /// A clean error, and the transfer when it was tried again.
    Told,
    Wrong(String),
}

pub(crate) fn run(long: bool, words: &[String]) -> io::Result<Verdict> {
    if let Some(obstacle) = obstacle() {
        println!("skipped: {obstacle}");
        return Ok(Verdict::Skipped);
    }
    let scratch = Scratch::new()?;
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.starts_with(word.as_str()));
    let names = transfer::ALL.iter().map(|(name, _)| *name);
    let count = if long || !words.is_empty() { names.len() } else { SHORT };
    let names: Vec<_> = names.take(count).filter(|name| wanted(name)).collect();
    let most = if long || !words.is_empty() { MOST } else { MOST_SHORT };

    let first =
        run::in_parallel(names, |index, name| cases(name, most, &scratch.0.join(format!("t{index}"))));
    let mut all = Vec::new();
    for cases in first {
        all.extend(cases?);
    }
    let results =
        run::in_parallel(all.clone(), |index, case| attempt(&case, &scratch.0.join(index.to_string())));

    let mut table: BTreeMap<(usize, &str), BTreeMap<&str, Result>> = BTreeMap::new();
    let mut counts = [0; 4];
    for (case, result) in all.iter().zip(results) {
        let result = result?;
        if let Result::Wrong(what) = &result {
            println!(
                "\nWRONG: {}, {} number {} gives {}:\n{what}",
                case.primitive, case.call, case.nth, case.fault
            );
        }
        counts[match &result {
            Result::NotReached => 0,
            Result::Transferred => 1,
            Result::Told => 2,
            Result::Wrong(_) => 3,
        }] += 1;
        let row = transfer::ALL.iter().position(|(name, _)| *name == case.primitive).expect("a row");
        let cell =
            table.entry((row, &case.call)).or_default().entry(case.fault).or_insert(Result::NotReached);
        *cell = result.max(cell.clone());
    }
    println!(
        "\ntransfers in which a system call fails: 'ok' is a transfer all the same, 'error' one after an error"
    );
    let head: String = FAULTS.iter().map(|fault| format!("{fault:>11}")).collect();
    println!("{:<28}{:<16}{head}", "", "");
    for ((row, call), faults) in &table {
        let cells: String = FAULTS
            .iter()
            .map(|fault| match faults.get(fault) {
                None | Some(Result::NotReached) => format!("{:>11}", "-"),
                Some(Result::Transferred) => format!("{:>11}", "ok"),
                Some(Result::Told) => format!("{:>11}", "error"),
                Some(Result::Wrong(_)) => format!("{:>11}", "WRONG"),
            })
            .collect();
        println!("{:<28}{call:<16}{cells}", transfer::ALL[*row].0);
    }
    let [not_reached, transferred, told, wrong] = counts;
    println!("{transferred} ok, {told} errors, {wrong} wrong, {not_reached} calls not made");
    Ok(if wrong > 0 { Verdict::Failed } else { Verdict::Passed })
}

fn obstacle() -> Option<String> {
    let probe = ["-qq", "-o", "/dev/null", "-e", "inject=getppid:error=EINTR:when=1", "true"];
    match Command::new("strace").args(probe).stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("strace: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("strace: {error}")),
    }
}

/// Only the main thread is traced: children and helpers of Tokio's are other programs, as it were.
fn traced(primitive: &str, options: &[&str], place: &Path) -> io::Result<(run::Outcome, String)> {
    let directory = place.join("d");
    fs::create_dir_all(&directory)?;
    let trace = place.join("trace");
    let mut command = Command::new("strace");
    command.args(["-qq", "-o"]).arg(&trace).args(options);
    command.arg(std::env::current_exe()?).args(["transfer", primitive]).arg(&directory);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.env("RUST_BACKTRACE", "0").env_remove("LISTEN_PID").env_remove("LISTEN_FDS");
    let outcome = run::run(&mut command, LIMIT, &place.join("log"))?;
    let trace = fs::read_to_string(trace).unwrap_or_default();
    fs::remove_dir_all(place)?;
    Ok((outcome, trace))
}

/// All that can fail in a transfer.
fn cases(primitive: &'static str, most: usize, place: &Path) -> io::Result<Vec<Case>> {
    let (outcome, trace) = traced(primitive, &[], place)?;
    if outcome.status.is_none_or(|status| !status.success()) {
        return Err(io::Error::other(format!("{primitive} fails without a fault:\n{}", outcome.output)));
    }
    let leaves = done(&outcome.output).unwrap_or_default().to_owned();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut within: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut marks = 0;
    for line in trace.lines() {
        let Some((call, _)) = line.split_once('(') else { continue };
        if !call.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            continue;
        }
        let number = numbers.entry(call).or_default();
        *number += 1;
        if call == transfer::MARK {
            marks += 1;
        } else if marks == 1 && !OTHERS.contains(&call) {
            within.entry(call).or_default().push(*number);
        }
    }
    let mut cases = Vec::new();
    for (call, numbers) in within {
        if IMPOSSIBLE.contains(&(primitive, call)) {
            continue;
        }
        for nth in spread(&numbers, most) {
            for fault in FAULTS {
                let waits = primitive.starts_with(transfer::TOKIO) && EDGES.contains(&call);
                // Registering with epoll is Tokio's; that it fails for want of memory is our concern.
                let others = call == "epoll_ctl" && fault != "ENOMEM";
                // getsockopt(2) copies what is there, and does not wait: its EAGAIN would be taken for accept4(2)'s.
                let others = others || call == "getsockopt" && fault == "EAGAIN";
                if !(others || fault == "EAGAIN" && waits) {
                    cases.push(Case { primitive, call: call.into(), nth, fault, leaves: leaves.clone() });
                }
            }
        }
    }
    Ok(cases)
}

/// At most so many of them, the first and the last among them.
fn spread(numbers: &[usize], most: usize) -> Vec<usize> {
    if numbers.len() <= most {
        return numbers.to_vec();
    }
    (0..most).map(|index| numbers[index * (numbers.len() - 1) / (most - 1)]).collect()
}

fn done(output: &str) -> Option<&str> {
    output.lines().find_map(|line| line.strip_prefix(transfer::DONE))
}

fn attempt(case: &Case, place: &Path) -> io::Result<Result> {
    let calls = format!("trace={}", case.call);
    let inject = format!("inject={}:error={}:when={}", case.call, case.fault, case.nth);
    let (outcome, trace) = traced(case.primitive, &["-e", &calls, "-e", &inject], place)?;
    if !trace.contains("(INJECTED)") {
        return Ok(Result::NotReached);
    }
    let wrong = |what: &str| Ok(Result::Wrong(format!("{what}\n{}{}", outcome.output, trace_end(&trace))));
    match outcome.status {
        None => return wrong("it hangs"),
        Some(status) if !status.success() => return wrong(&status.to_string()),
        Some(_) => {}
    }
    let left = done(&outcome.output).unwrap_or_default();
    let files = |text: &str| text.split_once(',').map(|(_, files)| files.to_owned());
    let descriptors = |text: &str| text.split_once(',').map(|(descriptors, _)| descriptors.to_owned());
    let told = outcome.output.lines().any(|line| line.starts_with(transfer::ERROR));
    let excused = !told && REMOVING.contains(&case.call.as_str());
    if descriptors(left) != descriptors(&case.leaves) || !excused && files(left) != files(&case.leaves) {
        return wrong(&format!("something is left behind (without the fault: {})", case.leaves));
    }
    Ok(if told { Result::Told } else { Result::Transferred })
}

fn trace_end(trace: &str) -> String {
    let lines: Vec<&str> = trace.lines().filter(|line| line.contains("INJECTED")).collect();
    lines.join("\n")
}
