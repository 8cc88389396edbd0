//! How many instructions an operation takes outside the kernel, here and with std's types, counted by valgrind(1). Unix.
//!
//! `cargo bench -p bench --bench instructions`. The program runs itself again under callgrind, for each operation on
//! each side with few operations and with many: the difference is what the operations take. The descriptors are made in
//! the same way for both sides. It ends with an error if an operation takes over [`unix::LIMIT`] times what std's takes.

#[cfg(unix)]
mod unix {
    use bench::unique_path;
    use interprocess::os::unix::uds;
    use std::{
        env,
        hint::black_box,
        io::{self, IoSlice, IoSliceMut, Read, Write},
        os::{
            fd::OwnedFd,
            unix::net::{UnixDatagram, UnixStream},
        },
        process::{Command, ExitCode},
    };

    /// What an operation may take, as a multiple of std's.
    const LIMIT: f64 = 1.02;

    /// How often an operation is done. What is sent has to fit into a socket's buffer, and the two have as many digits
    /// so that all else is the same.
    const FEW: usize = 50;
    const MANY: usize = 99;

    /// How many messages wait to be received.
    const WAITING: usize = 100;

    const SIZE: usize = 64;

    /// Set for the process that is counted: the operation, the side and the count.
    const ROLE: &str = "INTERPROCESS_BENCH_ROLE";

    const OPERATIONS: [&str; 11] = [
        "UnixStream write",
        "UnixStream read",
        "UnixStream write_vectored",
        "UnixStream read_vectored",
        "UnixDatagram send",
        "UnixDatagram recv",
        "UnixDatagram send_to",
        "UnixDatagram send_to_addr",
        "UnixDatagram recv_from",
        "UnixSeqpacket send",
        "UnixSeqpacket recv",
    ];

    #[derive(Copy, Clone, PartialEq, Eq)]
    enum Side {
        Ours,
        Std,
    }

    impl Side {
        fn name(self) -> &'static str {
            match self {
                Self::Ours => "interprocess",
                Self::Std => "std",
            }
        }
    }

    pub(crate) fn main() -> ExitCode {
        if let Ok(role) = env::var(ROLE) {
            play(&role).expect("the operations succeed");
            return ExitCode::SUCCESS;
        }
        // `cargo test --all-targets` comes without it, and has not optimised the program.
        if !env::args().any(|argument| argument == "--bench") {
            println!("SKIP: this is for `cargo bench`");
            return ExitCode::SUCCESS;
        }
        if let Some(obstacle) = obstacle() {
            println!("SKIP: {obstacle}");
            return ExitCode::SUCCESS;
        }
        if compare() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// Prints a line for each operation. Tells whether all keep to the limit.
    fn compare() -> bool {
        let wanted = env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
        let mut is_good = true;
        println!("{:26} {:>12} {:>8} {:>6}", "instructions", "interprocess", "std", "ratio");
        for operation in OPERATIONS.iter().filter(|operation| operation.contains(&wanted)) {
            let [ours, theirs] = [Side::Ours, Side::Std].map(|side| cost(operation, side));
            let ratio = ours / theirs;
            let remark = if ratio > LIMIT { "  TOO MANY" } else { "" };
            println!("{operation:26} {ours:12.1} {theirs:8.1} {ratio:6.3}{remark}");
            is_good &= ratio <= LIMIT;
        }
        if !is_good {
            println!("\nthe limit is {LIMIT}");
        }
        is_good
    }

    /// The instructions of one operation.
    fn cost(operation: &str, side: Side) -> f64 {
        let [few, many] = [FEW, MANY].map(|count| instructions(operation, side, count));
        many.saturating_sub(few) as f64 / (MANY - FEW) as f64
    }

    /// The instructions of a whole process that does an operation so often.
    fn instructions(operation: &str, side: Side, count: usize) -> u64 {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(env::current_exe().expect("the running program is a file"))
            .env(ROLE, format!("{operation}/{}/{count}", side.name()))
            .output()
            .expect("valgrind was there a moment ago");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{operation}: {said}");
        let collected = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
        collected.unwrap_or_else(|| panic!("valgrind tells no count: {said}"))
    }

    /// Why nothing can be counted here.
    fn obstacle() -> Option<String> {
        match Command::new("valgrind").args(["--tool=none", "true"]).output() {
            Err(error) => Some(format!("valgrind cannot be started: {error}")),
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(format!("valgrind fails: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }

    /// Does what the variable says, in the process that is counted.
    fn play(role: &str) -> io::Result<()> {
        let mut words = role.split('/');
        let operation = words.next().unwrap_or_default();
        let is_ours = words.next() == Some(Side::Ours.name());
        let count: usize = words.next().and_then(|word| word.parse().ok()).expect("a count");
        match operation.split_once(' ').expect("a type and an operation") {
            ("UnixStream", work) => streams(work, is_ours, count),
            ("UnixDatagram", work @ ("send" | "recv")) => {
                let (here, there) = UnixDatagram::pair()?;
                datagrams(work, is_ours, count, &here, there)
            }
            ("UnixDatagram", work) => addresses(work, is_ours, count),
            // std has no type for these sockets, but the calls are those for datagrams.
            (_, work) => {
                let (here, there) = uds::UnixSeqpacket::pair()?;
                let [here, there] = [here, there].map(OwnedFd::from);
                if is_ours {
                    packets(work, count, &here.into(), &there.into())
                } else {
                    datagrams(work, false, count, &here.into(), there.into())
                }
            }
        }
    }

    fn streams(work: &str, is_ours: bool, count: usize) -> io::Result<()> {
        let (here, there) = UnixStream::pair()?;
        let (out, mut back) = ([1; SIZE], [0; SIZE]);
        (&here).write_all(&[1; SIZE * WAITING])?;
        if is_ours {
            let there = uds::UnixStream::from(there);
            stream(work, count, &there, &out, &mut back)
        } else {
            stream(work, count, &there, &out, &mut back)
        }
    }

    /// One code for both sides, compiled for each.
    fn stream<S>(work: &str, count: usize, mut stream: &S, out: &[u8], back: &mut [u8]) -> io::Result<()>
    where
        for<'a> &'a S: Read + Write,
    {
        match work {
            "write" => repeat(count, || stream.write(black_box(out))),
            "read" => repeat(count, || stream.read(black_box(back))),
            "write_vectored" => {
                let slices = [IoSlice::new(&out[..8]), IoSlice::new(&out[8..])];
                repeat(count, || stream.write_vectored(black_box(&slices)))
            }
            "read_vectored" => {
                let (first, second) = back.split_at_mut(8);
                let mut slices = [IoSliceMut::new(first), IoSliceMut::new(second)];
                repeat(count, || stream.read_vectored(black_box(&mut slices)))
            }
            _ => unreachable!("there is no such operation"),
        }
    }

    fn datagrams(
        work: &str,
        is_ours: bool,
        count: usize,
        here: &UnixDatagram,
        there: UnixDatagram,
    ) -> io::Result<()> {
        let (out, mut back) = ([1; SIZE], [0; SIZE]);
        fill(work, || here.send(&out))?;
        if is_ours {
            let there = uds::UnixDatagram::from(there);
            match work {
                "send" => repeat(count, || there.send(black_box(&out))),
                _ => repeat(count, || there.recv(black_box(&mut back))),
            }
        } else {
            match work {
                "send" => repeat(count, || there.send(black_box(&out))),
                _ => repeat(count, || there.recv(black_box(&mut back))),
            }
        }
    }

    fn packets(
        work: &str,
        count: usize,
        here: &uds::UnixSeqpacket,
        there: &uds::UnixSeqpacket,
    ) -> io::Result<()> {
        let (out, mut back) = ([1; SIZE], [0; SIZE]);
        fill(work, || here.send(&out))?;
        match work {
            "send" => repeat(count, || there.send(black_box(&out))),
            _ => repeat(count, || there.recv(black_box(&mut back))),
        }
    }

    /// The one who receives is connected to the one who sends, which lifts the limit on the length of its queue.
    fn addresses(work: &str, is_ours: bool, count: usize) -> io::Result<()> {
        let [from, to] = ["from", "to"].map(|purpose| unique_path(&format!("instructions-{purpose}")));
        let (sender, recver) = (UnixDatagram::bind(&from)?, UnixDatagram::bind(&to)?);
        recver.connect(&from)?;
        let (out, mut back) = ([1; SIZE], [0; SIZE]);
        if work == "recv_from" {
            fill(work, || sender.send_to(&out, &to))?;
        }
        let path = to.as_path();
        if is_ours {
            let address = uds::SocketAddr::from_pathname(path)?;
            let (sender, recver) = (uds::UnixDatagram::from(sender), uds::UnixDatagram::from(recver));
            match work {
                "send_to" => repeat(count, || sender.send_to(black_box(&out), black_box(path))),
                "send_to_addr" => repeat(count, || sender.send_to_addr(black_box(&out), black_box(&address))),
                _ => repeat(count, || {
                    let (length, from) = recver.recv_from(black_box(&mut back))?;
                    black_box(&from);
                    Ok(length)
                }),
            }?;
        } else {
            let address = std::os::unix::net::SocketAddr::from_pathname(path)?;
            match work {
                "send_to" => repeat(count, || sender.send_to(black_box(&out), black_box(path))),
                "send_to_addr" => repeat(count, || sender.send_to_addr(black_box(&out), black_box(&address))),
                _ => repeat(count, || {
                    let (length, from) = recver.recv_from(black_box(&mut back))?;
                    black_box(&from);
                    Ok(length)
                }),
            }?;
        }
        std::fs::remove_file(from)?;
        std::fs::remove_file(to)
    }

    /// Messages for those who receive.
    fn fill(work: &str, send: impl FnMut() -> io::Result<usize>) -> io::Result<()> {
        if work.starts_with("recv") { repeat(WAITING, send) } else { Ok(()) }
    }

    fn repeat(count: usize, mut operation: impl FnMut() -> io::Result<usize>) -> io::Result<()> {
        for _ in 0..count {
            assert_eq!(operation()?, SIZE, "a small operation is a whole one");
        }
        Ok(())
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
