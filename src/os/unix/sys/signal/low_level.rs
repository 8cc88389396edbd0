//! Code of the caller's own in the handler, and stacks for it.

use super::{
    super::fd::done,
    handler::{self, Action},
    number::Signal,
    registration::{Registration, receivable},
    signal_info::SignalInfo,
};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};
use std::{
    io,
    marker::PhantomData,
    mem::MaybeUninit,
    ptr::{self, NonNull},
    sync::Arc,
};

/// Runs `action` in the signal handler itself whenever the signal comes, after those that were added before it. Handlers that
/// others installed are called as well, after all actions. Dropping the [`Registration`] removes the action;
/// [`Registration::keep`] leaves it for the rest of the process.
///
/// The action runs in whatever thread the signal interrupted. All signals are blocked, unless a handler that somebody put above
/// this one (Tokio's, signal-hook's) has called it: then other signals can interrupt it. `errno` is kept.
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): `SIGKILL`, `SIGSTOP`, or a fault, for which there is [`register_fault`].
///
/// # Safety
/// The action must be async-signal-safe (signal-safety(7)), as it can interrupt any code at any place, `malloc` with its
/// lock held, for example. It must not allocate or free memory, take a lock that any other code takes, print, use thread
/// locals with destructors, or call anything of which it is not known that it does none of this. It must not panic, and not
/// leave by other ways than returning or ending the process. It must not add or remove actions, and not fork.
///
/// Atomic variables may be used, and calls like `write(2)`.
///
/// # Example
/// ```
/// use interprocess::os::unix::signal::{self, Signal, low_level};
/// use std::sync::atomic::{AtomicI32, Ordering};
///
/// static SENDER: AtomicI32 = AtomicI32::new(0);
///
/// # fn main() -> std::io::Result<()> {
/// // SAFETY: the action stores a number in an atomic variable, and does nothing else.
/// let registration = unsafe {
///     low_level::register(Signal::USR2, |info| SENDER.store(info.pid().unwrap_or(0), Ordering::Relaxed))
/// }?;
/// signal::raise(Signal::USR2)?;
/// assert_eq!(SENDER.load(Ordering::Relaxed), std::process::id() as i32);
/// # drop(registration);
/// # Ok(()) }
/// ```
pub unsafe fn register(
    signal: Signal,
    action: impl Fn(&SignalInfo) + Send + Sync + 'static,
) -> io::Result<Registration> {
    receivable(signal)?;
    let action: Arc<Action> = Arc::new(move |record| {
        action(&SignalInfo::from_record(*record));
        true
    });
    // SAFETY: the caller promises it.
    Registration::one(signal, unsafe { handler::register(signal.as_raw(), action) })
}

/// Runs `action` when a thread does what it cannot: `SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL`. It says whether it has mended
/// that.
///
/// If it has, the thread does the same once more. If no action has, the handler that was there before is called, for example
/// Rust's own which tells of stack overflows, or the process ends as it does by default.
///
/// It runs on the alternate stack of the thread, unless a handler was there before that does not, which is what makes it possible to deal with an overflow of the ordinary
/// one. Threads that Rust has started have such a stack, and so has the main thread; others need an [`AlternateStack`].
///
/// # Errors
/// [`InvalidInput`](io::ErrorKind::InvalidInput): not one of these signals.
///
/// # Safety
/// As for [`register`]. If the action says that it has mended the fault, that must be so: the same instruction is executed
/// again, and Rust code goes on as if nothing had been wrong, so that whatever the instruction reads or writes must be
/// memory that it may read or write. Ending the process is always allowed.
pub unsafe fn register_fault(
    signal: Signal,
    action: impl Fn(&SignalInfo) -> bool + Send + Sync + 'static,
) -> io::Result<Registration> {
    if !signal.is_fault() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("cannot listen to {signal} as to a fault: it is none"),
        ));
    }
    let action: Arc<Action> = Arc::new(move |record| action(&SignalInfo::from_record(*record)));
    // SAFETY: the caller promises it.
    Registration::one(signal, unsafe { handler::register(signal.as_raw(), action) })
}

/// A stack of this thread for signal handlers (sigaltstack(2)), with a page after it that nobody may touch.
///
/// Dropping it gives the thread back what it had before. It belongs to the thread that made it. Several have to be dropped in
/// the reverse order; one that is not leaves its memory in use.
#[derive(Debug)]
#[must_use = "dropping it takes the stack away"]
pub struct AlternateStack {
    memory: NonNull<libc::c_void>,
    length: usize,
    previous: Previous,
    /// Whether the thread was given it.
    is_set: bool,
    of_this_thread: PhantomData<*mut ()>,
}

struct Previous(libc::stack_t);

impl std::fmt::Debug for Previous {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Previous").field("size", &self.0.ss_size).finish_non_exhaustive()
    }
}

impl AlternateStack {
    /// Gives this thread a stack for handlers of at least so many bytes, and of no fewer than the system wants
    /// (`SIGSTKSZ`).
    ///
    /// # Errors
    /// [`OutOfMemory`](io::ErrorKind::OutOfMemory). [`PermissionDenied`](io::ErrorKind::PermissionDenied): called in a
    /// handler that runs on the thread's present alternate stack.
    pub fn new(bytes: usize) -> io::Result<Self> {
        let page = super::page_size();
        let size = bytes.max(libc::SIGSTKSZ).max(least()).next_multiple_of(page);
        let length = size + page;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, which touches no memory that is in use.
        let memory =
            unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), length, access, MapFlags::PRIVATE) }?;
        let Some(memory) = NonNull::new(memory) else { return Err(io::ErrorKind::OutOfMemory.into()) };
        // Owned from here on, so that it is unmapped if something fails.
        let mut stack = Self {
            memory,
            length,
            previous: Previous(no_stack()),
            is_set: false,
            of_this_thread: PhantomData,
        };
        // SAFETY: the first page of the new mapping. Stacks grow downwards on all systems that Rust has.
        unsafe { rustix::mm::mprotect(memory.as_ptr(), page, MprotectFlags::empty()) }?;
        let mut new = no_stack();
        new.ss_flags = 0;
        new.ss_size = size;
        // SAFETY: within the mapping, which is a page longer than the stack.
        new.ss_sp = unsafe { memory.as_ptr().byte_add(page) }.cast();
        let mut previous = no_stack();
        // SAFETY: the stack is mapped until this object is dropped, which takes it from the thread first; the other pointer
        // is to a local variable.
        done(unsafe { libc::sigaltstack(&new, &mut previous) })?;
        (stack.previous, stack.is_set) = (Previous(previous), true);
        Ok(stack)
    }
}

impl Drop for AlternateStack {
    fn drop(&mut self) {
        let mut current = no_stack();
        // SAFETY: fills a local variable.
        let known = done(unsafe { libc::sigaltstack(ptr::null(), &mut current) }).is_ok();
        let begin = self.memory.as_ptr() as usize;
        if self.is_set {
            if !known || !(begin..begin + self.length).contains(&(current.ss_sp as usize)) {
                // Another was put above it, and will put this one back: it stays mapped.
                return;
            }
            let mut previous = self.previous.0;
            if previous.ss_flags & libc::SS_DISABLE != 0 {
                // macOS refuses less, also here, where it means nothing.
                previous.ss_size = libc::SIGSTKSZ;
            }
            // SAFETY: the thread's own, or that of another such object, which leaves it mapped while this one is above it.
            if done(unsafe { libc::sigaltstack(&previous, ptr::null_mut()) }).is_err() {
                // A handler runs on it.
                return;
            }
        }
        // SAFETY: mapped by `new`, and the thread does not use it any more.
        let _ = unsafe { rustix::mm::munmap(self.memory.as_ptr(), self.length) };
    }
}

fn no_stack() -> libc::stack_t {
    // SAFETY: zeros are valid for a pointer and numbers.
    let mut none: libc::stack_t = unsafe { MaybeUninit::zeroed().assume_init() };
    none.ss_flags = libc::SS_DISABLE;
    none
}

/// What the processor's registers need, which newer processors have more of than `SIGSTKSZ` knows.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn least() -> usize {
    // SAFETY: takes a number, and gives 0 for what the kernel does not tell.
    let registers = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) };
    2 * usize::try_from(registers).unwrap_or(0)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn least() -> usize {
    0
}
