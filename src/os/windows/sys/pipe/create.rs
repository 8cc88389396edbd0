//! Making server ends of pipes, and pairs of ends.

use super::{Directions, Exposure, Opening, info};
use crate::os::windows::sys::{handle::check_status, security::Descriptor, wide::WideString};
use std::{
    io,
    mem::size_of,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle},
    ptr,
    sync::OnceLock,
};
use windows_sys::{
    Wdk::{
        Foundation::OBJECT_ATTRIBUTES,
        Storage::FileSystem::{
            FILE_CREATE, FILE_NON_DIRECTORY_FILE, FILE_OPEN_IF, FILE_PIPE_MESSAGE_MODE,
            FILE_PIPE_MESSAGE_TYPE, FILE_PIPE_QUEUE_OPERATION, FILE_PIPE_REJECT_REMOTE_CLIENTS,
            FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_THROUGH, NtOpenFile,
        },
    },
    Win32::{
        Foundation::{
            ERROR_ALREADY_EXISTS, GENERIC_READ, GENERIC_WRITE, NTSTATUS, OBJ_CASE_INSENSITIVE, OBJ_INHERIT,
            UNICODE_STRING,
        },
        Security::{ACL, SE_DACL_PRESENT, SECURITY_DESCRIPTOR},
        Storage::FileSystem::{
            FILE_READ_ATTRIBUTES, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_WRITE_ATTRIBUTES, SYNCHRONIZE,
        },
        System::{
            IO::IO_STATUS_BLOCK,
            Memory::{GetProcessHeap, HeapFree},
        },
    },
};

// windows-sys has neither: they are no part of the driver kit's headers. CreateNamedPipeW is made of these two.
#[cfg_attr(
    target_arch = "x86",
    link(name = "ntdll.dll", kind = "raw-dylib", modifiers = "+verbatim", import_name_type = "undecorated")
)]
#[cfg_attr(not(target_arch = "x86"), link(name = "ntdll.dll", kind = "raw-dylib", modifiers = "+verbatim"))]
unsafe extern "system" {
    fn NtCreateNamedPipeFile(
        handle: *mut RawHandle,
        access: u32,
        attributes: *const OBJECT_ATTRIBUTES,
        io_status: *mut IO_STATUS_BLOCK,
        share: u32,
        disposition: u32,
        options: u32,
        pipe_type: u32,
        read_mode: u32,
        completion_mode: u32,
        instances: u32,
        inbound_quota: u32,
        outbound_quota: u32,
        timeout: *const i64,
    ) -> NTSTATUS;

    fn RtlDefaultNpAcl(list: *mut *mut ACL) -> NTSTATUS;
}

/// How to make one instance of a named pipe.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Creation<'a> {
    /// Of the server's end.
    pub(crate) directions: Directions,
    /// Fail with [`AlreadyExists`](io::ErrorKind::AlreadyExists) or
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if there is a pipe of that name.
    pub(crate) first: bool,
    /// Overlapped operations, which all our streams use.
    pub(crate) overlapped: bool,
    pub(crate) write_through: bool,
    pub(crate) message_type: bool,
    pub(crate) message_reads: bool,
    pub(crate) accept_remote: bool,
    /// `None`: no limit.
    pub(crate) max_instances: Option<u8>,
    pub(crate) output_buffer: u32,
    pub(crate) input_buffer: u32,
    pub(crate) wait_timeout: u32,
    pub(crate) security: Option<&'a Descriptor>,
    pub(crate) inheritable: bool,
}

/// Makes an instance of a named pipe, and the pipe with it if there is none of that name. `path` is one of this computer
/// (`\\.\pipe\NAME`), in the form to which Windows normalizes paths.
///
/// `CreateNamedPipeW` gives a send-only end no `FILE_READ_ATTRIBUTES`, without which its space cannot be asked, and a
/// receive-only end no `FILE_WRITE_ATTRIBUTES`, without which its mode cannot be set ("SetNamedPipeHandleState function").
/// This does what that function does, and asks for both rights too, as `CreatePipe` does.
pub(crate) fn create(path: &WideString, how: &Creation<'_>) -> io::Result<OwnedHandle> {
    let rejects = !how.accept_remote && knows_rejecting();
    make(None, &native(path), how, if rejects { FILE_PIPE_REJECT_REMOTE_CLIENTS } else { 0 })
}

/// Makes a pipe without a name, so that nobody else can find it: the server's end, then the client's.
///
/// A pipe that is made relative to the root of all pipes, with an empty name, has none. Its client's end is opened relative to
/// the server's. std makes its pipes to children like this.
pub(crate) fn create_pair(how: &Creation<'_>, client: Opening) -> io::Result<(OwnedHandle, OwnedHandle)> {
    let root = pipes()?;
    let server = make(Some(root.as_handle()), &[], how, 0)?;
    let access = SYNCHRONIZE | FILE_READ_ATTRIBUTES | client.access();
    let options = FILE_NON_DIRECTORY_FILE | waiting(client.overlapped);
    let client = open(Some(server.as_handle()), &[], access, 0, options, client.exposure, how.inheritable)?;
    Ok((server, client))
}

/// The root of all pipes.
fn pipes() -> io::Result<OwnedHandle> {
    let name: Vec<u16> = r"\??\pipe\".encode_utf16().collect();
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    open(None, &name, SYNCHRONIZE | GENERIC_READ, share, waiting(false), Exposure::DEFAULT, false)
}

fn open(
    root: Option<BorrowedHandle<'_>>,
    name: &[u16],
    access: u32,
    share: u32,
    options: u32,
    exposure: Exposure,
    inheritable: bool,
) -> io::Result<OwnedHandle> {
    let (name, quality) = (text(name), exposure.quality());
    let attributes =
        OBJECT_ATTRIBUTES { SecurityQualityOfService: &quality, ..attributes(root, &name, inheritable) };
    let mut io_status = IO_STATUS_BLOCK::default();
    let mut raw = ptr::null_mut();
    // SAFETY: `attributes` and all that it points to are valid for the call. `raw` is a place for a handle, and the call is
    // over when it returns.
    check_status(unsafe { NtOpenFile(&mut raw, access, &attributes, &mut io_status, share, options) })?;
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    Ok(unsafe { OwnedHandle::from_raw_handle(raw) })
}

/// Whether operations wait in the call.
fn waiting(overlapped: bool) -> u32 {
    if overlapped { 0 } else { FILE_SYNCHRONOUS_IO_NONALERT }
}

/// Attributes with a name below a root, without anything of security.
fn attributes(
    root: Option<BorrowedHandle<'_>>,
    name: &UNICODE_STRING,
    inheritable: bool,
) -> OBJECT_ATTRIBUTES {
    OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: root.map_or(ptr::null_mut(), |root| root.as_raw_handle()),
        ObjectName: name,
        Attributes: OBJ_CASE_INSENSITIVE | if inheritable { OBJ_INHERIT } else { 0 },
        ..OBJECT_ATTRIBUTES::default()
    }
}

fn make(
    root: Option<BorrowedHandle<'_>>,
    name: &[u16],
    how: &Creation<'_>,
    mut pipe_type: u32,
) -> io::Result<OwnedHandle> {
    /// What 0 stands for (Microsoft: "CreateNamedPipeW function").
    const DEFAULT_TIMEOUT: u32 = 50;
    /// What a call tells that has not made the object.
    const FILE_OPENED: usize = 1;
    let Directions { receives, sends } = how.directions;
    let mut access = SYNCHRONIZE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES;
    access |= if receives { GENERIC_READ } else { 0 };
    access |= if sends { GENERIC_WRITE } else { 0 };
    // What clients may do.
    let mut share = 0;
    share |= if receives { FILE_SHARE_WRITE } else { 0 };
    share |= if sends { FILE_SHARE_READ } else { 0 };
    let disposition = if how.first { FILE_CREATE } else { FILE_OPEN_IF };
    let mut options = waiting(how.overlapped);
    options |= if how.write_through { FILE_WRITE_THROUGH } else { 0 };
    pipe_type |= if how.message_type { FILE_PIPE_MESSAGE_TYPE } else { 0 };
    let read_mode = if how.message_reads { FILE_PIPE_MESSAGE_MODE } else { 0 };
    let instances = how.max_instances.filter(|&most| most < u8::MAX).map_or(u32::MAX, u32::from);
    let milliseconds = if how.wait_timeout == 0 { DEFAULT_TIMEOUT } else { how.wait_timeout };
    // From now on, in steps of 100 ns.
    let timeout = -10_000 * i64::from(milliseconds);

    let name = text(name);
    let default = if how.security.is_some() { None } else { Some(DefaultList::new()?) };
    let default = default.as_ref().map(DefaultList::descriptor);
    let attributes = OBJECT_ATTRIBUTES {
        SecurityDescriptor: match &default {
            Some(default) => default,
            None => how.security.map_or(ptr::null(), |descriptor| descriptor.as_ptr().cast()),
        },
        ..attributes(root, &name, how.inheritable)
    };
    let mut io_status = IO_STATUS_BLOCK::default();
    let mut raw = ptr::null_mut();
    // SAFETY: `attributes` and all that it points to are valid for the call: the root, `name`, and the descriptor with its list.
    // `raw` is a place for a handle, and the call is over when it returns.
    let status = unsafe {
        NtCreateNamedPipeFile(
            &mut raw,
            access,
            &attributes,
            &mut io_status,
            share,
            disposition,
            options,
            pipe_type,
            read_mode,
            FILE_PIPE_QUEUE_OPERATION,
            instances,
            how.input_buffer,
            how.output_buffer,
            &timeout,
        )
    };
    check_status(status)?;
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    let pipe = unsafe { OwnedHandle::from_raw_handle(raw) };
    // Some versions of Wine take FILE_CREATE for FILE_OPEN_IF, but tell.
    if how.first && io_status.Information == FILE_OPENED {
        return Err(io::Error::from_raw_os_error(ERROR_ALREADY_EXISTS as i32));
    }
    Ok(pipe)
}

/// Whether the system knows `FILE_PIPE_REJECT_REMOTE_CLIENTS`. Wine takes it for `FILE_PIPE_MESSAGE_TYPE`; remote clients, of
/// which it has none, need not be rejected there. Tried once.
fn knows_rejecting() -> bool {
    static KNOWS: OnceLock<bool> = OnceLock::new();
    *KNOWS.get_or_init(|| {
        let how = Creation {
            directions: Directions { receives: true, sends: false },
            first: true,
            overlapped: true,
            write_through: false,
            message_type: false,
            message_reads: false,
            accept_remote: false,
            max_instances: Some(1),
            output_buffer: 0,
            input_buffer: 0,
            wait_timeout: 0,
            security: None,
            inheritable: false,
        };
        let root = pipes();
        let pipe =
            root.and_then(|root| make(Some(root.as_handle()), &[], &how, FILE_PIPE_REJECT_REMOTE_CLIENTS));
        let Ok(pipe) = pipe else { return true };
        !info(pipe.as_handle()).is_ok_and(|information| information.message_type)
    })
}

/// The path as the kernel has it: `\??\pipe\NAME`.
fn native(path: &WideString) -> Vec<u16> {
    let mut units = path.units().to_vec();
    for (place, unit) in units.iter_mut().zip(br"\??\") {
        *place = u16::from(*unit);
    }
    units
}

/// Text as the kernel takes it, valid as long as `units`. Paths are far shorter than what could not be told.
fn text(units: &[u16]) -> UNICODE_STRING {
    let bytes = size_of_val(units) as u16;
    UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: units.as_ptr().cast_mut() }
}

/// The access list of a pipe that is made without a descriptor. The kernel itself would take that of other objects.
struct DefaultList(*mut ACL);

impl DefaultList {
    fn new() -> io::Result<Self> {
        let mut list = ptr::null_mut();
        // SAFETY: `list` is a place for a pointer.
        check_status(unsafe { RtlDefaultNpAcl(&mut list) })?;
        Ok(Self(list))
    }

    fn descriptor(&self) -> SECURITY_DESCRIPTOR {
        SECURITY_DESCRIPTOR {
            Revision: 1,
            Control: SE_DACL_PRESENT,
            Dacl: self.0,
            ..SECURITY_DESCRIPTOR::default()
        }
    }
}

impl Drop for DefaultList {
    fn drop(&mut self) {
        // SAFETY: gives a constant.
        let heap = unsafe { GetProcessHeap() };
        // SAFETY: the list is of this heap and freed only here (ReactOS: "RtlDefaultNpAcl"); Wine has none, which is allowed.
        unsafe { HeapFree(heap, 0, self.0.cast()) };
    }
}

#[cfg(test)]
mod tests {
    use crate::os::windows::{
        named_pipe::raw::{PairOptions, private_pair},
        sys::pipe::{Directions, name},
    };
    use std::os::windows::io::AsHandle;

    #[test]
    fn a_pair_has_no_name() {
        let both = Directions { receives: true, sends: true };
        let (server, client) = private_pair(both, true, false, &PairOptions::default()).unwrap();
        for end in [server, client] {
            let name = name(end.as_handle()).unwrap_or_default();
            assert_eq!(name.to_string_lossy().trim_start_matches('\\'), "");
        }
    }
}
