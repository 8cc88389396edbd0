//! The signal handler, and which actions it runs for which signal.
//!
//! Everything that runs in a handler is here, in [`record_queue`](super::record_queue), and in what that uses. It may call what
//! signal-safety(7) lists, and besides that only what is a bare system call: `write`, `sigaction`, `raise`,
//! `pthread_sigmask`, `_exit`, `mmap`. It takes no lock, and neither allocates nor frees.
//!
//! # Among other handlers
//! Whatever handler was there before is called after the actions. When the last action of a signal is removed, the old
//! disposition is put back, if this handler is still in place. If another has been put above it, which then calls this one
//! (as signal-hook-registry's does, which Tokio uses), this one stays below, and only passes on.
//!
//! What the old disposition says beside its handler goes on to hold: whether system calls are restarted, which children
//! `SIGCHLD` is raised for and whether they are waited for by the system, which signals are blocked in the old handler, on
//! which stack it runs, and that it is called once only (sigaction(2): `SA_RESTART`, `SA_NOCLDSTOP`, `SA_NOCLDWAIT`,
//! `sa_mask`, `SA_NODEFER`, `SA_ONSTACK`, `SA_RESETHAND`).
//!
//! A process-wide registry can put nothing back, as it does not know who of its users is there for good; that is why this
//! is a handler of its own. Two of them that call each other are as good as one.
//!
//! # Reclamation
//! A handler can be interrupted anywhere and never resumed: by a thread of higher priority that does not let it run, or by
//! another handler that leaves with siglongjmp(3). So nothing here waits for handlers. A state that was replaced while a
//! handler used it is kept, and freed by a later change, once nobody uses it. A handler that was abandoned keeps the one
//! state that it used; everything else is freed.

use super::number::{DefaultAction, Signal};
use super::{
    action,
    errno::Kept,
    info::{self, Record},
    set::to_system,
};
use crate::{
    os::unix::sys::sigset::{self, Change},
    sync::Mutex,
};
use std::{
    cell::UnsafeCell,
    fmt::{self, Debug, Formatter},
    io,
    mem::{self, MaybeUninit},
    ops::Deref,
    ptr,
    sync::{
        Arc, MutexGuard,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering},
    },
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

/// Memory for a state. It is never freed, so that a handler may count itself before it knows whether the state is still in
/// place.
struct Node {
    /// How many handlers use the state, or are about to find out that they do not.
    users: AtomicUsize,
    state: UnsafeCell<Option<State>>,
}

// SAFETY: a state is written by the holder of the lock alone, while the node is not in place and has no users.
unsafe impl Sync for Node {}

/// Of each signal; null: nobody has asked for it so far.
static NODES: [AtomicPtr<Node>; SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS];

/// Of each signal: whether the old handler, which was to be called once (`SA_RESETHAND`), has been called.
static SPENT: [AtomicBool; SLOTS] = [const { AtomicBool::new(false) }; SLOTS];

/// For who changes anything.
static CHANGING: Mutex<Changes> = Mutex::new(Changes { next: 0, guards: [0; SLOTS], replaced: Vec::new() });

struct Changes {
    /// The next action's number.
    next: u64,
    /// How many guards have given each signal another disposition for a while.
    guards: [u32; SLOTS],
    /// Nodes that are not in place. Those that have a state had users when they were looked at last.
    replaced: Vec<&'static Node>,
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
    // Dropped after the lock is released: what an action owns may itself have a registration.
    let mut freed = Vec::new();
    let mut changes = changing();
    if changes.guards_of(signal) != Some(&mut 0) {
        return Err(busy("a guard of its disposition is there"));
    }
    let id = changes.next;
    let current = action::get(signal)?;
    let state = state(slot, &changes);
    let mut actions = state.map_or_else(Vec::new, |state| state.actions.clone());
    actions.push((id, action));
    let before = state.map(|state| state.previous);
    let was_in_chain = state.is_some_and(|state| state.in_chain);
    let mut was_replaced = state.is_some_and(|state| state.was_replaced);
    match before {
        Some(previous) if is_ours(&current) || (was_in_chain || was_replaced) && is_function(&current) => {
            freed.extend(changes.replace(slot, State { previous, actions, in_chain: true, was_replaced }));
        }
        _ => {
            was_replaced |= was_in_chain;
            let state = |previous, actions| State { previous, actions, in_chain: true, was_replaced };
            // For a signal that comes before the old disposition is certain.
            slot.spent.store(false, Ordering::SeqCst);
            freed.extend(changes.replace(slot, state(Previous(current), actions.clone())));
            match set_disposition(signal, &ours(&current)) {
                Ok(previous) => {
                    // Ours, if `act_by_default` in another thread has put it back just now.
                    let previous = match before {
                        Some(before) if is_ours(&previous) => before,
                        _ => Previous(previous),
                    };
                    freed.extend(changes.replace(slot, state(previous, actions)));
                }
                Err(error) => {
                    let none = State { in_chain: false, ..state(Previous(current), Vec::new()) };
                    freed.extend(changes.replace(slot, none));
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
    if state(slot, &changes).is_some_and(|state| !state.actions.is_empty()) {
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

    /// Puts another state in place, and returns all that were replaced and have no users now.
    fn replace(&mut self, slot: Slot, new: State) -> Vec<State> {
        let node = self.empty_node();
        // SAFETY: the node is not in place, and no handler reads a state that it has not found in place afterwards.
        unsafe { *node.state.get() = Some(new) };
        let old = slot.node.swap(ptr::from_ref(node).cast_mut(), Ordering::SeqCst);
        // SAFETY: null, or a node, which is never freed.
        self.replaced.extend(unsafe { old.as_ref() });
        self.replaced.iter().filter_map(|node| node.free()).collect()
    }

    fn empty_node(&mut self) -> &'static Node {
        // SAFETY: those that are not in place are changed by the holder of the lock alone.
        let is_empty = |node: &&Node| unsafe { (*node.state.get()).is_none() };
        match self.replaced.iter().position(is_empty) {
            Some(index) => self.replaced.swap_remove(index),
            None => Box::leak(Box::new(Node { users: AtomicUsize::new(0), state: UnsafeCell::new(None) })),
        }
    }
}

impl Node {
    /// Takes the state out if no handler uses it. For the holder of the lock, and nodes that are not in place.
    fn free(&self) -> Option<State> {
        if self.users.load(Ordering::SeqCst) != 0 {
            return None;
        }
        // SAFETY: who is counted from now on finds that the node is not in place, and does not look at the state.
        unsafe { (*self.state.get()).take() }
    }
}

/// What there is for a signal.
#[derive(Copy, Clone)]
struct Slot {
    node: &'static AtomicPtr<Node>,
    spent: &'static AtomicBool,
}

/// A state that is in place, or was when the handler began, and is not freed meanwhile.
struct InUse(&'static Node);

impl InUse {
    /// For signal handlers.
    fn new(slot: Slot) -> Option<Self> {
        loop {
            let node = slot.node.load(Ordering::SeqCst);
            // SAFETY: null, or a node, which is never freed.
            let used = Self(unsafe { node.as_ref() }?);
            used.0.users.fetch_add(1, Ordering::SeqCst);
            // Whoever replaces it after this finds it in use. Else another has been put in place meanwhile, which whoever
            // changes something does once.
            if slot.node.load(Ordering::SeqCst) == node {
                return Some(used);
            }
        }
    }
}

impl Deref for InUse {
    type Target = Option<State>;

    fn deref(&self) -> &Option<State> {
        // SAFETY: a node that was found in place by a counted user is not written while it is counted.
        unsafe { &*self.0.state.get() }
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.users.fetch_sub(1, Ordering::SeqCst);
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
        let mut changes = changing();
        let Some(state) = state(slot, &changes) else { return };
        let mut actions = state.actions.clone();
        actions.retain(|(id, _)| *id != self.id);
        let (previous, was_replaced) = (state.previous, state.was_replaced);
        let in_chain = !(actions.is_empty() && put_back(slot, self.signal, previous.0));
        let freed = changes.replace(slot, State { previous, actions, in_chain, was_replaced });
        // What an action owns may itself have a registration.
        drop(changes);
        drop(freed);
    }
}

impl Debug for Registration {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("signal", &self.signal).finish_non_exhaustive()
    }
}

/// Gives a signal its old disposition; `false` if another handler is in place.
fn put_back(slot: Slot, signal: i32, mut previous: libc::sigaction) -> bool {
    if slot.spent.load(Ordering::SeqCst) {
        // What the system does with one that is called once.
        previous.sa_sigaction = libc::SIG_DFL;
    }
    if !action::get(signal).is_ok_and(|current| is_ours(&current)) {
        return false;
    }
    match set_disposition(signal, &previous) {
        Ok(replaced) if is_ours(&replaced) => true,
        // Somebody was quicker.
        Ok(replaced) => {
            let _ = set_disposition(signal, &replaced);
            false
        }
        Err(_) => false,
    }
}

fn slot(signal: i32) -> io::Result<Slot> {
    let none = || io::Error::new(io::ErrorKind::InvalidInput, format!("there is no signal {signal}"));
    slot_of(signal).ok_or_else(none)
}

fn slot_of(signal: i32) -> Option<Slot> {
    let index = usize::try_from(signal).ok()?;
    Some(Slot { node: NODES.get(index)?, spent: SPENT.get(index)? })
}

fn changing() -> MutexGuard<'static, Changes> {
    // Nothing that is done under the lock panics.
    CHANGING.lock()
}

/// The state of a signal, for the holder of the lock.
fn state(slot: Slot, _: &Changes) -> Option<&State> {
    // SAFETY: null, or a node, which is never freed.
    let node = unsafe { slot.node.load(Ordering::SeqCst).as_ref() }?;
    // SAFETY: only the holder of the lock changes states.
    unsafe { (*node.state.get()).as_ref() }
}

/// How the handler is installed over `current`.
fn ours(current: &libc::sigaction) -> libc::sigaction {
    let mut action = action::without_flags(handler as *const () as usize);
    action.sa_flags = libc::SA_SIGINFO;
    // Which children the signal is raised for, and whether they stay until they are waited for.
    action.sa_flags |= current.sa_flags & (libc::SA_NOCLDSTOP | libc::SA_NOCLDWAIT);
    if is_function(current) {
        // A function that expects the ordinary stack is called on the one that this handler runs on.
        action.sa_flags |= current.sa_flags & (libc::SA_RESTART | libc::SA_ONSTACK | libc::SA_NODEFER);
        action.sa_mask = current.sa_mask;
        return action;
    }
    action.sa_flags |= libc::SA_RESTART | libc::SA_ONSTACK;
    if current.sa_sigaction == libc::SIG_IGN {
        // Of a process that ignores SIGCHLD, children are gone when they end (POSIX, _Exit); of other signals it says nothing.
        action.sa_flags |= libc::SA_NOCLDWAIT;
    }
    // One at a time, unless a handler above has called this one: a small stack has no room for several.
    action.sa_mask = all_signals();
    action
}

fn all_signals() -> libc::sigset_t {
    let mut all = MaybeUninit::uninit();
    // SAFETY: the pointer is to memory for a set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: the call has filled it in, and cannot fail.
    unsafe { all.assume_init() }
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
    let Some(used) = InUse::new(slot) else { return };
    let Some(state) = &*used else { return };
    let mut previous = state.previous.0;
    // Over a function, this handler is installed with that one's mask.
    let mask = is_function(&previous).then(|| sigset::change(Change::Block, Some(&all_signals())));
    // SAFETY: SA_SIGINFO has the kernel point to it, or the handler that calls this one.
    let known = unsafe { information.as_ref() };
    let record = known.map_or_else(|| info::undescribed(signal), info::record);
    let is_done = state.actions.iter().fold(false, |is_done, (_, action)| is_done | action(&record));
    // Before the old handler, which need not return.
    drop(used);
    if let Some(Ok(mask)) = mask {
        let _ = sigset::change(Change::Set, Some(&mask));
    }
    if is_function(&previous) {
        // What a fault needs is done by one handler: the next would end the process.
        if is_done && Signal::from_system(signal).is_fault() {
            return;
        }
        let once = previous.sa_flags & libc::SA_RESETHAND != 0;
        if !(once && slot.spent.swap(true, Ordering::SeqCst)) {
            return call(&previous, signal, information, context);
        }
        previous.sa_sigaction = libc::SIG_DFL;
    }
    if !is_done && previous.sa_sigaction == libc::SIG_DFL {
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
        Ok(current) if is_ours(&current) => {
            if Signal::from_system(signal).is_fault() {
                // Also in process 1: the thread would come back here again and again.
                act_by_default(signal);
            } else {
                raise_by_default(signal);
            }
        }
        // Comes when this handler has returned: in it, a storm of signals whose listeners come and go would pile up handlers.
        Ok(current) if current.sa_sigaction == libc::SIG_DFL => raise(signal),
        _ => {}
    }
}

/// Does what the signal does by default, whatever handlers there are, and leaves them in place should the process live on.
/// For signal handlers, and everybody else.
pub(crate) fn act_by_default(signal: i32) {
    raise_by_default(signal);
    let action = Signal::from_system(signal).default_action();
    if matches!(action, DefaultAction::Terminate | DefaultAction::CoreDump) {
        // Process 1 of a pid namespace, to which the kernel does not deliver what has no handler (pid_namespaces(7)).
        // SAFETY: takes a number, and may be called in a handler.
        unsafe { libc::_exit(128 + signal) };
    }
}

/// Has the system do what it does by default, which to process 1 is nothing.
fn raise_by_default(signal: i32) {
    // Nothing, during which the system would drop those that come to other threads.
    if does_nothing_by_default(signal) {
        return;
    }
    if let Ok(current) = action::set_default_or_ignore(signal, false) {
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
    raise(signal);
    let set = to_system(Signal::from_system(signal).into());
    if let Ok(before) = sigset::change(Change::Unblock, Some(&set)) {
        // Left unblocked, more of them could pile up handlers on the stack.
        let _ = sigset::change(Change::Set, Some(&before));
    }
}

/// Sends a signal to this thread, or, where a sandbox denies tgkill(2), to the process.
fn raise(signal: i32) {
    // SAFETY: takes a number.
    if unsafe { libc::raise(signal) } != 0 {
        // SAFETY: takes nothing.
        let process = unsafe { libc::getpid() };
        // SAFETY: takes numbers.
        unsafe { libc::kill(process, signal) };
    }
}
