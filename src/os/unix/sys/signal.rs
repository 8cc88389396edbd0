//! System calls for signals, by subject.

mod errno;
pub(crate) mod flag;
mod fork;
pub(crate) mod handler;
pub(crate) mod info;
pub(crate) mod low_level;
pub(crate) mod mailbox;
pub(crate) mod number;
mod queue;
pub(crate) mod set;
mod wake;
