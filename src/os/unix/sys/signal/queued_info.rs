//! What is sent with a signal that is queued by a bare system call. Linux and Android.

use super::number::Signal;

/// The kernel's description of a signal that is queued with a value (asm-generic/siginfo.h), all 128 bytes of it: libc
/// has no names for the fields.
#[repr(C)]
pub(crate) struct QueuedInfo {
    signal: libc::c_int,
    /// The code is first where SGI had it so.
    middle: [libc::c_int; 2],
    fields: Fields,
}

#[repr(C)]
struct Fields {
    pid: libc::pid_t,
    uid: libc::uid_t,
    value: usize,
    rest: [u8; REST],
}

const REST: usize = if size_of::<usize>() == 8 { 96 } else { 104 };
const _: () = assert!(size_of::<QueuedInfo>() == 128, "as much as the kernel reads");

impl QueuedInfo {
    pub(crate) fn new(signal: Signal, value: usize) -> Self {
        const IS_MIPS: bool = cfg!(any(
            target_arch = "mips",
            target_arch = "mips32r6",
            target_arch = "mips64",
            target_arch = "mips64r6"
        ));
        // SAFETY: no memory is touched.
        let pid = unsafe { libc::getpid() };
        // SAFETY: no memory is touched.
        let uid = unsafe { libc::getuid() };
        Self {
            signal: signal.as_raw(),
            middle: if IS_MIPS { [libc::SI_QUEUE, 0] } else { [0, libc::SI_QUEUE] },
            fields: Fields { pid, uid, value, rest: [0; REST] },
        }
    }
}
