//! Mailslots: making, opening, moving messages.

use super::{
    handle::{check, may_be_mailslot},
    overlapped::{self, Ended, Limits, Stopper, is},
    pipe::{attributes, owned},
    security::{CLIENT_WRITE, Descriptor},
    wide::WideString,
};
use crate::{random, time::Backoff};
use std::{
    ffi::OsStr,
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    ptr,
    sync::OnceLock,
    thread,
    time::Instant,
};
use windows_sys::Win32::{
    Foundation::{
        ERROR_BAD_LENGTH, ERROR_HANDLE_EOF, ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_PARAMETER,
        ERROR_SEM_TIMEOUT,
    },
    Storage::FileSystem::{
        CreateFileW, FILE_FLAG_OVERLAPPED, FILE_SHARE_READ, FILE_SHARE_WRITE, OPEN_EXISTING,
        SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT,
    },
    System::Mailslots::{CreateMailslotW, GetMailslotInfo, SetMailslotInfo},
};

/// The timeout of reads that wait as long as it takes (`MAILSLOT_WAIT_FOREVER`).
pub(crate) const FOREVER: u32 = u32::MAX;
/// The size of the next message if there is none (`MAILSLOT_NO_MESSAGE`).
const NO_MESSAGE: u32 = u32::MAX;

/// No operation here is stopped.
static NEVER: Stopper = Stopper::new();

/// Makes a mailslot. Its handle is for overlapped operations (Microsoft: "CreateMailslotW function").
pub(crate) fn create(
    name: &WideString,
    max_message: u32,
    timeout: u32,
    security: Option<&Descriptor>,
    inheritable: bool,
) -> io::Result<OwnedHandle> {
    let attributes = attributes(security, inheritable);
    // SAFETY: `name` is zero-terminated, and `attributes` and the descriptor in it are valid for the call.
    let raw = unsafe { CreateMailslotW(name.as_ptr(), max_message, timeout, &attributes) };
    owned(raw)
}

/// Opens a mailslot to send to. Its server may learn who we are, and may not act as us.
pub(crate) fn open(name: &WideString) -> io::Result<OwnedHandle> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    let flags = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION | FILE_FLAG_OVERLAPPED;
    // SAFETY: `name` is zero-terminated; no attributes and no template are allowed.
    let raw = unsafe {
        CreateFileW(name.as_ptr(), CLIENT_WRITE, share, ptr::null(), OPEN_EXISTING, flags, ptr::null_mut())
    };
    let slot = owned(raw)?;
    if may_be_mailslot(slot.as_handle()) {
        return Ok(slot);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "what was opened is not a mailslot"))
}

/// What a mailslot says of itself.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Info {
    /// Zero: any size.
    pub(crate) max_message: u32,
    pub(crate) next: Option<u32>,
    pub(crate) waiting: u32,
    pub(crate) timeout: u32,
}

/// Asks a mailslot about itself.
pub(crate) fn info(slot: BorrowedHandle<'_>) -> io::Result<Info> {
    let mut info = Info { max_message: 0, next: None, waiting: 0, timeout: 0 };
    let mut next = NO_MESSAGE;
    // SAFETY: the handle is open, and the others are places for a u32 each.
    let result = unsafe {
        GetMailslotInfo(
            slot.as_raw_handle(),
            &mut info.max_message,
            &mut next,
            &mut info.waiting,
            &mut info.timeout,
        )
    };
    check(result)?;
    info.next = (next != NO_MESSAGE).then_some(next);
    Ok(info)
}

/// Sets how many milliseconds reads wait.
pub(crate) fn set_timeout(slot: BorrowedHandle<'_>, timeout: u32) -> io::Result<()> {
    // SAFETY: the handle is open.
    check(unsafe { SetMailslotInfo(slot.as_raw_handle(), timeout) })
}

/// What a read gave.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Read {
    /// A message of so many bytes.
    Message(usize),
    /// The next message is longer than the buffer, and stays.
    TooLong,
    /// There was no message in time, by the mailslot's limit or the caller's.
    TimedOut,
}

/// Reads a message.
pub(crate) fn read(
    slot: BorrowedHandle<'_>,
    buffer: &mut [u8],
    deadline: Option<Instant>,
) -> io::Result<Read> {
    match deadline {
        Some(deadline) if waits_in_the_call() => {
            if message_comes(slot, deadline)? {
                read_now(slot, buffer, None)
            } else {
                Ok(Read::TimedOut)
            }
        }
        deadline => read_now(slot, buffer, deadline),
    }
}

/// Whether a read that was started does not return before the mailslot's own limit, although the handle is for overlapped
/// operations, as in Wine 10. Found out once.
fn waits_in_the_call() -> bool {
    static WAITS: OnceLock<bool> = OnceLock::new();
    /// Longer than it takes to cancel a read.
    const LIMIT: u32 = 50;
    *WAITS.get_or_init(|| {
        let name = format!(r"\\.\mailslot\interprocess-{:016x}", random::number());
        let slot = WideString::new(OsStr::new(&name)).map(|name| create(&name, 0, LIMIT, None, false));
        let Some(Ok(slot)) = slot else { return false };
        // A thread that loses the processor for so long looks alike, but hardly three times.
        (0..3).all(|_| {
            let now = Limits { deadline: Some(Instant::now()), stopper: &NEVER };
            let result = overlapped::read(slot.as_handle(), &mut [0], now);
            result.is_err_and(|error| is(&error, ERROR_SEM_TIMEOUT))
        })
    })
}

/// Looks until there is a message; `false` if there is none in time.
fn message_comes(slot: BorrowedHandle<'_>, deadline: Instant) -> io::Result<bool> {
    let mut backoff = Backoff::new();
    while info(slot)?.next.is_none() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        thread::sleep(left.min(backoff.pause()));
    }
    Ok(true)
}

fn read_now(slot: BorrowedHandle<'_>, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<Read> {
    match overlapped::read(slot, buffer, Limits { deadline, stopper: &NEVER }) {
        Ok(Ended::Done(bytes)) => Ok(Read::Message(bytes)),
        Ok(Ended::Partial(_)) => Ok(Read::TooLong),
        Ok(Ended::TimedOut | Ended::Stopped) => Ok(Read::TimedOut),
        Err(error) if is(&error, ERROR_INSUFFICIENT_BUFFER) => Ok(Read::TooLong),
        Err(error) if is(&error, ERROR_SEM_TIMEOUT) => Ok(Read::TimedOut),
        Err(error) => Err(error),
    }
}

/// Writes a message.
pub(crate) fn write(slot: BorrowedHandle<'_>, message: &[u8]) -> io::Result<()> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "the message is too long");
    if u32::try_from(message.len()).is_err() {
        return Err(too_long());
    }
    match overlapped::write(slot, message, Limits { deadline: None, stopper: &NEVER }) {
        Ok(Ended::Done(bytes)) if bytes == message.len() => Ok(()),
        Ok(ended) => Err(io::Error::other(format!("not all of the message was sent: {ended:?}"))),
        Err(error) if is(&error, ERROR_INVALID_PARAMETER) || is(&error, ERROR_BAD_LENGTH) => Err(too_long()),
        // What becomes of senders when the last handle of the mailslot is closed.
        Err(error) if is(&error, ERROR_HANDLE_EOF) => {
            Err(io::Error::new(io::ErrorKind::BrokenPipe, "the mailslot is no more"))
        }
        Err(error) => Err(error),
    }
}
