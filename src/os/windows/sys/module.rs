//! The file that this code is in: the program's, or that of a DLL, which may be unloaded.

use super::handle::check;
use std::{
    ffi::c_void,
    io,
    mem::size_of,
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};
use windows_sys::Win32::{
    Foundation::HMODULE,
    System::{
        LibraryLoader::{
            GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
            GetModuleHandleExW, GetModuleHandleW,
        },
        Threading::{TP_CALLBACK_ENVIRON_V3, TP_CALLBACK_PRIORITY_NORMAL},
    },
};

/// Asked for once, since every write that a lasting thread starts needs it, and the answer takes the loader's lock.
fn own() -> HMODULE {
    static OWN: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
    let mut module = OWN.load(Ordering::Relaxed);
    if module.is_null() {
        module = find(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT).unwrap_or(module);
        OWN.store(module, Ordering::Relaxed);
    }
    module
}

/// Keeps this file loaded until the process ends.
#[cfg(feature = "signal")]
pub(super) fn pin() -> io::Result<()> {
    use windows_sys::Win32::System::LibraryLoader::GET_MODULE_HANDLE_EX_FLAG_PIN;
    find(GET_MODULE_HANDLE_EX_FLAG_PIN).map(drop)
}

/// This file. What becomes of its reference count, `flags` say.
fn find(flags: u32) -> io::Result<HMODULE> {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | flags;
    let mut module = ptr::null_mut();
    // SAFETY: with this flag the name is any address, and `module` is a place for a handle.
    check(unsafe { GetModuleHandleExW(flags, find as *const u16, &mut module) })?;
    Ok(module)
}

/// Whether this is the file that the process was started from, and not a DLL.
pub(super) fn is_program() -> bool {
    // SAFETY: a null pointer stands for the program.
    own() == unsafe { GetModuleHandleW(ptr::null()) }
}

/// What a callback in the system's thread pool is made with: the pool keeps a DLL loaded until its callbacks have
/// returned (Microsoft: "SetThreadpoolCallbackLibrary function", which the SDK defines in a header).
pub(super) fn callback_environment() -> TP_CALLBACK_ENVIRON_V3 {
    TP_CALLBACK_ENVIRON_V3 {
        Version: 3,
        RaceDll: own(),
        CallbackPriority: TP_CALLBACK_PRIORITY_NORMAL,
        Size: size_of::<TP_CALLBACK_ENVIRON_V3>() as u32,
        ..TP_CALLBACK_ENVIRON_V3::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{callback_environment, is_program, own, pin};

    #[test]
    fn callbacks_keep_the_file_loaded_that_they_are_in() {
        assert!(is_program());
        pin().unwrap();
        let environment = callback_environment();
        assert!(!environment.RaceDll.is_null());
        assert_eq!((environment.RaceDll, environment.Version), (own(), 3));
        let size = if cfg!(target_pointer_width = "64") { 72 } else { 40 };
        assert_eq!(environment.Size, size, "of the SDK's structure");
    }
}
