//! Crowds at one named pipe: many clients at once, and many one after the other, from many processes.
#![cfg(windows)]

mod common;

use common::{
    Killed, begin_role, bytes,
    handles::{handle_count, in_own_process},
    start_role,
    talk::{Talk, converse},
    unique, within_deadline,
};
use interprocess::os::windows::named_pipe::{
    DuplexPipeStream, PipeListener, PipeListenerOptions,
    pipe_mode::{Bytes, Messages, PipeModeTag},
};
use std::{
    io::ErrorKind,
    thread,
    time::{Duration, Instant},
};

/// Client programs of each runtime.
const PROGRAMS: u64 = 4;
/// Threads or tasks of each, which are a client each.
const CLIENTS_EACH: u64 = 8;
const CLIENTS: u64 = 2 * PROGRAMS * CLIENTS_EACH;

/// How often clients connect, in all.
const ROUNDS: u64 = 1000;
/// And before, for everything that is made once.
const WARM_UP: u64 = 160;

/// What a client says that leaves at once.
const WORD: &[u8] = b"!";

fn seeds_to_server(client: u64) -> u64 {
    client * 1000
}

fn seeds_to_client(client: u64) -> u64 {
    client * 1000 + 500
}

/// What happens in a round of connecting and disconnecting.
#[derive(Copy, Clone, Debug)]
enum Manner {
    /// The client says a word and closes at once. The server hears it, and sees the end.
    ClientLeaves,
    /// The server closes at once, and the client sees the end.
    ServerLeaves,
    /// Both close at once; the client says a word, without which it would not count as a client.
    BothLeave,
    /// The client says something, gets an answer, and closes.
    Talk,
}

const MANNERS: [Manner; 4] = [Manner::ClientLeaves, Manner::ServerLeaves, Manner::BothLeave, Manner::Talk];

impl Manner {
    fn named(name: &str) -> Self {
        MANNERS.into_iter().find(|manner| format!("{manner:?}") == name).expect("a manner")
    }
}

fn start_programs(mode: &str, task: &str, path: &str) -> Vec<Killed> {
    (0..PROGRAMS * 2)
        .map(|number| {
            // Every other one is of Tokio.
            let module = if number % 2 == 1 && cfg!(feature = "tokio") { "asynchronous::" } else { "" };
            start_role(&format!("{module}{mode}_clients"), &format!("{task} {number} {path}"))
        })
        .collect()
}

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

/// Fails unless no more handles are open than before. The system's thread pool may take a moment to close what it had.
fn expect_handles(before: u32) {
    let end = Instant::now() + Duration::from_secs(10);
    while handle_count() > before && Instant::now() < end {
        thread::yield_now();
    }
    let after = handle_count();
    assert!(after <= before, "{before} handles before, {after} after");
}

/// Runs `work` in short for everything that is made once, and then checks that it leaves no handle behind.
fn leaves_no_handles(work: impl Fn(u64)) {
    work(WARM_UP);
    let before = handle_count();
    work(ROUNDS);
    expect_handles(before);
}

fn crowd<M: PipeModeTag>(mode: &str)
where
    DuplexPipeStream<M>: Talk,
{
    let path = unique_path();
    let listener = PipeListenerOptions::new().path(&path).create_duplex::<M>().unwrap();
    let mut programs = start_programs(mode, "crowd 1", &path);
    // All are here before the first is spoken to.
    let streams: Vec<_> = listener.incoming().take(CLIENTS as usize).map(Result::unwrap).collect();
    let serve = |stream: DuplexPipeStream<M>| {
        let name = stream.hear(8).unwrap().expect("a client says who it is");
        let client = u64::from_le_bytes(name.try_into().unwrap());
        converse(&stream, seeds_to_client(client), seeds_to_server(client));
        assert_eq!(stream.hear(1).unwrap(), None, "nothing more");
        client
    };
    let mut clients: Vec<u64> = thread::scope(|scope| {
        let serve = &serve;
        let threads: Vec<_> = streams.into_iter().map(|stream| scope.spawn(move || serve(stream))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    clients.sort_unstable();
    assert!(clients.into_iter().eq(0..CLIENTS), "each client once");
    programs.iter_mut().for_each(Killed::succeeds);
    expect_nobody(&listener);
}

fn expect_nobody<M: PipeModeTag>(listener: &PipeListener<M, M>) {
    let error = listener.accept_timeout(Duration::ZERO).expect_err("nobody else connected");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

fn rounds<M: PipeModeTag>(mode: &str, manner: Manner, instances: u8, count: u64)
where
    DuplexPipeStream<M>: Talk,
{
    const ACCEPTING: u64 = 2;
    let path = unique_path();
    let options = PipeListenerOptions::new().path(&path).instances(instances);
    let listener = options.create_duplex::<M>().unwrap();
    let mut programs = start_programs(mode, &format!("{manner:?} {count}"), &path);
    thread::scope(|scope| {
        for _ in 0..ACCEPTING {
            scope.spawn(|| {
                for stream in listener.incoming().take((count / ACCEPTING) as usize) {
                    serve_round(stream.unwrap(), manner);
                }
            });
        }
    });
    programs.iter_mut().for_each(Killed::succeeds);
    expect_nobody(&listener);
}

fn serve_round<M: PipeModeTag>(stream: DuplexPipeStream<M>, manner: Manner)
where
    DuplexPipeStream<M>: Talk,
{
    match manner {
        Manner::ServerLeaves | Manner::BothLeave => {}
        Manner::ClientLeaves => {
            assert_eq!(stream.hear(1).unwrap().as_deref(), Some(WORD));
            assert_eq!(stream.hear(1).unwrap(), None);
        }
        Manner::Talk => {
            let question = stream.hear(100).unwrap().expect("the client asks");
            stream.say(&question).unwrap();
            assert_eq!(stream.hear(1).unwrap(), None);
        }
    }
}

/// What a client program was told: a manner or none, how many rounds there are in all, its number, and the path.
fn told(argument: &str) -> (Option<Manner>, u64, u64, &str) {
    let mut words = argument.splitn(4, ' ');
    let mut word = || words.next().expect("four words");
    let manner = match word() {
        "crowd" => None,
        name => Some(Manner::named(name)),
    };
    (manner, word().parse().unwrap(), word().parse().unwrap(), word())
}

fn clients<M: PipeModeTag>(argument: &str)
where
    DuplexPipeStream<M>: Talk,
{
    let (manner, count, program, path) = told(argument);
    // A client that waits for an instance may find none free, and is never told that, or that there is no pipe.
    let connect = || DuplexPipeStream::<M>::connect_by_path(path).expect("connects");
    let Some(manner) = manner else {
        thread::scope(|scope| {
            for thread in 0..CLIENTS_EACH {
                scope.spawn(move || {
                    let client = program * CLIENTS_EACH + thread;
                    let stream = connect();
                    stream.say(&client.to_le_bytes()).unwrap();
                    converse(&stream, seeds_to_server(client), seeds_to_client(client));
                });
            }
        });
        return;
    };
    for round in 0..count / (2 * PROGRAMS) {
        let stream = connect();
        match manner {
            // The server may have closed already.
            Manner::ClientLeaves | Manner::BothLeave => drop(stream.say(WORD)),
            Manner::ServerLeaves => assert_eq!(stream.hear(1).unwrap(), None),
            Manner::Talk => {
                let question = bytes(program * ROUNDS + round, 100);
                stream.say(&question).unwrap();
                assert!(stream.hear(100).unwrap() == Some(question));
            }
        }
    }
}

#[test]
#[ignore = "a role, which another test starts"]
fn bytes_clients() {
    let argument = begin_role();
    within_deadline(move || clients::<Bytes>(&argument));
}

#[test]
#[ignore = "a role, which another test starts"]
fn messages_clients() {
    let argument = begin_role();
    within_deadline(move || clients::<Messages>(&argument));
}

#[test]
fn crowd_of_bytes() {
    in_own_process("crowd_of_bytes", || {
        within_deadline(|| leaves_no_handles(|_| crowd::<Bytes>("bytes")));
    });
}

#[test]
fn crowd_of_messages() {
    in_own_process("crowd_of_messages", || {
        within_deadline(|| leaves_no_handles(|_| crowd::<Messages>("messages")));
    });
}

/// A client that leaves without a word is passed over, as interprocess 2.4.7 does it; one that said something is not, be it
/// an empty message.
fn silent_visitors<M: PipeModeTag>(instances: u8, last_word: &[u8])
where
    DuplexPipeStream<M>: Talk,
{
    let path = unique_path();
    let listener = PipeListenerOptions::new().path(&path).instances(instances).create_duplex::<M>().unwrap();
    let connect = || DuplexPipeStream::<M>::connect_by_path(&path).unwrap();
    for round in 0..20 {
        // As many as the instances hold: nobody makes room for more before somebody accepts.
        (0..instances).for_each(|_| drop(connect()));
        let nobody = listener.accept_timeout(Duration::ZERO).map(drop);
        assert_eq!(nobody.unwrap_err().kind(), ErrorKind::TimedOut, "round {round}");

        drop(connect());
        let client = thread::scope(|scope| {
            let client = scope.spawn(|| {
                let stream = connect();
                stream.say(b"stays").unwrap();
                stream
            });
            assert_eq!(listener.accept().unwrap().hear(5).unwrap().as_deref(), Some(&b"stays"[..]));
            client.join().unwrap()
        });
        drop(client);

        connect().say(last_word).unwrap();
        let stream = listener.accept().unwrap();
        assert_eq!(stream.hear(last_word.len()).unwrap().as_deref(), Some(last_word));
        assert_eq!(stream.hear(1).unwrap(), None);
    }
}

#[test]
fn silent_visitors_are_passed_over() {
    within_deadline(|| {
        for instances in [1, 4] {
            silent_visitors::<Bytes>(instances, b"x");
            silent_visitors::<Messages>(instances, b"x");
            silent_visitors::<Messages>(instances, b"");
        }
    });
}

/// One instance that stands ready is enough for the name to stay.
const INSTANCES: [u8; 4] = [4, 1, 4, 1];

#[test]
fn rounds_of_bytes() {
    in_own_process("rounds_of_bytes", || {
        for (manner, instances) in MANNERS.into_iter().zip(INSTANCES) {
            within_deadline(move || {
                leaves_no_handles(|count| rounds::<Bytes>("bytes", manner, instances, count))
            });
        }
    });
}

#[test]
fn rounds_of_messages() {
    in_own_process("rounds_of_messages", || {
        for (manner, instances) in MANNERS.into_iter().zip(INSTANCES) {
            within_deadline(move || {
                leaves_no_handles(|count| rounds::<Messages>("messages", manner, instances, count))
            });
        }
    });
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{
        Bytes, CLIENTS, CLIENTS_EACH, INSTANCES, Killed, MANNERS, Manner, Messages, PROGRAMS,
        PipeListenerOptions, PipeModeTag, ROUNDS, WARM_UP, WORD, begin_role, bytes, expect_handles,
        handle_count, in_own_process, seeds_to_client, seeds_to_server, start_programs, told, unique_path,
    };
    use crate::common::{
        on_tokio,
        talk::tokio::{Talk, converse},
    };
    use interprocess::os::windows::named_pipe::tokio::{DuplexPipeStream, PipeListener};
    use std::sync::Arc;
    use tokio::{task::JoinSet, time::timeout};

    async fn end(mut programs: Vec<Killed>) {
        tokio::task::spawn_blocking(move || programs.iter_mut().for_each(Killed::succeeds)).await.unwrap();
    }

    async fn expect_nobody<M: PipeModeTag>(listener: &PipeListener<M, M>) {
        // The first poll tells, before any time has passed.
        let accepted = timeout(std::time::Duration::ZERO, listener.accept()).await;
        assert!(accepted.is_err(), "nobody else connected");
    }

    async fn crowd<M: PipeModeTag>(mode: &str)
    where
        DuplexPipeStream<M>: Talk,
    {
        let path = unique_path();
        let listener = PipeListenerOptions::new().path(&path).create_tokio_duplex::<M>().unwrap();
        let programs = start_programs(mode, "crowd 1", &path);
        let mut streams = Vec::new();
        for _ in 0..CLIENTS {
            streams.push(listener.accept().await.unwrap());
        }
        let mut tasks = JoinSet::new();
        for stream in streams {
            tasks.spawn(async move {
                let name = stream.hear(8).await.unwrap().expect("a client says who it is");
                let client = u64::from_le_bytes(name.try_into().unwrap());
                converse(&stream, seeds_to_client(client), seeds_to_server(client)).await;
                assert_eq!(stream.hear(1).await.unwrap(), None, "nothing more");
                client
            });
        }
        let mut clients = tasks.join_all().await;
        clients.sort_unstable();
        assert!(clients.into_iter().eq(0..CLIENTS), "each client once");
        end(programs).await;
        expect_nobody(&listener).await;
    }

    async fn rounds<M: PipeModeTag>(mode: &str, manner: Manner, instances: u8, count: u64)
    where
        DuplexPipeStream<M>: Talk,
    {
        const ACCEPTING: u64 = 2;
        let path = unique_path();
        let options = PipeListenerOptions::new().path(&path).instances(instances);
        let listener = Arc::new(options.create_tokio_duplex::<M>().unwrap());
        let programs = start_programs(mode, &format!("{manner:?} {count}"), &path);
        let mut tasks = JoinSet::new();
        for _ in 0..ACCEPTING {
            let listener = Arc::clone(&listener);
            tasks.spawn(async move {
                for _ in 0..count / ACCEPTING {
                    serve_round(listener.accept().await.unwrap(), manner).await;
                }
            });
        }
        tasks.join_all().await;
        end(programs).await;
        expect_nobody(&listener).await;
    }

    async fn serve_round<M: PipeModeTag>(stream: DuplexPipeStream<M>, manner: Manner)
    where
        DuplexPipeStream<M>: Talk,
    {
        match manner {
            Manner::ServerLeaves | Manner::BothLeave => {}
            Manner::ClientLeaves => {
                assert_eq!(stream.hear(1).await.unwrap().as_deref(), Some(WORD));
                assert_eq!(stream.hear(1).await.unwrap(), None);
            }
            Manner::Talk => {
                let question = stream.hear(100).await.unwrap().expect("the client asks");
                stream.say(&question).await.unwrap();
                assert_eq!(stream.hear(1).await.unwrap(), None);
            }
        }
    }

    async fn connect<M: PipeModeTag>(path: &str) -> DuplexPipeStream<M> {
        DuplexPipeStream::connect_by_path(path).await.expect("connects")
    }

    async fn clients<M: PipeModeTag>(argument: &str)
    where
        DuplexPipeStream<M>: Talk,
    {
        let (manner, count, program, path) = told(argument);
        let Some(manner) = manner else {
            let mut tasks = JoinSet::new();
            for task in 0..CLIENTS_EACH {
                let (client, path) = (program * CLIENTS_EACH + task, path.to_owned());
                tasks.spawn(async move {
                    let stream = connect::<M>(&path).await;
                    stream.say(&client.to_le_bytes()).await.unwrap();
                    converse(&stream, seeds_to_server(client), seeds_to_client(client)).await;
                });
            }
            tasks.join_all().await;
            return;
        };
        for round in 0..count / (2 * PROGRAMS) {
            let stream = connect::<M>(path).await;
            match manner {
                // The server may have closed already.
                Manner::ClientLeaves | Manner::BothLeave => drop(stream.say(WORD).await),
                Manner::ServerLeaves => assert_eq!(stream.hear(1).await.unwrap(), None),
                Manner::Talk => {
                    let question = bytes(program * ROUNDS + round, 100);
                    stream.say(&question).await.unwrap();
                    assert!(stream.hear(100).await.unwrap() == Some(question));
                }
            }
        }
    }

    /// As [`leaves_no_handles`](super::leaves_no_handles).
    async fn leaves_no_handles(work: impl AsyncFn(u64)) {
        work(WARM_UP).await;
        let before = handle_count();
        work(ROUNDS).await;
        expect_handles(before);
    }

    fn play<M: PipeModeTag>()
    where
        DuplexPipeStream<M>: Talk,
    {
        on_tokio(clients::<M>(&begin_role()));
    }

    #[test]
    fn silent_visitors_are_passed_over() {
        on_tokio(async {
            let path = unique_path();
            let listener = PipeListenerOptions::new().path(&path).create_tokio_duplex::<Messages>().unwrap();
            let connect = || DuplexPipeStream::<Messages>::connect_by_path(&path);
            for _ in 0..20 {
                drop(connect().await.unwrap());
                expect_nobody(&listener).await;
                let (accepted, client) = tokio::join!(listener.accept(), async {
                    drop(connect().await.unwrap());
                    let client = connect().await.unwrap();
                    client.say(b"").await.unwrap();
                    client
                });
                assert_eq!(accepted.unwrap().hear(0).await.unwrap().as_deref(), Some(&b""[..]));
                drop(client);
            }
        });
    }

    #[test]
    fn crowd_of_bytes() {
        in_own_process("asynchronous::crowd_of_bytes", || {
            on_tokio(leaves_no_handles(async |_| crowd::<Bytes>("bytes").await));
        });
    }

    #[test]
    fn crowd_of_messages() {
        in_own_process("asynchronous::crowd_of_messages", || {
            on_tokio(leaves_no_handles(async |_| crowd::<Messages>("messages").await));
        });
    }

    #[test]
    fn rounds_of_bytes() {
        in_own_process("asynchronous::rounds_of_bytes", || {
            for (manner, instances) in MANNERS.into_iter().zip(INSTANCES) {
                on_tokio(leaves_no_handles(async |count| {
                    rounds::<Bytes>("bytes", manner, instances, count).await
                }));
            }
        });
    }

    #[test]
    fn rounds_of_messages() {
        in_own_process("asynchronous::rounds_of_messages", || {
            for (manner, instances) in MANNERS.into_iter().zip(INSTANCES) {
                on_tokio(leaves_no_handles(async |count| {
                    rounds::<Messages>("messages", manner, instances, count).await
                }));
            }
        });
    }

    #[test]
    #[ignore = "a role, which another test starts"]
    fn bytes_clients() {
        play::<Bytes>();
    }

    #[test]
    #[ignore = "a role, which another test starts"]
    fn messages_clients() {
        play::<Messages>();
    }
}
