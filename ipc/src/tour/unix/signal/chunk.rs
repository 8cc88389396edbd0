//! A stream of bytes as values of signals, of which few are under way at a time.
//!
//! Signals of one number are queued in order, but any thread of the receiver may be interrupted by the next, and two
//! threads can overtake each other. So the parts of the stream are numbered.
//!
//! All processes of a user share the queue, and what lies in it slows down whoever receives: the receiver says what it
//! has taken, by values of another signal.

use crate::tour::transfer::corrupt;
use interprocess::os::unix::signal::{Signal, SignalInfo, SignalValue};
use std::io;

/// How many bytes each process sends in these rows.
pub(super) const HALF: usize = 128 << 10;

/// How many parts may be under way, and how many numbers there are for them.
const WINDOW: usize = 16;
const NUMBERS: usize = 32;

/// A value: the first byte is the number, and in the lowest three bits how many bytes come with it. None is the end.
type Part = [u8; size_of::<usize>()];
const MOST: usize = size_of::<Part>() - 1;

/// The signals of parts and of what was taken.
pub(super) fn signals() -> io::Result<[Signal; 2]> {
    Ok([Signal::rt(1)?, Signal::rt(2)?])
}

/// What a sender keeps in mind.
pub(super) struct Outbox {
    number: usize,
    room: usize,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self { number: 0, room: WINDOW }
    }

    /// Whether the next part has to wait for the receiver.
    pub(super) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// The receiver has taken so many.
    pub(super) fn taken(&mut self, info: &SignalInfo) -> io::Result<()> {
        self.room += value(info)?.as_usize();
        if self.room > WINDOW {
            return Err(corrupt("the receiver has taken more than was sent".to_owned()));
        }
        Ok(())
    }

    /// The value that carries the first of the bytes, and how many these are.
    pub(super) fn part(&self, bytes: &[u8]) -> (usize, usize) {
        let count = bytes.len().min(MOST);
        let mut part = Part::default();
        part[0] = (self.number << 3 | count) as u8;
        part[1..=count].copy_from_slice(&bytes[..count]);
        (usize::from_le_bytes(part), count)
    }

    /// That part is on its way.
    pub(super) fn sent(&mut self) {
        self.number = (self.number + 1) % NUMBERS;
        self.room -= 1;
    }
}

/// What a receiver keeps in mind.
pub(super) struct Inbox {
    parts: [Option<Part>; NUMBERS],
    number: usize,
    /// How many bytes of that part were read.
    read: usize,
    untold: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { parts: [None; NUMBERS], number: 0, read: 0, untold: 0 }
    }

    /// A part has come, in whatever order.
    pub(super) fn put(&mut self, info: &SignalInfo) -> io::Result<()> {
        let part = value(info)?.as_usize().to_le_bytes();
        if length(&part) > MOST {
            return Err(corrupt(format!("a part that cannot be: {part:02x?}")));
        }
        if self.parts[usize::from(part[0] >> 3)].replace(part).is_some() {
            return Err(corrupt("a part has come twice".to_owned()));
        }
        Ok(())
    }

    /// Bytes of the next part, or none at the end. `None`: the next part has not come.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let part = self.parts[self.number].as_ref()?;
        let rest = &part[1..=length(part)][self.read..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        // The end stays.
        if count > 0 && self.read == length(part) {
            self.parts[self.number] = None;
            self.number = (self.number + 1) % NUMBERS;
            self.read = 0;
            self.untold += 1;
        }
        Some(count)
    }

    /// How many parts were taken, if it is time to tell.
    pub(super) fn to_be_told(&self) -> Option<usize> {
        (self.untold >= WINDOW / 2).then_some(self.untold)
    }

    /// That was told.
    pub(super) fn told(&mut self, count: usize) {
        self.untold -= count;
    }
}

fn length(part: &Part) -> usize {
    usize::from(part[0] & 7)
}

fn value(info: &SignalInfo) -> io::Result<SignalValue> {
    info.value().ok_or_else(|| corrupt(format!("{} has come without a value", info.signal())))
}

#[cfg(test)]
mod tests {
    use super::{Inbox, MOST, NUMBERS, Outbox, Part, WINDOW};

    #[test]
    fn bytes_are_in_order_however_their_parts_come() {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(WINDOW * MOST - 2).collect();
        let (mut outbox, mut inbox) = (Outbox::new(), Inbox::new());
        for _ in 0..NUMBERS {
            let mut parts: Vec<Part> = Vec::new();
            let mut left = bytes.as_slice();
            while !left.is_empty() {
                assert!(!outbox.is_full());
                let (part, count) = outbox.part(left);
                outbox.sent();
                left = &left[count..];
                parts.push(part.to_le_bytes());
            }
            assert!(outbox.is_full());
            let mut back = Vec::new();
            // Nothing can be read before the first, which comes last.
            for part in parts.into_iter().rev() {
                assert_eq!(inbox.read(&mut [0; 4]), None);
                inbox.parts[usize::from(part[0] >> 3)] = Some(part);
            }
            let mut buffer = [0; 4];
            while let Some(count) = inbox.read(&mut buffer) {
                assert!(count > 0);
                back.extend_from_slice(&buffer[..count]);
            }
            assert_eq!(back, bytes);
            let taken = inbox.to_be_told().unwrap();
            inbox.told(taken);
            outbox.room += taken;
            assert_eq!((taken, inbox.to_be_told()), (WINDOW, None));
        }
        let (end, _) = outbox.part(&[]);
        let end = end.to_le_bytes();
        inbox.parts[usize::from(end[0] >> 3)] = Some(end);
        assert_eq!([(); 2].map(|()| inbox.read(&mut [0; 4])), [Some(0); 2]);
    }
}
