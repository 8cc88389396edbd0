// Programs for `local_socket` of interprocess 2.4, in the ways its documentation shows. See `drop_in.rs`.

use interprocess::{
    ConnectWaitMode, TryClone,
    local_socket::{
        ConnectOptions, GenericFilePath, GenericNamespaced, Incoming, Listener, ListenerNonblockingMode,
        ListenerOptions, Name, NamespacedNameType, PathNameType, PeerCreds, RecvHalf, ReuniteError,
        ReuniteResult, SendHalf, Stream,
        prelude::*,
        traits::{self, RecvHalf as _, SendHalf as _},
    },
};
use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    io::{self, BufReader, prelude::*},
    path::{Path, PathBuf},
    time::Duration,
};

fn name_of(kind: crate::Kind, text: &str) -> io::Result<Name<'_>> {
    match kind {
        crate::Kind::Namespaced => text.to_ns_name::<GenericNamespaced>(),
        crate::Kind::Path => text.to_fs_name::<GenericFilePath>(),
    }
}

/// The server of 2.4's example, for one client.
pub(crate) fn serve(kind: crate::Kind, text: &str, ready: &dyn Fn()) -> io::Result<String> {
    let listener = match ListenerOptions::new().name(name_of(kind, text)?).create_sync() {
        Err(e) if e.kind() == io::ErrorKind::AddrInUse => {
            eprintln!("the name {text} is in use");
            return Err(e);
        }
        x => x?,
    };
    ready();

    let mut buffer = String::with_capacity(128);
    let mut conn = listener
        .incoming()
        .filter_map(|conn| conn.map_err(|e| eprintln!("Incoming connection failed: {e}")).ok())
        .map(BufReader::new)
        .next()
        .expect("a client comes");
    conn.read_line(&mut buffer)?;
    conn.get_mut().write_all(b"Hello from server!\n")?;
    Ok(buffer)
}

/// The client of 2.4's example.
pub(crate) fn call(kind: crate::Kind, text: &str) -> io::Result<String> {
    let mut buffer = String::with_capacity(128);
    let mut conn = BufReader::new(Stream::connect(name_of(kind, text)?)?);
    conn.get_mut().write_all(b"Hello from client!\n")?;
    conn.read_line(&mut buffer)?;
    Ok(buffer)
}

/// Names from every type that the traits take.
pub(crate) fn names(path: &str) -> io::Result<()> {
    assert!(GenericNamespaced::is_supported() || GenericFilePath::is_supported());
    let namespaced: [Name<'static>; 4] = [
        "example.sock".to_ns_name::<GenericNamespaced>()?,
        String::from("example.sock").to_ns_name::<GenericNamespaced>()?,
        OsStr::new("example.sock").to_ns_name::<GenericNamespaced>()?,
        OsString::from("example.sock").to_ns_name::<GenericNamespaced>()?,
    ];
    for name in &namespaced {
        assert!(name.is_namespaced());
        assert_eq!(*name, namespaced[0]);
        assert_eq!(name.borrow().into_owned(), name.clone());
    }
    let paths: [Name<'_>; 6] = [
        path.to_fs_name::<GenericFilePath>()?,
        path.to_owned().to_fs_name::<GenericFilePath>()?,
        Path::new(path).to_fs_name::<GenericFilePath>()?,
        PathBuf::from(path).to_fs_name::<GenericFilePath>()?,
        OsStr::new(path).to_fs_name::<GenericFilePath>()?,
        OsString::from(path).to_fs_name::<GenericFilePath>()?,
    ];
    for name in &paths {
        assert!(name.is_path());
    }
    let _: Name<'_> = <GenericNamespaced as NamespacedNameType<OsStr>>::map(Cow::Borrowed("x".as_ref()))?;
    let _: Name<'_> = <GenericFilePath as PathNameType<OsStr>>::map(Cow::Borrowed(path.as_ref()))?;
    assert!("".to_fs_name::<GenericFilePath>().is_err() || cfg!(unix), "2.4 takes an empty path on Unix");
    Ok(())
}

/// A pair of connected streams, the accepted one first.
fn connected(kind: crate::Kind, text: &str) -> io::Result<(Stream, Stream)> {
    let listener = ListenerOptions::new().name(name_of(kind, text)?).create_sync()?;
    let client = ConnectOptions::new().name(name_of(kind, text)?).connect_sync()?;
    Ok((listener.accept()?, client))
}

/// Modes of listeners and streams.
pub(crate) fn nonblocking(kind: crate::Kind, text: &str) -> io::Result<()> {
    type M = ListenerNonblockingMode;
    for (mode, accept, stream) in [
        (M::Neither, false, false),
        (M::Accept, true, false),
        (M::Stream, false, true),
        (M::Both, true, true),
    ] {
        assert_eq!(M::from_bool(accept, stream), mode);
        assert_eq!((mode.accept_nonblocking(), mode.stream_nonblocking()), (accept, stream));
    }

    let mut listener: Listener = ListenerOptions::new()
        .name(name_of(kind, text)?)
        .nonblocking(M::Both)
        .reclaim_name(true)
        .try_overwrite(false)
        .max_spin_time(Duration::from_secs(1))
        .create_sync_as::<Listener>()?;
    let nobody = listener.accept().map(|_| ()).expect_err("nobody has connected");
    assert_eq!(nobody.kind(), io::ErrorKind::WouldBlock);

    listener.set_nonblocking(M::Stream)?;
    let client: Stream = ConnectOptions::new()
        .name(name_of(kind, text)?)
        .wait_mode(ConnectWaitMode::Timeout(Duration::from_secs(5)))
        .nonblocking_stream(true)
        .connect_sync_as::<Stream>()?;
    // The listener is an iterator by itself, too.
    let server = listener.next().expect("listening does not end")?;
    for mut stream in [&server, &client] {
        match stream.read(&mut [0]) {
            Err(empty) => assert_eq!(empty.kind(), io::ErrorKind::WouldBlock),
            Ok(count) => assert!(count == 0 && cfg!(windows), "2.4 takes it for the end there"),
        }
        stream.set_nonblocking(false)?;
    }
    (&server).write_all(b"x")?;
    (&client).read_exact(&mut [0])?;
    listener.do_not_reclaim_name_on_drop();
    drop(listener);
    if kind == crate::Kind::Path && cfg!(unix) {
        std::fs::remove_file(text)?;
    }
    Ok(())
}

/// The options by which a client connects, and copies of options.
pub(crate) fn wait_modes(kind: crate::Kind, text: &str) -> io::Result<()> {
    let options =
        ListenerOptions::new().name(name_of(kind, text)?).nonblocking(ListenerNonblockingMode::Neither);
    let again = options.try_clone()?;
    drop(options);
    let listener = again.create_sync()?;
    for mode in [
        ConnectWaitMode::Unbounded,
        ConnectWaitMode::Timeout(Duration::from_secs(5)),
        ConnectWaitMode::Deferred,
    ] {
        let options = ConnectOptions::new().name(name_of(kind, text)?).wait_mode(mode);
        let client = options.try_clone()?.connect_sync()?;
        let server = listener.accept()?;
        (&client).write_all(b"x")?;
        (&server).read_exact(&mut [0])?;
    }
    drop(listener);
    let gone = Stream::connect(name_of(kind, text)?).map(|_| ()).expect_err("nobody listens any more");
    assert!(matches!(gone.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused), "{gone}");
    Ok(())
}

/// Halves, and putting them together.
pub(crate) fn halves(kind: crate::Kind, text: &str) -> io::Result<()> {
    let (server, client) = connected(kind, text)?;
    let (mut server_recv, mut server_send): (RecvHalf, SendHalf) = server.split();
    let (mut client_recv, mut client_send) = client.split();
    // 2.4 has no timeouts on Windows.
    for set in [server_recv.set_timeout(Some(Duration::from_secs(5))), server_send.set_timeout(None)] {
        assert!(set.is_ok() || cfg!(windows));
    }
    std::thread::scope(|scope| {
        let there = scope.spawn(|| server_send.write_all(b"to the client"));
        let back = scope.spawn(|| client_send.write_all(b"to the server"));
        let mut text = [0; 13];
        client_recv.read_exact(&mut text)?;
        assert_eq!(&text, b"to the client");
        server_recv.read_exact(&mut text)?;
        assert_eq!(&text, b"to the server");
        there.join().expect("no panic")?;
        back.join().expect("no panic")
    })?;

    let mixed: ReuniteResult = Stream::reunite(server_recv, client_send);
    let ReuniteError { rh: server_recv, sh: client_send } = mixed.expect_err("they are of different streams");
    let mut server = Stream::reunite(server_recv, server_send).expect("they belong together");
    let mut client = Stream::reunite(client_recv, client_send).expect("they belong together");
    server.write_all(b"x")?;
    client.read_exact(&mut [0])
}

/// Timeouts, credentials, copies and errors of a stream.
pub(crate) fn extras(kind: crate::Kind, text: &str) -> io::Result<()> {
    let (server, client) = connected(kind, text)?;
    let set = server.set_recv_timeout(Some(Duration::from_millis(20)));
    assert!(set.is_ok() || cfg!(windows), "2.4 has no timeouts on Windows");
    if set.is_ok() {
        let late = (&server).read(&mut [0]).expect_err("nothing was sent");
        assert!(matches!(late.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{late}");
        server.set_recv_timeout(None)?;
        server.set_send_timeout(Some(Duration::from_secs(5)))?;
        server.set_send_timeout(None)?;
    }

    let creds: PeerCreds = server.peer_creds()?;
    assert_eq!(creds.pid().map(i64::from), Some(std::process::id().into()));
    #[cfg(unix)]
    {
        assert!(creds.euid().is_some() && creds.egid().is_some(), "{creds:?}");
        let _: (Option<&[u32]>, bool) = (creds.groups(), creds.groups_truncated());
    }
    assert!(server.take_error()?.is_none());

    let mut copy: Stream = server.try_clone()?;
    drop(server);
    copy.write_all(b"x")?;
    copy.flush()?;
    (&client).read_exact(&mut [0])?;
    drop(client);
    match copy.read(&mut [0]) {
        Ok(count) => assert_eq!(count, 0),
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::BrokenPipe),
    }
    Ok(())
}

/// A program that knows the traits alone.
pub(crate) fn generic(kind: crate::Kind, text: &str) -> io::Result<()> {
    fn listen<L: traits::Listener>(name: Name<'_>) -> io::Result<L> {
        L::from_options(ListenerOptions::new().name(name))
    }
    fn first<L: traits::ListenerExt>(listener: &L) -> io::Result<L::Stream> {
        let mut incoming: Incoming<'_, L> = listener.incoming();
        incoming.next().expect("listening does not end")
    }
    fn echo<S: traits::Stream>(stream: S) -> io::Result<S> {
        let (mut recv, mut send) = stream.split();
        let mut byte = [0];
        recv.read_exact(&mut byte)?;
        send.write_all(&byte)?;
        S::reunite(recv, send).map_err(|_| io::Error::other("they belong together"))
    }
    fn describe<S: traits::StreamCommon>(stream: &S) -> io::Result<Option<i64>> {
        assert!(stream.take_error()?.is_none());
        Ok(stream.peer_creds()?.pid().map(i64::from))
    }
    fn half_to<H: traits::SendHalf>(mut half: H) -> io::Result<H> {
        half.write_all(b"!")?;
        Ok(half)
    }
    fn half_from<H: traits::RecvHalf>(mut half: H) -> io::Result<[u8; 1]> {
        let mut byte = [0];
        half.read_exact(&mut byte)?;
        Ok(byte)
    }

    let listener: LocalSocketListener = listen(name_of(kind, text)?)?;
    let client: LocalSocketStream = traits::Stream::connect(name_of(kind, text)?)?;
    let server = first(&listener)?;
    assert_eq!(describe(&server)?, Some(std::process::id().into()));
    let (recv, send) = client.split();
    let send = half_to(send)?;
    let server = echo(server)?;
    assert_eq!(half_from(recv)?, *b"!");
    drop((send, server));
    Ok(())
}
