//! Interprocess communication toolkit.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod error;
pub mod local_socket;
pub mod os;
pub mod unnamed_pipe;

mod try_clone;
mod wait_mode;

pub use self::{try_clone::TryClone, wait_mode::ConnectWaitMode};
