//! Where a row's parent stands: it starts the child from here, which [`supervise`](super::supervise) waits for.

use super::sabotage::Sabotage;
use std::{
    io::{self, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// What a row's parent gets.
pub(crate) struct Stage {
    row: String,
    sabotage: Option<Sabotage>,
    child: Shared,
}

impl Stage {
    pub(super) fn new(row: String, sabotage: Option<Sabotage>, child: Shared) -> Self {
        Self { row, sabotage, child }
    }

    /// Starts the child, and tells its process id. What `spawn` adds to the command's arguments reaches the row's child
    /// function.
    pub(crate) fn start(&mut self, spawn: impl FnOnce(&mut Command) -> io::Result<Child>) -> io::Result<u32> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("tour-child").arg(&self.row);
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
        let row: String = self.row.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        format!("ipc-tour-{}-{row}", std::process::id())
    }
}

/// The child, to be waited for here and to be started there.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Option<Child>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        // A child is there or not; no panic leaves it in between.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_there(&self) -> bool {
        self.lock().is_some()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.lock().as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))))
    }

    /// Waits for the end of the child, and kills it if that does not come in time. An error is what went wrong in it.
    pub(super) fn end(&self, patience: Instant) -> Result<(), String> {
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
