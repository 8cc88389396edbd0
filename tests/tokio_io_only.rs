//! What waits works on a Tokio runtime that has I/O enabled and no timer.
#![cfg(feature = "tokio")]

mod common;

use common::{fresh_name, within_deadline};
use interprocess::{
    ConnectWaitMode,
    local_socket::{
        ConnectOptions, ListenerOptions, Name,
        tokio::{Listener, Stream},
    },
    unnamed_pipe,
};
use std::{
    future::poll_fn,
    io::ErrorKind,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Builder,
};

/// Runs on runtimes of both flavours that have no timer.
fn without_timer<F: Future<Output = ()>>(test: impl Fn() -> F + Send + 'static) {
    within_deadline(move || {
        for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            common::runtime(builder.enable_io()).block_on(test());
        }
    });
}

/// Polls once. What has to wait is still pending then.
async fn waits<F: Future>(future: &mut Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

fn deferred<'n>(name: &'n Name<'_>) -> ConnectOptions<'n> {
    ConnectOptions::new().name(name.borrow()).wait_mode(ConnectWaitMode::Deferred)
}

/// A listener, and clients that leave no room for more.
async fn busy_listener(name: &Name<'_>) -> (Listener, Vec<Stream>) {
    let listener = ListenerOptions::new().name(name.borrow()).backlog(1).create_tokio().unwrap();
    let mut clients = Vec::new();
    loop {
        match deferred(name).connect_tokio().await {
            Ok(client) => clients.push(client),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                return (listener, clients);
            }
        }
    }
}

#[test]
fn connecting_waits_for_a_busy_listener() {
    if !cfg!(any(windows, target_os = "linux", target_os = "android")) {
        return common::skip("this system refuses instead");
    }
    without_timer(async || {
        const LONG: Duration = Duration::from_secs(100_000);
        for kind in common::KINDS {
            let name = fresh_name(kind);
            let (listener, clients) = busy_listener(&name).await;
            let in_time = |timeout| deferred(&name).wait_mode(ConnectWaitMode::Timeout(timeout));
            for timeout in [Duration::ZERO, Duration::from_millis(30)] {
                let error = in_time(timeout).connect_tokio().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            }
            let in_long_time = in_time(LONG);
            let (mut one, mut other) =
                (pin!(Stream::connect(name.borrow())), pin!(in_long_time.connect_tokio()));
            assert!(waits(&mut one).await && waits(&mut other).await);
            let accepting = async {
                for _ in 0..clients.len() + 2 {
                    listener.accept().await.unwrap();
                }
            };
            let (one, other, ()) = tokio::join!(one, other, accepting);
            one.unwrap();
            other.unwrap();
        }
    });
}

#[test]
fn streams_and_pipes_wait() {
    without_timer(async || {
        let (mut ours, mut theirs) = Stream::pair().unwrap();
        let (mut sender, mut recver) = unnamed_pipe::tokio::pipe().unwrap();
        let much = vec![7; 1 << 20];
        let sending = async {
            ours.write_all(&much).await.unwrap();
            ours.flush().await.unwrap();
            sender.write_all(&much).await.unwrap();
            sender.flush().await.unwrap();
        };
        let receiving = async {
            let mut received = vec![0; much.len()];
            theirs.read_exact(&mut received).await.unwrap();
            recver.read_exact(&mut received).await.unwrap();
        };
        tokio::join!(sending, receiving);
    });
}

#[cfg(unix)]
mod unix {
    use super::{common, waits, without_timer};
    use interprocess::os::unix::{
        fifo_file,
        uds::{
            OutgoingMessage, SendBatch, SocketAddr,
            tokio::{
                UnixDatagram, UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixSocket, UnixStream,
            },
        },
    };
    use std::{io::ErrorKind, os::fd::AsFd, path::Path, pin::pin};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const QUEUES: bool = cfg!(any(target_os = "linux", target_os = "android"));

    #[test]
    fn connecting_waits_for_room_in_a_backlog() {
        if !QUEUES {
            return crate::common::skip("this system refuses instead");
        }
        without_timer(async || {
            let folder = common::Folder::new();
            let path = folder.0.join("stream");
            let address = SocketAddr::from_pathname(&path).unwrap();
            let listener = UnixListener::bind_with(&path, None, 0).unwrap();
            let _first = UnixStream::connect(&path).await.unwrap();
            let mut streams = (
                pin!(UnixStream::connect(&path)),
                pin!(UnixStream::connect_addr(&address)),
                pin!(UnixSocket::new_stream().unwrap().connect(&path)),
            );
            assert!(
                waits(&mut streams.0).await && waits(&mut streams.1).await && waits(&mut streams.2).await
            );
            let accepting = async {
                for _ in 0..4 {
                    listener.accept().await.unwrap();
                }
            };
            let (a, b, c, ()) = tokio::join!(streams.0, streams.1, streams.2, accepting);
            a.unwrap();
            b.unwrap();
            c.unwrap();

            let path = folder.0.join("packets");
            let address = SocketAddr::from_pathname(&path).unwrap();
            let listener = UnixSeqpacketListener::bind_with(&path, None, 0).unwrap();
            let _first = UnixSeqpacket::connect(&path).await.unwrap();
            let mut packets =
                (pin!(UnixSeqpacket::connect(&path)), pin!(UnixSeqpacket::connect_addr(&address)));
            assert!(waits(&mut packets.0).await && waits(&mut packets.1).await);
            let accepting = async {
                for _ in 0..3 {
                    listener.accept().await.unwrap();
                }
            };
            let (a, b, ()) = tokio::join!(packets.0, packets.1, accepting);
            a.unwrap();
            b.unwrap();
        });
    }

    #[test]
    fn sending_waits_for_room_in_a_queue() {
        if !QUEUES {
            return crate::common::skip("this system refuses instead");
        }
        without_timer(async || {
            let folder = common::Folder::new();
            let path = folder.0.join("datagrams");
            let address = SocketAddr::from_pathname(&path).unwrap();
            let receiver = UnixDatagram::bind(&path).unwrap();
            let sender = UnixDatagram::unbound().unwrap();
            let count = fill(&sender, &path);
            let messages = [OutgoingMessage::new(b"batch").to(&address)];
            let mut batch = SendBatch::new(1);
            let descriptors = [receiver.as_fd()];
            let mut sending = (
                pin!(sender.send_to(b"path", &path)),
                pin!(sender.send_to_addr(b"address", &address)),
                pin!(sender.send_with_fds_to(b"descriptors", &descriptors, &address)),
                pin!(sender.send_many(&messages, &mut batch)),
            );
            assert!(waits(&mut sending.0).await && waits(&mut sending.1).await);
            assert!(waits(&mut sending.2).await && waits(&mut sending.3).await);
            let receiving = async {
                for _ in 0..count + 4 {
                    receiver.recv(&mut [0; 16]).await.unwrap();
                }
            };
            let (a, b, c, d, ()) = tokio::join!(sending.0, sending.1, sending.2, sending.3, receiving);
            assert_eq!((a.unwrap(), b.unwrap(), c.unwrap(), d.unwrap()), (4, 7, 11, 1));

            let (mut a, mut b) = UnixStream::pair().unwrap();
            a.write_all(b"drained").await.unwrap();
            {
                let mut draining = pin!(a.drain());
                if !waits(&mut draining).await {
                    return crate::common::skip("this system does not tell whether a socket is drained");
                }
            }
            let reading = async { b.read_exact(&mut [0; 7]).await };
            let (drained, read) = tokio::join!(a.drain(), reading);
            drained.unwrap();
            read.unwrap();
        });
    }

    /// In a process of its own, whose limit is changed.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_without_descriptors() {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        common::begin_role();
        without_timer(async || {
            let folder = common::Folder::new();
            let path = folder.0.join("datagrams");
            let receiver = UnixDatagram::bind(&path).unwrap();
            let sender = UnixDatagram::unbound().unwrap();
            let count = fill(&sender, &path);
            let limit = getrlimit(Resource::Nofile);
            setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
            let mut sending = pin!(sender.send_to(b"last", &path));
            assert!(waits(&mut sending).await);
            let receiving = async {
                for _ in 0..=count {
                    receiver.recv(&mut [0; 16]).await.unwrap();
                }
            };
            let (sent, ()) = tokio::join!(sending, receiving);
            assert_eq!(sent.unwrap(), 4);
            setrlimit(Resource::Nofile, limit).unwrap();
        });
    }

    #[test]
    fn sending_waits_without_a_descriptor_left() {
        if !QUEUES {
            return crate::common::skip("this system refuses instead");
        }
        common::start_role("unix::role_without_descriptors", "").succeeds();
    }

    /// Fills the queue of the socket at a path, and returns how many datagrams that took.
    fn fill(sender: &UnixDatagram, path: &Path) -> usize {
        let mut count = 0;
        loop {
            match sender.try_send_to(b"fills", path) {
                Ok(_) => count += 1,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return count,
                Err(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn ends_of_a_fifo_wait_for_each_other() {
        without_timer(async || {
            let (_folder, path) = common::fifo::fifo();
            let options = fifo_file::tokio::OpenOptions::new();
            let mut sender = pin!(options.open_sender_waiting(&path));
            assert!(waits(&mut sender).await);
            let sending = async {
                let mut sender = sender.await.unwrap();
                // Some systems announce a sender by its first byte.
                sender.write_all(b"first").await.unwrap();
                sender
            };
            let (sender, receiver) = tokio::join!(sending, options.open_receiver_waiting(&path));
            let mut receiver = receiver.unwrap();
            drop(sender);
            let mut received = Vec::new();
            receiver.read_to_end(&mut received).await.unwrap();
            assert_eq!(received, b"first");
            let mut waiting = pin!(receiver.wait_for_sender());
            assert!(waits(&mut waiting).await);
            let next = async {
                let mut sender = options.open_sender(&path).unwrap();
                sender.write_all(b"next").await.unwrap();
                sender
            };
            let (waited, _sender) = tokio::join!(waiting, next);
            waited.unwrap();
        });
    }
}
