//! Batches of datagrams and of sequenced packets, which take one system call on some systems and many on others.
#![cfg(all(unix, not(target_vendor = "apple")))]

mod common;

use common::{Folder, bytes, within_deadline};
use interprocess::os::unix::uds::{
    AncillaryData, OutgoingMessage, RecvBatch, SendBatch, SocketAddr, SocketAncillary, UnixDatagram,
    UnixSeqpacket, UnixSocketExt, UnixStream, ancillary_size,
};
use std::{
    io::{self, ErrorKind, Read, Write},
    os::fd::AsFd,
    thread,
};

/// What both kinds of sockets do.
trait Batches: Send + Sync {
    fn send_many(&self, messages: &[OutgoingMessage<'_>], batch: &mut SendBatch) -> io::Result<usize>;
    fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize>;
    fn set_nonblocking(&self, nonblocking: bool);
}

impl Batches for UnixDatagram {
    fn send_many(&self, messages: &[OutgoingMessage<'_>], batch: &mut SendBatch) -> io::Result<usize> {
        self.send_many(messages, batch)
    }

    fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        self.recv_many(batch)
    }

    fn set_nonblocking(&self, nonblocking: bool) {
        self.set_nonblocking(nonblocking).unwrap();
    }
}

impl Batches for UnixSeqpacket {
    fn send_many(&self, messages: &[OutgoingMessage<'_>], batch: &mut SendBatch) -> io::Result<usize> {
        self.send_many(messages, batch)
    }

    fn recv_many(&self, batch: &mut RecvBatch) -> io::Result<usize> {
        self.recv_many(batch)
    }

    fn set_nonblocking(&self, nonblocking: bool) {
        self.set_nonblocking(nonblocking).unwrap();
    }
}

/// One way to send messages to a receiver.
struct Case {
    name: &'static str,
    /// Which take turns by message.
    senders: Vec<(Box<dyn Batches>, SocketAddr)>,
    receiver: Box<dyn Batches>,
    to: Option<SocketAddr>,
    _folder: Folder,
}

fn cases() -> [Case; 3] {
    let (a, b) = UnixDatagram::pair().unwrap();
    let (c, d) = UnixSeqpacket::pair().unwrap();
    let folder = Folder::new();
    let receiver = UnixDatagram::bind(folder.0.join("receiver")).unwrap();
    let to = receiver.local_addr().unwrap();
    // The longest path, an ordinary one, and none.
    let mut senders = vec![
        UnixDatagram::bind(common::long_path(&folder, if cfg!(target_os = "linux") { 108 } else { 104 })),
        UnixDatagram::bind(folder.0.join("sender")),
        UnixDatagram::unbound(),
    ];
    if cfg!(all(target_os = "linux", not(interprocess_portable_unix))) {
        senders.push(UnixDatagram::autobind());
    }
    let senders = senders.into_iter().map(|sender| {
        let sender = sender.unwrap();
        let address = sender.local_addr().unwrap();
        (Box::new(sender) as Box<dyn Batches>, address)
    });
    [
        Case {
            name: "pair of datagram sockets",
            senders: vec![(Box::new(a), SocketAddr::unnamed())],
            receiver: Box::new(b),
            to: None,
            _folder: Folder::new(),
        },
        Case {
            name: "pair of sequenced packets",
            senders: vec![(Box::new(c), SocketAddr::unnamed())],
            receiver: Box::new(d),
            to: None,
            _folder: Folder::new(),
        },
        Case {
            name: "bound datagrams",
            senders: senders.collect(),
            receiver: Box::new(receiver),
            to: Some(to),
            _folder: folder,
        },
    ]
}

const COUNT: usize = 1000;

/// Sizes of 0 to 1,999 in no order, the last one not 0, which could be taken for the end.
fn message(number: usize) -> Vec<u8> {
    bytes(number as u64, if number + 1 == COUNT { 7 } else { number * 1_237 % 2_000 })
}

/// Sends everything, in batches and runs of messages of changing sizes. Only Linux makes a datagram's sender wait.
fn send_all(senders: &[(Box<dyn Batches>, SocketAddr)], to: Option<&SocketAddr>) {
    let mut batches = [1, 7, 64, 2_000].map(SendBatch::new);
    let mut number = 0;
    let mut round = 0;
    while number < COUNT {
        let run: Vec<Vec<u8>> = (number..COUNT.min(number + 1 + round * 13 % 90)).map(message).collect();
        let outgoing: Vec<_> = run
            .iter()
            .map(|bytes| OutgoingMessage::new(bytes))
            .map(|message| if let Some(to) = to { message.to(to) } else { message })
            .collect();
        let (sender, _) = &senders[number % senders.len()];
        let mut rest = &outgoing[..];
        while !rest.is_empty() {
            let batch = &mut batches[round % 4];
            match sender.send_many(rest, batch) {
                Ok(sent) => {
                    assert!(sent >= 1 && sent <= rest.len().min(batch.capacity()), "{sent}");
                    rest = &rest[sent..];
                }
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
        // A run is of one sender, which the receiver finds out from its first message.
        number += run.len();
        round += 1;
    }
}

/// Who sends message `number`, by the rule of [`send_all`].
fn senders_of_all(count: usize) -> Vec<usize> {
    let (mut senders, mut round) = (Vec::new(), 0);
    while senders.len() < COUNT {
        let end = COUNT.min(senders.len() + 1 + round * 13 % 90);
        senders.resize(end, senders.len() % count);
        round += 1;
    }
    senders
}

#[test]
fn a_thousand_messages() {
    within_deadline(|| {
        // Larger than every message, and smaller than half of them.
        for size in [2_000, 1_000] {
            for Case { name, senders, receiver, to, _folder } in cases() {
                let addresses: Vec<_> = senders.iter().map(|(_, address)| address.clone()).collect();
                let order = senders_of_all(addresses.len());
                let sending = thread::spawn(move || {
                    send_all(&senders, to.as_ref());
                    senders
                });
                let mut batches = [64, 1, 5, 2_000].map(|count| RecvBatch::new(count, size));
                let (mut number, mut most) = (0, 0);
                while number < COUNT {
                    let batch = &mut batches[number % 4];
                    let received = receiver.recv_many(batch).unwrap();
                    assert!(received >= 1 && received <= batch.capacity(), "{name}: {received}");
                    assert!(batch.len() == received && batch.iter().len() == received);
                    for (index, got) in batch.iter().enumerate() {
                        let expected = message(number);
                        assert!(
                            got.bytes() == &expected[..size.min(expected.len())],
                            "{name}: message {number}, {index} of {received} in batches of {}, has {} bytes",
                            batch.capacity(),
                            got.bytes().len()
                        );
                        assert_eq!(got.is_truncated(), expected.len() > size, "{name}: message {number}");
                        assert_eq!(got.address(), addresses[order[number]], "{name}: message {number}");
                        assert!(!got.is_ancillary_truncated());
                        number += 1;
                    }
                    assert!(batch.get(received).is_none() && batch.messages(received).next().is_none());
                    most = most.max(received);
                }
                let _senders = sending.join().unwrap();
                assert!(most > 1, "{name}: no batch had more than one message");
                receiver.set_nonblocking(true);
                let error = receiver.recv_many(&mut batches[0]).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{name}");
                assert!(batches[0].is_empty(), "{name}: an error leaves no messages");
            }
        }
    });
}

/// What is there is taken without waiting for more, and a batch is full without waiting either.
#[test]
fn only_the_first_is_waited_for() {
    within_deadline(|| {
        for Case { name, senders, receiver, to, _folder } in cases() {
            let outgoing = OutgoingMessage::new(b"x");
            let outgoing = [if let Some(to) = &to { outgoing.to(to) } else { outgoing }; 5];
            let mut batch = RecvBatch::new(3, 10);
            assert_eq!(senders[0].0.send_many(&outgoing, &mut SendBatch::new(10)).unwrap(), 5);
            assert_eq!(receiver.recv_many(&mut batch).unwrap(), 3, "{name}");
            assert_eq!(receiver.recv_many(&mut batch).unwrap(), 2, "{name}");
            assert_eq!(batch.into_iter().count(), 2);
            assert_eq!(senders[0].0.send_many(&[], &mut SendBatch::new(10)).unwrap(), 0, "{name}");
            thread::scope(|scope| {
                let waiting = scope.spawn(|| receiver.recv_many(&mut batch).unwrap());
                senders[0].0.send_many(&outgoing, &mut SendBatch::new(1)).unwrap();
                assert_eq!(waiting.join().unwrap(), 1, "{name}");
            });
        }
    });
}

/// The messages before an error are sent; the next call tells it, and the one after goes on.
#[test]
fn errors_in_the_middle() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("receiver");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let there = receiver.local_addr().unwrap();
        let nowhere = SocketAddr::from_pathname(folder.0.join("nowhere")).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        let messages = [
            OutgoingMessage::new(b"first").to(&there),
            OutgoingMessage::new(b"lost").to(&nowhere),
            OutgoingMessage::new(b"third").to(&there),
        ];
        let mut batch = SendBatch::new(10);
        assert_eq!(sender.send_many(&messages, &mut batch).unwrap(), 1);
        assert_eq!(sender.send_many(&messages[1..], &mut batch).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(sender.send_many(&messages[2..], &mut batch).unwrap(), 1);

        // An error that is found before anything is sent goes the same way.
        let mut room = vec![0; 2 * ancillary_size(300)];
        let mut too_many = SocketAncillary::new(&mut room);
        assert!(too_many.add_fds(&vec![sender.as_fd(); 300]) && too_many.add_fds(&vec![sender.as_fd(); 300]));
        let messages = [messages[0], messages[0].with_ancillary(&too_many), messages[2]];
        assert_eq!(sender.send_many(&messages, &mut batch).unwrap(), 1);
        let error = sender.send_many(&messages[1..], &mut batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);

        let mut received = RecvBatch::new(10, 10);
        assert_eq!(receiver.recv_many(&mut received).unwrap(), 3);
        let bytes: Vec<_> = received.iter().map(|message| message.bytes()).collect();
        assert_eq!(bytes, [&b"first"[..], b"third", b"first"]);

        // A message that is too long for a connection.
        let (a, b) = UnixSeqpacket::pair().unwrap();
        let long = vec![0; 64 << 20];
        let messages = [OutgoingMessage::new(b"short"), OutgoingMessage::new(&long)];
        assert_eq!(a.send_many(&messages, &mut batch).unwrap(), 1);
        let error = a.send_many(&messages[1..], &mut batch).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
        drop(a);
        assert_eq!(b.recv_many(&mut received).unwrap(), 1);
        assert_eq!(received.get(0).unwrap().bytes(), b"short");
        assert_eq!(b.recv_many(&mut received).unwrap(), 0);
        let error = b.send_many(&messages, &mut batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

/// Nonblocking, a queue that has room for some of the messages takes those.
#[cfg(target_os = "linux")]
#[test]
fn full_queues() {
    within_deadline(|| {
        for Case { name, senders, receiver, to, _folder } in cases() {
            let (sender, _) = &senders[0];
            sender.set_nonblocking(true);
            let numbers: Vec<_> = (0..100_000_u32).map(u32::to_ne_bytes).collect();
            let outgoing: Vec<_> = numbers
                .iter()
                .map(|bytes| OutgoingMessage::new(bytes))
                .map(|message| if let Some(to) = &to { message.to(to) } else { message })
                .collect();
            let mut batch = SendBatch::new(300);
            let mut sent = 0;
            let error = loop {
                match sender.send_many(&outgoing[sent..], &mut batch) {
                    Ok(count) => sent += count,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::WouldBlock, "{name}");
            receiver.set_nonblocking(true);
            let mut batch = RecvBatch::new(100, 4);
            let mut received = 0;
            while let Ok(count) = receiver.recv_many(&mut batch) {
                assert!(batch.iter().map(|message| message.bytes()).eq(&numbers[received..received + count]));
                received += count;
            }
            assert!(received == sent && sent > 0, "{name}: {received} of {sent}");
        }
    });
}

/// Descriptors arrive with their messages, each at the right one.
#[test]
fn descriptors() {
    within_deadline(|| {
        for Case { name, senders, receiver, to, _folder } in cases() {
            let pairs: Vec<_> = (0..6).map(|_| UnixStream::pair().unwrap()).collect();
            let mut rooms = vec![vec![0; ancillary_size(3)]; 3];
            let ancillaries: Vec<_> = rooms
                .iter_mut()
                .zip([&pairs[0..1], &pairs[1..3], &pairs[3..6]])
                .map(|(room, pairs)| {
                    let mut ancillary = SocketAncillary::new(room);
                    let fds: Vec<_> = pairs.iter().map(|(passed, _)| passed.as_fd()).collect();
                    assert!(ancillary.add_fds(&fds));
                    ancillary
                })
                .collect();
            let outgoing: Vec<_> = [Some(0), None, Some(1), Some(2)]
                .map(|with| {
                    let message = OutgoingMessage::new(&b"abcdef"[..with.map_or(6, |with| with + 1)]);
                    let message = if let Some(to) = &to { message.to(to) } else { message };
                    if let Some(with) = with { message.with_ancillary(&ancillaries[with]) } else { message }
                })
                .to_vec();
            assert_eq!(senders[0].0.send_many(&outgoing, &mut SendBatch::new(9)).unwrap(), 4, "{name}");
            drop(outgoing);
            drop(ancillaries);
            let mut kept: Vec<UnixStream> = pairs.into_iter().map(|(_passed, kept)| kept).collect();

            let mut batch = RecvBatch::with_ancillary(9, 9, ancillary_size(3));
            assert_eq!(receiver.recv_many(&mut batch).unwrap(), 4, "{name}");
            let mut next = kept.iter_mut();
            for (index, count) in [1, 0, 2, 3].into_iter().enumerate() {
                let length = if count == 0 { 6 } else { count };
                assert_eq!(batch.get(index).unwrap().bytes(), &b"abcdef"[..length], "{name}");
                let mut found = 0;
                for message in batch.messages(index) {
                    let Ok(AncillaryData::ScmRights(rights)) = message else { panic!("{name}: {message:?}") };
                    // The last of three stays in the batch.
                    for fd in rights.take(2) {
                        assert!(rustix::io::fcntl_getfd(&fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
                        (&UnixStream::from(fd)).write_all(b"mine").unwrap();
                        let kept = next.next().unwrap();
                        common::expect_bytes(&*kept, b"mine").unwrap();
                        assert_eq!(kept.read(&mut [0]).unwrap(), 0, "{name}: nobody else has it");
                        found += 1;
                    }
                }
                assert_eq!(found, count.min(2), "{name}");
            }
            let last = next.next().unwrap();
            last.set_nonblocking(true).unwrap();
            assert_eq!(last.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "{name}: still open");
            batch.clear();
            last.set_nonblocking(false).unwrap();
            assert!(batch.is_empty() && last.read(&mut [0]).unwrap() == 0, "{name}: closed");
        }
    });
}

/// Counts descriptors, in a process without other tests.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_counts() {
    common::begin_role();
    within_deadline(|| {
        for Case { name, senders, receiver, to, _folder } in cases() {
            let (sender, _) = &senders[0];
            let (passed, _kept) = UnixStream::pair().unwrap();
            let mut room = vec![0; ancillary_size(3)];
            let mut three = SocketAncillary::new(&mut room);
            assert!(three.add_fds(&[passed.as_fd(); 3]));
            let plain = OutgoingMessage::new(b"message");
            let plain = if let Some(to) = &to { plain.to(to) } else { plain };
            let with_three = plain.with_ancillary(&three);
            let mut outbox = SendBatch::new(9);
            let mut batch = RecvBatch::with_ancillary(9, 4, ancillary_size(3));
            let before = common::open_descriptors();
            for _ in 0..50 {
                sender.send_many(&[with_three, plain, with_three], &mut outbox).unwrap();
                assert_eq!(receiver.recv_many(&mut batch).unwrap(), 3, "{name}");
                assert!(
                    batch.get(2).unwrap().is_truncated() && !batch.get(2).unwrap().is_ancillary_truncated()
                );
                assert_eq!(common::open_descriptors(), before + 6, "{name}: the batch has six");
                let taken = batch.messages(0).find_map(|message| match message {
                    Ok(AncillaryData::ScmRights(mut rights)) => rights.nth(1),
                    _ => None,
                });
                assert!(taken.is_some());
                drop(taken);
                // The first was dropped on the way to the second; the third stays.
                assert_eq!(common::open_descriptors(), before + 4, "{name}");
            }
            sender.send_many(&[plain], &mut outbox).unwrap();
            receiver.recv_many(&mut batch).unwrap();
            assert_eq!(common::open_descriptors(), before, "{name}: receiving closes what was left");

            sender.send_many(&[with_three], &mut outbox).unwrap();
            receiver.recv_many(&mut batch).unwrap();
            batch.clear();
            assert_eq!(common::open_descriptors(), before, "{name}: clearing closes");

            sender.send_many(&[with_three], &mut outbox).unwrap();
            receiver.recv_many(&mut batch).unwrap();
            drop(batch);
            assert_eq!(common::open_descriptors(), before, "{name}: dropping closes");

            // No room, and room for fewer than there are.
            sender.send_many(&[with_three, with_three, plain], &mut outbox).unwrap();
            let mut batch = RecvBatch::new(1, 9);
            receiver.recv_many(&mut batch).unwrap();
            let message = batch.get(0).unwrap();
            assert!(message.is_ancillary_truncated() && message.bytes() == b"message", "{name}");
            assert_eq!(batch.messages(0).count(), 0, "{name}");
            assert_eq!(common::open_descriptors(), before, "{name}");
            let room_for_one = match ancillary_size(1) - ancillary_size(0) + size_of::<libc::cmsghdr>() {
                size if common::cuts_control_messages() => size,
                _ => 0,
            };
            let mut batch = RecvBatch::with_ancillary(1, 9, room_for_one);
            receiver.recv_many(&mut batch).unwrap();
            if cfg!(not(interprocess_portable_unix)) {
                assert!(batch.get(0).unwrap().is_ancillary_truncated(), "{name}");
            }
            receiver.recv_many(&mut batch).unwrap();
            assert!(!batch.get(0).unwrap().is_ancillary_truncated(), "{name}");
            assert_eq!(common::open_descriptors(), before, "{name}");

            // An error leaves nothing open either.
            receiver.set_nonblocking(true);
            sender.send_many(&[with_three], &mut outbox).unwrap();
            let mut batch = RecvBatch::with_ancillary(9, 4, ancillary_size(3));
            receiver.recv_many(&mut batch).unwrap();
            receiver.recv_many(&mut batch).unwrap_err();
            assert_eq!(common::open_descriptors(), before, "{name}");
            // And messages that nobody receives take theirs with them.
            sender.send_many(&[with_three; 5], &mut outbox).unwrap();
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_open() {
    if !common::has_room_for_descriptors(100) {
        return;
    }
    common::start_role("role_counts", "").succeeds();
}

/// Batches can be given to another thread, and tell each message's sender if that is wished for.
#[test]
fn credentials_of_each_message() {
    let (a, b) = UnixDatagram::pair().unwrap();
    if common::unless_missing(b.set_passcred(true), (2, 2)).is_none() {
        return;
    }
    a.send_many(&[OutgoingMessage::new(b""); 3], &mut SendBatch::new(3)).unwrap();
    let batch = RecvBatch::with_ancillary(3, 1, ancillary_size(0));
    let receiving = thread::spawn(move || {
        let mut batch = batch;
        b.recv_many(&mut batch).unwrap();
        batch
    });
    let mut batch = receiving.join().unwrap();
    assert_eq!(batch.len(), 3);
    for index in 0..3 {
        let uids: Vec<u32> = batch
            .messages(index)
            .flat_map(|message| match message {
                Ok(AncillaryData::ScmCredentials(creds)) => creds.map(|creds| creds.get_uid()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(uids, [rustix::process::getuid().as_raw()]);
    }
}

/// More than there can be is refused when it is asked for, whatever the numbers do when they are multiplied.
#[test]
fn more_room_than_there_can_be() {
    let too_much = [(4, usize::MAX / 4 + 2, 0), (4, 8, usize::MAX / 4 + 2), (usize::MAX, 2, 0)];
    for (messages, size, ancillary) in too_much {
        let made = std::panic::catch_unwind(|| RecvBatch::with_ancillary(messages, size, ancillary));
        assert!(made.is_err(), "{messages} of {size} and {ancillary}");
    }
}

#[test]
fn room_for_nothing() {
    let (a, b) = UnixDatagram::pair().unwrap();
    let nothing = b.recv_many(&mut RecvBatch::new(0, 8));
    assert_eq!(nothing.unwrap_err().kind(), ErrorKind::InvalidInput);
    let nothing = a.send_many(&[OutgoingMessage::new(b"x")], &mut SendBatch::new(0));
    assert_eq!(nothing.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(a.send_many(&[], &mut SendBatch::new(1)).unwrap(), 0);
}

/// As in a sandbox that has neither call, or gVisor, which refuses a flag: one call a message, with the same outcome. In a
/// process of its own.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_without_calls() {
    let error = common::begin_role();
    let denied = [libc::SYS_recvmmsg, libc::SYS_sendmmsg];
    common::deny::deny_calls(&denied, error.parse().unwrap());
    a_thousand_messages();
    only_the_first_is_waited_for();
    errors_in_the_middle();
    full_queues();
    descriptors();
    credentials_of_each_message();
    room_for_nothing();
}

#[cfg(target_os = "linux")]
#[test]
fn batches_without_the_calls_for_them() {
    if !common::has_room_for_descriptors(100) {
        return;
    }
    if common::is_emulated() {
        return common::skip("qemu's user mode has no seccomp");
    }
    for error in [libc::ENOSYS, libc::EPERM, libc::EINVAL, libc::EOPNOTSUPP, libc::ENOPROTOOPT] {
        common::start_role("role_without_calls", &error.to_string()).succeeds();
    }
}

/// A call that fails after messages were received loses none of them, nor its error: the next call on that socket has it.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_third_call_fails() {
    common::begin_role();
    common::deny::deny_calls(&[libc::SYS_recvmmsg], libc::ENOSYS);
    let [(a, b), (c, d)] = [UnixDatagram::pair().unwrap(), UnixDatagram::pair().unwrap()];
    let messages = [b"one", b"two", b"six", b"ten"].map(|bytes| OutgoingMessage::new(bytes));
    a.send_many(&messages, &mut SendBatch::new(4)).unwrap();
    c.send(b"else").unwrap();
    let mut batch = RecvBatch::new(9, 9);
    let mut received = Vec::new();
    assert_eq!(b.recv_many(&mut batch).unwrap(), 2);
    received.extend(batch.iter().map(|message| message.bytes().to_vec()));
    assert_eq!(d.recv_many(&mut batch).unwrap(), 1, "the error is another socket's");
    assert_eq!(batch.get(0).unwrap().bytes(), b"else");
    let error = b.recv_many(&mut batch).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOMEM));
    assert_eq!(b.recv_many(&mut batch).unwrap(), 2);
    received.extend(batch.iter().map(|message| message.bytes().to_vec()));
    assert_eq!(received, [b"one", b"two", b"six", b"ten"]);
}

#[cfg(target_os = "linux")]
#[test]
fn error_in_the_middle_of_a_loop_is_returned_next() {
    if common::is_emulated() {
        return common::skip("qemu's user mode has no seccomp");
    }
    if cfg!(target_arch = "x86") {
        return common::skip(
            "socketcall(2) has the calls of sockets here, and strace injects nothing into it",
        );
    }
    let traced = std::process::Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    if !traced.is_ok_and(|traced| traced.status.success()) {
        return common::skip("strace cannot trace here");
    }
    let role = common::command_for_role("role_third_call_fails", "");
    let mut command = std::process::Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=recvmsg"]);
    command.args(["-e", "inject=recvmsg:error=ENOMEM:when=3"]).arg(role.get_program()).args(role.get_args());
    for (name, value) in role.get_envs() {
        command.env(name, value.unwrap());
    }
    match command.stdout(std::process::Stdio::null()).spawn() {
        Ok(child) => common::Killed(child).succeeds(),
        Err(error) => common::skip(format_args!("strace: {error}")),
    }
}
