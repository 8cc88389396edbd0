//! Options of Unix domain sockets, what they tell of the peer, their addresses and their files.
#![cfg(unix)]

mod common;

use common::{Folder, Killed, bytes, is_native_linux, start_role, unless_missing, within_deadline};
use interprocess::os::unix::uds::{
    AncillaryData, RecvBatch, SocketAddr, SocketAncillary, SocketCred, UnixDatagram, UnixListener,
    UnixSeqpacket, UnixSeqpacketListener, UnixSocketExt, UnixStream, UnlinkSocket, ancillary_size,
};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::{
    collections::HashSet,
    fs,
    io::{ErrorKind, IoSliceMut, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::fs::PermissionsExt,
    },
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// How much fits into a stream that nobody reads.
fn room_in(stream: &UnixStream) -> usize {
    stream.set_nonblocking(true).unwrap();
    let mut written = 0;
    loop {
        match (&*stream).write(&[7; 1000]) {
            Ok(count) => written += count,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return written;
            }
        }
    }
}

#[test]
fn buffer_sizes() {
    fn check(socket: &impl UnixSocketExt) {
        for size in [20_000, 100_000] {
            socket.set_send_buffer_size(size).unwrap();
            socket.set_recv_buffer_size(size).unwrap();
            assert!(socket.send_buffer_size().unwrap() >= size && socket.recv_buffer_size().unwrap() >= size);
        }
    }
    let folder = Folder::new();
    let (stream, _) = UnixStream::pair().unwrap();
    check(&stream);
    check(&UnixDatagram::unbound().unwrap());
    check(&UnixListener::bind(folder.0.join("a")).unwrap());
    if cfg!(not(target_vendor = "apple")) {
        check(&UnixSeqpacket::pair().unwrap().0);
        check(&UnixSeqpacketListener::bind(folder.0.join("b")).unwrap());
    }
    let rooms = [10_000, 100_000].map(|size| {
        let (a, b) = UnixStream::pair().unwrap();
        a.set_send_buffer_size(size).unwrap();
        b.set_recv_buffer_size(size).unwrap();
        room_in(&a)
    });
    assert!(rooms[0] * 2 < rooms[1], "{rooms:?}");
}

#[test]
fn peek_offset() {
    let (mut a, mut b) = UnixStream::pair().unwrap();
    if unless_missing(b.set_peek_offset(Some(0)), (3, 4)).is_none() {
        return;
    }
    b.set_nonblocking(true).unwrap();
    a.write_all(b"0123456789").unwrap();
    let mut buffer = [0; 4];
    for (expected, offset) in [(&b"0123"[..], 4), (b"4567", 8), (b"89", 10)] {
        let length = b.peek(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], b.peek_offset().unwrap()), (expected, Some(offset)));
    }
    assert_eq!(b.peek(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock, "all is seen");
    b.read_exact(&mut buffer).unwrap();
    assert_eq!((&buffer, b.peek_offset().unwrap()), (b"0123", Some(6)), "reading moves it back");
    b.set_peek_offset(Some(1)).unwrap();
    assert_eq!((b.peek(&mut buffer).unwrap(), &buffer), (4, b"5678"));
    b.set_peek_offset(None).unwrap();
    assert_eq!(b.peek_offset().unwrap(), None);
    for _ in 0..2 {
        assert_eq!((b.peek(&mut buffer).unwrap(), &buffer), (4, b"4567"));
    }
    let error = b.set_peek_offset(Some(1 << 31)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);

    let (a, b) = UnixDatagram::pair().unwrap();
    b.set_peek_offset(Some(2)).unwrap();
    a.send(b"hello").unwrap();
    a.send(b"world").unwrap();
    let mut buffer = [0; 9];
    assert!(b.peek(&mut buffer).unwrap() == 3 && buffer.starts_with(b"llo"));
    assert!(b.peek(&mut buffer).unwrap() == 5 && buffer.starts_with(b"world"));
}

#[test]
fn queue_sizes() {
    let (stream, mut stream_reader) = UnixStream::pair().unwrap();
    let (datagrams, datagram_reader) = UnixDatagram::pair().unwrap();
    for size in [10, 7] {
        (&stream).write_all(&vec![1; size]).unwrap();
        datagrams.send(&vec![1; size]).unwrap();
    }
    assert_eq!(stream_reader.recv_queue_size().unwrap(), 17);
    assert_eq!(datagram_reader.recv_queue_size().unwrap(), if cfg!(target_os = "linux") { 10 } else { 17 });
    if unless_missing(stream.send_queue_size(), (2, 2)).is_some() {
        assert!(stream.send_queue_size().unwrap() >= 17 && datagrams.send_queue_size().unwrap() >= 17);
        assert_eq!(stream_reader.send_queue_size().unwrap(), 0);
    }
    stream_reader.read_exact(&mut [0; 17]).unwrap();
    for _ in 0..2 {
        datagram_reader.recv(&mut [0]).unwrap();
    }
    assert_eq!(
        (stream_reader.recv_queue_size().unwrap(), datagram_reader.recv_queue_size().unwrap()),
        (0, 0)
    );
    if cfg!(target_os = "linux") {
        assert_eq!((stream.send_queue_size().unwrap(), datagrams.send_queue_size().unwrap()), (0, 0));
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.0.join("s")).unwrap();
        assert_eq!(listener.recv_queue_size().unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(listener.send_queue_size().unwrap(), 0);
    }
}

#[cfg(not(target_vendor = "apple"))]
#[test]
fn queue_sizes_of_packets() {
    let (a, b) = UnixSeqpacket::pair().unwrap();
    a.send(&[1; 10]).unwrap();
    a.send(&[1; 7]).unwrap();
    assert_eq!(b.recv_queue_size().unwrap(), 17);
    b.recv(&mut [0]).unwrap();
    assert_eq!(b.recv_queue_size().unwrap(), 7);
    if unless_missing(a.send_queue_size(), (2, 2)).is_some() {
        assert!(a.send_queue_size().unwrap() >= 7);
        b.recv(&mut [0]).unwrap();
        assert_eq!(a.send_queue_size().unwrap(), 0);
    }
}

/// The process that a descriptor is of, as the kernel tells it.
fn process_of(pidfd: BorrowedFd<'_>) -> i32 {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).unwrap();
    text.lines().find_map(|line| line.strip_prefix("Pid:")).unwrap().trim().parse().unwrap()
}

/// Whether the process has ended, waiting for it so long.
fn has_ended(pidfd: BorrowedFd<'_>, seconds: u64) -> bool {
    let mut entry = [PollFd::from_borrowed_fd(pidfd, PollFlags::IN)];
    rustix::event::poll(&mut entry, Some(&Timespec { tv_sec: seconds as _, tv_nsec: 0 })).unwrap() == 1
}

/// Connects, sends a datagram to the same path with `.d`, and waits to be killed.
#[test]
#[ignore = "a role, which another test starts"]
fn role_client() {
    let path = common::begin_role();
    let mut stream = UnixStream::connect(&path).unwrap();
    UnixDatagram::unbound().unwrap().send_to(b"here I am", format!("{path}.d")).unwrap();
    let _ = stream.read(&mut [0]);
}

/// The descriptors of a peer's process, of its connection and of its message, outlive it and tell when it ends.
#[cfg(target_os = "linux")]
#[test]
fn pidfds_of_another_process() {
    if !common::has_proc() {
        return;
    }
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let datagrams = UnixDatagram::bind(folder.0.join("s.d")).unwrap();
        if unless_missing(datagrams.set_pass_pidfd(true), (6, 5)).is_none() {
            return;
        }
        assert!(datagrams.pass_pidfd().unwrap() && !listener.pass_pidfd().unwrap());
        let mut child = start_role("role_client", path.to_str().unwrap());
        let id = child.0.id() as i32;
        let (stream, _) = listener.accept_timeout(common::FOREVER).unwrap();
        let Some(of_stream) = unless_missing(stream.peer_pidfd(), (6, 5)) else { return };

        let mut room = vec![0; ancillary_size(0)];
        let mut ancillary = SocketAncillary::new(&mut room);
        let mut buffer = [0; 9];
        let (length, _) = datagrams
            .recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut buffer)], &mut ancillary)
            .unwrap();
        assert!(length == 9 && buffer == *b"here I am" && !ancillary.truncated());
        let mut messages = ancillary.messages();
        let Some(Ok(AncillaryData::ScmPidfd(of_message))) = messages.next() else { panic!("no descriptor") };
        assert!(messages.next().is_none());
        assert_eq!(ancillary.messages().count(), 0, "it is taken");

        for pidfd in [&of_stream, &of_message] {
            assert_eq!(process_of(pidfd.as_fd()), id);
            assert!(!has_ended(pidfd.as_fd(), 0));
            assert!(rustix::io::fcntl_getfd(pidfd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        }
        child.0.kill().unwrap();
        for pidfd in [&of_stream, &of_message] {
            assert!(has_ended(pidfd.as_fd(), 100));
        }
        child.kill();
        // It is waited for now. Its number may be another's already, the descriptor may not.
        match stream.peer_pidfd() {
            Ok(pidfd) => assert!(has_ended(pidfd.as_fd(), 0)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
        }
        assert_eq!(stream.peer_cred().unwrap().pid(), Some(id));
    });
}

#[test]
fn pidfds_of_this_process() {
    if !common::has_proc() {
        return;
    }
    let (a, b) = UnixDatagram::pair().unwrap();
    let Some(pidfd) = unless_missing(a.peer_pidfd(), (6, 5)) else { return };
    assert_eq!(process_of(pidfd.as_fd()), std::process::id() as i32);
    let nobody = UnixDatagram::unbound().unwrap();
    assert_eq!(nobody.peer_pidfd().unwrap_err().kind(), ErrorKind::NotConnected);
    // With credentials in the same message, and switched off again. qemu knows the one option and not the other.
    if unless_missing(a.set_pass_pidfd(true), (6, 5)).is_none() {
        return;
    }
    a.set_passcred(true).unwrap();
    b.send(b"x").unwrap();
    let mut room = vec![0; ancillary_size(0)];
    let mut ancillary = SocketAncillary::new(&mut room);
    a.recv_vectored_with_ancillary(&mut [], &mut ancillary).unwrap();
    let (mut pidfds, mut creds) = (0, Vec::new());
    for message in ancillary.messages() {
        match message.unwrap() {
            AncillaryData::ScmPidfd(pidfd) => {
                assert_eq!(process_of(pidfd.as_fd()), std::process::id() as i32);
                pidfds += 1;
            }
            AncillaryData::ScmCredentials(found) => creds.extend(found),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((pidfds, creds), (1, vec![SocketCred::of_this_process()]));
    a.set_pass_pidfd(false).unwrap();
    a.set_passcred(false).unwrap();
    assert!(!a.pass_pidfd().unwrap() && !a.passcred().unwrap());
    b.send(b"x").unwrap();
    a.recv_vectored_with_ancillary(&mut [], &mut ancillary).unwrap();
    assert!(ancillary.is_empty() && !ancillary.truncated());
}

/// Counts descriptors, in a process without other tests: those that came without being asked for by name, too.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_counts() {
    common::begin_role();
    let (a, b) = UnixSeqpacket::pair().unwrap();
    let (passed, _kept) = UnixStream::pair().unwrap();
    if unless_missing(b.set_pass_pidfd(true), (6, 5)).is_none() {
        return;
    }
    b.set_passcred(true).unwrap();
    let mut batch = RecvBatch::with_ancillary(3, 8, ancillary_size(3));
    let mut small_batch = RecvBatch::with_ancillary(3, 8, 32);
    let before = common::open_descriptors();
    // From no room at all to room for everything, and each part of it.
    for size in 0..ancillary_size(3) {
        a.send_with_fds(b"message", &[passed.as_fd(); 3]).unwrap();
        let mut room = vec![0; size];
        let mut ancillary = SocketAncillary::new(&mut room);
        b.recv_vectored_with_ancillary(&mut [], &mut ancillary).unwrap();
        let taken =
            ancillary.messages().filter(|message| matches!(message, Ok(AncillaryData::ScmPidfd(_)))).count();
        let open = common::open_descriptors() - before;
        assert!(
            open <= 3 && taken <= 1 && (taken == 0 || open == 3 || ancillary.truncated()),
            "{size}: {open}"
        );
        drop(ancillary);
        assert_eq!(common::open_descriptors(), before, "room for {size} bytes");
    }
    for _ in 0..20 {
        for batch in [&mut batch, &mut small_batch] {
            a.send_with_fds(b"message", &[passed.as_fd(); 3]).unwrap();
            a.send(b"message").unwrap();
            assert_eq!(b.recv_many(batch).unwrap(), 2);
        }
    }
    batch.clear();
    drop(small_batch);
    assert_eq!(common::open_descriptors(), before);
    // And where nobody can take any.
    for _ in 0..5 {
        a.send_with_fds(b"message", &[passed.as_fd(); 3]).unwrap();
    }
    let mut buffer = [0; 8];
    b.peek(&mut buffer).unwrap();
    b.recv(&mut buffer).unwrap();
    b.recv_packet(&mut buffer).unwrap();
    b.recv_vectored(&mut [IoSliceMut::new(&mut buffer)]).unwrap();
    b.recv_many(&mut RecvBatch::new(1, 8)).unwrap();
    let (_, fds) = b.recv_with_fds(&mut buffer, 0).unwrap();
    assert!(fds.is_truncated() && fds.is_empty());
    assert_eq!(common::open_descriptors(), before);
    drop(unless_missing(a.peer_pidfd(), (6, 5)));
    assert_eq!(common::open_descriptors(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_open() {
    start_role("role_counts", "").succeeds();
}

/// Accepted sockets inherit the switches on Linux, so that not even the first message comes without.
#[cfg(target_os = "linux")]
#[test]
fn switches_are_inherited_and_give_names() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let listener = UnixListener::bind(&path).unwrap();
    assert!(!listener.passcred().unwrap());
    listener.set_passcred(true).unwrap();
    UnixStream::connect(&path).unwrap().write_all(b"x").unwrap();
    let (stream, _) = listener.accept().unwrap();
    assert!(stream.passcred().unwrap());
    let mut room = vec![0; ancillary_size(0)];
    let mut ancillary = SocketAncillary::new(&mut room);
    stream.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut [0])], &mut ancillary).unwrap();
    assert!(matches!(ancillary.messages().next(), Some(Ok(AncillaryData::ScmCredentials(_)))));

    let receiver = UnixDatagram::bind(folder.0.join("d")).unwrap();
    let sender = UnixDatagram::unbound().unwrap();
    sender.set_passcred(true).unwrap();
    sender.send_to(b"x", folder.0.join("d")).unwrap();
    let (_, from) = receiver.recv_from(&mut [0]).unwrap();
    assert!(from.as_abstract_name().is_some() && from == sender.local_addr().unwrap(), "{from}");
}

#[test]
fn security_labels() {
    let (a, b) = UnixStream::pair().unwrap();
    match a.set_pass_security(true) {
        Ok(()) => {
            assert!(a.pass_security().unwrap() && !b.pass_security().unwrap());
            a.set_pass_security(false).unwrap();
            assert!(!a.pass_security().unwrap());
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
    }
    // Only with a module that labels, such as SELinux; else there is nothing to tell.
    match a.peer_security() {
        Ok(label) => assert!(!label.is_empty() && !label.contains(&0), "{}", label.escape_ascii()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
    }
    if cfg!(not(target_vendor = "apple")) {
        assert_eq!(a.peer_effective_pid().unwrap_err().kind(), ErrorKind::Unsupported);
    }
}

#[test]
fn mark() {
    let (a, _b) = UnixStream::pair().unwrap();
    match a.set_mark(7) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            assert!(!has_net_admin(), "{error}");
        }
        Err(error) => {
            assert!(error.kind() == ErrorKind::Unsupported && !is_native_linux((2, 6)), "{error}");
        }
    }
}

/// Whether this process may mark sockets: root may, but in a container it takes CAP_NET_ADMIN.
fn has_net_admin() -> bool {
    if cfg!(not(target_os = "linux")) {
        return rustix::process::geteuid().is_root();
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    u64::from_str_radix(set, 16).unwrap() & (1 << 12) != 0
}

#[test]
fn addresses_as_bytes_and_text() {
    let path = SocketAddr::from_pathname("/tmp/with space\u{e9}").unwrap();
    assert_eq!(
        (path.as_bytes(), path.to_string()),
        ("/tmp/with space\u{e9}".as_bytes(), "/tmp/with space\u{e9}".into())
    );
    let unnamed = SocketAddr::unnamed();
    assert!(unnamed.is_unnamed() && unnamed.as_bytes().is_empty() && unnamed.as_pathname().is_none());
    assert!(unnamed.as_abstract_name().is_none());
    assert_eq!((unnamed.to_string(), format!("{unnamed:?}")), ("(unnamed)".into(), "(unnamed)".into()));
    let mut all = vec![path, unnamed, SocketAddr::from_pathname("p".repeat(100)).unwrap()];
    if cfg!(all(target_os = "linux", not(interprocess_portable_unix))) {
        let name = SocketAddr::from_abstract_name(b"a \0\n\xff").unwrap();
        assert_eq!(name.as_bytes(), b"\0a \0\n\xff");
        assert_eq!(name.to_string(), r"@a \x00\n\xff");
        assert!(name.as_pathname().is_none() && !name.is_unnamed());
        // Names that differ by a NUL alone are different, and the empty one is a name.
        all.extend([name, SocketAddr::from_abstract_name(b"a \0\n\xff\0").unwrap()]);
        all.push(SocketAddr::from_abstract_name(b"").unwrap());
        assert!(!all.last().unwrap().is_unnamed());
    } else {
        let error = SocketAddr::from_abstract_name(b"name").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(SocketAddr::from_bytes(b"\0name").unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(UnixDatagram::autobind().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(UnixListener::autobind().unwrap_err().kind(), ErrorKind::Unsupported);
    }
    for address in &all {
        let again = SocketAddr::from_bytes(address.as_bytes()).unwrap();
        assert_eq!(&again, address);
        assert_eq!(all.iter().filter(|other| **other == again).count(), 1, "{address}");
    }
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    for bad in [&b"a\0b"[..], &[b'x'; 109], &[0; 109]] {
        let kind = SocketAddr::from_bytes(bad).unwrap_err().kind();
        assert!(kind == ErrorKind::InvalidInput || kind == ErrorKind::Unsupported && bad[0] == 0, "{kind}");
    }
}

/// Names that the kernel chooses are different, and can be written down, read again and connected to.
#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn chosen_names() {
    let listeners = [UnixListener::autobind().unwrap(), UnixListener::autobind().unwrap()];
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    assert_ne!(addresses[0], addresses[1]);
    for (listener, address) in listeners.iter().zip(&addresses) {
        let written = address.as_bytes().to_vec();
        let read = SocketAddr::from_bytes(&written).unwrap();
        UnixStream::connect_addr(&read).unwrap().write_all(b"found").unwrap();
        common::expect_bytes(listener.accept().unwrap().0, b"found").unwrap();
    }
}

#[test]
fn unlink_on_drop_removes_its_own_file_alone() {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let bind = || UnixDatagram::bind(&path).unwrap();
    assert_eq!(UnlinkSocket::new(&path).unwrap_err().kind(), ErrorKind::NotFound);
    fs::write(&path, "precious").unwrap();
    assert_eq!(UnlinkSocket::new(&path).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    fs::remove_file(&path).unwrap();

    let socket = bind();
    let guard = UnlinkSocket::new(&path).unwrap();
    assert_eq!(guard.path(), path);
    drop(socket);
    assert!(path.exists(), "the socket leaves its file, as std's does");
    drop(guard);
    assert!(!path.exists());

    let _socket = bind();
    UnlinkSocket::new(&path).unwrap().keep();
    assert!(path.exists());

    // A file that has taken the place of the one that was meant stays, and so does one that was moved away.
    let guard = UnlinkSocket::new(&path).unwrap();
    let moved = folder.0.join("moved");
    fs::rename(&path, &moved).unwrap();
    let _successor = bind();
    drop(guard);
    assert!(path.exists() && moved.exists());
    let guard = UnlinkSocket::new(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "precious").unwrap();
    drop(guard);
    assert_eq!(fs::read(&path).unwrap(), b"precious");
    fs::remove_file(&path).unwrap();
    let link = folder.0.join("link");
    std::os::unix::fs::symlink(&moved, &link).unwrap();
    assert_eq!(UnlinkSocket::new(&link).unwrap_err().kind(), ErrorKind::InvalidInput);
    let names = fs::read_dir(&folder.0).unwrap().count();
    assert_eq!(names, 2, "nothing of its own is left: the link and its target are there");
}

/// Binds with a relative path, goes elsewhere, and removes the file.
#[test]
#[ignore = "a role, which another test starts"]
fn role_goes_elsewhere() {
    let folder = common::begin_role();
    let folder = Path::new(&folder);
    std::env::set_current_dir(folder).unwrap();
    let _socket = UnixDatagram::bind("s").unwrap();
    let guard = UnlinkSocket::new("s").unwrap();
    fs::create_dir("elsewhere").unwrap();
    std::env::set_current_dir("elsewhere").unwrap();
    let _other = UnixDatagram::bind("s").unwrap();
    drop(guard);
    assert!(!folder.join("s").exists() && folder.join("elsewhere/s").exists());
}

#[test]
fn unlink_on_drop_after_a_change_of_folder() {
    let folder = Folder::new();
    start_role("role_goes_elsewhere", folder.0.to_str().unwrap()).succeeds();
}

/// Makes files with exact modes while other threads change the process's umask all the time.
#[test]
#[ignore = "a role, which another test starts"]
fn role_umask() {
    let folder = common::begin_role();
    let folder = Path::new(&folder);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for masks in [[0o000, 0o777], [0o022, 0o477]] {
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    for mask in masks {
                        rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
                    }
                }
            });
        }
        let work = scope.spawn(|| {
            for round in 0..30 {
                for mode in [0o600, 0o660, 0o666, 0o777, 0o000, 0o751] {
                    let (is_looking, is_bound) = (AtomicBool::new(false), AtomicBool::new(false));
                    let path = folder.join(format!("{round}-{mode:o}"));
                    thread::scope(|scope| {
                        // Whoever looks at the file before it is ready finds no permission that it shall not have, where
                        // bind(2) makes it with its mode. Elsewhere it gets its mode before it listens.
                        scope.spawn(|| {
                            let has_mode = cfg!(all(target_os = "linux", not(interprocess_portable_unix)));
                            while !is_bound.load(Ordering::Relaxed) {
                                is_looking.store(true, Ordering::Relaxed);
                                if let Ok(metadata) = fs::metadata(&path) {
                                    let found = metadata.permissions().mode() & 0o777;
                                    assert!(found & !mode == 0 || !has_mode, "{found:o} for {mode:o}");
                                }
                            }
                        });
                        while !is_looking.load(Ordering::Relaxed) {
                            thread::yield_now();
                        }
                        let bound = match round % 3 {
                            0 => UnixDatagram::bind_with(&path, Some(mode)).map(drop),
                            1 if cfg!(not(target_vendor = "apple")) => {
                                UnixSeqpacketListener::bind_with(&path, Some(mode), 5).map(drop)
                            }
                            _ => UnixListener::bind_with(&path, Some(mode), 5).map(drop),
                        };
                        is_bound.store(true, Ordering::Relaxed);
                        bound.unwrap();
                    });
                    let found = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                    assert_eq!(found, mode, "{found:o} for {mode:o}");
                    fs::remove_file(&path).unwrap();
                }
            }
        });
        let result = work.join();
        is_over.store(true, Ordering::Relaxed);
        result.unwrap();
    });
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing else is left");
}

#[test]
fn modes_under_a_hostile_umask() {
    let folder = Folder::new();
    let mut child: Killed = start_role("role_umask", folder.0.to_str().unwrap());
    within_deadline(move || child.succeeds());
}

/// The switches change nothing in the bytes.
#[test]
fn bytes_are_the_same_with_everything_on() {
    within_deadline(|| {
        let (a, b) = UnixStream::pair().unwrap();
        for socket in [&a, &b] {
            for result in
                [socket.set_passcred(true), socket.set_pass_pidfd(true), socket.set_pass_security(true)]
            {
                assert!(result.is_ok() || result.is_err_and(|error| error.kind() == ErrorKind::Unsupported));
            }
        }
        let (up, down) = (bytes(1, 1 << 20), bytes(2, 1 << 20));
        thread::scope(|scope| {
            let other = scope.spawn(|| common::exchange(&b, &down, &up));
            common::exchange(&a, &up, &down).unwrap();
            other.join().unwrap().unwrap();
        });
    });
}
