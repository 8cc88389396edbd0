//! Faults on purpose, for the tests of the tour: a check that never fails checks nothing.

use clap::ValueEnum;
use std::{str::FromStr, thread, time::Duration};

/// What a child can do wrong.
#[derive(Copy, Clone, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sabotage {
    /// One byte of what it sends is not what it says.
    Sent,
    /// One byte of what it received counts as another.
    Received,
    /// It stops in the middle, and stays.
    Silence,
    /// It stops in the middle, and is gone.
    Exit,
    /// Another takes its place, or the place of what it hands over. Only for rows that look at who or what that is.
    Impostor,
}

impl Sabotage {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        // No variant is skipped, so each has a value.
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Flips a byte, if that is the plan for what these bytes are.
    pub(crate) fn spoil(plan: Option<Self>, kind: Self, bytes: &mut [u8]) {
        if plan == Some(kind) {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
    }

    /// Goes no further, if that is the plan.
    pub(crate) fn halt(plan: Option<Self>) {
        match plan {
            Some(Self::Silence) => loop {
                thread::sleep(Duration::from_secs(60));
            },
            Some(Self::Exit) => std::process::exit(3),
            Some(Self::Sent | Self::Received | Self::Impostor) | None => {}
        }
    }
}

/// A row and what its child shall do wrong: `ROW` or `ROW=HOW`.
#[derive(Clone)]
pub(crate) struct Planned {
    row: String,
    how: Sabotage,
}

impl Planned {
    pub(crate) fn row(&self) -> &str {
        &self.row
    }

    pub(crate) fn for_row(&self, name: &str) -> Option<Sabotage> {
        (self.row == name).then_some(self.how)
    }
}

impl FromStr for Planned {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (row, how) = match text.split_once('=') {
            Some((row, how)) => (row, Sabotage::from_str(how, false)?),
            None => (text, Sabotage::Sent),
        };
        Ok(Self { row: row.to_owned(), how })
    }
}
