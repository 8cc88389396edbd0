//! Closing listeners of every kind, whoever else has their sockets. Unix.
#![cfg(unix)]

mod common;

use common::{Folder, Killed, within_deadline};
use interprocess::{
    local_socket::{self, ListenerNonblockingMode, ListenerOptions, Name},
    os::unix::uds::{UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixStream},
};
use rustix::fs::OFlags;
use std::{
    fmt::Debug,
    io::{self, ErrorKind, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    path::Path,
    process::Stdio,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// Blocking listeners, whose clients receive one byte or the end.
trait Listener: AsFd + Debug + From<OwnedFd> + Into<OwnedFd> + Send + Sync + 'static {
    /// What `accept` says of a socket that another process has shut down.
    const SHUT_DOWN: ErrorKind = ErrorKind::InvalidInput;
    type Client: Send + Sync;

    fn bind(path: &Path) -> Self;
    fn accept(&self) -> io::Result<OwnedFd>;
    fn accept_timeout(&self, timeout: Duration) -> io::Result<OwnedFd>;
    fn set_nonblocking(&self, nonblocking: bool);
    fn close(&self);
    fn is_closed(&self) -> bool;
    fn ends(&self) -> bool;
    fn connect(path: &Path) -> io::Result<Self::Client>;
    /// Waits for a byte. `false`: the connection has ended.
    fn is_served(client: &Self::Client) -> bool;
}

impl Listener for local_socket::Listener {
    const SHUT_DOWN: ErrorKind = ErrorKind::ConnectionAborted;
    type Client = UnixStream;

    fn bind(path: &Path) -> Self {
        ListenerOptions::new().name(Name::path(path).unwrap()).create_sync().unwrap()
    }
    fn accept(&self) -> io::Result<OwnedFd> {
        self.accept().map(Into::into)
    }
    fn accept_timeout(&self, timeout: Duration) -> io::Result<OwnedFd> {
        self.accept_timeout(timeout).map(Into::into)
    }
    fn set_nonblocking(&self, nonblocking: bool) {
        self.set_nonblocking(ListenerNonblockingMode::from_bool(nonblocking, false)).unwrap();
    }
    fn close(&self) {
        self.close();
    }
    fn is_closed(&self) -> bool {
        self.is_closed()
    }
    fn ends(&self) -> bool {
        self.incoming().next().is_none()
    }
    fn connect(path: &Path) -> io::Result<Self::Client> {
        UnixStream::connect(path)
    }
    fn is_served(client: &Self::Client) -> bool {
        matches!((&*client).read(&mut [0]), Ok(1))
    }
}

impl Listener for UnixListener {
    type Client = UnixStream;

    fn bind(path: &Path) -> Self {
        Self::bind(path).unwrap()
    }
    fn accept(&self) -> io::Result<OwnedFd> {
        self.accept().map(|(stream, _)| stream.into())
    }
    fn accept_timeout(&self, timeout: Duration) -> io::Result<OwnedFd> {
        self.accept_timeout(timeout).map(|(stream, _)| stream.into())
    }
    fn set_nonblocking(&self, nonblocking: bool) {
        self.set_nonblocking(nonblocking).unwrap();
    }
    fn close(&self) {
        self.close();
    }
    fn is_closed(&self) -> bool {
        self.is_closed()
    }
    fn ends(&self) -> bool {
        self.incoming().next().is_none()
    }
    fn connect(path: &Path) -> io::Result<Self::Client> {
        UnixStream::connect(path)
    }
    fn is_served(client: &Self::Client) -> bool {
        matches!((&*client).read(&mut [0]), Ok(1))
    }
}

impl Listener for UnixSeqpacketListener {
    type Client = UnixSeqpacket;

    fn bind(path: &Path) -> Self {
        Self::bind(path).unwrap()
    }
    fn accept(&self) -> io::Result<OwnedFd> {
        self.accept().map(|(socket, _)| socket.into())
    }
    fn accept_timeout(&self, timeout: Duration) -> io::Result<OwnedFd> {
        self.accept_timeout(timeout).map(|(socket, _)| socket.into())
    }
    fn set_nonblocking(&self, nonblocking: bool) {
        self.set_nonblocking(nonblocking).unwrap();
    }
    fn close(&self) {
        self.close();
    }
    fn is_closed(&self) -> bool {
        self.is_closed()
    }
    fn ends(&self) -> bool {
        self.incoming().next().is_none()
    }
    fn connect(path: &Path) -> io::Result<Self::Client> {
        UnixSeqpacket::connect(path)
    }
    fn is_served(client: &Self::Client) -> bool {
        matches!(client.recv(&mut [0]), Ok(1))
    }
}

/// Where a listener has its socket from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// It made it.
    Own,
    /// It was made elsewhere, and is nobody else's.
    Adopted,
    /// Its descriptor was borrowed.
    Borrowed,
}

const ORIGINS: [Origin; 3] = [Origin::Own, Origin::Adopted, Origin::Borrowed];

impl Origin {
    fn listener<L: Listener>(self, path: &Path) -> L {
        // A path of its own for each round, since none of these removes the file of an adopted socket.
        let _ = std::fs::remove_file(path);
        let listener = L::bind(path);
        match self {
            Self::Own => listener,
            Self::Adopted => L::from(listener.into()),
            Self::Borrowed => {
                assert!(!is_nonblocking(&listener));
                listener
            }
        }
    }
}

fn is_nonblocking(fd: impl AsFd) -> bool {
    rustix::fs::fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
}

/// A second descriptor of the socket.
fn another(listener: &impl AsFd) -> OwnedFd {
    listener.as_fd().try_clone_to_owned().unwrap()
}

fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

/// Runs a test for all kinds of listeners.
fn for_all(test: [fn(&Path); 3]) {
    let [local, stream, seqpacket] = test;
    let tests =
        if cfg!(target_vendor = "apple") { vec![local, stream] } else { vec![local, stream, seqpacket] };
    for test in tests {
        within_deadline(move || {
            let folder = Folder::new();
            test(&folder.0.join("socket"));
        });
    }
}

#[test]
fn close_wakes_acceptors_of_every_origin() {
    for_all([wake::<local_socket::Listener>, wake::<UnixListener>, wake::<UnixSeqpacketListener>]);
}

fn wake<L: Listener>(path: &Path) {
    for origin in ORIGINS {
        // Some rounds find the threads waiting, others on their way there.
        for round in 0..10 {
            let listener: L = origin.listener(path);
            thread::scope(|scope| {
                let (started, waiting) = mpsc::channel();
                let acceptors: Vec<_> = (0..4)
                    .map(|number| {
                        let (listener, started) = (&listener, started.clone());
                        scope.spawn(move || {
                            started.send(()).unwrap();
                            kind(match number {
                                0 => listener.accept_timeout(common::FOREVER),
                                _ => listener.accept(),
                            })
                        })
                    })
                    .collect();
                for _ in &acceptors {
                    waiting.recv().unwrap();
                }
                if round % 2 == 0 {
                    // Nothing of the wake-up goes through the path.
                    std::fs::remove_file(path).unwrap();
                }
                listener.close();
                for acceptor in acceptors {
                    assert_eq!(acceptor.join().unwrap(), ErrorKind::ConnectionAborted, "{origin:?}");
                }
            });
            assert!(listener.is_closed() && listener.ends(), "{origin:?}");
            assert_eq!(kind(listener.accept_timeout(Duration::ZERO)), ErrorKind::ConnectionAborted);
            listener.set_nonblocking(true);
            assert_eq!(kind(listener.accept()), ErrorKind::ConnectionAborted);
            listener.close();
        }
    }
}

#[test]
fn close_ends_queued_clients_and_refuses_later_ones() {
    for_all([queued::<local_socket::Listener>, queued::<UnixListener>, queued::<UnixSeqpacketListener>]);
}

fn queued<L: Listener>(path: &Path) {
    for origin in ORIGINS {
        let listener: L = origin.listener(path);
        let clients: Vec<_> = (0..3).map(|_| L::connect(path).unwrap()).collect();
        listener.close();
        assert!(clients.iter().all(|client| !L::is_served(client)), "{origin:?}");
        // A child that another test is starting has the descriptor for a moment.
        let error = common::error_once_closed(|| L::connect(path));
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{origin:?}");
    }
}

#[test]
fn close_and_drop_change_nothing_for_other_holders() {
    for_all([shared::<local_socket::Listener>, shared::<UnixListener>, shared::<UnixSeqpacketListener>]);
}

fn shared<L: Listener>(path: &Path) {
    for nonblocking in [false, true] {
        for closes in [false, true] {
            let _ = std::fs::remove_file(path);
            // The other holder keeps the file, too.
            let theirs = L::from(L::bind(path).into());
            theirs.set_nonblocking(nonblocking);
            let ours = L::from(another(&theirs));
            assert_eq!(is_nonblocking(&theirs), nonblocking, "after adoption");
            let clients = [(); 2].map(|()| L::connect(path).unwrap());
            drop(ours.accept().unwrap());
            drop(ours.accept_timeout(Duration::ZERO).unwrap());
            assert_eq!(kind(ours.accept_timeout(Duration::ZERO)), ErrorKind::TimedOut);
            assert_eq!(is_nonblocking(&theirs), nonblocking, "after accepting");
            if closes {
                ours.close();
                assert_eq!(kind(ours.accept()), ErrorKind::ConnectionAborted);
            }
            drop(ours);
            assert_eq!(is_nonblocking(&theirs), nonblocking, "in the end");
            drop(clients);
            let client = L::connect(path).unwrap();
            while_served::<L>(&theirs, &client);
        }
    }
}

/// Serves all who are in the queue, until the client is one of them.
fn while_served<L: Listener>(listener: &L, client: &L::Client) {
    thread::scope(|scope| {
        let served = scope.spawn(|| L::is_served(client));
        while !served.is_finished() {
            if let Ok(socket) = listener.accept_timeout(Duration::from_millis(10)) {
                serve(socket);
            }
        }
        assert!(served.join().unwrap());
    });
}

fn serve(socket: OwnedFd) {
    assert!(rustix::io::write(socket, b"!").is_ok_and(|count| count == 1));
}

/// The other holder is a child of the test below, on whose standard input the socket is: it serves one client the way
/// that a program in C would.
#[test]
#[ignore = "a role, which another test starts"]
fn role_holder() {
    let _ = common::begin_role();
    let listener = net::UnixListener::from(io::stdin().as_fd().try_clone_to_owned().unwrap());
    assert!(!is_nonblocking(&listener), "accepting would fail while nobody is there");
    listener.accept().unwrap().0.write_all(b"!").unwrap();
}

#[test]
fn child_that_is_given_the_descriptor_accepts_in_the_mode_that_was_asked_for() {
    for_all([inherited::<local_socket::Listener>, inherited::<UnixListener>, |_| ()]);
}

fn inherited<L: Listener>(path: &Path) {
    let listener = L::bind(path);
    // Accepting once has the listener in whatever mode it uses itself.
    let client = L::connect(path).unwrap();
    serve(listener.accept().unwrap());
    assert!(L::is_served(&client));
    let mut command = common::command_for_role("role_holder", "");
    let child = command.stdin(another(&listener)).stdout(Stdio::null()).spawn().unwrap();
    // The command has the descriptor too.
    drop(command);
    let mut child = Killed(child);
    // As `close` does, but the file stays.
    listener.close();
    let client = L::connect(path).unwrap();
    assert!(L::is_served(&client), "the child does not block in accept");
    child.succeeds();
}

#[test]
fn descriptor_leaves_in_the_mode_that_was_asked_for() {
    for_all([leave::<local_socket::Listener>, leave::<UnixListener>, leave::<UnixSeqpacketListener>]);
}

fn leave<L: Listener>(path: &Path) {
    for nonblocking in [false, true] {
        for later in [false, true] {
            let _ = std::fs::remove_file(path);
            let listener = L::bind(path);
            assert_eq!(kind(listener.accept_timeout(Duration::ZERO)), ErrorKind::TimedOut);
            listener.set_nonblocking(nonblocking);
            if later {
                let _ = is_nonblocking(&listener);
                listener.set_nonblocking(!nonblocking);
                listener.set_nonblocking(nonblocking);
            }
            assert_eq!(is_nonblocking(&listener), nonblocking, "borrowed");
            if nonblocking {
                assert_eq!(kind(listener.accept()), ErrorKind::WouldBlock);
            }
            let fd: OwnedFd = listener.into();
            assert_eq!(is_nonblocking(&fd), nonblocking, "owned");
            let adopted = L::from(fd);
            if nonblocking {
                assert_eq!(kind(adopted.accept()), ErrorKind::WouldBlock);
            }
        }
    }
}

#[test]
fn clones_share_the_mode_and_are_closed_one_by_one() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("socket");
        if !common::fits_into_an_address(&path) {
            return;
        }
        let listener = UnixListener::bind(&path).unwrap();
        let clone = listener.try_clone().unwrap();
        clone.set_nonblocking(true).unwrap();
        assert_eq!(kind(listener.accept()), ErrorKind::WouldBlock);
        listener.close();
        assert!(listener.is_closed() && !clone.is_closed());
        // What is done to the closed one does not reach the other.
        listener.set_nonblocking(false).unwrap();
        let _ = is_nonblocking(&listener);
        assert_eq!(kind(clone.accept()), ErrorKind::WouldBlock);
        let client = UnixStream::connect(&path).unwrap();
        serve(clone.accept().unwrap().0.into());
        assert!(UnixListener::is_served(&client));
        assert!(listener.local_addr().unwrap().is_unnamed());
        assert_eq!(clone.local_addr().unwrap().as_pathname(), Some(&*path));
    });
}

/// Readable for ever, and nothing to accept: the wait must end all the same.
#[test]
fn accept_fails_once_another_holder_has_shut_the_socket_down() {
    if !cfg!(target_os = "linux") {
        return common::skip("only Linux does this");
    }
    for_all([
        shut_down::<local_socket::Listener>,
        shut_down::<UnixListener>,
        shut_down::<UnixSeqpacketListener>,
    ]);
}

fn shut_down<L: Listener>(path: &Path) {
    use rustix::net::{Shutdown, shutdown};
    for how in [Shutdown::Both, Shutdown::Read] {
        for origin in ORIGINS {
            // Waiting, and about to wait, in all modes.
            let listener: L = origin.listener(path);
            let theirs = another(&listener);
            thread::scope(|scope| {
                let acceptor = scope.spawn(|| kind(listener.accept_timeout(common::FOREVER)));
                thread::yield_now();
                shutdown(&theirs, how).unwrap();
                assert_eq!(acceptor.join().unwrap(), L::SHUT_DOWN, "{origin:?}");
            });
            drop(listener);
            for nonblocking in [false, true] {
                let listener: L = origin.listener(path);
                let theirs = another(&listener);
                listener.set_nonblocking(nonblocking);
                shutdown(&theirs, how).unwrap();
                assert_eq!(kind(listener.accept()), L::SHUT_DOWN, "{origin:?}");
                assert_eq!(kind(listener.accept()), L::SHUT_DOWN, "again");
            }
        }
    }
}

/// The socket is shut down by a process that had it before anybody here borrowed the descriptor.
#[cfg(target_os = "linux")]
#[test]
fn accept_of_unborrowed_listener_ends_when_a_forked_process_shuts_it_down() {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags};
    within_deadline(|| {
        let folder = Folder::new();
        let listener = UnixListener::bind(folder.0.join("socket")).unwrap();
        // Another process, for all that the listener knows: its number is found without asking the listener.
        let number = format!("{listener:?}");
        let number = number.split("fd: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap();
        let this = rustix::process::pidfd_open(rustix::process::getpid(), PidfdFlags::empty());
        let number = number.parse().unwrap();
        let copy = this.and_then(|this| rustix::process::pidfd_getfd(this, number, PidfdGetfdFlags::empty()));
        let Ok(fd) = copy else {
            common::skip("this system does not let a process copy descriptors (pidfd_getfd)");
            return;
        };
        assert!(is_nonblocking(&fd), "nobody has borrowed it");
        thread::scope(|scope| {
            let acceptor = scope.spawn(|| kind(listener.accept_timeout(common::FOREVER)));
            thread::yield_now();
            rustix::net::shutdown(&fd, rustix::net::Shutdown::Both).unwrap();
            assert_eq!(acceptor.join().unwrap(), ErrorKind::InvalidInput);
        });
    });
}

/// On a description in blocking mode, the threads that lose the race for a connection go on waiting with their deadlines.
#[test]
fn threads_on_an_adopted_blocking_socket_keep_to_their_deadlines() {
    for_all([races::<local_socket::Listener>, races::<UnixListener>, races::<UnixSeqpacketListener>]);
}

fn races<L: Listener>(path: &Path) {
    const THREADS: usize = 6;
    let short = Duration::from_millis(50);
    let listener = L::from(L::bind(path).into());
    for _ in 0..20 {
        thread::scope(|scope| {
            let acceptors: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        let start = Instant::now();
                        let result = listener.accept_timeout(short);
                        assert!(result.is_ok() || start.elapsed() >= short);
                        result.map(serve).map_err(|error| error.kind())
                    })
                })
                .collect();
            let client = L::connect(path).unwrap();
            let results: Vec<_> = acceptors.into_iter().map(|acceptor| acceptor.join().unwrap()).collect();
            let accepted = results.iter().filter(|result| result.is_ok()).count();
            assert_eq!(
                results.iter().filter(|result| **result == Err(ErrorKind::TimedOut)).count(),
                THREADS - accepted
            );
            assert!(accepted <= 1);
            if accepted == 1 {
                assert!(L::is_served(&client));
            } else {
                drop(listener.accept().unwrap());
            }
        });
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{
        ErrorKind, Folder, OwnedFd, Path, UnixStream, another, common, io, is_nonblocking, kind, net,
    };
    use common::on_tokio;
    use interprocess::{
        local_socket::{self, ListenerOptions, Name},
        os::unix::uds,
    };
    use std::{os::fd::AsFd, sync::Arc};

    trait Listener: AsFd + Send + Sync + Sized + 'static {
        const SHUT_DOWN: ErrorKind = ErrorKind::InvalidInput;

        fn bind(path: &Path) -> Self;
        fn adopt(fd: OwnedFd) -> Self;
        fn accept(&self) -> impl Future<Output = io::Result<()>> + Send;
        fn close(&self);
        fn is_closed(&self) -> bool;
    }

    impl Listener for local_socket::tokio::Listener {
        const SHUT_DOWN: ErrorKind = ErrorKind::ConnectionAborted;

        fn bind(path: &Path) -> Self {
            ListenerOptions::new().name(Name::path(path).unwrap()).create_tokio().unwrap()
        }
        fn adopt(fd: OwnedFd) -> Self {
            uds::UnixListener::from(fd).try_into().unwrap()
        }
        async fn accept(&self) -> io::Result<()> {
            self.accept().await.map(drop)
        }
        fn close(&self) {
            self.close();
        }
        fn is_closed(&self) -> bool {
            self.is_closed()
        }
    }

    impl Listener for uds::tokio::UnixListener {
        fn bind(path: &Path) -> Self {
            Self::bind(path).unwrap()
        }
        fn adopt(fd: OwnedFd) -> Self {
            fd.try_into().unwrap()
        }
        async fn accept(&self) -> io::Result<()> {
            self.accept().await.map(drop)
        }
        fn close(&self) {
            self.close();
        }
        fn is_closed(&self) -> bool {
            self.is_closed()
        }
    }

    async fn is_over(stream: UnixStream) -> bool {
        let mut stream = uds::tokio::UnixStream::try_from(stream).unwrap();
        !matches!(tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await, Ok(1))
    }

    async fn closes<L: Listener>(path: &Path) {
        for origin in super::ORIGINS {
            for removes in [false, true] {
                let _ = std::fs::remove_file(path);
                let listener = match origin {
                    super::Origin::Adopted => L::adopt(net::UnixListener::bind(path).unwrap().into()),
                    _ => L::bind(path),
                };
                if origin == super::Origin::Borrowed {
                    assert!(is_nonblocking(&listener));
                }
                let listener = Arc::new(listener);
                let acceptors: Vec<_> = (0..4)
                    .map(|_| {
                        let listener = Arc::clone(&listener);
                        tokio::spawn(async move { kind(listener.accept().await) })
                    })
                    .collect();
                tokio::task::yield_now().await;
                if removes {
                    std::fs::remove_file(path).unwrap();
                }
                listener.close();
                for acceptor in acceptors {
                    assert_eq!(acceptor.await.unwrap(), ErrorKind::ConnectionAborted, "{origin:?}");
                }
                assert!(listener.is_closed());
                assert_eq!(kind(listener.accept().await), ErrorKind::ConnectionAborted);
            }
            let _ = std::fs::remove_file(path);
            let listener = L::adopt(net::UnixListener::bind(path).unwrap().into());
            let clients = [(); 2].map(|()| UnixStream::connect(path).unwrap());
            listener.close();
            for client in clients {
                assert!(is_over(client).await, "{origin:?}");
            }
            let error = common::error_once_closed(|| UnixStream::connect(path));
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        }
    }

    #[test]
    fn close_wakes_tasks_and_ends_queued_clients() {
        on_tokio(async {
            let folder = Folder::new();
            closes::<local_socket::tokio::Listener>(&folder.0.join("local")).await;
            closes::<uds::tokio::UnixListener>(&folder.0.join("uds")).await;
        });
    }

    async fn lends<L: Listener>(path: &Path) {
        for closes in [false, true] {
            let _ = std::fs::remove_file(path);
            let theirs = net::UnixListener::bind(path).unwrap();
            let ours = L::adopt(another(&theirs));
            // Another holder puts the socket into its own mode. A thread of the runtime does not block for that.
            theirs.set_nonblocking(false).unwrap();
            let client = UnixStream::connect(path).unwrap();
            ours.accept().await.unwrap();
            drop(client);
            if closes {
                ours.close();
            }
            drop(ours);
            assert!(!is_nonblocking(&theirs));
            let _client = UnixStream::connect(path).unwrap();
            theirs.accept().unwrap();
        }
    }

    #[test]
    fn other_holders_have_their_mode_back_after_close_and_drop() {
        on_tokio(async {
            let folder = Folder::new();
            lends::<local_socket::tokio::Listener>(&folder.0.join("local")).await;
            lends::<uds::tokio::UnixListener>(&folder.0.join("uds")).await;
        });
    }

    async fn is_shut_down<L: Listener>(path: &Path) {
        let theirs = net::UnixListener::bind(path).unwrap();
        let ours = Arc::new(L::adopt(another(&theirs)));
        let acceptors: Vec<_> = (0..3)
            .map(|_| {
                let ours = Arc::clone(&ours);
                tokio::spawn(async move { kind(ours.accept().await) })
            })
            .collect();
        tokio::task::yield_now().await;
        rustix::net::shutdown(&theirs, rustix::net::Shutdown::Both).unwrap();
        for acceptor in acceptors {
            assert_eq!(acceptor.await.unwrap(), L::SHUT_DOWN);
        }
        assert_eq!(kind(ours.accept().await), L::SHUT_DOWN);
    }

    #[test]
    fn accept_fails_once_another_holder_has_shut_the_socket_down() {
        if !cfg!(target_os = "linux") {
            return crate::common::skip("only Linux does this");
        }
        on_tokio(async {
            let folder = Folder::new();
            is_shut_down::<local_socket::tokio::Listener>(&folder.0.join("local")).await;
            is_shut_down::<uds::tokio::UnixListener>(&folder.0.join("uds")).await;
        });
    }

    /// Registration with the runtime, after accepting, fails when the runtime is gone.
    #[test]
    fn conversions_keep_the_listener_usable() {
        on_tokio(async {
            let folder = Folder::new();
            let path = folder.0.join("socket");
            let listener = uds::UnixListener::bind(&path).unwrap();
            let listener = uds::tokio::UnixListener::try_from(listener).unwrap();
            let _client = UnixStream::connect(&path).unwrap();
            listener.accept().await.unwrap();
            let listener = uds::UnixListener::try_from(listener).unwrap();
            assert!(!is_nonblocking(&listener));
            let _client = UnixStream::connect(&path).unwrap();
            listener.accept().unwrap();
            listener.close();
            assert_eq!(kind(listener.accept()), ErrorKind::ConnectionAborted);
        });
    }
}
