//! What the tour prints.

use super::{row::Row, supervise::Verdict, transfer::Measured};
use serde_json::{Value, json};

const HEADINGS: [&str; 6] = ["primitive", "mode", "sent", "round trip", "throughput", "verdict"];

/// Where the columns of numbers are.
const RIGHT_ALIGNED: [bool; 6] = [false, false, true, true, true, false];

/// The results so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(&'static Row, Verdict)>,
}

impl Report {
    pub(crate) fn add(&mut self, row: &'static Row, verdict: Verdict) {
        self.rows.push((row, verdict));
    }

    /// Whether nothing failed.
    pub(crate) fn is_good(&self) -> bool {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_))) == 0
    }

    fn count(&self, is_it: fn(&Verdict) -> bool) -> usize {
        self.rows.iter().filter(|(_, verdict)| is_it(verdict)).count()
    }

    /// How many rows passed, how many failed, and how many are not for this system.
    fn counts(&self) -> [usize; 3] {
        [
            self.count(|verdict| matches!(verdict, Verdict::Passed(_))),
            self.count(|verdict| matches!(verdict, Verdict::Failed(_))),
            self.count(|verdict| matches!(verdict, Verdict::NotHere(_))),
        ]
    }

    /// For people.
    pub(crate) fn to_table(&self) -> String {
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(|(row, verdict)| cells(row, verdict)));
        let widths: [usize; 6] = std::array::from_fn(|column| {
            // There is a line of headings at least.
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        });
        let mut text = String::new();
        for line in &lines {
            text.push_str(padded(line, widths).trim_end());
            text.push('\n');
        }
        let [passed, failed, not_here] = self.counts();
        text.push_str(&format!("\n{passed} passed, {failed} failed"));
        if not_here > 0 {
            text.push_str(&format!(", {not_here} not on this system"));
        }
        text.push('\n');
        text
    }

    /// For machines, in one object. Numbers of a row that did not pass are null.
    pub(crate) fn to_json(&self) -> String {
        let rows: Vec<Value> = self.rows.iter().map(|(row, verdict)| object(row, verdict)).collect();
        let [passed, failed, not_here] = self.counts();
        let report = json!({ "rows": rows, "passed": passed, "failed": failed, "not_here": not_here });
        format!("{report:#}\n")
    }
}

fn cells(row: &Row, verdict: &Verdict) -> [String; 6] {
    let mut numbers = [String::new(), String::new(), String::new()];
    let verdict = match verdict {
        Verdict::Passed(measured) => {
            numbers = [
                amount(measured.bytes),
                format!("{:.1} µs", microseconds(measured)),
                speed(mebibytes_per_second(measured)),
            ];
            "ok".to_owned()
        }
        Verdict::NotHere(reason) => format!("not on this system: {reason}"),
        Verdict::Failed(reason) => format!("FAILED: {reason}"),
    };
    let [sent, round_trip, throughput] = numbers;
    [row.primitive.to_owned(), row.mode.to_owned(), sent, round_trip, throughput, verdict]
}

fn amount(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// Two digits at least say how fast it is.
fn speed(mebibytes: f64) -> String {
    let digits = if mebibytes < 0.1 {
        3
    } else if mebibytes < 10.0 {
        1
    } else {
        0
    };
    format!("{mebibytes:.digits$} MiB/s")
}

fn padded(cells: &[String; 6], widths: [usize; 6]) -> String {
    let columns = cells.iter().zip(widths).zip(RIGHT_ALIGNED).map(|((cell, width), right)| {
        if right { format!("{cell:>width$}") } else { format!("{cell:width$}") }
    });
    columns.collect::<Vec<_>>().join("  ")
}

fn object(row: &Row, verdict: &Verdict) -> Value {
    let (word, measured, reason) = match verdict {
        Verdict::Passed(measured) => ("ok", Some(measured), None),
        Verdict::NotHere(reason) => ("not on this system", None, Some(reason)),
        Verdict::Failed(reason) => ("FAILED", None, Some(reason)),
    };
    json!({
        "primitive": row.primitive,
        "mode": row.mode,
        "bytes": measured.map(|measured| measured.bytes),
        "round_trip_us": measured.map(microseconds),
        "throughput_mib_s": measured.map(mebibytes_per_second),
        "verdict": word,
        "error": reason,
    })
}

fn microseconds(measured: &Measured) -> f64 {
    measured.round_trip.as_secs_f64() * 1e6
}

fn mebibytes_per_second(measured: &Measured) -> f64 {
    let mebibytes = measured.bytes as f64 / f64::from(1 << 20);
    mebibytes / measured.duration.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::{Report, Verdict, amount, speed};
    use crate::tour::rows::rows;
    use serde_json::Value;

    /// No system that runs this test lacks a primitive, but macOS does.
    #[test]
    fn what_a_system_lacks_is_told_and_no_failure() {
        let mut report = Report::default();
        report.add(rows().next().unwrap(), Verdict::NotHere("no such sockets".to_owned()));
        assert!(report.is_good());
        let table = report.to_table();
        assert!(table.contains("not on this system: no such sockets"), "{table}");
        assert!(table.ends_with("0 passed, 0 failed, 1 not on this system\n"), "{table}");
        let json: Value = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!((&json["failed"], &json["not_here"]), (&Value::from(0), &Value::from(1)), "{json}");
        assert_eq!(json["rows"][0]["verdict"], "not on this system", "{json}");
    }

    #[test]
    fn little_is_not_nothing() {
        assert_eq!([512, 256 << 10, 16 << 20].map(amount), ["512 B", "256 KiB", "16 MiB"]);
        let speeds = [0.0042, 0.56, 2.25, 9876.5].map(speed);
        assert_eq!(speeds, ["0.004 MiB/s", "0.6 MiB/s", "2.2 MiB/s", "9876 MiB/s"]);
    }
}
