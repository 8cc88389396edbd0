//! `ipc tour`: every primitive between this process and a child of it.
//!
//! A row of the tour is a pair of functions, one for each of the two processes ([`row::Row`]). What they do with the
//! primitive once they are connected is the same for all rows ([`exchange`]). [`supervise`] sees to it that a row ends.

mod local_socket;
mod packets;
mod report;
mod row;
mod rows;
mod sabotage;
mod stage;
mod supervise;
mod transfer;
#[cfg(unix)]
mod unix;
mod unnamed_pipe;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use self::unix as platform;
#[cfg(windows)]
use self::windows as platform;
use self::{
    report::Report,
    row::{Part, Row},
    rows::rows,
    sabotage::{Planned, Sabotage},
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

/// What the user asks for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print the result for machines.
    #[arg(long)]
    json: bool,
    /// Take only the rows with this text in their names.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Kill a row that takes longer.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    deadline: u64,
    /// Make a row's child do something wrong, which the tour has to notice.
    #[arg(long, value_name = "ROW[=HOW]", hide = true)]
    sabotage: Option<Planned>,
}

/// What the tour says to its child.
#[derive(clap::Args)]
pub(crate) struct ChildOptions {
    /// The row's name.
    row: String,
    /// What to do wrong.
    #[arg(long)]
    sabotage: Option<Sabotage>,
    /// What the row's own code has to say.
    arguments: Vec<String>,
}

/// Runs the rows and prints the result. Tells whether none of them failed.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let wanted = options.only.as_deref().unwrap_or_default();
    let chosen: Vec<&Row> = rows().filter(|row| row.name().contains(wanted)).collect();
    if chosen.is_empty() {
        return Err(unknown(wanted));
    }
    if let Some(planned) = &options.sabotage {
        find(planned.row())?;
    }

    let progress = progress(chosen.len());
    let mut report = Report::default();
    for row in chosen {
        progress.set_message(row.name());
        let sabotage = options.sabotage.as_ref().and_then(|planned| planned.for_row(&row.name()));
        let verdict = supervise::perform(row, sabotage, Duration::from_secs(options.deadline));
        report.add(row, verdict);
        progress.inc(1);
    }
    progress.finish_and_clear();

    let text = if options.json { report.to_json() } else { report.to_table() };
    io::stdout().write_all(text.as_bytes())?;
    Ok(report.is_good())
}

/// Plays the child of a row.
pub(crate) fn run_child(options: &ChildOptions) -> io::Result<()> {
    let row = find(&options.row)?;
    (row.child)(&Part { arguments: options.arguments.clone(), sabotage: options.sabotage })
}

fn find(name: &str) -> io::Result<&'static Row> {
    rows().find(|row| row.name() == name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> io::Error {
    let names: Vec<String> = rows().map(|row| row.name()).collect();
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("the tour has no row {name:?}; it has {}", names.join(", ")),
    )
}

/// A bar for somebody who watches, and nothing for a file or another program.
fn progress(rows: usize) -> ProgressBar {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(rows as u64), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}
