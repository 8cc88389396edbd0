//! Who is at the other end, as the kernel says: for the connection, and with a message. Then the exchange, on a stream
//! whose messages come with credentials where the system has that.

use super::folder::Folder;
use crate::tour::{
    row::{Part, Row},
    sabotage::Sabotage,
    stage::Stage,
    transfer::{Measured, blocking, corrupt, during},
};
use interprocess::os::unix::uds::{
    AncillaryData, SocketAncillary, SocketCred, UnixListener, UnixSocketExt, UnixStream, ancillary_size,
};
use rustix::process::{getegid, geteuid, getgid, getuid};
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    os::fd::AsRawFd,
};

/// The identity of a child that connects.
pub(crate) static CREDENTIALS: Row = Row { primitive: "uds", mode: "credentials", parent: look, child: show };

fn look(stage: &mut Stage) -> io::Result<Measured> {
    let folder = Folder::new(stage)?;
    let path = folder.join("socket");
    let listener = UnixListener::bind(&path)?;
    let child = stage.start(|command| command.arg(&path).spawn())?;
    let (stream, _) = listener.accept()?;
    drop(folder);
    let child = i32::try_from(child).map_err(io::Error::other)?;
    during("the peer's credentials", check_peer(&stream, child))?;
    during("the peer's pidfd", check_pidfd(&stream, child))?;
    during("the credentials in a message", check_message(&stream, child))?;
    blocking::lead(&stream, &stream)
}

fn show(part: &Part) -> io::Result<()> {
    if part.sabotage == Some(Sabotage::Impostor) {
        return part.hand_on(&CREDENTIALS);
    }
    let stream = UnixStream::connect(part.argument(0)?)?;
    // Credentials come with what is sent after they were asked for.
    during("waiting to be asked", (&stream).read_exact(&mut [0]))?;
    during("sending credentials", introduce(&stream))?;
    blocking::follow(&stream, &stream, part.sabotage)
}

fn check_peer(stream: &UnixStream, child: i32) -> io::Result<()> {
    let peer = stream.peer_cred()?;
    // Some systems do not tell the process.
    expect("process", child, peer.pid().unwrap_or(child))?;
    expect("user", geteuid().as_raw(), peer.uid())?;
    expect("group", getegid().as_raw(), peer.gid())
}

/// Linux has them, and says of what process they are.
fn check_pidfd(stream: &UnixStream, child: i32) -> io::Result<()> {
    let pidfd = match stream.peer_pidfd() {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(()),
        other => other?,
    };
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd()))?;
    let pid = text.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok());
    expect("process", child, pid.ok_or_else(|| corrupt(format!("it is none: {text:?}")))?)
}

fn check_message(mut stream: &UnixStream, child: i32) -> io::Result<()> {
    let are_expected = match stream.set_passcred(true) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => false,
        other => other.map(|()| true)?,
    };
    stream.write_all(b"?")?;
    let mut room = vec![0; ancillary_size(0)];
    let mut ancillary = SocketAncillary::new(&mut room);
    let mut byte = [0];
    let length = stream.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut byte)], &mut ancillary)?;
    if length == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream has ended"));
    }
    let mut count = 0;
    for message in ancillary.messages() {
        let Ok(AncillaryData::ScmCredentials(credentials)) = message else { continue };
        for credentials in credentials {
            expect("process", child, credentials.get_pid())?;
            expect("user", getuid().as_raw(), credentials.get_uid())?;
            expect("group", getgid().as_raw(), credentials.get_gid())?;
            count += 1;
        }
    }
    if are_expected && count == 0 {
        return Err(corrupt("there were none, although they were asked for".to_owned()));
    }
    Ok(())
}

/// A byte with credentials, or without where they cannot be sent.
fn introduce(mut stream: &UnixStream) -> io::Result<()> {
    let mut room = vec![0; ancillary_size(0)];
    let mut ancillary = SocketAncillary::new(&mut room);
    if !ancillary.add_creds(&[SocketCred::of_this_process()]) {
        return Err(io::Error::other("the buffer is too small for credentials"));
    }
    match stream.send_vectored_with_ancillary(&[IoSlice::new(b"!")], &mut ancillary) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => stream.write_all(b"!"),
        other => other.map(drop),
    }
}

fn expect<T: PartialEq + std::fmt::Display>(what: &str, expected: T, told: T) -> io::Result<()> {
    if expected == told {
        return Ok(());
    }
    Err(corrupt(format!("it is {what} {told}, and the child's is {expected}")))
}
