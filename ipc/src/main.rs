//! Shows the interprocess crate at work.
//!
//! `ipc tour` uses each primitive of the crate between two real processes, checks every byte, and measures.

mod tour;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Shows interprocess communication at work on this machine.
#[derive(Parser)]
#[command(name = "ipc", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Use every primitive between this program and children of itself, check every byte, and measure.
    ///
    /// The exit status is 0 if everything worked, else 1.
    Tour(tour::Options),
    /// The other process of a row of the tour.
    #[command(hide = true)]
    TourChild(tour::ChildOptions),
}

fn main() -> ExitCode {
    let succeeded = match Arguments::parse().command {
        Command::Tour(options) => tour::run(&options),
        Command::TourChild(options) => tour::run_child(&options).map(|()| true),
    };
    match succeeded {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ipc: {error}");
            ExitCode::FAILURE
        }
    }
}
