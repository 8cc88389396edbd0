//! Seeing to it that a row ends, whatever its two processes do.
//!
//! The row works in a thread of its own. When the deadline is over, its child is killed; if even that does not make the
//! thread return, it is left behind and ends with the process.

use super::{
    row::Row,
    sabotage::Sabotage,
    stage::{Shared, Stage},
    transfer::Measured,
};
use std::{
    io,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

/// How often to look after the child.
const TICK: Duration = Duration::from_millis(20);

/// How long the parent may go on when its child is gone, and the child when its parent has failed.
const GRACE: Duration = Duration::from_secs(1);

/// What became of a row.
pub(crate) enum Verdict {
    Passed(Measured),
    /// The system lacks the primitive, as it says itself.
    NotHere(String),
    /// With the reason.
    Failed(String),
}

/// Runs a row.
pub(crate) fn perform(row: &'static Row, sabotage: Option<Sabotage>, deadline: Duration) -> Verdict {
    let end = Instant::now() + deadline;
    let child = Shared::default();
    let (tell, told) = mpsc::channel();
    let mut stage = Stage::new(row.name(), sabotage, child.clone());
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
