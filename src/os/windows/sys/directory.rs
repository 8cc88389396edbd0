//! Listing the file system of named pipes.

use super::{handle::check_status, overlapped::is};
use std::{
    io,
    mem::{offset_of, size_of, size_of_val},
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr,
};
use windows_sys::{
    Wdk::Storage::FileSystem::{FILE_DIRECTORY_INFORMATION, FileDirectoryInformation, NtQueryDirectoryFile},
    Win32::{
        Foundation::{
            ERROR_BAD_DEV_TYPE, GENERIC_READ, INVALID_HANDLE_VALUE, STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE,
        },
        Storage::FileSystem::{
            CreateFileW, FILE_FLAG_BACKUP_SEMANTICS, FILE_SHARE_READ, FILE_SHARE_WRITE, OPEN_EXISTING,
        },
        System::IO::IO_STATUS_BLOCK,
    },
};

/// Where the parts of an entry are.
pub(crate) const NEXT_ENTRY: usize = offset_of!(FILE_DIRECTORY_INFORMATION, NextEntryOffset);
pub(crate) const END_OF_FILE: usize = offset_of!(FILE_DIRECTORY_INFORMATION, EndOfFile);
pub(crate) const ALLOCATION_SIZE: usize = offset_of!(FILE_DIRECTORY_INFORMATION, AllocationSize);
pub(crate) const NAME_LENGTH: usize = offset_of!(FILE_DIRECTORY_INFORMATION, FileNameLength);
pub(crate) const NAME: usize = offset_of!(FILE_DIRECTORY_INFORMATION, FileName);

/// A folder that is being read.
#[derive(Debug)]
pub(crate) struct Directory(Option<OwnedHandle>);

impl Directory {
    /// Opens the folder of all named pipes.
    pub(crate) fn pipes() -> io::Result<Self> {
        let name: Vec<u16> = "\\\\.\\pipe\\\0".encode_utf16().collect();
        let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
        // SAFETY: `name` is zero-terminated; no attributes and no template are allowed.
        let raw = unsafe {
            CreateFileW(
                name.as_ptr(),
                GENERIC_READ,
                share,
                ptr::null(),
                OPEN_EXISTING,
                FILE_FLAG_BACKUP_SEMANTICS,
                ptr::null_mut(),
            )
        };
        if ptr::eq(raw, INVALID_HANDLE_VALUE) {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so it is a new handle that nobody else owns.
        Ok(Self(Some(unsafe { OwnedHandle::from_raw_handle(raw) })))
    }

    /// Reads more entries, from the first if `restart` says so; `None` at the end.
    pub(crate) fn read(&mut self, restart: bool) -> io::Result<Option<Vec<u8>>> {
        let Some(handle) = &self.0 else { return Ok(None) };
        // More than any entry takes: a name of a pipe has at most 256 units.
        let mut block = [0_u64; 1024];
        let size = size_of_val(&block) as u32;
        let mut io_status = IO_STATUS_BLOCK::default();
        let place = block.as_mut_ptr().cast();
        // SAFETY: the handle is open and not for overlapped operations, so that the call returns when it is done; `place`
        // has room for `size` bytes, and event, routine and name may be left out.
        let status = unsafe {
            NtQueryDirectoryFile(
                handle.as_raw_handle(),
                ptr::null_mut(),
                None,
                ptr::null(),
                &mut io_status,
                place,
                size,
                FileDirectoryInformation,
                false,
                ptr::null(),
                restart,
            )
        };
        if status == STATUS_NO_MORE_FILES || status == STATUS_NO_SUCH_FILE {
            self.end();
            return Ok(None);
        }
        check_status(status).map_err(|error| {
            if is(&error, ERROR_BAD_DEV_TYPE) {
                io::Error::new(io::ErrorKind::Unsupported, "this system cannot list its named pipes")
            } else {
                error
            }
        })?;
        let filled = io_status.Information.min(block.len() * size_of::<u64>());
        let bytes = block.iter().flat_map(|word| word.to_ne_bytes()).take(filled);
        Ok(Some(bytes.collect()).filter(|bytes: &Vec<u8>| !bytes.is_empty()))
    }

    /// Reads nothing any more.
    pub(crate) fn end(&mut self) {
        self.0 = None;
    }
}
