//! Runs the library under what its own tests take for granted: one kernel, no failing system call, a friendly machine.
//!
//! - `harness injection`: each primitive's transfer, with each system call that it makes failing in turn.
//! - `harness kernels`: the library's test programs, with the newer system calls denied as older kernels and
//!   sandboxes do.
//! - `harness environments`: the library's test programs as another user, under odd masks, limits and namespaces.
//! - `harness deny RULE... -- COMMAND`: runs a command with some system calls denied.
//!
//! Each prints a table, and fails if something in it does. `--long` runs all of it, instead of what CI has time for;
//! other arguments choose rows by the beginning of their names. Linux only.

#[cfg(target_os = "linux")]
mod deny;
#[cfg(target_os = "linux")]
mod environments;
#[cfg(target_os = "linux")]
mod injection;
#[cfg(target_os = "linux")]
mod kernels;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod suites;
#[cfg(target_os = "linux")]
mod transfer;

use std::process::ExitCode;

/// The exit status of a row that cannot be tried here (the automake convention).
#[cfg(target_os = "linux")]
const SKIPPED: u8 = 77;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let mut rest: Vec<String> = arguments.collect();
    if command == "deny" {
        return deny::run(&rest);
    }
    if command == "transfer" {
        return transfer::run(&rest);
    }
    let long = rest.iter().any(|argument| argument == "--long");
    rest.retain(|argument| argument != "--long");
    let result = match command.as_str() {
        "injection" => injection::run(long, &rest),
        "kernels" => kernels::run(long, &rest),
        "environments" => environments::run(long, &rest),
        _ => {
            eprintln!("usage: harness injection|kernels|environments [--long] [ROW...]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(run::Verdict::Passed) => ExitCode::SUCCESS,
        Ok(run::Verdict::Failed) => ExitCode::FAILURE,
        Ok(run::Verdict::Skipped) => ExitCode::from(SKIPPED),
        Err(error) => {
            eprintln!("harness: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("harness: runs on Linux only");
    ExitCode::from(77)
}
