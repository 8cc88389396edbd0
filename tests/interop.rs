//! Other languages' sockets at the other end: Python's `socket` and `multiprocessing.connection`, Node's `net`, socat.
//!
//! A program that is not installed is skipped by name; with `CI=true` that is a failure.
#![cfg(target_os = "linux")]

mod common;

use common::{Folder, Killed, bytes, expect_bytes, within_deadline, write_pieces};
#[cfg(not(interprocess_portable_unix))]
use interprocess::local_socket::ListenerNonblockingMode;
use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream};
use std::{
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    path::Path,
    process::{Command, Stdio},
    thread,
};

const SIZE: usize = 1 << 20;

fn listen(path: &Path) -> Listener {
    ListenerOptions::new().name(Name::path(path).unwrap()).create_sync().unwrap()
}

/// Connects to a server that is still starting.
fn connect(path: &Path) -> Stream {
    loop {
        match Stream::connect(Name::path(path).unwrap()) {
            Ok(stream) => return stream,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends pseudo-random bytes, ends that direction, and expects them back, then the end.
fn expect_echo(stream: &Stream) {
    let sent = bytes(1, SIZE);
    thread::scope(|scope| {
        scope.spawn(|| {
            write_pieces(stream, &sent).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
        });
        expect_bytes(stream, &sent).unwrap();
    });
    let mut stream = stream;
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "more than was sent");
}

/// Sends everything back that arrives, until the end.
fn echo(listener: &Listener) {
    let mut stream = listener.accept().unwrap();
    let mut reader = stream.try_clone().unwrap();
    std::io::copy(&mut reader, &mut stream).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
}

/// Runs a program against a listener of ours, and one of ours against the program's.
fn both_roles(program_name: &str, client: &[&str], server: &[&str]) {
    let Some(mut as_client) = common::program(program_name) else { return };
    let folder = Folder::new();
    let (path, sent) = (folder.0.join("client"), bytes(2, SIZE));
    let listener = listen(&path);
    let text = path.to_str().unwrap();
    let client: Vec<_> = client.iter().map(|part| part.replace("PATH", text)).collect();
    as_client.args(client).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = Killed(as_client.spawn().unwrap());
    let (input, mut output) = (child.0.stdin.take().unwrap(), child.0.stdout.take().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| echo(&listener));
        scope.spawn(|| write_pieces(input, &sent).unwrap());
        expect_bytes(&mut output, &sent).unwrap();
    });
    child.succeeds();

    let path = folder.0.join("server");
    let text = path.to_str().unwrap();
    let server: Vec<_> = server.iter().map(|part| part.replace("PATH", text)).collect();
    let _child = Killed(Command::new(program_name).args(server).spawn().unwrap());
    expect_echo(&connect(&path));
}

#[test]
fn socat() {
    within_deadline(|| {
        both_roles(
            "socat",
            // Waits for the answer after the end of its input.
            &["-t", "60", "STDIO", "UNIX-CONNECT:PATH"],
            &["-t", "60", "UNIX-LISTEN:PATH", "EXEC:cat"],
        );
    });
}

#[test]
fn python_socket() {
    const CLIENT: &str = r#"
import shutil, socket, sys, threading
with socket.socket(socket.AF_UNIX) as s:
    s.connect("PATH")
    def send():
        while piece := sys.stdin.buffer.read1(65536):
            s.sendall(piece)
        s.shutdown(socket.SHUT_WR)
    threading.Thread(target=send).start()
    while piece := s.recv(65536):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
"#;
    const SERVER: &str = r#"
import socket
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("PATH")
    listener.listen()
    s, _ = listener.accept()
    while piece := s.recv(65536):
        s.sendall(piece)
    s.close()
"#;
    within_deadline(|| both_roles("python3", &["-c", CLIENT], &["-c", SERVER]));
}

#[test]
fn node_net() {
    const CLIENT: &str = r#"
const s = require("net").connect("PATH");
process.stdin.pipe(s);
s.pipe(process.stdout);
"#;
    const SERVER: &str = r#"
require("net").createServer({ allowHalfOpen: true }, (s) => s.pipe(s)).listen("PATH");
"#;
    within_deadline(|| both_roles("node", &["-e", CLIENT], &["-e", SERVER]));
}

/// One message of Python's `multiprocessing.connection`: a big-endian length, and the bytes.
fn send_message(mut stream: &Stream, message: &[u8]) {
    stream.write_all(&u32::try_from(message.len()).unwrap().to_be_bytes()).unwrap();
    stream.write_all(message).unwrap();
}

fn expect_message(mut stream: &Stream, message: &[u8]) {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    assert_eq!(u32::from_be_bytes(length) as usize, message.len());
    expect_bytes(stream, message).unwrap();
}

#[test]
fn python_multiprocessing() {
    const CLIENT: &str = r#"
import sys
from multiprocessing.connection import Client
with Client(sys.argv[1], "AF_UNIX") as connection:
    connection.send_bytes(connection.recv_bytes()[::-1])
"#;
    const SERVER: &str = r#"
import sys
from multiprocessing.connection import Listener
with Listener(sys.argv[1], "AF_UNIX") as listener, listener.accept() as connection:
    connection.send_bytes(connection.recv_bytes()[::-1])
"#;
    within_deadline(|| {
        let Some(mut client) = common::program("python3") else { return };
        let folder = Folder::new();
        let sent = bytes(3, SIZE);
        let reversed: Vec<u8> = sent.iter().rev().copied().collect();
        let talk = |stream: &Stream| {
            send_message(stream, &sent);
            expect_message(stream, &reversed);
        };

        let path = folder.0.join("client");
        let listener = listen(&path);
        let mut child = Killed(client.arg("-c").arg(CLIENT).arg(&path).spawn().unwrap());
        talk(&listener.accept().unwrap());
        child.succeeds();

        let path = folder.0.join("server");
        let mut child = Killed(Command::new("python3").arg("-c").arg(SERVER).arg(&path).spawn().unwrap());
        talk(&connect(&path));
        child.succeeds();
    });
}

/// The abstract namespace means the same to others.
#[cfg(not(interprocess_portable_unix))]
#[test]
fn python_abstract_name() {
    const CLIENT: &str = r#"
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect("\0" + sys.argv[1])
    s.sendall(b"from python")
"#;
    within_deadline(|| {
        let Some(mut client) = common::program("python3") else { return };
        let name = common::unique();
        let listener = ListenerOptions::new().name(Name::namespaced(&name).unwrap()).create_sync().unwrap();
        let mut child = Killed(client.arg("-c").arg(CLIENT).arg(&name).spawn().unwrap());
        expect_bytes(listener.accept().unwrap(), b"from python").unwrap();
        child.succeeds();
    });
}

/// Where names have no permissions, clients of other users are turned away, and do not hide who comes after them.
#[cfg(not(interprocess_portable_unix))]
#[test]
fn socat_as_another_user() {
    within_deadline(|| {
        let as_nobody = |program: &str| {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--clear-groups", program]);
            command
        };
        if !as_nobody("true").output().is_ok_and(|output| output.status.success()) {
            common::skip("becoming another user takes privileges, and the program setpriv");
            return;
        }
        if common::program("socat").is_none() {
            return;
        }
        let name = common::unique();
        let name = Name::namespaced(&name).unwrap();
        let options = ListenerOptions::new().name(name.borrow()).current_user_only(true);
        let listener = options.nonblocking(ListenerNonblockingMode::Accept).create_sync().unwrap();
        let stranger = format!("ABSTRACT-CONNECT:{}", name.text().to_str().unwrap());
        let mut stranger =
            Killed(as_nobody("socat").args(["-u", "OPEN:/dev/null", &stranger]).spawn().unwrap());
        stranger.succeeds();
        Stream::connect(name.borrow()).unwrap().write_all(b"friend").unwrap();
        expect_bytes(listener.accept().unwrap(), b"friend").unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}
