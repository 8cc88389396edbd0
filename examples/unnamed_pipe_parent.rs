//! A parent and its child, with a pipe in each direction.
//!
//!     cargo run --example unnamed_pipe_parent
//!
//! It starts itself again as the child. The child's standard streams stay what they are: the ends of the pipes come in
//! addition, and no other process gets them.

use interprocess::unnamed_pipe::{Inherit, Recver, Sender, pipe};
use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    process::Command,
};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => parent(),
        [questions, answers] => child(questions, answers),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "this program takes no arguments")),
    }
}

fn parent() -> io::Result<()> {
    let (mut to_child, questions) = pipe()?;
    let (answers, from_child) = pipe()?;

    // What the child needs to find its ends are two short texts. Arguments are one way to tell it, variables of its
    // environment another.
    let mut inherit = Inherit::new();
    let mut command = Command::new(env::current_exe()?);
    command.arg(questions.inherit(&mut inherit)?).arg(answers.inherit(&mut inherit)?);
    let mut child = inherit.spawn(&mut command)?;

    for word in ["pipe", "socket", "signal"] {
        writeln!(to_child, "{word}")?;
    }
    // The child reads to the end, which is there when the last sender is gone. This is the only one.
    drop(to_child);

    let mut text = String::new();
    BufReader::new(from_child).read_to_string(&mut text)?;
    println!("the child says:\n{text}");
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("the child failed: {status}"))) }
}

fn child(questions: &str, answers: &str) -> io::Result<()> {
    let questions = Recver::take_inherited(questions)?;
    let mut answers = Sender::take_inherited(answers)?;
    for word in BufReader::new(questions).lines() {
        let word = word?;
        writeln!(answers, "{word} has {} letters", word.len())?;
    }
    Ok(())
}
