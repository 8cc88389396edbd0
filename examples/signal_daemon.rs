//! A daemon that is told what to do by signals: HUP has it read its configuration again, USR1 has it say how it is, queued
//! values are numbers for it to add up, and TERM or Ctrl-C end it.
//!
//!     cargo run --example signal_daemon
//!
//! and then, in another terminal, `cargo run --example signal_sender -- PID USR1 1 2 3 HUP TERM`.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use interprocess::os::unix::signal::{Signal, SignalInfo, Signals};
    use std::{io, time::Instant};

    fn sender(info: &SignalInfo) -> String {
        match (info.pid(), info.uid()) {
            (Some(pid), Some(uid)) => format!("process {pid} of user {uid}"),
            // The terminal, or a system that does not tell.
            _ => "somebody".to_owned(),
        }
    }

    let signals = Signals::new([Signal::HUP, Signal::USR1, Signal::INT, Signal::TERM])?;
    // Values need real-time signals, of which each is kept: of several standard ones that come at once, one is seen.
    let value = match Signal::rt(0) {
        Ok(signal) => Some(signal),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => None,
        Err(error) => return Err(error),
    };
    if let Some(signal) = value {
        signals.add(signal)?;
    }
    // Only now: before there is a listener, any of these signals ends the process.
    println!("process {} waits for signals", std::process::id());

    let (begun, mut sum, mut count) = (Instant::now(), 0, 0);
    // This thread has nothing else to do. One that has may poll the listener's descriptor, or look at `pending` now and then.
    for info in &signals {
        match info.signal() {
            Signal::HUP => println!("{} wants the configuration to be read again", sender(&info)),
            Signal::USR1 => {
                let up = begun.elapsed().as_secs();
                println!("{} asks: up for {up} s, {count} values make {sum}", sender(&info));
            }
            signal if Some(signal) == value => {
                let Some(number) = info.value() else {
                    println!("{} has sent no value, as kill(1) does", sender(&info));
                    continue;
                };
                sum += i64::from(number.as_i32());
                count += 1;
            }
            signal => {
                println!("{signal} from {}: {count} values make {sum}", sender(&info));
                break;
            }
        }
    }
    // From here on a second Ctrl-C ends the process at once, should the rest take too long.
    drop(signals);
    println!("everything is saved");
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("only Unix has signals; `shutdown` of this crate is for every platform");
}
