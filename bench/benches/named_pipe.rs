//! Tokio's named pipes: ours beside Tokio's own and those of interprocess 2.4. Windows.
//!
//! `cargo bench -p bench --bench named_pipe`; CONTRIBUTING.md says how that is done under Wine. Both ends are tasks of one
//! thread, of the same library. The three take turns in many short rounds, so that whatever else the machine does falls on
//! all. The program ends with an error if ours is slower than one of the others by more than two runs of the same differ.

#[cfg(windows)]
mod windows {
    use bench::unique_path;
    use interprocess::os::windows::named_pipe as ours;
    use interprocess_2::os::windows::named_pipe as two;
    use std::{
        hint::black_box,
        io,
        process::ExitCode,
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

    const ROUNDS: usize = 301;

    const SIDES: [&str; 3] = ["interprocess", "tokio", "interprocess 2.4"];

    /// What is timed: `repeat` times, `amount` bytes there, `chunk` at a time, and then `answer` bytes back.
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

    pub(crate) fn main() -> ExitCode {
        // `cargo test --all-targets` comes without it, and has not optimised the program.
        if !std::env::args().any(|argument| argument == "--bench") {
            println!("SKIP: this is for `cargo bench`");
            return ExitCode::SUCCESS;
        }
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let pairs = runtime.block_on(pairs()).expect("pairs of pipes");
        if compare(&runtime, pairs) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Prints the ratios. Tells whether all are large enough.
    fn compare(runtime: &Runtime, mut pairs: [Pair; 3]) -> bool {
        println!("{ROUNDS} rounds; times faster than the others, which has to be at least {LEAST}");
        println!("{:22} {:>13} {:>9} {:>9}", "microseconds each", SIDES[0], SIDES[1], "2.4");
        let mut is_good = true;
        for work in &ALL {
            let mut times = [const { Vec::new() }; 3];
            for _ in 0..ROUNDS {
                for (pair, times) in pairs.iter_mut().zip(&mut times) {
                    times.push(runtime.block_on(pair.round(work)).expect("the pipe works"));
                }
            }
            let [ours, others @ ..] = times.map(|times| median(times).as_secs_f64() / work.repeat as f64);
            println!("{:22} {:13.1} {:9.1} {:9.1}", work.name, ours * 1e6, others[0] * 1e6, others[1] * 1e6);
            let faster = others.map(|other| other / ours);
            let is_slow = faster.iter().any(|faster| *faster < LEAST);
            let remark = if is_slow { "  TOO SLOW" } else { "" };
            println!("{:36} {:9.2} {:9.2}{remark}", "", faster[0], faster[1]);
            is_good &= !is_slow;
        }
        is_good
    }

    fn median(mut times: Vec<Duration>) -> Duration {
        times.sort_unstable();
        times[times.len() / 2]
    }

    trait Stream: AsyncRead + AsyncWrite + Unpin {}

    impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

    struct Pair {
        here: Box<dyn Stream>,
        there: Box<dyn Stream>,
        buffers: [Vec<u8>; 2],
    }

    impl Pair {
        fn new(here: impl Stream + 'static, there: impl Stream + 'static) -> Self {
            let buffers = [const { Vec::new() }; 2];
            Self { here: Box::new(here), there: Box::new(there), buffers }
        }

        async fn round(&mut self, work: &Work) -> io::Result<Duration> {
            let Self { here, there, buffers: [out, back] } = self;
            out.resize(work.chunk, 1);
            back.resize(work.chunk, 1);
            let begun = Instant::now();
            for _ in 0..work.repeat {
                let ask = async {
                    for _ in 0..work.amount / work.chunk {
                        here.write_all(black_box(out)).await?;
                    }
                    here.read_exact(&mut out[..work.answer]).await
                };
                let answer = async {
                    let mut left = work.amount;
                    while left > 0 {
                        match there.read(back).await? {
                            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                            count => left -= count,
                        }
                    }
                    there.write_all(black_box(&back[..work.answer])).await
                };
                tokio::try_join!(ask, answer)?;
            }
            Ok(begun.elapsed())
        }
    }

    async fn pairs() -> io::Result<[Pair; 3]> {
        Ok([of_ours().await?, of_tokio().await?, of_two().await?])
    }

    async fn of_ours() -> io::Result<Pair> {
        use ours::{PipeListenerOptions, pipe_mode::Bytes, tokio::DuplexPipeStream};
        let path = unique_path("ours");
        let listener = PipeListenerOptions::new()
            .path(&path)
            .input_buffer_size_hint(BUFFER)
            .output_buffer_size_hint(BUFFER)
            .create_tokio_duplex::<Bytes>()?;
        let (here, there) =
            tokio::try_join!(DuplexPipeStream::<Bytes>::connect_by_path(path.as_path()), listener.accept())?;
        Ok(Pair::new(here, there))
    }

    async fn of_tokio() -> io::Result<Pair> {
        let path = unique_path("tokio");
        let server = ServerOptions::new().in_buffer_size(BUFFER).out_buffer_size(BUFFER).create(&path)?;
        let client = ClientOptions::new().open(&path)?;
        server.connect().await?;
        Ok(Pair::new(client, server))
    }

    async fn of_two() -> io::Result<Pair> {
        use two::{PipeListenerOptions, pipe_mode::Bytes, tokio::DuplexPipeStream};
        let path = unique_path("two");
        let listener = PipeListenerOptions::new()
            .path(path.as_path())
            .input_buffer_size_hint(BUFFER)
            .output_buffer_size_hint(BUFFER)
            .create_tokio_duplex::<Bytes>()?;
        let (here, there) =
            tokio::try_join!(DuplexPipeStream::<Bytes>::connect_by_path(path.as_path()), listener.accept())?;
        Ok(Pair::new(here, there))
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
