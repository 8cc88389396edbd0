//! Who is at the other end, and acting as the client.

use super::{
    pipe::{Pipe, Waiting},
    pipe_mode::PipeModeTag,
};
use crate::os::windows::{
    ImpersonationGuard,
    security_descriptor::SecurityDescriptor,
    sys::{handle, pipe, security},
};
use std::{
    ffi::OsString,
    io,
    os::windows::io::{AsHandle, BorrowedHandle, RawHandle},
};

impl<W: Waiting, Rm: PipeModeTag, Sm: PipeModeTag> Pipe<W, Rm, Sm> {
    /// Makes this thread act as the client, on the server's end, until the guard is dropped: what
    /// it opens, it opens with the client's rights and not with its own.
    ///
    /// The client decides how far that goes
    /// ([`ConnectOptions::impersonation_level`](super::ConnectOptions::impersonation_level)).
    /// Unless it has chosen [`Impersonation`](super::ImpersonationLevel::Impersonation) or more,
    /// the thread can only be asked who it is, and what it tries to open fails with
    /// `ERROR_BAD_IMPERSONATION_LEVEL`. The same happens if this process lacks the privilege to
    /// impersonate (`SeImpersonatePrivilege`, which services and administrators have) and the
    /// client is another user.
    ///
    /// In a task, **do not hold the guard across an `.await`**: the thread is the runtime's, and
    /// would run other tasks as the client. Where tasks move between threads the compiler sees to
    /// it, as the guard is not [`Send`].
    ///
    /// **If this fails, do nothing in the client's name**: the thread still acts as itself (Microsoft:
    /// "ImpersonateNamedPipeClient function").
    ///
    /// # Errors
    /// - The system's `ERROR_CANNOT_IMPERSONATE`: nothing has been read from this client yet. Read its request first: the
    ///   identity is that which the client had when it wrote what was read last.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): this is the client's end.
    /// - Otherwise whatever the system reports.
    #[doc(alias = "ImpersonateNamedPipeClient")]
    pub fn impersonate_client(&self) -> io::Result<ImpersonationGuard> {
        impersonate_client(self.as_handle(), self.is_server())
    }

    /// The name of the client's computer; `None` if it is this one. For the server's end.
    /// Microsoft: "GetNamedPipeClientComputerNameW function". Wine 10 does not have the function,
    /// and ends a program that calls it.
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn client_computer_name(&self) -> io::Result<Option<OsString>> {
        pipe::client_computer_name(self.as_handle())
    }

    /// Copies the stream's handle into another process, and gives its value there: a number that
    /// means nothing here and has to be told to that process. Children do not inherit the copy.
    /// Nobody owns it until that process does, by making a stream of it
    /// (`PipeStream::try_from(OwnedHandle)`); if it never learns of the number, the connection
    /// stays open until that process ends. What an asynchronous stream has read ahead or not
    /// written yet is not handed over.
    ///
    /// `process` is a handle of the process, such as a [`Child`](std::process::Child).
    ///
    /// # Errors
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if `process` lacks the right
    /// `PROCESS_DUP_HANDLE`; otherwise whatever the system reports (Microsoft: "DuplicateHandle
    /// function").
    pub fn share_with_process(&self, process: &impl AsHandle) -> io::Result<RawHandle> {
        handle::copy_to_process(self.as_handle(), process.as_handle())
    }
}

/// Acts as the client of a server's end.
pub(super) fn impersonate_client(
    handle: BorrowedHandle<'_>,
    is_server: bool,
) -> io::Result<ImpersonationGuard> {
    if !is_server {
        let message = "cannot act as the client of a named pipe on the client's own end";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    ImpersonationGuard::of_pipe_client(handle)
}

/// The owner of a pipe, seen from either end; `None` if it has none.
pub(super) fn owner(pipe: BorrowedHandle<'_>) -> io::Result<Option<String>> {
    SecurityDescriptor::of_object(&pipe)?.owner()
}

/// The owner of a client's pipe, who is the server's user. Not the user of the process whose ID the
/// pipe keeps: that one may have ended, and its ID may be another's.
pub(super) fn server_user_sid(client: BorrowedHandle<'_>) -> io::Result<String> {
    let unknown = |reason| io::Error::new(io::ErrorKind::PermissionDenied, reason);
    if handle::is_remote(client)? {
        return Err(unknown("the server of the pipe is on another computer"));
    }
    owner(client)?.ok_or_else(|| unknown("the system does not say who owns the pipe"))
}

/// Fails unless the current user, at the current elevation, is the owner of a client's pipe.
pub(super) fn check_server(client: BorrowedHandle<'_>) -> io::Result<()> {
    let (owner, own) = (server_user_sid(client)?, security::current_owner_sid()?);
    if owner == own {
        return Ok(());
    }
    let reason = format!("the owner of the pipe is {owner}, and not {own}, as of what this process makes");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, reason))
}
