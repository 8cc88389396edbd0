//! More slices than one system call takes, in everything that takes slices: a message is whole or an error, and a stream
//! makes progress.
#![cfg(all(unix, not(target_vendor = "apple")))]

mod common;

use common::{bytes, within_deadline};
use interprocess::{
    os::unix::{
        fifo_file,
        uds::{AncillaryData, SocketAncillary, UnixDatagram, UnixSeqpacket, UnixStream, ancillary_size},
        unnamed_pipe::PIPE_BUF,
    },
    unnamed_pipe,
};
use std::{
    io::{ErrorKind, IoSlice, IoSliceMut, Read, Write},
    os::fd::{AsFd, OwnedFd},
};

/// The lengths of the slices of one message, around and beyond the 1,024 of a system call.
fn shapes() -> Vec<Vec<usize>> {
    let mut late = vec![0; 1024];
    late.push(7);
    let mixed = (0..5000).map(|index| index % 3).collect();
    vec![vec![1; 1023], vec![1; 1024], vec![1; 1025], vec![1; 3000], late, mixed]
}

fn cut<'a>(mut message: &'a [u8], shape: &[usize]) -> Vec<IoSlice<'a>> {
    let piece = |&length: &usize| {
        let (piece, rest) = message.split_at(length);
        message = rest;
        IoSlice::new(piece)
    };
    shape.iter().map(piece).collect()
}

/// Calls `receive` with slices of this shape, and gives what they hold afterwards.
fn received(shape: &[usize], receive: impl FnOnce(&mut [IoSliceMut<'_>]) -> usize) -> Vec<u8> {
    let mut memory = vec![0; shape.iter().sum()];
    let mut rest = &mut memory[..];
    let mut slices = Vec::new();
    for &length in shape {
        let (piece, later) = rest.split_at_mut(length);
        slices.push(IoSliceMut::new(piece));
        rest = later;
    }
    let length = receive(&mut slices);
    memory.truncate(length);
    memory
}

fn descriptors(ancillary: &mut SocketAncillary<'_>) -> usize {
    let rights = ancillary.messages().map(|message| match message {
        Ok(AncillaryData::ScmRights(descriptors)) => descriptors.count(),
        other => panic!("{other:?}"),
    });
    rights.sum()
}

#[test]
fn packets_are_whole() {
    within_deadline(|| {
        let (a, b) = UnixSeqpacket::pair().unwrap();
        for shape in shapes() {
            let message = bytes(1, shape.iter().sum());
            let mut got = vec![0; message.len() + 1];
            assert_eq!(a.send_vectored(&cut(&message, &shape)).unwrap(), message.len());
            assert_eq!(b.recv_packet(&mut got).unwrap(), Some(message.len()));
            assert!(got[..message.len()] == message);
            a.send(&message).unwrap();
            assert!(received(&shape, |slices| b.recv_vectored(slices).unwrap()) == message);

            let mut room = [0; ancillary_size(1)];
            let mut ancillary = SocketAncillary::new(&mut room);
            assert!(ancillary.add_fds(&[a.as_fd()]));
            let sent = a.send_vectored_with_ancillary(&cut(&message, &shape), &mut ancillary).unwrap();
            assert_eq!(sent, message.len());
            let mut room = [0; ancillary_size(1)];
            let mut ancillary = SocketAncillary::new(&mut room);
            let got = received(&shape, |slices| {
                let (length, is_truncated) = b.recv_vectored_with_ancillary(slices, &mut ancillary).unwrap();
                assert!(!is_truncated);
                length
            });
            assert!(got == message);
            assert_eq!(descriptors(&mut ancillary), 1);
        }
    });
}

#[test]
fn datagrams_are_whole() {
    within_deadline(|| {
        let folder = common::Folder::new();
        let [a, b] = ["a", "b"].map(|name| UnixDatagram::bind(folder.0.join(name)).unwrap());
        let (from, to) = (a.local_addr().unwrap(), b.local_addr().unwrap());
        for shape in shapes() {
            let message = bytes(2, shape.iter().sum());
            let mut room = [0; ancillary_size(1)];
            let mut ancillary = SocketAncillary::new(&mut room);
            assert!(ancillary.add_fds(&[a.as_fd()]));
            let slices = cut(&message, &shape);
            let sent = a.send_vectored_with_ancillary_to_addr(&slices, &mut ancillary, &to).unwrap();
            assert_eq!(sent, message.len());
            let mut room = [0; ancillary_size(1)];
            let mut ancillary = SocketAncillary::new(&mut room);
            let got = received(&shape, |slices| {
                let (length, is_truncated, sender) =
                    b.recv_vectored_with_ancillary_from(slices, &mut ancillary).unwrap();
                assert_eq!((is_truncated, sender), (false, from.clone()));
                length
            });
            assert!(got == message);
            assert_eq!(descriptors(&mut ancillary), 1);
        }
        // What does not fit is lost, as with few slices, and that is said.
        a.send_to_addr(&[7; 3000], &to).unwrap();
        let got = received(&[1; 2000], |slices| {
            let (length, is_truncated) =
                b.recv_vectored_with_ancillary(slices, &mut SocketAncillary::new(&mut [])).unwrap();
            assert!(is_truncated);
            length
        });
        assert!(got == [7; 2000]);
    });
}

/// Of a message that is too long for the system nothing is sent, nor copied: these are 6 GB.
#[test]
fn messages_too_long_are_refused() {
    within_deadline(|| {
        let piece = vec![0; 2 << 20];
        let slices: Vec<_> = (0..3000).map(|_| IoSlice::new(&piece)).collect();
        let (a, b) = UnixSeqpacket::pair().unwrap();
        assert_eq!(a.send_vectored(&slices).unwrap_err().raw_os_error(), Some(libc::EMSGSIZE));
        a.send(b"next").unwrap();
        assert_eq!(b.recv(&mut [0; 9]).unwrap(), 4);
        let (a, b) = UnixDatagram::pair().unwrap();
        let mut none = SocketAncillary::new(&mut []);
        let error = a.send_vectored_with_ancillary(&slices, &mut none).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
        a.send(b"next").unwrap();
        assert_eq!(b.recv(&mut [0; 9]).unwrap(), 4);
    });
}

/// A stream takes and gives a part, but never nothing: that would be taken for the end.
#[test]
fn streams_make_progress() {
    fn check(mut from: impl Write, mut to: impl Read) {
        for shape in shapes() {
            let message = bytes(3, shape.iter().sum());
            let sent = from.write_vectored(&cut(&message, &shape)).unwrap();
            assert!(sent > 0);
            let mut got = Vec::new();
            while got.len() < sent {
                let piece = received(&shape, |slices| to.read_vectored(slices).unwrap());
                assert!(!piece.is_empty(), "end-of-file");
                got.extend(piece);
            }
            assert!(got == message[..sent]);
        }
    }
    within_deadline(|| {
        let (a, b) = UnixStream::pair().unwrap();
        check(&a, &b);
        let (sender, recver) = unnamed_pipe::pipe().unwrap();
        check(&sender, &recver);

        let shape = shapes().swap_remove(4);
        let mut room = [0; ancillary_size(1)];
        let mut ancillary = SocketAncillary::new(&mut room);
        assert!(ancillary.add_fds(&[a.as_fd()]));
        let slices = cut(b"seventy", &shape);
        assert_eq!(a.send_vectored_with_ancillary(&slices, &mut ancillary).unwrap(), 7);
        let mut room = [0; ancillary_size(1)];
        let mut ancillary = SocketAncillary::new(&mut room);
        let got = received(&shape, |slices| b.recv_vectored_with_ancillary(slices, &mut ancillary).unwrap());
        assert_eq!(got, b"seventy");
        assert_eq!(descriptors(&mut ancillary), 1);
        let nothing = vec![IoSlice::new(b""); 2000];
        let mut room = [0; ancillary_size(1)];
        let mut ancillary = SocketAncillary::new(&mut room);
        assert!(ancillary.add_fds(&[a.as_fd()]));
        let error = a.send_vectored_with_ancillary(&nothing, &mut ancillary).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

/// Of up to `PIPE_BUF` bytes, a pipe takes all or nothing, however many slices they are in.
#[test]
fn short_writes_to_pipes_are_atomic() {
    fn check(mut sender: impl Write, mut recver: impl Read) {
        for shape in shapes().into_iter().filter(|shape| shape.iter().sum::<usize>() <= PIPE_BUF) {
            let message = bytes(4, shape.iter().sum());
            assert_eq!(sender.write_vectored(&cut(&message, &shape)).unwrap(), message.len());
            common::expect_bytes(&mut recver, &message).unwrap();
        }
    }
    within_deadline(|| {
        let (sender, recver) = unnamed_pipe::pipe().unwrap();
        check(sender, recver);
        let (sender, recver) = unnamed_pipe::pipe().unwrap();
        let sender = fifo_file::Sender::try_from(OwnedFd::from(sender)).unwrap();
        check(sender, fifo_file::Receiver::try_from(OwnedFd::from(recver)).unwrap());
    });
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn packets_of_a_pipe_are_whole() {
    use interprocess::os::unix::unnamed_pipe::CreationOptions;
    within_deadline(|| {
        let (mut sender, mut recver) =
            CreationOptions::new().packets(true).nonblocking(true).create().unwrap();
        for shape in shapes().into_iter().filter(|shape| shape.iter().sum::<usize>() <= PIPE_BUF) {
            let message = bytes(5, shape.iter().sum());
            assert_eq!(sender.write_vectored(&cut(&message, &shape)).unwrap(), message.len());
            assert_eq!(sender.write(b"next").unwrap(), 4);
            assert!(received(&shape, |slices| recver.read_vectored(slices).unwrap()) == message);
            assert_eq!(recver.read(&mut [0; 9]).unwrap(), 4);
            assert_eq!(recver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        }
    });
}

#[cfg(feature = "tokio")]
#[test]
fn tokio_twins_do_the_same() {
    use interprocess::os::unix::uds::tokio as uds;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    common::on_tokio(async {
        let (a, b) = uds::UnixSeqpacket::pair().unwrap();
        let (datagram, other_datagram) = uds::UnixDatagram::pair().unwrap();
        let (mut stream, mut other_stream) = uds::UnixStream::pair().unwrap();
        let (mut sender, mut recver) = unnamed_pipe::tokio::pipe().unwrap();
        for shape in shapes() {
            let message = bytes(6, shape.iter().sum());
            let slices = cut(&message, &shape);
            let mut got = vec![0; message.len() + 1];
            assert_eq!(a.send_vectored(&slices).await.unwrap(), message.len());
            assert_eq!(b.recv(&mut got).await.unwrap(), message.len());
            a.send(&message).await.unwrap();
            b.readable().await.unwrap();
            assert!(received_by(&shape, &b).await.unwrap() == message);

            let mut none = SocketAncillary::new(&mut []);
            let sent = datagram.send_vectored_with_ancillary(&slices, &mut none).await.unwrap();
            assert_eq!(sent, message.len());
            assert_eq!(other_datagram.recv(&mut got).await.unwrap(), message.len());

            let sent = stream.write_vectored(&slices).await.unwrap();
            assert!(sent > 0);
            other_stream.read_exact(&mut got[..sent]).await.unwrap();
            assert!(got[..sent] == message[..sent]);

            let sent = sender.write_vectored(&slices).await.unwrap();
            assert!(sent > 0 && (message.len() > PIPE_BUF || sent == message.len()), "{sent}");
            recver.read_exact(&mut got[..sent]).await.unwrap();
            assert!(got[..sent] == message[..sent]);
        }
    });

    async fn received_by(shape: &[usize], socket: &uds::UnixSeqpacket) -> std::io::Result<Vec<u8>> {
        let mut memory = vec![0; shape.iter().sum()];
        let mut rest = &mut memory[..];
        let mut slices = Vec::new();
        for &length in shape {
            let (piece, later) = rest.split_at_mut(length);
            slices.push(IoSliceMut::new(piece));
            rest = later;
        }
        let length = socket.recv_vectored(&mut slices).await?;
        memory.truncate(length);
        Ok(memory)
    }
}
