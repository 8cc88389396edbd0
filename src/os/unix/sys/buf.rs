//! Receiving into buffers of the crate `bytes`, whose memory need not be initialised.

use super::address::Address;
use bytes::BufMut;
use rustix::net::RecvFlags;
use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsRawFd, BorrowedFd},
};

/// Reads by read(2).
pub(crate) fn read(fd: BorrowedFd<'_>, buffer: &mut impl BufMut) -> io::Result<usize> {
    let (filled, _) = rustix::io::read(fd, chunk(buffer))?;
    let count = filled.len();
    // SAFETY: the kernel has written these bytes to the chunk.
    unsafe { buffer.advance_mut(count) };
    Ok(count)
}

/// Receives by recv(2).
pub(crate) fn receive(socket: BorrowedFd<'_>, buffer: &mut impl BufMut) -> io::Result<usize> {
    let ((filled, _), _) = rustix::net::recv(socket, chunk(buffer), RecvFlags::empty())?;
    let count = filled.len();
    // SAFETY: the kernel has written these bytes to the chunk.
    unsafe { buffer.advance_mut(count) };
    Ok(count)
}

/// Receives by recvfrom(2), with the address of the sender.
pub(crate) fn receive_from(socket: BorrowedFd<'_>, buffer: &mut impl BufMut) -> io::Result<(usize, Address)> {
    let chunk = chunk(buffer);
    let (data, size) = (chunk.as_mut_ptr().cast(), chunk.len());
    let (count, from) = Address::from_kernel(|address, length| {
        // SAFETY: the descriptor is open for the call; `data` and `size` describe `chunk`, and the other pointers are
        // from_kernel's; the kernel writes to both.
        let count = unsafe { libc::recvfrom(socket.as_raw_fd(), data, size, 0, address, length) };
        usize::try_from(count).map_err(|_| io::Error::last_os_error())
    })?;
    // SAFETY: the kernel has written these bytes to the chunk.
    unsafe { buffer.advance_mut(count) };
    Ok((count, from))
}

/// The memory that is filled next, of which the callers initialise a part and un-initialise none.
fn chunk(buffer: &mut impl BufMut) -> &mut [MaybeUninit<u8>] {
    let chunk = buffer.chunk_mut();
    // SAFETY: it goes to the kernel alone, which only writes to it.
    unsafe { chunk.as_uninit_slice_mut() }
}
