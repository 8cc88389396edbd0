//! Streams of messages of interprocess 2.4 and of this version talk to each other.
#![cfg(windows)]

use bench::unique_path;
use interprocess::os::windows::named_pipe as three;
use interprocess_2::os::windows::named_pipe as two;
use recvmsg::{MsgBuf, RecvMsg, RecvResult};
use std::{io, thread, time::Duration};
use tokio::io::AsyncReadExt;

type Two = two::DuplexPipeStream<two::pipe_mode::Messages>;
type Three = three::DuplexPipeStream<three::pipe_mode::Messages>;
type ThreeOnTokio = three::tokio::DuplexPipeStream<three::pipe_mode::Messages>;
/// 2.4 cannot receive messages on Tokio ("message reading disabled").
type TwoOnTokio = two::tokio::PipeStream<two::pipe_mode::Bytes, two::pipe_mode::Messages>;

const SIZES: [usize; 7] = [1, 0, 100, 65535, 65536, 1 << 20, 3];

fn messages() -> impl Iterator<Item = Vec<u8>> {
    SIZES.map(|size| (0..size).map(|index| (index * 7 + index / 251 + size) as u8).collect()).into_iter()
}

fn messages_with_content() -> impl Iterator<Item = Vec<u8>> {
    messages().filter(|message| !message.is_empty())
}

/// Sends all messages, and receives all that are not empty.
///
/// 2.4 reads a handle for overlapped operations without saying where the operation's state is. That works only if a message
/// is there; else it fails with `ERROR_IO_PENDING`, and the system writes to the buffer later. So this asks before, which
/// does not tell of empty messages.
fn two_talks(stream: &Two) {
    thread::scope(|scope| {
        scope.spawn(|| {
            for message in messages() {
                assert_eq!(stream.send(&message).unwrap(), message.len());
            }
        });
        for message in messages_with_content() {
            while stream.peek_msg_len().unwrap() == 0 {
                thread::sleep(Duration::from_millis(1));
            }
            let mut buffer = MsgBuf::from(Vec::with_capacity(256));
            let result = { stream }.recv_msg(&mut buffer, None).unwrap();
            assert!(matches!(result, RecvResult::Fit | RecvResult::Spilled), "{result:?}");
            assert!(buffer.filled_part() == message, "the message of {} bytes is wrong", message.len());
        }
    });
}

/// Sends all messages that are not empty, and receives all.
fn three_talks(stream: &Three) {
    thread::scope(|scope| {
        scope.spawn(|| {
            for message in messages_with_content() {
                assert_eq!(stream.send(&message).unwrap(), message.len());
            }
        });
        let mut buffer = Vec::new();
        for message in messages() {
            assert_eq!(stream.recv_to_vec(&mut buffer, 2 << 20).unwrap(), Some(message.len()));
            assert!(buffer == message, "the message of {} bytes is wrong", message.len());
        }
    });
}

#[test]
fn two_connects() {
    let path = unique_path("messages-two-connects");
    let listener =
        three::PipeListenerOptions::new().path(&path).create_duplex::<three::pipe_mode::Messages>().unwrap();
    let client = thread::spawn(move || two_talks(&Two::connect_by_path(path.as_os_str()).unwrap()));
    let stream = listener.accept().unwrap();
    three_talks(&stream);
    client.join().unwrap();
    assert_eq!(stream.recv(&mut []).unwrap(), None);
}

#[test]
fn three_connects() {
    let path = unique_path("messages-three-connects");
    let listener = two::PipeListenerOptions::new()
        .path(path.as_path())
        .mode(two::PipeMode::Messages)
        .create_duplex::<two::pipe_mode::Messages>()
        .unwrap();
    let client = thread::spawn(move || {
        let stream = Three::connect_by_path(path).unwrap();
        three_talks(&stream);
        assert_eq!(stream.recv(&mut []).unwrap(), None);
    });
    two_talks(&listener.accept().unwrap());
    client.join().unwrap();
}

fn on_tokio<T>(future: impl Future<Output = io::Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future).unwrap()
}

/// As [`three_talks`].
async fn three_talks_on_tokio(stream: &ThreeOnTokio) -> io::Result<()> {
    let send = async {
        for message in messages_with_content() {
            stream.send(&message).await?;
        }
        stream.flush().await
    };
    let recv = async {
        let mut buffer = Vec::new();
        for message in messages() {
            assert_eq!(stream.recv_to_vec(&mut buffer, 2 << 20).await?, Some(message.len()));
            assert!(buffer == message, "the message of {} bytes is wrong", message.len());
        }
        Ok(())
    };
    tokio::try_join!(send, recv).map(drop)
}

/// Sends all messages, and receives as bytes what has content.
///
/// In the end the stream is closed at once. Otherwise 2.4 leaves that to a thread of its own, and if the runtime has ended by
/// then, Tokio's driver never closes the handle.
async fn two_talks_on_tokio(stream: TwoOnTokio) -> io::Result<()> {
    let (mut recv, send) = stream.split();
    let sending = async {
        for message in messages() {
            assert_eq!(send.send(&message).await?, message.len());
        }
        send.flush().await
    };
    let receiving = async {
        let expected: Vec<u8> = messages_with_content().flatten().collect();
        let mut received = vec![0; expected.len()];
        recv.read_exact(&mut received).await?;
        assert!(received == expected);
        Ok(())
    };
    tokio::try_join!(sending, receiving)?;
    TwoOnTokio::reunite(recv, send).expect("halves of one stream").evade_limbo();
    Ok(())
}

#[test]
fn two_connects_to_tokio() {
    let path = unique_path("messages-two-connects-to-tokio");
    on_tokio(async {
        let listener = three::PipeListenerOptions::new()
            .path(&path)
            .create_tokio_duplex::<three::pipe_mode::Messages>()?;
        let client = thread::spawn({
            let path = path.clone();
            move || two_talks(&Two::connect_by_path(path.as_os_str()).unwrap())
        });
        let stream = listener.accept().await?;
        three_talks_on_tokio(&stream).await?;
        client.join().unwrap();
        assert_eq!(stream.recv(&mut []).await?, None);
        Ok(())
    });
}

#[test]
fn three_connects_on_tokio() {
    let path = unique_path("messages-three-connects-on-tokio");
    let listener = two::PipeListenerOptions::new()
        .path(path.as_path())
        .mode(two::PipeMode::Messages)
        .create_duplex::<two::pipe_mode::Messages>()
        .unwrap();
    let client = thread::spawn(move || {
        on_tokio(async {
            let stream = ThreeOnTokio::connect_by_path(path).await?;
            three_talks_on_tokio(&stream).await?;
            assert_eq!(stream.recv(&mut []).await?, None);
            Ok(())
        });
    });
    two_talks(&listener.accept().unwrap());
    client.join().unwrap();
}

#[test]
fn two_connects_on_tokio() {
    let path = unique_path("messages-two-connects-on-tokio");
    let listener =
        three::PipeListenerOptions::new().path(&path).create_duplex::<three::pipe_mode::Messages>().unwrap();
    let client = thread::spawn(move || {
        on_tokio(async { two_talks_on_tokio(TwoOnTokio::connect_by_path(path.as_os_str()).await?).await });
    });
    let stream = listener.accept().unwrap();
    three_talks(&stream);
    client.join().unwrap();
    assert_eq!(stream.recv(&mut []).unwrap(), None);
}

#[test]
fn both_on_tokio() {
    let path = unique_path("messages-both-on-tokio");
    on_tokio(async {
        let listener = two::PipeListenerOptions::new()
            .path(path.as_path())
            .mode(two::PipeMode::Messages)
            .create_tokio::<two::pipe_mode::Bytes, two::pipe_mode::Messages>()?;
        let client = async {
            let stream = ThreeOnTokio::connect_by_path(&path).await?;
            three_talks_on_tokio(&stream).await
        };
        let server = async { two_talks_on_tokio(listener.accept().await?).await };
        tokio::try_join!(client, server)
    });
}
