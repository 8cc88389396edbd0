//! Listening at a path whose earlier listener may be gone.
//!
//! That a socket is stale and removing it cannot be one step. Listeners of this crate take and leave paths under a lock
//! ([`PathLock`]), so that among servers which start at the same time exactly one finds the socket stale, removes it and
//! binds: without it, two could each find it stale, and the slower one would remove the fresh socket of the faster.
//!
//! Every socket is bound at its own path, and never moved there: peers are told the path that it was bound to.

use super::{UnixListener, UnlinkSocket};
use crate::{
    error::about,
    os::unix::sys::{
        directory::Held, fd, identity::effective_user, path, path_lock::PathLock, place::Place, socket,
    },
    time::Deadline,
};
use std::{
    ffi::OsStr,
    io,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How to get a path.
#[derive(Copy, Clone, Debug)]
pub(crate) struct ClaimOptions {
    pub(crate) mode: Option<u32>,
    pub(crate) backlog: u32,
    /// Take over a socket that nobody listens at.
    pub(crate) reclaim_stale: bool,
    /// Take over a socket that somebody listens at.
    pub(crate) displace: bool,
}

/// How long another server may take to get or leave the path.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many times the path may change under way. Only strangers who know no lock change it.
const MOST_CHANGES: usize = 1000;

/// Listens at a path. The guard removes the socket's file; there is none if the file has lost its name already.
pub(crate) fn listen(path: &Path, how: ClaimOptions) -> io::Result<(UnixListener, Option<UnlinkSocket>)> {
    let place =
        Place::open(path).map_err(|error| about(format_args!("open the directory of {path:?}"), error))?;
    let lock = match PathLock::acquire(&place, PATIENCE) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            return Err(in_use(path, "another process is about to listen there"));
        }
        other => other,
    };
    if let Ok(lock) = &lock {
        clear_away(&place, lock);
    }
    let listener = Claim { place: &place, lock: lock.as_ref(), how }.listen()?;
    // Still under the lock, so that it is no successor's.
    let file = place.hold().ok().filter(Held::is_socket);
    drop(lock);
    Ok((listener, file.map(|file| UnlinkSocket::of(place, file))))
}

fn in_use(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, format!("{path:?} is in use: {why}"))
}

/// Puts in order what a process has left that was killed while it held the lock.
fn clear_away(place: &Place, lock: &PathLock<'_>) {
    let name = lock.name_of_old();
    let Ok(left) = place.hold_aside(&name) else { return };
    if !left.is_socket() {
        return;
    }
    let has_moved_back = matches!(place.hold(), Err(error) if error.kind() == io::ErrorKind::NotFound)
        && place.move_back(&name).is_ok();
    if !has_moved_back && is_dead(&place.path().with_file_name(&name), &left) {
        let _ = place.remove_aside(&name);
    }
}

/// A path that is being taken.
struct Claim<'a> {
    place: &'a Place,
    lock: Result<&'a PathLock<'a>, &'a io::Error>,
    how: ClaimOptions,
}

impl Claim<'_> {
    fn listen(&self) -> io::Result<UnixListener> {
        for _ in 0..MOST_CHANGES {
            let aside = self.place.free_name(self.lock.ok().map(PathLock::name_of_old));
            let has_displaced = self.how.displace && self.displace(&aside)?;
            match UnixListener::bind_with(self.place.path(), self.how.mode, self.how.backlog) {
                Ok(listener) => {
                    if has_displaced {
                        let _ = self.place.remove_aside(&aside);
                    }
                    return Ok(listener);
                }
                Err(error) => {
                    if has_displaced {
                        self.restore(&aside);
                    }
                    if error.kind() != io::ErrorKind::AddrInUse {
                        return Err(error);
                    }
                }
            }
            if !self.how.displace {
                self.take_over(&aside)?;
            }
        }
        Err(in_use(self.place.path(), "other processes keep changing it"))
    }

    /// The socket at the path. `None`: there is nothing by now.
    fn find(&self) -> io::Result<Option<Held>> {
        let path = self.place.path();
        match self.place.hold() {
            Ok(file) if file.is_socket() => Ok(Some(file)),
            Ok(_) => Err(io::Error::new(
                io::ErrorKind::AlreadyExists,
                format!("{path:?} exists and is not a socket"),
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(about(format_args!("look at {path:?}"), error)),
        }
    }

    /// Moves a socket out of the way, whoever listens there. `false`: there is none.
    fn displace(&self, aside: &OsStr) -> io::Result<bool> {
        let Some(found) = self.find()? else { return Ok(false) };
        let path = self.place.path();
        self.place
            .move_aside(found.identity(), aside)
            .map_err(|error| about(format_args!("move the socket {path:?} out of the way"), error))
    }

    /// Gives a displaced socket its name back, unless a stranger has displaced it in turn.
    fn restore(&self, aside: &OsStr) {
        if matches!(self.place.move_back(aside), Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
            let _ = self.place.remove_aside(aside);
        }
    }

    /// Removes a socket that nobody listens at.
    fn take_over(&self, aside: &OsStr) -> io::Result<()> {
        let Some(found) = self.find()? else { return Ok(()) };
        let path = self.place.path();
        if !self.how.reclaim_stale {
            return Err(in_use(path, "there is a socket, and `reclaim_stale` is off"));
        }
        let life = sign_of_life(self.place, &found);
        if !self.place.is(&found) {
            return Ok(());
        }
        if let Some(why) = life {
            return Err(in_use(path, &why));
        }
        if let Err(error) = self.lock {
            return Err(io::Error::new(
                error.kind(),
                format!(
                    "cannot take over the stale socket {path:?}, because its path cannot be locked: {error}"
                ),
            ));
        }
        self.place
            .remove(found.identity(), aside)
            .map_err(|error| about(format_args!("remove the stale socket {path:?}"), error))
    }
}

/// Why a socket must not be taken over, if so.
fn sign_of_life(place: &Place, file: &Held) -> Option<String> {
    match life(place.path(), file) {
        // A server whose umask takes permissions from the owner, too. Who is let in for an instant is this user alone.
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied
                && file.owner() == effective_user()
                && file.mode() & 0o200 == 0
                && place.set_mode(file, file.mode() | 0o200).is_ok() =>
        {
            let life = life(place.path(), file);
            if !matches!(life, Ok(false)) {
                let _ = place.set_mode(file, file.mode());
            }
            reason(life)
        }
        life => reason(life),
    }
}

fn reason(life: io::Result<bool>) -> Option<String> {
    match life {
        Ok(true) => Some("another process listens there".into()),
        Ok(false) => None,
        Err(error) => Some(format!("it cannot be told whether another process listens there: {error}")),
    }
}

fn is_dead(path: &Path, file: &Held) -> bool {
    matches!(life(path, file), Ok(false))
}

/// Whether a living socket has the file.
///
/// On Linux, bind(2) makes the file before it ties the socket to it. So a file that is new is looked at again and again for
/// a while before it counts as dead.
fn life(path: &Path, file: &Held) -> io::Result<bool> {
    const PATIENCE: Duration = Duration::from_millis(100);
    const PAUSE: Duration = Duration::from_millis(5);
    let (address, _directory) = path::address(path)?;
    let deadline = Deadline::after(PATIENCE);
    loop {
        if socket::is_bound(&address)? {
            return Ok(true);
        }
        if is_old(file) || deadline.is_over() {
            return Ok(false);
        }
        fd::pause(PAUSE);
    }
}

/// Whether a file was made longer ago than bind(2) takes. One from the future may be new.
fn is_old(file: &Held) -> bool {
    const SECONDS: i64 = 2;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(now).is_ok_and(|now| now.saturating_sub(file.changed()) > SECONDS)
}
