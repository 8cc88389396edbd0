//! The files of local sockets on Unix: stale ones, displaced ones, their modes, and paths of any length.
#![cfg(unix)]

mod common;

use common::{Folder, Killed, command_for_role, expect_bytes, long_path, start_role, within_deadline};
use interprocess::{
    ConnectWaitMode,
    local_socket::{ConnectOptions, Listener, ListenerOptions, Name, NamespacedNameType, Stream},
    os::unix::{
        local_socket::{ListenerOptionsExt, SpecialDirUdSocket},
        uds::{self, UnixListener},
    },
};
use std::{
    borrow::Cow,
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt, symlink},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Stdio,
    thread,
};

fn options(path: &Path) -> ListenerOptions<'_> {
    ListenerOptions::new().name(Name::path(path).unwrap())
}

fn connect(path: &Path) -> std::io::Result<Stream> {
    Stream::connect(Name::path(path).unwrap())
}

/// A file that a server which died has left.
fn stale(path: &Path) {
    drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    assert_eq!(common::error_once_closed(|| connect(path)).kind(), ErrorKind::ConnectionRefused);
}

fn names_in(folder: &Folder) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn uds_options_reclaim_and_unlink_only_if_asked() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    stale(&path);
    let options = uds::ListenerOptions::new().mode(0o640).backlog(3);
    assert_eq!(options.bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    let reclaiming = options.reclaim_stale(true);
    drop(reclaiming.bind(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);

    let unlinking = reclaiming.unlink_on_drop(true);
    let living = unlinking.bind(&path).unwrap();
    assert_eq!(unlinking.bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    let connected = connect(&path).unwrap();
    living.accept().unwrap();
    drop((connected, living));
    assert!(names_in(&folder).is_empty());

    drop(std::os::fd::OwnedFd::from(unlinking.bind(&path).unwrap()));
    assert_eq!(names_in(&folder), ["s"]);
    let mut converted = Listener::from(unlinking.bind(&path).unwrap());
    converted.do_not_reclaim_name_on_drop();
    drop(converted);
    assert_eq!(names_in(&folder), ["s"]);
    drop(Listener::from(unlinking.bind(&path).unwrap()));
    assert!(names_in(&folder).is_empty());
    #[cfg(feature = "tokio")]
    common::on_tokio(async {
        drop(uds::tokio::UnixListener::try_from(unlinking.bind(&path).unwrap()).unwrap());
        assert!(names_in(&folder).is_empty());
    });
}

#[test]
fn nothing_is_left_behind() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let listener = options(&path).create_sync().unwrap();
    assert_eq!(names_in(&folder), ["s"]);
    drop(listener);
    assert!(names_in(&folder).is_empty(), "{:?}", names_in(&folder));

    let mut listener = options(&path).create_sync().unwrap();
    listener.do_not_reclaim_name_on_drop();
    drop(listener);
    drop(options(&path).reclaim_name(false).create_sync().unwrap());
    assert_eq!(names_in(&folder), ["s"]);
}

#[test]
fn stale_files_are_taken_over() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    stale(&path);
    let error = options(&path).reclaim_stale(false).create_sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
    let listener = options(&path).create_sync().unwrap();
    connect(&path).unwrap().write_all(b"x").unwrap();
    expect_bytes(listener.accept().unwrap(), b"x").unwrap();
}

#[test]
fn listeners_that_know_no_lock_are_left_alone() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
    theirs.set_nonblocking(true).unwrap();
    let error = options(&path).create_sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
    assert!(error.to_string().contains("another process listens there"), "{error}");
    assert_eq!(theirs.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "it was not even disturbed");
    drop(connect(&path).unwrap());
    drop(theirs);

    // And a datagram socket, to which a stream cannot connect.
    fs::remove_file(&path).unwrap();
    let _theirs = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let error = options(&path).create_sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
}

/// One of many servers that start at once: says whether it listens, and waits until its input ends.
#[test]
#[ignore = "a role, which another test starts"]
fn role_racer() {
    let path = common::begin_role();
    let mut start = BufReader::new(std::io::stdin());
    let mut round = String::new();
    // Each line of input is a round; the next one ends it.
    while start.read_line(&mut round).is_ok_and(|count| count > 0) {
        let listener = options(Path::new(&path)).create_sync();
        match &listener {
            Ok(_) => eprintln!("won"),
            Err(error) if error.kind() == ErrorKind::AddrInUse => eprintln!("lost"),
            Err(error) => eprintln!("failed: {error}"),
        }
        round.clear();
        // The end of the round, when everybody has said what it got.
        if start.read_line(&mut round).is_err() {
            return;
        }
        if round.starts_with("leave") {
            if let Ok(mut listener) = listener {
                // As a killed process would: the file stays.
                listener.do_not_reclaim_name_on_drop();
            }
        }
        round.clear();
    }
}

#[test]
fn of_twenty_racing_servers_one_wins() {
    const ROUNDS: usize = 100;
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("s");
        stale(&path);
        let mut racers: Vec<_> = (0..20)
            .map(|_| {
                let mut command = command_for_role("role_racer", path.to_str().unwrap());
                command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
                let mut child = command.spawn().unwrap();
                let (input, output) = (child.stdin.take().unwrap(), child.stderr.take().unwrap());
                (Killed(child), input, BufReader::new(output))
            })
            .collect();
        for round in 0..ROUNDS {
            for (_, input, _) in &mut racers {
                input.write_all(b"start\n").unwrap();
            }
            let results: Vec<_> = racers
                .iter_mut()
                .map(|(_, _, output)| {
                    let mut line = String::new();
                    output.read_line(&mut line).unwrap();
                    line.trim_end().to_owned()
                })
                .collect();
            let won = results.iter().filter(|result| *result == "won").count();
            assert!(
                won == 1 && results.iter().all(|r| r == "won" || r == "lost"),
                "round {round}: {results:?}"
            );
            drop(connect(&path).expect("the winner listens"));
            let end: &[u8] = if round % 2 == 0 { b"leave\n" } else { b"clean\n" };
            for (_, input, _) in &mut racers {
                input.write_all(end).unwrap();
            }
            // The winner of this round must be gone before the next.
            while connect(&path).is_ok() {
                thread::yield_now();
            }
        }
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_listener() {
    let path = common::begin_role();
    let listener = options(Path::new(&path)).create_sync().unwrap();
    for stream in listener.incoming() {
        stream.unwrap().write_all(b"alive").unwrap();
    }
}

fn wait_until_alive(path: &Path) {
    loop {
        if let Ok(mut stream) = connect(path) {
            let mut text = String::new();
            if stream.read_to_string(&mut text).is_ok() && text == "alive" {
                return;
            }
        }
        thread::yield_now();
    }
}

#[test]
fn a_killed_servers_path_is_free() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("s");
        let mut server = start_role("role_listener", path.to_str().unwrap());
        wait_until_alive(&path);
        assert_eq!(options(&path).create_sync().unwrap_err().kind(), ErrorKind::AddrInUse);
        server.kill();
        assert_eq!(names_in(&folder), ["s"]);
        drop(options(&path).create_sync().unwrap());
        assert!(names_in(&folder).is_empty());
    });
}

#[test]
fn displaced_listeners() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let old = options(&path).create_sync().unwrap();
    let new = options(&path).try_overwrite(true).mode(0o640).create_sync().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    drop(old);
    let third = options(&path).create_sync().unwrap_err();
    assert_eq!(third.kind(), ErrorKind::AddrInUse, "{third}");
    connect(&path).unwrap().write_all(b"new").unwrap();
    expect_bytes(new.accept().unwrap(), b"new").unwrap();
    drop(new);
    assert!(names_in(&folder).is_empty(), "{:?}", names_in(&folder));

    // One that has no lock, and a path that is free.
    let old = UnixListener::bind(&path).unwrap();
    let new = options(&path).try_overwrite(true).create_sync().unwrap();
    drop((old, new));
    drop(options(&path).try_overwrite(true).create_sync().unwrap());
    assert!(names_in(&folder).is_empty(), "{:?}", names_in(&folder));
}

/// Listeners that displace each other and are dropped, all at the same time: a socket that stays in place is connectable.
#[test]
fn displacing_at_the_same_time() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("s");
        for _ in 0..50 {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| drop(options(&path).try_overwrite(true).create_sync().unwrap()));
                }
            });
            let last = options(&path).try_overwrite(true).create_sync().unwrap();
            connect(&path).unwrap();
            drop(last);
            assert!(!names_in(&folder).contains(&"s".to_owned()), "{:?}", names_in(&folder));
        }
    });
}

#[test]
fn other_files_are_never_touched() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let target = folder.0.join("target");
    stale(&target);
    let attempts: [fn(&Path) -> ListenerOptions<'_>; 3] = [
        |path| options(path),
        |path| options(path).reclaim_stale(false),
        |path| options(path).try_overwrite(true),
    ];
    for attempt in attempts {
        fs::write(&path, "precious").unwrap();
        let error = attempt(&path).create_sync().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert!(error.to_string().contains("not a socket"), "{error}");
        let error = connect(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains("not a socket"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        fs::remove_file(&path).unwrap();

        fs::create_dir(&path).unwrap();
        assert_eq!(attempt(&path).create_sync().unwrap_err().kind(), ErrorKind::AlreadyExists);
        fs::remove_dir(&path).unwrap();

        // Not even a link to a stale socket.
        symlink(&target, &path).unwrap();
        assert_eq!(attempt(&path).create_sync().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        assert!(fs::metadata(&target).unwrap().file_type().is_socket());
        fs::remove_file(&path).unwrap();
        assert_eq!(names_in(&folder), ["target"]);
    }
}

#[test]
fn a_path_with_no_folder() {
    let folder = Folder::new();
    let path = folder.0.join("missing").join("s");
    for attempt in [options(&path), options(&path).reclaim_stale(false), options(&path).try_overwrite(true)] {
        let error = attempt.create_sync().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
    assert_eq!(connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
}

/// bind(2) and listen(2) are two steps, in between a server refuses connections as a dead one does.
#[cfg(feature = "tokio")]
#[test]
fn socket_that_does_not_listen_yet_is_left_alone() {
    use interprocess::os::unix::uds::tokio::UnixSocket;
    if !common::closes_at_once() {
        return;
    }
    let folder = Folder::new();
    let path = folder.0.join("s");
    let theirs = UnixSocket::new_stream().unwrap();
    theirs.bind(&path).unwrap();
    assert_eq!(connect(&path).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let error = options(&path).create_sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
    drop(theirs);
    drop(options(&path).create_sync().unwrap());
}

/// A living listener whose socket is somewhere else by now, or nowhere, does not keep its path.
#[test]
fn path_of_a_moved_or_removed_socket_is_free() {
    let folder = Folder::new();
    let (path, moved) = (folder.0.join("s"), folder.0.join("moved"));
    for remove in [false, true] {
        let old = options(&path).create_sync().unwrap();
        if remove {
            fs::remove_file(&path).unwrap()
        } else {
            fs::rename(&path, &moved).unwrap()
        }
        let new = options(&path).create_sync().unwrap();
        connect(&path).unwrap().write_all(b"new").unwrap();
        expect_bytes(new.accept().unwrap(), b"new").unwrap();
        drop(old);
        connect(&path).unwrap();
        drop(new);
        assert!(!path.exists());
    }
    assert_eq!(names_in(&folder), ["moved"]);
}

/// What belongs to this process stays when a child by fork drops its copies.
#[test]
#[allow(unsafe_code)]
fn forked_child_removes_nothing() {
    use interprocess::os::unix::{fifo_file::FifoOptions, uds};
    let folder = Folder::new();
    let (path, fifo, other) = (folder.0.join("s"), folder.0.join("fifo"), folder.0.join("other"));
    let listener = options(&path).create_sync().unwrap();
    let fifo_guard = FifoOptions::new().create_guarded(&fifo).unwrap();
    let _socket = UnixListener::bind(&other).unwrap();
    let socket_guard = uds::UnlinkSocket::new(&other).unwrap();
    // SAFETY: the child makes only calls that a child of a process with several threads may make.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop((listener, fifo_guard, socket_guard));
        // SAFETY: it ends the child at once.
        unsafe { libc::_exit(0) };
    }
    let pid = rustix::process::Pid::from_raw(child).unwrap();
    rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty()).unwrap();
    assert_eq!(names_in(&folder), ["fifo", "other", "s"]);
    connect(&path).unwrap();
    assert_eq!(options(&path).create_sync().unwrap_err().kind(), ErrorKind::AddrInUse);
    drop((listener, fifo_guard, socket_guard));
    assert!(names_in(&folder).is_empty(), "{:?}", names_in(&folder));
}

/// However a socket came to its path, its peers are told that path, or nothing if it does not fit into an address.
#[test]
fn peers_are_told_the_path_that_was_asked_for() {
    if !common::has_proc() {
        return;
    }
    use interprocess::os::unix::uds::{UnixDatagram, UnixSeqpacketListener};
    let folder = Folder::new();
    let path = folder.0.join("s");
    if !common::fits_into_an_address(&path) {
        return;
    }
    let told = |path: &Path, options: ListenerOptions<'_>| {
        let listener = options.create_sync().unwrap();
        let client = connect(path).unwrap();
        let accepted = listener.accept().unwrap();
        assert_eq!(listener.local_name().unwrap().as_path(), Some(path));
        let names = [accepted.local_name().unwrap(), client.peer_name().unwrap()];
        names.map(|name| name.map(|name| name.as_path().unwrap().to_owned()))
    };
    let expected = [Some(path.clone()), Some(path.clone())];
    assert_eq!(told(&path, options(&path)), expected);
    assert_eq!(told(&path, options(&path).mode(0o666)), expected);
    assert_eq!(told(&path, options(&path).try_overwrite(true)), expected);
    let old = options(&path).create_sync().unwrap();
    assert_eq!(told(&path, options(&path).try_overwrite(true).mode(0o600)), expected);
    drop(old);

    let datagram = UnixDatagram::bind_with(&path, Some(0o666)).unwrap();
    assert_eq!(datagram.local_addr().unwrap().as_pathname(), Some(&*path));
    fs::remove_file(&path).unwrap();
    if let Ok(packets) = UnixSeqpacketListener::bind_with(&path, Some(0o666), 1) {
        assert_eq!(packets.local_addr().unwrap().as_pathname(), Some(&*path));
        fs::remove_file(&path).unwrap();
    }

    if cfg!(not(target_os = "linux")) {
        return common::skip("only Linux does this");
    }
    let path = long_path(&folder, 300);
    for options in [options(&path), options(&path).mode(0o600), options(&path).try_overwrite(true)] {
        assert_eq!(told(&path, options), [None, None]);
    }
    let client = UnixDatagram::bind(&path).unwrap();
    assert!(client.local_addr().unwrap().is_unnamed());
    let server_path = folder.0.join("server");
    let server = UnixDatagram::bind(&server_path).unwrap();
    client.send_to(b"x", &server_path).unwrap();
    let (_, from) = server.recv_from(&mut [0; 1]).unwrap();
    assert!(from.is_unnamed(), "{from}");
    server.send_to_addr(b"y", &from).unwrap_err();
    server.send_to(b"y", &path).unwrap();
    assert_eq!(client.recv(&mut [0; 1]).unwrap(), 1);

    // A foreign program gets the address as the kernel has it, and reaches nobody by it.
    let foreign = std::os::unix::net::UnixDatagram::bind(folder.0.join("foreign")).unwrap();
    client.send_to(b"x", folder.0.join("foreign")).unwrap();
    let (_, from) = foreign.recv_from(&mut [0; 1]).unwrap();
    let error = foreign.send_to(b"y", from.as_pathname().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{from:?}: {error}");
}

/// What a server has left that was killed while it took the path.
#[test]
fn remains_of_killed_servers_are_cleared_away() {
    let folder = Folder::new();
    let (path, old) = (folder.0.join("s"), folder.0.join(".s.interprocess-old"));
    fs::write(folder.0.join(".s.interprocess-lock"), "").unwrap();
    // A living socket gets its name back.
    let theirs = std::os::unix::net::UnixListener::bind(&old).unwrap();
    assert_eq!(options(&path).create_sync().unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(names_in(&folder), ["s"]);
    connect(&path).unwrap();
    drop(theirs);
    common::error_once_closed(|| connect(&path));

    // A dead one goes, and a stranger's file stays.
    fs::rename(&path, &old).unwrap();
    let theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert_eq!(options(&path).create_sync().unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(names_in(&folder), ["s"]);
    fs::write(&old, "precious").unwrap();
    drop(options(&path).try_overwrite(true).create_sync().unwrap());
    assert_eq!(names_in(&folder), [".s.interprocess-old"]);
    drop(theirs);
}

/// Runs a role as a user without privileges, if this one has any.
fn succeeds_unprivileged(role: &str, folder: &Folder) {
    let mut command = command_for_role(role, folder.0.to_str().unwrap());
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).unwrap();
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            common::skip("another user cannot run this program");
        }
        output => {
            let output = output.unwrap();
            let text = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy);
            assert!(output.status.success(), "{}{}", text[0], text[1]);
        }
    }
}

/// A file system without flock(2).
#[cfg(target_os = "linux")]
#[test]
fn taking_over_without_locks_is_unsupported_and_leaves_nothing() {
    use common::deny::{Rule, deny};
    for error in [libc::ENOSYS, libc::ENOLCK, libc::EOPNOTSUPP] {
        let test = move || {
            let folder = Folder::new();
            let path = folder.0.join("s");
            if !deny(&[Rule { call: libc::SYS_flock, error, argument: None }]) {
                return common::skip("no filters of system calls here");
            }
            let listener = options(&path).create_sync().unwrap();
            assert_eq!(names_in(&folder), ["s"]);
            drop(listener);
            assert_eq!(names_in(&folder), [""; 0]);
            drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
            let refused = common::error_once_closed(|| connect(&path));
            assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
            let error = options(&path).create_sync().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert_eq!(names_in(&folder), ["s"]);
        };
        // The denial ends with its thread.
        within_deadline(test);
    }
}

/// A server that was killed while its umask took the owner's permissions too.
#[test]
#[ignore = "a role, which another test starts"]
fn role_masked() {
    let folder = common::begin_role();
    let path = Path::new(&folder).join("s");
    let lock = path.with_file_name(".s.interprocess-lock");
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o000)).unwrap();
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o777));
    let living = options(&path).create_sync().unwrap();
    assert_eq!(options(&path).create_sync().unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0, "its mode is as it was");
    // As if killed.
    drop(UnixListener::from(living));
    // Not a lock file, but a link to another file that somebody has put there.
    let victim = path.with_file_name("victim");
    fs::write(&victim, "precious").unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o400)).unwrap();
    fs::hard_link(&victim, &lock).unwrap();
    options(&path).create_sync().unwrap_err();
    assert_eq!(fs::metadata(&victim).unwrap().permissions().mode() & 0o777, 0o400);
    fs::remove_file(&lock).unwrap();
    drop(options(&path).create_sync().unwrap());
    rustix::process::umask(before);
    assert!(!path.exists() && !lock.exists());
}

#[test]
fn umask_without_permissions_for_the_owner_does_not_block_the_path() {
    let folder = Folder::new();
    succeeds_unprivileged("role_masked", &folder);
}

/// Works in a directory by relative paths, and ends when that directory has another name.
#[test]
#[ignore = "a role, which another test starts"]
fn role_relative() {
    use interprocess::os::unix::{fifo_file::FifoOptions, uds};
    let folder = common::begin_role();
    let inner = Path::new(&folder).join("closed/inner");
    std::env::set_current_dir(&inner).unwrap();
    // Root can search every directory.
    fs::set_permissions(Path::new(&folder).join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let listener = options(Path::new("s")).create_sync().unwrap();
    let overwriting = options(Path::new("s")).try_overwrite(true).mode(0o640).create_sync().unwrap();
    drop(listener);
    connect(Path::new("s")).unwrap();
    let fifo = FifoOptions::new().exact_mode(true).create_guarded("fifo").unwrap();
    let _socket = UnixListener::bind("other").unwrap();
    let guard = uds::UnlinkSocket::new("other").unwrap();
    fs::set_permissions(Path::new(&folder).join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let renamed = Path::new(&folder).join("renamed");
    fs::rename(&inner, &renamed).unwrap();
    std::env::set_current_dir("/").unwrap();
    drop((overwriting, fifo, guard));
    assert_eq!(fs::read_dir(renamed).unwrap().count(), 0);
}

#[test]
fn relative_paths_need_no_path_from_the_root() {
    let folder = Folder::new();
    let closed = folder.0.join("closed");
    fs::create_dir_all(closed.join("inner")).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&closed, Some(65534), Some(65534)).unwrap();
        std::os::unix::fs::chown(closed.join("inner"), Some(65534), Some(65534)).unwrap();
    }
    succeeds_unprivileged("role_relative", &folder);
}

/// Checks the modes under the umask of its argument.
#[test]
#[ignore = "a role, which another test starts"]
fn role_umask() {
    let folder = common::begin_role();
    for mode in [0o600, 0o660, 0o666, 0o777, 0o000] {
        let path = Path::new(&folder).join(format!("{mode:o}"));
        let _listener = options(&path).mode(mode).create_sync().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{mode:o}");
    }
    for (kind, mode) in [("datagram", 0o622), ("packets", 0o622), ("fifo", 0o622)] {
        use interprocess::os::unix::{
            fifo_file::FifoOptions,
            uds::{UnixDatagram, UnixSeqpacketListener},
        };
        let path = Path::new(&folder).join(kind);
        match kind {
            "datagram" => drop(UnixDatagram::bind_with(&path, Some(mode)).unwrap()),
            "fifo" => FifoOptions::new().mode(mode).exact_mode(true).create(&path).unwrap(),
            _ if UnixSeqpacketListener::bind_with(&path, Some(mode), 1).is_err() => continue,
            _ => {}
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{kind}");
    }
    let path = Path::new(&folder).join("mine");
    let _listener = options(&path).current_user_only(true).create_sync().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn modes_under_any_umask() {
    for umask in ["000", "022", "077", "777"] {
        let folder = Folder::new();
        let own = command_for_role("role_umask", folder.0.to_str().unwrap());
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", r#"umask "$0"; exec "$@""#, umask]).arg(own.get_program()).args(own.get_args());
        for (key, value) in own.get_envs() {
            shell.env(key, value.unwrap());
        }
        let output = shell.output().unwrap();
        assert!(output.status.success(), "umask {umask}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn abstract_names_have_no_mode() {
    if cfg!(interprocess_portable_unix) {
        return common::skip("only Linux does this");
    }
    let name = common::fresh_name(common::Kind::Namespaced);
    let error = ListenerOptions::new().name(name).mode(0o600).create_sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn paths_of_any_length() {
    if !common::has_proc() {
        return;
    }
    let folder = Folder::new();
    if !common::fits_into_an_address(&folder.0) {
        return;
    }
    for length in [107, 108, 109, 300, 2000] {
        let path = long_path(&folder, length);
        let listener: Listener = options(&path).mode(0o600).create_sync().unwrap();
        connect(&path).unwrap().write_all(b"far").unwrap();
        expect_bytes(listener.accept().unwrap(), b"far").unwrap();
        let timed = ConnectOptions::new()
            .name(Name::path(&path).unwrap())
            .wait_mode(ConnectWaitMode::Timeout(common::FOREVER));
        timed.connect_sync().unwrap();
        assert_eq!(listener.local_name().unwrap().as_path(), Some(&*path));
        assert_eq!(options(&path).create_sync().unwrap_err().kind(), ErrorKind::AddrInUse);
        drop(listener);
        assert!(!path.exists());
    }
    let name = "s".repeat(104);
    let error = Name::path(folder.0.join(&name)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("108") && error.to_string().contains(&name), "{error}");
}

/// The folders of interprocess 2.4's namespaced names on systems without an abstract namespace.
#[test]
fn special_folders() {
    let text = common::unique();
    let name = SpecialDirUdSocket::map(Cow::Borrowed(OsStr::new(&text))).unwrap();
    let listener = ListenerOptions::new().name(name.borrow()).create_sync().unwrap();
    let run_user = PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
    let folder = if run_user.is_dir() { run_user } else { "/tmp".into() };
    assert!(fs::symlink_metadata(folder.join(&text)).unwrap().file_type().is_socket());
    Stream::connect(name).unwrap().write_all(b"x").unwrap();
    expect_bytes(listener.accept().unwrap(), b"x").unwrap();

    // Folders in the name are made.
    let outer = folder.join(common::unique());
    let text = format!("{}/inner folder/socket", outer.file_name().unwrap().to_str().unwrap());
    let name = SpecialDirUdSocket::map(Cow::Borrowed(OsStr::new(&text))).unwrap();
    let error = Stream::connect(name.borrow()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!outer.exists(), "connecting makes nothing");
    let listener = ListenerOptions::new().name(name.borrow()).create_sync();
    let heard = listener.and_then(|listener| {
        Stream::connect(name)?.write_all(b"x")?;
        expect_bytes(listener.accept()?, b"x")
    });
    fs::remove_dir_all(&outer).unwrap();
    heard.unwrap();
}
