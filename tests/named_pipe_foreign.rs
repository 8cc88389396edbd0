//! Named pipes with programs that do not use this crate at one end: std's `File`, and Tokio's own pipes.
//!
//! interprocess 2.4 is in `bench/tests`.
#![cfg(all(windows, feature = "tokio"))]

mod common;

use common::{
    Killed, begin_role, bytes, on_tokio, start_role,
    talk::{self, SIZES},
    unique, within_deadline,
};
use interprocess::os::windows::named_pipe::{
    DuplexPipeStream, PipeListenerOptions,
    pipe_mode::{Bytes, Messages, PipeModeTag},
    tokio as on_runtime,
};
use std::{
    fs::File,
    io::{Read, Write},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::windows::named_pipe::{ClientOptions, PipeMode, ServerOptions},
};

const TO_SERVER: u64 = 1000;
const TO_CLIENT: u64 = 2000;

/// What a `NamedPipeServer` of messages can receive: Tokio reads 4,096 bytes at a time, and takes it for a failure if a
/// message has more.
const SMALL: &[usize] = &[1, 4_000, 3];

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

/// All that is said, without what keeps it apart.
fn joined(seed: u64, sizes: &[usize]) -> Vec<u8> {
    (seed..).zip(sizes).flat_map(|(seed, &size)| bytes(seed, size)).collect()
}

/// The client speaks first and then listens, as a file can do only one at a time.
#[test]
#[ignore = "a role, which another test starts"]
fn file_client() {
    let path = begin_role();
    within_deadline(move || {
        let mut file = File::options().read(true).write(true).open(path).unwrap();
        for (seed, &size) in (TO_SERVER..).zip(SIZES) {
            file.write_all(&bytes(seed, size)).unwrap();
        }
        let mut heard = vec![0; SIZES.iter().sum()];
        file.read_exact(&mut heard).unwrap();
        assert!(heard == joined(TO_CLIENT, SIZES));
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn tokios_client() {
    let path = begin_role();
    on_tokio(async {
        // Reads bytes, whatever the pipe keeps.
        let client = ClientOptions::new().open(path).unwrap();
        tokios_end(client, TO_SERVER, TO_CLIENT, SIZES, SIZES).await;
    });
}

/// Both directions at once, a write for each thing that is said.
async fn tokios_end(
    stream: impl AsyncRead + AsyncWrite,
    says: u64,
    hears: u64,
    says_sizes: &[usize],
    hears_sizes: &[usize],
) {
    let (mut recv, mut send) = tokio::io::split(stream);
    let say = async {
        for (seed, &size) in (says..).zip(says_sizes) {
            send.write_all(&bytes(seed, size)).await.unwrap();
        }
    };
    let hear = async {
        let mut heard = vec![0; hears_sizes.iter().sum()];
        recv.read_exact(&mut heard).await.unwrap();
        assert!(heard == joined(hears, hears_sizes));
    };
    tokio::join!(say, hear);
}

const CLIENTS: [&str; 2] = ["file_client", "tokios_client"];

fn serve<M: PipeModeTag>()
where
    DuplexPipeStream<M>: talk::Talk,
{
    use talk::{Talk, converse, hear_all, say_all};
    for role in CLIENTS {
        let path = unique_path();
        let listener = PipeListenerOptions::new().path(&path).create_duplex::<M>().unwrap();
        let mut client = start_role(role, &path);
        let stream = listener.accept().unwrap();
        if role == "file_client" {
            hear_all(&stream, TO_SERVER, SIZES);
            say_all(&stream, TO_CLIENT, SIZES);
        } else {
            converse(&stream, TO_CLIENT, TO_SERVER);
        }
        assert_eq!(stream.hear(1).unwrap(), None, "{role}");
        client.succeeds();
    }
}

#[test]
fn server_of_bytes() {
    within_deadline(serve::<Bytes>);
}

#[test]
fn server_of_messages() {
    within_deadline(serve::<Messages>);
}

async fn serve_on_tokio<M: PipeModeTag>()
where
    on_runtime::DuplexPipeStream<M>: talk::tokio::Talk,
{
    use talk::tokio::{Talk, converse, hear_all, say_all};
    for role in CLIENTS {
        let path = unique_path();
        let listener = PipeListenerOptions::new().path(&path).create_tokio_duplex::<M>().unwrap();
        let client = start_role(role, &path);
        let stream = listener.accept().await.unwrap();
        if role == "file_client" {
            hear_all(&stream, TO_SERVER, SIZES).await;
            say_all(&stream, TO_CLIENT, SIZES).await;
        } else {
            converse(&stream, TO_CLIENT, TO_SERVER).await;
        }
        assert_eq!(stream.hear(1).await.unwrap(), None, "{role}");
        end(client).await;
    }
}

async fn end(mut child: Killed) {
    tokio::task::spawn_blocking(move || child.succeeds()).await.unwrap();
}

#[test]
fn tokio_server_of_bytes() {
    on_tokio(serve_on_tokio::<Bytes>());
}

#[test]
fn tokio_server_of_messages() {
    on_tokio(serve_on_tokio::<Messages>());
}

/// Tokio's server, with each of our clients.
async fn tokios_server(mode: PipeMode, name: &str, hears_sizes: &[usize]) {
    for runtime in ["", "tokio_"] {
        let path = unique_path();
        let server = ServerOptions::new().pipe_mode(mode).first_pipe_instance(true).create(&path).unwrap();
        let client = start_role(&format!("{runtime}client_of_{name}"), &path);
        server.connect().await.unwrap();
        tokios_end(server, TO_CLIENT, TO_SERVER, SIZES, hears_sizes).await;
        end(client).await;
    }
}

#[test]
fn tokios_server_of_bytes() {
    on_tokio(tokios_server(PipeMode::Byte, "bytes", SIZES));
}

#[test]
fn tokios_server_of_messages() {
    on_tokio(tokios_server(PipeMode::Message, "messages", SMALL));
}

fn client<M: PipeModeTag>(says: &'static [usize])
where
    DuplexPipeStream<M>: talk::Talk,
{
    use talk::{Talk, hear_all, say_all};
    let path = begin_role();
    within_deadline(move || {
        let stream = DuplexPipeStream::<M>::connect_by_path(path).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| say_all(&stream, TO_SERVER, says));
            hear_all(&stream, TO_CLIENT, SIZES);
        });
        assert_eq!(stream.hear(1).unwrap(), None);
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn client_of_bytes() {
    client::<Bytes>(SIZES);
}

#[test]
#[ignore = "a role, which another test starts"]
fn client_of_messages() {
    client::<Messages>(SMALL);
}

fn tokio_client<M: PipeModeTag>(says: &[usize])
where
    on_runtime::DuplexPipeStream<M>: talk::tokio::Talk,
{
    use talk::tokio::{Talk, hear_all, say_all};
    let path = begin_role();
    on_tokio(async {
        let stream = on_runtime::DuplexPipeStream::<M>::connect_by_path(path).await.unwrap();
        tokio::join!(say_all(&stream, TO_SERVER, says), hear_all(&stream, TO_CLIENT, SIZES));
        assert_eq!(stream.hear(1).await.unwrap(), None);
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn tokio_client_of_bytes() {
    tokio_client::<Bytes>(SIZES);
}

#[test]
#[ignore = "a role, which another test starts"]
fn tokio_client_of_messages() {
    tokio_client::<Messages>(SMALL);
}
