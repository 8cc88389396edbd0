use super::peer::{Peer, ignore};
use crate::tour::{
    row::{Part, Row},
    sabotage::Sabotage,
    stage::Stage,
    transfer::{Follow, Lead, Measured, blocking, corrupt, during},
};
use interprocess::os::unix::signal::{Signal, Signals};
use std::io::{self, Read, Write};

/// Bits, one after the other: standard signals do not queue, so each waits for the answer to the last. Nothing is known
/// of a signal but which it is and who sent it.
pub(crate) static STANDARD: Row = Row { primitive: "signal", mode: "standard", parent: lead, child: follow };

/// How many bytes each process sends.
const HALF: usize = 256;

const BITS: [Signal; 2] = [Signal::USR1, Signal::USR2];

/// Nobody else sends it here, and it does nothing by default.
const ANSWER: Signal = Signal::URG;

/// After a byte there is another.
const MORE: usize = 1;
const END: usize = 0;

fn lead(stage: &mut Stage) -> io::Result<Measured> {
    ignore(BITS)?;
    let (bits, answers) = (Signals::new(BITS)?, Signals::new(ANSWER)?);
    let peer = Peer::child(stage)?;
    let mut recv = Incoming { peer: &peer, bits };
    let mut send = Outgoing { peer: &peer, answers };
    // The child listens when it says so.
    during("waiting for the child", recv.read_exact(&mut [0]))?;
    let measured = blocking::lead_with(Lead::new(HALF), &mut recv, &mut send)?;
    during("sending the end", send.bit(END))?;
    Ok(measured)
}

fn follow(part: &Part) -> io::Result<()> {
    if part.sabotage == Some(Sabotage::Impostor) {
        return part.hand_on(&STANDARD);
    }
    let (bits, answers) = (Signals::new(BITS)?, Signals::new(ANSWER)?);
    let peer = Peer::parent(part)?;
    let recv = Incoming { peer: &peer, bits };
    let mut send = Outgoing { peer: &peer, answers };
    during("telling to be there", send.write_all(b"!"))?;
    blocking::follow_with(Follow::new(HALF, part.sabotage), recv, send)
}

struct Incoming<'a> {
    peer: &'a Peer,
    bits: Signals,
}

impl Incoming<'_> {
    fn bit(&self) -> io::Result<usize> {
        let signal = self.peer.receive(&self.bits)?.signal();
        let bit = BITS.iter().position(|bit| *bit == signal);
        self.peer.send(ANSWER)?;
        bit.ok_or_else(|| corrupt(format!("{signal} has come, which is not listened to")))
    }
}

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(byte) = buffer.first_mut() else { return Ok(0) };
        if self.bit()? == END {
            return Ok(0);
        }
        *byte = 0;
        for place in 0..8 {
            *byte |= (self.bit()? as u8) << place;
        }
        Ok(1)
    }
}

struct Outgoing<'a> {
    peer: &'a Peer,
    answers: Signals,
}

impl Outgoing<'_> {
    fn bit(&self, bit: usize) -> io::Result<()> {
        self.peer.send(BITS[bit])?;
        self.peer.receive(&self.answers).map(drop)
    }
}

impl Write for Outgoing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(byte) = bytes.first() else { return Ok(0) };
        self.bit(MORE)?;
        for place in 0..8 {
            self.bit(usize::from(byte >> place & 1))?;
        }
        Ok(1)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
