//! Ordinary code that runs when a signal comes.

use super::{SignalInfo, SignalSet, Signals};
use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
};

/// Calls `action` for each of the signals that comes, on a thread of its own, where it may do whatever ordinary code does.
///
/// It lasts until the [`OnSignal`] is dropped. If the action panics, that ends its thread, and the signals have their old
/// dispositions again.
///
/// # Errors
/// Those of [`Signals::new`]; no thread can be started.
///
/// # Example
/// ```
/// use interprocess::os::unix::signal::{self, Signal};
/// use std::sync::mpsc;
///
/// # fn main() -> std::io::Result<()> {
/// let (reloads, reloaded) = mpsc::channel();
/// let handler = signal::on(Signal::HUP, move |info| {
///     println!("{:?} wants the configuration to be read again", info.pid());
///     let _ = reloads.send(());
/// })?;
/// signal::raise(Signal::HUP)?;
/// reloaded.recv().unwrap();
/// handler.stop();
/// # Ok(()) }
/// ```
pub fn on(
    signals: impl Into<SignalSet>,
    mut action: impl FnMut(SignalInfo) + Send + 'static,
) -> io::Result<OnSignal> {
    let signals = Arc::new(Signals::new(signals)?);
    let received = ClosedAfterwards(Arc::clone(&signals));
    let thread = thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || received.0.forever().for_each(&mut action))?;
    Ok(OnSignal { signals, thread: Some(thread) })
}

/// An action of [`on`]. Dropping it ends that, without waiting: an action that is under way goes on to its end.
#[derive(Debug)]
#[must_use = "dropping it ends the action"]
pub struct OnSignal {
    signals: Arc<Signals>,
    thread: Option<JoinHandle<()>>,
}

impl OnSignal {
    /// Ends it, and waits for what has come before. The action itself does not wait for itself.
    ///
    /// # Panics
    /// If the action has panicked, with the same.
    pub fn stop(mut self) {
        self.signals.close();
        let Some(thread) = self.thread.take() else { return };
        if thread.thread().id() == thread::current().id() {
            return;
        }
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }

    /// Keeps it for the rest of the process.
    pub fn keep(self) {
        std::mem::forget(self);
    }
}

impl Drop for OnSignal {
    fn drop(&mut self) {
        self.signals.close();
    }
}

/// Stops listening when the thread ends, also by a panic.
struct ClosedAfterwards(Arc<Signals>);

impl Drop for ClosedAfterwards {
    fn drop(&mut self) {
        self.0.close();
    }
}
