//! Taking handles from elsewhere as streams.

use super::{PipeMode, instance_pool::Config, pipe_mode::PipeModeTag};
use crate::{
    error::ConversionError,
    os::windows::sys::{handle, pipe},
};
use std::{
    fmt::{self, Display, Formatter},
    io,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
};

/// A handle that cannot be the stream that was asked for, given back.
pub type FromHandleError = ConversionError<OwnedHandle, FromHandleErrorKind>;

/// Why a handle cannot be the stream that was asked for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromHandleErrorKind {
    /// Windows does not say whether it is the client's or the server's end of a pipe: it is no pipe, or the handle
    /// lacks the right to read attributes, as a server's send-only end made by `CreateNamedPipeW` does.
    IsServerCheckFailed,
    /// The pipe does not keep messages apart.
    NoMessageBoundaries,
    /// The handle cannot be made to receive messages one at a time: it lacks the right to write attributes, which a
    /// receive-only end does not have by itself.
    NoMessageReads,
    /// The handle was not opened for overlapped operations (`FILE_FLAG_OVERLAPPED`).
    NotOverlapped,
}

impl Display for FromHandleErrorKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IsServerCheckFailed => "cannot find out which end of a named pipe the handle is",
            Self::NoMessageBoundaries => "the named pipe does not keep messages apart",
            Self::NoMessageReads => "cannot have the handle give messages one at a time",
            Self::NotOverlapped => "the handle is not open for overlapped operations",
        })
    }
}

/// An error of the kind [`InvalidInput`](io::ErrorKind::InvalidInput).
impl From<FromHandleErrorKind> for io::Error {
    fn from(kind: FromHandleErrorKind) -> Self {
        Self::new(io::ErrorKind::InvalidInput, kind.to_string())
    }
}

/// Checks a handle that is to become a stream with these modes, and has it receive as they say: the handle, and whether
/// it is the server's end.
pub(super) fn check<Rm: PipeModeTag, Sm: PipeModeTag>(
    handle: OwnedHandle,
) -> Result<(OwnedHandle, bool), FromHandleError> {
    let fail = |handle, details, cause| ConversionError { details, cause, source: Some(handle) };
    let info = match pipe::info(handle.as_handle()) {
        Ok(info) => info,
        Err(error) => return Err(fail(handle, FromHandleErrorKind::IsServerCheckFailed, Some(error))),
    };
    let messages = Some(PipeMode::Messages);
    if (Rm::MODE == messages || Sm::MODE == messages) && !info.message_type {
        return Err(fail(handle, FromHandleErrorKind::NoMessageBoundaries, None));
    }
    match handle::is_overlapped(handle.as_handle()) {
        Ok(true) => {}
        Ok(false) => return Err(fail(handle, FromHandleErrorKind::NotOverlapped, None)),
        Err(error) => return Err(fail(handle, FromHandleErrorKind::NotOverlapped, Some(error))),
    }
    // Last, as it changes what is given back if anything else does not fit.
    if Rm::MODE == messages {
        if let Err(error) = have_message_reads(handle.as_handle()) {
            return Err(fail(handle, FromHandleErrorKind::NoMessageReads, Some(error)));
        }
    }
    Ok((handle, info.is_server))
}

/// Checks a handle that is to become an instance of a pipe, and has it receive as the options say.
pub(super) fn check_instance(handle: BorrowedHandle<'_>, config: &Config) -> io::Result<()> {
    let refuse = |reason: String| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    match pipe::info(handle) {
        Ok(info) if !info.is_server => return refuse("the handle is of a client's end".into()),
        Ok(info) if config.mode == PipeMode::Messages && !info.message_type => {
            return refuse(FromHandleErrorKind::NoMessageBoundaries.to_string());
        }
        // All instances of a pipe are of one type: no other could be made beside it.
        Ok(info) if config.mode == PipeMode::Bytes && info.message_type => {
            return refuse("the pipe keeps messages apart, and the options do not".into());
        }
        Ok(_) => {}
        // A send-only end of `CreateNamedPipeW` lacks the right to be asked.
        Err(error) if !config.directions.receives && error.kind() == io::ErrorKind::PermissionDenied => {}
        Err(error) => return refuse(format!("{}: {error}", FromHandleErrorKind::IsServerCheckFailed)),
    }
    // Otherwise waiting for a client would block.
    if !handle::is_overlapped(handle)? {
        return refuse(FromHandleErrorKind::NotOverlapped.to_string());
    }
    if pipe::name(handle).is_ok_and(|name| !config.path.is_of(&name)) {
        return refuse("the handle is of a pipe of another name".into());
    }
    if config.message_reads {
        if let Err(error) = have_message_reads(handle) {
            return refuse(format!("{}: {error}", FromHandleErrorKind::NoMessageReads));
        }
    }
    Ok(())
}

/// A server's receive-only end lacks the right to set this, but may have it from its birth (Microsoft: "Named Pipe Security
/// and Access Rights").
fn have_message_reads(handle: BorrowedHandle<'_>) -> io::Result<()> {
    match pipe::set_message_reads(handle) {
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied
                && pipe::reads_messages(handle).unwrap_or(false) =>
        {
            Ok(())
        }
        other => other,
    }
}
