//! What can be asked of any handle, and handing one to another process.

use std::{
    io,
    mem::size_of,
    os::windows::io::{AsRawHandle, BorrowedHandle, IntoRawHandle, OwnedHandle, RawHandle},
    ptr,
};
use windows_sys::{
    Wdk::{
        Foundation::{NtQueryObject, ObjectBasicInformation},
        Storage::FileSystem::{
            FILE_MODE_INFORMATION, FILE_SYNCHRONOUS_IO_ALERT, FILE_SYNCHRONOUS_IO_NONALERT,
            FileFsDeviceInformation, FileModeInformation, NtQueryInformationFile,
            NtQueryVolumeInformationFile,
        },
    },
    Win32::{
        Foundation::{
            DUPLICATE_CLOSE_SOURCE, DUPLICATE_SAME_ACCESS, DuplicateHandle, GetHandleInformation,
            HANDLE_FLAG_INHERIT, NTSTATUS, RtlNtStatusToDosError, SetHandleInformation, WAIT_OBJECT_0,
        },
        Storage::FileSystem::{FILE_READ_DATA, FILE_TYPE_DISK, FILE_TYPE_PIPE, FILE_WRITE_DATA, GetFileType},
        System::{
            IO::IO_STATUS_BLOCK,
            Threading::{GetCurrentProcess, WaitForSingleObject},
        },
    },
};

/// The result of a call that gives zero and sets the thread's last error when it fails.
pub(super) fn check(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The result of a call of the native API.
pub(super) fn check_status(status: NTSTATUS) -> io::Result<()> {
    if status >= 0 {
        return Ok(());
    }
    // SAFETY: any value may be translated.
    let error = unsafe { RtlNtStatusToDosError(status) };
    Err(io::Error::from_raw_os_error(error as i32))
}

/// Whether children that are started with inheritance inherit the handle.
pub(crate) fn is_inheritable(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    let mut flags = 0;
    // SAFETY: the handle is open and `flags` is a place for a u32.
    check(unsafe { GetHandleInformation(handle.as_raw_handle(), &mut flags) })?;
    Ok(flags & HANDLE_FLAG_INHERIT != 0)
}

/// Says whether children that are started with inheritance inherit the handle.
pub(crate) fn set_inheritable(handle: BorrowedHandle<'_>, inheritable: bool) -> io::Result<()> {
    let flags = if inheritable { HANDLE_FLAG_INHERIT } else { 0 };
    // SAFETY: the handle is open.
    check(unsafe { SetHandleInformation(handle.as_raw_handle(), HANDLE_FLAG_INHERIT, flags) })
}

/// Whether the handle is a pipe, named or not, or a socket (Windows says the same of both).
pub(crate) fn is_pipe_like(handle: BorrowedHandle<'_>) -> bool {
    file_type(handle) == FILE_TYPE_PIPE
}

/// Whether the handle is of a file on a disk, which has positions.
pub(crate) fn is_file(handle: BorrowedHandle<'_>) -> bool {
    file_type(handle) == FILE_TYPE_DISK
}

fn file_type(handle: BorrowedHandle<'_>) -> u32 {
    // SAFETY: the handle is open.
    unsafe { GetFileType(handle.as_raw_handle()) }
}

/// The access rights that the handle carries.
pub(crate) fn granted_access(handle: BorrowedHandle<'_>) -> io::Result<u32> {
    // PUBLIC_OBJECT_BASIC_INFORMATION: attributes, granted access, and twelve more words that do not matter here.
    let mut information = [0_u32; 14];
    let size = size_of::<[u32; 14]>() as u32;
    let place = information.as_mut_ptr().cast();
    // SAFETY: the handle is open, and `place` has room for `size` bytes.
    let status = unsafe {
        NtQueryObject(handle.as_raw_handle(), ObjectBasicInformation, place, size, ptr::null_mut())
    };
    check_status(status)?;
    Ok(information[1])
}

/// Whether the handle was opened for overlapped operations, so that one in each direction can run at a time.
pub(crate) fn is_overlapped(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    let mut io_status = IO_STATUS_BLOCK::default();
    let mut information = FILE_MODE_INFORMATION::default();
    let size = size_of::<FILE_MODE_INFORMATION>() as u32;
    let place = ptr::from_mut(&mut information).cast();
    // SAFETY: the handle is open, the query is answered before the call returns, and `place` has room for `size`.
    let status = unsafe {
        NtQueryInformationFile(handle.as_raw_handle(), &mut io_status, place, size, FileModeInformation)
    };
    check_status(status)?;
    Ok(information.Mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT) == 0)
}

/// A characteristic of devices (Microsoft: "FILE_FS_DEVICE_INFORMATION").
const FILE_REMOTE_DEVICE: u32 = 0x10;

/// Whether the handle is of something on another computer, or on this one by way of the network (Microsoft:
/// "FileFsDeviceInformation": `FILE_REMOTE_DEVICE`).
pub(crate) fn is_remote(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    let (_kind, characteristics) = device(handle)?;
    Ok(characteristics & FILE_REMOTE_DEVICE != 0)
}

/// Whether the handle may be of a mailslot: those of other computers are the network's, and Wine 10 answers no question
/// about any.
pub(crate) fn may_be_mailslot(handle: BorrowedHandle<'_>) -> bool {
    const FILE_DEVICE_MAILSLOT: u32 = 0xc;
    let Ok((kind, characteristics)) = device(handle) else { return true };
    kind == FILE_DEVICE_MAILSLOT || characteristics & FILE_REMOTE_DEVICE != 0
}

/// The type of the device that the handle is of, and its characteristics (Microsoft: "FILE_FS_DEVICE_INFORMATION").
fn device(handle: BorrowedHandle<'_>) -> io::Result<(u32, u32)> {
    let mut io_status = IO_STATUS_BLOCK::default();
    let mut information = [0_u32; 2];
    let size = size_of::<[u32; 2]>() as u32;
    let place = information.as_mut_ptr().cast();
    // SAFETY: the handle is open, the query is answered before the call returns, and `place` has room for `size`.
    let status = unsafe {
        NtQueryVolumeInformationFile(
            handle.as_raw_handle(),
            &mut io_status,
            place,
            size,
            FileFsDeviceInformation,
        )
    };
    check_status(status)?;
    Ok((information[0], information[1]))
}

/// Moves the handle into another process and gives its value there. It is closed here in any case.
pub(crate) fn move_to_process(handle: OwnedHandle, process: BorrowedHandle<'_>) -> io::Result<u64> {
    let mut there: RawHandle = ptr::null_mut();
    let options = DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE;
    let source = handle.into_raw_handle();
    let here = current_process();
    // SAFETY: `source` is open and ours to close (the call closes it even if it fails), `process` is open, and
    // `there` is a place for a handle.
    let result = unsafe { DuplicateHandle(here, source, process.as_raw_handle(), &mut there, 0, 0, options) };
    check(result)?;
    Ok(there as usize as u64)
}

/// Gives a copy of the handle to another process, which cannot be inherited there, and gives its value there.
pub(crate) fn copy_to_process(
    handle: BorrowedHandle<'_>,
    process: BorrowedHandle<'_>,
) -> io::Result<RawHandle> {
    let mut there: RawHandle = ptr::null_mut();
    let here = current_process();
    let source = handle.as_raw_handle();
    // SAFETY: both handles are open, and `there` is a place for a handle.
    let result = unsafe {
        DuplicateHandle(here, source, process.as_raw_handle(), &mut there, 0, 0, DUPLICATE_SAME_ACCESS)
    };
    check(result)?;
    Ok(there)
}

/// Whether a process has ended.
pub(crate) fn has_ended(process: BorrowedHandle<'_>) -> bool {
    // SAFETY: the handle is open.
    let result = unsafe { WaitForSingleObject(process.as_raw_handle(), 0) };
    result == WAIT_OBJECT_0
}

/// The access right to read from a pipe.
pub(crate) const READ: u32 = FILE_READ_DATA;
/// The access right to write to a pipe.
pub(crate) const WRITE: u32 = FILE_WRITE_DATA;

fn current_process() -> RawHandle {
    // SAFETY: gives a constant.
    unsafe { GetCurrentProcess() }
}
