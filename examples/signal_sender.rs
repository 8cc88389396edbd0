//! Sends signals to a process, one after the other: numbers as values of a real-time signal, names as what they are.
//!
//!     cargo run --example signal_sender -- PID USR1 1 2 3 TERM
//!
//! `signal_daemon` is a process that knows what to do with them.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use interprocess::os::unix::signal::{ProcessHandle, Signal};
    use std::{io, thread, time::Duration};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((Ok(pid), what)) = arguments.split_first().map(|(pid, what)| (pid.parse::<u32>(), what)) else {
        return Err(io::Error::other("usage: signal_sender PID [NUMBER | SIGNAL]..."));
    };
    // All goes to one process, also if that ends meanwhile and its number is given to another.
    let process = ProcessHandle::from_pid(pid)?;
    for text in what {
        let Ok(number) = text.parse::<i32>() else {
            process.send(text.parse()?)?;
            continue;
        };
        let signal = Signal::rt(0)?;
        while let Err(error) = process.queue(signal, number) {
            if error.kind() != io::ErrorKind::WouldBlock {
                return Err(error);
            }
            // The queue is full, and nothing tells when it is not.
            thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("only Unix has signals");
}
