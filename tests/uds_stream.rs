//! Unix domain stream sockets, held against std's own test cases and against std's and Tokio's types at the other end.
#![cfg(unix)]

mod common;

use common::{Folder, bytes, exchange, expect_bytes, within_deadline};
use interprocess::os::unix::uds::{SocketAddr, UnixListener, UnixStream};
use std::{
    io::{ErrorKind, IoSlice, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net,
    },
    thread,
    time::Duration,
};

#[test]
fn basic() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            let (stream, peer) = listener.accept().unwrap();
            assert!(peer.is_unnamed());
            exchange(&stream, b"world", b"hello").unwrap();
        });
        let stream = UnixStream::connect(&path).unwrap();
        assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(&*path));
        assert!(stream.local_addr().unwrap().is_unnamed());
        exchange(&stream, b"hello", b"world").unwrap();
        assert_eq!((&stream).read(&mut [0]).unwrap(), 0);
        server.join().unwrap();
    });
}

#[test]
fn pair_and_clones() {
    let (a, b) = UnixStream::pair().unwrap();
    let copy = a.try_clone().unwrap();
    (&a).write_all(b"one").unwrap();
    (&copy).write_all(b"two").unwrap();
    expect_bytes(&b, b"onetwo").unwrap();
    drop(a);
    (&copy).write_all(b"three").unwrap();
    drop(copy);
    expect_bytes(&b, b"three").unwrap();
    assert_eq!((&b).read(&mut [0]).unwrap(), 0);
}

#[test]
fn incoming() {
    let folder = Folder::new();
    let path = folder.0.join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let clients = thread::spawn(move || {
        for _ in 0..2 {
            UnixStream::connect(&path).unwrap().write_all(&[0]).unwrap();
        }
    });
    for stream in listener.incoming().take(2) {
        expect_bytes(stream.unwrap(), &[0]).unwrap();
    }
    clients.join().unwrap();
}

#[test]
fn addresses() {
    let folder = Folder::new();
    for bad in ["", "a\0b"] {
        assert_eq!(SocketAddr::from_pathname(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(UnixStream::connect(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(UnixListener::bind(bad).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let path = folder.0.join("sock");
    let address = SocketAddr::from_pathname(&path).unwrap();
    assert_eq!(address.as_pathname(), Some(&*path));
    assert_eq!(format!("{address:?}"), format!("{path:?} (pathname)"));
    let listener = UnixListener::bind_addr(&address).unwrap();
    assert_eq!(listener.local_addr().unwrap(), address);
    UnixStream::connect_addr(&address).unwrap();
    assert_eq!(UnixListener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    assert_eq!(SocketAddr::from_pathname("x".repeat(200)).unwrap_err().kind(), ErrorKind::InvalidInput);

    // Without a NUL at its end, as the kernel allows.
    let longest = "y".repeat(if cfg!(target_os = "linux") { 108 } else { 104 });
    let address = SocketAddr::from_pathname(&longest).unwrap();
    assert_eq!(address.as_pathname().unwrap().to_str(), Some(&*longest));
}

#[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
#[test]
fn abstract_addresses() {
    let name = [common::unique().as_bytes(), b"\0\xff binary"].concat();
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    assert_eq!(address.as_abstract_name(), Some(&*name));
    assert!(format!("{address:?}").ends_with("\\x00\\xff binary\" (abstract)"), "{address:?}");
    let listener = UnixListener::bind_addr(&address).unwrap();
    let client = UnixStream::connect_addr(&address).unwrap();
    let (server, _) = listener.accept().unwrap();
    assert_eq!(client.peer_addr().unwrap(), address);
    assert_eq!(server.local_addr().unwrap(), address);
    let longest = [b'x'; 107];
    assert_eq!(SocketAddr::from_abstract_name(longest).unwrap().as_abstract_name(), Some(&longest[..]));
    assert_eq!(SocketAddr::from_abstract_name([b'x'; 108]).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn timeouts() {
    let (a, _b) = UnixStream::pair().unwrap();
    assert_eq!(a.read_timeout().unwrap(), None);
    for wrong in [a.set_read_timeout(Some(Duration::ZERO)), a.set_write_timeout(Some(Duration::ZERO))] {
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    let timeout = Some(Duration::from_millis(20));
    a.set_read_timeout(timeout).unwrap();
    a.set_write_timeout(timeout).unwrap();
    assert!(a.read_timeout().unwrap() >= timeout && a.write_timeout().unwrap() >= timeout);
    assert_eq!((&a).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    a.set_read_timeout(None).unwrap();
    assert_eq!(a.read_timeout().unwrap(), None);
}

#[test]
fn shutdown_peek_and_errors() {
    let (a, b) = UnixStream::pair().unwrap();
    (&a).write_all(b"seen").unwrap();
    let mut seen = [0; 4];
    assert_eq!(b.peek(&mut seen).unwrap(), 4);
    expect_bytes(&b, b"seen").unwrap();
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&b).read(&mut seen).unwrap(), 0);
    assert_eq!((&a).write(&[0]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    a.set_nonblocking(true).unwrap();
    assert_eq!((&a).read(&mut seen).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(a.take_error().unwrap().is_none());
}

#[test]
fn the_peer() {
    let (a, _b) = UnixStream::pair().unwrap();
    let peer = a.peer_cred().unwrap();
    assert_eq!(peer.pid(), Some(std::process::id() as i32));
    assert_eq!(peer.uid(), rustix::process::geteuid().as_raw());
    assert_eq!(peer.gid(), rustix::process::getegid().as_raw());
    if cfg!(target_os = "linux") {
        let groups = fs_groups();
        // qemu-user does not know the option.
        if let Ok(Some(mut told)) = a.peer_groups() {
            told.sort_unstable();
            assert_eq!(told, groups);
        }
    }
}

/// The supplementary groups, as the kernel shows them.
fn fs_groups() -> Vec<u32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap();
    let mut groups: Vec<u32> = line.split_whitespace().map(|group| group.parse().unwrap()).collect();
    groups.sort_unstable();
    groups
}

#[test]
fn std_at_the_other_end() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let listener = net::UnixListener::bind(&path).unwrap();
        let ours = UnixStream::connect(&path).unwrap();
        let (theirs, _) = listener.accept().unwrap();
        let (up, down) = (bytes(1, 2 << 20), bytes(2, 2 << 20));
        thread::scope(|scope| {
            let other = scope.spawn(|| exchange(&theirs, &down, &up));
            exchange(&ours, &up, &down).unwrap();
            other.join().unwrap().unwrap();
        });
        // And through all conversions.
        let ours = UnixListener::from(listener);
        let theirs = net::UnixStream::connect(&path).unwrap();
        let (accepted, _) = ours.accept().unwrap();
        let fd: OwnedFd = accepted.into();
        let mut accepted: net::UnixStream = UnixStream::from(fd).into();
        accepted.write_all(b"converted").unwrap();
        expect_bytes(UnixStream::from(theirs), b"converted").unwrap();
        let _std: net::UnixListener = ours.into();
    });
}

#[test]
fn no_child_inherits() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.0.join("sock")).unwrap();
    let client = UnixStream::connect(folder.0.join("sock")).unwrap();
    let (server, _) = listener.accept().unwrap();
    let (a, b) = UnixStream::pair().unwrap();
    let copy = a.try_clone().unwrap();
    for fd in [listener.as_fd(), client.as_fd(), server.as_fd(), a.as_fd(), b.as_fd(), copy.as_fd()] {
        assert!(rustix::io::fcntl_getfd(fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
    }
}

/// Writes to a peer that is gone, with SIGPIPE as deadly as in a C program.
#[test]
fn role_sigpipe() {
    if common::role_argument("role_sigpipe").is_none() {
        return;
    }
    common::deadly_sigpipe();
    let (mut a, b) = UnixStream::pair().unwrap();
    drop(b);
    assert_eq!(a.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(a.write_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    #[cfg(feature = "tokio")]
    common::on_tokio(async {
        use interprocess::os::unix::uds::tokio::UnixStream;
        use tokio::io::AsyncWriteExt;
        let (mut a, b) = UnixStream::pair().unwrap();
        drop(b);
        assert_eq!(a.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(a.write_vectored(&[IoSlice::new(b"x")]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn writing_to_nobody_is_no_signal() {
    common::start_role("role_sigpipe", "").succeeds();
}

/// Counts descriptors, in a process without other tests.
#[cfg(target_os = "linux")]
#[test]
fn role_counts() {
    if common::role_argument("role_counts").is_none() {
        return;
    }
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("sock");
        let before = common::open_descriptors();
        for _ in 0..100 {
            let listener = UnixListener::bind_with(&path, Some(0o600), 1).unwrap();
            let client = UnixStream::connect_timeout(&path, common::FOREVER).unwrap();
            let (server, _) = listener.accept().unwrap();
            exchange(&server, b"", b"").unwrap();
            std::fs::remove_file(&path).unwrap();
            drop((listener, client, server));
            UnixStream::connect(&path).unwrap_err();
            UnixListener::bind(folder.0.join("no/folder")).unwrap_err();
        }
        assert_eq!(common::open_descriptors(), before);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_open() {
    common::start_role("role_counts", "").succeeds();
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{Duration, ErrorKind, Folder, OwnedFd, UnixListener as Blocking, bytes, common, net};
    use common::{exchange_tokio, on_tokio};
    use interprocess::os::unix::uds::{
        self,
        tokio::{UnixListener, UnixStream},
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn accept_read_write() {
        on_tokio(async {
            let folder = Folder::new();
            let path = folder.0.join("sock");
            let listener = UnixListener::bind(&path).unwrap();
            let (client, server) = tokio::join!(UnixStream::connect(&path), listener.accept());
            let (client, (server, _)) = (client.unwrap(), server.unwrap());
            assert_eq!(client.peer_addr().unwrap().as_pathname(), Some(&*path));
            assert_eq!(client.peer_cred().unwrap(), server.peer_cred().unwrap());
            let (up, down) = (bytes(1, 2 << 20), bytes(2, 2 << 20));
            tokio::try_join!(exchange_tokio(&client, &up, &down), exchange_tokio(&server, &down, &up))
                .unwrap();
            drop(server);
            assert_eq!((&mut &client).read(&mut [0]).await.unwrap(), 0);
            assert_eq!((&mut &client).write(&[0]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn shutdown() {
        on_tokio(async {
            let (mut a, mut b) = UnixStream::pair().unwrap();
            a.write_all(b"bye").await.unwrap();
            AsyncWriteExt::shutdown(&mut a).await.unwrap();
            let mut text = String::new();
            b.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "bye");
        });
    }

    #[test]
    fn tokio_at_the_other_end() {
        on_tokio(async {
            let folder = Folder::new();
            let path = folder.0.join("sock");
            let listener = tokio::net::UnixListener::bind(&path).unwrap();
            let ours = UnixStream::connect(&path).await.unwrap();
            let (mut theirs, _) = listener.accept().await.unwrap();
            let (up, down) = (bytes(1, 2 << 20), bytes(2, 2 << 20));
            let other = async {
                let (mut read, mut write) = theirs.split();
                let mut got = vec![0; up.len()];
                tokio::try_join!(write.write_all(&down), read.read_exact(&mut got))?;
                assert!(got == up);
                Ok(())
            };
            tokio::try_join!(other, exchange_tokio(&ours, &up, &down)).unwrap();
        });
    }

    #[test]
    fn conversions() {
        let (a, b) = uds::UnixStream::pair().unwrap();
        let a = on_tokio(async {
            let mut a = UnixStream::try_from(a).unwrap();
            a.write_all(b"x").await.unwrap();
            let std = a.into_std().unwrap();
            let a = UnixStream::from_std(std).unwrap();
            uds::UnixStream::try_from(a).unwrap()
        });
        common::expect_bytes(&b, b"x").unwrap();
        // It is in blocking mode again.
        let reader = std::thread::spawn(move || common::expect_bytes(&a, b"y"));
        std::io::Write::write_all(&mut &b, b"y").unwrap();
        reader.join().unwrap().unwrap();
        on_tokio(async { drop(UnixStream::try_from(OwnedFd::from(b)).unwrap()) });
    }

    #[test]
    fn closing_wakes_acceptors() {
        if cfg!(not(any(target_os = "linux", target_os = "freebsd"))) || cfg!(interprocess_portable_unix) {
            return;
        }
        on_tokio(async {
            let folder = Folder::new();
            let listener = UnixListener::try_from(Blocking::bind(folder.0.join("sock")).unwrap()).unwrap();
            let accept = listener.accept();
            let close = async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                listener.shutdown().unwrap();
            };
            let (accepted, ()) = tokio::join!(accept, close);
            accepted.unwrap_err();
            drop(net::UnixListener::from(Blocking::try_from(listener).unwrap()));
        });
    }
}
