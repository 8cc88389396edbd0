//! Signals beside signal-hook and Tokio's own. Unix.
//!
//! `cargo bench -p bench --bench signal`. For each way of receiving, the sides take turns in many short rounds, so that
//! whatever else the machine does falls on all; what is printed is the median of the rounds' ratios, ours by theirs. The
//! program ends with an error if one of them is above [`MOST`].
//!
//! Each side has a signal of its own, as the handlers of all would run for a common one.

#[cfg(unix)]
mod unix {
    use interprocess::os::unix::signal::{self as ours, Signal, Signals, raise};
    use signal_hook::iterator::Signals as TheirSignals;
    use std::{
        process::ExitCode,
        sync::{
            Arc,
            atomic::{AtomicBool, AtomicU32, Ordering},
        },
        thread,
        time::{Duration, Instant},
    };
    use tokio::runtime::{Builder, Runtime};

    /// The greatest ratio, ours by theirs, that is good enough.
    const MOST: f64 = 1.05;

    const ROUNDS: usize = 401;
    const SIGNALS: u32 = 200;

    /// One way of receiving in the thread that sends: the time of sending a signal and receiving it.
    trait Cost {
        fn once(&mut self);
    }

    struct OurPending(Signals);

    impl Cost for OurPending {
        fn once(&mut self) {
            raise(Signal::USR1).unwrap();
            assert_eq!(self.0.pending().count(), 1);
        }
    }

    struct TheirPending(TheirSignals);

    impl Cost for TheirPending {
        fn once(&mut self) {
            raise(Signal::USR2).unwrap();
            assert_eq!(self.0.pending().count(), 1);
        }
    }

    struct OurTask(Runtime, ours::tokio::Signal);

    impl Cost for OurTask {
        fn once(&mut self) {
            raise(Signal::HUP).unwrap();
            self.0.block_on(self.1.recv()).unwrap();
        }
    }

    struct TheirTask(Runtime, tokio::signal::unix::Signal);

    impl Cost for TheirTask {
        fn once(&mut self) {
            raise(Signal::QUIT).unwrap();
            self.0.block_on(self.1.recv()).unwrap();
        }
    }

    struct OurFlag(Arc<AtomicBool>);

    impl Cost for OurFlag {
        fn once(&mut self) {
            raise(Signal::ALRM).unwrap();
            assert!(self.0.swap(false, Ordering::SeqCst));
        }
    }

    struct TheirFlag(Arc<AtomicBool>);

    impl Cost for TheirFlag {
        fn once(&mut self) {
            raise(Signal::VTALRM).unwrap();
            assert!(self.0.swap(false, Ordering::SeqCst));
        }
    }

    /// A thread that counts what it receives, so that the time from kill to wake-up can be told.
    struct Receiver {
        signal: Signal,
        received: Arc<AtomicU32>,
    }

    impl Receiver {
        fn start(signal: Signal, receive: impl FnOnce(&AtomicU32) + Send + 'static) -> Self {
            let received = Arc::new(AtomicU32::new(0));
            let counter = Arc::clone(&received);
            thread::spawn(move || receive(&counter));
            Self { signal, received }
        }
    }

    impl Cost for Receiver {
        fn once(&mut self) {
            let before = self.received.load(Ordering::SeqCst);
            raise(self.signal).unwrap();
            while self.received.load(Ordering::SeqCst) == before {
                std::hint::spin_loop();
            }
        }
    }

    fn round(side: &mut dyn Cost) -> Duration {
        let begun = Instant::now();
        (0..SIGNALS).for_each(|_| side.once());
        begun.elapsed()
    }

    fn compare(name: &str, ours: &mut dyn Cost, theirs: &mut dyn Cost) -> bool {
        round(ours);
        round(theirs);
        let mut ratios = Vec::new();
        let mut times = [Duration::ZERO; 2];
        for turn in 0..ROUNDS {
            // Who goes first changes.
            let (first, second) = if turn % 2 == 0 {
                let first = round(ours);
                (first, round(theirs))
            } else {
                let second = round(theirs);
                (round(ours), second)
            };
            times[0] += first;
            times[1] += second;
            ratios.push(first.as_secs_f64() / second.as_secs_f64());
        }
        ratios.sort_by(f64::total_cmp);
        let median = ratios[ratios.len() / 2];
        let each = |time: Duration| time.as_nanos() / (ROUNDS as u128 * u128::from(SIGNALS));
        println!("{name:<44} {:>6} ns {:>6} ns   {median:.2}", each(times[0]), each(times[1]));
        median <= MOST
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    /// A receiver in a runtime of its own.
    fn task<F: Future<Output = ()>>(
        signal: Signal,
        receive: impl FnOnce(Arc<AtomicU32>) -> F + Send + 'static,
    ) -> Receiver {
        let received = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&received);
        thread::spawn(move || runtime().block_on(receive(counter)));
        Receiver { signal, received }
    }

    pub(crate) fn main() -> ExitCode {
        // `cargo test --all-targets` comes without it, and has not optimised the program.
        if !std::env::args().any(|argument| argument == "--bench") {
            return ExitCode::SUCCESS;
        }
        println!("{:<44} {:>9} {:>9}   ratio", "", "ours", "theirs");
        let mut good = true;

        let flags = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let _ours = ours::flag::register(Signal::ALRM, &flags[0]).unwrap();
        signal_hook::flag::register(Signal::VTALRM.as_raw(), Arc::clone(&flags[1])).unwrap();
        let [first, second] = flags;
        good &= compare("a flag; signal-hook's", &mut OurFlag(first), &mut TheirFlag(second));

        let ours = Signals::new(Signal::USR1).unwrap();
        let theirs = TheirSignals::new([Signal::USR2.as_raw()]).unwrap();
        let (ours, theirs) = (&mut OurPending(ours), &mut TheirPending(theirs));
        good &= compare("sent and received; signal-hook's iterator", ours, theirs);

        let (ours_on, theirs_on) = (runtime(), runtime());
        let ours = ours_on.block_on(async { ours::tokio::signal(Signal::HUP) }).unwrap();
        let kind = tokio::signal::unix::SignalKind::quit();
        let theirs = theirs_on.block_on(async { tokio::signal::unix::signal(kind) }).unwrap();
        let (ours, theirs) = (&mut OurTask(ours_on, ours), &mut TheirTask(theirs_on, theirs));
        good &= compare("sent and received by a task; tokio::signal", ours, theirs);

        let signals = Signals::new(Signal::WINCH).unwrap();
        let mut ours = Receiver::start(Signal::WINCH, move |received| {
            for _ in &signals {
                received.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut signals = TheirSignals::new([Signal::URG.as_raw()]).unwrap();
        let mut theirs = Receiver::start(Signal::URG, move |received| {
            for _ in signals.forever() {
                received.fetch_add(1, Ordering::SeqCst);
            }
        });
        good &= compare("until a thread wakes; signal-hook's iterator", &mut ours, &mut theirs);

        let mut ours = task(Signal::IO, async |received: Arc<AtomicU32>| {
            let mut signals = ours::tokio::signal(Signal::IO).unwrap();
            received.fetch_add(1, Ordering::SeqCst);
            while signals.recv().await.is_some() {
                received.fetch_add(1, Ordering::SeqCst);
            }
        });
        let mut theirs = task(Signal::CHLD, async |received: Arc<AtomicU32>| {
            let kind = tokio::signal::unix::SignalKind::child();
            let mut signals = tokio::signal::unix::signal(kind).unwrap();
            received.fetch_add(1, Ordering::SeqCst);
            while signals.recv().await.is_some() {
                received.fetch_add(1, Ordering::SeqCst);
            }
        });
        for side in [&ours, &theirs] {
            while side.received.load(Ordering::SeqCst) == 0 {
                thread::yield_now();
            }
        }
        good &= compare("until a task wakes; tokio::signal", &mut ours, &mut theirs);

        if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() {}
