//! The signals that each system has: numbers, names, default actions.
//!
//! The constants of [`Signal`] are here, since which of them exist differs from system to system.

use super::number::{DefaultAction, Signal};
use std::{io, ops::RangeInclusive};

/// The signals of POSIX.
impl Signal {
    /// The terminal hung up, or its session's leader ended.
    pub const HUP: Self = Self::from_system(libc::SIGHUP);
    /// Interrupt from the keyboard: Ctrl-C.
    pub const INT: Self = Self::from_system(libc::SIGINT);
    /// Quit from the keyboard: Ctrl-\\.
    pub const QUIT: Self = Self::from_system(libc::SIGQUIT);
    /// Illegal instruction.
    pub const ILL: Self = Self::from_system(libc::SIGILL);
    /// Trace or breakpoint trap.
    pub const TRAP: Self = Self::from_system(libc::SIGTRAP);
    /// From abort(3). Also called `SIGIOT`.
    pub const ABRT: Self = Self::from_system(libc::SIGABRT);
    /// Bad access to memory, such as to a mapped file behind its end.
    pub const BUS: Self = Self::from_system(libc::SIGBUS);
    /// Erroneous arithmetic operation.
    pub const FPE: Self = Self::from_system(libc::SIGFPE);
    /// Ends the process. Cannot be caught, blocked or ignored.
    pub const KILL: Self = Self::from_system(libc::SIGKILL);
    /// For the program's own use.
    pub const USR1: Self = Self::from_system(libc::SIGUSR1);
    /// Invalid reference to memory.
    pub const SEGV: Self = Self::from_system(libc::SIGSEGV);
    /// For the program's own use.
    pub const USR2: Self = Self::from_system(libc::SIGUSR2);
    /// Write to a pipe or socket that nobody reads. Rust's start-up code has it ignored.
    pub const PIPE: Self = Self::from_system(libc::SIGPIPE);
    /// The timer of alarm(2) or setitimer(2) has expired.
    pub const ALRM: Self = Self::from_system(libc::SIGALRM);
    /// Request to end.
    pub const TERM: Self = Self::from_system(libc::SIGTERM);
    /// A child ended, stopped or went on. Also called `SIGCLD`.
    pub const CHLD: Self = Self::from_system(libc::SIGCHLD);
    /// Go on, if stopped; this happens also where the signal is caught, blocked or ignored.
    pub const CONT: Self = Self::from_system(libc::SIGCONT);
    /// Stops the process. Cannot be caught, blocked or ignored.
    pub const STOP: Self = Self::from_system(libc::SIGSTOP);
    /// Stop from the keyboard: Ctrl-Z.
    pub const TSTP: Self = Self::from_system(libc::SIGTSTP);
    /// A process in the background reads from its terminal.
    pub const TTIN: Self = Self::from_system(libc::SIGTTIN);
    /// A process in the background writes to its terminal.
    pub const TTOU: Self = Self::from_system(libc::SIGTTOU);
    /// Urgent data at a socket.
    pub const URG: Self = Self::from_system(libc::SIGURG);
    /// Limit of processor time exceeded.
    pub const XCPU: Self = Self::from_system(libc::SIGXCPU);
    /// Limit of file size exceeded.
    pub const XFSZ: Self = Self::from_system(libc::SIGXFSZ);
    /// The timer of the process's own processor time has expired.
    pub const VTALRM: Self = Self::from_system(libc::SIGVTALRM);
    /// The profiling timer has expired.
    pub const PROF: Self = Self::from_system(libc::SIGPROF);
    /// The terminal's window has another size.
    pub const WINCH: Self = Self::from_system(libc::SIGWINCH);
    /// Input or output is possible. Also called `SIGPOLL`.
    pub const IO: Self = Self::from_system(libc::SIGIO);
    /// Bad system call.
    pub const SYS: Self = Self::from_system(libc::SIGSYS);
}

/// Signals of Linux.
#[cfg(any(target_os = "linux", target_os = "android"))]
impl Signal {
    /// Power failure.
    pub const PWR: Self = Self::from_system(libc::SIGPWR);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const OWN: &[Entry] = &[
    (Signal::PWR, "SIGPWR", DefaultAction::Terminate),
    #[cfg(not(any(
        target_arch = "mips",
        target_arch = "mips32r6",
        target_arch = "mips64",
        target_arch = "mips64r6",
        target_arch = "sparc",
        target_arch = "sparc64"
    )))]
    (Signal::STKFLT, "SIGSTKFLT", DefaultAction::Terminate),
];

/// Signals of Linux on most processors.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(
        target_arch = "mips",
        target_arch = "mips32r6",
        target_arch = "mips64",
        target_arch = "mips64r6",
        target_arch = "sparc",
        target_arch = "sparc64"
    ))
))]
impl Signal {
    /// Fault of the coprocessor's stack. Unused.
    pub const STKFLT: Self = Self::from_system(libc::SIGSTKFLT);
}

/// Signals of macOS and the BSDs.
#[cfg(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
))]
impl Signal {
    /// Trap to an emulator.
    pub const EMT: Self = Self::from_system(libc::SIGEMT);
    /// Request for a report, from the keyboard: Ctrl-T.
    pub const INFO: Self = Self::from_system(libc::SIGINFO);
}

#[cfg(target_vendor = "apple")]
const OWN: &[Entry] =
    &[(Signal::EMT, "SIGEMT", DefaultAction::CoreDump), (Signal::INFO, "SIGINFO", DefaultAction::Ignore)];

/// What Tokio's type has on these systems.
#[cfg(all(
    feature = "tokio",
    any(
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "dragonfly",
        target_os = "illumos"
    )
))]
impl super::signal_kind::SignalKind {
    /// `SIGINFO`: a report is wanted.
    pub const fn info() -> Self {
        Self::from_raw(Signal::INFO.as_raw())
    }
}

/// Signals of FreeBSD.
#[cfg(target_os = "freebsd")]
impl Signal {
    /// Of the thread library.
    pub const THR: Self = Self::from_system(libc::SIGTHR);
    /// Of the real-time library.
    pub const LIBRT: Self = Self::from_system(libc::SIGLIBRT);
}

#[cfg(target_os = "freebsd")]
const OWN: &[Entry] = &[
    (Signal::EMT, "SIGEMT", DefaultAction::CoreDump),
    (Signal::INFO, "SIGINFO", DefaultAction::Ignore),
    (Signal::THR, "SIGTHR", DefaultAction::Terminate),
    (Signal::LIBRT, "SIGLIBRT", DefaultAction::Terminate),
];

/// Signals of NetBSD.
#[cfg(target_os = "netbsd")]
impl Signal {
    /// Power failure.
    pub const PWR: Self = Self::from_system(32);
}

#[cfg(target_os = "netbsd")]
const OWN: &[Entry] = &[
    (Signal::EMT, "SIGEMT", DefaultAction::CoreDump),
    (Signal::INFO, "SIGINFO", DefaultAction::Ignore),
    (Signal::PWR, "SIGPWR", DefaultAction::Ignore),
];

/// Signals of OpenBSD.
#[cfg(target_os = "openbsd")]
impl Signal {
    /// Of the thread library.
    pub const THR: Self = Self::from_system(32);
}

#[cfg(target_os = "openbsd")]
const OWN: &[Entry] = &[
    (Signal::EMT, "SIGEMT", DefaultAction::CoreDump),
    (Signal::INFO, "SIGINFO", DefaultAction::Ignore),
    (Signal::THR, "SIGTHR", DefaultAction::Ignore),
];

/// Signals of DragonFly.
#[cfg(target_os = "dragonfly")]
impl Signal {
    /// Of the thread library.
    pub const THR: Self = Self::from_system(32);
    /// Writes a checkpoint of the process, and goes on.
    pub const CKPT: Self = Self::from_system(libc::SIGCKPT);
    /// Writes a checkpoint of the process, and ends it.
    pub const CKPTEXIT: Self = Self::from_system(libc::SIGCKPTEXIT);
}

#[cfg(target_os = "dragonfly")]
const OWN: &[Entry] = &[
    (Signal::EMT, "SIGEMT", DefaultAction::CoreDump),
    (Signal::INFO, "SIGINFO", DefaultAction::Ignore),
    (Signal::THR, "SIGTHR", DefaultAction::Terminate),
    (Signal::CKPT, "SIGCKPT", DefaultAction::Ignore),
    (Signal::CKPTEXIT, "SIGCKPTEXIT", DefaultAction::Terminate),
];

/// Signals of illumos and Solaris.
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
impl Signal {
    /// Trap to an emulator.
    pub const EMT: Self = Self::from_system(libc::SIGEMT);
    /// Power failure, or its end.
    pub const PWR: Self = Self::from_system(libc::SIGPWR);
    /// Reserved; formerly of the thread library.
    pub const WAITING: Self = Self::from_system(32);
    /// Reserved; formerly of the thread library.
    pub const LWP: Self = Self::from_system(33);
    /// The system is about to be suspended.
    pub const FREEZE: Self = Self::from_system(34);
    /// The system has resumed.
    pub const THAW: Self = Self::from_system(35);
    /// Of the thread library, for cancellation.
    pub const CANCEL: Self = Self::from_system(36);
    /// A resource was lost, such as a lock on a remote file.
    pub const LOST: Self = Self::from_system(37);
    /// Limit of a resource control exceeded.
    pub const XRES: Self = Self::from_system(38);
    /// Reserved for Java.
    pub const JVM1: Self = Self::from_system(39);
    /// Reserved for Java.
    pub const JVM2: Self = Self::from_system(40);
    /// Request for a report, from the keyboard.
    pub const INFO: Self = Self::from_system(libc::SIGINFO);
}

#[cfg(any(target_os = "illumos", target_os = "solaris"))]
const OWN: &[Entry] = &[
    (Signal::EMT, "SIGEMT", DefaultAction::CoreDump),
    (Signal::PWR, "SIGPWR", DefaultAction::Ignore),
    (Signal::WAITING, "SIGWAITING", DefaultAction::Ignore),
    (Signal::LWP, "SIGLWP", DefaultAction::Ignore),
    (Signal::FREEZE, "SIGFREEZE", DefaultAction::Ignore),
    (Signal::THAW, "SIGTHAW", DefaultAction::Ignore),
    (Signal::CANCEL, "SIGCANCEL", DefaultAction::Ignore),
    (Signal::LOST, "SIGLOST", DefaultAction::Ignore),
    (Signal::XRES, "SIGXRES", DefaultAction::Ignore),
    (Signal::JVM1, "SIGJVM1", DefaultAction::Ignore),
    (Signal::JVM2, "SIGJVM2", DefaultAction::Ignore),
    (Signal::INFO, "SIGINFO", DefaultAction::Ignore),
];

/// What the systems do not agree on: the BSDs end the process without an image of its memory.
const LIMIT_EXCEEDED: DefaultAction = if IS_BSD { DefaultAction::Terminate } else { DefaultAction::CoreDump };
const IO: DefaultAction = if IS_BSD { DefaultAction::Ignore } else { DefaultAction::Terminate };
const IS_BSD: bool = cfg!(any(
    target_vendor = "apple",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "dragonfly"
));

/// Signals with a name, but for real-time signals. From signal(7) of Linux, POSIX's signal.h, and the kernels' tables.
pub(crate) fn named() -> impl Iterator<Item = &'static Entry> {
    POSIX.iter().chain(OWN)
}

/// A signal, its name, and what it does by default.
pub(crate) type Entry = (Signal, &'static str, DefaultAction);

const POSIX: &[Entry] = &[
    (Signal::HUP, "SIGHUP", DefaultAction::Terminate),
    (Signal::INT, "SIGINT", DefaultAction::Terminate),
    (Signal::QUIT, "SIGQUIT", DefaultAction::CoreDump),
    (Signal::ILL, "SIGILL", DefaultAction::CoreDump),
    (Signal::TRAP, "SIGTRAP", DefaultAction::CoreDump),
    (Signal::ABRT, "SIGABRT", DefaultAction::CoreDump),
    (Signal::BUS, "SIGBUS", DefaultAction::CoreDump),
    (Signal::FPE, "SIGFPE", DefaultAction::CoreDump),
    (Signal::KILL, "SIGKILL", DefaultAction::Terminate),
    (Signal::USR1, "SIGUSR1", DefaultAction::Terminate),
    (Signal::SEGV, "SIGSEGV", DefaultAction::CoreDump),
    (Signal::USR2, "SIGUSR2", DefaultAction::Terminate),
    (Signal::PIPE, "SIGPIPE", DefaultAction::Terminate),
    (Signal::ALRM, "SIGALRM", DefaultAction::Terminate),
    (Signal::TERM, "SIGTERM", DefaultAction::Terminate),
    (Signal::CHLD, "SIGCHLD", DefaultAction::Ignore),
    (Signal::CONT, "SIGCONT", DefaultAction::Continue),
    (Signal::STOP, "SIGSTOP", DefaultAction::Stop),
    (Signal::TSTP, "SIGTSTP", DefaultAction::Stop),
    (Signal::TTIN, "SIGTTIN", DefaultAction::Stop),
    (Signal::TTOU, "SIGTTOU", DefaultAction::Stop),
    (Signal::URG, "SIGURG", DefaultAction::Ignore),
    (Signal::XCPU, "SIGXCPU", LIMIT_EXCEEDED),
    (Signal::XFSZ, "SIGXFSZ", LIMIT_EXCEEDED),
    (Signal::VTALRM, "SIGVTALRM", DefaultAction::Terminate),
    (Signal::PROF, "SIGPROF", DefaultAction::Terminate),
    (Signal::WINCH, "SIGWINCH", DefaultAction::Ignore),
    (Signal::IO, "SIGIO", IO),
    (Signal::SYS, "SIGSYS", DefaultAction::CoreDump),
];

/// Second names of signals.
pub(crate) const ALIASES: &[(&str, Signal)] =
    &[("IOT", Signal::ABRT), ("CLD", Signal::CHLD), ("POLL", Signal::IO)];

/// The numbers of real-time signals, as this C library leaves them to programs: it keeps some for itself.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "illumos", target_os = "solaris"))]
pub(crate) fn realtime() -> Option<RangeInclusive<i32>> {
    Some(libc::SIGRTMIN()..=libc::SIGRTMAX())
}

/// sys/signal.h of the system.
#[cfg(target_os = "freebsd")]
pub(crate) fn realtime() -> Option<RangeInclusive<i32>> {
    Some(65..=126)
}

/// sys/signal.h of the system.
#[cfg(target_os = "netbsd")]
pub(crate) fn realtime() -> Option<RangeInclusive<i32>> {
    Some(33..=63)
}

#[cfg(any(target_vendor = "apple", target_os = "openbsd", target_os = "dragonfly"))]
pub(crate) fn realtime() -> Option<RangeInclusive<i32>> {
    None
}

pub(crate) fn no_realtime() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this system has no real-time signals")
}
