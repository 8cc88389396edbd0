//! Acting as a client.

use crate::os::windows::sys::security::Impersonation;
use std::{io, os::windows::io::BorrowedHandle};

/// While this lives the thread acts as a client of this program: what it opens, it opens with the client's rights.
/// [`PipeStream::impersonate_client`](crate::os::windows::named_pipe::PipeStream::impersonate_client) gives it.
///
/// Dropping makes the thread act as it did before: as the process, or as whomever it acted as. If that fails the process is
/// aborted, as Microsoft demands ("RevertToSelf function"): going on would mean to act as somebody else. Of several
/// guards of one thread the newest that lives decides, in whatever order they are dropped.
///
/// The identity is the thread's, not the program's: threads that are started meanwhile act as the process, and so does what
/// is started by `std::process::Command`. Forgetting the guard ([`std::mem::forget`]) leaves the identity with the thread.
///
/// It cannot leave its thread:
/// ```compile_fail,E0277
/// fn leaves_its_thread<T: Send>() {}
/// leaves_its_thread::<interprocess::os::windows::ImpersonationGuard>();
/// ```
/// ```compile_fail,E0277
/// fn is_shared<T: Sync>() {}
/// is_shared::<interprocess::os::windows::ImpersonationGuard>();
/// ```
/// Hence a task that holds it across an `.await` cannot be spawned on a runtime of several threads. On one thread it could,
/// and then other tasks would run as the client: drop it before.
#[derive(Debug)]
#[must_use = "dropping it ends the impersonation at once"]
pub struct ImpersonationGuard {
    _acting: Impersonation,
}

impl ImpersonationGuard {
    /// Takes the identity of the client of a server's end of a named pipe.
    pub(crate) fn of_pipe_client(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        Impersonation::of_client(pipe).map(|acting| Self { _acting: acting })
    }
}
