//! Windows named pipes, synchronous and under Tokio.
#![cfg(windows)]

mod common;

use common::handles::{in_own_process, leaves_no_handles};
use interprocess::{
    ConnectWaitMode,
    os::windows::{
        named_pipe::{DuplexPipeStream, PipeListener, PipeListenerOptions, PipeStream, pipe_mode},
        security_descriptor::SecurityDescriptor,
    },
};
use std::{
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::windows::io::{AsHandle, AsRawHandle, OwnedHandle},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

type Bytes = pipe_mode::Bytes;
type Stream = DuplexPipeStream<Bytes>;
type Listener = PipeListener<Bytes, Bytes>;

/// Far longer than anything here takes, so that a hang is a failure.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(80);

fn unique_path() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(r"\\.\pipe\interprocess-test-{}-{number}", std::process::id())
}

fn options(path: &str) -> PipeListenerOptions<'static> {
    PipeListenerOptions::new().path(path)
}

fn listen(path: &str) -> Listener {
    options(path).create_duplex().expect("listen")
}

fn connect(path: &str) -> Stream {
    Stream::connect_by_path(path).expect("connect")
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.expect_err("must fail").kind()
}

#[test]
fn echo() {
    let path = unique_path();
    let listener = listen(&path);
    let client = thread::spawn({
        let path = path.clone();
        move || {
            let mut stream = connect(&path);
            assert!(stream.is_client() && !stream.is_server());
            stream.write_all(b"question").unwrap();
            let mut answer = [0; 6];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"answer");
            assert_eq!(stream.read(&mut answer).unwrap(), 0, "the end");
        }
    });
    let mut stream = listener.accept().unwrap();
    assert!(stream.is_server() && !stream.is_client());
    let mut question = [0; 8];
    stream.read_exact(&mut question).unwrap();
    assert_eq!(&question, b"question");
    stream.write_all(b"answer").unwrap();
    stream.flush().unwrap();
    drop(stream);
    client.join().unwrap();
}

#[test]
fn one_way_listeners() {
    let path = unique_path();
    let listener = options(&path).create_recv_only::<Bytes>().unwrap();
    let mut client = PipeStream::<pipe_mode::None, Bytes>::connect_by_path(&path).unwrap();
    client.write_all(b"up").unwrap();
    drop(client);
    let mut received = String::new();
    listener.accept().unwrap().read_to_string(&mut received).unwrap();
    assert_eq!(received, "up");
    assert_eq!(kind(Stream::connect_by_path(&path)), ErrorKind::PermissionDenied, "wrong direction");

    let path = unique_path();
    let listener = options(&path).create_send_only::<Bytes>().unwrap();
    let mut client = PipeStream::<Bytes, pipe_mode::None>::connect_by_path(&path).unwrap();
    let mut server = listener.accept().unwrap();
    server.write_all(b"down").unwrap();
    // Here Windows does not tell the space in the pipe, so this takes another way.
    server.set_nonblocking(true).unwrap();
    let (mut sent, error) = fill(&mut server);
    assert_eq!(error, ErrorKind::WouldBlock);
    server.set_nonblocking(false).unwrap();
    server.set_write_timeout(Some(SHORT)).unwrap();
    assert_eq!(kind(server.write(b"x")), ErrorKind::TimedOut);
    sent += 4;
    drop(server);
    let mut received = Vec::new();
    client.read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), sent);
}

/// Writes until nothing fits any more: how much, and how it ended.
fn fill(stream: &mut impl Write) -> (usize, ErrorKind) {
    let mut sent = 0;
    let mut chunk = 10_000;
    loop {
        match stream.write(&vec![7; chunk]) {
            Ok(bytes) => sent += bytes,
            Err(error) if chunk == 1 => return (sent, error.kind()),
            // Where a write is all or nothing, smaller ones may still fit.
            Err(_) => chunk = 1,
        }
    }
}

#[test]
fn data_outlives_its_writer() {
    for client_writes in [false, true] {
        let path = unique_path();
        let listener = listen(&path);
        let client = connect(&path);
        let server = listener.accept().unwrap();
        let (mut writer, mut reader) = if client_writes { (client, server) } else { (server, client) };
        let data: Vec<u8> = (0..60_000_u32).map(|number| number as u8).collect();
        writer.write_all(&data).unwrap();
        let start = Instant::now();
        drop(writer);
        assert!(start.elapsed() < LONG / 4, "dropping does not wait for the reader");
        thread::sleep(SHORT);
        let mut received = Vec::new();
        reader.read_to_end(&mut received).unwrap();
        assert!(received == data, "client_writes: {client_writes}");
        assert_eq!(kind(reader.write(b"x")), ErrorKind::BrokenPipe);
    }
}

#[test]
fn client_that_left_before_accept_is_accepted() {
    let path = unique_path();
    let listener = listen(&path);
    for number in 0..10_u8 {
        let mut client = connect(&path);
        client.write_all(&[number; 3]).unwrap();
        drop(client);
        let mut received = Vec::new();
        listener.accept_timeout(LONG).unwrap().read_to_end(&mut received).unwrap();
        assert_eq!(received, [number; 3]);
    }
    drop(connect(&path));
    assert_eq!(kind(listener.accept_timeout(Duration::ZERO)), ErrorKind::TimedOut, "it said nothing");
}

#[test]
fn many_clients_at_once() {
    const CLIENTS: usize = 64;
    let path = unique_path();
    let listener = listen(&path);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let path = path.clone();
            thread::spawn(move || {
                let mut stream = connect(&path);
                stream.write_all(&[number as u8]).unwrap();
                let mut answer = [0];
                stream.read_exact(&mut answer).unwrap();
                assert_eq!(answer, [number as u8 ^ 0xff]);
            })
        })
        .collect();
    thread::scope(|scope| {
        // Several threads accept.
        for _ in 0..4 {
            scope.spawn(|| {
                for stream in listener.incoming().take(CLIENTS / 4) {
                    let mut stream = stream.unwrap();
                    let mut question = [0];
                    stream.read_exact(&mut question).unwrap();
                    stream.write_all(&[question[0] ^ 0xff]).unwrap();
                }
            });
        }
    });
    clients.into_iter().for_each(|client| client.join().unwrap());
}

#[test]
fn name_never_vanishes() {
    const ROUNDS: usize = 200;
    let path = unique_path();
    for instances in [1, 4] {
        let listener = options(&path).instances(instances).create_duplex::<Bytes>().unwrap();
        let client = thread::spawn({
            let path = path.clone();
            move || {
                for _ in 0..ROUNDS {
                    let mut stream = Stream::connect_by_path(&path).expect("connect");
                    // Without a word it would be passed over. The server may have closed already.
                    let _ = stream.write_all(b"x");
                }
            }
        });
        for _ in 0..ROUNDS {
            drop(listener.accept_timeout(LONG).unwrap());
        }
        client.join().unwrap();
    }
}

#[test]
fn instance_limit() {
    let path = unique_path();
    let listener =
        options(&path).instance_limit(std::num::NonZeroU8::new(1)).create_duplex::<Bytes>().unwrap();
    for _ in 0..3 {
        let client = connect(&path);
        let mut server = listener.accept().unwrap();
        assert_eq!(kind(listener.accept()), ErrorKind::ResourceBusy);
        let busy = Stream::connect_by_path_with_wait_mode(&path, ConnectWaitMode::Deferred);
        assert_eq!(kind(busy), ErrorKind::WouldBlock);
        drop(client);
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        drop(server);
        assert_eq!(kind(listener.accept_timeout(Duration::ZERO)), ErrorKind::TimedOut);
    }
}

/// That its limit of instances is reached is the other listener's matter.
#[test]
fn a_name_whose_pipe_is_full_is_in_use() {
    let path = unique_path();
    let limited = || options(&path).instance_limit(std::num::NonZeroU8::new(1)).create_duplex::<Bytes>();
    let _listener = limited().unwrap();
    assert_eq!(kind(limited()), ErrorKind::AddrInUse);
    assert_eq!(kind(options(&path).create_duplex::<Bytes>()), ErrorKind::AddrInUse);
    let _client = connect(&path);
    assert_eq!(kind(options(&path).create_duplex::<Bytes>()), ErrorKind::AddrInUse);
}

#[test]
fn accept_limits_and_close() {
    let path = unique_path();
    let listener = Arc::new(listen(&path));
    let start = Instant::now();
    assert_eq!(kind(listener.accept_timeout(SHORT)), ErrorKind::TimedOut);
    assert!(start.elapsed() >= SHORT);
    listener.set_nonblocking(true).unwrap();
    assert_eq!(kind(listener.accept()), ErrorKind::WouldBlock);
    let client = connect(&path);
    let mut server = listener.accept().expect("a client is here");
    assert_eq!(kind(server.read(&mut [0])), ErrorKind::WouldBlock, "inherits the listener's mode");
    listener.set_nonblocking(false).unwrap();
    drop((client, server));

    let threads: Vec<_> = (0..3)
        .map(|_| {
            let listener = Arc::clone(&listener);
            thread::spawn(move || kind(listener.accept()))
        })
        .collect();
    thread::sleep(SHORT);
    assert!(!listener.is_closed());
    listener.close();
    assert!(listener.is_closed());
    for thread in threads {
        assert_eq!(thread.join().unwrap(), ErrorKind::ConnectionAborted);
    }
    assert_eq!(kind(listener.accept()), ErrorKind::ConnectionAborted);
    assert_eq!(kind(Stream::connect_by_path(&path)), ErrorKind::NotFound);
    drop(listen(&path));
}

#[test]
fn listener_moves_between_threads() {
    // The thread that made the instances ends, and Windows cancels what it had in flight.
    let path = unique_path();
    let listener = thread::spawn({
        let path = path.clone();
        move || listen(&path)
    })
    .join()
    .unwrap();
    for _ in 0..6 {
        let mut client = connect(&path);
        client.write_all(b"x").unwrap();
        let mut server = listener.accept_timeout(LONG).unwrap();
        server.read_exact(&mut [0]).unwrap();
    }
}

#[test]
fn taken_name() {
    let path = unique_path();
    let first = listen(&path);
    let error = options(&path).create_duplex::<Bytes>().expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains("interprocess-test"), "{error}");
    // The failed attempt left nothing behind that a client could fall into.
    let _client = connect(&path);
    first.accept_timeout(LONG).unwrap();
    drop(first);
    drop(listen(&path));
}

#[test]
fn bad_names() {
    let create = |path: &str| kind(options(path).create_duplex::<Bytes>());
    let connect = |path: &str| kind(Stream::connect_by_path(path));
    let long = format!(r"\\.\pipe\{}", "x".repeat(248));
    for path in
        ["", r"\\.\pipe\", "x", r"\\", r"\\server", r"\\server\x", "\\\\.\\pipe\\a\0b", r"C:\x", &long]
    {
        assert_eq!(create(path), ErrorKind::InvalidInput, "{path:?}");
        assert_eq!(connect(path), ErrorKind::InvalidInput, "{path:?}");
    }
    assert_eq!(create(r"\\server\pipe\x"), ErrorKind::InvalidInput);
    let error = Stream::connect_by_path(unique_path()).expect_err("no server");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("interprocess-test"), "{error}");
    let path = unique_path();
    for bad in [0, 61] {
        assert_eq!(kind(options(&path).instances(bad).create_duplex::<Bytes>()), ErrorKind::InvalidInput);
    }
    assert_eq!(kind(options(&path).create_duplex::<pipe_mode::None>()), ErrorKind::InvalidInput);
}

#[test]
fn wait_modes() {
    let path = unique_path();
    let listener = options(&path).instances(1).create_duplex::<Bytes>().unwrap();
    let _first = connect(&path);
    let with = |mode| Stream::connect_by_path_with_wait_mode(&path, mode);
    assert_eq!(kind(with(ConnectWaitMode::Deferred)), ErrorKind::WouldBlock);
    let start = Instant::now();
    assert_eq!(kind(with(ConnectWaitMode::Timeout(SHORT))), ErrorKind::TimedOut);
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG / 2);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| with(ConnectWaitMode::Unbounded));
        thread::sleep(SHORT);
        listener.accept().unwrap();
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn both_directions_at_once() {
    const TOTAL: usize = 2_000_000;
    let (server, client) = Stream::pair().unwrap();
    let send = |mut stream: &Stream| {
        let chunk = [5; 30_000];
        let mut left = TOTAL;
        while left > 0 {
            left -= stream.write(&chunk[..chunk.len().min(left)]).unwrap();
        }
    };
    let receive = |mut stream: &Stream| {
        let mut chunk = [0; 7_000];
        let mut left = TOTAL;
        while left > 0 {
            left -= stream.read(&mut chunk).unwrap();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| send(&server));
        scope.spawn(|| send(&client));
        scope.spawn(|| receive(&server));
        scope.spawn(|| receive(&client));
    });
}

#[test]
fn read_waits_do_not_hold_up_writes() {
    let (server, client) = Stream::pair().unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| (&server).read(&mut [0; 10]).unwrap());
        thread::sleep(SHORT);
        (&server).write_all(b"not held up").unwrap();
        (&client).read_exact(&mut [0; 11]).unwrap();
        (&client).write_all(b"x").unwrap();
        assert_eq!(reader.join().unwrap(), 1);
    });
}

#[test]
fn timeouts() {
    let (mut server, mut client) = Stream::pair().unwrap();
    assert_eq!(kind(server.set_read_timeout(Some(Duration::ZERO))), ErrorKind::InvalidInput);
    server.set_read_timeout(Some(SHORT)).unwrap();
    assert_eq!(server.read_timeout().unwrap(), Some(SHORT));
    let start = Instant::now();
    assert_eq!(kind(server.read(&mut [0; 10])), ErrorKind::TimedOut);
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG / 2);
    client.write_all(b"abc").unwrap();
    assert_eq!(server.read(&mut [0; 10]).unwrap(), 3);

    client.set_write_timeout(Some(SHORT)).unwrap();
    assert_eq!(client.write_timeout().unwrap(), Some(SHORT));
    let (sent, error) = fill(&mut client);
    assert_eq!(error, ErrorKind::TimedOut);
    // Nothing more and nothing less than was counted is in the pipe.
    let mut received = vec![0; sent];
    server.read_exact(&mut received).unwrap();
    assert_eq!(kind(server.read(&mut [0; 10])), ErrorKind::TimedOut);
    // A write that waits for space gets it.
    let (_sent, _) = fill(&mut client);
    client.set_write_timeout(Some(LONG)).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| (&client).write(&[1; 100]).unwrap());
        thread::sleep(SHORT);
        server.read_exact(&mut vec![0; 60_000]).unwrap();
        assert!(writer.join().unwrap() > 0);
    });
}

#[test]
fn nonblocking() {
    let (mut server, mut client) = Stream::pair().unwrap();
    server.set_nonblocking(true).unwrap();
    client.set_nonblocking(true).unwrap();
    assert_eq!(kind(server.read(&mut [0; 10])), ErrorKind::WouldBlock);
    let (sent, error) = fill(&mut client);
    assert_eq!(error, ErrorKind::WouldBlock);
    assert!(sent >= 4096, "{sent}");
    let mut received = 0;
    let mut buffer = [0; 3000];
    while let Ok(bytes) = server.read(&mut buffer) {
        received += bytes;
    }
    assert_eq!(received, sent);
    // The system tells a little later that the last of it has been read.
    while let Err(error) = client.write_all(b"last") {
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        thread::yield_now();
    }
    drop(client);
    assert_eq!(server.read(&mut buffer).unwrap(), 4);
    assert_eq!(server.read(&mut buffer).unwrap(), 0);
    assert_eq!(kind(server.write(b"x")), ErrorKind::BrokenPipe);
}

#[test]
fn nonblocking_write_meets_a_waiting_reader() {
    let (server, client) = Stream::pair().unwrap();
    client.set_nonblocking(true).unwrap();
    thread::scope(|scope| {
        // Bigger than the pipe: Windows then reports no space at all.
        let reader = scope.spawn(|| (&server).read(&mut vec![0; 100_000]).unwrap());
        thread::sleep(SHORT);
        assert!((&client).write(b"hello").unwrap() > 0);
        assert!(reader.join().unwrap() > 0);
    });
}

#[test]
fn shutdown_wakes() {
    let (server, mut client) = Stream::pair().unwrap();
    assert_eq!(kind(server.shutdown(Shutdown::Write)), ErrorKind::Unsupported);
    let clone = server.try_clone().unwrap();
    thread::scope(|scope| {
        let reader = scope.spawn(|| (&server).read(&mut [0; 10]).unwrap());
        let clones_reader = scope.spawn(|| (&clone).read(&mut [0; 10]).unwrap());
        thread::sleep(SHORT);
        server.shutdown(Shutdown::Read).unwrap();
        assert_eq!(reader.join().unwrap(), 0);
        assert_eq!(clones_reader.join().unwrap(), 0);
    });
    assert_eq!((&server).read(&mut [0; 10]).unwrap(), 0);
    (&server).write_all(b"still writes").unwrap();
    client.read_exact(&mut [0; 12]).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| kind((&server).write_all(&[0; 1_000_000])));
        thread::sleep(SHORT);
        server.shutdown(Shutdown::Both).unwrap();
        assert_eq!(writer.join().unwrap(), ErrorKind::BrokenPipe);
    });
    assert_eq!(kind((&server).write(b"x")), ErrorKind::BrokenPipe);
    drop((server, clone));
    client.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn shutdown_races_with_reads() {
    for round in 0..200 {
        let (server, _client) = Stream::pair().unwrap();
        thread::scope(|scope| {
            let reader = scope.spawn(|| (&server).read(&mut [0; 10]).unwrap());
            for _ in 0..round * 20 {
                std::hint::spin_loop();
            }
            server.shutdown(Shutdown::Both).unwrap();
            assert_eq!(reader.join().unwrap(), 0);
        });
    }
}

#[test]
fn drain_waits_for_the_reader() {
    let (server, client) = Stream::pair().unwrap();
    (&server).write_all(b"data").unwrap();
    thread::scope(|scope| {
        let drained = scope.spawn(|| {
            server.drain().unwrap();
            Instant::now()
        });
        thread::sleep(SHORT);
        let read_at = Instant::now();
        (&client).read_exact(&mut [0; 4]).unwrap();
        assert!(drained.join().unwrap() >= read_at);
    });
}

#[test]
fn vectored() {
    let (mut server, mut client) = Stream::pair().unwrap();
    assert_eq!(client.write_vectored(&[]).unwrap(), 0);
    assert!(
        client.write_vectored(&[IoSlice::new(b""), IoSlice::new(b"abc"), IoSlice::new(b"de")]).unwrap() >= 3
    );
    let (mut empty, mut two, mut more) = ([], [0; 2], [0; 4]);
    let buffers = &mut [IoSliceMut::new(&mut empty), IoSliceMut::new(&mut two), IoSliceMut::new(&mut more)];
    assert!(server.read_vectored(buffers).unwrap() >= 2);
    assert_eq!(&two, b"ab");
}

#[test]
fn split_and_reunite() {
    let (server, client) = Stream::pair().unwrap();
    let (mut client_recv, mut client_send) = client.split();
    let (server_recv, mut server_send) = server.split();
    let writer = thread::spawn(move || {
        client_send.write_all(b"one").unwrap();
        client_send
    });
    server_send.write_all(b"two").unwrap();
    client_recv.read_exact(&mut [0; 3]).unwrap();
    let client_send = writer.join().unwrap();
    let error = Stream::reunite(client_recv, server_send).expect_err("not of one stream");
    let mut client = Stream::reunite(error.rh, client_send).unwrap();
    let mut server = Stream::reunite(server_recv, error.sh).unwrap();
    server.read_exact(&mut [0; 3]).unwrap();
    client.write_all(b"three").unwrap();
    let (recv, send) = client.split();
    let recv = OwnedHandle::try_from(recv).expect_err("the other half lives");
    drop(recv);
    OwnedHandle::try_from(send).expect("the last half");
}

#[test]
fn handles_and_clones() {
    let (server, client) = Stream::pair().unwrap();
    let handle = OwnedHandle::try_from(client).unwrap();
    let mut client = Stream::try_from(handle).unwrap();
    assert!(client.is_client());
    let handle = OwnedHandle::try_from(server).unwrap();
    let mut server = Stream::try_from(handle).unwrap();
    assert!(server.is_server());
    let mut clone = client.try_clone().unwrap();
    assert_ne!(clone.as_raw_handle(), client.as_raw_handle());
    clone.write_all(b"from the clone").unwrap();
    client.write_all(b".").unwrap();
    drop(clone);
    server.read_exact(&mut [0; 15]).unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);

    let file = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
    let error = Stream::try_from(OwnedHandle::from(file)).expect_err("not a pipe");
    assert!(error.source.is_some(), "{error}");
    let (_sender, reader) = interprocess::unnamed_pipe::pipe().unwrap();
    let error =
        PipeStream::<Bytes, pipe_mode::None>::try_from(OwnedHandle::from(reader)).expect_err("synchronous");
    assert!(error.source.is_some(), "{error}");
}

#[test]
fn who_the_peer_is() {
    let path = unique_path();
    let listener = listen(&path);
    let client = connect(&path);
    let server = listener.accept().unwrap();
    let own = std::process::id();
    for stream in [&client, &server] {
        assert_eq!(stream.client_process_id().unwrap(), own);
        assert_eq!(stream.server_process_id().unwrap(), own);
        assert_eq!(stream.peer_process_id().unwrap(), own);
        assert_eq!(stream.peer_session_id().unwrap(), stream.server_session_id().unwrap());
        assert_eq!(stream.client_session_id().unwrap(), stream.server_session_id().unwrap());
    }
    let by_server = server.peer_user_sid().unwrap();
    assert!(by_server.starts_with("S-1-5-"), "{by_server}");
    // The pipe's owner, who is the user unless that one is an administrator (in Wine 10 it is a group).
    let own = SecurityDescriptor::current_user_only().unwrap().owner().unwrap().unwrap();
    assert_eq!(client.peer_user_sid().unwrap(), own);
    assert!(client.take_error().unwrap().is_none());
}

#[test]
fn security_descriptors() {
    let descriptor = SecurityDescriptor::from_sddl("D:P(A;;GA;;;SY)").unwrap();
    assert_eq!(descriptor.to_sddl().unwrap(), "D:P(A;;GA;;;SY)");
    assert_eq!(descriptor.try_clone().unwrap().to_sddl().unwrap(), "D:P(A;;GA;;;SY)");
    assert_eq!(descriptor.borrow().to_owned_sd().unwrap().to_sddl().unwrap(), "D:P(A;;GA;;;SY)");
    let error = "nonsense".parse::<SecurityDescriptor>().expect_err("nonsense");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("nonsense"), "{error}");
    assert_eq!(kind(SecurityDescriptor::from_sddl("D:\0")), ErrorKind::InvalidInput);

    let path = unique_path();
    let own = SecurityDescriptor::current_user_only().unwrap();
    assert!(own.to_sddl().unwrap().contains("D:P(A;;GA;;;"), "{own:?}");
    let listener = options(&path).security_descriptor(Some(own)).create_duplex::<Bytes>().unwrap();
    let _client = connect(&path);
    listener.accept_timeout(LONG).unwrap();

    // Lets in nobody. (Wine 10 does not look at access lists of pipes and lets in everybody.)
    let path = unique_path();
    let nobody = SecurityDescriptor::from_sddl("D:P").unwrap();
    let options = options(&path).security_descriptor(Some(nobody)).instances(1);
    let _listener = options.create_duplex::<Bytes>().unwrap();
    if let Err(error) = Stream::connect_by_path(&path) {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
}

#[test]
fn nothing_is_inheritable() {
    let (server, client) = Stream::pair().unwrap();
    for stream in [&server, &client, &server.try_clone().unwrap()] {
        assert!(!inheritable(stream), "{stream:?}");
    }
    let path = unique_path();
    let listener = options(&path).inheritable(true).create_duplex::<Bytes>().unwrap();
    let _client = connect(&path);
    assert!(inheritable(&listener.accept().unwrap()), "asked for");
}

#[allow(unsafe_code)]
fn inheritable(object: &impl AsHandle) -> bool {
    let mut flags = 0;
    // SAFETY: the handle is open and `flags` is a place for a u32.
    let result = unsafe {
        windows_sys::Win32::Foundation::GetHandleInformation(object.as_handle().as_raw_handle(), &mut flags)
    };
    assert_ne!(result, 0);
    flags & windows_sys::Win32::Foundation::HANDLE_FLAG_INHERIT != 0
}

#[test]
fn no_handle_leaks() {
    in_own_process("no_handle_leaks", || {
        let path = unique_path();
        leaves_no_handles(|| {
            let listener = listen(&path);
            let client = connect(&path);
            let server = listener.accept().unwrap();
            server.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            assert_eq!(kind((&server).read(&mut [0])), ErrorKind::TimedOut);
            server.peer_user_sid().unwrap();
            client.peer_user_sid().unwrap();
            drop(server.try_clone().unwrap().split());
            options(&path).create_duplex::<Bytes>().expect_err("in use");
            assert_eq!(kind(Stream::connect_by_path(unique_path())), ErrorKind::NotFound);
            Stream::pair().unwrap();
        });
    });
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{
        Bytes, ErrorKind, LONG, OwnedHandle, SHORT, SecurityDescriptor, common::now, in_own_process, kind,
        leaves_no_handles, options, pipe_mode, unique_path,
    };
    use interprocess::{
        ConnectWaitMode,
        os::windows::named_pipe::{
            self,
            tokio::{DuplexPipeStream, PipeListener, PipeStream},
        },
    };
    use std::{
        io::{IoSlice, IoSliceMut, Read, Write},
        net::Shutdown,
        pin::pin,
        sync::Arc,
        thread,
        time::Instant,
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        runtime::{Builder, Runtime},
        time::{sleep, timeout},
    };

    type Stream = DuplexPipeStream<Bytes>;

    fn runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        runtime().block_on(async { timeout(LONG, future).await.expect("hangs") })
    }

    fn listen(path: &str) -> PipeListener<Bytes, Bytes> {
        options(path).create_tokio_duplex().expect("listen")
    }

    async fn connect(path: &str) -> Stream {
        Stream::connect_by_path(path).await.expect("connect")
    }

    /// Writes until nothing fits any more, and does not flush: so much is in the pipe or in flight.
    async fn fill(stream: &mut Stream) -> usize {
        let mut sent = 0;
        while let Ok(bytes) = timeout(SHORT, stream.write(&[7; 10_000])).await {
            sent += bytes.unwrap();
        }
        sent
    }

    #[test]
    fn many_clients_at_once() {
        const CLIENTS: usize = 64;
        run(async {
            let path = unique_path();
            let listener = Arc::new(listen(&path));
            for _ in 0..4 {
                let listener = Arc::clone(&listener);
                tokio::spawn(async move {
                    for _ in 0..CLIENTS / 4 {
                        let mut stream = listener.accept().await.unwrap();
                        let mut question = [0];
                        stream.read_exact(&mut question).await.unwrap();
                        stream.write_all(&[question[0] ^ 0xff]).await.unwrap();
                        stream.flush().await.unwrap();
                    }
                });
            }
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let path = path.clone();
                    tokio::spawn(async move {
                        let mut stream = connect(&path).await;
                        stream.write_all(&[number as u8]).await.unwrap();
                        let mut answer = [0];
                        stream.read_exact(&mut answer).await.unwrap();
                        assert_eq!(answer, [number as u8 ^ 0xff]);
                    })
                })
                .collect();
            for client in clients {
                client.await.unwrap();
            }
        });
    }

    #[test]
    fn name_never_vanishes() {
        const ROUNDS: usize = 200;
        run(async {
            let path = unique_path();
            let listener = options(&path).instances(1).create_tokio_duplex::<Bytes>().unwrap();
            let client = tokio::spawn(async move {
                for _ in 0..ROUNDS {
                    let mut stream = connect(&path).await;
                    // As above.
                    let _ = stream.write_all(b"x").await;
                }
            });
            for _ in 0..ROUNDS {
                drop(listener.accept().await.unwrap());
            }
            client.await.unwrap();
        });
    }

    #[test]
    fn both_directions_at_once() {
        const TOTAL: usize = 1_000_000;
        run(async {
            let (server, client) = Stream::pair().unwrap();
            let send = async |mut stream: &Stream| {
                let mut left = TOTAL;
                while left > 0 {
                    left -= stream.write(&vec![5; left.min(30_000)]).await.unwrap();
                }
                stream.flush().await.unwrap();
            };
            let receive = async |mut stream: &Stream| {
                let mut left = TOTAL;
                while left > 0 {
                    let chunk = &mut [0; 7_000];
                    let length = left.min(chunk.len());
                    left -= stream.read(&mut chunk[..length]).await.unwrap();
                }
            };
            tokio::join!(send(&server), send(&client), receive(&server), receive(&client));
        });
    }

    #[test]
    fn data_outlives_its_writer_and_the_runtime() {
        let (mut server, client) = Stream::pair().unwrap();
        run(async {
            server.write_all(&[1; 20_000]).await.unwrap();
            server.flush().await.unwrap();
            drop(server);
        });
        let mut client = named_pipe::DuplexPipeStream::try_from(client).unwrap();
        let mut received = Vec::new();
        client.read_to_end(&mut received).unwrap();
        assert_eq!(received, [1; 20_000]);
    }

    #[test]
    fn pending_write_outlives_the_stream() {
        let (mut server, client) = Stream::pair().unwrap();
        let mut client = named_pipe::DuplexPipeStream::try_from(client).unwrap();
        // On this thread, which lives on: Wine does not tell the space in a pipe, so there more than a byte is in
        // flight, which the end of the thread would cut.
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let sent = runtime.block_on(async {
            let sent = fill(&mut server).await;
            let start = Instant::now();
            drop(server);
            assert!(start.elapsed() < LONG / 4, "dropping does not wait for the reader");
            sent
        });
        drop(runtime);
        thread::sleep(SHORT);
        let mut received = Vec::new();
        client.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), sent);
    }

    #[test]
    fn dropping_off_the_runtime() {
        let (server, client) = run(async {
            let (server, client) = Stream::pair().unwrap();
            let read = timeout(SHORT, (&client).read(&mut [0; 10])).await;
            read.expect_err("nothing to read");
            (server, client)
        });
        drop(client);
        drop(server);
    }

    #[test]
    fn reads_survive_the_thread_that_started_them() {
        let (mut server, client) = Stream::pair().unwrap();
        let client = Arc::new(client);
        thread::spawn({
            let client = Arc::clone(&client);
            move || {
                let runtime = Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    timeout(SHORT, (&*client).read(&mut [0; 10])).await.expect_err("nothing to read");
                });
            }
        })
        .join()
        .unwrap();
        run(async {
            server.write_all(b"abc").await.unwrap();
            (&*client).read_exact(&mut [0; 3]).await.unwrap();
        });
    }

    #[test]
    fn cancelled_reads_lose_nothing() {
        run(async {
            let (mut server, mut client) = Stream::pair().unwrap();
            let writer = tokio::spawn(async move {
                for number in 0..100_u8 {
                    server.write_all(&[number]).await.unwrap();
                    sleep(std::time::Duration::from_millis(1)).await;
                }
            });
            let mut received = Vec::new();
            while received.len() < 100 {
                let mut buffer = [0; 10];
                let read = timeout(std::time::Duration::from_micros(200), client.read(&mut buffer)).await;
                if let Ok(bytes) = read {
                    received.extend_from_slice(&buffer[..bytes.unwrap()]);
                }
            }
            assert!(received.into_iter().eq(0..100));
            writer.await.unwrap();
        });
    }

    #[test]
    fn early_leaver_and_cancelled_accept() {
        run(async {
            let path = unique_path();
            let listener = listen(&path);
            timeout(SHORT, listener.accept()).await.expect_err("no client");
            let mut client = connect(&path).await;
            client.write_all(b"short").await.unwrap();
            drop(client);
            sleep(SHORT).await;
            let mut received = String::new();
            listener.accept().await.unwrap().read_to_string(&mut received).await.unwrap();
            assert_eq!(received, "short");
        });
    }

    #[test]
    fn two_accepts_in_one_task() {
        run(async {
            let path = unique_path();
            let listener = options(&path).instances(2).create_tokio_duplex::<Bytes>().unwrap();
            let (first, second, clients) = tokio::join!(listener.accept(), listener.accept(), async {
                sleep(SHORT).await;
                let first = connect(&path).await;
                sleep(SHORT).await;
                (first, connect(&path).await)
            });
            drop((first.unwrap(), second.unwrap(), clients));
        });
    }

    #[test]
    fn close_wakes_accept() {
        run(async {
            let listener = Arc::new(listen(&unique_path()));
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    let listener = Arc::clone(&listener);
                    tokio::spawn(async move { kind(listener.accept().await) })
                })
                .collect();
            sleep(SHORT).await;
            listener.close();
            assert!(listener.is_closed());
            for task in tasks {
                assert_eq!(task.await.unwrap(), ErrorKind::ConnectionAborted);
            }
            assert_eq!(kind(listener.accept().await), ErrorKind::ConnectionAborted);
        });
    }

    #[test]
    fn shutdown_wakes_and_ends() {
        run(async {
            let (server, mut client) = Stream::pair().unwrap();
            assert_eq!(kind(server.shutdown_now(Shutdown::Write)), ErrorKind::Unsupported);
            let server = Arc::new(server);
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    let server = Arc::clone(&server);
                    tokio::spawn(async move { (&*server).read(&mut [0; 10]).await.unwrap() })
                })
                .collect();
            sleep(SHORT).await;
            server.shutdown_now(Shutdown::Read).unwrap();
            for reader in readers {
                assert_eq!(reader.await.unwrap(), 0);
            }
            (&*server).write_all(b"still writes").await.unwrap();
            client.read_exact(&mut [0; 12]).await.unwrap();
            server.shutdown_now(Shutdown::Both).unwrap();
            assert_eq!(kind((&*server).write(b"x").await), ErrorKind::BrokenPipe);

            let (mut server, mut client) = Stream::pair().unwrap();
            server.write_all(b"last").await.unwrap();
            server.shutdown().await.unwrap();
            assert_eq!(kind(server.write(b"x").await), ErrorKind::BrokenPipe);
            drop(server);
            let mut received = String::new();
            client.read_to_string(&mut received).await.unwrap();
            assert_eq!(received, "last");
        });
    }

    #[test]
    fn wait_modes() {
        run(async {
            let path = unique_path();
            let listener = options(&path).instances(1).create_tokio_duplex::<Bytes>().unwrap();
            let _first = connect(&path).await;
            let with = |mode| Stream::connect_by_path_with_wait_mode(&path, mode);
            assert_eq!(kind(with(ConnectWaitMode::Deferred).await), ErrorKind::WouldBlock);
            assert_eq!(kind(with(ConnectWaitMode::Timeout(SHORT)).await), ErrorKind::TimedOut);
            assert_eq!(kind(Stream::connect_by_path(unique_path()).await), ErrorKind::NotFound);
            let (connected, _) = tokio::join!(with(ConnectWaitMode::Unbounded), async {
                sleep(SHORT).await;
                listener.accept().await.unwrap()
            });
            connected.unwrap();
        });
    }

    #[test]
    fn send_only_server() {
        run(async {
            let path = unique_path();
            let listener = options(&path).create_tokio_send_only::<Bytes>().unwrap();
            let mut client = PipeStream::<Bytes, pipe_mode::None>::connect_by_path(&path).await.unwrap();
            let mut server = listener.accept().await.unwrap();
            let writer = tokio::spawn(async move {
                server.write_all(&[3; 300_000]).await.unwrap();
                server.flush().await.unwrap();
            });
            let mut received = Vec::new();
            client.read_to_end(&mut received).await.unwrap();
            assert_eq!(received.len(), 300_000);
            writer.await.unwrap();
        });
    }

    #[test]
    fn vectored_writes_gather() {
        run(async {
            let (mut server, mut client) = Stream::pair().unwrap();
            assert!(tokio::io::AsyncWrite::is_write_vectored(&server));
            let slices = [IoSlice::new(b""), IoSlice::new(b"abc"), IoSlice::new(b"de")];
            // Windows tells the space in the pipe.
            let written = server.write_vectored(&slices).await.unwrap();
            assert_eq!(written, 5);
            let mut received = [0; 5];
            client.read_exact(&mut received).await.unwrap();
            assert_eq!(&received, b"abcde");
        });
    }

    #[test]
    fn conversions() {
        run(async {
            let (server, mut client) = Stream::pair().unwrap();
            let mut server = named_pipe::DuplexPipeStream::try_from(server).unwrap();
            assert!(server.is_server());
            server.write_all(b"sync").unwrap();
            client.read_exact(&mut [0; 4]).await.unwrap();
            let mut server = Stream::try_from(server).unwrap();
            client.write_all(b"bytes").await.unwrap();
            // A read that is dropped and then finds bytes keeps them, so the stream cannot be converted.
            server.read_exact(&mut [0; 1]).await.unwrap();
            let handle = OwnedHandle::try_from(server).expect("nothing is buffered");
            let mut server = Stream::try_from(handle).unwrap();
            assert!(server.is_server());
            server.read_exact(&mut [0; 4]).await.unwrap();
            timeout(SHORT, server.read(&mut [0; 10])).await.expect_err("nothing to read");
            client.write_all(b"xyz").await.unwrap();
            sleep(SHORT).await;
            let error = OwnedHandle::try_from(server).expect_err("a dropped read has them");
            assert_eq!(error.to_io_error().kind(), ErrorKind::ResourceBusy);
            let mut server = error.source.expect("given back");
            server.read_exact(&mut [0; 3]).await.unwrap();
            fill(&mut server).await;
            let error = named_pipe::DuplexPipeStream::try_from(server).expect_err("a write is in flight");
            assert_eq!(error.to_io_error().kind(), ErrorKind::ResourceBusy);
            let (recv, send) = error.source.expect("given back").split();
            let recv = OwnedHandle::try_from(recv).expect_err("the other half lives").source.unwrap();
            let server = Stream::reunite(recv, send).unwrap();
            server.shutdown_now(Shutdown::Both).unwrap();
        });
    }

    #[test]
    fn who_the_peer_is() {
        run(async {
            let path = unique_path();
            let listener = listen(&path);
            let client = connect(&path).await;
            let server = listener.accept().await.unwrap();
            for stream in [&client, &server] {
                assert_eq!(stream.peer_process_id().unwrap(), std::process::id());
                assert_eq!(stream.peer_session_id().unwrap(), stream.server_session_id().unwrap());
            }
            assert!(server.peer_user_sid().unwrap().starts_with("S-1-5-"));
            let own = SecurityDescriptor::current_user_only().unwrap().owner().unwrap();
            assert_eq!(client.peer_user_sid().ok(), own);
        });
    }

    #[test]
    fn no_handle_leaks() {
        in_own_process("asynchronous::no_handle_leaks", || {
            let runtime = runtime();
            leaves_no_handles(|| {
                runtime.block_on(async {
                    // A name stays in use until the write that is left behind below has failed.
                    let path = unique_path();
                    let listener = listen(&path);
                    timeout(SHORT / 20, listener.accept()).await.expect_err("no client");
                    let mut client = connect(&path).await;
                    let mut server = listener.accept().await.unwrap();
                    timeout(SHORT / 20, client.read(&mut [0])).await.expect_err("nothing to read");
                    while timeout(SHORT / 20, server.write(&[0; 60_000])).await.is_ok() {}
                });
            });
        });
    }

    /// What Tokio's own pipes have: waiting without reading, and reading without waiting.
    #[test]
    fn readiness_and_attempts() {
        run(async {
            let (server, client) = DuplexPipeStream::<Bytes>::pair().unwrap();
            let mut buffer = [0; 8];
            assert_eq!(kind(client.try_read(&mut buffer)), ErrorKind::WouldBlock);
            {
                let mut readable = pin!(client.readable());
                assert!(now(&mut readable).await.is_none());
                assert_eq!(
                    server.try_write_vectored(&[IoSlice::new(b"one "), IoSlice::new(b"two")]).unwrap(),
                    7
                );
                readable.await.unwrap();
            }
            // It took nothing.
            client.readable().await.unwrap();
            assert_eq!(client.try_read(&mut buffer[..1]).unwrap(), 1);
            let (mut first, mut second) = ([0; 3], [0; 8]);
            let slices = &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            assert_eq!(client.try_read_vectored(slices).unwrap(), 6);
            assert_eq!((&first, &second[..3]), (b"ne ", &b"two"[..]));
            assert_eq!(kind(client.try_read(&mut buffer)), ErrorKind::WouldBlock);

            let mut sent = 0;
            let full = loop {
                match server.try_write(&[1; 50_000]) {
                    Ok(bytes) => sent += bytes,
                    Err(error) => break error.kind(),
                }
            };
            assert_eq!(full, ErrorKind::WouldBlock);
            assert!(now(&mut pin!(server.writable())).await.is_none());
            while sent > 0 {
                client.readable().await.unwrap();
                sent -= client.try_read(&mut [0; 10_000]).unwrap();
            }
            server.writable().await.unwrap();
            drop(server);
            client.readable().await.unwrap();
            assert_eq!(client.try_read(&mut buffer).unwrap(), 0, "the end");
        });
    }

    #[test]
    fn drain_waits_for_the_reader() {
        run(async {
            // More than fits, so that a part is in flight at first.
            let (server, mut client) = DuplexPipeStream::<Bytes>::pair().unwrap();
            (&server).write_all(&[7; 100_000]).await.unwrap();
            {
                let mut drain = pin!(server.drain());
                assert!(now(&mut drain).await.is_none());
                client.read_exact(&mut vec![0; 99_999]).await.unwrap();
                assert!(now(&mut drain).await.is_none());
                client.read_exact(&mut [0]).await.unwrap();
                drain.await.unwrap();
            }
            server.drain().await.unwrap();

            // One that is dropped goes on, and hinders nobody.
            (&server).write_all(b"unread").await.unwrap();
            assert!(now(&mut pin!(server.drain())).await.is_none());
            drop(server);
            let mut rest = String::new();
            client.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "unread");
        });
    }
}
