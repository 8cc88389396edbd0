//! What `docs/migration.md` says of both versions, measured in both.
#![cfg(unix)]

use bench::unique_path;
use interprocess::{local_socket as three, os::unix::local_socket::ListenerOptionsExt as _};
use interprocess_2::{
    local_socket::{
        self as two, GenericFilePath, GenericNamespaced, ToFsName, ToNsName,
        traits::{Listener as _, Stream as _},
    },
    os::unix::local_socket::ListenerOptionsExt as _,
};
use std::{
    fs,
    io::{self, ErrorKind, Read},
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

fn two_name(path: &Path) -> two::Name<'_> {
    path.to_fs_name::<GenericFilePath>().unwrap()
}

fn listen_2(path: &Path) -> io::Result<two::Listener> {
    two::ListenerOptions::new().name(two_name(path)).create_sync()
}

fn listen_3(path: &Path) -> io::Result<three::Listener> {
    three::ListenerOptions::new().name(three::Name::path(path)?).create_sync()
}

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// A directory of its own, removed in the end.
struct Directory(PathBuf);

impl Directory {
    fn new(purpose: &str) -> Self {
        let path = unique_path(purpose).with_extension("directory");
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> PathBuf {
        self.0.join("socket")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn names_are_checked_when_they_are_made() {
    let long = "n".repeat(1000);
    assert!(long.as_str().to_ns_name::<GenericNamespaced>().is_ok());
    assert_eq!(kind(three::Name::namespaced(&long)), Some(ErrorKind::InvalidInput));
}

#[test]
fn connecting_to_a_file_that_is_no_socket() {
    let directory = Directory::new("differences-file");
    let path = directory.path();
    fs::write(&path, "").unwrap();
    assert_eq!(kind(two::Stream::connect(two_name(&path))), Some(ErrorKind::ConnectionRefused));
    let name = three::Name::path(&path).unwrap();
    assert_eq!(kind(three::Stream::connect(name)), Some(ErrorKind::InvalidInput));
    assert_eq!(kind(listen_2(&path)), Some(ErrorKind::AddrInUse));
    assert_eq!(kind(listen_3(&path)), Some(ErrorKind::AlreadyExists));
}

#[test]
fn stale_sockets_are_taken_over() {
    let directory = Directory::new("differences-stale");
    let path = directory.path();
    drop(UnixListener::bind(&path).unwrap());
    assert_eq!(kind(listen_2(&path)), Some(ErrorKind::AddrInUse));
    assert_eq!(kind(listen_3(&path)), None);
}

#[test]
fn expired_timeouts() {
    let directory = Directory::new("differences-timeout");
    let path = directory.path();
    let listener = listen_3(&path).unwrap();
    let timeout = Some(Duration::from_millis(1));

    let mut stream = two::Stream::connect(two_name(&path)).unwrap();
    let _peer = listener.accept().unwrap();
    stream.set_recv_timeout(timeout).unwrap();
    assert_eq!(kind(stream.read(&mut [0])), Some(ErrorKind::WouldBlock));

    let mut stream = three::Stream::connect(three::Name::path(&path).unwrap()).unwrap();
    let _peer = listener.accept().unwrap();
    stream.set_recv_timeout(timeout).unwrap();
    assert_eq!(kind(stream.read(&mut [0])), Some(ErrorKind::TimedOut));
}

// Splitting is deprecated in 2.4.7, for this reason.
#[allow(deprecated)]
#[test]
fn a_dropped_half_ends_the_direction() {
    let directory = Directory::new("differences-halves");
    let path = directory.path();
    let listener = listen_2(&path).unwrap();
    listener.set_nonblocking(two::ListenerNonblockingMode::Stream).unwrap();

    let stream = two::Stream::connect(two_name(&path)).unwrap();
    let mut peer = listener.accept().unwrap();
    let (_recv, send) = stream.split();
    drop(send);
    assert_eq!(kind(peer.read(&mut [0])), Some(ErrorKind::WouldBlock));

    let stream = three::Stream::connect(three::Name::path(&path).unwrap()).unwrap();
    let mut peer = listener.accept().unwrap();
    let (_recv, send) = stream.split();
    drop(send);
    assert_eq!(peer.read(&mut [0]).unwrap(), 0);
}

/// Modes are compared in a process whose umask takes something away: this program, in a role.
#[test]
fn modes_and_the_umask() {
    const ROLE: &str = "DIFFERENCES_ROLE";
    if std::env::var_os(ROLE).is_none() {
        let program = std::env::current_exe().unwrap();
        let script = r#"umask 077; exec "$0" --exact modes_and_the_umask --nocapture"#;
        let status = Command::new("sh").arg("-c").arg(script).arg(program).env(ROLE, "1").status();
        assert!(status.unwrap().success());
        return;
    }
    let directory = Directory::new("differences-mode");
    let path = directory.path();
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    let listener = two::ListenerOptions::new().name(two_name(&path)).mode(0o666).create_sync().unwrap();
    assert_eq!(mode(), 0o600);
    drop(listener);
    let name = three::Name::path(&path).unwrap();
    let listener = three::ListenerOptions::new().name(name).mode(0o666).create_sync().unwrap();
    assert_eq!(mode(), 0o666);
    drop(listener);
}

/// Of the lock beside the socket, nothing is seen while nobody takes or leaves the path.
#[test]
fn the_lock_does_not_stay() {
    let directory = Directory::new("differences-lock");
    let listener = listen_3(&directory.path()).unwrap();
    assert_eq!(directory.names(), ["socket"]);
    drop(listener);
    assert_eq!(directory.names(), [""; 0]);
}
