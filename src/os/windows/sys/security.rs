//! Security descriptors, and who somebody is.

use super::{
    handle::check,
    overlapped::is,
    wide::{LocalText, WideString},
};
use std::{
    cell::RefCell,
    ffi::c_void,
    io,
    marker::PhantomData,
    mem::{size_of, size_of_val},
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle},
    process, ptr,
    sync::Arc,
};
use windows_sys::Win32::{
    Foundation::{ERROR_CANT_OPEN_ANONYMOUS, ERROR_INSUFFICIENT_BUFFER, ERROR_NO_TOKEN, LocalFree},
    Security::{
        Authorization::{
            ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
            ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
        },
        DACL_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION, GetKernelObjectSecurity,
        GetSecurityDescriptorLength, GetTokenInformation, LABEL_SECURITY_INFORMATION,
        OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID, RevertToSelf, SACL_SECURITY_INFORMATION,
        TOKEN_ACCESS_MASK, TOKEN_IMPERSONATE, TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TokenAppContainerSid,
        TokenOwner, TokenUser,
    },
    Storage::FileSystem::{
        FILE_CREATE_PIPE_INSTANCE, FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_READ_ATTRIBUTES,
        FILE_READ_DATA, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA,
    },
    System::{
        Pipes::ImpersonateNamedPipeClient,
        Threading::{GetCurrentProcess, GetCurrentThread, OpenProcessToken, OpenThreadToken, SetThreadToken},
    },
};

/// A security descriptor in self-relative form: one block without pointers.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor(Arc<[u64]>);

impl Descriptor {
    /// Reads the text form.
    pub(crate) fn from_sddl(text: &WideString) -> io::Result<Self> {
        let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
        // SAFETY: `text` is zero-terminated, `descriptor` is a place for a pointer, and the size may be left out.
        let result = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &mut descriptor,
                ptr::null_mut(),
            )
        };
        check(result)?;
        // SAFETY: the call succeeded, so this is a valid descriptor.
        let length = unsafe { GetSecurityDescriptorLength(descriptor) } as usize;
        let mut block = vec![0_u64; length.div_ceil(size_of::<u64>())];
        // SAFETY: both blocks have `length` bytes, and one of them is new.
        unsafe { ptr::copy_nonoverlapping(descriptor.cast::<u8>(), block.as_mut_ptr().cast(), length) };
        // SAFETY: the call above asks its caller to free the descriptor with this function.
        unsafe { LocalFree(descriptor) };
        Ok(Self(block.into()))
    }

    /// Gives the text form: owner, group, access list, and the audit list with its label.
    pub(crate) fn to_sddl(&self) -> io::Result<String> {
        const PARTS: u32 = OWNER_SECURITY_INFORMATION
            | GROUP_SECURITY_INFORMATION
            | DACL_SECURITY_INFORMATION
            | SACL_SECURITY_INFORMATION
            | LABEL_SECURITY_INFORMATION;
        let mut text = ptr::null_mut();
        let descriptor = self.as_ptr().cast_mut();
        // SAFETY: the descriptor is valid and is not changed, `text` is a place for a pointer, and the length may be
        // left out.
        let result = unsafe {
            ConvertSecurityDescriptorToStringSecurityDescriptorW(
                descriptor,
                SDDL_REVISION_1,
                PARTS,
                &mut text,
                ptr::null_mut(),
            )
        };
        check(result)?;
        // SAFETY: the call succeeded, and asks its caller to free the text with `LocalFree`.
        let text = unsafe { LocalText::from_raw(text) };
        Ok(text.to_string_lossy())
    }

    /// Reads owner, group and access list of an object.
    pub(crate) fn of_object(object: BorrowedHandle<'_>) -> io::Result<Self> {
        let mut block: Vec<u64> = vec![0; 64];
        loop {
            let size = (block.len() * size_of::<u64>()) as u32;
            match kernel_object_security(object, &mut block)? {
                needed if needed > size => block.resize((needed as usize).div_ceil(size_of::<u64>()), 0),
                _ => return Ok(Self(block.into())),
            }
        }
    }

    /// The block, which may have zeros after the descriptor.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }

    /// A pointer to the descriptor, for calls that do not change it.
    pub(super) fn as_ptr(&self) -> *const c_void {
        self.0.as_ptr().cast()
    }
}

/// Fills `block` with an object's descriptor, if it is large enough, and gives the size that is needed.
fn kernel_object_security(object: BorrowedHandle<'_>, block: &mut [u64]) -> io::Result<u32> {
    const PARTS: u32 = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let size = size_of_val(block) as u32;
    let place = block.as_mut_ptr().cast();
    let mut needed = 0;
    // SAFETY: the handle is open, `place` has room for `size` bytes, and `needed` is a place for a u32.
    let result = unsafe { GetKernelObjectSecurity(object.as_raw_handle(), PARTS, place, size, &mut needed) };
    match check(result) {
        Err(error) if !is(&error, ERROR_INSUFFICIENT_BUFFER) => Err(error),
        _ => Ok(needed),
    }
}

/// The rights that a client needs to receive from a pipe, messages too (Microsoft: "SetNamedPipeHandleState function").
pub(crate) const CLIENT_READ: u32 = FILE_GENERIC_READ | FILE_WRITE_ATTRIBUTES;
/// The rights that a client needs to send to a pipe or a mailslot: not that to make instances of a pipe, which has the same
/// bit as appending to a file and is part of `GENERIC_WRITE`. Whoever opens anything asks for `FILE_READ_ATTRIBUTES`.
pub(crate) const CLIENT_WRITE: u32 = FILE_GENERIC_WRITE & !FILE_CREATE_PIPE_INSTANCE | FILE_READ_ATTRIBUTES;
/// What keeps somebody from receiving, and from nothing else: whoever opens anything asks for the rest of `CLIENT_READ`.
pub(crate) const RECEIVING: u32 = FILE_READ_DATA;
/// The same for sending, and for making instances of a pipe.
pub(crate) const SENDING: u32 = FILE_WRITE_DATA | FILE_CREATE_PIPE_INSTANCE;

/// The user that the calling thread acts as, as the text of a SID.
pub(crate) fn current_user_sid() -> io::Result<String> {
    user_sid(current_token()?.as_handle())
}

/// Who owns what the calling thread makes, as the text of a SID: the user, or the group of administrators if the thread
/// acts with their rights (Microsoft: "Owner of a New Object", "TOKEN_OWNER structure").
pub(crate) fn current_owner_sid() -> io::Result<String> {
    token_sid(current_token()?.as_handle(), TokenOwner)?.ok_or_else(no_sid)
}

/// The app container that the calling thread is in; `None` if it is in none (Microsoft: "TOKEN_APPCONTAINER_INFORMATION
/// structure").
pub(crate) fn current_app_container_sid() -> io::Result<Option<String>> {
    token_sid(current_token()?.as_handle(), TokenAppContainerSid)
}

/// The token that decides what the calling thread may do.
fn current_token() -> io::Result<OwnedHandle> {
    match thread_token(TOKEN_QUERY)? {
        Some(token) => Ok(token),
        None => process_token(current_process()),
    }
}

/// The user that connected to a server's end of a named pipe, as the text of a SID.
///
/// The thread takes the client's identity for the time of one query. If it cannot get rid of it again the process
/// ends: going on would mean to act as somebody else.
pub(crate) fn client_user_sid(pipe: BorrowedHandle<'_>) -> io::Result<String> {
    let acting = Impersonation::of_client(pipe)?;
    let client = thread_token(TOKEN_QUERY);
    drop(acting);
    let hidden = || io::Error::new(io::ErrorKind::PermissionDenied, "the client does not say who it is");
    match client {
        Ok(Some(token)) => user_sid(token.as_handle()),
        Ok(None) => Err(hidden()),
        Err(error) if is(&error, ERROR_CANT_OPEN_ANONYMOUS) => Err(hidden()),
        Err(error) => Err(error),
    }
}

/// The calling thread acts as somebody else until this is dropped, on the same thread. If it cannot get rid of the identity
/// again the process ends: going on would mean to act as somebody else.
#[derive(Debug)]
pub(crate) struct Impersonation {
    /// Which of [`ACTING`] it is.
    id: u64,
    /// Dropping is for the thread that made it.
    of_this_thread: PhantomData<*const ()>,
}

/// An impersonation of a thread.
#[derive(Debug)]
struct Acting {
    id: u64,
    /// The token that the thread had before.
    own: Option<OwnedHandle>,
}

thread_local! {
    // Clippy asks for the `const` that is there, with a standard library that was built from source.
    #[allow(clippy::missing_const_for_thread_local)]
    /// The impersonations of this thread, the newest last. They may end in any order.
    static ACTING: RefCell<Vec<Acting>> = const { RefCell::new(Vec::new()) };
}

impl Impersonation {
    /// Takes the identity of the client of a server's end of a named pipe.
    pub(crate) fn of_client(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        let own = thread_token(TOKEN_IMPERSONATE)?;
        // SAFETY: the handle is open. What the thread's token becomes is undone by `Drop`.
        check(unsafe { ImpersonateNamedPipeClient(pipe.as_raw_handle()) })?;
        let id = ACTING.with_borrow_mut(|acting| {
            let id = acting.last().map_or(0, |newest| newest.id + 1);
            acting.push(Acting { id, own });
            id
        });
        Ok(Self { id, of_this_thread: PhantomData })
    }
}

impl Drop for Impersonation {
    fn drop(&mut self) {
        let ended = ACTING.try_with(|acting| {
            let mut acting = acting.borrow_mut();
            let index = acting.iter().position(|acting| acting.id == self.id)?;
            let Acting { own, .. } = acting.remove(index);
            match acting.get_mut(index) {
                // A newer one goes on, and what it goes back to is what this one would have gone back to.
                Some(newer) => {
                    newer.own = own;
                    None
                }
                None => Some(own),
            }
        });
        match ended {
            Ok(Some(own)) => revert(own),
            Ok(None) => {}
            // The thread ends, and with it all that it was.
            Err(_) => revert(None),
        }
    }
}

/// Makes the thread act as it did before: as the process, or as `own`.
fn revert(own: Option<OwnedHandle>) {
    // SAFETY: takes nothing.
    if check(unsafe { RevertToSelf() }).is_err() {
        process::abort();
    }
    if let Some(own) = own {
        // SAFETY: no thread means this one, and the token is open.
        if check(unsafe { SetThreadToken(ptr::null(), own.as_raw_handle()) }).is_err() {
            process::abort();
        }
    }
}

/// The token of this thread, if it has one of its own. Asked for as the process, as the token itself may be good for
/// nothing but being looked at.
fn thread_token(access: TOKEN_ACCESS_MASK) -> io::Result<Option<OwnedHandle>> {
    // SAFETY: gives a constant.
    let thread = unsafe { GetCurrentThread() };
    let mut token: RawHandle = ptr::null_mut();
    // SAFETY: `thread` stands for this thread, and `token` is a place for a handle.
    match check(unsafe { OpenThreadToken(thread, access, 1, &mut token) }) {
        // SAFETY: the call succeeded, so it is a new handle that nobody else owns.
        Ok(()) => Ok(Some(unsafe { OwnedHandle::from_raw_handle(token) })),
        Err(error) if error.raw_os_error() == Some(ERROR_NO_TOKEN as i32) => Ok(None),
        Err(error) => Err(error),
    }
}

fn process_token(process: BorrowedHandle<'_>) -> io::Result<OwnedHandle> {
    let mut token: RawHandle = ptr::null_mut();
    // SAFETY: the process handle is open, and `token` is a place for a handle.
    check(unsafe { OpenProcessToken(process.as_raw_handle(), TOKEN_QUERY, &mut token) })?;
    // SAFETY: the call succeeded, so it is a new handle that nobody else owns.
    Ok(unsafe { OwnedHandle::from_raw_handle(token) })
}

fn current_process() -> BorrowedHandle<'static> {
    // SAFETY: gives a constant.
    let raw = unsafe { GetCurrentProcess() };
    // SAFETY: the constant stands for this process as long as it runs.
    unsafe { BorrowedHandle::borrow_raw(raw) }
}

/// The user of a token, as the text of a SID.
fn user_sid(token: BorrowedHandle<'_>) -> io::Result<String> {
    token_sid(token, TokenUser)?.ok_or_else(no_sid)
}

fn no_sid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the token does not say who its user is")
}

/// A SID that a token has, as text; `None` if it has none. `class` must be one whose information begins with a pointer to a
/// SID: that of `TOKEN_USER`, `TOKEN_OWNER` or `TOKEN_APPCONTAINER_INFORMATION`.
fn token_sid(token: BorrowedHandle<'_>, class: TOKEN_INFORMATION_CLASS) -> io::Result<Option<String>> {
    // The largest of the three has 16 bytes, and the longest SID behind it 68.
    let mut block = [0_u64; 16];
    let size = size_of::<[u64; 16]>() as u32;
    let mut needed = 0;
    let place = block.as_mut_ptr().cast();
    // SAFETY: the token is open, `place` has room for `size` bytes, and `needed` is a place for a u32.
    let result = unsafe { GetTokenInformation(token.as_raw_handle(), class, place, size, &mut needed) };
    check(result)?;
    // SAFETY: the call succeeded, so the block begins with a pointer; it is aligned for one.
    let sid: PSID = unsafe { ptr::read(place.cast::<PSID>()) };
    if sid.is_null() {
        return Ok(None);
    }
    let mut text = ptr::null_mut();
    // SAFETY: the SID lies in `block`, which still lives, and `text` is a place for a pointer.
    check(unsafe { ConvertSidToStringSidW(sid, &mut text) })?;
    // SAFETY: the call succeeded, and asks its caller to free the text with `LocalFree`.
    let text = unsafe { LocalText::from_raw(text) };
    Ok(Some(text.to_string_lossy()))
}
