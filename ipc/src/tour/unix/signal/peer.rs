use crate::tour::{row::Part, stage::Stage, transfer::corrupt};
use interprocess::os::unix::signal::{
    Disposition, ProcessHandle, Signal, SignalInfo, SignalSet, Signals, set_disposition,
};
use std::{
    io::{self, ErrorKind},
    thread,
    time::Duration,
};

/// How often to look whether the other process is still there: signals have no end.
pub(super) const LOOK: Duration = Duration::from_millis(200);

/// How long to wait for room in the queue of signals, which all processes of a user share.
const PAUSE: Duration = Duration::from_micros(50);

/// The other process: signals go to it, and are taken from nobody else.
pub(super) struct Peer {
    process: ProcessHandle,
    pid: i32,
    uid: u32,
}

impl Peer {
    /// Starts the child, which is told who this is. Whatever it says first, listen before.
    pub(super) fn child(stage: &mut Stage) -> io::Result<Self> {
        let mut process = None;
        let pid = stage.start(|command| {
            let mut child = command.arg(std::process::id().to_string()).spawn()?;
            match ProcessHandle::from_child(&mut child) {
                Ok(handle) => process = Some(handle),
                Err(error) => {
                    child.kill()?;
                    child.wait()?;
                    return Err(error);
                }
            }
            Ok(child)
        })?;
        let process = process.ok_or_else(|| io::Error::other("the child was not started"))?;
        Self::new(process, i32::try_from(pid).map_err(io::Error::other)?)
    }

    /// The process that has started this one.
    pub(super) fn parent(part: &Part) -> io::Result<Self> {
        let pid = part.argument(0)?.parse().map_err(io::Error::other)?;
        Self::new(ProcessHandle::from_pid(pid)?, pid)
    }

    fn new(process: ProcessHandle, pid: i32) -> io::Result<Self> {
        Ok(Self { process, pid, uid: rustix::process::getuid().as_raw() })
    }

    pub(super) fn send(&self, signal: Signal) -> io::Result<()> {
        self.process.send(signal)
    }

    /// Sends a value, as soon as there is room for it.
    pub(super) fn queue(&self, signal: Signal, value: usize) -> io::Result<()> {
        while !self.try_queue(signal, value)? {
            self.expect_alive()?;
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Sends a value; `false` if there is no room for it now.
    pub(super) fn try_queue(&self, signal: Signal, value: usize) -> io::Result<bool> {
        match self.process.queue(signal, value) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits for a signal of this process.
    pub(super) fn receive(&self, signals: &Signals) -> io::Result<SignalInfo> {
        loop {
            match signals.wait_timeout(LOOK) {
                Ok(Some(info)) => return self.expect(info),
                Ok(None) => return Err(io::Error::other("the listener was closed")),
                Err(error) if error.kind() == ErrorKind::TimedOut => self.expect_alive()?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Looks who has sent a signal. Not every system tells, nor does Linux when the queue is full.
    pub(super) fn expect(&self, info: SignalInfo) -> io::Result<SignalInfo> {
        let expect = |what: &str, told: Option<i64>, expected: i64| match told {
            Some(told) if told != expected => Err(corrupt(format!(
                "the sender of {}: it is {what} {told}, and the other's is {expected}",
                info.signal()
            ))),
            _ => Ok(()),
        };
        expect("process", info.pid().map(i64::from), i64::from(self.pid))?;
        expect("user", info.uid().map(i64::from), i64::from(self.uid))?;
        Ok(info)
    }

    pub(super) fn expect_alive(&self) -> io::Result<()> {
        if self.process.is_alive()? {
            return Ok(());
        }
        Err(io::Error::new(ErrorKind::UnexpectedEof, "the other process is gone"))
    }
}

/// Has signals ignored that come before there is a listener or when there is none any more, such as those of a child
/// whose row has failed.
pub(super) fn ignore(signals: impl Into<SignalSet>) -> io::Result<()> {
    signals.into().iter().try_for_each(|signal| set_disposition(signal, Disposition::Ignore).map(drop))
}
