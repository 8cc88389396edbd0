//! Socket activation: sockets that whoever starts a program has opened for it.
//!
//! A supervisor listens in the place of a service, starts it when a client comes, and can start it anew without a client
//! noticing. The service needs no rights to open its sockets. This module speaks the protocol of sd_listen_fds(3) in both
//! directions: [`take`] is for services that systemd, `systemd-socket-activate` or another supervisor of that protocol has
//! started, [`Passing`] for supervisors. [`take_from_launchd`] is for services under launchd.
//!
//! # The protocol
//! The descriptors are 3, 4, 5 and so on. `LISTEN_FDS` is how many, `LISTEN_FDNAMES` their names with colons between
//! them, and `LISTEN_PID` the process that they are for, so that a child which inherits the variables does not take them
//! for its own. Names are for the service to tell its sockets apart by (`FileDescriptorName=` of systemd.socket(5)).
//!
//! A service:
//!
//! ```
//! use interprocess::os::unix::uds::{UnixListener, activation::{self, Activated}};
//!
//! # fn main() -> std::io::Result<()> {
//! # let path = std::env::temp_dir().join(format!("interprocess-doc-activation-{}", std::process::id()));
//! let mut listener = None;
//! for passed in activation::take()? {
//!     match (passed.name().map(str::to_owned), passed.into_socket()) {
//!         (_, Activated::StreamListener(passed)) => listener = Some(passed),
//!         (name, other) => eprintln!("{name:?} is {other:?}, which this service has no use for"),
//!     }
//! }
//! // Nothing was passed: started by hand.
//! let listener = match listener {
//!     Some(listener) => listener,
//!     None => UnixListener::bind(&path)?,
//! };
//! # drop(listener);
//! # std::fs::remove_file(&path)
//! # }
//! ```
//!
//! A supervisor:
//!
//! ```
//! use interprocess::os::unix::uds::{UnixDatagram, UnixListener, activation::Passing};
//! use std::process::Stdio;
//!
//! # fn main() -> std::io::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("interprocess-doc-passing-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let requests = UnixListener::bind(folder.join("requests.sock"))?;
//! let log = UnixDatagram::bind(folder.join("log.sock"))?;
//! let mut command = Passing::new().socket("requests", &requests)?.socket("log", &log)?.command("sh")?;
//! // Arguments and all else are set as for any other command.
//! command.arg("-c").arg(r#"test "$LISTEN_PID" = $$ && echo "$LISTEN_FDS: $LISTEN_FDNAMES""#);
//! let service = command.stdout(Stdio::piped()).spawn()?;
//! assert_eq!(service.wait_with_output()?.stdout, b"2: requests:log\n");
//! # std::fs::remove_dir_all(&folder)
//! # }
//! ```

mod passing;
mod program;
mod socket;
mod variables;

pub use self::{
    passing::Passing,
    socket::{Activated, ActivatedSocket},
};

use crate::{
    os::unix::sys::{
        environment,
        inherited::{self, FIRST_LISTENED},
        launchd,
    },
    sync::Mutex,
};
use std::{ffi::CString, io, process::Command};

/// Takes all that was passed to this process by the protocol of sd_listen_fds(3): nothing, if it was not activated by a
/// socket, or if the variables are meant for another process.
///
/// From here on the descriptors are close-on-exec. A second call gives nothing.
///
/// The variables are removed from the environment, if on Linux this process has one thread: call this at the beginning of
/// `main`. With more threads, and on other systems, they stay, because other threads may be reading the environment. What
/// children then inherit means nothing to them: `LISTEN_PID` is not theirs, and the descriptors are closed.
/// [`remove_from`] keeps it from them altogether.
///
/// Sockets are in the mode in which the supervisor has left them; systemd's are in blocking mode unless
/// `NonBlocking=yes` was said.
///
/// A process without `LISTEN_PID` in its environment takes nothing, as with sd_listen_fds(3): its parent may have taken
/// the descriptors, and only left the variables behind. See [`take_without_pid`] for supervisors that do not set it.
///
/// # Soundness
/// Only descriptors that the environment announced at the start of this process, and that were open and inheritable then,
/// can be taken. In a shared library, which may be loaded later, that can't be known: adopt descriptors with
/// [`OwnedFd::from_raw_fd`](std::os::fd::FromRawFd) there, which is unsafe, and find out with [`Activated::from`] what
/// they are.
///
/// # Errors
/// - [`InvalidData`](io::ErrorKind::InvalidData), with the variable or the descriptor: a value is malformed, the number of
///   names is not that of descriptors, or one of the descriptors is not open, not inherited, or taken already.
/// - [`Unsupported`](io::ErrorKind::Unsupported): this crate is linked into a shared library instead of the program.
///
/// Nothing is taken then: all descriptors and variables stay as they are, and another call fails in the same way.
pub fn take() -> io::Result<Vec<ActivatedSocket>> {
    take_meant_for(variables::Recipient::This)
}

/// Takes all that was passed to this process like [`take`], also if `LISTEN_PID` is empty or not set.
///
/// Supervisors such as `systemfd --no-pid`, and shells, can't set the variable, since the process that starts the service
/// is not the one that becomes it. Use this only in programs that such a supervisor starts directly. `LISTEN_FDS` is
/// passed on to all children of a process, and one for which it was not meant would take descriptors 3, 4 and so on that
/// came to it for another purpose.
///
/// ```no_run
/// # // The test would have to be started by a supervisor.
/// use interprocess::os::unix::uds::activation;
///
/// # fn main() -> std::io::Result<()> {
/// for passed in activation::take_without_pid()? {
///     println!("descriptor {:?}: {:?}", passed.name(), passed.socket());
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Those of [`take`].
pub fn take_without_pid() -> io::Result<Vec<ActivatedSocket>> {
    take_meant_for(variables::Recipient::ThisOrUnknown)
}

fn take_meant_for(recipient: variables::Recipient) -> io::Result<Vec<ActivatedSocket>> {
    static TAKEN: Mutex<bool> = Mutex::new(false);
    let mut taken = TAKEN.lock();
    if *taken {
        return Ok(Vec::new());
    }
    let Some(passed) = variables::read(|name| std::env::var_os(name), std::process::id(), recipient)? else {
        return Ok(Vec::new());
    };
    let numbers = FIRST_LISTENED..FIRST_LISTENED + passed.count;
    let fds = inherited::claim(numbers, |_| Ok(())).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::InvalidInput => io::ErrorKind::InvalidData,
            kind => kind,
        };
        io::Error::new(kind, format!("LISTEN_FDS={}, but {error}", passed.count))
    })?;
    *taken = true;
    environment::remove_variables(&variables::ALL);
    let mut names = passed.names.into_iter().flatten();
    Ok(fds.into_iter().map(|fd| ActivatedSocket::new(names.next(), fd)).collect())
}

/// Takes the sockets that launchd has opened under this name: a key in the `Sockets` dictionary of the job's property list,
/// which may stand for several. See launch_activate_socket in launch(3). macOS.
///
/// The descriptors are close-on-exec. Each [`name`](ActivatedSocket::name) is the one that was given.
///
/// # Errors
/// `Unsupported`: this process was not started by launchd (ESRCH), or this system has no launchd. `NotFound`: the property
/// list has no such name. `AlreadyExists`: they have been taken already. `InvalidInput`: the name has a NUL byte.
pub fn take_from_launchd(name: &str) -> io::Result<Vec<ActivatedSocket>> {
    let fds = launchd::take(&CString::new(name)?)?;
    Ok(fds.into_iter().map(|fd| ActivatedSocket::new(Some(name.to_owned()), fd)).collect())
}

/// Has a command's children not inherit the variables of the protocol, whether or not [`take`] could remove them here.
///
/// Not for commands made by [`Passing`], which sets them for its child in any case.
pub fn remove_from(command: &mut Command) {
    for name in variables::ALL {
        command.env_remove(name);
    }
}
