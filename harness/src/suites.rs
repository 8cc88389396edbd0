//! The library's test programs, run in one cell of a matrix after another.

use crate::run::{self, Outcome, Scratch, Verdict};
use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// Longer than any of the programs takes on a slow machine. A test that hangs says so itself before.
const LIMIT: Duration = Duration::from_secs(240);

/// Test programs that have nothing to do with Linux's kernel, or need what no cell has.
const OTHERS: &[&str] = &["console", "dbus", "interop", "layers", "mailslot", "named_pipe", "pipe_identity"];
const MORE_OTHERS: &[&str] = &["security_descriptor", "windows_promises"];

/// What a test prints that cannot do its work here, before the reason (`tests/common`).
const SKIP: &str = "skipped: ";

/// Stands for a test, where a program did not end as a test program does.
const WHOLE_PROGRAM: &str = "the whole program";

/// A row of the table: all test programs, or some, in a wrapping.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) name: String,
    /// The command to which the program and its arguments are added.
    pub(crate) wrapper: Vec<String>,
    pub(crate) variables: Vec<(String, String)>,
    /// Where the wrapper starts.
    pub(crate) directory: Option<PathBuf>,
    /// Arguments for each program.
    pub(crate) arguments: Vec<String>,
    /// The beginnings of the programs' names. All of them, if there are none.
    pub(crate) programs: &'static [&'static str],
    /// The names of programs that are left out.
    pub(crate) left_out: &'static [&'static str],
    /// A test that fails with such a text has got a clean error for what the cell takes away: it counts as skipped.
    pub(crate) excuses: &'static [&'static str],
    /// Not even then, if it has one of these texts.
    pub(crate) never_excused: &'static [&'static str],
    /// Whether the wrapper makes its own process group.
    pub(crate) groups_itself: bool,
    /// Why the cell cannot be tried here.
    pub(crate) obstacle: Option<String>,
}

impl Cell {
    pub(crate) fn new(name: impl Into<String>, wrapper: &[&str]) -> Self {
        Self {
            name: name.into(),
            wrapper: wrapper.iter().map(|&text| text.into()).collect(),
            ..Self::default()
        }
    }
}

/// A test program, built.
#[derive(Clone, Debug)]
struct Program {
    name: String,
    path: PathBuf,
}

/// What one program did in one cell.
#[derive(Debug, Default)]
struct Report {
    passed: usize,
    /// Tests and reasons.
    skipped: Vec<(String, String)>,
    /// Tests and what they said, or the whole program.
    failed: Vec<(String, String)>,
}

/// Builds the test programs, runs them in every cell, and prints the table.
pub(crate) fn run(title: &str, scratch: &Scratch, cells: Vec<Cell>) -> io::Result<Verdict> {
    let programs = build(&scratch.0)?;
    let (cells, impossible): (Vec<Cell>, Vec<Cell>) =
        cells.into_iter().partition(|cell| cell.obstacle.is_none());
    let jobs: Vec<(&Cell, &Program)> =
        cells.iter().flat_map(|cell| programs.iter().map(move |program| (cell, program))).collect();
    let jobs: Vec<_> = jobs.into_iter().filter(|(cell, program)| cell.wants(program)).collect();
    let names: Vec<(String, String)> =
        jobs.iter().map(|(cell, program)| (cell.name.clone(), program.name.clone())).collect();
    let reports = run::in_parallel(jobs, |index, (cell, program)| {
        let run = || report(cell, program, &scratch.0.join(format!("log{index}")));
        let first = run()?;
        for (test, text) in &first.failed {
            println!("\nFAILED in {}: {}: {test}\n{text}", cell.name, program.name);
        }
        if first.failed.is_empty() {
            return io::Result::Ok(first);
        }
        // Other programs run beside it, and a machine may be too busy for a test that waits for others. What is wrong in the
        // environment is wrong again.
        let second = run()?;
        let verdict = if second.failed.is_empty() { "passed" } else { "FAILED again" };
        println!("\nrun once more in {}: {}: {verdict}", cell.name, program.name);
        Ok(second)
    });

    let mut rows: BTreeMap<&str, Report> = BTreeMap::new();
    for ((cell, program), report) in names.iter().zip(reports) {
        let report = report?;
        let row = rows.entry(cell).or_default();
        row.passed += report.passed;
        row.skipped.extend(report.skipped.into_iter().map(|(test, why)| (format!("{program}: {test}"), why)));
        row.failed.extend(report.failed);
    }
    println!("\n{title}\n{:<34} {:>7} {:>8} {:>7}", "", "passed", "skipped", "failed");
    let mut verdict = if rows.is_empty() { Verdict::Skipped } else { Verdict::Passed };
    for cell in &cells {
        let Some(row) = rows.get(cell.name.as_str()) else { continue };
        println!("{:<34} {:>7} {:>8} {:>7}", cell.name, row.passed, row.skipped.len(), row.failed.len());
        if !row.failed.is_empty() {
            verdict = Verdict::Failed;
        }
    }
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    for cell in &impossible {
        if required {
            verdict = Verdict::Failed;
        }
        println!("{:<34} not tried: {}", cell.name, cell.obstacle.as_deref().unwrap_or_default());
    }
    println!("\nskipped, and why:");
    for cell in &cells {
        let Some(row) = rows.get(cell.name.as_str()) else { continue };
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (test, why) in &row.skipped {
            reasons.entry(why).or_default().push(test);
        }
        for (why, tests) in reasons {
            println!("  {}: {why}: {} ({})", cell.name, tests.len(), shortened(&tests));
        }
    }
    Ok(verdict)
}

impl Cell {
    fn wants(&self, program: &Program) -> bool {
        let is_chosen =
            self.programs.is_empty() || self.programs.iter().any(|start| program.name.starts_with(start));
        is_chosen && !self.left_out.contains(&program.name.as_str())
    }
}

fn shortened(tests: &[&str]) -> String {
    const MOST: usize = 4;
    let more = if tests.len() > MOST { ", ..." } else { "" };
    format!("{}{more}", tests[..tests.len().min(MOST)].join(", "))
}

/// Builds them and puts them where every user can execute them.
fn build(scratch: &Path) -> io::Result<Vec<Program>> {
    let folder = scratch.join("bin");
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let output = Command::new("cargo")
        .current_dir(root)
        .args(["test", "-p", "interprocess", "--all-features", "--locked", "--no-run"])
        .args(["--tests", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other("the test programs cannot be built"));
    }
    let mut programs = Vec::new();
    for line in output.stdout.split(|&byte| byte == b'\n') {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        let (name, kind) = (message["target"]["name"].as_str(), message["target"]["kind"][0].as_str());
        let (Some(executable), Some(name), Some("test")) = (message["executable"].as_str(), name, kind)
        else {
            continue;
        };
        if OTHERS.iter().chain(MORE_OTHERS).any(|other| name.starts_with(other)) {
            continue;
        }
        let path = folder.join(name);
        // A later build leaves the link as it is.
        if fs::hard_link(executable, &path).is_err() {
            fs::copy(executable, &path)?;
        }
        programs.push(Program { name: name.into(), path });
    }
    Ok(programs)
}

fn report(cell: &Cell, program: &Program, log: &Path) -> io::Result<Report> {
    let mut words: Vec<&str> = cell.wrapper.iter().map(String::as_str).collect();
    let path = program.path.to_string_lossy();
    words.push(&path);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg("--show-output").args(&cell.arguments);
    command.envs(cell.variables.iter().map(|(name, value)| (name, value)));
    command.env_remove("XDG_RUNTIME_DIR").env("RUST_BACKTRACE", "0");
    // With it tests require foreign programs, and not all of those run where calls are denied.
    command.env_remove("CI").env_remove("INTERPROCESS_TEST_SKIPS");
    if let Some(directory) = &cell.directory {
        command.current_dir(directory);
    }
    if !cell.groups_itself {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    let outcome = run::run(&mut command, LIMIT, log)?;
    let mut report = read(&outcome);
    let excused = |text: &str| {
        let never = cell.never_excused.iter().any(|never| text.contains(never));
        cell.excuses.iter().find(|excuse| !never && text.contains(*excuse))
    };
    let (excusable, failed) =
        report.failed.into_iter().partition(|(test, text)| test != WHOLE_PROGRAM && excused(text).is_some());
    report.failed = failed;
    let excusable: Vec<(String, String)> = excusable;
    for (test, text) in excusable {
        let excuse = excused(&text).copied().unwrap_or_default();
        report.skipped.push((test, format!("clean error: {excuse}")));
    }
    Ok(report)
}

/// What libtest has printed. A test's own children may have printed into it, but the lists at the end are whole.
fn read(outcome: &Outcome) -> Report {
    let mut report = Report::default();
    let text = &outcome.output;
    let whole = |what: &str| vec![(WHOLE_PROGRAM.to_owned(), format!("{what}\n{}", end_of(text)))];
    let Some(status) = outcome.status else {
        report.failed = whole("out of time");
        return report;
    };
    let Some((before, last)) = text.rsplit_once("\ntest result: ") else {
        report.failed = whole(&format!("{status}, and no result"));
        return report;
    };
    let count = |word: &str| {
        let (number, _) = last.split_once(&format!(" {word}"))?;
        number.rsplit([' ', '.']).next()?.parse().ok()
    };
    report.passed = count("passed").unwrap_or(0);
    let failed: usize = count("failed").unwrap_or(0);

    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    let mut current = None;
    for line in before.lines() {
        if let Some(name) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            current = Some(name);
        } else if ["successes:", "failures:"].contains(&line) {
            current = None;
        } else if let Some(name) = current {
            let section = sections.entry(name).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    let failures: Vec<&str> = match before.rsplit_once("\nfailures:\n") {
        Some((_, names)) if failed > 0 => {
            names.lines().map(str::trim).filter(|name| !name.is_empty()).collect()
        }
        _ => Vec::new(),
    };
    for (&name, section) in &sections {
        let fails = failures.contains(&name);
        let mut lines = section.lines();
        // What a test says that goes on to fail was not the reason.
        let reason = lines
            .find_map(|line| line.strip_prefix(SKIP))
            .filter(|_| !fails || section.contains(&format!(":\n{SKIP}")));
        if let Some(reason) = reason {
            report.skipped.push((name.into(), reason.into()));
            report.passed -= usize::from(!fails && report.passed > 0);
        } else if fails {
            report.failed.push((name.into(), end_of(section)));
        }
    }
    for name in failures.iter().filter(|name| !sections.contains_key(**name)) {
        report.failed.push(((*name).into(), end_of(text)));
    }
    if failures.len() != failed || !status.success() && failed == 0 {
        report.failed.extend(whole(&status.to_string()));
    }
    report
}

fn end_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

/// Those cells whose names begin with one of the words, or all.
pub(crate) fn chosen(cells: Vec<Cell>, words: &[String]) -> Vec<Cell> {
    let wanted =
        |cell: &Cell| words.is_empty() || words.iter().any(|word| cell.name.starts_with(word.as_str()));
    cells.into_iter().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::{Outcome, read};
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn results_skips_and_failures_are_told_apart() {
        let output = "\
test a ... ok
test b ... ok
test c ... FAILED
test d ... FAILED

successes:

---- a stdout ----
skipped: there is no /proc

successes:
    a
    b

failures:

---- c stdout ----
thread 'c' (1) panicked at x.rs:1:1:
skipped: no room

---- d stdout ----
skipped: a part
thread 'd' (1) panicked at x.rs:1:1:
assertion failed

failures:
    c
    d

test result: FAILED. 2 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
        let status = Some(std::process::ExitStatus::from_raw(101 << 8));
        let report = read(&Outcome { status, output: output.into() });
        assert_eq!(report.passed, 1);
        let names: Vec<_> = report.skipped.iter().map(|(name, why)| (name.as_str(), why.as_str())).collect();
        assert_eq!(names, [("a", "there is no /proc"), ("c", "no room")]);
        assert_eq!(report.failed.len(), 1);
        assert_eq!(report.failed[0].0, "d");

        let died =
            read(&Outcome { status: Some(ExitStatusExt::from_raw(9)), output: "\nrunning 3 tests".into() });
        assert_eq!(died.failed.len(), 1);
    }
}
