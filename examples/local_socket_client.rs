//! Sends a line to the server of `local_socket_server.rs`, and prints what comes back.
//!
//!     cargo run --example local_socket_client -- "any text"
//!
//! It also works with the server of `local_socket_tokio_server.rs`.

use interprocess::{
    ConnectWaitMode,
    local_socket::{ConnectOptions, Name, is_timeout},
};
use std::{
    io::{self, BufRead, BufReader, Write},
    time::Duration,
};

fn main() -> io::Result<()> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "hello from a client".to_owned());

    let name = Name::namespaced("interprocess-example")?;
    // A server that is there but busy may take a moment; one that is not there is an error at once.
    let options =
        ConnectOptions::new().name(name).wait_mode(ConnectWaitMode::Timeout(Duration::from_secs(5)));
    let stream = options.connect_sync()?;

    // Windows has no way to say "that was all" and still listen, so the two agree that a line is a request.
    (&stream).write_all(format!("{text}\n").as_bytes())?;

    stream.set_recv_timeout(Some(Duration::from_secs(5)))?;
    let mut answer = String::new();
    match BufReader::new(&stream).read_line(&mut answer) {
        Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server has left without an answer")),
        Ok(_) => {
            print!("{answer}");
            Ok(())
        }
        Err(error) if is_timeout(&error) => {
            Err(io::Error::new(io::ErrorKind::TimedOut, "the server is silent"))
        }
        Err(error) => Err(error),
    }
}
