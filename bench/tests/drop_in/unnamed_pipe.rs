// Programs for `unnamed_pipe` of interprocess 2.4, in the ways its documentation shows. See `drop_in.rs`.

use interprocess::unnamed_pipe::{Recver, Sender, pipe};
use std::io::{self, BufReader, prelude::*};

#[cfg(windows)]
type Handle = std::os::windows::io::OwnedHandle;
#[cfg(unix)]
type Handle = std::os::unix::io::OwnedFd;

/// The two sides of 2.4's example, of which one gets the sender as a handle or descriptor.
pub(crate) fn sides() -> io::Result<()> {
    let (tx, rx) = pipe()?;
    let side_b = std::thread::spawn({
        let handle: Handle = tx.into();
        move || send(handle)
    });
    assert_eq!(receive(rx.into())?, "Hello from side B!");
    side_b.join().expect("no panic")
}

/// A pipe as two handles or descriptors: the sender, and the receiver.
pub(crate) fn handles() -> io::Result<[Handle; 2]> {
    let (tx, rx): (Sender, Recver) = pipe()?;
    Ok([tx.into(), rx.into()])
}

pub(crate) fn send(handle: Handle) -> io::Result<()> {
    let mut tx = Sender::from(handle);
    tx.write_all(b"Hello from side B!\n")
}

pub(crate) fn receive(handle: Handle) -> io::Result<String> {
    let mut buf = String::with_capacity(128);
    let mut rx = BufReader::new(Recver::from(handle));
    rx.read_line(&mut buf)?;
    Ok(buf.trim().to_owned())
}

/// Borrowing, copies, and the end of the stream.
pub(crate) fn extras() -> io::Result<()> {
    let (tx, mut rx) = pipe()?;
    let handle: Handle = tx.into();
    let mut copy = Sender::from(handle.try_clone()?);
    drop(handle);
    copy.write_all(b"through the copy")?;
    #[cfg(unix)]
    {
        use std::os::fd::{AsFd, AsRawFd};
        let _ = (copy.as_fd(), rx.as_fd(), copy.as_raw_fd(), rx.as_raw_fd());
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::{AsHandle, AsRawHandle};
        let _ = (copy.as_handle(), rx.as_handle(), copy.as_raw_handle(), rx.as_raw_handle());
    }
    drop(copy);
    let mut text = [0; 16];
    rx.read_exact(&mut text)?;
    assert_eq!(&text, b"through the copy");
    match rx.read(&mut [0]) {
        Ok(count) => assert_eq!(count, 0),
        Err(error) => {
            assert!(error.kind() == io::ErrorKind::BrokenPipe && cfg!(windows), "so 2.4 says there: {error}")
        }
    }

    let (mut tx, rx) = pipe()?;
    drop(rx);
    let nobody = tx.write_all(b"x").expect_err("nobody can read it");
    assert_eq!(nobody.kind(), io::ErrorKind::BrokenPipe);
    Ok(())
}
