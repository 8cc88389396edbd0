//! The same for Tokio.

use super::{ConnectOptions, ListenerOptions, Name, Sealed, StreamCommon, error, io};
use crate::local_socket::tokio as types;
use std::fmt::Debug;
use tokio::io::{AsyncRead, AsyncWrite};

/// [`tokio::Listener`](types::Listener)'s methods.
pub trait Listener: Debug + Send + Sync + Sized + Sealed {
    /// What is accepted.
    type Stream: Stream;

    /// Waits for a client.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send + Sync;

    /// Leaves a socket file where it is when the listener is dropped.
    fn do_not_reclaim_name_on_drop(&mut self);

    /// Makes a listener.
    ///
    /// # Errors
    /// As for [`ListenerOptions::create_tokio`].
    fn from_options(options: ListenerOptions<'_>) -> io::Result<Self>;
}

/// [`tokio::Stream`](types::Stream)'s methods.
pub trait Stream: AsyncRead + AsyncWrite + StreamCommon {
    /// The receiving half.
    type RecvHalf: RecvHalf<Stream = Self>;
    /// The sending half.
    type SendHalf: SendHalf<Stream = Self>;

    /// Connects to a listener.
    fn connect(name: Name<'_>) -> impl Future<Output = io::Result<Self>> + Send + Sync {
        async { Self::from_options(&ConnectOptions::new().name(name)).await }
    }

    /// Two halves that can go to different tasks.
    fn split(self) -> (Self::RecvHalf, Self::SendHalf);

    /// Puts two halves together again.
    ///
    /// # Errors
    /// The halves are of different streams, and are given back.
    fn reunite(rh: Self::RecvHalf, sh: Self::SendHalf) -> ReuniteResult<Self>;

    /// Connects as the options say.
    fn from_options(options: &ConnectOptions<'_>) -> impl Future<Output = io::Result<Self>> + Send + Sync;
}

/// The receiving half of a stream.
pub trait RecvHalf: AsyncRead + Debug + Send + Sync + Sized + Sealed + 'static {
    /// What it is a half of.
    type Stream: Stream;
}

/// The sending half of a stream.
pub trait SendHalf: AsyncWrite + Debug + Send + Sync + Sized + Sealed + 'static {
    /// What it is a half of.
    type Stream: Stream;
}

/// What [`Stream::reunite`] gives.
pub type ReuniteResult<S> = error::ReuniteResult<S, <S as Stream>::RecvHalf, <S as Stream>::SendHalf>;

impl Sealed for types::Listener {}
impl Sealed for types::Stream {}
impl Sealed for types::RecvHalf {}
impl Sealed for types::SendHalf {}

impl Listener for types::Listener {
    type Stream = types::Stream;

    async fn accept(&self) -> io::Result<types::Stream> {
        self.accept().await
    }

    fn do_not_reclaim_name_on_drop(&mut self) {
        self.do_not_reclaim_name_on_drop();
    }

    #[track_caller]
    fn from_options(options: ListenerOptions<'_>) -> io::Result<Self> {
        Self::from_options(options)
    }
}

impl Stream for types::Stream {
    type RecvHalf = types::RecvHalf;
    type SendHalf = types::SendHalf;

    fn split(self) -> (types::RecvHalf, types::SendHalf) {
        self.split()
    }

    fn reunite(rh: types::RecvHalf, sh: types::SendHalf) -> ReuniteResult<Self> {
        Self::reunite(rh, sh)
    }

    async fn from_options(options: &ConnectOptions<'_>) -> io::Result<Self> {
        Self::from_options(options).await
    }
}

impl StreamCommon for types::Stream {
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.take_error()
    }

    fn peer_creds(&self) -> io::Result<crate::local_socket::PeerCreds> {
        self.peer_creds()
    }
}

impl RecvHalf for types::RecvHalf {
    type Stream = types::Stream;
}

impl SendHalf for types::SendHalf {
    type Stream = types::Stream;
}
