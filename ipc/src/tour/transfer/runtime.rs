//! The exchange on a Tokio runtime, all in one task.

use super::{CHUNK, DONE, Follow, HALF, Lead, Measured, ROUNDS, WARM_UP, during, expect_end};
use crate::tour::sabotage::Sabotage;
use std::{io, time::Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Runs one side of a row.
pub(crate) fn block_on<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// The parent's part. Closing comes after it.
pub(crate) async fn lead(
    recv: impl AsyncRead + Unpin,
    send: impl AsyncWrite + Unpin,
) -> io::Result<Measured> {
    lead_with(Lead::new(HALF), recv, send).await
}

/// The same with these books.
pub(crate) async fn lead_with(
    mut books: Lead,
    mut recv: impl AsyncRead + Unpin,
    mut send: impl AsyncWrite + Unpin,
) -> io::Result<Measured> {
    for _ in 0..WARM_UP + ROUNDS {
        let begun = Instant::now();
        during("sending a byte", write(&mut send, &[books.ping()]).await)?;
        let mut answer = [0];
        during("waiting for its return", recv.read_exact(&mut answer).await)?;
        books.pong(answer[0], begun)?;
    }

    let begun = Instant::now();
    both_ways(&mut recv, &mut books.incoming, &mut send, &books.outgoing).await?;
    let mut done = [0];
    during("waiting for the child to be done", recv.read_exact(&mut done).await)?;
    let duration = begun.elapsed();

    let mut report = [0; 8];
    during("receiving the child's checksums", recv.read_exact(&mut report).await)?;
    books.finish(duration, done[0], report)
}

/// The child's part, to the end of the stream.
pub(crate) async fn follow(
    recv: impl AsyncRead + Unpin,
    send: impl AsyncWrite + Unpin,
    sabotage: Option<Sabotage>,
) -> io::Result<()> {
    follow_with(Follow::new(HALF, sabotage), recv, send).await
}

/// The same with these books.
pub(crate) async fn follow_with(
    mut books: Follow,
    mut recv: impl AsyncRead + Unpin,
    mut send: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    for _ in 0..WARM_UP + ROUNDS {
        let mut byte = [0];
        during("receiving a byte", recv.read_exact(&mut byte).await)?;
        during("sending it back", write(&mut send, &byte).await)?;
    }

    Sabotage::halt(books.sabotage);
    both_ways(&mut recv, &mut books.incoming, &mut send, &books.outgoing).await?;
    during("telling to be done", write(&mut send, &[DONE]).await)?;
    during("sending checksums", write(&mut send, &books.report()).await)?;
    expect_end(during("waiting for the end", recv.read(&mut [0]).await)?)
}

async fn both_ways(
    recv: &mut (impl AsyncRead + Unpin),
    incoming: &mut [u8],
    send: &mut (impl AsyncWrite + Unpin),
    outgoing: &[u8],
) -> io::Result<()> {
    let sending = async {
        for chunk in outgoing.chunks(CHUNK) {
            during("sending", send.write_all(chunk).await)?;
        }
        during("sending", send.flush().await)
    };
    let receiving = async {
        for chunk in incoming.chunks_mut(CHUNK) {
            during("receiving", recv.read_exact(chunk).await)?;
        }
        Ok(())
    };
    tokio::try_join!(sending, receiving).map(|_| ())
}

async fn write(send: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    send.write_all(bytes).await?;
    send.flush().await
}
