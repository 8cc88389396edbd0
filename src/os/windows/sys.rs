//! The calls of Windows, and the only unsafe code for it.
//!
//! Functions take borrowed handles and buffers, give owned handles and [`std::io::Result`], and hold the promises
//! that make each call sound, above all: memory that an operation in flight may touch outlives the operation.

#![allow(unsafe_code)]

#[cfg(feature = "signal")]
pub(crate) mod console;
pub(crate) mod directory;
#[cfg(feature = "tokio")]
pub(crate) mod drain;
mod emulated;
pub(crate) mod event;
pub(crate) mod handle;
pub(crate) mod inherited;
mod lasting_thread;
pub(crate) mod mailslot;
mod module;
pub(crate) mod operation;
pub(crate) mod overlapped;
pub(crate) mod pipe;
mod pool;
pub(crate) mod security;
pub(crate) mod synchronous;
#[cfg(feature = "tokio")]
pub(crate) mod timer;
#[cfg(feature = "tokio-process")]
pub(crate) mod tokio_child;
pub(crate) mod wait;
pub(crate) mod wide;
