//! Every transfer, byte for byte, while a signal interrupts each thread that takes part in it every 50 microseconds. Its
//! handler is without SA_RESTART, so that whatever waits fails with EINTR.
//!
//! Only the calls for which std documents it may show that, as [`ErrorKind::Interrupted`]: reading, writing, and those that
//! send or receive one buffer. They are made through [`again`], which repeats and counts. All others have to go on by
//! themselves.
//!
//! `IP3_RAIN_ROUNDS=50 cargo test --all-features --test signal_rain -- --nocapture` is the long form; it prints a table.
#![cfg(target_os = "linux")]

mod common;

use common::{Folder, Kind, bytes, expect_bytes, fresh_name, rain, rain::Rain, write_pieces};
use interprocess::{
    ConnectWaitMode,
    local_socket::{self, ConnectOptions, ListenerOptions},
    os::unix::{
        fifo_file,
        signal::{self, Signal, SignalFd, SignalMask, Signals},
        uds::{
            AncillaryData, OutgoingMessage, RecvBatch, SendBatch, SocketAncillary, UnixDatagram,
            UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixSocketExt, UnixStream, UnlinkSocket,
            ancillary_size,
        },
    },
    shutdown::Shutdown,
    unnamed_pipe,
};
use std::{
    any::Any,
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    os::fd::AsFd,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

const LONG: Duration = common::FOREVER;
const SHORT: Duration = Duration::from_millis(20);

/// What a row of the table does, and how many operations it has done. An error is a failure, and so is a panic.
type Row = fn() -> io::Result<usize>;

const ROWS: &[(&str, Row)] = &[
    ("stream: write, read", stream),
    ("stream: vectored", stream_vectored),
    ("stream: descriptors", stream_descriptors),
    ("datagram: send, recv", datagram),
    ("datagram: send_to, recv_from, peek", datagram_addresses),
    ("datagram: descriptors", datagram_descriptors),
    ("datagram: ancillary data", datagram_ancillary),
    ("datagram: batches", datagram_batches),
    ("datagram: timeout", datagram_timeout),
    ("seqpacket: send, recv_packet", seqpacket),
    ("seqpacket: packets of length zero", seqpacket_empty),
    ("seqpacket: descriptors", seqpacket_descriptors),
    ("seqpacket: slices", seqpacket_slices),
    ("seqpacket: batches", seqpacket_batches),
    ("pipe: write, read", pipe),
    ("pipe: write_atomic by two", pipe_atomic),
    ("pipe: splice, tee, vmsplice", pipe_transfer),
    ("FIFO: open and transfer", fifo),
    ("FIFO: open within a timeout", fifo_timeouts),
    ("listener: accept, connect", listener),
    ("seqpacket listener", seqpacket_listener),
    ("local socket", local),
    ("local socket: name and lock", local_names),
    ("guards of sockets and FIFOs", guards),
    ("signals: handler", signals_by_handler),
    ("signals: wait", signals_by_wait),
    ("signals: SignalFd", signals_by_descriptor),
    ("shutdown", shutdown),
    #[cfg(feature = "tokio")]
    ("Tokio stream", on_tokio::stream),
    #[cfg(feature = "tokio")]
    ("Tokio datagram", on_tokio::datagram),
    #[cfg(feature = "tokio")]
    ("Tokio seqpacket", on_tokio::seqpacket),
    #[cfg(feature = "tokio")]
    ("Tokio batches", on_tokio::batches),
    #[cfg(feature = "tokio")]
    ("Tokio pipe", on_tokio::pipe),
    #[cfg(feature = "tokio")]
    ("Tokio FIFO", on_tokio::fifo),
    #[cfg(feature = "tokio")]
    ("Tokio local socket", on_tokio::local),
    #[cfg(feature = "tokio")]
    ("Tokio signals", on_tokio::signals),
];

/// One test, since handlers and masks are the process's.
#[test]
fn nothing_is_lost_or_interrupted() {
    if !common::closes_at_once() {
        return;
    }
    if common::is_emulated() {
        return common::skip("qemu's user mode takes longer than 50 microseconds to handle a signal");
    }
    // What is in flight counts as well (unix(7), ETOOMANYREFS).
    if !common::has_room_for_descriptors(256) {
        return;
    }
    if let Err(error) = Rain::on_this_thread() {
        return common::skip(format_args!("there is no timer (RLIMIT_SIGPENDING): {error}"));
    }
    let rounds = std::env::var("IP3_RAIN_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap());
    println!("| transfer | operations | signals | interrupted | outcome |\n| --- | --- | --- | --- | --- |");
    let mut failed = Vec::new();
    // The first runtime leaves a pair of sockets for signals behind.
    #[cfg(feature = "tokio")]
    drop(tokio::runtime::Builder::new_current_thread().enable_all().build());
    let descriptors = common::open_descriptors();
    for (name, row) in ROWS {
        let before = (rain::handled(), INTERRUPTED.load(Ordering::Relaxed));
        let (mut done, mut outcome) = (0, Ok(()));
        for _ in 0..rounds {
            match catch_unwind(AssertUnwindSafe(|| common::within_deadline(*row))) {
                Ok(Ok(count)) => done += count,
                Ok(Err(error)) => outcome = Err(format!("{error} ({:?})", error.kind())),
                Err(panic) => outcome = Err(text(&*panic)),
            }
        }
        let signals = rain::handled() - before.0;
        let interrupted = INTERRUPTED.load(Ordering::Relaxed) - before.1;
        let shown = outcome.as_ref().map_or_else(|error| error.as_str(), |()| "correct");
        println!("| {name} | {done} | {signals} | {interrupted} | {shown} |");
        if outcome.is_ok() {
            assert_eq!(common::signalling::descriptors_after_all(descriptors), descriptors, "{name}");
        }
        // A row without an operation has said why.
        if outcome.is_err() || signals == 0 && done > 0 {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed, or not rained on: {failed:?}");
    assert!(INTERRUPTED.load(Ordering::Relaxed) > 0, "nothing was interrupted at all");
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

static INTERRUPTED: AtomicUsize = AtomicUsize::new(0);

/// A call that may say that it was interrupted, before it has sent or received anything.
fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                INTERRUPTED.fetch_add(1, Ordering::Relaxed);
            }
            other => return other,
        }
    }
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}

fn check(is_right: bool, what: &str) -> io::Result<()> {
    if is_right { Ok(()) } else { Err(wrong(what)) }
}

#[track_caller]
fn expect_timeout<T>(result: io::Result<T>, kind: ErrorKind) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(wrong("there was no timeout")),
    }
}

/// Runs both in threads of their own that are rained on. Each owns its ends, so that the other does not wait for one that
/// has failed.
fn both<A: Send, B: Send>(
    a: impl FnOnce() -> io::Result<A> + Send,
    b: impl FnOnce() -> io::Result<B> + Send,
) -> io::Result<(A, B)> {
    thread::scope(|scope| {
        let a = scope.spawn(|| wet(a));
        let b = scope.spawn(|| wet(b));
        let (a, b) = (a.join().unwrap(), b.join().unwrap());
        match (a, b) {
            (Ok(a), Ok(b)) => Ok((a, b)),
            (Err(a), Err(b)) => Err(wrong(format!("{a} ({:?}), and {b} ({:?})", a.kind(), b.kind()))),
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    })
}

fn wet<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let _rain = Rain::on_this_thread()?;
    work()
}

const MESSAGES: usize = 250;

/// Of 0 to 1,999 bytes, the last one of some, since packets of length zero at the very end are taken for the end.
fn message(number: usize) -> Vec<u8> {
    bytes(number as u64, if number + 1 == MESSAGES { 9 } else { number * 1_237 % 2_000 })
}

/// Sends all messages on one thread and receives them on another.
fn transfer(
    mut send: impl FnMut(&[u8]) -> io::Result<usize> + Send,
    mut receive: impl FnMut(&mut [u8]) -> io::Result<usize> + Send,
) -> io::Result<usize> {
    both(
        move || {
            (0..MESSAGES).try_for_each(|number| {
                let message = message(number);
                check(send(&message)? == message.len(), "a message was sent in part")
            })
        },
        move || {
            let mut buffer = [0; 2000];
            (0..MESSAGES).try_for_each(|number| {
                let length = receive(&mut buffer)?;
                check(buffer[..length] == *message(number), &format!("message {number} is wrong"))
            })
        },
    )?;
    Ok(MESSAGES)
}

const BYTES: usize = 1 << 19;

/// Writes and reads by std's functions, which repeat what was interrupted, first in one direction and then in the other.
fn there_and_back<S: Send + Sync>(a: S, b: S) -> io::Result<usize>
where
    for<'a> &'a S: Read + Write,
{
    let (there, back) = (bytes(1, BYTES), bytes(2, BYTES));
    both(
        || {
            write_pieces(&a, &there)?;
            expect_bytes(&a, &back)
        },
        || {
            expect_bytes(&b, &there)?;
            write_pieces(&b, &back)
        },
    )?;
    Ok(2 * BYTES)
}

fn stream() -> io::Result<usize> {
    let (a, b) = UnixStream::pair()?;
    let count = there_and_back(a, b)?;
    // A peek that waits.
    let (mut a, b) = UnixStream::pair()?;
    both(
        move || {
            thread::sleep(SHORT);
            a.write_all(b"peek")
        },
        move || check(again(|| b.peek(&mut [0; 9]))? == 4, "a wrong peek"),
    )?;
    Ok(count)
}

/// Writes all and reads all in one to seven slices.
fn vectored<W: Write + Send, R: Read + Send>(mut to: W, mut from: R) -> io::Result<usize> {
    let data = bytes(3, BYTES);
    both(
        || {
            let mut rest = &data[..];
            while !rest.is_empty() {
                let slices: Vec<_> = rest.chunks(1_000).take(7).map(IoSlice::new).collect();
                let count = again(|| to.write_vectored(&slices))?;
                check(count > 0, "no progress")?;
                rest = &rest[count..];
            }
            Ok(())
        },
        || {
            let mut received = 0;
            let mut buffer = [0; 3 * 999];
            while received < data.len() {
                let mut slices: Vec<_> = buffer.chunks_mut(999).map(IoSliceMut::new).collect();
                let count = again(|| from.read_vectored(&mut slices))?;
                check(count > 0, "end-of-file")?;
                check(data[received..].starts_with(&buffer[..count]), "the bytes are wrong")?;
                received += count;
            }
            Ok(())
        },
    )?;
    Ok(BYTES)
}

fn stream_vectored() -> io::Result<usize> {
    let (a, b) = UnixStream::pair()?;
    vectored(a, b)
}

fn stream_descriptors() -> io::Result<usize> {
    const COUNT: usize = 1000;
    let (a, b) = UnixStream::pair()?;
    let (passed, mut kept) = UnixStream::pair()?;
    both(
        move || {
            for number in 0..COUNT {
                let byte = [number as u8];
                check(a.send_with_fds(&byte, &[passed.as_fd(); 2])? == 1, "nothing was sent")?;
                let mut room = [0; ancillary_size(1)];
                let mut ancillary = SocketAncillary::new(&mut room);
                check(ancillary.add_fds(&[passed.as_fd()]), "no room")?;
                let slices = [IoSlice::new(&byte)];
                check(a.send_vectored_with_ancillary(&slices, &mut ancillary)? == 1, "nothing was sent")?;
            }
            Ok(())
        },
        move || {
            for number in 0..COUNT {
                let mut byte = [0];
                let (length, received) = b.recv_with_fds(&mut byte, 2)?;
                check((length, received.len()) == (1, 2) && byte[0] == number as u8, "wrong descriptors")?;
                let mut room = [0; ancillary_size(1)];
                let mut ancillary = SocketAncillary::new(&mut room);
                let slices = &mut [IoSliceMut::new(&mut byte)];
                check(b.recv_vectored_with_ancillary(slices, &mut ancillary)? == 1, "the end")?;
                check(descriptors(&mut ancillary) == 1 && byte[0] == number as u8, "a wrong descriptor")?;
                if number + 1 == COUNT {
                    let last = received.into_vec().pop().map(UnixStream::from);
                    last.ok_or_else(|| wrong("there is none"))?.write_all(b"alive")?;
                }
            }
            Ok(())
        },
    )?;
    expect_bytes(&mut kept, b"alive")?;
    Ok(2 * COUNT)
}

fn descriptors(ancillary: &mut SocketAncillary<'_>) -> usize {
    let rights = ancillary.messages().map(|message| match message {
        Ok(AncillaryData::ScmRights(descriptors)) => descriptors.count(),
        _ => 0,
    });
    rights.sum()
}

fn datagram() -> io::Result<usize> {
    let (a, b) = UnixDatagram::pair()?;
    transfer(move |bytes| again(|| a.send(bytes)), move |buffer| again(|| b.recv(buffer)))
}

fn datagram_addresses() -> io::Result<usize> {
    let folder = Folder::new();
    let (here, there) = (folder.0.join("here"), folder.0.join("there"));
    let (a, b) = (UnixDatagram::bind(&here)?, UnixDatagram::bind(&there)?);
    transfer(
        move |bytes| again(|| a.send_to(bytes, &there)),
        move |buffer| {
            let peeked = again(|| b.peek(buffer))?;
            let (length, from) = again(|| b.recv_from(buffer))?;
            check(from.as_pathname() == Some(&*here) && peeked == length, "a wrong sender")?;
            Ok(length)
        },
    )
}

fn datagram_descriptors() -> io::Result<usize> {
    let (a, b) = UnixDatagram::pair()?;
    let passed = UnixDatagram::unbound()?;
    transfer(
        move |bytes| a.send_with_fds(bytes, &[passed.as_fd()]),
        move |buffer| {
            let (length, received) = b.recv_with_fds(buffer, 1)?;
            check(received.len() == 1 && !received.is_truncated(), "a descriptor is missing")?;
            Ok(length)
        },
    )
}

fn datagram_ancillary() -> io::Result<usize> {
    let (a, b) = UnixDatagram::pair()?;
    b.set_passcred(true)?;
    let me = Some(std::process::id() as i32);
    transfer(
        move |bytes| {
            let slices: Vec<_> = bytes.chunks(700).map(IoSlice::new).collect();
            a.send_vectored_with_ancillary(&slices, &mut SocketAncillary::new(&mut []))
        },
        move |buffer| {
            let mut room = [0; ancillary_size(0)];
            let mut ancillary = SocketAncillary::new(&mut room);
            let mut slices: Vec<_> = buffer.chunks_mut(600).map(IoSliceMut::new).collect();
            let (length, is_truncated) = b.recv_vectored_with_ancillary(&mut slices, &mut ancillary)?;
            let sender = ancillary.messages().find_map(|message| match message {
                Ok(AncillaryData::ScmCredentials(mut sender)) => sender.next().map(|sender| sender.get_pid()),
                _ => None,
            });
            check(!is_truncated && sender == me, "wrong credentials")?;
            Ok(length)
        },
    )
}

/// Sends and receives all messages in batches.
fn batches(
    mut send: impl FnMut(&[OutgoingMessage<'_>], &mut SendBatch) -> io::Result<usize> + Send,
    mut receive: impl FnMut(&mut RecvBatch) -> io::Result<usize> + Send,
) -> io::Result<usize> {
    both(
        move || {
            let messages: Vec<_> = (0..MESSAGES).map(message).collect();
            let outgoing: Vec<_> = messages.iter().map(|bytes| OutgoingMessage::new(bytes)).collect();
            let (mut rest, mut batch) = (&outgoing[..], SendBatch::new(50));
            while !rest.is_empty() {
                rest = &rest[send(rest, &mut batch)?..];
            }
            Ok(())
        },
        move || {
            let (mut received, mut batch) = (0, RecvBatch::new(40, 2000));
            while received < MESSAGES {
                check(receive(&mut batch)? > 0, "the end")?;
                for got in &batch {
                    check(got.bytes() == message(received), &format!("message {received} is wrong"))?;
                    received += 1;
                }
            }
            check(received == MESSAGES, "too many messages")
        },
    )?;
    Ok(MESSAGES)
}

fn datagram_batches() -> io::Result<usize> {
    let (a, b) = UnixDatagram::pair()?;
    batches(move |messages, batch| a.send_many(messages, batch), move |batch| b.recv_many(batch))
}

/// What goes on after an interruption still ends after the socket's timeout, or twice that.
fn datagram_timeout() -> io::Result<usize> {
    let (a, b) = UnixDatagram::pair()?;
    a.set_write_timeout(Some(SHORT))?;
    b.set_read_timeout(Some(SHORT))?;
    wet(|| {
        expect_timeout(b.recv_with_fds(&mut [0], 1), ErrorKind::WouldBlock)?;
        expect_timeout(b.recv_many(&mut RecvBatch::new(2, 2)), ErrorKind::WouldBlock)?;
        let mut sent = 0;
        let error = loop {
            match a.send_with_fds(&[7; 1000], &[] as &[std::os::fd::OwnedFd]) {
                Ok(_) => sent += 1,
                Err(error) => break error,
            }
        };
        expect_timeout::<()>(Err(error), ErrorKind::WouldBlock)?;
        for _ in 0..sent {
            check(b.recv_with_fds(&mut [0; 2000], 1)?.0 == 1000, "a message is wrong")?;
        }
        Ok(sent)
    })
}

fn seqpacket() -> io::Result<usize> {
    let (a, b) = UnixSeqpacket::pair()?;
    transfer(
        move |bytes| again(|| a.send(bytes)),
        move |buffer| b.recv_packet(buffer)?.ok_or_else(|| wrong("the end")),
    )
}

/// Each packet takes a further question, whether it is the end.
fn seqpacket_empty() -> io::Result<usize> {
    const COUNT: usize = 20_000;
    let (a, b) = UnixSeqpacket::pair()?;
    let ((), received) = both(
        move || {
            (0..COUNT).try_for_each(|_| again(|| a.send(b"")).map(drop))?;
            again(|| a.send(b"last")).map(drop)
        },
        move || {
            let mut received = 0;
            while b.recv_packet(&mut [0; 9])?.ok_or_else(|| wrong("the end"))? == 0 {
                received += 1;
            }
            check(b.recv_packet(&mut [0; 9])?.is_none(), "no end")?;
            Ok(received)
        },
    )?;
    check(received == COUNT, &format!("{received} of {COUNT} packets came"))?;
    Ok(COUNT)
}

fn seqpacket_descriptors() -> io::Result<usize> {
    let (a, b) = UnixSeqpacket::pair()?;
    let passed = UnixDatagram::unbound()?;
    transfer(
        move |bytes| a.send_with_fds(bytes, &[passed.as_fd()]),
        move |buffer| {
            let (length, received) = b.recv_with_fds(buffer, 1)?;
            check(received.len() == 1 && !received.is_truncated(), "a descriptor is missing")?;
            Ok(length)
        },
    )
}

fn seqpacket_slices() -> io::Result<usize> {
    let (a, b) = UnixSeqpacket::pair()?;
    transfer(
        move |bytes| a.send_vectored(&bytes.chunks(1).map(IoSlice::new).collect::<Vec<_>>()),
        move |buffer| b.recv_vectored(&mut buffer.chunks_mut(1).map(IoSliceMut::new).collect::<Vec<_>>()),
    )
}

fn seqpacket_batches() -> io::Result<usize> {
    let (a, b) = UnixSeqpacket::pair()?;
    batches(move |messages, batch| a.send_many(messages, batch), move |batch| b.recv_many(batch))
}

fn pipe() -> io::Result<usize> {
    let (sender, recver) = unnamed_pipe::pipe()?;
    let data = bytes(4, BYTES);
    both(|| write_pieces(sender, &data), || expect_bytes(recver, &data))?;
    let (sender, recver) = unnamed_pipe::pipe()?;
    Ok(BYTES + vectored(sender, recver)?)
}

fn pipe_atomic() -> io::Result<usize> {
    const COUNT: usize = 5000;
    fn piece(sender: u8, number: usize) -> Vec<u8> {
        let mut piece = vec![sender];
        piece.extend((number as u32).to_le_bytes());
        piece.extend(bytes(number as u64 + u64::from(sender), 95));
        piece
    }
    let (first, mut recver) = unnamed_pipe::pipe()?;
    let second = first.try_clone()?;
    let send = |sender: unnamed_pipe::Sender, which: u8| {
        move || (0..COUNT).try_for_each(|number| sender.write_atomic(&piece(which, number)))
    };
    let receive = move || {
        let mut next = [0, 0];
        for _ in 0..2 * COUNT {
            let mut got = [0; 100];
            recver.read_exact(&mut got)?;
            let number = next.get_mut(usize::from(got[0])).ok_or_else(|| wrong("mixed up"))?;
            check(got == *piece(got[0], *number), "a message is wrong")?;
            *number += 1;
        }
        Ok(())
    };
    both(|| both(send(first, 0), send(second, 1)), receive)?;
    Ok(2 * COUNT)
}

fn pipe_transfer() -> io::Result<usize> {
    if !common::deny::has_splice() {
        return Ok(0);
    }
    let data: &'static [u8] = bytes(5, BYTES).leak();
    let (sender, recver) = unnamed_pipe::pipe()?;
    let (copies, mut copied) = unnamed_pipe::pipe()?;
    let (to, from) = UnixStream::pair()?;
    let (back, last) = unnamed_pipe::pipe()?;
    let give = move || {
        let mut rest = data;
        while !rest.is_empty() {
            rest = &rest[sender.vmsplice(rest)?..];
        }
        Ok(())
    };
    let tee_and_splice = move || {
        let mut done = 0;
        while done < data.len() {
            let count = recver.tee_to(&copies, 4096)?;
            check(count > 0, "end-of-file")?;
            expect_bytes(&mut copied, &data[done..done + count])?;
            let mut left = count;
            while left > 0 {
                left -= recver.splice_to(&to, left)?;
            }
            done += count;
        }
        Ok(())
    };
    let splice_back = move || {
        let mut done = 0;
        while done < data.len() {
            let count = back.splice_from(&from, 1 << 16)?;
            check(count > 0, "end-of-file")?;
            done += count;
        }
        Ok(())
    };
    both(|| both(give, tee_and_splice), || both(splice_back, move || expect_bytes(last, data)))?;
    Ok(3 * BYTES)
}

fn fifo() -> io::Result<usize> {
    const ROUNDS: usize = 20;
    let folder = Folder::new();
    let path = folder.0.join("fifo");
    let data = bytes(6, 100_000);
    for round in 0..ROUNDS {
        let guard = fifo_file::FifoOptions::new().mode(0o600).exact_mode(true).create_guarded(&path)?;
        let mut options = fifo_file::OpenOptions::new();
        // Without a timeout, open(2) itself waits.
        options.timeout((round % 2 == 0).then_some(LONG));
        both(
            || write_pieces(options.open_sender(&path)?, &data),
            || {
                let mut receiver = options.open_receiver(&path)?;
                check(receiver.wait_for_sender(LONG)?, "no sender came")?;
                expect_bytes(&mut receiver, &data)?;
                check(receiver.read_to_end(&mut Vec::new())? == 0, "too much")
            },
        )?;
        drop(guard);
        check(!path.exists(), "the guard left the FIFO")?;
    }
    Ok(ROUNDS)
}

fn fifo_timeouts() -> io::Result<usize> {
    let folder = Folder::new();
    let path = folder.0.join("fifo");
    fifo_file::create_fifo(&path, 0o600)?;
    let mut options = fifo_file::OpenOptions::new();
    options.timeout(SHORT);
    wet(|| {
        expect_timeout(options.open_sender(&path), ErrorKind::TimedOut)?;
        expect_timeout(options.open_receiver(&path), ErrorKind::TimedOut)?;
        let receiver = fifo_file::OpenOptions::new().nonblocking(true).open_receiver(&path)?;
        check(!receiver.wait_for_sender(SHORT)?, "there is no sender")?;
        Ok(3)
    })
}

/// Connections with a question and an answer each.
fn talk<L, S: Read + Write>(
    listener: L,
    accept: impl Fn(&L, usize) -> io::Result<S> + Send,
    connect: impl Fn(usize) -> io::Result<S> + Send,
) -> io::Result<usize>
where
    L: Send,
{
    const COUNT: usize = 100;
    both(
        move || {
            for number in 0..COUNT {
                let mut stream = accept(&listener, number)?;
                expect_bytes(&mut stream, &bytes(number as u64, 100))?;
                stream.write_all(&bytes(number as u64 + 1, 100))?;
            }
            Ok(())
        },
        move || {
            for number in 0..COUNT {
                let mut stream = connect(number)?;
                stream.write_all(&bytes(number as u64, 100))?;
                expect_bytes(&mut stream, &bytes(number as u64 + 1, 100))?;
            }
            Ok(())
        },
    )?;
    Ok(COUNT)
}

fn listener() -> io::Result<usize> {
    let folder = Folder::new();
    let path = folder.0.join("socket");
    let listener = UnixListener::bind(&path)?;
    wet(|| expect_timeout(listener.accept_timeout(SHORT), ErrorKind::TimedOut))?;
    let me = Some(std::process::id() as i32);
    talk(
        listener,
        |listener, number| {
            let (stream, _) =
                if number % 2 == 0 { listener.accept()? } else { listener.accept_timeout(LONG)? };
            let has_groups = stream.peer_groups()?.is_some() || !common::is_native_linux((4, 13));
            check(stream.peer_cred()?.pid() == me && has_groups, "a wrong peer")?;
            Ok(stream)
        },
        |number| match number % 2 {
            0 => UnixStream::connect(&path),
            _ => UnixStream::connect_timeout(&path, LONG),
        },
    )
}

fn seqpacket_listener() -> io::Result<usize> {
    const COUNT: usize = 100;
    let folder = Folder::new();
    let path = folder.0.join("socket");
    let listener = UnixSeqpacketListener::bind(&path)?;
    wet(|| expect_timeout(listener.accept_timeout(SHORT), ErrorKind::TimedOut))?;
    both(
        move || {
            for number in 0..COUNT {
                let (socket, _) =
                    if number % 2 == 0 { listener.accept()? } else { listener.accept_timeout(LONG)? };
                let mut buffer = [0; 9];
                let length = socket.recv_packet(&mut buffer)?.ok_or_else(|| wrong("the end"))?;
                again(|| socket.send(&buffer[..length]))?;
                check(socket.recv_packet(&mut buffer)?.is_none(), "no end")?;
            }
            Ok(())
        },
        move || {
            for number in 0..COUNT {
                let socket = match number % 2 {
                    0 => UnixSeqpacket::connect(&path)?,
                    _ => UnixSeqpacket::connect_timeout(&path, LONG)?,
                };
                again(|| socket.send(&[number as u8]))?;
                let mut buffer = [0; 9];
                check(socket.recv_packet(&mut buffer)? == Some(1), "no answer")?;
                check(buffer[0] == number as u8, "a wrong answer")?;
            }
            Ok(())
        },
    )?;
    Ok(COUNT)
}

fn local() -> io::Result<usize> {
    let mut count = 0;
    for kind in common::KINDS {
        let name = fresh_name(kind);
        let listener = ListenerOptions::new().name(name.clone()).create_sync()?;
        wet(|| expect_timeout(listener.accept_timeout(SHORT), ErrorKind::TimedOut))?;
        let me = Some(std::process::id());
        count += talk(
            listener,
            |listener, number| {
                let stream =
                    if number % 2 == 0 { listener.accept()? } else { listener.accept_timeout(LONG)? };
                check(stream.peer_creds()?.pid().map(|pid| pid as u32) == me, "a wrong peer")?;
                Ok(stream)
            },
            |number| match number % 2 {
                0 => local_socket::Stream::connect(name.clone()),
                _ => ConnectOptions::new()
                    .name(name.clone())
                    .wait_mode(ConnectWaitMode::Timeout(LONG))
                    .connect_sync(),
            },
        )?;
    }
    let (a, b) = local_socket::Stream::pair()?;
    count += there_and_back(a, b)?;
    let (mut a, b) = local_socket::Stream::pair()?;
    a.write_all(&[7; 10_000])?;
    both(move || a.drain(), move || expect_bytes(&b, &[7; 10_000]).map(|()| b))?;
    Ok(count)
}

fn local_names() -> io::Result<usize> {
    const ROUNDS: usize = 50;
    let name = fresh_name(Kind::Path);
    wet(|| {
        for round in 0..ROUNDS {
            let mut listener = ListenerOptions::new().name(name.clone()).create_sync()?;
            let taken = ListenerOptions::new().name(name.clone()).create_sync();
            expect_timeout(taken, ErrorKind::AddrInUse)?;
            drop(local_socket::Stream::connect(name.clone())?);
            if round % 2 == 0 {
                // The next one finds a stale socket.
                listener.do_not_reclaim_name_on_drop();
            }
        }
        drop(ListenerOptions::new().name(name.clone()).create_sync()?);
        check(local_socket::Stream::connect(name.clone()).is_err(), "the socket is left")
    })?;
    Ok(ROUNDS)
}

fn guards() -> io::Result<usize> {
    const ROUNDS: usize = 100;
    let folder = Folder::new();
    let path = folder.0.join("socket");
    wet(|| {
        for _ in 0..ROUNDS {
            let _listener = UnixListener::bind_with(&path, Some(0o600), 8)?;
            drop(UnlinkSocket::new(&path)?);
            check(!path.exists(), "the socket is left")?;
            fifo_file::create_fifo(&path, 0o600)?;
            drop(fifo_file::UnlinkFifo::new(&path)?);
            check(!path.exists(), "the FIFO is left")?;
        }
        Ok(ROUNDS)
    })
}

/// Repeats while the queue of signals, which all processes of a user share, is full.
fn queued(mut send: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match send() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            other => return other,
        }
    }
}

const SIGNALS: usize = 500;

fn this_process() -> i32 {
    std::process::id() as i32
}

fn signals_by_handler() -> io::Result<usize> {
    let used = Signal::rt(3)?;
    let signals = Signals::new(used)?;
    wet(|| expect_timeout(signals.wait_timeout(SHORT), ErrorKind::TimedOut))?;
    both(
        || (0..SIGNALS).try_for_each(|number| queued(|| signal::queue(this_process(), used, number as i32))),
        || {
            // Handlers run in several threads, so that the order may change.
            let mut values = Vec::new();
            for number in 0..SIGNALS {
                let info = match number % 2 {
                    0 => signals.wait(),
                    _ => signals.wait_timeout(LONG)?,
                };
                values.extend(info.and_then(|info| info.value()).map(|value| value.as_i32()));
            }
            values.sort_unstable();
            check(values.into_iter().eq(0..SIGNALS as i32), "signals are lost")
        },
    )?;
    check(signals.lost() == 0 && signals.pending().next().is_none(), "too many")?;
    Ok(SIGNALS)
}

/// Sends signals to the thread that takes them, which alone has blocked them.
fn to_one_thread(
    used: Signal,
    take: impl FnOnce(mpsc::Sender<i32>) -> io::Result<()> + Send,
) -> io::Result<usize> {
    let (tell, thread) = mpsc::channel();
    both(
        move || {
            let thread = thread.recv().map_err(|_| wrong("no thread takes signals"))?;
            (0..SIGNALS).try_for_each(|_| queued(|| signal::send_thread(this_process(), thread, used)))
        },
        || {
            let _blocked = SignalMask::block(used)?;
            take(tell)
        },
    )?;
    Ok(SIGNALS)
}

fn signals_by_wait() -> io::Result<usize> {
    let used = Signal::rt(4)?;
    to_one_thread(used, |tell| {
        expect_timeout(signal::wait_timeout(used, SHORT), ErrorKind::TimedOut)?;
        tell.send(signal::thread_id()?).unwrap();
        for number in 0..SIGNALS {
            let info = if number % 2 == 0 { signal::wait(used)? } else { signal::wait_timeout(used, LONG)? };
            check(info.signal() == used, "another signal")?;
        }
        check(signal::try_wait(used)?.is_none(), "too many")
    })
}

fn signals_by_descriptor() -> io::Result<usize> {
    let used = Signal::rt(5)?;
    to_one_thread(used, |tell| {
        let signals = SignalFd::new(used)?;
        tell.send(signal::thread_id()?).unwrap();
        let mut taken = Vec::new();
        while taken.len() < SIGNALS {
            taken.push(signals.read()?);
            if taken.len() < SIGNALS {
                signals.read_many(&mut taken)?;
            }
        }
        check(taken.len() == SIGNALS && taken.iter().all(|info| info.signal() == used), "too many")
    })
}

fn shutdown() -> io::Result<usize> {
    const COUNT: usize = 100;
    let requests = Shutdown::new()?;
    wet(|| {
        expect_timeout(requests.wait_timeout(SHORT), ErrorKind::TimedOut)?;
        for _ in 0..COUNT {
            signal::send(this_process(), Signal::TERM)?;
            check(requests.wait_timeout(LONG)?.is_some(), "no request came")?;
        }
        Ok(COUNT)
    })
}

/// The twins are nonblocking, so that none of their calls may be interrupted.
#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{
        BYTES, MESSAGES, SIGNALS, check,
        common::{Folder, bytes, exchange_tokio, fresh_name, has_tokio},
        message, queued, this_process, wet, wrong,
    };
    use interprocess::{
        local_socket,
        os::unix::{
            fifo_file::{self, tokio as fifo_tokio},
            signal::{self, Signal, tokio::Signals},
            uds::{
                OutgoingMessage, RecvBatch, SendBatch,
                tokio::{UnixDatagram, UnixSeqpacket, UnixStream},
            },
        },
        unnamed_pipe::tokio::pipe as new_pipe,
    };
    use std::io;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Runs both in tasks on a runtime of one thread that is rained on.
    fn both<T>(
        make: impl FnOnce() -> io::Result<T>,
        run: impl AsyncFnOnce(T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if !has_tokio() {
            return Ok(0);
        }
        wet(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async { run(make()?).await })
        })
    }

    pub(super) fn stream() -> io::Result<usize> {
        both(UnixStream::pair, async |(a, b)| {
            let (there, back) = (bytes(1, BYTES), bytes(2, BYTES));
            tokio::try_join!(exchange_tokio(&a, &there, &back), exchange_tokio(&b, &back, &there))?;
            Ok(2 * BYTES)
        })
    }

    pub(super) fn datagram() -> io::Result<usize> {
        both(UnixDatagram::pair, async |(a, b)| {
            let send = async {
                for number in 0..MESSAGES {
                    let message = message(number);
                    check(a.send(&message).await? == message.len(), "a message was sent in part")?;
                }
                io::Result::Ok(())
            };
            let receive = async {
                let mut buffer = [0; 2000];
                for number in 0..MESSAGES {
                    let length = match number % 2 {
                        0 => b.recv(&mut buffer).await?,
                        _ => b.recv_from(&mut buffer).await?.0,
                    };
                    check(buffer[..length] == *message(number), "a message is wrong")?;
                }
                Ok(())
            };
            tokio::try_join!(send, receive)?;
            Ok(MESSAGES)
        })
    }

    pub(super) fn seqpacket() -> io::Result<usize> {
        both(UnixSeqpacket::pair, async |(a, b)| {
            let send = async {
                for number in 0..MESSAGES {
                    a.send(b"").await?;
                    a.send(&message(number)).await?;
                }
                io::Result::Ok(())
            };
            let receive = async {
                let mut buffer = [0; 2000];
                for number in 0..MESSAGES {
                    check(b.recv_packet(&mut buffer).await? == Some(0), "a packet of length zero is lost")?;
                    let length = b.recv_packet(&mut buffer).await?.ok_or_else(|| wrong("the end"))?;
                    check(buffer[..length] == *message(number), "a packet is wrong")?;
                }
                Ok(())
            };
            tokio::try_join!(send, receive)?;
            Ok(2 * MESSAGES)
        })
    }

    pub(super) fn batches() -> io::Result<usize> {
        both(UnixSeqpacket::pair, async |(a, b)| {
            let messages: Vec<_> = (0..MESSAGES).map(message).collect();
            let send = async {
                let outgoing: Vec<_> = messages.iter().map(|bytes| OutgoingMessage::new(bytes)).collect();
                let (mut rest, mut batch) = (&outgoing[..], SendBatch::new(50));
                while !rest.is_empty() {
                    rest = &rest[a.send_many(rest, &mut batch).await?..];
                }
                io::Result::Ok(())
            };
            let receive = async {
                let (mut received, mut batch) = (0, RecvBatch::new(40, 2000));
                while received < MESSAGES {
                    check(b.recv_many(&mut batch).await? > 0, "the end")?;
                    for got in &batch {
                        check(got.bytes() == messages[received], "a packet is wrong")?;
                        received += 1;
                    }
                }
                Ok(())
            };
            tokio::try_join!(send, receive)?;
            Ok(MESSAGES)
        })
    }

    pub(super) fn pipe() -> io::Result<usize> {
        both(new_pipe, async |(mut sender, mut recver)| {
            let data = bytes(3, BYTES);
            let send = async {
                sender.write_all(&data).await?;
                drop(sender);
                Ok(())
            };
            let receive = async {
                let mut got = Vec::new();
                recver.read_to_end(&mut got).await?;
                check(got == data, "the bytes are wrong")
            };
            tokio::try_join!(send, receive)?;
            Ok(BYTES)
        })
    }

    pub(super) fn fifo() -> io::Result<usize> {
        const ROUNDS: usize = 10;
        let folder = Folder::new();
        let path = folder.0.join("fifo");
        fifo_file::create_fifo(&path, 0o600)?;
        both(
            || Ok(()),
            async |()| {
                let data = bytes(4, 100_000);
                for _ in 0..ROUNDS {
                    let options = fifo_tokio::OpenOptions::new();
                    let send = async {
                        let mut sender = options.open_sender_waiting(&path).await?;
                        sender.write_all(&data).await
                    };
                    let receive = async {
                        let mut receiver = options.open_receiver_waiting(&path).await?;
                        let mut got = vec![0; data.len()];
                        receiver.read_exact(&mut got).await?;
                        check(got == data, "the bytes are wrong")
                    };
                    tokio::try_join!(send, receive)?;
                }
                Ok(ROUNDS)
            },
        )
    }

    pub(super) fn local() -> io::Result<usize> {
        const COUNT: usize = 100;
        let name = fresh_name(super::Kind::Path);
        let options = || local_socket::ListenerOptions::new().name(name.clone()).create_tokio();
        both(options, async |listener| {
            let serve = async {
                for _ in 0..COUNT {
                    let mut stream = listener.accept().await?;
                    let mut got = [0; 100];
                    stream.read_exact(&mut got).await?;
                    stream.write_all(&got).await?;
                }
                io::Result::Ok(())
            };
            let ask = async {
                for number in 0..COUNT {
                    let mut stream = local_socket::tokio::Stream::connect(name.clone()).await?;
                    let question = bytes(number as u64, 100);
                    stream.write_all(&question).await?;
                    let mut answer = [0; 100];
                    stream.read_exact(&mut answer).await?;
                    check(answer == *question, "a wrong answer")?;
                }
                Ok(())
            };
            tokio::try_join!(serve, ask)?;
            Ok(COUNT)
        })
    }

    pub(super) fn signals() -> io::Result<usize> {
        let used = Signal::rt(6)?;
        both(
            || Signals::new(used),
            async |signals| {
                let mut values = Vec::new();
                for number in 0..SIGNALS {
                    queued(|| signal::queue(this_process(), used, number as i32))?;
                    if number % 10 == 9 {
                        for _ in 0..10 {
                            let info = signals.recv().await;
                            values.extend(info.and_then(|info| info.value()).map(|value| value.as_i32()));
                        }
                    }
                }
                values.sort_unstable();
                check(values.into_iter().eq(0..SIGNALS as i32), "signals are lost")?;
                Ok(SIGNALS)
            },
        )
    }
}
