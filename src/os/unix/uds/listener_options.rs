use super::{
    UnixListener,
    path_claim::{self, ClaimOptions},
};
use std::{io, path::Path};

/// Options for listening at a path: the file's mode, the backlog, stale sockets, and removing the file.
///
/// Without options, [`bind`](Self::bind) is [`UnixListener::bind`], which does what std does.
///
/// # Examples
/// ```
/// use interprocess::os::unix::uds::{ListenerOptions, UnixStream};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("interprocess-doc-options-{}", std::process::id()));
/// let options = ListenerOptions::new().mode(0o660).backlog(64).reclaim_stale(true).unlink_on_drop(true);
/// let listener = options.bind(&path)?;
/// let client = UnixStream::connect(&path)?;
/// # drop(client);
/// drop(listener);
/// assert!(!path.exists());
/// # Ok(())
/// # }
/// ```
///
/// A listener on a Tokio runtime is made from the blocking one, with all that was set:
/// `tokio::UnixListener::try_from(options.bind(&path)?)`.
#[derive(Clone, Debug)]
#[must_use = "options do nothing until a listener is made from them"]
pub struct ListenerOptions {
    mode: Option<u32>,
    backlog: u32,
    reclaim_stale: bool,
    unlink_on_drop: bool,
}

impl ListenerOptions {
    /// Creates the defaults.
    pub fn new() -> Self {
        Self {
            mode: None,
            backlog: UnixListener::DEFAULT_BACKLOG,
            reclaim_stale: false,
            unlink_on_drop: false,
        }
    }

    /// Sets the mode of the socket's file, whatever the umask is; see [`UnixListener::bind_with`]. Default: 0777 without the
    /// bits of the umask.
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sets how many connections can wait to be accepted. Default: [`UnixListener::DEFAULT_BACKLOG`].
    pub fn backlog(mut self, backlog: u32) -> Self {
        self.backlog = backlog;
        self
    }

    /// Sets whether the path of a socket is taken over whose listener is gone. Default: `false`, such a path is in use.
    ///
    /// An empty file `.NAME.interprocess-lock` beside the socket is locked meanwhile, so that one of several servers that
    /// start at the same time wins. A living socket is left alone.
    pub fn reclaim_stale(mut self, reclaim_stale: bool) -> Self {
        self.reclaim_stale = reclaim_stale;
        self
    }

    /// Sets whether the socket's file is removed when the listener is dropped. Default: `false`.
    ///
    /// A file that is not the listener's own any more is left alone, and so is every file if the listener is converted to an
    /// [`OwnedFd`](std::os::fd::OwnedFd) or std's type, or dropped in a child by fork(2). See
    /// [`UnlinkSocket`](super::UnlinkSocket).
    pub fn unlink_on_drop(mut self, unlink_on_drop: bool) -> Self {
        self.unlink_on_drop = unlink_on_drop;
        self
    }

    /// Makes the socket's file and listens.
    ///
    /// # Errors
    /// As for [`UnixListener::bind_with`]. With `reclaim_stale` or `unlink_on_drop`:
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): another process is listening at the path, or about to.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): there is a file at the path that is not a socket.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): there is a stale socket, and the file system has no locks.
    pub fn bind<P: AsRef<Path>>(&self, path: P) -> io::Result<UnixListener> {
        let Self { mode, backlog, reclaim_stale, unlink_on_drop } = *self;
        let path = path.as_ref();
        if !reclaim_stale && !unlink_on_drop {
            return UnixListener::bind_with(path, mode, backlog);
        }
        let (listener, file) =
            path_claim::listen(path, ClaimOptions { mode, backlog, reclaim_stale, displace: false })?;
        let Some(file) = file else { return Ok(listener) };
        if !unlink_on_drop {
            file.keep();
            return Ok(listener);
        }
        let mut listening = listener.into_listening();
        listening.unlink_on_drop(file);
        Ok(UnixListener::of(listening))
    }
}

impl Default for ListenerOptions {
    fn default() -> Self {
        Self::new()
    }
}
