//! What named pipes refuse: paths that are none, and handles of something else.
#![cfg(windows)]

mod common;

use common::{talk::Talk, unique, within_deadline};
use interprocess::{
    ConnectWaitMode, local_socket,
    os::windows::named_pipe::{
        DuplexPipeStream, FromHandleError, FromHandleErrorKind, PipeListenerOptions, PipeStream,
        RecvPipeStream, SendPipeStream,
        pipe_mode::{Bytes, Messages, PipeModeTag},
    },
    unnamed_pipe,
};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, ErrorKind, Read, Write},
    os::windows::{
        ffi::OsStrExt,
        fs::OpenOptionsExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
};
use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    Storage::FileSystem::{FILE_FLAG_OVERLAPPED, PIPE_ACCESS_OUTBOUND},
    System::{
        Pipes::{CreateNamedPipeW, PIPE_TYPE_MESSAGE},
        Threading::CreateEventW,
    },
};

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

fn options(path: &str) -> PipeListenerOptions<'static> {
    PipeListenerOptions::new().path(path)
}

/// A path with so many characters.
fn path_of(length: usize) -> String {
    let start = format!("{}-", unique_path());
    format!("{start}{}", "x".repeat(length - start.len()))
}

fn bad_paths() -> Vec<String> {
    let texts = ["", "x", r"C:\x", r"\\", r"\\.", r"\\.\x", r"\\.\pipe", r"\\.\pipe\", r"\\\pipe\x", "a\0b"];
    let long = path_of(257);
    // Two units for Windows, and one character or four bytes for Rust.
    let long_only_for_windows = format!(r"\\.\pipe\{}", "\u{1f980}".repeat(124));
    texts.map(str::to_owned).into_iter().chain([long, long_only_for_windows]).collect()
}

fn expect_refusal<T>(path: &str, result: io::Result<T>) {
    let error = result.err().unwrap_or_else(|| panic!("{path:?} was taken"));
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path:?}: {error}");
    assert!(error.to_string().contains(path), "{path:?}: {error}");
}

#[test]
fn paths() {
    let mode = ConnectWaitMode::Unbounded;
    for path in bad_paths() {
        expect_refusal(&path, options(&path).create_duplex::<Bytes>());
        expect_refusal(&path, options(&path).create_recv_only::<Messages>());
        expect_refusal(&path, DuplexPipeStream::<Bytes>::connect_by_path(&path));
        expect_refusal(&path, SendPipeStream::<Messages>::connect_by_path(&path));
        expect_refusal(&path, DuplexPipeStream::<Messages>::call(&path, b"", &mut Vec::new(), 0, mode));
    }
    let elsewhere = r"\\elsewhere\pipe\x";
    expect_refusal(elsewhere, options(elsewhere).create_duplex::<Bytes>());
}

#[test]
fn the_longest_path() {
    within_deadline(|| {
        let path = path_of(256);
        let listener = options(&path).create_duplex::<Bytes>().unwrap();
        let client = DuplexPipeStream::<Bytes>::connect_by_path(&path).unwrap();
        client.say(b"x").unwrap();
        assert_eq!(listener.accept().unwrap().hear(1).unwrap(), Some(b"x".to_vec()));
    });
}

/// Whatever fails after the pipe was found also says which it was.
#[test]
fn failures_name_the_pipe() {
    let path = unique_path();
    let missing = DuplexPipeStream::<Bytes>::connect_by_path(&path).expect_err("nobody listens");
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    let listener = options(&path).instances(1).create_recv_only::<Bytes>().unwrap();
    let taken = options(&path).create_duplex::<Bytes>().expect_err("taken");
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    let wrong_way = RecvPipeStream::<Bytes>::connect_by_path(&path).expect_err("wrong direction");
    assert_eq!(wrong_way.kind(), ErrorKind::PermissionDenied);
    let wrong_mode = SendPipeStream::<Messages>::connect_by_path(&path).expect_err("wrong mode");
    assert_eq!(wrong_mode.kind(), ErrorKind::InvalidInput);
    let left = listener
        .accept_timeout(std::time::Duration::ZERO)
        .expect_err("the client of the wrong mode has left");
    assert_eq!(left.kind(), ErrorKind::TimedOut);
    let _client = SendPipeStream::<Bytes>::connect_by_path(&path).unwrap();
    let deferred = |mode| SendPipeStream::<Bytes>::connect_by_path_with_wait_mode(&path, mode);
    let busy = deferred(ConnectWaitMode::Deferred).expect_err("busy");
    assert_eq!(busy.kind(), ErrorKind::WouldBlock);
    let late = deferred(ConnectWaitMode::Timeout(std::time::Duration::ZERO)).expect_err("busy");
    assert_eq!(late.kind(), ErrorKind::TimedOut);
    listener.close();
    let closed = listener.accept().expect_err("closed");
    assert_eq!(closed.kind(), ErrorKind::ConnectionAborted);
    for error in [missing, taken, wrong_way, wrong_mode, left, busy, late, closed] {
        assert!(error.to_string().contains(&path), "{error}");
    }
}

#[allow(unsafe_code)]
fn event() -> OwnedHandle {
    // SAFETY: no attributes and no name are allowed.
    let event = unsafe { CreateEventW(std::ptr::null(), 1, 0, std::ptr::null()) };
    assert!(!event.is_null());
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    unsafe { OwnedHandle::from_raw_handle(event) }
}

fn file() -> OwnedHandle {
    File::open(std::env::current_exe().unwrap()).unwrap().into()
}

/// Of a pipe of messages, both ways, but for synchronous operations.
fn synchronous_client() -> (DuplexPipeStream<Messages>, OwnedHandle) {
    let path = unique_path();
    let listener = options(&path).create_duplex::<Messages>().unwrap();
    let client = File::options().read(true).write(true).open(&path).unwrap();
    (listener.accept().unwrap(), client.into())
}

/// The server's end of a pipe that only sends, as other programs make it: Windows does not even tell what it is.
#[allow(unsafe_code)]
fn send_only_server() -> OwnedHandle {
    let name: Vec<u16> = OsStr::new(&unique_path()).encode_wide().chain([0]).collect();
    let (open_mode, pipe_mode) = (PIPE_ACCESS_OUTBOUND | FILE_FLAG_OVERLAPPED, PIPE_TYPE_MESSAGE);
    // SAFETY: the name is zero-terminated; no attributes are allowed.
    let handle =
        unsafe { CreateNamedPipeW(name.as_ptr(), open_mode, pipe_mode, 1, 4096, 4096, 0, std::ptr::null()) };
    assert!(!std::ptr::eq(handle, INVALID_HANDLE_VALUE), "{}", std::io::Error::last_os_error());
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    unsafe { OwnedHandle::from_raw_handle(handle) }
}

fn end_of_bytes() -> OwnedHandle {
    OwnedHandle::try_from(DuplexPipeStream::<Bytes>::pair().unwrap().0).unwrap()
}

/// Fails as it should, and gives the handle back.
fn check<T>(
    handle: OwnedHandle,
    convert: &impl Fn(OwnedHandle) -> Result<T, FromHandleError>,
    expected: FromHandleErrorKind,
) -> OwnedHandle {
    let value = handle.as_raw_handle();
    let Err(error) = convert(handle) else { panic!("{expected:?} was not noticed") };
    assert_eq!(error.details, expected, "{error}");
    let text = error.to_io_error().to_string();
    assert!(text.contains(&expected.to_string()), "{text}");
    let handle = error.source.expect("given back");
    assert_eq!(handle.as_raw_handle(), value);
    handle
}

fn check_all<T>(messages: bool, convert: impl Fn(OwnedHandle) -> Result<T, FromHandleError>) {
    use FromHandleErrorKind::{IsServerCheckFailed, NoMessageBoundaries, NotOverlapped};
    for handle in [file(), event(), send_only_server()] {
        check(handle, &convert, IsServerCheckFailed);
    }
    if messages {
        check(end_of_bytes(), &convert, NoMessageBoundaries);
    }
    let (server, client) = synchronous_client();
    let mut client = File::from(check(client, &convert, NotOverlapped));
    // It reads as it did before: bytes, to which the end of a message is nothing.
    server.send(b"abc").unwrap();
    server.send(b"def").unwrap();
    let mut heard = [0; 2];
    for expected in [b"ab", b"cd", b"ef"] {
        client.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, expected);
    }
}

#[test]
fn handles() {
    check_all(false, DuplexPipeStream::<Bytes>::try_from);
    check_all(false, RecvPipeStream::<Bytes>::try_from);
    check_all(false, SendPipeStream::<Bytes>::try_from);
    check_all(true, DuplexPipeStream::<Messages>::try_from);
    check_all(true, RecvPipeStream::<Messages>::try_from);
    check_all(true, SendPipeStream::<Messages>::try_from);
    check_all(true, PipeStream::<Bytes, Messages>::try_from);
    check_all(true, PipeStream::<Messages, Bytes>::try_from);
    check_all(false, local_socket::Stream::try_from);
    let (_sender, recver) = unnamed_pipe::pipe().unwrap();
    let convert = RecvPipeStream::<Bytes>::try_from;
    check(OwnedHandle::from(recver), &convert, FromHandleErrorKind::NotOverlapped);
}

/// A client's end that only receives, for overlapped operations, without the right to choose how it receives.
fn receive_only_client<M: PipeModeTag>() -> (SendPipeStream<M>, OwnedHandle) {
    let path = unique_path();
    let listener = options(&path).create_send_only::<M>().unwrap();
    let client = File::options().read(true).custom_flags(FILE_FLAG_OVERLAPPED).open(&path).unwrap();
    (listener.accept().unwrap(), client.into())
}

/// Which rights a handle has is not checked: what it may not do fails.
#[test]
fn the_wrong_direction() {
    let (server, client) = receive_only_client::<Bytes>();
    let client = DuplexPipeStream::<Bytes>::try_from(client).unwrap();
    assert_eq!({ &client }.write(b"x").expect_err("only receives").kind(), ErrorKind::PermissionDenied);
    { &server }.write_all(b"x").unwrap();
    assert_eq!(client.hear(1).unwrap(), Some(b"x".to_vec()));

    let (server, client) = receive_only_client::<Messages>();
    match RecvPipeStream::<Messages>::try_from(client) {
        // Wine 10 asks for no right.
        Ok(client) => {
            server.send(b"abc").unwrap();
            assert_eq!(client.recv(&mut [0; 9]).unwrap().expect("a message").length, 3);
        }
        Err(error) => {
            assert_eq!(error.details, FromHandleErrorKind::NoMessageReads);
            assert!(error.source.is_some());
        }
    }
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{
        Bytes, ConnectWaitMode, ErrorKind, Messages, OwnedHandle, bad_paths, check_all, event,
        expect_refusal, file, io, local_socket, options, receive_only_client, unnamed_pipe,
    };
    use crate::common::on_tokio;
    use interprocess::os::windows::named_pipe::tokio::{
        DuplexPipeStream, PipeStream, RecvPipeStream, SendPipeStream,
    };
    use tokio::io::AsyncWriteExt;

    #[test]
    fn paths() {
        on_tokio(async {
            let mode = ConnectWaitMode::Unbounded;
            for path in bad_paths() {
                expect_refusal(&path, options(&path).create_tokio_duplex::<Bytes>());
                expect_refusal(&path, options(&path).create_tokio_send_only::<Messages>());
                expect_refusal(&path, DuplexPipeStream::<Bytes>::connect_by_path(&path).await);
                expect_refusal(&path, RecvPipeStream::<Messages>::connect_by_path(&path).await);
                let mut reply = Vec::new();
                let called = DuplexPipeStream::<Messages>::call(&path, b"", &mut reply, 0, mode).await;
                expect_refusal(&path, called);
            }
        });
    }

    #[test]
    fn handles() {
        on_tokio(async {
            check_all(false, DuplexPipeStream::<Bytes>::try_from);
            check_all(false, RecvPipeStream::<Bytes>::try_from);
            check_all(false, SendPipeStream::<Bytes>::try_from);
            check_all(true, DuplexPipeStream::<Messages>::try_from);
            check_all(true, RecvPipeStream::<Messages>::try_from);
            check_all(true, SendPipeStream::<Messages>::try_from);
            check_all(true, PipeStream::<Bytes, Messages>::try_from);
            check_all(false, local_socket::tokio::Stream::try_from);
        });
    }

    #[test]
    fn the_wrong_direction() {
        on_tokio(async {
            let (_server, client) = receive_only_client::<Bytes>();
            let mut client = DuplexPipeStream::<Bytes>::try_from(client).unwrap();
            let error = match client.write(b"x").await {
                Ok(_) => client.flush().await.expect_err("only receives"),
                Err(error) => error,
            };
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        });
    }

    fn expect_invalid<T>(result: io::Result<T>, text: &str) {
        let error = result.err().expect("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }

    #[test]
    fn ends_of_unnamed_pipes() {
        on_tokio(async {
            let to_sender = unnamed_pipe::tokio::Sender::try_from;
            let to_recver = unnamed_pipe::tokio::Recver::try_from;
            for handle in [file, event] {
                expect_invalid(to_sender(handle()), "not the sending end of a pipe");
                expect_invalid(to_recver(handle()), "not the receiving end of a pipe");
            }
            let (sender, recver) = unnamed_pipe::tokio::pipe().unwrap();
            expect_invalid(
                to_recver(OwnedHandle::try_from(sender).unwrap()),
                "not the receiving end of a pipe",
            );
            expect_invalid(
                to_sender(OwnedHandle::try_from(recver).unwrap()),
                "not the sending end of a pipe",
            );
            let (sender, recver) = unnamed_pipe::pipe().unwrap();
            expect_invalid(to_sender(OwnedHandle::from(sender)), "overlapped");
            expect_invalid(to_recver(OwnedHandle::from(recver)), "overlapped");
        });
    }
}
