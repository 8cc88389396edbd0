//! What the system tells of a signal. [`record`] runs inside signal handlers: nothing here allocates, locks, panics, or
//! calls the system.

/// What is kept of the system's description of a signal: plain integers, of which those mean something that its
/// [`Origin`] has; the others are 0.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) signal: i32,
    pub(crate) code: i32,
    pub(crate) pid: i32,
    pub(crate) uid: u32,
    pub(crate) status: i32,
    /// The bytes of a `union sigval`, as a pointer.
    pub(crate) value: usize,
    pub(crate) address: usize,
}

/// Where a signal comes from, as its number and code (`si_code`) tell.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// kill(2): sender.
    User,
    /// sigqueue(3): sender, value.
    Queued,
    /// A thread was meant, by tgkill(2) and the like: sender.
    Thread,
    Kernel,
    /// A POSIX timer: value.
    Timer,
    /// Asynchronous I/O: value, and where the C library queues it, its own process as the sender.
    AsyncIo,
    /// A POSIX message queue: sender, value.
    MessageQueue,
    /// A child: its process and user, its status.
    Child,
    /// The processor: address.
    Fault,
    /// A descriptor that has changed.
    Poll,
    /// Another process, by a code of its own: sender, value.
    Process,
    /// A code that is not known here. macOS does not always tell the cause, but the sender.
    Unknown,
    /// Nothing but the signal is known.
    Undescribed,
}

impl Origin {
    pub(crate) const fn has_process(self) -> bool {
        matches!(
            self,
            Self::User | Self::Queued | Self::Thread | Self::MessageQueue | Self::Child | Self::Process
        ) || (matches!(self, Self::AsyncIo) && IS_LINUX)
            || (matches!(self, Self::Unknown) && IS_APPLE)
    }

    /// illumos tells no user of a child: its processor time is in that place.
    pub(crate) const fn has_user(self) -> bool {
        self.has_process() && !(matches!(self, Self::Child) && IS_SOLARISH)
    }

    pub(crate) const fn has_value(self) -> bool {
        let is_sent = matches!(self, Self::Queued | Self::MessageQueue | Self::Process);
        is_sent || matches!(self, Self::Timer | Self::AsyncIo)
    }
}

const IS_LINUX: bool = cfg!(any(target_os = "linux", target_os = "android"));
const IS_SOLARISH: bool = cfg!(any(target_os = "illumos", target_os = "solaris"));
const IS_APPLE: bool = cfg!(target_vendor = "apple");

/// Codes that each system numbers in its own way.
struct Codes {
    user: i32,
    queue: i32,
    timer: i32,
    async_io: i32,
    message_queue: i32,
    thread: i32,
    kernel: i32,
}

/// A code that nothing has.
const NO_CODE: i32 = i32::MIN;

#[cfg(any(target_os = "linux", target_os = "android"))]
const CODES: Codes = Codes {
    user: libc::SI_USER,
    queue: libc::SI_QUEUE,
    timer: libc::SI_TIMER,
    async_io: libc::SI_ASYNCIO,
    message_queue: libc::SI_MESGQ,
    thread: libc::SI_TKILL,
    kernel: libc::SI_KERNEL,
};

/// sys/signal.h of FreeBSD and macOS, which has those up to `SI_MESGQ`.
#[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
const CODES: Codes = Codes {
    user: 0x10001,
    queue: 0x10002,
    timer: 0x10003,
    async_io: 0x10004,
    message_queue: 0x10005,
    kernel: if IS_APPLE { NO_CODE } else { 0x10006 },
    thread: if IS_APPLE { NO_CODE } else { 0x10007 },
};

/// sys/siginfo.h of NetBSD, sys/signal.h of DragonFly.
#[cfg(any(target_os = "netbsd", target_os = "dragonfly"))]
const CODES: Codes = Codes {
    user: 0,
    queue: -1,
    timer: -2,
    async_io: -3,
    message_queue: -4,
    thread: if cfg!(target_os = "netbsd") { -5 } else { NO_CODE },
    kernel: NO_CODE,
};

/// sys/siginfo.h of illumos and OpenBSD, which has those down to `SI_TIMER`.
#[cfg(any(target_os = "openbsd", target_os = "illumos", target_os = "solaris"))]
const CODES: Codes = Codes {
    user: 0,
    thread: -1,
    queue: -2,
    timer: -3,
    async_io: if cfg!(target_os = "openbsd") { NO_CODE } else { -4 },
    message_queue: if cfg!(target_os = "openbsd") { NO_CODE } else { -5 },
    kernel: NO_CODE,
};

/// `SI_SIGIO`: a descriptor has changed and the queue had no room for what.
const SIGIO: i32 = if IS_LINUX { -5 } else { NO_CODE };
/// `CLD_CONTINUED`, the last of SIGCHLD's codes, and `POLL_HUP`, the last of SIGIO's, on all systems.
const LAST_OF_KIND: i32 = 6;

/// What the code means, by sigaction(2) of Linux and siginfo.h of each system.
pub(crate) const fn origin(signal: i32, code: i32) -> Origin {
    match code {
        NO_CODE => Origin::Undescribed,
        _ if code == CODES.user => Origin::User,
        _ if code == CODES.queue => Origin::Queued,
        _ if code == CODES.timer => Origin::Timer,
        _ if code == CODES.async_io => Origin::AsyncIo,
        _ if code == CODES.message_queue => Origin::MessageQueue,
        _ if code == CODES.thread => Origin::Thread,
        _ if code == CODES.kernel => Origin::Kernel,
        _ if code == SIGIO => Origin::Poll,
        // Positive codes are of the signal's own kind. Linux asks for any signal to say that a descriptor has changed.
        1.. if signal == libc::SIGCHLD && code <= LAST_OF_KIND => Origin::Child,
        1..0x80 if is_synchronous(signal) => Origin::Fault,
        1..=LAST_OF_KIND if signal == libc::SIGIO || (IS_LINUX && signal != libc::SIGCHLD) => Origin::Poll,
        // Linux lets a process queue signals to others with any negative code, which then come with all that SI_QUEUE has.
        i32::MIN..=-1 if IS_LINUX => Origin::Process,
        _ => Origin::Unknown,
    }
}

const fn is_synchronous(signal: i32) -> bool {
    matches!(
        signal,
        libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL | libc::SIGTRAP | libc::SIGSYS
    )
}

/// Keeps what the kernel has filled in. Safe inside a signal handler.
pub(crate) fn record(info: &libc::siginfo_t) -> Record {
    let (signal, code) = (info.si_signo, info.si_code);
    let origin = origin(signal, code);
    let mut record = Record { signal, code, pid: 0, uid: 0, status: 0, value: 0, address: 0 };
    if origin.has_process() {
        record.pid = fields::pid(info);
        if origin.has_user() {
            record.uid = fields::uid(info);
        }
    }
    if matches!(origin, Origin::Child) {
        record.status = fields::status(info);
    }
    if origin.has_value() {
        record.value = fields::value(info);
    }
    if matches!(origin, Origin::Fault) {
        record.address = fields::address(info);
    }
    record
}

/// A signal that was taken without its description.
pub(crate) fn undescribed(signal: i32) -> Record {
    Record { signal, code: NO_CODE, pid: 0, uid: 0, status: 0, value: 0, address: 0 }
}

/// The fields, through libc. All bytes of a `siginfo_t` that the kernel has written are initialised, and each field is an
/// integer or a pointer that is not followed, so that reading one which does not belong to the signal is harmless.
#[cfg(not(target_os = "openbsd"))]
mod fields {
    pub(super) fn pid(info: &libc::siginfo_t) -> i32 {
        // SAFETY: the field is inside the structure, and any bytes are an integer.
        unsafe { info.si_pid() }
    }

    pub(super) fn uid(info: &libc::siginfo_t) -> u32 {
        // SAFETY: the field is inside the structure, and any bytes are an integer.
        unsafe { info.si_uid() }
    }

    pub(super) fn status(info: &libc::siginfo_t) -> i32 {
        // SAFETY: the field is inside the structure, and any bytes are an integer.
        unsafe { info.si_status() }
    }

    pub(super) fn value(info: &libc::siginfo_t) -> usize {
        // SAFETY: the field is inside the structure, and any bytes are a pointer that is not followed.
        unsafe { info.si_value() }.sival_ptr.addr()
    }

    pub(super) fn address(info: &libc::siginfo_t) -> usize {
        // SAFETY: the field is inside the structure, and any bytes are a pointer that is not followed.
        unsafe { info.si_addr() }.addr()
    }
}

/// The fields by sys/siginfo.h of OpenBSD (since 5.5): libc 0.2's functions look for them behind the union's padding.
#[cfg(target_os = "openbsd")]
mod fields {
    use libc::{c_int, c_void, clock_t, pid_t, siginfo_t, uid_t};

    #[repr(C)]
    struct Layout {
        signal: c_int,
        code: c_int,
        error: c_int,
        data: Data,
    }

    #[repr(C)]
    union Data {
        padding: [c_int; 29],
        process: Process,
        address: *mut c_void,
    }

    #[repr(C)]
    #[derive(Copy, Clone)]
    struct Process {
        pid: pid_t,
        uid: uid_t,
        data: ProcessData,
    }

    #[repr(C)]
    #[derive(Copy, Clone)]
    union ProcessData {
        value: *mut c_void,
        child: Child,
    }

    #[repr(C)]
    #[derive(Copy, Clone)]
    struct Child {
        user_time: clock_t,
        system_time: clock_t,
        status: c_int,
    }

    const _: () = assert!(size_of::<Layout>() <= size_of::<siginfo_t>(), "read nothing behind the structure");
    const _: () =
        assert!(align_of::<Layout>() <= align_of::<siginfo_t>(), "libc's has the alignment of a pointer");

    fn layout(info: &siginfo_t) -> &Layout {
        let pointer: *const siginfo_t = info;
        // SAFETY: the system's structure has this layout, size and alignment, and its bytes are initialised.
        unsafe { &*pointer.cast::<Layout>() }
    }

    fn process(info: &siginfo_t) -> Process {
        // SAFETY: any bytes are integers and pointers.
        unsafe { layout(info).data.process }
    }

    pub(super) fn pid(info: &siginfo_t) -> i32 {
        process(info).pid
    }

    pub(super) fn uid(info: &siginfo_t) -> u32 {
        process(info).uid
    }

    pub(super) fn status(info: &siginfo_t) -> i32 {
        let data = process(info).data;
        // SAFETY: any bytes are integers.
        unsafe { data.child }.status
    }

    pub(super) fn value(info: &siginfo_t) -> usize {
        let data = process(info).data;
        // SAFETY: any bytes are a pointer that is not followed.
        unsafe { data.value }.addr()
    }

    pub(super) fn address(info: &siginfo_t) -> usize {
        // SAFETY: any bytes are a pointer that is not followed.
        unsafe { layout(info).data.address }.addr()
    }
}

#[cfg(test)]
mod tests {
    use super::{NO_CODE, Origin, Record, origin, record, undescribed};

    /// A description whose bytes are all set, so that what is read without belonging there would show.
    fn description(signal: i32, code: i32) -> libc::siginfo_t {
        let bytes = [0xff_u8; size_of::<libc::siginfo_t>()];
        // SAFETY: any bytes are the integers and pointers that the structure is made of.
        let mut info: libc::siginfo_t = unsafe { std::mem::transmute(bytes) };
        (info.si_signo, info.si_code) = (signal, code);
        info
    }

    const NOTHING: Record = Record { signal: 0, code: 0, pid: 0, uid: 0, status: 0, value: 0, address: 0 };

    #[test]
    fn only_fields_that_belong_to_the_signal_are_read() {
        const ALL: (i32, u32) = (-1, u32::MAX);
        let of = |signal, code| record(&description(signal, code));
        let (pid, uid) = ALL;
        let code = super::CODES.user;
        assert_eq!(of(libc::SIGTERM, code), Record { signal: libc::SIGTERM, code, pid, uid, ..NOTHING });
        let code = super::CODES.queue;
        let value = usize::MAX;
        assert_eq!(
            of(libc::SIGUSR1, code),
            Record { signal: libc::SIGUSR1, code, pid, uid, value, ..NOTHING }
        );
        let (signal, status) = (libc::SIGCHLD, -1);
        let uid = if Origin::Child.has_user() { uid } else { 0 };
        assert_eq!(of(signal, 1), Record { signal, code: 1, pid, uid, status, ..NOTHING });
        let (signal, address) = (libc::SIGSEGV, usize::MAX);
        assert_eq!(of(signal, 1), Record { signal, code: 1, address, ..NOTHING });
        let (signal, code) = (libc::SIGHUP, super::CODES.timer);
        assert_eq!(of(signal, code), Record { signal, code, value, ..NOTHING });
        assert_eq!(undescribed(5), Record { signal: 5, code: NO_CODE, ..NOTHING });
        assert_eq!(origin(5, NO_CODE), Origin::Undescribed);
    }

    #[test]
    fn codes_are_of_a_signals_kind() {
        assert_eq!(origin(libc::SIGCHLD, 6), Origin::Child);
        assert_eq!(origin(libc::SIGCHLD, 7), Origin::Unknown);
        assert_eq!(origin(libc::SIGSEGV, 2), Origin::Fault);
        assert_eq!(origin(libc::SIGSEGV, super::CODES.user), Origin::User);
        assert_eq!(origin(libc::SIGIO, 1), Origin::Poll);
        assert_eq!(origin(libc::SIGTERM, 0x7000), Origin::Unknown);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            assert_eq!(origin(libc::SIGSEGV, libc::SI_KERNEL), Origin::Kernel);
            assert_eq!(origin(libc::SIGRTMIN(), 1), Origin::Poll);
            assert_eq!(origin(libc::SIGTERM, libc::SI_TKILL), Origin::Thread);
            assert_eq!(origin(libc::SIGTERM, -123), Origin::Process);
        }
    }
}
