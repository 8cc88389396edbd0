use super::Pid;

/// Who is at the other end of a stream, as far as the platform tells. What it does not tell is `None`.
///
/// | | Linux, Android | macOS | FreeBSD | NetBSD, OpenBSD | illumos | Windows |
/// | --- | --- | --- | --- | --- | --- | --- |
/// | pid | yes | yes | 13 and later | yes | yes | yes |
/// | user and group | yes | yes | yes | yes | yes | no |
/// | groups | Linux 4.13 and later | yes | yes | no | yes | no |
/// | user SID | no | no | no | no | no | yes |
///
/// On Unix it is what was true when the peer connected, listened, or made the pair. On Windows, the server learns the
/// client's user by impersonating it for an instant, so it is the user whose token made the connection; the client
/// is told the owner of the pipe, which is the server's user, or the group of administrators (`S-1-5-32-544`) if the server is
/// elevated or runs as the system.
///
/// On Windows the user SID is `None` if the peer hides it: a client that allows only the anonymous level of impersonation
/// (as those of go-winio do by default), one that allows a level of its own and has sent nothing that was received yet
/// (`ERROR_CANNOT_IMPERSONATE`), or a server on another computer.
#[doc(alias("UCred", "SO_PEERCRED"))]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerCreds(PeerCredsParts);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(windows, allow(dead_code))]
pub(super) struct PeerCredsParts {
    pub(super) pid: Option<Pid>,
    pub(super) euid: Option<u32>,
    pub(super) egid: Option<u32>,
    pub(super) groups: Option<Vec<u32>>,
    pub(super) user_sid: Option<String>,
}

impl PeerCreds {
    pub(super) fn new(parts: PeerCredsParts) -> Self {
        Self(parts)
    }

    /// The process id. `None` also for a peer in another pid namespace (Linux containers). The process may be gone by
    /// the time that you look, and its id given to another.
    pub fn pid(&self) -> Option<Pid> {
        self.0.pid
    }

    /// Returns [`pid`](Self::pid) in the type of [`std::process::id`] and [`Child::id`](std::process::Child::id), which is the
    /// same on every platform.
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::Stream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = Stream::pair()?;
    /// if let Some(id) = stream.peer_creds()?.process_id() {
    ///     assert_eq!(id, std::process::id());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[allow(clippy::useless_conversion)] // Not on every platform.
    pub fn process_id(&self) -> Option<u32> {
        self.0.pid.and_then(|pid| pid.try_into().ok())
    }

    /// The effective user id. `None` also for the ID that stands for all users whom the user namespace of this process does not
    /// map (Linux containers): two processes that have it need not belong to the same user.
    pub fn euid(&self) -> Option<u32> {
        self.0.euid
    }

    /// The effective group id.
    pub fn egid(&self) -> Option<u32> {
        self.0.egid
    }

    /// The groups, without those that the user namespace of this process does not map.
    pub fn groups(&self) -> Option<&[u32]> {
        self.0.groups.as_deref()
    }

    /// Whether there are more groups than [`groups`](Self::groups) gives: macOS and FreeBSD tell sixteen at most.
    pub fn groups_truncated(&self) -> bool {
        // The kernel does not say so, so a full list counts as truncated where there is a limit.
        super::platform::MOST_GROUPS
            .is_some_and(|most| self.groups().is_some_and(|groups| groups.len() >= most))
    }

    /// The user's security identifier in its text form, `S-1-5-21-...`. `None` matches no user: a check of the user has to
    /// refuse such a peer.
    pub fn user_sid(&self) -> Option<&str> {
        self.0.user_sid.as_deref()
    }
}
