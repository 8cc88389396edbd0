//! What listeners for both kinds of connections have in common: accepting with deadlines, and being closed meanwhile.

use super::{SocketAddr, UnlinkSocket, connection};
use crate::{
    error::{self, about},
    os::unix::sys::{
        closing::{Closing, Readiness, Waited},
        fd,
        socket::{self, Kind},
    },
    sync::{Mutex, RwLock},
    time::Deadline,
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// An accepted connection.
pub(crate) type Accepted = (OwnedFd, SocketAddr);

/// How to look for a connection.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// With as few calls as possible.
    Quickly,
    /// The descriptor was found readable before, which it also is for ever once another process has shut the socket down.
    WasReady,
    /// The caller has made sure that the description is in nonblocking mode.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code))]
    Nonblocking,
}

/// How long to wait for a connection.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Wait {
    /// As the listener's mode says.
    AsMode,
    /// In nonblocking mode too. `None`: without a limit.
    Until(Deadline),
}

/// A listening socket.
pub(crate) struct Listening {
    // Dropped first, and the file removed with it: while the socket lives, no other file has its inode.
    unlink: Option<UnlinkSocket>,
    socket: OwnedFd,
    description: Arc<Description>,
    closing: Closing,
    /// Connections that were accepted, but could not be handed to the caller. They come first.
    returned: Mutex<Vec<Accepted>>,
    has_returned: AtomicBool,
}

/// What the objects of one open file description know of it.
struct Description {
    mode: RwLock<Mode>,
    /// Held by the thread that accepts while the description may be in blocking mode: between finding a connection and
    /// accepting it, no other thread of this process takes it.
    turn: Mutex<()>,
}

/// `O_NONBLOCK` belongs to the description, and so to all processes and objects that share it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Mode {
    /// Nothing outside this module has the description. It is in nonblocking mode, so that accepting takes one system call
    /// and never blocks in it, whatever mode was asked for.
    Private { nonblocking: bool },
    /// Others may have the description. It is in the mode that was asked for, or that they have set.
    Shared,
}

impl Description {
    fn mode(&self) -> Mode {
        *self.mode.read()
    }
}

impl Listening {
    /// Takes a socket that was made here, in blocking mode.
    pub(crate) fn made(socket: OwnedFd) -> Self {
        let is_private = fd::set_nonblocking(socket.as_fd(), true).is_ok();
        Self::new(socket, if is_private { Mode::Private { nonblocking: false } } else { Mode::Shared })
    }

    /// Takes a socket that comes from elsewhere.
    pub(crate) fn adopted(socket: OwnedFd) -> Self {
        Self::new(socket, Mode::Shared)
    }

    fn new(socket: OwnedFd, mode: Mode) -> Self {
        let description = Arc::new(Description { mode: RwLock::new(mode), turn: Mutex::new(()) });
        Self::of(socket, description)
    }

    fn of(socket: OwnedFd, description: Arc<Description>) -> Self {
        Self {
            unlink: None,
            socket,
            description,
            closing: Closing::default(),
            returned: Mutex::default(),
            has_returned: AtomicBool::new(false),
        }
    }

    /// Borrows the descriptor for a call that has nothing to do with the description's mode.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Borrows the descriptor for code outside this crate, in the mode that was asked for.
    pub(crate) fn share(&self) -> BorrowedFd<'_> {
        if self.description.mode() != Mode::Shared {
            let mut mode = self.description.mode.write();
            if self.is_closed() {
                return self.socket();
            }
            if *mode == (Mode::Private { nonblocking: false }) {
                // FIONBIO has worked on this description before.
                let _ = fd::set_nonblocking(self.socket(), false);
            }
            *mode = Mode::Shared;
        }
        self.socket()
    }

    /// Removes the socket's file when this is dropped.
    pub(super) fn unlink_on_drop(&mut self, unlink: UnlinkSocket) {
        self.unlink = Some(unlink);
    }

    /// Leaves removing the socket's file to the caller.
    pub(super) fn take_unlink(&mut self) -> Option<UnlinkSocket> {
        self.unlink.take()
    }

    /// Returns the descriptor in the mode that was asked for. The socket's file stays.
    pub(crate) fn into_socket(self) -> OwnedFd {
        self.share();
        if let Some(unlink) = self.unlink {
            unlink.keep();
        }
        self.socket
    }

    /// Whether others may have the description.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_shared(&self) -> bool {
        self.description.mode() == Mode::Shared
    }

    /// Sets nonblocking mode for a description that nothing else has.
    #[cfg(feature = "tokio")]
    pub(crate) fn set_nonblocking_if_private(&self) -> bool {
        let mut mode = self.description.mode.write();
        if *mode != Mode::Shared {
            *mode = Mode::Private { nonblocking: true };
        }
        *mode != Mode::Shared
    }

    /// Returns a second descriptor of the same socket, for use in this crate.
    #[cfg(feature = "tokio")]
    pub(crate) fn duplicate(&self) -> io::Result<OwnedFd> {
        fd::duplicate(self.socket())
    }

    /// Returns a second object of the same socket, which is closed for itself.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let socket = fd::duplicate(self.socket())
            .map_err(|error| about(format_args!("clone the listener at {}", self.place()), error))?;
        Ok(Self::of(socket, Arc::clone(&self.description)))
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        socket::local_addr(self.socket()).map(SocketAddr)
    }

    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        socket::take_error(self.socket())
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        let mut mode = self.description.mode.write();
        match &mut *mode {
            _ if self.is_closed() => Ok(()),
            Mode::Private { nonblocking: asked } => {
                *asked = nonblocking;
                Ok(())
            }
            Mode::Shared => fd::set_nonblocking(self.socket(), nonblocking),
        }
    }

    pub(crate) fn is_nonblocking(&self) -> io::Result<bool> {
        match self.description.mode() {
            Mode::Private { nonblocking } => Ok(nonblocking),
            Mode::Shared => fd::is_nonblocking(self.socket()),
        }
    }

    /// Shuts the socket down for all who share it.
    pub(crate) fn shutdown(&self) -> io::Result<()> {
        // Only a shared description is looked at more closely before it is said that nobody is there.
        self.share();
        socket::end_listening(self.socket())
            .map_err(|error| about(format_args!("shut down the listener at {}", self.place()), error))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closing.is_closed()
    }

    /// Gives the socket up: connections that wait in its queue end, and later ones are refused, unless others share it.
    /// Nothing changes for those.
    pub(crate) fn close(&self) {
        if self.is_closed() {
            return;
        }
        self.closing.close();
        self.returned.lock().clear();
        // The descriptor stays open, since other threads may be using its number. If the table of descriptors is full,
        // the socket is given up when the listener is dropped.
        if let Ok(unbound) = socket::socket(Kind::Stream, true) {
            // The description is that of clones from now on.
            let _mode = self.description.mode.write();
            let _ = fd::replace(self.socket(), unbound.as_fd());
        }
    }

    pub(crate) fn closed(&self) -> io::Error {
        error::closed("listener")
    }

    /// Waits for a connection, which is to be in blocking or nonblocking mode itself.
    pub(crate) fn accept(&self, wait: Wait, nonblocking: bool) -> io::Result<Accepted> {
        let mut how = Attempt::Quickly;
        loop {
            if let Some(accepted) = self.attempt(nonblocking, how)? {
                return Ok(accepted);
            }
            let deadline = match wait {
                Wait::Until(deadline) => deadline,
                // Asked in this order: once the listener is closed, the mode is that of another socket.
                Wait::AsMode if self.is_nonblocking()? && !self.is_closed() => {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Wait::AsMode => Deadline::after(None),
            };
            match self.closing.wait(self.socket(), Readiness::Readable, deadline)? {
                Waited::Ready => how = Attempt::WasReady,
                Waited::Closed => return Err(self.closed()),
                Waited::TimedOut => {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        format!("no connection to {} came before the deadline", self.place()),
                    ));
                }
            }
        }
    }

    /// Accepts a connection that is there.
    pub(crate) fn attempt(&self, nonblocking: bool, how: Attempt) -> io::Result<Option<Accepted>> {
        if self.is_closed() {
            return Err(self.closed());
        }
        if let Some((socket, peer)) = self.take_returned() {
            let _ = fd::set_nonblocking(socket.as_fd(), nonblocking);
            return Ok(Some((socket, peer)));
        }
        match self.attempt_as_mode(nonblocking, how) {
            Ok(None) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(_) if self.is_closed() => Err(self.closed()),
            other => {
                other.map_err(|error| about(format_args!("accept a connection to {}", self.place()), error))
            }
        }
    }

    fn attempt_as_mode(&self, nonblocking: bool, how: Attempt) -> io::Result<Option<Accepted>> {
        {
            let mode = self.description.mode.read();
            // With the lock held, the description of a private socket stays in nonblocking mode.
            match (*mode, how) {
                (Mode::Private { .. }, Attempt::WasReady) => return self.accept_if_ready(nonblocking),
                (Mode::Private { .. }, _) | (_, Attempt::Nonblocking) => return self.accept_now(nonblocking),
                (Mode::Shared, _) => {}
            }
        }
        match self.description.turn.try_lock() {
            Some(_turn) => self.accept_if_ready(nonblocking),
            None if fd::is_nonblocking(self.socket())? => self.accept_now(nonblocking),
            None => {
                // That thread is about to take the connection that woke this one.
                thread::yield_now();
                Ok(None)
            }
        }
    }

    fn accept_now(&self, nonblocking: bool) -> io::Result<Option<Accepted>> {
        connection::accept(self.socket(), nonblocking).map(Some)
    }

    fn accept_if_ready(&self, nonblocking: bool) -> io::Result<Option<Accepted>> {
        let Some(is_hung_up) = socket::poll_listener(self.socket())? else { return Ok(None) };
        match self.accept_now(nonblocking) {
            Err(error) if is_hung_up && error.kind() == io::ErrorKind::WouldBlock => Err(shut_down()),
            other => other,
        }
    }

    /// Gives back a connection that could not be handed to the caller: the next attempt returns it.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code))]
    pub(crate) fn put_back(&self, accepted: Accepted) {
        let mut returned = self.returned.lock();
        if !self.is_closed() {
            returned.push(accepted);
            self.has_returned.store(true, Ordering::Release);
        }
    }

    pub(crate) fn take_returned(&self) -> Option<Accepted> {
        if !self.has_returned.load(Ordering::Acquire) {
            return None;
        }
        let mut returned = self.returned.lock();
        let accepted = returned.pop();
        self.has_returned.store(!returned.is_empty(), Ordering::Release);
        accepted
    }

    /// Where it listens, for messages.
    fn place(&self) -> String {
        self.local_addr().map_or_else(|_| "an unknown address".into(), |address| format!("{address:?}"))
    }

    pub(crate) fn debug(&self, name: &str, f: &mut Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct(name);
        fields.field("fd", &self.socket.as_raw_fd());
        if let Ok(local) = self.local_addr() {
            fields.field("local", &local);
        }
        if self.is_closed() {
            fields.field("closed", &true);
        }
        fields.finish()
    }
}

impl Debug for Listening {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.debug("Listening", f)
    }
}

/// Linux says of a socket that was shut down that there is something to accept, and when asked, that there is nothing yet.
pub(crate) fn shut_down() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the listening socket was shut down")
}
