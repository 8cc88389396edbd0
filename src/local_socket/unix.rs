//! The half of local sockets for Unix: Unix domain sockets.

mod conversions;
mod listener;
mod name_check;
#[cfg(feature = "tokio")]
pub(super) mod tokio;
mod v2;

pub(super) use self::{
    listener::Listener,
    name_check::{check_namespaced, check_path},
};

use super::{ConnectOptions, ListenerOptions, Name, PeerCreds, name::Kind, peer::PeerCredsParts};
use crate::{
    ConnectWaitMode, error,
    os::unix::{
        local_socket::ListenerOptionsExt,
        sys::{environment, fd, identity, own_directory, path, socket},
        uds::{SocketAddr, UnixStream},
    },
};
use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    io,
    net::Shutdown,
    os::{
        fd::AsFd,
        unix::{
            ffi::{OsStrExt, OsStringExt},
            fs::FileTypeExt,
        },
    },
    path::{Path, PathBuf},
    time::Duration,
};

/// A process id, as this platform writes it.
pub type Pid = i32;

pub(super) type Stream = UnixStream;

/// A path and a name in the namespace are different things here.
pub(super) const PATHS_ARE_NAMESPACED: bool = false;

pub(super) use crate::os::unix::sys::peer::MOST_GROUPS;

/// Options that only Unix has.
#[derive(Clone, Debug, Default)]
pub(super) struct ListenerExtras {
    mode: Option<u32>,
}

impl ListenerOptionsExt for ListenerOptions<'_> {
    fn mode(mut self, mode: u32) -> Self {
        self.extras.mode = Some(mode);
        self
    }
}

/// Where a name leads to.
enum Target {
    Path(PathBuf),
    Abstract(SocketAddr),
}

/// The places of a name, the first choice first.
fn targets(name: &Name<'_>) -> io::Result<Vec<Target>> {
    match name.kind() {
        Kind::Path => Ok(vec![Target::Path(name.text().into())]),
        Kind::Namespaced if socket::ABSTRACT_NAMESPACE => {
            Ok(vec![Target::Abstract(SocketAddr::from_abstract_name(name.text().as_bytes())?)])
        }
        Kind::Namespaced => Ok(vec![Target::Path(runtime_directory()?.join(file_name_of(name.text())))]),
        Kind::SpecialDir => {
            let run_user = Path::new("/run/user").join(identity::real_user().to_string());
            let directories = [run_user, environment::shared_temporary_directory()]
                .into_iter()
                .filter(|directory| directory.is_dir());
            Ok(directories.map(|directory| Target::Path(appended(&directory, name.text()))).collect())
        }
    }
}

pub(super) fn for_current_user(name: &OsStr) -> io::Result<Name<'static>> {
    check_namespaced(name)?;
    Name::from_path(Cow::Owned(runtime_directory()?.join(file_name_of(name)).into()))
}

/// The user's own directory for names. After `su`, the variable can still be that of another user.
fn runtime_directory() -> io::Result<PathBuf> {
    if let Some(directory) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        if directory.is_absolute()
            && directory.metadata().is_ok_and(|found| own_directory::is_own_directory(&found))
        {
            return Ok(directory);
        }
    }
    let directory = std::env::temp_dir().join(format!("interprocess-{}", identity::effective_user()));
    own_directory::own_directory(&directory)?;
    Ok(directory)
}

/// A name in the namespace as the name of a file: what would lead out of the directory is escaped.
fn file_name_of(name: &OsStr) -> OsString {
    let mut escaped = Vec::new();
    for (index, &byte) in name.as_bytes().iter().enumerate() {
        match byte {
            b'/' => escaped.extend(b"%2F"),
            b'%' => escaped.extend(b"%25"),
            b'.' if index == 0 && (name == "." || name == "..") => escaped.extend(b"%2E"),
            other => escaped.push(other),
        }
    }
    OsString::from_vec(escaped)
}

/// interprocess 2.4 puts directory and name together without looking at the name.
fn appended(directory: &Path, name: &OsStr) -> PathBuf {
    let mut path = directory.as_os_str().to_owned();
    path.push("/");
    path.push(name);
    path.into()
}

pub(super) fn connect(options: &ConnectOptions<'_>) -> io::Result<Stream> {
    let stream = connect_to_first(options.needed_name()?, |target| match (target, options.wait_mode) {
        (Target::Path(path), ConnectWaitMode::Deferred) => UnixStream::connect_nonblocking(path),
        (Target::Path(path), ConnectWaitMode::Timeout(timeout)) => UnixStream::connect_timeout(path, timeout),
        (Target::Path(path), ConnectWaitMode::Unbounded) => UnixStream::connect(path),
        (Target::Abstract(name), ConnectWaitMode::Deferred) => UnixStream::connect_addr_nonblocking(name),
        (Target::Abstract(name), ConnectWaitMode::Timeout(timeout)) => {
            UnixStream::connect_addr_timeout(name, timeout)
        }
        (Target::Abstract(name), ConnectWaitMode::Unbounded) => UnixStream::connect_addr(name),
    })?;
    check_server(options, &stream)?;
    let is_nonblocking = options.wait_mode == ConnectWaitMode::Deferred;
    if is_nonblocking != options.nonblocking_stream {
        stream.set_nonblocking(options.nonblocking_stream)?;
    }
    Ok(stream)
}

/// Waits so long, or until a signal comes.
pub(super) fn pause(duration: Duration) {
    fd::pause(duration);
}

/// Fails if the server must be of this user and is not known to be.
fn check_server(options: &ConnectOptions<'_>, stream: &Stream) -> io::Result<()> {
    if !options.current_user_only {
        return Ok(());
    }
    let name = options.needed_name()?;
    let peer = stream.peer_cred().map_err(|error| error::about(format_args!("connect to {name}"), error))?;
    if identity::is_own_user(peer.uid()) {
        return Ok(());
    }
    let (server, own) = (peer.uid(), identity::effective_user());
    let message = format!(
        "cannot connect to {name}: the server's user, {server}, is not known to be this process's, {own}"
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

/// Tries the places of a name until there is something at one.
fn connect_to_first<T>(name: &Name<'_>, mut connect: impl FnMut(&Target) -> io::Result<T>) -> io::Result<T> {
    let mut result = Err(io::ErrorKind::NotFound.into());
    for target in targets(name)? {
        result = connect(&target).map_err(|error| about(name, &target, error));
        if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::NotFound) {
            break;
        }
    }
    result
}

/// Adds the name to an error of connecting, and what is wrong with the file if something is.
fn about(name: &Name<'_>, target: &Target, error: io::Error) -> io::Error {
    if let (Target::Path(path), io::ErrorKind::ConnectionRefused) = (target, error.kind()) {
        if path.metadata().is_ok_and(|found| !found.file_type().is_socket()) {
            return error::because(
                io::ErrorKind::InvalidInput,
                format_args!("connect to {name}"),
                format_args!("{} is not a socket", path.display()),
                error,
            );
        }
    }
    error::about(format_args!("connect to {name}"), error)
}

pub(super) fn pair() -> io::Result<(Stream, Stream)> {
    UnixStream::pair()
}

/// Tells an expired timeout from nonblocking mode, which the system does not.
pub(super) fn waited_for(stream: &Stream, operation: &str, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::WouldBlock || fd::is_nonblocking(stream.as_fd()).unwrap_or(true) {
        return error;
    }
    error::because(io::ErrorKind::TimedOut, operation, "the timeout expired", error)
}

pub(super) fn close(stream: &Stream) -> io::Result<()> {
    match stream.shutdown(Shutdown::Both) {
        // Some systems say so when the peer has closed.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        other => other,
    }
}

/// Whoever wants to know whether that worked calls `shutdown`.
pub(super) fn end_sending(stream: &Stream) {
    let _ = stream.shutdown(Shutdown::Write);
}

pub(super) fn peer_creds(stream: &Stream) -> io::Result<PeerCreds> {
    let peer = stream.peer_cred()?;
    Ok(PeerCreds::new(PeerCredsParts {
        pid: peer.pid(),
        euid: Some(peer.uid()).filter(|uid| identity::is_known_user(*uid)),
        egid: Some(peer.gid()).filter(|gid| identity::is_known_group(*gid)),
        groups: stream.peer_groups()?.map(|mut groups| {
            groups.retain(|gid| identity::is_known_group(*gid));
            groups
        }),
        user_sid: None,
    }))
}

pub(super) fn local_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    Ok(name_of(&stream.local_addr()?))
}

pub(super) fn peer_name(stream: &Stream) -> io::Result<Option<Name<'static>>> {
    Ok(peer_name_of(&stream.peer_addr()?))
}

/// A relative path is relative to the peer's working directory, and may lead to a stranger from here.
fn peer_name_of(address: &SocketAddr) -> Option<Name<'static>> {
    name_of(address).filter(|_| address.as_pathname().is_none_or(Path::is_absolute))
}

fn name_of(address: &SocketAddr) -> Option<Name<'static>> {
    if let Some(path) = address.as_pathname() {
        return Some(Name::with_kind(Kind::Path, Cow::Owned(path.into())));
    }
    let name = address.as_abstract_name()?;
    Some(Name::with_kind(Kind::Namespaced, Cow::Owned(OsStr::from_bytes(name).to_owned())))
}

/// The longest name in the namespace that can be told at once to be too long.
fn longest_namespaced() -> usize {
    path::LIMIT - 1
}
