//! What a row of the tour is.

use super::{sabotage::Sabotage, stage::Stage, transfer::Measured};
use std::{
    io,
    process::{Command, Stdio},
};

/// A primitive in one of the ways to use it.
///
/// The parent connects the two processes and calls one of the `lead` functions of [`exchange`](super::exchange); the
/// child finds its end and calls the `follow` function beside it.
pub(crate) struct Row {
    /// The module of the crate.
    pub(crate) primitive: &'static str,
    /// How the two processes get at it.
    pub(crate) mode: &'static str,
    /// What this process does.
    pub(crate) parent: fn(&mut Stage) -> io::Result<Measured>,
    /// What the child does.
    pub(crate) child: fn(&Part) -> io::Result<()>,
}

impl Row {
    /// What the row is called on the command line.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.primitive, self.mode)
    }
}

/// What a child is told.
pub(crate) struct Part {
    /// What the row's parent has put on the command line.
    pub(crate) arguments: Vec<String>,
    /// What to do wrong.
    pub(crate) sabotage: Option<Sabotage>,
}

impl Part {
    /// Has a process of its own play the part in this one's place. It says nothing: it may outlive this one, and must not
    /// keep the end of what this one says from the tour.
    pub(crate) fn hand_on(&self, row: &Row) -> io::Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("tour-child").arg(row.name()).args(&self.arguments);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("the other: {status}"))) }
    }

    /// One of the arguments.
    pub(crate) fn argument(&self, index: usize) -> io::Result<&str> {
        self.arguments.get(index).map(String::as_str).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("argument {index} of the child is missing"))
        })
    }
}
