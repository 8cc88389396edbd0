//! One end of a local socket, for `checks.ps1` to set another program, or another account, at the other.
//!
//! - `peer serve PATH CLIENTS [OPTION...]` returns to each client what it sends, until it closes its end. Options:
//!   `current-user` for [`ListenerOptions::current_user_only`], `everybody` for a security descriptor that lets all users
//!   in, `remote` for clients of the network too (without the others).
//! - `peer call PATH [OPTION...]` sends [`AMOUNT`] bytes to such a server, receives them at the same time, and compares.
//!   With `current-user`, it does so only to a server of its own user ([`ConnectOptions::current_user_only`]).
//!
//! With `tokio` as another option, the Tokio types do it. A client waits until there is a server; whatever else takes
//! longer than [`LIMIT`] is an error. Each prints who is at the other end, and the exit status is 0 if all went well.

use interprocess::local_socket::{ConnectOptions, Listener, ListenerOptions, Name, PeerCreds, Stream};
use std::{
    io::{self, ErrorKind, Read, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const AMOUNT: usize = 1 << 20;
const CHUNK: usize = 16 << 10;
const LIMIT: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    thread::spawn(|| {
        thread::sleep(2 * LIMIT);
        eprintln!("peer: out of time");
        std::process::exit(1);
    });
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peer: {:?}: {error}", error.kind());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> io::Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words[..] {
        ["serve", path, clients, ..] => {
            let clients = clients.parse().map_err(io::Error::other)?;
            let options = listener(path, &has)?;
            match (has("remote"), has("tokio")) {
                (true, _) => serve(&listen_to_network(path)?, clients),
                (_, true) => runtime.block_on(serve_on_tokio(options, clients)),
                (_, false) => serve(&options.create_sync()?, clients),
            }
        }
        ["call", path, ..] => {
            let options =
                ConnectOptions::new().name(Name::path(path)?).current_user_only(has("current-user"));
            if has("tokio") { runtime.block_on(call_on_tokio(&options)) } else { call(&options) }
        }
        _ => Err(io::Error::new(ErrorKind::InvalidInput, "usage: peer serve PATH CLIENTS | peer call PATH")),
    }
}

#[cfg(windows)]
fn listener<'n>(path: &'n str, has: &dyn Fn(&str) -> bool) -> io::Result<ListenerOptions<'n>> {
    use interprocess::os::windows::{
        local_socket::ListenerOptionsExt, security_descriptor::SecurityDescriptor,
    };
    let mut options = ListenerOptions::new().name(Name::path(path)?).current_user_only(has("current-user"));
    if has("everybody") {
        options = options.security_descriptor(SecurityDescriptor::from_sddl("D:(A;;GA;;;WD)")?);
    }
    Ok(options)
}

#[cfg(windows)]
fn listen_to_network(path: &str) -> io::Result<Listener> {
    use interprocess::os::windows::named_pipe::{PipeListenerOptions, pipe_mode::Bytes};
    PipeListenerOptions::new().path(path).accept_remote(true).create_duplex::<Bytes>().map(Listener::from)
}

#[cfg(not(windows))]
fn listen_to_network(_: &str) -> io::Result<Listener> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(not(windows))]
fn listener<'n>(path: &'n str, has: &dyn Fn(&str) -> bool) -> io::Result<ListenerOptions<'n>> {
    Ok(ListenerOptions::new().name(Name::path(path)?).current_user_only(has("current-user")))
}

fn serve(listener: &Listener, clients: u32) -> io::Result<()> {
    for _ in 0..clients {
        let mut stream = listener.accept_timeout(LIMIT)?;
        let mut buffer = vec![0; CHUNK];
        loop {
            match stream.read(&mut buffer)? {
                0 => break,
                count => stream.write_all(&buffer[..count])?,
            }
        }
        tell("client", stream.peer_creds());
    }
    Ok(())
}

async fn serve_on_tokio(options: ListenerOptions<'_>, clients: u32) -> io::Result<()> {
    let listener = options.create_tokio()?;
    for _ in 0..clients {
        let mut stream = tokio::time::timeout(LIMIT, listener.accept()).await??;
        let mut buffer = vec![0; CHUNK];
        loop {
            match stream.read(&mut buffer).await? {
                0 => break,
                count => stream.write_all(&buffer[..count]).await?,
            }
        }
        tell("client", stream.peer_creds());
    }
    Ok(())
}

fn call(options: &ConnectOptions<'_>) -> io::Result<()> {
    let stream = wait_for(|| options.clone().connect_sync())?;
    tell("server", stream.peer_creds());
    let (sent, mut received) = (noise(), vec![0; AMOUNT]);
    thread::scope(|scope| {
        let send = scope.spawn(|| sent.chunks(CHUNK).try_for_each(|chunk| (&stream).write_all(chunk)));
        (&stream).read_exact(&mut received)?;
        send.join().expect("no panic")
    })?;
    compare(&sent, &received)
}

async fn call_on_tokio(options: &ConnectOptions<'_>) -> io::Result<()> {
    let begun = Instant::now();
    let stream = loop {
        match options.clone().connect_tokio().await {
            Err(error) if error.kind() == ErrorKind::NotFound && begun.elapsed() < LIMIT => {
                tokio::time::sleep(PAUSE).await;
            }
            other => break other?,
        }
    };
    tell("server", stream.peer_creds());
    let (sent, mut received) = (noise(), vec![0; AMOUNT]);
    let send = async {
        for chunk in sent.chunks(CHUNK) {
            (&stream).write_all(chunk).await?;
        }
        Ok(())
    };
    let receive = async { (&stream).read_exact(&mut received).await.map(drop) };
    tokio::try_join!(send, receive)?;
    compare(&sent, &received)
}

const PAUSE: Duration = Duration::from_millis(20);

fn wait_for(connect: impl Fn() -> io::Result<Stream>) -> io::Result<Stream> {
    let begun = Instant::now();
    loop {
        match connect() {
            Err(error) if error.kind() == ErrorKind::NotFound && begun.elapsed() < LIMIT => {
                thread::sleep(PAUSE)
            }
            other => return other,
        }
    }
}

/// Tells who is at the other end; `checks.ps1` says where it has to be known.
fn tell(who: &str, peer: io::Result<PeerCreds>) {
    match peer {
        Ok(peer) => println!("{who}: process {:?}, user {:?}", peer.pid(), peer.user_sid()),
        Err(error) => println!("{who}: {error}"),
    }
}

/// Bytes without a pattern, so that a lost or moved part is noticed (Knuth's MMIX generator).
fn noise() -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(AMOUNT).collect()
}

fn compare(sent: &[u8], received: &[u8]) -> io::Result<()> {
    match sent.iter().zip(received).position(|(sent, received)| sent != received) {
        Some(at) => Err(io::Error::new(ErrorKind::InvalidData, format!("byte {at} came back as another"))),
        None => Ok(()),
    }
}
