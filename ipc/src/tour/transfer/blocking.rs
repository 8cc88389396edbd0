//! The exchange with blocking reads and writes. Each direction has a thread while both are busy.

use super::{CHUNK, DONE, Follow, HALF, Lead, Measured, ROUNDS, WARM_UP, during, expect_end};
use crate::tour::sabotage::Sabotage;
use std::{
    io::{self, Read, Write},
    thread,
    time::Instant,
};

/// The parent's part. Closing comes after it.
pub(crate) fn lead(recv: impl Read, send: impl Write + Send) -> io::Result<Measured> {
    lead_with(Lead::new(HALF), recv, send)
}

/// The same with these books.
pub(crate) fn lead_with(
    mut books: Lead,
    mut recv: impl Read,
    mut send: impl Write + Send,
) -> io::Result<Measured> {
    for _ in 0..WARM_UP + ROUNDS {
        let begun = Instant::now();
        during("sending a byte", write(&mut send, &[books.ping()]))?;
        let mut answer = [0];
        during("waiting for its return", recv.read_exact(&mut answer))?;
        books.pong(answer[0], begun)?;
    }

    let begun = Instant::now();
    both_ways(&mut recv, &mut books.incoming, &mut send, &books.outgoing)?;
    let mut done = [0];
    during("waiting for the child to be done", recv.read_exact(&mut done))?;
    let duration = begun.elapsed();

    let mut report = [0; 8];
    during("receiving the child's checksums", recv.read_exact(&mut report))?;
    books.finish(duration, done[0], report)
}

/// The child's part, to the end of the stream.
pub(crate) fn follow(recv: impl Read, send: impl Write + Send, sabotage: Option<Sabotage>) -> io::Result<()> {
    follow_with(Follow::new(HALF, sabotage), recv, send)
}

/// The same with these books.
pub(crate) fn follow_with(
    mut books: Follow,
    mut recv: impl Read,
    mut send: impl Write + Send,
) -> io::Result<()> {
    for _ in 0..WARM_UP + ROUNDS {
        let mut byte = [0];
        during("receiving a byte", recv.read_exact(&mut byte))?;
        during("sending it back", write(&mut send, &byte))?;
    }

    Sabotage::halt(books.sabotage);
    both_ways(&mut recv, &mut books.incoming, &mut send, &books.outgoing)?;
    during("telling to be done", write(&mut send, &[DONE]))?;
    during("sending checksums", write(&mut send, &books.report()))?;
    expect_end(during("waiting for the end", recv.read(&mut [0]))?)
}

fn both_ways(
    recv: &mut impl Read,
    incoming: &mut [u8],
    send: &mut (impl Write + Send),
    outgoing: &[u8],
) -> io::Result<()> {
    let (sent, received) = thread::scope(|scope| {
        let sending = scope.spawn(|| {
            outgoing.chunks(CHUNK).try_for_each(|chunk| send.write_all(chunk)).and_then(|()| send.flush())
        });
        let received = incoming.chunks_mut(CHUNK).try_for_each(|chunk| recv.read_exact(chunk));
        let sent = sending.join().unwrap_or_else(|_| Err(io::Error::other("the thread panicked")));
        (sent, received)
    });
    during("sending", sent)?;
    during("receiving", received)
}

fn write(send: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    send.write_all(bytes)?;
    send.flush()
}
