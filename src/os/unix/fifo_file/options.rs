use super::{Receiver, Sender, opening::Opening};
use crate::os::unix::sys::directory;
use std::{io, os::fd::AsFd, path::Path, time::Duration};

/// How to open an end of a FIFO, and what to refuse.
///
/// Whatever the options are, opening something that is not a FIFO fails before a byte moves, and what is a device beforehand
/// is not even opened. What is checked is the file that was opened, and not what was at its path a moment earlier.
///
/// | | the other end is not there | the end is |
/// | --- | --- | --- |
/// | nothing set | waits for it, however long | blocking |
/// | [`nonblocking`](Self::nonblocking) | a sender: an error ([`is_no_receiver`](super::is_no_receiver)); a receiver: opens | nonblocking |
/// | [`timeout`](Self::timeout) | waits, then `TimedOut` | as `nonblocking` says |
/// | [`keep_open`](Self::keep_open), a receiver | opens | as `nonblocking` says |
/// | [`read_write`](Self::read_write) | opens | as `nonblocking` says |
///
/// ```
/// use interprocess::os::unix::fifo_file::{OpenOptions, is_no_receiver};
/// use std::io::{Read, Write};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("interprocess-doc-open-options-{}", std::process::id()));
/// // Made for this user alone if it is not there, and refused if it is anything else.
/// let mut options = OpenOptions::new();
/// options.create_or_open(0o600).nonblocking(true);
/// assert!(is_no_receiver(&options.open_sender(&path).unwrap_err()));
///
/// let mut receiver = options.open_receiver(&path)?;
/// assert_eq!(receiver.read(&mut [0])?, 0); // Nobody sends.
/// let mut sender = options.open_sender(&path)?;
/// sender.write_all(b"x")?;
/// assert_eq!(receiver.read(&mut [0])?, 1);
/// # std::fs::remove_file(&path)
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until an end is opened with them"]
pub struct OpenOptions {
    pub(super) nonblocking: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) keep_open: bool,
    pub(super) read_write: bool,
    pub(super) no_follow: bool,
    pub(super) own: bool,
    pub(super) widest_mode: Option<u32>,
    pub(super) create: Option<u32>,
    /// Takes what there is.
    pub(super) unchecked: bool,
}

impl OpenOptions {
    /// Waits for the other end, follows symbolic links, and takes a FIFO of whatever user and mode.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the end is in nonblocking mode, and opening it does not wait either.
    pub fn nonblocking(&mut self, nonblocking: bool) -> &mut Self {
        self.nonblocking = nonblocking;
        self
    }

    /// How long opening waits for the other end. `None` is as long as it takes, or not at all if
    /// [`nonblocking`](Self::nonblocking) is set.
    ///
    /// POSIX has no way to open a FIFO that waits for so long and no longer, and this is what is done instead:
    ///
    /// - A sender is opened without waiting again and again, from one to twenty milliseconds apart, until that succeeds.
    ///   On Linux and Android, inotify(7) besides wakes it at once when a receiver was opened that need not wait (one that
    ///   is nonblocking, has a time limit or keeps itself open). A receiver that waits in open(2), as a shell's
    ///   `cat FIFO` does, is announced by no system: for those alone the attempts are made.
    /// - A receiver is opened without waiting, and then waits as
    ///   [`Receiver::wait_for_sender`] does, which on Linux and Android takes no attempts. There it also ends when a sender
    ///   came and went, even if that one wrote nothing.
    ///
    /// While a receiver waits here, senders find it open, and may write. If it gives up, what they have written is lost,
    /// as whenever a receiver leaves.
    pub fn timeout(&mut self, timeout: impl Into<Option<Duration>>) -> &mut Self {
        self.timeout = timeout.into();
        self
    }

    /// Whether a receiver holds a sender of its own, so that it never sees the end when the last of the other senders
    /// leaves, but waits for the next. Opening it waits for nobody. A sender is not affected.
    ///
    /// This works on every system, with a second descriptor, and takes the permission to write to the FIFO.
    pub fn keep_open(&mut self, keep_open: bool) -> &mut Self {
        self.keep_open = keep_open;
        self
    }

    /// Whether the descriptor can both read and write (`O_RDWR`), which makes an end its own other end: opening it waits
    /// for nobody, a receiver never sees the end, and a sender never learns that nobody reads.
    ///
    /// Linux and Android; elsewhere opening fails with `Unsupported`. POSIX leaves open what `O_RDWR` does with a FIFO. For
    /// receivers, [`keep_open`](Self::keep_open) does the same everywhere.
    pub fn read_write(&mut self, read_write: bool) -> &mut Self {
        self.read_write = read_write;
        self
    }

    /// Whether a symbolic link at the path is refused. Those in the directories above it are followed in any case.
    pub fn no_follow(&mut self, no_follow: bool) -> &mut Self {
        self.no_follow = no_follow;
        self
    }

    /// Whether a FIFO is refused that belongs to another user than the one who runs this process (the effective user).
    pub fn own(&mut self, own: bool) -> &mut Self {
        self.own = own;
        self
    }

    /// Refuses a FIFO whose mode allows more than this one.
    pub fn widest_mode(&mut self, mode: impl Into<Option<u32>>) -> &mut Self {
        self.widest_mode = mode.into();
        self
    }

    /// Makes the FIFO if there is nothing at the path, with exactly this mode, whatever the umask is. What is there already
    /// must be a FIFO of this user with a mode that allows no more, and not a symbolic link. `None` makes nothing.
    ///
    /// The FIFO appears at its path with its mode, and any number of processes can do this at once.
    pub fn create_or_open(&mut self, mode: impl Into<Option<u32>>) -> &mut Self {
        self.create = mode.into();
        self
    }

    /// Opens the end that receives.
    ///
    /// # Errors
    /// `NotFound`: there is nothing at the path. `InvalidInput`: it is not a FIFO, or a symbolic link that is not to be
    /// followed. `PermissionDenied`: the file's mode does not allow it, or one of the checks that were asked for fails.
    /// `TimedOut`: no sender came in time. `Unsupported`: see [`read_write`](Self::read_write). Others: open(2), and
    /// mkfifo(2) if it is to be made.
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        Opening::new(self, directory::HERE, path.as_ref()).receiver()
    }

    /// Opens the end that receives, at a path that begins in the directory of a descriptor.
    ///
    /// # Errors
    /// As for [`open_receiver`](Self::open_receiver). `NotADirectory`: the descriptor is of something else than a directory.
    pub fn open_receiver_at<D: AsFd, P: AsRef<Path>>(&self, directory: D, path: P) -> io::Result<Receiver> {
        Opening::new(self, directory.as_fd(), path.as_ref()).receiver()
    }

    /// Opens the end that sends.
    ///
    /// # Errors
    /// As for [`open_receiver`](Self::open_receiver); `TimedOut`: no receiver came in time. `ConnectionRefused`: in
    /// nonblocking mode, no receiver has the FIFO open (`ENXIO`, see [`is_no_receiver`](super::is_no_receiver)).
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        Opening::new(self, directory::HERE, path.as_ref()).sender()
    }

    /// Opens the end that sends, at a path that begins in the directory of a descriptor.
    ///
    /// # Errors
    /// As for [`open_sender`](Self::open_sender). `NotADirectory`: the descriptor is of something else than a directory.
    pub fn open_sender_at<D: AsFd, P: AsRef<Path>>(&self, directory: D, path: P) -> io::Result<Sender> {
        Opening::new(self, directory.as_fd(), path.as_ref()).sender()
    }
}
