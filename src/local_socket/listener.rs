use super::{Incoming, ListenerOptions, Name, Stream, platform};
use std::{io, time::Duration};

/// A local socket that waits for clients. Made by [`ListenerOptions`].
///
/// Several threads may accept from one listener at the same time; no lock is held while they wait.
#[doc(alias("server", "UnixListener", "NamedPipeServer"))]
#[derive(Debug)]
#[must_use = "the listener is closed when this is dropped"]
pub struct Listener(pub(super) platform::Listener);

impl Listener {
    /// Makes a listener; the same as [`ListenerOptions::create_sync`].
    ///
    /// # Errors
    /// As there.
    pub fn from_options(options: ListenerOptions<'_>) -> io::Result<Self> {
        options.create_sync()
    }

    /// Waits for a client.
    ///
    /// A client that has connected and left again is accepted like any other: reads return what it wrote, then the end. On
    /// Windows, one that wrote nothing is passed over.
    ///
    /// # Errors
    /// - `WouldBlock`: accepting is nonblocking and nobody is there.
    /// - `ConnectionAborted`: the listener was [closed](Self::close).
    /// - The limit of open descriptors or handles: back off then; the client stays in the queue.
    pub fn accept(&self) -> io::Result<Stream> {
        self.0.accept(None).map(Stream)
    }

    /// Waits for a client, at most `timeout`, also in nonblocking mode.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept), and `TimedOut`.
    pub fn accept_timeout(&self, timeout: Duration) -> io::Result<Stream> {
        self.0.accept(Some(timeout)).map(Stream)
    }

    /// Accepts again and again, until the listener is closed.
    pub fn incoming(&self) -> Incoming<'_, Self> {
        self.into()
    }

    /// Whether accepting, and what streams do that are accepted from now on, fails with `WouldBlock` instead of waiting.
    ///
    /// On Unix, a descriptor that is borrowed from the listener, or taken out of it, is in the mode set here. If others share
    /// the socket, its mode is theirs too.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set_nonblocking(&self, nonblocking: ListenerNonblockingMode) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Closes the listener, and wakes all threads that are blocked in [`accept`](Self::accept): they fail with
    /// `ConnectionAborted`, and so does every later attempt.
    ///
    /// Clients that are connected but not accepted see the end of the connection, and later ones are refused. A client that is
    /// being accepted at the same time may still be returned.
    ///
    /// # Platform-specific behavior
    /// On Unix, a socket that others share, such as a child or the supervisor that has made it, goes on listening for them:
    /// nothing of it is changed. The socket file is removed when the listener is dropped. On Windows the name is free at once,
    /// unless an accepted stream still lives.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether the listener was [closed](Self::close).
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// The name it listens at. `None` if it was made from a descriptor that has none.
    pub fn local_name(&self) -> Option<Name<'static>> {
        self.0.local_name()
    }

    /// Leaves a socket file where it is when the listener is dropped.
    pub fn do_not_reclaim_name_on_drop(&mut self) {
        self.0.do_not_reclaim_name_on_drop();
    }
}

/// What of a listener is in nonblocking mode.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ListenerNonblockingMode {
    /// Nothing: accepting waits, and so do the accepted streams.
    #[default]
    Neither,
    /// Accepting.
    Accept,
    /// The accepted streams.
    Stream,
    /// Accepting, and the accepted streams.
    Both,
}

impl ListenerNonblockingMode {
    /// The mode for two answers.
    pub const fn from_bool(accept: bool, stream: bool) -> Self {
        match (accept, stream) {
            (false, false) => Self::Neither,
            (true, false) => Self::Accept,
            (false, true) => Self::Stream,
            (true, true) => Self::Both,
        }
    }

    /// Whether accepting is nonblocking.
    pub const fn accept_nonblocking(self) -> bool {
        matches!(self, Self::Accept | Self::Both)
    }

    /// Whether accepted streams are nonblocking.
    pub const fn stream_nonblocking(self) -> bool {
        matches!(self, Self::Stream | Self::Both)
    }
}

impl<'a> IntoIterator for &'a Listener {
    type Item = io::Result<Stream>;
    type IntoIter = Incoming<'a, Listener>;

    fn into_iter(self) -> Self::IntoIter {
        self.incoming()
    }
}
