//! Who sent a message, in the structures that each system has for it.

pub(crate) use self::system::{PASS, PIDFD, SECURITY, outgoing};
use super::{control::read_int, identity};

/// What a message tells of its sender.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Credentials {
    pub(crate) pid: i32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Credentials {
    pub(crate) fn of_this_process() -> Self {
        Self { pid: std::process::id() as i32, uid: identity::real_user(), gid: identity::real_group() }
    }
}

/// Where a control message has them.
struct Layout {
    kind: libc::c_int,
    /// The least size, or the exact one where different structures have the same type.
    size: usize,
    is_exact: bool,
    pid: Option<usize>,
    uid: usize,
    gid: usize,
}

/// `None` if the message is not of that kind.
pub(crate) fn incoming(kind: i32, data: &[u8]) -> Option<Credentials> {
    let layout = system::LAYOUTS.iter().find(|layout| {
        let fits = if layout.is_exact { data.len() == layout.size } else { data.len() >= layout.size };
        layout.kind == kind && fits
    })?;
    let pid = match layout.pid {
        Some(at) => read_int(data, at)?,
        None => 0,
    };
    let [uid, gid] = [read_int(data, layout.uid)?, read_int(data, layout.gid)?];
    Some(Credentials { pid, uid: uid as u32, gid: gid as u32 })
}

/// unix(7): `SO_PASSCRED`, `SCM_CREDENTIALS`.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{Credentials, Layout};
    use std::mem::offset_of;

    pub(super) const LAYOUTS: &[Layout] = &[Layout {
        kind: libc::SCM_CREDENTIALS,
        size: size_of::<libc::ucred>(),
        is_exact: true,
        pid: Some(offset_of!(libc::ucred, pid)),
        uid: offset_of!(libc::ucred, uid),
        gid: offset_of!(libc::ucred, gid),
    }];

    /// The option that makes messages arrive with credentials.
    pub(crate) const PASS: Option<(libc::c_int, libc::c_int)> = Some((libc::SOL_SOCKET, libc::SO_PASSCRED));

    /// linux/socket.h, Linux 6.5.
    pub(crate) const PIDFD: Option<libc::c_int> = Some(0x04);

    /// linux/socket.h: the label of a security module.
    pub(crate) const SECURITY: Option<libc::c_int> = Some(0x03);

    /// The type and data of a message that tells them.
    pub(crate) fn outgoing(
        credentials: Credentials,
    ) -> Option<(libc::c_int, [u8; size_of::<libc::ucred>()])> {
        let mut data = [0; size_of::<libc::ucred>()];
        let fields = [
            (offset_of!(libc::ucred, pid), credentials.pid.to_ne_bytes()),
            (offset_of!(libc::ucred, uid), credentials.uid.to_ne_bytes()),
            (offset_of!(libc::ucred, gid), credentials.gid.to_ne_bytes()),
        ];
        for (at, bytes) in fields {
            data[at..at + 4].copy_from_slice(&bytes);
        }
        Some((libc::SCM_CREDENTIALS, data))
    }
}

/// unix(4): the sender may ask the kernel to add a `cmsgcred`; on FreeBSD 13, the receiver may ask for a `sockcred2`
/// (`LOCAL_CREDS_PERSISTENT`). A `sockcred` has the same type as a `cmsgcred` and comes only if `LOCAL_CREDS` is set,
/// which nothing here does.
#[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
mod system {
    use super::{Credentials, Layout};
    use std::mem::offset_of;

    const CMSGCRED: Layout = Layout {
        kind: libc::SCM_CREDS,
        size: size_of::<libc::cmsgcred>(),
        is_exact: true,
        pid: Some(offset_of!(libc::cmsgcred, cmcred_pid)),
        uid: offset_of!(libc::cmsgcred, cmcred_uid),
        gid: offset_of!(libc::cmsgcred, cmcred_gid),
    };

    #[cfg(target_os = "dragonfly")]
    pub(super) const LAYOUTS: &[Layout] = &[CMSGCRED];

    #[cfg(target_os = "freebsd")]
    pub(super) const LAYOUTS: &[Layout] = &[
        CMSGCRED,
        Layout {
            kind: libc::SCM_CREDS2,
            // Without the groups at its end.
            size: offset_of!(libc::sockcred2, sc_groups),
            is_exact: false,
            pid: Some(offset_of!(libc::sockcred2, sc_pid)),
            uid: offset_of!(libc::sockcred2, sc_uid),
            gid: offset_of!(libc::sockcred2, sc_gid),
        },
    ];

    #[cfg(target_os = "dragonfly")]
    pub(crate) const PASS: Option<(libc::c_int, libc::c_int)> = None;

    #[cfg(target_os = "freebsd")]
    pub(crate) const PASS: Option<(libc::c_int, libc::c_int)> = Some((0, libc::LOCAL_CREDS_PERSISTENT));

    pub(crate) const PIDFD: Option<libc::c_int> = None;

    pub(crate) const SECURITY: Option<libc::c_int> = None;

    /// The kernel fills the structure with the truth, whatever is in it.
    pub(crate) fn outgoing(_: Credentials) -> Option<(libc::c_int, [u8; size_of::<libc::cmsgcred>()])> {
        Some((libc::SCM_CREDS, [0; size_of::<libc::cmsgcred>()]))
    }
}

/// unix(4): the receiver asks for them (`LOCAL_CREDS`).
#[cfg(target_os = "netbsd")]
mod system {
    use super::{Credentials, Layout};
    use std::mem::offset_of;

    pub(super) const LAYOUTS: &[Layout] = &[Layout {
        kind: libc::SCM_CREDS,
        // Without the groups at its end.
        size: offset_of!(libc::sockcred, sc_groups),
        is_exact: false,
        pid: Some(offset_of!(libc::sockcred, sc_pid)),
        uid: offset_of!(libc::sockcred, sc_uid),
        gid: offset_of!(libc::sockcred, sc_gid),
    }];

    pub(crate) const PASS: Option<(libc::c_int, libc::c_int)> = Some((0, libc::LOCAL_CREDS));

    pub(crate) const PIDFD: Option<libc::c_int> = None;

    pub(crate) const SECURITY: Option<libc::c_int> = None;

    pub(crate) fn outgoing(_: Credentials) -> Option<(libc::c_int, [u8; 0])> {
        None
    }
}

/// macOS defines `SCM_CREDS`, and its kernel refuses it; OpenBSD has nothing; illumos' `SCM_UCRED` is an opaque object.
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
)))]
mod system {
    use super::{Credentials, Layout};

    pub(super) const LAYOUTS: &[Layout] = &[];

    pub(crate) const PASS: Option<(libc::c_int, libc::c_int)> = None;

    pub(crate) const PIDFD: Option<libc::c_int> = None;

    pub(crate) const SECURITY: Option<libc::c_int> = None;

    pub(crate) fn outgoing(_: Credentials) -> Option<(libc::c_int, [u8; 0])> {
        None
    }
}
