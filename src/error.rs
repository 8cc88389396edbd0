//! Errors that give an object back to the caller, and how to read all others.
//!
//! All other errors are [`std::io::Error`]. An error of an operation that has a name, a path or an address says so in its
//! text: `cannot connect to "/run/app.sock": No such file or directory (os error 2)`. Its
//! [`kind`](io::Error::kind) is that of the system's error, which is its [`source`](Error::source). std cannot attach a
//! text to a system error code, so [`io::Error::raw_os_error`] is `None` for such an error; [`raw_os_error`] returns the
//! code of either.
//!
//! # Kinds
//! What the kinds mean throughout this crate. The pages of functions name those that need handling.
//!
//! | [`ErrorKind`](io::ErrorKind) | meaning |
//! | --- | --- |
//! | `WouldBlock` | in nonblocking mode or of a `try_` method: it would have to wait |
//! | `TimedOut` | a time limit of this program's own is over |
//! | `Interrupted` | a signal came, where the caller asked to be told; everything else goes on waiting |
//! | `ConnectionAborted` | this object was closed by `close`, here or in another thread |
//! | `BrokenPipe` | nobody receives any more, or sending was shut down |
//! | `ConnectionReset` | the peer has closed without reading everything |
//! | `ConnectionRefused` | nobody listens, or nobody has the FIFO open for reading |
//! | `UnexpectedEof` | nothing can come any more, where something was due |
//! | `NotFound` | there is no such name, file, process or listener |
//! | `AddrInUse` | another listener or object has the name |
//! | `AlreadyExists` | a file has the path, and is not to be replaced |
//! | `PermissionDenied` | the system does not allow it, or the peer is another user than the one that was asked for |
//! | `ResourceBusy` | it is in use by another part of this program, or by as many as may use it |
//! | `InvalidInput` | an argument that can never work, or an object of the wrong type |
//! | `InvalidData` | what another program sent or announced does not make sense |
//! | `Unsupported` | this system lacks it; the text says what |
//! | `OutOfMemory` | memory, or a buffer of the system |
//!
//! All others are the system's, with std's kind for them: limits of descriptors, for one, are `Uncategorized`, and
//! [`raw_os_error`] tells them apart.

use std::{
    error::Error,
    fmt::{self, Debug, Display, Formatter},
    io,
    time::Duration,
};

/// Returns the system's error code (`errno`, `GetLastError`) of an error or of the error that caused it.
///
/// ```
/// # #[cfg(unix)]
/// # {
/// use interprocess::{error::raw_os_error, os::unix::uds::UnixStream};
///
/// let error = UnixStream::connect("/nonexistent/app.sock").unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// assert!(error.to_string().starts_with("cannot connect to \"/nonexistent/app.sock\": "));
/// assert_eq!(raw_os_error(&error), Some(2)); // ENOENT
/// # }
/// ```
pub fn raw_os_error(error: &io::Error) -> Option<i32> {
    let mut code = error.raw_os_error();
    let mut source = error.source();
    while let (None, Some(cause)) = (code, source) {
        code = cause.downcast_ref().and_then(io::Error::raw_os_error);
        source = cause.source();
    }
    code
}

/// Adds the operation and its subject to an error: `cannot {operation}: {cause}`. The kind stays, and the cause becomes
/// the [`source`](Error::source).
///
/// To be called from `map_err`, so that success costs nothing. What callers meet again and again in a loop and only look
/// at the kind of (a bare `WouldBlock`, `TimedOut` or `Interrupted` of the system) is returned as it is, without
/// allocating. So is an error that was through here: the innermost operation names its subject best.
pub(crate) fn about(operation: impl Display, cause: io::Error) -> io::Error {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    let is_complete = match cause.get_ref() {
        Some(inner) => inner.is::<Failed>(),
        None => matches!(cause.kind(), WouldBlock | TimedOut | Interrupted),
    };
    if is_complete {
        return cause;
    }
    about_as(cause.kind(), operation, cause)
}

/// The same for a cause to which std gives no kind, or another one.
pub(crate) fn about_as(kind: io::ErrorKind, operation: impl Display, cause: io::Error) -> io::Error {
    io::Error::new(kind, Failed { message: format!("cannot {operation}: {cause}"), cause })
}

/// The same with a reason that says more than the cause, which is still the source.
pub(crate) fn because(
    kind: io::ErrorKind,
    operation: impl Display,
    reason: impl Display,
    cause: io::Error,
) -> io::Error {
    io::Error::new(kind, Failed { message: format!("cannot {operation}: {reason}"), cause })
}

/// An operation that failed, and why.
#[derive(Debug)]
struct Failed {
    message: String,
    cause: io::Error,
}

impl Display for Failed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// A conversion that failed, with the object that could not be converted.
#[derive(Debug)]
pub struct ConversionError<S, E = NoDetails> {
    /// What exactly did not fit.
    pub details: E,
    /// The system's error, if there was one.
    pub cause: Option<io::Error>,
    /// The object that was to be converted, if it could be kept.
    pub source: Option<S>,
}

impl<S, E: Default> ConversionError<S, E> {
    /// An error that gives `source` back.
    pub fn from_source(source: S) -> Self {
        Self { details: E::default(), cause: None, source: Some(source) }
    }

    /// An error of the system.
    pub fn from_cause(cause: io::Error) -> Self {
        Self { details: E::default(), cause: Some(cause), source: None }
    }

    /// An error of the system that gives `source` back.
    pub fn from_source_and_cause(source: S, cause: io::Error) -> Self {
        Self { details: E::default(), cause: Some(cause), source: Some(source) }
    }
}

impl<S, E> ConversionError<S, E> {
    /// An error that gives `source` back and says why.
    pub fn from_source_and_details(source: S, details: E) -> Self {
        Self { details, cause: None, source: Some(source) }
    }

    /// An error of the system, with details.
    pub fn from_cause_and_details(cause: io::Error, details: E) -> Self {
        Self { details, cause: Some(cause), source: None }
    }

    /// Converts the object that is given back.
    pub fn map_source<T>(self, map: impl FnOnce(S) -> T) -> ConversionError<T, E> {
        self.try_map_source(|source| Some(map(source)))
    }

    /// Converts the object that is given back, or drops it.
    pub fn try_map_source<T>(self, map: impl FnOnce(S) -> Option<T>) -> ConversionError<T, E> {
        ConversionError { details: self.details, cause: self.cause, source: self.source.and_then(map) }
    }
}

impl<S, E: Display> ConversionError<S, E> {
    /// The same as an [`io::Error`], without the object: of the cause's kind, or
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if there is no cause.
    pub fn to_io_error(&self) -> io::Error {
        let kind = self.cause.as_ref().map_or(io::ErrorKind::InvalidInput, io::Error::kind);
        io::Error::new(kind, self.to_string())
    }
}

impl<S, E: Default> Default for ConversionError<S, E> {
    fn default() -> Self {
        Self { details: E::default(), cause: None, source: None }
    }
}

impl<S, E: Display> From<ConversionError<S, E>> for io::Error {
    fn from(error: ConversionError<S, E>) -> Self {
        error.to_io_error()
    }
}

impl<S, E: Display> Display for ConversionError<S, E> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let details = self.details.to_string();
        match &self.cause {
            Some(cause) if details.is_empty() => Display::fmt(cause, f),
            Some(cause) => write!(f, "{details}: {cause}"),
            None if details.is_empty() => f.write_str("the object is not of the wanted type"),
            None => f.write_str(&details),
        }
    }
}

impl<S: Debug, E: Debug + Display> Error for ConversionError<S, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

/// There is nothing to add to the [`cause`](ConversionError::cause).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoDetails;

impl Display for NoDetails {
    fn fmt(&self, _: &mut Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// A [`ConversionError`] that gives a handle back.
#[cfg(windows)]
pub type FromHandleError<E = NoDetails> = ConversionError<std::os::windows::io::OwnedHandle, E>;

/// A [`ConversionError`] that gives a descriptor back.
#[cfg(unix)]
pub type FromFdError<E = NoDetails> = ConversionError<std::os::fd::OwnedFd, E>;

/// Two halves that do not belong together, given back.
#[derive(Debug)]
pub struct ReuniteError<R, S> {
    /// The receiving half.
    pub rh: R,
    /// The sending half.
    pub sh: S,
}

impl<R, S> ReuniteError<R, S> {
    /// Converts both halves.
    pub fn map_halves<NR: From<R>, NS: From<S>>(
        self,
        recv: impl FnOnce(R) -> NR,
        send: impl FnOnce(S) -> NS,
    ) -> ReuniteError<NR, NS> {
        ReuniteError { rh: recv(self.rh), sh: send(self.sh) }
    }

    /// Converts both halves by [`From`].
    pub fn convert_halves<NR: From<R>, NS: From<S>>(self) -> ReuniteError<NR, NS> {
        self.map_halves(From::from, From::from)
    }
}

impl<R, S> Display for ReuniteError<R, S> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves belong to different streams")
    }
}

impl<R: Debug, S: Debug> Error for ReuniteError<R, S> {}

/// What reuniting two halves gives.
pub type ReuniteResult<T, R, S> = Result<T, ReuniteError<R, S>>;

/// The error of an operation on an object that this process has closed, or closes meanwhile.
pub(crate) fn closed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, format!("the {what} was closed"))
}

/// The error of an operation whose timeout has expired.
pub(crate) fn timed_out(what: &str, timeout: Option<Duration>) -> io::Error {
    let timeout = timeout.unwrap_or_default();
    io::Error::new(io::ErrorKind::TimedOut, format!("cannot {what} within {timeout:?}"))
}
