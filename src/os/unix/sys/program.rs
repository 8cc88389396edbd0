//! Whether this code is part of the program or of a shared library.

use std::ffi::c_void;

/// Whether the address is in the file that exec started, and not in a shared library.
///
/// The answer is `false` where it can't be known.
#[cfg(target_vendor = "apple")]
pub(super) fn contains(address: *const c_void) -> bool {
    use std::mem::MaybeUninit;

    unsafe extern "C" {
        /// crt_externs.h.
        safe fn _NSGetMachExecuteHeader() -> *const c_void;
    }

    let mut image = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: dladdr takes any address, and there is room for a Dl_info.
    if unsafe { libc::dladdr(address, image.as_mut_ptr()) } == 0 {
        return false;
    }
    // SAFETY: the call succeeded.
    let image = unsafe { image.assume_init() };
    image.dli_fbase.cast_const() == _NSGetMachExecuteHeader()
}

/// Whether the address is in the file that exec started, and not in a shared library.
///
/// The answer is `false` where it can't be known.
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris",
))]
pub(super) fn contains(address: *const c_void) -> bool {
    struct Search {
        address: usize,
        found: bool,
    }

    /// Looks at the program and ends the iteration.
    unsafe extern "C" fn visit(
        object: *mut libc::dl_phdr_info,
        _: libc::size_t,
        search: *mut c_void,
    ) -> libc::c_int {
        const PT_LOAD: u32 = 1;
        // SAFETY: dl_iterate_phdr passes an object that stays as it is during the call.
        let object = unsafe { &*object };
        if !is_program(object) {
            return 0;
        }
        // SAFETY: these are the object's program headers, so many of them.
        let headers = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) };
        // SAFETY: `contains` passes its own `Search`, and uses it again only afterwards.
        let search = unsafe { &mut *search.cast::<Search>() };
        search.found = headers.iter().any(|header| {
            let start = (object.dlpi_addr as usize).wrapping_add(header.p_vaddr as usize);
            header.p_type == PT_LOAD && search.address.wrapping_sub(start) < header.p_memsz as usize
        });
        1
    }

    let mut search = Search { address: address.addr(), found: false };
    // SAFETY: `visit` expects what it is called with, and does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

/// Bionic visits the dynamic linker first, and glibc's dlmopen(3) makes lists of libraries without the program; the kernel
/// says where the program's headers are.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_program(object: &libc::dl_phdr_info) -> bool {
    // SAFETY: getauxval reads what the kernel passed to the program.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) };
    object.dlpi_phdr.addr() == headers as usize
}

/// Here the program is visited first.
#[cfg(any(
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris",
))]
fn is_program(_: &libc::dl_phdr_info) -> bool {
    true
}

#[cfg(not(any(
    target_vendor = "apple",
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "illumos",
    target_os = "solaris",
)))]
pub(super) fn contains(_: *const c_void) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::contains;
    use std::ffi::c_void;

    #[test]
    fn code_of_a_shared_library_is_not_of_the_program() {
        let ours: fn() = code_of_a_shared_library_is_not_of_the_program;
        assert!(contains(ours as *const c_void));
        let stack = 0;
        assert!(!contains((&raw const stack).cast()));
        if cfg!(all(target_env = "gnu", not(target_feature = "crt-static"))) {
            // A function pointer may be that of a stub in the program, so this asks the dynamic linker.
            // SAFETY: the name ends with a NUL.
            let theirs = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"getppid".as_ptr()) };
            assert!(!theirs.is_null() && !contains(theirs.cast_const()));
        }
    }
}
