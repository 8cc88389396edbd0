//! What Windows has: named pipes, mailslots, control events of the console and security descriptors, and what it adds to local sockets and unnamed pipes.

pub(super) mod async_io;
#[cfg(feature = "signal")]
pub mod console;
mod device_path;
mod impersonation;
pub mod local_socket;
#[doc(alias = "CreateMailslot")]
pub mod mailslot;
#[doc(alias("CreateNamedPipe", "NamedPipeServer", "NamedPipeClient"))]
pub mod named_pipe;
#[doc(alias("SDDL", "ACL"))]
pub mod security_descriptor;
pub mod unnamed_pipe;

pub(crate) mod sys;

pub use self::{impersonation::ImpersonationGuard, unnamed_pipe::ShareHandle};
