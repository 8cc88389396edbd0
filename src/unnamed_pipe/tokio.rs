//! Unnamed pipes on a Tokio runtime.
//!
//! On Unix they are driven by readiness. On Windows, where `CreatePipe` makes no pipes for overlapped operations,
//! they are made as named pipes are, but without a name, and are driven by completion. There is no pool of blocking threads.
//!
//! ```
//! use interprocess::unnamed_pipe::tokio::pipe;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let (mut sender, mut recver) = pipe()?;
//! let writer = tokio::spawn(async move {
//!     sender.write_all(b"through the pipe").await?;
//!     sender.flush().await
//! });
//! let mut text = String::new();
//! recver.read_to_string(&mut text).await?;
//! assert_eq!(text, "through the pipe");
//! # writer.await.unwrap()
//! # }
//! ```

#[cfg(feature = "tokio-process")]
mod inherit;

use super::platform;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Makes a pipe with both ends on the runtime. No child inherits them.
///
/// # Errors
/// The limit of open descriptors or handles.
///
/// # Panics
/// On Unix, outside a Tokio runtime with I/O enabled.
#[track_caller]
pub fn pipe() -> io::Result<(Sender, Recver)> {
    let (sender, recver) = platform::tokio::pipe()?;
    Ok((Sender(sender), Recver(recver)))
}

/// Makes a pipe with the sender on the runtime and a blocking receiver, which is the one to hand to a child: programs
/// expect blocking standard streams.
///
/// # Errors
/// The limit of open descriptors or handles.
///
/// # Panics
/// On Unix, outside a Tokio runtime with I/O enabled.
#[track_caller]
pub fn sender_pair() -> io::Result<(Sender, super::Recver)> {
    let (sender, recver) = platform::tokio::sender_pair()?;
    Ok((Sender(sender), super::Recver(recver)))
}

/// Makes a pipe with the receiver on the runtime and a blocking sender, which is the one to hand to a child.
///
/// # Errors
/// The limit of open descriptors or handles.
///
/// # Panics
/// On Unix, outside a Tokio runtime with I/O enabled.
#[track_caller]
pub fn recver_pair() -> io::Result<(super::Sender, Recver)> {
    let (sender, recver) = platform::tokio::recver_pair()?;
    Ok((super::Sender(sender), Recver(recver)))
}

/// The end of a pipe that takes bytes. `&Sender` does too.
///
/// A write that was dropped before it was ready has taken no byte. Flushing does nothing on Unix; on Windows it waits
/// until what was written is in the pipe, which is worth doing before a process ends. The receiver sees the end of the
/// stream when the sender is dropped; `shutdown` only flushes, as Tokio's own pipes do.
#[doc(alias = "PipeWriter")]
#[derive(Debug)]
pub struct Sender(pub(super) platform::tokio::Sender);

impl AsyncWrite for &Sender {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }
}

impl AsyncWrite for Sender {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }
}

/// The end of a pipe that gives bytes. `&Recver` does too.
///
/// A read that was dropped before it was ready has taken no byte.
#[doc(alias("Receiver", "PipeReader"))]
#[derive(Debug)]
pub struct Recver(pub(super) platform::tokio::Recver);

impl AsyncRead for &Recver {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

impl AsyncRead for Recver {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

/// Puts an end on the current runtime (Unix: and into nonblocking mode).
///
/// On Windows this fails with `InvalidInput` for an end that was not made for it, since Windows cannot change what a
/// handle was opened for: make the pipe with [`sender_pair`].
impl TryFrom<super::Sender> for Sender {
    type Error = io::Error;

    #[track_caller]
    fn try_from(end: super::Sender) -> io::Result<Self> {
        Self::try_from(platform::OwnedEnd::from(end))
    }
}

/// Puts an end on the current runtime (Unix: and into nonblocking mode).
///
/// On Windows this fails with `InvalidInput` for an end that was not made for it, since Windows cannot change what a
/// handle was opened for: make the pipe with [`recver_pair`].
impl TryFrom<super::Recver> for Recver {
    type Error = io::Error;

    #[track_caller]
    fn try_from(end: super::Recver) -> io::Result<Self> {
        Self::try_from(platform::OwnedEnd::from(end))
    }
}

/// Takes an end off the runtime (Unix: and into blocking mode). On Windows this fails if a write is under way: flush
/// before.
impl TryFrom<Sender> for super::Sender {
    type Error = io::Error;

    fn try_from(end: Sender) -> io::Result<Self> {
        platform::OwnedEnd::try_from(end).map(Self::from)
    }
}

/// Takes an end off the runtime (Unix: and into blocking mode). On Windows this fails if a read that was dropped has left
/// bytes in the end.
impl TryFrom<Recver> for super::Recver {
    type Error = io::Error;

    fn try_from(end: Recver) -> io::Result<Self> {
        platform::OwnedEnd::try_from(end).map(Self::from)
    }
}
