//! The sockets that launchd has opened for this process.

#[cfg(target_os = "macos")]
pub(crate) fn take(name: &std::ffi::CStr) -> std::io::Result<Vec<std::os::fd::OwnedFd>> {
    use std::{
        io,
        os::fd::{AsFd, FromRawFd, OwnedFd},
        ptr, slice,
    };

    unsafe extern "C" {
        /// launch.h. Gives an errno, and an array for `free`.
        fn launch_activate_socket(
            name: *const libc::c_char,
            fds: *mut *mut libc::c_int,
            count: *mut libc::size_t,
        ) -> libc::c_int;
    }

    let mut fds: *mut libc::c_int = ptr::null_mut();
    let mut count = 0;
    // SAFETY: the name ends with a NUL; the two others point to room for a pointer and a length.
    let code = unsafe { launch_activate_socket(name.as_ptr(), &raw mut fds, &raw mut count) };
    let failed = |kind, why| Err(io::Error::new(kind, format!("the launchd socket {name:?}: {why}")));
    match code {
        0 => {}
        libc::ENOENT => {
            return failed(io::ErrorKind::NotFound, "the job's property list has no socket of that name");
        }
        libc::ESRCH => {
            return failed(io::ErrorKind::Unsupported, "this process was not started by launchd");
        }
        libc::EALREADY => return failed(io::ErrorKind::AlreadyExists, "it has been taken already"),
        code => return Err(io::Error::from_raw_os_error(code)),
    }
    if fds.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: launchd gave the array with so many elements, which nobody changes.
    let numbers = unsafe { slice::from_raw_parts(fds, count) };
    let owned: Vec<OwnedFd> = numbers
        .iter()
        .map(|&number| {
            // SAFETY: the descriptor was made for this caller, and launchd gives it out once.
            unsafe { OwnedFd::from_raw_fd(number) }
        })
        .collect();
    // SAFETY: launch_activate_socket has the caller free the array, which is not used any more.
    unsafe { libc::free(fds.cast()) };
    for fd in &owned {
        super::fd::set_close_on_exec(fd.as_fd(), true)?;
    }
    Ok(owned)
}

#[cfg(not(target_os = "macos"))]
pub(crate) fn take(_: &std::ffi::CStr) -> std::io::Result<Vec<std::os::fd::OwnedFd>> {
    Err(super::option::unsupported("this system has no launchd (macOS has)"))
}
