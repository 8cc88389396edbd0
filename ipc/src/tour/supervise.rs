//! Seeing to it that a row ends, whatever its two processes do.
//!
//! The row works in a thread of its own. When the deadline is over, its child is killed; if even that does not make the
//! thread return, it is left behind and ends with the process.

use super::{exchange::Measured, report::Verdict, row::Row, sabotage::Sabotage};
use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

/// How often to look after the child.
const TICK: Duration = Duration::from_millis(20);

/// How long the parent may go on when its child is gone, and the child when its parent has failed.
const GRACE: Duration = Duration::from_secs(1);

/// What a row's parent gets.
pub(crate) struct Stage {
    row: &'static Row,
    sabotage: Option<Sabotage>,
    child: Shared,
}

impl Stage {
    /// Starts the child, and tells its process id. What `spawn` adds to the command's arguments reaches the row's child
    /// function.
    pub(crate) fn start(&mut self, spawn: impl FnOnce(&mut Command) -> io::Result<Child>) -> io::Result<u32> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("tour-child").arg(self.row.name());
        if let Some(sabotage) = self.sabotage {
            command.arg("--sabotage").arg(sabotage.name());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = spawn(&mut command)
            .map_err(|error| io::Error::new(error.kind(), format!("cannot start the child: {error}")))?;
        let id = child.id();
        *self.child.lock() = Some(child);
        Ok(id)
    }

    /// A name that no other process uses, and no other row.
    pub(crate) fn unique_name(&self) -> String {
        let row: String =
            self.row.name().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        format!("ipc-tour-{}-{row}", std::process::id())
    }
}

/// Runs a row.
pub(crate) fn perform(row: &'static Row, sabotage: Option<Sabotage>, deadline: Duration) -> Verdict {
    let end = Instant::now() + deadline;
    let child = Shared::default();
    let (tell, told) = mpsc::channel();
    let mut stage = Stage { row, sabotage, child: child.clone() };
    thread::spawn(move || {
        // Nobody listens any more if the row took too long.
        let _ = tell.send((row.parent)(&mut stage));
    });

    let mut child_gone: Option<Instant> = None;
    let result: Result<Measured, String> = loop {
        match told.recv_timeout(TICK) {
            // What the system lacks cannot be made. Whatever is unsupported later is a fault.
            Ok(Err(error)) if error.kind() == io::ErrorKind::Unsupported && !child.is_there() => {
                return Verdict::NotHere(error.to_string());
            }
            Ok(result) => break result.map_err(|error| error.to_string()),
            Err(RecvTimeoutError::Disconnected) => break Err("the parent panicked".to_owned()),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if Instant::now() >= end {
            break Err(format!("no result within {} s; the child was killed", deadline.as_secs_f32()));
        }
        if child.has_ended() && child_gone.get_or_insert_with(Instant::now).elapsed() > GRACE {
            break Err("the child is gone, and the parent went on waiting for it".to_owned());
        }
    };

    // A child is done when its parent closes. One whose parent has failed may have an explanation.
    let patience = if result.is_ok() { end } else { end.min(Instant::now() + GRACE) };
    let end_of_child = child.end(patience);
    // A parent that waited for its child returns now, and cleans up.
    let _ = told.recv_timeout(GRACE);
    match (result, end_of_child) {
        (Ok(measured), Ok(())) => Verdict::Passed(measured),
        (Ok(_), Err(of_child)) => Verdict::Failed(of_child),
        (Err(of_parent), Ok(())) => Verdict::Failed(of_parent),
        (Err(of_parent), Err(of_child)) => Verdict::Failed(format!("{of_parent} ({of_child})")),
    }
}

/// The child, to be waited for here and to be started there.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Option<Child>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        // A child is there or not; no panic leaves it in between.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_there(&self) -> bool {
        self.lock().is_some()
    }

    fn has_ended(&self) -> bool {
        self.lock().as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))))
    }

    /// Waits for the end of the child, and kills it if that does not come in time. An error is what went wrong in it.
    fn end(&self, patience: Instant) -> Result<(), String> {
        let Some(mut child) = self.lock().take() else { return Ok(()) };
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if Instant::now() < patience => thread::sleep(Duration::from_millis(1)),
                Ok(None) | Err(_) => break None,
            }
        };
        if status.is_none() {
            // It fails only if the child has ended meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        }
        let mut said = Vec::new();
        if let Some(mut stderr) = child.stderr.take() {
            let _ = stderr.read_to_end(&mut said);
        }
        match status {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("child: {}{status}", told(&said))),
            None => Err(format!("child: {}killed", told(&said))),
        }
    }
}

/// What a child wrote to its standard error, as the beginning of a sentence.
fn told(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { String::new() } else { format!("{}; ", lines.join(" / ")) }
}
