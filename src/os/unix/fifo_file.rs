//! FIFO files: pipes that have a path, so that programs which know nothing of each other can open their ends, shell scripts
//! among them.
//!
//! ```
//! use interprocess::os::unix::fifo_file::{FifoOptions, OpenOptions};
//! use std::{io::{BufRead, BufReader}, process::Command};
//!
//! # fn main() -> std::io::Result<()> {
//! # let path = std::env::temp_dir().join(format!("interprocess-doc-fifo-{}", std::process::id()));
//! // Removed when the guard is dropped.
//! let _guard = FifoOptions::new().mode(0o600).create_guarded(&path)?;
//! // Stays open while senders come and go.
//! let receiver = OpenOptions::new().keep_open(true).open_receiver(&path)?;
//!
//! let mut shell = Command::new("sh");
//! shell.args(["-c", "echo one >\"$0\"; echo two >\"$0\""]).arg(&path);
//! assert!(shell.status()?.success());
//!
//! let mut lines = BufReader::new(receiver).lines();
//! assert_eq!(lines.next().unwrap()?, "one");
//! assert_eq!(lines.next().unwrap()?, "two");
//! # Ok(())
//! # }
//! ```
//!
//! | you want | use |
//! | --- | --- |
//! | to make a FIFO | [`create_fifo`], [`FifoOptions`] |
//! | to make it if it is not there, and trust no other's | [`OpenOptions::create_or_open`] |
//! | it to be gone afterwards | [`FifoOptions::create_guarded`], [`UnlinkFifo`] |
//! | to open an end, and wait for the other | [`Sender::open`], [`Receiver::open`] |
//! | to wait for so long and no longer | [`OpenOptions::timeout`] |
//! | not to wait | [`OpenOptions::nonblocking`] |
//! | a receiver for senders that come and go | [`OpenOptions::keep_open`] |
//! | such a receiver to end when they have left | [`Receiver::end_with_senders`] |
//! | to read or write for a limited time, or until another thread ends it | [`Receiver::set_recv_timeout`], [`Sender::set_send_timeout`], [`Receiver::close`], [`Sender::close`] |
//! | messages of many senders that do not mix | [`Sender::write_atomic`], [`PIPE_BUF`] |
//! | to move bytes without copying them | [`Receiver::splice_to`], [`Sender::vmsplice`] |
//! | all that on a Tokio runtime | [`tokio`] |
//!
//! # The traps
//! - **Opening waits.** The system's way is that open(2) of one end waits until somebody opens the other. Two programs with
//!   two FIFOs that open them in different order wait for each other for ever.
//! - **The end is not final.** A receiver sees the end when the last sender closes, and each `echo line > fifo` of a shell is a
//!   sender of its own. See [`OpenOptions::keep_open`].
//! - **What nobody has read is lost** when the last end is closed. A FIFO on a disk holds no bytes.
//! - **A path is no promise.** Whoever may write to its directory can put something else there. Ends here are refused if what was
//!   opened is not a FIFO; [`OpenOptions::no_follow`], [`own`](OpenOptions::own) and
//!   [`widest_mode`](OpenOptions::widest_mode) refuse more. With
//!   neither `nonblocking` nor a time limit, another's FIFO that is put there at the very moment of opening can make it wait,
//!   but not succeed.
//! - **Long messages mix.** Only writes of up to [`PIPE_BUF`] bytes are whole.
//!
//! # Platforms
//! | | Linux, Android | macOS, BSD, illumos |
//! | --- | --- | --- |
//! | both directions by one descriptor ([`OpenOptions::read_write`]) | yes | `Unsupported` |
//! | capacity | get and set | `Unsupported` |
//! | splice, tee, vmsplice | yes | `Unsupported` |
//! | a receiver waits for a sender, with a limit or on Tokio | is told by inotify | looks for bytes every 1 to 20 ms |
//! | a sender waits for a receiver, with a limit or on Tokio | is told by inotify of one that does not wait in open(2), and tries every 1 to 20 ms | tries every 1 to 20 ms |
//! | second descriptor for reading and writing in blocking mode | yes (through `/proc`), as `RWF_NOWAIT` is for unnamed pipes only | none: two system calls an operation |
//! | [`PIPE_BUF`] | 4,096 | 512; illumos 5,120 |
//! | in the directory of a descriptor | yes | making takes macOS 13 |

mod create;
mod guard;
mod opening;
mod options;
mod receiver;
mod sender;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use self::{
    create::{FifoOptions, create_fifo, create_fifo_at},
    guard::UnlinkFifo,
    opening::is_no_receiver,
    options::OpenOptions,
    receiver::Receiver,
    sender::Sender,
};

use super::sys::pipe;

/// How many bytes a FIFO takes in one piece: 4,096 on Linux and Android, 512 on macOS and the BSDs, 5,120 on illumos. Writes
/// of up to so many bytes are never mixed with those of others, and never taken in part.
pub const PIPE_BUF: usize = pipe::ATOMIC;
