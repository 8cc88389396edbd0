//! Signals: names, sets, and what the system tells of those that are received.

pub mod flag;
mod info;
mod listener;
pub mod low_level;
mod number;
mod on;
mod registration;
mod set;
mod signals;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use self::{
    info::{Cause, ChildStatus, SignalInfo, SignalValue},
    number::{DefaultAction, Signal},
    on::{OnSignal, on},
    registration::Registration,
    set::{SignalSet, SignalSetIter},
    signals::{Forever, Pending, Signals},
};
