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
//! - **A handler may interrupt anything**, and can safely do next to nothing (signal-safety(7)). Nothing of what is in the
//!   table needs one.
//! - [`Signal::KILL`] and [`Signal::STOP`] cannot be received, blocked or ignored; and faults, which the processor raises
//!   ([`Signal::is_fault`]), can neither be ignored nor waited for.
//!
//! # What to use
//! | you want | use |
//! | --- | --- |
//! | names and numbers; sets | [`Signal`], [`SignalSet`] |
//! | who sent it, what value it has, what the child did | [`SignalInfo`] |
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
mod info;
mod mask;
mod number;
mod process;
mod send;
mod set;
mod signal_fd;
mod wait;

pub use self::{
    disposition::{Disposition, DispositionGuard, disposition, set_disposition},
    info::{Cause, ChildStatus, SignalInfo, SignalValue},
    mask::{SignalCommandExt, SignalMask},
    number::{DefaultAction, Signal},
    process::ProcessHandle,
    send::{probe, queue, raise, send, send_group, send_thread, thread_id},
    set::{SignalSet, SignalSetIter},
    signal_fd::SignalFd,
    wait::{pending, try_wait, wait, wait_timeout},
};

/// The same on a Tokio runtime.
#[cfg(feature = "tokio")]
pub mod tokio {
    mod signal_fd;

    pub use self::signal_fd::SignalFd;
}
