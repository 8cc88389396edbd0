//! Many messages in one call: sendmmsg(2) and recvmmsg(2) on Linux, Android, FreeBSD and NetBSD, a loop elsewhere.

use super::{
    address::Address,
    ancillary::{CLOSE_ON_EXEC, Control, Incoming, LEAKS_WHAT_DOES_NOT_FIT, ROOM_FOR_ALL},
    message::{self, SEND},
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::fd::BorrowedFd,
};

use self::calls::{Header, header_of, length_of, message_of, message_of_mut, receive_all, send_all};

/// What the kernel reads and writes for each message.
struct Entry {
    slice: libc::iovec,
    name: Address,
}

/// The headers that a call needs. Their pointers are set before each call and mean nothing after it.
struct Headers {
    entries: Vec<Entry>,
    headers: Vec<Header>,
}

// SAFETY: the pointers are followed in calls alone, and each call sets them anew.
unsafe impl Send for Headers {}
// SAFETY: as above; nothing follows them behind a shared reference.
unsafe impl Sync for Headers {}

impl Headers {
    fn with_capacity(count: usize) -> Self {
        Self { entries: Vec::with_capacity(count), headers: Vec::with_capacity(count) }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.headers.clear();
    }
}

impl Debug for Headers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers").field("capacity", &self.headers.capacity()).finish_non_exhaustive()
    }
}

/// Room for messages to be received, and those that were received last.
#[derive(Debug)]
pub(crate) struct Room {
    count: usize,
    message_size: usize,
    control_size: usize,
    headers: Headers,
    data: Vec<u8>,
    controls: Vec<u8>,
    /// How many messages the last call received.
    filled: usize,
}

/// A message among those that were received.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Slot<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) from: &'a Address,
    pub(crate) is_truncated: bool,
    pub(crate) is_control_truncated: bool,
    /// See [`message::Received::is_certainly_a_message`].
    pub(crate) is_certainly_a_message: bool,
}

impl Room {
    pub(crate) fn new(count: usize, message_size: usize, control_size: usize) -> Self {
        // A part of the room for control messages must not make a kernel lose descriptors.
        let control_size = match control_size {
            0 => 0,
            size if LEAKS_WHAT_DOES_NOT_FIT => size.max(ROOM_FOR_ALL),
            size => size,
        };
        Self {
            count,
            message_size,
            control_size,
            headers: Headers::with_capacity(count),
            data: vec![0; count * message_size],
            controls: vec![0; count * control_size],
            filled: 0,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.count
    }

    pub(crate) fn len(&self) -> usize {
        self.filled
    }

    /// Forgets the last messages of the batch, which are not messages but the end of a connection.
    pub(crate) fn forget_from(&mut self, filled: usize) {
        self.filled = self.filled.min(filled);
    }

    pub(crate) fn clear(&mut self) {
        for index in 0..self.filled {
            self.incoming(index).close();
        }
        self.filled = 0;
    }

    pub(crate) fn slot(&self, index: usize) -> Option<Slot<'_>> {
        if index >= self.filled {
            return None;
        }
        let header = self.headers.headers.get(index)?;
        let begin = index * self.message_size;
        let length = length_of(header).min(self.message_size);
        let flags = message_of(header).msg_flags;
        Some(Slot {
            bytes: &self.data[begin..begin + length],
            from: &self.headers.entries.get(index)?.name,
            is_truncated: flags & libc::MSG_TRUNC != 0,
            is_control_truncated: flags & libc::MSG_CTRUNC != 0,
            is_certainly_a_message: flags & (libc::MSG_CTRUNC | libc::MSG_EOR) != 0
                || message::control_length(message_of(header)) > 0,
        })
    }

    /// The control messages of a message, which there is.
    pub(crate) fn incoming(&mut self, index: usize) -> Incoming<'_> {
        let begin = index * self.control_size;
        let header = self.headers.headers.get(index).filter(|_| index < self.filled);
        let length = header.map_or(0, |header| message::control_length(message_of(header)));
        let bytes = &mut self.controls[begin..begin + length.min(self.control_size)];
        // SAFETY: the kernel wrote so many bytes there in the call that filled the slot, and what is taken out of them is
        // replaced by -1 in place.
        unsafe { Incoming::new(bytes) }
    }

    /// Receives as many messages as are there, waiting for the first in blocking mode.
    pub(crate) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.clear();
        self.headers.clear();
        let (data, controls) = (self.data.as_mut_ptr(), self.controls.as_mut_ptr());
        for index in 0..self.count {
            // `wrapping_add` stays within the vectors: their lengths are `count` times the sizes.
            let base = data.wrapping_add(index * self.message_size).cast();
            let slice = libc::iovec { iov_base: base, iov_len: self.message_size };
            self.headers.entries.push(Entry { slice, name: Address::UNNAMED });
        }
        for (index, entry) in self.headers.entries.iter_mut().enumerate() {
            let mut message = message::header(&raw mut entry.slice, 1);
            (message.msg_name, message.msg_namelen) = entry.name.as_message_room();
            let control = controls.wrapping_add(index * self.control_size);
            message::set_control(&mut message, control, self.control_size);
            self.headers.headers.push(header_of(message));
        }
        self.filled = receive_all(socket, &mut self.headers.headers, CLOSE_ON_EXEC.unwrap_or(0))?;
        for (header, entry) in self.headers.headers.iter().zip(&mut self.headers.entries).take(self.filled) {
            entry.name.set_length(message_of(header).msg_namelen);
        }
        if CLOSE_ON_EXEC.is_none() {
            for index in 0..self.filled {
                self.incoming(index).set_close_on_exec()?;
            }
        }
        Ok(self.filled)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The headers of messages to be sent.
#[derive(Debug)]
pub(crate) struct Outbox {
    headers: Headers,
    capacity: usize,
}

/// A message to be sent.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) to: Option<&'a Address>,
    pub(crate) control: Option<&'a Control<'a>>,
}

impl Outbox {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { headers: Headers::with_capacity(capacity), capacity }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Sends the first messages, as many as there is room for. An error is that of the first.
    pub(crate) fn send<'a>(
        &mut self,
        socket: BorrowedFd<'_>,
        messages: impl Iterator<Item = Outgoing<'a>>,
        flags: libc::c_int,
    ) -> io::Result<usize> {
        self.headers.clear();
        for outgoing in messages.take(self.capacity) {
            let base = outgoing.bytes.as_ptr().cast_mut().cast();
            let slice = libc::iovec { iov_base: base, iov_len: outgoing.bytes.len() };
            // The slice is not at its place yet, and its pointer is set below.
            let mut message = message::header(std::ptr::null_mut(), 1);
            let control = match outgoing.control.map_or(Ok(&[][..]), Control::outgoing) {
                Ok(control) => control,
                Err(error) if self.headers.headers.is_empty() => return Err(error),
                // The messages before it are sent, and the next call tells the error.
                Err(_) => break,
            };
            message::set_control(&mut message, control.as_ptr().cast_mut(), control.len());
            if let Some(to) = outgoing.to {
                (message.msg_name, message.msg_namelen) = to.as_message_name();
            }
            self.headers.entries.push(Entry { slice, name: Address::UNNAMED });
            self.headers.headers.push(header_of(message));
        }
        for (header, entry) in self.headers.headers.iter_mut().zip(&mut self.headers.entries) {
            message_of_mut(header).msg_iov = &raw mut entry.slice;
        }
        send_all(socket, &mut self.headers.headers, SEND | flags)
    }
}

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "netbsd"),
    not(interprocess_portable_unix)
))]
mod calls {
    use super::{BorrowedFd, io};
    use std::os::fd::AsRawFd;

    pub(super) type Header = libc::mmsghdr;

    /// The headers describe memory of their owner and of borrows that outlive the call, as the caller has just made them.
    pub(super) fn receive_all(
        socket: BorrowedFd<'_>,
        headers: &mut [Header],
        flags: libc::c_int,
    ) -> io::Result<usize> {
        let flags = flags | libc::MSG_WAITFORONE;
        let (first, count) = (headers.as_mut_ptr(), headers.len().min(1024));
        // The types of the lengths and flags differ from system to system.
        // SAFETY: the descriptor is open for the call; the pointer and length describe `headers`; the null pointer is for
        // no timeout.
        let received = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), first, count as _, flags as _, std::ptr::null_mut())
        };
        usize::try_from(received).map_err(|_| io::Error::last_os_error())
    }

    /// The headers describe borrows that outlive the call, as the caller has just made them.
    pub(super) fn send_all(
        socket: BorrowedFd<'_>,
        headers: &mut [Header],
        flags: libc::c_int,
    ) -> io::Result<usize> {
        let (first, count) = (headers.as_mut_ptr(), headers.len().min(1024));
        // SAFETY: the descriptor is open for the call; the pointer and length describe `headers`.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), first, count as _, flags as _) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    pub(super) fn header_of(message: libc::msghdr) -> Header {
        libc::mmsghdr { msg_hdr: message, msg_len: 0 }
    }

    pub(super) fn message_of(header: &Header) -> &libc::msghdr {
        &header.msg_hdr
    }

    pub(super) fn message_of_mut(header: &mut Header) -> &mut libc::msghdr {
        &mut header.msg_hdr
    }

    pub(super) fn length_of(header: &Header) -> usize {
        // Signed on one system; never negative.
        header.msg_len as usize
    }
}

#[cfg(not(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd", target_os = "netbsd"),
    not(interprocess_portable_unix)
)))]
mod calls {
    use super::{BorrowedFd, io};
    use std::os::fd::AsRawFd;

    pub(super) struct Header {
        message: libc::msghdr,
        length: usize,
    }

    /// The headers describe memory of their owner and of borrows that outlive the call, as the caller has just made them.
    pub(super) fn receive_all(
        socket: BorrowedFd<'_>,
        headers: &mut [Header],
        flags: libc::c_int,
    ) -> io::Result<usize> {
        one_by_one(headers, |header, later| {
            let flags = flags | if later { libc::MSG_DONTWAIT } else { 0 };
            // SAFETY: the descriptor is open for the call, and the header describes living memory (see above).
            let received = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header.message, flags) };
            header.length = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
            Ok(())
        })
    }

    /// The headers describe borrows that outlive the call, as the caller has just made them.
    pub(super) fn send_all(
        socket: BorrowedFd<'_>,
        headers: &mut [Header],
        flags: libc::c_int,
    ) -> io::Result<usize> {
        one_by_one(headers, |header, _| {
            // SAFETY: the descriptor is open for the call, and the header describes living memory (see above).
            let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header.message, flags) };
            usize::try_from(sent).map(drop).map_err(|_| io::Error::last_os_error())
        })
    }

    /// The error of a later message is found again by the next call.
    fn one_by_one(
        headers: &mut [Header],
        mut call: impl FnMut(&mut Header, bool) -> io::Result<()>,
    ) -> io::Result<usize> {
        for (index, header) in headers.iter_mut().enumerate() {
            match call(header, index > 0) {
                Ok(()) => {}
                Err(error) if index == 0 => return Err(error),
                Err(_) => return Ok(index),
            }
        }
        Ok(headers.len())
    }

    pub(super) fn header_of(message: libc::msghdr) -> Header {
        Header { message, length: 0 }
    }

    pub(super) fn message_of(header: &Header) -> &libc::msghdr {
        &header.message
    }

    pub(super) fn message_of_mut(header: &mut Header) -> &mut libc::msghdr {
        &mut header.message
    }

    pub(super) fn length_of(header: &Header) -> usize {
        header.length
    }
}
