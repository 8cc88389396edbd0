//! Sockets that no child inherits and that never raise SIGPIPE, on systems that differ in how to get them.
//!
//! | system | close-on-exec | no SIGPIPE |
//! | --- | --- | --- |
//! | Linux, Android, BSDs, illumos | flag of `socket`, `socketpair`, `accept4` | `MSG_NOSIGNAL` at each send (`message.rs`) |
//! | macOS and relatives | `fcntl` right after, so that a fork in between inherits | `SO_NOSIGPIPE` once |

use super::{LINUX_SOCKETS, address::Address, fd::done, option, poll};
use rustix::{
    event::PollFlags,
    io::Errno,
    net::{AddressFamily, SocketType, sockopt},
};
use std::{
    io,
    net::Shutdown,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    time::Duration,
};

pub(crate) use self::system::{accept, no_sigpipe, pair, socket};

/// The kinds of Unix domain sockets.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Stream,
    Datagram,
    Seqpacket,
}

impl Kind {
    fn system(self) -> SocketType {
        match self {
            Self::Stream => SocketType::STREAM,
            Self::Datagram => SocketType::DGRAM,
            Self::Seqpacket => SocketType::SEQPACKET,
        }
    }

    /// macOS has no sequenced packets among processes.
    fn made<T>(self, result: rustix::io::Result<T>) -> io::Result<T> {
        match result {
            Err(Errno::PROTONOSUPPORT | Errno::PROTOTYPE) if self == Self::Seqpacket => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no sequenced-packet Unix domain sockets (macOS is the one without)",
            )),
            other => Ok(other?),
        }
    }
}

#[cfg(not(target_vendor = "apple"))]
mod system {
    use super::{Address, AddressFamily, BorrowedFd, Kind, OwnedFd, io};
    use rustix::net::SocketFlags;
    use std::os::fd::AsRawFd;

    fn flags(nonblocking: bool) -> SocketFlags {
        let nonblocking = if nonblocking { SocketFlags::NONBLOCK } else { SocketFlags::empty() };
        SocketFlags::CLOEXEC | nonblocking
    }

    pub(crate) fn socket(kind: Kind, nonblocking: bool) -> io::Result<OwnedFd> {
        let flags = flags(nonblocking);
        kind.made(rustix::net::socket_with(AddressFamily::UNIX, kind.system(), flags, None))
    }

    pub(crate) fn pair(kind: Kind, nonblocking: bool) -> io::Result<(OwnedFd, OwnedFd)> {
        let flags = flags(nonblocking);
        kind.made(rustix::net::socketpair(AddressFamily::UNIX, kind.system(), flags, None))
    }

    pub(crate) fn accept(listener: BorrowedFd<'_>, nonblocking: bool) -> io::Result<(OwnedFd, Address)> {
        let flags = flags(nonblocking).bits() as libc::c_int;
        super::uninterrupted_io(|| {
            Address::from_kernel(|address, length| {
                // SAFETY: the descriptor is open for the call; the pointers are from_kernel's.
                super::owned(unsafe { libc::accept4(listener.as_raw_fd(), address, length, flags) })
            })
        })
    }

    /// Nothing: each send says so.
    pub(crate) fn no_sigpipe(_: BorrowedFd<'_>) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(target_vendor = "apple")]
mod system {
    use super::{Address, AddressFamily, BorrowedFd, Kind, OwnedFd, io};
    use crate::os::unix::sys::{fd, option};
    use rustix::net::SocketFlags;
    use std::os::fd::{AsFd, AsRawFd};

    fn prepared(socket: OwnedFd, nonblocking: bool) -> io::Result<OwnedFd> {
        fd::set_close_on_exec(socket.as_fd(), true)?;
        // Accepted sockets inherit the listener's mode here, so it is set either way.
        fd::set_nonblocking(socket.as_fd(), nonblocking)?;
        no_sigpipe(socket.as_fd())?;
        Ok(socket)
    }

    /// Prepares a socket that another program has made.
    pub(crate) fn no_sigpipe(socket: BorrowedFd<'_>) -> io::Result<()> {
        match option::set::<libc::c_int>(socket, libc::SOL_SOCKET, libc::SO_NOSIGPIPE, 1) {
            // The peer has closed, after which no option can be set (xnu, `sosetopt`), but what it sent be read. An
            // accepted socket has the option from its listener.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            other => other,
        }
    }

    pub(crate) fn socket(kind: Kind, nonblocking: bool) -> io::Result<OwnedFd> {
        let flags = SocketFlags::empty();
        let socket = kind.made(rustix::net::socket_with(AddressFamily::UNIX, kind.system(), flags, None))?;
        prepared(socket, nonblocking)
    }

    pub(crate) fn pair(kind: Kind, nonblocking: bool) -> io::Result<(OwnedFd, OwnedFd)> {
        let flags = SocketFlags::empty();
        let (a, b) = kind.made(rustix::net::socketpair(AddressFamily::UNIX, kind.system(), flags, None))?;
        Ok((prepared(a, nonblocking)?, prepared(b, nonblocking)?))
    }

    pub(crate) fn accept(listener: BorrowedFd<'_>, nonblocking: bool) -> io::Result<(OwnedFd, Address)> {
        let (stream, peer) = super::uninterrupted_io(|| {
            Address::from_kernel(|address, length| {
                // SAFETY: the descriptor is open for the call; the pointers are from_kernel's.
                super::owned(unsafe { libc::accept(listener.as_raw_fd(), address, length) })
            })
        })?;
        Ok((prepared(stream, nonblocking)?, peer))
    }
}

pub(crate) fn bind(socket: BorrowedFd<'_>, address: &Address) -> io::Result<()> {
    let (pointer, length) = address.as_raw();
    // SAFETY: the descriptor is open for the call; the pointer and length describe `address`.
    done(unsafe { libc::bind(socket.as_raw_fd(), pointer, length) })
}

/// Has `bind` make a file with no more permissions than these, where a socket that is not bound yet has a mode (Linux, but
/// not gVisor).
pub(crate) fn limit_mode(socket: BorrowedFd<'_>, mode: u32) {
    if LINUX_SOCKETS {
        // What it does not limit is set before the socket listens.
        let _ = rustix::fs::fchmod(socket, rustix::fs::Mode::from_raw_mode(mode as _));
    }
}

pub(crate) fn listen(socket: BorrowedFd<'_>, backlog: u32) -> io::Result<()> {
    Ok(rustix::net::listen(socket, i32::try_from(backlog).unwrap_or(i32::MAX))?)
}

/// Makes a listener refuse connections and wakes what waits in `accept`.
pub(crate) fn end_listening(socket: BorrowedFd<'_>) -> io::Result<()> {
    if !SHUTDOWN_WAKES_ACCEPT {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "on this system, shutdown does not wake threads that wait in accept",
        ));
    }
    match shutdown(socket, Shutdown::Both) {
        // FreeBSD wakes them and says this all the same.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        other => other,
    }
}

/// Whether a listener has a connection to accept, or an error; if so, whether it has hung up: it was shut down, or does not
/// listen. Does not wait.
pub(crate) fn poll_listener(socket: BorrowedFd<'_>) -> io::Result<Option<bool>> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const HALF: PollFlags = PollFlags::RDHUP;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const HALF: PollFlags = PollFlags::empty();
    let [found] = poll::look([socket], PollFlags::IN | HALF)?;
    let hung_up = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL | HALF;
    Ok((!found.is_empty()).then(|| found.intersects(hung_up)))
}

/// Whether nothing more can come, not even what is in the queue: what receiving no byte of a sequenced packet means if
/// nothing marks it as a packet.
///
/// Linux delivers packets of length zero, and does not mark them; the other systems deliver none that are not marked. Of the
/// queue it tells the bytes alone, so that packets of length zero in it are not seen here.
///
/// A packet may have been taken, so this fails only if nothing that can be asked tells.
pub(crate) fn has_ended(socket: BorrowedFd<'_>) -> io::Result<bool> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        has_shut_down(socket).or_else(|error| match is_nothing_next(socket) {
            Ok(true) => Err(io::Error::other(format!(
                "cannot tell a packet of length zero from the end of the connection: {error}"
            ))),
            other => other,
        })
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = socket;
        Ok(true)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn has_shut_down(socket: BorrowedFd<'_>) -> rustix::io::Result<bool> {
    use rustix::{
        event::{PollFd, Timespec},
        io::retry_on_intr,
    };
    let mut entry = [PollFd::from_borrowed_fd(socket, PollFlags::RDHUP)];
    // Even if it does not wait, poll(2) is interrupted by a signal that has come before it.
    retry_on_intr(|| rustix::event::poll(&mut entry, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })))?;
    let is_last = entry[0].revents().intersects(PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR);
    Ok(is_last && rustix::io::ioctl_fionread(socket)? == 0)
}

/// Whether the next thing to receive has no bytes: the end, or another packet of length zero. Takes nothing.
///
/// This is asked where poll(2) is refused, by a sandbox or because RLIMIT_NOFILE is 0 (EINVAL).
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_nothing_next(socket: BorrowedFd<'_>) -> io::Result<bool> {
    use rustix::{
        io::{Errno, retry_on_intr},
        net::RecvFlags,
    };
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    match retry_on_intr(|| rustix::net::recv(socket, &mut [0_u8], flags)) {
        Ok((received, _)) => Ok(received == 0),
        Err(Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Connects; a signal handler's interruption is an error here because the caller may have a deadline to look at.
pub(crate) fn connect(socket: BorrowedFd<'_>, address: &Address) -> io::Result<()> {
    let (pointer, length) = address.as_raw();
    // SAFETY: the descriptor is open for the call; the pointer and length describe `address`.
    done(unsafe { libc::connect(socket.as_raw_fd(), pointer, length) })
}

/// Whether a living socket is bound to the file of an address, whether or not it listens and has room in its backlog.
///
/// A datagram socket cannot connect to a socket of another type, and all kernels look for the socket first: only a file
/// without one refuses (unix_find_bsd of Linux, unp_connect of the BSDs and macOS; illumos says `EDESTADDRREQ`). gVisor
/// refuses all, but not another connection. The latter is how a listener may come to see a client that leaves at once.
///
/// # Errors
/// `NotFound`, and what else there is in the way.
pub(crate) fn is_bound(address: &Address) -> io::Result<bool> {
    for kind in [Kind::Datagram, Kind::Stream] {
        let probe = socket(kind, true)?;
        match uninterrupted_io(|| connect(probe.as_fd(), address))
            .map_err(|error| Errno::from_io_error(&error))
        {
            Err(Some(Errno::CONNREFUSED | Errno::DESTADDRREQ)) => {}
            // EPERM: a datagram socket that is connected to another.
            Ok(()) | Err(Some(Errno::PROTOTYPE | Errno::PERM | Errno::AGAIN | Errno::INPROGRESS)) => {
                return Ok(true);
            }
            Err(error) => return Err(error.unwrap_or(Errno::INVAL).into()),
        }
    }
    Ok(false)
}

/// The descriptor that a system call has made.
fn owned(result: libc::c_int) -> io::Result<OwnedFd> {
    done(result.min(0))?;
    // SAFETY: the kernel has just made the descriptor for this caller.
    Ok(unsafe { OwnedFd::from_raw_fd(result) })
}

fn uninterrupted_io<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

pub(crate) fn shutdown(socket: BorrowedFd<'_>, how: Shutdown) -> io::Result<()> {
    let how = match how {
        Shutdown::Read => rustix::net::Shutdown::Read,
        Shutdown::Write => rustix::net::Shutdown::Write,
        Shutdown::Both => rustix::net::Shutdown::Both,
    };
    Ok(rustix::net::shutdown(socket, how)?)
}

pub(crate) fn local_addr(socket: BorrowedFd<'_>) -> io::Result<Address> {
    Address::asked(|address, length| {
        // SAFETY: the descriptor is open for the call; the pointers are `asked`'s.
        done(unsafe { libc::getsockname(socket.as_raw_fd(), address, length) })
    })
}

/// The kind of a Unix domain socket, and whether it listens. `None`: the descriptor is something else.
pub(crate) fn kind(fd: BorrowedFd<'_>) -> Option<(Kind, bool)> {
    // Fails for sockets of other families, and for what is not a socket.
    local_addr(fd).ok()?;
    let (kind, listens) = option::kind(fd).ok()?;
    let kind = match kind {
        libc::SOCK_STREAM => Kind::Stream,
        libc::SOCK_DGRAM => Kind::Datagram,
        libc::SOCK_SEQPACKET => Kind::Seqpacket,
        _ => return None,
    };
    Some((kind, listens))
}

pub(crate) fn peer_addr(socket: BorrowedFd<'_>) -> io::Result<Address> {
    Address::asked(|address, length| {
        // SAFETY: the descriptor is open for the call; the pointers are `asked`'s.
        done(unsafe { libc::getpeername(socket.as_raw_fd(), address, length) })
    })
}

pub(crate) fn take_error(socket: BorrowedFd<'_>) -> io::Result<Option<io::Error>> {
    Ok(sockopt::socket_error(socket)?.err().map(io::Error::from))
}

/// How much of what was sent the peer has not read, in bytes of kernel memory (`SIOCOUTQ`, unix(7)).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn unread_by_peer(socket: BorrowedFd<'_>) -> io::Result<usize> {
    let mut unread: libc::c_int = 0;
    // SAFETY: the descriptor is open for the call, which writes one int.
    done(unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut unread) })?;
    Ok(usize::try_from(unread).unwrap_or(0))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn unread_by_peer(_: BorrowedFd<'_>) -> io::Result<usize> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system does not tell how much of a Unix domain socket's data the peer has read (SIOCOUTQ is Linux's)",
    ))
}

/// Sets how long an operation waits. The kernel counts in microseconds at best.
pub(crate) fn set_timeout(
    socket: BorrowedFd<'_>,
    direction: Direction,
    timeout: Option<Duration>,
) -> io::Result<()> {
    // The kernel takes zero for 'no limit', the opposite of what it says.
    let least = match timeout {
        Some(Duration::ZERO) => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a timeout of zero is not possible"));
        }
        Some(_) => Duration::from_micros(1),
        None => Duration::ZERO,
    };
    let timeout = timeout.unwrap_or_default().max(least);
    let value = libc::timeval {
        // The types differ from system to system; all hold these.
        tv_sec: i32::try_from(timeout.as_secs()).unwrap_or(i32::MAX) as _,
        tv_usec: timeout.subsec_micros() as _,
    };
    option::set(socket, libc::SOL_SOCKET, direction.timeout(), value)
}

pub(crate) fn timeout(socket: BorrowedFd<'_>, direction: Direction) -> io::Result<Option<Duration>> {
    let value = option::get::<libc::timeval>(socket, libc::SOL_SOCKET, direction.timeout())?;
    let seconds = Duration::from_secs(u64::try_from(value.tv_sec).unwrap_or(0));
    let timeout = seconds + Duration::from_micros(u64::try_from(value.tv_usec).unwrap_or(0));
    Ok((!timeout.is_zero()).then_some(timeout))
}

#[derive(Copy, Clone)]
pub(crate) enum Direction {
    Recv,
    Send,
}

impl Direction {
    fn timeout(self) -> libc::c_int {
        match self {
            Self::Recv => libc::SO_RCVTIMEO,
            Self::Send => libc::SO_SNDTIMEO,
        }
    }
}

/// How a connect that may not wait says that the listener's backlog is full.
///
/// Linux: EAGAIN (connect(2)); it is not a connection in progress. The BSDs, macOS and illumos refuse instead, as if
/// nobody listened.
pub(crate) const FULL_BACKLOG: io::ErrorKind = io::ErrorKind::WouldBlock;

/// Whether `shutdown` wakes threads that are blocked in `accept` on the same socket.
pub(crate) const SHUTDOWN_WAKES_ACCEPT: bool = LINUX_SOCKETS || cfg!(target_os = "freebsd");

/// Whether there are names outside the file system.
pub(crate) const ABSTRACT_NAMESPACE: bool = LINUX_SOCKETS;
