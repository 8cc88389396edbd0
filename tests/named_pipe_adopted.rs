//! Listeners made of instances of a pipe that something else has made, and what they refuse.
#![cfg(windows)]

mod common;

use common::{unique, within_deadline};
use interprocess::os::windows::named_pipe::{
    DuplexPipeStream, PipeDirection, PipeListener, PipeListenerOptions, PipeMode, SendPipeStream,
    pipe_mode::{self, Bytes, Messages, PipeModeTag},
};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, ErrorKind, Read, Write},
    os::windows::{
        ffi::OsStrExt,
        io::{FromRawHandle, OwnedHandle},
    },
    ptr, thread,
};
use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE, Storage::FileSystem::FILE_FLAG_OVERLAPPED,
    System::Pipes::CreateNamedPipeW,
};

type Stream = DuplexPipeStream<Bytes>;

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

fn options(path: &str) -> PipeListenerOptions<'static> {
    PipeListenerOptions::new().path(path)
}

/// An instance as a program without this crate makes it.
#[allow(unsafe_code)]
fn instance(path: &str, direction: PipeDirection, mode: PipeMode, flags: u32, most: u32) -> OwnedHandle {
    let name: Vec<u16> = OsStr::new(path).encode_wide().chain([0]).collect();
    let (open_mode, pipe_mode) = (u32::from(direction) | flags, mode.to_pipe_type());
    // SAFETY: the name is zero-terminated; no attributes are allowed.
    let handle =
        unsafe { CreateNamedPipeW(name.as_ptr(), open_mode, pipe_mode, most, 4096, 4096, 0, ptr::null()) };
    assert!(!ptr::eq(handle, INVALID_HANDLE_VALUE), "{}", io::Error::last_os_error());
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    unsafe { OwnedHandle::from_raw_handle(handle) }
}

fn duplex(path: &str) -> OwnedHandle {
    instance(path, PipeDirection::Duplex, PipeMode::Bytes, FILE_FLAG_OVERLAPPED, 255)
}

fn heard(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Clients of a crowd, of which one meets the instance that was there.
#[test]
fn many_clients() {
    within_deadline(|| {
        let path = unique_path();
        let waiting = duplex(&path);
        // The first client comes, speaks and leaves before there is a listener.
        File::options().write(true).open(&path).unwrap().write_all(b"0").unwrap();
        // Upper and lower case are one to Windows.
        let options = options(&path.to_uppercase());
        let listener = PipeListener::<Bytes, Bytes>::from_handle_and_options(waiting, options);
        let clients = (1..9).map(|number| {
            let path = path.clone();
            thread::spawn(move || {
                Stream::connect_by_path(&path).unwrap().write_all(number.to_string().as_bytes()).unwrap();
            })
        });
        let clients: Vec<_> = clients.collect();
        let mut numbers: Vec<String> = (0..9).map(|_| heard(listener.accept().unwrap())).collect();
        clients.into_iter().for_each(|client| client.join().unwrap());
        numbers.sort();
        assert_eq!(numbers, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
        listener.close();
        assert!(listener.is_closed());
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::ConnectionAborted);
        assert_eq!(Stream::connect_by_path(&path).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

/// An instance that has its client is accepted at once. The pipe may have no other.
#[test]
fn the_only_instance() {
    within_deadline(|| {
        let path = unique_path();
        let waiting = instance(&path, PipeDirection::Duplex, PipeMode::Bytes, FILE_FLAG_OVERLAPPED, 1);
        let mut client = Stream::connect_by_path(&path).unwrap();
        let options = options(&path).instance_limit(1.try_into().ok());
        let listener = PipeListener::<Bytes, Bytes>::from_handle_and_options(waiting, options);
        client.write_all(b"hello").unwrap();
        drop(client);
        assert_eq!(heard(listener.accept().unwrap()), "hello");
    });
}

#[test]
fn messages_and_one_way() {
    within_deadline(|| {
        let path = unique_path();
        let waiting = instance(&path, PipeDirection::Duplex, PipeMode::Messages, FILE_FLAG_OVERLAPPED, 255);
        let listener = PipeListener::<Messages, Messages>::from_handle_and_options(waiting, options(&path));
        let client = DuplexPipeStream::<Messages>::connect_by_path(&path).unwrap();
        let server = listener.accept().unwrap();
        client.send(b"one").unwrap();
        client.send(b"two").unwrap();
        let mut buffer = [0; 10];
        for message in [b"one", b"two"] {
            let received = server.recv(&mut buffer).unwrap().unwrap();
            assert_eq!(&buffer[..received.length], message, "one at a time");
        }

        // Of a server's send-only end Windows does not tell what it is.
        let path = unique_path();
        let waiting =
            instance(&path, PipeDirection::ServerToClient, PipeMode::Bytes, FILE_FLAG_OVERLAPPED, 255);
        let listener =
            PipeListener::<pipe_mode::None, Bytes>::from_handle_and_options(waiting, options(&path));
        let mut client = File::open(&path).unwrap();
        let mut server: SendPipeStream<Bytes> = listener.accept().unwrap();
        server.write_all(b"only this way").unwrap();
        let mut text = [0; 13];
        client.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"only this way");
    });
}

fn refused<Rm: PipeModeTag, Sm: PipeModeTag>(what: &str, handle: OwnedHandle, path: &str) {
    let listener = PipeListener::<Rm, Sm>::from_handle_and_options(handle, options(path));
    for _ in 0..2 {
        let error = listener.accept().expect_err(what);
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{what}: {error}");
    }
    assert!(!listener.is_closed(), "{what}");
    listener.close();
    assert!(listener.is_closed(), "{what}");
    assert_eq!(listener.accept().expect_err(what).kind(), ErrorKind::ConnectionAborted, "{what}");
    assert!(format!("{listener:?}").contains("closed: true"), "{what}");
}

/// Nothing hangs, and the error says what is wrong.
#[test]
fn what_is_no_instance() {
    within_deadline(|| {
        let path = &unique_path();
        let file = || OwnedHandle::from(File::open(std::env::current_exe().unwrap()).unwrap());
        refused::<Bytes, Bytes>("a file", file(), path);
        refused::<pipe_mode::None, Bytes>("a file, to send", file(), path);
        let client = OwnedHandle::try_from(Stream::pair().unwrap().1).unwrap();
        refused::<Bytes, Bytes>("a client's end", client, path);
        let synchronous = instance(path, PipeDirection::Duplex, PipeMode::Bytes, 0, 255);
        refused::<Bytes, Bytes>("not overlapped", synchronous, path);
        refused::<Bytes, Bytes>("of another name", duplex(&unique_path()), path);
        refused::<Messages, Bytes>("of bytes", duplex(path), path);
        refused::<Bytes, Messages>("of bytes, to send", duplex(path), path);
        refused::<Bytes, Bytes>("no path", duplex(path), "");
        refused::<Bytes, Bytes>("no path of a pipe", duplex(path), r"C:\x");
        refused::<pipe_mode::None, pipe_mode::None>("no direction", duplex(path), path);
        // What was refused was closed.
        assert_eq!(Stream::connect_by_path(path).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{Bytes, ErrorKind, File, OwnedHandle, Write, duplex, options, unique_path};
    use crate::common::on_tokio;
    use interprocess::os::windows::named_pipe::tokio::{DuplexPipeStream, PipeListener};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::windows::named_pipe::{NamedPipeServer, ServerOptions},
    };

    async fn serves_two(path: &str, listener: PipeListener<Bytes, Bytes>) {
        for number in [1, 2] {
            let mut client = DuplexPipeStream::<Bytes>::connect_by_path(path).await.unwrap();
            let mut server = listener.accept().await.unwrap();
            client.write_u8(number).await.unwrap();
            assert_eq!(server.read_u8().await.unwrap(), number);
            server.write_u8(number + 10).await.unwrap();
            assert_eq!(client.read_u8().await.unwrap(), number + 10);
        }
    }

    #[test]
    fn a_handle_or_tokios_server() {
        on_tokio(async {
            let path = unique_path();
            let listener = PipeListener::from_handle_and_options(duplex(&path), options(&path)).unwrap();
            serves_two(&path, listener).await;

            let path = unique_path();
            let server = ServerOptions::new().create(&path).unwrap();
            serves_two(&path, PipeListener::from_tokio_and_options(server, options(&path))).await;

            // A client that Tokio has accepted.
            let path = unique_path();
            let server: NamedPipeServer = ServerOptions::new().create(&path).unwrap();
            let mut client = File::options().write(true).open(&path).unwrap();
            server.connect().await.unwrap();
            let listener = PipeListener::<Bytes, Bytes>::from_tokio_and_options(server, options(&path));
            let mut server = listener.accept().await.unwrap();
            client.write_all(&[7]).unwrap();
            assert_eq!(server.read_u8().await.unwrap(), 7);
        });
    }

    #[test]
    fn what_is_no_instance() {
        on_tokio(async {
            let file = OwnedHandle::from(File::open(std::env::current_exe().unwrap()).unwrap());
            let listener =
                PipeListener::<Bytes, Bytes>::from_handle_and_options(file, options(&unique_path())).unwrap();
            assert_eq!(listener.accept().await.unwrap_err().kind(), ErrorKind::InvalidInput);
            listener.close();
            assert_eq!(listener.accept().await.unwrap_err().kind(), ErrorKind::ConnectionAborted);
        });
    }
}
