//! Who is at the other end of a socket, on systems that each have their own call for it.

use std::{io, os::fd::BorrowedFd};

/// What the kernel noted when the peer connected (or listened, or made the pair).
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// None where the system does not tell, or where the peer's process has no number here (another pid namespace).
    pub(crate) pid: Option<i32>,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// None where the same call does not tell; see [`groups`].
    pub(crate) groups: Option<Vec<u32>>,
}

pub(crate) use self::{
    process::{effective_pid, pidfd, security},
    system::{groups, peer},
};

/// How many groups of a peer the system tells at most.
pub(crate) const MOST_GROUPS: Option<usize> =
    if cfg!(any(target_vendor = "apple", target_os = "freebsd", target_os = "dragonfly")) {
        Some(16)
    } else {
        None
    };

/// What Linux tells of the peer beyond credentials.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod process {
    use super::{BorrowedFd, io};
    use crate::os::unix::sys::{fd::done, option};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    const IS_SPARC: bool = cfg!(any(target_arch = "sparc", target_arch = "sparc64"));

    /// asm/socket.h, Linux 6.5. libc does not name these for every C library.
    const SO_PEERPIDFD: libc::c_int = if IS_SPARC { 0x56 } else { 77 };
    const SO_PEERSEC: libc::c_int = if IS_SPARC
        || cfg!(any(
            target_arch = "mips",
            target_arch = "mips64",
            target_arch = "mips32r6",
            target_arch = "mips64r6"
        )) {
        30
    } else {
        31
    };

    /// A descriptor of the peer's process. Never made from its pid, which may be another's by now.
    pub(crate) fn pidfd(socket: BorrowedFd<'_>) -> io::Result<OwnedFd> {
        match option::get::<libc::c_int>(socket, libc::SOL_SOCKET, SO_PEERPIDFD) {
            Ok(number) => {
                // SAFETY: the kernel has just made the descriptor for this caller, close-on-exec.
                Ok(unsafe { OwnedFd::from_raw_fd(number) })
            }
            Err(error) => Err(match error.raw_os_error() {
                // EPERM is a sandbox's: the kernel does not ask for any privilege.
                _ if option::is_unknown(&error) || error.raw_os_error() == Some(libc::EPERM) => {
                    option::unsupported("this kernel has no descriptor of a peer's process (Linux 6.5 has)")
                }
                // Before Linux 6.16 for a process that was waited for already.
                Some(libc::EINVAL | libc::ESRCH) => {
                    io::Error::new(io::ErrorKind::NotFound, "the peer's process is gone")
                }
                Some(libc::ENODATA) => {
                    io::Error::new(io::ErrorKind::NotConnected, "the socket has no peer with a process")
                }
                _ => error,
            }),
        }
    }

    pub(crate) fn security(socket: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
        let mut label = vec![0_u8; 256];
        loop {
            let mut length = label.len() as libc::socklen_t;
            let (number, data) = (socket.as_raw_fd(), label.as_mut_ptr().cast());
            // SAFETY: the descriptor is open for the call; the pointer and length describe `label`, which the kernel fills.
            let result =
                done(unsafe { libc::getsockopt(number, libc::SOL_SOCKET, SO_PEERSEC, data, &mut length) });
            let length = length as usize;
            match result {
                Ok(()) => {
                    label.truncate(length);
                    // SELinux counts the terminator, AppArmor does not.
                    if label.last() == Some(&0) {
                        label.pop();
                    }
                    return Ok(label);
                }
                Err(error) => match error.raw_os_error() {
                    // The length now says how much room is wanted.
                    Some(libc::ERANGE) if length > label.len() => label.resize(length, 0),
                    _ if option::is_unknown(&error) => {
                        return Err(option::unsupported(
                            "no security module of this kernel labels the peers of sockets",
                        ));
                    }
                    _ => return Err(error),
                },
            }
        }
    }

    pub(crate) fn effective_pid(_: BorrowedFd<'_>) -> io::Result<i32> {
        Err(option::unsupported("this system does not know for whom a peer acts (macOS does)"))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod process {
    use super::{BorrowedFd, io};
    use crate::os::unix::sys::option;
    use std::os::fd::OwnedFd;

    pub(crate) fn pidfd(_: BorrowedFd<'_>) -> io::Result<OwnedFd> {
        Err(option::unsupported(
            "this system has no descriptors of processes for the peers of sockets (Linux has)",
        ))
    }

    pub(crate) fn security(_: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
        Err(option::unsupported("this system does not label the peers of sockets (Linux does)"))
    }

    #[cfg(target_vendor = "apple")]
    pub(crate) fn effective_pid(socket: BorrowedFd<'_>) -> io::Result<i32> {
        option::get::<libc::pid_t>(socket, 0, libc::LOCAL_PEEREPID)
    }

    #[cfg(not(target_vendor = "apple"))]
    pub(crate) fn effective_pid(_: BorrowedFd<'_>) -> io::Result<i32> {
        Err(option::unsupported("this system does not know for whom a peer acts (macOS does)"))
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{BorrowedFd, Peer, io};
    use crate::os::unix::sys::option::{self, Plain};
    use std::os::fd::AsRawFd;

    // SAFETY: three integers.
    unsafe impl Plain for libc::ucred {}

    pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<Peer> {
        let credentials = option::get::<libc::ucred>(socket, libc::SOL_SOCKET, libc::SO_PEERCRED)?;
        // Pid 0: the peer lives in a pid namespace that this one cannot see; user and group are valid (unix(7)).
        let pid = (credentials.pid > 0).then_some(credentials.pid);
        Ok(Peer { pid, uid: credentials.uid, gid: credentials.gid, groups: None })
    }

    /// `SO_PEERGROUPS` (asm/socket.h, Linux 4.13), which libc does not name for every C library.
    const SO_PEERGROUPS: libc::c_int =
        if cfg!(any(target_arch = "sparc", target_arch = "sparc64")) { 0x003d } else { 59 };

    pub(crate) fn groups(socket: BorrowedFd<'_>) -> io::Result<Option<Vec<u32>>> {
        let mut groups = vec![0_u32; 64];
        loop {
            let mut length = (groups.len() * size_of::<u32>()) as libc::socklen_t;
            // SAFETY: the descriptor is open for the call; the pointer and length describe `groups`' memory.
            let result = unsafe {
                libc::getsockopt(
                    socket.as_raw_fd(),
                    libc::SOL_SOCKET,
                    SO_PEERGROUPS,
                    groups.as_mut_ptr().cast(),
                    &mut length,
                )
            };
            let count = length as usize / size_of::<u32>();
            if result == 0 {
                groups.truncate(count);
                return Ok(Some(groups));
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                // The length now says how much room is wanted.
                Some(libc::ERANGE) if count > groups.len() => groups.resize(count, 0),
                // A peer without credentials; a sandbox, as the kernel does not ask for any privilege.
                Some(libc::ENODATA | libc::EPERM) => return Ok(None),
                _ if option::is_unknown(&error) => return Ok(None),
                _ => return Err(error),
            }
        }
    }
}

#[cfg(any(target_vendor = "apple", target_os = "freebsd", target_os = "dragonfly"))]
mod system {
    use super::{BorrowedFd, Peer, io};
    use crate::os::unix::sys::option::{self, Plain};

    /// sys/un.h: the level of the `LOCAL_` options.
    const SOL_LOCAL: libc::c_int = 0;

    // SAFETY: integers and, on some systems, unused pointers that nobody looks at.
    unsafe impl Plain for libc::xucred {}

    pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<Peer> {
        let credentials = option::get::<libc::xucred>(socket, SOL_LOCAL, libc::LOCAL_PEERCRED)?;
        let count = usize::try_from(credentials.cr_ngroups).unwrap_or(0).min(credentials.cr_groups.len());
        let groups = credentials.cr_groups[..count].to_vec();
        let Some(&gid) = groups.first() else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the kernel told no group of the peer"));
        };
        Ok(Peer { pid: pid(socket, &credentials), uid: credentials.cr_uid, gid, groups: Some(groups) })
    }

    #[cfg(target_vendor = "apple")]
    fn pid(socket: BorrowedFd<'_>, _: &libc::xucred) -> Option<i32> {
        let pid = option::get::<libc::pid_t>(socket, SOL_LOCAL, libc::LOCAL_PEERPID).ok()?;
        (pid > 0).then_some(pid)
    }

    #[cfg(target_os = "freebsd")]
    fn pid(_: BorrowedFd<'_>, credentials: &libc::xucred) -> Option<i32> {
        // SAFETY: both members of the union are plain; the kernel writes the pid (FreeBSD 13).
        let pid = unsafe { credentials.cr_pid__c_anonymous_union.cr_pid };
        (pid > 0).then_some(pid)
    }

    #[cfg(target_os = "dragonfly")]
    fn pid(_: BorrowedFd<'_>, _: &libc::xucred) -> Option<i32> {
        None
    }

    pub(crate) fn groups(_: BorrowedFd<'_>) -> io::Result<Option<Vec<u32>>> {
        Ok(None)
    }
}

#[cfg(target_os = "netbsd")]
mod system {
    use super::{BorrowedFd, Peer, io};
    use crate::os::unix::sys::option::{self, Plain};

    // SAFETY: three integers.
    unsafe impl Plain for libc::unpcbid {}

    pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<Peer> {
        let credentials = option::get::<libc::unpcbid>(socket, 0, libc::LOCAL_PEEREID)?;
        let pid = (credentials.unp_pid > 0).then_some(credentials.unp_pid);
        Ok(Peer { pid, uid: credentials.unp_euid, gid: credentials.unp_egid, groups: None })
    }

    pub(crate) fn groups(_: BorrowedFd<'_>) -> io::Result<Option<Vec<u32>>> {
        Ok(None)
    }
}

#[cfg(target_os = "openbsd")]
mod system {
    use super::{BorrowedFd, Peer, io};
    use crate::os::unix::sys::option::{self, Plain};

    // SAFETY: three integers.
    unsafe impl Plain for libc::sockpeercred {}

    pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<Peer> {
        let credentials = option::get::<libc::sockpeercred>(socket, libc::SOL_SOCKET, libc::SO_PEERCRED)?;
        let pid = (credentials.pid > 0).then_some(credentials.pid);
        Ok(Peer { pid, uid: credentials.uid, gid: credentials.gid, groups: None })
    }

    pub(crate) fn groups(_: BorrowedFd<'_>) -> io::Result<Option<Vec<u32>>> {
        Ok(None)
    }
}

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
mod system {
    use super::{BorrowedFd, Peer, io};
    use std::{os::fd::AsRawFd, ptr};

    struct Credentials(*mut libc::ucred_t);

    impl Drop for Credentials {
        fn drop(&mut self) {
            // SAFETY: getpeerucred allocated it, and it is freed once.
            unsafe { libc::ucred_free(self.0) };
        }
    }

    pub(crate) fn peer(socket: BorrowedFd<'_>) -> io::Result<Peer> {
        let mut credentials = ptr::null_mut();
        // SAFETY: the descriptor is open for the call, and the pointer is to a local variable, null as wanted.
        if unsafe { libc::getpeerucred(socket.as_raw_fd(), &mut credentials) } == -1 {
            return Err(io::Error::last_os_error());
        }
        let credentials = Credentials(credentials);
        // SAFETY: a valid credential until it is dropped; likewise the next four calls.
        let pid = unsafe { libc::ucred_getpid(credentials.0) };
        // SAFETY: see above.
        let uid = unsafe { libc::ucred_geteuid(credentials.0) };
        // SAFETY: see above.
        let gid = unsafe { libc::ucred_getegid(credentials.0) };
        let mut first = ptr::null();
        // SAFETY: see above; `first` is set to memory of the credential.
        let count = unsafe { libc::ucred_getgroups(credentials.0, &mut first) };
        let groups = usize::try_from(count).ok().filter(|_| !first.is_null()).map(|count| {
            // SAFETY: ucred_getgroups(3C): `count` groups at `first`, valid as long as the credential.
            unsafe { std::slice::from_raw_parts(first, count) }.to_vec()
        });
        Ok(Peer { pid: (pid > 0).then_some(pid), uid, gid, groups })
    }

    pub(crate) fn groups(_: BorrowedFd<'_>) -> io::Result<Option<Vec<u32>>> {
        Ok(None)
    }
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris",
)))]
mod system {
    use super::{BorrowedFd, Peer, io};

    pub(crate) fn peer(_: BorrowedFd<'_>) -> io::Result<Peer> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system has no call that tells the peer of a Unix domain socket",
        ))
    }

    pub(crate) fn groups(_: BorrowedFd<'_>) -> io::Result<Option<Vec<u32>>> {
        Ok(None)
    }
}
