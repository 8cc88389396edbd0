//! Conversations over streams of bytes and streams of messages of named pipes, with the same words for both.

use super::bytes;
use interprocess::os::windows::named_pipe::{
    DuplexPipeStream,
    pipe_mode::{Bytes, Messages},
};
use std::{
    io::{self, ErrorKind, Read, Write},
    thread,
};

/// What an end says, a write or a message each. The pipe's buffer has 65,536 bytes.
pub(crate) const SIZES: &[usize] = &[1, 10_000, 65_536, 100_000, 3];

/// A stream of bytes or of messages.
pub(crate) trait Talk: Sync {
    fn say(&self, bytes: &[u8]) -> io::Result<()>;

    /// What the other said in one go, or `None` if it has closed.
    fn hear(&self, length: usize) -> io::Result<Option<Vec<u8>>>;
}

impl Talk for DuplexPipeStream<Bytes> {
    fn say(&self, bytes: &[u8]) -> io::Result<()> {
        { self }.write_all(bytes)
    }

    fn hear(&self, length: usize) -> io::Result<Option<Vec<u8>>> {
        let mut heard = Vec::new();
        let count = self.take(length as u64).read_to_end(&mut heard)?;
        all_or_none(length, count, heard)
    }
}

impl Talk for DuplexPipeStream<Messages> {
    fn say(&self, bytes: &[u8]) -> io::Result<()> {
        self.send(bytes).map(drop)
    }

    fn hear(&self, length: usize) -> io::Result<Option<Vec<u8>>> {
        let mut heard = Vec::new();
        Ok(self.recv_to_vec(&mut heard, length)?.map(|_| heard))
    }
}

fn all_or_none(length: usize, count: usize, heard: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    match count {
        0 => Ok(None),
        _ if count == length => Ok(Some(heard)),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

pub(crate) fn say_all(stream: &impl Talk, seed: u64, sizes: &[usize]) {
    for (seed, &size) in (seed..).zip(sizes) {
        stream.say(&bytes(seed, size)).unwrap();
    }
}

pub(crate) fn hear_all(stream: &impl Talk, seed: u64, sizes: &[usize]) {
    for (seed, &size) in (seed..).zip(sizes) {
        let heard = stream.hear(size).unwrap().expect("the other is here");
        assert!(heard == bytes(seed, size), "{size} bytes are wrong");
    }
}

/// Both at once.
pub(crate) fn converse(stream: &impl Talk, says: u64, hears: u64) {
    thread::scope(|scope| {
        scope.spawn(|| say_all(stream, says, SIZES));
        hear_all(stream, hears, SIZES);
    });
}

/// The same on Tokio.
#[cfg(feature = "tokio")]
pub(crate) mod tokio {
    use super::{Bytes, Messages, SIZES, all_or_none, bytes, io};
    use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
    use interprocess::os::windows::named_pipe::tokio::DuplexPipeStream;

    /// As [`Talk`](super::Talk).
    pub(crate) trait Talk: Send + Sync + 'static {
        fn say(&self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
        fn hear(&self, length: usize) -> impl Future<Output = io::Result<Option<Vec<u8>>>> + Send;
    }

    impl Talk for DuplexPipeStream<Bytes> {
        async fn say(&self, bytes: &[u8]) -> io::Result<()> {
            let mut stream = self;
            stream.write_all(bytes).await?;
            stream.flush().await
        }

        async fn hear(&self, length: usize) -> io::Result<Option<Vec<u8>>> {
            let mut heard = Vec::new();
            let count = self.take(length as u64).read_to_end(&mut heard).await?;
            all_or_none(length, count, heard)
        }
    }

    impl Talk for DuplexPipeStream<Messages> {
        async fn say(&self, bytes: &[u8]) -> io::Result<()> {
            self.send(bytes).await?;
            self.flush().await
        }

        async fn hear(&self, length: usize) -> io::Result<Option<Vec<u8>>> {
            let mut heard = Vec::new();
            Ok(self.recv_to_vec(&mut heard, length).await?.map(|_| heard))
        }
    }

    pub(crate) async fn say_all(stream: &impl Talk, seed: u64, sizes: &[usize]) {
        for (seed, &size) in (seed..).zip(sizes) {
            stream.say(&bytes(seed, size)).await.unwrap();
        }
    }

    pub(crate) async fn hear_all(stream: &impl Talk, seed: u64, sizes: &[usize]) {
        for (seed, &size) in (seed..).zip(sizes) {
            let heard = stream.hear(size).await.unwrap().expect("the other is here");
            assert!(heard == bytes(seed, size), "{size} bytes are wrong");
        }
    }

    pub(crate) async fn converse(stream: &impl Talk, says: u64, hears: u64) {
        ::tokio::join!(say_all(stream, says, SIZES), hear_all(stream, hears, SIZES));
    }
}
