//! The rows that Unix alone has.

use super::{json, names, rows, sabotaged, tour};
use std::time::{Duration, Instant};

const ROWS: [&str; 6] = [
    "uds/datagram",
    "uds/seqpacket",
    "uds/descriptors",
    "uds/credentials",
    "fifo_file/path",
    "fifo_file::tokio/path",
];

/// Those that are not missing on macOS.
fn rows_everywhere() -> impl Iterator<Item = &'static str> {
    ROWS.into_iter().filter(|row| *row != "uds/seqpacket" || cfg!(not(target_vendor = "apple")))
}

#[test]
fn they_are_there() {
    let (mut found, mut passed) = (Vec::new(), 0);
    for only in ["uds/", "fifo_file"] {
        let report = json(&tour(&["--json", "--only", only]));
        found.extend(names(&rows(&report).iter().collect::<Vec<_>>()));
        passed += rows(&report).iter().filter(|row| row["verdict"] == "ok").count();
    }
    assert_eq!(found, ROWS);
    assert_eq!(passed, rows_everywhere().count());
}

#[test]
fn a_child_that_received_something_else_is_noticed() {
    for row in rows_everywhere() {
        let reason = sabotaged(row, "received", &[]);
        assert!(reason.contains("the bytes to the child were changed"), "{row}: {reason}");
    }
}

#[test]
fn a_child_that_falls_silent_is_killed_at_the_deadline() {
    for row in rows_everywhere() {
        let reason = sabotaged(row, "silence", &["--deadline", "3"]);
        assert!(reason.contains("no result within 3 s"), "{row}: {reason}");
    }
}

#[test]
fn a_child_that_leaves_is_noticed_long_before_the_deadline() {
    for row in rows_everywhere() {
        let begun = Instant::now();
        let reason = sabotaged(row, "exit", &["--deadline", "300"]);
        assert!(reason.contains("exit status: 3"), "{row}: {reason}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{row}: took {:?}", begun.elapsed());
    }
}

#[test]
fn another_file_is_noticed() {
    let reason = sabotaged("uds/descriptors", "impostor", &[]);
    assert!(reason.contains("the file that came back is not the one that was passed"), "{reason}");
}

/// Where the system tells no process ids, the two are the same to it.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple", target_os = "freebsd"))]
#[test]
fn another_process_is_noticed() {
    let reason = sabotaged("uds/credentials", "impostor", &[]);
    assert!(reason.contains("the peer's credentials: it is process"), "{reason}");
}
