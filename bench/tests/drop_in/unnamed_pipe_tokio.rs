// Programs for `unnamed_pipe::tokio` of interprocess 2.4, in the ways its documentation shows. See `drop_in.rs`.

use interprocess::unnamed_pipe::tokio::{Recver, Sender, pipe};
use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

#[cfg(windows)]
type Handle = std::os::windows::io::OwnedHandle;
#[cfg(unix)]
type Handle = std::os::unix::io::OwnedFd;

/// The two sides of 2.4's example, of which one gets the sender as a handle or descriptor.
pub(crate) async fn sides() -> io::Result<()> {
    let (tx, rx) = pipe()?;
    let handle: Handle = tx.try_into()?;
    let side_b = tokio::spawn(send(handle));
    assert_eq!(receive(rx.try_into()?).await?, "Hello from side B!");
    side_b.await.expect("no panic")
}

/// A pipe as two handles or descriptors: the sender, and the receiver.
pub(crate) fn handles() -> io::Result<[Handle; 2]> {
    let (tx, rx): (Sender, Recver) = pipe()?;
    Ok([tx.try_into()?, rx.try_into()?])
}

pub(crate) async fn send(handle: Handle) -> io::Result<()> {
    let mut tx = Sender::try_from(handle)?;
    tx.write_all(b"Hello from side B!\n").await
}

pub(crate) async fn receive(handle: Handle) -> io::Result<String> {
    let mut buf = String::with_capacity(128);
    let mut rx = BufReader::new(Recver::try_from(handle)?);
    rx.read_line(&mut buf).await?;
    Ok(buf.trim().to_owned())
}

/// The end of the stream, and a receiver that is gone.
pub(crate) async fn extras() -> io::Result<()> {
    let (mut tx, mut rx) = pipe()?;
    let mut text = String::new();
    let sending = async move {
        tx.write_all(b"to the end").await?;
        tx.flush().await
    };
    let (_, count) = tokio::try_join!(sending, rx.read_to_string(&mut text))?;
    assert_eq!((count, &*text), (10, "to the end"));
    Ok(())
}
