use super::{Receiver, Sender, open_watch::AsyncOpenWatch};
use crate::{
    os::unix::{
        fifo_file::{self, opening::Opening},
        sys::directory,
    },
    time::Backoff,
};
use std::{io, path::Path};

/// How to open an end of a FIFO, after [`tokio::net::unix::pipe::OpenOptions`].
///
/// It also has what Tokio's does not have: the checks, making the FIFO, receivers that stay open. It can be made from
/// [`fifo_file::OpenOptions`] too, whose nonblocking mode and timeout do not count here: ends on a runtime are nonblocking,
/// opening them does not wait unless its method says so, and timeouts are the runtime's.
///
/// ```
/// use interprocess::os::unix::fifo_file::{self, tokio::OpenOptions};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("interprocess-doc-tokio-options-{}", std::process::id()));
/// let mut receiver = OpenOptions::new().create_or_open(0o600).keep_open(true).open_receiver(&path)?;
///
/// // The same checks as a blocking program's.
/// let options = OpenOptions::from(fifo_file::OpenOptions::new().own(true).no_follow(true));
/// for number in 0..3 {
///     let mut sender = options.open_sender(&path)?;
///     sender.write_u8(number).await?;
///     drop(sender);
///     assert_eq!(receiver.read_u8().await?, number);
/// }
/// # std::fs::remove_file(&path)
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until an end is opened with them"]
pub struct OpenOptions(fifo_file::OpenOptions);

impl OpenOptions {
    /// Takes a FIFO of whatever user and mode.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the descriptor can both read and write; see [`fifo_file::OpenOptions::read_write`]. Unlike Tokio's, this method
    /// is there on every system; where it has no meaning, opening fails with `Unsupported`.
    pub fn read_write(&mut self, read_write: bool) -> &mut Self {
        self.0.read_write(read_write);
        self
    }

    /// Whether a receiver holds a sender of its own, so that it waits for the next sender when the last has left; see
    /// [`fifo_file::OpenOptions::keep_open`].
    pub fn keep_open(&mut self, keep_open: bool) -> &mut Self {
        self.0.keep_open(keep_open);
        self
    }

    /// Makes the FIFO if there is nothing at the path; see [`fifo_file::OpenOptions::create_or_open`].
    pub fn create_or_open(&mut self, mode: impl Into<Option<u32>>) -> &mut Self {
        self.0.create_or_open(mode);
        self
    }

    /// Whether a symbolic link at the path is refused; see [`fifo_file::OpenOptions::no_follow`].
    pub fn no_follow(&mut self, no_follow: bool) -> &mut Self {
        self.0.no_follow(no_follow);
        self
    }

    /// Whether another user's FIFO is refused; see [`fifo_file::OpenOptions::own`].
    pub fn own(&mut self, own: bool) -> &mut Self {
        self.0.own(own);
        self
    }

    /// Refuses a FIFO whose mode allows more than this one; see [`fifo_file::OpenOptions::widest_mode`].
    pub fn widest_mode(&mut self, mode: impl Into<Option<u32>>) -> &mut Self {
        self.0.widest_mode(mode);
        self
    }

    /// Whether what is opened is taken unseen, be it a FIFO or not: this saves two system calls.
    pub fn unchecked(&mut self, unchecked: bool) -> &mut Self {
        self.0.unchecked = unchecked;
        self
    }

    /// Opens the end that receives, whether there is a sender or not.
    ///
    /// # Errors
    /// As for [`fifo_file::OpenOptions::open_receiver`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn open_receiver<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        Receiver::registered(self.opening(path.as_ref()).receiver_now()?)
    }

    /// Opens the end that sends, if there is a receiver.
    ///
    /// # Errors
    /// As for [`fifo_file::OpenOptions::open_sender`], but that the error if there is no receiver is the system's own: its
    /// `raw_os_error` is `ENXIO`, as with Tokio's. [`fifo_file::is_no_receiver`] knows both.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn open_sender<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        Sender::registered(self.opening(path.as_ref()).sender_now()?)
    }

    /// Opens the end that receives, and waits until there is a sender. Tokio's has no such method.
    ///
    /// It waits as [`Receiver::wait_for_sender`] does, and on Linux and Android also ends when a sender came and went, even
    /// if that one wrote nothing.
    /// Cancel-safe: nothing is read. But a sender that has opened the FIFO meanwhile loses its receiver, and what it wrote.
    ///
    /// # Errors
    /// As for [`open_receiver`](Self::open_receiver).
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub async fn open_receiver_waiting<P: AsRef<Path>>(&self, path: P) -> io::Result<Receiver> {
        let receiver = self.open_receiver(path)?;
        receiver.wait_until(fifo_file::Receiver::has_met_sender).await?;
        Ok(receiver)
    }

    /// Opens the end that sends, as soon as there is a receiver. Tokio's has no such method.
    ///
    /// On Linux and Android, inotify(7) tells at once when a receiver was opened that need not wait for a sender, as those
    /// on a runtime are. A receiver that waits in open(2), as a shell's `cat FIFO` does, is announced by no system: for it,
    /// this tries again every one to twenty milliseconds, and on other systems for all. No thread waits. Cancel-safe.
    ///
    /// # Errors
    /// As for [`open_sender`](Self::open_sender), but for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    pub async fn open_sender_waiting<P: AsRef<Path>>(&self, path: P) -> io::Result<Sender> {
        let opening = self.opening(path.as_ref());
        if let Some(sender) = opening.sender_if_received()? {
            return Sender::registered(sender);
        }
        let watch = AsyncOpenWatch::new(opening.watch())?;
        let mut backoff = Backoff::new();
        loop {
            // Again, since the watch tells only of what comes after it.
            if let Some(sender) = opening.sender_if_received()? {
                return Sender::registered(sender);
            }
            watch.wait(Some(backoff.pause())).await?;
        }
    }

    fn opening<'a>(&'a self, path: &'a Path) -> Opening<'a> {
        Opening::new(&self.0, directory::HERE, path)
    }
}

impl From<fifo_file::OpenOptions> for OpenOptions {
    fn from(options: fifo_file::OpenOptions) -> Self {
        Self(options)
    }
}

/// For a chain of builder calls, which ends with a reference.
impl From<&fifo_file::OpenOptions> for OpenOptions {
    fn from(options: &fifo_file::OpenOptions) -> Self {
        Self(options.clone())
    }
}

/// For a chain of builder calls, which ends with a reference.
impl From<&mut fifo_file::OpenOptions> for OpenOptions {
    fn from(options: &mut fifo_file::OpenOptions) -> Self {
        Self(options.clone())
    }
}
