//! Tokio's named pipes: ours beside Tokio's own and those of interprocess 2.4. Windows.
//!
//! `cargo bench -p bench --bench named_pipe`; CONTRIBUTING.md says how that is done under Wine. Both ends are of the same
//! library, as tasks of one thread or in a thread each. The three take turns in many short rounds, so that whatever else
//! the machine does falls on all. The program ends with an error if ours is slower than one of the others by more than two
//! runs of the same differ.

#[cfg(windows)]
mod windows {
    use bench::unique_name;
    use interprocess::os::windows::named_pipe as ours;
    use interprocess_2::os::windows::named_pipe as two;
    use std::{
        hint::black_box,
        io,
        pin::Pin,
        process::ExitCode,
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };
    use tokio::{
        io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
        net::windows::named_pipe::{ClientOptions, ServerOptions},
        runtime::{Builder, Runtime},
    };

    /// How fast ours has to be, as a multiple of each of the others: not slower, but for noise.
    const LEAST: f64 = 0.9;

    /// The size of every pipe's buffers: Tokio's default.
    const BUFFER: u32 = 64 << 10;

    const ROUNDS: usize = 41;

    /// What is timed: `repeat` times, `amount` bytes there, `chunk` at a time, and then `answer` bytes back.
    #[derive(Copy, Clone)]
    struct Work {
        name: &'static str,
        repeat: usize,
        amount: usize,
        chunk: usize,
        answer: usize,
    }

    const ALL: [Work; 4] = [
        Work { name: "round trip, 64 bytes", repeat: 50, amount: 64, chunk: 64, answer: 64 },
        Work { name: "round trip, 4 KiB", repeat: 50, amount: 4 << 10, chunk: 4 << 10, answer: 4 << 10 },
        Work { name: "1 MiB by 4 KiB", repeat: 1, amount: 1 << 20, chunk: 4 << 10, answer: 1 },
        Work { name: "1 MiB by 64 KiB", repeat: 1, amount: 1 << 20, chunk: 64 << 10, answer: 1 },
    ];

    #[derive(Copy, Clone)]
    enum Side {
        Ours,
        Tokio,
        Two,
    }

    const SIDES: [Side; 3] = [Side::Ours, Side::Tokio, Side::Two];

    pub(crate) fn main() -> ExitCode {
        // `cargo test --all-targets` comes without it, and has not optimised the program.
        if !std::env::args().any(|argument| argument == "--bench") {
            println!("SKIP: this is for `cargo bench`");
            return ExitCode::SUCCESS;
        }
        println!("{ROUNDS} rounds; times faster than the others, which has to be at least {LEAST}");
        let mut is_good = true;
        for (title, two_threads) in [("one thread", false), ("two threads", true)] {
            println!("{:22} {:>13} {:>9} {:>9}   microseconds each", title, "interprocess", "tokio", "2.4");
            for work in ALL {
                is_good &= compare(work, two_threads);
            }
        }
        if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Prints the ratios. Tells whether all are large enough.
    fn compare(work: Work, two_threads: bool) -> bool {
        let runtime = runtime();
        let mut clients = SIDES.map(|side| {
            let path = format!(r"\\.\pipe\{}-{two_threads}-{}", unique_name(work.name), side as u8);
            let (ready, is_ready) = mpsc::channel();
            let server = serve(side, path.clone(), ready, work);
            if two_threads {
                thread::spawn(|| self::runtime().block_on(server));
            } else {
                drop(runtime.spawn(server));
                // It gets as far as it can without its client.
                runtime.block_on(tokio::task::yield_now());
            }
            is_ready.recv().expect("the server has begun");
            runtime.block_on(connect(side, path)).expect("a client")
        });
        let mut times = [const { Vec::new() }; 3];
        let mut buffer = vec![1; work.chunk];
        for _ in 0..ROUNDS {
            for (client, times) in clients.iter_mut().zip(&mut times) {
                let begun = Instant::now();
                runtime.block_on(ask(client, work, &mut buffer)).expect("the pipe works");
                times.push(begun.elapsed());
            }
        }
        let [ours, others @ ..] = times.map(|times| median(times).as_secs_f64() / work.repeat as f64);
        println!("{:22} {:13.1} {:9.1} {:9.1}", work.name, ours * 1e6, others[0] * 1e6, others[1] * 1e6);
        let faster = others.map(|other| other / ours);
        let is_good = faster.iter().all(|faster| *faster >= LEAST);
        let remark = if is_good { "" } else { "  TOO SLOW" };
        println!("{:36} {:9.2} {:9.2}{remark}", "", faster[0], faster[1]);
        // A server ends when its client closes. That of 2.4 sometimes does not, so none is waited for.
        is_good
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().expect("a runtime starts")
    }

    fn median(mut times: Vec<Duration>) -> Duration {
        times.sort_unstable();
        times[times.len() / 2]
    }

    trait Stream: AsyncRead + AsyncWrite + Send {}

    impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

    type AnyStream = Pin<Box<dyn Stream>>;

    /// The client's part of a round.
    async fn ask(stream: &mut AnyStream, work: Work, buffer: &mut [u8]) -> io::Result<()> {
        for _ in 0..work.repeat {
            for _ in 0..work.amount / work.chunk {
                stream.write_all(black_box(buffer)).await?;
            }
            stream.read_exact(&mut buffer[..work.answer]).await?;
        }
        Ok(())
    }

    /// The server: its part of all rounds.
    async fn serve(side: Side, path: String, ready: mpsc::Sender<()>, work: Work) {
        let mut stream = accept(side, path, ready).await.expect("a server");
        let mut buffer = vec![1; work.chunk];
        loop {
            let mut left = work.amount;
            while left > 0 {
                match stream.read(&mut buffer).await {
                    Ok(count) if count > 0 => left -= count,
                    _ => return,
                }
            }
            stream.write_all(black_box(&buffer[..work.answer])).await.expect("the client reads");
        }
    }

    async fn accept(side: Side, path: String, ready: mpsc::Sender<()>) -> io::Result<AnyStream> {
        let told = |()| ready.send(()).expect("the client waits");
        Ok(match side {
            Side::Ours => {
                let listener = ours::PipeListenerOptions::new()
                    .path(path.as_str())
                    .input_buffer_size_hint(BUFFER)
                    .output_buffer_size_hint(BUFFER)
                    .create_tokio_duplex::<ours::pipe_mode::Bytes>()?;
                told(());
                Box::pin(listener.accept().await?)
            }
            Side::Tokio => {
                let server =
                    ServerOptions::new().in_buffer_size(BUFFER).out_buffer_size(BUFFER).create(path)?;
                told(());
                server.connect().await?;
                Box::pin(server)
            }
            Side::Two => {
                let listener = two::PipeListenerOptions::new()
                    .path(path.as_str())
                    .input_buffer_size_hint(BUFFER)
                    .output_buffer_size_hint(BUFFER)
                    .create_tokio_duplex::<two::pipe_mode::Bytes>()?;
                told(());
                Box::pin(listener.accept().await?)
            }
        })
    }

    async fn connect(side: Side, path: String) -> io::Result<AnyStream> {
        let path = path.as_str();
        Ok(match side {
            Side::Ours => {
                use ours::{pipe_mode::Bytes, tokio::DuplexPipeStream};
                Box::pin(DuplexPipeStream::<Bytes>::connect_by_path(path).await?)
            }
            Side::Tokio => Box::pin(ClientOptions::new().open(path)?),
            Side::Two => {
                use two::{pipe_mode::Bytes, tokio::DuplexPipeStream};
                Box::pin(DuplexPipeStream::<Bytes>::connect_by_path(path).await?)
            }
        })
    }
}

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    windows::main()
}

#[cfg(not(windows))]
fn main() {
    println!("There is nothing to compare with on this system: these benchmarks are for Windows.");
}
