use super::{
    Listener, Socket,
    kind::{ConnectionKind, SocketKind},
};
use crate::os::unix::sys::{
    self,
    option::{self, Buffer, Switch},
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

/// Options and questions that all these sockets have, blocking or not.
///
/// On Linux, sockets that a listener accepts have from it what is to come with messages, but not its buffer sizes.
#[allow(private_bounds)]
pub trait UnixSocketExt: AsFd + Sealed {
    /// The size of the receive buffer in bytes (`SO_RCVBUF`). Linux does not use it for Unix domain sockets: what a sender
    /// may have under way is limited by its own send buffer.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    #[doc(alias = "SO_RCVBUF")]
    fn recv_buffer_size(&self) -> io::Result<usize> {
        option::buffer_size(self.socket(), Buffer::Recv)
    }

    /// Sets the size of the receive buffer in bytes. Linux doubles it for its own needs and limits it
    /// (`net.core.rmem_max`).
    ///
    /// # Errors
    /// Those of setsockopt(2).
    #[doc(alias = "SO_RCVBUF")]
    fn set_recv_buffer_size(&self, size: usize) -> io::Result<()> {
        option::set_buffer_size(self.socket(), Buffer::Recv, size)
    }

    /// The size of the send buffer in bytes (`SO_SNDBUF`). On macOS and the BSDs it limits the size of a datagram.
    ///
    /// # Errors
    /// Those of getsockopt(2).
    #[doc(alias = "SO_SNDBUF")]
    fn send_buffer_size(&self) -> io::Result<usize> {
        option::buffer_size(self.socket(), Buffer::Send)
    }

    /// Sets the size of the send buffer in bytes. Linux doubles it for its own needs and limits it
    /// (`net.core.wmem_max`).
    ///
    /// # Errors
    /// Those of setsockopt(2).
    #[doc(alias = "SO_SNDBUF")]
    fn set_send_buffer_size(&self, size: usize) -> io::Result<()> {
        option::set_buffer_size(self.socket(), Buffer::Send, size)
    }

    /// How many bytes can be received at once (`FIONREAD`). Of datagrams, Linux counts the first alone; of sequenced
    /// packets, all. Other systems count all of either.
    ///
    /// # Errors
    /// Those of ioctl(2); `InvalidInput` for a listener on Linux.
    #[doc(alias = "FIONREAD")]
    fn recv_queue_size(&self) -> io::Result<usize> {
        sys::fd::readable_bytes(self.socket())
    }

    /// How much of what was sent nobody has received, in bytes of kernel memory, which is more than was sent (`SIOCOUTQ`,
    /// unix(7)). 0 for a listener.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    #[doc(alias = "TIOCOUTQ")]
    fn send_queue_size(&self) -> io::Result<usize> {
        sys::socket::unread_by_peer(self.socket())
    }

    /// From where on peeking looks at the queue; `None`: always from its beginning (`SO_PEEK_OFF`).
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    fn peek_offset(&self) -> io::Result<Option<u32>> {
        option::peek_offset(self.socket())
    }

    /// Has peeking look at the queue from this many bytes after its beginning, and go on where the last peek ended.
    /// Receiving moves the offset back by what it takes out. `None` is the ordinary way.
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android; `InvalidInput` for 2 GiB or more.
    #[doc(alias = "SO_PEEK_OFF")]
    fn set_peek_offset(&self, offset: Option<u32>) -> io::Result<()> {
        option::set_peek_offset(self.socket(), offset)
    }

    /// Whether messages come with their senders' credentials.
    ///
    /// # Errors
    /// As for [`set_passcred`](Self::set_passcred).
    fn passcred(&self) -> io::Result<bool> {
        option::is_on(self.socket(), Switch::Credentials)
    }

    /// Has messages come with their senders' credentials
    /// ([`AncillaryData::ScmCredentials`](super::AncillaryData::ScmCredentials)): `SO_PASSCRED` on Linux,
    /// `LOCAL_CREDS_PERSISTENT` on FreeBSD 13, `LOCAL_CREDS` on NetBSD.
    ///
    /// On Linux, a socket without a name that has this on gets one in the abstract namespace when it connects or sends
    /// (unix(7), "Autobind feature").
    ///
    /// # Errors
    /// `Unsupported` on other systems.
    #[doc(alias = "SO_PASSCRED")]
    fn set_passcred(&self, passcred: bool) -> io::Result<()> {
        option::switch(self.socket(), Switch::Credentials, passcred)
    }

    /// Whether messages come with a descriptor of their sender's process.
    ///
    /// # Errors
    /// As for [`set_pass_pidfd`](Self::set_pass_pidfd).
    fn pass_pidfd(&self) -> io::Result<bool> {
        option::is_on(self.socket(), Switch::Pidfd)
    }

    /// Has messages come with a descriptor of their sender's process
    /// ([`AncillaryData::ScmPidfd`](super::AncillaryData::ScmPidfd)), which unlike a process id cannot come to mean another.
    ///
    /// A socket without a name that has this on gets one, as with [`set_passcred`](Self::set_passcred).
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux 6.5.
    #[doc(alias = "SO_PASSPIDFD")]
    fn set_pass_pidfd(&self, pass: bool) -> io::Result<()> {
        option::switch(self.socket(), Switch::Pidfd, pass)
    }

    /// Whether messages come with their senders' security labels.
    ///
    /// # Errors
    /// As for [`set_pass_security`](Self::set_pass_security).
    fn pass_security(&self) -> io::Result<bool> {
        option::is_on(self.socket(), Switch::Security)
    }

    /// Has messages come with the labels that a security module such as SELinux gives their senders
    /// ([`AncillaryData::ScmSecurity`](super::AncillaryData::ScmSecurity)).
    ///
    /// # Errors
    /// `Unsupported` everywhere but on Linux and Android.
    #[doc(alias = "SO_PASSSEC")]
    fn set_pass_security(&self, pass: bool) -> io::Result<()> {
        option::switch(self.socket(), Switch::Security, pass)
    }

    /// Marks the socket for packet filters and routing: `SO_MARK` on Linux, `SO_USER_COOKIE` on FreeBSD, `SO_RTABLE` on
    /// OpenBSD.
    ///
    /// # Errors
    /// `PermissionDenied` without the capability for it; `Unsupported` on other systems.
    #[doc(alias = "SO_MARK")]
    fn set_mark(&self, mark: u32) -> io::Result<()> {
        option::set_mark(self.socket(), mark)
    }

    /// A descriptor of the peer's process (`SO_PEERPIDFD`): of the one that connected, listened or made the pair. A process
    /// id can come to mean another process before it is used; this cannot. It becomes readable when the process ends, and
    /// pidfd_send_signal(2) takes it.
    ///
    /// # Errors
    /// `NotFound`: the process is gone. `NotConnected`: there is no peer. `Unsupported`: an older kernel than Linux 6.5, or
    /// another system. It is never made from a process id.
    #[doc(alias = "SO_PEERPIDFD")]
    fn peer_pidfd(&self) -> io::Result<OwnedFd> {
        sys::peer::pidfd(self.socket())
    }

    /// The label that a security module gives the peer (`SO_PEERSEC`), without a terminator.
    ///
    /// # Errors
    /// `Unsupported` if no security module does that, or on another system than Linux.
    #[doc(alias = "SO_PEERSEC")]
    fn peer_security(&self) -> io::Result<Vec<u8>> {
        sys::peer::security(self.socket())
    }

    /// The process for which the peer acts (`LOCAL_PEEREPID` of macOS).
    ///
    /// # Errors
    /// `Unsupported` on other systems.
    fn peer_effective_pid(&self) -> io::Result<i32> {
        sys::peer::effective_pid(self.socket())
    }
}

pub(super) trait Sealed {
    /// The descriptor, for calls that have nothing to do with its mode.
    fn socket(&self) -> BorrowedFd<'_>
    where
        Self: AsFd,
    {
        self.as_fd()
    }
}

impl<K: SocketKind> Sealed for Socket<K> {}
impl<K: SocketKind> UnixSocketExt for Socket<K> {}
impl<K: ConnectionKind> Sealed for Listener<K> {
    fn socket(&self) -> BorrowedFd<'_> {
        self.listening().socket()
    }
}
impl<K: ConnectionKind> UnixSocketExt for Listener<K> {}
