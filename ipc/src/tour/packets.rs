//! Connections of messages as streams of bytes, for the exchange: a write is messages, and a read is one.

use std::io::{self, BufReader, Read, Write};

/// A connection of messages. One of length zero is the end.
pub(crate) trait Packets {
    /// The longest message.
    const LONGEST: usize;

    fn send(&self, bytes: &[u8]) -> io::Result<usize>;
    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// What comes in. No message is cut: a buffered reader never reads into less than its own buffer, which takes the
/// longest.
pub(crate) fn reader<P: Packets>(socket: &P) -> impl Read {
    BufReader::with_capacity(P::LONGEST, Incoming(socket))
}

/// What goes out, in messages as long as can be.
pub(crate) fn writer<P: Packets + Sync>(socket: &P) -> impl Write + Send {
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
        if bytes.is_empty() { Ok(0) } else { self.0.send(&bytes[..bytes.len().min(P::LONGEST)]) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
