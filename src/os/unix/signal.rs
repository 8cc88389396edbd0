//! Signals: names, sets, and what the system tells of those that are received.

mod info;
mod number;
mod set;

pub use self::{
    info::{Cause, ChildStatus, SignalInfo, SignalValue},
    number::{DefaultAction, Signal},
    set::{SignalSet, SignalSetIter},
};
