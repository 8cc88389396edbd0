//! Writes lines to the collector of `fifo_collector.rs`, together with any number of scripts and programs that do so.
//!
//!     cargo run --example fifo_logger -- /tmp/log.fifo "a line" "another"

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use interprocess::os::unix::fifo_file::OpenOptions;
    use std::{io, time::Duration};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, lines @ ..] = arguments.as_slice() else {
        return Err(io::Error::other("usage: fifo_logger PATH [LINE...]"));
    };
    // Opening a FIFO waits for the other end. A collector that is just starting is given a while, and no more.
    let sender = OpenOptions::new().timeout(Duration::from_secs(5)).open_sender(path)?;
    for line in lines {
        // In one piece, so that no other's line gets into the middle of it.
        sender.write_atomic(format!("process {}: {line}\n", std::process::id()).as_bytes())?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("only Unix has FIFO files");
}
