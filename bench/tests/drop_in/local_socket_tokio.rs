// Programs for `local_socket::tokio` of interprocess 2.4, in the ways its documentation shows. See `drop_in.rs`.

use interprocess::{
    ConnectWaitMode,
    local_socket::{
        ConnectOptions, GenericFilePath, GenericNamespaced, ListenerOptions, Name,
        tokio::{Listener, RecvHalf, ReuniteError, ReuniteResult, SendHalf, Stream, prelude::*},
        traits::{StreamCommon, tokio as traits},
    },
};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    try_join,
};

fn name_of(kind: crate::Kind, text: &str) -> io::Result<Name<'_>> {
    match kind {
        crate::Kind::Namespaced => text.to_ns_name::<GenericNamespaced>(),
        crate::Kind::Path => text.to_fs_name::<GenericFilePath>(),
    }
}

async fn handle_conn(conn: Stream) -> io::Result<String> {
    let mut recver = BufReader::new(&conn);
    let mut sender = &conn;
    let mut buffer = String::with_capacity(128);

    let send = sender.write_all(b"Hello from server!\n");
    let recv = recver.read_line(&mut buffer);
    try_join!(recv, send)?;

    drop(conn);
    Ok(buffer)
}

/// The server of 2.4's example, for one client.
pub(crate) async fn serve(kind: crate::Kind, text: &str, ready: &dyn Fn()) -> io::Result<String> {
    let listener = ListenerOptions::new().name(name_of(kind, text)?).create_tokio()?;
    ready();
    let conn = listener.accept().await?;
    tokio::spawn(async move { handle_conn(conn).await }).await.expect("no panic")
}

/// The client of 2.4's example.
pub(crate) async fn call(kind: crate::Kind, text: &str) -> io::Result<String> {
    let mut buffer = String::with_capacity(128);
    let conn = Stream::connect(name_of(kind, text)?).await?;
    let mut recver = BufReader::new(&conn);
    let mut sender = &conn;

    let send = sender.write_all(b"Hello from client!\n");
    let recv = recver.read_line(&mut buffer);
    try_join!(send, recv)?;
    Ok(buffer)
}

/// Options, halves, credentials.
pub(crate) async fn extras(kind: crate::Kind, text: &str) -> io::Result<()> {
    let mut listener = ListenerOptions::new().name(name_of(kind, text)?).create_tokio_as::<Listener>()?;
    let options = ConnectOptions::new().name(name_of(kind, text)?);
    let waits = options.wait_mode(ConnectWaitMode::Timeout(Duration::from_secs(5)));
    let (client, server): (Stream, Stream) =
        try_join!(waits.connect_tokio_as::<Stream>(), listener.accept())?;
    assert_eq!(server.peer_creds()?.pid().map(i64::from), Some(std::process::id().into()));
    assert!(client.take_error()?.is_none());

    let (server_recv, mut server_send): (RecvHalf, SendHalf) = server.split();
    let (mut client_recv, client_send) = client.split();
    let mut text_received = [0; 13];
    try_join!(server_send.write_all(b"to the client"), client_recv.read_exact(&mut text_received))?;
    assert_eq!(&text_received, b"to the client");

    let mixed: ReuniteResult = Stream::reunite(server_recv, client_send);
    let ReuniteError { rh: server_recv, sh: client_send } = mixed.expect_err("they are of different streams");
    let mut server = Stream::reunite(server_recv, server_send).expect("they belong together");
    let mut client = Stream::reunite(client_recv, client_send).expect("they belong together");
    try_join!(async { client.write_all(b"x").await }, async { server.read_exact(&mut [0]).await })?;

    listener.do_not_reclaim_name_on_drop();
    drop(listener);
    if kind == crate::Kind::Path && cfg!(unix) {
        std::fs::remove_file(text)?;
    }
    Ok(())
}

/// A program that knows the traits alone.
pub(crate) async fn generic(kind: crate::Kind, text: &str) -> io::Result<()> {
    async fn accept<L: traits::Listener>(listener: &L) -> io::Result<L::Stream> {
        listener.accept().await
    }
    async fn echo<S: traits::Stream + Unpin>(stream: S) -> io::Result<()>
    where
        S::RecvHalf: traits::RecvHalf + Unpin,
        S::SendHalf: traits::SendHalf + Unpin,
    {
        let (mut recv, mut send) = stream.split();
        let mut byte = [0];
        recv.read_exact(&mut byte).await?;
        send.write_all(&byte).await?;
        send.flush().await
    }
    fn describe<S: StreamCommon>(stream: &S) -> io::Result<Option<i64>> {
        Ok(stream.peer_creds()?.pid().map(i64::from))
    }

    let options = ListenerOptions::new().name(name_of(kind, text)?);
    let listener: LocalSocketListener = traits::Listener::from_options(options)?;
    let (client, server) =
        try_join!(<LocalSocketStream as traits::Stream>::connect(name_of(kind, text)?), accept(&listener))?;
    assert_eq!(describe(&client)?, Some(std::process::id().into()));
    // Streams go to other tasks, by reference too.
    let echoing = tokio::spawn(echo(server));
    let client = std::sync::Arc::new(client);
    let sharing = std::sync::Arc::clone(&client);
    let sending = tokio::spawn(async move { (&*sharing).write_all(b"!").await });
    let mut byte = [0];
    (&*client).read_exact(&mut byte).await?;
    assert_eq!(&byte, b"!");
    sending.await.expect("no panic")?;
    echoing.await.expect("no panic")
}
