//! Unix domain sockets on a Tokio runtime: what Tokio's own tests hold its types to, and what there is beyond those types.
#![cfg(all(unix, feature = "tokio"))]

mod common;

use common::{Folder, bytes, now, on_tokio};
use interprocess::os::unix::uds::{
    self, AncillaryData, OutgoingMessage, ReceivedFds, RecvBatch, SendBatch, SocketAddr, SocketAncillary,
    UnixSocketExt, ancillary_size,
    tokio::{
        OwnedReadHalf, OwnedWriteHalf, ReuniteError, UnixDatagram, UnixListener, UnixSeqpacket,
        UnixSeqpacketListener, UnixSocket, UnixStream,
    },
};
use std::{
    future::poll_fn,
    io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net,
    },
    path::Path,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};

const NO_SEQPACKET: bool = cfg!(target_vendor = "apple");

fn is_pending<T>(poll: impl FnOnce(&mut Context<'_>) -> Poll<T>) -> bool {
    poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

fn kind<T: std::fmt::Debug>(result: io::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

/// Repeats what must not wait as long as it says that it would have to.
async fn once_ready<T>(
    mut ready: impl AsyncFnMut() -> io::Result<()>,
    mut attempt: impl FnMut() -> io::Result<T>,
) -> T {
    loop {
        ready().await.unwrap();
        match attempt() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => return other.unwrap(),
        }
    }
}

async fn connected(folder: &Folder) -> (UnixStream, UnixStream) {
    let path = folder.0.join(common::unique());
    let listener = UnixListener::bind(&path).unwrap();
    let (accepted, client) = tokio::try_join!(listener.accept(), UnixStream::connect(&path)).unwrap();
    (client, accepted.0)
}

#[test]
fn stream_accept_read_write() {
    on_tokio(async {
        let folder = Folder::new();
        let (mut client, mut server) = connected(&folder).await;
        client.write_all(b"hello").await.unwrap();
        drop(client);
        let mut got = Vec::new();
        server.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"hello");
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    });
}

#[test]
fn stream_shutdown() {
    on_tokio(async {
        let folder = Folder::new();
        let (mut client, mut server) = connected(&folder).await;
        AsyncWriteExt::shutdown(&mut client).await.unwrap();
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
        server.write_all(b"still").await.unwrap();
        let mut got = [0; 5];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"still");
    });
}

/// Fills what the kernel keeps, and tells with what.
async fn fill_stream(
    stream: &UnixStream,
    mut write: impl FnMut() -> io::Result<usize>,
    message: &[u8],
) -> Vec<u8> {
    let mut written = Vec::new();
    loop {
        // There is no reason to wait before an attempt has failed.
        assert!(now(&mut pin!(stream.writable())).await.is_some());
        match write() {
            Ok(count) => written.extend(&message[..count]),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                assert!(now(&mut pin!(stream.writable())).await.is_none());
                return written;
            }
        }
    }
}

async fn empty_stream(
    stream: &UnixStream,
    wanted: usize,
    mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> Vec<u8> {
    let mut got = vec![0; wanted];
    let mut filled = 0;
    while filled < wanted {
        filled += once_ready(async || stream.readable().await, || read(&mut got[filled..])).await;
    }
    got
}

#[test]
fn stream_try_read_write() {
    on_tokio(async {
        let folder = Folder::new();
        let (client, server) = connected(&folder).await;
        let message = bytes(3, 1000);
        client.writable().await.unwrap();
        server.writable().await.unwrap();

        let mut readable = pin!(server.readable());
        assert!(now(&mut readable).await.is_none());
        assert_eq!(kind(server.try_read(&mut [0])), ErrorKind::WouldBlock);
        assert_eq!(client.try_write(&message).unwrap(), message.len());
        readable.await.unwrap();

        let mut written = message.clone();
        written.extend(fill_stream(&client, || client.try_write(&message), &message).await);
        assert!(empty_stream(&server, written.len(), |rest| server.try_read(rest)).await == written);

        client.writable().await.unwrap();
        let slices: Vec<_> = message.chunks(300).map(IoSlice::new).collect();
        let written = fill_stream(&client, || client.try_write_vectored(&slices), &message).await;
        let read = |rest: &mut [u8]| {
            let mut slices: Vec<_> = rest.chunks_mut(0x1_0000).map(IoSliceMut::new).collect();
            server.try_read_vectored(&mut slices)
        };
        assert!(empty_stream(&server, written.len(), read).await == written);

        client.writable().await.unwrap();
        let written = fill_stream(&client, || client.try_write(&message), &message).await;
        let read = |mut rest: &mut [u8]| server.try_read_buf(&mut rest);
        assert!(empty_stream(&server, written.len(), read).await == written);

        drop(client);
        while !server.ready(Interest::READABLE).await.unwrap().is_read_closed() {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.try_read(&mut [0]).unwrap(), 0);
        assert_eq!(kind(server.try_write(&[0])), ErrorKind::BrokenPipe);
    });
}

#[test]
fn stream_poll_read_ready() {
    on_tokio(async {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        // The first event is over, which could otherwise come with those that are looked for.
        b.writable().await.unwrap();
        assert!(is_pending(|cx| b.poll_read_ready(cx)));
        a.write_all(b"ping").await.unwrap();
        poll_fn(|cx| b.poll_read_ready(cx)).await.unwrap();
        b.read_exact(&mut [0; 4]).await.unwrap();
        // Nobody has been told that there is nothing more.
        poll_fn(|cx| b.poll_read_ready(cx)).await.unwrap();
        assert_eq!(kind(b.try_read(&mut [0])), ErrorKind::WouldBlock);
        assert!(is_pending(|cx| b.poll_read_ready(cx)));
        drop(a);
        poll_fn(|cx| b.poll_read_ready(cx)).await.unwrap();
    });
}

#[test]
fn stream_poll_write_ready() {
    on_tokio(async {
        let (a, b) = UnixStream::pair().unwrap();
        poll_fn(|cx| a.poll_write_ready(cx)).await.unwrap();
        while a.try_write(&[0; 0x1_0000]).is_ok() {}
        assert!(is_pending(|cx| a.poll_write_ready(cx)));
        drop(b);
        poll_fn(|cx| a.poll_write_ready(cx)).await.unwrap();
        assert_eq!(kind(a.try_write(&[0])), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_listener_that_goes_before_it_accepts() {
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixListener::bind(&path).unwrap();
        let mut stream = UnixStream::connect(&path).await.unwrap();
        assert!(now(&mut pin!(stream.readable())).await.is_none());
        drop(listener);
        assert!(stream.ready(Interest::READABLE).await.unwrap().is_read_closed());
        match stream.read(&mut [0]).await {
            Ok(count) => assert_eq!(count, 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        assert_eq!(kind(UnixStream::connect(&path).await), ErrorKind::ConnectionRefused);
    });
}

/// As with a `tokio::net::UnixSocket` that was bound before it connects.
#[test]
fn a_client_with_a_name() {
    on_tokio(async {
        use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
        let folder = Folder::new();
        let (path, own_path) = (folder.0.join("sock"), folder.0.join("peer.sock"));
        let listener = UnixListener::bind_with(&path, Some(0o600), 1024).unwrap();
        let socket: OwnedFd = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&socket, &SocketAddrUnix::new(&own_path).unwrap()).unwrap();
        rustix::net::connect(&socket, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        let mut client = UnixStream::try_from(socket).unwrap();
        let (mut server, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.as_pathname(), Some(&*own_path));
        assert_eq!(server.peer_addr().unwrap(), peer);
        client.write_all(b"hello").await.unwrap();
        drop(client);
        let mut got = String::new();
        server.read_to_string(&mut got).await.unwrap();
        assert_eq!(got, "hello");
    });
}

#[test]
fn stream_credentials() {
    on_tokio(async {
        let (a, b) = UnixStream::pair().unwrap();
        let (of_a, of_b) = (a.peer_cred().unwrap(), b.peer_cred().unwrap());
        assert_eq!(of_a, of_b);
        assert_eq!(of_a.uid(), rustix::process::geteuid().as_raw());
        assert_eq!(of_a.gid(), rustix::process::getegid().as_raw());
    });
}

#[test]
fn stream_peek_and_options() {
    on_tokio(async {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        let mut seen = [0; 8];
        let (count, ()) = tokio::join!(async { b.peek(&mut seen).await.unwrap() }, async {
            tokio::task::yield_now().await;
            a.try_write(b"seen").map(drop).unwrap();
        });
        assert_eq!(&seen[..count], b"seen");
        assert_eq!(b.recv_queue_size().unwrap(), 4);
        b.read_exact(&mut [0; 4]).await.unwrap();
        assert!(a.take_error().unwrap().is_none());
        assert!(a.send_buffer_size().unwrap() > 0);
        a.shutdown_now(Shutdown::Write).unwrap();
        assert_eq!(b.read(&mut seen).await.unwrap(), 0);
        a.flush().await.unwrap();
    });
}

#[test]
fn stream_drain() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        a.drain().await.unwrap();
        a.write_all(b"unread").await.unwrap();
        {
            let mut drain = pin!(a.drain());
            assert!(now(&mut drain).await.is_none());
            b.read_exact(&mut [0; 6]).await.unwrap();
            drain.await.unwrap();
        }
        a.write_all(b"unread").await.unwrap();
        drop(b);
        assert_eq!(kind(a.drain().await), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_full_backlog() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixListener::bind_with(&path, None, 0).unwrap();
        let _first = UnixStream::connect(&path).await.unwrap();
        let mut second = pin!(UnixStream::connect(&path));
        assert!(now(&mut second).await.is_none());
        listener.accept().await.unwrap();
        second.await.unwrap();
    });
}

async fn say_and_hear(
    read: &mut (dyn AsyncRead + Unpin),
    write: &mut (dyn AsyncWrite + Unpin),
    says: &[u8],
) -> io::Result<Vec<u8>> {
    write.write_all(says).await?;
    write.shutdown().await?;
    let mut heard = Vec::new();
    read.read_to_end(&mut heard).await?;
    Ok(heard)
}

#[test]
fn split_borrowed() {
    on_tokio(async {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        let ((mut a_read, mut a_write), (mut b_read, mut b_write)) = (a.split(), b.split());
        let (a_heard, b_heard) = tokio::try_join!(
            say_and_hear(&mut a_read, &mut a_write, b"from a"),
            say_and_hear(&mut b_read, &mut b_write, b"from b"),
        )
        .unwrap();
        assert_eq!((&*a_heard, &*b_heard), (&b"from b"[..], &b"from a"[..]));
        assert!(a_read.local_addr().unwrap().is_unnamed() && a_write.peer_addr().unwrap().is_unnamed());
    });
}

#[test]
fn split_borrowed_halves_end_nothing() {
    on_tokio(async {
        let (mut a, b) = UnixStream::pair().unwrap();
        let (read, write) = a.split();
        write.writable().await.unwrap();
        assert_eq!(write.try_write(b"one").unwrap(), 3);
        assert_eq!(write.try_write_vectored(&[IoSlice::new(b"two")]).unwrap(), 3);
        assert!(write.ready(Interest::WRITABLE).await.unwrap().is_writable());
        assert_eq!(kind(read.try_read(&mut [0])), ErrorKind::WouldBlock);
        b.readable().await.unwrap();
        let mut got = [0; 8];
        assert_eq!(b.try_read(&mut got).unwrap(), 6);
        assert_eq!(kind(b.try_read(&mut got)), ErrorKind::WouldBlock);
        b.try_write(b"back").unwrap();
        read.readable().await.unwrap();
        assert!(read.ready(Interest::READABLE).await.unwrap().is_readable());
        assert_eq!(read.try_read_vectored(&mut [IoSliceMut::new(&mut got)]).unwrap(), 4);
        assert_eq!(read.as_ref().peer_cred().unwrap(), write.as_ref().peer_cred().unwrap());
    });
}

#[test]
fn split_owned() {
    on_tokio(async {
        let (a, b) = UnixStream::pair().unwrap();
        let ((mut a_read, mut a_write), (mut b_read, mut b_write)) = (a.into_split(), b.into_split());
        let (up, down) = (bytes(1, 1 << 20), bytes(2, 1 << 20));
        let (send_up, send_down) = (up.clone(), down.clone());
        let writers = [
            tokio::spawn(async move { a_write.write_all(&send_up).await }),
            tokio::spawn(async move { b_write.write_all(&send_down).await }),
        ];
        // Their ends come when the other's half that writes is dropped with its task.
        let (mut got_up, mut got_down) = (Vec::new(), Vec::new());
        tokio::try_join!(b_read.read_to_end(&mut got_up), a_read.read_to_end(&mut got_down)).unwrap();
        assert!(got_up == up && got_down == down);
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
    });
}

#[test]
fn split_dropping_forgetting_shutting_down() {
    on_tokio(async {
        let (a, b) = UnixStream::pair().unwrap();
        let (a_read, a_write) = a.into_split();
        let (mut b_read, mut b_write) = b.into_split();
        a_write.forget();
        assert!(now(&mut pin!(b_read.read(&mut [0]))).await.is_none());
        b_write.shutdown().await.unwrap();
        assert!(a_read.ready(Interest::READABLE).await.unwrap().is_read_closed());
        assert_eq!(a_read.try_read(&mut [0]).unwrap(), 0);
        // The last half closes the socket.
        drop(a_read);
        assert_eq!(b_read.read(&mut [0]).await.unwrap(), 0);
        assert_eq!(kind(b_write.write(&[0]).await), ErrorKind::BrokenPipe);
    });
}

#[test]
fn split_reunite() {
    on_tokio(async {
        let (a, b) = UnixStream::pair().unwrap();
        let (a_read, a_write) = a.into_split();
        let (b_read, b_write) = b.into_split();
        assert!(a_read.peer_addr().unwrap().is_unnamed() && a_write.local_addr().unwrap().is_unnamed());
        let error: ReuniteError = a_read.reunite(b_write).unwrap_err();
        assert_eq!(error.to_string(), "the two halves belong to different streams");
        let ReuniteError(a_read, b_write): ReuniteError = error;
        let halves: (OwnedReadHalf, OwnedWriteHalf) = (b_read, b_write);
        let mut a = a_write.reunite(a_read).unwrap();
        let mut b = halves.0.reunite(halves.1).unwrap();
        // No direction has ended on the way.
        tokio::try_join!(a.write_all(b"ab"), b.write_all(b"ba")).unwrap();
        let (mut from_a, mut from_b) = ([0; 2], [0; 2]);
        tokio::try_join!(b.read_exact(&mut from_a), a.read_exact(&mut from_b)).unwrap();
        assert_eq!((&from_a, &from_b), (b"ab", b"ba"));
    });
}

#[test]
fn several_tasks_accept() {
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = Arc::new(UnixListener::bind(&path).unwrap());
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let listener = listener.clone();
                tokio::spawn(async move {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    stream.write_all(b"welcome").await
                })
            })
            .collect();
        for _ in 0..8 {
            let mut got = String::new();
            UnixStream::connect(&path).await.unwrap().read_to_string(&mut got).await.unwrap();
            assert_eq!(got, "welcome");
        }
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
}

#[test]
fn listener_poll_accept() {
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixListener::bind_addr(&SocketAddr::from_pathname(&path).unwrap()).unwrap();
        assert!(is_pending(|cx| listener.poll_accept(cx)));
        let address = listener.local_addr().unwrap();
        let client = UnixStream::connect_addr(&address);
        let accept = poll_fn(|cx| listener.poll_accept(cx));
        let (_client, (_server, peer)) = tokio::try_join!(client, accept).unwrap();
        assert!(peer.is_unnamed());
        assert!(listener.take_error().unwrap().is_none());
    });
}

/// A thread of the runtime that reads from a socket in blocking mode would hang.
#[test]
fn from_std_takes_blocking_sockets_of_std_and_ours() {
    let (_peer, ours) = uds::UnixStream::pair().unwrap();
    let (_std_peer, std) = net::UnixStream::pair().unwrap();
    on_tokio(async move {
        for mut stream in [UnixStream::from_std(ours).unwrap(), UnixStream::from_std(std).unwrap()] {
            let mut buffer = [0];
            let mut read = pin!(stream.read(&mut buffer));
            assert!(now(&mut read).await.is_none());
        }
        let (_peer, ours) = uds::UnixDatagram::pair().unwrap();
        let ours = UnixDatagram::from_std(ours).unwrap();
        let mut buffer = [0];
        assert!(now(&mut pin!(ours.recv(&mut buffer))).await.is_none());
    });
}

#[test]
fn listener_conversions() {
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let std = net::UnixListener::bind(&path).unwrap();
        std.set_nonblocking(true).unwrap();
        let ours = UnixListener::from_std(std).unwrap();
        let theirs = tokio::net::UnixListener::try_from(ours).unwrap();
        let (accepted, _client) = tokio::try_join!(theirs.accept(), UnixStream::connect(&path)).unwrap();
        let accepted = UnixStream::try_from(accepted.0).unwrap();
        tokio::net::UnixStream::try_from(accepted).unwrap().writable().await.unwrap();
        let ours = UnixListener::try_from(theirs).unwrap();
        let blocking = uds::UnixListener::try_from(ours).unwrap();
        let ours = UnixListener::try_from(OwnedFd::from(blocking)).unwrap();
        let (_accepted, _client) = tokio::try_join!(ours.accept(), UnixStream::connect(&path)).unwrap();
    });
}

#[test]
fn shutdown_wakes_all_that_accept() {
    if cfg!(not(any(target_os = "linux", target_os = "freebsd"))) || cfg!(interprocess_portable_unix) {
        return common::skip("only shutdown of a listening socket on Linux and FreeBSD does this");
    }
    on_tokio(async {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.0.join("stream")).unwrap();
        let packets = UnixSeqpacketListener::bind(folder.0.join("seqpacket")).unwrap();
        let mut accepts = (pin!(listener.accept()), pin!(packets.accept()), pin!(packets.accept()));
        assert!(now(&mut accepts.0).await.is_none());
        assert!(now(&mut accepts.1).await.is_none() && now(&mut accepts.2).await.is_none());
        listener.shutdown().unwrap();
        packets.shutdown().unwrap();
        assert_eq!(kind(accepts.0.await), ErrorKind::InvalidInput);
        assert_eq!(kind(accepts.1.await), ErrorKind::InvalidInput);
        assert_eq!(kind(accepts.2.await), ErrorKind::InvalidInput);
        assert_eq!(kind(poll_fn(|cx| packets.poll_accept(cx)).await), ErrorKind::InvalidInput);
    });
}

/// As Tokio's own types, but with a clear error where there are no such names.
#[test]
fn paths_with_a_zero_byte_first_are_abstract_names() {
    on_tokio(async {
        let path = format!("\0{}", common::unique());
        let listener = match UnixListener::bind(&path) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                return common::skip("there are no abstract names");
            }
            other => other.unwrap(),
        };
        assert_eq!(listener.local_addr().unwrap().as_abstract_name(), Some(&path.as_bytes()[1..]));
        tokio::try_join!(listener.accept(), UnixStream::connect(&path)).unwrap();
        let connects = UnixSocket::new_stream().unwrap().connect(&path);
        tokio::try_join!(listener.accept(), connects).unwrap();
        drop(listener);
        let again = UnixSocket::new_stream().unwrap();
        again.bind(&path).unwrap();
        let again = again.listen(1).unwrap();
        tokio::try_join!(again.accept(), UnixStream::connect(&path)).unwrap();
    });
}

#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn names_that_the_kernel_chooses() {
    on_tokio(async {
        let listener = UnixListener::autobind().unwrap();
        let address = listener.local_addr().unwrap();
        assert!(address.as_abstract_name().is_some());
        tokio::try_join!(listener.accept(), UnixStream::connect_addr(&address)).unwrap();

        let packets = UnixSeqpacketListener::autobind().unwrap();
        let address = packets.local_addr().unwrap();
        tokio::try_join!(packets.accept(), UnixSeqpacket::connect_addr(&address)).unwrap();

        let (a, b) = (UnixDatagram::autobind().unwrap(), UnixDatagram::autobind().unwrap());
        a.send_to_addr(b"x", &b.local_addr().unwrap()).await.unwrap();
        let (_, from) = b.recv_from(&mut [0]).await.unwrap();
        assert_eq!(from, a.local_addr().unwrap());
    });
}

#[test]
fn seqpacket_listener() {
    if NO_SEQPACKET {
        return common::skip("this system has no SOCK_SEQPACKET");
    }
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixSeqpacketListener::bind_with(&path, Some(0o600), 8).unwrap();
        assert!(is_pending(|cx| listener.poll_accept(cx)));
        assert_eq!(kind(UnixSeqpacketListener::bind(&path)), ErrorKind::AddrInUse);
        let (client, accepted) =
            tokio::try_join!(UnixSeqpacket::connect(&path), poll_fn(|cx| listener.poll_accept(cx))).unwrap();
        let (server, peer) = accepted;
        assert!(peer.is_unnamed());
        // With a mode, other systems than Linux make the file elsewhere first, which stays the address.
        assert_eq!(client.peer_addr().unwrap(), listener.local_addr().unwrap());
        assert_eq!(server.local_addr().unwrap(), listener.local_addr().unwrap());
        assert_eq!(client.peer_cred().unwrap(), server.peer_cred().unwrap());
        client.send(b"packet").await.unwrap();
        assert_eq!(server.recv(&mut [0; 16]).await.unwrap(), 6);

        let blocking = uds::UnixSeqpacketListener::try_from(listener).unwrap();
        let listener = UnixSeqpacketListener::try_from(OwnedFd::from(blocking)).unwrap();
        assert!(listener.take_error().unwrap().is_none());
        tokio::try_join!(listener.accept(), UnixSeqpacket::connect(&path)).unwrap();
        drop(listener);
        // A child that another test is just starting has it for a moment.
        let refused = loop {
            match UnixSeqpacket::connect(&path).await {
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{refused}");
    });
}

async fn echo_server(socket: UnixDatagram) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await?;
        if let Some(path) = from.as_pathname() {
            socket.send_to(&buffer[..length], path).await?;
        }
    }
}

#[test]
fn datagram_echo() {
    on_tokio(async {
        let folder = Folder::new();
        let (server, client) = (folder.0.join("server"), folder.0.join("client"));
        let serving = tokio::spawn(echo_server(UnixDatagram::bind(&server).unwrap()));
        let client = UnixDatagram::bind(client).unwrap();
        client.connect(&server).unwrap();
        assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(&*server));
        let mut buffer = [0; 16];
        client.send(b"ECHO").await.unwrap();
        let length = client.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"ECHO");
        client.send(b"AGAIN").await.unwrap();
        let (length, from) = client.recv_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..length], from.as_pathname()), (&b"AGAIN"[..], Some(&*server)));
        serving.abort();
    });
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

/// Sends numbers until there is no room.
fn fill(send: impl Fn(&[u8]) -> io::Result<usize>) -> u32 {
    for number in 0u32.. {
        match send(&number.to_ne_bytes()) {
            Ok(length) => assert_eq!(length, 4),
            Err(error) => {
                assert!(is_full(&error), "{error}");
                return number;
            }
        }
    }
    unreachable!("a queue without end")
}

#[test]
fn datagram_trying_never_waits() {
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        a.writable().await.unwrap();
        let count = fill(|bytes| a.try_send(bytes));
        assert!(count > 0);
        let mut buffer = [0; 16];
        for number in 0..count {
            b.readable().await.unwrap();
            assert_eq!(b.try_recv(&mut buffer).unwrap(), 4);
            assert_eq!(buffer[..4], number.to_ne_bytes());
        }
        assert_eq!(kind(b.try_recv(&mut buffer)), ErrorKind::WouldBlock);
        assert_eq!(kind(b.try_recv_from(&mut buffer)), ErrorKind::WouldBlock);
        a.writable().await.unwrap();
        a.try_send(b"room again").unwrap();
    });
}

#[test]
fn datagram_two_tasks_share_one() {
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let socket = Arc::new(UnixDatagram::bind(&path).unwrap());
        let other = socket.clone();
        let receiver = tokio::spawn(async move {
            let mut buffer = [0; 32];
            let (length, _) = other.recv_from(&mut buffer).await.unwrap();
            buffer[..length].to_vec()
        });
        socket.send_to(b"hello", &path).await.unwrap();
        assert_eq!(receiver.await.unwrap(), b"hello");
    });
}

fn bound_pair(folder: &Path) -> (UnixDatagram, UnixDatagram) {
    (UnixDatagram::bind(folder.join("a")).unwrap(), UnixDatagram::bind(folder.join("b")).unwrap())
}

#[test]
fn datagram_polling() {
    on_tokio(async {
        let folder = Folder::new();
        let (a, b) = bound_pair(&folder.0);
        let (a_path, b_path) = (folder.0.join("a"), folder.0.join("b"));
        let mut room = [0; 32];
        assert!(is_pending(|cx| b.poll_recv(cx, &mut ReadBuf::new(&mut room))));
        poll_fn(|cx| a.poll_send_to(cx, b"hello", &b_path)).await.unwrap();
        let mut buffer = ReadBuf::new(&mut room);
        buffer.put_slice(b"> ");
        let from = poll_fn(|cx| b.poll_recv_from(cx, &mut buffer)).await.unwrap();
        assert_eq!((buffer.filled(), from.as_pathname()), (&b"> hello"[..], Some(&*a_path)));

        a.connect(&b_path).unwrap();
        b.connect_addr(&SocketAddr::from_pathname(&a_path).unwrap()).unwrap();
        poll_fn(|cx| a.poll_send(cx, b"connected")).await.unwrap();
        let mut buffer = ReadBuf::new(&mut room);
        poll_fn(|cx| b.poll_recv(cx, &mut buffer)).await.unwrap();
        assert_eq!(buffer.filled(), b"connected");
    });
}

#[test]
fn datagram_trying_and_readiness() {
    on_tokio(async {
        let folder = Folder::new();
        let (client, server) = bound_pair(&folder.0);
        let (own, to) = (folder.0.join("a"), server.local_addr().unwrap());
        let mut buffer = [0; 512];
        for round in 0..6 {
            let by_polling = round % 2 == 0;
            let ready = async || match by_polling {
                true => poll_fn(|cx| client.poll_send_ready(cx)).await,
                false => client.writable().await,
            };
            let sent = once_ready(ready, || match by_polling {
                true => client.try_send_to(b"hello world", folder.0.join("b")),
                false => client.try_send_to_addr(b"hello world", &to),
            });
            assert_eq!(sent.await, 11);
            let ready = async || match by_polling {
                true => poll_fn(|cx| server.poll_recv_ready(cx)).await,
                false => server.readable().await,
            };
            let (length, from) = once_ready(ready, || server.try_recv_from(&mut buffer)).await;
            assert_eq!((&buffer[..length], from.as_pathname()), (&b"hello world"[..], Some(&*own)));
        }
    });
}

#[test]
fn datagram_waiting_for_room() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        a.writable().await.unwrap();
        let count = fill(|bytes| a.try_send(bytes));
        let mut send = pin!(a.send(b"last"));
        assert!(now(&mut send).await.is_none());
        let mut buffer = [0; 16];
        for _ in 0..count {
            b.recv(&mut buffer).await.unwrap();
        }
        send.await.unwrap();
        let length = b.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"last");
    });
}

/// The kernel does not tell this sender when there is room: it is not connected.
#[test]
fn datagram_waiting_for_room_that_others_have_taken() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let (other, ours) = (UnixDatagram::unbound().unwrap(), UnixDatagram::unbound().unwrap());
        let (elsewhere, elsewhere_path) = (folder.0.join("elsewhere"), folder.0.join("elsewhere"));
        let elsewhere = UnixDatagram::bind(elsewhere).unwrap();
        ours.writable().await.unwrap();
        let count = fill(|bytes| other.try_send_to(bytes, &path));
        assert_eq!(kind(ours.try_send_to(b"late", &path)), ErrorKind::WouldBlock);
        let mut send = pin!(ours.send_to(b"late", &path));
        let address = SocketAddr::from_pathname(&path).unwrap();
        let messages = [OutgoingMessage::new(b"later").to(&address)];
        let mut batch = SendBatch::new(1);
        let mut send_many = pin!(ours.send_many(&messages, &mut batch));
        assert!(now(&mut send).await.is_none() && now(&mut send_many).await.is_none());
        // The full queue is in nobody else's way.
        ours.send_to(b"at once", &elsewhere_path).await.unwrap();
        ours.try_send_to(b"at once", &elsewhere_path).unwrap();
        assert_eq!(elsewhere.recv(&mut [0; 16]).await.unwrap(), 7);
        let mut buffer = [0; 16];
        for _ in 0..count {
            receiver.recv(&mut buffer).await.unwrap();
        }
        send.await.unwrap();
        assert_eq!(send_many.await.unwrap(), 1);
        for expected in [&b"late"[..], b"later"] {
            let length = receiver.recv(&mut buffer).await.unwrap();
            assert_eq!(&buffer[..length], expected);
        }
    });
}

#[test]
fn datagram_peeking() {
    on_tokio(async {
        let folder = Folder::new();
        let (a, b) = bound_pair(&folder.0);
        let mut buffer = [0; 16];
        {
            let mut peek = pin!(b.peek(&mut buffer));
            assert!(now(&mut peek).await.is_none());
            a.send_to(b"seen", folder.0.join("b")).await.unwrap();
            assert_eq!(peek.await.unwrap(), 4);
        }
        let (length, from) = b.peek_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..length], from), (&b"seen"[..], a.local_addr().unwrap()));
        assert_eq!(b.recv(&mut buffer).await.unwrap(), 4);
        assert_eq!(kind(b.try_recv(&mut buffer)), ErrorKind::WouldBlock);
    });
}

/// Where a socket stays ready for ever, waiting for it must not keep the thread busy.
#[test]
fn datagram_shutdown() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        a.send(b"before").await.unwrap();
        let (mut one, mut other) = ([0; 16], [0; 16]);
        assert_eq!(b.recv(&mut one).await.unwrap(), 6);
        let (mut waits, mut polls) = (pin!(b.recv(&mut one)), ReadBuf::new(&mut other));
        assert!(now(&mut waits).await.is_none());
        b.shutdown(Shutdown::Both).unwrap();
        assert_eq!(kind(waits.await), ErrorKind::UnexpectedEof);
        assert_eq!(kind(poll_fn(|cx| b.poll_recv(cx, &mut polls)).await), ErrorKind::UnexpectedEof);
        assert_eq!(kind(b.send(b"x").await), ErrorKind::BrokenPipe);
        assert!(b.ready(Interest::READABLE).await.unwrap().is_read_closed());
        assert_eq!(kind(a.send(b"x").await), ErrorKind::BrokenPipe);
    });
}

/// The kernel tells an error when the peer turns to another, which Tokio takes for the end of writing for ever.
#[test]
fn datagram_that_was_left() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let folder = Folder::new();
        let third = UnixDatagram::bind(folder.0.join("third")).unwrap();
        let (a, b) = UnixDatagram::pair().unwrap();
        b.send(b"never received").await.unwrap();
        a.connect(folder.0.join("third")).unwrap();
        b.ready(Interest::ERROR).await.unwrap();
        assert!(b.take_error().unwrap().is_some());
        b.connect(folder.0.join("third")).unwrap();
        let count = fill(|bytes| b.try_send(bytes));
        let mut send = pin!(b.send(b"last"));
        let mut send_to = pin!(b.send_to(b"last", folder.0.join("third")));
        assert!(now(&mut send).await.is_none() && now(&mut send_to).await.is_none());
        assert!(is_pending(|cx| b.poll_send(cx, b"last")));
        let receive = async {
            for _ in 0..count + 2 {
                third.recv(&mut [0; 16]).await.unwrap();
            }
        };
        let (sent, sent_to, ()) = tokio::join!(send, send_to, receive);
        assert_eq!((sent.unwrap(), sent_to.unwrap()), (4, 4));
    });
}

/// Only the object through which it is done remembers it.
#[test]
fn shutdown_of_a_listener_through_a_clone() {
    if !cfg!(target_os = "linux") || cfg!(interprocess_portable_unix) {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let folder = Folder::new();
        let blocking = uds::UnixListener::bind(folder.0.join("sock")).unwrap();
        let clone = blocking.try_clone().unwrap();
        let listener = UnixListener::try_from(blocking).unwrap();
        let mut accept = pin!(listener.accept());
        assert!(now(&mut accept).await.is_none());
        clone.shutdown().unwrap();
        assert_eq!(kind(accept.await), ErrorKind::InvalidInput);
    });
}

#[test]
fn datagrams_into_buffers_that_advance() {
    on_tokio(async {
        let folder = Folder::new();
        let (from, to) = (folder.0.join("from"), folder.0.join("to"));
        let (sender, receiver) = (UnixDatagram::bind(&from).unwrap(), UnixDatagram::bind(&to).unwrap());
        let mut buffer = Vec::with_capacity(64);
        assert_eq!(kind(receiver.try_recv_buf(&mut buffer)), ErrorKind::WouldBlock);
        assert_eq!(kind(receiver.try_recv_buf_from(&mut buffer)), ErrorKind::WouldBlock);
        for text in ["one ", "two ", "", "three ", "four"] {
            sender.send_to(text.as_bytes(), &to).await.unwrap();
        }
        assert_eq!(receiver.recv_buf(&mut buffer).await.unwrap(), 4);
        let (length, address) = receiver.recv_buf_from(&mut buffer).await.unwrap();
        assert_eq!((length, address.as_pathname()), (4, Some(&*from)));
        assert_eq!(receiver.try_recv_buf(&mut buffer).unwrap(), 0);
        let (length, address) = receiver.try_recv_buf_from(&mut buffer).unwrap();
        assert_eq!((length, address.as_pathname()), (6, Some(&*from)));
        assert_eq!(buffer, b"one two three ");
        let mut short = &mut [0; 2][..];
        assert_eq!(receiver.try_recv_buf(&mut short).unwrap(), 2, "a datagram is truncated");
        assert!(short.is_empty());
    });
}

#[test]
fn datagram_conversions() {
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        let theirs = tokio::net::UnixDatagram::try_from(b).unwrap();
        a.send(b"").await.unwrap();
        assert_eq!(theirs.recv(&mut [0; 4]).await.unwrap(), 0);
        theirs.send(b"to ours").await.unwrap();
        assert_eq!(a.recv(&mut [0; 16]).await.unwrap(), 7);

        let b = UnixDatagram::try_from(theirs).unwrap();
        let blocking = uds::UnixDatagram::try_from(b).unwrap();
        let waiting = tokio::task::spawn_blocking(move || {
            let length = blocking.recv(&mut [0; 16]).unwrap();
            (blocking, length)
        });
        tokio::task::yield_now().await;
        a.send(b"blocking").await.unwrap();
        let (blocking, length) = waiting.await.unwrap();
        assert_eq!(length, 8);
        let b = UnixDatagram::try_from(OwnedFd::from(blocking)).unwrap();
        b.shutdown(Shutdown::Write).unwrap();
        assert_eq!(kind(b.send(b"x").await), ErrorKind::BrokenPipe);
        assert!(b.take_error().unwrap().is_none());
        assert_eq!(kind(UnixDatagram::unbound().unwrap().send(b"x").await), ErrorKind::NotConnected);
    });
}

#[test]
fn packets_are_whole() {
    if NO_SEQPACKET {
        return common::skip("this system has no SOCK_SEQPACKET");
    }
    on_tokio(async {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        let mut buffer = [0; 16];
        assert_eq!(kind(b.try_recv(&mut buffer)), ErrorKind::WouldBlock);
        assert!(is_pending(|cx| b.poll_recv_ready(cx)));
        a.writable().await.unwrap();
        a.try_send(b"one").unwrap();
        poll_fn(|cx| a.poll_send_ready(cx)).await.unwrap();
        poll_fn(|cx| a.poll_send(cx, b"two")).await.unwrap();
        a.send_vectored(&[IoSlice::new(b"th"), IoSlice::new(b"ree")]).await.unwrap();
        assert_eq!(b.peek(&mut buffer).await.unwrap(), 3);
        b.readable().await.unwrap();
        assert_eq!(b.try_recv(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"one");
        let mut read = ReadBuf::new(&mut buffer);
        poll_fn(|cx| b.poll_recv(cx, &mut read)).await.unwrap();
        assert_eq!(read.filled(), b"two");
        let (mut first, mut second) = ([0; 1], [0; 8]);
        let slices = &mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(b.recv_vectored(slices).await.unwrap(), 5);
        assert_eq!((&first, &second[..4]), (b"t", &b"hree"[..]));
    });
}

#[test]
fn seqpacket_the_end_and_packets_of_length_zero() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    on_tokio(async {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        let mut buffer = [0; 16];
        assert_eq!(kind(b.try_recv_packet(&mut buffer)), ErrorKind::WouldBlock);
        {
            let mut receive = pin!(b.recv_packet(&mut buffer));
            assert!(now(&mut receive).await.is_none());
            a.send(b"").await.unwrap();
            assert_eq!(receive.await.unwrap(), Some(0));
        }
        a.send(b"").await.unwrap();
        a.send(b"x").await.unwrap();
        a.shutdown(Shutdown::Write).unwrap();
        assert_eq!(b.recv_packet(&mut buffer).await.unwrap(), Some(0));
        assert_eq!(b.recv_packet(&mut buffer).await.unwrap(), Some(1));
        assert_eq!(b.recv_packet(&mut buffer).await.unwrap(), None);
        while !b.ready(Interest::READABLE).await.unwrap().is_read_closed() {
            tokio::task::yield_now().await;
        }
        b.send(b"the other way").await.unwrap();
        drop(b);
        assert_eq!(a.recv_packet(&mut buffer).await.unwrap(), Some(13));
        assert_eq!(a.recv_packet(&mut buffer).await.unwrap(), None);
        assert_eq!(kind(a.send(b"x").await), ErrorKind::BrokenPipe);
    });
}

#[test]
fn seqpacket_waiting_for_room() {
    if NO_SEQPACKET {
        return common::skip("this system has no SOCK_SEQPACKET");
    }
    on_tokio(async {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        a.writable().await.unwrap();
        let mut count = 0;
        while a.try_send(&[1; 1000]).is_ok() {
            count += 1;
        }
        let mut send = pin!(a.send(b"last"));
        assert!(now(&mut send).await.is_none());
        let mut buffer = [0; 1024];
        for _ in 0..count {
            assert_eq!(b.recv(&mut buffer).await.unwrap(), 1000);
        }
        send.await.unwrap();
        assert_eq!(b.recv(&mut buffer).await.unwrap(), 4);
    });
}

#[test]
fn seqpacket_conversions() {
    if NO_SEQPACKET {
        return common::skip("this system has no SOCK_SEQPACKET");
    }
    on_tokio(async {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        let blocking = uds::UnixSeqpacket::try_from(b).unwrap();
        let waiting = tokio::task::spawn_blocking(move || {
            let length = blocking.recv(&mut [0; 16]).unwrap();
            (blocking, length)
        });
        tokio::task::yield_now().await;
        a.send(b"blocking").await.unwrap();
        let (blocking, length) = waiting.await.unwrap();
        assert_eq!(length, 8);
        let b = UnixSeqpacket::try_from(OwnedFd::from(blocking)).unwrap();
        b.set_passcred(true).unwrap();
        assert!(b.passcred().unwrap() && b.take_error().unwrap().is_none());
        drop(a);
        assert_eq!(b.recv_packet(&mut [0]).await.unwrap(), None);
    });
}

/// An operation that would have to wait clears the readiness, until the next event.
#[test]
fn operations_of_the_callers_own() {
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        b.writable().await.unwrap();
        let would_block = || Err::<(), _>(ErrorKind::WouldBlock.into());
        let mut tries = 0;
        let untried = b.try_io(Interest::READABLE, || {
            tries += 1;
            Ok(())
        });
        assert_eq!((kind(untried), tries), (ErrorKind::WouldBlock, 0));
        a.send(b"one").await.unwrap();
        b.readable().await.unwrap();
        assert_eq!(kind(b.try_io(Interest::READABLE, would_block)), ErrorKind::WouldBlock);
        assert!(now(&mut pin!(b.readable())).await.is_none());
        a.send(b"two").await.unwrap();
        let receive = || Ok(rustix::io::read(&b, &mut [0; 16])?);
        assert_eq!(b.async_io(Interest::READABLE, receive).await.unwrap(), 3);
        assert_eq!(b.try_io(Interest::READABLE, receive).unwrap(), 3);
        assert!(now(&mut pin!(b.async_io(Interest::READABLE, receive))).await.is_none());

        let (a, b) = UnixStream::pair().unwrap();
        b.writable().await.unwrap();
        let send = || Ok(rustix::io::write(&a, b"x")?);
        assert_eq!(a.async_io(Interest::WRITABLE, send).await.unwrap(), 1);
        b.readable().await.unwrap();
        assert_eq!(kind(b.try_io(Interest::READABLE, would_block)), ErrorKind::WouldBlock);
        assert!(now(&mut pin!(b.readable())).await.is_none());

        if NO_SEQPACKET {
            return common::skip("this system has no SOCK_SEQPACKET");
        }
        let (a, b) = UnixSeqpacket::pair().unwrap();
        b.writable().await.unwrap();
        let send = || Ok(rustix::io::write(&a, b"x")?);
        assert_eq!(a.async_io(Interest::WRITABLE, send).await.unwrap(), 1);
        b.readable().await.unwrap();
        assert_eq!(kind(b.try_io(Interest::READABLE, would_block)), ErrorKind::WouldBlock);
        assert!(now(&mut pin!(b.readable())).await.is_none());
    });
}

#[test]
fn futures_can_be_spawned() {
    fn check(_: impl Send) {}
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        let mut room = [0; ancillary_size(1)];
        let mut ancillary = SocketAncillary::new(&mut room);
        check(a.send(b""));
        check(a.send_to(b"", "x"));
        check(a.send_with_fds(b"", &[] as &[OwnedFd]));
        check(a.send_vectored_with_ancillary(&[], &mut ancillary));
        check(a.send_many(&[], &mut SendBatch::new(1)));
        check(b.recv_many(&mut RecvBatch::new(1, 1)));
        check(b.recv_vectored_with_ancillary_from(&mut [], &mut ancillary));
        check(b.recv_with_fds(&mut [], 1));
        check(b.ready(Interest::READABLE));
        let (a, _b) = UnixStream::pair().unwrap();
        check(a.recv_with_fds(&mut [], 1));
        check(a.into_split());
        check(UnixStream::connect("x"));
        check(UnixSeqpacket::connect("x"));
    });
}

/// Passing descriptors, whatever kind of socket it is.
async fn passing(
    send: impl AsyncFn(&[u8], &[BorrowedFd<'_>]) -> io::Result<usize>,
    receive: impl AsyncFn(&mut [u8], usize) -> io::Result<(usize, ReceivedFds)>,
) {
    let (mut kept, passed) = net::UnixStream::pair().unwrap();
    let mut buffer = [0; 16];

    // A receiving that was given up has taken nothing.
    tokio::select! {
        biased;
        early = receive(&mut buffer, 1) => panic!("from nobody: {early:?}"),
        () = async {} => {}
    }
    assert_eq!(send(b"one", &[passed.as_fd()]).await.unwrap(), 3);
    let (length, fds) = receive(&mut buffer, 1).await.unwrap();
    assert_eq!((&buffer[..length], fds.len(), fds.is_truncated()), (&b"one"[..], 1, false));
    let mut arrived = net::UnixStream::from(fds.into_vec().pop().unwrap());
    arrived.write_all(b"through").unwrap();
    let mut through = [0; 7];
    kept.read_exact(&mut through).unwrap();
    assert_eq!(&through, b"through");

    send(b"three", &[passed.as_fd(); 3]).await.unwrap();
    let (length, fds) = receive(&mut buffer, 1).await.unwrap();
    assert_eq!((&buffer[..length], fds.len(), fds.is_truncated()), (&b"three"[..], 1, true));

    let too_many = if cfg!(target_os = "linux") { 254 } else { 10_000 };
    assert_eq!(kind(send(b"x", &vec![passed.as_fd(); too_many]).await), ErrorKind::InvalidInput);
    if cfg!(target_os = "linux") {
        send(b"most", &[passed.as_fd(); 253]).await.unwrap();
        let (length, fds) = receive(&mut buffer, 253).await.unwrap();
        assert_eq!((&buffer[..length], fds.len(), fds.is_truncated()), (&b"most"[..], 253, false));
    }

    // One who waits gets both.
    let (received, sent) = tokio::join!(receive(&mut buffer, 9), async {
        tokio::task::yield_now().await;
        send(b"waited for", &[passed.as_fd(); 2]).await
    });
    assert_eq!((received.unwrap().1.len(), sent.unwrap()), (2, 10));
}

#[test]
fn descriptors() {
    if !common::has_room_for_descriptors(600) {
        return;
    }
    on_tokio(async {
        let (a, b) = UnixStream::pair().unwrap();
        passing(async |x, y| a.send_with_fds(x, y).await, async |x, y| b.recv_with_fds(x, y).await).await;
        assert_eq!(kind(b.recv_with_fds(&mut [], 1).await), ErrorKind::InvalidInput);
        drop(a);
        assert_eq!(b.recv_with_fds(&mut [0], 1).await.unwrap().0, 0);

        let (a, b) = UnixDatagram::pair().unwrap();
        passing(async |x, y| a.send_with_fds(x, y).await, async |x, y| b.recv_with_fds(x, y).await).await;

        if !NO_SEQPACKET {
            let (a, b) = UnixSeqpacket::pair().unwrap();
            passing(async |x, y| a.send_with_fds(x, y).await, async |x, y| b.recv_with_fds(x, y).await).await;
        }

        let folder = Folder::new();
        let (a, b) = (folder.0.join("a"), folder.0.join("b"));
        let (a, b) = (UnixDatagram::bind_with(&a, Some(0o600)).unwrap(), UnixDatagram::bind(b).unwrap());
        let to = b.local_addr().unwrap();
        let send = async |x: &[u8], y: &[BorrowedFd<'_>]| a.send_with_fds_to(x, y, &to).await;
        let receive = async |x: &mut [u8], y| {
            let (length, fds, from) = b.recv_with_fds_from(x, y).await?;
            assert_eq!(from, a.local_addr().unwrap());
            Ok((length, fds))
        };
        passing(send, receive).await;
    });
}

/// Takes the only descriptor out of a buffer.
fn only_descriptor(ancillary: &mut SocketAncillary<'_>) -> OwnedFd {
    let mut all = Vec::new();
    for message in ancillary.messages() {
        if let Ok(AncillaryData::ScmRights(fds)) = message {
            all.extend(fds);
        }
    }
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[test]
fn control_messages() {
    on_tokio(async {
        let (_kept, passed) = net::UnixStream::pair().unwrap();
        let mut out = [0; ancillary_size(1)];
        let mut out = SocketAncillary::new(&mut out);
        assert!(out.add_fds(&[passed.as_fd()]));
        let mut back = [0; ancillary_size(1)];
        let mut back = SocketAncillary::new(&mut back);
        let slices = [IoSlice::new(b"sli"), IoSlice::new(b"ces")];
        let mut bytes = [0; 5];

        let (a, b) = UnixStream::pair().unwrap();
        {
            let into = &mut [IoSliceMut::new(&mut bytes)];
            let mut receive = pin!(b.recv_vectored_with_ancillary(into, &mut back));
            assert!(now(&mut receive).await.is_none());
            assert_eq!(a.send_vectored_with_ancillary(&slices, &mut out).await.unwrap(), 6);
            assert_eq!(receive.await.unwrap(), 5);
        }
        only_descriptor(&mut back);

        let folder = Folder::new();
        let path = folder.0.join("b");
        let (a, b) = (UnixDatagram::bind(folder.0.join("a")).unwrap(), UnixDatagram::bind(&path).unwrap());
        let to = b.local_addr().unwrap();
        a.connect(&path).unwrap();
        a.send_vectored_with_ancillary(&slices, &mut out).await.unwrap();
        a.send_vectored_with_ancillary_to(&slices, &mut out, &path).await.unwrap();
        a.send_vectored_with_ancillary_to_addr(&slices, &mut out, &to).await.unwrap();
        for _ in 0..2 {
            let into = &mut [IoSliceMut::new(&mut bytes)];
            let (length, is_truncated, from) =
                b.recv_vectored_with_ancillary_from(into, &mut back).await.unwrap();
            assert_eq!((length, is_truncated, from), (5, true, a.local_addr().unwrap()));
            only_descriptor(&mut back);
        }
        let into = &mut [IoSliceMut::new(&mut bytes)];
        assert_eq!(b.recv_vectored_with_ancillary(into, &mut back).await.unwrap(), (5, true));
        only_descriptor(&mut back);

        if NO_SEQPACKET {
            return common::skip("this system has no SOCK_SEQPACKET");
        }
        let (a, b) = UnixSeqpacket::pair().unwrap();
        a.send_vectored_with_ancillary(&slices, &mut out).await.unwrap();
        let into = &mut [IoSliceMut::new(&mut bytes)];
        assert_eq!(b.recv_vectored_with_ancillary(into, &mut back).await.unwrap(), (5, true));
        only_descriptor(&mut back);
    });
}

const COUNT: usize = 1000;

fn payloads() -> Vec<Vec<u8>> {
    (0..COUNT).map(|number| bytes(number as u64, 1 + number % 200)).collect()
}

/// A receiver that waits first, and a sender that soon has to wait for room.
async fn transfer(
    send: impl AsyncFn(&[OutgoingMessage<'_>], &mut SendBatch) -> io::Result<usize>,
    receive: impl AsyncFn(&mut RecvBatch) -> io::Result<usize>,
    to: Option<&SocketAddr>,
) {
    let payloads = payloads();
    let messages: Vec<_> = payloads
        .iter()
        .map(|payload| OutgoingMessage::new(payload))
        .map(|message| if let Some(to) = to { message.to(to) } else { message })
        .collect();
    let sending = async {
        let mut batch = SendBatch::new(64);
        let mut sent = 0;
        while sent < COUNT {
            sent += send(&messages[sent..], &mut batch).await.unwrap();
        }
        assert_eq!(send(&[], &mut batch).await.unwrap(), 0);
    };
    let receiving = async {
        let mut batch = RecvBatch::new(64, 256);
        let mut next = 0;
        while next < COUNT {
            // Giving up loses nothing.
            tokio::select! {
                biased;
                count = receive(&mut batch) => assert_eq!(count.unwrap(), batch.len()),
                () = tokio::task::yield_now() => continue,
            }
            for message in &batch {
                assert!(message.bytes() == payloads[next] && !message.is_truncated(), "message {next}");
                next += 1;
            }
        }
    };
    tokio::join!(receiving, sending);
}

#[test]
fn batches_of_datagrams() {
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        transfer(async |x, y| a.send_many(x, y).await, async |x| b.recv_many(x).await, None).await;

        let folder = Folder::new();
        let (a, b) = (UnixDatagram::unbound().unwrap(), UnixDatagram::bind(folder.0.join("sock")).unwrap());
        let to = b.local_addr().unwrap();
        transfer(async |x, y| a.send_many(x, y).await, async |x| b.recv_many(x).await, Some(&to)).await;
    });
}

#[test]
fn batches_of_packets_and_their_end() {
    if NO_SEQPACKET {
        return common::skip("this system has no SOCK_SEQPACKET");
    }
    on_tokio(async {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        transfer(async |x, y| a.send_many(x, y).await, async |x| b.recv_many(x).await, None).await;
        let mut batch = RecvBatch::new(8, 8);
        a.send(b"last").await.unwrap();
        drop(a);
        assert_eq!(b.recv_many(&mut batch).await.unwrap(), 1);
        assert_eq!(b.recv_many(&mut batch).await.unwrap(), 0);
    });
}

#[test]
fn batches_with_descriptors() {
    on_tokio(async {
        let (a, b) = UnixDatagram::pair().unwrap();
        let (_kept, passed) = net::UnixStream::pair().unwrap();
        let mut room = [0; ancillary_size(1)];
        let mut ancillary = SocketAncillary::new(&mut room);
        assert!(ancillary.add_fds(&[passed.as_fd()]));
        let messages = [OutgoingMessage::new(b"with").with_ancillary(&ancillary), OutgoingMessage::new(b"")];
        assert_eq!(a.send_many(&messages, &mut SendBatch::new(8)).await.unwrap(), 2);
        let mut batch = RecvBatch::with_ancillary(8, 8, ancillary_size(1));
        assert_eq!(b.recv_many(&mut batch).await.unwrap(), 2);
        let rights = batch.messages(0).flatten().any(|data| matches!(data, AncillaryData::ScmRights(_)));
        assert!(rights && batch.messages(1).next().is_none());
    });
}

/// Tokio's own cases for its type of that name.
#[test]
fn sockets_that_become_something() {
    on_tokio(async {
        let folder = Folder::new();
        let [server, client] = ["server", "client"].map(|name| folder.0.join(name));

        let socket = UnixSocket::new_stream().unwrap();
        socket.bind(&server).unwrap();
        let listener = socket.listen(10).unwrap();
        let socket = UnixSocket::new_stream().unwrap();
        socket.bind(&client).unwrap();
        let connected = tokio::try_join!(socket.connect(&server), listener.accept());
        let (mut a, (mut b, peer)) = connected.unwrap();
        assert_eq!(peer.as_pathname(), Some(&*client));
        assert_eq!(a.peer_addr().unwrap().as_pathname(), Some(&*server));
        a.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        b.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");

        let datagrams = folder.0.join("datagrams");
        let socket = UnixSocket::new_datagram().unwrap();
        socket.bind(&datagrams).unwrap();
        socket.set_send_buffer_size(1 << 16).unwrap();
        let a = socket.datagram().unwrap();
        let b = UnixSocket::new_datagram().unwrap().datagram().unwrap();
        b.send_to(b"datagram", &datagrams).await.unwrap();
        assert_eq!(a.recv(&mut [0; 16]).await.unwrap(), 8);

        let wrong = UnixSocket::new_datagram().unwrap().listen(1);
        assert_eq!(kind(wrong), ErrorKind::InvalidInput);
        let wrong = UnixSocket::new_datagram().unwrap().connect(&server).await;
        assert_eq!(kind(wrong), ErrorKind::InvalidInput);
        assert_eq!(kind(UnixSocket::new_stream().unwrap().datagram()), ErrorKind::InvalidInput);
        let taken = UnixSocket::new_stream().unwrap();
        assert_eq!(kind(taken.bind(&server)), ErrorKind::AddrInUse);
        assert_eq!(kind(taken.connect(folder.0.join("nobody")).await), ErrorKind::NotFound);
    });
}

/// A read ends after bytes that came with descriptors, which does not mean that there are no more.
#[test]
fn a_read_that_ends_at_descriptors() {
    on_tokio(async {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        a.send_with_fds(b"one", &[io::stderr().as_fd()]).await.unwrap();
        a.send_with_fds(b"two", &[io::stderr().as_fd()]).await.unwrap();
        a.write_all(b"three").await.unwrap();
        let mut text = [0; 11];
        b.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"onetwothree");

        a.send_with_fds(b"header", &[io::stderr().as_fd()]).await.unwrap();
        a.write_all(b"body").await.unwrap();
        // Nothing is taken for no bytes, the descriptor neither.
        assert_eq!(b.read(&mut []).await.unwrap(), 0);
        let mut buffer = [0; 16];
        let (length, fds) = b.recv_with_fds(&mut buffer, 1).await.unwrap();
        assert_eq!((&buffer[..length], fds.len()), (&b"header"[..], 1));
        assert_eq!(b.read(&mut buffer).await.unwrap(), 4);

        if b.set_passcred(true).is_ok() {
            for count in 1..=3 {
                a.write_all(&[count]).await.unwrap();
            }
            b.read_exact(&mut buffer[..3]).await.unwrap();
            assert_eq!(&buffer[..3], [1, 2, 3]);
        }
    });
}

/// Waiting for either direction, to write, while the other direction has ended.
#[test]
fn the_end_of_one_direction_does_not_end_the_other() {
    on_tokio(async {
        let (a, b) = UnixStream::pair().unwrap();
        b.shutdown_now(Shutdown::Write).unwrap();
        while a.try_write(&[0; 4096]).is_ok() {}
        let either = Interest::READABLE | Interest::WRITABLE;
        let mut write = pin!(a.async_io(either, || uds_write(&a)));
        assert!(now(&mut write).await.is_none(), "there is no room");
        let read = async {
            let (mut b, mut buffer) = (&b, vec![0; 1 << 20]);
            while b.read(&mut buffer).await.unwrap() == buffer.len() {}
        };
        let (written, ()) = tokio::join!(write, read);
        assert_eq!(written.unwrap(), 1);
    });
}

fn uds_write(stream: &UnixStream) -> io::Result<usize> {
    Ok(rustix::io::write(stream, b"x")?)
}

/// A read ends at the mark of an out-of-band byte, and no event announces what is behind it.
/// What is tried while a queue is full, and no event tells when that ends: Linux says all the time that there may be room for
/// a socket that is not connected to the receiver, and reports an error, which Tokio takes for the end of sending, to one
/// whose peer left for another.
#[cfg(target_os = "linux")]
#[test]
fn waiting_without_events_does_not_spin() {
    use std::time::{Duration, Instant};

    /// Polls for a while, at most twice a millisecond: for a timer and for the operation.
    async fn expect_pauses<T: std::fmt::Debug>(mut operation: impl FnMut(&mut Context<'_>) -> Poll<T>) {
        let (mut polls, start) = (0, Instant::now());
        let operation = poll_fn(|cx| {
            polls += 1;
            operation(cx)
        });
        let timer = async {
            for _ in 0..50 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            biased;
            early = operation => panic!("{early:?}"),
            () = timer => {}
        }
        let most = 20 + 2 * start.elapsed().as_millis();
        assert!(polls <= most, "{polls} attempts in {:?}", start.elapsed());
    }

    let folder = Folder::new();
    let path = folder.0.join("receiver");
    on_tokio(async {
        let receiver = uds::UnixDatagram::bind(&path).unwrap();
        let (leaving, left) = uds::UnixDatagram::pair().unwrap();
        let left = UnixDatagram::try_from(left).unwrap();
        left.send(b"discarded").await.unwrap();
        leaving.connect(&path).unwrap();
        while !left.ready(Interest::WRITABLE).await.unwrap().is_write_closed() {
            tokio::task::yield_now().await;
        }
        left.take_error().unwrap().expect("the error");
        left.connect(&path).unwrap();
        let mut sent = 0;
        while left.try_send(b"x").is_ok() {
            sent += 1;
        }
        let stranger = UnixDatagram::unbound().unwrap();

        let (mut attempts, start) = (0, Instant::now());
        let full = left.async_io(Interest::WRITABLE, || {
            attempts += 1;
            if attempts < 20 { Err(ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        full.await.unwrap();
        assert!(start.elapsed() >= Duration::from_millis(19), "{:?}", start.elapsed());
        expect_pauses(|cx| left.poll_send(cx, b"x")).await;
        expect_pauses(|cx| stranger.poll_send_to(cx, b"x", &path)).await;

        let mut sends = pin!(poll_fn(|cx| left.poll_send(cx, b"x")));
        assert!(now(&mut sends).await.is_none());
        let mut sends_to = pin!(poll_fn(|cx| stranger.poll_send_to(cx, b"x", &path)));
        assert!(now(&mut sends_to).await.is_none());
        (0..sent).for_each(|_| assert_eq!(receiver.recv(&mut [0]).unwrap(), 1));
        assert_eq!(sends.await.unwrap() + sends_to.await.unwrap(), 2);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn bytes_around_out_of_band_data_are_read() {
    use rustix::net::{SendFlags, send};

    /// `!` is sent out of band, a space lets the receiver read everything, all else is sent as it is.
    const SCHEDULES: [&str; 12] = [
        "abc!def",
        "abc!def ghi",
        "abc !def ghi",
        "abc! def",
        "abc ! def",
        "!abc",
        "! abc",
        "abc!",
        "! ! abc",
        "a!b!c!d",
        "a! b! c! d",
        "abc!def ghi!jkl ! mno!",
    ];
    on_tokio(async {
        for schedule in SCHEDULES {
            for room in [1, 2, 64] {
                let (sender, receiver) = net::UnixStream::pair().unwrap();
                receiver.set_nonblocking(true).unwrap();
                let mut receiver = UnixStream::from_std(receiver).unwrap();
                let mut received = Vec::<u8>::new();
                let (mut sent, mut buffer) = (Vec::new(), vec![0; room]);
                for &byte in schedule.as_bytes().iter().chain(b" ") {
                    match byte {
                        b'!' => match send(&sender, b"!", SendFlags::OOB) {
                            Ok(_) => {}
                            Err(rustix::io::Errno::OPNOTSUPP) => {
                                return common::skip("this kernel has no out-of-band data");
                            }
                            Err(error) => panic!("{error}"),
                        },
                        b' ' => {
                            while received.len() < sent.len() {
                                let count = receiver.read(&mut buffer).await.unwrap();
                                // One that is followed by another before it is read becomes an ordinary byte.
                                received.extend(buffer[..count].iter().filter(|&&byte| byte != b'!'));
                            }
                            // Waits for the next event.
                            let mut reading = pin!(receiver.read(&mut buffer));
                            if let Some(count) = now(&mut reading).await {
                                assert_eq!(buffer[..count.unwrap()], *b"!", "{schedule:?}");
                            }
                        }
                        _ => {
                            sent.push(byte);
                            (&sender).write_all(&[byte]).unwrap();
                        }
                    }
                }
                assert_eq!(received, sent, "{schedule:?}");
            }
        }
    });
}
