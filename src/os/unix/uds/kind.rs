//! Kinds of sockets, by which [`Socket`](super::Socket) and [`Listener`](super::Listener) differ.

use crate::os::unix::sys::socket::Kind;

/// The kind of a stream socket, [`UnixStream`](super::UnixStream).
#[derive(Debug)]
pub enum Stream {}

/// The kind of a datagram socket, [`UnixDatagram`](super::UnixDatagram).
#[derive(Debug)]
pub enum Datagram {}

/// The kind of a socket of sequenced packets, [`UnixSeqpacket`](super::UnixSeqpacket).
#[derive(Debug)]
pub enum Seqpacket {}

/// A kind of socket: [`Stream`], [`Datagram`] or [`Seqpacket`].
#[allow(private_bounds)]
pub trait SocketKind: Sealed {}

impl SocketKind for Stream {}
impl SocketKind for Datagram {}
impl SocketKind for Seqpacket {}

/// A kind of socket that listens for connections: [`Stream`] or [`Seqpacket`].
#[allow(private_bounds)]
pub trait ConnectionKind: SocketKind + Listens {}

impl ConnectionKind for Stream {}
impl ConnectionKind for Seqpacket {}

pub(super) trait Sealed {
    const KIND: Kind;
    /// The name of the sockets' type.
    const SOCKET: &'static str;
}

impl Sealed for Stream {
    const KIND: Kind = Kind::Stream;
    const SOCKET: &'static str = "UnixStream";
}

impl Sealed for Datagram {
    const KIND: Kind = Kind::Datagram;
    const SOCKET: &'static str = "UnixDatagram";
}

impl Sealed for Seqpacket {
    const KIND: Kind = Kind::Seqpacket;
    const SOCKET: &'static str = "UnixSeqpacket";
}

pub(super) trait Listens {
    /// The name of the listeners' type.
    const LISTENER: &'static str;
}

impl Listens for Stream {
    const LISTENER: &'static str = "UnixListener";
}

impl Listens for Seqpacket {
    const LISTENER: &'static str = "UnixSeqpacketListener";
}
