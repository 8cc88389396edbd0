//! Opening an end, with all checks and waits.

use super::{FifoOptions, OpenOptions, Receiver, Sender};
use crate::{
    error::about,
    os::unix::sys::{
        fifo::{self, Facts, OpenMode},
        identity,
        open_watch::OpenWatch,
    },
    time::{Backoff, Deadline},
};
use std::{
    error::Error,
    fmt::{self, Display, Formatter},
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum End {
    Receiver,
    Sender,
}

/// What is to be opened, and how.
#[derive(Copy, Clone, Debug)]
pub(super) struct Opening<'a> {
    options: &'a OpenOptions,
    directory: BorrowedFd<'a>,
    path: &'a Path,
}

impl<'a> Opening<'a> {
    pub(super) fn new(options: &'a OpenOptions, directory: BorrowedFd<'a>, path: &'a Path) -> Self {
        Self { options, directory, path }
    }

    /// Opens a receiver as the options want it, and waits as they want it.
    pub(super) fn receiver(self) -> io::Result<Receiver> {
        let holds_sender = self.options.keep_open || self.options.read_write;
        let receiver = match self.options.timeout {
            _ if holds_sender => self.receiver_now()?,
            Some(timeout) => self.receiver_within(timeout)?,
            None if self.options.nonblocking => self.receiver_now()?,
            None => return self.open(End::Receiver, false).map(Receiver::from_checked),
        };
        receiver.set_nonblocking(self.options.nonblocking)?;
        Ok(receiver)
    }

    fn receiver_within(self, timeout: Duration) -> io::Result<Receiver> {
        let receiver = self.receiver_now()?;
        if receiver.wait_until(Deadline::after(timeout), Receiver::has_met_sender)? {
            return Ok(receiver);
        }
        Err(timed_out(self.path, "sender", timeout))
    }

    /// Opens a receiver in nonblocking mode, whoever is at the other end.
    pub(super) fn receiver_now(self) -> io::Result<Receiver> {
        loop {
            let receiver = self.open(End::Receiver, true)?;
            if !self.options.keep_open || self.options.read_write {
                return Ok(Receiver::from_checked(receiver));
            }
            match self.open(End::Sender, true) {
                Ok(keeper) if is_same_file(&receiver, &keeper)? => {
                    return Ok(Receiver::with_keeper(receiver, keeper));
                }
                // Another file is at the path by now.
                Ok(_) => {}
                Err(error) if fifo::is_no_receiver(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a sender as the options want it, and waits as they want it.
    pub(super) fn sender(self) -> io::Result<Sender> {
        let sender = match self.options.timeout {
            Some(timeout) => self.sender_within(timeout)?,
            None if self.options.nonblocking || self.options.read_write => self.sender_or_why_not()?,
            None => return self.open(End::Sender, false).map(Sender::from_checked),
        };
        sender.set_nonblocking(self.options.nonblocking)?;
        Ok(sender)
    }

    fn sender_within(self, timeout: Duration) -> io::Result<Sender> {
        let deadline = Deadline::after(timeout);
        if let Some(sender) = self.sender_if_received()? {
            return Ok(sender);
        }
        let watch = self.watch();
        let mut backoff = Backoff::new();
        loop {
            // Again, since the watch tells only of what comes after it.
            if let Some(sender) = self.sender_if_received()? {
                return Ok(sender);
            }
            if deadline.is_over() {
                return Err(timed_out(self.path, "receiver", timeout));
            }
            watch.wait(Some(deadline.at_most(backoff.pause())))?;
        }
    }

    /// Opens a sender in nonblocking mode. The error if there is no receiver is the system's own.
    pub(super) fn sender_now(self) -> io::Result<Sender> {
        self.open(End::Sender, true).map(Sender::from_checked)
    }

    /// The same, with an error that speaks of receivers.
    fn sender_or_why_not(self) -> io::Result<Sender> {
        self.sender_now().map_err(|error| {
            if !fifo::is_no_receiver(&error) {
                return error;
            }
            let why = NoReceiver { path: self.path.to_owned(), cause: error };
            io::Error::new(io::ErrorKind::ConnectionRefused, why)
        })
    }

    /// The same, but `None` if there is no receiver.
    pub(super) fn sender_if_received(self) -> io::Result<Option<Sender>> {
        match self.sender_now() {
            Err(error) if fifo::is_no_receiver(&error) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Tells of openings of what is at the path now, where the system does.
    pub(super) fn watch(self) -> OpenWatch {
        OpenWatch::at(self.directory, self.path, self.follows())
    }

    fn follows(self) -> bool {
        !self.options.no_follow && self.options.create.is_none()
    }

    fn open(self, end: End, nonblocking: bool) -> io::Result<OwnedFd> {
        if self.options.read_write && !fifo::READ_WRITE {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "a FIFO can be opened for both reading and writing on Linux alone; `keep_open` is for every system",
            ));
        }
        loop {
            let missing = match (self.open_existing(end, nonblocking), self.options.create) {
                (Err(error), Some(mode)) if error.kind() == io::ErrorKind::NotFound => mode,
                (result, _) => return result,
            };
            let creation = FifoOptions::new().mode(missing).exact_mode(true);
            match creation.make(self.directory, self.path) {
                // Another process was faster.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
    }

    /// What counts is what was opened. What is at the path before is looked at only so that nothing is opened that has
    /// effects by being opened, and nobody waits in front of a wrong file.
    fn open_existing(self, end: End, nonblocking: bool) -> io::Result<OwnedFd> {
        let how = OpenMode {
            read: end == End::Receiver || self.options.read_write,
            write: end == End::Sender || self.options.read_write,
            nonblocking,
            follow: self.follows(),
        };
        if self.options.unchecked {
            return fifo::open(self.directory, self.path, how);
        }
        let facts = fifo::facts_at(self.directory, self.path, how.follow);
        self.check(facts.map_err(|error| about(format_args!("open the FIFO {:?}", self.path), error))?)?;
        match fifo::open(self.directory, self.path, how) {
            Ok(opened) => {
                self.check(fifo::facts(opened.as_fd())?)?;
                Ok(opened)
            }
            Err(error) if fifo::is_no_receiver(&error) => {
                // It is the error for a socket's file too.
                self.check(fifo::facts_at(self.directory, self.path, how.follow)?)?;
                Err(error)
            }
            Err(error) => {
                if !how.follow {
                    // A link that was put there since is refused by a number that differs from system to system.
                    fifo::facts_at(self.directory, self.path, false)
                        .map_or(Ok(()), |facts| self.check_kind(facts))?;
                }
                Err(about(format_args!("open the FIFO {:?}", self.path), error))
            }
        }
    }

    fn check_kind(self, facts: Facts) -> io::Result<()> {
        if facts.is_fifo() {
            return Ok(());
        }
        let message = format!("{} is {}, not a FIFO", self.path.display(), facts.what());
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    }

    fn check(self, facts: Facts) -> io::Result<()> {
        self.check_kind(facts)?;
        let path = self.path.display();
        let denied = |message| Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        let user = identity::effective_user();
        if (self.options.own || self.options.create.is_some()) && !identity::is_own_user(facts.owner) {
            return denied(format!(
                "the FIFO {path} belongs to user {}, not certainly to user {user}",
                facts.owner
            ));
        }
        let widest = self.options.widest_mode.into_iter().chain(self.options.create);
        if let Some(widest) =
            widest.reduce(|one, other| one & other).filter(|widest| facts.mode & !widest != 0)
        {
            return denied(format!(
                "the FIFO {path} has the mode {:04o}, which allows more than {widest:04o}",
                facts.mode
            ));
        }
        Ok(())
    }
}

fn is_same_file(one: &OwnedFd, other: &OwnedFd) -> io::Result<bool> {
    Ok(fifo::facts(one.as_fd())?.identity == fifo::facts(other.as_fd())?.identity)
}

impl Receiver {
    /// Whether a sender was there since the receiver was opened, of which nothing was read yet.
    pub(super) fn has_met_sender(&self) -> io::Result<bool> {
        Ok(fifo::has_hung_up(self.as_fd())? || self.has_sender()?)
    }

    /// Waits for what changes when a sender opens the FIFO. `false`: the time is over.
    pub(super) fn wait_until(
        &self,
        deadline: Deadline,
        is_met: fn(&Self) -> io::Result<bool>,
    ) -> io::Result<bool> {
        if is_met(self)? {
            return Ok(true);
        }
        let watch = OpenWatch::of(self.as_fd());
        let mut backoff = Backoff::new();
        loop {
            // Again, since the watch tells only of what comes after it.
            if is_met(self)? {
                return Ok(true);
            }
            if deadline.is_over() {
                return Ok(false);
            }
            let at_most =
                if watch.tells() { deadline.left() } else { Some(deadline.at_most(backoff.pause())) };
            watch.wait(at_most)?;
        }
    }
}

fn timed_out(path: &Path, other: &str, timeout: Duration) -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        format!("no {other} has opened the FIFO {} within {timeout:?}", path.display()),
    )
}

/// Why a sender was not opened.
#[derive(Debug)]
struct NoReceiver {
    path: PathBuf,
    cause: io::Error,
}

impl Display for NoReceiver {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "no receiver has the FIFO {} open (ENXIO)", self.path.display())
    }
}

impl Error for NoReceiver {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// Whether opening a sender has failed because no receiver has the FIFO open: the error of this module's
/// [`OpenOptions::open_sender`], and the bare `ENXIO` of [`tokio`](super::tokio), of std and of Tokio.
pub fn is_no_receiver(error: &io::Error) -> bool {
    fifo::is_no_receiver(error) || error.get_ref().is_some_and(|inner| inner.is::<NoReceiver>())
}
