//! Unix domain datagram sockets, held against std's own test cases.
#![cfg(unix)]

mod common;

use common::{Folder, within_deadline};
use interprocess::error::raw_os_error;
#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
use interprocess::os::unix::uds::SocketAddr;
use interprocess::os::unix::uds::{
    AncillaryData, SocketAncillary, SocketCred, UnixDatagram, UnixListener, UnixSocketExt, UnixStream,
    ancillary_size,
};
use std::{
    io::{ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::{fd::AsFd, fd::OwnedFd, unix::net},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

/// Two sockets with paths, in a folder.
fn two_bound() -> (Folder, [PathBuf; 2], UnixDatagram, UnixDatagram) {
    let folder = Folder::new();
    let paths = ["a", "b"].map(|name| folder.0.join(name));
    let [a, b] = paths.each_ref().map(|path| UnixDatagram::bind(path).unwrap());
    (folder, paths, a, b)
}

/// Receives a datagram that is expected, and nothing beyond it.
fn expect(socket: &UnixDatagram, expected: &[u8]) {
    let mut buffer = vec![0; expected.len() + 1];
    let length = socket.recv(&mut buffer).unwrap();
    assert!(buffer[..length] == *expected, "{:?}", &buffer[..length]);
}

/// std's `test_unix_datagram` and `test_unix_datagram_connect_to_recv_addr`.
#[test]
fn bound_to_bound_and_back() {
    within_deadline(|| {
        let (_folder, paths, a, b) = two_bound();
        assert_eq!(a.local_addr().unwrap().as_pathname(), Some(&*paths[0]));
        assert_eq!(a.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
        assert_eq!(a.send_to(b"hello world", &paths[1]).unwrap(), 11);
        let mut buffer = [0; 20];
        let (length, from) = b.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from.as_pathname()), (&b"hello world"[..], Some(&*paths[0])));
        b.send_to_addr(b"by address", &from).unwrap();
        expect(&a, b"by address");
        b.connect_addr(&from).unwrap();
        assert_eq!(b.peer_addr().unwrap(), from);
        b.send(b"connected").unwrap();
        expect(&a, b"connected");
        // Who is connected receives from nobody else.
        let other = UnixDatagram::unbound().unwrap();
        let error = other.send_to(b"x", &paths[1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    });
}

/// A socket whose file has a mode of its own can be found and answered to.
#[test]
fn bound_with_a_mode() {
    let (folder, paths, a, _) = two_bound();
    let path = folder.0.join("with mode");
    let socket = UnixDatagram::bind_with(&path, Some(0o620)).unwrap();
    a.send_to(b"found", &path).unwrap();
    expect(&socket, b"found");
    socket.send_to(b"from where?", &paths[0]).unwrap();
    let (_, from) = a.recv_from(&mut [0]).unwrap();
    assert_eq!(from, socket.local_addr().unwrap());
    assert_eq!(from.as_pathname(), Some(&*path));
}

/// std's `test_unnamed_unix_datagram`.
#[test]
fn unnamed_unix_datagram() {
    let (_folder, paths, a, _) = two_bound();
    let sender = UnixDatagram::unbound().unwrap();
    assert!(sender.local_addr().unwrap().is_unnamed());
    sender.send_to(b"hello world", &paths[0]).unwrap();
    let mut buffer = [0; 11];
    let (length, from) = a.recv_from(&mut buffer).unwrap();
    assert!(length == 11 && from.is_unnamed() && buffer == *b"hello world", "{from:?}");
}

/// std's `test_connect_unix_datagram` and `test_unix_datagram_recv`.
#[test]
fn connect_unix_datagram() {
    let (_folder, paths, a, b) = two_bound();
    let sender = UnixDatagram::unbound().unwrap();
    assert_eq!(sender.send(b"to whom?").unwrap_err().kind(), ErrorKind::NotConnected);
    sender.connect(&paths[0]).unwrap();
    assert_eq!(sender.send(b"hello there").unwrap(), 11);
    let mut buffer = [0; 20];
    let (length, from) = a.recv_from(&mut buffer).unwrap();
    assert!(buffer[..length] == *b"hello there" && from.is_unnamed());
    // Another connect changes the peer.
    sender.connect(&paths[1]).unwrap();
    assert_eq!(sender.peer_addr().unwrap(), b.local_addr().unwrap());
    sender.send(b"second").unwrap();
    expect(&b, b"second");
    a.set_nonblocking(true).unwrap();
    assert_eq!(a.recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// std's `datagram_pair`.
#[test]
fn datagram_pair() {
    within_deadline(|| {
        let (a, b) = UnixDatagram::pair().unwrap();
        assert!(a.local_addr().unwrap().is_unnamed() && a.peer_addr().unwrap().is_unnamed());
        let other = thread::spawn(move || {
            expect(&a, b"hello");
            expect(&a, b"");
            a.send(b"world!").unwrap();
        });
        let copy = b.try_clone().unwrap();
        b.send(b"hello").unwrap();
        assert_eq!(copy.send(b"").unwrap(), 0, "a datagram of no bytes is one");
        expect(&copy, b"world!");
        other.join().unwrap();
        let error = common::error_once_closed(|| b.send(b"x"));
        assert!(
            [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset].contains(&error.kind()),
            "{error}"
        );
    });
}

/// std's `test_unix_datagram_timeout_zero_duration`, and what timeouts do.
#[test]
fn unix_datagram_timeouts() {
    within_deadline(|| {
        let (a, b) = UnixDatagram::pair().unwrap();
        for wrong in [a.set_read_timeout(Some(Duration::ZERO)), a.set_write_timeout(Some(Duration::ZERO))] {
            assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (None, None));
        let [long, longer] = [15_410, 99_999].map(|seconds| Some(Duration::from_secs(seconds)));
        a.set_read_timeout(long).unwrap();
        a.set_write_timeout(longer).unwrap();
        assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (long, longer));

        let timeout = Duration::from_millis(30);
        a.set_read_timeout(Some(timeout)).unwrap();
        a.set_write_timeout(Some(timeout)).unwrap();
        let begin = Instant::now();
        assert_eq!(a.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(begin.elapsed() >= timeout - Duration::from_millis(10));
        if cfg!(target_os = "linux") {
            // The queue holds net.unix.max_dgram_qlen datagrams, or what the send buffer has memory for.
            let mut sent = 0_u32;
            let error = loop {
                match a.send(&sent.to_ne_bytes()) {
                    Ok(_) => sent += 1,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            for number in 0..sent {
                expect(&b, &number.to_ne_bytes());
            }
        }
        a.set_read_timeout(None).unwrap();
        a.set_write_timeout(None).unwrap();
        assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (None, None));
    });
}

/// std's `test_unix_datagram_peek` and `test_unix_datagram_peek_from`.
#[test]
fn unix_datagram_peek_and_peek_from() {
    let (_folder, paths, a, b) = two_bound();
    a.send_to(b"hello world", &paths[1]).unwrap();
    a.send_to(b"next", &paths[1]).unwrap();
    for _ in 0..2 {
        let mut buffer = [0; 20];
        assert_eq!(b.peek(&mut buffer).unwrap(), 11);
        assert_eq!(&buffer[..11], b"hello world");
        buffer.fill(0);
        let (length, from) = b.peek_from(&mut buffer[..5]).unwrap();
        assert_eq!((length, &buffer[..6]), (5, &b"hello\0"[..]), "what does not fit stays");
        assert_eq!(from.as_pathname(), Some(&*paths[0]));
    }
    expect(&b, b"hello world");
    expect(&b, b"next");
    b.set_nonblocking(true).unwrap();
    assert_eq!(b.peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(b.peek_from(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// std's `test_abstract_datagram_bind_send_to_addr` and `test_abstract_datagram_connect_addr`.
#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn abstract_datagrams() {
    let name = common::unique();
    let addresses = [1, 2].map(|n| SocketAddr::from_abstract_name(format!("{name} {n}\0")).unwrap());
    let [a, b] = addresses.each_ref().map(|address| UnixDatagram::bind_addr(address).unwrap());
    assert_eq!(a.local_addr().unwrap(), addresses[0]);
    assert_eq!(UnixDatagram::bind_addr(&addresses[0]).unwrap_err().kind(), ErrorKind::AddrInUse);
    a.send_to_addr(b"hello world", &addresses[1]).unwrap();
    let mut buffer = [0; 20];
    let (length, from) = b.recv_from(&mut buffer).unwrap();
    assert!(buffer[..length] == *b"hello world" && from == addresses[0], "{from:?}");
    let sender = UnixDatagram::unbound().unwrap();
    for (address, receiver) in addresses.iter().zip([&a, &b]) {
        sender.connect_addr(address).unwrap();
        sender.send(b"connected").unwrap();
        let (length, from) = receiver.recv_from(&mut buffer).unwrap();
        assert!(buffer[..length] == *b"connected" && from.is_unnamed(), "{from:?}");
    }
    // A name that the kernel chooses is one to answer to.
    let asks = UnixDatagram::autobind().unwrap();
    let own = asks.local_addr().unwrap();
    assert!(own.as_abstract_name().is_some_and(|name| name.len() == 5), "{own:?}");
    asks.send_to_addr(b"question", &addresses[0]).unwrap();
    let (_, from) = a.recv_from(&mut buffer).unwrap();
    assert_eq!(from, own);
    a.send_to_addr(b"answer", &from).unwrap();
    expect(&asks, b"answer");
}

/// std's `test_unix_datagram_max_path` and the datagram part of `long_path`: a path that fills the address to its last byte
/// is told whole, and longer ones work on Linux if their last part fits.
#[test]
fn unix_datagram_max_path() {
    if !common::has_proc() {
        return;
    }
    let folder = Folder::new();
    let most = if cfg!(target_os = "linux") { 108 } else { 104 };
    for length in [most - 1, most] {
        let paths = ["a", "b"].map(|end| {
            let path = common::long_path(&folder, length - 1).into_os_string().into_string().unwrap();
            PathBuf::from(path + end)
        });
        let [a, b] = paths.each_ref().map(|path| UnixDatagram::bind(path).unwrap());
        a.send_to(b"hello world", &paths[1]).unwrap();
        let mut buffer = [0; 20];
        let (length, from) = b.recv_from(&mut buffer).unwrap();
        assert!(buffer[..length] == *b"hello world");
        assert_eq!(from.as_pathname(), Some(&*paths[0]));
        b.send_to_addr(b"back", &from).unwrap();
        expect(&a, b"back");
    }
    for length in [most + 1, 300, 2000] {
        let path = common::long_path(&folder, length);
        if cfg!(target_os = "linux") {
            let receiver = UnixDatagram::bind(&path).unwrap();
            let sender = UnixDatagram::unbound().unwrap();
            sender.send_to(b"sent", &path).unwrap();
            sender.connect(&path).unwrap();
            sender.send(b"connected").unwrap();
            let mut room = [0; 40];
            let mut ancillary = SocketAncillary::new(&mut room);
            let slices = [IoSlice::new(b"vec"), IoSlice::new(b"tored")];
            sender.send_vectored_with_ancillary_to(&slices, &mut ancillary, &path).unwrap();
            for expected in [&b"sent"[..], b"connected", b"vectored"] {
                expect(&receiver, expected);
            }
        } else {
            assert_eq!(UnixDatagram::bind(&path).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
    let last_part_too_long = folder.0.join("s".repeat(150));
    let socket = UnixDatagram::unbound().unwrap();
    for result in [
        UnixDatagram::bind(&last_part_too_long).map(drop),
        socket.connect(&last_part_too_long),
        socket.send_to(b"x", &last_part_too_long).map(drop),
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

/// std's `test_send_vectored_with_ancillary_unix_datagram`.
#[test]
fn send_vectored_with_ancillary_unix_datagram() {
    within_deadline(|| {
        let (_folder, paths, a, b) = two_bound();
        let (passed, mut kept) = UnixStream::pair().unwrap();
        let mut room = vec![0; ancillary_size(2)];
        let mut outgoing = SocketAncillary::new(&mut room);
        assert!(outgoing.add_fds(&[passed.as_fd(), passed.as_fd()]));
        let sent = [IoSlice::new(b"four"), IoSlice::new(b"teen bytes")];
        a.connect(&paths[1]).unwrap();
        assert_eq!(a.send_vectored_with_ancillary(&sent, &mut outgoing).unwrap(), 14);
        let b_address = b.local_addr().unwrap();
        // The same buffer is good for another message.
        a.send_vectored_with_ancillary_to_addr(&sent, &mut outgoing, &b_address).unwrap();
        a.send_with_fds(b"", &[passed.as_fd()]).unwrap();
        drop(outgoing);
        drop(passed);

        let mut room = vec![0; ancillary_size(2)];
        let mut incoming = SocketAncillary::new(&mut room);
        let (mut first, mut second) = ([0; 5], [0; 10]);
        let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        let (length, is_truncated) = b.recv_vectored_with_ancillary(&mut slices, &mut incoming).unwrap();
        assert_eq!((length, is_truncated, incoming.truncated()), (14, false, false));
        assert_eq!((&first, &second[..9]), (b"fourt", &b"een bytes"[..]));
        let mut fds: Vec<OwnedFd> = Vec::new();
        for message in incoming.messages() {
            let Ok(AncillaryData::ScmRights(rights)) = message else { panic!("{message:?}") };
            assert_eq!(rights.len(), 2);
            fds.extend(rights);
        }
        // Bytes are cut off, descriptors are not.
        let mut short = [0; 4];
        let (length, is_truncated, from) =
            b.recv_vectored_with_ancillary_from(&mut [IoSliceMut::new(&mut short)], &mut incoming).unwrap();
        assert_eq!((length, &short, is_truncated), (4, b"four", true));
        assert_eq!(from.as_pathname(), Some(&*paths[0]));
        // A descriptor can come with no bytes at all.
        let (length, more, from) = b.recv_with_fds_from(&mut [], 9).unwrap();
        assert_eq!(
            (length, more.len(), more.is_truncated(), more.is_message_truncated()),
            (0, 1, false, false)
        );
        assert_eq!(from.as_pathname(), Some(&*paths[0]));
        for fd in fds.into_iter().chain(more) {
            (&UnixStream::from(fd)).write_all(b"written").unwrap();
            common::expect_bytes(&kept, b"written").unwrap();
        }
        incoming.clear();
        assert_eq!(kept.read(&mut [0]).unwrap(), 0, "all are closed");
    });
}

/// std's `test_send_vectored_with_ancillary_to_unix_datagram`: credentials that the sender tells.
#[test]
fn send_vectored_with_ancillary_to_unix_datagram() {
    if !common::has_mapped_user() {
        return;
    }
    let (_folder, paths, a, b) = two_bound();
    if common::unless_missing(b.set_passcred(true), (2, 2)).is_none() {
        return;
    }
    let own = SocketCred::of_this_process();
    let mut built = SocketCred::new();
    built.set_pid(std::process::id() as i32);
    built.set_uid(own.get_uid());
    built.set_gid(own.get_gid());
    assert_eq!(built, own);
    let mut room = vec![0; ancillary_size(0)];
    let mut outgoing = SocketAncillary::new(&mut room);
    assert!(outgoing.add_creds(&[own]));
    if cfg!(target_os = "netbsd") {
        let error = a.send_vectored_with_ancillary_to(&[], &mut outgoing, &paths[1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        return;
    }
    a.send_vectored_with_ancillary_to(&[IoSlice::new(b"mine")], &mut outgoing, &paths[1]).unwrap();
    let mut room = vec![0; ancillary_size(0)];
    let mut incoming = SocketAncillary::new(&mut room);
    let mut buffer = [0; 4];
    let (length, is_truncated, from) =
        b.recv_vectored_with_ancillary_from(&mut [IoSliceMut::new(&mut buffer)], &mut incoming).unwrap();
    assert_eq!((length, &buffer, is_truncated), (4, b"mine", false));
    assert!(!incoming.truncated() && from.as_pathname() == Some(&*paths[0]));
    let mut found = Vec::new();
    for message in incoming.messages() {
        let Ok(AncillaryData::ScmCredentials(creds)) = message else { panic!("{message:?}") };
        found.extend(creds);
    }
    if cfg!(target_os = "linux") {
        assert_eq!(found, [own]);
        // Another's process id: a privilege.
        let mut wrong = own;
        wrong.set_pid(1);
        outgoing.clear();
        assert!(outgoing.add_creds(&[wrong]));
        let sent = a.send_vectored_with_ancillary_to(&[IoSlice::new(b"x")], &mut outgoing, &paths[1]);
        if rustix::process::geteuid().is_root() {
            sent.unwrap();
        } else {
            assert_eq!(sent.unwrap_err().kind(), ErrorKind::PermissionDenied);
        }
    }
}

/// What is cut off is lost, and told by the calls that can tell.
#[test]
fn truncation() {
    let (a, b) = UnixDatagram::pair().unwrap();
    for _ in 0..3 {
        a.send(b"more than four").unwrap();
        a.send(b"next").unwrap();
    }
    let mut four = [0; 4];
    assert_eq!((b.recv(&mut four).unwrap(), &four), (4, b"more"));
    assert_eq!((b.recv_from(&mut four).unwrap().0, &four), (4, b"next"));
    for (bytes, expected) in [(b"more", true), (b"next", false)] {
        let (length, fds) = b.recv_with_fds(&mut four, 1).unwrap();
        assert_eq!((length, &four, fds.is_message_truncated()), (4, bytes, expected));
    }
    for (bytes, expected) in [(b"more", true), (b"next", false)] {
        let mut none = SocketAncillary::new(&mut []);
        let told = b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut four)], &mut none).unwrap();
        assert_eq!((told, &four), ((4, expected), bytes));
    }
    // A datagram is sent whole or not at all.
    let error = a.send(&vec![0; 64 << 20]).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE), "{error}");
    b.set_nonblocking(true).unwrap();
    assert_eq!(b.recv(&mut four).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn errors_of_paths() {
    let (folder, paths, a, b) = two_bound();
    assert_eq!(UnixDatagram::bind(&paths[0]).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(UnixDatagram::bind_with(&paths[0], Some(0o600)).unwrap_err().kind(), ErrorKind::AddrInUse);
    let nothing = folder.0.join("nothing");
    assert_eq!(a.send_to(b"x", &nothing).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(a.connect(&nothing).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(UnixDatagram::bind(nothing.join("s")).unwrap_err().kind(), ErrorKind::NotFound);
    for bad in ["", "a\0b"] {
        assert_eq!(UnixDatagram::bind(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(a.send_to(b"x", bad).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let unnamed = interprocess::os::unix::uds::SocketAddr::unnamed();
    assert_eq!(UnixDatagram::bind_addr(&unnamed).unwrap_err().kind(), ErrorKind::InvalidInput);
    drop(b);
    let error = common::error_once_closed(|| a.send_to(b"x", &paths[1]));
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let listener = folder.0.join("listener");
    let _listener = UnixListener::bind(&listener).unwrap();
    assert_eq!(raw_os_error(&a.connect(&listener).unwrap_err()), Some(libc::EPROTOTYPE));
}

/// Who waits is woken, and a direction ends for good.
#[test]
fn shutdown() {
    within_deadline(|| {
        let (a, b) = UnixDatagram::pair().unwrap();
        b.send(b"before").unwrap();
        let copy = a.try_clone().unwrap();
        expect(&copy, b"before");
        let waiting = thread::spawn(move || copy.recv(&mut [0]));
        a.shutdown(Shutdown::Both).unwrap();
        // Linux calls it no data, others the end or an error; what counts is that it is over.
        assert!(matches!(waiting.join().unwrap(), Ok(0) | Err(_)));
        assert_eq!(a.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert!(a.take_error().unwrap().is_none());
    });
}

#[test]
fn std_at_the_other_end() {
    let (_folder, paths, a, b) = two_bound();
    let theirs = net::UnixDatagram::unbound().unwrap();
    theirs.send_to(b"from std", &paths[0]).unwrap();
    expect(&a, b"from std");
    let converted = net::UnixDatagram::from(b);
    a.send_to(b"to std", &paths[1]).unwrap();
    let mut buffer = [0; 10];
    let (length, from) = converted.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from.as_pathname()), (&b"to std"[..], Some(&*paths[0])));
    let fd: OwnedFd = UnixDatagram::from(converted).into();
    a.send_to(b"back", &paths[1]).unwrap();
    expect(&UnixDatagram::from(fd), b"back");
}

/// Sends many datagrams and ends.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_sender() {
    let path = common::begin_role();
    let socket = UnixDatagram::unbound().unwrap();
    socket.connect(path).unwrap();
    for number in 0..500_u64 {
        socket.send(&common::bytes(number, number as usize * 7 % 3000)).unwrap();
    }
}

/// Nothing is lost, joined or out of order between processes, though the receiver is slower than its queue is long, and the
/// sender is gone before its last datagrams are received. Elsewhere a full queue is an error of the sender.
#[cfg(target_os = "linux")]
#[test]
fn between_processes() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("s");
        let socket = UnixDatagram::bind(&path).unwrap();
        let mut sender = common::start_role("role_sender", path.to_str().unwrap());
        for number in 0..500_u64 {
            let expected = common::bytes(number, number as usize * 7 % 3000);
            let mut buffer = vec![0; expected.len() + 1];
            let length = socket.recv(&mut buffer).unwrap();
            assert!(buffer[..length] == expected, "datagram {number}");
        }
        sender.succeeds();
    });
}

/// A socket of another family that was wrapped unchecked: what it receives is not lost to its sender's address.
#[test]
fn what_another_family_sends_is_received() {
    use interprocess::os::unix::uds::RecvBatch;
    use std::{net::UdpSocket, os::fd::OwnedFd};
    let Ok(other) = UdpSocket::bind("127.0.0.1:0") else { return common::skip("no network") };
    let address = other.local_addr().unwrap();
    let socket = UnixDatagram::from(OwnedFd::from(other));
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut buffer = [0; 9];
    sender.send_to(b"one", address).unwrap();
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    assert!(&buffer[..length] == b"one" && from.is_unnamed());
    sender.send_to(b"two", address).unwrap();
    let (length, _, from) = socket.recv_with_fds_from(&mut buffer, 0).unwrap();
    assert!(&buffer[..length] == b"two" && from.is_unnamed());
    sender.send_to(b"six", address).unwrap();
    let mut batch = RecvBatch::new(1, 9);
    assert_eq!(socket.recv_many(&mut batch).unwrap(), 1);
    let message = batch.get(0).unwrap();
    assert!(message.bytes() == b"six" && message.address().is_unnamed());
    // What takes nothing says what is wrong.
    assert_eq!(socket.local_addr().unwrap_err().kind(), ErrorKind::InvalidInput);
}
