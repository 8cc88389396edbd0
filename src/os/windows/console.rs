//! Control events of the console: Ctrl-C, Ctrl-Break, and that the console is closed or the session ends.
//!
//! They are what Windows has in place of signals between processes: [`send`] sends Ctrl-C and Ctrl-Break to the processes of
//! the same console, and [`ControlEvents`] receives them. While there is a listener, the default action, which ends the
//! process, does not happen; when the last is gone, it is back. Each listener sees every event.
//!
//! # Closing, logging off, shutting down
//! Of these events Windows waits for the answer, for five seconds (services have twenty when the system shuts down), and
//! then ends the process whatever the answer was (Microsoft: "HandlerRoutine callback function"). This answer is given when
//! the [`ReceivedEvent`] was dropped by every listener: keep it until everything is saved. Ctrl-C and Ctrl-Break are answered
//! at once.
//!
//! Logging off and shutting down are told to services only; programs with a window, and those that use `user32.dll`, are
//! told otherwise (Microsoft: "SetConsoleCtrlHandler function").
//!
//! # Process groups
//! A process that is started with `CREATE_NEW_PROCESS_GROUP` is the root of a group, whose number is that of the process.
//! Such a process ignores Ctrl-C, and its children do, until it calls [`set_ctrl_c_ignored`]`(false)`.
//!
//! # Example
//! ```
//! use interprocess::os::windows::console::{ControlEvent, ControlEvents};
//! use std::{io, thread, time::Duration};
//!
//! # fn main() -> io::Result<()> {
//! let events = ControlEvents::new()?;
//! thread::scope(|scope| {
//!     let listener = scope.spawn(|| {
//!         for received in &events {
//!             match received.event() {
//!                 ControlEvent::CtrlC | ControlEvent::CtrlBreak => println!("interrupted"),
//!                 // Windows waits until `received` is dropped.
//!                 _ => println!("saving everything"),
//!             }
//!         }
//!     });
//!     // Somebody has to end the listener's loop.
//!     events.close();
//!     listener.join().unwrap();
//! });
//! # Ok(()) }
//! ```

mod listener;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use self::listener::{ControlEvents, ReceivedEvent, listen_again};

use crate::{
    error,
    os::windows::sys::console::{self, Kind},
};
use std::io;

/// A control event.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ControlEvent {
    /// Ctrl-C was pressed, or sent.
    CtrlC,
    /// Ctrl-Break was pressed, or sent.
    CtrlBreak,
    /// The console is closed, or somebody ends the task. The process ends after this.
    Close,
    /// A user logs off; which one is not said. For services.
    Logoff,
    /// The system shuts down. For services.
    Shutdown,
}

impl ControlEvent {
    /// Whether Windows ends the process when the event is answered, or was not answered in time.
    pub fn ends_the_process(self) -> bool {
        match self {
            Self::CtrlC | Self::CtrlBreak => false,
            Self::Close | Self::Logoff | Self::Shutdown => true,
        }
    }

    fn from_sys(kind: Kind) -> Self {
        match kind {
            Kind::CtrlC => Self::CtrlC,
            Kind::CtrlBreak => Self::CtrlBreak,
            Kind::Close => Self::Close,
            Kind::Logoff => Self::Logoff,
            Kind::Shutdown => Self::Shutdown,
        }
    }
}

/// Sends [`CtrlC`](ControlEvent::CtrlC) or [`CtrlBreak`](ControlEvent::CtrlBreak) to all processes of this process's
/// console, itself included, or to those of them that are of the process group `group`.
///
/// # Errors
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): another event; a group of zero; or Ctrl-C to a group, which Windows
///   says it has done and does not do (Microsoft: "GenerateConsoleCtrlEvent function").
/// - Otherwise whatever the system reports, such as that this process has no console or there is no such group.
pub fn send(event: ControlEvent, group: Option<u32>) -> io::Result<()> {
    let invalid = |reason: &str| {
        let message = format!("cannot send the control event {event:?}: {reason}");
        Err(io::Error::new(io::ErrorKind::InvalidInput, message))
    };
    let kind = match (event, group) {
        (_, Some(0)) => return invalid("zero is no process group"),
        (ControlEvent::CtrlC, Some(_)) => return invalid("Windows does not give it to a process group"),
        (ControlEvent::CtrlC, None) => Kind::CtrlC,
        (ControlEvent::CtrlBreak, _) => Kind::CtrlBreak,
        _ => return invalid("only Windows sends it"),
    };
    console::generate(kind, group.unwrap_or(0))
        .map_err(|error| error::about(format_args!("send the control event {event:?}"), error))
}

/// Says whether this process, and children that it starts from now on, ignore Ctrl-C: then no listener sees it.
///
/// # Errors
/// Whatever the system reports (Microsoft: "SetConsoleCtrlHandler function").
pub fn set_ctrl_c_ignored(ignored: bool) -> io::Result<()> {
    console::ignore_ctrl_c(ignored)
}
