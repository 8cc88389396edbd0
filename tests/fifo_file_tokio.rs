//! FIFO files on Tokio: every case of Tokio's own tests of its pipe type, by other means, and what Tokio's does not have.
#![cfg(all(unix, feature = "tokio"))]

mod common;

use common::{
    FOREVER, Folder, bytes,
    fifo::{counts_from_first_byte, fifo},
    on_tokio,
};
use interprocess::os::unix::fifo_file::{self, PIPE_BUF, is_no_receiver, tokio as pipe};
use std::{
    fs::{self, File},
    future::poll_fn,
    io::{ErrorKind, IoSlice, IoSliceMut},
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    task::yield_now,
    time::timeout,
};

const MESSAGE: &[u8] = b"a message that goes through the FIFO";

fn ends(path: &Path) -> (pipe::Sender, pipe::Receiver) {
    let receiver = pipe::OpenOptions::new().open_receiver(path).unwrap();
    (pipe::OpenOptions::new().open_sender(path).unwrap(), receiver)
}

/// A future that is polled by hand, and how often its task was woken.
struct ByHand<F> {
    future: Pin<Box<F>>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<F: Future> ByHand<F> {
    fn new(future: F) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default() }
    }

    fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::SeqCst)
    }

    /// Polls like a runtime, as often as the task is woken, until it is not any more. It must not become ready.
    async fn settles(&mut self) {
        const TURNS: usize = 1_000;
        let (mut polled, mut quiet) = (0, 0);
        let mut seen = usize::MAX;
        while quiet < TURNS {
            let wakes = self.wakes();
            if wakes == seen {
                quiet += 1;
            } else {
                (seen, quiet) = (wakes, 0);
                polled += 1;
                assert!(self.poll().is_pending(), "there is nothing to wait for");
                assert!(polled < TURNS, "the task is kept busy");
            }
            yield_now().await;
        }
    }

    async fn woken(&self) {
        timeout(FOREVER, async {
            while self.wakes() == 0 {
                yield_now().await;
            }
        })
        .await
        .expect("the task is woken");
    }
}

async fn read_message(mut receiver: impl tokio::io::AsyncRead + Unpin) -> Vec<u8> {
    let mut got = vec![0; MESSAGE.len()];
    receiver.read_exact(&mut got).await.unwrap();
    got
}

/// A read that waits is woken when there is something.
async fn wakes_its_reader(mut sender: pipe::Sender, receiver: pipe::Receiver) {
    let mut reading = ByHand::new(read_message(receiver));
    assert!(reading.poll().is_pending());
    sender.write_all(MESSAGE).await.unwrap();
    reading.woken().await;
    assert_eq!(reading.poll(), Poll::Ready(MESSAGE.to_vec()));
}

/// A sender that comes, writes and goes.
async fn visit(path: &Path) {
    pipe::OpenOptions::new().open_sender(path).unwrap().write_all(MESSAGE).await.unwrap();
}

#[tokio::test]
async fn a_receiver_waits_for_bytes() {
    let (_folder, path) = fifo();
    let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    // A read before anybody has come would be the end.
    let sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
    wakes_its_reader(sender, receiver).await;
}

/// A runtime does not ask the system of a receiver that it has just got, so a read that comes first waits.
#[tokio::test]
async fn a_receiver_that_reads_before_the_sender_is_there() {
    let (_folder, path) = fifo();
    let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    let mut reading = ByHand::new(read_message(receiver));
    assert!(reading.poll().is_pending());
    let mut sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
    sender.write_all(MESSAGE).await.unwrap();
    reading.woken().await;
    assert_eq!(reading.poll(), Poll::Ready(MESSAGE.to_vec()));
}

#[tokio::test]
async fn a_sender_that_is_first() {
    let (_folder, path) = fifo();
    let error = pipe::OpenOptions::new().open_sender(&path).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENXIO), "{error}");
    assert!(is_no_receiver(&error), "{error}");

    let opened = pipe::OpenOptions::new().read_write(true).open_sender(&path);
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        assert_eq!(opened.unwrap_err().kind(), ErrorKind::Unsupported);
        return;
    }
    let mut sender = opened.unwrap();
    sender.write_all(MESSAGE).await.unwrap();
    let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    assert_eq!(read_message(receiver).await, MESSAGE);
}

#[tokio::test]
async fn senders_come_and_go() {
    let (_folder, path) = fifo();
    let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    for _ in 0..3 {
        visit(&path).await;
        assert!(receiver.ready(Interest::READABLE).await.unwrap().is_readable());
        assert_eq!(read_message(&receiver).await, MESSAGE);
        let error = (&receiver).read_exact(&mut [0; 5]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }
}

/// A receiver that can write as well, or holds a sender, sees no end.
#[tokio::test]
async fn a_receiver_that_stays_open() {
    let (_folder, path) = fifo();
    let kept = fifo_file::OpenOptions::new().keep_open(true).clone();
    let mut ways = vec![pipe::OpenOptions::from(kept)];
    if cfg!(any(target_os = "linux", target_os = "android")) {
        ways.push(pipe::OpenOptions::new().read_write(true).clone());
    }
    for options in ways {
        let receiver = options.open_receiver(&path).unwrap();
        visit(&path).await;
        let ready = receiver.ready(Interest::READABLE).await.unwrap();
        assert_eq!(read_message(&receiver).await, MESSAGE);
        assert!(!ready.is_read_closed(), "{ready:?}");
        // One that can write is not known to where senders count from their first byte on.
        if !counts_from_first_byte() {
            receiver.wait_for_sender().await.unwrap();
        }

        let mut second = ByHand::new(read_message(&receiver));
        assert!(second.poll().is_pending());
        visit(&path).await;
        second.woken().await;
        assert_eq!(second.poll(), Poll::Ready(MESSAGE.to_vec()));
    }
}

#[tokio::test]
async fn what_is_not_a_fifo() {
    let folder = Folder::new();
    let path = folder.0.join("file");
    fs::write(&path, "").unwrap();
    for path in [&path, &folder.0, Path::new("/dev/null")] {
        let options = pipe::OpenOptions::new();
        for error in [options.open_sender(path).unwrap_err(), options.open_receiver(path).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        // Nobody waits for the other end of such a thing.
        let error = options.open_sender_waiting(path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let error = options.open_receiver_waiting(path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    // Unchecked, it is for the runtime to refuse it.
    let unchecked = pipe::OpenOptions::new().unchecked(true).clone();
    unchecked.open_sender(&path).unwrap_err();
    unchecked.open_receiver(&path).unwrap_err();

    let writable = fs::OpenOptions::new().write(true).open(&path).unwrap();
    assert_eq!(pipe::Sender::from_file(writable).unwrap_err().kind(), ErrorKind::InvalidInput);
    let readable = File::open(&path).unwrap();
    assert_eq!(pipe::Receiver::from_file(readable).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// Files that std has opened, in nonblocking mode so that nobody waits.
fn std_options() -> fs::OpenOptions {
    fs::OpenOptions::new().custom_flags(libc::O_NONBLOCK).clone()
}

#[tokio::test]
async fn from_files() {
    let (_folder, path) = fifo();
    for checked in [true, false] {
        let readable = std_options().read(true).open(&path).unwrap();
        let writable = std_options().write(true).open(&path).unwrap();
        let (receiver, mut sender) = if checked {
            (pipe::Receiver::from_file(readable).unwrap(), pipe::Sender::from_file(writable).unwrap())
        } else {
            (
                pipe::Receiver::from_file_unchecked(readable).unwrap(),
                pipe::Sender::from_file_unchecked(writable).unwrap(),
            )
        };
        let mut reading = ByHand::new(read_message(receiver));
        assert!(reading.poll().is_pending());
        sender.write_all(MESSAGE).await.unwrap();
        assert_eq!(poll_fn(|cx| reading.future.as_mut().poll(cx)).await, MESSAGE);
    }
}

#[tokio::test]
async fn files_of_the_other_direction() {
    let (_folder, path) = fifo();
    let _receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    let writable = std_options().write(true).open(&path).unwrap();
    assert_eq!(pipe::Receiver::from_file(writable).unwrap_err().kind(), ErrorKind::InvalidInput);
    let readable = std_options().read(true).open(&path).unwrap();
    assert_eq!(pipe::Sender::from_file(readable).unwrap_err().kind(), ErrorKind::InvalidInput);
}

fn is_nonblocking(end: impl AsFd) -> bool {
    rustix::fs::fcntl_getfl(end).unwrap().contains(rustix::fs::OFlags::NONBLOCK)
}

#[tokio::test]
async fn ends_from_files_are_nonblocking() {
    let (_folder, path) = fifo();
    let _ends = ends(&path);
    let readable = File::open(&path).unwrap();
    assert!(!is_nonblocking(&readable));
    assert!(is_nonblocking(pipe::Receiver::from_file(readable).unwrap()));
    let writable = fs::OpenOptions::new().write(true).open(&path).unwrap();
    assert!(!is_nonblocking(&writable));
    assert!(is_nonblocking(pipe::Sender::from_file(writable).unwrap()));
}

async fn is_writable(sender: &pipe::Sender) -> bool {
    // A task that has done much is told to wait for its next turn.
    yield_now().await;
    let by_method = ByHand::new(sender.writable()).poll().is_ready();
    let by_poll = ByHand::new(poll_fn(|cx| sender.poll_write_ready(cx))).poll().is_ready();
    assert_eq!(by_method, by_poll);
    by_method
}

/// Fills the FIFO by one of the `try_` methods, and empties it by the other.
async fn fill_and_empty(
    write: impl Fn(&pipe::Sender) -> std::io::Result<usize>,
    read: impl Fn(&pipe::Receiver, &mut [u8]) -> std::io::Result<usize>,
) {
    let (_folder, path) = fifo();
    let (sender, receiver) = ends(&path);
    assert_eq!(receiver.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    sender.writable().await.unwrap();
    let mut sent = Vec::new();
    while is_writable(&sender).await {
        match write(&sender) {
            Ok(count) => sent.extend(&MESSAGE[..count]),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                break;
            }
        }
    }
    assert!(sent.len() > MESSAGE.len());
    assert!(!is_writable(&sender).await, "it is full");

    let mut got = vec![0; sent.len()];
    let mut count = 0;
    while count < got.len() {
        receiver.readable().await.unwrap();
        match read(&receiver, &mut got[count..]) {
            Ok(read) => count += read,
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
    }
    assert!(got == sent);
    sender.writable().await.unwrap();
}

#[tokio::test]
async fn capacity() {
    let (_folder, path) = fifo();
    let (sender, receiver) = ends(&path);
    if cfg!(not(any(target_os = "linux", target_os = "android"))) {
        assert_eq!(sender.capacity().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(receiver.set_capacity(1 << 14).unwrap_err().kind(), ErrorKind::Unsupported);
        return;
    }
    let capacity = sender.set_capacity(1 << 14).unwrap();
    assert!(capacity >= 1 << 14);
    assert_eq!(receiver.capacity().unwrap(), capacity);
    assert_eq!(receiver.set_capacity(capacity).unwrap(), sender.capacity().unwrap());
}

#[tokio::test]
async fn trying() {
    fill_and_empty(|sender| sender.try_write(MESSAGE), |receiver, buffer| receiver.try_read(buffer)).await;
}

#[tokio::test]
async fn trying_with_slices() {
    fill_and_empty(
        |sender| {
            let slices: Vec<_> = MESSAGE.chunks(3).map(IoSlice::new).collect();
            sender.try_write_vectored(&slices)
        },
        |receiver, buffer| {
            let mut slices: Vec<_> = buffer.chunks_mut(10_000).map(IoSliceMut::new).collect();
            receiver.try_read_vectored(&mut slices)
        },
    )
    .await;
}

#[tokio::test]
async fn trying_with_a_buffer_that_advances() {
    fill_and_empty(
        |sender| sender.try_write(MESSAGE),
        |receiver, mut buffer| receiver.try_read_buf(&mut buffer),
    )
    .await;
}

#[tokio::test]
async fn trying_by_an_operation_of_ones_own() {
    fill_and_empty(
        |sender| sender.try_io(|| Ok(rustix::io::write(sender, MESSAGE)?)),
        |receiver, buffer| receiver.try_io(|| Ok(rustix::io::read(receiver, buffer)?)),
    )
    .await;
}

#[tokio::test]
async fn an_unnamed_pipe() {
    let (sender, receiver) = pipe::pipe().unwrap();
    wakes_its_reader(sender, receiver).await;
}

#[tokio::test]
async fn an_end_for_a_child() {
    let (sender, mut receiver) = pipe::pipe().unwrap();
    let mut echo = tokio::process::Command::new("printf");
    let status = echo.arg("%s").arg("as a child says").stdout(sender.into_blocking_fd().unwrap()).status();
    drop(echo);
    let mut text = String::new();
    let (status, read) = tokio::join!(status, receiver.read_to_string(&mut text));
    assert!(status.unwrap().success());
    assert_eq!((read.unwrap(), text.as_str()), (15, "as a child says"));
    assert_eq!(receiver.try_read(&mut [0]).unwrap(), 0, "the end");
}

#[tokio::test]
async fn from_descriptors() {
    for checked in [true, false] {
        let (sender, receiver) = interprocess::unnamed_pipe::pipe().unwrap();
        let (sender, receiver) = (OwnedFd::from(sender), OwnedFd::from(receiver));
        let (receiver, mut sender) = if checked {
            (pipe::Receiver::from_owned_fd(receiver).unwrap(), pipe::Sender::from_owned_fd(sender).unwrap())
        } else {
            for end in [&receiver, &sender] {
                rustix::io::ioctl_fionbio(end, true).unwrap();
            }
            (
                pipe::Receiver::from_owned_fd_unchecked(receiver).unwrap(),
                pipe::Sender::from_owned_fd_unchecked(sender).unwrap(),
            )
        };
        sender.write_all(MESSAGE).await.unwrap();
        assert_eq!(read_message(receiver).await, MESSAGE);
    }
}

#[tokio::test]
async fn into_descriptors() {
    let (sender, receiver) = pipe::pipe().unwrap();
    assert_eq!(sender.as_fd().as_raw_fd(), sender.as_raw_fd());
    assert_eq!(receiver.as_fd().as_raw_fd(), receiver.as_raw_fd());
    assert!(is_nonblocking(sender.into_nonblocking_fd().unwrap()));
    assert!(is_nonblocking(receiver.into_nonblocking_fd().unwrap()));
    let (sender, receiver) = pipe::pipe().unwrap();
    assert!(!is_nonblocking(sender.into_blocking_fd().unwrap()));
    assert!(!is_nonblocking(receiver.into_blocking_fd().unwrap()));

    // To the blocking types and back.
    let (sender, receiver) = pipe::pipe().unwrap();
    let (sender, receiver) =
        (fifo_file::Sender::try_from(sender).unwrap(), fifo_file::Receiver::try_from(receiver).unwrap());
    assert!(!is_nonblocking(&sender) && !is_nonblocking(&receiver));
    let mut sender = pipe::Sender::try_from(sender).unwrap();
    let receiver = pipe::Receiver::try_from(receiver).unwrap();
    assert!(is_nonblocking(&sender) && is_nonblocking(&receiver));
    sender.write_all(MESSAGE).await.unwrap();
    assert_eq!(read_message(receiver).await, MESSAGE);
}

/// Whether the operation was called that gives this result.
fn is_tried(
    try_io: impl FnOnce(&mut dyn FnMut() -> std::io::Result<()>),
    result: fn() -> std::io::Result<()>,
) -> bool {
    let mut called = false;
    try_io(&mut || {
        called = true;
        result()
    });
    called
}

fn would_block() -> std::io::Result<()> {
    Err(ErrorKind::WouldBlock.into())
}

#[tokio::test]
async fn an_operation_that_writes() {
    let (sender, _receiver) = pipe::pipe().unwrap();
    sender.writable().await.unwrap();
    let tried = |result| is_tried(|operation| drop(sender.try_io(operation)), result);
    assert!(tried(|| Ok(())), "there is room");
    assert!(tried(would_block), "there still is");
    assert!(!tried(|| Ok(())), "it was said that there is none");
}

#[tokio::test]
async fn an_operation_that_reads() {
    let (mut sender, receiver) = pipe::pipe().unwrap();
    yield_now().await;
    let tried = |result| is_tried(|operation| drop(receiver.try_io(operation)), result);
    assert!(!tried(|| Ok(())), "there is nothing");
    sender.write_all(b"x").await.unwrap();
    receiver.readable().await.unwrap();
    assert!(tried(|| Ok(())), "there is something");
    assert!(tried(would_block), "there still is");
    assert!(!tried(|| Ok(())), "it was said that there is nothing");
    // The runtime learns of more.
    sender.write_all(b"y").await.unwrap();
    receiver.readable().await.unwrap();
    let mut got = [0; 5];
    assert_eq!(receiver.try_read(&mut got).unwrap(), 2);
}

/// The runtime takes the end for final; a second sender, or receiver, must not make who waits for it try again and again.
#[tokio::test]
async fn after_an_end_nobody_is_kept_busy() {
    let (_folder, path) = fifo();
    let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
    for _ in 0..3 {
        visit(&path).await;
        assert_eq!(read_message(&receiver).await, MESSAGE);
        assert_eq!((&receiver).read(&mut [0]).await.unwrap(), 0);
        // The runtime learns of that when it looks for events.
        while !receiver.ready(Interest::READABLE).await.unwrap().is_read_closed() {
            yield_now().await;
        }
        assert_eq!(receiver.try_read(&mut [0]).unwrap(), 0);

        // Silent.
        let mut sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
        let mut waiting = ByHand::new(receiver.readable());
        let mut reading = ByHand::new(read_message(&receiver));
        let mut polling = ByHand::new(poll_fn(|cx| receiver.poll_read_ready(cx)));
        reading.settles().await;
        waiting.settles().await;
        polling.settles().await;
        assert_eq!(receiver.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(polling);

        sender.write_all(MESSAGE).await.unwrap();
        timeout(FOREVER, receiver.readable()).await.unwrap().unwrap();
        assert_eq!(
            timeout(FOREVER, pin!(poll_fn(|cx| reading.future.as_mut().poll(cx)))).await.unwrap(),
            MESSAGE
        );
        drop(sender);
        assert_eq!((&receiver).read(&mut [0]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_sender_that_outlives_its_receiver() {
    let (_folder, path) = fifo();
    let (sender, receiver) = ends(&path);
    sender.writable().await.unwrap();
    drop(receiver);
    for _ in 0..3 {
        // The runtime learns of that when it looks for events.
        while !sender.ready(Interest::WRITABLE).await.unwrap().is_write_closed() {
            yield_now().await;
        }
        assert_eq!(sender.try_write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!((&sender).write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(sender.write_atomic(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);

        // One that does not read.
        let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
        let mut count = 0;
        let mut writing = ByHand::new(async {
            loop {
                (&sender).write_all(&[7; PIPE_BUF]).await.unwrap();
                count += PIPE_BUF;
                if count > 1 << 22 {
                    break;
                }
            }
        });
        writing.settles().await;
        assert!(!is_writable(&sender).await);
        // And then does.
        let mut receiving = &receiver;
        let mut buffer = vec![0; 1 << 16];
        let mut left = (1 << 22) + PIPE_BUF;
        tokio::join!(poll_fn(|cx| writing.future.as_mut().poll(cx)), async {
            while left > 0 {
                left -= receiving.read(&mut buffer).await.unwrap();
            }
        });
        drop(writing);
        assert_eq!(count, (1 << 22) + PIPE_BUF);
    }
}

#[test]
fn much_in_both_runtimes() {
    on_tokio(async {
        let (_folder, path) = fifo();
        let sent = bytes(20, 20 << 20);
        let to = path.clone();
        let sending = sent.clone();
        let sender = tokio::spawn(async move {
            let mut sender = pipe::OpenOptions::new().open_sender_waiting(&to).await.unwrap();
            for piece in sending.chunks(77_777) {
                sender.write_all(piece).await.unwrap();
            }
            sender.flush().await.unwrap();
            sender.shutdown().await.unwrap();
        });
        let mut receiver = pipe::OpenOptions::new().open_receiver_waiting(&path).await.unwrap();
        let mut got = Vec::new();
        receiver.read_to_end(&mut got).await.unwrap();
        assert!(got == sent);
        sender.await.unwrap();
    });
}

#[test]
fn waiting_for_the_other_end() {
    on_tokio(async {
        for _ in 0..20 {
            let (_folder, path) = fifo();
            // A sender first.
            let to = path.clone();
            let waiting =
                tokio::spawn(async move { pipe::OpenOptions::new().open_sender_waiting(&to).await });
            let receiver = pipe::OpenOptions::new().open_receiver(&path).unwrap();
            let mut sender = waiting.await.unwrap().unwrap();
            sender.write_all(MESSAGE).await.unwrap();
            assert_eq!(read_message(&receiver).await, MESSAGE);
            drop((sender, receiver));

            // A receiver first; a silent sender is enough where that can be told.
            let from = path.clone();
            let waiting =
                tokio::spawn(async move { pipe::OpenOptions::new().open_receiver_waiting(&from).await });
            let mut sender = pipe::OpenOptions::new().open_sender_waiting(&path).await.unwrap();
            if counts_from_first_byte() {
                sender.write_all(b"!").await.unwrap();
            }
            let mut receiver = waiting.await.unwrap().unwrap();
            sender.write_all(b"?").await.unwrap();
            drop(sender);
            let mut text = String::new();
            receiver.read_to_string(&mut text).await.unwrap();
            assert!(text.ends_with('?'), "{text}");

            // The next one.
            let waiting = receiver.wait_for_sender();
            let visiting = async {
                yield_now().await;
                let mut sender = pipe::OpenOptions::new().open_sender(&path).unwrap();
                sender.write_all(b"?").await.unwrap();
                sender
            };
            let (waited, sender) = tokio::join!(waiting, visiting);
            waited.unwrap();
            assert_eq!(receiver.available().unwrap(), 1, "waiting takes nothing");
            receiver.wait_for_sender().await.unwrap();
            drop(sender);
        }
    });
}

/// Opening takes notice of a sender that leaves at once and has written nothing (`: > fifo`).
#[test]
fn a_silent_visitor_ends_opening() {
    if counts_from_first_byte() {
        return common::skip("this system counts from the first byte");
    }
    on_tokio(async {
        let (_folder, path) = fifo();
        let options = pipe::OpenOptions::new();
        for _ in 0..50 {
            let opening = async { options.open_receiver_waiting(&path).await.unwrap() };
            let visiting = async { drop(options.open_sender_waiting(&path).await.unwrap()) };
            let (mut receiver, ()) = tokio::join!(opening, visiting);
            assert_eq!(receiver.read(&mut [0]).await.unwrap(), 0);
        }
    });
}

/// What waits can be dropped, and leaves nothing open.
#[tokio::test]
async fn waiting_is_given_up() {
    if !common::closes_at_once() {
        return;
    }
    let (_folder, path) = fifo();
    let options = pipe::OpenOptions::new();
    {
        let mut sending = ByHand::new(options.open_sender_waiting(&path));
        assert!(sending.poll().is_pending());
        let mut receiving = ByHand::new(options.open_receiver_waiting(&path));
        assert!(receiving.poll().is_pending());
    }
    assert!(is_no_receiver(&options.open_sender(&path).unwrap_err()), "no receiver is left");
    fs::remove_file(&path).unwrap();
    assert_eq!(options.open_sender_waiting(&path).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(options.open_receiver_waiting(&path).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn messages_in_one_piece() {
    let (_folder, path) = fifo();
    let (sender, receiver) = ends(&path);
    let error = sender.write_atomic(&vec![0; PIPE_BUF + 1]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let message = vec![5; PIPE_BUF];
    while sender.try_write(&message).is_ok() {}
    let full = receiver.available().unwrap();
    let mut writing = ByHand::new(sender.write_atomic(&message));
    assert!(writing.poll().is_pending());
    let mut got = vec![0; PIPE_BUF];
    (&receiver).read_exact(&mut got[..PIPE_BUF / 2]).await.unwrap();
    assert_eq!(receiver.available().unwrap(), full - PIPE_BUF / 2, "there is no room for all of it");
    let writing = async move { poll_fn(|cx| writing.future.as_mut().poll(cx)).await };
    let reading = async {
        let mut left = full - PIPE_BUF / 2 + PIPE_BUF;
        while left > 0 {
            left -= (&receiver).read(&mut got).await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(writing, reading);
    written.unwrap();
    assert_eq!(receiver.available().unwrap(), 0);
}

#[tokio::test]
async fn checks_of_the_blocking_options() {
    if !common::has_mapped_user() {
        return;
    }
    let folder = Folder::new();
    let path = folder.0.join("fifo");
    let options = |mode: u32| {
        pipe::OpenOptions::from(fifo_file::OpenOptions::new().create_or_open(mode).keep_open(true).clone())
    };
    let receiver = options(0o620).open_receiver(&path).unwrap();
    assert_eq!(options(0o600).open_sender(&path).unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        options(0o600).open_sender_waiting(&path).await.unwrap_err().kind(),
        ErrorKind::PermissionDenied
    );
    options(0o620).open_sender(&path).unwrap().write_all(MESSAGE).await.unwrap();
    assert_eq!(read_message(&receiver).await, MESSAGE);
}

/// Outside the runtime's context an end that needs a new registration gets one.
#[test]
fn polled_from_outside() {
    let runtime = common::runtime(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all());
    let (_folder, path) = fifo();
    let receiver = runtime.block_on(async {
        let (sender, receiver) = ends(&path);
        drop(sender);
        assert_eq!((&receiver).read(&mut [0]).await.unwrap(), 0);
        receiver
    });
    let mut sender = fifo_file::Sender::open(&path).unwrap();
    let mut reading = ByHand::new(read_message(&receiver));
    assert!(reading.poll().is_pending());
    std::io::Write::write_all(&mut sender, MESSAGE).unwrap();
    runtime.block_on(async {
        reading.woken().await;
        assert_eq!(poll_fn(|cx| reading.future.as_mut().poll(cx)).await, MESSAGE);
    });
}
