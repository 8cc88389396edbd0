//! Actions in the handler, until they are dropped.

use super::{handler, number::Signal, signal_set::SignalSet};
use crate::error::about;
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
    pub(crate) fn of_each(
        signals: SignalSet,
        mut register: impl FnMut(i32) -> io::Result<handler::Registration>,
    ) -> io::Result<Self> {
        let mut all = Vec::with_capacity(signals.len());
        for signal in signals.iter() {
            receivable(signal)?;
            let registration = register(signal.as_raw());
            all.push(registration.map_err(|error| cannot_listen(signal, error))?);
        }
        Ok(Self(all))
    }

    /// Of what was added to one signal.
    pub(super) fn one(signal: Signal, registered: io::Result<handler::Registration>) -> io::Result<Self> {
        let one = registered.map_err(|error| cannot_listen(signal, error))?;
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

/// Refuses what cannot be caught, and what only unsafe code can deal with.
pub(crate) fn receivable(signal: Signal) -> io::Result<()> {
    let refuse = |reason: &str| {
        let message = format!("cannot listen to {signal}: {reason}");
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    };
    if !signal.can_be_caught() {
        return refuse("the system lets no process catch it");
    }
    if signal.is_fault() {
        return refuse(
            "it is for a fault of the thread itself, which goes on failing unless the handler mends it \
             (`low_level::register_fault` is for that)",
        );
    }
    Ok(())
}

pub(crate) fn cannot_listen(signal: Signal, error: io::Error) -> io::Error {
    about(format_args!("listen to {signal}"), error)
}
