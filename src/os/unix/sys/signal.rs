//! System calls for signals, by subject.

pub(crate) mod disposition;
pub(crate) mod fd;
pub(crate) mod info;
pub(crate) mod mask;
pub(crate) mod number;
pub(crate) mod process;
pub(crate) mod send;
pub(crate) mod set;
pub(crate) mod wait;
