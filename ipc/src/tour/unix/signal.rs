//! Signals between two processes: standard ones, which say no more than who sent them, and queued ones with values.
//!
//! Either carries a stream of bytes here, at a price that nobody would pay for one: each signal is two system calls and
//! an interruption. So these rows move less than others, and show that no signal is lost or taken from a stranger.

mod chunk;
mod peer;
mod standard;
mod tokio;
mod values;

pub(super) use self::{standard::STANDARD, tokio::TOKIO_VALUES, values::VALUES};
