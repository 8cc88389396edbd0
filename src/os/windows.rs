//! What Windows has: named pipes and security descriptors.

pub mod named_pipe;
pub mod security_descriptor;

pub(crate) mod sys;
