//! What needs a Tokio runtime and is called outside one panics, and the panic names the caller's line.
#![cfg(all(unix, feature = "tokio"))]

mod common;

use common::{Folder, fresh_name};
use interprocess::{
    local_socket::{self, ListenerOptions},
    os::unix::{
        fifo_file::{self, tokio as fifo},
        signal::{Signal, tokio as signal},
        uds::{self, SocketAddr, tokio as on_tokio},
    },
    shutdown,
    unnamed_pipe::{self, tokio as pipe},
};
use std::{
    cell::Cell,
    os::{fd::OwnedFd, unix::net},
    panic::{self, AssertUnwindSafe, Location},
};

thread_local! {
    static BLAMED: Cell<Option<(String, u32)>> = const { Cell::new(None) };
}

/// Fails unless the call, on the line of this one, panics there.
#[track_caller]
fn blames<T>(call: impl FnOnce() -> T) {
    let here = Location::caller();
    assert!(panic::catch_unwind(AssertUnwindSafe(call)).is_err(), "{here}: it did not panic");
    let blamed = BLAMED.take().unwrap();
    assert_eq!(blamed, (here.file().to_owned(), here.line()), "at {here}, the panic names something else");
}

#[test]
fn panics_outside_a_runtime_name_the_caller() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // Those of assertions are shown.
        let of_tokio = info.payload().downcast_ref::<String>().is_some_and(|text| text.contains("Tokio"));
        let of_tokio =
            of_tokio || info.payload().downcast_ref::<&str>().is_some_and(|text| text.contains("Tokio"));
        match info.location().filter(|_| of_tokio) {
            Some(location) => BLAMED.set(Some((location.file().to_owned(), location.line()))),
            None => before(info),
        }
    }));
    let folder = Folder::new();
    let path = |name: &str| folder.0.join(name);

    blames(|| ListenerOptions::new().name(fresh_name(common::Kind::Path)).create_tokio());
    blames(|| local_socket::tokio::Stream::pair());
    let (stream, peer) = local_socket::Stream::pair().unwrap();
    blames(|| local_socket::tokio::Stream::try_from(stream));
    blames(|| local_socket::tokio::Stream::try_from(OwnedFd::from(peer)));

    blames(|| on_tokio::UnixStream::pair());
    let (stream, peer) = uds::UnixStream::pair().unwrap();
    blames(|| on_tokio::UnixStream::try_from(stream));
    blames(|| on_tokio::UnixStream::from_std(peer));
    blames(|| on_tokio::UnixListener::bind(path("a")));
    blames(|| on_tokio::UnixListener::bind_addr(&SocketAddr::from_pathname(path("b")).unwrap()));
    let listener = uds::UnixListener::bind(path("c")).unwrap();
    blames(|| on_tokio::UnixListener::try_from(listener));
    let listener = net::UnixListener::bind(path("d")).unwrap();
    blames(|| on_tokio::UnixListener::from_std(listener));
    blames(|| on_tokio::UnixDatagram::bind(path("e")));
    blames(|| on_tokio::UnixDatagram::unbound());
    blames(|| on_tokio::UnixDatagram::pair());
    let socket = on_tokio::UnixSocket::new_stream().unwrap();
    socket.bind(path("f")).unwrap();
    blames(|| socket.listen(1));
    let socket = on_tokio::UnixSocket::new_datagram().unwrap();
    blames(|| socket.datagram());
    if cfg!(not(target_vendor = "apple")) {
        blames(|| on_tokio::UnixSeqpacket::pair());
        blames(|| on_tokio::UnixSeqpacketListener::bind(path("g")));
    }

    blames(|| fifo::pipe());
    fifo_file::create_fifo(path("h"), 0o600).unwrap();
    blames(|| fifo::OpenOptions::new().open_receiver(path("h")));
    blames(|| pipe::pipe());
    blames(|| pipe::sender_pair());
    blames(|| pipe::recver_pair());
    let (sender, recver) = unnamed_pipe::pipe().unwrap();
    blames(|| pipe::Sender::try_from(sender));
    blames(|| pipe::Recver::try_from(recver));

    blames(|| signal::signal(signal::SignalKind::hangup()));
    blames(|| signal::Signals::new(Signal::HUP));
    blames(|| shutdown::tokio::Shutdown::new());
}
