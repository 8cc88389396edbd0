//! Errors of Unix domain sockets name what failed, and keep the system's error.
#![cfg(unix)]

mod common;

use common::Folder;
use interprocess::{
    error::raw_os_error,
    os::unix::uds::{
        OutgoingMessage, SendBatch, SocketAddr, SocketAncillary, UnixDatagram, UnixListener,
        UnixSeqpacketListener, UnixStream,
    },
};
use std::{
    error::Error,
    io::{self, ErrorKind, IoSlice},
    path::Path,
    time::Duration,
};

/// Fails unless the error says `operation` and `subject`, and has its system's error, of the same kind, as its source.
#[track_caller]
fn expect_named<T>(result: io::Result<T>, operation: &str, subject: &str, kind: ErrorKind) {
    let Err(error) = result else { panic!("{operation} {subject} works") };
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot {operation} ")) && text.contains(subject), "{text}");
    let source = error.source().expect("a source").downcast_ref::<io::Error>().expect("the system's error");
    assert_eq!(source.kind(), kind, "{text}");
    assert_eq!(raw_os_error(&error), source.raw_os_error());
    assert!(source.raw_os_error().is_some() && text.ends_with(&source.to_string()), "{text}");
}

#[test]
fn bind_and_connect_name_path_and_keep_system_error() {
    let folder = Folder::new();
    let missing = folder.0.join("missing/socket");
    let taken = folder.0.join("taken");
    let _listener = UnixListener::bind(&taken).unwrap();
    let stale = folder.0.join("stale");
    drop(UnixListener::bind(&stale).unwrap());

    let all_binds = |path: &Path, kind: ErrorKind| {
        let subject = format!("{path:?}");
        expect_named(UnixListener::bind(path), "bind to", &subject, kind);
        expect_named(UnixListener::bind_with(path, Some(0o600), 4), "bind to", &subject, kind);
        expect_named(UnixDatagram::bind(path), "bind to", &subject, kind);
        let address = SocketAddr::from_pathname(path).unwrap();
        expect_named(UnixListener::bind_addr(&address), "bind to", &subject, kind);
        expect_named(UnixDatagram::bind_addr(&address), "bind to", &subject, kind);
        if cfg!(not(target_vendor = "apple")) {
            expect_named(UnixSeqpacketListener::bind(path), "bind to", &subject, kind);
        }
    };
    all_binds(&missing, ErrorKind::NotFound);
    all_binds(&taken, ErrorKind::AddrInUse);

    for (path, kind) in [(&missing, ErrorKind::NotFound), (&stale, ErrorKind::ConnectionRefused)] {
        let subject = format!("{path:?}");
        expect_named(UnixStream::connect(path), "connect to", &subject, kind);
        expect_named(UnixStream::connect_nonblocking(path), "connect to", &subject, kind);
        let second = Duration::from_secs(1);
        expect_named(UnixStream::connect_timeout(path, second), "connect to", &subject, kind);
        let address = SocketAddr::from_pathname(path).unwrap();
        expect_named(UnixStream::connect_addr(&address), "connect to", &subject, kind);
        expect_named(UnixDatagram::unbound().unwrap().connect(path), "connect to", &subject, kind);
    }
}

#[test]
fn sending_names_path_or_address() {
    let folder = Folder::new();
    let stale = folder.0.join("stale");
    drop(UnixDatagram::bind(&stale).unwrap());
    let socket = UnixDatagram::unbound().unwrap();
    for (path, kind) in
        [(folder.0.join("missing"), ErrorKind::NotFound), (stale, ErrorKind::ConnectionRefused)]
    {
        let address = SocketAddr::from_pathname(&path).unwrap();
        let mut none = SocketAncillary::new(&mut []);
        let slices = [IoSlice::new(b"x")];
        let message = OutgoingMessage::new(b"x").to(&address);
        let results = [
            socket.send_to(b"x", &path),
            socket.send_to_addr(b"x", &address),
            socket.send_with_fds_to(b"x", &[] as &[std::os::fd::OwnedFd], &address),
            socket.send_vectored_with_ancillary_to(&slices, &mut none, &path),
            socket.send_vectored_with_ancillary_to_addr(&slices, &mut none, &address),
            socket.send_many(&[message], &mut SendBatch::new(1)),
        ];
        for result in results {
            expect_named(result, "send to", &format!("{path:?}"), kind);
        }
    }
}

/// What is not the system's error, but the crate's own, is named too.
#[test]
fn error_of_unusable_path_names_it() {
    for path in ["", "nul\0byte"] {
        for error in [UnixListener::bind(path).unwrap_err(), UnixStream::connect(path).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(&format!("{path:?}")), "{error}");
            assert_eq!(raw_os_error(&error), None);
        }
    }
}

#[cfg(feature = "tokio")]
#[test]
fn tokio_errors_are_those_of_blocking_types() {
    use interprocess::os::unix::uds::tokio;
    common::on_tokio(async {
        let folder = Folder::new();
        let missing = folder.0.join("missing/socket");
        let subject = format!("{missing:?}");
        let kind = ErrorKind::NotFound;
        expect_named(tokio::UnixListener::bind(&missing), "bind to", &subject, kind);
        expect_named(tokio::UnixStream::connect(&missing).await, "connect to", &subject, kind);
        let socket = || tokio::UnixSocket::new_stream().unwrap();
        expect_named(socket().bind(&missing), "bind to", &subject, kind);
        expect_named(socket().connect(&missing).await, "connect to", &subject, kind);
        let datagram = tokio::UnixDatagram::unbound().unwrap();
        expect_named(datagram.send_to(b"x", &missing).await, "send to", &subject, kind);
    });
}

/// A file that nobody owns would be in the way of the next attempt.
#[cfg(all(target_os = "linux", feature = "tokio"))]
#[test]
fn bind_that_fails_in_later_step_leaves_no_file() {
    use common::deny::{NO_LISTEN, Rule, deny};
    use interprocess::os::unix::uds::tokio;

    fn all_fail(rule: Rule, binds: fn(&Path) -> Vec<io::Result<()>>) {
        // What is denied stays so for the thread.
        let attempt = std::thread::spawn(move || {
            let folder = Folder::new();
            let path = folder.0.join("s");
            let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _inside = runtime.enter();
            let call = rule.call;
            if !deny(&[rule]) {
                return false;
            }
            for (number, result) in binds(&path).into_iter().enumerate() {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied, "bind {number}");
                assert!(!path.exists(), "bind {number} leaves the file without system call {call}");
            }
            true
        });
        if !attempt.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
            common::skip("this system denies no system calls");
        }
    }
    all_fail(NO_LISTEN, |path| {
        let address = SocketAddr::from_pathname(path).unwrap();
        vec![
            UnixListener::bind(path).map(drop),
            UnixListener::bind_with(path, Some(0o600), 4).map(drop),
            UnixListener::bind_addr(&address).map(drop),
            UnixSeqpacketListener::bind(path).map(drop),
            UnixSeqpacketListener::bind_addr(&address).map(drop),
        ]
    });
    let on_tokio = |path: &Path| {
        let address = SocketAddr::from_pathname(path).unwrap();
        vec![
            tokio::UnixListener::bind(path).map(drop),
            tokio::UnixListener::bind_addr(&address).map(drop),
            tokio::UnixSeqpacketListener::bind_with(path, Some(0o600), 4).map(drop),
            tokio::UnixSeqpacketListener::bind_addr(&address).map(drop),
            tokio::UnixDatagram::bind(path).map(drop),
            tokio::UnixDatagram::bind_addr(&address).map(drop),
        ]
    };
    for call in [libc::SYS_ioctl, libc::SYS_epoll_ctl] {
        all_fail(Rule { call, error: libc::EPERM, argument: None }, on_tokio);
    }
}
