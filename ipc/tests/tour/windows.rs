//! The rows that Windows alone has.

use super::{json, names, rows, sabotaged, tour};
use std::time::{Duration, Instant};

const ROWS: [&str; 5] = [
    "named_pipe/messages",
    "named_pipe/one-way",
    "named_pipe/transact",
    "named_pipe/identity",
    "named_pipe/impersonation",
];

#[test]
fn they_are_there() {
    let output = tour(&["--json", "--only", "named_pipe/"]);
    let report = json(&output);
    let rows = rows(&report);
    // The text is also in the names of other rows, "unnamed_pipe".
    let ours: Vec<_> = rows.iter().filter(|row| row["primitive"] == "named_pipe").collect();
    assert_eq!(names(&ours), ROWS);
    assert!(ours.iter().all(|row| row["verdict"] == "ok"), "{report}");
}

#[test]
fn a_child_that_received_something_else_is_noticed() {
    for row in ROWS {
        let reason = sabotaged(row, "received", &[]);
        assert!(reason.contains("the bytes to the child were changed"), "{row}: {reason}");
    }
}

#[test]
fn a_child_that_falls_silent_is_killed_at_the_deadline() {
    for row in ROWS {
        let reason = sabotaged(row, "silence", &["--deadline", "3"]);
        assert!(reason.contains("no result within 3 s"), "{row}: {reason}");
    }
}

#[test]
fn a_child_that_leaves_is_noticed_long_before_the_deadline() {
    for row in ROWS {
        let begun = Instant::now();
        let reason = sabotaged(row, "exit", &["--deadline", "300"]);
        assert!(reason.contains("exit code: 3"), "{row}: {reason}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{row}: took {:?}", begun.elapsed());
    }
}

#[test]
fn another_process_is_noticed() {
    let reason = sabotaged("named_pipe/identity", "impostor", &[]);
    assert!(reason.contains("the child, as the parent sees it: the client's process is"), "{reason}");
}
