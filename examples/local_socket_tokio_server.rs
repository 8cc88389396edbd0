//! A server on Tokio that sends every line back in capitals, with a task for each client.
//!
//!     cargo run --features tokio --example local_socket_tokio_server
//!
//! and then, in other terminals, `cargo run --features tokio --example local_socket_tokio_client -- "any text"`. Ctrl-C
//! ends it when the clients that are there have left.

use interprocess::local_socket::{ListenerOptions, Name, tokio::Stream};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    task::JoinSet,
};

#[tokio::main]
async fn main() -> io::Result<()> {
    let name = Name::namespaced("interprocess-example")?;
    // Where no other user of this machine has any business here, say so.
    let options = ListenerOptions::new().name(&name).current_user_only(true);
    let listener = options.create_tokio()?;
    println!("listening at {name}");

    let mut clients = JoinSet::new();
    loop {
        // Accepting is cancel-safe: when another branch wins, no client is lost.
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            interrupted = tokio::signal::ctrl_c() => break interrupted?,
            // Forgets those that have left.
            Some(_) = clients.join_next() => continue,
        };
        match accepted {
            Ok(stream) => {
                clients.spawn(async move {
                    if let Err(error) = serve(&stream).await {
                        eprintln!("a client: {error}");
                    }
                });
            }
            Err(error) => {
                // Out of descriptors, for example. The client stays in the queue until some are free again.
                eprintln!("cannot accept: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    // From here on, who connects is told at once that nobody listens.
    drop(listener);
    println!("no more clients");
    clients.join_all().await;
    Ok(())
}

async fn serve(stream: &Stream) -> io::Result<()> {
    // A stream reads and writes by reference too: no locks, no halves.
    let mut sender = stream;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        sender.write_all(format!("{}\n", line.to_uppercase()).as_bytes()).await?;
    }
    // On Windows, the last answer may still be on its way into the pipe.
    sender.flush().await
}
