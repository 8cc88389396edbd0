//! The half of local sockets for Windows: named pipes.

mod conversions;
#[cfg(feature = "tokio")]
pub(super) mod tokio;
mod v2;

use super::{
    ConnectOptions, ListenerNonblockingMode, ListenerOptions, Name, PeerCreds, peer::PeerCredsParts,
};
use crate::os::windows::{
    local_socket::ListenerOptionsExt,
    named_pipe::{
        self, DuplexPipeStream, PipeListener, PipeListenerOptions,
        name::{BadPath, LOCAL_PREFIX, PipePath},
        pipe_mode::Bytes,
    },
    security_descriptor::SecurityDescriptor,
    sys::{pipe, security},
};
use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    io,
    net::Shutdown,
    os::windows::io::{AsHandle, BorrowedHandle},
    path::Path,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

/// A process id, as this platform writes it.
pub type Pid = u32;

pub(super) type Stream = DuplexPipeStream<Bytes>;

/// A name in the namespace is the end of a path.
pub(super) const PATHS_ARE_NAMESPACED: bool = true;

/// How many groups of a peer the system tells at most: it tells none.
pub(super) const MOST_GROUPS: Option<usize> = None;

pub(super) fn check_path(path: &OsStr) -> io::Result<()> {
    PipePath::new(path).map(drop).map_err(|bad| bad_name("path", path, bad))
}

pub(super) fn check_namespaced(name: &OsStr) -> io::Result<()> {
    PipePath::new(&path_of(name)).map(drop).map_err(|bad| bad_name("name", name, bad))
}

/// A SID has no dots, so that no name of one user is another's.
pub(super) fn for_current_user(name: &OsStr) -> io::Result<Name<'static>> {
    check_namespaced(name)?;
    let mut text = OsString::from(security::current_user_sid()?);
    text.push(".");
    text.push(name);
    Name::from_namespaced(Cow::Owned(text))
}

fn bad_name(what: &str, text: &OsStr, bad: BadPath) -> io::Error {
    let kind = match bad {
        BadPath::OtherForm(_) => io::ErrorKind::Unsupported,
        _ => io::ErrorKind::InvalidInput,
    };
    io::Error::new(
        kind,
        format!("{} cannot be the {what} of a local socket: {bad}", Path::new(text).display()),
    )
}

/// The path of a pipe of this computer.
fn path_of(name: &OsStr) -> OsString {
    let mut path = OsString::from(LOCAL_PREFIX);
    path.push(name);
    path
}

fn pipe_path<'n>(name: &'n Name<'_>) -> Cow<'n, OsStr> {
    match name.as_path() {
        Some(path) => Cow::Borrowed(path.as_os_str()),
        None => Cow::Owned(path_of(name.text())),
    }
}

/// Options that only Windows has.
#[derive(Clone, Debug, Default)]
pub(super) struct ListenerExtras {
    security_descriptor: Option<SecurityDescriptor>,
}

impl ListenerOptionsExt for ListenerOptions<'_> {
    fn security_descriptor(mut self, sd: SecurityDescriptor) -> Self {
        self.extras.security_descriptor = Some(sd);
        self
    }
}

pub(super) fn connect(options: &ConnectOptions<'_>) -> io::Result<Stream> {
    let stream = Stream::connect_with(pipe_path(options.needed_name()?), &connect_options(options))?;
    stream.set_nonblocking(options.nonblocking_stream)?;
    Ok(stream)
}

/// Waits so long.
pub(super) fn pause(duration: Duration) {
    thread::sleep(duration);
}

fn connect_options(options: &ConnectOptions<'_>) -> named_pipe::ConnectOptions {
    named_pipe::ConnectOptions::new()
        .wait_mode(options.wait_mode)
        .current_user_only(options.current_user_only)
}

pub(super) fn pair() -> io::Result<(Stream, Stream)> {
    Stream::pair()
}

/// Its errors say already what took too long.
pub(super) fn waited_for(_: &Stream, _: &str, error: io::Error) -> io::Error {
    error
}

pub(super) fn close(stream: &Stream) -> io::Result<()> {
    stream.shutdown(Shutdown::Both)
}

/// One direction of a named pipe cannot be ended.
pub(super) fn end_sending(_: &Stream) {}

pub(super) fn peer_creds(stream: &Stream) -> io::Result<PeerCreds> {
    creds(stream.peer_process_id(), stream.peer_user_sid())
}

/// Leaves out what cannot be told: the process of a peer on another computer, the user of one that hides it.
fn creds(process_id: io::Result<u32>, user_sid: io::Result<String>) -> io::Result<PeerCreds> {
    let (pid, user_sid) = match (process_id, user_sid) {
        (Err(_), Err(error)) => return Err(error),
        (pid, user_sid) => (pid.ok(), user_sid.ok()),
    };
    Ok(PeerCreds::new(PeerCredsParts { pid, user_sid, ..Default::default() }))
}

pub(super) fn local_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    name_if(stream.is_server(), stream.as_handle())
}

pub(super) fn peer_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    name_if(stream.is_client(), stream.as_handle())
}

/// The name of the pipe, which is the server's name: of the end that is asked for if `is_servers`.
fn name_if(is_servers: bool, handle: BorrowedHandle<'_>) -> io::Result<Option<Name<'static>>> {
    if !is_servers {
        return Ok(None);
    }
    let mut path = OsString::from(LOCAL_PREFIX.trim_end_matches('\\'));
    path.push(pipe::name(handle)?);
    Name::from_path(Cow::Owned(path)).map(Some)
}

#[derive(Debug)]
pub(super) struct Listener {
    pipe: PipeListener<Bytes, Bytes>,
    name: Option<Name<'static>>,
    nonblocking_streams: AtomicBool,
}

impl Listener {
    pub(super) fn listen(options: ListenerOptions<'_>) -> io::Result<Self> {
        let pipe = pipe_options(&options)?.create_duplex()?;
        let listener = Self {
            pipe,
            name: options.name.map(Name::into_owned),
            nonblocking_streams: AtomicBool::new(false),
        };
        listener.set_nonblocking(options.nonblocking)?;
        Ok(listener)
    }

    pub(super) fn accept(&self, timeout: Option<Duration>) -> io::Result<Stream> {
        let stream = match timeout {
            Some(timeout) => self.pipe.accept_timeout(timeout)?,
            None => self.pipe.accept()?,
        };
        stream.set_nonblocking(self.nonblocking_streams.load(Relaxed))?;
        Ok(stream)
    }

    pub(super) fn set_nonblocking(&self, nonblocking: ListenerNonblockingMode) -> io::Result<()> {
        self.nonblocking_streams.store(nonblocking.stream_nonblocking(), Relaxed);
        self.pipe.set_nonblocking(nonblocking.accept_nonblocking())
    }

    pub(super) fn close(&self) {
        self.pipe.close();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.pipe.is_closed()
    }

    pub(super) fn local_name(&self) -> Option<Name<'static>> {
        self.name.clone()
    }

    /// The name of a pipe goes with the pipe, whatever anybody wants.
    pub(super) fn do_not_reclaim_name_on_drop(&mut self) {}
}

/// The options of the pipe. That a name be taken over is not among them: a pipe's cannot be.
fn pipe_options(options: &ListenerOptions<'_>) -> io::Result<PipeListenerOptions<'static>> {
    let path = pipe_path(options.needed_name()?);
    let mut pipe = PipeListenerOptions::new().path(path);
    if let Some(backlog) = options.backlog {
        pipe = pipe.instances(backlog.clamp(1, 60) as u8);
    }
    let security = match &options.extras.security_descriptor {
        None if options.current_user_only => Some(SecurityDescriptor::current_user_only()?),
        given => given.clone(),
    };
    Ok(pipe.security_descriptor(security))
}

#[cfg(test)]
mod tests {
    use super::creds;
    use std::io::{Error, ErrorKind};

    /// What the system does not tell of a peer hides nothing that it does tell.
    #[test]
    fn credentials_are_all_that_is_known() {
        let pid = |known: bool| if known { Ok(7) } else { Err(Error::from(ErrorKind::Unsupported)) };
        let user = |known: bool| match known {
            true => Ok("S-1-5-18".to_owned()),
            // What anonymous clients are.
            false => Err(Error::from(ErrorKind::PermissionDenied)),
        };
        for (pid_known, user_known) in [(true, true), (true, false), (false, true)] {
            let creds = creds(pid(pid_known), user(user_known)).unwrap();
            assert_eq!(creds.pid(), pid_known.then_some(7));
            assert_eq!(creds.user_sid(), user_known.then_some("S-1-5-18"));
        }
        assert_eq!(creds(pid(false), user(false)).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
