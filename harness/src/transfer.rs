//! `transfer PRIMITIVE DIRECTORY`: one transfer of a primitive, which `injection` runs with a system call failing.
//!
//! All of it is done by one thread, so that a run is as the one before. Every step that fails is tried again, as a
//! caller would: since a call fails once, the whole must then come out right. So what was lost, doubled or left behind
//! by the failing step is seen, and that its error was clean. What is wrong is a panic.

use interprocess::{
    local_socket::{self, ListenerOptions, Name},
    os::unix::{
        fifo_file::{self, FifoOptions},
        signal::{self, ProcessHandle, Signal, SignalFd, SignalMask, Signals},
        uds::{self, OutgoingMessage, RecvBatch, SendBatch, UnixSocketExt, activation},
        unnamed_pipe as unix_pipe,
    },
    shutdown, unnamed_pipe,
};
use std::{
    env, fs,
    io::{self, ErrorKind, IoSlice, Read, Write},
    net::Shutdown,
    os::{fd::AsFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What is done with a directory for its files.
type Transfer = fn(&Path);

/// The beginning of the names of those that run on Tokio.
pub(crate) const TOKIO: &str = "tokio ";

/// All primitives. The first few make up the short form.
pub(crate) const ALL: &[(&str, Transfer)] = &[
    ("local_socket", local_socket_at_a_path),
    (STALE, local_socket_after_a_dead_one),
    ("uds seqpacket", seqpacket),
    ("unnamed_pipe", unnamed_pipe),
    ("fifo_file", fifo_file),
    ("signals", signals),
    ("tokio local_socket", tokio_local_socket),
    ("local_socket, namespaced", local_socket_namespaced),
    (OVERWRITING, local_socket_overwriting),
    ("uds stream", stream),
    ("uds stream, full", full_stream),
    ("unnamed_pipe, full", full_unnamed_pipe),
    ("uds listener", uds_listener),
    ("uds seqpacket listener", seqpacket_listener),
    ("uds datagram", datagram),
    ("uds descriptors", descriptors),
    ("uds batches", batches),
    ("fifo_file guard", fifo_guard),
    ("signal values", signal_values),
    ("signal descriptor", signal_descriptor),
    ("signal, blocked", signal_blocked),
    ("signal process", signal_process),
    ("shutdown", shutdown_request),
    (ACTIVATION, activated),
    ("tokio uds stream", tokio_stream),
    ("tokio uds stream, full", tokio_full_stream),
    ("tokio unnamed_pipe, full", tokio_full_pipe),
    ("tokio uds seqpacket", tokio_seqpacket),
    ("tokio uds datagram", tokio_datagram),
    ("tokio uds batches", tokio_batches),
    ("tokio unnamed_pipe", tokio_unnamed_pipe),
    ("tokio fifo_file", tokio_fifo_file),
    ("tokio signals", tokio_signals),
    ("tokio shutdown", tokio_shutdown),
];

const ACTIVATION: &str = "activation";

/// Find a socket at their path that nobody listens to, or somebody does.
const STALE: &str = "local_socket, stale";
const OVERWRITING: &str = "local_socket, overwriting";

/// Before a primitive starts and after it is done, this call is made, which nothing else makes.
pub(crate) const MARK: &str = "getpriority";

fn mark() {
    let _ = rustix::process::getpriority_process(None);
}

/// Begins the line that says what was left behind.
pub(crate) const DONE: &str = "done: ";

/// Begins a line that tells an error which a caller has got.
pub(crate) const ERROR: &str = "error: ";

/// More bytes than a buffer is given that is to be full.
const MUCH: usize = 40_000;

/// How often a step is tried. A call fails once.
const TRIES: usize = 4;

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let [name, directory] = arguments else { return ExitCode::from(2) };
    let Some((_, transfer)) = ALL.iter().find(|(known, _)| known == name) else { return ExitCode::from(2) };
    if name == ACTIVATION && env::var_os("LISTEN_PID").is_none() {
        return activate(Path::new(directory));
    }
    let directory = Path::new(directory);
    let old = [STALE, OVERWRITING]
        .contains(&name.as_str())
        .then(|| std::os::unix::net::UnixListener::bind(directory.join("s")).expect("a free path"));
    let _living = old.filter(|_| name == OVERWRITING);
    let before = descriptors_open();
    if name.starts_with(TOKIO) {
        // The runtime is none of the library's.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let _inside = runtime.enter();
        RUNTIME.with(|place| place.set(Some(runtime)));
    }
    let before = if name.starts_with(TOKIO) { descriptors_open() } else { before };
    mark();
    transfer(directory);
    mark();
    let mut left: Vec<_> = fs::read_dir(directory)
        .expect("the directory")
        .map(|entry| entry.expect("a file").file_name())
        .collect();
    left.sort();
    println!("{DONE}{} descriptors more, files left: {left:?}", descriptors_open() - before);
    ExitCode::SUCCESS
}

fn descriptors_open() -> isize {
    isize::try_from(fs::read_dir("/proc/self/fd").expect("/proc").count()).expect("few")
}

/// A caller that takes an error for what it is, and tries again.
fn again<T>(step: &str, mut operation: impl FnMut() -> io::Result<T>) -> T {
    for _ in 0..TRIES {
        match operation() {
            Ok(result) => return result,
            Err(error) => tell(step, &error),
        }
    }
    panic!("{step} fails again and again");
}

fn tell(step: &str, error: &io::Error) {
    println!("{ERROR}{step}: {:?}: {error}", error.kind());
}

fn payload(seed: u8, count: usize) -> Vec<u8> {
    let mut state = u32::from(seed) + 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Three pieces, each read before the next is written.
fn bytes_through(
    mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    mut recv: impl FnMut(&mut [u8]) -> io::Result<usize>,
) {
    for (seed, count) in [(1, 1), (2, 1000), (3, 4096)] {
        let sent = payload(seed, count);
        let mut rest = &sent[..];
        while !rest.is_empty() {
            rest = &rest[again("send", || send(rest))..];
        }
        let mut got = vec![0; count];
        let mut filled = 0;
        while filled < count {
            let more = again("receive", || recv(&mut got[filled..]));
            assert_ne!(more, 0, "an end of file after {filled} of {count} bytes");
            filled += more;
        }
        assert!(got == sent, "the bytes are wrong");
    }
}

fn talk<S>(a: &S, b: &S)
where
    for<'a> &'a S: Read + Write,
{
    bytes_through(|bytes| { a }.write(bytes), |room| { b }.read(room));
    let half = |bytes: &[u8]| bytes.len() / 2;
    bytes_through(
        |bytes| {
            { b }.write_vectored(&[IoSlice::new(&bytes[..half(bytes)]), IoSlice::new(&bytes[half(bytes)..])])
        },
        |room| { a }.read(room),
    );
}

fn expect_end(mut from: impl Read) {
    assert_eq!(again("receive the end", || from.read(&mut [0; 8])), 0, "more bytes than were sent");
}

fn listen(step: &str, options: impl Fn() -> ListenerOptions<'static>) -> local_socket::Listener {
    again(step, || options().create_sync())
}

/// A client and its server. Who has got an error from connecting may have left a connection in the queue that is over,
/// and one that accepting tells an error of may be lost; then there is another client.
fn connected<C, S>(
    mut connect: impl FnMut() -> io::Result<C>,
    mut accept: impl FnMut() -> io::Result<S>,
) -> (C, S)
where
    for<'a> &'a C: Write,
    for<'a> &'a S: Read,
{
    for number in 0..TRIES {
        let client = again("connect", &mut connect);
        let name = [number as u8];
        again("send", || (&client).write_all(&name));
        loop {
            match accept() {
                Ok(server) => {
                    let mut said = [0];
                    if again("receive", || (&server).read(&mut said)) == 1 && said == name {
                        return (client, server);
                    }
                }
                Err(error) => {
                    tell("accept", &error);
                    break;
                }
            }
        }
    }
    panic!("no client is accepted");
}

fn local_sockets(name: &Name<'static>, options: impl Fn() -> ListenerOptions<'static>) {
    let listener = listen("listen", options);
    let (client, server) = connected(|| local_socket::Stream::connect(name.borrow()), || listener.accept());
    again("credentials", || server.peer_creds());
    talk(&client, &server);
    again("shut down", || client.shutdown(Shutdown::Write));
    expect_end(&server);
}

fn at_path(directory: &Path) -> Name<'static> {
    Name::path(directory.join("s")).expect("a name")
}

fn local_socket_at_a_path(directory: &Path) {
    let name = at_path(directory);
    // The second time the name must be free.
    for _ in 0..2 {
        local_sockets(&name, || ListenerOptions::new().name(name.clone()).current_user_only(true));
    }
}

fn local_socket_namespaced(directory: &Path) {
    let text = format!("harness-{}-{}", std::process::id(), directory.as_os_str().len());
    let name = Name::namespaced(&text).expect("a name").into_owned();
    local_sockets(&name, || ListenerOptions::new().name(name.clone()));
}

fn local_socket_after_a_dead_one(directory: &Path) {
    let name = at_path(directory);
    local_sockets(&name, || ListenerOptions::new().name(name.clone()));
}

fn local_socket_overwriting(directory: &Path) {
    let name = at_path(directory);
    local_sockets(&name, || ListenerOptions::new().name(name.clone()).try_overwrite(true));
}

fn stream(_: &Path) {
    let (a, b) = again("pair", uds::UnixStream::pair);
    again("set a timeout", || b.set_read_timeout(Some(Duration::from_secs(5))));
    talk(&a, &b);
    again("clone", || a.try_clone());
    again("shut down", || a.shutdown(Shutdown::Write));
    expect_end(&b);
}

/// More than there is room for: calls take a part.
fn full_stream(_: &Path) {
    let (a, b) = again("pair", uds::UnixStream::pair);
    again("send buffer", || a.set_send_buffer_size(4096));
    for end in [&a, &b] {
        again("nonblocking", || end.set_nonblocking(true));
    }
    all_of_it(|bytes| (&a).write(bytes), |room| (&b).read(room));
}

/// More than there is room for, by ends that do not wait.
fn all_of_it(
    mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    mut recv: impl FnMut(&mut [u8]) -> io::Result<usize>,
) {
    let sent = payload(9, MUCH);
    let (mut written, mut got) = (0, Vec::new());
    let mut pauses = 0;
    while got.len() < sent.len() {
        if written < sent.len() {
            match send(&sent[written..]) {
                Ok(count) => {
                    written += count;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => tell("send", &error),
            }
        }
        let mut room = [0; 3000];
        match recv(&mut room) {
            Ok(count) => got.extend_from_slice(&room[..count]),
            Err(error) => tell("receive", &error),
        }
        pauses += 1;
        assert!(pauses < 1000, "no progress");
    }
    assert!(got == sent, "the bytes are wrong");
}

fn uds_listener(directory: &Path) {
    let path = directory.join("s");
    let listener = again("listen", || uds::UnixListener::bind_with(&path, Some(0o600), 5));
    let patience = Duration::from_secs(5);
    let (client, server) = connected(
        || uds::UnixStream::connect_timeout(&path, patience),
        || listener.accept_timeout(patience).map(|(server, _)| server),
    );
    again("credentials", || server.peer_cred());
    again("address", || client.peer_addr());
    talk(&client, &server);
    drop(client);
    expect_end(&server);
    again("remove", || fs::remove_file(&path));
}

const PACKETS: [usize; 5] = [1, 0, 500, 0, 4096];

/// Each is received as it was sent, none twice, none missing.
fn packets_through(
    mut send: impl FnMut(&[u8]) -> io::Result<usize>,
    mut recv: impl FnMut(&mut [u8]) -> io::Result<Option<usize>>,
) {
    let numbered = || PACKETS.iter().zip(0..);
    for (&count, seed) in numbered() {
        assert_eq!(again("send", || send(&payload(seed, count))), count);
    }
    for (&count, seed) in numbered() {
        let mut room = vec![0; 8192];
        let got = again("receive", || recv(&mut room)).expect("the end, before all packets");
        assert_eq!(got, count, "packet {seed} is another");
        assert!(room[..got] == payload(seed, count), "packet {seed} has other bytes");
    }
}

fn seqpacket(_: &Path) {
    let (a, b) = again("pair", uds::UnixSeqpacket::pair);
    packets_through(|bytes| a.send(bytes), |room| b.recv_packet(room));
    packets_through(|bytes| b.send(bytes), |room| a.recv(room).map(Some));
    drop(a);
    assert_eq!(again("receive the end", || b.recv_packet(&mut [0; 8])), None);
}

fn seqpacket_listener(directory: &Path) {
    let path = directory.join("s");
    let listener = again("listen", || uds::UnixSeqpacketListener::bind_with(&path, Some(0o600), 5));
    let client = again("connect", || uds::UnixSeqpacket::connect(&path));
    let (server, _) = again("accept", || listener.accept());
    again("pass credentials", || server.set_passcred(true));
    packets_through(|bytes| client.send(bytes), |room| server.recv_packet(room));
    again("remove", || fs::remove_file(&path));
}

fn datagram(directory: &Path) {
    let paths = ["a", "b"].map(|name| directory.join(name));
    let a = again("bind", || uds::UnixDatagram::bind(&paths[0]));
    let b = again("bind with a mode", || uds::UnixDatagram::bind_with(&paths[1], Some(0o600)));
    packets_through(
        |bytes| a.send_to(bytes, &paths[1]),
        |room| {
            let (count, from) = b.recv_from(room)?;
            assert_eq!(from.as_pathname(), Some(&*paths[0]), "another sender");
            Ok(Some(count))
        },
    );
    again("connect", || a.connect(&paths[1]));
    packets_through(|bytes| a.send(bytes), |room| b.recv(room).map(Some));
    for path in &paths {
        again("remove", || fs::remove_file(path));
    }
}

fn descriptors(_: &Path) {
    let (outside, inside) = again("pipe", unnamed_pipe::pipe);
    let passed = [outside.as_fd(), inside.as_fd()];
    let write_through = |bytes: &[u8], count: usize, fds: uds::ReceivedFds| {
        assert_eq!((count, bytes), (4, &b"fds!"[..]), "the bytes are wrong");
        assert!(!fds.is_truncated(), "descriptors are missing");
        let mut fds = fds.into_vec();
        assert_eq!(fds.len(), 2, "descriptors are missing, or came twice");
        let (mut read, mut write) =
            (fs::File::from(fds.pop().expect("two")), fs::File::from(fds.pop().expect("two")));
        again("write", || write.write_all(b"x"));
        again("read", || read.read_exact(&mut [0]));
    };
    let mut room = [0; 4];
    let (a, b) = again("pair", uds::UnixStream::pair);
    assert_eq!(again("send", || a.send_with_fds(b"fds!", &passed)), 4);
    let (count, fds) = again("receive", || b.recv_with_fds(&mut room, 2));
    write_through(&room, count, fds);
    let (a, b) = again("pair", uds::UnixSeqpacket::pair);
    assert_eq!(again("send", || a.send_with_fds(b"fds!", &passed)), 4);
    let (count, fds) = again("receive", || b.recv_with_fds(&mut room, 2));
    write_through(&room, count, fds);
    let (a, b) = again("pair", uds::UnixDatagram::pair);
    assert_eq!(again("send", || a.send_with_fds(b"fds!", &passed)), 4);
    let (count, fds) = again("receive", || b.recv_with_fds(&mut room, 2));
    write_through(&room, count, fds);
}

const BATCH: usize = 9;

/// Sends what is left, until nothing is, and receives as much.
fn batch_through(
    mut send: impl FnMut(&[OutgoingMessage<'_>]) -> io::Result<usize>,
    mut recv: impl FnMut(&mut RecvBatch) -> io::Result<usize>,
) {
    let sent: Vec<Vec<u8>> = (0..BATCH).map(|index| payload(index as u8, index * 50)).collect();
    let messages: Vec<_> = sent.iter().map(|bytes| OutgoingMessage::new(bytes)).collect();
    let mut rest = &messages[..];
    while !rest.is_empty() {
        rest = &rest[again("send", || send(rest))..];
    }
    let mut got: Vec<Vec<u8>> = Vec::new();
    while got.len() < BATCH {
        let mut batch = RecvBatch::new(4, 1000);
        let count = again("receive", || recv(&mut batch));
        assert_ne!(count, 0, "the end, before all messages");
        got.extend(batch.iter().map(|message| message.bytes().to_vec()));
    }
    assert!(got == sent, "messages are lost, doubled or changed");
}

fn batches(_: &Path) {
    let (a, b) = again("pair", uds::UnixDatagram::pair);
    let mut room = SendBatch::new(4);
    batch_through(|messages| a.send_many(messages, &mut room), |batch| b.recv_many(batch));
    let (a, b) = again("pair", uds::UnixSeqpacket::pair);
    batch_through(|messages| a.send_many(messages, &mut room), |batch| b.recv_many(batch));
}

fn unnamed_pipe(_: &Path) {
    let (mut sender, mut recver) = again("pipe", unnamed_pipe::pipe);
    bytes_through(|bytes| sender.write(bytes), |room| recver.read(room));
    let vectored = |bytes: &[u8]| sender.write_vectored(&[IoSlice::new(&[]), IoSlice::new(bytes)]);
    bytes_through(vectored, |room| recver.read(room));
    again("clone", || sender.try_clone());
    drop(sender);
    expect_end(recver);
}

fn full_unnamed_pipe(_: &Path) {
    let (mut sender, mut recver) = again("pipe", unnamed_pipe::pipe);
    again("nonblocking", || sender.set_nonblocking(true));
    again("nonblocking", || recver.set_nonblocking(true));
    again("capacity", || sender.set_capacity(4096));
    all_of_it(|bytes| sender.write(bytes), |room| recver.read(room));
}

fn fifo_file(directory: &Path) {
    let path = directory.join("f");
    let receiver = again("open the receiver", || {
        let mut options = fifo_file::OpenOptions::new();
        options.create_or_open(0o600).nonblocking(true).open_receiver(&path)
    });
    let sender = again("open the sender", || {
        fifo_file::OpenOptions::new().timeout(Duration::from_secs(5)).open_sender(&path)
    });
    again("blocking", || receiver.set_nonblocking(false));
    bytes_through(|bytes| (&sender).write(bytes), |room| (&receiver).read(room));
    bytes_through(|bytes| sender.write_atomic(bytes).map(|()| bytes.len()), |room| (&receiver).read(room));
    drop(sender);
    expect_end(&receiver);
    again("remove", || fs::remove_file(&path));
}

fn fifo_guard(directory: &Path) {
    let path = directory.join("f");
    let guard = again("create", || FifoOptions::new().mode(0o600).exact_mode(true).create_guarded(&path));
    again("look", || fs::symlink_metadata(guard.path()));
}

fn signals(_: &Path) {
    for _ in 0..2 {
        let signals = again("listen", || {
            Signals::new([Signal::USR1, Signal::WINCH].into_iter().collect::<signal::SignalSet>())
        });
        for (signal, patience) in [(Signal::USR1, None), (Signal::WINCH, Some(Duration::from_secs(5)))] {
            again("raise", || signal::raise(signal));
            let got = match patience {
                None => signals.wait(),
                Some(patience) => again("wait", || signals.wait_timeout(patience)),
            };
            assert_eq!(got.expect("it was raised").signal(), signal);
        }
        assert!(signals.pending().next().is_none(), "more signals than were raised");
    }
}

fn signal_values(_: &Path) {
    let signal = Signal::rt(2).expect("it exists");
    let signals = again("listen", || Signals::new(signal));
    let own = i32::try_from(std::process::id()).expect("small");
    for value in 0..5 {
        again("queue", || signal::queue(own, signal, value));
    }
    for value in 0..5 {
        let got = signals.wait().expect("it was queued").value().map(|value| value.as_i32());
        assert_eq!(got, Some(value), "a value is lost, or came twice");
    }
}

fn signal_descriptor(_: &Path) {
    let _mask = again("block", || SignalMask::block(Signal::USR1));
    let descriptor = again("open", || SignalFd::new(Signal::USR1));
    again("raise", || signal::raise(Signal::USR1));
    assert_eq!(again("read", || descriptor.read()).signal(), Signal::USR1);
    again("nonblocking", || descriptor.set_nonblocking(true));
    while let Err(error) = descriptor.read() {
        if error.kind() == ErrorKind::WouldBlock {
            return;
        }
        tell("read", &error);
    }
    panic!("more signals than were raised");
}

fn signal_blocked(_: &Path) {
    let _mask = again("block", || SignalMask::block(Signal::USR1));
    again("raise", || signal::raise(Signal::USR1));
    assert_eq!(
        again("wait", || signal::wait_timeout(Signal::USR1, Duration::from_secs(5))).signal(),
        Signal::USR1
    );
    again("raise", || signal::raise(Signal::USR1));
    assert_eq!(again("wait", || signal::wait(Signal::USR1)).signal(), Signal::USR1);
}

fn signal_process(_: &Path) {
    let signals = again("listen", || Signals::new(Signal::USR1));
    let own = i32::try_from(std::process::id()).expect("small");
    let process = again("open", || ProcessHandle::from_pid(own));
    again("probe", || process.probe());
    assert!(again("ask", || process.is_alive()), "this process is dead");
    again("send", || process.send(Signal::USR1));
    assert_eq!(signals.wait().expect("it was sent").signal(), Signal::USR1);
}

fn shutdown_request(_: &Path) {
    let requests = again("listen", shutdown::Shutdown::new);
    again("raise", || signal::raise(Signal::TERM));
    let request = again("wait", || requests.wait_timeout(Duration::from_secs(5)));
    assert!(request.is_some(), "the request is lost");
}

/// Becomes this program again as a service manager would start it.
fn activate(directory: &Path) -> ExitCode {
    let listener = std::os::unix::net::UnixListener::bind(directory.join("s")).expect("a free path");
    let script = "exec 3<&0 </dev/null; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=s exec \"$0\" \"$@\"";
    let own = env::current_exe().expect("it has a path");
    let error = Command::new("sh")
        .args(["-c", script])
        .arg(own)
        .args(["transfer", ACTIVATION])
        .arg(directory)
        .stdin(std::os::fd::OwnedFd::from(listener))
        .exec();
    println!("{error}");
    ExitCode::FAILURE
}

fn activated(directory: &Path) {
    let path = directory.join("s");
    let mut sockets = again("take", activation::take);
    assert_eq!(sockets.len(), 1, "sockets are lost");
    let socket = sockets.pop().expect("one");
    assert_eq!(socket.name(), Some("s"));
    let mut socket = socket.into_socket();
    // What the system says nothing of is left to the caller, who looks again.
    if let activation::Activated::Other(descriptor) = socket {
        tell("classify", &ErrorKind::Other.into());
        socket = descriptor.into();
    }
    let activation::Activated::StreamListener(listener) = socket else { panic!("another kind") };
    let (client, server) =
        connected(|| uds::UnixStream::connect(&path), || listener.accept().map(|(server, _)| server));
    talk(&client, &server);
    again("remove", || fs::remove_file(&path));
}

thread_local! {
    static RUNTIME: std::cell::Cell<Option<tokio::runtime::Runtime>> = const { std::cell::Cell::new(None) };
}

fn on_tokio(future: impl Future<Output = ()>) {
    let runtime = RUNTIME.with(std::cell::Cell::take).expect("it was made");
    runtime.block_on(future);
    // It is not among what may fail.
    mark();
    drop(runtime);
}

async fn again_async<T>(step: &str, mut operation: impl AsyncFnMut() -> io::Result<T>) -> T {
    for _ in 0..TRIES {
        match operation().await {
            Ok(result) => return result,
            Err(error) => tell(step, &error),
        }
    }
    panic!("{step} fails again and again");
}

async fn bytes_through_tokio(mut to: impl AsyncWrite + Unpin, mut from: impl AsyncRead + Unpin) {
    for (seed, count) in [(1, 1), (2, 1000), (3, 4096)] {
        let sent = payload(seed, count);
        let mut rest = &sent[..];
        while !rest.is_empty() {
            rest = &rest[again_async("send", async || to.write(rest).await).await..];
        }
        again_async("flush", async || to.flush().await).await;
        let mut got = vec![0; count];
        let mut filled = 0;
        while filled < count {
            let more = again_async("receive", async || from.read(&mut got[filled..]).await).await;
            assert_ne!(more, 0, "an end of file after {filled} of {count} bytes");
            filled += more;
        }
        assert!(got == sent, "the bytes are wrong");
    }
}

async fn expect_end_tokio(mut from: impl AsyncRead + Unpin) {
    assert_eq!(again_async("receive the end", async || from.read(&mut [0; 8]).await).await, 0, "more bytes");
}

/// As [`connected`].
async fn connected_tokio<C, S>(
    mut connect: impl AsyncFnMut() -> io::Result<C>,
    mut accept: impl AsyncFnMut() -> io::Result<S>,
) -> (C, S)
where
    for<'a> &'a C: AsyncWrite + Unpin,
    for<'a> &'a S: AsyncRead + Unpin,
{
    for number in 0..TRIES {
        let client = again_async("connect", &mut connect).await;
        let name = [number as u8];
        again_async("send", async || { &client }.write_all(&name).await).await;
        loop {
            match accept().await {
                Ok(server) => {
                    let mut said = [0];
                    let count = again_async("receive", async || { &server }.read(&mut said).await).await;
                    if count == 1 && said == name {
                        return (client, server);
                    }
                }
                Err(error) => {
                    tell("accept", &error);
                    break;
                }
            }
        }
    }
    panic!("no client is accepted");
}

fn tokio_local_socket(directory: &Path) {
    let name = at_path(directory);
    on_tokio(async {
        let listener = again("listen", || ListenerOptions::new().name(name.clone()).create_tokio());
        let (client, server) = connected_tokio(
            async || local_socket::tokio::Stream::connect(name.borrow()).await,
            async || listener.accept().await,
        )
        .await;
        bytes_through_tokio(&client, &server).await;
        bytes_through_tokio(&server, &client).await;
        again_async("shut down", async || { &client }.shutdown().await).await;
        expect_end_tokio(&server).await;
    });
}

fn tokio_stream(directory: &Path) {
    let path = directory.join("s");
    on_tokio(async {
        let listener = again("listen", || uds::tokio::UnixListener::bind_with(&path, Some(0o600), 5));
        let (mut client, mut server) = connected_tokio(
            async || uds::tokio::UnixStream::connect(&path).await,
            async || listener.accept().await.map(|(server, _)| server),
        )
        .await;
        let (_, to) = client.split();
        let (from, _) = server.split();
        bytes_through_tokio(to, from).await;
        drop(client);
        expect_end_tokio(&mut server).await;
        again("remove", || fs::remove_file(&path));
    });
}

/// More than there is room for, by two that wait for each other.
async fn all_of_it_tokio(mut to: impl AsyncWrite + Unpin, mut from: impl AsyncRead + Unpin) {
    let sent = payload(9, MUCH);
    let sending = async {
        let mut rest = &sent[..];
        while !rest.is_empty() {
            rest = &rest[again_async("send", async || to.write(rest).await).await..];
        }
    };
    let receiving = async {
        let mut got = Vec::new();
        while got.len() < MUCH {
            let mut room = [0; 3000];
            let more = again_async("receive", async || from.read(&mut room).await).await;
            assert_ne!(more, 0, "an end of file after {} bytes", got.len());
            got.extend_from_slice(&room[..more]);
        }
        got
    };
    let ((), got) = tokio::join!(sending, receiving);
    assert!(got == sent, "the bytes are wrong");
}

fn tokio_full_stream(_: &Path) {
    on_tokio(async {
        let (a, b) = again("pair", uds::tokio::UnixStream::pair);
        again("send buffer", || a.set_send_buffer_size(4096));
        all_of_it_tokio(&a, &b).await;
    });
}

fn tokio_full_pipe(_: &Path) {
    on_tokio(async {
        let options = unix_pipe::CreationOptions::new().capacity(4096);
        let (sender, recver) = again("pipe", || options.create_tokio());
        all_of_it_tokio(sender, recver).await;
    });
}

async fn packets_through_tokio(
    mut send: impl AsyncFnMut(&[u8]) -> io::Result<usize>,
    mut recv: impl AsyncFnMut(&mut [u8]) -> io::Result<Option<usize>>,
) {
    let numbered = || PACKETS.iter().zip(0..);
    for (&count, seed) in numbered() {
        let bytes = payload(seed, count);
        assert_eq!(again_async("send", async || send(&bytes).await).await, count);
    }
    for (&count, seed) in numbered() {
        let mut room = vec![0; 8192];
        let got = again_async("receive", async || recv(&mut room).await).await;
        let got = got.expect("the end, before all packets");
        assert_eq!(got, count, "packet {seed} is another");
        assert!(room[..got] == payload(seed, count), "packet {seed} has other bytes");
    }
}

fn tokio_seqpacket(_: &Path) {
    on_tokio(async {
        let (a, b) = again("pair", uds::tokio::UnixSeqpacket::pair);
        packets_through_tokio(async |bytes| a.send(bytes).await, async |room| b.recv_packet(room).await)
            .await;
        drop(a);
        assert_eq!(again_async("receive the end", async || b.recv_packet(&mut [0; 8]).await).await, None);
    });
}

fn tokio_datagram(directory: &Path) {
    let paths = ["a", "b"].map(|name| directory.join(name));
    on_tokio(async {
        let a = again("bind", || uds::tokio::UnixDatagram::bind(&paths[0]));
        let b = again("bind", || uds::tokio::UnixDatagram::bind(&paths[1]));
        packets_through_tokio(
            async |bytes| a.send_to(bytes, &paths[1]).await,
            async |room| b.recv_from(room).await.map(|(count, _)| Some(count)),
        )
        .await;
        for path in &paths {
            again("remove", || fs::remove_file(path));
        }
    });
}

fn tokio_batches(_: &Path) {
    on_tokio(async {
        let (a, b) = again("pair", uds::tokio::UnixDatagram::pair);
        let sent: Vec<Vec<u8>> = (0..BATCH).map(|index| payload(index as u8, index * 50)).collect();
        let messages: Vec<_> = sent.iter().map(|bytes| OutgoingMessage::new(bytes)).collect();
        let mut room = SendBatch::new(4);
        let mut rest = &messages[..];
        while !rest.is_empty() {
            rest = &rest[again_async("send", async || a.send_many(rest, &mut room).await).await..];
        }
        let mut got: Vec<Vec<u8>> = Vec::new();
        while got.len() < BATCH {
            let mut batch = RecvBatch::new(4, 1000);
            again_async("receive", async || b.recv_many(&mut batch).await).await;
            got.extend(batch.iter().map(|message| message.bytes().to_vec()));
        }
        assert!(got == sent, "messages are lost, doubled or changed");
    });
}

fn tokio_unnamed_pipe(_: &Path) {
    on_tokio(async {
        let (mut sender, mut recver) = again("pipe", unnamed_pipe::tokio::pipe);
        bytes_through_tokio(&mut sender, &mut recver).await;
        drop(sender);
        expect_end_tokio(recver).await;
    });
}

fn tokio_fifo_file(directory: &Path) {
    let path: PathBuf = directory.join("f");
    on_tokio(async {
        again("create", || fifo_file::create_fifo(&path, 0o600));
        let mut receiver =
            again("open the receiver", || fifo_file::tokio::OpenOptions::new().open_receiver(&path));
        let mut sender = again_async("open the sender", async || {
            fifo_file::tokio::OpenOptions::new().open_sender_waiting(&path).await
        })
        .await;
        bytes_through_tokio(&mut sender, &mut receiver).await;
        again_async("write atomically", async || sender.write_atomic(b"whole").await).await;
        drop(sender);
        let mut rest = Vec::new();
        while again_async("receive", async || receiver.read_buf(&mut rest).await).await > 0 {}
        assert_eq!(rest, b"whole");
        again("remove", || fs::remove_file(&path));
    });
}

fn tokio_signals(_: &Path) {
    on_tokio(async {
        let signals = again("listen", || signal::tokio::Signals::new(Signal::USR1));
        again("raise", || signal::raise(Signal::USR1));
        assert_eq!(signals.recv().await.expect("it was raised").signal(), Signal::USR1);
    });
}

fn tokio_shutdown(_: &Path) {
    on_tokio(async {
        let requests = again("listen", shutdown::tokio::Shutdown::new);
        again("raise", || signal::raise(Signal::TERM));
        assert!(requests.recv().await.is_some(), "the request is lost");
    });
}
