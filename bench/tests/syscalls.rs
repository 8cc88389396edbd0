//! How many system calls it takes, counted by strace(1) from outside. Linux.
//!
//! A blocking operation is one. A Tokio transfer takes no more than Tokio's own types need for the same. Where strace
//! is not installed or not permitted, and under an emulator, whose calls it would count, the tests skip themselves.
#![cfg(target_os = "linux")]

use bench::{unique_name, unique_path};
use interprocess::{
    local_socket::{self, ListenerOptions, Name},
    os::unix::{
        fifo_file,
        signal::{self, Signal, Signals, raise},
        uds::{self, OutgoingMessage, RecvBatch, SendBatch, UnixSocketExt},
    },
    unnamed_pipe,
};
use std::{
    collections::BTreeMap,
    env,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    os::fd::AsFd,
    process::Command,
    sync::OnceLock,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};

/// Set for the process that is traced.
const TRACED: &str = "INTERPROCESS_BENCH_TRACED";

/// How many blocking operations, and how many round trips.
const OPERATIONS: usize = 100;

/// How many messages go in one batch.
const BATCH: usize = 64;

/// How much goes through a Tokio stream.
const AMOUNT: usize = 8 << 20;
const CHUNK: usize = 64 << 10;

/// Two of these calls, which nothing else makes, are around each part that counts.
const MARK: &str = "getppid";

/// How the traced process announces the name of the next part.
const PART: &str = "part: ";

/// System calls by name.
type Calls = BTreeMap<String, usize>;

/// The parts that count, by their names.
type Parts = BTreeMap<String, Calls>;

#[test]
fn a_blocking_operation_is_one_call() {
    let Some(parts) = parts() else { return };
    for kind in ["local_socket", "uds", "unnamed_pipe", "fifo_file"] {
        for operation in ["write", "read", "write_vectored", "read_vectored"] {
            let name = format!("{kind} {operation}");
            let calls = &parts[&name];
            assert_eq!(total(calls), OPERATIONS, "{name}: {calls:?}");
        }
    }
}

#[test]
fn a_message_is_one_call() {
    let Some(parts) = parts() else { return };
    for name in [
        "fifo_file write_atomic",
        "uds::UnixDatagram send",
        "uds::UnixDatagram recv",
        "uds::UnixDatagram send_to",
        "uds::UnixDatagram send_to_addr",
        "uds::UnixDatagram recv_from",
        "uds::UnixSeqpacket send",
        "uds::UnixSeqpacket recv",
    ] {
        let calls = &parts[name];
        assert_eq!(total(calls), OPERATIONS, "{name}: {calls:?}");
    }
}

#[test]
fn a_batch_is_one_call() {
    let Some(parts) = parts() else { return };
    for kind in ["uds::UnixDatagram", "uds::UnixSeqpacket"] {
        for operation in ["send_many", "recv_many"] {
            let name = format!("{kind} {operation}");
            let calls = &parts[&name];
            assert_eq!(total(calls), 1, "{name}: {calls:?}");
        }
    }
}

#[test]
fn passing_descriptors_is_one_call() {
    let Some(parts) = parts() else { return };
    for kind in ["uds::UnixStream", "uds::UnixDatagram", "uds::UnixSeqpacket"] {
        for operation in ["send_with_fds", "recv_with_fds"] {
            let name = format!("{kind} {operation}");
            let calls = &parts[&name];
            assert_eq!(total(calls), 1, "{name}: {calls:?}");
        }
    }
}

#[test]
fn accepting_who_waits_is_one_call() {
    let Some(parts) = parts() else { return };
    for kind in ["local_socket", "uds::UnixListener", "uds::UnixSeqpacketListener"] {
        let calls = &parts[&format!("{kind} accept")];
        assert_eq!(total(calls), OPERATIONS, "{kind}: {calls:?}");
    }
}

#[test]
fn tokio_types_make_no_more_calls_than_tokios_own() {
    let Some(parts) = parts() else { return };
    let pairs = [
        ("local_socket::tokio", "tokio::net::UnixStream"),
        ("uds::tokio", "tokio::net::UnixStream"),
        ("unnamed_pipe::tokio", "tokio::net::unix::pipe"),
        ("fifo_file::tokio", "tokio::net::unix::pipe"),
    ];
    for (ours, theirs) in pairs {
        for work in ["transfer", "vectored transfer", "small messages", "round trips"] {
            let [of_ours, of_theirs] = [ours, theirs].map(|who| &parts[&format!("{who} {work}")]);
            println!(
                "{work}: {ours} {}, {theirs} {}; {of_ours:?}, {of_theirs:?}",
                total(of_ours),
                total(of_theirs)
            );
            assert!(
                total(of_ours) <= total(of_theirs),
                "{work}: {ours} {of_ours:?}, {theirs} only {of_theirs:?}"
            );
        }
    }
}

#[test]
fn signals_make_no_more_calls_than_others_do() {
    let Some(parts) = parts() else { return };
    for (ours, theirs, work) in [
        ("signal", "libc", "raise"),
        ("signal", "signal_hook", "raise and receive"),
        ("signal", "signal_hook", "raise and wait"),
        ("signal::tokio", "tokio::signal", "raise and receive"),
    ] {
        let [of_ours, of_theirs] = [ours, theirs].map(|who| &parts[&format!("{who} {work}")]);
        println!("{work}: {ours} {of_ours:?}, {theirs} {of_theirs:?}");
        assert!(
            total(of_ours) <= total(of_theirs),
            "{work}: {ours} {of_ours:?}, {theirs} only {of_theirs:?}"
        );
    }
    let [ours, theirs] = ["signal raise", "libc raise"].map(|name| &parts[name]);
    assert_eq!(ours, theirs);
}

/// What strace sees. Does nothing in an ordinary run.
#[test]
fn traced() {
    if env::var_os(TRACED).is_none() {
        return;
    }
    let (a, b) = local_socket::Stream::pair().expect("a pair");
    blocking("local_socket", a, b);
    let (a, b) = uds::UnixStream::pair().expect("a pair");
    blocking("uds", a, b);
    let (sender, recver) = unnamed_pipe::pipe().expect("a pipe");
    blocking("unnamed_pipe", sender, recver);
    let (sender, receiver) = fifo();
    receiver.set_nonblocking(false).expect("it is open");
    sender.write_atomic(&[0; 16]).expect("writing works");
    part("fifo_file", "write_atomic", || (0..OPERATIONS).try_for_each(|_| sender.write_atomic(&[1; 16])));
    (&receiver).read_exact(&mut [0; 16 * (OPERATIONS + 1)]).expect("reading works");
    blocking("fifo_file", sender, receiver);
    accepting();
    datagrams();
    packets();
    let (a, b) = uds::UnixStream::pair().expect("a pair");
    let fd = a.as_fd();
    part("uds::UnixStream", "send_with_fds", || a.send_with_fds(&[1; 16], &[fd; 2]).map(expect_all));
    let mut taken = None;
    part("uds::UnixStream", "recv_with_fds", || {
        b.recv_with_fds(&mut [0; 16], 2).map(|(_, fds)| taken = Some(fds))
    });
    assert_eq!(taken.map(|fds| fds.len()), Some(2));

    signals();
    signals_on_tokio();

    on_tokio("tokio::net::UnixStream", || streams(tokio::net::UnixStream::pair()));
    on_tokio("local_socket::tokio", || streams(local_socket::tokio::Stream::pair()));
    on_tokio("uds::tokio", || streams(uds::tokio::UnixStream::pair()));
    on_tokio("tokio::net::unix::pipe", || [(); 2].map(|()| tokio::net::unix::pipe::pipe().expect("a pipe")));
    on_tokio("unnamed_pipe::tokio", || [(); 2].map(|()| unnamed_pipe::tokio::pipe().expect("a pipe")));
    on_tokio("fifo_file::tokio", || {
        [(); 2].map(|()| {
            let (sender, receiver) = fifo();
            let sender = fifo_file::tokio::Sender::try_from(sender).expect("on the runtime");
            (sender, fifo_file::tokio::Receiver::try_from(receiver).expect("on the runtime"))
        })
    });
}

/// The ends of a FIFO that has no path any more.
fn fifo() -> (fifo_file::Sender, fifo_file::Receiver) {
    let path = unique_path("syscalls-fifo");
    let mut options = fifo_file::OpenOptions::new();
    let receiver = options.create_or_open(0o600).nonblocking(true).open_receiver(&path).expect("a FIFO");
    let sender = options.nonblocking(false).open_sender(&path).expect("its receiver is there");
    std::fs::remove_file(path).expect("it is a file");
    (sender, receiver)
}

/// Small operations that never have to wait.
fn blocking(kind: &str, mut sender: impl Write, mut recver: impl Read) {
    // The first operation of an end finds out what the kernel can do for it.
    sender.write_all(&[0; 16]).expect("writing works");
    recver.read_exact(&mut [0; 16]).expect("reading works");

    let (out, mut back) = ([1; 16], [0; 16]);
    part(kind, "write", || (0..OPERATIONS).try_for_each(|_| sender.write(&out).map(expect_all)));
    part(kind, "read", || (0..OPERATIONS).try_for_each(|_| recver.read(&mut back).map(expect_all)));
    let slices = [IoSlice::new(&out[..8]), IoSlice::new(&out[8..])];
    part(kind, "write_vectored", || {
        (0..OPERATIONS).try_for_each(|_| sender.write_vectored(&slices).map(expect_all))
    });
    let (first, second) = back.split_at_mut(8);
    let mut slices = [IoSliceMut::new(first), IoSliceMut::new(second)];
    part(kind, "read_vectored", || {
        (0..OPERATIONS).try_for_each(|_| recver.read_vectored(&mut slices).map(expect_all))
    });
}

fn expect_all(count: usize) {
    assert_eq!(count, 16, "a small operation is a whole one");
}

fn accepting() {
    let text = unique_name("syscalls");
    let name = Name::namespaced(&text).expect("a name");
    let listener = ListenerOptions::new().name(name.borrow()).create_sync().expect("nobody has the name");
    let mut accepted = Vec::with_capacity(OPERATIONS);
    let clients: Vec<_> = (0..OPERATIONS).map(|_| local_socket::Stream::connect(name.borrow())).collect();
    assert!(clients.iter().all(Result::is_ok), "the backlog takes them");
    part("local_socket", "accept", || {
        (0..OPERATIONS).try_for_each(|_| listener.accept().map(|stream| accepted.push(stream)))
    });

    // Options and clones leave a listener as quick as it was.
    let path = unique_path("syscalls-accept");
    let listener = uds::UnixListener::bind(&path).expect("nobody has the path");
    let mut accepted = Vec::with_capacity(OPERATIONS);
    let clients: Vec<_> = (0..OPERATIONS).map(|_| uds::UnixStream::connect(&path)).collect();
    assert!(clients.iter().all(Result::is_ok) && listener.send_buffer_size().is_ok());
    let listener = listener.try_clone().expect("there are descriptors left");
    part("uds::UnixListener", "accept", || {
        (0..OPERATIONS).try_for_each(|_| listener.accept().map(|stream| accepted.push(stream)))
    });
    std::fs::remove_file(&path).expect("the socket is a file");
    let listener = uds::UnixSeqpacketListener::bind(&path).expect("nobody has the path");
    let mut accepted = Vec::with_capacity(OPERATIONS);
    let clients: Vec<_> = (0..OPERATIONS).map(|_| uds::UnixSeqpacket::connect(&path)).collect();
    assert!(clients.iter().all(Result::is_ok));
    part("uds::UnixSeqpacketListener", "accept", || {
        (0..OPERATIONS).try_for_each(|_| listener.accept().map(|socket| accepted.push(socket)))
    });
    std::fs::remove_file(path).expect("the socket is a file");
}

/// The queue of a socket that is connected to its sender takes what the sender's buffer allows, which is more than goes
/// in here.
fn datagrams() {
    const KIND: &str = "uds::UnixDatagram";
    let (out, mut back) = ([1; 16], [0; 16]);
    let (a, b) = uds::UnixDatagram::pair().expect("a pair");
    many(KIND, "send", || a.send(&out));
    many(KIND, "recv", || b.recv(&mut back));

    let batch = &mut SendBatch::new(BATCH);
    let messages = [OutgoingMessage::new(&out); BATCH];
    part(KIND, "send_many", || a.send_many(&messages, batch).map(expect_batch));
    let batch = &mut RecvBatch::new(BATCH, 16);
    part(KIND, "recv_many", || b.recv_many(batch).map(expect_batch));

    let fd = a.as_fd();
    part(KIND, "send_with_fds", || a.send_with_fds(&out, &[fd; 2]).map(expect_all));
    let mut taken = None;
    part(KIND, "recv_with_fds", || b.recv_with_fds(&mut back, 2).map(|(_, fds)| taken = Some(fds)));
    assert_eq!(taken.map(|fds| fds.len()), Some(2));

    let [from, to] = ["from", "to"].map(|purpose| unique_path(&format!("syscalls-{purpose}")));
    let sender = uds::UnixDatagram::bind(&from).expect("nobody has the path");
    let recver = uds::UnixDatagram::bind(&to).expect("nobody has the path");
    recver.connect(&from).expect("the sender is there");
    let address = recver.local_addr().expect("the path");
    many(KIND, "send_to", || sender.send_to(&out, &to));
    many(KIND, "recv_from", || recver.recv_from(&mut back).map(|(count, _)| count));
    many(KIND, "send_to_addr", || sender.send_to_addr(&out, &address));
    for path in [from, to] {
        std::fs::remove_file(path).expect("the socket is a file");
    }
}

fn packets() {
    const KIND: &str = "uds::UnixSeqpacket";
    let (out, mut back) = ([1; 16], [0; 16]);
    let (a, b) = uds::UnixSeqpacket::pair().expect("a pair");
    many(KIND, "send", || a.send(&out));
    many(KIND, "recv", || b.recv(&mut back));

    let batch = &mut SendBatch::new(BATCH);
    let messages = [OutgoingMessage::new(&out); BATCH];
    part(KIND, "send_many", || a.send_many(&messages, batch).map(expect_batch));
    let batch = &mut RecvBatch::new(BATCH, 16);
    part(KIND, "recv_many", || b.recv_many(batch).map(expect_batch));

    let fd = a.as_fd();
    part(KIND, "send_with_fds", || a.send_with_fds(&out, &[fd; 2]).map(expect_all));
    let mut taken = None;
    part(KIND, "recv_with_fds", || b.recv_with_fds(&mut back, 2).map(|(_, fds)| taken = Some(fds)));
    assert_eq!(taken.map(|fds| fds.len()), Some(2));
}

/// Each side has a signal of its own, as the handlers of both would run for a common one.
fn signals() {
    // Nobody listens to this one, and by default it does nothing.
    part("signal", "raise", || (0..OPERATIONS).try_for_each(|_| raise(Signal::WINCH)));
    let their_raise = |signal: Signal| signal_hook::low_level::raise(signal.as_raw());
    part("libc", "raise", || (0..OPERATIONS).try_for_each(|_| their_raise(Signal::WINCH)));

    let ours = Signals::new(Signal::USR1).expect("it can be received");
    let theirs = signal_hook::iterator::Signals::new([Signal::USR2.as_raw()]);
    let mut theirs = theirs.expect("it can be received");
    let expect_one = |count| assert_eq!(count, 1, "each is received once");
    part("signal", "raise and receive", || {
        (0..OPERATIONS).try_for_each(|_| raise(Signal::USR1).map(|()| expect_one(ours.pending().count())))
    });
    part("signal_hook", "raise and receive", || {
        (0..OPERATIONS)
            .try_for_each(|_| their_raise(Signal::USR2).map(|()| expect_one(theirs.pending().count())))
    });
    part("signal", "raise and wait", || {
        (0..OPERATIONS)
            .try_for_each(|_| raise(Signal::USR1).map(|()| expect_one(ours.wait().into_iter().count())))
    });
    part("signal_hook", "raise and wait", || {
        (0..OPERATIONS)
            .try_for_each(|_| their_raise(Signal::USR2).map(|()| expect_one(theirs.wait().count())))
    });
}

/// On a runtime each, as for streams.
fn signals_on_tokio() {
    let runtime = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime starts")
    };
    runtime().block_on(async {
        let kind = tokio::signal::unix::SignalKind::quit();
        let mut theirs = tokio::signal::unix::signal(kind).expect("it can be received");
        async_part("tokio::signal", "raise and receive", async {
            for _ in 0..OPERATIONS {
                raise(Signal::QUIT)?;
                theirs.recv().await.expect("the runtime is there");
            }
            Ok(())
        })
        .await;
    });
    runtime().block_on(async {
        let mut ours = signal::tokio::signal(Signal::HUP).expect("it can be received");
        async_part("signal::tokio", "raise and receive", async {
            for _ in 0..OPERATIONS {
                raise(Signal::HUP)?;
                ours.recv().await.expect("the runtime is there");
            }
            Ok(())
        })
        .await;
    });
}

fn expect_batch(count: usize) {
    assert_eq!(count, BATCH, "a batch of small messages is a whole one");
}

/// A part of many operations.
fn many(kind: &str, work: &str, mut operation: impl FnMut() -> io::Result<usize>) {
    part(kind, work, || (0..OPERATIONS).try_for_each(|_| operation().map(expect_all)));
}

/// Two directions: what goes into the first of a pair comes out of the second.
fn streams<S: AsyncRead + AsyncWrite>(pair: io::Result<(S, S)>) -> [(WriteHalf<S>, ReadHalf<S>); 2] {
    let (a, b) = pair.expect("a pair");
    let ((a_out, a_in), (b_out, b_in)) = (tokio::io::split(a), tokio::io::split(b));
    [(a_in, b_out), (b_in, a_out)]
}

/// Work for a type of Tokio's or ours. Each has a runtime of its own, which looks for events after so many steps
/// whether there is need or not: the count of steps begins anew.
fn on_tokio<W, R>(kind: &str, directions: impl FnOnce() -> [(W, R); 2])
where
    W: AsyncWrite + Unpin,
    R: AsyncRead + Unpin,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(async { asynchronous(kind, directions()).await });
}

/// Work with waiting, for room and for bytes. All of it is one task, so that each run is the same.
async fn asynchronous<W, R>(kind: &str, [(mut there, mut here), (mut back, mut again)]: [(W, R); 2])
where
    W: AsyncWrite + Unpin,
    R: AsyncRead + Unpin,
{
    let out = vec![1; CHUNK];
    let mut room = vec![0; CHUNK];
    async_part(kind, "transfer", async {
        let sending = async {
            for _ in 0..AMOUNT / CHUNK {
                there.write_all(&out).await?;
            }
            Ok(())
        };
        tokio::try_join!(sending, receive(&mut here, &mut room)).map(|_| ())
    })
    .await;

    let quarters: Vec<IoSlice<'_>> = out.chunks(CHUNK / 4).map(IoSlice::new).collect();
    async_part(kind, "vectored transfer", async {
        let sending = async {
            let mut left = AMOUNT;
            while left > 0 {
                // The slices that make up at most what is left.
                let some = quarters.len().min(left.div_ceil(CHUNK / 4));
                let count = there.write_vectored(&quarters[..some]).await?;
                left = left.saturating_sub(count);
            }
            Ok(())
        };
        tokio::try_join!(sending, receive(&mut here, &mut room)).map(|_| ())
    })
    .await;

    async_part(kind, "small messages", async {
        for _ in 0..OPERATIONS {
            there.write_all(&out[..16]).await?;
        }
        for _ in 0..OPERATIONS {
            here.read_exact(&mut room[..16]).await?;
        }
        Ok(())
    })
    .await;

    async_part(kind, "round trips", async {
        for _ in 0..OPERATIONS {
            let answering = async {
                here.read_exact(&mut room[..1]).await?;
                back.write_all(&out[..1]).await
            };
            let mut answer = [0];
            let asking = async {
                there.write_all(&out[..1]).await?;
                again.read_exact(&mut answer).await
            };
            tokio::try_join!(answering, asking)?;
        }
        Ok(())
    })
    .await;
}

async fn receive(recver: &mut (impl AsyncRead + Unpin), room: &mut [u8]) -> io::Result<()> {
    let mut left = AMOUNT;
    while left > 0 {
        let most = room.len().min(left);
        left -= match recver.read(&mut room[..most]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => count,
        };
    }
    Ok(())
}

fn part(kind: &str, work: &str, run: impl FnOnce() -> io::Result<()>) {
    println!("{PART}{kind} {work}");
    mark();
    let result = run();
    mark();
    result.unwrap_or_else(|error| panic!("{kind} {work}: {error}"));
}

async fn async_part(kind: &str, work: &str, run: impl Future<Output = io::Result<()>>) {
    println!("{PART}{kind} {work}");
    mark();
    let result = run.await;
    mark();
    result.unwrap_or_else(|error| panic!("{kind} {work}: {error}"));
}

fn mark() {
    let _ = std::os::unix::process::parent_id();
}

fn total(calls: &Calls) -> usize {
    calls.values().sum()
}

/// The calls of each part of [`traced`]; `None` if nothing can be traced here.
fn parts() -> Option<&'static Parts> {
    static PARTS: OnceLock<Option<Parts>> = OnceLock::new();
    PARTS.get_or_init(|| obstacle().map_or_else(|| Some(trace()), skip)).as_ref()
}

fn skip(reason: String) -> Option<Parts> {
    println!("SKIP: {reason}");
    None
}

/// Why nothing can be traced here.
fn obstacle() -> Option<String> {
    if let Ok(output) = Command::new("uname").arg("-m").output() {
        let machine = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if machine != env::consts::ARCH && (machine.as_str(), env::consts::ARCH) != ("x86_64", "x86") {
            return Some(format!("a program for {} is emulated on {machine}", env::consts::ARCH));
        }
    }
    match Command::new("strace").args(["-f", "-qq", "-o", "/dev/null", "true"]).output() {
        Err(error) => Some(format!("strace cannot be started: {error}")),
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            Some(format!("strace cannot trace: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
    }
}

fn trace() -> Parts {
    let log = unique_path("strace");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o"])
        .arg(&log)
        .arg(env::current_exe().expect("this test is a file"))
        .args(["traced", "--exact", "--nocapture"])
        .env(TRACED, "1")
        .output()
        .expect("strace was there a moment ago");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&log).expect("strace has written its log");
    std::fs::remove_file(&log).expect("the log is a file");

    // The harness may put its own words before the first.
    let names = said.lines().filter_map(|line| Some(line.split_once(PART)?.1.to_owned()));
    let counted = counted(&text);
    let parts: Parts = names.zip(counted.iter().cloned()).collect();
    assert_eq!(parts.len(), counted.len(), "each part has a name: {said}");
    parts
}

/// The calls between each two marks, made by the thread that made the marks.
fn counted(log: &str) -> Vec<Calls> {
    let calls: Vec<(&str, &str)> = log.lines().filter_map(call).collect();
    let marks: Vec<usize> = (0..calls.len()).filter(|&index| calls[index].1 == MARK).collect();
    let between = marks.chunks_exact(2).map(|marks| {
        let thread = calls[marks[0]].0;
        let mut counts = Calls::new();
        for (_, name) in calls[marks[0] + 1..marks[1]].iter().filter(|(of, _)| *of == thread) {
            *counts.entry((*name).to_owned()).or_default() += 1;
        }
        counts
    });
    between.collect()
}

/// The thread and the name of a call in strace's log: `1234  read(3, ...` or `1234  read(3 <unfinished ...>`; what does
/// not begin a call is `1234  <... read resumed>` or `1234  --- SIGCHLD ...`.
fn call(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (name, _) = rest.trim_start().split_once('(')?;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some((thread, name))
}
