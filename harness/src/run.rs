//! Running programs with a time limit, several at once, and without leaving processes behind.

use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

/// How a whole table ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `None` if it was out of time.
    pub(crate) status: Option<ExitStatus>,
    /// Standard output and standard error, in the order of writing.
    pub(crate) output: String,
}

/// Runs a program that is, or becomes, the leader of a process group, and ends that group when it is over.
///
/// `log` is a path for its output, which nobody else uses.
pub(crate) fn run(command: &mut Command, limit: Duration, log: &Path) -> io::Result<Outcome> {
    let file = File::create(log)?;
    let mut child = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).spawn()?;
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if begun.elapsed() > limit {
            break None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // What it started and did not wait for; there may be nothing.
        let _ = kill_process_group(group, Signal::KILL);
    }
    if status.is_none() {
        let _ = child.kill();
        child.wait()?;
    }
    let output = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    fs::remove_file(log)?;
    Ok(Outcome { status, output })
}

/// Does all `jobs`, as many at once as there are processors, and gives their results in order.
pub(crate) fn in_parallel<J: Send, R: Send>(jobs: Vec<J>, work: impl Fn(usize, J) -> R + Sync) -> Vec<R> {
    let count = jobs.len();
    let queue: Mutex<VecDeque<(usize, J)>> = Mutex::new(jobs.into_iter().enumerate().collect());
    let results: Mutex<Vec<Option<R>>> = Mutex::new((0..count).map(|_| None).collect());
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("nothing panics with the lock").pop_front();
                    let Some((index, job)) = next else { break };
                    let result = work(index, job);
                    results.lock().expect("nothing panics with the lock")[index] = Some(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("nothing panics with the lock");
    results.into_iter().map(|result| result.expect("each job was done")).collect()
}

/// A directory that every user may pass through, removed in the end.
#[derive(Debug)]
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        // A short name, as socket paths in it have to fit into an address.
        let mut number = std::process::id();
        let path = loop {
            let path = std::env::temp_dir().join(format!("h{number}"));
            match fs::create_dir(&path) {
                // One that was killed has left it, perhaps in another namespace.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                result => break result.map(|()| path)?,
            }
        };
        fs::set_permissions(&path, fs::Permissions::from_mode(0o711))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
