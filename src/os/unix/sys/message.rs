//! Messages with addresses and control messages: sendmsg(2), recvmsg(2), and what is cheaper where there is less to say.

use super::{
    address::Address,
    ancillary::{CLOSE_ON_EXEC, Control, NEEDS_ROOM_FOR_ALL, ROOM_FOR_ALL},
    option::{self, Buffer},
    slices,
    socket::{self, Direction},
};
use crate::time::Deadline;
use rustix::net::{SendAncillaryBuffer, SendFlags};
use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};

/// Whether the receiver's queue is full, on systems that do not have the sender wait.
pub(crate) fn is_full(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOBUFS)
}

/// What recvmsg(2) tells beside the bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) length: usize,
    /// The message had more bytes than there was room for (`MSG_TRUNC`).
    pub(crate) is_truncated: bool,
    /// The kernel has told something of the message ([`MARKS`]), or delivered control messages: all of which tells it from
    /// the end of a connection if it has no bytes, or there was no room for any.
    pub(crate) is_certainly_a_message: bool,
}

/// Whether the bytes stay for the next to receive.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    Out,
    Peek,
}

/// Never a signal, and the end of each sequenced packet marked where that has to be said.
#[cfg(not(target_vendor = "apple"))]
pub(super) const SEND: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(super) const SEND: libc::c_int = 0;

/// FreeBSD 15 joins sequenced packets that are sent without it.
pub(crate) const END_OF_RECORD: libc::c_int = if cfg!(target_os = "freebsd") { libc::MSG_EOR } else { 0 };

/// Sends bytes on a connected socket.
pub(crate) fn send(socket: BorrowedFd<'_>, bytes: &[u8], flags: libc::c_int) -> io::Result<usize> {
    // SAFETY: the descriptor is open for the call; the pointer and length describe `bytes`, which the kernel reads.
    count(unsafe { libc::send(socket.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), SEND | flags) })
}

/// Sends part of the slices on a connected stream.
pub(crate) fn send_part(socket: BorrowedFd<'_>, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    // The types of the flags differ from system to system; the bits are the same.
    let flags = SendFlags::from_bits_retain(SEND as _);
    let slices = &slices[slices::part(slices)];
    Ok(rustix::net::sendmsg(socket, slices, &mut SendAncillaryBuffer::default(), flags)?)
}

/// Sends bytes to an address.
pub(crate) fn send_to(socket: BorrowedFd<'_>, bytes: &[u8], to: &Address) -> io::Result<usize> {
    let (address, length) = to.as_raw();
    let (data, size) = (bytes.as_ptr().cast(), bytes.len());
    // SAFETY: the descriptor is open for the call; the pointers and lengths describe `bytes` and `to`, which the kernel
    // reads.
    count(unsafe { libc::sendto(socket.as_raw_fd(), data, size, SEND, address, length) })
}

/// Receives bytes.
pub(crate) fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8], take: Take) -> io::Result<usize> {
    let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the descriptor is open for the call; the pointer and length describe `buffer`, which the kernel writes.
    count(unsafe { libc::recv(socket.as_raw_fd(), data, size, take.flags()) })
}

/// Receives bytes and the address of their sender.
pub(crate) fn receive_from(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    take: Take,
) -> io::Result<(usize, Address)> {
    let (data, size) = (buffer.as_mut_ptr().cast(), buffer.len());
    Address::from_kernel(|address, length| {
        // SAFETY: the descriptor is open for the call; `data` and `size` describe `buffer`, and the other pointers are
        // from_kernel's; the kernel writes to both.
        count(unsafe { libc::recvfrom(socket.as_raw_fd(), data, size, take.flags(), address, length) })
    })
}

/// Sends a message of several slices, with control messages, on a connected socket or to an address: the whole message or
/// nothing, unless the socket is a stream.
pub(crate) fn send_message(
    socket: BorrowedFd<'_>,
    slices: &[IoSlice<'_>],
    control: Option<&Control<'_>>,
    to: Option<&Address>,
    flags: libc::c_int,
) -> io::Result<usize> {
    if slices.len() > slices::MOST {
        check_total(socket, slices::total(slices))?;
        let joined = slices::joined(slices)?;
        return send_message(socket, &[IoSlice::new(&joined)], control, to, flags);
    }
    let control = control.map_or(Ok(&[][..]), Control::outgoing)?;
    let mut message = header(slices.as_ptr().cast_mut().cast(), slices.len());
    set_control(&mut message, control.as_ptr().cast_mut(), control.len());
    if let Some(to) = to {
        (message.msg_name, message.msg_namelen) = to.as_message_name();
    }
    uninterrupted(socket, Direction::Send, || {
        // SAFETY: the descriptor is open for the call; the message describes `slices` (which have the layout of an
        // iovec), `control` and `to`, which the kernel reads and nobody writes.
        count(unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, SEND | flags) })
    })
}

/// Refuses a message that no system would take, before it is copied.
fn check_total(socket: BorrowedFd<'_>, total: usize) -> io::Result<()> {
    // Messages are limited by the sender's buffer; a size below this is not worth relying on.
    const HARMLESS: usize = 1 << 20;
    let most = option::buffer_size(socket, Buffer::Send).unwrap_or(0).max(HARMLESS);
    if total > most { Err(io::Error::from_raw_os_error(libc::EMSGSIZE)) } else { Ok(()) }
}

/// Sends part of the slices with control messages on a connected stream.
///
/// Linux sends nothing at all for no bytes, and says that all went well.
pub(crate) fn send_part_with(
    socket: BorrowedFd<'_>,
    slices: &[IoSlice<'_>],
    control: &Control<'_>,
) -> io::Result<usize> {
    let slices = &slices[slices::part(slices)];
    if control.has_descriptors() && slices.iter().all(|slice| slice.is_empty()) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "descriptors travel with bytes on a stream, and there are none",
        ));
    }
    send_message(socket, slices, Some(control), None, 0)
}

/// Receives a message into several slices, with its control messages and, where `from` is given, its sender's address. Of a
/// stream, it receives as much as there is and fits.
pub(crate) fn receive_message(
    socket: BorrowedFd<'_>,
    slices: &mut [IoSliceMut<'_>],
    control: Option<&mut Control<'_>>,
    from: Option<&mut Address>,
    take: Take,
) -> io::Result<Received> {
    if slices.len() > slices::MOST {
        let size = slices::total(slices);
        let receive =
            |buffer: &mut [u8]| receive_message(socket, &mut [IoSliceMut::new(buffer)], control, from, take);
        return slices::scattered(slices, size, receive, |received| received.length);
    }
    let Some(control) = control else {
        return receive_into(socket, slices, &mut Control::new(&mut []), from, take);
    };
    if NEEDS_ROOM_FOR_ALL && (1..ROOM_FOR_ALL).contains(&control.capacity()) {
        let mut room = [0; ROOM_FOR_ALL];
        let mut larger = Control::new(&mut room);
        let received = receive_into(socket, slices, &mut larger, from, take)?;
        control.take_over(larger);
        return Ok(received);
    }
    receive_into(socket, slices, control, from, take)
}

fn receive_into(
    socket: BorrowedFd<'_>,
    slices: &mut [IoSliceMut<'_>],
    control: &mut Control<'_>,
    from: Option<&mut Address>,
    take: Take,
) -> io::Result<Received> {
    let mut message = header(slices.as_mut_ptr().cast(), slices.len());
    let room = control.room();
    set_control(&mut message, room.as_mut_ptr(), room.len());
    let flags = take.flags() | CLOSE_ON_EXEC.unwrap_or(0);
    let mut name = Address::UNNAMED;
    if from.is_some() {
        (message.msg_name, message.msg_namelen) = name.as_room();
    }
    let length = uninterrupted(socket, Direction::Recv, || receive_header(socket, &mut message, flags))?;
    // From here on nothing fails: the message has been taken.
    let written = control_length(&message);
    // SAFETY: the kernel has written so much into `room`, just now.
    unsafe { control.received(written, message.msg_flags & libc::MSG_CTRUNC != 0) };
    if let Some(from) = from {
        name.set_written(message.msg_namelen);
        *from = name;
    }
    Ok(Received {
        length,
        is_truncated: message.msg_flags & libc::MSG_TRUNC != 0,
        is_certainly_a_message: written > 0 || message.msg_flags & MARKS != 0,
    })
}

/// What a kernel says of messages alone, and not of the end of a connection.
pub(super) const MARKS: libc::c_int = libc::MSG_CTRUNC | libc::MSG_EOR | libc::MSG_TRUNC;

/// Reads bytes of a stream into memory that need not be initialised. Tells how many, and whether there may be more at once
/// although they do not fill the memory.
///
/// A read ends after bytes that came with descriptors. Linux tells, as it has to drop them; other systems do not.
#[cfg(feature = "tokio")]
pub(super) fn receive_part(
    socket: BorrowedFd<'_>,
    buffer: &mut [MaybeUninit<u8>],
) -> io::Result<(usize, bool)> {
    // Linux gives the descriptors of the next bytes away for none of these.
    if buffer.is_empty() {
        return Ok((0, false));
    }
    let mut slice = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut message = header(&raw mut slice, 1);
    let length = receive_header(socket, &mut message, 0)?;
    let tells = cfg!(any(target_os = "linux", target_os = "android"));
    Ok((length, !tells || message.msg_flags & libc::MSG_CTRUNC != 0))
}

/// Repeats a call that waits and that a signal handler may interrupt before it has sent or received anything.
///
/// The socket's timeout begins anew with each call of the system. So the calls after the first interruption are kept within
/// it, but for the last one, which may wait that long again: three times the timeout in all, at most.
pub(super) fn uninterrupted<T>(
    socket: BorrowedFd<'_>,
    direction: Direction,
    mut call: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let mut deadline: Option<Deadline> = None;
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
        match deadline {
            Some(deadline) if deadline.is_over() => return Err(io::ErrorKind::WouldBlock.into()),
            Some(_) => {}
            None => {
                let timeout = socket::timeout(socket, direction).ok().flatten();
                deadline = Some(Deadline::after(timeout));
            }
        }
    }
}

/// The call itself, on a header whose pointers and lengths the callers have set from borrows that outlive it.
fn receive_header(
    socket: BorrowedFd<'_>,
    message: &mut libc::msghdr,
    flags: libc::c_int,
) -> io::Result<usize> {
    // SAFETY: the descriptor is open for the call; the callers' borrows are what the header describes.
    count(unsafe { libc::recvmsg(socket.as_raw_fd(), message, flags) })
}

/// A message of nothing but slices.
pub(super) fn header(slices: *mut libc::iovec, count: usize) -> libc::msghdr {
    // SAFETY: a msghdr is pointers and integers, with private padding on some systems; all zeroes is a value.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = slices;
    // The types differ from system to system; all hold `slices::MOST`.
    message.msg_iovlen = count as _;
    message
}

/// Describes a buffer of control messages; macOS wants no pointer to an empty one.
pub(super) fn set_control(message: &mut libc::msghdr, buffer: *mut u8, length: usize) {
    message.msg_control = if length == 0 { ptr::null_mut() } else { buffer.cast() };
    set_control_length(message, length);
}

/// Says again how long the buffer is, after the kernel has said how much of it is in use.
pub(super) fn set_control_length(message: &mut libc::msghdr, length: usize) {
    // The types differ from system to system. More than this, no kernel takes or gives.
    message.msg_controllen = length.min(1 << 20) as _;
}

/// How many bytes of control messages there are.
#[allow(clippy::unnecessary_cast)] // `usize` on some systems, `socklen_t` on others.
pub(super) fn control_length(message: &libc::msghdr) -> usize {
    message.msg_controllen as usize
}

fn count(result: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

impl Take {
    fn flags(self) -> libc::c_int {
        match self {
            Self::Out => 0,
            Self::Peek => libc::MSG_PEEK,
        }
    }
}
