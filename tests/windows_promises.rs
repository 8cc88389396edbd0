//! What is promised of everything on Windows: no child inherits it, dropping it blocks nobody and needs no runtime, what was
//! written outlives its writer, and waiting runs nothing of other people's.
#![cfg(windows)]

mod common;

use common::{
    begin_role, bytes, command_for_role,
    handles::{in_own_process, inheritable_handles},
    unique, within_deadline,
};
use interprocess::os::windows::{
    console::ControlEvents,
    mailslot::{Mailslot, MailslotSender},
    named_pipe::{
        DuplexPipeStream, PipeListener, PipeListenerOptions,
        pipe_mode::{Bytes, Messages, PipeModeTag},
    },
    unnamed_pipe::CreationOptions,
};
use std::{
    io::{ErrorKind, Read, Write},
    os::windows::io::OwnedHandle,
    process,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};
use windows_sys::Win32::System::Threading::{GetCurrentThread, QueueUserAPC, SleepEx};

const INSTANT: Duration = Duration::from_millis(1);

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

/// A listener, and the ends of a connection of it: the server's, then the client's.
fn connected<M: PipeModeTag>() -> (PipeListener<M, M>, DuplexPipeStream<M>, DuplexPipeStream<M>) {
    let path = unique_path();
    let listener = PipeListenerOptions::new().path(&path).create_duplex::<M>().unwrap();
    let client = DuplexPipeStream::<M>::connect_by_path(&path).unwrap();
    let server = listener.accept().unwrap();
    (listener, server, client)
}

#[test]
fn nothing_is_inheritable() {
    in_own_process("nothing_is_inheritable", || {
        let before = inheritable_handles();
        let expect_none = |what: &str| assert_eq!(inheritable_handles(), before, "{what}");

        let (listener, server, client) = connected::<Bytes>();
        expect_none("a listener and streams");
        server.set_read_timeout(Some(INSTANT)).unwrap();
        (&server).read(&mut [0]).expect_err("nothing to read");
        listener.accept_timeout(INSTANT).expect_err("nobody is there");
        server.peer_user_sid().unwrap();
        client.peer_user_sid().unwrap();
        expect_none("waiting and asking");
        let clone = server.try_clone().unwrap();
        let halves = client.split();
        let taken = DuplexPipeStream::<Bytes>::try_from(OwnedHandle::try_from(server).unwrap()).unwrap();
        expect_none("clones, halves and conversions");
        let messages = (connected::<Messages>(), DuplexPipeStream::<Messages>::pair().unwrap());
        let unnamed = CreationOptions::new().create().unwrap();
        expect_none("pairs and unnamed pipes");
        let slot_path = format!(r"\\.\mailslot\{}", unique());
        let slot = Mailslot::create(&slot_path).unwrap();
        let sender = MailslotSender::open(&slot_path).unwrap();
        slot.recv_timeout(&mut [0; 10], INSTANT).expect_err("no message");
        let events = ControlEvents::new();
        // Wine cannot list pipes.
        let list = interprocess::os::windows::named_pipe::list();
        expect_none("mailslots, control events and lists");
        #[cfg(feature = "tokio")]
        let on_tokio = asynchronous::objects();
        expect_none("on Tokio");
        // What is asked for is noticed.
        let asked = PipeListenerOptions::new().path(unique_path()).inheritable(true);
        let asked = asked.create_duplex::<Bytes>().unwrap();
        assert_ne!(inheritable_handles(), before);
        drop((listener, clone, halves, taken, messages, unnamed, slot, sender, events, list, asked));
        #[cfg(feature = "tokio")]
        drop(on_tokio);
        expect_none("in the end");
    });
}

const LENGTH: usize = 60_000;

/// Writes and is gone at once, without any destructor.
#[test]
#[ignore = "a role, which another test starts"]
fn a_process_that_ends() {
    let argument = begin_role();
    let (mode, path) = argument.split_once(' ').unwrap();
    match mode {
        "bytes" => {
            DuplexPipeStream::<Bytes>::connect_by_path(path).unwrap().write_all(&bytes(1, LENGTH)).unwrap()
        }
        "messages" => {
            let stream = DuplexPipeStream::<Messages>::connect_by_path(path).unwrap();
            assert_eq!(stream.send(&bytes(1, LENGTH)).unwrap(), LENGTH);
            // Nor does a drop wait.
        }
        #[cfg(feature = "tokio")]
        _ => asynchronous::write_and_flush(mode, path),
        #[cfg(not(feature = "tokio"))]
        _ => unreachable!("no such mode"),
    }
    process::exit(0);
}

#[test]
fn what_a_process_wrote_outlives_it() {
    within_deadline(|| {
        let modes: &[&str] = if cfg!(feature = "tokio") {
            &["bytes", "messages", "tokio-bytes", "tokio-messages"]
        } else {
            &["bytes", "messages"]
        };
        for mode in modes {
            let path = unique_path();
            let options = PipeListenerOptions::new().path(&path);
            let run = || {
                let argument = format!("{mode} {path}");
                assert!(
                    command_for_role("a_process_that_ends", &argument).status().unwrap().success(),
                    "{mode}"
                );
            };
            // Nobody reads before the process has ended, and it does not wait for that.
            if mode.ends_with("bytes") {
                let listener = options.create_duplex::<Bytes>().unwrap();
                run();
                let mut received = Vec::new();
                listener.accept().unwrap().read_to_end(&mut received).unwrap();
                assert!(received == bytes(1, LENGTH), "{mode}: {} bytes", received.len());
            } else {
                let listener = options.create_duplex::<Messages>().unwrap();
                run();
                let (server, mut received) = (listener.accept().unwrap(), Vec::new());
                assert_eq!(server.recv_to_vec(&mut received, LENGTH).unwrap(), Some(LENGTH), "{mode}");
                assert!(received == bytes(1, LENGTH), "{mode}");
                assert_eq!(server.recv_to_vec(&mut received, LENGTH).unwrap(), None, "{mode}");
            }
        }
    });
}

static FOREIGN_CALLS: AtomicUsize = AtomicUsize::new(0);

extern "system" fn foreign_call(_: usize) {
    FOREIGN_CALLS.fetch_add(1, Ordering::SeqCst);
}

/// A call that other code of the process has queued for this thread runs where that code waits for it, and not in the middle
/// of an operation here.
#[test]
#[allow(unsafe_code)]
fn waiting_runs_nothing_foreign() {
    within_deadline(|| {
        // SAFETY: gives a constant, which stands for this thread.
        let this_thread = unsafe { GetCurrentThread() };
        // SAFETY: the function takes any number.
        let queued = unsafe { QueueUserAPC(Some(foreign_call), this_thread, 0) };
        assert_ne!(queued, 0);

        let (listener, server, client) = connected::<Bytes>();
        for stream in [&server, &client] {
            stream.set_read_timeout(Some(INSTANT)).unwrap();
            stream.set_write_timeout(Some(INSTANT)).unwrap();
        }
        assert_eq!((&server).read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
        while (&client).write(&[0; 50_000]).is_ok() {}
        assert_eq!(listener.accept_timeout(INSTANT).unwrap_err().kind(), ErrorKind::TimedOut);
        thread::scope(|scope| {
            // Without a limit, too.
            let writer = scope.spawn(|| {
                thread::sleep(INSTANT);
                (&server).write_all(b"x").unwrap();
            });
            client.set_read_timeout(None).unwrap();
            (&client).read_exact(&mut [0]).unwrap();
            writer.join().unwrap();
        });
        let (_listener, server, _client) = connected::<Messages>();
        server.set_read_timeout(Some(INSTANT)).unwrap();
        server.set_write_timeout(Some(INSTANT)).unwrap();
        assert_eq!(server.recv(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(server.send(&vec![0; 1 << 20]).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(server.transact(b"?", &mut Vec::new(), 9).unwrap_err().kind(), ErrorKind::TimedOut);
        let slot = Mailslot::create(format!(r"\\.\mailslot\{}", unique())).unwrap();
        slot.recv_timeout(&mut [0; 10], INSTANT).expect_err("no message");

        assert_eq!(FOREIGN_CALLS.load(Ordering::SeqCst), 0);
        // SAFETY: an alertable wait of no time, which runs what is queued: the function above.
        unsafe { SleepEx(0, 1) };
        assert_eq!(FOREIGN_CALLS.load(Ordering::SeqCst), 1, "it was there all the time");
    });
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{
        Bytes, INSTANT, LENGTH, Messages, PipeListenerOptions, PipeModeTag, bytes, thread, unique_path,
        within_deadline,
    };
    use crate::common::on_tokio;
    use interprocess::os::windows::{
        console::tokio::ControlEvents,
        named_pipe::tokio::{self as on_tokio_pipes, PipeListener},
    };
    use std::{
        any::Any,
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        runtime::Builder,
        time::timeout,
    };

    type Stream<M> = on_tokio_pipes::DuplexPipeStream<M>;

    async fn connected<M: PipeModeTag>() -> (PipeListener<M, M>, Stream<M>, Stream<M>) {
        let path = unique_path();
        let listener = PipeListenerOptions::new().path(&path).create_tokio_duplex::<M>().unwrap();
        let client = Stream::<M>::connect_by_path(&path).await.unwrap();
        let server = listener.accept().await.unwrap();
        (listener, server, client)
    }

    /// One of each, all of which have waited.
    pub(super) fn objects() -> Box<dyn Any> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let all = runtime.block_on(async {
            let (listener, server, client) = connected::<Bytes>().await;
            timeout(INSTANT, listener.accept()).await.expect_err("nobody is there");
            timeout(INSTANT, (&server).read(&mut [0])).await.expect_err("nothing to read");
            while timeout(INSTANT, (&client).write(&[0; 60_000])).await.is_ok() {}
            let messages = connected::<Messages>().await;
            timeout(INSTANT, messages.1.recv(&mut [0])).await.expect_err("no message");
            (listener, server, client, messages, ControlEvents::new())
        });
        Box::new((all, runtime))
    }

    pub(super) fn write_and_flush(mode: &str, path: &str) {
        on_tokio(async {
            if mode == "tokio-bytes" {
                let mut stream = Stream::<Bytes>::connect_by_path(path).await.unwrap();
                stream.write_all(&bytes(1, LENGTH)).await.unwrap();
                stream.flush().await.unwrap();
            } else {
                let stream = Stream::<Messages>::connect_by_path(path).await.unwrap();
                assert_eq!(stream.send(&bytes(1, LENGTH)).await.unwrap(), LENGTH);
                stream.flush().await.unwrap();
            }
        });
    }

    /// What a task drops last: counts those that came so far.
    struct Dropped(Arc<AtomicUsize>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            if !thread::panicking() {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// A runtime that ends drops its tasks in the middle of what they wait for.
    #[test]
    fn dropped_with_the_runtime() {
        within_deadline(|| {
            for workers in [0, 1, 2] {
                let mut builder = match workers {
                    0 => Builder::new_current_thread(),
                    _ => Builder::new_multi_thread(),
                };
                let runtime = builder.worker_threads(workers.max(1)).enable_all().build().unwrap();
                let dropped = Arc::new(AtomicUsize::new(0));
                let spawn = |work: Pin<Box<dyn Future<Output = ()> + Send>>| {
                    let dropped = Dropped(Arc::clone(&dropped));
                    tokio::spawn(async move {
                        let _dropped = dropped;
                        work.await;
                        panic!("nothing ends by itself");
                    });
                };
                let path = unique_path();
                let (mut peer, _peers) = runtime.block_on(async {
                    let (listener, mut server, peer) = connected::<Bytes>().await;
                    spawn(Box::pin(async move { drop(listener.accept().await) }));
                    spawn(Box::pin(async move { drop(server.read(&mut [0; 10]).await) }));
                    let (_, mut writer, writers_peer) = connected::<Bytes>().await;
                    spawn(Box::pin(async move { writer.write_all(&[7; 1_000_000]).await.unwrap() }));
                    let (_, recver, recvers_peer) = connected::<Messages>().await;
                    spawn(Box::pin(async move { drop(recver.recv(&mut [0; 10]).await) }));
                    let (_, sender, senders_peer) = connected::<Messages>().await;
                    spawn(Box::pin(async move { while sender.send(&[7; 50_000]).await.is_ok() {} }));
                    let (_, asker, askers_peer) = connected::<Messages>().await;
                    spawn(Box::pin(async move { drop(asker.transact(b"?", &mut Vec::new(), 10).await) }));
                    let busy = PipeListenerOptions::new().path(&path).instances(1);
                    let busy = busy.create_tokio_duplex::<Bytes>().unwrap();
                    let taken = Stream::<Bytes>::connect_by_path(&path).await.unwrap();
                    spawn(Box::pin({
                        let path = path.clone();
                        async move {
                            let _both = (busy, taken);
                            drop(Stream::<Bytes>::connect_by_path(&path).await);
                        }
                    }));
                    // So that they begin to wait. One that has not is dropped as well.
                    for _ in 0..100 {
                        tokio::task::yield_now().await;
                    }
                    (peer, (writers_peer, recvers_peer, senders_peer, askers_peer))
                });
                drop(runtime);
                assert_eq!(dropped.load(Ordering::SeqCst), 7, "workers: {workers}");
                // The name is free, and the end is seen.
                drop(PipeListenerOptions::new().path(&path).create_duplex::<Bytes>().unwrap());
                assert_eq!(on_tokio(async { peer.read(&mut [0]).await }).unwrap(), 0, "workers: {workers}");
            }
        });
    }
}
