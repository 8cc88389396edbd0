//! How to connect, and what a client lets its server do.

use super::{PipeStream, connect::Attempts, name::PipePath, pipe_mode::PipeModeTag, raw::RawPipe};
use crate::{
    ConnectWaitMode,
    os::windows::sys::pipe::{Exposure, Level},
};
use std::{ffi::OsStr, io};

/// What a server may do with the identity of a client (Microsoft: "Impersonation Levels").
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImpersonationLevel {
    /// Nothing: it does not learn who the client is. Servers on other computers may take this for the next level.
    Anonymous,
    /// Find out who the client is and what rights it has. It cannot act as the client.
    #[default]
    Identification,
    /// Act as the client on the server's computer. For servers that the client trusts: it can do there all that the client
    /// can. What a server of less rights than the client gets by it is a level lower, see
    /// [`impersonate_client`](PipeStream::impersonate_client).
    Impersonation,
    /// Act as the client on further computers as well, if the domain allows it.
    Delegation,
}

/// How to connect to a named pipe: how long to wait, who the server must be, and what it may do in this user's name.
///
/// ```no_run
/// use interprocess::os::windows::named_pipe::{
///     ConnectOptions, DuplexPipeStream, ImpersonationLevel, pipe_mode::Bytes,
/// };
///
/// # fn main() -> std::io::Result<()> {
/// let options = ConnectOptions::new().impersonation_level(ImpersonationLevel::Impersonation);
/// let stream = DuplexPipeStream::<Bytes>::connect_with(r"\\.\pipe\example", &options)?;
/// # drop(stream);
/// # Ok(()) }
/// ```
#[derive(Copy, Clone, Debug)]
#[must_use]
pub struct ConnectOptions {
    wait_mode: ConnectWaitMode,
    level: ImpersonationLevel,
    tracking: bool,
    effective_only: bool,
    current_user_only: bool,
}

impl ConnectOptions {
    /// Those of [`connect_by_path`](PipeStream::connect_by_path): wait as long as all instances are busy, and let the server
    /// find out who the client is.
    pub fn new() -> Self {
        Self {
            wait_mode: ConnectWaitMode::Unbounded,
            level: ImpersonationLevel::Identification,
            tracking: false,
            effective_only: false,
            current_user_only: false,
        }
    }

    /// How to wait while all instances of the pipe are busy.
    pub fn wait_mode(mut self, wait_mode: ConnectWaitMode) -> Self {
        self.wait_mode = wait_mode;
        self
    }

    /// What the server may do with this user's identity.
    pub fn impersonation_level(mut self, level: ImpersonationLevel) -> Self {
        self.level = level;
        self
    }

    /// Whether the server sees who the client is at each moment, and not who it was when it connected
    /// (`SECURITY_CONTEXT_TRACKING`). Not with servers on other computers. No, unless asked for.
    pub fn context_tracking(mut self, tracking: bool) -> Self {
        self.tracking = tracking;
        self
    }

    /// Whether the server gets only those privileges and groups that are enabled, and cannot enable others
    /// (`SECURITY_EFFECTIVE_ONLY`). No, unless asked for.
    pub fn effective_only(mut self, effective_only: bool) -> Self {
        self.effective_only = effective_only;
        self
    }

    /// Sets whether the server must be of the current user, at the current elevation. Default: any server.
    ///
    /// Any process can create a pipe of any name that is free, and so take a server's place. With this option, connecting
    /// succeeds only if the owner of the pipe is the owner that objects of the calling thread have: the user, or
    /// `BUILTIN\Administrators` if the thread is elevated (as with .NET's `PipeOptions.CurrentUserOnly`). The owner belongs to
    /// the pipe and outlives the process that created it, unlike a process ID. A user who is not an administrator cannot
    /// create a pipe that another one owns (Microsoft: "Owner of a New Object").
    ///
    /// The check takes place before any data is sent. A pipe whose owner the system does not report, and one of another
    /// computer, are refused. The counterpart for servers is
    /// [`SecurityDescriptor::current_user_only`](crate::os::windows::security_descriptor::SecurityDescriptor::current_user_only).
    ///
    /// # Errors
    /// Connecting fails with [`PermissionDenied`](io::ErrorKind::PermissionDenied) if the pipe has another owner.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::windows::{
    ///     named_pipe::{ConnectOptions, DuplexPipeStream, PipeListenerOptions, pipe_mode::Bytes},
    ///     security_descriptor::SecurityDescriptor,
    /// };
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let path = r"\\.\pipe\example";
    /// # let path = format!("{path}-{}", std::process::id());
    /// let listener = PipeListenerOptions::new()
    ///     .path(&path)
    ///     .security_descriptor(Some(SecurityDescriptor::current_user_only()?))
    ///     .create_duplex::<Bytes>()?;
    ///
    /// let options = ConnectOptions::new().current_user_only(true);
    /// let stream = DuplexPipeStream::<Bytes>::connect_with(&path, &options)?;
    /// # drop((listener, stream));
    /// # Ok(()) }
    /// ```
    pub fn current_user_only(mut self, current_user_only: bool) -> Self {
        self.current_user_only = current_user_only;
        self
    }

    /// The attempts to connect in this way.
    pub(super) fn attempts<'a, Rm: PipeModeTag, Sm: PipeModeTag>(&self, path: &'a PipePath) -> Attempts<'a> {
        let level = match self.level {
            ImpersonationLevel::Anonymous => Level::Anonymous,
            ImpersonationLevel::Identification => Level::Identification,
            ImpersonationLevel::Impersonation => Level::Impersonation,
            ImpersonationLevel::Delegation => Level::Delegation,
        };
        let (tracking, effective_only) = (self.tracking, self.effective_only);
        Attempts::new(path, Rm::MODE, Sm::MODE, self.wait_mode)
            .exposing(Exposure { level, tracking, effective_only })
            .requiring_current_user(self.current_user_only)
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeStream<Rm, Sm> {
    /// Connects to the named pipe at `path` (`\\.\pipe\NAME`, or `\\HOST\pipe\NAME` for another computer's) as `options`
    /// say.
    ///
    /// # Errors
    /// Those of [`connect_by_path_with_wait_mode`](Self::connect_by_path_with_wait_mode).
    pub fn connect_with(path: impl AsRef<OsStr>, options: &ConnectOptions) -> io::Result<Self> {
        let path = PipePath::for_operation(path.as_ref(), "connect to named pipe")?;
        let handle = options.attempts::<Rm, Sm>(&path).connect()?;
        Ok(Self::from_raw(RawPipe::new(handle, false)))
    }
}
