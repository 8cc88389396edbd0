//! Sockets of messages as streams of bytes, for the exchange: a write is messages, and a read is one.

use interprocess::os::unix::uds::{UnixDatagram, UnixSeqpacket};
use rustix::io::Errno;
use std::{
    io::{self, BufReader, Read, Write},
    thread,
    time::Duration,
};

/// The longest message. macOS takes no longer datagrams unless it is told to.
const LONGEST: usize = 2 << 10;

/// How long to wait for room where the system does not.
const PAUSE: Duration = Duration::from_micros(50);

/// A connected socket of messages. One of length zero is the end.
pub(super) trait Packets {
    fn send(&self, bytes: &[u8]) -> io::Result<usize>;
    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize>;
}

impl Packets for UnixDatagram {
    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.send(bytes) {
                // macOS and the BSDs do not wait for room in the receiver's queue.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => thread::sleep(PAUSE),
                other => return other,
            }
        }
    }

    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv(buffer)
    }
}

impl Packets for UnixSeqpacket {
    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes)
    }

    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv(buffer)
    }
}

/// What comes in. No message is cut: a buffered reader never reads into less than its own buffer, which takes the
/// longest.
pub(super) fn reader<P: Packets>(socket: &P) -> impl Read {
    BufReader::with_capacity(LONGEST, Incoming(socket))
}

/// What goes out, in messages as long as can be.
pub(super) fn writer<P: Packets + Sync>(socket: &P) -> impl Write + Send {
    Outgoing(socket)
}

struct Incoming<'a, P>(&'a P);

impl<P: Packets> Read for Incoming<'_, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buffer)
    }
}

struct Outgoing<'a, P>(&'a P);

impl<P: Packets> Write for Outgoing<'_, P> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A message without bytes would be taken for the end.
        if bytes.is_empty() { Ok(0) } else { self.0.send(&bytes[..bytes.len().min(LONGEST)]) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
