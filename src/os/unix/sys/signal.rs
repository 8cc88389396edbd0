//! System calls for signals, by subject.

pub(crate) mod info;
pub(crate) mod number;
pub(crate) mod set;
