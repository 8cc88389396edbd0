use super::{Listener, ListenerNonblockingMode, Name, Stream, absence::Absence, platform};
use crate::{ConnectWaitMode, TryClone};
use std::{io, time::Duration};

/// How to make a listener.
///
/// Options that only one platform has are in `os::unix::local_socket::ListenerOptionsExt` (the file's mode) and
/// `os::windows::local_socket::ListenerOptionsExt` (the security descriptor).
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a listener is made from them"]
pub struct ListenerOptions<'n> {
    pub(super) name: Option<Name<'n>>,
    pub(super) nonblocking: ListenerNonblockingMode,
    pub(super) backlog: Option<u32>,
    pub(super) reclaim_name: bool,
    pub(super) reclaim_stale: bool,
    pub(super) try_overwrite: bool,
    pub(super) current_user_only: bool,
    pub(super) extras: platform::ListenerExtras,
}

impl<'n> ListenerOptions<'n> {
    /// The defaults, without a name, which must be set.
    pub fn new() -> Self {
        Self {
            name: None,
            nonblocking: ListenerNonblockingMode::Neither,
            backlog: None,
            reclaim_name: true,
            reclaim_stale: true,
            try_overwrite: false,
            current_user_only: false,
            extras: platform::ListenerExtras::default(),
        }
    }

    /// Sets the name to listen at, a [`Name`] or a `&Name`.
    pub fn name(mut self, name: impl Into<Name<'n>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether accepting, and what the accepted streams do, fails with `WouldBlock` instead of waiting. Neither is the
    /// default. Tokio listeners take no notice.
    pub fn nonblocking(mut self, nonblocking: ListenerNonblockingMode) -> Self {
        self.nonblocking = nonblocking;
        self
    }

    /// How many clients can be connected before they are accepted. Unix: `listen`'s backlog, 4,096 by default, lowered
    /// by the system to its own limit. Windows: how many instances of the pipe wait for clients, 4 by default, 60 at
    /// most.
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.backlog = Some(backlog);
        self
    }

    /// Whether a socket file is removed when the listener is dropped; it is by default. A file that is not the
    /// listener's own any more, because somebody took its path over, is left alone.
    pub fn reclaim_name(mut self, reclaim_name: bool) -> Self {
        self.reclaim_name = reclaim_name;
        self
    }

    /// Whether a socket file whose listener is gone is taken over; it is by default. See the
    /// [module's page](super#servers-that-died) for how. Without this, such a file is `AddrInUse`.
    ///
    /// Taking over needs a file system with locks (flock(2)); on one without, it fails with `Unsupported`, and listening at
    /// a path that is free works.
    #[doc(alias("EADDRINUSE", "unlink"))]
    pub fn reclaim_stale(mut self, reclaim_stale: bool) -> Self {
        self.reclaim_stale = reclaim_stale;
        self
    }

    /// Whether the path of a listener that lives is taken over too; it is not by default. The displaced listener gets no
    /// more clients and, when it is dropped, leaves its successor's socket alone. A file that is not a socket is never
    /// touched: `AlreadyExists`. Abstract names and Windows pipes cannot be displaced.
    ///
    /// The old socket is moved aside before the new one is bound, so that a client which connects in between gets
    /// `NotFound` or `ConnectionRefused`. It gets its name back if the new one cannot be bound.
    pub fn try_overwrite(mut self, try_overwrite: bool) -> Self {
        self.try_overwrite = try_overwrite;
        self
    }

    /// Whether only processes of the same user can connect; anybody with access to the name can by default, on Windows also
    /// administrators and the system.
    ///
    /// Socket files get the mode 0600 (which counts on Linux and current systems; some old ones ignore it); at abstract
    /// names, which have no permissions, clients of other users but root are turned away when they are accepted; pipes
    /// get a security descriptor for the user and the system, with which a process that is not elevated cannot connect to an
    /// elevated one of the same user (`SecurityDescriptor::current_user_only`).
    ///
    /// Clients require a server of their own user by [`ConnectOptions::current_user_only`].
    pub fn current_user_only(mut self, current_user_only: bool) -> Self {
        self.current_user_only = current_user_only;
        self
    }

    /// Makes the listener.
    ///
    /// # Errors
    /// - `AddrInUse`: another process listens at the name, is about to, or it cannot be told. With `reclaim_stale(false)`
    ///   also a stale socket.
    /// - `AlreadyExists`: there is a file at the path that is not a socket.
    /// - `InvalidInput`: no name was set, or an option does not fit it.
    /// - `NotFound`: the directory of the path does not exist.
    /// - `Unsupported`: the file system has no locks, and a stale socket is to be taken over.
    /// - `PermissionDenied`: the folder, the lock or the pipe's name is not for this user.
    #[doc(alias("bind", "listen"))]
    pub fn create_sync(self) -> io::Result<Listener> {
        platform::Listener::listen(self).map(Listener)
    }

    pub(super) fn needed_name(&self) -> io::Result<&Name<'n>> {
        self.name.as_ref().ok_or_else(|| no_name("listener"))
    }
}

impl TryClone for ListenerOptions<'_> {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

impl Default for ListenerOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// How to connect.
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a stream is made from them"]
pub struct ConnectOptions<'n> {
    pub(super) name: Option<Name<'n>>,
    pub(super) wait_mode: ConnectWaitMode,
    pub(super) nonblocking_stream: bool,
    pub(super) current_user_only: bool,
    pub(super) wait_for_listener: Option<Duration>,
}

impl<'n> ConnectOptions<'n> {
    /// The defaults, without a name, which must be set.
    pub fn new() -> Self {
        Self {
            name: None,
            wait_mode: ConnectWaitMode::Unbounded,
            nonblocking_stream: false,
            current_user_only: false,
            wait_for_listener: None,
        }
    }

    /// Sets the name of the listener to connect to, a [`Name`] or a `&Name`.
    pub fn name(mut self, name: impl Into<Name<'n>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How long to wait for a listener that is there but busy; without end by default.
    pub fn wait_mode(mut self, wait_mode: ConnectWaitMode) -> Self {
        self.wait_mode = wait_mode;
        self
    }

    /// Whether the stream, once connected, fails with `WouldBlock` instead of waiting. Tokio streams take no notice.
    pub fn nonblocking_stream(mut self, nonblocking: bool) -> Self {
        self.nonblocking_stream = nonblocking;
        self
    }

    /// Sets how long to wait for a listener that does not exist yet. Default: not at all.
    ///
    /// Connecting is attempted again while there is no listener at the name, as [`is_no_listener`](super::is_no_listener)
    /// has it, and fails with [`TimedOut`](io::ErrorKind::TimedOut) after `timeout`. A client that starts its server, or is
    /// started together with it, so needs no loop. [`wait_mode`](Self::wait_mode) is about listeners that exist, and its time
    /// begins when there is one.
    ///
    /// No system reports a new listener in all cases, so attempts are repeated after 1 ms at first and after 20 ms in the end.
    /// Under Tokio, this does not need the runtime's timer.
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::{ConnectOptions, ListenerOptions, Name};
    /// use std::{thread, time::Duration};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let unique = format!("interprocess-doc-wait-for-listener-{}", std::process::id());
    /// let name = Name::namespaced("example.sock")?;
    /// # let name = Name::namespaced(&unique)?;
    /// let options = ConnectOptions::new().name(&name);
    /// thread::scope(|scope| {
    ///     let client =
    ///         scope.spawn(|| options.wait_for_listener(Duration::from_secs(60)).connect_sync());
    ///     let listener = ListenerOptions::new().name(&name).create_sync()?;
    ///     let stream = client.join().unwrap()?;
    /// #   drop((listener, stream));
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn wait_for_listener(mut self, timeout: Duration) -> Self {
        self.wait_for_listener = Some(timeout);
        self
    }

    /// Sets whether the server must be of the same user. Default: any server.
    ///
    /// A process of another user may have taken the name before the server did. With this option, such a server is refused
    /// with `PermissionDenied` before any data is sent, and so is one whose user the system does not report or that belongs to
    /// root.
    ///
    /// # Platform-specific behavior
    /// On Unix, the effective user ID of this process is compared with that of the process that began to listen
    /// (`SO_PEERCRED` in unix(7); `LOCAL_PEERCRED`, `LOCAL_PEEREID` and getpeerucred(3) elsewhere). A socket that systemd or
    /// another supervisor made for its service belongs to the supervisor's user.
    ///
    /// On Windows, the owner of the pipe is compared with the owner that objects of this thread have: processes of the same
    /// user match if both are elevated or neither is, see `os::windows::named_pipe::ConnectOptions::current_user_only`.
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::{ConnectOptions, ListenerOptions, Name};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let unique = format!("interprocess-doc-own-server-{}", std::process::id());
    /// let name = Name::namespaced("example.sock")?;
    /// # let name = Name::namespaced(&unique)?;
    /// let listener =
    ///     ListenerOptions::new().name(&name).current_user_only(true).create_sync()?;
    /// let stream = ConnectOptions::new().name(&name).current_user_only(true).connect_sync()?;
    /// # drop((listener, stream));
    /// # Ok(()) }
    /// ```
    pub fn current_user_only(mut self, current_user_only: bool) -> Self {
        self.current_user_only = current_user_only;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// - `NotFound`: there is no such name. `ConnectionRefused`: there is, but nobody listens (any more).
    /// - `TimedOut`, `WouldBlock`: see [`ConnectWaitMode`] and [`wait_for_listener`](Self::wait_for_listener).
    /// - `InvalidInput`: no name was set, or the path names something that is not a socket.
    /// - `PermissionDenied`: the name is not for this user, or the server is not of it
    ///   ([`current_user_only`](Self::current_user_only)).
    pub fn connect_sync(&self) -> io::Result<Stream> {
        let mut absence = Absence::new(self.wait_for_listener);
        loop {
            match platform::connect(self) {
                Ok(stream) => return Ok(Stream(stream)),
                Err(error) => platform::pause(absence.after(error, self.name.as_ref())?),
            }
        }
    }

    pub(super) fn needed_name(&self) -> io::Result<&Name<'n>> {
        self.name.as_ref().ok_or_else(|| no_name("connection"))
    }
}

impl TryClone for ConnectOptions<'_> {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}

impl Default for ConnectOptions<'_> {
    fn default() -> Self {
        Self::new()
    }
}

fn no_name(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("the local socket {what} was given no name"))
}
