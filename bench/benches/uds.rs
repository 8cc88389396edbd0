//! Batches of datagrams beside std's way of one call each. Unix.
//!
//! `cargo bench -p bench --bench uds`. Both sides use the same sockets in the same thread: the queue is filled, and then
//! emptied. After criterion's numbers come ratios, for which the two take turns in many short rounds, so that whatever else
//! the machine does falls on both. The program ends with an error if receiving a batch is slower than receiving one by
//! one.
//!
//! A batch saves the way into the kernel and back, and nothing of the kernel's own work. How much that is, the last line
//! tells: the time of a call that does nothing. Where it is a small part of what a datagram takes, so is the gain.

#[cfg(unix)]
mod unix {
    use criterion::{Criterion, Throughput};
    use interprocess::os::unix::uds::{self, OutgoingMessage, RecvBatch, SendBatch, UnixSocketExt};
    use std::{
        hint::black_box,
        io,
        os::{fd::OwnedFd, unix::net::UnixDatagram},
        process::ExitCode,
        time::{Duration, Instant},
    };

    /// How much faster than std receiving has to be: not slower, but for what two runs of the same differ by.
    const LEAST: f64 = 0.95;

    const BATCH: usize = 64;
    const SIZE: usize = 64;

    /// How many datagrams wait at most. With more, the machine's caches would be measured.
    const MOST: usize = 4 * BATCH;

    /// How often the two take turns for a ratio.
    const ROUNDS: usize = 2000;

    #[derive(Copy, Clone, PartialEq, Eq)]
    enum Side {
        Ours,
        Std,
    }

    /// What is timed.
    #[derive(Copy, Clone, PartialEq, Eq)]
    enum Work {
        Receive,
        Send,
        /// Both.
        Move,
    }

    impl Work {
        fn name(self) -> &'static str {
            match self {
                Self::Receive => "receive",
                Self::Send => "send",
                Self::Move => "move",
            }
        }
    }

    const ALL: [Work; 3] = [Work::Receive, Work::Send, Work::Move];

    pub(crate) fn main() -> ExitCode {
        let mut criterion = Criterion::default().configure_from_args();
        let mut bench = Bench::new().expect("a pair of sockets");
        for work in ALL {
            let mut group = criterion.benchmark_group(format!("datagrams/{}", work.name()));
            group
                .warm_up_time(Duration::from_millis(300))
                .measurement_time(Duration::from_secs(1))
                .sample_size(30)
                .throughput(Throughput::Elements(bench.room as u64));
            for (name, side) in [("interprocess", Side::Ours), ("std", Side::Std)] {
                group.bench_function(name, |bencher| {
                    bencher.iter_custom(|rounds| (0..rounds).map(|_| bench.round(work, side)).sum());
                });
            }
            group.finish();
        }
        criterion.final_summary();

        // `cargo test --all-targets` comes without it, and has not optimised the program.
        if !std::env::args().any(|argument| argument == "--bench") {
            return ExitCode::SUCCESS;
        }
        if bench.compare() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Two ends of a pair, for std and for us, and what is sent and received.
    struct Bench {
        std: [UnixDatagram; 2],
        ours: [uds::UnixDatagram; 2],
        recv_batch: RecvBatch,
        send_batch: SendBatch,
        /// How many datagrams the queue takes.
        room: usize,
    }

    impl Bench {
        /// In a pair, the length of the queue is not limited, only the sender's buffer.
        fn new() -> io::Result<Self> {
            let (a, b) = uds::UnixDatagram::pair()?;
            // The system gives what it allows.
            let _ = a.set_send_buffer_size(1 << 20);
            a.set_nonblocking(true)?;
            let mut room = 0;

            while room < MOST && a.send(&[1; SIZE]).is_ok() {
                room += 1;
            }
            for _ in 0..room {
                b.recv(&mut [0; SIZE])?;
            }
            let std = [OwnedFd::from(a.try_clone()?).into(), OwnedFd::from(b.try_clone()?).into()];
            let (recv_batch, send_batch) = (RecvBatch::new(BATCH, SIZE), SendBatch::new(BATCH));
            Ok(Self { std, ours: [a, b], recv_batch, send_batch, room })
        }

        /// As many datagrams as there is room for, in and out; how long what counts has taken.
        fn round(&mut self, work: Work, side: Side) -> Duration {
            let begun = Instant::now();
            // The half that does not count is done the same way for both.
            self.send(if work == Work::Receive { Side::Std } else { side }).expect("there is room");
            let sent = Instant::now();
            self.receive(if work == Work::Send { Side::Std } else { side }).expect("it was sent");
            let received = Instant::now();
            match work {
                Work::Receive => received - sent,
                Work::Send => sent - begun,
                Work::Move => received - begun,
            }
        }

        fn send(&mut self, side: Side) -> io::Result<()> {
            let data = black_box([1; SIZE]);
            if side == Side::Std {
                for _ in 0..self.room {
                    assert_eq!(self.std[0].send(&data)?, SIZE);
                }
                return Ok(());
            }
            let mut left = self.room;
            while left > 0 {
                // What a program does that has so many things to say.
                let messages: [OutgoingMessage<'_>; BATCH] =
                    std::array::from_fn(|_| OutgoingMessage::new(black_box(&data)));
                left -= self.ours[0].send_many(&messages[..left.min(BATCH)], &mut self.send_batch)?;
            }
            Ok(())
        }

        fn receive(&mut self, side: Side) -> io::Result<()> {
            let mut left = self.room;
            if side == Side::Std {
                let mut buffer = [0; SIZE];
                while left > 0 {
                    let count = self.std[1].recv(&mut buffer)?;
                    black_box(&buffer[..count]);
                    left -= 1;
                }
                return Ok(());
            }
            while left > 0 {
                left -= self.ours[1].recv_many(&mut self.recv_batch)?;
                for message in &self.recv_batch {
                    black_box(message.bytes());
                }
            }
            Ok(())
        }

        /// As many calls as there are datagrams, the cheapest that there are (getppid).
        fn call_for_nothing(&self) -> Duration {
            let begun = Instant::now();
            for _ in 0..self.room {
                black_box(std::os::unix::process::parent_id());
            }
            begun.elapsed()
        }

        /// Prints the ratios. Tells whether that of receiving is large enough.
        fn compare(&mut self) -> bool {
            println!("{} datagrams of {SIZE} bytes, batches of {BATCH}, {ROUNDS} rounds", self.room);
            println!("{:8} {:>13} {:>9} {:>6}", "ns each", "interprocess", "std", "times");
            let mut is_good = true;
            for work in ALL {
                let mut times = [Vec::with_capacity(ROUNDS), Vec::with_capacity(ROUNDS)];
                for _ in 0..ROUNDS {
                    times[0].push(self.round(work, Side::Ours));
                    times[1].push(self.round(work, Side::Std));
                }
                let [ours, std] = times.map(median);
                let each = |time: Duration| time.as_nanos() as f64 / self.room as f64;
                let faster = std.as_secs_f64() / ours.as_secs_f64();
                let is_slow = work == Work::Receive && faster < LEAST;
                let remark = if is_slow { "  TOO SLOW" } else { "" };
                println!("{:8} {:13.1} {:9.1} {faster:6.2}{remark}", work.name(), each(ours), each(std));
                is_good &= !is_slow;
            }
            let nothing = median((0..ROUNDS).map(|_| self.call_for_nothing()).collect());
            println!("{:8} {:23.1}", "no work", nothing.as_nanos() as f64 / self.room as f64);
            is_good
        }
    }

    fn median(mut times: Vec<Duration>) -> Duration {
        times.sort_unstable();
        times[times.len() / 2]
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() {
    println!("There is nothing to compare with on this system: these benchmarks are for Unix.");
}
