use super::{Stream, Target, name_of, targets};
use crate::{
    error::about,
    local_socket::{ListenerNonblockingMode, ListenerOptions, Name, name::Kind},
    os::unix::{
        sys::{identity, peer},
        uds::{
            UnixListener, UnlinkSocket,
            listening::Wait,
            path_claim::{self, ClaimOptions},
        },
    },
    time::Deadline,
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

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
    guard: Option<UnlinkSocket>,
    stream_nonblocking: AtomicBool,
    /// The one user whose clients are let in.
    only_user: Option<u32>,
}

/// Listens as the options say.
pub(super) fn listen(options: ListenerOptions<'_>) -> io::Result<(UnixListener, State)> {
    let name = options.needed_name()?;
    let mode = options.extras.mode.or(options.current_user_only.then_some(0o600));
    let backlog = options.backlog.unwrap_or(UnixListener::DEFAULT_BACKLOG);
    let how =
        ClaimOptions { mode, backlog, reclaim_stale: options.reclaim_stale, displace: options.try_overwrite };
    let mut result = Err(io::Error::from(io::ErrorKind::NotFound));
    for target in targets(name)? {
        result = match &target {
            Target::Path(path) => make_folders(name, path).and_then(|()| path_claim::listen(path, how)),
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
    let user = options.current_user_only.then(identity::effective_user);
    let only_user = user.filter(|user| identity::is_known_user(*user));
    // At a path the permissions of the file decide, and the system knows its users.
    let is_abstract = || socket.local_addr().is_ok_and(|address| address.as_abstract_name().is_some());
    if only_user.is_none() && options.current_user_only && is_abstract() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "cannot listen at {name}: this process has the user ID that stands for all users whom its user \
                 namespace does not map, so that current_user_only cannot tell them apart"
            ),
        ));
    }
    let state = State {
        name: Some(name.clone().into_owned()),
        guard,
        stream_nonblocking: AtomicBool::new(options.nonblocking.stream_nonblocking()),
        only_user,
    };
    Ok((socket, state))
}

/// interprocess 2.4 makes the directories that such a name contains, so its programs rely on that.
fn make_folders(name: &Name<'_>, path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if name.kind() == Kind::SpecialDir => std::fs::create_dir_all(folder),
        _ => Ok(()),
    }
}

impl State {
    pub(super) fn of(socket: &mut UnixListener) -> Self {
        Self {
            name: socket.local_addr().ok().as_ref().and_then(name_of),
            guard: socket.take_unlink(),
            stream_nonblocking: AtomicBool::new(false),
            only_user: None,
        }
    }

    /// Whether a client is to be let in. A client that is not known is not.
    pub(super) fn lets_in(&self, client: BorrowedFd<'_>) -> io::Result<bool> {
        let Some(user) = self.only_user else { return Ok(true) };
        let known = loop {
            match peer::peer(client) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        match known {
            Ok(peer) => Ok(peer.uid == user || peer.uid == 0),
            // Some systems do not know a peer that has left.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotConnected | io::ErrorKind::InvalidInput) =>
            {
                Ok(false)
            }
            Err(error) => Err(about("find out which user a client belongs to", error)),
        }
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
        let nonblocking = options.nonblocking.accept_nonblocking();
        let (socket, shared) = listen(options)?;
        socket.set_nonblocking(nonblocking)?;
        Ok(Self { socket, shared })
    }

    /// Waits for a client until the timeout; without one, as the listener's mode says.
    pub(in crate::local_socket) fn accept(&self, timeout: Option<Duration>) -> io::Result<Stream> {
        let until = |timeout| Wait::Until(Deadline::after(timeout));
        let wait = timeout.map_or(Wait::AsMode, until);
        loop {
            let nonblocking = self.shared.stream_nonblocking.load(Ordering::Relaxed);
            let (stream, _) =
                self.socket.listening().accept(wait, nonblocking).map_err(|error| self.ended(error))?;
            if self.shared.lets_in(stream.as_fd())? {
                return Ok(stream.into());
            }
        }
    }

    /// A socket that another process has shut down accepts nothing any more.
    fn ended(&self, error: io::Error) -> io::Error {
        if error.kind() != io::ErrorKind::InvalidInput {
            return error;
        }
        self.close();
        shut_down_by_another()
    }

    pub(in crate::local_socket) fn set_nonblocking(&self, mode: ListenerNonblockingMode) -> io::Result<()> {
        self.socket.set_nonblocking(mode.accept_nonblocking())?;
        self.shared.stream_nonblocking.store(mode.stream_nonblocking(), Ordering::Relaxed);
        Ok(())
    }

    pub(in crate::local_socket) fn close(&self) {
        self.socket.close();
    }

    pub(in crate::local_socket) fn is_closed(&self) -> bool {
        self.socket.is_closed()
    }

    pub(in crate::local_socket) fn local_name(&self) -> Option<Name<'static>> {
        self.shared.name()
    }

    pub(in crate::local_socket) fn do_not_reclaim_name_on_drop(&mut self) {
        self.shared.do_not_reclaim_name_on_drop();
    }

    pub(super) fn from_socket(mut socket: UnixListener) -> Self {
        let shared = State::of(&mut socket);
        Self { socket, shared }
    }

    /// Returns the socket in the mode that was asked for. Its file stays.
    pub(super) fn into_socket(mut self) -> UnixListener {
        self.shared.do_not_reclaim_name_on_drop();
        self.socket
    }
}

pub(super) fn shut_down_by_another() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the local socket listener was shut down by another process that shares it",
    )
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
