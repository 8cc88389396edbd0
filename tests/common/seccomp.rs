//! System calls that fail, as on an older kernel or in a sandbox.
#![allow(unsafe_code)]

use libc::{c_long, c_ulong, sock_filter};
use std::io;

/// Has these system calls fail with an error, in the calling thread and in those that it starts from now on. For a process
/// of its own: nothing takes this back.
pub(crate) fn deny(calls: &[c_long], error: i32) -> io::Result<()> {
    let statement = |code: u32, value: u32| sock_filter { code: code as u16, jt: 0, jf: 0, k: value };
    // The number of the call is the first field of struct seccomp_data.
    let mut program = vec![statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0)];
    for call in calls {
        let code = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
        program.push(sock_filter { code, jt: 0, jf: 1, k: u32::try_from(*call).unwrap() });
        program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | error as u32));
    }
    program.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW));
    let program = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    let (one, zero): (c_ulong, c_ulong) = (1, 0);
    // SAFETY: takes numbers.
    if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, one, zero, zero, zero) } == -1 {
        return Err(io::Error::last_os_error());
    }
    let mode = c_ulong::from(libc::SECCOMP_MODE_FILTER);
    // SAFETY: the pointer is to a program that describes its own length, and is only read.
    if unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program, zero, zero) } == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
