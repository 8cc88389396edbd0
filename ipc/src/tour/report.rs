//! What the tour prints.

use super::{exchange::Measured, row::Row};
use serde_json::{Value, json};

const HEADINGS: [&str; 6] = ["primitive", "mode", "sent", "round trip", "throughput", "verdict"];

/// Where the columns of numbers are.
const RIGHT_ALIGNED: [bool; 6] = [false, false, true, true, true, false];

/// The results so far.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<(&'static Row, Result<Measured, String>)>,
}

impl Report {
    pub(crate) fn add(&mut self, row: &'static Row, result: Result<Measured, String>) {
        self.rows.push((row, result));
    }

    pub(crate) fn all_passed(&self) -> bool {
        self.failed() == 0
    }

    fn failed(&self) -> usize {
        self.rows.iter().filter(|(_, result)| result.is_err()).count()
    }

    /// For people.
    pub(crate) fn to_table(&self) -> String {
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(self.rows.iter().map(|(row, result)| cells(row, result)));
        let widths: [usize; 6] = std::array::from_fn(|column| {
            // There is a line of headings at least.
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        });
        let mut text = String::new();
        for line in &lines {
            text.push_str(padded(line, widths).trim_end());
            text.push('\n');
        }
        let failed = self.failed();
        text.push_str(&format!("\n{} passed, {failed} failed\n", self.rows.len() - failed));
        text
    }

    /// For machines, in one object. Numbers of a row that failed are null.
    pub(crate) fn to_json(&self) -> String {
        let rows: Vec<Value> = self.rows.iter().map(|(row, result)| object(row, result)).collect();
        let failed = self.failed();
        let report = json!({ "rows": rows, "passed": self.rows.len() - failed, "failed": failed });
        format!("{report:#}\n")
    }
}

fn cells(row: &Row, result: &Result<Measured, String>) -> [String; 6] {
    let [sent, round_trip, throughput, verdict] = match result {
        Ok(measured) => [
            format!("{} MiB", measured.bytes >> 20),
            format!("{:.1} µs", microseconds(measured)),
            format!("{:.0} MiB/s", mebibytes_per_second(measured)),
            "ok".to_owned(),
        ],
        Err(reason) => [String::new(), String::new(), String::new(), format!("FAILED: {reason}")],
    };
    [row.primitive.to_owned(), row.mode.to_owned(), sent, round_trip, throughput, verdict]
}

fn padded(cells: &[String; 6], widths: [usize; 6]) -> String {
    let columns = cells.iter().zip(widths).zip(RIGHT_ALIGNED).map(|((cell, width), right)| {
        if right { format!("{cell:>width$}") } else { format!("{cell:width$}") }
    });
    columns.collect::<Vec<_>>().join("  ")
}

fn object(row: &Row, result: &Result<Measured, String>) -> Value {
    let measured = result.as_ref().ok();
    json!({
        "primitive": row.primitive,
        "mode": row.mode,
        "bytes": measured.map(|measured| measured.bytes),
        "round_trip_us": measured.map(microseconds),
        "throughput_mib_s": measured.map(mebibytes_per_second),
        "verdict": if result.is_ok() { "ok" } else { "FAILED" },
        "error": result.as_ref().err(),
    })
}

fn microseconds(measured: &Measured) -> f64 {
    measured.round_trip.as_secs_f64() * 1e6
}

fn mebibytes_per_second(measured: &Measured) -> f64 {
    let mebibytes = measured.bytes as f64 / f64::from(1 << 20);
    mebibytes / measured.duration.as_secs_f64()
}
