//! Unix domain sockets of sequenced packets: std's cases for streams and datagrams where they apply, and what only packets
//! of a connection have.
#![cfg(all(unix, not(target_vendor = "apple")))]

mod common;

use common::{Folder, Killed, start_role, within_deadline};
use interprocess::error::raw_os_error;
#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
use interprocess::os::unix::uds::SocketAddr;
use interprocess::os::unix::uds::{
    AncillaryData, RecvBatch, SocketAncillary, UnixListener, UnixSeqpacket, UnixSeqpacketListener,
    UnixSocketExt, UnixStream, ancillary_size,
};
use std::{
    io::{ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::fd::{AsFd, OwnedFd},
    thread,
    time::{Duration, Instant},
};

/// Receives a packet that is expected, and nothing beyond it.
fn expect(socket: &UnixSeqpacket, expected: &[u8]) {
    let mut buffer = vec![0; expected.len() + 1];
    let length = socket.recv(&mut buffer).unwrap();
    assert!(buffer[..length] == *expected, "{:?}", &buffer[..length]);
}

#[test]
fn basic() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        assert_eq!(listener.local_addr().unwrap().as_pathname(), Some(&*path));
        let server = thread::spawn(move || {
            let (socket, peer) = listener.accept().unwrap();
            assert!(peer.is_unnamed());
            expect(&socket, b"hello");
            expect(&socket, b"there");
            assert_eq!(socket.send(b"world!").unwrap(), 6);
        });
        let socket = UnixSeqpacket::connect(&path).unwrap();
        assert_eq!(socket.peer_addr().unwrap().as_pathname(), Some(&*path));
        assert!(socket.local_addr().unwrap().is_unnamed());
        assert_eq!(socket.peer_cred().unwrap().uid(), rustix::process::geteuid().as_raw());
        if cfg!(target_os = "linux") {
            assert_eq!(socket.peer_cred().unwrap().pid(), Some(std::process::id() as i32));
        }
        socket.send(b"hello").unwrap();
        socket.send(b"there").unwrap();
        expect(&socket, b"world!");
        assert_eq!(socket.recv(&mut [0]).unwrap(), 0);
        server.join().unwrap();
        assert_eq!(socket.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn pair_and_clones() {
    let (a, b) = UnixSeqpacket::pair().unwrap();
    assert!(a.local_addr().unwrap().is_unnamed() && b.peer_addr().unwrap().is_unnamed());
    let copy = a.try_clone().unwrap();
    a.send(b"one").unwrap();
    copy.send(b"three").unwrap();
    drop(a);
    copy.send(b"five").unwrap();
    drop(copy);
    for expected in [&b"one"[..], b"three", b"five", b""] {
        expect(&b, expected);
    }
    // Through a descriptor and back.
    let (a, b) = UnixSeqpacket::pair().unwrap();
    let a = UnixSeqpacket::from(OwnedFd::from(a));
    a.send(b"converted").unwrap();
    expect(&b, b"converted");
}

#[test]
fn vectored() {
    let (a, b) = UnixSeqpacket::pair().unwrap();
    let sent = [IoSlice::new(b"to"), IoSlice::new(b""), IoSlice::new(b"gether")];
    assert_eq!(a.send_vectored(&sent).unwrap(), 8);
    a.send(b"next").unwrap();
    let (mut first, mut second) = ([0; 3], [b'-'; 7]);
    let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(b.recv_vectored(&mut slices).unwrap(), 8, "one packet, and no more");
    assert_eq!((&first, &second), (b"tog", b"ether--"));
    expect(&b, b"next");
}

#[test]
fn peek() {
    let (a, b) = UnixSeqpacket::pair().unwrap();
    a.send(b"hello world").unwrap();
    a.send(b"next").unwrap();
    for _ in 0..2 {
        let mut buffer = [0; 20];
        assert_eq!(b.peek(&mut buffer).unwrap(), 11);
        assert_eq!(&buffer[..11], b"hello world");
        assert_eq!(b.peek(&mut buffer[..5]).unwrap(), 5);
    }
    expect(&b, b"hello world");
    expect(&b, b"next");
    b.set_nonblocking(true).unwrap();
    assert_eq!(b.peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

/// What is cut off is lost, and told by the calls that can tell; the next packet is whole.
#[test]
fn truncation() {
    let (a, b) = UnixSeqpacket::pair().unwrap();
    for _ in 0..4 {
        a.send(b"more than four").unwrap();
        a.send(b"next").unwrap();
    }
    let mut four = [0; 4];
    for bytes in [b"more", b"next"] {
        assert_eq!((b.recv(&mut four).unwrap(), &four), (4, bytes));
    }
    for (bytes, expected) in [(b"more", true), (b"next", false)] {
        let (length, fds) = b.recv_with_fds(&mut four, 1).unwrap();
        assert_eq!((length, &four, fds.is_message_truncated()), (4, bytes, expected));
    }
    for (bytes, expected) in [(b"more", true), (b"next", false)] {
        let mut none = SocketAncillary::new(&mut []);
        let told = b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut four)], &mut none).unwrap();
        assert_eq!((told, &four), ((4, expected), bytes));
    }
    let mut batch = RecvBatch::new(10, 4);
    assert_eq!(b.recv_many(&mut batch).unwrap(), 2);
    let told: Vec<_> = batch.iter().map(|message| (message.bytes(), message.is_truncated())).collect();
    assert_eq!(told, [(&b"more"[..], true), (b"next", false)]);
    let error = a.send(&vec![0; 64 << 20]).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE), "{error}");
}

#[test]
fn descriptors() {
    within_deadline(|| {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        let (passed, mut kept) = UnixStream::pair().unwrap();
        a.send_with_fds(b"two", &[passed.as_fd(); 2]).unwrap();
        let mut room = vec![0; ancillary_size(1)];
        let mut outgoing = SocketAncillary::new(&mut room);
        assert!(outgoing.add_fds(&[passed.as_fd()]));
        a.send_vectored_with_ancillary(&[IoSlice::new(b"o"), IoSlice::new(b"ne")], &mut outgoing).unwrap();
        drop(outgoing);
        drop(passed);
        let mut buffer = [0; 9];
        let (length, fds) = b.recv_with_fds(&mut buffer, 9).unwrap();
        assert!((length, fds.len(), fds.is_truncated()) == (3, 2, false) && buffer.starts_with(b"two"));
        let mut room = vec![0; ancillary_size(1)];
        let mut incoming = SocketAncillary::new(&mut room);
        let (length, _) =
            b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut buffer)], &mut incoming).unwrap();
        assert!(length == 3 && buffer.starts_with(b"one"));
        let mut fds: Vec<OwnedFd> = fds.into();
        for message in incoming.messages() {
            let Ok(AncillaryData::ScmRights(rights)) = message else { panic!("{message:?}") };
            fds.extend(rights);
        }
        assert_eq!(fds.len(), 3);
        for fd in fds {
            (&UnixStream::from(fd)).write_all(b"written").unwrap();
            common::expect_bytes(&kept, b"written").unwrap();
        }
        assert_eq!(kept.read(&mut [0]).unwrap(), 0, "all are closed");
    });
}

/// Everything that is left, through `recv_packet`: up to the end.
fn packets(socket: &UnixSeqpacket) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut buffer = [0; 100];
    while let Some(length) = socket.recv_packet(&mut buffer).unwrap() {
        packets.push(buffer[..length].to_vec());
    }
    assert_eq!(socket.recv_packet(&mut buffer).unwrap(), None, "an end stays one");
    packets
}

/// The same through batches of that many packets.
fn packets_in_batches(socket: &UnixSeqpacket, size: usize) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut batch = RecvBatch::new(size, 100);
    while socket.recv_many(&mut batch).unwrap() > 0 {
        packets.extend(batch.iter().map(|message| message.bytes().to_vec()));
    }
    assert!(batch.is_empty() && socket.recv_many(&mut batch).unwrap() == 0, "an end stays one");
    packets
}

/// Packets of length zero are told from the end in each way to receive them, whether they are marked or not: but for those
/// that were the last, of which marks alone tell.
#[cfg(target_os = "linux")]
#[test]
fn the_end_and_packets_of_length_zero() {
    within_deadline(|| {
        let cases: [&[&str]; 8] = [
            &[],
            &["a"],
            &["", "a"],
            &["a", "", "b"],
            &["", "", "a", "", "", "b"],
            &["a", "", ""],
            &[""],
            &["", "a", "b", "", "", ""],
        ];
        for sent in cases {
            for marked in [false, true] {
                for size in [0, 1, 2, 3, 10] {
                    let (a, b) = UnixSeqpacket::pair().unwrap();
                    b.set_passcred(marked).unwrap();
                    for packet in sent {
                        a.send(packet.as_bytes()).unwrap();
                    }
                    a.shutdown(Shutdown::Write).unwrap();
                    let got = if size == 0 { packets(&b) } else { packets_in_batches(&b, size) };
                    let last = sent.iter().rposition(|packet| !packet.is_empty());
                    let expected = if marked { sent } else { &sent[..last.map_or(0, |last| last + 1)] };
                    let expected: Vec<_> = expected.iter().map(|packet| packet.as_bytes().to_vec()).collect();
                    assert_eq!(got, expected, "{sent:?}, marked: {marked}, batches of {size}");
                }
            }
        }
    });
}

/// As long as the peer is there, nothing is an end; a sender with a name marks what it sends.
#[cfg(target_os = "linux")]
#[test]
fn packets_of_length_zero_while_connected() {
    within_deadline(|| {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        a.send(b"").unwrap();
        a.send(b"").unwrap();
        assert_eq!(b.recv_packet(&mut [0]).unwrap(), Some(0));
        let mut batch = RecvBatch::new(4, 4);
        assert_eq!(b.recv_many(&mut batch).unwrap(), 1);
        a.shutdown(Shutdown::Write).unwrap();
        assert_eq!(b.recv_packet(&mut [0]).unwrap(), None);
        b.send(b"the other way").unwrap();
        expect(&a, b"the other way");

        let folder = Folder::new();
        let path = folder.0.join("s");
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        for size in [0, 1, 5] {
            let client = UnixSeqpacket::connect(&path).unwrap();
            let (server, _) = listener.accept().unwrap();
            server.send(b"").unwrap();
            server.send(b"").unwrap();
            drop(server);
            let got = if size == 0 { packets(&client) } else { packets_in_batches(&client, size) };
            assert_eq!(got, [b"", b""], "batches of {size}");
        }
    });
}

#[test]
fn timeouts() {
    within_deadline(|| {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        for wrong in [a.set_read_timeout(Some(Duration::ZERO)), a.set_write_timeout(Some(Duration::ZERO))] {
            assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert_eq!((a.read_timeout().unwrap(), a.write_timeout().unwrap()), (None, None));
        let timeout = Duration::from_millis(30);
        a.set_read_timeout(Some(timeout)).unwrap();
        a.set_write_timeout(Some(Duration::from_secs(99_999))).unwrap();
        assert!(a.read_timeout().unwrap() >= Some(timeout));
        assert_eq!(a.write_timeout().unwrap(), Some(Duration::from_secs(99_999)));
        let begin = Instant::now();
        assert_eq!(a.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(a.recv_packet(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(begin.elapsed() >= timeout, "{:?}", begin.elapsed());
        b.send(b"in time").unwrap();
        expect(&a, b"in time");
        a.set_write_timeout(Some(timeout)).unwrap();
        let mut sent = 0_u32;
        let error = loop {
            match a.send(&sent.to_ne_bytes()) {
                Ok(_) => sent += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        drop(a);
        for number in 0..sent {
            expect(&b, &number.to_ne_bytes());
        }
        expect(&b, b"");
    });
}

#[test]
fn the_wrong_kind_of_peer() {
    let folder = Folder::new();
    let [streams, packets, nothing] = ["streams", "packets", "nothing"].map(|name| folder.0.join(name));
    let _listener = UnixListener::bind(&streams).unwrap();
    let listener = UnixSeqpacketListener::bind(&packets).unwrap();
    assert_eq!(raw_os_error(&UnixSeqpacket::connect(&streams).unwrap_err()), Some(libc::EPROTOTYPE));
    assert_eq!(raw_os_error(&UnixStream::connect(&packets).unwrap_err()), Some(libc::EPROTOTYPE));
    assert_eq!(UnixSeqpacket::connect(nothing).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(UnixSeqpacketListener::bind(&packets).unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(listener);
    let error = common::error_once_closed(|| UnixSeqpacket::connect(&packets));
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    for bad in ["", "a\0b"] {
        assert_eq!(UnixSeqpacketListener::bind(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(UnixSeqpacket::connect(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn listener_incoming_and_accept_timeout() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        let begin = Instant::now();
        let error = listener.accept_timeout(Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(begin.elapsed() >= Duration::from_millis(30));
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        let address = listener.local_addr().unwrap();
        let clients = thread::spawn(move || {
            for number in 0..3 {
                UnixSeqpacket::connect_addr(&address).unwrap().send(&[number]).unwrap();
            }
        });
        let (first, _) = listener.accept_timeout(common::FOREVER).unwrap();
        // In blocking mode, unlike its listener: it waits for what comes.
        expect(&first, &[0]);
        assert_eq!(first.recv(&mut [0]).unwrap(), 0);
        listener.set_nonblocking(false).unwrap();
        for (number, socket) in (1..).zip(listener.incoming().take(2)) {
            expect(&socket.unwrap(), &[number]);
        }
        clients.join().unwrap();
        let _client = UnixSeqpacket::connect(&path).unwrap();
        let (server, _) = listener.try_clone().unwrap().accept_nonblocking().unwrap();
        assert_eq!(server.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

/// Linux alone has a backlog that one waits for.
#[cfg(target_os = "linux")]
#[test]
fn connect_timeout_with_a_full_backlog() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixSeqpacketListener::bind_with(&path, None, 0).unwrap();
        let first = UnixSeqpacket::connect(&path).unwrap();
        let begin = Instant::now();
        let error = UnixSeqpacket::connect_timeout(&path, Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(begin.elapsed() >= Duration::from_millis(30));
        let error = UnixSeqpacket::connect_nonblocking(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        let address = listener.local_addr().unwrap();
        let waiting = thread::spawn(move || {
            let socket = UnixSeqpacket::connect_addr_timeout(&address, common::FOREVER).unwrap();
            assert_eq!(socket.write_timeout().unwrap(), None, "the wait leaves no timeout behind");
            socket.send(b"after all").unwrap();
        });
        let (server, _) = listener.accept().unwrap();
        first.send(b"first").unwrap();
        expect(&server, b"first");
        let (server, _) = listener.accept().unwrap();
        expect(&server, b"after all");
        waiting.join().unwrap();
        // There is room again, and a socket that did not wait does not wait for packets either.
        let socket = UnixSeqpacket::connect_nonblocking(&path).unwrap();
        assert_eq!(socket.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn shutdown_of_a_listener_wakes_who_accepts() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        if cfg!(interprocess_portable_unix) {
            assert_eq!(listener.shutdown().unwrap_err().kind(), ErrorKind::Unsupported);
            return;
        }
        let copy = listener.try_clone().unwrap();
        let waiting = thread::spawn(move || copy.accept().unwrap_err().kind());
        listener.shutdown().unwrap();
        assert_eq!(waiting.join().unwrap(), ErrorKind::InvalidInput);
        let error = UnixSeqpacket::connect(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn abstract_addresses() {
    let address = SocketAddr::from_abstract_name(common::unique()).unwrap();
    let listeners = [UnixSeqpacketListener::bind_addr(&address), UnixSeqpacketListener::autobind()];
    for listener in listeners.map(Result::unwrap) {
        let address = listener.local_addr().unwrap();
        let client = UnixSeqpacket::connect_addr(&address).unwrap();
        let (server, _) = listener.accept().unwrap();
        assert!(address.as_abstract_name().is_some() && server.local_addr().unwrap() == address);
        client.send(b"by name").unwrap();
        expect(&server, b"by name");
        let error = UnixSeqpacketListener::bind_addr(&address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}

#[test]
fn paths_of_any_length() {
    if !common::has_proc() {
        return;
    }
    let folder = Folder::new();
    let most = if cfg!(target_os = "linux") { 108 } else { 104 };
    for length in [most - 1, most, most + 1, 300, 2000] {
        let path = common::long_path(&folder, length);
        if length > most && cfg!(not(target_os = "linux")) {
            assert_eq!(UnixSeqpacketListener::bind(&path).unwrap_err().kind(), ErrorKind::InvalidInput);
            continue;
        }
        let listener = UnixSeqpacketListener::bind(&path).unwrap();
        let client = UnixSeqpacket::connect(&path).unwrap();
        let (server, _) = listener.accept().unwrap();
        client.send(b"far").unwrap();
        expect(&server, b"far");
        if length <= most {
            let address = client.peer_addr().unwrap();
            assert_eq!(address.as_pathname(), Some(&*path));
            UnixSeqpacket::connect_addr(&address).unwrap();
        }
    }
}

/// The size of packet `number`, and what is in it: never of length zero.
fn packet(number: u64) -> Vec<u8> {
    common::bytes(number, 1 + number as usize * 37 % 5000)
}

/// A small checksum that the other process makes of what it got.
fn sum(bytes: &[u8]) -> [u8; 8] {
    bytes.iter().fold(0_u64, |sum, &byte| sum.rotate_left(5) ^ u64::from(byte)).to_ne_bytes()
}

/// Answers each packet with its checksum and the packet itself, until the end.
#[test]
#[ignore = "a role, which another test starts"]
fn role_echo() {
    let path = common::begin_role();
    let socket = UnixSeqpacket::connect(path).unwrap();
    let mut buffer = vec![0; 10_000];
    while let Some(length) = socket.recv_packet(&mut buffer).unwrap() {
        let bytes = &buffer[..length];
        socket.send_vectored(&[IoSlice::new(&sum(bytes)), IoSlice::new(bytes)]).unwrap();
    }
}

/// A server for one client of that role.
fn start(role: &str) -> (Folder, UnixSeqpacket, Killed) {
    let folder = Folder::new();
    let path = folder.0.join("s");
    let listener = UnixSeqpacketListener::bind(&path).unwrap();
    let child = start_role(role, path.to_str().unwrap());
    let (socket, _) = listener.accept_timeout(common::FOREVER).unwrap();
    (folder, socket, child)
}

/// Boundaries are kept to the byte between processes, in both directions at once.
#[test]
fn between_processes() {
    const COUNT: u64 = 1000;
    within_deadline(|| {
        let (_folder, socket, mut child) = start("role_echo");
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..COUNT {
                    let bytes = packet(number);
                    assert_eq!(socket.send(&bytes).unwrap(), bytes.len());
                }
                socket.shutdown(Shutdown::Write).unwrap();
            });
            let mut buffer = vec![0; 10_000];
            for number in 0..COUNT {
                let sent = packet(number);
                let length = socket.recv(&mut buffer).unwrap();
                assert!(buffer[..length] == [&sum(&sent)[..], &sent].concat(), "packet {number}");
            }
            assert_eq!(socket.recv_packet(&mut buffer).unwrap(), None);
        });
        child.succeeds();
    });
}

/// Sends for ever, and receives nothing.
#[test]
#[ignore = "a role, which another test starts"]
fn role_sends_for_ever() {
    let path = common::begin_role();
    let socket = UnixSeqpacket::connect(path).unwrap();
    for number in 0.. {
        socket.send(&packet(number)).unwrap();
    }
}

/// A peer that is killed has sent whole packets or none, and leaves an end; or an error, if it had not received everything.
#[test]
fn killed_peer() {
    within_deadline(|| {
        for unreceived in [false, true] {
            let (_folder, socket, mut child) = start("role_sends_for_ever");
            for number in 0..20 {
                expect(&socket, &packet(number));
            }
            if unreceived {
                socket.send(b"never received").unwrap();
            }
            child.kill();
            let mut has_reset = false;
            let mut buffer = vec![0; 10_000];
            for number in 20.. {
                let mut received = socket.recv_packet(&mut buffer);
                if received.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionReset) {
                    has_reset = true;
                    received = socket.recv_packet(&mut buffer);
                }
                let Some(length) = received.unwrap() else { break };
                assert!(buffer[..length] == packet(number), "packet {number}");
            }
            if cfg!(target_os = "linux") {
                assert_eq!(has_reset, unreceived);
            }
            assert_eq!(socket.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        }
    });
}

/// Nothing of a packet fits into no room, and still it is a packet.
#[test]
fn a_packet_without_room_for_it_is_not_the_end() {
    let (a, b) = UnixSeqpacket::pair().unwrap();
    a.send(b"first").unwrap();
    a.send(b"second").unwrap();
    drop(a);
    assert_eq!(b.recv_packet(&mut []).unwrap(), Some(0));
    let mut batch = RecvBatch::new(4, 0);
    assert_eq!(b.recv_many(&mut batch).unwrap(), 1);
    assert!(batch.get(0).unwrap().is_truncated());
    assert_eq!(b.recv_packet(&mut []).unwrap(), None);
}

/// poll(2) is refused (EINVAL) if no descriptor may be opened. In a process of its own, with `poll` also refused by a filter.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_without_poll() {
    let how = common::begin_role();
    let (a, b) = UnixSeqpacket::pair().unwrap();
    if how == "limit" {
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, none).unwrap();
    } else {
        let calls = [
            libc::SYS_ppoll,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_poll,
        ];
        common::deny::deny_calls(&calls, libc::EPERM);
    }
    let mut buffer = [0; 9];
    for _ in 0..3 {
        a.send(b"").unwrap();
        assert_eq!(b.recv_packet(&mut buffer).unwrap(), Some(0));
        a.send(b"").unwrap();
        a.send(b"next").unwrap();
        assert_eq!(b.recv_packet(&mut buffer).unwrap(), Some(0));
        assert_eq!(b.recv_packet(&mut buffer).unwrap(), Some(4));
    }
    // In a batch, what is certain comes before the error.
    a.send(b"last").unwrap();
    drop(a);
    let mut batch = RecvBatch::new(3, 9);
    assert_eq!(b.recv_many(&mut batch).unwrap(), 1);
    assert_eq!(batch.get(0).unwrap().bytes(), b"last");
    let error = b.recv_many(&mut batch).unwrap_err();
    assert!(error.to_string().contains("end of the connection"), "{error}");
    let error = b.recv_many(&mut batch).unwrap_err();
    assert!(error.to_string().contains("end of the connection"), "{error}");
    assert!(batch.is_empty(), "an error comes without messages");
    let error = b.recv_packet(&mut buffer).unwrap_err();
    assert!(error.to_string().contains("end of the connection"), "{error}");
    if how == "limit" {
        return;
    }
    use std::os::fd::AsRawFd;
    // The error of a socket that was closed is not that of the next one, to which its descriptor's number goes.
    let (a, b) = UnixSeqpacket::pair().unwrap();
    a.send(b"last").unwrap();
    drop(a);
    assert_eq!(b.recv_many(&mut batch).unwrap(), 1);
    let number = b.as_raw_fd();
    drop(b);
    let (c, d) = UnixSeqpacket::pair().unwrap();
    assert_eq!(d.as_raw_fd(), number);
    c.send(b"first").unwrap();
    assert_eq!(d.recv_many(&mut batch).unwrap(), 1);
    assert_eq!(batch.get(0).unwrap().bytes(), b"first");
}

#[cfg(target_os = "linux")]
#[test]
fn packets_of_length_zero_without_poll() {
    start_role("role_without_poll", "limit").succeeds();
    if common::is_emulated() {
        return common::skip("qemu's user mode has no seccomp");
    }
    start_role("role_without_poll", "filter").succeeds();
}
