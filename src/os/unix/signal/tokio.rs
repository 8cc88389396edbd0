//! Signals on a Tokio runtime.
//!
//! [`signal`] and [`Signal`] have the names and the shape of `tokio::signal::unix`; [`Signals`] receives several signals, with
//! all that came with them. Both wait for the runtime that they were made on, without a thread and without a task of their
//! own: the signal handler makes a descriptor readable that the runtime watches. So there may be several runtimes, one after
//! the other or at once.
//!
//! [`signal`] and [`ctrl_c`] leave their handler installed for the rest of the process, as Tokio's functions do, until
//! [`uninstall`] is called. When the last [`Signals`] or other listener of a signal is gone, its old disposition is back.
//!
//! What holds for signals in general is said at [`signal`](super), and what is kept and lost at
//! [`Signals`](super::Signals).
//!
//! ```
//! use interprocess::os::unix::signal::{self, Signal, tokio::Signals};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let signals = Signals::new([Signal::TERM, Signal::HUP])?;
//! signal::raise(Signal::HUP)?;
//! let info = signals.recv().await.expect("nobody closes it");
//! assert_eq!(info.signal(), Signal::HUP);
//! # Ok(()) }
//! ```

mod signal;
mod signal_fd;
mod signals;

pub use crate::os::unix::sys::signal::signal_kind::SignalKind;

pub use self::{
    signal::{Signal, ctrl_c, signal, uninstall},
    signal_fd::SignalFd,
    signals::Signals,
};
