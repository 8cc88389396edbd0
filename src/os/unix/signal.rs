//! Signals: sent with values and by handles of processes, received with all that the system tells of them.
//!
//! # Traps
//! - **A number is not a process.** That of one that is gone comes to mean another: signal through a [`ProcessHandle`].
//!   Numbers that are 0 or negative, which kill(2) takes for many processes, are refused here.
//! - **Standard signals do not queue.** Of several of a kind that arrive before one is taken, one is seen, with the
//!   description of the first. Real-time signals ([`Signal::rt`]) queue, each with its value, up to a limit
//!   (`RLIMIT_SIGPENDING`) at which sending fails.
//! - **Blocking is for a thread, everything else for the process.** What [`wait`](wait()) and [`SignalFd`] are to take must be
//!   blocked in every thread, so block it before there is a second one ([`SignalMask`]). A thread of somebody else's, such as
//!   a library's, that has not blocked it is where it is delivered.
//! - **Children inherit** what is blocked and what is ignored, through exec: [`SignalCommandExt`].
//! - **A handler may interrupt anything**, and can safely do next to nothing (signal-safety(7)). So the handler here only
//!   notes what came, and your code runs elsewhere; [`low_level`] is for the rest.
//! - **A listener replaces the default action** for the whole process, also for code that does not know of it: who listens to
//!   [`Signal::INT`] and does not end the program makes Ctrl-C do nothing. It is back when the last listener is gone; after
//!   [`tokio::signal`] and [`tokio::ctrl_c`], when [`tokio::uninstall`] is called.
//! - **A child by fork** without exec has none of its parent's listeners: their signals do what they would do without. But
//!   what a [`flag`] or [`low_level`] does goes on in the child, on its own copy, until exec. Other threads do not exist
//!   there, so only what signal-safety(7) lists is safe, and making listeners is not among it.
//! - **A handler has to return.** If a handler of other code interrupts one of this module and leaves it by siglongjmp(3), as
//!   C programs do for time limits, a listener that was just taking a signal may hear of no more. Nothing else is harmed:
//!   no call of this module waits for a handler.
//! - **Process 1 of a container** receives only what it has a handler for, and has no default actions: see
//!   [`act_by_default`].
//! - [`Signal::KILL`] and [`Signal::STOP`] cannot be received, blocked or ignored; and faults, which the processor raises
//!   ([`Signal::is_fault`]), can neither be ignored nor waited for.
//!
//! # Other libraries
//! Whatever handlers were there before are called as well, and a handler that is put above this one may call it: Tokio's
//! signals, signal-hook and these here all receive the same signal, in whatever order they come and go. One that is put above
//! and does not call what was there before, as C code may do, leaves all others deaf.
//!
//! # What to use
//! | you want | use |
//! | --- | --- |
//! | names and numbers; sets | [`Signal`], [`SignalSet`] |
//! | who sent it, what value it has, what the child did | [`SignalInfo`] |
//! | to receive signals, in any thread | [`Signals`], [`tokio::Signals`] |
//! | a flag that a signal sets | [`flag`] |
//! | a function that is called when a signal comes | [`on`] |
//! | to know when to shut down | [`shutdown`](crate::shutdown) |
//! | to take signals in a thread of its own, without handlers | [`SignalMask`], [`wait`](wait()), [`wait_timeout`] |
//! | the same through a descriptor to poll (Linux) | [`SignalFd`] |
//! | to ignore a signal for a while | [`DispositionGuard`] |
//! | to send one to a process that cannot be mistaken | [`ProcessHandle`] |
//! | to send one by number | [`send`](send()), [`send_group`], [`send_thread`], [`raise`] |
//! | to send one with a value | [`queue`], [`ProcessHandle::queue`] |
//! | children that start with other signals blocked or ignored | [`SignalCommandExt`] |
//!
//! ```
//! use interprocess::os::unix::signal::{Cause, Signal, SignalMask, send, wait};
//!
//! # fn main() -> std::io::Result<()> {
//! // In main, before there are other threads:
//! let _blocked = SignalMask::block([Signal::TERM, Signal::HUP])?;
//!
//! let here = std::process::id() as i32;
//! send(here, Signal::TERM)?;
//! let received = wait([Signal::TERM, Signal::HUP])?;
//! assert_eq!(received.signal(), Signal::TERM);
//! # if cfg!(target_os = "linux") {
//! assert_eq!((received.cause(), received.pid()), (Cause::User, Some(here)));
//! # }
//! # Ok(()) }
//! ```

mod disposition;
pub mod flag;
mod listener;
pub mod low_level;
mod mask;
mod on;
mod process;
mod send;
mod signal_fd;
mod signals;
#[cfg(feature = "tokio")]
pub mod tokio;
mod wait;

pub use super::sys::signal::{
    disposition::Disposition,
    number::{DefaultAction, Signal, TERM_SIGNALS},
    process::ProcessHandle,
    registration::Registration,
    signal_info::{Cause, ChildStatus, SignalInfo, SignalValue},
    signal_set::{SignalSet, SignalSetIter},
};

pub use self::{
    disposition::{DispositionGuard, act_by_default, disposition, set_disposition},
    mask::{SignalCommandExt, SignalMask},
    on::{OnSignal, on},
    send::{probe, queue, raise, send, send_group, send_thread, thread_id},
    signal_fd::SignalFd,
    signals::{Forever, Pending, Signals},
    wait::{pending, try_wait, wait, wait_timeout},
};
