//! What travels beside the data: descriptors above all, none of which may be lost, doubled or left open.
#![cfg(unix)]

mod common;

use common::within_deadline;
use interprocess::os::unix::uds::{
    AncillaryData, OutgoingMessage, RecvBatch, SendBatch, SocketAncillary, SocketCred, UnixDatagram,
    UnixSeqpacket, UnixSocketExt, UnixStream, ancillary_size,
};
use std::{
    fs::File,
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::MetadataExt,
    },
};

/// The most that Linux passes at once.
const MOST: usize = 253;

/// The three kinds of sockets, as one.
#[derive(Debug)]
enum Socket {
    Stream(UnixStream),
    Datagram(UnixDatagram),
    Seqpacket(UnixSeqpacket),
}

use Socket::{Datagram, Seqpacket, Stream};

impl Socket {
    fn pairs() -> Vec<(Self, Self)> {
        let (a, b) = UnixStream::pair().unwrap();
        let mut pairs = vec![(Stream(a), Stream(b))];
        let (a, b) = UnixDatagram::pair().unwrap();
        pairs.push((Datagram(a), Datagram(b)));
        if cfg!(not(target_vendor = "apple")) {
            let (a, b) = UnixSeqpacket::pair().unwrap();
            pairs.push((Seqpacket(a), Seqpacket(b)));
        }
        pairs
    }

    fn send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        match self {
            Stream(socket) => socket.send_with_fds(bytes, fds),
            Datagram(socket) => socket.send_with_fds(bytes, fds),
            Seqpacket(socket) => socket.send_with_fds(bytes, fds),
        }
    }

    fn send_ancillary(&self, bytes: &[u8], ancillary: &mut SocketAncillary<'_>) -> io::Result<usize> {
        let slices = [IoSlice::new(bytes)];
        match self {
            Stream(socket) => socket.send_vectored_with_ancillary(&slices, ancillary),
            Datagram(socket) => socket.send_vectored_with_ancillary(&slices, ancillary),
            Seqpacket(socket) => socket.send_vectored_with_ancillary(&slices, ancillary),
        }
    }

    /// The length, the descriptors, and whether there were more.
    fn recv(&self, buffer: &mut [u8], max: usize) -> io::Result<(usize, Vec<OwnedFd>, bool)> {
        let (length, fds) = match self {
            Stream(socket) => socket.recv_with_fds(buffer, max)?,
            Datagram(socket) => socket.recv_with_fds(buffer, max)?,
            Seqpacket(socket) => socket.recv_with_fds(buffer, max)?,
        };
        let truncated = fds.is_truncated();
        Ok((length, fds.into_vec(), truncated))
    }

    fn recv_ancillary(&self, buffer: &mut [u8], ancillary: &mut SocketAncillary<'_>) -> io::Result<usize> {
        let slices = &mut [IoSliceMut::new(buffer)];
        match self {
            Stream(socket) => socket.recv_vectored_with_ancillary(slices, ancillary),
            Datagram(socket) => {
                socket.recv_vectored_with_ancillary(slices, ancillary).map(|(length, _)| length)
            }
            Seqpacket(socket) => {
                socket.recv_vectored_with_ancillary(slices, ancillary).map(|(length, _)| length)
            }
        }
    }

    fn recv_plain(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream(socket) => (&*socket).read(buffer),
            Datagram(socket) => socket.recv(buffer),
            Seqpacket(socket) => socket.recv(buffer),
        }
    }

    fn recv_batch(&self, batch: &mut RecvBatch) -> Option<io::Result<usize>> {
        match self {
            Stream(_) => None,
            Datagram(socket) => Some(socket.recv_many(batch)),
            Seqpacket(socket) => Some(socket.recv_many(batch)),
        }
    }

    fn set_nonblocking(&self) {
        match self {
            Stream(socket) => socket.set_nonblocking(true),
            Datagram(socket) => socket.set_nonblocking(true),
            Seqpacket(socket) => socket.set_nonblocking(true),
        }
        .unwrap();
    }
}

/// Open files that can be told apart, again and again.
struct Files(Vec<File>);

impl Files {
    fn new(count: usize) -> Self {
        let folder = common::Folder::new();
        let file = |index: usize| File::create(folder.0.join(index.to_string())).unwrap();
        Self((0..count).map(file).collect())
    }

    /// The first `count` of an endless row of them.
    fn row(&self, count: usize) -> Vec<BorrowedFd<'_>> {
        self.0.iter().cycle().take(count).map(AsFd::as_fd).collect()
    }

    /// Checks that these are the first of the row, and closed in every child.
    fn expect(&self, received: Vec<OwnedFd>) {
        for (fd, sent) in received.into_iter().zip(self.0.iter().cycle()) {
            assert!(rustix::io::fcntl_getfd(&fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
            assert_eq!(File::from(fd).metadata().unwrap().ino(), sent.metadata().unwrap().ino());
        }
    }
}

/// An emulator gives the kernel twice the room that the program gave it, and lets go of what does not fit: then what was
/// truncated stays open, which no program can help.
#[cfg(target_os = "linux")]
fn leaks_what_is_truncated() -> bool {
    cfg!(any(target_arch = "aarch64", target_arch = "s390x")) && cfg!(not(interprocess_portable_unix)) && {
        let (a, b) = UnixStream::pair().unwrap();
        let before = common::open_descriptors();
        a.send_with_fds(b"x", &[a.as_fd(), a.as_fd(), a.as_fd(), a.as_fd()]).unwrap();
        let mut buffer = [0; 24];
        let mut ancillary = SocketAncillary::new(&mut buffer);
        b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut [0])], &mut ancillary).unwrap();
        drop(ancillary);
        common::open_descriptors() > before
    }
}

/// Runs a role in a process of its own, where nobody else opens and closes descriptors.
fn alone(role: &str) {
    common::start_role(role, "").succeeds();
}

#[cfg(target_os = "linux")]
fn counted(work: impl FnOnce()) {
    common::begin_role();
    let before = common::open_descriptors();
    work();
    assert_eq!(common::open_descriptors(), before, "descriptors stay open");
}

/// Numbers that only look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ten_thousand_rounds() {
    if !common::has_room_for_descriptors(600) {
        return;
    }
    alone("role_rounds");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_rounds() {
    let small_buffers = !leaks_what_is_truncated();
    counted(|| {
        let files = Files::new(16);
        let pairs = Socket::pairs();
        let mut numbers = Numbers(0x1234_5678_9abc_def1);
        let mut seen_truncated = 0;
        let mut seen_whole = 0;
        for round in 0..10_000 {
            let (from, to) = &pairs[numbers.below(pairs.len())];
            let count = if round % 8 == 0 { numbers.below(MOST + 1) } else { numbers.below(17) };
            let bytes = [7; 64];
            let bytes = &bytes[..1 + numbers.below(64)];
            assert_eq!(from.send(bytes, &files.row(count)).unwrap(), bytes.len());
            let mut buffer = [0; 64];
            // A stream must be emptied; from datagrams and packets, a part is all that comes.
            let room = match from {
                Stream(_) => 64,
                _ => 1 + numbers.below(64),
            };
            let buffer = &mut buffer[..room];
            match numbers.below(if small_buffers { 5 } else { 2 }) {
                0 => {
                    let max = numbers.below(MOST + 10);
                    let (_, received, truncated) = to.recv(buffer, max).unwrap();
                    assert_eq!((received.len(), truncated), (count.min(max), count > max));
                    files.expect(received);
                }
                1 => {
                    // Room for all, of which a part is taken.
                    let mut memory = vec![0xa5; ancillary_size(MOST) + 8];
                    let mut ancillary = SocketAncillary::new(&mut memory[numbers.below(8)..]);
                    to.recv_ancillary(buffer, &mut ancillary).unwrap();
                    assert!(!ancillary.truncated());
                    let taken = numbers.below(count + 1);
                    let received = rights(&mut ancillary, taken);
                    assert_eq!(received.len(), taken);
                    files.expect(received);
                    assert_eq!(rights(&mut ancillary, usize::MAX).len(), count - taken, "each comes once");
                }
                2 => {
                    let mut memory = vec![0xa5; numbers.below(1200)];
                    let skip = numbers.below(8).min(memory.len());
                    let mut ancillary = SocketAncillary::new(&mut memory[skip..]);
                    to.recv_ancillary(buffer, &mut ancillary).unwrap();
                    let truncated = ancillary.truncated();
                    let received = rights(&mut ancillary, usize::MAX);
                    assert_eq!(received.len() < count, truncated);
                    if truncated {
                        seen_truncated += 1
                    } else {
                        seen_whole += 1
                    }
                    files.expect(received);
                }
                3 => {
                    let mut batch = RecvBatch::with_ancillary(3, 16, numbers.below(1200));
                    match to.recv_batch(&mut batch) {
                        None => drop(to.recv_plain(buffer).unwrap()),
                        Some(received) => {
                            assert_eq!(received.unwrap(), 1);
                            let message = batch.get(0).unwrap();
                            assert_eq!(message.bytes(), &bytes[..bytes.len().min(16)]);
                            assert_eq!(message.is_truncated(), bytes.len() > 16);
                            let truncated = message.is_ancillary_truncated();
                            let received = batch
                                .messages(0)
                                .filter_map(|message| match message {
                                    Ok(AncillaryData::ScmRights(fds)) => {
                                        Some(fds.take(5).collect::<Vec<_>>())
                                    }
                                    _ => None,
                                })
                                .flatten()
                                .collect::<Vec<_>>();
                            assert!(truncated || received.len() == count.min(5));
                            files.expect(received);
                        }
                    }
                }
                _ => drop(to.recv_plain(buffer).unwrap()),
            }
        }
        if small_buffers {
            assert!(seen_truncated > 100 && seen_whole > 100, "{seen_truncated} {seen_whole}");
        }
    });
}

fn rights(ancillary: &mut SocketAncillary<'_>, most: usize) -> Vec<OwnedFd> {
    let mut received = Vec::new();
    for message in ancillary.messages() {
        match message.unwrap() {
            AncillaryData::ScmRights(fds) => received.extend(fds.take(most - received.len())),
            other => panic!("{other:?}"),
        }
    }
    received
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_sends_and_sends() {
    alone("role_flood");
}

/// Descriptors that nobody asked for, as many as can be, and some that never arrive.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_flood() {
    counted(|| {
        let files = Files::new(4);
        for (from, to) in Socket::pairs() {
            for round in 0..200 {
                from.send(b"x", &files.row(MOST)).unwrap();
                let mut buffer = [0; 8];
                if round % 2 == 0 {
                    assert_eq!(to.recv_plain(&mut buffer).unwrap(), 1);
                } else {
                    let (length, received, truncated) = to.recv(&mut buffer, 0).unwrap();
                    assert_eq!((length, received.len(), truncated), (1, 0, true));
                }
            }
            from.send(b"never received", &files.row(MOST)).unwrap();
            drop(to);
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_room_for_descriptors_in_the_process() {
    if !common::has_room_for_descriptors(600) {
        return;
    }
    alone("role_limit");
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "a role, which another test starts"]
fn role_limit() {
    counted(|| {
        let files = Files::new(4);
        let pairs = Socket::pairs();
        let old = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let few = common::open_descriptors() as u64 + 5;
        let low = rustix::process::Rlimit { current: Some(few), maximum: old.maximum };
        for (from, to) in &pairs {
            from.send(b"x", &files.row(50)).unwrap();
            rustix::process::setrlimit(rustix::process::Resource::Nofile, low).unwrap();
            let received = to.recv(&mut [0; 8], 50);
            rustix::process::setrlimit(rustix::process::Resource::Nofile, old).unwrap();
            let (length, received, truncated) = received.unwrap();
            assert!(length == 1 && received.len() < 50 && truncated, "{length} {received:?} {truncated}");
            files.expect(received);
        }
    });
}

#[test]
fn too_many_are_refused_before_anything_is_sent() {
    if !common::has_room_for_descriptors(600) {
        return;
    }
    if cfg!(not(target_os = "linux")) {
        return common::skip("only Linux does this");
    }
    let files = Files::new(4);
    let one_too_many = files.row(MOST + 1);
    for (from, to) in Socket::pairs() {
        to.set_nonblocking();
        let error = from.send(b"x", &one_too_many).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("254 descriptors"), "{error}");

        let mut memory = vec![0; 2 * ancillary_size(MOST)];
        let mut ancillary = SocketAncillary::new(&mut memory);
        assert!(ancillary.add_fds(&one_too_many[..200]) && ancillary.add_fds(&one_too_many[200..]));
        assert_eq!(from.send_ancillary(b"x", &mut ancillary).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(to.recv_plain(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock, "nothing was sent");

        ancillary.clear();
        assert!(ancillary.add_fds(&one_too_many[..200]) && ancillary.add_fds(&one_too_many[200..MOST]));
        assert_eq!(from.send_ancillary(b"x", &mut ancillary).unwrap(), 1);
        assert_eq!(to.recv(&mut [0; 8], MOST).unwrap().1.len(), MOST);
    }
}

#[test]
fn descriptors_need_a_byte_on_a_stream() {
    let (a, b) = UnixStream::pair().unwrap();
    let fds = [a.as_fd()];
    assert_eq!(a.send_with_fds(b"", &fds).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(a.send_with_fds(b"", &[] as &[OwnedFd]).unwrap(), 0);
    let mut memory = [0; 64];
    let mut ancillary = SocketAncillary::new(&mut memory);
    assert!(ancillary.add_fds(&fds));
    let empty = [IoSlice::new(b""), IoSlice::new(b"")];
    assert_eq!(
        a.send_vectored_with_ancillary(&empty, &mut ancillary).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    assert_eq!(b.recv_with_fds(&mut [], 1).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn messages_of_length_zero_carry_descriptors() {
    if cfg!(not(target_os = "linux")) {
        return common::skip("only Linux does this");
    }
    let files = Files::new(3);
    for (from, to) in Socket::pairs().into_iter().skip(1) {
        assert_eq!(from.send(b"", &files.row(3)).unwrap(), 0);
        let (length, received, truncated) = to.recv(&mut [0; 8], 3).unwrap();
        assert_eq!((length, received.len(), truncated), (0, 3, false));
        files.expect(received);
    }
}

#[test]
fn a_buffer_from_state_to_state() {
    let files = Files::new(4);
    let (a, b) = UnixStream::pair().unwrap();
    let mut memory = vec![0; ancillary_size(4)];
    let capacity = memory.len();
    let mut ancillary = SocketAncillary::new(&mut memory);
    assert!(ancillary.is_empty() && ancillary.capacity() == capacity);

    let row = files.row(4);
    assert!(ancillary.add_fds(&row[..3]));
    assert!(!ancillary.is_empty());
    // More than there is room for changes nothing.
    let too_many = vec![row[0]; capacity];
    let used = ancillary.len();
    assert!(!ancillary.add_fds(&too_many) && ancillary.len() == used);
    a.send_vectored_with_ancillary(&[IoSlice::new(b"1")], &mut ancillary).unwrap();
    // What was added can be sent again.
    a.send_vectored_with_ancillary(&[IoSlice::new(b"2")], &mut ancillary).unwrap();
    assert!(ancillary.messages().next().is_none(), "nothing was received");

    let mut byte = [0];
    b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut byte)], &mut ancillary).unwrap();
    assert_eq!((byte, ancillary.truncated()), ([b'1'], false));
    files.expect(rights(&mut ancillary, 1));
    // Receiving again closes the other two.
    b.recv_vectored_with_ancillary(&mut [IoSliceMut::new(&mut byte)], &mut ancillary).unwrap();
    assert_eq!(byte, [b'2']);
    assert_eq!(rights(&mut ancillary, 4).len(), 3);
    // What was received is not sent on.
    a.send_vectored_with_ancillary(&[IoSlice::new(b"3")], &mut ancillary).unwrap();
    assert_eq!(b.recv_with_fds(&mut byte, 9).unwrap().1.len(), 0);
    // Adding begins anew.
    assert!(ancillary.add_fds(&row[..1]));
    a.send_vectored_with_ancillary(&[IoSlice::new(b"4")], &mut ancillary).unwrap();
    let (_, received) = b.recv_with_fds(&mut byte, 9).unwrap();
    assert_eq!(received.len(), 1);
    files.expect(received.into());
}

/// A stream's reads end where other descriptors begin.
#[test]
fn bytes_and_descriptors_stay_together() {
    let files = Files::new(3);
    let (a, b) = UnixStream::pair().unwrap();
    for count in 1..=3 {
        a.send_with_fds(&[count as u8; 10], &files.row(count)).unwrap();
    }
    (&a).write_all(b"end").unwrap();
    drop(a);
    let mut got = Vec::new();
    loop {
        let mut buffer = [0; 100];
        let (length, fds) = b.recv_with_fds(&mut buffer, 10).unwrap();
        if length == 0 {
            break;
        }
        assert!(fds.is_empty() || buffer[0] as usize == fds.len(), "{} with {buffer:?}", fds.len());
        files.expect(fds.into());
        got.extend_from_slice(&buffer[..length]);
    }
    assert_eq!(got, [&[1; 10][..], &[2; 10], &[3; 10], b"end"].concat());
}

#[test]
fn pipes_and_files_work_at_the_other_end() {
    within_deadline(|| {
        let (from, to) = interprocess::unnamed_pipe::pipe().unwrap();
        let data = common::bytes(3, 1 << 20);
        for (a, b) in Socket::pairs() {
            a.send(b"a pipe", &[from.as_fd()]).unwrap();
            let (_, mut received, _) = b.recv(&mut [0; 8], 1).unwrap();
            let mut sender = File::from(received.remove(0));
            std::thread::scope(|scope| {
                scope.spawn(|| sender.write_all(&data).unwrap());
                common::expect_bytes(&to, &data).unwrap();
            });
        }
    });
}

#[test]
fn credentials() {
    for (a, b) in Socket::pairs() {
        let passed = match &b {
            Stream(socket) => socket.set_passcred(true),
            Datagram(socket) => socket.set_passcred(true),
            Seqpacket(socket) => socket.set_passcred(true),
        };
        if let Err(error) = passed {
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            return;
        }
        let own = SocketCred::of_this_process();
        assert_eq!(own.get_pid(), std::process::id() as i32);
        let mut memory = vec![0; ancillary_size(1)];
        let mut ancillary = SocketAncillary::new(&mut memory);
        // The kernel's word, and the sender's.
        for tell in [false, true] {
            if tell && cfg!(target_os = "linux") {
                if !common::has_mapped_user() {
                    return;
                }
                assert!(ancillary.add_creds(&[own]));
            }
            a.send_ancillary(b"x", &mut ancillary).unwrap();
            let mut memory = vec![0; ancillary_size(1)];
            let mut received = SocketAncillary::new(&mut memory);
            assert_eq!(b.recv_ancillary(&mut [0; 2], &mut received).unwrap(), 1);
            let told: Vec<SocketCred> = received
                .messages()
                .filter_map(|message| match message {
                    Ok(AncillaryData::ScmCredentials(credentials)) => Some(credentials),
                    _ => None,
                })
                .flatten()
                .collect();
            assert_eq!(told, [own]);
        }
        if cfg!(target_os = "linux") {
            // Nobody may tell a process that is not there.
            let mut wrong = own;
            wrong.set_pid(i32::MAX);
            ancillary.clear();
            assert!(ancillary.add_creds(&[wrong]));
            a.send_ancillary(b"x", &mut ancillary).unwrap_err();
        }
    }
}

#[test]
fn a_batch_with_descriptors() {
    if !common::has_room_for_descriptors(600) {
        return;
    }
    if cfg!(target_vendor = "apple") {
        return common::skip("macOS cannot do this");
    }
    let files = Files::new(5);
    let row = files.row(5);
    let (a, b) = UnixSeqpacket::pair().unwrap();
    let mut memories: Vec<_> = (0..5).map(|_| vec![0; ancillary_size(5)]).collect();
    let ancillaries: Vec<SocketAncillary<'_>> = memories
        .iter_mut()
        .enumerate()
        .map(|(index, memory)| {
            let mut ancillary = SocketAncillary::new(memory);
            assert!(ancillary.add_fds(&row[..index]));
            ancillary
        })
        .collect();
    let bodies: Vec<_> = (0..5).map(|index| vec![index as u8; index + 1]).collect();
    let messages: Vec<_> = bodies
        .iter()
        .zip(&ancillaries)
        .map(|(body, ancillary)| OutgoingMessage::new(body).with_ancillary(ancillary))
        .collect();
    assert_eq!(a.send_many(&messages, &mut SendBatch::new(10)).unwrap(), 5);
    let mut batch = RecvBatch::with_ancillary(10, 100, ancillary_size(5));
    let mut seen = 0;
    while seen < 5 {
        let count = b.recv_many(&mut batch).unwrap();
        for index in 0..count {
            assert_eq!(batch.get(index).unwrap().bytes(), bodies[seen]);
            let fds: usize = batch
                .messages(index)
                .map(|message| match message.unwrap() {
                    AncillaryData::ScmRights(fds) => fds.count(),
                    other => panic!("{other:?}"),
                })
                .sum();
            assert_eq!(fds, seen);
            seen += 1;
        }
    }
    drop(a);
    assert_eq!(b.recv_many(&mut batch).unwrap(), 0);
    assert!(batch.is_empty() && batch.messages(0).next().is_none());
}

/// Sends to a peer that is gone, with SIGPIPE as deadly as in a C program.
#[test]
#[ignore = "a role, which another test starts"]
fn role_sigpipe() {
    common::begin_role();
    common::deadly_sigpipe();
    for (from, to) in Socket::pairs() {
        drop(to);
        let mut memory = [0; 64];
        let mut ancillary = SocketAncillary::new(&mut memory);
        from.send(b"x", &[]).unwrap_err();
        from.send(b"x", &[io::stderr().as_fd()]).unwrap_err();
        from.send_ancillary(b"x", &mut ancillary).unwrap_err();
        let messages = [OutgoingMessage::new(b"x")];
        match &from {
            Stream(_) => {}
            Datagram(socket) => {
                socket.send(b"x").unwrap_err();
                socket.send_many(&messages, &mut SendBatch::new(1)).unwrap_err();
            }
            Seqpacket(socket) => {
                assert_eq!(socket.send(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
                assert_eq!(
                    socket.send_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind(),
                    ErrorKind::BrokenPipe
                );
                let sent = socket.send_many(&messages, &mut SendBatch::new(1));
                assert_eq!(sent.unwrap_err().kind(), ErrorKind::BrokenPipe);
            }
        }
    }
}

#[test]
fn sending_to_nobody_is_no_signal() {
    common::start_role("role_sigpipe", "").succeeds();
}

/// Python at the other end: what it passes, and what it is passed.
#[test]
fn python_passes_descriptors() {
    const PROGRAM: &str = "
import os, socket, sys
s = socket.socket(fileno=0)
data, fds, flags, _ = socket.recv_fds(s, 100, 10)
assert data == b'two files' and len(fds) == 2, (data, fds)
for fd in fds:
    os.write(fd, b'from python')
read, write = os.pipe()
socket.send_fds(s, [b'a pipe'], [write])
os.close(write)
assert os.read(read, 100) == b'from rust'
s.send(b'ok')
";
    let Some(mut python) = common::program("python3") else { return };
    within_deadline(move || {
        let folder = common::Folder::new();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut child =
            common::Killed(python.args(["-c", PROGRAM]).stdin(OwnedFd::from(theirs)).spawn().unwrap());
        let paths = [folder.0.join("a"), folder.0.join("b")];
        let files: Vec<File> = paths.iter().map(|path| File::create(path).unwrap()).collect();
        let fds: Vec<BorrowedFd<'_>> = files.iter().map(AsFd::as_fd).collect();
        assert_eq!(ours.send_with_fds(b"two files", &fds).unwrap(), 9);
        let mut buffer = [0; 100];
        let (length, fds) = ours.recv_with_fds(&mut buffer, 10).unwrap();
        assert_eq!((&buffer[..length], fds.len()), (&b"a pipe"[..], 1));
        for pipe in fds {
            File::from(pipe).write_all(b"from rust").unwrap();
        }
        common::expect_bytes(&ours, b"ok").unwrap();
        child.succeeds();
        for path in paths {
            assert_eq!(std::fs::read(path).unwrap(), b"from python");
        }
    });
}
