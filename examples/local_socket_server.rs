//! A server that sends every line back in capitals, with a thread for each client.
//!
//!     cargo run --example local_socket_server
//!
//! and then, in other terminals, `cargo run --example local_socket_client -- "any text"`. Ctrl-C ends it.

use interprocess::local_socket::{ListenerOptions, Name, Stream};
use std::{
    io::{self, BufRead, BufReader, Write},
    thread,
    time::Duration,
};

fn main() -> io::Result<()> {
    let name = Name::namespaced("interprocess-example")?;
    // Where no other user of this machine has any business here, say so.
    let options = ListenerOptions::new().name(&name).current_user_only(true);
    let listener = options.create_sync()?;
    println!("listening at {name}");

    for client in listener.incoming() {
        match client {
            Ok(stream) => {
                thread::spawn(move || {
                    if let Err(error) = serve(&stream) {
                        eprintln!("a client: {error}");
                    }
                });
            }
            Err(error) => {
                // Out of descriptors, for example. The client stays in the queue until some are free again.
                eprintln!("cannot accept: {error}");
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
    Ok(())
}

fn serve(stream: &Stream) -> io::Result<()> {
    match stream.peer_creds()?.pid() {
        Some(pid) => println!("process {pid} has connected"),
        None => println!("a process has connected"),
    }
    // A stream reads and writes by reference too. This one is read through a buffer, and written to beside that.
    let mut sender = stream;
    for line in BufReader::new(stream).lines() {
        sender.write_all(format!("{}\n", line?.to_uppercase()).as_bytes())?;
    }
    Ok(())
}
