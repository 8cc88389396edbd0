//! Descriptors of processes (pidfd_open(2)), and what stands for them where there are none.

use crate::os::unix::signal::Signal;
use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
    time::Instant,
};

pub(crate) use self::system::{Handle, adopt, open};

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    use super::{BorrowedFd, Instant, OwnedFd, Signal, io};
    use crate::os::unix::{
        signal::ProcessHandle,
        sys::{
            fd::{done, wait_readable},
            option::unsupported,
            signal::queued_info::QueuedInfo,
        },
    };
    use std::{
        fs::File,
        os::fd::{AsFd, AsRawFd, FromRawFd},
        ptr,
    };

    #[derive(Debug)]
    pub(crate) struct Handle(OwnedFd);

    pub(crate) fn open(pid: i32) -> io::Result<Handle> {
        // SAFETY: no memory is touched.
        let number = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as libc::c_int;
        done(number).map_err(|error| match error.raw_os_error() {
            Some(libc::ENOSYS) => unsupported("this kernel has no descriptors of processes (Linux 5.3 has)"),
            _ => error,
        })?;
        // SAFETY: the kernel has just made the descriptor for this caller, close-on-exec.
        Ok(Handle(unsafe { OwnedFd::from_raw_fd(number) }))
    }

    /// Takes a descriptor that must be of a process, and its id, as far as that can be known.
    pub(crate) fn adopt(fd: OwnedFd) -> io::Result<(Handle, Option<i32>)> {
        let not_a_process =
            || io::Error::new(io::ErrorKind::InvalidInput, "the descriptor is not one of a process");
        // A folder of /proc is taken for the process, but does not become readable when it ends.
        let file = File::from(fd);
        let is_folder = file.metadata().is_ok_and(|metadata| metadata.is_dir());
        let handle = Handle(file.into());
        if is_folder {
            return Err(not_a_process());
        }
        match handle.send(0) {
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => return Err(not_a_process()),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Err(error),
            // Gone, or not permitted: a process all the same.
            _ => {}
        }
        let path = format!("/proc/self/fdinfo/{}", handle.0.as_raw_fd());
        let pid = std::fs::read_to_string(path).ok().and_then(|text| pid_of(&text));
        Ok((handle, pid))
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

        /// The description is null or the kernel's.
        fn send_with(&self, signal: i32, info: *const QueuedInfo) -> io::Result<()> {
            let number = self.0.as_raw_fd();
            // SAFETY: the descriptor is open for the call; the pointer is null or to a description as large as the kernel's.
            let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, number, signal, info, 0) };
            done(result as libc::c_int).map_err(|error| match error.raw_os_error() {
                Some(libc::ENOSYS) => {
                    unsupported("this kernel does not send through descriptors (Linux 5.1 does)")
                }
                _ => error,
            })
        }

        /// Waits until the process has ended. `false`: the time is over.
        pub(crate) fn wait_ended(&self, deadline: Option<Instant>) -> io::Result<bool> {
            wait_readable(self.0.as_fd(), deadline)
        }

        pub(crate) fn has_ended(&self) -> io::Result<bool> {
            self.wait_ended(Some(Instant::now()))
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
    use super::{BorrowedFd, Instant, OwnedFd, Signal, io};
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

        pub(crate) fn wait_ended(&self, _: Option<Instant>) -> io::Result<bool> {
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
