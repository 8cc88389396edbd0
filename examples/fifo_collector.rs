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
    use interprocess::os::unix::fifo_file::{OpenOptions, UnlinkOnDrop};
    use std::io::{self, BufRead, BufReader};

    let path = std::env::args().nth(1).ok_or_else(|| io::Error::other("usage: fifo_collector PATH"))?;
    // Made if it is not there, and refused if it is not a FIFO that this user alone can open. Each `echo` opens and closes
    // it: without `keep_open`, the first one would be the end.
    let receiver = OpenOptions::new().create_or_open(0o600).keep_open(true).open_receiver(&path)?;
    let _removed_in_the_end = UnlinkOnDrop::new(&path)?;
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
