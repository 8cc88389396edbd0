use super::number::Signal;

/// Which signal [`signal`](crate::os::unix::signal::tokio::signal) listens to, by Tokio's names. A [`Signal`] is as good.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct SignalKind(i32);

impl SignalKind {
    /// The signal of this number, which need not exist: listening then fails.
    pub const fn from_raw(signal: i32) -> Self {
        Self(signal)
    }

    /// The number.
    pub const fn as_raw_value(&self) -> i32 {
        self.0
    }

    /// `SIGALRM`: a timer of alarm(2) or setitimer(2) is over.
    pub const fn alarm() -> Self {
        Self(Signal::ALRM.as_raw())
    }

    /// `SIGCHLD`: a child has stopped, gone on or ended.
    pub const fn child() -> Self {
        Self(Signal::CHLD.as_raw())
    }

    /// `SIGHUP`: the terminal is gone.
    pub const fn hangup() -> Self {
        Self(Signal::HUP.as_raw())
    }

    /// `SIGINT`: Ctrl-C.
    pub const fn interrupt() -> Self {
        Self(Signal::INT.as_raw())
    }

    /// `SIGIO`: a descriptor in asynchronous mode is ready.
    pub const fn io() -> Self {
        Self(Signal::IO.as_raw())
    }

    /// `SIGPIPE`: something was written to a pipe or socket that nobody reads.
    pub const fn pipe() -> Self {
        Self(Signal::PIPE.as_raw())
    }

    /// `SIGQUIT`: Ctrl-\.
    pub const fn quit() -> Self {
        Self(Signal::QUIT.as_raw())
    }

    /// `SIGTERM`: the process is asked to end.
    pub const fn terminate() -> Self {
        Self(Signal::TERM.as_raw())
    }

    /// `SIGUSR1`: whatever the program makes of it.
    pub const fn user_defined1() -> Self {
        Self(Signal::USR1.as_raw())
    }

    /// `SIGUSR2`: whatever the program makes of it.
    pub const fn user_defined2() -> Self {
        Self(Signal::USR2.as_raw())
    }

    /// `SIGWINCH`: the terminal has another size.
    pub const fn window_change() -> Self {
        Self(Signal::WINCH.as_raw())
    }
}

impl From<i32> for SignalKind {
    fn from(signal: i32) -> Self {
        Self::from_raw(signal)
    }
}

impl From<SignalKind> for i32 {
    fn from(kind: SignalKind) -> Self {
        kind.as_raw_value()
    }
}

impl From<Signal> for SignalKind {
    fn from(signal: Signal) -> Self {
        Self(signal.as_raw())
    }
}

/// Fails, as [`Signal::from_raw`] does, if there is no such signal.
impl TryFrom<SignalKind> for Signal {
    type Error = std::io::Error;

    fn try_from(kind: SignalKind) -> std::io::Result<Self> {
        Self::from_raw(kind.as_raw_value())
    }
}
