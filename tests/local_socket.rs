//! Local sockets, on every platform, blocking and Tokio.
#![allow(unsafe_code)]

mod common;

use common::{
    KINDS, Kind, bytes, exchange, expect_bytes, fresh_name, once_unused, start_role, within_deadline,
};
use interprocess::{
    ConnectWaitMode,
    local_socket::{
        ConnectOptions, GenericFilePath, GenericNamespaced, Listener, ListenerNonblockingMode,
        ListenerOptions, Name, Stream, ToFsName, ToNsName, is_no_listener, is_timeout,
    },
};
use std::{
    borrow::Cow,
    collections::HashSet,
    error::Error,
    ffi::OsString,
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

const SHORT: Duration = Duration::from_millis(30);

fn listen(name: &Name<'_>) -> Listener {
    ListenerOptions::new().name(name.borrow()).create_sync().unwrap()
}

fn connected(kind: Kind) -> (Listener, Stream, Stream) {
    let name = fresh_name(kind);
    let listener = listen(&name);
    let client = Stream::connect(name).unwrap();
    let server = listener.accept().unwrap();
    (listener, server, client)
}

/// The child of the test below: prints its name of the user's own.
#[test]
#[ignore = "a role, which another test starts"]
fn role_user_name() {
    let name = common::begin_role();
    println!("name: {}", Name::for_current_user(name).unwrap());
}

/// A directory that others can change, or that is another user's, is no place for a name of this user's.
#[cfg(unix)]
#[test]
fn for_current_user_is_in_a_directory_of_this_user_alone() {
    use std::{fs, os::unix::fs::PermissionsExt};
    if !common::has_mapped_user() {
        return;
    }
    let folder =
        common::writable_directory().join(format!("interprocess-test-runtime-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let inside = format!("name: {}\n", folder.join("a%2Fb").display());
    for (mode, is_inside) in [(0o700, true), (0o755, false)] {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        let mut child = common::command_for_role("role_user_name", "a/b");
        let output = child.env("XDG_RUNTIME_DIR", &folder).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains("name: /") && output.contains("a%2Fb\n"), "{output}");
        assert_eq!(output.contains(&inside), is_inside, "{mode:o}: {output}");
    }
    fs::remove_dir(folder).unwrap();
}

/// The text names the name, and the system's error is still there: `ENOENT` and `ERROR_FILE_NOT_FOUND` are both 2.
#[test]
fn the_system_error_of_connecting_is_the_source() {
    let name = fresh_name(Kind::Path);
    let error = Stream::connect(&name).unwrap_err();
    assert!(error.to_string().starts_with("cannot connect to "), "{error}");
    let source = error.source().expect("a source").downcast_ref::<io::Error>().expect("the system's");
    assert_eq!(source.raw_os_error(), Some(2));
    assert_eq!(interprocess::error::raw_os_error(&error), Some(2));
}

#[test]
fn both_directions_at_once() {
    for kind in KINDS {
        within_deadline(move || {
            let (_listener, server, client) = connected(kind);
            let (up, down) = (bytes(1, 3 << 20), bytes(2, 3 << 20));
            thread::scope(|scope| {
                let server = scope.spawn(|| exchange(&server, &down, &up));
                exchange(&client, &up, &down).unwrap();
                server.join().unwrap().unwrap();
            });
        });
    }
}

/// The child of the tests below: connects, and exchanges what it is told.
#[test]
#[ignore = "a role, which another test starts"]
fn role_client() {
    let name = common::begin_role();
    let stream = Stream::connect(name.parse::<Name>().unwrap()).unwrap();
    exchange(&stream, &bytes(3, 1 << 20), &bytes(4, 1 << 20)).unwrap();
}

#[test]
fn between_processes() {
    #[cfg(unix)]
    if !common::has_mapped_user() {
        return;
    }
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let listener = listen(&name);
            let mut child = start_role("role_client", &name.to_string());
            let stream = listener.accept().unwrap();
            let peer = stream.peer_creds().unwrap();
            // Wine gives its own process numbers, which std's `Child::id` shows too.
            assert_eq!(peer.pid().map(i64::from), Some(child.0.id().into()), "the peer's process id");
            assert!(
                peer.euid().is_some() || peer.user_sid().is_some_and(|sid| sid.starts_with("S-1-")),
                "{peer:?}"
            );
            exchange(&stream, &bytes(4, 1 << 20), &bytes(3, 1 << 20)).unwrap();
            child.succeeds();
        });
    }
}

/// Asks, from a container, for a peer that is outside.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_inside() {
    let name = common::begin_role();
    let stream = Stream::connect(name.parse::<Name>().unwrap()).unwrap();
    let peer = stream.peer_creds().unwrap();
    assert_eq!(peer.pid(), None, "the peer has no number in this pid namespace");
    assert!(peer.euid().is_some() && peer.egid().is_some(), "{peer:?}");
    (&stream).write_all(b"inside").unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_in_another_pid_namespace() {
    within_deadline(|| {
        let unshare = || std::process::Command::new("unshare");
        if !unshare().args(["--pid", "--fork", "true"]).output().is_ok_and(|output| output.status.success()) {
            common::skip("a pid namespace takes privileges, and the program unshare");
            return;
        }
        let name = fresh_name(Kind::Path);
        let listener = listen(&name);
        let inside = common::command_for_role("role_inside", &name.to_string());
        let mut command = unshare();
        command.args(["--pid", "--fork"]).arg(inside.get_program()).args(inside.get_args());
        for (key, value) in inside.get_envs() {
            command.env(key, value.unwrap());
        }
        let mut child = common::Killed(command.stdout(std::process::Stdio::null()).spawn().unwrap());
        expect_bytes(listener.accept().unwrap(), b"inside").unwrap();
        child.succeeds();
    });
}

/// Writes for ever, until it is killed.
#[test]
#[ignore = "a role, which another test starts"]
fn role_flood() {
    let name = common::begin_role();
    let mut stream = Stream::connect(name.parse::<Name>().unwrap()).unwrap();
    while stream.write_all(&[7; 65536]).is_ok() {}
}

/// Connects and reads a little, then waits for its death.
#[test]
#[ignore = "a role, which another test starts"]
fn role_reader() {
    let name = common::begin_role();
    let mut stream = Stream::connect(name.parse::<Name>().unwrap()).unwrap();
    stream.read_exact(&mut [0; 10]).unwrap();
    thread::sleep(common::FOREVER);
}

fn killed_in_the_middle(kind: Kind) {
    let name = fresh_name(kind);
    let listener = listen(&name);

    let mut child = start_role("role_flood", &name.to_string());
    let mut stream = listener.accept().unwrap();
    stream.read_exact(&mut vec![0; 300_000]).unwrap();
    child.kill();
    // What had been written still arrives, then the end, or an error; but never a wait for ever.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.iter().all(|&byte| byte == 7), "bytes were changed");

    let mut child = start_role("role_reader", &name.to_string());
    let mut stream = listener.accept().unwrap();
    stream.write_all(&[1; 10]).unwrap();
    let (started, writing) = mpsc::channel();
    let writer = thread::spawn(move || {
        started.send(()).unwrap();
        loop {
            if let Err(error) = stream.write_all(&[0; 65536]) {
                return error.kind();
            }
        }
    });
    writing.recv().unwrap();
    child.kill();
    let kind = writer.join().unwrap();
    assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{kind:?}");
}

#[test]
fn peer_killed_in_the_middle() {
    for kind in KINDS {
        within_deadline(move || killed_in_the_middle(kind));
    }
}

/// Counts descriptors, in a process without other tests.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_counts() {
    common::begin_role();
    within_deadline(|| {
        // Tokio opens a pair of sockets for signals once per process.
        #[cfg(feature = "tokio")]
        common::on_tokio(async {});
        let before = common::open_descriptors();
        for kind in KINDS {
            killed_in_the_middle(kind);
            #[cfg(feature = "tokio")]
            tokio_streams::killed_in_the_middle(kind);
            let (listener, server, client) = connected(kind);
            listener.close();
            listener.accept().unwrap_err();
            drop(server.split().0);
            client.try_clone().unwrap();
        }
        assert_eq!(common::open_descriptors(), before);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_open() {
    start_role("role_counts", "").succeeds();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_server() {
    let name = common::begin_role();
    let name: Name<'static> = name.parse().unwrap();
    let listener = listen(&name);
    let mut stream = listener.accept().unwrap();
    stream.write_all(&[9; 100]).unwrap();
    thread::sleep(common::FOREVER);
}

fn connect_when_there(name: &Name<'_>) -> Stream {
    // The server is another process that is still starting; there is nothing else to wait on.
    loop {
        match Stream::connect(name.borrow()) {
            Ok(stream) => return stream,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn killed_server() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            for _ in 0..2 {
                // The second server takes over what the first has left.
                let mut child = start_role("role_server", &name.to_string());
                let mut stream = connect_when_there(&name);
                stream.read_exact(&mut [0; 100]).unwrap();
                child.kill();
                let end = stream.read(&mut [0]);
                assert!(matches!(&end, Ok(0)) || end.is_err(), "bytes from a dead server");
                let error = Stream::connect(name.borrow()).unwrap_err();
                assert!(
                    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused),
                    "{error}"
                );
            }
            drop(listen(&name));
        });
    }
}

#[test]
fn many_clients_at_once() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let listener =
                Arc::new(ListenerOptions::new().name(name.borrow()).backlog(8).create_sync().unwrap());
            let acceptors: Vec<_> = (0..4)
                .map(|_| {
                    let listener = Arc::clone(&listener);
                    thread::spawn(move || {
                        for stream in listener.incoming() {
                            let mut stream = stream.unwrap();
                            let mut number = [0; 8];
                            stream.read_exact(&mut number).unwrap();
                            stream.write_all(&number).unwrap();
                        }
                    })
                })
                .collect();
            let clients: Vec<_> = (0..64_u64)
                .map(|number| {
                    let name = name.clone();
                    thread::spawn(move || {
                        let mut stream = Stream::connect(name).unwrap();
                        stream.write_all(&number.to_le_bytes()).unwrap();
                        let mut back = [0; 8];
                        stream.read_exact(&mut back).unwrap();
                        assert_eq!(u64::from_le_bytes(back), number, "another client's answer");
                    })
                })
                .collect();
            for client in clients {
                client.join().unwrap();
            }
            listener.close();
            for acceptor in acceptors {
                acceptor.join().unwrap();
            }
        });
    }
}

#[test]
fn a_name_in_use() {
    for kind in KINDS {
        let name = fresh_name(kind);
        let listener = listen(&name);
        let error = ListenerOptions::new().name(name.borrow()).create_sync().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
        assert!(error.to_string().contains(&name.text().to_string_lossy().into_owned()), "{error}");
        let mut client = Stream::connect(name.borrow()).unwrap();
        client.write_all(b"x").unwrap();
        expect_bytes(listener.accept().unwrap(), b"x").unwrap();
        drop(listener);
        drop(once_unused(|| ListenerOptions::new().name(name.borrow()).create_sync()));
    }
}

#[test]
fn nobody_listens() {
    for kind in KINDS {
        let name = fresh_name(kind);
        for mode in [ConnectWaitMode::Deferred, ConnectWaitMode::Timeout(SHORT), ConnectWaitMode::Unbounded] {
            let error = ConnectOptions::new().name(name.borrow()).wait_mode(mode).connect_sync().unwrap_err();
            let refused = kind == Kind::Namespaced && cfg!(target_os = "linux");
            let expected = if refused { ErrorKind::ConnectionRefused } else { ErrorKind::NotFound };
            let expected = if cfg!(interprocess_portable_unix) { ErrorKind::NotFound } else { expected };
            assert_eq!(error.kind(), expected, "{error}");
            assert!(error.to_string().contains(&name.text().to_string_lossy().into_owned()), "{error}");
            assert!(is_no_listener(&error), "{error}");
        }
    }
}

#[test]
fn is_no_listener_holds_for_missing_and_left_names_only() {
    for kind in KINDS {
        let name = fresh_name(kind);
        let listener = ListenerOptions::new().name(name.borrow()).reclaim_name(false).backlog(1);
        let listener = listener.create_sync().unwrap();
        if cfg!(any(windows, target_os = "linux")) {
            let clients = fill(&name);
            for mode in [ConnectWaitMode::Deferred, ConnectWaitMode::Timeout(SHORT)] {
                let options = ConnectOptions::new().name(name.borrow()).wait_mode(mode);
                let error = options.connect_sync().unwrap_err();
                assert!(!is_no_listener(&error), "a full backlog: {error}");
            }
            drop(clients);
        }
        drop(listener);
        let error = common::error_once_closed(|| Stream::connect(name.borrow()));
        assert!(is_no_listener(&error), "a left name: {error}");
    }
    let nothing = fresh_name(Kind::Path).text().to_owned();
    let below = std::path::Path::new(&nothing).join("socket");
    if cfg!(unix) {
        let error = Stream::connect(Name::path(&below).unwrap()).unwrap_err();
        assert!(is_no_listener(&error), "a missing directory: {error}");
    }
    assert!(!is_no_listener(&ErrorKind::PermissionDenied.into()));
    assert!(!is_no_listener(&ErrorKind::InvalidInput.into()));
}

#[test]
fn without_a_name() {
    assert_eq!(ListenerOptions::new().create_sync().unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(ConnectOptions::new().connect_sync().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn bad_names() {
    let long = "x".repeat(300);
    let mut messages = HashSet::new();
    for bad in ["", "a\0b", long.as_str()] {
        let error = bad.to_ns_name::<GenericNamespaced>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(messages.insert(error.to_string()), "the same message for different faults: {error}");
    }
    let path = |text: &str| if cfg!(windows) { format!(r"\\.\pipe\{text}") } else { format!("/tmp/{text}") };
    for bad in [String::new(), path("a\0b"), path(&"x".repeat(300))] {
        let error = bad.as_str().to_fs_name::<GenericFilePath>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(messages.insert(error.to_string()), "the same message for different faults: {error}");
    }
    #[cfg(windows)]
    for bad in [r"C:\x", r"\\server\x", r"\\", r"\\.\pipe", "x", r"\\.\pipe\"] {
        let error = Name::path(bad).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput), "{bad}: {error}");
    }
}

#[test]
fn names_and_their_texts() {
    let namespaced = Name::namespaced("app").unwrap();
    assert_eq!((namespaced.text(), namespaced.to_string().as_str()), ("app".as_ref(), "@app"));
    assert!(namespaced.is_namespaced() && namespaced.as_path().is_none());
    assert_eq!(namespaced, "app".to_ns_name::<GenericNamespaced>().unwrap());

    let text = if cfg!(windows) { r"\\.\pipe\app" } else { "/tmp/app" };
    let path = Name::path(text).unwrap();
    assert_eq!((path.as_path().unwrap(), path.to_string().as_str()), (text.as_ref(), text));
    assert!(path.is_path() && path.as_namespaced().is_none());
    assert_eq!(path, text.to_owned().to_fs_name::<GenericFilePath>().unwrap());

    let owned = text.to_owned();
    for same in [
        Name::path(&owned),
        Name::path(owned.clone()),
        Name::path(Path::new(text)),
        Name::path(PathBuf::from(text)),
        Name::path(OsString::from(text)),
        Name::path(Cow::from(Path::new(text))),
        Name::path(String::from_utf8_lossy(text.as_bytes())),
    ] {
        assert_eq!(same.unwrap(), path);
    }

    for name in [namespaced.clone(), path.clone()] {
        assert_eq!(name.to_string().parse::<Name<'static>>().unwrap(), name);
        assert_eq!(name.borrow().into_owned(), name);
    }
    #[cfg(unix)]
    {
        let relative = Name::path("@x").unwrap();
        assert_eq!(relative.to_string(), "./@x");
        assert!(relative.to_string().parse::<Name<'static>>().unwrap().as_path().is_some());
    }
    let all: HashSet<_> = [path.clone(), namespaced.clone(), path.clone()].into();
    assert_eq!(all.len(), 2);
    assert!(path < namespaced);
}

#[test]
fn the_names_of_streams() {
    for kind in KINDS {
        let name = fresh_name(kind);
        #[cfg(unix)]
        if kind == Kind::Path && !common::fits_into_an_address(name.text().as_ref()) {
            return;
        }
        let listener = listen(&name);
        assert_eq!(listener.local_name(), Some(name.clone()));
        let client = Stream::connect(name.borrow()).unwrap();
        let server = listener.accept().unwrap();
        let (peer, local) = (client.peer_name().unwrap(), server.local_name().unwrap());
        // Windows and the systems without a namespace know the path alone.
        let expected = name.text().to_string_lossy().into_owned();
        for found in [peer, local] {
            assert!(found.unwrap().text().to_string_lossy().ends_with(&expected), "{expected}");
        }
    }
}

#[test]
fn accept_does_not_wait_longer_than_asked() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let listener = listen(&name);
            let start = Instant::now();
            let error = listener.accept_timeout(SHORT).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            assert!(start.elapsed() >= SHORT, "gave up too early");

            listener.set_nonblocking(ListenerNonblockingMode::Both).unwrap();
            assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
            let _client = Stream::connect(name.borrow()).unwrap();
            let mut nonblocking = accept_now(&listener);
            assert_eq!(nonblocking.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);

            // The accepted stream's mode is its own, not the listener's.
            listener.set_nonblocking(ListenerNonblockingMode::Accept).unwrap();
            let mut client = Stream::connect(name.borrow()).unwrap();
            let server = accept_now(&listener);
            let reader = thread::spawn(move || expect_bytes(&server, b"late"));
            client.write_all(b"late").unwrap();
            reader.join().unwrap().unwrap();

            listener.set_nonblocking(ListenerNonblockingMode::Neither).unwrap();
            let waiting = thread::spawn(move || listener.accept_timeout(common::FOREVER).map(drop));
            let _client = Stream::connect(name).unwrap();
            waiting.join().unwrap().unwrap();
        });
    }
}

fn accept_now(listener: &Listener) -> Stream {
    // On Windows, a connection can be reported a moment after the client has it.
    loop {
        match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            other => return other.unwrap(),
        }
    }
}

#[test]
fn closing_wakes_all_acceptors() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let listener = Arc::new(listen(&name));
            let (started, waiting) = mpsc::channel();
            let acceptors: Vec<_> = (0..3)
                .map(|_| {
                    let (listener, started) = (Arc::clone(&listener), started.clone());
                    thread::spawn(move || {
                        started.send(()).unwrap();
                        listener.accept().unwrap_err().kind()
                    })
                })
                .collect();
            for _ in &acceptors {
                waiting.recv().unwrap();
            }
            listener.close();
            for acceptor in acceptors {
                assert_eq!(acceptor.join().unwrap(), ErrorKind::ConnectionAborted);
            }
            assert!(listener.is_closed() && listener.incoming().next().is_none());
            assert_eq!(
                listener.accept_timeout(common::FOREVER).unwrap_err().kind(),
                ErrorKind::ConnectionAborted
            );
        });
    }
}

#[test]
fn shutdown_wakes_readers_and_writers() {
    for kind in KINDS {
        within_deadline(move || {
            let (_listener, server, _client) = connected(kind);
            let server = Arc::new(server);
            let (started, waiting) = mpsc::channel();
            let reader = {
                let (server, started) = (Arc::clone(&server), started.clone());
                thread::spawn(move || {
                    started.send(()).unwrap();
                    (&*server).read(&mut [0])
                })
            };
            let writer = {
                let server = Arc::clone(&server);
                thread::spawn(move || {
                    started.send(()).unwrap();
                    loop {
                        if let Err(error) = (&*server).write_all(&[0; 65536]) {
                            return error.kind();
                        }
                    }
                })
            };
            waiting.recv().unwrap();
            waiting.recv().unwrap();
            server.shutdown(Shutdown::Both).unwrap();
            assert_eq!(reader.join().unwrap().unwrap(), 0);
            assert_eq!(writer.join().unwrap(), ErrorKind::BrokenPipe);
        });
    }
}

// The other systems do not tell.
#[cfg(any(windows, target_os = "linux"))]
#[test]
fn waiting_until_everything_was_read() {
    for kind in KINDS {
        within_deadline(move || {
            let (_listener, mut server, mut client) = connected(kind);
            server.drain().unwrap();
            server.write_all(b"read me").unwrap();
            let (drained, wait) = mpsc::channel();
            let drainer = thread::spawn(move || {
                let result = server.drain();
                drained.send(()).unwrap();
                result.map(|()| server)
            });
            assert!(wait.recv_timeout(SHORT).is_err(), "nobody has read yet");
            client.read_exact(&mut [0; 7]).unwrap();
            let mut server = drainer.join().unwrap().unwrap();
            server.write_all(b"read me too").unwrap();
            drop(client);
            match server.drain() {
                Err(error) => {
                    assert!(
                        matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
                        "{error}"
                    );
                }
                // Windows says ERROR_BROKEN_PIPE; Wine lets the flush of a pipe whose peer is gone succeed.
                Ok(()) if cfg!(windows) => {}
                Ok(()) => panic!("what the peer did not read counts as read"),
            }
        });
    }
}

#[test]
fn half_close() {
    let (_listener, mut server, mut client) = connected(Kind::Namespaced);
    let ended = client.shutdown(Shutdown::Write);
    if cfg!(windows) {
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::Unsupported);
        return;
    }
    ended.unwrap();
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
    server.write_all(b"still").unwrap();
    expect_bytes(&client, b"still").unwrap();
    assert_eq!(client.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn what_was_written_survives_the_writer() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let listener = listen(&name);
            // A client that has left before it was accepted.
            let mut client = Stream::connect(name.borrow()).unwrap();
            client.write_all(b"short visit").unwrap();
            drop(client);
            let mut text = String::new();
            listener.accept().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "short visit");

            let mut client = Stream::connect(name.borrow()).unwrap();
            let mut server = listener.accept().unwrap();
            server.write_all(&bytes(5, 4000)).unwrap();
            drop(server);
            let mut got = Vec::new();
            client.read_to_end(&mut got).unwrap();
            assert!(got == bytes(5, 4000), "{} bytes arrived", got.len());
        });
    }
}

#[test]
fn a_client_that_leaves_at_once_blocks_nobody() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let listener = listen(&name);
            for _ in 0..50 {
                drop(Stream::connect(name.borrow()).unwrap());
                // A named pipe's listener passes over it.
                if !cfg!(windows) {
                    let mut left = listener.accept().unwrap();
                    assert_eq!(left.read(&mut [0]).unwrap(), 0);
                } else {
                    let left = listener.accept_timeout(Duration::ZERO).map(drop);
                    assert_eq!(left.unwrap_err().kind(), ErrorKind::TimedOut);
                }
            }
            let mut client = Stream::connect(name.borrow()).unwrap();
            client.write_all(b"stays").unwrap();
            expect_bytes(listener.accept().unwrap(), b"stays").unwrap();
        });
    }
}

/// Clients that fill the listener's backlog until a further one would have to wait.
fn fill(name: &Name<'_>) -> Vec<Stream> {
    let mut clients = Vec::new();
    loop {
        let options = ConnectOptions::new().name(name.borrow()).wait_mode(ConnectWaitMode::Deferred);
        match options.connect_sync() {
            Ok(client) => clients.push(client),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                return clients;
            }
        }
    }
}

// The systems with another answer to a full backlog do not run here.
#[cfg(any(windows, target_os = "linux"))]
#[test]
fn a_full_backlog() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let listener =
                Arc::new(ListenerOptions::new().name(name.borrow()).backlog(2).create_sync().unwrap());
            let clients = fill(&name);
            assert!(clients.len() >= 2, "{} clients", clients.len());

            let start = Instant::now();
            let options = ConnectOptions::new().name(name.clone());
            let error =
                options.clone().wait_mode(ConnectWaitMode::Timeout(SHORT)).connect_sync().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            assert!(start.elapsed() >= SHORT, "gave up too early");

            for mode in [ConnectWaitMode::Timeout(common::FOREVER), ConnectWaitMode::Unbounded] {
                let full = fill(&name);
                let accepting = Arc::clone(&listener);
                let waiting = {
                    let options = options.clone().wait_mode(mode);
                    thread::spawn(move || options.connect_sync())
                };
                // Room for the waiting client, and then for checking that it is really connected.
                let mut served: Vec<Stream> = Vec::new();
                while !waiting.is_finished() {
                    if let Ok(stream) = accepting.accept_timeout(Duration::from_millis(1)) {
                        served.push(stream);
                    }
                }
                let mut client = waiting.join().unwrap().unwrap();
                client.set_send_timeout(Some(common::FOREVER)).unwrap();
                client.write_all(b"!").unwrap();
                while let Ok(stream) = accepting.accept_timeout(SHORT) {
                    served.push(stream);
                }
                drop(full);
                let greeted = served.iter().filter(|stream| {
                    stream.set_nonblocking(true).unwrap();
                    matches!((&mut &**stream).read(&mut [0]), Ok(1))
                });
                assert_eq!(greeted.count(), 1, "the client that waited is connected");
            }
        });
    }
}

#[test]
fn timeouts_lose_nothing() {
    for kind in KINDS {
        within_deadline(move || {
            let (_listener, mut server, mut client) = connected(kind);
            assert_eq!(server.recv_timeout().unwrap(), None);
            assert_eq!(
                server.set_recv_timeout(Some(Duration::ZERO)).unwrap_err().kind(),
                ErrorKind::InvalidInput
            );
            server.set_recv_timeout(Some(SHORT)).unwrap();
            assert!(server.recv_timeout().unwrap().is_some_and(|timeout| timeout >= SHORT));
            let start = Instant::now();
            let error = server.read(&mut [0]).unwrap_err();
            assert!(is_timeout(&error), "{error}");
            // Kernels round to their ticks.
            assert!(start.elapsed() >= SHORT / 2, "gave up too early");
            client.write_all(b"later").unwrap();
            expect_bytes(&server, b"later").unwrap();

            server.set_send_timeout(Some(SHORT)).unwrap();
            let pattern = bytes(6, 64 << 20);
            let mut written = 0;
            let error = loop {
                match server.write(&pattern[written..]) {
                    Ok(count) => written += count,
                    Err(error) => break error,
                }
            };
            assert!(is_timeout(&error), "{error}");
            drop(server);
            let mut got = Vec::new();
            client.read_to_end(&mut got).unwrap();
            assert_eq!(got.len(), written, "what was counted as written");
            assert!(got == pattern[..written], "the bytes are wrong");
        });
    }
}

#[test]
fn nonblocking_streams() {
    let (_listener, mut server, mut client) = connected(Kind::Namespaced);
    server.set_nonblocking(true).unwrap();
    assert_eq!(server.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let mut written = 0;
    loop {
        match server.write(&[3; 10_000]) {
            Ok(count) => written += count,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                break;
            }
        }
    }
    drop(server);
    let mut got = Vec::new();
    client.read_to_end(&mut got).unwrap();
    assert_eq!(got.len(), written);
}

#[test]
fn vectored() {
    let (_listener, mut server, mut client) = connected(Kind::Namespaced);
    let written =
        server.write_vectored(&[IoSlice::new(b""), IoSlice::new(b"abc"), IoSlice::new(b"defg")]).unwrap();
    assert!(written >= 3, "{written}");
    server.write_all(&b"abcdefg"[written..]).unwrap();
    let (mut one, mut two) = ([0; 2], [0; 5]);
    let mut got: Vec<u8> = Vec::new();
    while got.len() < 7 {
        let read = client.read_vectored(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)]).unwrap();
        got.extend(one.iter().chain(&two).take(read));
    }
    assert_eq!(got, b"abcdefg");
    if cfg!(unix) {
        assert_eq!(written, 7, "one call takes all slices");
    }
}

#[cfg(unix)]
fn descriptor(object: &impl std::os::fd::AsFd) -> i32 {
    std::os::fd::AsRawFd::as_raw_fd(&object.as_fd())
}

#[cfg(windows)]
fn descriptor(object: &impl std::os::windows::io::AsHandle) -> usize {
    std::os::windows::io::AsRawHandle::as_raw_handle(&object.as_handle()) as usize
}

#[test]
fn halves() {
    let (_listener, server, client) = connected(Kind::Namespaced);
    let whole = descriptor(&server);
    let (recv, mut send) = server.split();
    assert_eq!((descriptor(&recv), descriptor(&send)), (whole, whole));
    let (other_recv, other_send) = client.split();
    let wrong = Stream::reunite(recv, other_send).unwrap_err();
    send.write_all(b"half").unwrap();
    expect_bytes(&other_recv, b"half").unwrap();
    let whole = Stream::reunite(wrong.rh, send).unwrap();
    let mut other = Stream::reunite(other_recv, wrong.sh).unwrap();
    other.write_all(b"whole").unwrap();
    expect_bytes(&whole, b"whole").unwrap();
    let copy = whole.try_clone().unwrap();
    drop(whole);
    other.write_all(b"copy").unwrap();
    expect_bytes(&copy, b"copy").unwrap();
    assert!(copy.take_error().unwrap().is_none());
}

#[test]
fn an_expired_timeout_is_timed_out_and_names_the_operation() {
    within_deadline(|| {
        let (_listener, server, client) = connected(Kind::Namespaced);
        let reads = |kind, from: &mut dyn Read| {
            let error = from.read(&mut [0]).unwrap_err();
            assert!(error.kind() == kind && is_timeout(&error), "{error}");
            let error = from.read_vectored(&mut [IoSliceMut::new(&mut [0])]).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            error.to_string()
        };
        let writes = |kind, to: &mut dyn Write| {
            let pattern = vec![0; 1 << 20];
            let error = loop {
                if let Err(error) = to.write(&pattern) {
                    break error;
                }
            };
            assert!(error.kind() == kind && is_timeout(&error), "{error}");
            let error = to.write_vectored(&[IoSlice::new(&pattern)]).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            error.to_string()
        };
        server.set_nonblocking(true).unwrap();
        reads(ErrorKind::WouldBlock, &mut &server);
        server.set_recv_timeout(Some(SHORT)).unwrap();
        server.set_send_timeout(Some(SHORT)).unwrap();
        reads(ErrorKind::WouldBlock, &mut &server);
        writes(ErrorKind::WouldBlock, &mut &server);
        server.set_nonblocking(false).unwrap();
        assert!(reads(ErrorKind::TimedOut, &mut &server).contains("read"));
        assert!(writes(ErrorKind::TimedOut, &mut &server).contains("writ"));
        let (mut recv, mut send) = server.split();
        assert!(reads(ErrorKind::TimedOut, &mut recv).contains("read"));
        assert!(writes(ErrorKind::TimedOut, &mut send).contains("writ"));
        drop(client);
    });
}

#[test]
fn dropping_the_sending_half_ends_a_request() {
    within_deadline(|| {
        let (client, mut server) = Stream::pair().unwrap();
        let (recv, mut send) = client.split();
        send.write_all(b"put together").unwrap();
        let mut client = Stream::reunite(recv, send).unwrap();
        client.write_all(b" again").unwrap();
        let (recv, send) = client.split();
        send.forget();
        expect_bytes(&server, b"put together again").unwrap();
        server.set_recv_timeout(Some(SHORT)).unwrap();
        let error = server.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut, "forgetting or reuniting has ended the direction");
        server.set_recv_timeout(None).unwrap();
        drop(recv);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);

        let (client, mut server) = Stream::pair().unwrap();
        let (mut answers, mut requests) = client.split();
        requests.write_all(b"the request").unwrap();
        drop(requests);
        if cfg!(unix) {
            let mut request = String::new();
            server.read_to_string(&mut request).unwrap();
            assert_eq!(request, "the request");
        }
        server.write_all(b"the answer").unwrap();
        drop(server);
        let mut answer = String::new();
        answers.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "the answer");
    });
}

/// The child has a copy of each object, but the connection is its parent's.
#[cfg(unix)]
#[test]
fn a_half_dropped_in_a_forked_child_ends_nothing() {
    within_deadline(|| {
        let (client, mut server) = Stream::pair().unwrap();
        let (recv, mut send) = client.split();
        let in_child = || {
            // SAFETY: the child's copy, which it drops once.
            drop(unsafe { std::ptr::read(&send) });
            0
        };
        // SAFETY: the child closes and leaves; it neither allocates nor takes locks.
        let status = unsafe { common::signalling::forked(in_child) };
        assert!(status.success(), "{status:?}");
        send.write_all(b"still open").unwrap();
        expect_bytes(&server, b"still open").unwrap();
        drop(send);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        drop(recv);
    });
}

#[test]
fn closing_wakes_all_that_are_blocked() {
    for kind in KINDS {
        within_deadline(move || {
            let (_listener, server, client) = connected(kind);
            let clone = server.try_clone().unwrap();
            thread::scope(|scope| {
                let readers = [&server, &clone].map(|mut stream| scope.spawn(move || stream.read(&mut [0])));
                let writer = scope.spawn(|| {
                    loop {
                        if let Err(error) = (&server).write(&[0; 1 << 16]) {
                            break error;
                        }
                    }
                });
                server.close().unwrap();
                for reader in readers {
                    assert_eq!(reader.join().unwrap().unwrap(), 0);
                }
                assert_eq!(writer.join().unwrap().kind(), ErrorKind::BrokenPipe);
            });
            server.close().unwrap();
            drop((server, clone));
            let mut rest = Vec::new();
            (&client).read_to_end(&mut rest).unwrap();
            client.close().unwrap();
        });
    }
}

#[test]
fn pairs() {
    let (mut a, b) = Stream::pair().unwrap();
    a.write_all(b"pair").unwrap();
    expect_bytes(&b, b"pair").unwrap();
    let creds = b.peer_creds().unwrap();
    assert_eq!(creds.pid().map(i64::from), Some(std::process::id().into()));
    drop(a);
    assert_eq!((&b).read(&mut [0]).unwrap(), 0);
    assert_eq!((&b).write(&[0]).unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn only_this_user() {
    #[cfg(unix)]
    if !common::has_mapped_user() {
        return;
    }
    for kind in KINDS {
        let name = fresh_name(kind);
        let listener =
            ListenerOptions::new().name(name.borrow()).current_user_only(true).create_sync().unwrap();
        let options = ConnectOptions::new().name(name).current_user_only(true);
        let mut client = options.connect_sync().unwrap();
        client.write_all(b"me").unwrap();
        expect_bytes(listener.accept().unwrap(), b"me").unwrap();
        #[cfg(feature = "tokio")]
        common::on_tokio(async { options.connect_tokio().await.unwrap() });
    }
}

/// The listener comes when the client has seen that there is none.
#[test]
fn client_waits_for_listener_that_comes_later() {
    for kind in KINDS {
        within_deadline(move || {
            let name = fresh_name(kind);
            let options = ConnectOptions::new().name(name.borrow());
            thread::scope(|scope| {
                let (none_yet, seen) = mpsc::channel();
                let client = scope.spawn({
                    let options = options.clone();
                    move || {
                        assert!(is_no_listener(&options.connect_sync().unwrap_err()));
                        none_yet.send(()).unwrap();
                        options.wait_for_listener(common::FOREVER).connect_sync().unwrap()
                    }
                });
                seen.recv().unwrap();
                let listener = listen(&name);
                client.join().unwrap().write_all(b"here").unwrap();
                expect_bytes(listener.accept().unwrap(), b"here").unwrap();
            });
            let name = fresh_name(kind);
            let options = ConnectOptions::new().name(name.borrow()).wait_for_listener(SHORT);
            let error = options.connect_sync().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            assert!(error.to_string().contains(&format!("{name} within 30ms")), "{error}");
            assert!(std::error::Error::source(&error).is_some(), "the last attempt's error");
        });
    }
}

/// Without the runtime's timer.
#[cfg(feature = "tokio")]
#[test]
fn client_waits_for_listener_that_comes_later_on_tokio() {
    if !common::has_tokio() {
        return;
    }
    for kind in KINDS {
        within_deadline(move || {
            let runtime = common::runtime(tokio::runtime::Builder::new_current_thread().enable_io());
            runtime.block_on(async {
                let name = fresh_name(kind);
                let options = ConnectOptions::new().name(name.borrow());
                let error = options.clone().wait_for_listener(SHORT).connect_tokio().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
                let options = options.wait_for_listener(common::FOREVER);
                // The client is polled first, and finds nobody.
                let come = async { ListenerOptions::new().name(name.borrow()).create_tokio() };
                let (client, listener) = tokio::join!(biased; options.connect_tokio(), come);
                drop((client.unwrap(), listener.unwrap()));
            });
        });
    }
}

/// On Windows, `tests/pipe_identity.rs` does the same.
#[cfg(target_os = "linux")]
#[test]
fn client_refuses_server_of_another_user() {
    use rustix::{fs::Mode, process::Uid, thread::set_thread_res_uid};

    /// No user of the machine, and none that the tables of `harness` take.
    const OTHER: u32 = 61234;
    within_deadline(|| {
        let folder = common::Folder::new();
        rustix::fs::chmod(&folder.0, Mode::RWXU | Mode::RWXG | Mode::RWXO).unwrap();
        let path = folder.0.join("socket");
        let name = Name::path(&path).unwrap();
        let listening = thread::scope(|scope| {
            // Linux keeps IDs for each thread, and the listener's are those of the thread that listens.
            let listen = || {
                set_thread_res_uid(None, Uid::from_raw(OTHER), None).ok()?;
                ListenerOptions::new().name(name.borrow()).create_sync().ok()
            };
            scope.spawn(listen).join().unwrap()
        });
        let Some(_listener) = listening else {
            return common::skip("acting as another user takes privileges, and a directory open to it");
        };
        let options = ConnectOptions::new().name(name.borrow());
        let stream = options.connect_sync().unwrap();
        assert_eq!(stream.peer_creds().unwrap().euid(), Some(OTHER));
        let options = options.current_user_only(true);
        let error = options.connect_sync().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert!(error.to_string().contains(&OTHER.to_string()), "{error}");
        #[cfg(feature = "tokio")]
        common::on_tokio(async {
            let error = options.connect_tokio().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        });
    });
}

#[cfg(feature = "tokio")]
mod tokio_streams {
    use super::{
        Arc, ConnectOptions, ConnectWaitMode, Duration, ErrorKind, IoSlice, KINDS, Kind, ListenerOptions,
        Name, Read, SHORT, Shutdown, Write, bytes, common, connected, descriptor, exchange, fill, fresh_name,
        listen, start_role, thread, within_deadline,
    };
    use common::{Killed, exchange_tokio, on_tokio};
    use interprocess::local_socket::{
        self,
        tokio::{Listener, Stream},
    };
    use std::{future::poll_fn, io, pin::pin, task::Poll};
    use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

    fn listen_tokio(name: &Name<'_>) -> Listener {
        ListenerOptions::new().name(name.borrow()).create_tokio().unwrap()
    }

    async fn connected_tokio(kind: Kind) -> (Listener, Stream, Stream) {
        let name = fresh_name(kind);
        let listener = listen_tokio(&name);
        // If one of them fails, the other may wait for ever.
        let (client, server) = tokio::try_join!(Stream::connect(name), listener.accept()).unwrap();
        (listener, server, client)
    }

    #[test]
    fn both_directions_at_once() {
        for kind in KINDS {
            on_tokio(async {
                let (_listener, server, client) = connected_tokio(kind).await;
                let (up, down) = (bytes(1, 3 << 20), bytes(2, 3 << 20));
                tokio::try_join!(exchange_tokio(&server, &down, &up), exchange_tokio(&client, &up, &down))
                    .unwrap();
            });
        }
    }

    #[test]
    fn with_blocking_peers() {
        for kind in KINDS {
            let name = fresh_name(kind);
            let listener = listen(&name);
            let blocking = thread::spawn(move || {
                exchange(&listener.accept().unwrap(), &bytes(2, 1 << 20), &bytes(1, 1 << 20)).unwrap();
            });
            on_tokio(async {
                let client = Stream::connect(name).await.unwrap();
                exchange_tokio(&client, &bytes(1, 1 << 20), &bytes(2, 1 << 20)).await.unwrap();
            });
            blocking.join().unwrap();
        }
    }

    #[test]
    fn peer_killed_in_the_middle() {
        for kind in KINDS {
            killed_in_the_middle(kind);
        }
    }

    pub(super) fn killed_in_the_middle(kind: Kind) {
        on_tokio(async {
            let name = fresh_name(kind);
            let listener = listen_tokio(&name);
            let mut child: Killed = start_role("role_flood", &name.to_string());
            let mut stream = listener.accept().await.unwrap();
            stream.read_exact(&mut vec![0; 300_000]).await.unwrap();
            child.kill();
            let _ = stream.read_to_end(&mut Vec::new()).await;

            let mut child = start_role("role_reader", &name.to_string());
            let mut stream = listener.accept().await.unwrap();
            stream.write_all(&[1; 10]).await.unwrap();
            let writer = tokio::spawn(async move {
                loop {
                    if let Err(error) = stream.write_all(&[0; 65536]).await {
                        return error.kind();
                    }
                }
            });
            tokio::task::yield_now().await;
            child.kill();
            let kind = writer.await.unwrap();
            assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{kind:?}");
        });
    }

    #[test]
    fn shutdown_reaches_the_peer() {
        on_tokio(async {
            let (_listener, mut server, mut client) = connected_tokio(Kind::Namespaced).await;
            client.write_all(b"last words").await.unwrap();
            client.shutdown().await.unwrap();
            assert_eq!(client.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
            if cfg!(windows) {
                drop(client);
            }
            let mut text = String::new();
            server.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "last words");
        });
    }

    #[test]
    fn waiting_tasks_are_woken() {
        #[cfg(unix)]
        if !common::has_room_for_descriptors(64) {
            return;
        }
        for kind in KINDS {
            on_tokio(async {
                let (listener, server, _client) = connected_tokio(kind).await;
                let (listener, server) = (Arc::new(listener), Arc::new(server));
                let acceptors: Vec<_> = (0..3)
                    .map(|_| {
                        let listener = Arc::clone(&listener);
                        tokio::spawn(async move { listener.accept().await.unwrap_err().kind() })
                    })
                    .collect();
                let reader = {
                    let server = Arc::clone(&server);
                    tokio::spawn(async move { (&mut &*server).read(&mut [0]).await })
                };
                let writer = {
                    let server = Arc::clone(&server);
                    tokio::spawn(async move {
                        loop {
                            if let Err(error) = (&mut &*server).write_all(&[0; 65536]).await {
                                return error.kind();
                            }
                        }
                    })
                };
                tokio::task::yield_now().await;
                listener.close();
                for acceptor in acceptors {
                    assert_eq!(acceptor.await.unwrap(), ErrorKind::ConnectionAborted);
                }
                server.shutdown_now(Shutdown::Both).unwrap();
                assert_eq!(reader.await.unwrap().unwrap(), 0);
                assert_eq!(writer.await.unwrap(), ErrorKind::BrokenPipe);
            });
        }
    }

    #[test]
    fn cancelled_reads_and_accepts_lose_nothing() {
        for kind in KINDS {
            on_tokio(async {
                let name = fresh_name(kind);
                let listener = listen_tokio(&name);
                for _ in 0..20 {
                    assert!(tokio::time::timeout(Duration::from_millis(1), listener.accept()).await.is_err());
                }
                let connected = tokio::try_join!(Stream::connect(name), listener.accept());
                let (mut client, mut server) = connected.unwrap();
                let sent = bytes(8, 100_000);
                let writer = async {
                    for piece in sent.chunks(1000) {
                        client.write_all(piece).await?;
                        tokio::time::sleep(Duration::from_micros(200)).await;
                    }
                    client.flush().await
                };
                let reader = async {
                    let mut got = Vec::new();
                    while got.len() < sent.len() {
                        let mut piece = [0; 700];
                        let read = server.read(&mut piece);
                        if let Ok(count) = tokio::time::timeout(Duration::from_micros(100), read).await {
                            got.extend_from_slice(&piece[..count?]);
                        }
                    }
                    Ok::<_, io::Error>(got)
                };
                let ((), got) = tokio::try_join!(writer, reader).unwrap();
                assert!(got == sent, "bytes were lost");
            });
        }
    }

    #[cfg(any(windows, target_os = "linux"))]
    #[test]
    fn a_full_backlog() {
        for kind in KINDS {
            on_tokio(async {
                let name = fresh_name(kind);
                let listener = ListenerOptions::new().name(name.borrow()).backlog(2).create_tokio().unwrap();
                // On Windows, a Tokio listener waits on all its instances only while somebody accepts.
                let full = fill(&name);
                assert!(!full.is_empty());
                let options = ConnectOptions::new().name(name.borrow());
                let deferred = options.clone().wait_mode(ConnectWaitMode::Deferred).connect_tokio().await;
                assert_eq!(deferred.unwrap_err().kind(), ErrorKind::WouldBlock);
                let timed = options.clone().wait_mode(ConnectWaitMode::Timeout(SHORT)).connect_tokio().await;
                assert_eq!(timed.unwrap_err().kind(), ErrorKind::TimedOut);
                let unbounded = async {
                    let mut client = options.connect_tokio().await?;
                    client.write_all(b"!").await?;
                    client.flush().await?;
                    Ok::<_, io::Error>(client)
                };
                let serve = async {
                    loop {
                        let mut stream = listener.accept().await?;
                        if let Ok(Ok(1)) = tokio::time::timeout(SHORT, stream.read(&mut [0])).await {
                            return Ok(stream);
                        }
                    }
                };
                tokio::try_join!(unbounded, serve).unwrap();
            });
        }
    }

    #[test]
    fn vectored_writes_are_one_write() {
        on_tokio(async {
            let (_listener, mut server, mut client) = connected_tokio(Kind::Namespaced).await;
            assert!(AsyncWrite::is_write_vectored(&server));
            let count = server.write_vectored(&[IoSlice::new(b"abc"), IoSlice::new(b"defg")]).await.unwrap();
            assert_eq!(count, 7);
            let mut got = [0; 7];
            client.read_exact(&mut got).await.unwrap();
            assert_eq!(&got, b"abcdefg");
        });
    }

    #[test]
    fn halves() {
        on_tokio(async {
            let (_listener, server, client) = connected_tokio(Kind::Namespaced).await;
            let whole = descriptor(&server);
            let (recv, mut send) = server.split();
            assert_eq!((descriptor(&recv), descriptor(&send)), (whole, whole));
            let (mut other_recv, other_send) = client.split();
            let wrong = Stream::reunite(recv, other_send).unwrap_err();
            send.write_all(b"half").await.unwrap();
            let mut got = [0; 4];
            other_recv.read_exact(&mut got).await.unwrap();
            assert_eq!(&got, b"half");
            drop(Stream::reunite(wrong.rh, send).unwrap());
            assert_eq!(other_recv.read(&mut got).await.unwrap(), 0);
        });
    }

    #[test]
    fn dropping_the_sending_half_ends_a_request() {
        on_tokio(async {
            let (client, mut server) = Stream::pair().unwrap();
            let (recv, mut send) = client.split();
            send.write_all(b"put together").await.unwrap();
            let mut client = Stream::reunite(recv, send).unwrap();
            client.write_all(b" again").await.unwrap();
            let (recv, send) = client.split();
            send.forget();
            let mut got = [0; 18];
            server.read_exact(&mut got).await.unwrap();
            assert_eq!(&got, b"put together again");
            let mut reading = pin!(server.read(&mut got));
            let now = poll_fn(|cx| Poll::Ready(reading.as_mut().poll(cx))).await;
            assert!(now.is_pending(), "forgetting or reuniting has ended the direction");
            drop(recv);
            assert_eq!(reading.await.unwrap(), 0);

            for shut_down in [false, true] {
                let (client, mut server) = Stream::pair().unwrap();
                let (mut answers, mut requests) = client.split();
                requests.write_all(b"the request").await.unwrap();
                requests.flush().await.unwrap();
                if shut_down {
                    requests.shutdown().await.unwrap();
                }
                drop(requests);
                if cfg!(unix) {
                    let mut request = String::new();
                    server.read_to_string(&mut request).await.unwrap();
                    assert_eq!(request, "the request");
                }
                server.write_all(b"the answer").await.unwrap();
                server.flush().await.unwrap();
                drop(server);
                let mut answer = String::new();
                answers.read_to_string(&mut answer).await.unwrap();
                assert_eq!(answer, "the answer");
            }
        });
    }

    #[test]
    fn closing_wakes_all_tasks() {
        for kind in KINDS {
            on_tokio(async {
                let (_listener, server, mut client) = connected_tokio(kind).await;
                let (server, clone) = (Arc::new(server.try_clone().unwrap()), Arc::new(server));
                let mut tasks = Vec::new();
                for stream in [&server, &clone].into_iter().cycle().take(20).cloned() {
                    tasks.push(tokio::spawn(async move {
                        assert_eq!((&*stream).read(&mut [0]).await.unwrap(), 0);
                        let error = (&*stream).write_all(&[0; 1 << 20]).await.unwrap_err();
                        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
                    }));
                }
                tokio::task::yield_now().await;
                server.close().unwrap();
                for task in tasks {
                    task.await.unwrap();
                }
                server.close().unwrap();
                drop((server, clone));
                assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
                client.close().unwrap();
            });
        }
    }

    #[test]
    fn clones_are_of_one_connection() {
        on_tokio(async {
            let (_listener, server, mut client) = connected_tokio(Kind::Path).await;
            let mut clone = interprocess::TryClone::try_clone(&server).unwrap();
            let another = clone.try_clone().unwrap();
            let mut got = [0; 4];
            for mut stream in [server, another] {
                stream.write_all(b"some").await.unwrap();
                stream.flush().await.unwrap();
                client.read_exact(&mut got).await.unwrap();
                client.write_all(b"back").await.unwrap();
                clone.read_exact(&mut got).await.unwrap();
            }
            drop(clone);
            assert_eq!(client.read(&mut got).await.unwrap(), 0);
        });
    }

    #[test]
    fn on_and_off_the_runtime() {
        let (_listener, server, client) = connected(Kind::Namespaced);
        let server = on_tokio(async {
            let mut server = Stream::try_from(server).unwrap();
            server.write_all(b"async").await.unwrap();
            server.flush().await.unwrap();
            local_socket::Stream::try_from(server).unwrap()
        });
        common::expect_bytes(&client, b"async").unwrap();
        (&client).write_all(b"sync").unwrap();
        common::expect_bytes(&server, b"sync").unwrap();
    }

    /// Streams may outlive their runtime, be dropped while it stops, and be dropped elsewhere.
    #[test]
    fn drop_needs_no_runtime() {
        for kind in KINDS {
            within_deadline(move || {
                let runtime = common::runtime(tokio::runtime::Builder::new_multi_thread().enable_all());
                let (listener, mut server, client) = runtime.block_on(connected_tokio(kind));
                runtime.block_on(server.write_all(b"x")).unwrap();
                let (other_listener, other_server, other_client) = runtime.block_on(connected_tokio(kind));
                runtime.spawn(async move {
                    let _kept = (other_listener, other_client);
                    let mut server = other_server;
                    let _ = server.read(&mut [0]).await;
                });
                drop(runtime);
                thread::spawn(move || drop((listener, server, client))).join().unwrap();
            });
        }
    }

    #[test]
    fn a_full_pipe_is_not_lost_when_its_writer_is_dropped() {
        within_deadline(|| {
            let (_listener, server, mut client) = connected(Kind::Namespaced);
            let sent = bytes(9, 8 << 20);
            let written = on_tokio(async {
                let mut server = Stream::try_from(server).unwrap();
                let mut written = 0;
                // As much as goes without waiting for a reader.
                while let Ok(count) = tokio::time::timeout(SHORT, server.write(&sent[written..])).await {
                    written += count.unwrap();
                }
                written
            });
            let mut got = Vec::new();
            client.read_to_end(&mut got).unwrap();
            assert_eq!(got.len(), written, "what was counted as written");
            assert!(got == sent[..written], "the bytes are wrong");
        });
    }
}

/// Programs for interprocess 2.4 that make streams and listeners from what is inside them.
#[cfg(unix)]
#[test]
#[allow(deprecated)]
fn variants_of_2_construct() {
    use interprocess::os::unix::uds;
    let (a, b) = uds::UnixStream::pair().unwrap();
    let (mut a, b) = (Stream::UdSocket(a), Stream::UdSocket(std::os::fd::OwnedFd::from(b)));
    a.write_all(b"x").unwrap();
    expect_bytes(&b, b"x").unwrap();
    let folder = common::Folder::new();
    let path = folder.0.join("s");
    let listener = Listener::UdSocket(uds::UnixListener::bind(&path).unwrap());
    let _client = uds::UnixStream::connect(path).unwrap();
    listener.accept().unwrap();
}

/// The child of the test below: runs out of descriptors, and has its limit of them back.
#[cfg(all(unix, feature = "futures-core", feature = "tokio"))]
#[test]
#[ignore = "a role, which another test starts"]
fn role_incoming() {
    use futures_lite::StreamExt;
    use interprocess::local_socket::tokio;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::{fs::File, future::poll_fn, task::Poll};
    common::begin_role();
    common::on_tokio(async {
        let name = fresh_name(Kind::Namespaced);
        let listener = ListenerOptions::new().name(&name).create_tokio().unwrap();
        let mut incoming = listener.incoming();
        let _first = tokio::Stream::connect(&name).await.unwrap();
        incoming.next().await.unwrap().unwrap();
        let _second = tokio::Stream::connect(&name).await.unwrap();

        let before = getrlimit(Resource::Nofile);
        let opened = File::open("/dev/null").unwrap();
        let current = Some(std::os::fd::AsRawFd::as_raw_fd(&opened) as u64);
        drop(opened);
        setrlimit(Resource::Nofile, Rlimit { current, ..before }).unwrap();
        incoming.next().await.unwrap().unwrap_err();
        let mut attempts = 1;
        // Without a pause, each attempt fails at once.
        while poll_fn(|cx| Poll::Ready(incoming.poll_next(cx).is_ready())).await {
            attempts += 1;
            assert!(attempts < 100, "it does not pause");
        }
        setrlimit(Resource::Nofile, before).unwrap();
        incoming.next().await.unwrap().unwrap();

        let next = incoming.next();
        let close = async { listener.close() };
        let (next, ()) = ::tokio::join!(next, close);
        assert!(next.is_none() && incoming.next().await.is_none());
    });
}

#[cfg(all(unix, feature = "futures-core", feature = "tokio"))]
#[test]
fn incoming_pauses_after_errors_and_ends_when_closed() {
    let status = common::command_for_role("role_incoming", "").status().unwrap();
    common::expect_success(status);
}
