//! System calls that fail as they do in a sandbox or on an older kernel, by a filter of seccomp(2).
#![allow(unsafe_code)]

use std::os::fd::AsRawFd;

/// A call, the error that it fails with, and of which argument (its number, a mask, and the value under it) that depends.
pub(crate) struct Rule {
    pub(crate) call: libc::c_long,
    pub(crate) error: i32,
    pub(crate) argument: Option<(u32, u32, u32)>,
}

/// Whether tee(2) is there.
pub(crate) fn has_tee() -> bool {
    let (first, second) = (rustix::pipe::pipe().unwrap(), rustix::pipe::pipe().unwrap());
    rustix::io::write(&first.1, b"x").unwrap();
    rustix::pipe::tee(&first.0, &second.1, 1, rustix::pipe::SpliceFlags::empty()).is_ok()
}

/// Whether splice(2), tee(2) and vmsplice(2) are there. Says so if one is not.
pub(crate) fn has_splice() -> bool {
    static BYTE: [u8; 1] = [0];
    let vector = libc::iovec { iov_base: BYTE.as_ptr().cast_mut().cast(), iov_len: 1 };
    let (first, second) = (rustix::pipe::pipe().unwrap(), rustix::pipe::pipe().unwrap());
    // SAFETY: the byte lives for ever and nobody writes to it.
    let given = match unsafe { libc::vmsplice(first.1.as_raw_fd(), &raw const vector, 1, 0) } {
        1 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    };
    let flags = rustix::pipe::SpliceFlags::empty();
    let moved = given.and_then(|()| {
        rustix::pipe::tee(&first.0, &second.1, 1, flags)?;
        rustix::pipe::splice(&first.0, None, &second.1, None, 1, flags)?;
        Ok(())
    });
    if let Err(error) = &moved {
        super::skip(format_args!("splice, tee or vmsplice is missing: {error}"));
    }
    moved.is_ok()
}

/// listen(2), denied with EPERM.
pub(crate) const NO_LISTEN: Rule = if cfg!(target_arch = "x86") {
    // socketcall(2) is what the C library and rustix call there; 4 is SYS_LISTEN of linux/net.h.
    Rule { call: 102, error: libc::EPERM, argument: Some((0, u32::MAX, 4)) }
} else {
    Rule { call: libc::SYS_listen, error: libc::EPERM, argument: None }
};

/// Has all of these calls fail with an error, as [`deny`] does. For the role of a test whose system has filters.
pub(crate) fn deny_calls(calls: &[libc::c_long], error: i32) {
    let rules: Vec<Rule> = calls.iter().map(|&call| Rule { call, error, argument: None }).collect();
    assert!(deny(&rules), "this system has no filters of system calls");
}

/// Has calls of this thread, and of those that it starts, fail from now on. `false`: the system has no such filters, as under an emulator.
pub(crate) fn deny(rules: &[Rule]) -> bool {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let unless_equal_skip = |k: u32, count: u8| libc::sock_filter {
        code: (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16,
        jt: 0,
        jf: count,
        k,
    };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let mut program = Vec::new();
    for rule in rules {
        // struct seccomp_data: the call's number, the architecture, the instruction's address, the arguments.
        program.push(statement(load, 0));
        program.push(unless_equal_skip(rule.call as u32, if rule.argument.is_some() { 4 } else { 1 }));
        if let Some((number, mask, value)) = rule.argument {
            let low_half = if cfg!(target_endian = "big") { 4 } else { 0 };
            program.push(statement(load, 16 + 8 * number + low_half));
            program.push(statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask));
            program.push(unless_equal_skip(value, 1));
        }
        program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | rule.error as u32));
    }
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: sets an attribute of this thread, and touches no memory.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
        return false;
    }
    // SAFETY: the kernel copies the program, which is there for the call.
    unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0 }
}
