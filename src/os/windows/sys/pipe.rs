//! Pipes: making, opening, asking.

mod create;

pub(crate) use create::{Creation, create, create_pair};

use super::{
    emulated,
    handle::{check, check_status, is_pipe_like},
    overlapped::is,
    security::{CLIENT_WRITE, Descriptor},
    wide::WideString,
};
use std::{
    ffi::OsString,
    io,
    mem::size_of,
    os::windows::{
        ffi::OsStringExt,
        io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle},
    },
    ptr,
};
use windows_sys::{
    Wdk::Storage::FileSystem::{
        FILE_PIPE_CLOSING_STATE, FILE_PIPE_LOCAL_INFORMATION, FILE_PIPE_SERVER_END, FileNameInformation,
        FilePipeLocalInformation, NtQueryInformationFile,
    },
    Win32::{
        Foundation::{
            ERROR_BAD_PIPE, ERROR_BROKEN_PIPE, ERROR_FILE_NOT_FOUND, ERROR_NO_DATA, ERROR_OPERATION_ABORTED,
            ERROR_PIPE_BUSY, ERROR_PIPE_LOCAL, ERROR_PIPE_NOT_CONNECTED, GENERIC_READ, INVALID_HANDLE_VALUE,
        },
        Security::{
            SECURITY_ATTRIBUTES, SECURITY_QUALITY_OF_SERVICE, SecurityAnonymous, SecurityDelegation,
            SecurityIdentification, SecurityImpersonation,
        },
        Storage::FileSystem::{
            CreateFileW, FILE_FLAG_OVERLAPPED, FILE_WRITE_ATTRIBUTES, FlushFileBuffers, OPEN_EXISTING,
            SECURITY_CONTEXT_TRACKING, SECURITY_EFFECTIVE_ONLY, SECURITY_SQOS_PRESENT,
        },
        System::{
            IO::IO_STATUS_BLOCK,
            Pipes::{
                CreatePipe, DisconnectNamedPipe, GetNamedPipeClientComputerNameW,
                GetNamedPipeClientProcessId, GetNamedPipeClientSessionId, GetNamedPipeHandleStateW,
                GetNamedPipeInfo, GetNamedPipeServerProcessId, GetNamedPipeServerSessionId,
                PIPE_READMODE_MESSAGE, PIPE_SERVER_END, PIPE_TYPE_MESSAGE, PIPE_UNLIMITED_INSTANCES,
                PeekNamedPipe, SetNamedPipeHandleState, WaitNamedPipeW,
            },
        },
    },
};

/// Which way bytes go at one end of a pipe.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directions {
    /// This end receives.
    pub(crate) receives: bool,
    /// This end sends.
    pub(crate) sends: bool,
}

/// What a server may do with the identity of a client.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exposure {
    pub(crate) level: Level,
    /// The server sees changes of the client's identity (`SECURITY_CONTEXT_TRACKING`).
    pub(crate) tracking: bool,
    /// The server gets only what is enabled (`SECURITY_EFFECTIVE_ONLY`).
    pub(crate) effective_only: bool,
}

/// How far the server may go (Microsoft: "Impersonation Levels (Authorization)").
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Level {
    Anonymous = SecurityAnonymous,
    Identification = SecurityIdentification,
    Impersonation = SecurityImpersonation,
    Delegation = SecurityDelegation,
}

impl Exposure {
    /// The server may learn who we are, and may not act as us.
    pub(crate) const DEFAULT: Self =
        Self { level: Level::Identification, tracking: false, effective_only: false };

    /// For the native API.
    fn quality(self) -> SECURITY_QUALITY_OF_SERVICE {
        SECURITY_QUALITY_OF_SERVICE {
            Length: size_of::<SECURITY_QUALITY_OF_SERVICE>() as u32,
            ImpersonationLevel: self.level as i32,
            ContextTrackingMode: self.tracking.into(),
            EffectiveOnly: self.effective_only,
        }
    }

    /// For `CreateFileW`. `SECURITY_ANONYMOUS` and the like are the levels, moved like this (winbase.h).
    fn flags(self) -> u32 {
        let level = (self.level as u32) << 16;
        let tracking = if self.tracking { SECURITY_CONTEXT_TRACKING } else { 0 };
        let effective_only = if self.effective_only { SECURITY_EFFECTIVE_ONLY } else { 0 };
        SECURITY_SQOS_PRESENT | level | tracking | effective_only
    }
}

/// How to open the client's end of a named pipe.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Opening {
    /// Of the client's end.
    pub(crate) directions: Directions,
    pub(crate) overlapped: bool,
    /// Whether [`set_message_reads`] will be called, for which a receive-only end needs one more right.
    pub(crate) message_reads: bool,
    pub(crate) exposure: Exposure,
}

impl Opening {
    /// The rights that are needed.
    fn access(&self) -> u32 {
        let mut access = 0;
        access |= if self.message_reads { FILE_WRITE_ATTRIBUTES } else { 0 };
        // The same as CLIENT_READ, in the form in which Wine 10 checks it against the pipe's directions.
        access |= if self.directions.receives { GENERIC_READ } else { 0 };
        access |= if self.directions.sends { CLIENT_WRITE } else { 0 };
        access
    }
}

/// Opens the client's end of a named pipe.
pub(crate) fn open(name: &WideString, how: Opening) -> io::Result<OwnedHandle> {
    let flags = how.exposure.flags() | if how.overlapped { FILE_FLAG_OVERLAPPED } else { 0 };
    let access = how.access();
    // SAFETY: `name` is zero-terminated; no attributes and no template are allowed.
    let raw =
        unsafe { CreateFileW(name.as_ptr(), access, 0, ptr::null(), OPEN_EXISTING, flags, ptr::null_mut()) };
    let pipe = owned(raw)?;
    if is_pipe_like(pipe.as_handle()) {
        return Ok(pipe);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "what was opened is not a named pipe"))
}

/// Makes an unnamed pipe: the receiving end and the sending end, both for synchronous operations.
pub(crate) fn anonymous(
    buffer: u32,
    security: Option<&Descriptor>,
    inheritable: bool,
) -> io::Result<(OwnedHandle, OwnedHandle)> {
    let (mut receiver, mut sender): (RawHandle, RawHandle) = (ptr::null_mut(), ptr::null_mut());
    let attributes = attributes(security, inheritable);
    // SAFETY: both are places for handles, and `attributes` and the descriptor in it are valid for the call.
    check(unsafe { CreatePipe(&mut receiver, &mut sender, &attributes, buffer) })?;
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    let receiver = unsafe { OwnedHandle::from_raw_handle(receiver) };
    // SAFETY: as above.
    let sender = unsafe { OwnedHandle::from_raw_handle(sender) };
    Ok((receiver, sender))
}

/// How many bytes the first message has that is in the pipe; 0 also if there is none. Fails if there will be none.
pub(crate) fn peek_message(handle: BorrowedHandle<'_>) -> io::Result<usize> {
    let mut left = 0;
    let none = ptr::null_mut();
    // SAFETY: the handle is open, no data is asked for, and `left` is a place for a u32.
    let result = unsafe {
        PeekNamedPipe(handle.as_raw_handle(), none, 0, ptr::null_mut(), ptr::null_mut(), &mut left)
    };
    check(result)?;
    Ok(left as usize)
}

/// What kind of pipe a handle is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) is_server: bool,
    pub(crate) message_type: bool,
}

/// Asks what kind of pipe it is. Needs the right to read attributes, which a server's send-only end lacks that
/// `CreateNamedPipeW` has made.
pub(crate) fn info(handle: BorrowedHandle<'_>) -> io::Result<Info> {
    let mut flags = 0;
    let (out_size, in_size, instances) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: the handle is open, `flags` is a place for a u32, and the other answers may be left out.
    check(unsafe { GetNamedPipeInfo(handle.as_raw_handle(), &mut flags, out_size, in_size, instances) })?;
    Ok(Info { is_server: flags & PIPE_SERVER_END != 0, message_type: flags & PIPE_TYPE_MESSAGE != 0 })
}

/// The sizes of a pipe and how many instances it has.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measures {
    pub(crate) instances: u32,
    /// `None`: no limit.
    pub(crate) max_instances: Option<u32>,
    /// On the way to the server.
    pub(crate) input_buffer: u32,
    /// On the way to the client.
    pub(crate) output_buffer: u32,
}

/// Asks for the sizes of a pipe. Needs the right to read attributes.
pub(crate) fn measures(handle: BorrowedHandle<'_>) -> io::Result<Measures> {
    let information = local_information(handle)?;
    // The kernel's own number for no limit, and the one that programs give for it.
    let has_limit = |&most: &u32| most != u32::MAX && most != PIPE_UNLIMITED_INSTANCES;
    Ok(Measures {
        instances: information.CurrentInstances,
        max_instances: Some(information.MaximumInstances).filter(has_limit),
        input_buffer: information.InboundQuota,
        output_buffer: information.OutboundQuota,
    })
}

/// The name of a pipe, with the backslash before it: what follows `\\\\.\\pipe` in its path.
pub(crate) fn name(handle: BorrowedHandle<'_>) -> io::Result<OsString> {
    // FILE_NAME_INFORMATION: the name's length in bytes, then the name. No path of a pipe is longer than 256 units.
    let mut information = [0_u32; 256];
    let mut io_status = IO_STATUS_BLOCK::default();
    let size = size_of::<[u32; 256]>() as u32;
    let place = information.as_mut_ptr().cast();
    // SAFETY: the handle is open, the query is answered before the call returns, and `place` has room for `size`.
    let status = unsafe {
        NtQueryInformationFile(handle.as_raw_handle(), &mut io_status, place, size, FileNameInformation)
    };
    check_status(status)?;
    let units = information[1..].iter().flat_map(|pair| [*pair as u16, (pair >> 16) as u16]);
    let units: Vec<u16> = units.take(information[0] as usize / 2).collect();
    Ok(OsString::from_wide(&units))
}

/// A number that identifies who is at an end of a pipe.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    ClientProcess,
    ClientSession,
    ServerProcess,
    ServerSession,
}

/// Asks for such a number.
pub(crate) fn id(handle: BorrowedHandle<'_>, id: Id) -> io::Result<u32> {
    let ask = match id {
        Id::ClientProcess => GetNamedPipeClientProcessId,
        Id::ClientSession => GetNamedPipeClientSessionId,
        Id::ServerProcess => GetNamedPipeServerProcessId,
        Id::ServerSession => GetNamedPipeServerSessionId,
    };
    let mut number = 0;
    // SAFETY: the handle is open and `number` is a place for a u32.
    check(unsafe { ask(handle.as_raw_handle(), &mut number) })?;
    Ok(number)
}

/// The name of the computer of a server's client; `None` if it is this one.
pub(crate) fn client_computer_name(handle: BorrowedHandle<'_>) -> io::Result<Option<OsString>> {
    // Names of computers have at most 15 characters, or 255 if they are those of DNS.
    let mut name = [0_u16; 256];
    let size = size_of::<[u16; 256]>() as u32;
    // SAFETY: the handle is open, and `name` has room for `size` bytes.
    let result = unsafe { GetNamedPipeClientComputerNameW(handle.as_raw_handle(), name.as_mut_ptr(), size) };
    match check(result) {
        Ok(()) => {
            let length = name.iter().position(|&unit| unit == 0).unwrap_or(name.len());
            Ok(Some(OsString::from_wide(&name[..length])))
        }
        Err(error) if is(&error, ERROR_PIPE_LOCAL) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How much can be written without waiting, at least. 0 says little: the pipe is full; or the peer waits in a read of at least
/// the pipe's size, which Windows charges to the same account; or the pipe was made without a size; or the system keeps no
/// account (Wine 10.0). A handle that another program has made can lack the right to ask.
pub(crate) fn free_space(handle: BorrowedHandle<'_>) -> io::Result<usize> {
    let information = local_information(handle)?;
    if emulated::ON {
        return Ok(emulated::free_space(handle, size(&information, true)));
    }
    Ok(information.WriteQuotaAvailable as usize)
}

/// The size of the pipe in the direction in which this end receives.
pub(crate) fn receiving_size(handle: BorrowedHandle<'_>) -> io::Result<usize> {
    Ok(size(&local_information(handle)?, false))
}

fn size(information: &FILE_PIPE_LOCAL_INFORMATION, sending: bool) -> usize {
    let is_server = information.NamedPipeEnd == FILE_PIPE_SERVER_END;
    let size = if is_server == sending { information.OutboundQuota } else { information.InboundQuota };
    size as usize
}

/// Whether the client of a server's end has closed its own and left nothing to be received. `false` also if the handle
/// lacks the right to ask.
pub(crate) fn is_abandoned(server: BorrowedHandle<'_>, receives: bool) -> bool {
    let has_left =
        |information: FILE_PIPE_LOCAL_INFORMATION| information.NamedPipeState == FILE_PIPE_CLOSING_STATE;
    // What is there, be it a message without content, can be looked at.
    local_information(server).is_ok_and(has_left) && !(receives && peek_message(server).is_ok())
}

fn local_information(handle: BorrowedHandle<'_>) -> io::Result<FILE_PIPE_LOCAL_INFORMATION> {
    let mut io_status = IO_STATUS_BLOCK::default();
    let mut information = FILE_PIPE_LOCAL_INFORMATION::default();
    let size = size_of::<FILE_PIPE_LOCAL_INFORMATION>() as u32;
    let place = ptr::from_mut(&mut information).cast();
    // SAFETY: the handle is open, the query is answered before the call returns, and `place` has room for `size`.
    let status = unsafe {
        NtQueryInformationFile(handle.as_raw_handle(), &mut io_status, place, size, FilePipeLocalInformation)
    };
    check_status(status)?;
    Ok(information)
}

/// Makes an end give messages one at a time (`PIPE_READMODE_MESSAGE`). Fails with
/// [`InvalidInput`](io::ErrorKind::InvalidInput) if the pipe does not keep them apart.
pub(crate) fn set_message_reads(handle: BorrowedHandle<'_>) -> io::Result<()> {
    set_state(handle, PIPE_READMODE_MESSAGE)
}

/// Whether an end gives messages one at a time. A receive-only end may ask this where it may not set it (Microsoft:
/// "GetNamedPipeHandleStateW function").
pub(crate) fn reads_messages(handle: BorrowedHandle<'_>) -> io::Result<bool> {
    let (mut mode, none) = (0, ptr::null_mut());
    let handle = handle.as_raw_handle();
    // SAFETY: the handle is open, `mode` is a place for a number, and the other answers may be left out.
    check(unsafe { GetNamedPipeHandleStateW(handle, &mut mode, none, none, none, ptr::null_mut(), 0) })?;
    Ok(mode & PIPE_READMODE_MESSAGE != 0)
}

fn set_state(handle: BorrowedHandle<'_>, mode: u32) -> io::Result<()> {
    // SAFETY: the handle is open; the two settings for network pipes may be left out.
    check(unsafe { SetNamedPipeHandleState(handle.as_raw_handle(), &mode, ptr::null(), ptr::null()) })
}

/// Closes the client's end from the server's, and discards what neither has read.
pub(crate) fn disconnect(handle: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    check(unsafe { DisconnectNamedPipe(handle.as_raw_handle()) })
}

/// Waits until the peer has read everything that was written.
pub(crate) fn flush(handle: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    check(unsafe { FlushFileBuffers(handle.as_raw_handle()) })
}

/// Whether a read failed because there is no writer any more, and nothing left to read.
pub(crate) fn is_end(error: &io::Error) -> bool {
    is(error, ERROR_BROKEN_PIPE) || is(error, ERROR_PIPE_NOT_CONNECTED) || is(error, ERROR_BAD_PIPE)
}

/// A failed read as std's streams report it, for an error that [`is_end`] is not true of.
pub(crate) fn read_error(error: io::Error) -> io::Error {
    // Somebody set PIPE_NOWAIT, and there is nothing to read. By itself the number's kind would be BrokenPipe.
    if is(&error, ERROR_NO_DATA) { io::ErrorKind::WouldBlock.into() } else { error }
}

/// A failed write as std's streams report it.
pub(crate) fn write_error(error: io::Error) -> io::Error {
    // The kind of the other two that mean it, ERROR_BROKEN_PIPE and ERROR_NO_DATA, is right by itself.
    if is(&error, ERROR_PIPE_NOT_CONNECTED) || is(&error, ERROR_BAD_PIPE) {
        io::ErrorKind::BrokenPipe.into()
    } else {
        error
    }
}

/// Whether connecting failed because all instances of the pipe are taken.
pub(crate) fn is_busy(error: &io::Error) -> bool {
    is(error, ERROR_PIPE_BUSY)
}

/// Whether an operation that was in flight was cancelled, by somebody or by the end of the thread that started it.
pub(crate) fn is_cancelled(error: &io::Error) -> bool {
    is(error, ERROR_OPERATION_ABORTED)
}

/// Whether there is a pipe of that name, without connecting to it.
pub(crate) fn exists(name: &WideString) -> bool {
    // 1 ms, as 0 stands for the server's default. A pipe without a free instance gives ERROR_SEM_TIMEOUT.
    // SAFETY: `name` is zero-terminated.
    let result = unsafe { WaitNamedPipeW(name.as_ptr(), 1) };
    check(result).err().is_none_or(|error| !is(&error, ERROR_FILE_NOT_FOUND))
}

/// The attributes of something that is made. They are valid as long as the descriptor.
pub(super) fn attributes(security: Option<&Descriptor>, inheritable: bool) -> SECURITY_ATTRIBUTES {
    SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: security.map_or(ptr::null_mut(), |descriptor| descriptor.as_ptr().cast_mut()),
        bInheritHandle: inheritable.into(),
    }
}

/// The result of a call that gives a new handle.
pub(super) fn owned(raw: RawHandle) -> io::Result<OwnedHandle> {
    if ptr::eq(raw, INVALID_HANDLE_VALUE) {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call that gave it succeeded, so it is a new handle that nobody else owns.
    Ok(unsafe { OwnedHandle::from_raw_handle(raw) })
}
