use crate::os::unix::sys;
use std::{io, os::fd::BorrowedFd};

/// The process at the other end of a socket, as the kernel noted it when the peer connected, listened or made the
/// pair. A process that passes its socket on does not change this.
#[doc(alias("SO_PEERCRED", "credentials"))]
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct UCred {
    pub(super) pid: Option<i32>,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl UCred {
    /// The process id, where the system tells it: Linux, Android, macOS, FreeBSD 13, NetBSD, OpenBSD, illumos.
    ///
    /// `None` also for a peer in another pid namespace (another container), whose id means nothing here. By the time
    /// that you look at it, the process may be gone and its id given to another.
    pub fn pid(&self) -> Option<i32> {
        self.pid
    }

    /// The effective user id, as the kernel shows it. In a user namespace, all users that it does not map are shown as one
    /// (user_namespaces(7), usually 65534): this ID identifies nobody.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The effective group id.
    pub fn gid(&self) -> u32 {
        self.gid
    }
}

pub(super) fn credentials(socket: BorrowedFd<'_>) -> io::Result<UCred> {
    let peer = sys::peer::peer(socket)?;
    Ok(UCred { pid: peer.pid, uid: peer.uid, gid: peer.gid })
}

pub(super) fn groups(socket: BorrowedFd<'_>) -> io::Result<Option<Vec<u32>>> {
    match sys::peer::groups(socket)? {
        Some(groups) => Ok(Some(groups)),
        None => Ok(sys::peer::peer(socket)?.groups),
    }
}
