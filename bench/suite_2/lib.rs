//! The tests of interprocess 2.4.7, with this version.
//!
//! They are unit tests, and name what they test as `crate::`. `.ci/platforms/suite-of-2.sh` puts them into `tests/`
//! from the crate's own package, and applies `interface.patch`, which lists all that had to be changed and gives a test a
//! minute instead of two seconds. Here is what they use of the old crate's private helpers.
#![cfg(test)]
#![allow(dead_code, deprecated, unused_imports, unused_macros, unused_must_use)]

pub use interprocess::*;
use std::io;

macro_rules! offset_of {
    ($($place:tt)*) => { std::mem::offset_of!($($place)*) };
}

#[path = "tests/index.rs"]
mod tests;

trait ToUsize {
    fn to_usize(self) -> usize;
}

impl<T: Into<u32>> ToUsize for T {
    fn to_usize(self) -> usize {
        self.into() as usize
    }
}

pub(crate) use ToUsize as BoolExt;
pub(crate) use ToUsize as SubUsizeExt;

trait OrErrno {
    fn true_val_or_errno<T>(self, value: T) -> io::Result<T>;
}

impl OrErrno for bool {
    fn true_val_or_errno<T>(self, value: T) -> io::Result<T> {
        if self { Ok(value) } else { Err(io::Error::last_os_error()) }
    }
}

fn cold_path() {}

fn aborting_panic(message: &str) -> ! {
    eprintln!("{message}");
    std::process::abort()
}
