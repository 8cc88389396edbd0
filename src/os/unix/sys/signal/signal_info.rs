use super::{
    info::{Origin, Record, origin},
    number::Signal,
};
use std::fmt;

/// What the system tells of a signal that was received: which it is, who sent it, and what came with it.
///
/// Of several standard signals of one kind that are pending the system keeps one, with the description of the first;
/// real-time signals are queued, each with its own.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct SignalInfo(Record);

/// How a signal came about (`si_code`; sigaction(2)).
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A process sent it: [`send`](crate::os::unix::signal::send), kill(2).
    User,
    /// A process queued it with a value: [`queue`](crate::os::unix::signal::queue), sigqueue(3).
    Queued,
    /// A process sent it to a thread: [`raise`](crate::os::unix::signal::raise), tgkill(2), pthread_kill(3).
    Thread,
    /// The kernel, such as for a key that was pressed.
    Kernel,
    /// A POSIX timer expired.
    Timer,
    /// An asynchronous operation is complete (aio(7)).
    AsyncIo,
    /// A message arrived in a POSIX message queue that was empty.
    MessageQueue,
    /// A child changed its state: [`SignalInfo::child`].
    Child,
    /// The processor could not carry out an instruction: [`SignalInfo::address`].
    Fault,
    /// A descriptor became ready (`O_ASYNC`; fcntl(2)).
    Poll,
    /// Something else, with the system's code. 0 on macOS, which does not always tell.
    Other(i32),
    /// The system has not said: [`wait`](crate::os::unix::signal::wait()) on macOS and OpenBSD.
    Unknown,
}

/// What a child did, as [`Signal::CHLD`] tells.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChildStatus {
    /// It ended with this code.
    Exited(i32),
    /// A signal ended it.
    Killed {
        /// Which.
        signal: Signal,
        /// Whether an image of its memory was written.
        core_dumped: bool,
    },
    /// A signal stopped it.
    Stopped(Signal),
    /// It was stopped for the process that traces it.
    Trapped(Signal),
    /// It goes on.
    Continued,
}

/// What a queued signal carries: an integer or a pointer's worth of bits (`union sigval`; POSIX, 2.4.1).
///
/// The sender and the receiver have to agree on which it is, as the signal does not tell. An integer is the way between
/// programs for 32 and for 64 bits.
#[derive(Copy, Clone, PartialEq, Eq, Hash)]
pub struct SignalValue(usize);

impl SignalInfo {
    pub(crate) fn from_record(record: Record) -> Self {
        Self(record)
    }

    /// Which signal it is.
    pub fn signal(&self) -> Signal {
        Signal::from_system(self.0.signal)
    }

    /// How it came about.
    pub fn cause(&self) -> Cause {
        match self.origin() {
            Origin::User => Cause::User,
            Origin::Queued => Cause::Queued,
            Origin::Thread => Cause::Thread,
            Origin::Kernel => Cause::Kernel,
            Origin::Timer => Cause::Timer,
            Origin::AsyncIo => Cause::AsyncIo,
            Origin::MessageQueue => Cause::MessageQueue,
            Origin::Child => Cause::Child,
            Origin::Fault => Cause::Fault,
            Origin::Poll => Cause::Poll,
            Origin::Process | Origin::Unknown => Cause::Other(self.0.code),
            Origin::Undescribed => Cause::Unknown,
        }
    }

    /// The process that sent the signal, or the child that it is about.
    ///
    /// `None` if no process did; if its process has no number here (another pid namespace, of Linux); and if the queue was full,
    /// where Linux delivers a signal that [`send`](crate::os::unix::signal::send()) has sent without its description. By the time that you look
    /// at it, the process may be gone and its id given to another. And who may send signals may lie about this in those that
    /// are queued (Linux: rt_sigqueueinfo(2)).
    pub fn pid(&self) -> Option<i32> {
        (self.origin().has_process() && self.0.pid != 0).then_some(self.0.pid)
    }

    /// The real user id of the process that sent the signal, or of the child that it is about.
    ///
    /// illumos does not tell that of a child. `None` as for [`pid`](Self::pid), but that it is known of a process without a number here, unless it is the
    /// superuser's: what was lost looks the same. Linux tells an id that has no equal in the receiver's user namespace as the
    /// overflow id, 65534.
    pub fn uid(&self) -> Option<u32> {
        (self.origin().has_user() && (self.0.pid != 0 || self.0.uid != 0)).then_some(self.0.uid)
    }

    /// What was sent with it by [`queue`](crate::os::unix::signal::queue), or set for the timer, message queue or asynchronous operation.
    pub fn value(&self) -> Option<SignalValue> {
        self.origin().has_value().then_some(SignalValue(self.0.value))
    }

    /// What the child did, whose process [`pid`](Self::pid) tells; for [`Signal::CHLD`] from the kernel.
    ///
    /// As standard signals do not queue, one may stand for several children: wait for each that may have ended.
    pub fn child(&self) -> Option<ChildStatus> {
        if self.origin() != Origin::Child {
            return None;
        }
        let signal = Signal::from_system(self.0.status);
        // The order of CLD_EXITED and the others on all systems.
        match self.0.code {
            1 => Some(ChildStatus::Exited(self.0.status)),
            2 => Some(ChildStatus::Killed { signal, core_dumped: false }),
            3 => Some(ChildStatus::Killed { signal, core_dumped: true }),
            4 => Some(ChildStatus::Trapped(signal)),
            5 => Some(ChildStatus::Stopped(signal)),
            6 => Some(ChildStatus::Continued),
            _ => None,
        }
    }

    /// For signals of the processor, the address that could not be accessed ([`Signal::SEGV`], [`Signal::BUS`]), or of the
    /// instruction ([`Signal::ILL`], [`Signal::FPE`], [`Signal::TRAP`], [`Signal::SYS`]). Some processors, such as s390x, tell
    /// the beginning of the page that could not be accessed.
    pub fn address(&self) -> Option<usize> {
        (self.origin() == Origin::Fault).then_some(self.0.address)
    }

    /// The system's own code for the cause (`si_code`), which differs from system to system; 0 where the system has told
    /// nothing.
    pub fn raw_code(&self) -> i32 {
        if self.origin() == Origin::Undescribed { 0 } else { self.0.code }
    }

    fn origin(&self) -> Origin {
        origin(self.0.signal, self.0.code)
    }
}

impl fmt::Debug for SignalInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SignalInfo");
        shown.field("signal", &self.signal()).field("cause", &self.cause());
        if let Some(pid) = self.pid() {
            shown.field("pid", &pid);
        }
        if let Some(uid) = self.uid() {
            shown.field("uid", &uid);
        }
        if let Some(value) = self.value() {
            shown.field("value", &value);
        }
        if let Some(child) = self.child() {
            shown.field("child", &child);
        }
        if let Some(address) = self.address() {
            shown.field("address", &format_args!("{address:#x}"));
        }
        shown.finish()
    }
}

impl SignalValue {
    /// The integer of the union.
    ///
    /// If the value was sent as [`usize`], these are half of its bits on a 64-bit system: the lower half on one that is
    /// little-endian, the upper on one that is big-endian.
    pub const fn as_i32(self) -> i32 {
        let bytes = self.0.to_ne_bytes();
        i32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    }

    /// The pointer of the union. If the value was sent as [`i32`], this is of use on 32-bit systems alone.
    pub const fn as_usize(self) -> usize {
        self.0
    }
}

/// The integer of the union; what is left of a pointer's bits is 0.
impl From<i32> for SignalValue {
    fn from(integer: i32) -> Self {
        let mut bytes = [0; size_of::<usize>()];
        bytes[..4].copy_from_slice(&integer.to_ne_bytes());
        Self(usize::from_ne_bytes(bytes))
    }
}

/// The pointer of the union.
impl From<usize> for SignalValue {
    fn from(bits: usize) -> Self {
        Self(bits)
    }
}

impl fmt::Debug for SignalValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignalValue({} or {:#x})", self.as_i32(), self.as_usize())
    }
}

#[cfg(test)]
mod tests {
    use super::SignalValue;

    #[test]
    fn a_value_is_the_union_that_c_has() {
        for integer in [0, 1, -1, i32::MIN, i32::MAX, 0x1234_5678] {
            let value = SignalValue::from(integer);
            assert_eq!(value.as_i32(), integer);
            // The integer is at the beginning of the union.
            assert_eq!(value.as_usize().to_ne_bytes()[..4], integer.to_ne_bytes());
        }
        for bits in [0, 1, usize::MAX, usize::MAX / 3] {
            assert_eq!(SignalValue::from(bits).as_usize(), bits);
        }
        if cfg!(target_endian = "little") {
            assert_eq!(SignalValue::from(7_i32).as_usize(), 7);
            assert_eq!(SignalValue::from(7_usize).as_i32(), 7);
        }
        assert_eq!(SignalValue::from(-1).as_usize().count_ones(), 32);
    }
}
