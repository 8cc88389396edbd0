//! The exchange by transactions: a part of what the one sends is the request, and a part of what the other sends the
//! reply. What is said after it is asked for.

use super::path;
use crate::tour::{
    row::{Part, Row},
    sabotage::Sabotage,
    stage::Stage,
    transfer::{DONE, Follow, HALF, Lead, Measured, ROUNDS, WARM_UP, corrupt, during, expect_end},
};
use interprocess::os::windows::named_pipe::{DuplexPipeStream, PipeListenerOptions, pipe_mode::Messages};
use std::{io, time::Instant};

/// The parent asks, the child answers.
pub(crate) static TRANSACT: Row =
    Row { primitive: "named_pipe", mode: "transact", parent: ask, child: answer };

type Stream = DuplexPipeStream<Messages>;

/// The length of a request and of a reply.
const PART: usize = 32 << 10;

fn ask(stage: &mut Stage) -> io::Result<Measured> {
    let path = path::unique(stage);
    let listener = PipeListenerOptions::new().path(&path).create_duplex::<Messages>()?;
    stage.start(|command| command.arg(&path).spawn())?;
    let stream = listener.accept()?;

    let mut books = Lead::new(HALF);
    for _ in 0..WARM_UP + ROUNDS {
        let begun = Instant::now();
        let mut answer = [0];
        during("asking with a byte", transact(&stream, &[books.ping()], &mut answer))?;
        books.pong(answer[0], begun)?;
    }

    let begun = Instant::now();
    for (outgoing, incoming) in books.outgoing.chunks(PART).zip(books.incoming.chunks_mut(PART)) {
        during("asking", transact(&stream, outgoing, incoming))?;
    }
    let mut done = [0];
    during("asking whether the child is done", transact(&stream, &[], &mut done))?;
    let duration = begun.elapsed();

    let mut report = [0; 8];
    during("asking for the child's checksums", transact(&stream, &[], &mut report))?;
    books.finish(duration, done[0], report)
}

fn answer(part: &Part) -> io::Result<()> {
    let stream = Stream::connect_by_path(part.argument(0)?)?;
    let mut books = Follow::new(HALF, part.sabotage);
    for _ in 0..WARM_UP + ROUNDS {
        let mut byte = [0];
        during("waiting for a byte", expect_request(&stream, &mut byte))?;
        during("answering with it", stream.send(&byte))?;
    }

    Sabotage::halt(part.sabotage);
    for (outgoing, incoming) in books.outgoing.chunks(PART).zip(books.incoming.chunks_mut(PART)) {
        during("waiting for a request", expect_request(&stream, incoming))?;
        during("answering it", stream.send(outgoing))?;
    }
    during("waiting to be asked for the end", expect_request(&stream, &mut []))?;
    during("telling to be done", stream.send(&[DONE]))?;
    during("waiting to be asked for checksums", expect_request(&stream, &mut []))?;
    during("sending checksums", stream.send(&books.report()))?;
    let more = during("waiting for the end", stream.recv(&mut [0]))?;
    expect_end(usize::from(more.is_some()))
}

/// Has `reply` filled by a reply of exactly that length.
fn transact(stream: &Stream, request: &[u8], reply: &mut [u8]) -> io::Result<()> {
    let mut buffer = Vec::new();
    let length = stream.transact(request, &mut buffer, HALF)?;
    if length != reply.len() {
        return Err(corrupt(format!("the reply has {length} bytes instead of {}", reply.len())));
    }
    reply.copy_from_slice(&buffer);
    Ok(())
}

/// Has `request` filled by a request of exactly that length.
fn expect_request(stream: &Stream, request: &mut [u8]) -> io::Result<()> {
    let Some(received) = stream.recv(request)? else {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the pipe has ended"));
    };
    if received.message_length != request.len() {
        let length = received.message_length;
        return Err(corrupt(format!("the request has {length} bytes instead of {}", request.len())));
    }
    Ok(())
}
