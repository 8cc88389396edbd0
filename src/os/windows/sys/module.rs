//! The file that this code is in: the program's, or that of a DLL, which may be unloaded.

use std::{mem::size_of, ptr};
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

fn own() -> HMODULE {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    let mut module = ptr::null_mut();
    // SAFETY: with this flag the name is any address, and `module` is a place for a handle.
    let found = unsafe { GetModuleHandleExW(flags, own as *const u16, &mut module) };
    if found == 0 { ptr::null_mut() } else { module }
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
