use super::{Signal, SignalValue};
use crate::{error::about_as, os::unix::sys::signal::send as sys};
use std::{fmt::Display, io};

/// Sends a signal to this thread (raise(3)), which has it before this returns, unless it has blocked it.
///
/// # Errors
/// - [`WouldBlock`](io::ErrorKind::WouldBlock): a real-time signal, and the queue is full, as for [`queue`].
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): the C library keeps the signal for itself.
/// - [`Unsupported`](io::ErrorKind::Unsupported): a sandbox denies tgkill(2).
pub fn raise(signal: Signal) -> io::Result<()> {
    sys::raise(signal).map_err(|error| failed(signal, "this thread", error))
}

/// Sends a signal to a process (kill(2)). `pid` is an `i32`, or a `u32` as [`std::process::id`] and
/// [`Child::id`](std::process::Child::id) return it.
///
/// A number can come to mean another process: that of a process which is gone is given to a new one sooner or later. Safe
/// from that are the number of a child that was not waited for, this process's own, and a
/// [`ProcessHandle`](super::ProcessHandle).
///
/// This does not fail because a queue is full: Linux then delivers the signal without saying who has sent it, and a real-time
/// signal that is pending already once. Only [`queue`] tells.
///
/// # Errors
/// - [`NotFound`](io::ErrorKind::NotFound): there is no such process.
/// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): it is another user's.
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): `pid` is 0 or negative, which kill(2) would take for a group, or for all
///   processes.
/// - [`Unsupported`](io::ErrorKind::Unsupported): a sandbox denies the system call.
#[doc(alias = "kill")]
pub fn send(pid: impl TryInto<i32>, signal: Signal) -> io::Result<()> {
    let pid = process(format_args!("send {signal} to"), pid)?;
    sys::kill(pid, signal.as_raw()).map_err(|error| failed(signal, format_args!("process {pid}"), error))
}

/// Sends a signal to all processes of a group that it may be sent to (killpg(3)). 0 is the group of this process, itself
/// included.
///
/// # Errors
/// - [`NotFound`](io::ErrorKind::NotFound): there is no such group.
/// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): it may be sent to none of its processes.
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): `group` is negative, or 1, which killpg(3) of some systems would take for
///   all processes.
pub fn send_group(group: i32, signal: Signal) -> io::Result<()> {
    if group == 1 {
        return Err(refused(format_args!("send {signal} to process group 1"), "it could mean all processes"));
    }
    check(format_args!("send {signal} to process group"), group, 0)?;
    sys::killpg(group, signal).map_err(|error| failed(signal, format_args!("process group {group}"), error))
}

/// Sends a signal to one thread of a process (tgkill(2)). `pid` is that of the process, `thread` is what [`thread_id`] tells
/// there, or a name in `/proc/PID/task`.
///
/// # Errors
/// - [`Unsupported`](io::ErrorKind::Unsupported) everywhere but on Linux and Android.
/// - [`NotFound`](io::ErrorKind::NotFound): there is no such process, or it has no such thread.
/// - [`WouldBlock`](io::ErrorKind::WouldBlock): a real-time signal, and the queue is full, as for [`queue`].
/// - As for [`send`].
pub fn send_thread(pid: impl TryInto<i32>, thread: i32, signal: Signal) -> io::Result<()> {
    let pid = process(format_args!("send {signal} to"), pid)?;
    check(format_args!("send {signal} to thread"), thread, 1)?;
    sys::send_thread(pid, thread, signal)
        .map_err(|error| failed(signal, format_args!("thread {thread} of process {pid}"), error))
}

/// The number of this thread, for [`send_thread`] (gettid(2)). That of the main thread is the process id.
///
/// # Errors
/// [`Unsupported`](io::ErrorKind::Unsupported) everywhere but on Linux and Android.
pub fn thread_id() -> io::Result<i32> {
    sys::current_thread()
}

/// Sends a signal with a value to a process (sigqueue(3)). Real-time signals ([`Signal::rt`]) queue, each with its value; of
/// any other, one that arrives while one is pending is lost, with its value.
///
/// # A queue for all
/// Linux counts what is queued for all processes of a user together, with their POSIX timers. A process that does not take what
/// it is sent can so keep others from sending. Its own limit (`RLIMIT_SIGPENDING`) is what counts for signals to it: give a
/// receiver that may be slow a low one.
///
/// ```
/// use interprocess::os::unix::signal::{Signal, SignalMask, queue, wait};
/// use std::{io::ErrorKind, thread};
///
/// # fn main() -> std::io::Result<()> {
/// # if Signal::rt(1).is_err_and(|error| error.kind() == ErrorKind::Unsupported) { return Ok(()) }
/// let signal = Signal::rt(1)?;
/// let _blocked = SignalMask::block(signal)?;
/// while let Err(error) = queue(std::process::id(), signal, 42) {
///     if error.kind() != ErrorKind::WouldBlock {
///         return Err(error);
///     }
///     thread::yield_now(); // The queue is full.
/// }
/// assert_eq!(wait(signal)?.value().unwrap().as_i32(), 42);
/// # Ok(()) }
/// ```
///
/// # Errors
/// - [`WouldBlock`](io::ErrorKind::WouldBlock): the queue is full. Try again when signals were taken; nothing tells when.
/// - [`Unsupported`](io::ErrorKind::Unsupported): macOS, OpenBSD, DragonFly.
/// - As for [`send`].
#[doc(alias = "sigqueue")]
pub fn queue(pid: impl TryInto<i32>, signal: Signal, value: impl Into<SignalValue>) -> io::Result<()> {
    let pid = process(format_args!("send {signal} to"), pid)?;
    sys::queue(pid, signal, value.into().as_usize())
        .map_err(|error| failed(signal, format_args!("process {pid}"), error))
}

/// Looks whether there is a process that this one may send signals to (signal 0 of kill(2)). One that has ended counts until
/// its parent has waited for it.
///
/// # Errors
/// - [`NotFound`](io::ErrorKind::NotFound): there is no such process.
/// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): there is, and it is another user's.
/// - [`InvalidInput`](io::ErrorKind::InvalidInput): `pid` is 0 or negative.
pub fn probe(pid: impl TryInto<i32>) -> io::Result<()> {
    let pid = process("send no signal to", pid)?;
    sys::kill(pid, 0).map_err(|error| failed("no signal", format_args!("process {pid}"), error))
}

/// An error that names what was sent, and to whom.
pub(super) fn failed(signal: impl Display, to: impl Display, error: io::Error) -> io::Error {
    about_as(sys::kind(&error), format_args!("send {signal} to {to}"), error)
}

/// The ID of one process, from 1 on. `operation` is what is refused for others, in front of "process".
pub(super) fn process(operation: impl Display, pid: impl TryInto<i32>) -> io::Result<i32> {
    match pid.try_into() {
        Ok(pid) => check(format_args!("{operation} process"), pid, 1).map(|()| pid),
        Err(_) => Err(refused(format_args!("{operation} a process above i32::MAX"), NO_NUMBER)),
    }
}

fn check(operation: impl Display, number: i32, least: i32) -> io::Result<()> {
    if number >= least {
        return Ok(());
    }
    Err(refused(format_args!("{operation} {number}"), NO_NUMBER))
}

const NO_NUMBER: &str = "there is no such number";

fn refused(operation: impl Display, reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("cannot {operation}: {reason}"))
}
