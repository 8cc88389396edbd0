use super::{ConnectOptions, Name, PeerCreds, platform};
use crate::{TryClone, error};
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    sync::Arc,
    time::Duration,
};

/// A connected local socket.
///
/// One read or write is one system call. The two directions are independent: `&Stream` reads and writes too, so that
/// threads which share a stream (in an [`Arc`], say) can do both at the same time.
///
/// Dropping a stream closes it. The peer still reads everything that was written, and then sees the end.
#[derive(Debug)]
pub struct Stream(pub(super) platform::Stream);

impl Stream {
    /// Connects to a listener, and waits without end if it is there but busy. [`ConnectOptions`] can set a limit.
    ///
    /// # Errors
    /// As for [`ConnectOptions::connect_sync`].
    pub fn connect(name: Name<'_>) -> io::Result<Self> {
        ConnectOptions::new().name(name).connect_sync()
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    /// The limit of open descriptors or handles.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = platform::pair()?;
        Ok((Self(a), Self(b)))
    }

    /// In nonblocking mode, what would have to wait fails with `WouldBlock`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set_nonblocking(nonblocking)
    }

    /// How long a read waits; `None`, the default, is for ever. A read that has waited that long fails with an error
    /// for which [`is_timeout`] is true, and has taken no byte.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    pub fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }

    /// How long a write waits; `None`, the default, is for ever. A write that has waited that long tells how much it
    /// has written, or fails with an error for which [`is_timeout`] is true if that is nothing.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    pub fn set_send_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_write_timeout(timeout)
    }

    /// How long a read waits.
    ///
    /// # Errors
    /// Those of the system.
    pub fn recv_timeout(&self) -> io::Result<Option<Duration>> {
        self.0.read_timeout()
    }

    /// How long a write waits.
    ///
    /// # Errors
    /// Those of the system.
    pub fn send_timeout(&self) -> io::Result<Option<Duration>> {
        self.0.write_timeout()
    }

    /// A second stream object of the same connection, which the peer sees end when both are gone.
    ///
    /// # Errors
    /// The limit of open descriptors or handles.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Two halves that can go to different threads. Dropping one half ends nothing: the connection ends when both are
    /// gone, or by [`shutdown`](SendHalf::shutdown).
    pub fn split(self) -> (RecvHalf, SendHalf) {
        let shared = Arc::new(self.0);
        (RecvHalf(Arc::clone(&shared)), SendHalf(shared))
    }

    /// Puts two halves together again.
    ///
    /// # Errors
    /// The halves are of different streams, and are given back.
    pub fn reunite(recv: RecvHalf, send: SendHalf) -> ReuniteResult {
        if !Arc::ptr_eq(&recv.0, &send.0) {
            return Err(ReuniteError { rh: recv, sh: send });
        }
        drop(recv);
        match Arc::try_unwrap(send.0) {
            Ok(stream) => Ok(Self(stream)),
            Err(_) => {
                unreachable!("a stream has two halves, which cannot be cloned, and one was just dropped")
            }
        }
    }

    /// Ends one direction or both, and wakes other threads that are blocked in it.
    ///
    /// With `Shutdown::Write`, the peer reads what is still there and then sees the end. Windows has no such thing:
    /// there, `Read` and `Both` end things on this side, and the peer sees it when the stream is dropped.
    ///
    /// # Errors
    /// `Unsupported`: `Shutdown::Write` on Windows. `NotConnected`: on some systems, if the peer has closed.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    /// Waits until the peer has read everything that was written: what `flush`, which does nothing, does not do.
    ///
    /// Nothing needs this to arrive, see above; it is for a program that wants to know. It waits for ever for a peer that
    /// never reads.
    ///
    /// # Errors
    /// `ConnectionReset` or `BrokenPipe`: the peer closed without reading everything. `Unsupported`: on macOS, the BSDs and
    /// illumos, which do not tell.
    pub fn drain(&self) -> io::Result<()> {
        self.0.drain()
    }

    /// Takes the error that the system keeps for this stream. Windows keeps none.
    ///
    /// # Errors
    /// Those of the system.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    /// Who is at the other end.
    ///
    /// # Errors
    /// `Unsupported` where the system cannot tell; those of the system.
    pub fn peer_creds(&self) -> io::Result<PeerCreds> {
        platform::peer_creds(&self.0)
    }

    /// The name of this end: the listener's, if this stream was accepted, else mostly none.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_name(&self) -> io::Result<Option<Name<'static>>> {
        platform::local_name(&self.0)
    }

    /// The name of the other end: the listener's, if this stream connected to one, else mostly none.
    ///
    /// # Errors
    /// Those of the system.
    pub fn peer_name(&self) -> io::Result<Option<Name<'static>>> {
        platform::peer_name(&self.0)
    }
}

impl TryClone for Stream {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }
}

/// Whether an error of a read or write means that its timeout is over: `WouldBlock` on Unix, where the system does not
/// tell it from nonblocking mode, and `TimedOut` on Windows.
///
/// ```
/// use interprocess::local_socket::{Stream, is_timeout};
/// use std::{io::Read, time::Duration};
///
/// # fn main() -> std::io::Result<()> {
/// let (mut stream, _silent) = Stream::pair()?;
/// stream.set_recv_timeout(Some(Duration::from_millis(1)))?;
/// assert!(is_timeout(&stream.read(&mut [0]).unwrap_err()));
/// # Ok(())
/// # }
/// ```
pub fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Returns whether an error of connecting means that no process listens at the name.
///
/// This covers all the forms that it takes: there is no such name (`NotFound`: a missing socket file or directory, or no
/// such pipe on Windows), or there is a socket file that its listener has left behind (`ConnectionRefused`). A client
/// that starts its server on demand starts it then. Other errors, such as `PermissionDenied` or a backlog that stays
/// full (`TimedOut`), say nothing of the kind.
///
/// # Platform-specific behavior
/// macOS, the BSDs and illumos also refuse a connection while the listener's backlog is full.
///
/// # Examples
/// ```
/// use interprocess::local_socket::{Name, Stream, is_no_listener};
///
/// # fn main() -> std::io::Result<()> {
/// # let unique = format!("interprocess-doc-no-listener-{}", std::process::id());
/// let name = Name::namespaced("example.sock")?;
/// # let name = Name::namespaced(&unique)?;
/// let error = Stream::connect(name).unwrap_err();
/// assert!(is_no_listener(&error));
/// # Ok(())
/// # }
/// ```
pub fn is_no_listener(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0).read_vectored(buffers)
    }
}

/// Flushing does nothing: a write hands its bytes to the system.
impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0).read_vectored(buffers)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The receiving half of a [`Stream`].
#[derive(Debug)]
pub struct RecvHalf(Arc<platform::Stream>);

impl RecvHalf {
    /// [`Stream::set_recv_timeout`].
    ///
    /// # Errors
    /// As there.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }

    /// [`Stream::shutdown`] of the receiving direction.
    ///
    /// # Errors
    /// As there.
    pub fn shutdown(&self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Read)
    }
}

impl Read for &RecvHalf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self.0).read_vectored(buffers)
    }
}

impl Read for RecvHalf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self.0).read_vectored(buffers)
    }
}

/// The sending half of a [`Stream`].
#[derive(Debug)]
pub struct SendHalf(Arc<platform::Stream>);

impl SendHalf {
    /// [`Stream::set_send_timeout`].
    ///
    /// # Errors
    /// As there.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_write_timeout(timeout)
    }

    /// [`Stream::shutdown`] of the sending direction.
    ///
    /// # Errors
    /// As there.
    pub fn shutdown(&self) -> io::Result<()> {
        self.0.shutdown(Shutdown::Write)
    }
}

impl Write for &SendHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self.0).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for SendHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self.0).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Two halves of different streams, given back.
pub type ReuniteError = error::ReuniteError<RecvHalf, SendHalf>;

/// What [`Stream::reunite`] gives.
pub type ReuniteResult = error::ReuniteResult<Stream, RecvHalf, SendHalf>;
