use super::{ConnectOptions, Name, PeerCreds, platform};
use crate::{TryClone, error};
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    process,
    sync::Arc,
    time::Duration,
};

/// A connected local socket.
///
/// One read or write is one system call. The two directions are independent: `&Stream` reads and writes too, so that
/// threads which share a stream (in an [`Arc`], say) can do both at the same time.
///
/// Dropping a stream closes it. The peer still reads everything that was written, and then sees the end.
///
/// # Timeouts
/// A read or write whose timeout expires fails with [`TimedOut`](io::ErrorKind::TimedOut), and has moved no byte. In
/// nonblocking mode, which ignores timeouts, the error is [`WouldBlock`](io::ErrorKind::WouldBlock). [`is_timeout`] is true
/// for both.
///
/// On Windows, a write with a timeout or in nonblocking mode that does not fit into the pipe is left in flight: at most
/// 64 KiB, which count as written. The next write waits for them first. [`flush`](Write::flush) waits until they are in the
/// pipe. **Flush before the process ends.** Dropping the stream leaves them to the system for at most a minute.
#[doc(alias("UnixStream", "NamedPipeStream", "connection"))]
#[derive(Debug)]
pub struct Stream(pub(super) platform::Stream);

impl Stream {
    /// Connects to a listener, and waits without end if it is there but busy. [`ConnectOptions`] can set a limit.
    ///
    /// # Errors
    /// As for [`ConnectOptions::connect_sync`].
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::{ListenerOptions, Name, Stream};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let unique = format!("interprocess-doc-connect-{}", std::process::id());
    /// let name = Name::namespaced("example.sock")?;
    /// # let name = Name::namespaced(&unique)?;
    /// let listener = ListenerOptions::new().name(&name).create_sync()?;
    /// let first = Stream::connect(&name)?;
    /// let second = Stream::connect(name)?;
    /// # drop((listener, first, second));
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect<'n>(name: impl Into<Name<'n>>) -> io::Result<Self> {
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

    /// Sets the read timeout. With `None` (the default), reads block indefinitely. A read whose timeout expires fails with
    /// [`TimedOut`](io::ErrorKind::TimedOut), and has taken no byte.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    #[doc(alias("set_read_timeout", "SO_RCVTIMEO"))]
    pub fn set_recv_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }

    /// Sets the write timeout. With `None` (the default), writes block indefinitely. A write returns the number of bytes
    /// written before the timeout expired, or fails with [`TimedOut`](io::ErrorKind::TimedOut) if none were.
    ///
    /// # Errors
    /// `InvalidInput` for a timeout of zero.
    #[doc(alias("set_write_timeout", "SO_SNDTIMEO"))]
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

    /// Splits the stream into two halves for different threads. Dropping the [`SendHalf`] ends the sending direction where
    /// the platform can, and the connection closes when both are dropped.
    ///
    /// ```
    /// use interprocess::local_socket::Stream;
    /// use std::io::{Read, Write};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (client, mut server) = Stream::pair()?;
    /// let (mut answers, mut requests) = client.split();
    /// requests.write_all(b"the whole request")?;
    /// drop(requests);
    ///
    /// # if cfg!(unix) {
    /// let mut request = String::new();
    /// server.read_to_string(&mut request)?; // Ends here on Unix.
    /// assert_eq!(request, "the whole request");
    /// # }
    /// server.write_all(b"the answer")?;
    /// drop(server);
    /// let mut answer = String::new();
    /// answers.read_to_string(&mut answer)?;
    /// assert_eq!(answer, "the answer");
    /// # Ok(())
    /// # }
    /// ```
    pub fn split(self) -> (RecvHalf, SendHalf) {
        let shared = Arc::new(self.0);
        (RecvHalf(Arc::clone(&shared)), SendHalf { stream: shared, owner: Some(process::id()) })
    }

    /// Puts two halves together again.
    ///
    /// # Errors
    /// The halves are of different streams, and are given back.
    pub fn reunite(recv: RecvHalf, send: SendHalf) -> ReuniteResult {
        if !Arc::ptr_eq(&recv.0, &send.stream) {
            return Err(ReuniteError { rh: recv, sh: send });
        }
        send.forget();
        match Arc::into_inner(recv.0) {
            Some(stream) => Ok(Self(stream)),
            None => {
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

    /// Ends both directions and wakes all threads that are blocked in them, also through clones of this stream.
    ///
    /// From then on, writes fail with [`BrokenPipe`](io::ErrorKind::BrokenPipe), and reads return 0; on Linux they first return
    /// what arrived before. Closing a stream again does nothing.
    ///
    /// # Platform-specific behavior
    /// On Unix this is shutdown(2): the peer reads what was written and then end-of-file. On Windows this stream and its
    /// clones end at once, and the peer sees end-of-file when the last of them is dropped.
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::Stream;
    /// use std::{io::Read, sync::Arc, thread};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (stream, _silent) = Stream::pair()?;
    /// let stream = Arc::new(stream);
    /// let shared = Arc::clone(&stream);
    /// let reader = thread::spawn(move || (&*shared).read(&mut [0]));
    /// stream.close()?;
    /// assert_eq!(reader.join().unwrap()?, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn close(&self) -> io::Result<()> {
        platform::close(&self.0)
    }

    /// Waits until the peer has read everything that was written: what `flush` does not do.
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
    #[doc(alias("peer_cred", "SO_PEERCRED", "getpeereid"))]
    pub fn peer_creds(&self) -> io::Result<PeerCreds> {
        platform::peer_creds(&self.0)
    }

    /// The name of this end: the listener's, if this stream was accepted, else mostly none. On Linux a listener whose path
    /// is longer than a socket address has room for (108 bytes) has none either.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local_name(&self) -> io::Result<Option<Name<'static>>> {
        platform::local_name(&self.0)
    }

    /// The name of the other end: the listener's, if this stream connected to one, else mostly none. A relative path, which
    /// is relative to the other process's working directory, is no name here, nor is one that is too long for a socket
    /// address.
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

/// Returns whether an error of a read or write says that it would have to wait longer than it may: `TimedOut` if a timeout
/// expired, `WouldBlock` in nonblocking mode.
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

fn read(mut stream: &platform::Stream, buffer: &mut [u8]) -> io::Result<usize> {
    stream.read(buffer).map_err(|error| platform::waited_for(stream, READ, error))
}

fn read_vectored(mut stream: &platform::Stream, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    stream.read_vectored(buffers).map_err(|error| platform::waited_for(stream, READ, error))
}

fn write(mut stream: &platform::Stream, bytes: &[u8]) -> io::Result<usize> {
    stream.write(bytes).map_err(|error| platform::waited_for(stream, WRITE, error))
}

fn write_vectored(mut stream: &platform::Stream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    stream.write_vectored(slices).map_err(|error| platform::waited_for(stream, WRITE, error))
}

fn flush(mut stream: &platform::Stream) -> io::Result<()> {
    stream.flush().map_err(|error| platform::waited_for(stream, WRITE, error))
}

const READ: &str = "read from the local socket";
const WRITE: &str = "write to the local socket";

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read(&self.0, buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        read_vectored(&self.0, buffers)
    }
}

/// Flushing waits on Windows, after writes with a [timeout](Stream::set_send_timeout) or in nonblocking mode, until what they
/// wrote is in the pipe. Otherwise it does nothing.
impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(&self.0, bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        write_vectored(&self.0, slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        flush(&self.0)
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read(&self.0, buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        read_vectored(&self.0, buffers)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(&self.0, bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        write_vectored(&self.0, slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        flush(&self.0)
    }
}

/// The receiving half of a [`Stream`], made by [`Stream::split`]. Dropping it ends nothing.
#[doc(alias("ReadHalf", "OwnedReadHalf"))]
#[derive(Debug)]
pub struct RecvHalf(pub(super) Arc<platform::Stream>);

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
        read(&self.0, buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        read_vectored(&self.0, buffers)
    }
}

impl Read for RecvHalf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read(&self.0, buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        read_vectored(&self.0, buffers)
    }
}

/// The sending half of a [`Stream`], made by [`Stream::split`].
///
/// # Half-close
/// Dropping it ends the sending direction, as [`shutdown`](Self::shutdown) does, so that a peer which reads to the end goes
/// on; [`forget`](Self::forget) drops it without. Windows cannot end one direction of a named pipe: there, the peer sees
/// end-of-file when both halves are dropped, and a message has to say where it ends.
///
/// The direction ends for clones of the stream and duplicates of its descriptor too, also in other processes. In a process
/// that was forked from the one that split the stream, dropping the half ends nothing.
#[doc(alias("WriteHalf", "OwnedWriteHalf"))]
#[derive(Debug)]
#[must_use = "dropping it ends the sending direction"]
pub struct SendHalf {
    pub(super) stream: Arc<platform::Stream>,
    /// The process whose drop ends the direction, and not that of a copy by fork(2). `None` if none does.
    owner: Option<u32>,
}

impl SendHalf {
    /// Drops this half and leaves the sending direction as it is. Then the connection closes when the other half is dropped.
    pub fn forget(mut self) {
        self.owner = None;
    }

    /// [`Stream::set_send_timeout`].
    ///
    /// # Errors
    /// As there.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.set_write_timeout(timeout)
    }

    /// [`Stream::shutdown`] of the sending direction.
    ///
    /// # Errors
    /// As there.
    pub fn shutdown(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

impl Drop for SendHalf {
    fn drop(&mut self) {
        if self.owner == Some(process::id()) {
            platform::end_sending(&self.stream);
        }
    }
}

impl Write for &SendHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(&self.stream, bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        write_vectored(&self.stream, slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        flush(&self.stream)
    }
}

impl Write for SendHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(&self.stream, bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        write_vectored(&self.stream, slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        flush(&self.stream)
    }
}

/// Two halves of different streams, given back.
pub type ReuniteError = error::ReuniteError<RecvHalf, SendHalf>;

/// What [`Stream::reunite`] gives.
pub type ReuniteResult = error::ReuniteResult<Stream, RecvHalf, SendHalf>;
