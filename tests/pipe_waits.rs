//! How a wait in a pipe ends other than by data or room: timeouts, closing, and a dead peer without SIGPIPE.

mod common;

use common::{bytes, expect_bytes, within_deadline, write_pieces};
use interprocess::unnamed_pipe::{Recver, Sender, pipe};
use std::{
    io::{ErrorKind, Read, Write},
    sync::Barrier,
    thread,
    time::Duration,
};

const SHORT: Option<Duration> = Some(Duration::from_millis(20));

#[test]
fn read_timeout_expires_and_takes_nothing() {
    within_deadline(|| {
        let (mut sender, mut recver) = pipe().unwrap();
        assert_eq!(recver.recv_timeout().unwrap(), None);
        assert_eq!(
            recver.set_recv_timeout(Some(Duration::ZERO)).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        recver.set_recv_timeout(SHORT).unwrap();
        let mut copy = recver.try_clone().unwrap();
        assert_eq!(copy.recv_timeout().unwrap(), SHORT, "a clone has the same");
        for end in [&mut recver, &mut copy] {
            let error = end.read(&mut [0; 8]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(error.to_string(), "cannot read from the pipe: no data arrived within 20ms");
        }
        sender.write_all(b"in time").unwrap();
        let mut got = [0; 7];
        recver.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"in time");
        drop(sender);
        assert_eq!(recver.read(&mut got).unwrap(), 0, "the end is no timeout");
    });
}

#[test]
fn write_timeout_expires_and_tells_all_that_was_written() {
    within_deadline(|| {
        let (mut sender, recver) = pipe().unwrap();
        sender.set_send_timeout(SHORT).unwrap();
        assert_eq!(sender.send_timeout().unwrap(), SHORT);
        let sent = bytes(3, 300_000);
        let mut written = 0;
        let error = loop {
            match sender.write(&sent[written..]) {
                Ok(count) => written += count,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "cannot write to the pipe: there was no room within 20ms");
        sender.set_send_timeout(None).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| write_pieces(sender, &sent[written..]).unwrap());
            expect_bytes(&recver, &sent).unwrap();
        });
        assert_eq!((&recver).read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn timeouts_disturb_no_transfer() {
    within_deadline(|| {
        let (sender, recver) = pipe().unwrap();
        sender.set_send_timeout(Some(common::FOREVER)).unwrap();
        recver.set_recv_timeout(Some(common::FOREVER)).unwrap();
        let sent = bytes(4, if cfg!(windows) { 5_000 } else { 5 << 20 });
        thread::scope(|scope| {
            scope.spawn(|| write_pieces(sender, &sent).unwrap());
            expect_bytes(&recver, &sent).unwrap();
        });
        assert_eq!((&recver).read(&mut [0]).unwrap(), 0);
    });
}

/// Of many rounds, some close before the other threads wait and some after.
#[test]
fn close_wakes_all_threads_that_wait() {
    within_deadline(|| {
        for timeout in [None, Some(common::FOREVER)] {
            for round in 0..50 {
                let (sender, recver) = pipe().unwrap();
                sender.set_send_timeout(timeout).unwrap();
                recver.set_recv_timeout(timeout).unwrap();
                let copy = recver.try_clone().unwrap();
                let together = Barrier::new(4);
                let read = |end: &Recver| {
                    together.wait();
                    let mut end = end;
                    assert_eq!(end.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionAborted);
                    let error = end.read(&mut [0]).unwrap_err();
                    assert_eq!(error.to_string(), "the pipe receiver was closed");
                };
                thread::scope(|scope| {
                    scope.spawn(|| read(&recver));
                    scope.spawn(|| read(&recver));
                    scope.spawn(|| read(&copy));
                    together.wait();
                    (0..round).for_each(|_| thread::yield_now());
                    recver.close();
                });

                let (full, recver) = pipe().unwrap();
                full.set_send_timeout(timeout).unwrap();
                let together = Barrier::new(3);
                let fill = |mut end: &Sender| {
                    together.wait();
                    let error = loop {
                        match end.write(&[0; 100_000]) {
                            Ok(count) => assert!(count > 0),
                            Err(error) => break error,
                        }
                    };
                    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
                    assert_eq!(error.to_string(), "the pipe sender was closed");
                };
                thread::scope(|scope| {
                    scope.spawn(|| fill(&full));
                    scope.spawn(|| fill(&full));
                    together.wait();
                    (0..round).for_each(|_| thread::yield_now());
                    full.close();
                });
                drop((sender, recver));
            }
        }
    });
}

#[cfg(unix)]
mod on_unix {
    use super::{SHORT, common};
    use common::{
        begin_role, command_for_role,
        fifo::{fifo, nonblocking},
        within_deadline,
    };
    use interprocess::{
        os::unix::fifo_file::{OpenOptions, Sender as FifoSender},
        unnamed_pipe::{Inherit, Recver, pipe},
    };
    use rustix::fs::OFlags;
    use std::{
        collections::BTreeSet,
        io::{ErrorKind, Read, Write},
        os::fd::AsFd,
        sync::Mutex,
        thread,
    };

    fn is_nonblocking(fd: impl AsFd) -> bool {
        rustix::fs::fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK)
    }

    /// Reads by plain read(2) what it inherits: with O_NONBLOCK in the shared description, that would fail.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_plain_reader() {
        let token = begin_role();
        let recver = Recver::take_inherited(&token).unwrap();
        let mut got = [0; 5];
        let mut file = std::fs::File::from(std::os::fd::OwnedFd::from(recver));
        file.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"later");
    }

    #[test]
    fn waits_leave_the_shared_description_as_it_is() {
        within_deadline(|| {
            let (mut sender, mut recver) = pipe().unwrap();
            let mut inherit = Inherit::new();
            let copy = recver.try_clone().unwrap();
            let token = copy.inherit(&mut inherit).unwrap();
            let mut command = command_for_role("on_unix::role_plain_reader", token.as_ref());
            let mut child = inherit.spawn(&mut command).unwrap();
            // The child waits in the same description, or will.
            recver.set_recv_timeout(SHORT).unwrap();
            assert_eq!(recver.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
            assert!(!is_nonblocking(&recver));
            recver.close();
            assert!(!is_nonblocking(&recver));
            sender.set_send_timeout(SHORT).unwrap();
            sender.write_all(b"later").unwrap();
            assert!(!is_nonblocking(&sender));
            assert!(child.wait().unwrap().success());
        });
    }

    /// Threads that read from one end with a timeout do not take turns at waiting in the system for what another got.
    #[test]
    fn threads_with_timeouts_share_an_end() {
        within_deadline(|| {
            let (_folder, path) = fifo();
            let unnamed = pipe().unwrap();
            let named = nonblocking().open_receiver(&path).unwrap();
            named.set_nonblocking(false).unwrap();
            let named = (FifoSender::open(&path).unwrap(), named);
            named.1.set_recv_timeout(Some(common::FOREVER)).unwrap();
            unnamed.1.set_recv_timeout(Some(common::FOREVER)).unwrap();
            each_byte_once(&unnamed.0, &unnamed.1);
            each_byte_once(&named.0, &named.1);
        });
    }

    fn each_byte_once<S: Sync, R: Sync>(sender: &S, recver: &R)
    where
        for<'a> &'a S: Write,
        for<'a> &'a R: Read,
    {
        const READERS: u8 = 4;
        let got = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| {
                    let mut byte = [0];
                    while (&*recver).read(&mut byte).unwrap() == 1 && byte[0] != u8::MAX {
                        got.lock().unwrap().push(byte[0]);
                    }
                });
            }
            for byte in 0..200 {
                (&*sender).write_all(&[byte]).unwrap();
                thread::yield_now();
            }
            (0..READERS).for_each(|_| (&*sender).write_all(&[u8::MAX]).unwrap());
        });
        let got = got.into_inner().unwrap();
        assert_eq!(got.len(), 200);
        assert_eq!(got.into_iter().collect::<BTreeSet<_>>().len(), 200);
    }

    #[test]
    fn fifo_ends_time_out_and_are_closed() {
        within_deadline(|| {
            let (_folder, path) = fifo();
            let mut receiver = OpenOptions::new().keep_open(true).open_receiver(&path).unwrap();
            let mut sender = FifoSender::open(&path).unwrap();
            receiver.set_recv_timeout(SHORT).unwrap();
            assert_eq!(receiver.recv_timeout().unwrap(), SHORT);
            assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
            sender.write_all(b"x").unwrap();
            assert_eq!(receiver.read(&mut [0; 9]).unwrap(), 1);
            sender.set_send_timeout(SHORT).unwrap();
            let mut written = 0;
            let error = loop {
                match sender.write(&[7; 10_000]) {
                    Ok(count) => written += count,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(receiver.available().unwrap(), written);
            let error = sender.write_atomic(&[7; 512]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(receiver.available().unwrap(), written, "all of it or nothing");
            for _ in 0..20 {
                let empty = OpenOptions::new().keep_open(true).open_receiver(&path).unwrap();
                drop(empty);
            }
            thread::scope(|scope| {
                sender.set_send_timeout(None).unwrap();
                let writer = scope.spawn(|| (&sender).write(&[7; 10_000]));
                thread::yield_now();
                sender.close();
                assert_eq!(writer.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
            });
            receiver.read_exact(&mut vec![0; written]).unwrap();
            receiver.set_recv_timeout(None).unwrap();
            thread::scope(|scope| {
                let reader = scope.spawn(|| (&receiver).read(&mut [0]));
                thread::yield_now();
                receiver.close();
                assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
            });
        });
    }

    #[test]
    fn a_receiver_that_is_kept_open_can_end_with_its_senders() {
        within_deadline(|| {
            let (_folder, path) = fifo();
            for leaves_first in [true, false] {
                let receiver = OpenOptions::new().keep_open(true).open_receiver(&path).unwrap();
                let copy = receiver.try_clone().unwrap();
                let mut sender = FifoSender::open(&path).unwrap();
                sender.write_all(b"last").unwrap();
                thread::scope(|scope| {
                    let reader = scope.spawn(|| {
                        let mut text = String::new();
                        (&receiver).read_to_string(&mut text).map(|_| text)
                    });
                    if leaves_first {
                        drop(sender);
                        copy.end_with_senders().unwrap();
                    } else {
                        copy.end_with_senders().unwrap();
                        drop(sender);
                    }
                    assert_eq!(reader.join().unwrap().unwrap(), "last");
                });
            }
            let both = OpenOptions::new().read_write(true).open_receiver(&path);
            if let Some(both) = common::unless_missing(both, (0, 0)) {
                assert_eq!(both.end_with_senders().unwrap_err().kind(), ErrorKind::InvalidInput);
            }
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn splicing_times_out_and_is_closed() {
        if !common::deny::has_splice() {
            return;
        }
        within_deadline(|| {
            let (sender, recver) = pipe().unwrap();
            let (out, _in) = pipe().unwrap();
            recver.set_recv_timeout(SHORT).unwrap();
            assert_eq!(recver.splice_to(&out, 1).unwrap_err().kind(), ErrorKind::TimedOut);
            assert_eq!(recver.tee_to(&out, 1).unwrap_err().kind(), ErrorKind::TimedOut);
            recver.set_recv_timeout(None).unwrap();
            thread::scope(|scope| {
                let mover = scope.spawn(|| recver.splice_to(&out, 1));
                recver.close();
                assert_eq!(mover.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
            });
            sender.set_send_timeout(SHORT).unwrap();
            let error = loop {
                match sender.vmsplice(&[1; 4096]) {
                    Ok(count) => assert!(count > 0),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            // A pipe that was spliced refuses RWF_NOWAIT from then on.
            let (mut sender, mut recver) = pipe().unwrap();
            sender.write_all(b"ab").unwrap();
            assert_eq!(recver.splice_to(&out, 1).unwrap(), 1);
            assert_eq!(recver.read(&mut [0; 9]).unwrap(), 1);
            recver.set_recv_timeout(SHORT).unwrap();
            assert_eq!(recver.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::TimedOut);
        });
    }

    #[cfg(feature = "tokio")]
    mod on_tokio {
        use super::{common, fifo, nonblocking, within_deadline};
        use interprocess::{
            os::unix::fifo_file::{self, tokio::OpenOptions},
            unnamed_pipe,
        };
        use std::{
            pin::Pin,
            sync::{
                Arc,
                atomic::{AtomicU32, Ordering},
            },
        };
        use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

        /// A FIFO as an unnamed pipe: the end that the first sender leaves behind is not for ever.
        #[test]
        fn a_fifo_as_an_unnamed_pipe_does_not_spin() {
            within_deadline(|| {
                let runtime = common::runtime(tokio::runtime::Builder::new_current_thread().enable_all());
                runtime.block_on(async {
                    let (_folder, path) = fifo();
                    let opened = nonblocking().open_receiver(&path).unwrap();
                    let recver = unnamed_pipe::Recver::from(opened);
                    let mut recver = unnamed_pipe::tokio::Recver::try_from(recver).unwrap();
                    drop(nonblocking().open_sender(&path).unwrap());
                    assert_eq!(recver.read(&mut [0]).await.unwrap(), 0);
                    let silent = nonblocking().open_sender(&path).unwrap();
                    let polls = Arc::new(AtomicU32::new(0));
                    let count = Arc::clone(&polls);
                    let reader = tokio::spawn(std::future::poll_fn(move |cx| {
                        count.fetch_add(1, Ordering::Relaxed);
                        let mut room = [0; 4];
                        let mut buffer = ReadBuf::new(&mut room);
                        let polled = Pin::new(&mut recver).poll_read(cx, &mut buffer);
                        polled.map_ok(|()| buffer.filled().len())
                    }));
                    for _ in 0..1000 {
                        tokio::task::yield_now().await;
                    }
                    let polls = polls.load(Ordering::Relaxed);
                    assert!(polls < 20, "the reader was polled {polls} times while there was nothing");
                    silent.write_atomic(b"at last").unwrap();
                    assert_eq!(reader.await.unwrap().unwrap(), 4);
                });
            });
        }

        #[test]
        fn options_have_the_checks_and_are_made_from_a_chain() {
            if !crate::common::has_mapped_user() {
                return;
            }
            common::on_tokio(async {
                let (folder, path) = fifo();
                let made = folder.0.join("made");
                let mut receiver =
                    OpenOptions::new().create_or_open(0o600).keep_open(true).open_receiver(&made).unwrap();
                for number in 0..2 {
                    OpenOptions::new().open_sender(&made).unwrap().write_u8(number).await.unwrap();
                    assert_eq!(receiver.read_u8().await.unwrap(), number);
                }
                receiver.end_with_senders().unwrap();
                assert_eq!(receiver.read(&mut [0]).await.unwrap(), 0);

                let chain =
                    OpenOptions::from(fifo_file::OpenOptions::new().create_or_open(0o600).keep_open(true));
                let _receiver = chain.open_receiver(&path).unwrap();
                let strict = fifo_file::OpenOptions::new().widest_mode(0o400).clone();
                assert!(OpenOptions::from(&strict).open_receiver(&path).is_err());
                assert!(OpenOptions::new().widest_mode(0o400).open_receiver(&path).is_err());
                let link = folder.0.join("link");
                std::os::unix::fs::symlink(&path, &link).unwrap();
                assert!(OpenOptions::new().no_follow(true).open_receiver(&link).is_err());
                assert!(OpenOptions::new().own(true).open_receiver(&link).is_ok());
            });
        }
    }

    /// What a kernel or a sandbox refuses, and what must work nevertheless.
    #[cfg(target_os = "linux")]
    mod denied {
        use super::{SHORT, begin_role, common, fifo, nonblocking, pipe};
        use common::deny::{Rule, deny};
        use interprocess::{
            os::unix::{
                fifo_file::{OpenOptions, Sender as FifoSender},
                signal::{Signal, SignalMask, SignalSet, pending},
            },
            unnamed_pipe::Sender,
        };
        use std::{
            fs::File,
            io::{ErrorKind, IoSlice, Read, Write},
            os::fd::OwnedFd,
            thread,
        };

        const NO_SIGNAL: Option<(u32, u32, u32)> = Some((5, 0x100, 0x100));
        const NO_WAIT: Option<(u32, u32, u32)> = Some((5, 0x8, 0x8));

        fn rules(name: &str) -> Vec<Rule> {
            let rule = |call, error, argument| Rule { call, error, argument };
            let (write, read) = (libc::SYS_pwritev2, libc::SYS_preadv2);
            match name {
                "nothing" => vec![],
                "Linux 6.17" => vec![rule(write, libc::EOPNOTSUPP, NO_SIGNAL)],
                "Linux 6.3" => [(write, NO_SIGNAL), (write, NO_WAIT), (read, NO_WAIT)]
                    .map(|(call, argument)| rule(call, libc::EOPNOTSUPP, argument))
                    .into(),
                "Linux 4.5" => [write, read].map(|call| rule(call, libc::ENOSYS, None)).into(),
                "a sandbox" => [write, read, libc::SYS_openat, libc::SYS_eventfd2, libc::SYS_tee]
                    .map(|call| rule(call, libc::EPERM, None))
                    .into(),
                name => panic!("unknown: {name}"),
            }
        }

        /// In a process of its own, as the filter stays.
        #[test]
        #[ignore = "a role, which another test starts"]
        fn role_denied() {
            let name = begin_role();
            common::deadly_sigpipe();
            let (_folder, path) = fifo();
            let mut odd: Vec<OwnedFd> = vec![
                File::create(path.with_extension("file")).unwrap().into(),
                File::options().write(true).open("/dev/null").unwrap().into(),
                File::options().write(true).open("/proc/self/comm").unwrap().into(),
                std::os::unix::net::UnixStream::pair().unwrap().0.into(),
            ];
            odd.extend(rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC));
            let named = nonblocking().keep_open(true).open_receiver(&path).unwrap();
            named.set_nonblocking(false).unwrap();
            let lonely = nonblocking().read_write(true).open_sender(&path).unwrap();
            drop(lonely);
            let named_sender = FifoSender::open(&path).unwrap();
            let has_splice = common::deny::has_splice();
            if !deny(&rules(&name)) {
                crate::common::skip("no filters of system calls here");
                return;
            }
            for odd in odd {
                let _ = Sender::from(odd).write(&1_u64.to_ne_bytes());
            }
            broken_pipes(has_splice);
            pending_signals_stay();
            transfers(pipe().unwrap());
            named.end_with_senders().unwrap();
            timeouts(&named_sender, &named);
            drop(named);
            let error = (&named_sender).write(b"x").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            assert_eq!(named_sender.write_atomic(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        }

        fn broken_pipes(has_splice: bool) {
            let broken = || {
                let (sender, recver) = pipe().unwrap();
                drop(recver);
                sender
            };
            let (mut source, full) = pipe().unwrap();
            source.write_all(b"there is something").unwrap();
            let file = std::env::current_exe().and_then(File::open).ok();
            let kinds = [
                broken().write(b"x").unwrap_err().kind(),
                broken().write_vectored(&[IoSlice::new(b"x"), IoSlice::new(b"y")]).unwrap_err().kind(),
                broken().write_atomic(b"x").unwrap_err().kind(),
            ];
            assert_eq!(kinds, [ErrorKind::BrokenPipe; 3]);
            assert!(!pending().unwrap().contains(Signal::PIPE));
            if !has_splice {
                return;
            }
            let kinds = [
                broken().vmsplice(b"x").unwrap_err().kind(),
                full.splice_to(broken(), 1).unwrap_err().kind(),
                file.map_or(ErrorKind::BrokenPipe, |file| broken().splice_from(file, 1).unwrap_err().kind()),
            ];
            assert_eq!(kinds, [ErrorKind::BrokenPipe; 3]);
            assert!(matches!(
                full.tee_to(&broken(), 1).unwrap_err().kind(),
                ErrorKind::BrokenPipe | ErrorKind::PermissionDenied
            ));
            assert!(!pending().unwrap().contains(Signal::PIPE));
        }

        /// A program that has blocked SIGPIPE itself finds it as it was.
        fn pending_signals_stay() {
            let masked = SignalMask::block(SignalSet::from(Signal::PIPE)).unwrap();
            let (mut sender, recver) = pipe().unwrap();
            drop(recver);
            assert_eq!(sender.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert!(!pending().unwrap().contains(Signal::PIPE), "a write leaves none behind");
            interprocess::os::unix::signal::raise(Signal::PIPE).unwrap();
            assert_eq!(sender.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert!(pending().unwrap().contains(Signal::PIPE), "a write takes none away");
            interprocess::os::unix::signal::wait(SignalSet::from(Signal::PIPE)).unwrap();
            drop(masked);
        }

        fn transfers((sender, recver): (Sender, interprocess::unnamed_pipe::Recver)) {
            let sent = common::bytes(8, 1 << 20);
            thread::scope(|scope| {
                scope.spawn(|| {
                    let mut sender = &sender;
                    assert_eq!(sender.write(&sent).unwrap(), sent.len(), "a blocking write takes all");
                });
                common::expect_bytes(&recver, &sent).unwrap();
            });
            recver.set_recv_timeout(SHORT).unwrap();
            assert_eq!((&recver).read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
            recver.set_recv_timeout(None).unwrap();
            thread::scope(|scope| {
                let reader = scope.spawn(|| (&recver).read(&mut [0]));
                recver.close();
                assert_eq!(reader.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionAborted);
            });
        }

        fn timeouts(mut sender: &FifoSender, mut receiver: &interprocess::os::unix::fifo_file::Receiver) {
            receiver.set_recv_timeout(SHORT).unwrap();
            assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
            sender.set_send_timeout(SHORT).unwrap();
            let mut written = 0;
            while let Ok(count) = sender.write(&[1; 9000]) {
                written += count;
            }
            assert_eq!(receiver.available().unwrap(), written);
            receiver.read_exact(&mut vec![0; written]).unwrap();
        }

        #[test]
        fn pipes_work_without_newer_calls_and_raise_no_signal() {
            if !crate::common::closes_at_once() {
                return;
            }
            if !crate::common::has_proc() {
                return;
            }
            for name in ["nothing", "Linux 6.17", "Linux 6.3", "Linux 4.5", "a sandbox"] {
                common::start_role("on_unix::denied::role_denied", name).succeeds();
            }
        }

        #[test]
        #[ignore = "a role, which another test starts"]
        fn role_without_tee() {
            let error = begin_role();
            let (_folder, path) = fifo();
            let receiver = nonblocking().open_receiver(&path).unwrap();
            let error = error.parse().unwrap();
            if !deny(&[Rule { call: libc::SYS_tee, error, argument: None }]) {
                crate::common::skip("no filters of system calls here");
                return;
            }
            assert!(!receiver.wait_for_sender(SHORT).unwrap());
            thread::scope(|scope| {
                let waiting = scope.spawn(|| receiver.wait_for_sender(None));
                let mut sender = OpenOptions::new().open_sender(&path).unwrap();
                sender.write_all(b"x").unwrap();
                assert!(waiting.join().unwrap().unwrap());
            });
        }

        #[test]
        fn waiting_for_a_sender_works_without_tee() {
            for error in [libc::ENOSYS, libc::EPERM, libc::EINVAL] {
                let role = "on_unix::denied::role_without_tee";
                common::start_role(role, &error.to_string()).succeeds();
            }
        }
    }
}
