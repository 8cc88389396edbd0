//! What the two processes of a row do once they are connected, whatever the primitive.
//!
//! 1. Round trips: the parent sends a byte, the child sends it back.
//! 2. Both send so many bytes of noise to the other, [`HALF`] as a rule, at the same time. The child says [`DONE`] when it has received
//!    all of it, which stops the parent's clock: no part of a transfer may still be on its way then.
//! 3. The child sends the checksums of what it received and of what it sent, and the parent compares them with its own.
//! 4. The parent closes, which the child has to see, after not a byte more.
//!
//! What a row does differently, it does with the same books ([`Lead`], [`Follow`]).
//!
//! Checksums and noise are calculated before and after the clock runs, so that the numbers are the primitive's own.

pub(crate) mod blocking;
pub(crate) mod runtime;

use super::sabotage::Sabotage;
use std::{
    io,
    time::{Duration, Instant},
};

/// How many bytes each of the two sends, unless a row says that its primitive is not for so many.
pub(crate) const HALF: usize = 8 << 20;

/// How many round trips count, and how many come before.
pub(crate) const ROUNDS: usize = 200;
pub(crate) const WARM_UP: usize = 20;

/// The largest read and write.
pub(crate) const CHUNK: usize = 64 << 10;

pub(crate) const DONE: u8 = b'.';

/// What a row has found out.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// How many bytes went through, both ways together.
    pub(crate) bytes: u64,
    /// The median.
    pub(crate) round_trip: Duration,
    /// How long the bytes took.
    pub(crate) duration: Duration,
}

/// The parent's side of the books.
pub(crate) struct Lead {
    pub(crate) outgoing: Vec<u8>,
    pub(crate) incoming: Vec<u8>,
    rounds: Vec<Duration>,
}

impl Lead {
    /// For so many bytes each way.
    pub(crate) fn new(half: usize) -> Self {
        Self {
            outgoing: noise(1, half),
            incoming: vec![0; half],
            rounds: Vec::with_capacity(WARM_UP + ROUNDS),
        }
    }

    /// The byte of the next round trip.
    pub(crate) fn ping(&self) -> u8 {
        // Any byte will do, as long as the last one's echo does not pass for it.
        self.rounds.len() as u8
    }

    pub(crate) fn pong(&mut self, answer: u8, begun: Instant) -> io::Result<()> {
        let duration = begun.elapsed();
        if answer != self.ping() {
            return Err(corrupt(format!("round trip: sent {}, received {answer}", self.ping())));
        }
        self.rounds.push(duration);
        Ok(())
    }

    /// Compares what both sides say of the bytes.
    pub(crate) fn finish(mut self, duration: Duration, done: u8, report: [u8; 8]) -> io::Result<Measured> {
        if done != DONE {
            return Err(corrupt(format!("the child sent {done} where it should say that it is done")));
        }
        let (received, sent) = report.split_at(4);
        compare("to the child", crc32fast::hash(&self.outgoing), checksum(received))?;
        compare("to the parent", checksum(sent), crc32fast::hash(&self.incoming))?;
        let counted = &mut self.rounds[WARM_UP..];
        counted.sort_unstable();
        let bytes = (self.outgoing.len() + self.incoming.len()) as u64;
        Ok(Measured { bytes, round_trip: counted[counted.len() / 2], duration })
    }
}

/// The child's side of the books.
pub(crate) struct Follow {
    pub(crate) outgoing: Vec<u8>,
    pub(crate) incoming: Vec<u8>,
    sent: u32,
    sabotage: Option<Sabotage>,
}

impl Follow {
    /// For as many bytes as the parent's.
    pub(crate) fn new(half: usize, sabotage: Option<Sabotage>) -> Self {
        let mut outgoing = noise(2, half);
        let sent = crc32fast::hash(&outgoing);
        Sabotage::spoil(sabotage, Sabotage::Sent, &mut outgoing);
        Self { outgoing, incoming: vec![0; half], sent, sabotage }
    }

    pub(crate) fn report(&mut self) -> [u8; 8] {
        Sabotage::spoil(self.sabotage, Sabotage::Received, &mut self.incoming);
        let mut report = [0; 8];
        report[..4].copy_from_slice(&crc32fast::hash(&self.incoming).to_le_bytes());
        report[4..].copy_from_slice(&self.sent.to_le_bytes());
        report
    }
}

/// What the child makes of the read after the last byte.
pub(crate) fn expect_end(count: usize) -> io::Result<()> {
    if count == 0 { Ok(()) } else { Err(corrupt("there are more bytes than were sent".to_owned())) }
}

fn compare(way: &str, sent: u32, received: u32) -> io::Result<()> {
    if sent == received {
        return Ok(());
    }
    Err(corrupt(format!(
        "the bytes {way} were changed: checksum {sent:08x} when sent, {received:08x} when received"
    )))
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

/// Bytes without a pattern (xorshift64), so that a lost, doubled or moved part changes the checksum.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub(crate) fn corrupt(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Adds to an error what was being done.
pub(crate) fn during<T>(what: &str, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("{what}: {error}")))
}
