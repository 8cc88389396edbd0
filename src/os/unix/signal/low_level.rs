//! Code that runs in the signal handler itself. All of it is unsafe: see what [`register`] wants before using it.
//!
//! A registration ends when the returned [`Registration`](super::Registration) is dropped, unlike signal-hook's `SigId`. Call
//! [`keep`](super::Registration::keep) for an action that stays for the rest of the process.
//!
//! [`Signals`](super::Signals), [`on`](super::on) and [`flag`](super::flag) do what most programs want, without it.

pub use crate::os::unix::sys::signal::low_level::{AlternateStack, register, register_fault};
