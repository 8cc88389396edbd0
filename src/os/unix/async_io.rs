//! An adapter for another runtime than Tokio: async-io. It is part of the tests only, and shows what an adapter has to have.
#![cfg(test)]

use super::{
    pipe_end::PipeEnd,
    sys::{
        pipe,
        readiness::{Reactor, Ready, Received, Watched, Way, WouldBlock, would_block},
    },
    uds::UnixStream,
};
use async_io::Async;
use futures_lite::{AsyncRead, AsyncWrite};
use std::{
    fmt::Debug,
    io::{self, IoSlice, Read, Write},
    net::Shutdown,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

/// What async-io knows of a descriptor, and which ways are taken for ready.
#[derive(Debug)]
pub(crate) struct AsyncIo<T> {
    inner: Async<T>,
    ready: [AtomicBool; 2],
}

impl<T: AsFd> Reactor for AsyncIo<T> {
    type Object = T;
    type Ready<'a>
        = Event<'a, T>
    where
        T: 'a;
    type Budget = ();

    fn get(&self) -> &T {
        self.inner.get_ref()
    }

    fn into_inner(self) -> T {
        self.inner.into_inner().expect("nothing fails that only forgets")
    }

    fn poll_ready(&self, cx: &mut Context<'_>, way: Way) -> Poll<io::Result<Event<'_, T>>> {
        if !self.ready[way as usize].load(Relaxed) {
            ready!(match way {
                Way::Read => self.inner.poll_readable(cx),
                Way::Write => self.inner.poll_writable(cx),
            })?;
            self.ready[way as usize].store(true, Relaxed);
        }
        Poll::Ready(Ok(Event(self, way)))
    }

    fn try_io<R>(&self, way: Way, operation: impl FnOnce(&T) -> io::Result<R>) -> io::Result<R> {
        Event(self, way).try_io(operation).unwrap_or_else(|_| Err(io::ErrorKind::WouldBlock.into()))
    }

    fn has_marks(&self) -> bool {
        false
    }

    fn poll_budget(_: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn made_progress((): ()) {}

    fn drop_after<K: Send + 'static>(duration: Duration, kept: K) {
        thread::spawn(move || {
            thread::sleep(duration);
            drop(kept);
        });
    }
}

pub(crate) struct Event<'a, T>(&'a AsyncIo<T>, Way);

impl<T: AsFd> Ready<T> for Event<'_, T> {
    /// async-io does not tell.
    fn has_ended(&self) -> bool {
        false
    }

    fn try_io<R>(
        &mut self,
        operation: impl FnOnce(&T) -> io::Result<R>,
    ) -> Result<io::Result<R>, WouldBlock> {
        let result = operation(self.0.get());
        if would_block(&result) {
            self.clear();
            return Err(WouldBlock);
        }
        Ok(result)
    }

    fn clear(&mut self) {
        self.0.ready[self.1 as usize].store(false, Relaxed);
    }
}

/// What moves bytes without waiting.
pub(crate) trait Bytes: AsFd + Debug + Unpin {
    fn read_bytes(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn write_bytes(&self, bytes: &[u8]) -> io::Result<usize>;
    fn end_sending(&self) -> io::Result<()>;
}

impl Bytes for UnixStream {
    fn read_bytes(mut self: &Self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read(buffer)
    }

    fn write_bytes(mut self: &Self, bytes: &[u8]) -> io::Result<usize> {
        self.write(bytes)
    }

    fn end_sending(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Bytes for PipeEnd {
    fn read_bytes(&self, buffer: &mut [u8]) -> io::Result<usize> {
        super::sys::fd::read(self.as_fd(), buffer)
    }

    fn write_bytes(&self, bytes: &[u8]) -> io::Result<usize> {
        self.write_now(&[IoSlice::new(bytes)])
    }

    fn end_sending(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream or an end of a pipe on async-io.
#[derive(Debug)]
pub(crate) struct Io<T: Bytes>(Watched<AsyncIo<T>>);

impl<T: Bytes> Io<T> {
    fn new(inner: T) -> io::Result<Self> {
        let ready = [AtomicBool::new(true), AtomicBool::new(true)];
        Ok(Self(Watched::by(AsyncIo { inner: Async::new(inner)?, ready })))
    }
}

pub(crate) fn stream(socket: OwnedFd) -> io::Result<Io<UnixStream>> {
    Io::new(socket.into())
}

/// The sending end and the receiving end.
pub(crate) fn pipe() -> io::Result<(Io<PipeEnd>, Io<PipeEnd>)> {
    let (recver, sender) = pipe::new(pipe::Options { nonblocking: true, packets: false })?;
    Ok((Io::new(PipeEnd::sender(sender))?, Io::new(PipeEnd::recver(recver))?))
}

impl<T: Bytes> AsyncRead for Io<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut count = 0;
        let read = self.0.poll_read(cx, buffer.len(), |inner| {
            count = inner.read_bytes(buffer)?;
            Ok(Received { count, may_have_more: false })
        });
        read.map_ok(|()| count)
    }
}

impl<T: Bytes> AsyncWrite for Io<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes.len(), |inner| inner.write_bytes(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.get().end_sending())
    }
}
