//! Children end when the test's process does, however that ends: by a signal, or because its time was over.

use std::process::Command;

/// SIGKILL comes when the thread that starts the child ends, which is that of a test. The other Unixes have nothing like it.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(crate) fn end_with_this_process(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: one system call without memory, which may be made between fork and exec.
    unsafe {
        command.pre_exec(|| {
            end_with_parent();
            Ok(())
        })
    };
}

/// For a child that a program between it and the test has started. A program that changes its user takes it back.
#[cfg(target_os = "linux")]
pub(crate) fn end_with_parent() {
    use rustix::process::{Signal, set_parent_process_death_signal};
    // It fails for no signal that exists, but where a filter denies it.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn end_with_parent() {}

#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn end_with_this_process(_: &mut Command) {}

/// This process is put into a job, once. Its children are born into it, and the last handle of the job is this process's.
#[cfg(windows)]
#[allow(unsafe_code)]
pub(crate) fn end_with_this_process(_: &mut Command) {
    use std::{io, ptr, sync::Once};
    use windows_sys::Win32::System::{
        JobObjects::{
            AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
            JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
        },
        Threading::GetCurrentProcess,
    };
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: without a name and a security descriptor.
        let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        assert!(!job.is_null(), "{}", io::Error::last_os_error());
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let length = size_of_val(&limits) as u32;
        let limits = ptr::from_ref(&limits).cast();
        // SAFETY: the structure is of the class and length that the call is told.
        let set = unsafe { SetInformationJobObject(job, JobObjectExtendedLimitInformation, limits, length) };
        assert_ne!(set, 0, "{}", io::Error::last_os_error());
        // SAFETY: gives a constant.
        let this = unsafe { GetCurrentProcess() };
        // SAFETY: the handle of the job stays open, and the constant stands for this process.
        let assigned = unsafe { AssignProcessToJobObject(job, this) };
        assert_ne!(assigned, 0, "{}", io::Error::last_os_error());
    });
}
