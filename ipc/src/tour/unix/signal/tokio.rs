use super::{
    chunk::{HALF, Inbox, Outbox, signals},
    peer::{LOOK, Peer, ignore},
};
use crate::tour::{
    row::{Part, Row},
    sabotage::Sabotage,
    stage::Stage,
    transfer::{Follow, Lead, Measured, during, runtime},
};
use interprocess::os::unix::signal::{Signal, SignalInfo, tokio::Signals};
use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Interval, interval},
};

/// Values of real-time signals, received by tasks.
pub(crate) static TOKIO_VALUES: Row =
    Row { primitive: "signal::tokio", mode: "values", parent: lead, child: follow };

fn lead(stage: &mut Stage) -> io::Result<Measured> {
    let [part, taken] = signals()?;
    ignore([part, taken])?;
    runtime::block_on(async {
        let (parts, takings) = (Listener::new(part)?, Listener::new(taken)?);
        let peer = Peer::child(stage)?;
        let mut recv = Incoming { peer: &peer, parts, taken, inbox: Inbox::new() };
        let mut send = Outgoing { peer: &peer, takings, part, outbox: Outbox::new() };
        // The child listens when it says so.
        during("waiting for the child", recv.read_exact(&mut [0]).await)?;
        let measured = runtime::lead_with(Lead::new(HALF), &mut recv, &mut send).await?;
        during("sending the end", poll_fn(|cx| send.poll_send(cx, &[])).await)?;
        Ok(measured)
    })
}

fn follow(arguments: &Part) -> io::Result<()> {
    if arguments.sabotage == Some(Sabotage::Impostor) {
        return arguments.hand_on(&TOKIO_VALUES);
    }
    let [part, taken] = signals()?;
    runtime::block_on(async {
        let (parts, takings) = (Listener::new(part)?, Listener::new(taken)?);
        let peer = Peer::parent(arguments)?;
        let recv = Incoming { peer: &peer, parts, taken, inbox: Inbox::new() };
        let mut send = Outgoing { peer: &peer, takings, part, outbox: Outbox::new() };
        during("telling to be there", send.write_all(b"!").await)?;
        runtime::follow_with(Follow::new(HALF, arguments.sabotage), recv, send).await
    })
}

/// Signals of one kind, and the times to look after who sends them.
struct Listener {
    signals: Signals,
    looks: Interval,
}

impl Listener {
    fn new(signal: Signal) -> io::Result<Self> {
        Ok(Self { signals: Signals::new(signal)?, looks: interval(LOOK) })
    }

    fn poll(&mut self, peer: &Peer, cx: &mut Context<'_>) -> Poll<io::Result<SignalInfo>> {
        loop {
            if let Poll::Ready(info) = self.signals.poll_recv(cx) {
                let info = info.ok_or_else(|| io::Error::other("the listener was closed"))?;
                return Poll::Ready(peer.expect(info));
            }
            ready!(self.looks.poll_tick(cx));
            peer.expect_alive()?;
        }
    }
}

struct Incoming<'a> {
    peer: &'a Peer,
    parts: Listener,
    taken: Signal,
    inbox: Inbox,
}

impl Incoming<'_> {
    /// Tells what was taken. If there is no room for that, the next read does.
    fn tell(&mut self) -> io::Result<()> {
        if let Some(taken) = self.inbox.to_be_told() {
            if self.peer.try_queue(self.taken, taken)? {
                self.inbox.told(taken);
            }
        }
        Ok(())
    }
}

impl AsyncRead for Incoming<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if let Some(count) = this.inbox.read(buffer.initialize_unfilled()) {
                buffer.advance(count);
                return Poll::Ready(this.tell());
            }
            this.tell()?;
            match this.parts.poll(this.peer, cx) {
                Poll::Ready(info) => this.inbox.put(&info?)?,
                Poll::Pending => {
                    if this.inbox.to_be_told().is_some() {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

struct Outgoing<'a> {
    peer: &'a Peer,
    takings: Listener,
    part: Signal,
    outbox: Outbox,
}

impl Outgoing<'_> {
    /// The first of the bytes, or the end.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        while self.outbox.is_full() {
            self.outbox.taken(&ready!(self.takings.poll(self.peer, cx))?)?;
        }
        let (value, count) = self.outbox.part(bytes);
        if !self.peer.try_queue(self.part, value)? {
            self.peer.expect_alive()?;
            // Nothing tells when there is room.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.outbox.sent();
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Outgoing<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() { Poll::Ready(Ok(0)) } else { self.poll_send(cx, bytes) }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
