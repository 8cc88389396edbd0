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

use crate::os::unix::sys::{
    child::{self, Numbered},
    environment, launchd,
};
use std::{
    ffi::CString,
    io,
    process::Command,
    sync::{Mutex, PoisonError},
};

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
/// # Errors
/// `InvalidData`, which names the variable or the descriptor: a value is malformed, there are not as many names as
/// descriptors, or one of the descriptors is not open or not inherited. Nothing is taken then: all descriptors and
/// variables stay as they are, and another call fails in the same way.
pub fn take() -> io::Result<Vec<ActivatedSocket>> {
    static TAKEN: Mutex<bool> = Mutex::new(false);
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if *taken {
        return Ok(Vec::new());
    }
    let Some(passed) = variables::read(|name| std::env::var_os(name), std::process::id())? else {
        return Ok(Vec::new());
    };
    let numbers = || Numbered::FIRST..Numbered::FIRST + passed.count;
    for number in numbers() {
        child::check_inherited(number).map_err(|error| {
            let message = format!("LISTEN_FDS={}, but {error}", passed.count);
            io::Error::new(io::ErrorKind::InvalidData, message)
        })?;
    }
    *taken = true;
    let fds = numbers().map(|number| child::take_inherited(number, |_| Ok(())));
    let fds = fds.collect::<io::Result<Vec<_>>>()?;
    environment::remove_variables(&variables::ALL);
    let mut names = passed.names.into_iter().flatten();
    fds.into_iter().map(|fd| ActivatedSocket::new(names.next(), fd)).collect()
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
    fds.into_iter().map(|fd| ActivatedSocket::new(Some(name.to_owned()), fd)).collect()
}

/// Has a command's children not inherit the variables of the protocol, whether or not [`take`] could remove them here.
///
/// Not for commands made by [`Passing`], which sets them for its child in any case.
pub fn remove_from(command: &mut Command) {
    for name in variables::ALL {
        command.env_remove(name);
    }
}
