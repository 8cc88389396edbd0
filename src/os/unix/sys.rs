//! System calls. The only place with `unsafe`, and the only place that knows how one Unix differs from another.
//!
//! A function here is one system call where the system has one for the purpose. Descriptors come in borrowed and
//! go out owned.
#![allow(unsafe_code)]

pub(crate) mod address;
pub(crate) mod ancillary;
pub(crate) mod apart;
#[cfg(feature = "tokio")]
pub(crate) mod async_fd;
pub(crate) mod batch;
#[cfg(feature = "tokio")]
pub(crate) mod buf;
pub(crate) mod child;
pub(crate) mod closing;
pub(crate) mod control;
pub(crate) mod credentials;
pub(crate) mod directory;
pub(crate) mod environment;
pub(crate) mod executable;
pub(crate) mod fd;
pub(crate) mod fifo;
pub(crate) mod identity;
pub(crate) mod inherited;
pub(crate) mod launchd;
pub(crate) mod message;
pub(crate) mod open_watch;
pub(crate) mod option;
pub(crate) mod own_directory;
pub(crate) mod path;
pub(crate) mod path_lock;
pub(crate) mod peer;
pub(crate) mod pipe;
pub(crate) mod place;
pub(crate) mod poll;
mod program;
pub(crate) mod quiet;
#[cfg(any(feature = "tokio", test))]
pub(crate) mod readiness;
#[cfg(feature = "signal")]
pub(crate) mod signal;
#[cfg(any(feature = "signal", not(any(target_vendor = "apple", target_os = "netbsd"))))]
mod sigset;
pub(crate) mod slices;
pub(crate) mod socket;
pub(crate) mod splice;
#[cfg(any(feature = "tokio", test))]
mod tasks;
#[cfg(feature = "tokio")]
pub(crate) mod timer;

/// Whether this is Linux's way of Unix domain sockets. `--cfg interprocess_portable_unix` makes a Linux build take the
/// ways of the other systems where those work on Linux too, so that they are tested.
pub(crate) const LINUX_SOCKETS: bool =
    cfg!(all(any(target_os = "linux", target_os = "android"), not(interprocess_portable_unix)));
