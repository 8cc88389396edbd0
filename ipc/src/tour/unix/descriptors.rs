//! Open files and pipes that are passed through a socket.
//!
//! A round trip is a descriptor there and back. Then the parent passes a file that has no name any more, and the
//! sending end of a pipe: what the child receives it reads from the one, and what it sends it writes to the other.

use super::folder::Folder;
use crate::tour::{
    row::{Part, Row},
    sabotage::Sabotage,
    stage::Stage,
    transfer::{CHUNK, DONE, Follow, HALF, Lead, Measured, ROUNDS, WARM_UP, corrupt, during, expect_end},
};
use interprocess::{
    os::unix::uds::{UnixListener, UnixStream},
    unnamed_pipe::{self, Sender},
};
use rustix::io::FdFlags;
use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    path::Path,
    time::Instant,
};

/// Open files and pipes through a stream.
pub(crate) static DESCRIPTORS: Row =
    Row { primitive: "uds", mode: "descriptors", parent: pass, child: use_them };

fn pass(stage: &mut Stage) -> io::Result<Measured> {
    let mut books = Lead::new(HALF);
    let folder = Folder::new(stage)?;
    let mut file = written(&folder.join("noise"), &books.outgoing)?;
    let path = folder.join("socket");
    let listener = UnixListener::bind(&path)?;
    stage.start(|command| command.arg(&path).spawn())?;
    let (stream, _) = listener.accept()?;
    drop(folder);

    for _ in 0..WARM_UP + ROUNDS {
        let begun = Instant::now();
        during("passing a file", send(&stream, books.ping(), &[file.as_fd()]))?;
        let (answer, [returned]) = during("waiting for its return", receive(&stream))?;
        books.pong(answer, begun)?;
        compare(&file, &File::from(returned))?;
    }

    let (sender, mut recver) = unnamed_pipe::pipe()?;
    let begun = Instant::now();
    during("passing a file and a pipe", send(&stream, books.ping(), &[file.as_fd(), sender.as_fd()]))?;
    drop(sender);
    during("receiving through the pipe", recver.read_exact(&mut books.incoming))?;
    let mut done = [0];
    during("waiting for the child to be done", (&stream).read_exact(&mut done))?;
    let duration = begun.elapsed();

    // The pipe ends only if nobody has another descriptor of its other end.
    expect_end(during("waiting for the end of the pipe", recver.read(&mut [0]))?)?;
    // It is one open file in both processes, so what the child has read is read here too.
    if file.stream_position()? != HALF as u64 {
        return Err(corrupt("the child has read something else than the file that was passed".to_owned()));
    }
    let mut report = [0; 8];
    during("receiving the child's checksums", (&stream).read_exact(&mut report))?;
    books.finish(duration, done[0], report)
}

fn use_them(part: &Part) -> io::Result<()> {
    let mut books = Follow::new(HALF, part.sabotage);
    let stream = UnixStream::connect(part.argument(0)?)?;
    for _ in 0..WARM_UP + ROUNDS {
        let (byte, [file]) = during("receiving a file", receive(&stream))?;
        let file =
            if part.sabotage == Some(Sabotage::Impostor) { File::open("/dev/null")?.into() } else { file };
        during("passing it back", send(&stream, byte, &[file.as_fd()]))?;
    }

    Sabotage::halt(part.sabotage);
    let (_, [file, sender]) = during("receiving a file and a pipe", receive(&stream))?;
    let (mut file, mut sender) = (File::from(file), Sender::from(sender));
    for (incoming, outgoing) in books.incoming.chunks_mut(CHUNK).zip(books.outgoing.chunks(CHUNK)) {
        during("reading the file", file.read_exact(incoming))?;
        during("writing to the pipe", sender.write_all(outgoing))?;
    }
    drop(sender);
    during("telling to be done", (&stream).write_all(&[DONE]))?;
    during("sending checksums", (&stream).write_all(&books.report()))?;
    expect_end(during("waiting for the end", (&stream).read(&mut [0]))?)
}

/// A file to be read, with this in it.
fn written(path: &Path, bytes: &[u8]) -> io::Result<File> {
    std::fs::write(path, bytes)?;
    File::open(path)
}

fn send(stream: &UnixStream, byte: u8, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    // A byte is sent or not; there is no less.
    stream.send_with_fds(&[byte], fds).map(drop)
}

/// A byte and so many descriptors, neither less nor more, which no child of this process inherits.
fn receive<const COUNT: usize>(stream: &UnixStream) -> io::Result<(u8, [OwnedFd; COUNT])> {
    let mut byte = [0];
    // Room for one too many.
    let (length, fds) = stream.recv_with_fds(&mut byte, COUNT + 1)?;
    if length == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream has ended"));
    }
    if fds.is_truncated() {
        return Err(corrupt("there were more descriptors than were sent".to_owned()));
    }
    for fd in fds.iter() {
        if !rustix::io::fcntl_getfd(fd)?.contains(FdFlags::CLOEXEC) {
            return Err(corrupt("a received descriptor is not close-on-exec".to_owned()));
        }
    }
    let fds = <[OwnedFd; COUNT]>::try_from(fds.into_vec());
    let fds = fds.map_err(|fds| corrupt(format!("{} descriptors came, and not {COUNT}", fds.len())))?;
    Ok((byte[0], fds))
}

fn compare(sent: &File, returned: &File) -> io::Result<()> {
    let (sent, returned) = (sent.metadata()?, returned.metadata()?);
    if (sent.dev(), sent.ino()) == (returned.dev(), returned.ino()) {
        return Ok(());
    }
    Err(corrupt("the file that came back is not the one that was passed".to_owned()))
}
