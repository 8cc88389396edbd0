//! Who this process is; which user and group IDs are known, and which only stand for others.
//!
//! In a user namespace, Linux shows all IDs that the namespace does not map as one, the overflow ID (user_namespaces(7)), which
//! is a user of its own elsewhere (`nobody`). So two processes with this ID need not belong to the same user. -1 means that there
//! is no ID.

/// The user whose rights this process has.
pub(crate) fn effective_user() -> u32 {
    // SAFETY: the call has no argument and cannot fail.
    unsafe { libc::geteuid() }
}

/// The user that `/run/user/UID` is named after.
pub(crate) fn real_user() -> u32 {
    // SAFETY: as above.
    unsafe { libc::getuid() }
}

pub(crate) fn real_group() -> u32 {
    // SAFETY: as above.
    unsafe { libc::getgid() }
}

/// Whether a user ID that the system shows is the effective one of this process, and certainly no other user.
pub(crate) fn is_own_user(shown: u32) -> bool {
    shown == effective_user() && is_known_user(shown)
}

/// Whether a user ID that the system shows belongs to a certain user.
pub(crate) fn is_known_user(shown: u32) -> bool {
    shown != u32::MAX && !overflow::is_possible(shown, "uid")
}

/// Whether a group ID that the system shows belongs to a certain group.
pub(crate) fn is_known_group(shown: u32) -> bool {
    shown != u32::MAX && !overflow::is_possible(shown, "gid")
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod overflow {
    use std::{fs::read_to_string, sync::OnceLock};

    /// Whether an ID may stand for others. `kind` is `uid` or `gid`.
    pub(super) fn is_possible(shown: u32, kind: &str) -> bool {
        /// Without /proc: what the kernel starts with (Documentation/admin-guide/sysctl/kernel.rst).
        const DEFAULT: u32 = 65534;
        static USER: OnceLock<u32> = OnceLock::new();
        static GROUP: OnceLock<u32> = OnceLock::new();
        let overflow = if kind == "uid" { &USER } else { &GROUP }.get_or_init(|| {
            let configured = read_to_string(format!("/proc/sys/kernel/overflow{kind}")).ok();
            configured.and_then(|text| text.trim().parse().ok()).unwrap_or(DEFAULT)
        });
        // A process can change its namespace, so this is looked up each time.
        shown == *overflow && !read_to_string(format!("/proc/self/{kind}_map")).is_ok_and(|map| is_full(&map))
    }

    /// Whether a namespace maps every ID, as the first one does: then there are no others.
    pub(super) fn is_full(map: &str) -> bool {
        map.split_ascii_whitespace().eq(["0", "0", "4294967295"])
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod overflow {
    pub(super) fn is_possible(_: u32, _: &str) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{is_known_group, is_known_user, overflow};

    #[test]
    fn only_a_full_map_leaves_no_unknown_users() {
        assert!(overflow::is_full("         0          0 4294967295\n"));
        for map in ["", "0 1000 1\n", "0 0 65536\n", "0 0 1000\n1000 1000 4294966295\n"] {
            assert!(!overflow::is_full(map), "{map:?}");
        }
        assert!(!is_known_user(u32::MAX) && !is_known_group(u32::MAX));
        assert!(is_known_user(0) && is_known_user(1000) && is_known_group(0));
    }
}
