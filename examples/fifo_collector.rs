//! Collects the lines that any program writes to a FIFO, shell scripts among them, and numbers them.
//!
//!     cargo run --example fifo_collector -- /tmp/log.fifo
//!
//! and then, in other terminals, as often as you like:
//!
//!     echo "a line of a script" >/tmp/log.fifo
//!     cargo run --example fifo_logger -- /tmp/log.fifo "a line of a program"
//!
//! The line `stop` ends it.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use interprocess::os::unix::fifo_file::{FifoOptions, OpenOptions};
    use std::io::{self, BufRead, BufReader, ErrorKind};

    let path = std::env::args().nth(1).ok_or_else(|| io::Error::other("usage: fifo_collector PATH"))?;
    // Removed in the end, but only if it was made here.
    let _made = match FifoOptions::new().mode(0o600).exact_mode(true).create_guarded(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        made => Some(made?),
    };
    // Refused if it is not a FIFO that this user alone can open. Each `echo` opens and closes it: without `keep_open`, the
    // first one would be the end.
    let mut options = OpenOptions::new();
    let receiver =
        options.no_follow(true).own(true).widest_mode(0o600).keep_open(true).open_receiver(&path)?;
    println!("collecting at {path}");

    for (number, line) in (1..).zip(BufReader::new(receiver).lines()) {
        let line = line?;
        println!("{number}: {line}");
        if line == "stop" {
            break;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("only Unix has FIFO files");
}
