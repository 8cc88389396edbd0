//! Descriptors of processes (pidfd_open(2)), and what stands for them where there are none.

use super::number::Signal;
use crate::time::Deadline;
use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
};

pub(crate) use self::system::{Handle, adopt, open};

/// A process to send signals to that does not come to mean another.
///
/// On Linux it is a descriptor of the process (pidfd_open(2)): once the process is gone, everything fails, whoever has its
/// number by then. Where the number comes from matters all the same: it can have been given to another before this is made.
/// Safe from that are a child ([`from_child`](Self::from_child)) and the peer of a socket
/// ([`from_pidfd`](Self::from_pidfd)).
///
/// # Platform differences
/// Other systems have no such descriptors, and a handle is the number there. That of a child is safe while the child has not
/// been waited for; of any other process, a signal can reach another that has got the number.
///
/// ```
/// use interprocess::os::unix::signal::{ProcessHandle, Signal};
/// use std::{os::unix::process::ExitStatusExt, process::Command};
///
/// # fn main() -> std::io::Result<()> {
/// let mut child = Command::new("sleep").arg("1000").spawn()?;
/// let handle = ProcessHandle::from_child(&mut child)?;
/// handle.send(Signal::TERM)?;
/// assert_eq!(child.wait()?.signal(), Some(Signal::TERM.as_raw()));
/// # Ok(()) }
/// ```
#[doc(alias = "pidfd")]
#[derive(Debug)]
pub struct ProcessHandle {
    pub(crate) handle: Handle,
    pub(crate) pid: Option<i32>,
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{BorrowedFd, Deadline, OwnedFd, ProcessHandle, Signal, io};
    use crate::os::unix::sys::{
        fd::{done, wait_readable},
        option::unsupported,
        signal::queued_info::QueuedInfo,
    };
    use std::{
        os::fd::{AsFd, AsRawFd, FromRawFd, RawFd},
        ptr,
        time::Duration,
    };

    #[derive(Debug)]
    pub(crate) struct Handle(OwnedFd);

    pub(crate) fn open(pid: i32) -> io::Result<Handle> {
        // SAFETY: no memory is touched.
        let number = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as libc::c_int;
        done(number).map_err(|error| match error.raw_os_error() {
            Some(libc::ENOSYS) => unsupported("this kernel has no descriptors of processes (Linux 5.3 has)"),
            // The kernel itself asks for no permission (pidfd_open(2)).
            Some(libc::EPERM | libc::EACCES) => {
                unsupported("a sandbox does not let this process open descriptors of processes (pidfd_open)")
            }
            _ => error,
        })?;
        // SAFETY: the kernel has just made the descriptor for this caller, close-on-exec.
        Ok(Handle(unsafe { OwnedFd::from_raw_fd(number) }))
    }

    /// Takes a descriptor that must be of a process, and its id, as far as that can be known.
    pub(crate) fn adopt(fd: OwnedFd) -> io::Result<(Handle, Option<i32>)> {
        check(fd.as_fd())?;
        let path = format!("/proc/self/fdinfo/{}", fd.as_raw_fd());
        let pid = std::fs::read_to_string(path).ok().and_then(|text| pid_of(&text));
        Ok((Handle(fd), pid))
    }

    /// Fails unless something says that the descriptor is one of a process.
    fn check(fd: BorrowedFd<'_>) -> io::Result<()> {
        let not_a_process =
            || io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is not one of a process");
        if rustix::fs::fstatfs(fd).is_ok_and(|found| found.f_type as u32 == PIDFS) {
            return Ok(());
        }
        // Before Linux 6.9, and where fstatfs(2) is denied.
        if let Ok(link) = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())) {
            let link = link.as_os_str().as_encoded_bytes();
            let is_process = link == b"anon_inode:[pidfd]" || link.starts_with(b"pidfd:[");
            return if is_process { Ok(()) } else { Err(not_a_process()) };
        }
        // Without /proc. A directory of another mount of it is taken for the process by the call, but is not readable when
        // the process ends.
        if !send_works() {
            return Err(unsupported(
                "cannot find out whether the descriptor is one of a process (without /proc, this needs Linux 6.9, or a \
                 sandbox that allows pidfd_send_signal)",
            ));
        }
        let is_directory = rustix::fs::fstat(fd)
            .is_ok_and(|found| rustix::fs::FileType::from_raw_mode(found.st_mode).is_dir());
        match send_to(fd.as_raw_fd(), 0, ptr::null()) {
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => Err(not_a_process()),
            _ if is_directory => Err(not_a_process()),
            // Gone, or not permitted: a process all the same.
            _ => Ok(()),
        }
    }

    /// The file system of descriptors of processes (linux/magic.h), since Linux 6.9.
    const PIDFS: u32 = 0x5049_4446;

    /// Whether pidfd_send_signal(2) is the kernel's. A sandbox may have it fail, or do nothing.
    fn send_works() -> bool {
        let error = send_to(-1, 0, ptr::null()).err().and_then(|error| error.raw_os_error());
        error == Some(libc::EBADF)
    }

    /// pidfd_send_signal(2). The description is null or the kernel's.
    fn send_to(number: RawFd, signal: i32, info: *const QueuedInfo) -> io::Result<()> {
        // SAFETY: the number need not be an open descriptor; the pointer is null or to a description as large as the kernel's.
        let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, number, signal, info, 0) };
        done(result as libc::c_int)
    }

    /// proc(5), /proc/pid/fdinfo. 0 is a process of another pid namespace, -1 one that is gone.
    fn pid_of(fdinfo: &str) -> Option<i32> {
        let number = fdinfo.lines().find_map(|line| line.strip_prefix("Pid:"))?;
        number.trim().parse().ok().filter(|pid| *pid > 0)
    }

    impl Handle {
        /// pidfd_send_signal(2), with 0 for no signal.
        pub(crate) fn send(&self, signal: i32) -> io::Result<()> {
            self.send_with(signal, ptr::null())
        }

        pub(crate) fn queue(&self, signal: Signal, value: usize) -> io::Result<()> {
            self.send_with(signal.as_raw(), &QueuedInfo::new(signal, value))
        }

        fn send_with(&self, signal: i32, info: *const QueuedInfo) -> io::Result<()> {
            send_to(self.0.as_raw_fd(), signal, info).map_err(|error| match error.raw_os_error() {
                Some(libc::ENOSYS) => {
                    unsupported("this kernel does not send through descriptors (Linux 5.1 does)")
                }
                // By the kernel, if it looks at the descriptor.
                Some(libc::EPERM | libc::EACCES) if !send_works() => unsupported(
                    "a sandbox does not let this process send through descriptors of processes \
                     (pidfd_send_signal)",
                ),
                _ => error,
            })
        }

        /// Waits until the process has ended. `false`: the time is over.
        pub(crate) fn wait_ended(&self, deadline: Deadline) -> io::Result<bool> {
            wait_readable(self.0.as_fd(), deadline)
        }

        pub(crate) fn has_ended(&self) -> io::Result<bool> {
            self.wait_ended(Deadline::after(Duration::ZERO))
        }

        pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
            Some(self.0.as_fd())
        }
    }

    /// On Linux and Android.
    impl AsFd for ProcessHandle {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.handle.0.as_fd()
        }
    }

    /// On Linux and Android.
    impl From<ProcessHandle> for OwnedFd {
        fn from(process: ProcessHandle) -> Self {
            process.handle.0
        }
    }

    #[cfg(test)]
    mod tests {
        use super::pid_of;

        #[test]
        fn the_id_is_found_in_what_proc_tells() {
            assert_eq!(pid_of("pos:\t0\nflags:\t02000002\nPid:\t17\nNSpid:\t17\n"), Some(17));
            for text in ["", "Pid:\t0\n", "Pid:\t-1\n", "NSpid:\t17\n", "Pid:\tx"] {
                assert_eq!(pid_of(text), None, "{text}");
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod system {
    use super::{BorrowedFd, Deadline, OwnedFd, Signal, io};
    use crate::os::unix::sys::{
        option::unsupported,
        signal::send::{kill, queue},
    };

    /// The number, which can come to mean another process.
    #[derive(Debug)]
    pub(crate) struct Handle(i32);

    pub(crate) fn open(pid: i32) -> io::Result<Handle> {
        match kill(pid, 0) {
            Err(error) if error.raw_os_error() != Some(libc::EPERM) => Err(error),
            _ => Ok(Handle(pid)),
        }
    }

    pub(crate) fn adopt(_: OwnedFd) -> io::Result<(Handle, Option<i32>)> {
        Err(unsupported("this system has no descriptors of processes (Linux has)"))
    }

    impl Handle {
        pub(crate) fn send(&self, signal: i32) -> io::Result<()> {
            kill(self.0, signal)
        }

        pub(crate) fn queue(&self, signal: Signal, value: usize) -> io::Result<()> {
            queue(self.0, signal, value)
        }

        pub(crate) fn wait_ended(&self, _: Deadline) -> io::Result<bool> {
            Err(unsupported("this system does not tell when a process that is no child ends (Linux does)"))
        }

        /// Whether there is no process of this number. One that has ended stays until it is waited for.
        pub(crate) fn has_ended(&self) -> io::Result<bool> {
            match kill(self.0, 0) {
                Ok(()) => Ok(false),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EPERM) => Ok(false),
                    Some(libc::ESRCH) => Ok(true),
                    _ => Err(error),
                },
            }
        }

        pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
            None
        }
    }
}
