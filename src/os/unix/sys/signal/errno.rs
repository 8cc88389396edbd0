//! The number of the last error, which a signal handler must leave as it was.

/// Puts the number back when it is dropped.
pub(super) struct Kept(libc::c_int);

impl Kept {
    pub(super) fn new() -> Self {
        let place = place();
        // SAFETY: the C library's own variable of this thread.
        Self(unsafe { *place })
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let place = place();
        // SAFETY: as above.
        unsafe { *place = self.0 };
    }
}

fn place() -> *mut libc::c_int {
    #[cfg(any(target_os = "illumos", target_os = "solaris"))]
    use libc::___errno as location;
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    use libc::__errno as location;
    #[cfg(not(any(
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "android",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "illumos",
        target_os = "solaris"
    )))]
    use libc::__errno_location as location;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    use libc::__error as location;
    // SAFETY: takes nothing, and may be called in a handler.
    unsafe { location() }
}
