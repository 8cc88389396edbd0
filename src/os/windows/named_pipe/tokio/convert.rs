//! Between Tokio streams, synchronous streams, and handles.

use super::PipeStream;
use crate::{
    error::ConversionError,
    os::windows::named_pipe::{
        self, FromHandleError, handle, pipe_mode::PipeModeTag, poll::AsyncPipe, raw::RawPipe,
    },
};
use std::{io, os::windows::io::OwnedHandle, sync::Arc};

/// Takes one end of a named pipe that was opened for overlapped operations and is not bound to a completion port, or
/// is: it makes no difference.
impl<Rm: PipeModeTag, Sm: PipeModeTag> TryFrom<OwnedHandle> for PipeStream<Rm, Sm> {
    type Error = FromHandleError;

    fn try_from(handle: OwnedHandle) -> Result<Self, FromHandleError> {
        let (handle, is_server) = handle::check::<Rm, Sm>(handle)?;
        Ok(Self::from_raw(AsyncPipe::new(handle, is_server)))
    }
}

/// Gives the handle. Fails, and gives the stream back, if a write is in flight (flush before), if bytes have arrived for
/// a read that was dropped, or if a clone or the other half of the stream still exists.
impl<Rm: PipeModeTag, Sm: PipeModeTag> TryFrom<PipeStream<Rm, Sm>> for OwnedHandle {
    type Error = ConversionError<PipeStream<Rm, Sm>>;

    fn try_from(stream: PipeStream<Rm, Sm>) -> Result<Self, Self::Error> {
        let fail = |stream, cause| Err(ConversionError::from_source_and_cause(stream, cause));
        match Arc::try_unwrap(stream.raw) {
            Ok(raw) => raw.into_handle().or_else(|failure| {
                let (raw, error) = *failure;
                fail(PipeStream::from_raw(raw), error)
            }),
            Err(shared) => fail(PipeStream::from_shared(shared), split_stream()),
        }
    }
}

/// Fails, and gives the stream back, if it is a half whose other half still exists. Its time limits are forgotten.
impl<Rm: PipeModeTag, Sm: PipeModeTag> TryFrom<named_pipe::PipeStream<Rm, Sm>> for PipeStream<Rm, Sm> {
    type Error = ConversionError<named_pipe::PipeStream<Rm, Sm>>;

    fn try_from(stream: named_pipe::PipeStream<Rm, Sm>) -> Result<Self, Self::Error> {
        let is_server = stream.is_server();
        match OwnedHandle::try_from(stream) {
            Ok(handle) => Ok(Self::from_raw(AsyncPipe::new(handle, is_server))),
            Err(stream) => Err(ConversionError::from_source_and_cause(stream, split_stream())),
        }
    }
}

/// Fails like the conversion to a handle.
impl<Rm: PipeModeTag, Sm: PipeModeTag> TryFrom<PipeStream<Rm, Sm>> for named_pipe::PipeStream<Rm, Sm> {
    type Error = ConversionError<PipeStream<Rm, Sm>>;

    fn try_from(stream: PipeStream<Rm, Sm>) -> Result<Self, Self::Error> {
        let is_server = stream.is_server();
        let handle = OwnedHandle::try_from(stream)?;
        Ok(Self::from_raw(RawPipe::new(handle, is_server)))
    }
}

fn split_stream() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "the stream is shared: a clone or its other half uses the handle",
    )
}
