// One end of a local socket: `peer-N listen|connect blocking|tokio namespaced|path NAME`.
//
// Both ends send `AMOUNT` bytes to the other, both at once. When the listening end has received everything it sends one
// byte more, and the connected end closes on that; so each has what the other sent before either leaves. They print
// `sent TALLY received TALLY`. `tests/interop.rs` starts them, and compares.
//
// The text is the same for both versions of the crate, and written as for 2.4.

use bench::{Noise, Tally};
use interprocess::local_socket::{
    GenericFilePath, GenericNamespaced, ListenerOptions, Name, Stream, prelude::*, tokio as on_tokio,
};
// This version has the same as methods of the types.
#[allow(unused_imports)]
use interprocess::local_socket::traits::tokio::{Listener as _, Stream as _};
use std::{
    io::{self, Read, Write},
    thread,
    time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const AMOUNT: usize = 64 << 20;
const CHUNK: usize = 64 << 10;
const DONE: u8 = b'.';

/// How long a listener may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [role, runtime, kind, name] = arguments.as_slice() else {
        return Err(invalid("usage: peer-N listen|connect blocking|tokio namespaced|path NAME"));
    };
    let name = match kind.as_str() {
        "namespaced" => name.as_str().to_ns_name::<GenericNamespaced>()?,
        "path" => name.as_str().to_fs_name::<GenericFilePath>()?,
        _ => return Err(invalid("the kind of name is namespaced or path")),
    };
    let listens = match role.as_str() {
        "listen" => true,
        "connect" => false,
        _ => return Err(invalid("the role is listen or connect")),
    };
    let (sent, received) = match runtime.as_str() {
        "blocking" => blocking(listens, name)?,
        "tokio" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(asynchronous(listens, name))?
        }
        _ => return Err(invalid("the runtime is blocking or tokio")),
    };
    println!("sent {} received {}", sent.finish(), received.finish());
    Ok(())
}

fn blocking(listens: bool, name: Name<'_>) -> io::Result<(Tally, Tally)> {
    let stream = if listens {
        ListenerOptions::new().name(name).create_sync()?.accept()?
    } else {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match Stream::connect(name.borrow()) {
                Err(error) if may_come_up(&error) && Instant::now() < give_up => {
                    thread::sleep(Duration::from_millis(5));
                }
                other => break other?,
            }
        }
    };
    let (sent, received) = thread::scope(|scope| {
        let sending = scope.spawn(|| -> io::Result<Tally> {
            let (mut noise, mut tally, mut chunk) = (noise(listens), Tally::default(), vec![0; CHUNK]);
            for _ in 0..AMOUNT / CHUNK {
                noise.fill(&mut chunk);
                tally.add(&chunk);
                (&stream).write_all(&chunk)?;
            }
            Ok(tally)
        });
        let receiving = || -> io::Result<Tally> {
            let (mut tally, mut chunk) = (Tally::default(), vec![0; CHUNK]);
            let mut left = AMOUNT;
            while left > 0 {
                let count = (&stream).read(&mut chunk[..CHUNK.min(left)])?;
                if count == 0 {
                    return Err(ended(left));
                }
                tally.add(&chunk[..count]);
                left -= count;
            }
            Ok(tally)
        };
        let received = receiving();
        (sending.join().unwrap_or_else(|_| Err(io::Error::other("the sending thread panicked"))), received)
    });
    let (sent, received) = (sent?, received?);
    if listens {
        (&stream).write_all(&[DONE])?;
        expect_end((&stream).read(&mut [0]))?;
    } else {
        let mut done = [0];
        (&stream).read_exact(&mut done)?;
        expect_done(done)?;
    }
    Ok((sent, received))
}

async fn asynchronous(listens: bool, name: Name<'_>) -> io::Result<(Tally, Tally)> {
    let stream = if listens {
        ListenerOptions::new().name(name).create_tokio()?.accept().await?
    } else {
        let give_up = Instant::now() + PATIENCE;
        loop {
            match on_tokio::Stream::connect(name.borrow()).await {
                Err(error) if may_come_up(&error) && Instant::now() < give_up => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                other => break other?,
            }
        }
    };
    let (mut sender, mut recver) = (&stream, &stream);
    let sending = async {
        let (mut noise, mut tally, mut chunk) = (noise(listens), Tally::default(), vec![0; CHUNK]);
        for _ in 0..AMOUNT / CHUNK {
            noise.fill(&mut chunk);
            tally.add(&chunk);
            sender.write_all(&chunk).await?;
        }
        Ok(tally)
    };
    let receiving = async {
        let (mut tally, mut chunk) = (Tally::default(), vec![0; CHUNK]);
        let mut left = AMOUNT;
        while left > 0 {
            let count = recver.read(&mut chunk[..CHUNK.min(left)]).await?;
            if count == 0 {
                return Err(ended(left));
            }
            tally.add(&chunk[..count]);
            left -= count;
        }
        Ok(tally)
    };
    let (sent, received) = tokio::try_join!(sending, receiving)?;
    if listens {
        sender.write_all(&[DONE]).await?;
        expect_end(recver.read(&mut [0]).await)?;
    } else {
        let mut done = [0];
        recver.read_exact(&mut done).await?;
        expect_done(done)?;
    }
    Ok((sent, received))
}

/// The two ends send different noise.
fn noise(listens: bool) -> Noise {
    Noise::new(if listens { 1 } else { 2 })
}

/// Whether the listener is only not there yet.
fn may_come_up(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

fn ended(left: usize) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("the stream ended {left} bytes early"))
}

fn expect_done(byte: [u8; 1]) -> io::Result<()> {
    if byte == [DONE] { Ok(()) } else { Err(invalid("the listening end did not say that it is done")) }
}

/// A peer that has closed is the end, or on Windows, with 2.4, an error.
fn expect_end(read: io::Result<usize>) -> io::Result<()> {
    match read {
        Ok(0) => Ok(()),
        Ok(_) => Err(invalid("there are more bytes than were sent")),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error),
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
