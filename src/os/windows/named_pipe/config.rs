use super::{PipeMode, name::PipePath};
use crate::os::windows::{security_descriptor::SecurityDescriptor, sys::pipe::Directions};

/// What all instances of a pipe have in common.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) path: PipePath,
    pub(super) directions: Directions,
    pub(super) mode: PipeMode,
    pub(super) message_reads: bool,
    pub(super) limit: Option<u8>,
    pub(super) ready: u8,
    pub(super) write_through: bool,
    pub(super) accept_remote: bool,
    pub(super) input_buffer: u32,
    pub(super) output_buffer: u32,
    pub(super) wait_timeout: u32,
    pub(super) security: SecurityDescriptor,
    pub(super) inheritable: bool,
}
