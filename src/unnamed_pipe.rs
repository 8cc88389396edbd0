//! Unnamed pipes: one direction, two ends, mostly between a parent and its child.
//!
//! ```
//! use interprocess::unnamed_pipe::pipe;
//! use std::io::{Read, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let (mut sender, mut recver) = pipe()?;
//! let writer = std::thread::spawn(move || sender.write_all(b"through the pipe"));
//! let mut text = String::new();
//! recver.read_to_string(&mut text)?;
//! assert_eq!(text, "through the pipe");
//! # writer.join().unwrap()
//! # }
//! ```
//!
//! # Ends and the end
//! The receiver sees the end when the last sender is gone. A forgotten sender, here or in a child, keeps it waiting for
//! ever: that is why no child inherits an end unless it is handed to it.
//!
//! # Handing an end to a child
//! As its standard input, output or error, by `Stdio::from(end)`:
//!
//! ```
//! use interprocess::unnamed_pipe::pipe;
//! use std::{io::Read, process::{Command, Stdio}};
//!
//! # fn main() -> std::io::Result<()> {
//! let (sender, mut recver) = pipe()?;
//! # let shell = if cfg!(windows) { ["cmd", "/c"] } else { ["sh", "-c"] };
//! # let mut command = Command::new(shell[0]);
//! # command.arg(shell[1]).arg("echo hello");
//! # /*
//! let mut command = Command::new("echo");
//! command.arg("hello");
//! # */
//! let mut child = command.stdout(Stdio::from(sender)).spawn()?;
//! drop(command); // It holds the sender.
//! let mut text = String::new();
//! recver.read_to_string(&mut text)?;
//! assert_eq!(text.trim_end(), "hello");
//! # child.wait()?;
//! # Ok(())
//! # }
//! ```
//!
//! As an additional descriptor or handle, by [`Sender::inherit`] or [`Recver::inherit`] in the parent, and
//! [`Sender::take_inherited`] or [`Recver::take_inherited`] in the child:
//!
//! ```no_run
//! use interprocess::unnamed_pipe::{Inherit, Recver, pipe};
//! use std::{io::{Read, Write}, process::Command};
//!
//! # fn main() -> std::io::Result<()> {
//! if let Ok(token) = std::env::var("THE_PIPE") {
//!     let mut text = String::new();
//!     Recver::take_inherited(&token)?.read_to_string(&mut text)?;
//!     println!("my parent says: {text}");
//!     return Ok(());
//! }
//! let (mut sender, recver) = pipe()?;
//! let mut inherit = Inherit::new();
//! let mut command = Command::new(std::env::current_exe()?);
//! command.env("THE_PIPE", recver.inherit(&mut inherit)?);
//! let mut child = inherit.spawn(&mut command)?;
//! sender.write_all(b"do your homework")?;
//! drop(sender);
//! child.wait()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Waiting in a thread
//! A read or write that waits ends at a timeout ([`Recver::set_recv_timeout`], [`Sender::set_send_timeout`]), or when another
//! thread calls [`Recver::close`] or [`Sender::close`]. Neither changes anything for other processes that have the same end. On
//! Unix, a signal handler does not interrupt the wait.
//!
//! # Writing to a pipe that nobody reads
//! is the error `BrokenPipe`, and not the signal SIGPIPE that Unix sends as well, whatever its disposition is (Rust programs
//! ignore it, C programs that call Rust may not). Linux 6.18 and later are told so with each write (`RWF_NOSIGNAL`), macOS and
//! NetBSD with the first (`F_SETNOSIGPIPE`, which holds for all processes that share the descriptor). On other systems the
//! writing thread blocks the signal meanwhile, which takes two more system calls.

mod inherit;
#[cfg(feature = "tokio")]
pub mod tokio;

// The only place in this module that knows which platform it is on. The half that is chosen provides `Sender`,
// `Recver`, `pipe`, `Handover`, `ANNOUNCEMENT`, `take_inherited`, and `tokio` with the ends for the runtime.
#[cfg(unix)]
pub(crate) mod unix;
#[cfg(unix)]
use self::unix as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use self::windows as platform;

pub use self::inherit::{Inherit, InheritToken};

use self::inherit::Direction;
use crate::{TryClone, sealed::Sealed};
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    time::Duration,
};

/// Makes a pipe. No child inherits its ends.
///
/// Options of one platform are in `os::unix::unnamed_pipe::CreationOptions` (nonblocking, capacity, packets) and
/// `os::windows::unnamed_pipe::CreationOptions` (size hint, security descriptor, inheritable).
///
/// # Errors
/// The limit of open descriptors or handles.
#[doc(alias("pipe2", "CreatePipe"))]
pub fn pipe() -> io::Result<(Sender, Recver)> {
    let (sender, recver) = platform::pipe()?;
    Ok((Sender(sender), Recver(recver)))
}

/// The end of a pipe that takes bytes.
///
/// Flushing does nothing: a write hands its bytes to the system, and they can be read after the sender is gone.
#[doc(alias("PipeWriter", "write"))]
#[derive(Debug)]
pub struct Sender(platform::Sender);

impl Sender {
    /// In nonblocking mode, a write to a full pipe fails with `WouldBlock`.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Platform-specific behavior
    /// On Unix, the mode belongs to the pipe end, for all processes that have it. On Windows, it belongs to this object and its
    /// clones.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Sets the write timeout. With `None` (the default), writes block until everything is written.
    ///
    /// A write whose timeout expires returns the number of bytes written until then, and fails with
    /// [`TimedOut`](io::ErrorKind::TimedOut) if there are none. The timeout belongs to this object and its clones, not to the
    /// pipe. It has no effect in nonblocking mode.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the timeout is zero.
    ///
    /// # Platform-specific behavior
    /// On Windows, a write with a timeout may return as soon as it has written what fits into the pipe.
    ///
    /// # Examples
    /// ```
    /// use interprocess::unnamed_pipe::pipe;
    /// use std::{io::{ErrorKind, Write}, time::Duration};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (mut sender, recver) = pipe()?;
    /// sender.set_send_timeout(Some(Duration::from_millis(10)))?;
    /// let error = loop {
    ///     // Nobody reads.
    ///     match sender.write(&[0; 4096]) {
    ///         Ok(count) => assert!(count > 0),
    ///         Err(error) => break error,
    ///     }
    /// };
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// # drop(recver);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_send_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_timeout(timeout)
    }

    /// Returns the write timeout.
    ///
    /// # Errors
    /// None at present; the signature is that of [`local_socket::Stream`](crate::local_socket::Stream::send_timeout).
    pub fn send_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.0.timeout())
    }

    /// Wakes all threads that wait in this sender or its clones. Their writes fail with
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and so do all later ones.
    ///
    /// The receiver does not see the end until the object is dropped: the system's descriptor or handle stays open, as other
    /// threads may be using it.
    ///
    /// # Platform-specific behavior
    /// On Unix, a write that has written something already returns how much. On Windows it fails, and how much the receiver
    /// gets of it is not known.
    pub fn close(&self) {
        self.0.close();
    }

    /// A second object of the same end. The receiver sees the end of the stream when both are gone. The timeout is common to
    /// both, and [`close`](Self::close) closes both.
    ///
    /// # Errors
    /// The limit of open descriptors or handles.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Hands this end to the child that `inherit` will start; the token is what the child needs to find it, for example
    /// as an argument or an environment variable. See the [module's page](self#handing-an-end-to-a-child).
    ///
    /// # Errors
    /// The limit of open descriptors or handles.
    pub fn inherit(self, inherit: &mut Inherit) -> io::Result<InheritToken> {
        inherit.add(self.0.into(), Direction::Send)
    }

    /// Takes the end that this process's parent has handed to it by [`Inherit`].
    ///
    /// Each end can be taken once. Only ends that the parent announced in the environment at the start of this process can
    /// be taken. Where another program has passed a descriptor or handle without `Inherit`, adopt it with
    /// `from_raw_fd` or `from_raw_handle`, which are unsafe because nothing proves that it has no
    /// owner yet.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `token` is malformed or for the other direction; what it names is
    ///   not open, was not announced by the parent or was taken already, is not a pipe, or is the other end of one.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): this crate is linked into a shared library instead of the program.
    ///   Such a library may be loaded when descriptors have owners already.
    /// - [`UnexpectedEof`](io::ErrorKind::UnexpectedEof): on Windows, the parent died before it handed the end over.
    pub fn take_inherited(token: &str) -> io::Result<Self> {
        platform::take_inherited(Direction::Send.number_in(token)?, Direction::Send).map(Self::from)
    }
}

impl TryClone for Sender {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl Write for &Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The end of a pipe that gives bytes.
#[doc(alias("Receiver", "PipeReader", "read"))]
#[derive(Debug)]
pub struct Recver(platform::Recver);

impl Recver {
    /// In nonblocking mode, a read from an empty pipe fails with `WouldBlock`.
    ///
    /// # Errors
    /// Those of the system.
    ///
    /// # Platform-specific behavior
    /// On Unix, the mode belongs to the pipe end, for all processes that have it. On Windows, it belongs to this object and its
    /// clones.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// Sets the read timeout. With `None` (the default), reads block until there is data or the last sender is gone.
    ///
    /// A read whose timeout expires fails with [`TimedOut`](io::ErrorKind::TimedOut) and has read nothing. The timeout belongs to
    /// this object and its clones, not to the pipe. It has no effect in nonblocking mode.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the timeout is zero.
    ///
    /// # Platform-specific behavior
    /// On Linux and Android the timeout is exact. On other Unix systems, a read can take longer if another process reads from
    /// the same pipe.
    ///
    /// # Examples
    /// ```
    /// use interprocess::unnamed_pipe::pipe;
    /// use std::{io::{ErrorKind, Read}, time::Duration};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, mut recver) = pipe()?;
    /// recver.set_recv_timeout(Some(Duration::from_millis(10)))?;
    /// assert_eq!(recver.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
    /// # drop(sender);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_timeout(timeout)
    }

    /// Returns the read timeout.
    ///
    /// # Errors
    /// None at present; the signature is that of [`local_socket::Stream`](crate::local_socket::Stream::recv_timeout).
    pub fn recv_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.0.timeout())
    }

    /// Wakes all threads that wait in this receiver or its clones. Their reads fail with
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted), and so do all later ones.
    ///
    /// Senders do not see that there is no receiver until the object is dropped: the system's descriptor or handle stays open,
    /// as other threads may be using it.
    ///
    /// # Examples
    /// ```
    /// use interprocess::unnamed_pipe::pipe;
    /// use std::{io::{ErrorKind, Read}, thread};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (sender, recver) = pipe()?;
    /// thread::scope(|scope| {
    ///     let reader = scope.spawn(|| (&recver).read(&mut [0]));
    ///     recver.close();
    ///     assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
    /// });
    /// # drop(sender);
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) {
        self.0.close();
    }

    /// A second object of the same end. Each byte goes to one of the two. The timeout is common to both, and
    /// [`close`](Self::close) closes both.
    ///
    /// # Errors
    /// The limit of open descriptors or handles.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Hands this end to the child that `inherit` will start; see [`Sender::inherit`].
    ///
    /// # Errors
    /// As there.
    pub fn inherit(self, inherit: &mut Inherit) -> io::Result<InheritToken> {
        inherit.add(self.0.into(), Direction::Recv)
    }

    /// Takes the end that this process's parent has handed to it; see [`Sender::take_inherited`].
    ///
    /// # Errors
    /// As there.
    pub fn take_inherited(token: &str) -> io::Result<Self> {
        platform::take_inherited(Direction::Recv.number_in(token)?, Direction::Recv).map(Self::from)
    }
}

impl TryClone for Recver {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

impl Read for &Recver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(buffers)
    }
}

impl Read for Recver {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.0.read_vectored(buffers)
    }
}

impl Sealed for Sender {}
impl Sealed for Recver {}
