//! What blocking and Tokio listeners share: a queue, and which signals go to it.

use super::{Signal, SignalInfo, SignalSet};
use crate::{
    error,
    os::unix::sys::signal::{
        handler,
        registration::{cannot_listen, receivable},
        signal_queue::SignalQueue,
    },
    sync::Mutex,
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
    sync::{Arc, MutexGuard},
};

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) queue: Arc<SignalQueue>,
    registered: Mutex<BTreeMap<Signal, handler::Registration>>,
}

impl Listener {
    pub(super) fn new(signals: SignalSet) -> io::Result<Self> {
        let listener = Self { queue: SignalQueue::new()?, registered: Mutex::default() };
        for signal in signals.iter() {
            listener.add(signal)?;
        }
        Ok(listener)
    }

    pub(super) fn add(&self, signal: Signal) -> io::Result<()> {
        receivable(signal)?;
        let mut registered = self.registered();
        if self.queue.is_closed() {
            return Err(error::closed("listener"));
        }
        if let Entry::Vacant(place) = registered.entry(signal) {
            let registration = self.queue.listen(signal.as_raw());
            place.insert(registration.map_err(|error| cannot_listen(signal, error))?);
        }
        Ok(())
    }

    pub(super) fn remove(&self, signal: Signal) -> bool {
        let registration = self.registered().remove(&signal);
        registration.is_some()
    }

    pub(super) fn signals(&self) -> SignalSet {
        self.registered().keys().copied().collect()
    }

    pub(super) fn close(&self) {
        // First, so that whatever was caught is there when those that wait are told of the end.
        self.unregister();
        self.queue.close();
        // What was added meanwhile.
        self.unregister();
    }

    fn unregister(&self) {
        let registered = std::mem::take(&mut *self.registered());
        drop(registered);
    }

    fn registered(&self) -> MutexGuard<'_, BTreeMap<Signal, handler::Registration>> {
        // What is done under the lock leaves the map whole.
        self.registered.lock()
    }

    /// The next signal, if there is one.
    pub(super) fn take(&self) -> Option<SignalInfo> {
        self.queue.take().map(SignalInfo::from_record)
    }
}
