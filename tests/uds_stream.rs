//! Unix domain stream sockets, held against std's own test cases and against std's and Tokio's types at the other end.
#![cfg(unix)]

mod common;

use common::{Folder, bytes, exchange, expect_bytes, within_deadline};
use interprocess::os::unix::uds::{
    AncillaryData, SocketAddr, SocketAncillary, SocketCred, UnixListener, UnixSocketExt, UnixStream,
    ancillary_size,
};
use std::{
    io::{ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    thread,
    time::Duration,
};

#[test]
fn basic() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (stream, peer) = listener.accept().unwrap();
            assert!(peer.is_unnamed());
            exchange(&stream, b"world", b"hello").unwrap();
        });
        let stream = UnixStream::connect(&path).unwrap();
        assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(&*path));
        assert!(stream.local_addr().unwrap().is_unnamed());
        exchange(&stream, b"hello", b"world").unwrap();
        assert_eq!((&stream).read(&mut [0]).unwrap(), 0);
        server.join().unwrap();
    });
}

#[test]
fn pair_and_clones() {
    let (a, b) = UnixStream::pair().unwrap();
    let copy = a.try_clone().unwrap();
    (&a).write_all(b"one").unwrap();
    (&copy).write_all(b"two").unwrap();
    expect_bytes(&b, b"onetwo").unwrap();
    drop(a);
    (&copy).write_all(b"three").unwrap();
    drop(copy);
    expect_bytes(&b, b"three").unwrap();
    assert_eq!((&b).read(&mut [0]).unwrap(), 0);
}

#[test]
fn incoming() {
    let folder = Folder::new();
    let path = folder.0.join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let clients = thread::spawn(move || {
        for _ in 0..2 {
            UnixStream::connect(&path).unwrap().write_all(&[0]).unwrap();
        }
    });
    for stream in listener.incoming().take(2) {
        expect_bytes(stream.unwrap(), &[0]).unwrap();
    }
    clients.join().unwrap();
}

#[test]
fn addresses() {
    let folder = Folder::new();
    for bad in ["", "a\0b"] {
        assert_eq!(SocketAddr::from_pathname(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(UnixStream::connect(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(UnixListener::bind(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let path = folder.0.join("sock");
    let address = SocketAddr::from_pathname(&path).unwrap();
    assert_eq!(address.as_pathname(), Some(&*path));
    assert_eq!(format!("{address:?}"), format!("{path:?} (pathname)"));
    let listener = UnixListener::bind_addr(&address).unwrap();
    assert_eq!(listener.local_addr().unwrap(), address);
    UnixStream::connect_addr(&address).unwrap();
    assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(SocketAddr::from_pathname("x".repeat(200)).unwrap_err().kind(), ErrorKind::InvalidInput);

    // Without a NUL at its end, as the kernel allows.
    let longest = "y".repeat(if cfg!(target_os = "linux") { 108 } else { 104 });
    let address = SocketAddr::from_pathname(&longest).unwrap();
    assert_eq!(address.as_pathname().unwrap().to_str(), Some(&*longest));
}

#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn abstract_addresses() {
    let name = [common::unique().as_bytes(), b"\0\xff binary"].concat();
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    assert_eq!(address.as_abstract_name(), Some(&*name));
    let listener = UnixListener::bind_addr(&address).unwrap();
    let client = UnixStream::connect_addr(&address).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert_eq!(client.peer_addr().unwrap(), address);
    assert_eq!(server.local_addr().unwrap(), address);
    let longest = [b'x'; 107];
    assert_eq!(SocketAddr::from_abstract_name(longest).unwrap().as_abstract_name(), Some(&longest[..]));
    assert_eq!(SocketAddr::from_abstract_name([b'x'; 108]).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// std's `test_abstract_stream_connect` and `test_abstract_stream_iter`.
#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn abstract_stream_connect_and_iter() {
    within_deadline(|| {
        let address = SocketAddr::from_abstract_name(common::unique()).unwrap();
        assert!(address.as_pathname().is_none() && !address.is_unnamed());
        let listener = UnixListener::bind_addr(&address).unwrap();
        assert_eq!(UnixListener::bind_addr(&address).unwrap_err().kind(), ErrorKind::AddrInUse);
        let at = address.clone();
        let clients = thread::spawn(move || {
            for number in 0..2 {
                let stream = UnixStream::connect_addr(&at).unwrap();
                assert_eq!(stream.peer_addr().unwrap(), at);
                exchange(&stream, &[number], &[!number]).unwrap();
                assert_eq!((&stream).read(&mut [0]).unwrap(), 0);
            }
        });
        for (number, stream) in (0..2).zip(&listener) {
            exchange(&stream.unwrap(), &[!number], &[number]).unwrap();
        }
        clients.join().unwrap();
        // The name ends with its socket.
        drop(listener);
        let error = common::error_once_closed(|| UnixStream::connect_addr(&address));
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn addresses_of_std_and_back() {
    let folder = Folder::new();
    let listener = net::UnixListener::bind(folder.0.join("s")).unwrap();
    let mut std = vec![
        listener.local_addr().unwrap(),
        net::SocketAddr::from_pathname("relative").unwrap(),
        net::UnixDatagram::unbound().unwrap().local_addr().unwrap(),
    ];
    #[cfg(target_os = "linux")]
    for name in [&b"name"[..], b"", b"\0\xff@\"\n"] {
        std.push(<net::SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name).unwrap());
    }
    for std in std {
        let ours = SocketAddr::from(std.clone());
        assert_eq!(format!("{ours:?}"), format!("{std:?}"));
        assert_eq!(ours.as_pathname(), std.as_pathname());
        let back = net::SocketAddr::try_from(ours.clone()).unwrap();
        assert_eq!((format!("{back:?}"), back.is_unnamed()), (format!("{std:?}"), ours.is_unnamed()));
    }
    let full = SocketAddr::from_pathname("y".repeat(if cfg!(target_os = "linux") { 108 } else { 104 }));
    let full = full.unwrap();
    assert!(format!("{full:?}").ends_with("yyy\" (pathname)"), "{full:?}");
    assert_eq!(net::SocketAddr::try_from(full).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// A path with a NUL in front is not a name in the abstract namespace.
#[test]
fn abstract_namespace_not_allowed_connect() {
    let error = UnixStream::connect(format!("\0{}", common::unique())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn abstract_socket_addr_display() {
    let name: Vec<u8> = (0..=255).step_by(3).collect();
    let expected: String =
        name.iter().flat_map(|&byte| std::ascii::escape_default(byte)).map(char::from).collect();
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    assert_eq!(format!("{address}"), format!("@{expected}"));
}

#[test]
fn vectored() {
    let (mut a, mut b) = UnixStream::pair().unwrap();
    let sent = [IoSlice::new(b"to"), IoSlice::new(b""), IoSlice::new(b"geth"), IoSlice::new(b"er")];
    assert_eq!(a.write_vectored(&sent).unwrap(), 8);
    let (mut first, mut second) = ([0; 3], [b'-'; 7]);
    let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(b.read_vectored(&mut slices).unwrap(), 8);
    assert_eq!((&first, &second), (b"tog", b"ether--"));

    // More slices than a system takes are not an error, but a short write.
    let many = vec![IoSlice::new(b"x"); 3000];
    let written = a.write_vectored(&many).unwrap();
    assert!((1..3000).contains(&written), "{written}");
    let mut room = vec![0; 3000];
    let mut slices: Vec<_> = room.chunks_mut(1).map(IoSliceMut::new).collect();
    assert_eq!(b.read_vectored(&mut slices).unwrap(), written);
    assert!(room[..written].iter().all(|&byte| byte == b'x'));
}

/// std refuses a path that does not fit into an address; here, on Linux, only a last part that is too long is refused.
#[test]
fn long_path() {
    let folder = Folder::new();
    let path = folder.0.join("s".repeat(150));
    assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::InvalidInput);
    let path = common::long_path(&folder, 400);
    if !common::has_proc() {
        for error in [UnixStream::connect(&path).unwrap_err(), UnixListener::bind(&path).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains("/proc is not mounted"), "{error}");
        }
        return;
    }
    if cfg!(target_os = "linux") {
        assert_eq!(UnixStream::connect(&path).unwrap_err().kind(), ErrorKind::NotFound);
        let listener = UnixListener::bind(&path).unwrap();
        (&UnixStream::connect(&path).unwrap()).write_all(b"far").unwrap();
        expect_bytes(listener.accept().unwrap().0, b"far").unwrap();
    } else {
        assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn timeouts() {
    let (a, _b) = UnixStream::pair().unwrap();
    assert_eq!(a.read_timeout().unwrap(), None);
    for wrong in [a.set_read_timeout(Some(Duration::ZERO)), a.set_write_timeout(Some(Duration::ZERO))] {
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let timeout = Some(Duration::from_millis(20));
    a.set_read_timeout(timeout).unwrap();
    a.set_write_timeout(timeout).unwrap();
    assert!(a.read_timeout().unwrap() >= timeout && a.write_timeout().unwrap() >= timeout);
    assert_eq!((&a).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    a.set_read_timeout(None).unwrap();
    assert_eq!(a.read_timeout().unwrap(), None);
}

#[test]
fn shutdown_peek_and_errors() {
    let (a, b) = UnixStream::pair().unwrap();
    (&a).write_all(b"seen").unwrap();
    let mut seen = [0; 4];
    assert_eq!(b.peek(&mut seen).unwrap(), 4);
    expect_bytes(&b, b"seen").unwrap();
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&b).read(&mut seen).unwrap(), 0);
    assert_eq!((&a).write(&[0]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    a.set_nonblocking(true).unwrap();
    assert_eq!((&a).read(&mut seen).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(a.take_error().unwrap().is_none());
}

/// std's `timeouts`: what was set is what is told, to the second.
#[test]
fn timeouts_are_told_exactly() {
    let (a, b) = UnixStream::pair().unwrap();
    let [long, longer] = [15_410, 99_999].map(|seconds| Some(Duration::from_secs(seconds)));
    a.set_read_timeout(long).unwrap();
    assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (long, None));
    a.set_write_timeout(longer).unwrap();
    assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (long, longer));
    a.set_read_timeout(None).unwrap();
    assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (None, longer));
    a.set_write_timeout(None).unwrap();
    assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (None, None));
    assert_eq!(b.read_timeout().unwrap(), None);
}

/// std's `test_read_timeout` and `test_read_with_timeout`.
#[test]
fn read_with_timeout() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixListener::bind(&path).unwrap();
        let mut stream = UnixStream::connect(&path).unwrap();
        let timeout = Duration::from_millis(50);
        stream.set_read_timeout(Some(timeout)).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(b"hello world").unwrap();
        expect_bytes(&stream, b"hello world").unwrap();
        let begin = std::time::Instant::now();
        let kind = stream.read_exact(&mut [0; 10]).unwrap_err().kind();
        assert_eq!(kind, ErrorKind::WouldBlock);
        assert!(begin.elapsed() >= timeout - Duration::from_millis(10), "{:?}", begin.elapsed());
        server.write_all(b"still connected").unwrap();
        expect_bytes(&stream, b"still connected").unwrap();
    });
}

/// A write that nobody reads ends in time, and what it wrote before is there.
#[test]
fn write_with_timeout() {
    within_deadline(|| {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        a.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut written = 0;
        let error = loop {
            match a.write(&[7; 5000]) {
                Ok(count) => written += count,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        drop(a);
        let mut got = Vec::new();
        b.read_to_end(&mut got).unwrap();
        assert!(got.len() == written && got.iter().all(|&byte| byte == 7));
    });
}

/// std's `test_unix_stream_peek`.
#[test]
fn peek_leaves_what_it_reads() {
    let (mut a, mut b) = UnixStream::pair().unwrap();
    a.write_all(&[1, 3, 3, 7]).unwrap();
    let mut buffer = [0; 10];
    for _ in 0..2 {
        assert_eq!(b.peek(&mut buffer).unwrap(), 4);
        assert_eq!(buffer[..4], [1, 3, 3, 7]);
        buffer.fill(0);
    }
    assert_eq!(b.read(&mut buffer).unwrap(), 4);
    b.set_nonblocking(true).unwrap();
    assert_eq!(b.peek(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!(b.peek(&mut buffer).unwrap(), 0);
}

/// Each direction ends alone, for all objects of the stream, and whoever waits is woken.
#[test]
fn shutdown() {
    within_deadline(|| {
        let (a, b) = UnixStream::pair().unwrap();
        let copy = a.try_clone().unwrap();
        let waiting = thread::spawn(move || (&copy).read(&mut [0]).unwrap());
        a.shutdown(Shutdown::Read).unwrap();
        assert_eq!(waiting.join().unwrap(), 0);
        assert_eq!((&b).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        (&a).write_all(b"the other way").unwrap();
        expect_bytes(&b, b"the other way").unwrap();
        b.shutdown(Shutdown::Both).unwrap();
        assert_eq!((&a).write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!((&b).read(&mut [0]).unwrap(), 0);
    });
}

/// std's `test_send_vectored_fds_unix_stream`, with what std does not test: several messages in one buffer, descriptors
/// that nobody takes, and a buffer that is used again.
#[test]
fn send_vectored_fds() {
    within_deadline(|| {
        let (a, b) = UnixStream::pair().unwrap();
        let pairs: Vec<_> = (0..3).map(|_| UnixStream::pair().unwrap()).collect();
        let mut room = vec![0; 2 * ancillary_size(3)];
        let mut outgoing = SocketAncillary::new(&mut room);
        assert!(outgoing.is_empty() && outgoing.add_fds(&[pairs[0].0.as_fd(), pairs[1].0.as_fd()]));
        assert!(outgoing.add_fds(&[pairs[2].0.as_fd()]));
        let sent = [IoSlice::new(b"with "), IoSlice::new(b"three")];
        assert_eq!(a.send_vectored_with_ancillary(&sent, &mut outgoing).unwrap(), 10);
        (&a).write_all(b"without").unwrap();
        drop(outgoing);
        let kept: Vec<UnixStream> = pairs.into_iter().map(|(_passed, kept)| kept).collect();

        let mut room = vec![0; ancillary_size(3)];
        let mut incoming = SocketAncillary::new(&mut room);
        let (mut first, mut second) = ([0; 4], [0; 20]);
        let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        // Bytes that came with other descriptors, or with none, are not joined to these.
        assert_eq!(b.recv_vectored_with_ancillary(&mut slices, &mut incoming).unwrap(), 10);
        assert_eq!((&first, &second[..6]), (b"with", &b" three"[..]));
        assert!(!incoming.truncated() && !incoming.is_empty());

        // Taken in the order in which they were sent, each once, in two rounds over the messages.
        let mut taken = Vec::new();
        while taken.len() < 2 {
            for message in incoming.messages() {
                let Ok(AncillaryData::ScmRights(mut rights)) = message else { panic!("{message:?}") };
                taken.extend(rights.next());
            }
        }
        for (fd, kept) in taken.into_iter().zip(&kept) {
            assert!(rustix::io::fcntl_getfd(&fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
            (&UnixStream::from(fd)).write_all(b"mine").unwrap();
            expect_bytes(kept, b"mine").unwrap();
            assert_eq!((&*kept).read(&mut [0]).unwrap(), 0, "nobody else has it");
        }
        // The third is closed by receiving again.
        let mut rest = [0; 7];
        assert_eq!(
            b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut rest)], &mut incoming).unwrap(),
            7
        );
        assert_eq!(&rest, b"without");
        assert_eq!(incoming.messages().count(), 0);
        assert_eq!((&kept[2]).read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn descriptors_that_do_not_fit_or_do_not_go() {
    within_deadline(|| {
        let (a, b) = UnixStream::pair().unwrap();
        let (passed, kept) = UnixStream::pair().unwrap();
        let three = [passed.as_fd(); 3];
        assert_eq!(a.send_with_fds(b"x", &three).unwrap(), 1);
        assert_eq!(a.send_with_fds(b"y", &three).unwrap(), 1);
        assert_eq!(a.send_with_fds(b"z", &three).unwrap(), 1);
        let mut byte = [0];
        let (count, fds) = b.recv_with_fds(&mut byte, 2).unwrap();
        assert!((count, byte, fds.len(), fds.is_truncated()) == (1, *b"x", 2, true), "{fds:?}");
        // Room for one number alone, or two.
        let size =
            if common::cuts_control_messages() { ancillary_size(1) - ancillary_size(0) + 16 } else { 0 };
        let mut room = vec![0; size];
        let mut incoming = SocketAncillary::new(&mut room);
        b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut byte)], &mut incoming).unwrap();
        assert!(incoming.truncated() && byte == *b"y");
        // An ordinary read closes what it cannot deliver.
        (&b).read_exact(&mut byte).unwrap();
        assert_eq!(byte, *b"z");
        drop((passed, fds, incoming));
        assert_eq!((&kept).read(&mut byte).unwrap(), 0, "somebody still has a descriptor");

        let too_many = vec![a.as_fd(); 600];
        assert_eq!(a.send_with_fds(b"x", &too_many).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(a.send_with_fds(b"", &too_many[..1]).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(b.recv_with_fds(&mut [], 1).unwrap_err().kind(), ErrorKind::InvalidInput);
        let mut room = vec![0; ancillary_size(1)];
        let mut outgoing = SocketAncillary::new(&mut room);
        assert!(!outgoing.add_fds(&too_many) && outgoing.is_empty());
        b.set_nonblocking(true).unwrap();
        assert_eq!((&b).read(&mut byte).unwrap_err().kind(), ErrorKind::WouldBlock, "nothing was sent");
    });
}

/// Credentials and descriptors in one message, and credentials that are another's.
#[test]
fn credentials_come_with_bytes() {
    let (a, b) = UnixStream::pair().unwrap();
    if common::unless_missing(b.set_passcred(true), (2, 2)).is_none() {
        return;
    }
    assert!(b.passcred().unwrap() && !a.passcred().unwrap());
    a.send_with_fds(b"both", &[a.as_fd()]).unwrap();
    let mut room = vec![0; ancillary_size(1)];
    let mut ancillary = SocketAncillary::new(&mut room);
    let mut buffer = [0; 10];
    assert_eq!(
        b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut buffer)], &mut ancillary).unwrap(),
        4
    );
    let (mut creds, mut fds) = (Vec::new(), 0);
    for message in ancillary.messages() {
        match message {
            Ok(AncillaryData::ScmCredentials(found)) => creds.extend(found),
            Ok(AncillaryData::ScmRights(rights)) => fds += rights.count(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(fds, 1);
    let [creds] = creds[..] else { panic!("{creds:?}") };
    assert_eq!(creds.get_uid(), rustix::process::getuid().as_raw());
    assert_eq!(creds.get_gid(), rustix::process::getgid().as_raw());
    if cfg!(target_os = "linux") {
        assert_eq!(creds, SocketCred::of_this_process());
    }

    if cfg!(target_os = "linux") {
        // Room for one is no room for two, and then none is added.
        let one = SocketCred::of_this_process();
        let mut room = vec![0; 40];
        let mut ancillary = SocketAncillary::new(&mut room);
        assert!(!ancillary.add_creds(&[one, one]));
        assert_eq!(ancillary.len(), 0);
        assert!(ancillary.add_creds(&[one]) && !ancillary.is_empty());
        ancillary.clear();
        assert!(ancillary.is_empty());
    }
}

#[test]
fn the_peer() {
    let (a, _b) = UnixStream::pair().unwrap();
    let peer = a.peer_cred().unwrap();
    assert_eq!(peer.pid(), Some(std::process::id() as i32));
    assert_eq!(peer.uid(), rustix::process::geteuid().as_raw());
    assert_eq!(peer.gid(), rustix::process::getegid().as_raw());
    if cfg!(target_os = "linux") && common::has_proc() {
        let groups = fs_groups();
        // qemu-user does not know the option.
        if let Ok(Some(mut told)) = a.peer_groups() {
            told.sort_unstable();
            assert_eq!(told, groups);
        }
    }
}

/// The supplementary groups, as the kernel shows them.
fn fs_groups() -> Vec<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
    let mut groups: Vec<u32> = line.split_whitespace().map(|group| group.parse().unwrap()).collect();
    groups.sort_unstable();
    groups
}

#[test]
fn std_at_the_other_end() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = net::UnixListener::bind(&path).unwrap();
        let ours = UnixStream::connect(&path).unwrap();
        let (theirs, _) = listener.accept().unwrap();
        let (up, down) = (bytes(1, 2 << 20), bytes(2, 2 << 20));
        thread::scope(|scope| {
            let other = scope.spawn(|| exchange(&theirs, &down, &up));
            exchange(&ours, &up, &down).unwrap();
            other.join().unwrap().unwrap();
        });
        // And through all conversions.
        let ours = UnixListener::from(listener);
        let theirs = net::UnixStream::connect(&path).unwrap();
        let (accepted, _) = ours.accept().unwrap();
        let fd: OwnedFd = accepted.into();
        let mut accepted: net::UnixStream = UnixStream::from(fd).into();
        accepted.write_all(b"converted").unwrap();
        expect_bytes(UnixStream::from(theirs), b"converted").unwrap();
        let _std: net::UnixListener = ours.into();
    });
}

#[test]
fn no_child_inherits() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.0.join("sock")).unwrap();
    let client = UnixStream::connect(folder.0.join("sock")).unwrap();
    let (server, _) = listener.accept().unwrap();
    let (a, b) = UnixStream::pair().unwrap();
    let copy = a.try_clone().unwrap();
    for fd in [listener.as_fd(), client.as_fd(), server.as_fd(), a.as_fd(), b.as_fd(), copy.as_fd()] {
        assert!(rustix::io::fcntl_getfd(fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }
}

/// Writes to a peer that is gone, with SIGPIPE as deadly as in a C program.
#[test]
#[ignore = "a role, which another test starts"]
fn role_sigpipe() {
    common::begin_role();
    common::deadly_sigpipe();
    let (mut a, b) = UnixStream::pair().unwrap();
    drop(b);
    assert_eq!(a.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(a.write_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    #[cfg(feature = "tokio")]
    common::on_tokio(async {
        use interprocess::os::unix::uds::tokio::UnixStream;
        use tokio::io::AsyncWriteExt;
        let (mut a, b) = UnixStream::pair().unwrap();
        drop(b);
        assert_eq!(a.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(a.write_vectored(&[IoSlice::new(b"x")]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn writing_to_nobody_is_no_signal() {
    common::start_role("role_sigpipe", "").succeeds();
}

/// Counts descriptors, in a process without other tests.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_counts() {
    common::begin_role();
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let before = common::open_descriptors();
        for _ in 0..100 {
            let listener = UnixListener::bind_with(&path, Some(0o600), 1).unwrap();
            let client = UnixStream::connect_timeout(&path, common::FOREVER).unwrap();
            let (server, _) = listener.accept().unwrap();
            exchange(&server, b"", b"").unwrap();
            std::fs::remove_file(&path).unwrap();
            drop((listener, client, server));
            UnixStream::connect(&path).unwrap_err();
            UnixListener::bind(folder.0.join("no/folder")).unwrap_err();
        }
        assert_eq!(common::open_descriptors(), before);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_open() {
    common::start_role("role_counts", "").succeeds();
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{Duration, ErrorKind, Folder, OwnedFd, UnixListener as Blocking, bytes, common, net};
    use common::{exchange_tokio, on_tokio};
    use interprocess::os::unix::uds::{
        self,
        tokio::{UnixListener, UnixStream},
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn accept_read_write() {
        on_tokio(async {
            let folder = Folder::new();
            let path = folder.0.join("sock");
            let listener = UnixListener::bind(&path).unwrap();
            let connected = tokio::try_join!(UnixStream::connect(&path), listener.accept());
            let (client, (server, _)) = connected.unwrap();
            assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(&*path));
            assert_eq!(client.peer_cred().unwrap(), server.peer_cred().unwrap());
            let (up, down) = (bytes(1, 2 << 20), bytes(2, 2 << 20));
            tokio::try_join!(exchange_tokio(&client, &up, &down), exchange_tokio(&server, &down, &up))
                .unwrap();
            drop(server);
            assert_eq!((&mut &client).read(&mut [0]).await.unwrap(), 0);
            assert_eq!((&mut &client).write(&[0]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn shutdown() {
        on_tokio(async {
            let (mut a, mut b) = UnixStream::pair().unwrap();
            a.write_all(b"bye").await.unwrap();
            AsyncWriteExt::shutdown(&mut a).await.unwrap();
            let mut text = String::new();
            b.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "bye");
        });
    }

    #[test]
    fn tokio_at_the_other_end() {
        on_tokio(async {
            let folder = Folder::new();
            let path = folder.0.join("sock");
            let listener = tokio::net::UnixListener::bind(&path).unwrap();
            let ours = UnixStream::connect(&path).await.unwrap();
            let (mut theirs, _) = listener.accept().await.unwrap();
            let (up, down) = (bytes(1, 2 << 20), bytes(2, 2 << 20));
            let other = async {
                let (mut read, mut write) = theirs.split();
                let mut got = vec![0; up.len()];
                tokio::try_join!(write.write_all(&down), read.read_exact(&mut got))?;
                assert!(got == up);
                Ok(())
            };
            tokio::try_join!(other, exchange_tokio(&ours, &up, &down)).unwrap();
        });
    }

    #[test]
    fn conversions() {
        let (a, b) = uds::UnixStream::pair().unwrap();
        let a = on_tokio(async {
            let mut a = UnixStream::try_from(a).unwrap();
            a.write_all(b"x").await.unwrap();
            let std = a.into_std().unwrap();
            let a = UnixStream::from_std(std).unwrap();
            uds::UnixStream::try_from(a).unwrap()
        });
        common::expect_bytes(&b, b"x").unwrap();
        // It is in blocking mode again.
        let reader = std::thread::spawn(move || common::expect_bytes(&a, b"y"));
        std::io::Write::write_all(&mut &b, b"y").unwrap();
        reader.join().unwrap().unwrap();
        on_tokio(async { drop(UnixStream::try_from(OwnedFd::from(b)).unwrap()) });
    }

    #[test]
    fn closing_wakes_acceptors() {
        if cfg!(not(any(target_os = "linux", target_os = "freebsd"))) || cfg!(interprocess_portable_unix) {
            return crate::common::skip("only shutdown of a listening socket on Linux and FreeBSD does this");
        }
        on_tokio(async {
            let folder = Folder::new();
            let listener = UnixListener::try_from(Blocking::bind(folder.0.join("sock")).unwrap()).unwrap();
            let accept = listener.accept();
            let close = async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                listener.shutdown().unwrap();
            };
            let (accepted, ()) = tokio::join!(accept, close);
            accepted.unwrap_err();
            drop(net::UnixListener::from(Blocking::try_from(listener).unwrap()));
        });
    }
}
