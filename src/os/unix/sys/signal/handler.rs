//! The signal handler, and which actions it runs for which signal.
//!
//! Everything that runs in a handler is here, in [`mailbox`](super::mailbox), and in what that uses. It may call what
//! signal-safety(7) lists, and besides that only what is a bare system call: `write`, `sigaction`, `raise`,
//! `pthread_sigmask`, `_exit`, `mmap`. It takes no lock, and neither allocates nor frees.
//!
//! # Among other handlers
//! Whatever handler was there before is called after the actions. When the last action of a signal is removed, the old
//! disposition is put back, if this handler is still in place. If another has been put above it, which then calls this one
//! (as signal-hook-registry's does, which Tokio uses), this one stays below, and only passes on.
//!
//! A process-wide registry can put nothing back, as it does not know who of its users is there for good; that is why this
//! is a handler of its own. Two of them that call each other are as good as one.

use super::{
    action,
    errno::Kept,
    info::{self, Record},
    mask::{self, Change},
    set::to_system,
};
use crate::os::unix::signal::{DefaultAction, Signal};
use std::{
    fmt::{self, Debug, Formatter},
    io, mem, ptr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicPtr, AtomicUsize, Ordering},
    },
    thread,
};

/// More than the greatest number of a signal on any system.
pub(crate) const SLOTS: usize = 129;

/// What is done for a signal, and whether it thereby is dealt with.
pub(crate) type Action = dyn Fn(&Record) -> bool + Send + Sync;

/// What the handler knows of a signal. Never changed, but replaced.
struct State {
    previous: Previous,
    actions: Vec<(u64, Arc<Action>)>,
    /// Whether the handler is in place, or another that calls it.
    in_chain: bool,
    /// Whether it was replaced while it was in the chain, so that a handler which calls it may come back. Put above a
    /// function after that, the two could call each other for ever.
    was_replaced: bool,
}

/// A disposition that this handler has replaced.
#[derive(Copy, Clone)]
struct Previous(libc::sigaction);

// SAFETY: plain numbers, and the addresses of functions.
unsafe impl Send for Previous {}
// SAFETY: as above.
unsafe impl Sync for Previous {}

/// Of each signal; null: nobody has asked for it so far.
static STATES: [AtomicPtr<State>; SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS];

/// How many handlers use some state, by the parity of the replacement after which they began.
static READERS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
static PARITY: AtomicUsize = AtomicUsize::new(0);

/// For who changes anything.
static CHANGING: Mutex<Changes> = Mutex::new(Changes { next: 0, guards: [0; SLOTS] });

struct Changes {
    /// The next action's number.
    next: u64,
    /// How many guards have given each signal another disposition for a while.
    guards: [u32; SLOTS],
}

/// An action of a signal, until it is dropped.
#[must_use = "dropping it removes the action"]
pub(crate) struct Registration {
    signal: i32,
    id: u64,
}

/// Adds an action to a signal, after those that it has.
///
/// # Safety
/// The action is called in a signal handler: it may do only what the module's documentation says, and must not panic.
pub(crate) unsafe fn register(signal: i32, action: Arc<Action>) -> io::Result<Registration> {
    let slot = slot(signal)?;
    let mut replaced = Vec::new();
    let mut changes = changing();
    if changes.guards_of(signal) != Some(&mut 0) {
        return Err(busy("a guard of its disposition is there"));
    }
    let id = changes.next;
    let current = action::get(signal)?;
    let state = state(slot);
    let mut actions = state.map_or_else(Vec::new, |state| state.actions.clone());
    actions.push((id, action));
    let before = state.map(|state| state.previous);
    let was_in_chain = state.is_some_and(|state| state.in_chain);
    let mut was_replaced = state.is_some_and(|state| state.was_replaced);
    match before {
        Some(previous) if is_ours(&current) || (was_in_chain || was_replaced) && is_function(&current) => {
            replaced.push(replace(slot, State { previous, actions, in_chain: true, was_replaced }));
        }
        _ => {
            was_replaced |= was_in_chain;
            let state = |previous, actions| State { previous, actions, in_chain: true, was_replaced };
            // For a signal that comes before the old disposition is certain.
            replaced.push(replace(slot, state(Previous(current), actions.clone())));
            match set_disposition(signal, &ours(&current)) {
                Ok(previous) => {
                    // Ours, if `act_by_default` in another thread has put it back just now.
                    let previous = match before {
                        Some(before) if is_ours(&previous) => before,
                        _ => Previous(previous),
                    };
                    replaced.push(replace(slot, state(previous, actions)));
                }
                Err(error) => {
                    let none = State { in_chain: false, ..state(Previous(current), Vec::new()) };
                    replaced.push(replace(slot, none));
                    return Err(error);
                }
            }
        }
    }
    changes.next += 1;
    drop(changes);
    Ok(Registration { signal, id })
}

/// Has `set` give a signal another disposition, and keeps actions from being added until [`end_guard`].
pub(crate) fn begin_guard<T>(signal: i32, set: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let slot = slot(signal)?;
    let mut changes = changing();
    if state(slot).is_some_and(|state| !state.actions.is_empty()) {
        return Err(busy("it is listened to"));
    }
    let done = set()?;
    if let Some(guards) = changes.guards_of(signal) {
        *guards += 1;
    }
    Ok(done)
}

/// Has `put_back` undo what a guard has done.
pub(crate) fn end_guard(signal: i32, put_back: impl FnOnce()) {
    let mut changes = changing();
    put_back();
    if let Some(guards) = changes.guards_of(signal) {
        *guards = guards.saturating_sub(1);
    }
}

fn busy(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, why)
}

impl Changes {
    fn guards_of(&mut self, signal: i32) -> Option<&mut u32> {
        self.guards.get_mut(usize::try_from(signal).ok()?)
    }
}

impl Registration {
    pub(crate) fn signal(&self) -> i32 {
        self.signal
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Ok(slot) = slot(self.signal) else { return };
        let changing = changing();
        let Some(state) = state(slot) else { return };
        let mut actions = state.actions.clone();
        actions.retain(|(id, _)| *id != self.id);
        let (previous, was_replaced) = (state.previous, state.was_replaced);
        let in_chain = !(actions.is_empty() && put_back(self.signal, &previous.0));
        let replaced = replace(slot, State { previous, actions, in_chain, was_replaced });
        // What an action owns may itself have a registration.
        drop(changing);
        drop(replaced);
    }
}

impl Debug for Registration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("signal", &self.signal).finish_non_exhaustive()
    }
}

/// Gives a signal its old disposition; `false` if another handler is in place.
fn put_back(signal: i32, previous: &libc::sigaction) -> bool {
    if !action::get(signal).is_ok_and(|current| is_ours(&current)) {
        return false;
    }
    match set_disposition(signal, previous) {
        Ok(replaced) if is_ours(&replaced) => true,
        // Somebody was quicker.
        Ok(replaced) => {
            let _ = set_disposition(signal, &replaced);
            false
        }
        Err(_) => false,
    }
}

fn slot(signal: i32) -> io::Result<&'static AtomicPtr<State>> {
    let none = || io::Error::new(io::ErrorKind::InvalidInput, format!("there is no signal {signal}"));
    slot_of(signal).ok_or_else(none)
}

fn slot_of(signal: i32) -> Option<&'static AtomicPtr<State>> {
    STATES.get(usize::try_from(signal).ok()?)
}

fn changing() -> MutexGuard<'static, Changes> {
    // Nothing that is done under the lock panics.
    CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The state of a signal, for who holds the lock or is counted as a reader.
fn state(slot: &AtomicPtr<State>) -> Option<&State> {
    let state = slot.load(Ordering::SeqCst);
    // SAFETY: made by Box, and freed by the holder of the lock after all counted readers have gone.
    unsafe { state.as_ref() }
}

/// Puts another state in place, and gives back the old one as soon as no handler uses it. For the holder of the lock.
fn replace(slot: &AtomicPtr<State>, new: State) -> Option<Box<State>> {
    let old = slot.swap(Box::into_raw(Box::new(new)), Ordering::SeqCst);
    if old.is_null() {
        return None;
    }
    // Both counts have to be seen at zero once: who is counted after that has found the new state. Who comes now is counted
    // by the other one, so that no storm of signals keeps them from getting there.
    let parity = PARITY.load(Ordering::SeqCst);
    wait_for_none(&READERS[1 - parity]);
    PARITY.store(1 - parity, Ordering::SeqCst);
    wait_for_none(&READERS[parity]);
    // SAFETY: made by Box in this function, not in place any more, and nobody uses it.
    Some(unsafe { Box::from_raw(old) })
}

fn wait_for_none(readers: &AtomicUsize) {
    while readers.load(Ordering::SeqCst) != 0 {
        thread::yield_now();
    }
}

/// In a child by fork there are no other threads, and so no handlers under way in them.
pub(super) fn forget_other_threads() {
    READERS.iter().for_each(|readers| readers.store(0, Ordering::SeqCst));
}

/// How the handler is installed over `current`.
fn ours(current: &libc::sigaction) -> libc::sigaction {
    let mut action = action::without_flags(handler as *const () as usize);
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
    // A function that expects the ordinary stack is called on the one that this handler runs on.
    if !is_function(current) || current.sa_flags & libc::SA_ONSTACK != 0 {
        action.sa_flags |= libc::SA_ONSTACK;
    }
    // One at a time, unless a handler above has called this one: a small stack has no room for several.
    // SAFETY: the set is a local variable's.
    unsafe { libc::sigfillset(&mut action.sa_mask) };
    action
}

fn is_ours(action: &libc::sigaction) -> bool {
    action.sa_sigaction == handler as *const () as usize
}

fn is_function(action: &libc::sigaction) -> bool {
    action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN
}

/// Sets a disposition, and gives the one before.
fn set_disposition(signal: i32, new: &libc::sigaction) -> io::Result<libc::sigaction> {
    // SAFETY: this module's handler, whose actions are safe by the promise to `register`, or one that was in place before.
    unsafe { action::set(signal, new) }
}

extern "C" fn handler(signal: libc::c_int, information: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let _kept = Kept::new();
    let Some(slot) = slot_of(signal) else { return };
    let parity = PARITY.load(Ordering::SeqCst);
    READERS[parity].fetch_add(1, Ordering::SeqCst);
    let (mut is_done, mut previous) = (false, None);
    if let Some(state) = state(slot) {
        // SAFETY: SA_SIGINFO has the kernel point to it, or the handler that calls this one.
        let known = unsafe { information.as_ref() };
        let record = known.map_or_else(|| info::undescribed(signal), info::record);
        for (_, action) in &state.actions {
            is_done |= action(&record);
        }
        previous = Some(state.previous.0);
    }
    // Before the old handler, which need not return.
    READERS[parity].fetch_sub(1, Ordering::SeqCst);
    let Some(previous) = previous else { return };
    if is_function(&previous) {
        // What a fault needs is done by one handler: the next would end the process.
        if !(is_done && Signal::from_system(signal).is_fault()) {
            call(&previous, signal, information, context);
        }
    } else if !is_done && previous.sa_sigaction == libc::SIG_DFL {
        act_as_nobody_does(signal);
    }
}

/// Calls the handler that was there before.
fn call(
    previous: &libc::sigaction,
    signal: libc::c_int,
    information: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    type Short = extern "C" fn(libc::c_int);
    type Long = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
    let address = ptr::with_exposed_provenance::<()>(previous.sa_sigaction);
    if previous.sa_flags & libc::SA_SIGINFO == 0 {
        // SAFETY: sigaction(2): without SA_SIGINFO this is the address of such a function.
        let function = unsafe { mem::transmute::<*const (), Short>(address) };
        function(signal);
    } else {
        // SAFETY: sigaction(2): with SA_SIGINFO this is the address of such a function.
        let function = unsafe { mem::transmute::<*const (), Long>(address) };
        function(signal, information, context);
    }
}

/// The default action of a signal that no action here took and nobody had a handler for before: in a child by fork, or just
/// when the last listener has gone. Another handler above this one may have taken it.
fn act_as_nobody_does(signal: i32) {
    if does_nothing_by_default(signal) {
        return;
    }
    match action::get(signal) {
        Ok(current) if is_ours(&current) => act_by_default(signal),
        // Comes when this handler has returned: in it, a storm of signals whose listeners come and go would pile up handlers.
        Ok(current) if current.sa_sigaction == libc::SIG_DFL => {
            // SAFETY: takes a number.
            unsafe { libc::raise(signal) };
        }
        _ => {}
    }
}

/// Does what the signal does by default, whatever handlers there are, and leaves them in place should the process live on.
/// For signal handlers, and everybody else.
pub(crate) fn act_by_default(signal: i32) {
    // Nothing, during which the system would drop those that come to other threads.
    if does_nothing_by_default(signal) {
        return;
    }
    if let Ok(current) = action::set_plain(signal, false) {
        raise_unblocked(signal);
        // If it was the default already, another thread is at this place and puts back what there was before.
        if current.sa_sigaction != libc::SIG_DFL {
            let _ = set_disposition(signal, &current);
        }
    }
}

fn does_nothing_by_default(signal: i32) -> bool {
    let action = Signal::from_system(signal).default_action();
    matches!(action, DefaultAction::Ignore | DefaultAction::Continue)
}

/// Sends a signal to this thread that has arrived when this returns, also in the signal's own handler.
fn raise_unblocked(signal: i32) {
    // SAFETY: takes a number.
    unsafe { libc::raise(signal) };
    let set = to_system(Signal::from_system(signal).into());
    if let Ok(before) = mask::apply(Change::Unblock, Some(&set)) {
        // Left unblocked, more of them could pile up handlers on the stack.
        let _ = mask::apply(Change::Set, Some(&before));
    }
}
