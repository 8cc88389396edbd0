//! Text as Windows wants it.

use std::{ffi::OsStr, iter, os::windows::ffi::OsStrExt, ptr};
use windows_sys::Win32::Foundation::LocalFree;

/// UTF-16 text with a zero at its end and nowhere else.
#[derive(Clone, Debug)]
pub(crate) struct WideString(Vec<u16>);

impl WideString {
    /// Encodes `text`; `None` if it contains a zero.
    pub(crate) fn new(text: &OsStr) -> Option<Self> {
        let units: Vec<u16> = text.encode_wide().chain(iter::once(0)).collect();
        let first_zero = units.iter().position(|&unit| unit == 0);
        (first_zero == Some(units.len() - 1)).then_some(Self(units))
    }

    /// The text without the zero.
    pub(super) fn units(&self) -> &[u16] {
        &self.0[..self.0.len() - 1]
    }

    /// A pointer to the first unit; the text is zero-terminated.
    pub(super) fn as_ptr(&self) -> *const u16 {
        self.0.as_ptr()
    }
}

/// Text that the system allocated with `LocalAlloc`.
pub(super) struct LocalText {
    pointer: *mut u16,
}

impl LocalText {
    /// Takes the text over, to free it.
    ///
    /// # Safety
    /// `pointer` came from a call that asks its caller to free zero-terminated text with `LocalFree`, and nobody
    /// else frees it.
    pub(super) unsafe fn from_raw(pointer: *mut u16) -> Self {
        Self { pointer }
    }

    /// The text as a Rust string.
    pub(super) fn to_string_lossy(&self) -> String {
        let length = (0..).take_while(|&index| self.unit(index) != 0).count();
        // SAFETY: `length` units before the terminator are readable, and nobody writes to them while `self` lives.
        let units = unsafe { std::slice::from_raw_parts(self.pointer, length) };
        String::from_utf16_lossy(units)
    }

    /// The unit at `index`, which is at most the index of the terminator.
    fn unit(&self, index: usize) -> u16 {
        let position = self.pointer.wrapping_add(index);
        // SAFETY: the only caller asks for indices in order and stops at the terminator, so this one exists.
        unsafe { ptr::read(position) }
    }
}

impl Drop for LocalText {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `LocalAlloc` (contract of `from_raw`) and is freed here only.
        unsafe { LocalFree(self.pointer.cast()) };
    }
}
