//! Unix sockets of messages.

use crate::tour::packets::Packets;
use interprocess::os::unix::uds::{UnixDatagram, UnixSeqpacket};
use rustix::io::Errno;
use std::{io, thread, time::Duration};

/// macOS takes no longer datagrams unless it is told to.
const LONGEST: usize = 2 << 10;

/// How long to wait for room where the system does not.
const PAUSE: Duration = Duration::from_micros(50);

impl Packets for UnixDatagram {
    const LONGEST: usize = LONGEST;

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
    const LONGEST: usize = LONGEST;

    fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.send(bytes)
    }

    fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.recv(buffer)
    }
}
