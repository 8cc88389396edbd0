use super::{
    ReceivedFds, Socket, SocketAncillary,
    ancillary::{receive_fds, send_fds},
    kind::Stream,
};
use crate::{
    os::unix::sys::{
        self,
        message::{self, Take},
        socket,
    },
    time::Backoff,
};
use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    time::Duration,
};

/// A connected stream socket, after [`std::os::unix::net::UnixStream`].
///
/// One read or write is one system call. The two directions are independent: threads that share a stream by reference
/// can read and write at the same time.
#[doc(alias = "SOCK_STREAM")]
pub type UnixStream = Socket<Stream>;

impl UnixStream {
    /// Waits until the peer has read everything that was written.
    ///
    /// Nothing needs this to arrive: what was written stays readable when the stream is dropped and the process ends. The
    /// kernel does not announce it, so this looks again and again, from a tenth of a millisecond to twenty apart.
    ///
    /// # Errors
    /// `ConnectionReset`: the peer closed without reading everything. `Unsupported` everywhere but on Linux and Android.
    pub fn drain(&self) -> io::Result<()> {
        let mut backoff = Backoff::starting_at(Duration::from_micros(100));
        while !self.is_drained()? {
            sys::fd::pause(backoff.pause());
        }
        Ok(())
    }

    pub(super) fn is_drained(&self) -> io::Result<bool> {
        if socket::unread_by_peer(self.as_fd())? > 0 {
            return Ok(false);
        }
        // A peer that closes discards what it has not read, and leaves this behind.
        match self.take_error()? {
            Some(error) => Err(error),
            None => Ok(true),
        }
    }

    /// Writes bytes, and passes descriptors with the first of them. The peer gets descriptors of its own; yours stay open.
    ///
    /// If fewer bytes than all were written, the descriptors are on their way, and only the rest of the bytes is left.
    ///
    /// # Errors
    /// `InvalidInput`, before anything is sent: more descriptors than the system passes at once (253 on Linux), or
    /// descriptors without a byte to go with. Else as for a write; `ETOOMANYREFS` if too many descriptors are under way.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::uds::UnixStream;
    /// use std::{fs::File, io::Read};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (a, b) = UnixStream::pair()?;
    /// let file = File::open("/dev/zero")?;
    /// a.send_with_fds(b"a file", &[&file])?;
    ///
    /// let mut buffer = [0; 16];
    /// let (length, fds) = b.recv_with_fds(&mut buffer, 1)?;
    /// assert_eq!(&buffer[..length], b"a file");
    /// let mut received: File = fds.into_iter().next().expect("a descriptor came with it").into();
    /// received.read_exact(&mut buffer)?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("SCM_RIGHTS", "sendmsg"))]
    pub fn send_with_fds(&self, bytes: &[u8], fds: &[impl AsFd]) -> io::Result<usize> {
        send_fds(fds, |control| message::send_part_with(self.as_fd(), &[IoSlice::new(bytes)], control))
    }

    /// Reads bytes, and takes the descriptors that came with them, at most `max`.
    ///
    /// The bytes end where others begin that came with other descriptors. All descriptors are close-on-exec. What comes
    /// beyond `max` is closed, which [`ReceivedFds::is_truncated`] tells. Descriptors that arrive with an ordinary read are
    /// closed by the system.
    ///
    /// # Errors
    /// As for a read; `InvalidInput` for an empty buffer, which could not be told from the end of the stream.
    #[doc(alias("SCM_RIGHTS", "recvmsg"))]
    pub fn recv_with_fds(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, ReceivedFds)> {
        if buffer.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "receiving descriptors takes room for the bytes they come with",
            ));
        }
        receive_fds(self.as_fd(), buffer, max, None)
    }

    /// Writes several slices with control messages.
    ///
    /// # Errors
    /// As for [`send_with_fds`](Self::send_with_fds); `Unsupported` for credentials on a system that has none.
    pub fn send_vectored_with_ancillary(
        &self,
        slices: &[IoSlice<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        message::send_part_with(self.as_fd(), slices, &ancillary.0)
    }

    /// Reads into several slices, with control messages. What the buffer held before is closed first.
    ///
    /// # Errors
    /// As for a read.
    pub fn recv_vectored_with_ancillary(
        &self,
        slices: &mut [IoSliceMut<'_>],
        ancillary: &mut SocketAncillary<'_>,
    ) -> io::Result<usize> {
        let part = sys::slices::part(slices);
        let control = Some(&mut ancillary.0);
        message::receive_message(self.as_fd(), &mut slices[part], control, None, Take::Out)
            .map(|received| received.length)
    }
}

impl Read for &UnixStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        sys::fd::read(self.as_fd(), buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        sys::fd::read_vectored(self.as_fd(), buffers)
    }
}

impl Write for &UnixStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        message::send(self.as_fd(), bytes, 0)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        message::send_part(self.as_fd(), slices)
    }

    /// Does nothing: a write hands its bytes to the kernel, and they outlive this process.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for UnixStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(buffers)
    }
}

impl Write for UnixStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<net::UnixStream> for UnixStream {
    fn from(stream: net::UnixStream) -> Self {
        Self::of(stream.into())
    }
}

impl From<UnixStream> for net::UnixStream {
    fn from(stream: UnixStream) -> Self {
        OwnedFd::from(stream).into()
    }
}
