//! Waiting for the request to shut down: what most daemons want to know of signals, on every platform, in one line.
//!
//! | [`Reason`] | Unix | Windows |
//! | --- | --- | --- |
//! | `Interrupt` | `SIGINT`: Ctrl-C | Ctrl-C, Ctrl-Break |
//! | `Terminate` | `SIGTERM`: `kill`, service managers, the system when it shuts down | the system shuts down (services) |
//! | `Hangup` | `SIGHUP`: the terminal is gone | the console is closed, the task is ended, the user logs off |
//!
//! [`wait`] is for a program whose main thread has nothing else to do, [`Shutdown`] for one that also wants time limits, or to
//! ask in between, [`flag`] for a loop that looks at a flag, and `shutdown::tokio` for tasks.
//!
//! ```no_run
//! fn main() -> std::io::Result<()> {
//!     // start the threads that do the work
//!     let request = interprocess::shutdown::wait()?;
//!     println!("{}: saving everything", request.reason());
//!     // save everything; Windows waits for `request` to be dropped
//!     Ok(())
//! }
//! ```
//!
//! # Being ended all the same
//! While something here listens, a request does not end the process; afterwards it does what it did before. So after
//! [`wait`] has returned, a second Ctrl-C ends a program whose shutdown takes too long. With a [`Shutdown`] that is kept it
//! does not.
//!
//! On Windows some requests end the process in any case, five seconds after they came or as soon as the [`Request`] is
//! dropped: see `os::windows::console`.
//!
//! # In a Windows service
//! The service manager asks a service to stop through the handler that the service registers in its `ServiceMain`, and not by
//! a signal or console event; only the service itself can register one (Microsoft: "RegisterServiceCtrlHandlerExW function"). A
//! program that runs both ways has the handler say what a request would, in the way that the rest of it waits. With the crate
//! `windows-service`:
//!
//! ```ignore
//! let (ask, asked) = std::sync::mpsc::channel();
//! // In `ServiceMain`: the manager's requests.
//! let by_manager = ask.clone();
//! let status = service_control_handler::register("name", move |control| match control {
//!     ServiceControl::Stop | ServiceControl::Shutdown | ServiceControl::Preshutdown => {
//!         let _ = by_manager.send(());
//!         ServiceControlHandlerResult::NoError
//!     }
//!     ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
//!     _ => ServiceControlHandlerResult::NotImplemented,
//! })?;
//! // In `main`, where `service_dispatcher::start` fails because the program runs in a console: its requests.
//! std::thread::spawn(move || interprocess::shutdown::wait().map(|request| (ask.send(()), request)));
//! // In both: work until `asked.recv()` returns, and in a service report `StopPending` and then `Stopped`.
//! ```
//!
//! # Being meant to go on
//! On Unix, a signal that is ignored when listening begins stays ignored: a program that was started by nohup(1) does not end
//! when its terminal is gone, and one that a script has put into the background does not when Ctrl-C ends the script.
//!
//! Other listeners, of this crate or of others, are told as well. On Unix that is `os::unix::signal`, which has all about
//! signals.

// The only place in this module that knows which platform it is on.
#[cfg(unix)]
mod unix;
#[cfg(unix)]
use self::unix as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use self::windows as platform;

#[cfg(feature = "tokio")]
pub mod tokio;

use std::{
    fmt::{self, Display, Formatter},
    io,
    time::Duration,
};

/// Why the process is to end.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Somebody at the terminal wants the program to stop.
    Interrupt,
    /// Another process, or the system, wants this one to end.
    Terminate,
    /// The terminal is gone, or the session is over.
    Hangup,
}

impl Display for Reason {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "interrupted",
            Self::Terminate => "asked to terminate",
            Self::Hangup => "the terminal is gone",
        })
    }
}

/// A request to shut down. On Windows, dropping it may let the system end the process.
#[derive(Debug)]
#[must_use = "dropping it may let the system end the process"]
pub struct Request {
    reason: Reason,
    _hold: platform::Hold,
}

impl Request {
    /// Why.
    pub fn reason(&self) -> Reason {
        self.reason
    }
}

/// Listens to requests to shut down. Threads may share it; each request goes to one of them.
#[derive(Debug)]
#[must_use = "requests to shut down are no longer received when this is dropped"]
pub struct Shutdown(platform::Listener);

impl Shutdown {
    /// Begins to listen: from now on, a request does not end the process.
    ///
    /// # Errors
    /// The limit of open descriptors; on Windows whatever the system reports.
    pub fn new() -> io::Result<Self> {
        platform::Listener::new().map(Self)
    }

    /// Waits for the next request; `None` if the listener was [closed](Self::close) and all requests before that were
    /// received.
    #[doc(alias = "recv")]
    pub fn wait(&self) -> Option<Request> {
        self.0.wait()
    }

    /// The same, for as long as `timeout` allows. With a timeout of zero it does not wait.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if there was no request in time.
    pub fn wait_timeout(&self, timeout: Duration) -> io::Result<Option<Request>> {
        self.0.wait_timeout(timeout)
    }

    /// The next request if it has come. Does not wait.
    pub fn pending(&self) -> Option<Request> {
        self.wait_timeout(Duration::ZERO).unwrap_or(None)
    }

    /// Stops listening, from any thread, and wakes those that wait.
    pub fn close(&self) {
        self.0.close();
    }
}

/// Waits for a request to shut down, from now on and for one only.
///
/// # Errors
/// Those of [`Shutdown::new`].
#[doc(alias("ctrl_c", "SIGINT"))]
pub fn wait() -> io::Result<Request> {
    let shutdown = Shutdown::new()?;
    shutdown.wait().ok_or_else(|| crate::error::closed("listener"))
}

/// Tells by a flag whether there was a request. A second request does what it does by default: it ends the process, on
/// Windows unless somebody else listens. In process 1 of a pid namespace, the first of a container, for which the kernel has
/// no default actions, it ends the process with status 128 + the signal's number.
///
/// # Errors
/// As for [`Shutdown::new`].
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// let stop = interprocess::shutdown::flag()?;
/// # let mut rounds = 0;
/// while !stop.is_set() {
///     // work
/// #   rounds += 1; if rounds == 3 { break }
/// }
/// # Ok(()) }
/// ```
pub fn flag() -> io::Result<Flag> {
    platform::Flag::new().map(Flag)
}

/// Whether there was a request to shut down. Dropping it ends listening.
#[derive(Debug)]
#[must_use = "dropping it ends listening"]
pub struct Flag(platform::Flag);

impl Flag {
    /// Whether there was one, since the flag was made.
    pub fn is_set(&self) -> bool {
        self.0.is_set()
    }
}
