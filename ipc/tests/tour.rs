//! `ipc tour` from outside, and whether it would notice that something is wrong.

#[cfg(unix)]
#[path = "tour/unix.rs"]
mod unix;
#[cfg(windows)]
#[path = "tour/windows.rs"]
mod windows;

use serde_json::Value;
use std::{
    path::PathBuf,
    process::{Command, Output},
    time::{Duration, Instant},
};

/// The tool beside this test. Cargo's `CARGO_BIN_EXE_ipc` is a path of the machine that compiled, which a program under
/// Wine cannot use.
fn ipc() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let folder =
        test.parent().and_then(|deps| deps.parent()).expect("tests are in a folder below the tool's");
    folder.join(format!("ipc{}", std::env::consts::EXE_SUFFIX))
}

fn tour(arguments: &[&str]) -> Output {
    Command::new(ipc()).arg("tour").args(arguments).output().expect("the tool starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("no JSON ({error}): {:?}, {}", output, String::from_utf8_lossy(&output.stdout))
    })
}

fn rows(report: &Value) -> &[Value] {
    report["rows"].as_array().expect("there are rows")
}

/// Runs one row with a fault, and gives the reason for which it failed.
fn sabotaged(row: &str, how: &str, more: &[&str]) -> String {
    let plan = format!("{row}={how}");
    let output = tour(&[&["--json", "--only", row, "--sabotage", &plan], more].concat());
    let report = json(&output);
    assert_eq!(output.status.code(), Some(1), "{plan}: {report}");
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&Value::from(0), &Value::from(1)),
        "{plan}: {report}"
    );
    let row = &rows(&report)[0];
    assert_eq!(row["verdict"], "FAILED", "{plan}: {report}");
    assert!(row["round_trip_us"].is_null() && row["throughput_mib_s"].is_null(), "{plan}: {report}");
    row["error"].as_str().expect("a row that failed has a reason").to_owned()
}

fn names(rows: &[&Value]) -> Vec<String> {
    let text = |row: &Value, key: &str| row[key].as_str().expect("a text").to_owned();
    rows.iter().map(|row| format!("{}/{}", text(row, "primitive"), text(row, "mode"))).collect()
}

/// How much a row moves: signals are slow.
fn bytes(row: &Value) -> u64 {
    match row["primitive"].as_str() {
        Some("signal") if row["mode"] == "standard" => 512,
        Some("signal" | "signal::tokio") => 256 << 10,
        _ => 16 << 20,
    }
}

#[test]
fn every_row_passes_and_every_row_can_fail() {
    let output = tour(&["--json"]);
    let report = json(&output);
    assert!(output.status.success(), "{report}");
    assert!(output.stderr.is_empty(), "no progress is shown to a program: {output:?}");
    let (passed, not_here): (Vec<&Value>, Vec<&Value>) =
        rows(&report).iter().partition(|row| row["verdict"] != "not on this system");
    let may_lack = |row: &&Value| row["mode"] == "seqpacket" || row["mode"] == "values";
    assert!(not_here.iter().all(may_lack), "only macOS and OpenBSD lack something: {report}");
    assert_eq!(report["passed"], passed.len(), "{report}");
    assert_eq!(report["not_here"], not_here.len(), "{report}");
    assert_eq!(report["failed"], 0, "{report}");
    for row in &passed {
        assert_eq!(row["verdict"], "ok", "{row}");
        assert!(row["error"].is_null(), "{row}");
        assert_eq!(row["bytes"], bytes(row), "{row}");
        for number in ["round_trip_us", "throughput_mib_s"] {
            assert!(row[number].as_f64().is_some_and(|number| number > 0.0), "{row}");
        }
    }

    for name in names(&passed) {
        let reason = sabotaged(&name, "sent", &[]);
        assert!(reason.contains("the bytes to the parent were changed"), "{name}: {reason}");
    }
}

#[test]
fn a_child_that_received_something_else_is_noticed() {
    for row in ["unnamed_pipe/inherited", "local_socket::tokio/namespaced"] {
        let reason = sabotaged(row, "received", &[]);
        assert!(reason.contains("the bytes to the child were changed"), "{row}: {reason}");
    }
}

#[test]
fn a_child_that_falls_silent_is_killed_at_the_deadline() {
    for row in ["unnamed_pipe/stdio", "local_socket::tokio/path"] {
        let begun = Instant::now();
        let reason = sabotaged(row, "silence", &["--deadline", "3"]);
        assert!(reason.contains("no result within 3 s"), "{row}: {reason}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{row}: took {:?}", begun.elapsed());
    }
}

#[test]
fn a_child_that_leaves_is_noticed_long_before_the_deadline() {
    for row in ["unnamed_pipe::tokio/inherited", "local_socket/namespaced"] {
        let begun = Instant::now();
        let reason = sabotaged(row, "exit", &["--deadline", "300"]);
        assert!(reason.contains('3'), "the child's exit status is told: {row}: {reason}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{row}: took {:?}", begun.elapsed());
    }
}

#[test]
fn people_get_a_table() {
    let output = tour(&["--only", "local_socket/"]);
    let text = String::from_utf8(output.stdout).expect("the table is text");
    assert!(output.status.success(), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("primitive"), "{text}");
    assert!(lines[1].starts_with("local_socket") && lines[1].ends_with("ok"), "{text}");
    assert_eq!(lines.last(), Some(&"2 passed, 0 failed"), "{text}");
}

#[test]
fn a_row_that_does_not_exist_is_an_error() {
    let output = tour(&["--only", "carrier-pigeon"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("carrier-pigeon"), "{output:?}");
}
