use super::{Stream, Target, name_of, targets};
use crate::{
    error::about,
    local_socket::{ListenerNonblockingMode, ListenerOptions, Name},
    os::unix::{
        sys::{fd, file},
        uds::{
            UnixListener, UnixStream, UnlinkOnDrop,
            claim::{self, How},
        },
    },
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

/// A listener whose socket is always in nonblocking mode, so that a thread which lost the race for a connection waits
/// on with its own deadline, and no lock is needed. While connections are waiting, accepting is one system call.
#[derive(Debug)]
pub(in crate::local_socket) struct Listener {
    // Dropped first, and the file removed with it: while the socket lives, no other file has its inode.
    shared: State,
    socket: UnixListener,
}

/// What the blocking and the Tokio listener know of themselves.
#[derive(Debug)]
pub(super) struct State {
    name: Option<Name<'static>>,
    /// Removes the socket's file.
    guard: Option<UnlinkOnDrop>,
    accept_nonblocking: AtomicBool,
    stream_nonblocking: AtomicBool,
    closed: AtomicBool,
    /// The one user whose clients are let in.
    only_user: Option<u32>,
}

/// Listens as the options say. The socket is in nonblocking mode.
pub(super) fn listen(options: ListenerOptions<'_>) -> io::Result<(UnixListener, State)> {
    let name = options.needed_name()?;
    let mode = options.extras.mode.or(options.current_user_only.then_some(0o600));
    let backlog = options.backlog.unwrap_or(UnixListener::DEFAULT_BACKLOG);
    let how = How { mode, backlog, reclaim_stale: options.reclaim_stale, displace: options.try_overwrite };
    let mut result = Err(io::Error::from(io::ErrorKind::NotFound));
    for target in targets(name)? {
        result = match &target {
            Target::Path(path) => claim::listen(path, how),
            Target::Abstract(_) if options.extras.mode.is_some() => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "names in the abstract namespace have no mode; current_user_only works for them",
            )),
            Target::Abstract(address) => {
                UnixListener::bind_addr_with(address, backlog).map(|listener| (listener, None))
            }
        };
        if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            break;
        }
    }
    let (socket, mut guard) = result.map_err(|error| about(format_args!("listen at {name}"), error))?;
    if let Some(kept) = guard.take_if(|_| !options.reclaim_name) {
        kept.keep();
    }
    socket.set_nonblocking(true)?;
    let state = State {
        name: Some(name.clone().into_owned()),
        guard,
        accept_nonblocking: AtomicBool::new(options.nonblocking.accept_nonblocking()),
        stream_nonblocking: AtomicBool::new(options.nonblocking.stream_nonblocking()),
        closed: AtomicBool::new(false),
        only_user: options.current_user_only.then(file::effective_user),
    };
    Ok((socket, state))
}

impl State {
    pub(super) fn of(socket: &UnixListener) -> Self {
        Self {
            name: socket.local_addr().ok().as_ref().and_then(name_of),
            guard: None,
            accept_nonblocking: AtomicBool::new(false),
            stream_nonblocking: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            only_user: None,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(super) fn close(&self, socket: &UnixListener) {
        self.closed.store(true, Ordering::SeqCst);
        if socket.shutdown().is_err() {
            self.wake_by_connecting(socket);
        }
    }

    /// Where `shutdown` wakes nobody, a connection does: one acceptor wakes, sees that the listener is closed, and does
    /// the same for the next.
    fn wake_by_connecting(&self, socket: &UnixListener) {
        if let Ok(address) = socket.local_addr() {
            drop(UnixStream::connect_addr_nonblocking(&address));
        }
    }

    /// Accepts the next client that is let in; `WouldBlock` if nobody is there.
    pub(super) fn accept(
        &self,
        socket: &UnixListener,
        mut attempt: impl FnMut() -> io::Result<UnixStream>,
    ) -> io::Result<UnixStream> {
        loop {
            let accepted = attempt();
            if self.is_closed() {
                if accepted.is_ok() {
                    self.wake_by_connecting(socket);
                }
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "the local socket listener was closed",
                ));
            }
            let stream = accepted?;
            if self.lets_in(&stream)? {
                return Ok(stream);
            }
        }
    }

    fn lets_in(&self, stream: &UnixStream) -> io::Result<bool> {
        let Some(user) = self.only_user else { return Ok(true) };
        let peer = stream.peer_cred()?.uid();
        Ok(peer == user || peer == 0)
    }

    pub(super) fn name(&self) -> Option<Name<'static>> {
        self.name.clone()
    }

    pub(super) fn do_not_reclaim_name_on_drop(&mut self) {
        if let Some(guard) = self.guard.take() {
            guard.keep();
        }
    }
}

impl Listener {
    pub(in crate::local_socket) fn listen(options: ListenerOptions<'_>) -> io::Result<Self> {
        let (socket, shared) = listen(options)?;
        Ok(Self { socket, shared })
    }

    /// Waits for a client until the timeout; without one, as long as the listener's mode says.
    pub(in crate::local_socket) fn accept(&self, timeout: Option<Duration>) -> io::Result<Stream> {
        let no_wait = timeout.is_none() && self.shared.accept_nonblocking.load(Ordering::Relaxed);
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            match self.shared.accept(&self.socket, || self.attempt()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !no_wait => {}
                other => return other,
            }
            if !fd::wait_readable(self.socket.as_fd(), deadline)? {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "no client connected to the local socket before the deadline",
                ));
            }
        }
    }

    fn attempt(&self) -> io::Result<Stream> {
        let accepted = if self.shared.stream_nonblocking.load(Ordering::Relaxed) {
            self.socket.accept_nonblocking_stream()
        } else {
            self.socket.accept()
        };
        accepted.map(|(stream, _)| stream)
    }

    pub(in crate::local_socket) fn set_nonblocking(&self, mode: ListenerNonblockingMode) -> io::Result<()> {
        self.shared.accept_nonblocking.store(mode.accept_nonblocking(), Ordering::Relaxed);
        self.shared.stream_nonblocking.store(mode.stream_nonblocking(), Ordering::Relaxed);
        Ok(())
    }

    pub(in crate::local_socket) fn close(&self) {
        self.shared.close(&self.socket);
    }

    pub(in crate::local_socket) fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    pub(in crate::local_socket) fn local_name(&self) -> Option<Name<'static>> {
        self.shared.name()
    }

    pub(in crate::local_socket) fn do_not_reclaim_name_on_drop(&mut self) {
        self.shared.do_not_reclaim_name_on_drop();
    }

    pub(super) fn from_socket(socket: UnixListener) -> Self {
        let shared = State::of(&socket);
        // What the socket was asked for stays true, although the socket itself is nonblocking from now on.
        let nonblocking = fd::is_nonblocking(socket.as_fd()).unwrap_or(false);
        shared.accept_nonblocking.store(nonblocking, Ordering::Relaxed);
        // A descriptor that is not open cannot be owned, and FIONBIO fails for no other reason.
        let _ = socket.set_nonblocking(true);
        Self { socket, shared }
    }

    /// Gives the socket in the mode that was asked for. Its file stays.
    pub(super) fn into_socket(mut self) -> UnixListener {
        self.shared.do_not_reclaim_name_on_drop();
        let _ = self.socket.set_nonblocking(self.shared.accept_nonblocking.load(Ordering::Relaxed));
        self.socket
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
