//! Clients of ours at a server whose pipe has no size, the default of .NET's and of go-winio, beside one of 64 KiB. Windows.
//!
//! `cargo bench -p bench --bench named_pipe_sizes`. The server is Tokio's own, in a thread of its own, and 256 MiB go each
//! way, written by 1 MiB and read by 64 KiB: a write to a pipe without a size waits until it was read. The program ends with
//! an error if the pipe without a size is much slower.

#[cfg(windows)]
mod windows {
    use bench::unique_name;
    use interprocess::os::windows::named_pipe::{DuplexPipeStream, pipe_mode::Bytes, tokio as asynchronous};
    use std::{
        io::{self, Read, Write},
        process::ExitCode,
        sync::mpsc,
        thread,
        time::{Duration, Instant},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::windows::named_pipe::ServerOptions,
        runtime::{Builder, Runtime},
    };

    const AMOUNT: usize = 256 << 20;
    const WRITTEN: usize = 1 << 20;
    const READ: usize = 64 << 10;
    /// How fast it has to be. A blocking write to a pipe without a size returns when it was read, so that nothing is on its way
    /// until the next one; of Tokio's, 64 KiB are.
    const LEAST_BLOCKING: f64 = 0.3;
    const LEAST_WITH_TOKIO: f64 = 0.5;
    const ROUNDS: usize = 7;

    pub(crate) fn main() -> ExitCode {
        // `cargo test --all-targets` comes without it, and has not optimised the program.
        if !std::env::args().any(|argument| argument == "--bench") {
            println!("SKIP: this is for `cargo bench`");
            return ExitCode::SUCCESS;
        }
        println!("256 MiB each way; how fast a pipe without a size is beside one of 64 KiB");
        let mut is_good = true;
        for (name, is_tokio, least) in
            [("blocking", false, LEAST_BLOCKING), ("Tokio", true, LEAST_WITH_TOKIO)]
        {
            // In turns, and the best of each: whatever else the machine does only adds to it.
            let mut best = [(Duration::MAX, Duration::MAX); 2];
            for _ in 0..ROUNDS {
                for (best, size) in best.iter_mut().zip([0, READ as u32]) {
                    let (there, back) = time(size, is_tokio);
                    *best = (best.0.min(there), best.1.min(back));
                }
            }
            let [none, usual] = best;
            for (way, none, usual) in [("there", none.0, usual.0), ("back", none.1, usual.1)] {
                let ratio = usual.as_secs_f64() / none.as_secs_f64();
                let verdict = if ratio < least { "TOO SLOW" } else { "" };
                is_good &= ratio >= least;
                println!("{name:9} {way:6} {none:9.3?} {usual:9.3?} {ratio:6.2}  {verdict}");
            }
        }
        if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// How long it takes there and back.
    fn time(size: u32, is_tokio: bool) -> (Duration, Duration) {
        let path = format!(r"\\.\pipe\{}", unique_name("sizes"));
        let (ready, is_ready) = mpsc::channel();
        let server = thread::spawn({
            let path = path.clone();
            move || serve(&path, size, &ready).unwrap()
        });
        is_ready.recv().unwrap();
        let times = if is_tokio { runtime().block_on(ask_with_tokio(&path)) } else { ask(&path) };
        server.join().unwrap();
        times.unwrap()
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    fn serve(path: &str, size: u32, ready: &mpsc::Sender<()>) -> io::Result<()> {
        runtime().block_on(async {
            let mut options = ServerOptions::new();
            let mut pipe = options.in_buffer_size(size).out_buffer_size(size).create(path)?;
            ready.send(()).unwrap();
            pipe.connect().await?;
            let (data, mut buffer) = (vec![0; WRITTEN], vec![0; READ]);
            let mut left = AMOUNT;
            while left > 0 {
                left -= pipe.read(&mut buffer).await?;
            }
            pipe.write_all(&[1]).await?;
            for _ in 0..AMOUNT / WRITTEN {
                pipe.write_all(&data).await?;
            }
            // Until the client has read everything and closes.
            let _ = pipe.read(&mut buffer).await;
            Ok(())
        })
    }

    fn ask(path: &str) -> io::Result<(Duration, Duration)> {
        let mut stream = DuplexPipeStream::<Bytes>::connect_by_path(path)?;
        let (data, mut buffer) = (vec![0; WRITTEN], vec![0; READ]);
        let begun = Instant::now();
        for _ in 0..AMOUNT / WRITTEN {
            stream.write_all(&data)?;
        }
        stream.read_exact(&mut [0])?;
        let there = begun.elapsed();
        let mut left = AMOUNT;
        while left > 0 {
            left -= stream.read(&mut buffer)?;
        }
        Ok((there, begun.elapsed() - there))
    }

    async fn ask_with_tokio(path: &str) -> io::Result<(Duration, Duration)> {
        let mut stream = asynchronous::DuplexPipeStream::<Bytes>::connect_by_path(path).await?;
        let (data, mut buffer) = (vec![0; WRITTEN], vec![0; READ]);
        let begun = Instant::now();
        for _ in 0..AMOUNT / WRITTEN {
            stream.write_all(&data).await?;
        }
        stream.flush().await?;
        stream.read_exact(&mut [0]).await?;
        let there = begun.elapsed();
        let mut left = AMOUNT;
        while left > 0 {
            left -= stream.read(&mut buffer).await?;
        }
        Ok((there, begun.elapsed() - there))
    }
}

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    windows::main()
}

#[cfg(not(windows))]
fn main() {
    println!("SKIP: named pipes are of Windows");
}
