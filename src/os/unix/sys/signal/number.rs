use super::table;
use std::{fmt, io, str::FromStr};

/// A signal: one of the constants, such as [`Signal::TERM`], or a real-time signal ([`Signal::rt`]).
///
/// Constants exist for every signal that the system has a name for; those that not all systems have are cfg'd, as libc's
/// are. It is printed as `SIGTERM`, or `SIGRTMIN+3`, and parsed from that, from `TERM` or `RTMIN+3`, in capital letters or
/// not, from `SIGRTMAX-1`, and from its number.
///
/// ```
/// use interprocess::os::unix::signal::Signal;
///
/// # fn main() -> std::io::Result<()> {
/// assert_eq!(Signal::TERM.to_string(), "SIGTERM");
/// assert_eq!("hup".parse::<Signal>()?, Signal::HUP);
/// assert_eq!("9".parse::<Signal>()?, Signal::KILL);
/// # Ok(()) }
/// ```
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(i32);

/// What a signal does to a process that has not said otherwise (signal(7); POSIX, signal.h).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum DefaultAction {
    /// The process ends.
    Terminate,
    /// The process ends, and an image of its memory is written if its limits allow that.
    CoreDump,
    /// Nothing happens.
    Ignore,
    /// The process stops, until it is sent [`Signal::CONT`].
    Stop,
    /// The process goes on, if it is stopped.
    Continue,
}

/// The signals that ask a process to end, as in signal-hook: [`TERM`](Signal::TERM), [`QUIT`](Signal::QUIT) and
/// [`INT`](Signal::INT).
pub const TERM_SIGNALS: &[Signal] = &[Signal::TERM, Signal::QUIT, Signal::INT];

impl Signal {
    /// Real-time signal `n`, counted from the lowest that programs may use (`SIGRTMIN`).
    ///
    /// Real-time signals are queued, with a value each ([`queue`](crate::os::unix::signal::queue)), and of several that are pending the
    /// lowest is delivered first (POSIX, 2.4.2). How many there are is asked of the C library, which keeps some for itself:
    /// 31 with glibc, 30 with musl; POSIX asks for at least 8.
    ///
    /// # Errors
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): there are fewer.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): macOS, OpenBSD and DragonFly, which have none.
    pub fn rt(n: u32) -> io::Result<Self> {
        let range = table::realtime().ok_or_else(table::no_realtime)?;
        let number = i32::try_from(n).ok().and_then(|n| range.start().checked_add(n));
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Self(number)),
            None => {
                let most = range.end() - range.start();
                Err(invalid(format!("there is no real-time signal {n}: they go up to {most}")))
            }
        }
    }

    /// The signal of this number.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): no signal has it, or the C library keeps it for itself, as glibc
    /// does with 32 and 33. 0 is no signal: see [`probe`](crate::os::unix::signal::probe).
    pub fn from_raw(number: i32) -> io::Result<Self> {
        let signal = Self(number);
        if signal.name().is_some() || signal.is_realtime() {
            return Ok(signal);
        }
        Err(invalid(format!("{number} is not the number of a signal that programs can use")))
    }

    /// The number.
    pub const fn as_raw(self) -> i32 {
        self.0
    }

    /// `SIGTERM` and the like. `None` for real-time signals, and for numbers that the C library keeps for itself.
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|&(_, name, _)| name)
    }

    /// Whether this is a real-time signal that programs may use.
    pub fn is_realtime(self) -> bool {
        table::realtime().is_some_and(|range| range.contains(&self.0))
    }

    /// What the signal does where it is neither caught nor ignored. Systems differ in [`IO`](Self::IO), `PWR`,
    /// [`XCPU`](Self::XCPU) and [`XFSZ`](Self::XFSZ); this tells what this one does.
    pub fn default_action(self) -> DefaultAction {
        self.entry().map_or(DefaultAction::Terminate, |&(.., action)| action)
    }

    /// Whether the signal can be caught, blocked or ignored: all but [`KILL`](Self::KILL) and [`STOP`](Self::STOP).
    pub fn can_be_caught(self) -> bool {
        self != Self::KILL && self != Self::STOP
    }

    /// Whether this is one of [`SEGV`](Self::SEGV), [`BUS`](Self::BUS), [`FPE`](Self::FPE) and [`ILL`](Self::ILL), which
    /// the processor raises for an instruction that cannot be carried out. What happens after such a signal was ignored,
    /// blocked, or caught by a handler that returns, is undefined, unless somebody has sent it (POSIX, 2.4.1 and 2.4.3).
    ///
    /// [`TRAP`](Self::TRAP) and [`SYS`](Self::SYS) are not among them: the program goes on behind what raised them.
    pub fn is_fault(self) -> bool {
        [Self::SEGV, Self::BUS, Self::FPE, Self::ILL].contains(&self)
    }

    /// All signals that programs can use, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        // Signals are few enough to look at each number; none is above 127 on any system.
        (1..128).map(Self).filter(|signal| signal.name().is_some() || signal.is_realtime())
    }

    /// What the system has named, be it known here or not.
    pub(crate) const fn from_system(number: i32) -> Self {
        Self(number)
    }

    fn entry(self) -> Option<&'static table::Entry> {
        table::named().find(|(signal, ..)| *signal == self)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            return f.pad(name);
        }
        match table::realtime().filter(|range| range.contains(&self.0)) {
            Some(range) if *range.start() == self.0 => f.pad("SIGRTMIN"),
            Some(range) => f.pad(&format!("SIGRTMIN+{}", self.0 - range.start())),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Fails with [`InvalidInput`](io::ErrorKind::InvalidInput) for what is no signal, and with
/// [`Unsupported`](io::ErrorKind::Unsupported) for real-time signals where there are none.
impl FromStr for Signal {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            // What is too large for an integer is no signal's number either.
            return Self::from_raw(text.parse().unwrap_or(i32::MAX)).map_err(|_| unknown(text));
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let named = table::named().find(|(_, full, _)| full.strip_prefix("SIG") == Some(name));
        let alias = table::ALIASES.iter().find(|(alias, _)| *alias == name);
        if let Some(signal) = named.map(|entry| entry.0).or(alias.map(|entry| entry.1)) {
            return Ok(signal);
        }
        if let Some(offset) = name.strip_prefix("RTMIN") {
            let n = offset_after(offset, '+').ok_or_else(|| unknown(text))?;
            return Self::rt(n);
        }
        if let Some(offset) = name.strip_prefix("RTMAX") {
            let down = offset_after(offset, '-').ok_or_else(|| unknown(text))?;
            let range = table::realtime().ok_or_else(table::no_realtime)?;
            let most = (range.end() - range.start()) as u32;
            return Self::rt(most.checked_sub(down).ok_or_else(|| unknown(text))?);
        }
        Err(unknown(text))
    }
}

/// The number in `+3`; 0 if there is nothing.
fn offset_after(text: &str, sign: char) -> Option<u32> {
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.strip_prefix(sign)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn unknown(text: &str) -> io::Error {
    invalid(format!("{text:?} is not the name or number of a signal of this system"))
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::{DefaultAction, Signal};
    use std::{collections::HashSet, io::ErrorKind};

    #[test]
    fn every_signal_is_parsed_from_what_it_prints() {
        let mut seen = HashSet::new();
        for signal in Signal::all() {
            let text = signal.to_string();
            assert!(text.starts_with("SIG"), "{text}");
            assert!(seen.insert(text.clone()), "{text} twice");
            assert_eq!(format!("{signal:?}"), text);
            let short = text.strip_prefix("SIG").unwrap();
            for form in [text.as_str(), short, &text.to_lowercase(), &short.to_lowercase()] {
                assert_eq!(form.parse::<Signal>().unwrap(), signal, "{form}");
            }
            assert_eq!(signal.as_raw().to_string().parse::<Signal>().unwrap(), signal);
            assert_eq!(Signal::from_raw(signal.as_raw()).unwrap(), signal);
            assert_ne!(signal.name().is_some(), signal.is_realtime());
        }
        assert!(seen.len() >= 29);
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        for text in [
            "",
            "SIG",
            "TERMX",
            "SIGSIGTERM",
            " TERM",
            "+15",
            "-1",
            "0",
            "129",
            "99999999999",
            "RTMIN-1",
            "RTMIN+",
            "RTMIN+x",
            "RTMIN++1",
            "RTMIN+1000",
            "RTMAX+1",
            "RTMAX-1000",
            "RTMIN+99999999999",
            "１５",
        ] {
            let error = text.parse::<Signal>().unwrap_err();
            let without = error.kind() == ErrorKind::Unsupported && Signal::rt(0).is_err();
            assert!(without || error.kind() == ErrorKind::InvalidInput, "{text}: {error}");
        }
        for number in [i32::MIN, -1, 0, 128, 1000, i32::MAX] {
            assert_eq!(Signal::from_raw(number).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn second_names() {
        assert_eq!("IOT".parse::<Signal>().unwrap(), Signal::ABRT);
        assert_eq!("SIGCLD".parse::<Signal>().unwrap(), Signal::CHLD);
        assert_eq!("sigpoll".parse::<Signal>().unwrap(), Signal::IO);
    }

    #[test]
    fn realtime_signals() {
        let Ok(first) = Signal::rt(0) else {
            assert_eq!(Signal::rt(0).unwrap_err().kind(), ErrorKind::Unsupported);
            return;
        };
        assert_eq!(first.to_string(), "SIGRTMIN");
        assert_eq!(Signal::rt(3).unwrap().to_string(), "SIGRTMIN+3");
        assert_eq!(format!("{:>12}|", Signal::rt(3).unwrap()), "  SIGRTMIN+3|");
        let count = (0..).take_while(|n| Signal::rt(*n).is_ok()).count() as u32;
        assert!(count >= 8);
        assert_eq!("RTMAX".parse::<Signal>().unwrap(), Signal::rt(count - 1).unwrap());
        assert_eq!("SIGRTMAX-2".parse::<Signal>().unwrap(), Signal::rt(count - 3).unwrap());
        assert_eq!(Signal::rt(count).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(Signal::rt(u32::MAX).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(first.default_action(), DefaultAction::Terminate);
    }

    #[test]
    fn what_signals_do() {
        assert_eq!(Signal::TERM.default_action(), DefaultAction::Terminate);
        assert_eq!(Signal::SEGV.default_action(), DefaultAction::CoreDump);
        assert_eq!(Signal::CHLD.default_action(), DefaultAction::Ignore);
        assert_eq!(Signal::TSTP.default_action(), DefaultAction::Stop);
        assert_eq!(Signal::CONT.default_action(), DefaultAction::Continue);
        let uncatchable: Vec<_> = Signal::all().filter(|signal| !signal.can_be_caught()).collect();
        assert_eq!(uncatchable.len(), 2);
        assert_eq!(Signal::all().filter(|signal| signal.is_fault()).count(), 4);
    }

    #[test]
    fn a_number_without_a_name_is_printed_as_it_is() {
        assert_eq!(Signal::from_system(127).to_string(), "127");
    }
}
