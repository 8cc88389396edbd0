use super::{
    chunk::{HALF, Inbox, Outbox, signals},
    peer::{Peer, ignore},
};
use crate::tour::{
    row::{Part, Row},
    sabotage::Sabotage,
    stage::Stage,
    transfer::{Follow, Lead, Measured, blocking, during},
};
use interprocess::os::unix::signal::{Signal, Signals};
use std::io::{self, Read, Write};

/// Values of real-time signals.
pub(crate) static VALUES: Row = Row { primitive: "signal", mode: "values", parent: lead, child: follow };

fn lead(stage: &mut Stage) -> io::Result<Measured> {
    let [part, taken] = signals()?;
    ignore([part, taken])?;
    let (parts, takings) = (Signals::new(part)?, Signals::new(taken)?);
    let peer = Peer::child(stage)?;
    let mut recv = Incoming { peer: &peer, parts, taken, inbox: Inbox::new() };
    let mut send = Outgoing { peer: &peer, takings, part, outbox: Outbox::new() };
    // The child listens when it says so.
    during("waiting for the child", recv.read_exact(&mut [0]))?;
    let measured = blocking::lead_with(Lead::new(HALF), &mut recv, &mut send)?;
    during("sending the end", send.send(&[]))?;
    Ok(measured)
}

fn follow(arguments: &Part) -> io::Result<()> {
    if arguments.sabotage == Some(Sabotage::Impostor) {
        return arguments.hand_on(&VALUES);
    }
    let [part, taken] = signals()?;
    let (parts, takings) = (Signals::new(part)?, Signals::new(taken)?);
    let peer = Peer::parent(arguments)?;
    let recv = Incoming { peer: &peer, parts, taken, inbox: Inbox::new() };
    let mut send = Outgoing { peer: &peer, takings, part, outbox: Outbox::new() };
    during("telling to be there", send.write_all(b"!"))?;
    blocking::follow_with(Follow::new(HALF, arguments.sabotage), recv, send)
}

struct Incoming<'a> {
    peer: &'a Peer,
    parts: Signals,
    taken: Signal,
    inbox: Inbox,
}

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(count) = self.inbox.read(buffer) {
                if let Some(taken) = self.inbox.to_be_told() {
                    self.peer.queue(self.taken, taken)?;
                    self.inbox.told(taken);
                }
                return Ok(count);
            }
            self.inbox.put(&self.peer.receive(&self.parts)?)?;
        }
    }
}

struct Outgoing<'a> {
    peer: &'a Peer,
    takings: Signals,
    part: Signal,
    outbox: Outbox,
}

impl Outgoing<'_> {
    /// The first of the bytes, or the end.
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while self.outbox.is_full() {
            self.outbox.taken(&self.peer.receive(&self.takings)?)?;
        }
        let (value, count) = self.outbox.part(bytes);
        self.peer.queue(self.part, value)?;
        self.outbox.sent();
        Ok(count)
    }
}

impl Write for Outgoing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() { Ok(0) } else { self.send(bytes) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
