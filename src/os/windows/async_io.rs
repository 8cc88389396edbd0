//! An adapter for another runtime than Tokio: that of async-io and futures. It is part of the tests only, and shows what an
//! adapter has to have. Of the runtime itself nothing is needed.
#![cfg(test)]

use super::{
    named_pipe::{
        poll::AsyncPipe,
        raw::{PairOptions, private_pair},
    },
    sys::pipe::Directions,
};
use futures_lite::{AsyncRead, AsyncWrite};
use std::{
    io::{self, IoSlice},
    os::windows::io::OwnedHandle,
    pin::Pin,
    task::{Context, Poll},
};

/// A stream or an end of a pipe.
#[derive(Debug)]
pub(crate) struct Io(AsyncPipe);

pub(crate) fn stream(pipe: OwnedHandle) -> io::Result<Io> {
    Ok(Io(AsyncPipe::new(pipe, false)))
}

/// The sending end and the receiving end.
pub(crate) fn pipe() -> io::Result<(Io, Io)> {
    let server = Directions { receives: true, sends: false };
    let (recver, sender) = private_pair(server, true, true, &PairOptions::default())?;
    Ok((Io(AsyncPipe::new(sender, false)), Io(AsyncPipe::new(recver, true))))
}

impl AsyncRead for Io {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut count = 0;
        let read = self.0.poll_read(cx, buffer.len(), |bytes| {
            count = bytes.len().min(buffer.len());
            buffer[..count].copy_from_slice(&bytes[..count]);
            count
        });
        read.map_ok(|()| count)
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, &[IoSlice::new(bytes)])
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }
}
