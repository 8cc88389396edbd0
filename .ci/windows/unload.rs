//! `unload LIBRARY`: loads the library of `unloaded.rs`, calls it and frees it, over and over. A callback that comes after
//! that ends the process with an access violation.

#[cfg(windows)]
#[allow(unsafe_code, reason = "std loads no libraries")]
fn main() {
    use std::{env, ffi::OsStr, io, iter, mem, os::windows::ffi::OsStrExt, thread, time::Duration};
    use windows_sys::Win32::{
        Foundation::{FreeLibrary, HMODULE},
        System::LibraryLoader::{GetModuleHandleW, GetProcAddress, LoadLibraryW},
    };

    const ROUNDS: u32 = 50;

    fn wide(text: &OsStr) -> Vec<u16> {
        text.encode_wide().chain(iter::once(0)).collect()
    }

    fn call(library: HMODULE, number: u32) {
        // SAFETY: the library is loaded, and the name ends with a zero.
        let function = unsafe { GetProcAddress(library, c"use_pipes".as_ptr().cast()) };
        // SAFETY: this is how `unloaded.rs` declares it.
        let use_pipes: extern "system" fn(u32) -> u32 =
            unsafe { mem::transmute(function.expect("the function is exported")) };
        assert_eq!(use_pipes(number), 0, "the exchange failed");
    }

    let path = wide(&env::args_os().nth(1).expect("usage: unload LIBRARY"));
    for number in 0..ROUNDS {
        // SAFETY: the path ends with a zero; what the library does when it is loaded is what Rust's runtime does.
        let library = unsafe { LoadLibraryW(path.as_ptr()) };
        assert!(!library.is_null(), "cannot load the library: {}", io::Error::last_os_error());
        // In a thread of its own, whose end comes before the library's.
        thread::spawn({
            let library = library as usize;
            move || call(library as HMODULE, number)
        })
        .join()
        .expect("no panic");
        // SAFETY: none of its code is running in a thread of ours, and nothing of it is used any more.
        let freed = unsafe { FreeLibrary(library) };
        assert!(freed != 0, "cannot free the library: {}", io::Error::last_os_error());
    }
    // Time for callbacks that are late.
    thread::sleep(Duration::from_secs(2));
    // SAFETY: as above.
    let left = unsafe { GetModuleHandleW(path.as_ptr()) };
    println!(
        "{ROUNDS} rounds; {}",
        if left.is_null() { "unloaded" } else { "still loaded, so callbacks were not tried" }
    );
    std::process::exit(i32::from(!left.is_null()));
}

#[cfg(not(windows))]
fn main() {
    println!("SKIP: Windows only");
}
