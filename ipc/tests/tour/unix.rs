//! The rows that Unix alone has.

use super::{json, names, rows, sabotaged, tour};
use std::time::{Duration, Instant};

const UDS: [&str; 4] = ["uds/datagram", "uds/seqpacket", "uds/descriptors", "uds/credentials"];
const FIFOS: [&str; 2] = ["fifo_file/path", "fifo_file::tokio/path"];
const SIGNALS: [&str; 3] = ["signal/standard", "signal/values", "signal::tokio/values"];

/// Those that this system does not lack.
fn rows_here() -> impl Iterator<Item = &'static str> {
    UDS.into_iter().chain(FIFOS).chain(SIGNALS).filter(|row| is_here(row))
}

fn is_here(row: &str) -> bool {
    const HAS_PACKETS: bool = cfg!(not(target_vendor = "apple"));
    const HAS_VALUES: bool =
        cfg!(not(any(target_vendor = "apple", target_os = "openbsd", target_os = "dragonfly")));
    (HAS_PACKETS || !row.ends_with("/seqpacket")) && (HAS_VALUES || !row.ends_with("/values"))
}

#[test]
fn they_are_there() {
    for (only, expected) in [("uds/", UDS.as_slice()), ("fifo_file", &FIFOS), ("signal", &SIGNALS)] {
        let output = tour(&["--json", "--only", only]);
        let report = json(&output);
        assert_eq!(names(&rows(&report).iter().collect::<Vec<_>>()), expected);
        for (row, name) in rows(&report).iter().zip(expected) {
            assert_eq!(row["verdict"] == "ok", is_here(name), "{report}");
        }
    }
}

#[test]
fn a_child_that_received_something_else_is_noticed() {
    for row in rows_here() {
        let reason = sabotaged(row, "received", &[]);
        assert!(reason.contains("the bytes to the child were changed"), "{row}: {reason}");
    }
}

#[test]
fn a_child_that_falls_silent_is_killed_at_the_deadline() {
    for row in rows_here() {
        let reason = sabotaged(row, "silence", &["--deadline", "3"]);
        assert!(reason.contains("no result within 3 s"), "{row}: {reason}");
    }
}

#[test]
fn a_child_that_leaves_is_noticed_long_before_the_deadline() {
    for row in rows_here() {
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

/// Where the system tells who has sent a signal.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
#[test]
fn another_sender_is_noticed() {
    for row in SIGNALS {
        let reason = sabotaged(row, "impostor", &[]);
        assert!(reason.contains("waiting for the child: the sender of SIG"), "{row}: {reason}");
        assert!(reason.contains(": it is process "), "{row}: {reason}");
    }
}
