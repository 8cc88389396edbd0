//! Sends a line to the server of `local_socket_tokio_server.rs`, and prints what comes back.
//!
//!     cargo run --features tokio --example local_socket_tokio_client -- "any text"
//!
//! It also works with the server of `local_socket_server.rs`.

use interprocess::local_socket::{Name, tokio::Stream};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

#[tokio::main]
async fn main() -> io::Result<()> {
    let text = std::env::args().nth(1).unwrap_or_else(|| "hello from a client".to_owned());
    // Everything here can be dropped at any point, so one deadline around all of it will do.
    let answer = timeout(Duration::from_secs(5), ask(&text)).await??;
    println!("{answer}");
    Ok(())
}

async fn ask(text: &str) -> io::Result<String> {
    let stream = Stream::connect(Name::namespaced("interprocess-example")?).await?;
    // Both directions at once, by reference. With long requests that matters: a server that answers while it still
    // reads would else wait for a client that still writes.
    let mut sender = &stream;
    let mut lines = BufReader::new(&stream).lines();
    let sending = async {
        // Windows has no way to say "that was all" and still listen, so the two agree that a line is a request.
        sender.write_all(format!("{text}\n").as_bytes()).await?;
        sender.flush().await
    };
    let (_, answer) = tokio::try_join!(sending, lines.next_line())?;
    answer
        .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the server has left without an answer"))
}
