mod ancillary;

use super::Socket;
use crate::os::unix::{
    sys::{
        buf,
        socket::{self, Kind},
    },
    uds::{self, SocketAddr, bind::JustMade, kind::Datagram},
};
use bytes::BufMut;
use std::{
    io,
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    path::Path,
    task::{Context, Poll},
};
use tokio::io::ReadBuf;

/// A datagram socket, after [`tokio::net::UnixDatagram`].
///
/// All methods take it by reference, so that several tasks can share one. Sending and receiving are cancel-safe: what was
/// dropped before it was ready has sent or taken nothing. All tasks that wait are woken, those of the `poll_` methods too.
///
/// # Sending to a full queue
/// On Linux a sender waits for room in the receiver's queue. The kernel announces room to those that are connected to the
/// receiver; to others it says that there may be room as often as they ask. So [`send_to`](Self::send_to) and what else
/// takes an address try again after one to twenty milliseconds while they wait, and
/// [`poll_send_to`](Self::poll_send_to) after one. A loop of [`writable`](Self::writable) and
/// [`try_send_to`](Self::try_send_to) keeps the processor busy, as with Tokio's own type.
pub type UnixDatagram = Socket<Datagram>;

impl UnixDatagram {
    /// Makes the socket's file, so that others can send to it.
    ///
    /// # Errors
    /// As for [`uds::UnixDatagram::bind`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        Self::bind_with(path.as_ref(), None)
    }

    /// [`bind`](Self::bind) with permissions; see [`uds::UnixDatagram::bind_with`].
    ///
    /// # Errors
    /// As for that.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_with(path: &Path, mode: Option<u32>) -> io::Result<Self> {
        let socket = uds::UnixDatagram::bind_with(path, mode)?;
        let made = JustMade::new(Some(path));
        made.unless_failed(Self::try_from(socket))
    }

    /// Binds to an address.
    ///
    /// # Errors
    /// As for [`uds::UnixDatagram::bind_addr`].
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<Self> {
        let socket = uds::UnixDatagram::bind_addr(address)?;
        let made = JustMade::new(address.as_pathname());
        made.unless_failed(Self::try_from(socket))
    }

    /// Binds to a name in the abstract namespace that the kernel chooses; [`local_addr`](Self::local_addr) tells it. For
    /// clients that want answers.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn autobind() -> io::Result<Self> {
        Self::try_from(uds::UnixDatagram::autobind()?)
    }

    /// A socket without a name, to which nobody can send.
    ///
    /// # Errors
    /// The limit of open descriptors.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn unbound() -> io::Result<Self> {
        Self::registered(socket::socket(Kind::Datagram, true)?.into())
    }

    /// Makes a path the place to which [`send`](Self::send) sends, and from which alone datagrams are received. Never
    /// waits.
    ///
    /// # Errors
    /// As for [`uds::UnixDatagram::connect`].
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.registered.get().connect(path)
    }

    /// [`connect`](Self::connect) to an address.
    ///
    /// # Errors
    /// As for `connect`.
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        self.registered.get().connect_addr(address)
    }

    /// Ends one direction or both, and wakes what waits in it. What waits to receive fails with `UnexpectedEof` on
    /// Linux, and gives 0 elsewhere.
    ///
    /// # Errors
    /// `NotConnected`.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.registered.get().shutdown(how)
    }

    /// Sends a datagram to the socket that this one is connected to. Cancel-safe: it was not sent unless this returns.
    ///
    /// # Errors
    /// As for [`uds::UnixDatagram::send`].
    pub async fn send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registered.writing(|socket| socket.send(bytes)).await
    }

    /// [`send`](Self::send) that does not wait.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room; [`writable`](Self::writable) waits for it. Else as for `send`.
    pub fn try_send(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registered.try_writing(|socket| socket.send(bytes))
    }

    /// [`send`](Self::send) as a poll method.
    ///
    /// # Errors
    /// As for `send`.
    pub fn poll_send(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.registered.poll_write(cx, bytes.len(), |socket| socket.send(bytes))
    }

    /// Sends a datagram to the socket at a path; see [above](Self#sending-to-a-full-queue). Cancel-safe: it was not sent
    /// unless this returns.
    ///
    /// # Errors
    /// As for [`uds::UnixDatagram::send_to`].
    pub async fn send_to<P: AsRef<Path>>(&self, bytes: &[u8], path: P) -> io::Result<usize> {
        let path = path.as_ref();
        self.registered.writing_anywhere(|socket| socket.send_to(bytes, path)).await
    }

    /// [`send_to`](Self::send_to) for an address. Cancel-safe.
    ///
    /// # Errors
    /// As for `send_to`.
    pub async fn send_to_addr(&self, bytes: &[u8], address: &SocketAddr) -> io::Result<usize> {
        self.registered.writing_anywhere(|socket| socket.send_to_addr(bytes, address)).await
    }

    /// [`send_to`](Self::send_to) that does not wait.
    ///
    /// # Errors
    /// `WouldBlock`: there is no room. Else as for `send_to`.
    pub fn try_send_to<P: AsRef<Path>>(&self, bytes: &[u8], path: P) -> io::Result<usize> {
        let path = path.as_ref();
        self.registered.write_regardless(|socket| socket.send_to(bytes, path))
    }

    /// [`try_send_to`](Self::try_send_to) for an address.
    ///
    /// # Errors
    /// As for `try_send_to`.
    pub fn try_send_to_addr(&self, bytes: &[u8], address: &SocketAddr) -> io::Result<usize> {
        self.registered.write_regardless(|socket| socket.send_to_addr(bytes, address))
    }

    /// [`send_to`](Self::send_to) as a poll method. Polls again one millisecond after the queue was found full.
    ///
    /// # Errors
    /// As for `send_to`.
    pub fn poll_send_to<P: AsRef<Path>>(
        &self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        path: P,
    ) -> Poll<io::Result<usize>> {
        let path = path.as_ref();
        self.registered.poll_writing_anywhere(cx, |socket| socket.send_to(bytes, path))
    }

    /// Receives a datagram. Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// Those of recv(2).
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registered.reading(|socket| socket.recv(buffer)).await
    }

    /// [`recv`](Self::recv) that does not wait.
    ///
    /// # Errors
    /// `WouldBlock`: there is none, or the runtime has not learned of it yet; [`readable`](Self::readable) waits for it.
    /// Else as for `recv`.
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registered.try_reading(|socket| socket.recv(buffer))
    }

    /// [`recv`](Self::recv) into the next part of a buffer, which is advanced. A datagram longer than
    /// [`chunk_mut`](BufMut::chunk_mut) is truncated, so reserve room first.
    ///
    /// # Errors
    /// As for `recv`.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before completion, no datagram has been received.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::uds::tokio::UnixDatagram;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let (a, b) = UnixDatagram::pair()?;
    /// a.send(b"appended").await?;
    /// let mut buffer = b"text ".to_vec();
    /// buffer.reserve(1024);
    /// assert_eq!(b.recv_buf(&mut buffer).await?, 8);
    /// assert_eq!(buffer, b"text appended");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
        self.registered.reading(|socket| buf::receive(socket.as_fd(), buffer)).await
    }

    /// [`recv_buf`](Self::recv_buf) that does not wait.
    ///
    /// # Errors
    /// As for [`try_recv`](Self::try_recv).
    pub fn try_recv_buf<B: BufMut>(&self, buffer: &mut B) -> io::Result<usize> {
        self.registered.try_reading(|socket| buf::receive(socket.as_fd(), buffer))
    }

    /// [`recv`](Self::recv) as a poll method, into the unfilled part of a buffer.
    ///
    /// # Errors
    /// As for `recv`.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_reading(cx, |socket| {
            let length = socket.recv(buffer.initialize_unfilled())?;
            buffer.advance(length);
            Ok(())
        })
    }

    /// Receives a datagram, and tells from where. Cancel-safe: nothing is taken unless it is returned.
    ///
    /// # Errors
    /// Those of recv(2).
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registered.reading(|socket| socket.recv_from(buffer)).await
    }

    /// [`recv_from`](Self::recv_from) that does not wait.
    ///
    /// # Errors
    /// As for [`try_recv`](Self::try_recv).
    pub fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registered.try_reading(|socket| socket.recv_from(buffer))
    }

    /// [`recv_from`](Self::recv_from) into the next part of a buffer, as [`recv_buf`](Self::recv_buf) does.
    ///
    /// # Errors
    /// As for `recv_from`.
    ///
    /// # Cancel safety
    /// This method is cancel safe. If the future is dropped before completion, no datagram has been received.
    pub async fn recv_buf_from<B: BufMut>(&self, buffer: &mut B) -> io::Result<(usize, SocketAddr)> {
        let (length, from) =
            self.registered.reading(|socket| buf::receive_from(socket.as_fd(), buffer)).await?;
        Ok((length, SocketAddr(from)))
    }

    /// [`recv_buf_from`](Self::recv_buf_from) that does not wait.
    ///
    /// # Errors
    /// As for [`try_recv`](Self::try_recv).
    pub fn try_recv_buf_from<B: BufMut>(&self, buffer: &mut B) -> io::Result<(usize, SocketAddr)> {
        let (length, from) =
            self.registered.try_reading(|socket| buf::receive_from(socket.as_fd(), buffer))?;
        Ok((length, SocketAddr(from)))
    }

    /// [`recv_from`](Self::recv_from) as a poll method, into the unfilled part of a buffer.
    ///
    /// # Errors
    /// As for `recv_from`.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.registered.poll_reading(cx, |socket| {
            let (length, from) = socket.recv_from(buffer.initialize_unfilled())?;
            buffer.advance(length);
            Ok(from)
        })
    }

    /// Receives a datagram, tells from where, and leaves it for the next to receive. Cancel-safe.
    ///
    /// # Errors
    /// Those of recv(2).
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.registered.reading(|socket| socket.peek_from(buffer)).await
    }

    /// [`readable`](Self::readable) as a poll method.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_read_ready(cx)
    }

    /// [`writable`](Self::writable) as a poll method.
    ///
    /// # Errors
    /// As for [`ready`](Self::ready).
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registered.poll_write_ready(cx)
    }

    /// Takes the socket off the runtime, in nonblocking mode.
    ///
    /// # Errors
    /// None at present; the signature is Tokio's.
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        Ok(OwnedFd::from(self.into_inner()).into())
    }

    /// Puts a std socket, or a [`uds::UnixDatagram`], on the current runtime and into nonblocking mode, as [`TryFrom`] does.
    ///
    /// # Errors
    /// The runtime's poller refuses it.
    ///
    /// # Panics
    /// Outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn from_std(socket: impl Into<uds::UnixDatagram>) -> io::Result<Self> {
        Self::try_from(socket.into())
    }
}

/// [`UnixDatagram::from_std`].
impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    #[track_caller]
    fn try_from(socket: net::UnixDatagram) -> io::Result<Self> {
        Self::from_std(socket)
    }
}
