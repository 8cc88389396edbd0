//! Actions in the handler, until they are dropped.

use super::{Signal, SignalSet, listener};
use crate::os::unix::sys::signal::handler;
use std::{io, mem};

/// Actions that were added to one or several signals. Dropping it removes them, and gives signals for which nothing else was
/// added their old disposition.
///
/// Signals that come after it was dropped do not run the actions. A handler that began before that in another thread may
/// still run them: dropping does not wait for it, as a handler may be interrupted for any time. What the actions own is
/// dropped then by the next change to any signal's actions. An action must not drop its own registration.
#[derive(Debug)]
#[must_use = "dropping it removes the action"]
pub struct Registration(Vec<handler::Registration>);

impl Registration {
    /// Adds an action to each of the signals, or to none.
    pub(super) fn of_each(
        signals: SignalSet,
        mut register: impl FnMut(i32) -> io::Result<handler::Registration>,
    ) -> io::Result<Self> {
        let mut all = Vec::with_capacity(signals.len());
        for signal in signals.iter() {
            listener::receivable(signal)?;
            let registration = register(signal.as_raw());
            all.push(registration.map_err(|error| listener::cannot_listen(signal, error))?);
        }
        Ok(Self(all))
    }

    /// Refuses signals that cannot be received like others.
    pub(crate) fn allowed(signal: Signal) -> io::Result<()> {
        listener::receivable(signal)
    }

    /// Of what was added to one signal.
    pub(crate) fn one(signal: Signal, registered: io::Result<handler::Registration>) -> io::Result<Self> {
        let one = registered.map_err(|error| listener::cannot_listen(signal, error))?;
        Ok(Self(vec![one]))
    }

    /// Which signals the action is for.
    pub fn signals(&self) -> SignalSet {
        self.0.iter().filter_map(|one| Signal::from_raw(one.signal()).ok()).collect()
    }

    /// Keeps the action for the rest of the process.
    pub fn keep(self) {
        mem::forget(self);
    }
}
