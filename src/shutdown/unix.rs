//! The half for Unix: `SIGINT`, `SIGTERM` and `SIGHUP`.

use super::{Reason, Request};
use crate::os::unix::signal::{
    Disposition, Registration, Signal, SignalInfo, SignalSet, Signals, disposition, flag,
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// Those that are not ignored. Whoever started the process, as nohup(1) does, or as shells do with a process in the
/// background, has these ignored so that they do not end it.
pub(super) fn signals() -> SignalSet {
    let is_heard = |signal: &Signal| disposition(*signal).map_or(true, |now| now != Disposition::Ignore);
    [Signal::INT, Signal::TERM, Signal::HUP].into_iter().filter(is_heard).collect()
}

#[cfg(feature = "tokio")]
pub(super) mod tokio;

/// Nobody waits for the answer to a signal.
pub(super) type Hold = ();

pub(super) fn request(info: SignalInfo) -> Request {
    let reason = match info.signal() {
        Signal::INT => Reason::Interrupt,
        Signal::HUP => Reason::Hangup,
        _ => Reason::Terminate,
    };
    Request { reason, _hold: () }
}

#[derive(Debug)]
pub(super) struct Listener(Signals);

impl Listener {
    pub(super) fn new() -> io::Result<Self> {
        Signals::new(signals()).map(Self)
    }

    pub(super) fn wait(&self) -> Option<Request> {
        self.0.wait().map(request)
    }

    pub(super) fn wait_timeout(&self, timeout: Duration) -> io::Result<Option<Request>> {
        Ok(self.0.wait_timeout(timeout)?.map(request))
    }

    pub(super) fn close(&self) {
        self.0.close();
    }
}

#[derive(Debug)]
pub(super) struct Flag {
    flag: Arc<AtomicBool>,
    _registration: Registration,
}

impl Flag {
    pub(super) fn new() -> io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let registration = flag::set_or_default(signals(), &flag)?;
        Ok(Self { flag, _registration: registration })
    }

    pub(super) fn is_set(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }
}
