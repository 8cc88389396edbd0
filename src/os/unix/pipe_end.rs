//! One end of a pipe or FIFO: what `fifo_file` and `unnamed_pipe` have in common.
//!
//! A thread that has to wait waits in poll(2), where a deadline and [`PipeEnd::close`] reach it, and not in read(2) or
//! write(2). The open file description may be shared with other processes, which would all be put into nonblocking mode by
//! `O_NONBLOCK`. So the calls that do not wait are, in this order:
//!
//! 1. `preadv2` and `pwritev2` with `RWF_NOWAIT`, for unnamed pipes on Linux 6.4 and later;
//! 2. ordinary calls on a second description of the same pipe that nobody shares, on Linux and Android;
//! 3. poll(2) and then an ordinary call, elsewhere. Threads of this process take turns; another process may still take the
//!    bytes or the room in between, and then the call waits. A receiver in blocking mode that has had no sender yet waits for
//!    one, where read(2) would call it at its end.

#[cfg(feature = "tokio")]
pub(crate) mod tokio;

use super::sys::{
    closing::{self, Closing, Readiness, Waited},
    fd, fifo, pipe,
    quiet::{self, Quiet},
    slices, splice,
};
use crate::{error, sync::Mutex, time::Deadline, timeout::Timeout};
use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
    sync::{Arc, OnceLock},
    time::Duration,
};

/// An end, used in one direction.
#[derive(Debug)]
pub(crate) struct PipeEnd {
    fd: OwnedFd,
    direction: Readiness,
    state: Arc<State>,
}

/// What all clones of an end have in common, as clones of a socket do.
#[derive(Debug, Default)]
struct State {
    timeout: Timeout,
    closing: Closing,
    quiet: Quiet,
    /// Set when `RWF_NOWAIT` is refused.
    other_way: OnceLock<Way>,
    /// Held between poll(2) and the call that it is for.
    turn: Mutex<()>,
    pollable: OnceLock<bool>,
}

#[derive(Debug)]
enum Way {
    /// A description of our own, in nonblocking mode.
    Own(OwnedFd),
    /// What poll(2) calls ready does not wait.
    Poll { is_pipe: bool },
    /// Nothing is to be waited for in another way than by the call itself: a file on a disk.
    Plain,
}

/// How one attempt of an operation is made.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Attempt {
    /// Without waiting, whatever the descriptor's mode is.
    AtOnce,
    /// As the descriptor's mode says.
    Plain,
    /// The same, with no more bytes than poll(2) promises room for (POSIX, poll: `POLLOUT`).
    Atomic,
}

impl PipeEnd {
    pub(crate) fn recver(fd: OwnedFd) -> Self {
        Self { fd, direction: Readiness::Readable, state: Arc::default() }
    }

    pub(crate) fn sender(fd: OwnedFd) -> Self {
        Self { fd, direction: Readiness::Writable, state: Arc::default() }
    }

    /// Reads what is there, after waiting for it in blocking mode.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buffer)])
    }

    /// The same, and a whole packet if there is room for it: what does not fit would be dropped.
    pub(crate) fn read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let part = slices::part(buffers);
        if buffers.len() > slices::MOST && slices::total(&buffers[part.clone()]) < pipe::ATOMIC {
            let size = slices::total(buffers).min(pipe::ATOMIC);
            return slices::scattered(buffers, size, |buffer| self.read(buffer), |&length| length);
        }
        let buffers = &mut buffers[part];
        let mut patience = Patience::new(self.timeout());
        self.run(&mut patience, |fd, attempt| match attempt {
            Attempt::AtOnce => pipe::read_at_once(fd, buffers),
            Attempt::Plain | Attempt::Atomic => fd::read_vectored(fd, buffers),
        })
    }

    /// Writes all in blocking mode, less if the time is over or the end is closed, and what there is room for otherwise.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    pub(crate) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        whole_if_atomic(slices, |slices| {
            let offered = slices::total(slices);
            let mut patience = Patience::new(self.timeout());
            let written = self.write_part(slices, &mut patience)?;
            Ok(if written < offered { self.write_rest(slices, written, offered, patience) } else { written })
        })
    }

    fn write_part(&self, slices: &[IoSlice<'_>], patience: &mut Patience) -> io::Result<usize> {
        let slices = &slices[slices::part(slices)];
        self.run(patience, |fd, attempt| match attempt {
            Attempt::AtOnce => self.state.quiet.write_at_once(fd, slices),
            Attempt::Plain => self.state.quiet.write(fd, slices),
            Attempt::Atomic => self.state.quiet.write(fd, &slices::first_bytes(slices, pipe::ATOMIC)),
        })
    }

    /// Errors would hide that a part was written; the next write meets them again.
    fn write_rest(
        &self,
        slices: &[IoSlice<'_>],
        mut written: usize,
        offered: usize,
        mut patience: Patience,
    ) -> usize {
        let mut rest = slices.to_vec();
        let mut rest = &mut rest[..];
        IoSlice::advance_slices(&mut rest, written);
        while written < offered && !fd::is_nonblocking(self.as_fd()).unwrap_or(true) {
            match self.write_part(rest, &mut patience) {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    written += count;
                    IoSlice::advance_slices(&mut rest, count);
                }
            }
        }
        written
    }

    /// Writes all of a message in one piece.
    pub(crate) fn write_atomic(&self, message: &[u8]) -> io::Result<()> {
        atomic(message, |message| self.write(message))
    }

    /// Writes what there is room for, by an end in nonblocking mode.
    #[cfg(any(feature = "tokio", test))]
    pub(crate) fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        whole_if_atomic(slices, |slices| self.state.quiet.write(self.as_fd(), &slices[slices::part(slices)]))
    }

    /// The same for a message that is written in one piece.
    #[cfg(feature = "tokio")]
    pub(crate) fn write_atomic_now(&self, message: &[u8]) -> io::Result<()> {
        atomic(message, |message| self.write_now(&[IoSlice::new(message)]))
    }

    /// Makes attempts until one need not wait.
    fn run(
        &self,
        patience: &mut Patience,
        mut attempt: impl FnMut(BorrowedFd<'_>, Attempt) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let end = self.as_fd();
        loop {
            self.check_open()?;
            let result = match self.state.other_way.get() {
                None => match attempt(end, Attempt::AtOnce) {
                    Err(error) if quiet::is_refused(&error) => {
                        self.state.other_way.get_or_init(|| self.find_way());
                        continue;
                    }
                    result => result,
                },
                Some(Way::Own(own)) => attempt(own.as_fd(), Attempt::Plain),
                Some(&Way::Poll { is_pipe }) => {
                    let _turn = self.state.turn.lock();
                    // A FIFO that has had no sender yet is at its end, of which poll(2) says nothing.
                    if closing::is_ready(end, self.direction)? || fd::is_nonblocking(end)? {
                        attempt(end, if is_pipe { Attempt::Atomic } else { Attempt::Plain })
                    } else {
                        Err(io::ErrorKind::WouldBlock.into())
                    }
                }
                Some(Way::Plain) => return attempt(end, Attempt::Plain),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.wait_to_try_again(end, self.direction, patience, error)? {
                        return attempt(end, Attempt::Plain);
                    }
                }
                result => return result,
            }
        }
    }

    /// Waits where an attempt could not, unless the end is in nonblocking mode. `false`: there is no way to wait for this
    /// descriptor but a call that does.
    fn wait_to_try_again(
        &self,
        fd: BorrowedFd<'_>,
        readiness: Readiness,
        patience: &mut Patience,
        would_block: io::Error,
    ) -> io::Result<bool> {
        if fd::is_nonblocking(self.as_fd())? {
            return Err(would_block);
        }
        let is_pollable = || fifo::facts(self.as_fd()).is_ok_and(|facts| facts.is_pollable());
        if !self.state.pollable.get_or_init(is_pollable) {
            return Ok(false);
        }
        match self.state.closing.wait(fd, readiness, patience.deadline()) {
            Ok(Waited::Ready | Waited::Closed) => Ok(true),
            Ok(Waited::TimedOut) => Err(self.timed_out(patience.timeout)),
            // As many descriptors as this process may have open are too few to wait for (see `Closing::wait`).
            Err(error) if error.kind() == io::ErrorKind::InvalidInput && patience.timeout.is_none() => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn find_way(&self) -> Way {
        match fifo::facts(self.as_fd()) {
            Ok(facts) if facts.is_fifo() => pipe::open_again(self.as_fd(), facts, self.direction)
                .map_or(Way::Poll { is_pipe: true }, Way::Own),
            Ok(facts) if facts.is_pollable() => Way::Poll { is_pipe: false },
            _ => Way::Plain,
        }
    }

    /// Moves bytes from this receiver into something else.
    pub(crate) fn splice_to(&self, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        self.transfer(Some(to), || splice::splice(self.as_fd(), to, most))
    }

    /// Moves bytes from something else into this sender.
    pub(crate) fn splice_from(&self, from: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        self.transfer(Some(from), || splice::splice(from, self.as_fd(), most))
    }

    /// Copies bytes from this receiver to another pipe.
    pub(crate) fn tee_to(&self, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        self.transfer(Some(to), || splice::tee(self.as_fd(), to, most))
    }

    /// Puts bytes into this sender by reference.
    pub(crate) fn vmsplice(&self, bytes: &'static [u8]) -> io::Result<usize> {
        self.transfer(None, || splice::vmsplice(self.as_fd(), bytes))
    }

    /// Makes attempts until one need wait for neither this end nor the other descriptor.
    fn transfer(
        &self,
        other: Option<BorrowedFd<'_>>,
        attempt: impl Fn() -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut patience = Patience::new(self.timeout());
        loop {
            self.check_open()?;
            let would_block = match attempt() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => error,
                result => return result,
            };
            let (fd, readiness) = match other {
                Some(other) if closing::is_ready(self.as_fd(), self.direction)? => {
                    if fd::is_nonblocking(other)? {
                        return Err(would_block);
                    }
                    (other, self.direction.opposite())
                }
                _ => (self.as_fd(), self.direction),
            };
            if !self.wait_to_try_again(fd, readiness, &mut patience, would_block)? {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "cannot wait for the pipe: the process may not have enough descriptors open",
                ));
            }
        }
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.state.timeout.get()
    }

    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.state.timeout.set(timeout)
    }

    /// Ends the operations of other threads, now and from now on.
    pub(crate) fn close(&self) {
        self.state.closing.close();
    }

    fn check_open(&self) -> io::Result<()> {
        if self.state.closing.is_closed() { Err(error::closed(self.name())) } else { Ok(()) }
    }

    fn name(&self) -> &'static str {
        match self.direction {
            Readiness::Readable => "pipe receiver",
            Readiness::Writable => "pipe sender",
        }
    }

    fn timed_out(&self, timeout: Option<Duration>) -> io::Error {
        let what = match self.direction {
            Readiness::Readable => "read from the pipe: no data arrived",
            Readiness::Writable => "write to the pipe: there was no room",
        };
        error::timed_out(what, timeout)
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        fd::set_nonblocking(self.as_fd(), nonblocking)
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        let fd = fd::duplicate(self.as_fd())?;
        Ok(Self { fd, direction: self.direction, state: Arc::clone(&self.state) })
    }

    pub(crate) fn available(&self) -> io::Result<usize> {
        fd::readable_bytes(self.as_fd())
    }

    pub(crate) fn capacity(&self) -> io::Result<usize> {
        pipe::capacity(self.as_fd())
    }

    pub(crate) fn set_capacity(&self, bytes: usize) -> io::Result<usize> {
        pipe::set_capacity(self.as_fd(), bytes)
    }
}

/// A timeout that begins when the deadline is first asked for: an operation that need not wait does not look at the clock.
struct Patience {
    timeout: Option<Duration>,
    deadline: Option<Deadline>,
}

impl Patience {
    fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, deadline: None }
    }

    fn deadline(&mut self) -> Deadline {
        *self.deadline.get_or_insert_with(|| Deadline::after(self.timeout))
    }
}

/// Writes of up to [`ATOMIC`](pipe::ATOMIC) bytes are in one piece, even if they are more slices than a system call takes.
fn whole_if_atomic(
    slices: &[IoSlice<'_>],
    write: impl FnOnce(&[IoSlice<'_>]) -> io::Result<usize>,
) -> io::Result<usize> {
    if slices.len() > slices::MOST && slices::total(slices) <= pipe::ATOMIC {
        return write(&[IoSlice::new(&slices::joined(slices)?)]);
    }
    write(slices)
}

fn atomic(message: &[u8], write: impl Fn(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    if message.len() > pipe::ATOMIC {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "cannot write {} bytes in one piece: the limit is {} (PIPE_BUF)",
                message.len(),
                pipe::ATOMIC
            ),
        ));
    }
    loop {
        match write(message) {
            Ok(count) if count == message.len() => return Ok(()),
            Ok(count) => {
                return Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    format!("cannot write in one piece: the system took {count} of {} bytes", message.len()),
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl From<PipeEnd> for OwnedFd {
    fn from(end: PipeEnd) -> Self {
        end.fd
    }
}

impl AsFd for PipeEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for PipeEnd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}
