//! Local sockets beside what else there is for the same purpose: std's and Tokio's Unix domain sockets, and local
//! sockets of interprocess 2.4. Unix.
//!
//! `cargo bench -p bench`, or with a part of a name for some: `cargo bench -p bench -- round_trip/blocking`. Both ends
//! are in this process: two threads for what blocks, two tasks of one thread for what does not.

#[cfg(unix)]
mod unix {
    use bench::unique_name;
    use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
    use interprocess::{local_socket, os::unix::uds};
    use std::{
        hint::black_box,
        io::{self, Read, Write},
        thread,
        time::Duration,
    };
    use tokio::{
        io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
        runtime::Runtime,
    };

    /// How much goes through a stream in one iteration, and how much at a time.
    const AMOUNT: usize = 1 << 20;
    const CHUNK: usize = 64 << 10;

    /// The two things that are measured.
    #[derive(Copy, Clone, PartialEq, Eq)]
    enum Work {
        /// `AMOUNT` bytes one way, and a byte back when they have all arrived.
        Throughput,
        /// 64 bytes there, and 64 back.
        RoundTrip,
    }

    impl Work {
        fn name(self) -> &'static str {
            match self {
                Self::Throughput => "throughput",
                Self::RoundTrip => "round_trip",
            }
        }

        /// How much is sent, and in pieces of how much, and how much is sent back.
        fn sizes(self) -> [usize; 3] {
            match self {
                Self::Throughput => [AMOUNT, CHUNK, 1],
                Self::RoundTrip => [64, 64, 64],
            }
        }
    }

    pub(crate) fn all(criterion: &mut Criterion) {
        for work in [Work::Throughput, Work::RoundTrip] {
            let mut group = criterion.benchmark_group(format!("{}/blocking", work.name()));
            settings(&mut group, work);
            blocking(&mut group, "interprocess", work, local_socket::Stream::pair);
            blocking(&mut group, "interprocess_uds", work, uds::UnixStream::pair);
            blocking(&mut group, "std", work, std::os::unix::net::UnixStream::pair);
            blocking(&mut group, "interprocess_2", work, pair_of_2);
            group.finish();

            let mut group = criterion.benchmark_group(format!("{}/tokio", work.name()));
            settings(&mut group, work);
            on_tokio(&mut group, "interprocess", work, async { local_socket::tokio::Stream::pair() });
            on_tokio(&mut group, "interprocess_uds", work, async { uds::tokio::UnixStream::pair() });
            on_tokio(&mut group, "tokio", work, async { tokio::net::UnixStream::pair() });
            on_tokio(&mut group, "interprocess_2", work, tokio_pair_of_2());
            group.finish();
        }
    }

    fn settings(group: &mut BenchmarkGroup<'_, WallTime>, work: Work) {
        group
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2))
            .sample_size(30);
        if work == Work::Throughput {
            group.throughput(Throughput::Bytes(AMOUNT as u64));
        }
    }

    /// Two threads. The other one ends when the stream does.
    fn blocking<S: Send>(
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        work: Work,
        pair: fn() -> io::Result<(S, S)>,
    ) where
        for<'a> &'a S: Read + Write,
    {
        let [amount, chunk, answer] = work.sizes();
        let (here, there) = pair().expect("a pair");
        thread::scope(|scope| {
            let echo = scope.spawn(move || {
                let mut buffer = vec![0; chunk];
                loop {
                    let mut left = amount;
                    while left > 0 {
                        match (&there).read(&mut buffer).expect("reading works") {
                            0 => return,
                            count => left -= count,
                        }
                    }
                    (&there).write_all(&buffer[..answer]).expect("writing works");
                }
            });
            let mut buffer = vec![0; chunk];
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    for _ in 0..amount / chunk {
                        (&here).write_all(black_box(&buffer)).expect("writing works");
                    }
                    (&here).read_exact(&mut buffer[..answer]).expect("reading works");
                });
            });
            drop(here);
            echo.join().expect("no panic");
        });
    }

    /// Two tasks of one thread.
    fn on_tokio<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        group: &mut BenchmarkGroup<'_, WallTime>,
        name: &str,
        work: Work,
        pair: impl Future<Output = io::Result<(S, S)>>,
    ) {
        let [amount, chunk, answer] = work.sizes();
        let runtime = runtime();
        let (mut here, mut there) = runtime.block_on(pair).expect("a pair");
        let echo = runtime.spawn(async move {
            let mut buffer = vec![0; chunk];
            loop {
                let mut left = amount;
                while left > 0 {
                    match there.read(&mut buffer).await.expect("reading works") {
                        0 => return,
                        count => left -= count,
                    }
                }
                there.write_all(&buffer[..answer]).await.expect("writing works");
            }
        });
        let mut buffer = vec![0; chunk];
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    for _ in 0..amount / chunk {
                        here.write_all(black_box(&buffer)).await.expect("writing works");
                    }
                    here.read_exact(&mut buffer[..answer]).await.expect("reading works");
                });
            });
        });
        // 2.4 does not tell its peer that it shuts down: dropping does.
        drop(here);
        runtime.block_on(echo).expect("no panic");
    }

    fn runtime() -> Runtime {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime starts")
    }

    /// 2.4 has no pairs. A connection waits until it is accepted.
    fn pair_of_2() -> io::Result<(interprocess_2::local_socket::Stream, interprocess_2::local_socket::Stream)>
    {
        use interprocess_2::local_socket::{ListenerOptions, Stream, prelude::*};
        let text = unique_name("pair");
        let listener = ListenerOptions::new().name(name_of_2(&text)?).create_sync()?;
        Ok((Stream::connect(name_of_2(&text)?)?, listener.accept()?))
    }

    async fn tokio_pair_of_2()
    -> io::Result<(interprocess_2::local_socket::tokio::Stream, interprocess_2::local_socket::tokio::Stream)>
    {
        use interprocess_2::local_socket::{
            ListenerOptions,
            tokio::{Stream, prelude::*},
        };
        let text = unique_name("tokio-pair");
        let listener = ListenerOptions::new().name(name_of_2(&text)?).create_tokio()?;
        tokio::try_join!(Stream::connect(name_of_2(&text)?), listener.accept())
    }

    fn name_of_2(text: &str) -> io::Result<interprocess_2::local_socket::Name<'_>> {
        use interprocess_2::local_socket::{GenericNamespaced, prelude::*};
        text.to_ns_name::<GenericNamespaced>()
    }
}

#[cfg(unix)]
fn main() {
    let mut criterion = criterion::Criterion::default().configure_from_args();
    unix::all(&mut criterion);
    criterion.final_summary();
}

#[cfg(not(unix))]
fn main() {
    println!("There is nothing to compare with on this system: these benchmarks are for Unix.");
}
