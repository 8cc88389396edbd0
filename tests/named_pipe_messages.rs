//! Windows named pipes of messages, and pipes of both modes in all directions, between processes.
#![cfg(windows)]

mod common;

use common::{
    begin_role, bytes,
    handles::{in_own_process, leaves_no_handles},
    role_argument, start_role, unique, within_deadline,
};
use interprocess::{
    ConnectWaitMode,
    os::windows::named_pipe::{
        DuplexPipeStream, PipeListenerOptions, PipeMode, PipeStream, Received,
        pipe_mode::{self, Bytes, Messages, PipeModeTag},
    },
};
use std::{
    fs,
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
    os::windows::io::OwnedHandle,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

type Stream = DuplexPipeStream<Messages>;

const SHORT: Duration = Duration::from_millis(60);
const LIMIT: usize = 2 << 20;
/// The sizes that every way of moving messages has to get through: the pipe's buffer has 65,536 bytes.
const SIZES: [usize; 8] = [0, 1, 65535, 65536, 0, 1 << 20, 3, 0];

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

fn options(path: &str) -> PipeListenerOptions<'static> {
    PipeListenerOptions::new().path(path)
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.expect_err("must fail").kind()
}

fn whole(length: usize) -> Option<Received> {
    let mut received = Received::default();
    (received.length, received.message_length) = (length, length);
    Some(received)
}

fn send_all<Rm: PipeModeTag>(stream: &PipeStream<Rm, Messages>, seed: u64) {
    for (seed, size) in (seed..).zip(SIZES) {
        assert_eq!(stream.send(&bytes(seed, size)).unwrap(), size);
    }
}

fn expect_all<Sm: PipeModeTag>(stream: &PipeStream<Messages, Sm>, seed: u64) {
    let mut message = vec![1, 2, 3];
    for (seed, size) in (seed..).zip(SIZES) {
        assert_eq!(stream.recv_to_vec(&mut message, LIMIT).unwrap(), Some(size));
        assert!(message == bytes(seed, size), "the message of {size} bytes is wrong");
    }
}

/// Every mode, direction and pair of runtimes, between two processes.
mod matrix {
    use super::*;
    use crate::common::{exchange, expect_bytes, write_pieces};

    const AMOUNT: usize = 300_000;
    pub(super) const TO_CLIENT: u64 = 1000;
    pub(super) const TO_SERVER: u64 = 2000;

    /// Seen from the server.
    pub(super) fn combinations() -> impl Iterator<Item = String> {
        ["bytes", "messages"]
            .into_iter()
            .flat_map(|mode| ["duplex", "in", "out"].map(|direction| format!("{mode} {direction}")))
    }

    #[test]
    fn sync_server() {
        for combination in combinations() {
            for client in ["sync", "tokio"] {
                let (combination, path) = (combination.clone(), unique_path());
                within_deadline(move || serve(&combination, client, &path));
            }
        }
    }

    fn serve(combination: &str, runtime: &str, path: &str) {
        let argument = format!("{combination} {path}");
        let role = format!("matrix::{runtime}_client");
        let mut client = None;
        let mut start = || client = Some(start_role(&role, &argument));
        let options = options(path);
        match combination {
            "bytes duplex" => {
                let listener = options.create_duplex::<Bytes>().unwrap();
                start();
                bytes_both_ways(&listener.accept().unwrap(), TO_CLIENT, TO_SERVER);
            }
            "bytes in" => {
                let listener = options.create_recv_only::<Bytes>().unwrap();
                start();
                expect_bytes(listener.accept().unwrap(), &bytes(TO_SERVER, AMOUNT)).unwrap();
            }
            "bytes out" => {
                let listener = options.create_send_only::<Bytes>().unwrap();
                start();
                write_pieces(listener.accept().unwrap(), &bytes(TO_CLIENT, AMOUNT)).unwrap();
            }
            "messages duplex" => {
                let listener = options.create_duplex::<Messages>().unwrap();
                start();
                let stream = listener.accept().unwrap();
                thread::scope(|scope| {
                    scope.spawn(|| send_all(&stream, TO_CLIENT));
                    expect_all(&stream, TO_SERVER);
                });
            }
            "messages in" => {
                let listener = options.create_recv_only::<Messages>().unwrap();
                start();
                let stream = listener.accept().unwrap();
                expect_all(&stream, TO_SERVER);
                assert_eq!(stream.recv(&mut []).unwrap(), None);
            }
            _ => {
                let listener = options.create_send_only::<Messages>().unwrap();
                start();
                send_all(&listener.accept().unwrap(), TO_CLIENT);
            }
        }
        client.expect("started").succeeds();
    }

    pub(super) fn bytes_both_ways(stream: &DuplexPipeStream<Bytes>, sends: u64, receives: u64) {
        exchange(stream, &bytes(sends, AMOUNT), &bytes(receives, AMOUNT)).unwrap();
    }

    #[test]
    #[ignore = "a role, which another test starts"]
    fn sync_client() {
        let argument = begin_role();
        let (combination, path) = argument.rsplit_once(' ').unwrap();
        match combination {
            "bytes duplex" => {
                let stream = DuplexPipeStream::<Bytes>::connect_by_path(path).unwrap();
                bytes_both_ways(&stream, TO_SERVER, TO_CLIENT);
            }
            "bytes in" => {
                let stream = PipeStream::<pipe_mode::None, Bytes>::connect_by_path(path).unwrap();
                write_pieces(&stream, &bytes(TO_SERVER, AMOUNT)).unwrap();
            }
            "bytes out" => {
                let stream = PipeStream::<Bytes, pipe_mode::None>::connect_by_path(path).unwrap();
                expect_bytes(&stream, &bytes(TO_CLIENT, AMOUNT)).unwrap();
            }
            "messages duplex" => {
                let stream = Stream::connect_by_path(path).unwrap();
                thread::scope(|scope| {
                    scope.spawn(|| send_all(&stream, TO_SERVER));
                    expect_all(&stream, TO_CLIENT);
                });
            }
            "messages in" => {
                let stream = PipeStream::<pipe_mode::None, Messages>::connect_by_path(path).unwrap();
                send_all(&stream, TO_SERVER);
            }
            _ => {
                let stream = PipeStream::<Messages, pipe_mode::None>::connect_by_path(path).unwrap();
                expect_all(&stream, TO_CLIENT);
                assert_eq!(stream.recv(&mut []).unwrap(), None);
            }
        }
    }

    #[cfg(feature = "tokio")]
    mod on_tokio {
        use super::*;
        use crate::asynchronous::{expect_all, send_all};
        use crate::common::{exchange_tokio, on_tokio};
        use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
        use interprocess::os::windows::named_pipe::tokio;

        async fn bytes_out<Rm: PipeModeTag>(mut stream: tokio::PipeStream<Rm, Bytes>, seed: u64) {
            for piece in bytes(seed, AMOUNT).chunks(33_333) {
                stream.write_all(piece).await.unwrap();
            }
            stream.flush().await.unwrap();
        }

        async fn bytes_in<Sm: PipeModeTag>(mut stream: tokio::PipeStream<Bytes, Sm>, seed: u64) {
            let mut got = vec![0; AMOUNT];
            stream.read_exact(&mut got).await.unwrap();
            assert!(got == bytes(seed, AMOUNT), "the bytes are wrong");
        }

        #[test]
        fn server() {
            for combination in combinations() {
                for client in ["sync", "tokio"] {
                    on_tokio(serve(&combination, client, &unique_path()));
                }
            }
        }

        async fn serve(combination: &str, runtime: &str, path: &str) {
            let argument = format!("{combination} {path}");
            let role = match runtime {
                "sync" => "matrix::sync_client",
                _ => "matrix::tokio_client",
            };
            let mut client = None;
            let mut start = || client = Some(start_role(role, &argument));
            let options = options(path);
            match combination {
                "bytes duplex" => {
                    let listener = options.create_tokio_duplex::<Bytes>().unwrap();
                    start();
                    let (to, from) = (bytes(TO_CLIENT, AMOUNT), bytes(TO_SERVER, AMOUNT));
                    exchange_tokio(&listener.accept().await.unwrap(), &to, &from).await.unwrap();
                }
                "bytes in" => {
                    let listener = options.create_tokio_recv_only::<Bytes>().unwrap();
                    start();
                    bytes_in(listener.accept().await.unwrap(), TO_SERVER).await;
                }
                "bytes out" => {
                    let listener = options.create_tokio_send_only::<Bytes>().unwrap();
                    start();
                    bytes_out(listener.accept().await.unwrap(), TO_CLIENT).await;
                }
                "messages duplex" => {
                    let listener = options.create_tokio_duplex::<Messages>().unwrap();
                    start();
                    let stream = listener.accept().await.unwrap();
                    ::tokio::join!(send_all(&stream, TO_CLIENT), expect_all(&stream, TO_SERVER));
                }
                "messages in" => {
                    let listener = options.create_tokio_recv_only::<Messages>().unwrap();
                    start();
                    let stream = listener.accept().await.unwrap();
                    expect_all(&stream, TO_SERVER).await;
                    assert_eq!(stream.recv(&mut []).await.unwrap(), None);
                }
                _ => {
                    let listener = options.create_tokio_send_only::<Messages>().unwrap();
                    start();
                    send_all(&listener.accept().await.unwrap(), TO_CLIENT).await;
                }
            }
            ::tokio::task::spawn_blocking(move || client.expect("started").succeeds()).await.unwrap();
        }

        pub(super) async fn client(argument: &str) {
            let (combination, path) = argument.rsplit_once(' ').unwrap();
            match combination {
                "bytes duplex" => {
                    let stream = tokio::DuplexPipeStream::<Bytes>::connect_by_path(path).await.unwrap();
                    let (to, from) = (bytes(TO_SERVER, AMOUNT), bytes(TO_CLIENT, AMOUNT));
                    exchange_tokio(&stream, &to, &from).await.unwrap();
                }
                "bytes in" => {
                    let stream = tokio::PipeStream::<pipe_mode::None, Bytes>::connect_by_path(path);
                    bytes_out(stream.await.unwrap(), TO_SERVER).await;
                }
                "bytes out" => {
                    let stream = tokio::PipeStream::<Bytes, pipe_mode::None>::connect_by_path(path);
                    bytes_in(stream.await.unwrap(), TO_CLIENT).await;
                }
                "messages duplex" => {
                    let stream = tokio::DuplexPipeStream::<Messages>::connect_by_path(path).await.unwrap();
                    ::tokio::join!(send_all(&stream, TO_SERVER), expect_all(&stream, TO_CLIENT));
                }
                "messages in" => {
                    let stream = tokio::PipeStream::<pipe_mode::None, Messages>::connect_by_path(path);
                    send_all(&stream.await.unwrap(), TO_SERVER).await;
                }
                _ => {
                    let stream = tokio::PipeStream::<Messages, pipe_mode::None>::connect_by_path(path);
                    let stream = stream.await.unwrap();
                    expect_all(&stream, TO_CLIENT).await;
                    assert_eq!(stream.recv(&mut []).await.unwrap(), None);
                }
            }
        }
    }

    #[cfg(feature = "tokio")]
    #[test]
    #[ignore = "a role, which another test starts"]
    fn tokio_client() {
        crate::common::on_tokio(on_tokio::client(&begin_role()));
    }
}

#[test]
fn truncation_tells_and_discards() {
    let (server, client) = Stream::pair().unwrap();
    client.send(&bytes(1, 60_000)).unwrap();
    client.send(b"next").unwrap();
    let mut buffer = [0; 10];
    let received = server.recv(&mut buffer).unwrap().expect("a message");
    assert!(received.is_truncated());
    assert_eq!((received.length, received.message_length), (10, 60_000));
    assert_eq!(buffer[..], bytes(1, 60_000)[..10]);
    let received = server.recv(&mut buffer).unwrap();
    assert_eq!(received, whole(4));
    assert!(!received.unwrap().is_truncated());
    assert_eq!(&buffer[..4], b"next");

    client.send(b"dropped").unwrap();
    client.send(b"1234567890").unwrap();
    let dropped = server.recv(&mut []).unwrap().expect("a message");
    assert_eq!((dropped.length, dropped.message_length), (0, 7));
    assert_eq!(server.recv(&mut buffer).unwrap(), whole(10), "exactly as long as the buffer");
    thread::scope(|scope| {
        // Longer than the pipe's buffer, so that it is being sent all the time.
        let sender = scope.spawn(|| client.send(&bytes(2, 1 << 20)).unwrap());
        let received = server.recv(&mut buffer).unwrap().expect("a message");
        assert_eq!((received.length, received.message_length), (10, 1 << 20));
        assert_eq!(sender.join().unwrap(), 1 << 20);
    });
}

#[test]
fn limits_of_growable_buffers() {
    let (server, client) = Stream::pair().unwrap();
    client.send(&[5; 1000]).unwrap();
    client.send(b"").unwrap();
    client.send(b"abc").unwrap();
    let mut message = b"old".to_vec();
    let error = server.recv_to_vec(&mut message, 999).expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert!(error.to_string().contains("1000") && error.to_string().contains("999"), "{error}");
    assert!(message.is_empty());
    assert_eq!(server.peek_msg_len().unwrap(), 1000, "still there");
    assert_eq!(server.recv_to_vec(&mut message, 1000).unwrap(), Some(1000));
    assert_eq!(message, [5; 1000]);
    assert_eq!(server.recv_to_vec(&mut message, 0).unwrap(), Some(0));
    assert!(message.is_empty());
    assert_eq!(server.recv_to_vec(&mut message, 3).unwrap(), Some(3));
    assert_eq!(message, b"abc");
}

#[test]
fn empty_messages_are_not_the_end() {
    for nonblocking in [false, true] {
        let (server, client) = Stream::pair().unwrap();
        server.set_nonblocking(nonblocking).unwrap();
        assert_eq!(server.peek_msg_len().unwrap(), 0, "no message");
        for message in [&b""[..], b"x", b"", b""] {
            assert_eq!(client.send(message).unwrap(), message.len());
        }
        drop(client);
        let mut message = Vec::new();
        assert_eq!(server.peek_msg_len().unwrap(), 0, "an empty message");
        assert_eq!(server.recv(&mut [0; 10]).unwrap(), whole(0));
        assert_eq!(server.peek_msg_len().unwrap(), 1);
        assert_eq!(server.recv_to_vec(&mut message, 10).unwrap(), Some(1));
        assert_eq!(server.recv_to_vec(&mut message, 10).unwrap(), Some(0));
        assert_eq!(server.recv(&mut []).unwrap(), whole(0));
        for _ in 0..2 {
            assert_eq!(server.recv(&mut [0; 10]).unwrap(), None);
            assert_eq!(server.recv_to_vec(&mut message, 10).unwrap(), None);
            assert_eq!(kind(server.peek_msg_len()), ErrorKind::BrokenPipe);
            assert_eq!(kind(server.send(b"")), ErrorKind::BrokenPipe);
        }
    }
    // A receive that waits is woken by an empty message.
    let (server, client) = Stream::pair().unwrap();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| server.recv(&mut [0; 10]).unwrap());
        thread::sleep(SHORT);
        client.send(b"").unwrap();
        assert_eq!(receiver.join().unwrap(), whole(0));
    });
}

/// Fills the pipe with messages of 1,000 bytes: how many, and how it ended.
fn fill(stream: &Stream) -> (usize, ErrorKind) {
    let mut sent = 0;
    loop {
        match stream.send(&[sent as u8; 1000]) {
            Ok(bytes) => assert_eq!(bytes, 1000),
            Err(error) => return (sent, error.kind()),
        }
        sent += 1;
    }
}

fn expect_filling(stream: &Stream, count: usize) {
    for number in 0..count {
        let mut message = Vec::new();
        assert_eq!(stream.recv_to_vec(&mut message, LIMIT).unwrap(), Some(1000));
        assert_eq!(message, [number as u8; 1000]);
    }
}

#[test]
fn nonblocking() {
    let (server, client) = Stream::pair().unwrap();
    server.set_nonblocking(true).unwrap();
    client.set_nonblocking(true).unwrap();
    assert_eq!(kind(server.recv(&mut [0; 10])), ErrorKind::WouldBlock);
    assert_eq!(kind(server.recv_to_vec(&mut Vec::new(), LIMIT)), ErrorKind::WouldBlock);
    let (sent, error) = fill(&client);
    assert_eq!(error, ErrorKind::WouldBlock);
    assert!(sent > 0);
    expect_filling(&server, sent);
    assert_eq!(kind(server.recv(&mut [0; 10])), ErrorKind::WouldBlock);
}

#[test]
fn timeouts() {
    within_deadline(|| {
        let (server, client) = Stream::pair().unwrap();
        server.set_read_timeout(Some(SHORT)).unwrap();
        client.set_write_timeout(Some(SHORT)).unwrap();
        let start = Instant::now();
        assert_eq!(kind(server.recv(&mut [0; 10])), ErrorKind::TimedOut);
        assert_eq!(kind(server.recv_to_vec(&mut Vec::new(), LIMIT)), ErrorKind::TimedOut);
        assert!(start.elapsed() >= SHORT * 2);
        assert_eq!(kind(client.send(&[0; 1 << 20])), ErrorKind::TimedOut);
        assert_eq!(kind(server.recv(&mut [0; 10])), ErrorKind::TimedOut, "nothing of it is there");
        let (sent, error) = fill(&client);
        assert_eq!(error, ErrorKind::TimedOut);
        expect_filling(&server, sent);
        assert_eq!(kind(server.recv(&mut [0; 10])), ErrorKind::TimedOut);
    });
}

#[test]
fn shutdown_wakes() {
    within_deadline(|| {
        let (server, client) = Stream::pair().unwrap();
        let clone = server.try_clone().unwrap();
        thread::scope(|scope| {
            let receivers = [&server, &clone, &server]
                .map(|stream| scope.spawn(|| stream.recv_to_vec(&mut Vec::new(), LIMIT).unwrap()));
            thread::sleep(SHORT);
            server.shutdown(Shutdown::Read).unwrap();
            for receiver in receivers {
                assert_eq!(receiver.join().unwrap(), None);
            }
        });
        assert_eq!(server.recv(&mut []).unwrap(), None);
        server.send(b"still sends").unwrap();
        thread::scope(|scope| {
            let sender = scope.spawn(|| kind(server.send(&[0; 1 << 20])));
            thread::sleep(SHORT);
            server.shutdown(Shutdown::Both).unwrap();
            assert_eq!(sender.join().unwrap(), ErrorKind::BrokenPipe);
        });
        assert_eq!(kind(clone.send(b"")), ErrorKind::BrokenPipe);
        assert_eq!(kind(clone.transact(b"", &mut Vec::new(), LIMIT)), ErrorKind::BrokenPipe);
        drop((server, clone));
        assert_eq!(client.recv(&mut [0; 20]).unwrap(), whole(11));
        assert_eq!(client.recv(&mut [0; 20]).unwrap(), None, "not a part of what was stopped");
    });
}

/// A message that says who sent it and which it is.
fn labelled(sender: u64, number: u64) -> Vec<u8> {
    let seed = sender * 1_000_000 + number;
    let size = [0, 1, 100, 5_000, 70_000, 10, 0, 300, 2_000, 60][(number % 10) as usize];
    [&sender.to_le_bytes()[..], &number.to_le_bytes(), &bytes(seed, size)].concat()
}

/// Who sent it and which it is, if it is whole.
fn label(message: &[u8]) -> (u64, u64) {
    let word = |at: usize| u64::from_le_bytes(message[at..at + 8].try_into().unwrap());
    assert!(message == labelled(word(0), word(8)), "a message is torn");
    (word(0), word(8))
}

#[test]
fn senders_and_receivers_at_once() {
    const SENDERS: u64 = 4;
    const EACH: u64 = 300;
    within_deadline(|| {
        let (server, client) = Stream::pair().unwrap();
        let next: [AtomicUsize; SENDERS as usize] = Default::default();
        let received = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                let (stream, received, next) = (server.try_clone().unwrap(), &received, &next);
                scope.spawn(move || {
                    let mut message = Vec::new();
                    while stream.recv_to_vec(&mut message, LIMIT).unwrap().is_some() {
                        let (sender, _) = label(&message);
                        next[sender as usize].fetch_add(1, Ordering::Relaxed);
                        received.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            thread::scope(|scope| {
                for sender in 0..SENDERS {
                    let stream = client.try_clone().unwrap();
                    scope.spawn(move || {
                        for number in 0..EACH {
                            stream.send(&labelled(sender, number)).unwrap();
                        }
                    });
                }
            });
            drop(client);
        });
        assert_eq!(received.into_inner() as u64, SENDERS * EACH);
        assert!(next.into_iter().all(|count| count.into_inner() as u64 == EACH));
    });
}

#[test]
fn senders_in_four_processes() {
    const EACH: u64 = 200;
    if let Some(argument) = role_argument("senders_in_four_processes") {
        let (sender, path) = argument.split_once(' ').unwrap();
        let stream = PipeStream::<pipe_mode::None, Messages>::connect_by_path(path).unwrap();
        let sender = sender.parse().unwrap();
        for number in 0..EACH {
            stream.send(&labelled(sender, number)).unwrap();
        }
        return;
    }
    within_deadline(|| {
        let path = unique_path();
        let listener = options(&path).create_recv_only::<Messages>().unwrap();
        let mut children: Vec<_> = (0..4)
            .map(|sender| start_role("senders_in_four_processes", &format!("{sender} {path}")))
            .collect();
        thread::scope(|scope| {
            for _ in 0..4 {
                let stream = listener.accept().unwrap();
                scope.spawn(move || {
                    let (mut message, mut expected) = (Vec::new(), 0);
                    while stream.recv_to_vec(&mut message, LIMIT).unwrap().is_some() {
                        assert_eq!(label(&message).1, expected, "in order");
                        expected += 1;
                    }
                    assert_eq!(expected, EACH);
                });
            }
        });
        children.iter_mut().for_each(common::Killed::succeeds);
    });
}

#[test]
fn peer_killed_in_mid_message() {
    if let Some(path) = role_argument("peer_killed_in_mid_message") {
        let stream = Stream::connect_by_path(path).unwrap();
        stream.send(&bytes(1, 1 << 20)).unwrap();
        thread::sleep(common::FOREVER);
    }
    within_deadline(|| {
        for in_pieces in [false, true] {
            let path = unique_path();
            let listener = options(&path).create_duplex::<Messages>().unwrap();
            let mut peer = start_role("peer_killed_in_mid_message", &path);
            let stream = listener.accept().unwrap();
            while stream.peek_msg_len().unwrap() == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(stream.peek_msg_len().unwrap(), 1 << 20);
            if in_pieces {
                // As a program does that knows nothing of messages: the message is cut for sure.
                let handle = OwnedHandle::try_from(stream).unwrap();
                let stream = PipeStream::<Bytes, Messages>::try_from(handle).unwrap();
                (&stream).read_exact(&mut [0; 1000]).unwrap();
                peer.kill();
                let mut rest = Vec::new();
                let _ = (&stream).read_to_end(&mut rest);
                assert!(rest.len() <= (1 << 20) - 1000);
                assert_eq!(kind(stream.send(b"x")), ErrorKind::BrokenPipe);
                continue;
            }
            peer.kill();
            let mut message = Vec::new();
            // Windows takes back what was not sent wholly; Wine 10 does the same.
            if let Some(length) = stream.recv_to_vec(&mut message, LIMIT).unwrap() {
                assert_eq!(length, 1 << 20);
                assert!(message == bytes(1, 1 << 20));
                assert_eq!(stream.recv(&mut []).unwrap(), None);
            }
            assert_eq!(kind(stream.send(b"x")), ErrorKind::BrokenPipe);
        }
    });
}

/// Answers each request with its bytes in reverse, preceded by its length.
fn answer(request: &[u8]) -> Vec<u8> {
    let mut answer = request.len().to_le_bytes().to_vec();
    answer.extend(request.iter().rev());
    answer
}

fn answer_all(stream: &Stream) -> usize {
    let (mut request, mut count) = (Vec::new(), 0);
    while stream.recv_to_vec(&mut request, LIMIT).unwrap().is_some() {
        stream.send(&answer(&request)).unwrap();
        count += 1;
    }
    count
}

#[test]
fn transactions() {
    const ROUNDS: usize = 1000;
    within_deadline(|| {
        let (server, client) = Stream::pair().unwrap();
        let answering = thread::spawn(move || answer_all(&server));
        let mut reply = Vec::new();
        for round in 0..ROUNDS {
            let request = bytes(round as u64, [0, 10, 4_000, 100_000][round % 4]);
            let expected = answer(&request);
            assert_eq!(client.transact(&request, &mut reply, LIMIT).unwrap(), expected.len());
            assert!(reply == expected, "round {round}");
        }
        drop(client);
        assert_eq!(answering.join().unwrap(), ROUNDS);
    });
}

#[test]
fn transactions_that_fail() {
    within_deadline(|| {
        let (server, client) = Stream::pair().unwrap();
        let mut reply = Vec::new();
        server.send(b"unasked").unwrap();
        assert_eq!(kind(client.transact(b"?", &mut reply, LIMIT)), ErrorKind::ResourceBusy);
        assert_eq!(client.recv(&mut [0; 10]).unwrap(), whole(7));
        assert_eq!(server.peek_msg_len().unwrap(), 0, "nothing was sent");

        client.set_read_timeout(Some(SHORT)).unwrap();
        client.set_nonblocking(true).unwrap();
        assert_eq!(kind(client.transact(b"1", &mut reply, LIMIT)), ErrorKind::TimedOut);
        client.set_nonblocking(false).unwrap();
        assert_eq!(server.recv(&mut [0; 10]).unwrap(), whole(1), "sent nevertheless");
        server.send(b"late").unwrap();
        assert_eq!(client.recv(&mut [0; 10]).unwrap(), whole(4));

        client.set_read_timeout(None).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(server.recv(&mut [0; 10]).unwrap(), whole(1));
                server.send(&[7; 100]).unwrap();
            });
            assert_eq!(kind(client.transact(b"2", &mut reply, 99)), ErrorKind::InvalidData);
        });
        assert_eq!(kind(client.transact(b"3", &mut reply, LIMIT)), ErrorKind::ResourceBusy);
        assert_eq!(client.recv_to_vec(&mut reply, 100).unwrap(), Some(100));

        thread::scope(|scope| {
            let waiting = scope.spawn(|| kind(client.transact(b"4", &mut Vec::new(), LIMIT)));
            assert_eq!(server.recv(&mut [0; 10]).unwrap(), whole(1));
            let clone = client.try_clone().unwrap();
            assert_eq!(kind(clone.transact(b"5", &mut reply, LIMIT)), ErrorKind::ResourceBusy);
            // Both ways of ending it.
            server.disconnect().unwrap();
            assert_eq!(waiting.join().unwrap(), ErrorKind::BrokenPipe);
        });
        let (_server, client) = Stream::pair().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| kind(client.transact(b"6", &mut Vec::new(), LIMIT)));
            thread::sleep(SHORT);
            client.shutdown(Shutdown::Both).unwrap();
            assert_eq!(waiting.join().unwrap(), ErrorKind::BrokenPipe);
        });
    });
}

#[test]
fn calls() {
    within_deadline(|| {
        let path = unique_path();
        let mut reply = Vec::new();
        let call = |reply: &mut Vec<u8>, mode| Stream::call(&path, b"question", reply, LIMIT, mode);
        assert_eq!(kind(call(&mut reply, ConnectWaitMode::Unbounded)), ErrorKind::NotFound);
        let listener = options(&path).instances(1).create_duplex::<Messages>().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                for stream in listener.incoming().take(20) {
                    assert_eq!(answer_all(&stream.unwrap()), 1);
                }
            });
            for _ in 0..20 {
                assert_eq!(call(&mut reply, ConnectWaitMode::Unbounded).unwrap(), 16);
                assert_eq!(reply, answer(b"question"));
            }
        });
        let _taken = Stream::connect_by_path(&path).unwrap();
        assert_eq!(kind(call(&mut reply, ConnectWaitMode::Deferred)), ErrorKind::WouldBlock);
        assert_eq!(kind(call(&mut reply, ConnectWaitMode::Timeout(SHORT))), ErrorKind::TimedOut);
    });
}

/// Numbers that look like chance (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Often so short that it is over before anything is waited for.
    fn time_limit(&mut self) -> Option<Duration> {
        let most = [10, 10_000, 300_000, 2_000_000][self.below(4) as usize];
        Some(Duration::from_nanos(1 + self.below(most)))
    }
}

const RACES: u64 = 10_000;

#[test]
fn time_limits_race_with_messages() {
    within_deadline(|| {
        let (server, client) = Stream::pair().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut chance = Chance(77);
                for number in 0..RACES {
                    let message = labelled(9, number);
                    loop {
                        client.set_write_timeout(chance.time_limit()).unwrap();
                        match client.send(&message) {
                            Ok(length) => break assert_eq!(length, message.len()),
                            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
                        }
                    }
                }
            });
            let (mut chance, mut message, mut number, mut late) = (Chance(5), Vec::new(), 0, 0);
            loop {
                server.set_read_timeout(chance.time_limit()).unwrap();
                match server.recv_to_vec(&mut message, LIMIT) {
                    Ok(None) => break,
                    Ok(Some(_)) => {
                        assert_eq!(label(&message), (9, number), "each once, in order");
                        number += 1;
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::TimedOut);
                        late += 1;
                    }
                }
            }
            assert_eq!(number, RACES);
            assert!(late > RACES / 100, "only {late} receives were late");
        });
    });
}

#[test]
fn time_limits_race_with_bytes() {
    within_deadline(|| {
        let (server, client) = DuplexPipeStream::<Bytes>::pair().unwrap();
        // A period that no size of a write divides, so that a lost or doubled part shows.
        let content = bytes(3, 65_521);
        let at = |position: usize| content[position % content.len()];
        thread::scope(|scope| {
            let writer = scope.spawn(move || {
                let (mut chance, mut position) = (Chance(77), 0);
                for _ in 0..RACES {
                    let length = 1 + chance.below(3000) as usize;
                    if chance.below(100) == 0 {
                        thread::sleep(Duration::from_millis(chance.below(3)));
                    }
                    let data: Vec<u8> = (position..position + length).map(at).collect();
                    client.set_write_timeout(chance.time_limit()).unwrap();
                    match (&client).write(&data) {
                        Ok(written) => position += written,
                        Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
                    }
                }
                position
            });
            let (mut chance, mut position, mut late) = (Chance(5), 0, 0);
            loop {
                let mut buffer = vec![0; 1 + chance.below(3000) as usize];
                server.set_read_timeout(chance.time_limit()).unwrap();
                match (&server).read(&mut buffer) {
                    Ok(0) => break,
                    Ok(length) => {
                        let expected = (position..position + length).map(at);
                        assert!(buffer[..length].iter().copied().eq(expected), "at {position}");
                        position += length;
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::TimedOut);
                        late += 1;
                    }
                }
            }
            assert_eq!(position, writer.join().unwrap());
            assert!(late > 0, "no read was late");
        });
    });
}

#[test]
fn a_file_as_client() {
    within_deadline(|| {
        let path = unique_path();
        let listener = options(&path).create_duplex::<Messages>().unwrap();
        let mut file = fs::File::options().read(true).write(true).open(&path).unwrap();
        let server = listener.accept().unwrap();
        file.write_all(b"one").unwrap();
        file.write_all(b"second").unwrap();
        let mut message = Vec::new();
        assert_eq!(server.recv_to_vec(&mut message, LIMIT).unwrap(), Some(3));
        assert_eq!(server.recv_to_vec(&mut message, LIMIT).unwrap(), Some(6));
        assert_eq!(message, b"second");
        // The file knows of no messages and reads bytes.
        server.send(b"abc").unwrap();
        server.send(b"def").unwrap();
        let mut received = [0; 6];
        file.read_exact(&mut received).unwrap();
        assert_eq!(&received, b"abcdef");
        drop(file);
        assert_eq!(server.recv(&mut []).unwrap(), None);
    });
}

#[test]
fn mixed_modes() {
    within_deadline(|| {
        // What is sent as messages is received as bytes, and the other way round.
        let path = unique_path();
        let listener = options(&path).create::<Bytes, Messages>().unwrap();
        let client = PipeStream::<Messages, Bytes>::connect_by_path(&path).unwrap();
        let server = listener.accept().unwrap();
        (&client).write_all(b"abc").unwrap();
        (&client).write_all(b"defg").unwrap();
        let mut received = [0; 5];
        (&server).read_exact(&mut received).unwrap();
        assert_eq!(&received, b"abcde", "across the boundary");
        (&server).read_exact(&mut received[..2]).unwrap();
        server.send(b"").unwrap();
        server.send(b"xyz").unwrap();
        assert_eq!(client.recv(&mut [0; 9]).unwrap(), whole(0));
        assert_eq!(client.recv(&mut [0; 9]).unwrap(), whole(3));

        // Both receive bytes of a pipe of messages. An empty message is no end to them.
        let path = unique_path();
        let listener = options(&path).mode(PipeMode::Messages).create_duplex::<Bytes>().unwrap();
        let client = PipeStream::<Bytes, Messages>::connect_by_path(&path).unwrap();
        let server = listener.accept().unwrap();
        for nonblocking in [false, true] {
            server.set_nonblocking(nonblocking).unwrap();
            for message in [&b""[..], b"1", b"", b"23"] {
                client.send(message).unwrap();
            }
            (&server).read_exact(&mut [0; 3]).unwrap();
        }
        client.send(b"").unwrap();
        drop(client);
        assert_eq!((&server).read(&mut [0; 9]).unwrap(), 0, "an empty message, and then the end");
    });
}

#[test]
fn pipes_of_bytes_have_no_messages() {
    let path = unique_path();
    let _listener = options(&path).create_duplex::<Bytes>().unwrap();
    let error = Stream::connect_by_path(&path).expect_err("no messages");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains(&path), "{error}");
    assert_eq!(kind(PipeStream::<Bytes, Messages>::connect_by_path(&path)), ErrorKind::InvalidInput);
    assert_eq!(
        kind(PipeStream::<pipe_mode::None, Messages>::connect_by_path(&path)),
        ErrorKind::InvalidInput
    );
    let (server, _client) = DuplexPipeStream::<Bytes>::pair().unwrap();
    let handle = OwnedHandle::try_from(server).unwrap();
    let error = PipeStream::<Bytes, Messages>::try_from(handle).expect_err("no messages");
    let error = Stream::try_from(error.source.expect("given back")).expect_err("no messages");
    assert!(error.source.is_some());

    // A handle that reads bytes becomes one that receives messages.
    let (server, client) = Stream::pair().unwrap();
    let as_bytes = DuplexPipeStream::<Bytes>::try_from(OwnedHandle::try_from(server).unwrap()).unwrap();
    let server = Stream::try_from(OwnedHandle::try_from(as_bytes).unwrap()).unwrap();
    client.send(b"one").unwrap();
    client.send(b"two").unwrap();
    assert_eq!(server.recv(&mut [0; 9]).unwrap(), whole(3));
}

#[test]
fn dropping_discards_nothing_and_disconnecting_everything() {
    within_deadline(|| {
        let path = unique_path();
        let listener = options(&path).create_duplex::<Messages>().unwrap();
        let client = Stream::connect_by_path(&path).unwrap();
        let server = listener.accept().unwrap();
        let clone = server.try_clone().unwrap();
        server.send(b"last words").unwrap();
        client.send(b"unheard").unwrap();
        server.disconnect().unwrap();
        assert_eq!(clone.recv(&mut [0; 20]).unwrap(), None, "discarded at this end too");
        assert_eq!(kind(clone.send(b"x")), ErrorKind::BrokenPipe);
        assert_eq!(kind(clone.peek_msg_len()), ErrorKind::BrokenPipe);
        assert_eq!(kind(clone.transact(b"x", &mut Vec::new(), LIMIT)), ErrorKind::BrokenPipe);
        assert_eq!(client.recv(&mut [0; 20]).unwrap(), None);
        assert_eq!(kind(client.send(b"x")), ErrorKind::BrokenPipe);
        assert_eq!(kind(client.disconnect()), ErrorKind::InvalidInput);

        let client = Stream::connect_by_path(&path).unwrap();
        let server = listener.accept().unwrap();
        server.send(b"last words").unwrap();
        drop(server);
        assert_eq!(client.recv(&mut [0; 20]).unwrap(), whole(10));
        assert_eq!(client.recv(&mut [0; 20]).unwrap(), None);

        let client = Stream::connect_by_path(&path).unwrap();
        let server = listener.accept().unwrap();
        server.send(b"drained").unwrap();
        thread::scope(|scope| {
            let drained = scope.spawn(|| server.drain().unwrap());
            assert_eq!(client.recv(&mut [0; 20]).unwrap(), whole(7));
            drained.join().unwrap();
        });
        server.disconnect().unwrap();
    });
}

#[test]
fn no_handle_leaks() {
    in_own_process("no_handle_leaks", || {
        let path = unique_path();
        leaves_no_handles(|| {
            let listener = options(&path).create_duplex::<Messages>().unwrap();
            let client = Stream::connect_by_path(&path).unwrap();
            let server = listener.accept().unwrap();
            let time_limit = Some(Duration::from_millis(1));
            server.set_read_timeout(time_limit).unwrap();
            client.set_read_timeout(time_limit).unwrap();
            client.set_write_timeout(time_limit).unwrap();
            assert_eq!(kind(server.recv(&mut [0])), ErrorKind::TimedOut);
            assert_eq!(kind(client.send(&[0; 200_000])), ErrorKind::TimedOut);
            assert_eq!(kind(client.transact(b"?", &mut Vec::new(), LIMIT)), ErrorKind::TimedOut);
            assert_eq!(server.recv(&mut []).unwrap().unwrap().message_length, 1);
            server.disconnect().unwrap();
            Stream::pair().unwrap();
        });
    });
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{
        Bytes, Chance, ConnectWaitMode, ErrorKind, LIMIT, Messages, OwnedHandle, PipeModeTag, RACES, SHORT,
        SIZES, answer, bytes, in_own_process, kind, label, labelled, leaves_no_handles, options, pipe_mode,
        role_argument, start_role, unique_path, whole,
    };
    use crate::common::{FOREVER, on_tokio};
    use interprocess::os::windows::named_pipe::{
        self,
        tokio::{DuplexPipeStream, PipeStream},
    };
    use std::{net::Shutdown, sync::Arc, thread, time::Duration};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::windows::named_pipe::{ClientOptions, PipeMode, ServerOptions},
        runtime::Builder,
        time::{sleep, timeout},
    };

    type Stream = DuplexPipeStream<Messages>;

    pub(super) async fn send_all<Rm: PipeModeTag>(stream: &PipeStream<Rm, Messages>, seed: u64) {
        for (seed, size) in (seed..).zip(SIZES) {
            assert_eq!(stream.send(&bytes(seed, size)).await.unwrap(), size);
        }
        stream.flush().await.unwrap();
    }

    pub(super) async fn expect_all<Sm: PipeModeTag>(stream: &PipeStream<Messages, Sm>, seed: u64) {
        let mut message = vec![1, 2, 3];
        for (seed, size) in (seed..).zip(SIZES) {
            assert_eq!(stream.recv_to_vec(&mut message, LIMIT).await.unwrap(), Some(size));
            assert!(message == bytes(seed, size), "the message of {size} bytes is wrong");
        }
    }

    #[test]
    fn truncation_limits_and_the_end() {
        on_tokio(async {
            let (server, client) = Stream::pair().unwrap();
            for message in [&[5; 100][..], b"", &[6; 100], b"x", b""] {
                assert_eq!(client.send(message).await.unwrap(), message.len());
            }
            drop(client);
            let mut buffer = [0; 10];
            assert_eq!(server.peek_msg_len().unwrap(), 100);
            let received = server.recv(&mut buffer).await.unwrap().unwrap();
            assert_eq!((received.length, received.message_length), (10, 100));
            assert_eq!(buffer, [5; 10]);
            assert_eq!(server.recv(&mut buffer).await.unwrap(), whole(0));
            let mut message = b"old".to_vec();
            assert_eq!(kind(server.recv_to_vec(&mut message, 99).await), ErrorKind::InvalidData);
            assert!(message.is_empty());
            assert_eq!(server.recv_to_vec(&mut message, 100).await.unwrap(), Some(100));
            assert_eq!(message, [6; 100]);
            assert_eq!(server.recv(&mut buffer).await.unwrap(), whole(1));
            assert_eq!(server.recv_to_vec(&mut message, 0).await.unwrap(), Some(0));
            for _ in 0..2 {
                assert_eq!(server.recv(&mut buffer).await.unwrap(), None);
                assert_eq!(kind(server.peek_msg_len()), ErrorKind::BrokenPipe);
                assert_eq!(kind(server.send(b"").await), ErrorKind::BrokenPipe);
            }
        });
    }

    #[test]
    fn senders_and_receivers_at_once() {
        const EACH: u64 = 200;
        on_tokio(async {
            let (server, client) = Stream::pair().unwrap();
            let (server, client) = (Arc::new(server), Arc::new(client));
            let receivers = [(); 3].map(|()| {
                let stream = Arc::clone(&server);
                tokio::spawn(async move {
                    let (mut message, mut count) = (Vec::new(), 0);
                    while stream.recv_to_vec(&mut message, LIMIT).await.unwrap().is_some() {
                        label(&message);
                        count += 1;
                    }
                    count
                })
            });
            let senders = [0, 1, 2, 3].map(|sender| {
                let stream = Arc::clone(&client);
                tokio::spawn(async move {
                    for number in 0..EACH {
                        stream.send(&labelled(sender, number)).await.unwrap();
                    }
                    stream.flush().await.unwrap();
                })
            });
            for sender in senders {
                sender.await.unwrap();
            }
            drop(client);
            let mut count = 0;
            for receiver in receivers {
                count += receiver.await.unwrap();
            }
            assert_eq!(count, 4 * EACH);
        });
    }

    #[test]
    fn dropped_futures_race_with_messages() {
        on_tokio(async {
            let (server, client) = Stream::pair().unwrap();
            let sender = tokio::spawn(async move {
                let mut chance = Chance(77);
                for number in 0..RACES {
                    let message = labelled(9, number);
                    // What is dropped was not sent.
                    while timeout(chance.time_limit().unwrap(), client.send(&message)).await.is_err() {}
                }
                client.flush().await.unwrap();
            });
            let (mut chance, mut message, mut number, mut late) = (Chance(5), Vec::new(), 0, 0);
            loop {
                match timeout(chance.time_limit().unwrap(), server.recv_to_vec(&mut message, LIMIT)).await {
                    Ok(received) => match received.unwrap() {
                        None => break,
                        Some(_) => {
                            assert_eq!(label(&message), (9, number), "each once, in order");
                            number += 1;
                        }
                    },
                    Err(_) => late += 1,
                }
            }
            assert_eq!(number, RACES);
            assert!(late > 10, "only {late} receives were dropped");
            sender.await.unwrap();
        });
    }

    #[test]
    fn dropped_receive_keeps_an_empty_message() {
        on_tokio(async {
            let (server, client) = Stream::pair().unwrap();
            timeout(SHORT, server.recv(&mut [0; 9])).await.expect_err("no message");
            client.send(b"").await.unwrap();
            client.send(b"abc").await.unwrap();
            sleep(SHORT).await;
            let mut reply = Vec::new();
            assert_eq!(kind(server.transact(b"?", &mut reply, LIMIT).await), ErrorKind::ResourceBusy);
            let error = OwnedHandle::try_from(server).expect_err("has an empty message");
            assert_eq!(error.to_io_error().kind(), ErrorKind::ResourceBusy);
            let server = error.source.expect("given back");
            assert_eq!(server.recv(&mut [0; 9]).await.unwrap(), whole(0));
            // One that was not taken by the wait stays in the pipe, and the stream can be converted.
            let server = named_pipe::DuplexPipeStream::<Messages>::try_from(server).unwrap();
            assert_eq!(server.recv(&mut [0; 9]).unwrap(), whole(3));
        });
    }

    /// On a thread of its own, which ends before what it started does.
    fn on_a_thread_that_ends(future: impl Future<Output = ()> + Send) {
        thread::scope(|scope| {
            scope.spawn(|| Builder::new_current_thread().enable_all().build().unwrap().block_on(future));
        });
    }

    #[test]
    fn operations_survive_the_thread_that_started_them() {
        let (server, client) = Stream::pair().unwrap();
        on_a_thread_that_ends(async {
            timeout(SHORT, server.recv(&mut [0; 9])).await.expect_err("no message");
            let big = bytes(1, 200_000);
            assert_eq!(client.send(&big).await.unwrap(), big.len());
        });
        on_tokio(async {
            let mut message = Vec::new();
            let (received, flushed) = tokio::join!(server.recv_to_vec(&mut message, LIMIT), client.flush());
            assert_eq!(received.unwrap(), Some(200_000));
            flushed.unwrap();
            assert!(message == bytes(1, 200_000));
        });
        on_a_thread_that_ends(async {
            let (mut reply, short) = (Vec::new(), Duration::from_millis(20));
            timeout(short, client.transact(b"?", &mut reply, LIMIT)).await.expect_err("no reply yet");
        });
        on_tokio(async {
            let mut reply = Vec::new();
            assert_eq!(server.recv(&mut [0; 9]).await.unwrap(), whole(1), "sent");
            assert_eq!(kind(client.transact(b"!", &mut reply, LIMIT).await), ErrorKind::ResourceBusy);
            server.send(b"reply").await.unwrap();
            assert_eq!(client.recv_to_vec(&mut reply, LIMIT).await.unwrap(), Some(5), "not lost");
        });
    }

    #[test]
    fn a_message_outlives_its_stream() {
        let (server, client) = Stream::pair().unwrap();
        on_a_thread_that_ends(async move {
            client.send(&bytes(1, 200_000)).await.unwrap();
        });
        on_tokio(async {
            let mut message = Vec::new();
            // The thread's end cancelled it. Whether it is sent again depends on who noticed first.
            if server.recv_to_vec(&mut message, LIMIT).await.unwrap().is_some() {
                assert!(message == bytes(1, 200_000));
            }
            let (server, client) = Stream::pair().unwrap();
            client.send(&bytes(2, 200_000)).await.unwrap();
            drop(client);
            sleep(SHORT).await;
            assert_eq!(server.recv_to_vec(&mut message, LIMIT).await.unwrap(), Some(200_000));
            assert!(message == bytes(2, 200_000));
            assert_eq!(server.recv(&mut []).await.unwrap(), None);
        });
    }

    #[test]
    fn shutdown_wakes() {
        on_tokio(async {
            let (server, client) = Stream::pair().unwrap();
            let server = Arc::new(server);
            let receivers = [(); 2].map(|()| {
                let server = Arc::clone(&server);
                tokio::spawn(async move { server.recv(&mut [0; 9]).await.unwrap() })
            });
            sleep(SHORT).await;
            server.shutdown_now(Shutdown::Read).unwrap();
            for receiver in receivers {
                assert_eq!(receiver.await.unwrap(), None);
            }
            server.send(b"still sends").await.unwrap();
            assert_eq!(client.recv(&mut [0; 20]).await.unwrap(), whole(11));
            server.send(&[0; 200_000]).await.unwrap();
            let waiting = tokio::spawn({
                let server = Arc::clone(&server);
                async move { kind(server.send(b"next").await) }
            });
            sleep(SHORT).await;
            server.shutdown_now(Shutdown::Both).unwrap();
            assert_eq!(waiting.await.unwrap(), ErrorKind::BrokenPipe);
            assert_eq!(kind(server.transact(b"", &mut Vec::new(), LIMIT).await), ErrorKind::BrokenPipe);
            drop(server);
            assert_eq!(client.recv(&mut [0; 20]).await.unwrap(), None, "not a part of what was stopped");
        });
    }

    async fn answer_all(stream: &Stream) -> usize {
        let (mut request, mut count) = (Vec::new(), 0);
        while stream.recv_to_vec(&mut request, LIMIT).await.unwrap().is_some() {
            stream.send(&answer(&request)).await.unwrap();
            count += 1;
        }
        count
    }

    #[test]
    fn transactions() {
        const ROUNDS: usize = 1000;
        on_tokio(async {
            let (server, client) = Stream::pair().unwrap();
            let answering = tokio::spawn(async move { answer_all(&server).await });
            let mut reply = Vec::new();
            // A receive that was dropped does not stand in the way.
            timeout(SHORT, client.recv(&mut [0; 9])).await.expect_err("no message");
            for round in 0..ROUNDS {
                let request = bytes(round as u64, [0, 10, 4_000, 100_000][round % 4]);
                let expected = answer(&request);
                assert_eq!(client.transact(&request, &mut reply, LIMIT).await.unwrap(), expected.len());
                assert!(reply == expected, "round {round}");
            }
            drop(client);
            assert_eq!(answering.await.unwrap(), ROUNDS);
        });
    }

    #[test]
    fn transactions_that_fail() {
        on_tokio(async {
            let (server, client) = Stream::pair().unwrap();
            let (mut reply, mut other) = (Vec::new(), Vec::new());
            server.send(b"unasked").await.unwrap();
            assert_eq!(kind(client.transact(b"?", &mut reply, LIMIT).await), ErrorKind::ResourceBusy);
            assert_eq!(client.recv(&mut [0; 9]).await.unwrap(), whole(7));
            assert_eq!(server.peek_msg_len().unwrap(), 0, "nothing was sent");
            let (first, second, ()) = tokio::join!(
                client.transact(b"1", &mut reply, 99),
                client.transact(b"2", &mut other, LIMIT),
                async {
                    assert_eq!(server.recv(&mut [0; 9]).await.unwrap(), whole(1));
                    server.send(&[7; 100]).await.unwrap();
                }
            );
            assert_eq!(kind(first), ErrorKind::InvalidData);
            assert_eq!(kind(second), ErrorKind::ResourceBusy);
            assert_eq!(client.recv_to_vec(&mut reply, 100).await.unwrap(), Some(100));
            let (transacted, ()) = tokio::join!(client.transact(b"3", &mut reply, LIMIT), async {
                sleep(SHORT).await;
                server.disconnect().unwrap();
            });
            assert_eq!(kind(transacted), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn calls() {
        on_tokio(async {
            let path = unique_path();
            let mut reply = Vec::new();
            let mode = ConnectWaitMode::Unbounded;
            assert_eq!(kind(Stream::call(&path, b"", &mut reply, LIMIT, mode).await), ErrorKind::NotFound);
            let listener = options(&path).instances(1).create_tokio_duplex::<Messages>().unwrap();
            let serving = tokio::spawn(async move {
                for _ in 0..20 {
                    answer_all(&listener.accept().await.unwrap()).await;
                }
            });
            for _ in 0..20 {
                assert_eq!(Stream::call(&path, b"question", &mut reply, LIMIT, mode).await.unwrap(), 16);
                assert_eq!(reply, answer(b"question"));
            }
            serving.await.unwrap();
        });
    }

    #[test]
    fn peer_killed_in_mid_message() {
        if let Some(path) = role_argument("asynchronous::peer_killed_in_mid_message") {
            on_tokio(async {
                let stream = Stream::connect_by_path(path).await.unwrap();
                stream.send(&bytes(1, 1 << 20)).await.unwrap();
                sleep(FOREVER).await;
            });
        }
        on_tokio(async {
            let path = unique_path();
            let listener = options(&path).create_tokio_duplex::<Messages>().unwrap();
            let mut peer = start_role("asynchronous::peer_killed_in_mid_message", &path);
            let stream = listener.accept().await.unwrap();
            while stream.peek_msg_len().unwrap() == 0 {
                sleep(Duration::from_millis(1)).await;
            }
            peer.kill();
            let mut message = Vec::new();
            if let Some(length) = stream.recv_to_vec(&mut message, LIMIT).await.unwrap() {
                assert_eq!(length, 1 << 20);
                assert!(message == bytes(1, 1 << 20));
                assert_eq!(stream.recv(&mut []).await.unwrap(), None);
            }
            assert_eq!(kind(stream.send(b"x").await), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn tokios_client() {
        on_tokio(async {
            let path = unique_path();
            let listener = options(&path).create_tokio_duplex::<Messages>().unwrap();
            let mut client = ClientOptions::new().pipe_mode(PipeMode::Message).open(&path).unwrap();
            let server = listener.accept().await.unwrap();
            client.write_all(b"one").await.unwrap();
            client.write_all(b"second").await.unwrap();
            let mut message = Vec::new();
            assert_eq!(server.recv_to_vec(&mut message, LIMIT).await.unwrap(), Some(3));
            assert_eq!(server.recv_to_vec(&mut message, LIMIT).await.unwrap(), Some(6));
            server.send(b"a reply").await.unwrap();
            let mut received = [0; 7];
            client.read_exact(&mut received).await.unwrap();
            assert_eq!(&received, b"a reply");
            let big = bytes(4, 30_000);
            client.write_all(&big).await.unwrap();
            assert_eq!(server.recv_to_vec(&mut message, LIMIT).await.unwrap(), Some(30_000));
            assert!(message == big);
            drop(client);
            assert_eq!(server.recv(&mut []).await.unwrap(), None);
        });
    }

    #[test]
    fn tokios_server() {
        on_tokio(async {
            let path = unique_path();
            let mut server = ServerOptions::new()
                .pipe_mode(PipeMode::Message)
                .first_pipe_instance(true)
                .create(&path)
                .unwrap();
            let client = Stream::connect_by_path(&path).await.unwrap();
            server.connect().await.unwrap();
            assert!(client.is_client());
            client.send(b"question").await.unwrap();
            let mut question = [0; 8];
            server.read_exact(&mut question).await.unwrap();
            server.write_all(b"an").await.unwrap();
            server.write_all(b"swer").await.unwrap();
            let mut message = Vec::new();
            assert_eq!(client.recv_to_vec(&mut message, LIMIT).await.unwrap(), Some(2));
            assert_eq!(client.recv_to_vec(&mut message, LIMIT).await.unwrap(), Some(4));
            let (replied, ()) = tokio::join!(client.transact(&question, &mut message, LIMIT), async {
                server.read_exact(&mut [0; 8]).await.unwrap();
                server.write_all(&[9; 50]).await.unwrap();
            });
            assert_eq!(replied.unwrap(), 50);
            server.disconnect().unwrap();
            assert_eq!(client.recv(&mut []).await.unwrap(), None);
        });
    }

    #[test]
    fn mixed_modes() {
        on_tokio(async {
            let path = unique_path();
            let listener = options(&path).create_tokio::<Bytes, Messages>().unwrap();
            let mut client = PipeStream::<Messages, Bytes>::connect_by_path(&path).await.unwrap();
            let mut server = listener.accept().await.unwrap();
            client.write_all(b"abc").await.unwrap();
            client.write_all(b"defg").await.unwrap();
            server.read_exact(&mut [0; 7]).await.unwrap();
            server.send(b"").await.unwrap();
            server.send(b"xyz").await.unwrap();
            assert_eq!(client.recv(&mut [0; 9]).await.unwrap(), whole(0));
            assert_eq!(client.recv(&mut [0; 9]).await.unwrap(), whole(3));

            let path = unique_path();
            let _listener = options(&path).create_tokio_duplex::<Bytes>().unwrap();
            assert_eq!(kind(Stream::connect_by_path(&path).await), ErrorKind::InvalidInput);
            let sender = PipeStream::<pipe_mode::None, Messages>::connect_by_path(&path).await;
            assert_eq!(kind(sender), ErrorKind::InvalidInput);
        });
    }

    #[test]
    fn no_handle_leaks() {
        in_own_process("asynchronous::no_handle_leaks", || {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            leaves_no_handles(|| {
                runtime.block_on(async {
                    let path = unique_path();
                    let listener = options(&path).create_tokio_duplex::<Messages>().unwrap();
                    let client = Stream::connect_by_path(&path).await.unwrap();
                    let server = listener.accept().await.unwrap();
                    let (mut reply, short) = (Vec::new(), Duration::from_millis(3));
                    timeout(short, server.recv(&mut [0])).await.expect_err("no message");
                    timeout(short, client.transact(b"?", &mut reply, LIMIT)).await.expect_err("no reply");
                    client.send(&[0; 200_000]).await.unwrap();
                    timeout(short, client.send(b"")).await.expect_err("the pipe is full");
                    drop(server);
                });
            });
        });
    }
}

/// A message that does not fit is no longer there in part when its sender takes it back, or another would be swallowed with
/// its end. Most of all one that has the length of that end.
#[test]
fn too_long_messages_that_are_taken_back() {
    const ROOM: usize = 10;
    // A megabyte at most is taken with one read.
    const LONGER: usize = 3 << 20;
    for (rounds, long, other) in [(400, 512 << 10, 5), (60, LONGER, 5), (60, LONGER, LONGER - ROOM)] {
        within_deadline(move || {
            let (sender, receiver) = Stream::pair().unwrap();
            sender.set_write_timeout(Some(Duration::from_millis(1))).unwrap();
            let receiving = thread::spawn(move || {
                let (mut others, mut longs, mut given_up, mut buffer) = (0, 0, 0, [0; ROOM]);
                loop {
                    match receiver.recv(&mut buffer) {
                        Ok(None) => return (others, longs, given_up),
                        Ok(Some(received)) if received.message_length == other => others += 1,
                        Ok(Some(received)) if received.message_length == long => longs += 1,
                        Ok(Some(received)) => panic!("two messages in one: {received:?}"),
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
                            given_up += 1;
                        }
                    }
                }
            });
            let (message, other_message) = (vec![7; long], vec![1; other]);
            let send = |message| match sender.send(message) {
                Ok(_) => 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
                    0
                }
            };
            let (mut others, mut longs) = (0, 0);
            for _ in 0..rounds {
                longs += send(&message);
                others += send(&other_message);
            }
            drop(sender);
            let (got_others, got_longs, given_up) = receiving.join().unwrap();
            // A message that came in the place of one that was begun can be lost, and that is told.
            assert!(got_others <= others && got_longs <= longs, "more than was sent");
            let lost = others + longs - got_others - got_longs;
            assert!(lost <= if long > 1 << 20 { given_up } else { 0 }, "{lost} lost, {given_up} given up");
        });
    }
}

/// Of a message that its sender takes back, that a part was read leaves nothing in the pipe.
#[test]
fn a_message_of_which_a_part_was_read_is_taken_back_as_a_whole() {
    within_deadline(|| {
        const LENGTH: usize = 200_000;
        for a_client_sends in [true, false] {
            let (server, client) = Stream::pair().unwrap();
            let (sender, receiver) = if a_client_sends { (client, server) } else { (server, client) };
            let receiver = OwnedHandle::try_from(receiver).unwrap();
            // It reads as it is told by the handle: of a message at most, and what it has no room for later.
            let mut receiver = PipeStream::<Bytes, Messages>::try_from(receiver).unwrap();
            let sending = thread::spawn(move || {
                sender.set_write_timeout(Some(SHORT)).unwrap();
                let taken_back = sender.send(&[7; LENGTH]).map_err(|error| error.kind());
                sender.set_write_timeout(None).unwrap();
                sender.send(b"after").unwrap();
                (taken_back, sender)
            });
            let mut buffer = vec![0; LENGTH];
            let begun = receiver.read(&mut buffer[..10]).unwrap();
            let (taken_back, sender) = sending.join().unwrap();
            if begun == 10 {
                assert_eq!(taken_back, Err(ErrorKind::TimedOut));
                assert_eq!(receiver.read(&mut buffer).unwrap(), 5, "a_client_sends: {a_client_sends}");
            }
            // Else the machine was too slow for the reader to begin in time.
            assert_eq!(&buffer[..5], b"after", "a_client_sends: {a_client_sends}");
            drop(sender);
            assert_eq!(receiver.read(&mut buffer).unwrap(), 0, "a_client_sends: {a_client_sends}");
        }
    });
}
