//! `deny RULE... -- COMMAND`: runs a command with some system calls denied by seccomp(2), as an older kernel or a
//! sandbox has it.
//!
//! A rule is `CALL:ERROR`, or `CALL:ERROR:ARGUMENT:MASK:VALUE` for those calls whose argument (0 to 5), masked, has
//! that value: `pwritev2:EOPNOTSUPP:5:0x100:0x100`. Only the low 32 bits of an argument are looked at.

use std::{os::unix::process::CommandExt, process::Command, process::ExitCode};

/// linux/seccomp.h: offsets in `struct seccomp_data` of the call's number, the architecture, and the arguments.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// linux/audit.h: what this program is built for. Calls of another architecture are let through.
#[cfg(target_arch = "x86_64")]
const OURS: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const OURS: u32 = 0xc000_00b7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const OURS: u32 = 0;

const CALLS: &[(&str, libc::c_long)] = &[
    ("accept4", libc::SYS_accept4),
    ("clone3", libc::SYS_clone3),
    ("close_range", libc::SYS_close_range),
    ("copy_file_range", libc::SYS_copy_file_range),
    ("epoll_pwait2", libc::SYS_epoll_pwait2),
    ("eventfd2", libc::SYS_eventfd2),
    ("faccessat2", libc::SYS_faccessat2),
    ("fchmod", libc::SYS_fchmod),
    ("fchmodat2", libc::SYS_fchmodat2),
    ("flock", libc::SYS_flock),
    ("getrandom", libc::SYS_getrandom),
    ("getsockopt", libc::SYS_getsockopt),
    ("inotify_add_watch", libc::SYS_inotify_add_watch),
    ("inotify_init1", libc::SYS_inotify_init1),
    ("linkat", libc::SYS_linkat),
    ("madvise", libc::SYS_madvise),
    ("membarrier", libc::SYS_membarrier),
    ("memfd_create", libc::SYS_memfd_create),
    ("openat2", libc::SYS_openat2),
    ("pidfd_getfd", libc::SYS_pidfd_getfd),
    ("pidfd_open", libc::SYS_pidfd_open),
    ("pidfd_send_signal", libc::SYS_pidfd_send_signal),
    ("preadv2", libc::SYS_preadv2),
    ("process_vm_readv", libc::SYS_process_vm_readv),
    ("process_vm_writev", libc::SYS_process_vm_writev),
    ("pwritev2", libc::SYS_pwritev2),
    ("recvmmsg", libc::SYS_recvmmsg),
    ("renameat2", libc::SYS_renameat2),
    ("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo),
    ("rt_tgsigqueueinfo", libc::SYS_rt_tgsigqueueinfo),
    ("sendmmsg", libc::SYS_sendmmsg),
    ("setsockopt", libc::SYS_setsockopt),
    ("signalfd4", libc::SYS_signalfd4),
    ("splice", libc::SYS_splice),
    ("statx", libc::SYS_statx),
    ("tee", libc::SYS_tee),
    ("timerfd_create", libc::SYS_timerfd_create),
    ("unshare", libc::SYS_unshare),
    ("vmsplice", libc::SYS_vmsplice),
];

const ERRORS: &[(&str, i32)] = &[
    ("EACCES", libc::EACCES),
    ("EINVAL", libc::EINVAL),
    ("ENOLCK", libc::ENOLCK),
    ("ENOPROTOOPT", libc::ENOPROTOOPT),
    ("ENOSYS", libc::ENOSYS),
    ("EOPNOTSUPP", libc::EOPNOTSUPP),
    ("EPERM", libc::EPERM),
];

/// The exit status when the command was not run.
const NOT_RUN: u8 = 125;

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let mut parts = arguments.splitn(2, |argument| argument == "--");
    let rules = parts.next().unwrap_or_default();
    let Some([program, rest @ ..]) = parts.next() else {
        eprintln!("usage: harness deny RULE... -- COMMAND");
        return ExitCode::from(NOT_RUN);
    };
    let filter = match filter(rules) {
        Ok(filter) => filter,
        Err(rule) => {
            eprintln!("deny: not a rule for this architecture: {rule}");
            return ExitCode::from(NOT_RUN);
        }
    };
    let error = match install(&filter) {
        Ok(()) => Command::new(program).args(rest).exec(),
        Err(error) => error,
    };
    eprintln!("deny: {program}: {error}");
    ExitCode::from(NOT_RUN)
}

/// The program for the kernel, or the rule that is none.
fn filter(rules: &[String]) -> Result<Vec<libc::sock_filter>, String> {
    let load = |offset| statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset);
    let allow = || statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW);
    let mut filter = vec![load(ARCHITECTURE), unless_equal(OURS, 0), allow()];
    // An equal architecture goes on behind the first `allow`.
    filter[1].jt = 1;
    filter[1].jf = 0;
    for rule in rules {
        let (number, error, argument) = parse(rule).ok_or_else(|| rule.clone())?;
        let mut denial = Vec::new();
        if let Some([argument, mask, value]) = argument {
            // Little-endian architectures only: the low half comes first.
            denial.push(load(ARGUMENTS + 8 * argument));
            denial.push(statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask));
            denial.push(unless_equal(value, 1));
        }
        denial.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | error));
        filter.push(load(NUMBER));
        filter.push(unless_equal(number, u8::try_from(denial.len()).expect("four at most")));
        filter.extend(denial);
    }
    filter.push(allow());
    Ok(filter)
}

fn parse(rule: &str) -> Option<(u32, u32, Option<[u32; 3]>)> {
    let mut parts = rule.split(':');
    let (call, error) = (parts.next()?, parts.next()?);
    let number = CALLS.iter().find(|(name, _)| *name == call)?.1;
    let error = ERRORS.iter().find(|(name, _)| *name == error)?.1;
    let numbers: Vec<u32> = parts.map(number_of).collect::<Option<_>>()?;
    let argument: Option<[u32; 3]> = if numbers.is_empty() { None } else { Some(numbers.try_into().ok()?) };
    let known = OURS != 0 && argument.is_none_or(|[argument, ..]| argument < 6);
    known.then_some((u32::try_from(number).ok()?, u32::try_from(error).ok()?, argument))
}

fn number_of(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: u16::try_from(code).expect("codes have 16 bits"), jt: 0, jf: 0, k }
}

/// Goes on if the accumulator has the value, and else passes over so many statements.
fn unless_equal(value: u32, skip: u8) -> libc::sock_filter {
    libc::sock_filter { jf: skip, ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, value) }
}

/// For this thread, the only one, and what it executes.
#[allow(unsafe_code)]
fn install(filter: &[libc::sock_filter]) -> std::io::Result<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).map_err(|_| std::io::ErrorKind::InvalidInput)?,
        filter: filter.as_ptr().cast_mut(),
    };
    let (yes, no): (libc::c_ulong, libc::c_ulong) = (1, 0);
    // SAFETY: takes numbers.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, yes, no, no, no) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    let mode = libc::c_ulong::from(libc::SECCOMP_MODE_FILTER);
    // SAFETY: the kernel copies the program, which lives until the call returns, and checks it.
    if unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program, no, no) } != 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::filter;

    #[test]
    fn rules_have_names_and_numbers() {
        let rules = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        assert!(filter(&rules("tee:ENOSYS pwritev2:EOPNOTSUPP:5:0x100:256")).is_ok());
        for bad in
            ["tee", "tee:ENOSUCH", "nothing:EPERM", "tee:EPERM:1", "tee:EPERM:6:1:1", "tee:EPERM:0:x:1"]
        {
            assert_eq!(filter(&rules(bad)).unwrap_err(), bad);
        }
    }
}
