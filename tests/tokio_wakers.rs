//! Many tasks that wait at one end: all go on, those of the poll functions too.
#![cfg(feature = "tokio")]

mod common;

use common::{FOREVER, fresh_name};
use interprocess::{local_socket, unnamed_pipe};
use std::{future::poll_fn, mem, pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    runtime::{Builder, Handle},
    sync::Semaphore,
    task::{JoinHandle, yield_now},
};

/// How many tasks wait at the same time, and how often each does.
const TASKS: usize = 300;
const TIMES: usize = 10;
/// How much each writer writes, in pieces: together more than any pipe or socket holds.
const AMOUNT: usize = 32 << 10;

/// Where tasks are spawned, and how many have begun to wait.
#[derive(Clone)]
struct Crowd {
    homes: [Handle; 2],
    waiting: Arc<Semaphore>,
}

/// Runs on runtimes of both flavours. Half of the tasks are on a second one.
fn with_crowd<F: Future<Output = ()>>(test: impl Fn(Crowd) -> F) {
    let several = || Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    for runtime in [Builder::new_current_thread().enable_all().build().unwrap(), several()] {
        let other = several();
        let homes = [runtime.handle().clone(), other.handle().clone()];
        let crowd = Crowd { homes, waiting: Arc::new(Semaphore::new(0)) };
        runtime.block_on(async { tokio::time::timeout(FOREVER, test(crowd)).await.expect("the test hangs") });
    }
}

impl Crowd {
    /// Spawns tasks and returns when all have polled once.
    async fn spawn<F: Future<Output = ()> + Send + 'static>(
        &self,
        task: impl Fn() -> F,
    ) -> Vec<JoinHandle<()>> {
        let spawned = self.homes.iter().cycle().take(TASKS).map(|home| {
            let (task, waiting) = (task(), Arc::clone(&self.waiting));
            home.spawn(async move {
                let mut task = pin!(task);
                let mut begins = true;
                poll_fn(|cx| {
                    let poll = task.as_mut().poll(cx);
                    if mem::take(&mut begins) {
                        waiting.add_permits(1);
                    }
                    poll
                })
                .await;
            })
        });
        let spawned = spawned.collect();
        self.waiting.acquire_many(TASKS as u32).await.unwrap().forget();
        spawned
    }

    /// Has tasks wait, drops every third one, and serves the others, each as often as it waits.
    async fn serve<F: Future<Output = ()> + Send + 'static>(
        &self,
        task: impl Fn() -> F,
        serve: impl AsyncFnOnce(usize),
    ) {
        let mut tasks = self.spawn(task).await;
        for dropped in (0..TASKS / 3).rev().map(|third| tasks.remove(third * 3)).collect::<Vec<_>>() {
            dropped.abort();
            assert!(dropped.await.unwrap_err().is_cancelled());
        }
        serve(tasks.len() * TIMES).await;
        for task in tasks {
            task.await.unwrap();
        }
    }
}

/// Writes so many bytes in pieces of different lengths, and lets others run in between.
async fn write_in_pieces(writer: &mut (impl AsyncWrite + Unpin), mut count: usize) {
    for length in [1, 2, 50, 1, 7].into_iter().cycle() {
        let length = count.min(length);
        writer.write_all(&[1; 50][..length]).await.unwrap();
        writer.flush().await.unwrap();
        count -= length;
        if count == 0 {
            return;
        }
        yield_now().await;
    }
}

/// Tasks that read from one end.
async fn readers<R>(crowd: &Crowd, reader: R, mut writer: impl AsyncWrite + Unpin)
where
    R: Send + Sync + 'static,
    for<'r> &'r R: AsyncRead + Send,
{
    let reader = Arc::new(reader);
    let task = || {
        let reader = Arc::clone(&reader);
        async move {
            for _ in 0..TIMES {
                assert_eq!((&*reader).read_u8().await.unwrap(), 1);
            }
        }
    };
    crowd.serve(task, async |count| write_in_pieces(&mut writer, count).await).await;
}

/// Tasks that write to one end.
async fn writers<W>(crowd: &Crowd, writer: W, mut reader: impl AsyncRead + Unpin)
where
    W: Send + Sync + 'static,
    for<'w> &'w W: AsyncWrite + Send,
{
    let writer = Arc::new(writer);
    let task = || {
        let writer = Arc::clone(&writer);
        async move {
            for _ in 0..TIMES {
                (&*writer).write_all(&[1; AMOUNT / TIMES]).await.unwrap();
                (&*writer).flush().await.unwrap();
            }
        }
    };
    let tasks = crowd.spawn(task).await;
    let mut left = TASKS * TIMES * (AMOUNT / TIMES);
    let mut buffer = vec![0; 100_000];
    while left > 0 {
        let count = reader.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0);
        left -= count;
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn tasks_that_share_a_local_socket_all_go_on() {
    with_crowd(async |crowd| {
        let (ours, theirs) = local_socket::tokio::Stream::pair().unwrap();
        readers(&crowd, ours, theirs).await;
        let (ours, theirs) = local_socket::tokio::Stream::pair().unwrap();
        writers(&crowd, ours, theirs).await;
    });
}

#[test]
fn tasks_that_share_an_end_of_an_unnamed_pipe_all_go_on() {
    with_crowd(async |crowd| {
        let (sender, recver) = unnamed_pipe::tokio::pipe().unwrap();
        readers(&crowd, recver, sender).await;
        let (sender, recver) = unnamed_pipe::tokio::pipe().unwrap();
        writers(&crowd, sender, recver).await;
    });
}

#[test]
fn tasks_that_accept_all_go_on() {
    with_crowd(async |crowd| {
        let name = fresh_name(common::Kind::Namespaced);
        let options = local_socket::ListenerOptions::new().name(name.borrow());
        let listener = Arc::new(options.create_tokio().unwrap());
        let task = || {
            let listener = Arc::clone(&listener);
            async move {
                for _ in 0..TIMES {
                    drop(listener.accept().await.unwrap());
                }
            }
        };
        let connect = async |count| {
            for _ in 0..count {
                let mut stream = local_socket::tokio::Stream::connect(name.borrow()).await.unwrap();
                // On Windows, a client that leaves without a word is passed over. The server may have left already.
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"x").await;
            }
        };
        crowd.serve(task, connect).await;
    });
}

#[cfg(unix)]
mod unix {
    use super::{Crowd, TASKS, TIMES, common, readers, with_crowd, write_in_pieces, writers};
    use interprocess::os::unix::{
        fifo_file,
        signal::{self, Signal},
        uds::tokio::{UnixDatagram, UnixListener, UnixSeqpacket, UnixStream},
    };
    use std::{
        future::poll_fn,
        io::ErrorKind,
        sync::Arc,
        task::{Context, Poll},
    };
    use tokio::io::{AsyncReadExt, ReadBuf};

    #[test]
    fn tasks_that_share_a_stream_all_go_on() {
        with_crowd(async |crowd| {
            let (ours, theirs) = UnixStream::pair().unwrap();
            readers(&crowd, ours, theirs).await;
            let (ours, theirs) = UnixStream::pair().unwrap();
            writers(&crowd, ours, theirs).await;
        });
    }

    #[test]
    fn tasks_that_poll_for_readiness_all_go_on() {
        with_crowd(async |crowd| {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            let ours = Arc::new(ours);
            let task = || {
                let ours = Arc::clone(&ours);
                async move {
                    let mut left = TIMES;
                    while left > 0 {
                        poll_fn(|cx| ours.poll_read_ready(cx)).await.unwrap();
                        match ours.try_read(&mut [0]) {
                            Ok(count) => left -= count,
                            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                        }
                    }
                }
            };
            crowd.serve(task, async |count| write_in_pieces(&mut theirs, count).await).await;
        });
    }

    #[test]
    fn tasks_that_share_an_end_of_a_fifo_all_go_on() {
        with_crowd(async |crowd| {
            let (sender, receiver) = fifo_file::tokio::pipe().unwrap();
            readers(&crowd, receiver, sender).await;
            let (sender, receiver) = fifo_file::tokio::pipe().unwrap();
            writers(&crowd, sender, receiver).await;
        });
    }

    #[test]
    fn tasks_that_share_a_receiver_go_on_with_each_new_sender() {
        with_crowd(async |crowd| {
            let (_folder, path) = common::fifo::fifo();
            let options = fifo_file::tokio::OpenOptions::new();
            let mut receiver = options.open_receiver(&path).unwrap();
            for _ in 0..5 {
                // An end, which a runtime takes for final.
                drop(options.open_sender(&path).unwrap());
                assert_eq!(receiver.read(&mut [0]).await.unwrap(), 0);
                let mut sender = options.open_sender(&path).unwrap();
                let shared = Arc::new(receiver);
                let task = || {
                    let shared = Arc::clone(&shared);
                    async move {
                        for _ in 0..TIMES {
                            assert_eq!((&*shared).read_u8().await.unwrap(), 1);
                        }
                    }
                };
                crowd.serve(task, async |count| write_in_pieces(&mut sender, count).await).await;
                drop(sender);
                // Those that wait at an end are told of it.
                let sender = options.open_sender(&path).unwrap();
                let waiting = || {
                    let shared = Arc::clone(&shared);
                    async move { assert_eq!((&*shared).read(&mut [0]).await.unwrap(), 0) }
                };
                let tasks = crowd.spawn(waiting).await;
                drop(sender);
                for task in tasks {
                    task.await.unwrap();
                }
                receiver = Arc::into_inner(shared).unwrap();
            }
        });
    }

    /// Tasks that receive messages of one byte by a poll function, and then tasks that send them.
    async fn messages<S: Send + Sync + 'static>(
        crowd: &Crowd,
        [ours, theirs]: [S; 2],
        poll_send: fn(&S, &mut Context<'_>, &[u8]) -> Poll<std::io::Result<usize>>,
        poll_recv: fn(&S, &mut Context<'_>, &mut ReadBuf<'_>) -> Poll<std::io::Result<()>>,
    ) {
        let (ours, theirs) = (Arc::new(ours), Arc::new(theirs));
        let recv_at = move |socket: Arc<S>| async move {
            for _ in 0..TIMES {
                let mut buffer = [0; 2];
                let mut buffer = ReadBuf::new(&mut buffer);
                poll_fn(|cx| poll_recv(&socket, cx, &mut buffer)).await.unwrap();
                assert_eq!(buffer.filled(), [1]);
            }
        };
        let send_at = move |socket: Arc<S>, count| async move {
            for _ in 0..count {
                assert_eq!(poll_fn(|cx| poll_send(&socket, cx, &[1])).await.unwrap(), 1);
            }
        };
        let send = async |count| send_at(Arc::clone(&theirs), count).await;
        crowd.serve(|| recv_at(Arc::clone(&ours)), send).await;
        let tasks = crowd.spawn(|| send_at(Arc::clone(&ours), TIMES)).await;
        for _ in 0..TASKS {
            recv_at(Arc::clone(&theirs)).await;
        }
        for task in tasks {
            task.await.unwrap();
        }
    }

    #[test]
    fn tasks_that_poll_a_datagram_socket_all_go_on() {
        with_crowd(async |crowd| {
            let (a, b) = UnixDatagram::pair().unwrap();
            messages(&crowd, [a, b], UnixDatagram::poll_send, UnixDatagram::poll_recv).await;
        });
    }

    #[test]
    fn tasks_that_poll_a_seqpacket_socket_all_go_on() {
        with_crowd(async |crowd| {
            let (a, b) = match UnixSeqpacket::pair() {
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    return crate::common::skip(format_args!("{error}"));
                }
                pair => pair.unwrap(),
            };
            messages(&crowd, [a, b], UnixSeqpacket::poll_send, UnixSeqpacket::poll_recv).await;
        });
    }

    #[test]
    fn tasks_that_poll_a_listener_all_go_on() {
        with_crowd(async |crowd| {
            let folder = common::Folder::new();
            let path = folder.0.join("socket");
            let listener = Arc::new(UnixListener::bind(&path).unwrap());
            let task = || {
                let listener = Arc::clone(&listener);
                async move {
                    for _ in 0..TIMES {
                        poll_fn(|cx| listener.poll_accept(cx)).await.unwrap();
                    }
                }
            };
            let connect = async |count| {
                for _ in 0..count {
                    drop(UnixStream::connect(&path).await.unwrap());
                }
            };
            crowd.serve(task, connect).await;
        });
    }

    #[test]
    fn tasks_that_poll_for_signals_all_go_on() {
        with_crowd(async |crowd| {
            let signals = Arc::new(signal::tokio::Signals::new(Signal::USR1).unwrap());
            let received = Arc::new(tokio::sync::Semaphore::new(0));
            let task = || {
                let (signals, received) = (Arc::clone(&signals), Arc::clone(&received));
                async move {
                    for _ in 0..TIMES {
                        assert_eq!(poll_fn(|cx| signals.poll_recv(cx)).await.unwrap().signal(), Signal::USR1);
                        received.add_permits(1);
                    }
                }
            };
            let raise = async |count| {
                for _ in 0..count {
                    // Of a standard signal, only some are kept.
                    signal::raise(Signal::USR1).unwrap();
                    received.acquire().await.unwrap().forget();
                }
            };
            crowd.serve(task, raise).await;
        });
    }
}
