//! The cores of asynchronous streams and pipes on another runtime than Tokio, by an adapter that is not published.
#![cfg(test)]

use crate::{
    local_socket::{ListenerOptions, Name, Stream},
    os::async_io::{Owned, pipe, stream},
};
use async_io::block_on;
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, future::zip};
use std::{
    fmt::Debug,
    io::{Read, Write},
    thread,
};

/// More than any pipe or socket holds.
const LENGTH: usize = 3_000_000;

fn bytes() -> Vec<u8> {
    (0..LENGTH).map(|index| (index * 31 % 251) as u8).collect()
}

async fn send(mut stream: impl AsyncWrite + Unpin) {
    stream.write_all(&bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stream.close().await.unwrap();
}

async fn receive(mut stream: impl AsyncRead + Unpin) {
    let mut received = vec![0; LENGTH];
    stream.read_exact(&mut received).await.unwrap();
    assert!(received == bytes(), "other bytes, or another order");
}

fn owned(stream: impl TryInto<Owned, Error: Debug>) -> Owned {
    stream.try_into().unwrap()
}

#[test]
fn unnamed_pipe() {
    block_on(async {
        let (sender, mut recver) = pipe().unwrap();
        zip(send(sender), receive(&mut recver)).await;
        assert_eq!(recver.read(&mut [0]).await.unwrap(), 0, "the end");
    });
}

#[test]
fn local_socket() {
    let name = Name::unique("interprocess-async-io").unwrap();
    let listener = ListenerOptions::new().name(name.borrow()).create_sync().unwrap();
    // The peer knows nothing of the runtime, and answers with what it gets.
    let echo = thread::spawn(move || {
        let mut stream = listener.accept().unwrap();
        let mut bytes = vec![0; LENGTH];
        stream.read_exact(&mut bytes).unwrap();
        stream.write_all(&bytes).unwrap();
    });
    block_on(async {
        let mut stream = stream(owned(Stream::connect(name).unwrap())).unwrap();
        stream.write_all(&bytes()).await.unwrap();
        stream.flush().await.unwrap();
        receive(&mut stream).await;
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the end");
    });
    echo.join().unwrap();
}
