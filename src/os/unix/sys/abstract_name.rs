//! Linux's abstract namespace of sockets.

use rustix::net::SocketAddrUnix;
use std::io;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn abstract_address(name: &[u8]) -> io::Result<SocketAddrUnix> {
    Ok(SocketAddrUnix::new_abstract_name(name)?)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn abstract_name(address: &SocketAddrUnix) -> Option<&[u8]> {
    address.abstract_name()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn abstract_address(_: &[u8]) -> io::Result<SocketAddrUnix> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn abstract_name(_: &SocketAddrUnix) -> Option<&[u8]> {
    None
}
