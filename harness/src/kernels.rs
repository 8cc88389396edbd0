//! The library's test programs under other kernels: the newer system calls denied, one at a time and as profiles.
//!
//! Which kernel brought a call is in its manual page; a profile denies all that came later. gVisor's answers are those
//! of its table of system calls (`pkg/sentry/syscalls/linux/linux64.go`); those that its newer versions have learnt
//! are denied nevertheless. 'Old Docker' is a filter of before libseccomp 2.5, which refuses what it does not know
//! with EPERM. Its denial of clone3 is ENOSYS here, since the C library starts no threads under EPERM.

use crate::{
    run::{Scratch, Verdict},
    suites::{self, Cell},
};
use std::io;

/// linux/socket.h, for `getsockopt` and `setsockopt` at SOL_SOCKET: option names are argument 2.
const PASS_PIDFD: &str = "76";
const PEER_PIDFD: &str = "77";
const PASS_RIGHTS: &str = "83";
const PEER_GROUPS: &str = "59";

/// A kernel or a sandbox.
struct Profile {
    name: &'static str,
    /// The version up to which tests may rely on what Linux has, for `is_native_linux` in `tests/common`.
    version: &'static str,
    error: &'static str,
    calls: &'static [&'static str],
    /// Complete rules besides.
    rules: &'static [&'static str],
}

const PROFILES: &[Profile] = &[
    Profile {
        name: "Linux 4.19",
        version: "4.19",
        error: "ENOSYS",
        calls: &[
            "pidfd_send_signal",
            "pidfd_open",
            "pidfd_getfd",
            "clone3",
            "openat2",
            "faccessat2",
            "close_range",
            "epoll_pwait2",
            "fchmodat2",
        ],
        rules: &["pwritev2:EOPNOTSUPP:5:0x100:0x100"],
    },
    Profile {
        name: "Linux 5.10",
        version: "5.10",
        error: "ENOSYS",
        calls: &["epoll_pwait2", "fchmodat2"],
        rules: &["pwritev2:EOPNOTSUPP:5:0x100:0x100"],
    },
    Profile {
        name: "gVisor",
        version: "0.0",
        error: "ENOSYS",
        calls: &[
            "vmsplice",
            "copy_file_range",
            "pidfd_send_signal",
            "pidfd_open",
            "pidfd_getfd",
            "openat2",
            "close_range",
            "clone3",
            "fchmodat2",
            "epoll_pwait2",
        ],
        rules: &[
            "pwritev2:EOPNOTSUPP:5:0xffff:1",
            "pwritev2:EOPNOTSUPP:5:0x100:0x100",
            // MADV_WIPEONFORK
            "madvise:EINVAL:2:0xffffffff:18",
            "getsockopt:ENOPROTOOPT:2:0xffffffff:59",
        ],
    },
    Profile {
        name: "old Docker",
        version: "3.0",
        error: "EPERM",
        calls: &[
            "pidfd_send_signal",
            "pidfd_open",
            "pidfd_getfd",
            "openat2",
            "faccessat2",
            "close_range",
            "epoll_pwait2",
            "fchmodat2",
            "statx",
            "unshare",
            "process_vm_readv",
            "process_vm_writev",
        ],
        rules: &["clone3:ENOSYS", "pwritev2:EOPNOTSUPP:5:0x100:0x100"],
    },
];

/// The socket options that a profile's version does not have.
const OPTIONS: &[(&str, (u32, u32))] =
    &[(PASS_PIDFD, (6, 5)), (PEER_PIDFD, (6, 5)), (PASS_RIGHTS, (6, 16)), (PEER_GROUPS, (4, 13))];

/// A call that is denied alone: with which errors, and by which programs' names (their beginnings) that use it.
type Single = (&'static str, &'static [&'static str], &'static [&'static str]);

const SINGLES: &[Single] = &[
    ("eventfd2", &["ENOSYS", "EPERM"], &["pipe_waits", "shutdown", "signal_handler", "signal_receive"]),
    ("fchmod", &["EINVAL", "EPERM"], &["local_socket", "socket_file", "uds_stream"]),
    ("fchmodat2", &["ENOSYS", "EPERM", "EOPNOTSUPP"], &["fifo_file", "socket_file"]),
    ("inotify_init1", &["ENOSYS", "EPERM"], &["fifo_file"]),
    ("inotify_add_watch", &["ENOSYS", "EPERM"], &["fifo_file"]),
    ("madvise", &["EINVAL", "ENOSYS"], &["signal_handler"]),
    ("pidfd_open", &["ENOSYS", "EPERM"], &["signal_process", "signal_values"]),
    ("pidfd_send_signal", &["ENOSYS", "EPERM"], &["signal_values"]),
    ("preadv2", &["ENOSYS", "EOPNOTSUPP"], &["pipe_waits", "unnamed_pipe"]),
    ("pwritev2", &["ENOSYS", "EPERM", "EOPNOTSUPP", "EINVAL"], &["fifo_file", "pipe_waits", "unnamed_pipe"]),
    ("recvmmsg", &["ENOSYS", "EPERM"], &["uds_batch"]),
    ("sendmmsg", &["ENOSYS", "EPERM"], &["uds_batch"]),
    ("renameat2", &["ENOSYS", "EPERM", "EINVAL"], &["fifo_file", "socket_file"]),
    ("signalfd4", &["ENOSYS", "EPERM"], &["signal_values"]),
    ("splice", &["ENOSYS", "EPERM"], &["pipe_waits", "unnamed_pipe"]),
    ("statx", &["ENOSYS", "EPERM"], &["fifo_file", "socket_file"]),
    ("tee", &["ENOSYS", "EPERM"], &["fifo_file", "pipe_waits"]),
    ("timerfd_create", &["ENOSYS", "EPERM"], &["signal_tokio", "tokio_io_only", "uds_tokio"]),
    ("unshare", &["EPERM"], &["local_socket"]),
    ("vmsplice", &["ENOSYS", "EPERM"], &["pipe_waits", "unnamed_pipe"]),
];

/// Programs that take ten seconds and more. The short form has them once, under the poorest profile.
const SLOW: &[&str] = &["fifo_file_processes", "path_races", "signal_rain"];
const POOREST: &str = "gVisor";

pub(crate) fn run(long: bool, words: &[String]) -> io::Result<Verdict> {
    if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        println!("skipped: the launcher does not know this architecture");
        return Ok(Verdict::Skipped);
    }
    let scratch = Scratch::new()?;
    let own = std::env::current_exe()?;
    let deny = |name: String, rules: &[String], version: &str| {
        let mut cell = Cell::new(name, &[&own.to_string_lossy(), "deny"]);
        cell.wrapper.extend(rules.iter().cloned());
        cell.wrapper.push("--".into());
        cell.variables.push(("INTERPROCESS_TEST_LINUX".into(), version.into()));
        cell
    };
    let mut cells = Vec::new();
    for profile in PROFILES {
        let calls = profile.calls.iter().map(|call| format!("{call}:{}", profile.error));
        let rules = profile.rules.iter().map(|rule| (*rule).into());
        let rules: Vec<String> = calls.chain(rules).chain(missing_options(profile.version)).collect();
        let mut cell = deny(profile.name.into(), &rules, profile.version);
        if !long && profile.name != POOREST {
            cell.left_out = SLOW;
        }
        cells.push(cell);
    }
    let mut single = |name: String, rules: &[String], programs: &'static [&'static str]| {
        let mut cell = deny(name, rules, "0.0");
        if !long {
            (cell.programs, cell.left_out) = (programs, SLOW);
        }
        cells.push(cell);
    };
    for (call, errors, programs) in SINGLES {
        for error in *errors {
            single(format!("{call} {error}"), &[format!("{call}:{error}")], programs);
        }
    }
    for (option, name) in
        [(PEER_PIDFD, "SO_PEERPIDFD"), (PASS_PIDFD, "SO_PASSPIDFD"), (PEER_GROUPS, "SO_PEERGROUPS")]
    {
        let rules: Vec<String> = option_rules(option).collect();
        single(format!("{name} ENOPROTOOPT"), &rules, &["uds_options"]);
    }
    suites::run("test programs under denied system calls", &scratch, suites::chosen(cells, words))
}

fn missing_options(version: &str) -> impl Iterator<Item = String> + use<> {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().expect("a version"));
    let mut number = || numbers.next().expect("two numbers");
    let has = (number(), number());
    OPTIONS.iter().filter(move |(_, since)| *since > has).flat_map(|(option, _)| option_rules(option))
}

fn option_rules(option: &str) -> impl Iterator<Item = String> + use<> {
    ["getsockopt", "setsockopt"].map(|call| format!("{call}:ENOPROTOOPT:2:0xffffffff:{option}")).into_iter()
}
