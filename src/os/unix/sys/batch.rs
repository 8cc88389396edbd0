//! Many messages in one call: sendmmsg(2) and recvmmsg(2) on Linux, Android and NetBSD, a loop elsewhere.
//!
//! FreeBSD's functions of these names are loops of its C library, which forget the error of a later message.

use super::{
    address::Address,
    ancillary::{CLOSE_ON_EXEC, Control, Incoming, NEEDS_ROOM_FOR_ALL, ROOM_FOR_ALL},
    fd::{self, OpenFile},
    message::{self, SEND},
    socket::Direction,
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

use self::calls::{
    Header, header_of, length_of, message_of, message_of_mut, receive_all, send_all, set_length,
};

/// The headers that a call needs, each with its slice. The vectors keep their places in memory: they never grow.
///
/// Pointers into the vectors here and in [`RecvHeaders`] are set once. They come from `as_mut_ptr`, so that references to the
/// vectors' elements in between do not take their right to write away. Those to what is somebody else's are set before each
/// call and mean nothing after it.
struct Headers {
    slices: Vec<libc::iovec>,
    headers: Vec<Header>,
}

// SAFETY: the pointers are followed in calls alone, which take `&mut`; they are to what is sent along or set anew.
unsafe impl Send for Headers {}
// SAFETY: nothing follows the pointers behind a shared reference.
unsafe impl Sync for Headers {}

impl Headers {
    fn new(count: usize) -> Self {
        let mut slices = vec![libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; count];
        let first = slices.as_mut_ptr();
        // `wrapping_add` stays within the vector.
        let headers = (0..count).map(|index| header_of(message::header(first.wrapping_add(index), 1)));
        Self { headers: headers.collect(), slices }
    }
}

impl Debug for Headers {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headers").field("capacity", &self.headers.capacity()).finish_non_exhaustive()
    }
}

/// Room for messages to be received, and those that were received last.
#[derive(Debug)]
pub(crate) struct RecvHeaders {
    count: usize,
    message_size: usize,
    control_size: usize,
    headers: Headers,
    names: Vec<Address>,
    data: Vec<u8>,
    controls: Vec<u8>,
    /// How many messages the last call received, without those that turned out to be none.
    filled: usize,
    /// How many headers the last call wrote to.
    used: usize,
    /// What ended a call after some messages, and on which socket, whose next call returns it: the kernel reports most
    /// errors once. The socket may be closed before that, and its descriptor's number be another's.
    pending: Option<(OpenFile, io::Error)>,
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

impl RecvHeaders {
    pub(crate) fn new(count: usize, message_size: usize, control_size: usize) -> Self {
        // A part of the room for control messages must not make a kernel lose descriptors.
        let control_size = match control_size {
            0 => 0,
            size if NEEDS_ROOM_FOR_ALL => size.max(ROOM_FOR_ALL),
            size => size,
        };
        let mut room = Self {
            count,
            message_size,
            control_size,
            headers: Headers::new(count),
            names: vec![Address::UNNAMED; count],
            data: vec![0; product(count, message_size)],
            controls: vec![0; product(count, control_size)],
            filled: 0,
            used: count,
            pending: None,
        };
        let (data, names) = (room.data.as_mut_ptr(), room.names.as_mut_ptr());
        let controls = room.controls.as_mut_ptr();
        // `wrapping_add` stays within the vectors: their lengths are `count` times the sizes, which `product` has checked.
        for (index, slice) in room.headers.slices.iter_mut().enumerate() {
            slice.iov_base = data.wrapping_add(index * message_size).cast();
            slice.iov_len = message_size;
        }
        for (index, header) in room.headers.headers.iter_mut().enumerate() {
            let message = message_of_mut(header);
            message.msg_name = names.wrapping_add(index).cast();
            message::set_control(message, controls.wrapping_add(index * control_size), control_size);
        }
        room
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

    /// Has the next call on this socket fail.
    pub(crate) fn postpone(&mut self, socket: BorrowedFd<'_>, error: io::Error) {
        self.pending = Some((fd::open_file(socket), error));
    }

    pub(crate) fn clear(&mut self) {
        if self.control_size > 0 {
            for index in 0..self.filled {
                self.incoming(index).close();
            }
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
            from: self.names.get(index)?,
            is_truncated: flags & libc::MSG_TRUNC != 0,
            is_control_truncated: flags & libc::MSG_CTRUNC != 0,
            is_certainly_a_message: flags & message::MARKS != 0
                || message::control_length(message_of(header)) > 0,
        })
    }

    /// The control messages of a message; none if there are not so many.
    pub(crate) fn incoming(&mut self, index: usize) -> Incoming<'_> {
        let header = self.headers.headers.get(index).filter(|_| index < self.filled);
        let (begin, length) = header.map_or((0, 0), |header| {
            (index * self.control_size, message::control_length(message_of(header)))
        });
        let bytes = &mut self.controls[begin..begin + length.min(self.control_size)];
        // SAFETY: the kernel wrote so many bytes there in the call that filled the slot, and what is taken out of them is
        // replaced by -1 in place.
        unsafe { Incoming::new(bytes) }
    }

    /// Receives as many messages as are there, waiting for the first in blocking mode.
    pub(crate) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.clear();
        check_capacity(self.count)?;
        if let Some((_, error)) = self.pending.take_if(|(failed, _)| *failed == fd::open_file(socket)) {
            return Err(error);
        }
        // A call that fails may have written to the header after the last that it tells of.
        let headers = self.headers.headers.iter_mut().zip(&mut self.names);
        for (header, name) in headers.take(self.used.saturating_add(1)) {
            let message = message_of_mut(header);
            message.msg_namelen = Address::ROOM;
            message::set_control_length(message, self.control_size);
            name.forget();
        }
        self.used = 0;
        let flags = CLOSE_ON_EXEC.unwrap_or(0);
        let headers = &mut self.headers.headers;
        let (filled, error) =
            message::uninterrupted(socket, Direction::Recv, || receive_all(socket, headers, flags))?;
        // From here on nothing fails: messages have been taken.
        (self.filled, self.used) = (filled, filled);
        if let Some(error) = error {
            self.postpone(socket, error);
        }
        for (header, name) in self.headers.headers.iter().zip(&mut self.names).take(self.filled) {
            name.set_written(message_of(header).msg_namelen);
        }
        if CLOSE_ON_EXEC.is_none() {
            for index in 0..self.filled {
                self.incoming(index).set_close_on_exec();
            }
        }
        Ok(self.filled)
    }
}

/// # Panics
/// If the memory would be larger than any can be, as vectors do.
fn product(count: usize, size: usize) -> usize {
    count.checked_mul(size).expect("capacity overflow")
}

/// Without room, nothing received would be taken for the end, and nothing sent for progress.
fn check_capacity(count: usize) -> io::Result<()> {
    if count == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the batch has room for no message at all"));
    }
    Ok(())
}

impl Drop for RecvHeaders {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The headers of messages to be sent.
#[derive(Debug)]
pub(crate) struct SendHeaders {
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

impl SendHeaders {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { headers: Headers::new(capacity), capacity }
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
        check_capacity(self.capacity)?;
        let Headers { slices, headers } = &mut self.headers;
        let mut count = 0;
        for ((outgoing, slice), header) in messages.zip(slices).zip(headers.iter_mut()) {
            let control = match outgoing.control.map_or(Ok(&[][..]), Control::outgoing) {
                Ok(control) => control,
                Err(error) if count == 0 => return Err(error),
                // The messages before it are sent, and the next call tells the error.
                Err(_) => break,
            };
            slice.iov_base = outgoing.bytes.as_ptr().cast_mut().cast();
            slice.iov_len = outgoing.bytes.len();
            let message = message_of_mut(header);
            message::set_control(message, control.as_ptr().cast_mut(), control.len());
            (message.msg_name, message.msg_namelen) =
                outgoing.to.map_or((std::ptr::null_mut(), 0), Address::as_message_name);
            count += 1;
        }
        let headers = &mut headers[..count];
        message::uninterrupted(socket, Direction::Send, || send_all(socket, headers, SEND | flags))
    }
}

/// Receives messages one call each. The headers describe memory of their owner, which the caller borrows, with the lengths
/// that it has just set.
fn receive_each(
    socket: BorrowedFd<'_>,
    headers: &mut [Header],
    flags: libc::c_int,
) -> io::Result<(usize, Option<io::Error>)> {
    one_by_one(headers, |header, later| {
        let flags = flags | if later { libc::MSG_DONTWAIT } else { 0 };
        let message: *mut libc::msghdr = message_of_mut(header);
        // SAFETY: the descriptor is open for the call, and the header describes living memory (see above).
        let received = unsafe { libc::recvmsg(socket.as_raw_fd(), message, flags) };
        set_length(header, usize::try_from(received).map_err(|_| io::Error::last_os_error())?);
        Ok(())
    })
}

/// Sends messages one call each. The headers describe borrows that outlive the call, as the caller has just set them.
fn send_each(socket: BorrowedFd<'_>, headers: &mut [Header], flags: libc::c_int) -> io::Result<usize> {
    let sent = one_by_one(headers, |header, _| {
        let message: *const libc::msghdr = message_of(header);
        // SAFETY: the descriptor is open for the call, and the header describes living memory (see above).
        let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), message, flags) };
        usize::try_from(sent).map(drop).map_err(|_| io::Error::last_os_error())
    });
    // What is wrong with a message or its receiver, the next call finds again.
    sent.map(|(count, _)| count)
}

/// How many messages went through, and what is wrong with the next, unless it would only have to wait.
fn one_by_one(
    headers: &mut [Header],
    mut call: impl FnMut(&mut Header, bool) -> io::Result<()>,
) -> io::Result<(usize, Option<io::Error>)> {
    for (index, header) in headers.iter_mut().enumerate() {
        match call(header, index > 0) {
            Ok(()) => {}
            Err(error) if index == 0 => return Err(error),
            Err(error) => {
                let is_wait = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted);
                return Ok((index, (!is_wait).then_some(error)));
            }
        }
    }
    Ok((headers.len(), None))
}

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "netbsd"),
    not(interprocess_portable_unix)
))]
mod calls {
    use super::{BorrowedFd, io, receive_each, send_each};
    use std::os::fd::AsRawFd;

    pub(super) type Header = libc::mmsghdr;

    /// The headers describe memory of their owner, which the caller borrows, with the lengths that it has just set.
    pub(super) fn receive_all(
        socket: BorrowedFd<'_>,
        headers: &mut [Header],
        flags: libc::c_int,
    ) -> io::Result<(usize, Option<io::Error>)> {
        let (first, count) = (headers.as_mut_ptr(), headers.len().min(1024));
        let wait_for_one = flags | libc::MSG_WAITFORONE;
        // The types of the lengths and flags differ from system to system.
        // SAFETY: the descriptor is open for the call; the pointer and length describe `headers`; the null pointer is for
        // no timeout.
        let received = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), first, count as _, wait_for_one as _, std::ptr::null_mut())
        };
        match usize::try_from(received) {
            // The kernel keeps the error of a later message for the next call.
            Ok(count) => Ok((count, None)),
            Err(_) => match io::Error::last_os_error() {
                error if may_be_missing(&error) => receive_each(socket, headers, flags),
                error => Err(error),
            },
        }
    }

    /// The headers describe borrows that outlive the call, as the caller has just set them.
    pub(super) fn send_all(
        socket: BorrowedFd<'_>,
        headers: &mut [Header],
        flags: libc::c_int,
    ) -> io::Result<usize> {
        let (first, count) = (headers.as_mut_ptr(), headers.len().min(1024));
        // SAFETY: the descriptor is open for the call; the pointer and length describe `headers`.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), first, count as _, flags as _) };
        usize::try_from(sent).or_else(|_| match io::Error::last_os_error() {
            error if may_be_missing(&error) => send_each(socket, headers, flags),
            error => Err(error),
        })
    }

    /// Whether this may be the error of a kernel or sandbox without the call. gVisor refuses `MSG_WAITFORONE` with EINVAL.
    ///
    /// If it is the error of the first message, trying that by itself gives it again: none of these is kept by the socket to
    /// be told once. Nothing is remembered, as another socket may give one of them for a reason of its own.
    fn may_be_missing(error: &io::Error) -> bool {
        matches!(
            error.raw_os_error(),
            Some(
                libc::ENOSYS
                    | libc::EPERM
                    | libc::EACCES
                    | libc::EINVAL
                    | libc::EOPNOTSUPP
                    | libc::ENOPROTOOPT
            )
        )
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

    pub(super) fn set_length(header: &mut Header, length: usize) {
        // No message is as long as the type, which differs from system to system, can count.
        header.msg_len = length as _;
    }
}

#[cfg(not(all(
    any(target_os = "linux", target_os = "android", target_os = "netbsd"),
    not(interprocess_portable_unix)
)))]
mod calls {
    pub(super) use super::{receive_each as receive_all, send_each as send_all};

    pub(super) struct Header {
        message: libc::msghdr,
        length: usize,
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

    pub(super) fn set_length(header: &mut Header, length: usize) {
        header.length = length;
    }
}
