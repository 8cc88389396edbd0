//! A server for whom somebody else opens the socket: each client gets the number of the process, and that is all.
//!
//!     cargo build --example activated_server
//!     systemd-socket-activate -l /tmp/example.sock target/debug/examples/activated_server
//!
//! and then, in another terminal, `socat - UNIX-CONNECT:/tmp/example.sock`. The first client starts the server.

use std::io;

#[cfg(unix)]
fn main() -> io::Result<()> {
    use interprocess::os::unix::uds::activation::{self, Activated};
    use std::io::Write;

    // First of all: while there is one thread, the variables can be removed from the environment.
    let passed = activation::take()?;
    let [socket] = <[_; 1]>::try_from(passed).map_err(|passed| {
        io::Error::other(format!("{} sockets were passed to this process instead of one", passed.len()))
    })?;
    let name = socket.name().unwrap_or("without a name").to_owned();
    let listener = match socket.into_socket() {
        Activated::StreamListener(listener) => listener,
        other => return Err(io::Error::other(format!("the socket {name} is {other:?}, not a listener"))),
    };
    eprintln!("process {} listens at {}", std::process::id(), listener.local_addr()?);
    for client in &listener {
        // A client that has gone is no reason to stop.
        let _ = writeln!(client?, "process {}", std::process::id());
    }
    Ok(())
}

#[cfg(not(unix))]
fn main() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
