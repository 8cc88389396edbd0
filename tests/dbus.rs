//! D-Bus, spoken with a real `dbus-daemon` over sockets of this crate: who we are is read from the socket, and descriptors
//! are passed through the daemon to another connection.
//!
//! A program that is not installed is skipped by name; with `CI=true` that is a failure.
#![cfg(target_os = "linux")]

mod common;

use common::{Folder, Killed, within_deadline};
use interprocess::{
    os::unix::uds::{SocketAncillary, SocketCred, UnixStream, ancillary_size},
    unnamed_pipe::{Recver, pipe},
};
use std::{
    fs,
    io::{BufRead, BufReader, IoSlice, Read, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
    process::Stdio,
};

/// A bus of its own for one test.
struct Daemon {
    _process: Killed,
    socket: PathBuf,
    _folder: Folder,
}

impl Daemon {
    /// `None`: it is not installed.
    fn start() -> Option<Self> {
        let folder = Folder::new();
        let (socket, config) = (folder.0.join("bus"), folder.0.join("config"));
        let text = format!(
            r#"<busconfig>
                <type>session</type>
                <listen>unix:path={}</listen>
                <auth>EXTERNAL</auth>
                <policy context="default">
                    <allow send_destination="*"/> <allow receive_sender="*"/> <allow own="*"/>
                </policy>
            </busconfig>"#,
            socket.display()
        );
        fs::write(&config, text).unwrap();
        let mut command = common::program("dbus-daemon")?;
        command.arg(format!("--config-file={}", config.display())).args(["--nofork", "--print-address"]);
        let mut process = Killed(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut address = String::new();
        // It prints this when it listens.
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert!(address.starts_with("unix:path="), "{address:?}");
        Some(Self { _process: process, socket, _folder: folder })
    }
}

/// The `AUTH` line of the EXTERNAL mechanism: the user id in digits, and those in hexadecimal.
fn auth_line() -> String {
    let digits = rustix::process::getuid().as_raw().to_string();
    let hex: String = digits.bytes().map(|digit| format!("{digit:02x}")).collect();
    format!("AUTH EXTERNAL {hex}\r\n")
}

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;

/// A message, as far as these tests need it.
#[derive(Debug, Default)]
struct Message {
    kind: u8,
    serial: u32,
    path: String,
    interface: String,
    member: String,
    reply_serial: u32,
    destination: String,
    sender: String,
    signature: String,
    fd_count: u32,
    body: Vec<u8>,
}

/// A call to the bus itself.
fn call_to_bus(serial: u32, member: &str) -> Message {
    Message {
        kind: METHOD_CALL,
        serial,
        path: "/org/freedesktop/DBus".into(),
        interface: "org.freedesktop.DBus".into(),
        member: member.into(),
        destination: "org.freedesktop.DBus".into(),
        ..Message::default()
    }
}

fn pad(bytes: &mut Vec<u8>, alignment: usize) {
    bytes.resize(bytes.len().next_multiple_of(alignment), 0);
}

fn put_string(bytes: &mut Vec<u8>, text: &str) {
    pad(bytes, 4);
    bytes.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.push(0);
}

fn string_body(text: &str) -> Vec<u8> {
    let mut body = Vec::new();
    put_string(&mut body, text);
    body
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The string at an aligned place, and what is behind its NUL.
fn string_at(bytes: &[u8], at: usize) -> (String, usize) {
    let end = at + 4 + u32_at(bytes, at) as usize;
    (String::from_utf8(bytes[at + 4..end].to_vec()).unwrap(), end + 1)
}

impl Message {
    /// Little-endian, with the header fields that are not empty.
    fn encode(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        let texts = [
            (1, 'o', &self.path),
            (2, 's', &self.interface),
            (3, 's', &self.member),
            (6, 's', &self.destination),
        ];
        for (code, kind, text) in texts.into_iter().filter(|(_, _, text)| !text.is_empty()) {
            pad(&mut fields, 8);
            fields.extend([code, 1, kind as u8, 0]);
            put_string(&mut fields, text);
        }
        let numbers = [(5, self.reply_serial), (9, self.fd_count)];
        for (code, number) in numbers.into_iter().filter(|(_, number)| *number != 0) {
            pad(&mut fields, 8);
            fields.extend([code, 1, b'u', 0]);
            fields.extend(number.to_le_bytes());
        }
        if !self.signature.is_empty() {
            pad(&mut fields, 8);
            fields.extend([8, 1, b'g', 0, u8::try_from(self.signature.len()).unwrap()]);
            fields.extend(self.signature.as_bytes());
            fields.push(0);
        }
        let mut bytes = vec![b'l', self.kind, 0, 1];
        for number in [self.body.len(), self.serial as usize, fields.len()] {
            bytes.extend(u32::try_from(number).unwrap().to_le_bytes());
        }
        bytes.extend(fields);
        pad(&mut bytes, 8);
        bytes.extend(&self.body);
        bytes
    }

    /// What comes before this is as long for every message, and tells how long the rest is.
    const START: usize = 16;

    fn rest_length(start: &[u8]) -> usize {
        assert_eq!(start[0], b'l', "the daemon answers in the order of bytes in which it was asked");
        (u32_at(start, 12) as usize).next_multiple_of(8) + u32_at(start, 4) as usize
    }

    fn decode(bytes: &[u8]) -> Self {
        let fields_end = Self::START + u32_at(bytes, 12) as usize;
        let mut message = Self {
            kind: bytes[1],
            serial: u32_at(bytes, 8),
            body: bytes[fields_end.next_multiple_of(8)..].to_vec(),
            ..Self::default()
        };
        let mut at = Self::START;
        while at < fields_end {
            // The code, a signature of one letter, and the value, which is aligned by then.
            let (code, kind) = (bytes[at], bytes[at + 2]);
            assert_eq!(bytes[at + 1], 1);
            at += 4;
            if kind == b'u' {
                match code {
                    5 => message.reply_serial = u32_at(bytes, at),
                    9 => message.fd_count = u32_at(bytes, at),
                    _ => {}
                }
                at += 4;
            } else if kind == b'g' {
                let end = at + 1 + bytes[at] as usize;
                message.signature = String::from_utf8(bytes[at + 1..end].to_vec()).unwrap();
                at = end + 1;
            } else {
                let (text, end) = string_at(bytes, at);
                match code {
                    1 => message.path = text,
                    2 => message.interface = text,
                    3 => message.member = text,
                    6 => message.destination = text,
                    7 => message.sender = text,
                    _ => {}
                }
                at = end;
            }
            at = at.next_multiple_of(8);
        }
        message
    }

    /// Whether this answers the call of that number. An error is none that the tests expect.
    fn answers(&self, serial: u32) -> bool {
        let is_answer = self.reply_serial == serial;
        assert!(!is_answer || self.kind != ERROR, "an error: {:?}", string_at(&self.body, 0));
        is_answer && self.kind == METHOD_RETURN
    }
}

/// A connection that has authenticated itself and has a name.
struct Connection {
    stream: UnixStream,
    name: String,
    last_serial: u32,
}

impl Connection {
    fn new(bus: &Path, begin: impl FnOnce(&UnixStream)) -> Self {
        let mut stream = UnixStream::connect(bus).unwrap();
        begin(&stream);
        for (line, answer) in [
            (auth_line(), "OK "),
            ("NEGOTIATE_UNIX_FD\r\n".into(), "AGREE_UNIX_FD"),
            ("BEGIN\r\n".into(), ""),
        ] {
            stream.write_all(line.as_bytes()).unwrap();
            if !answer.is_empty() {
                let line = read_line(&stream);
                assert!(line.starts_with(answer), "{line:?}");
            }
        }
        let mut connection = Self { stream, name: String::new(), last_serial: 0 };
        let hello = connection.call(call_to_bus(0, "Hello"), &[]);
        connection.name = string_at(&hello.body, 0).0;
        connection
    }

    fn send(&mut self, mut message: Message, fds: &[BorrowedFd<'_>]) -> u32 {
        self.last_serial += 1;
        message.serial = self.last_serial;
        let bytes = message.encode();
        let sent = if fds.is_empty() { 0 } else { self.stream.send_with_fds(&bytes, fds).unwrap() };
        self.stream.write_all(&bytes[sent..]).unwrap();
        self.last_serial
    }

    fn receive(&self) -> (Message, Vec<OwnedFd>) {
        let (mut bytes, mut fds) = (vec![0; Message::START], Vec::new());
        let fill = |mut room: &mut [u8], fds: &mut Vec<OwnedFd>| {
            while !room.is_empty() {
                let (count, received) = self.stream.recv_with_fds(room, 16).unwrap();
                assert!(count > 0 && !received.is_truncated());
                fds.extend(received);
                room = &mut room[count..];
            }
        };
        fill(&mut bytes, &mut fds);
        bytes.resize(Message::START + Message::rest_length(&bytes), 0);
        fill(&mut bytes[Message::START..], &mut fds);
        let message = Message::decode(&bytes);
        assert_eq!(fds.len(), message.fd_count as usize);
        (message, fds)
    }

    fn call(&mut self, message: Message, fds: &[BorrowedFd<'_>]) -> Message {
        let serial = self.send(message, fds);
        self.answer_to(serial)
    }

    fn answer_to(&self, serial: u32) -> Message {
        loop {
            // The bus sends signals in between.
            let (message, _) = self.receive();
            if message.answers(serial) {
                return message;
            }
        }
    }
}

fn read_line(mut stream: &UnixStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

/// The zero byte with which a connection begins; the daemon asks the socket who sends it.
fn begin(mut stream: &UnixStream) {
    stream.write_all(&[0]).unwrap();
}

/// With the credentials that systems need whose sockets cannot be asked.
fn begin_with_credentials(stream: &UnixStream) {
    let mut buffer = vec![0; ancillary_size(0)];
    let mut ancillary = SocketAncillary::new(&mut buffer);
    assert!(ancillary.add_creds(&[SocketCred::of_this_process()]));
    assert_eq!(stream.send_vectored_with_ancillary(&[IoSlice::new(&[0])], &mut ancillary).unwrap(), 1);
}

#[test]
fn the_bus_knows_this_process() {
    within_deadline(|| {
        let Some(daemon) = Daemon::start() else { return };
        for begin in [begin, begin_with_credentials] {
            let mut connection = Connection::new(&daemon.socket, begin);
            assert!(connection.name.starts_with(":1."), "{}", connection.name);
            let mut question = call_to_bus(0, "GetConnectionUnixProcessID");
            question.signature = "s".into();
            question.body = string_body(&connection.name);
            let answer = connection.call(question, &[]);
            assert_eq!((answer.signature.as_str(), u32_at(&answer.body, 0)), ("u", std::process::id()));
        }
    });
}

#[test]
fn descriptors_pass_through_the_bus() {
    within_deadline(|| {
        let Some(daemon) = Daemon::start() else { return };
        let mut sender = Connection::new(&daemon.socket, begin);
        let mut receiver = Connection::new(&daemon.socket, begin);
        let (mut written, passed) = pipe().unwrap();
        let (mut second_written, second_passed) = pipe().unwrap();
        let call = Message {
            kind: METHOD_CALL,
            path: "/receiver".into(),
            interface: "org.example.Receiver".into(),
            member: "Read".into(),
            destination: receiver.name.clone(),
            // Two indexes into the descriptors that come with the message.
            signature: "hh".into(),
            body: [1_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat(),
            fd_count: 2,
            ..Message::default()
        };
        let serial = sender.send(call, &[passed.as_fd(), second_passed.as_fd()]);
        drop((passed, second_passed));
        written.write_all(b"through the bus").unwrap();
        second_written.write_all(b"twice ").unwrap();
        drop((written, second_written));

        let (call, fds) = loop {
            let (message, fds) = receiver.receive();
            if message.kind == METHOD_CALL {
                break (message, fds);
            }
        };
        assert_eq!((call.member.as_str(), call.signature.as_str()), ("Read", "hh"));
        assert_eq!((&call.sender, call.serial), (&sender.name, serial));
        let mut fds: Vec<_> = fds.into_iter().map(Some).collect();
        let mut text = String::new();
        for index in [u32_at(&call.body, 0), u32_at(&call.body, 4)] {
            let fd = fds[index as usize].take().unwrap();
            Recver::from(fd).read_to_string(&mut text).unwrap();
        }
        let answer = Message {
            kind: METHOD_RETURN,
            reply_serial: call.serial,
            destination: call.sender,
            signature: "s".into(),
            body: string_body(&text),
            ..Message::default()
        };
        receiver.send(answer, &[]);
        assert_eq!(string_at(&sender.answer_to(serial).body, 0).0, "twice through the bus");
    });
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{Daemon, Message, auth_line, call_to_bus, common::on_tokio, string_at, string_body, u32_at};
    use interprocess::os::unix::uds::tokio::UnixStream;
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

    async fn call(stream: &mut BufReader<&UnixStream>, message: Message) -> Message {
        stream.write_all(&message.encode()).await.unwrap();
        loop {
            let mut bytes = vec![0; Message::START];
            stream.read_exact(&mut bytes).await.unwrap();
            bytes.resize(Message::START + Message::rest_length(&bytes), 0);
            stream.read_exact(&mut bytes[Message::START..]).await.unwrap();
            let answer = Message::decode(&bytes);
            if answer.answers(message.serial) {
                return answer;
            }
        }
    }

    #[test]
    fn the_bus_knows_this_process() {
        on_tokio(async {
            let Some(daemon) = Daemon::start() else { return };
            let stream = UnixStream::connect(&daemon.socket).await.unwrap();
            let mut stream = BufReader::new(&stream);
            stream.write_all(format!("\0{}", auth_line()).as_bytes()).await.unwrap();
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            assert!(line.starts_with("OK "), "{line:?}");
            stream.write_all(b"BEGIN\r\n").await.unwrap();

            let name = string_at(&call(&mut stream, call_to_bus(1, "Hello")).await.body, 0).0;
            let mut question = call_to_bus(2, "GetConnectionUnixProcessID");
            question.signature = "s".into();
            question.body = string_body(&name);
            assert_eq!(u32_at(&call(&mut stream, question).await.body, 0), std::process::id());
        });
    }
}
