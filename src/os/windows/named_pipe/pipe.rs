//! What the blocking and the asynchronous streams have in common.

use super::{
    PipeInfo, PipeMode,
    pipe_mode::{self, PipeModeTag},
    raw::{self, RawPipe},
};
use crate::{
    error::ReuniteError,
    os::windows::sys::pipe::{self, Id},
};
use std::{
    fmt::{self, Debug, Formatter},
    io,
    marker::PhantomData,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, RawHandle},
    sync::Arc,
};

/// One end of a connection over a named pipe, which waits as `W` says, receives as `Rm` says, and
/// sends as `Sm` says: a [`PipeStream`](super::PipeStream), or the Tokio stream of the same name.
///
/// The pages of these types list all methods that they have.
pub struct Pipe<W: Waiting, Rm: PipeModeTag, Sm: PipeModeTag> {
    pub(super) raw: Arc<W::Core>,
    modes: PhantomData<(Rm, Sm)>,
}

/// How a stream waits: [`Blocking`], or as a task.
#[allow(private_bounds)]
pub trait Waiting: HasCore {}

/// The thread waits.
#[derive(Debug)]
pub enum Blocking {}

impl Waiting for Blocking {}

impl HasCore for Blocking {
    type Core = RawPipe;
}

pub(super) trait HasCore {
    type Core: Core;
}

/// What moves the data.
pub(super) trait Core: AsHandle {
    fn is_server(&self) -> bool;
}

impl Core for RawPipe {
    fn is_server(&self) -> bool {
        self.is_server()
    }
}

impl<W: Waiting, Rm: PipeModeTag, Sm: PipeModeTag> Pipe<W, Rm, Sm> {
    pub(super) fn from_raw(raw: W::Core) -> Self {
        Self::from_shared(Arc::new(raw))
    }

    pub(super) fn from_shared(raw: Arc<W::Core>) -> Self {
        Self { raw, modes: PhantomData }
    }

    /// Splits the stream into halves that can be owned apart. The connection ends when both are
    /// dropped.
    pub fn split(self) -> (Pipe<W, Rm, pipe_mode::None>, Pipe<W, pipe_mode::None, Sm>) {
        (Pipe::from_shared(Arc::clone(&self.raw)), Pipe::from_shared(self.raw))
    }

    /// Puts the halves of one stream together again.
    ///
    /// # Errors
    /// Gives them back if they are not halves of one stream.
    #[allow(clippy::type_complexity)]
    pub fn reunite(
        rh: Pipe<W, Rm, pipe_mode::None>,
        sh: Pipe<W, pipe_mode::None, Sm>,
    ) -> Result<Self, ReuniteError<Pipe<W, Rm, pipe_mode::None>, Pipe<W, pipe_mode::None, Sm>>> {
        if Arc::ptr_eq(&rh.raw, &sh.raw) {
            Ok(Self::from_shared(sh.raw))
        } else {
            Err(ReuniteError { rh, sh })
        }
    }

    /// Whether this is the server's end: it came from a listener.
    pub fn is_server(&self) -> bool {
        self.raw.is_server()
    }

    /// Whether this is the client's end.
    pub fn is_client(&self) -> bool {
        !self.raw.is_server()
    }

    /// Returns the buffer sizes of the pipe and how many instances it has.
    ///
    /// # Errors
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the handle was adopted and lacks `FILE_READ_ATTRIBUTES`.
    /// - Otherwise whatever the system reports.
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::windows::named_pipe::{DuplexPipeStream, pipe_mode::Bytes};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let (server, client) = DuplexPipeStream::<Bytes>::pair()?;
    /// let info = client.pipe_info()?;
    /// assert_eq!((info.instances(), info.max_instances()), (1, Some(1)));
    /// assert_eq!(info.input_buffer_size(), 65_536);
    /// # drop(server);
    /// # Ok(()) }
    /// ```
    pub fn pipe_info(&self) -> io::Result<PipeInfo> {
        PipeInfo::of(self.as_handle())
    }

    /// The process at the client's end. Microsoft: "GetNamedPipeClientProcessId function".
    ///
    /// The process may have ended and its number may be another's by now: to find out who the peer
    /// is, use [`peer_user_sid`](Self::peer_user_sid) on the server's end.
    ///
    /// # Errors
    /// Whatever the system reports.
    #[doc(alias = "GetNamedPipeClientProcessId")]
    pub fn client_process_id(&self) -> io::Result<u32> {
        pipe::id(self.as_handle(), Id::ClientProcess)
    }

    /// The session of the process at the client's end. Microsoft: "GetNamedPipeClientSessionId
    /// function".
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn client_session_id(&self) -> io::Result<u32> {
        pipe::id(self.as_handle(), Id::ClientSession)
    }

    /// The process at the server's end. Microsoft: "GetNamedPipeServerProcessId function".
    ///
    /// # Errors
    /// Whatever the system reports.
    #[doc(alias = "GetNamedPipeServerProcessId")]
    pub fn server_process_id(&self) -> io::Result<u32> {
        pipe::id(self.as_handle(), Id::ServerProcess)
    }

    /// The session of the process at the server's end. Microsoft: "GetNamedPipeServerSessionId
    /// function".
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn server_session_id(&self) -> io::Result<u32> {
        pipe::id(self.as_handle(), Id::ServerSession)
    }

    /// The process at the other end.
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn peer_process_id(&self) -> io::Result<u32> {
        raw::peer_process_id(self.as_handle(), self.is_server())
    }

    /// The session of the process at the other end.
    ///
    /// # Errors
    /// Whatever the system reports.
    pub fn peer_session_id(&self) -> io::Result<u32> {
        raw::peer_session_id(self.as_handle(), self.is_server())
    }

    /// The user at the other end, as the text of a SID (`S-1-5-21-...`).
    ///
    /// On the server's end this is the user that the client was when it connected: the thread takes
    /// the client's identity for one query (Microsoft: "ImpersonateNamedPipeClient function") and
    /// ends the process if it cannot get rid of it.
    ///
    /// On the client's end this is the owner of the pipe: the server's user, or
    /// `BUILTIN\\Administrators` (`S-1-5-32-544`) if the server is elevated or runs as the system
    /// (Microsoft: "Owner of a New Object"). Unlike a process ID, it cannot become another's. A
    /// client that only wants to talk to a server of its own user sets
    /// [`ConnectOptions::current_user_only`](super::ConnectOptions::current_user_only).
    ///
    /// # Errors
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the client hides who it is; the server is on another
    ///   computer; the pipe has no owner.
    /// - Otherwise whatever the system reports.
    pub fn peer_user_sid(&self) -> io::Result<String> {
        raw::peer_user_sid(self.as_handle(), self.is_server())
    }

    /// Pipes have no error that is reported later, as sockets do: always `None`.
    ///
    /// # Errors
    /// None.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
    }

    /// Closes the client's end, from the server's, even if other processes have handles to it.
    ///
    /// This is `DisconnectNamedPipe`. **What was written and not yet read is discarded, in both
    /// directions**; call [`drain`](super::PipeStream::drain) before, or just drop the stream,
    /// which discards nothing (Microsoft: "DisconnectNamedPipe function"). The client's reads give
    /// the end and its writes [`BrokenPipe`](io::ErrorKind::BrokenPipe), and so do those of clones
    /// and of the other half of this stream. The instance is closed when the last of them is
    /// dropped.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) on the client's end; otherwise whatever the
    /// system reports.
    #[doc(alias = "DisconnectNamedPipe")]
    pub fn disconnect(self) -> io::Result<()> {
        raw::disconnect(self.as_handle(), self.is_server())
    }
}

impl<W: Waiting, Rm: PipeModeTag, Sm: PipeModeTag> AsHandle for Pipe<W, Rm, Sm> {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.raw.as_handle()
    }
}

impl<W: Waiting, Rm: PipeModeTag, Sm: PipeModeTag> AsRawHandle for Pipe<W, Rm, Sm> {
    fn as_raw_handle(&self) -> RawHandle {
        self.as_handle().as_raw_handle()
    }
}

impl<W: Waiting, Rm: PipeModeTag, Sm: PipeModeTag> Debug for Pipe<W, Rm, Sm> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mode = |mode: Option<PipeMode>| mode.map_or("None", PipeMode::name);
        f.debug_struct("PipeStream")
            .field("receives", &format_args!("{}", mode(Rm::MODE)))
            .field("sends", &format_args!("{}", mode(Sm::MODE)))
            .field("handle", &self.as_raw_handle())
            .field("is_server", &self.is_server())
            .finish()
    }
}
