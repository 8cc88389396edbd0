//! The instances of a pipe that stand ready for clients: what a listener is, without the waiting.

use super::{PipeMode, handle, identity, name::PipePath};
use crate::{
    os::windows::{
        security_descriptor::SecurityDescriptor,
        sys::{
            event::Event,
            operation::Operation,
            overlapped::Ended,
            pipe::{self, Creation, Directions},
        },
    },
    sync::Mutex,
};
use std::{
    fmt::{Debug, Display},
    io,
    os::windows::io::{AsHandle, OwnedHandle},
    sync::{
        Arc, MutexGuard,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
};

#[cfg(feature = "tokio")]
use {crate::os::windows::sys::wait::Waiter, std::task::Waker};

const OPERATION: &str = "listen at named pipe";
const ACCEPT: &str = "accept at named pipe";
const CLOSED: &str = "the listener was closed";

/// What all instances of a pipe have in common.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) path: PipePath,
    pub(super) directions: Directions,
    pub(super) mode: PipeMode,
    pub(super) message_reads: bool,
    pub(super) limit: Option<u8>,
    pub(super) ready: u8,
    pub(super) write_through: bool,
    pub(super) accept_remote: bool,
    pub(super) input_buffer: u32,
    pub(super) output_buffer: u32,
    pub(super) wait_timeout: u32,
    pub(super) security: SecurityDescriptor,
    pub(super) inheritable: bool,
}

/// A set of instances, most of them waiting for a client.
///
/// As long as the set is not closed it keeps at least one instance, so that clients always find the name and nobody
/// else can take it; only an instance limit of the user's can bring it to none.
#[derive(Debug)]
pub(super) struct Instances {
    set: Result<Set, Refusal>,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Set {
    config: Config,
    state: Mutex<State>,
}

/// Why there is no set: what it was to begin with is no instance. Whoever waits for a client is told.
#[derive(Debug)]
struct Refusal {
    kind: io::ErrorKind,
    reason: String,
}

#[derive(Debug)]
struct State {
    ready: Vec<Instance>,
    /// Signalled, and replaced, when instances are added that those who wait do not know of; signalled for good when
    /// the set is closed.
    changed: Arc<Event>,
    /// Who owns the pipe: a limit of instances, of the options or of an adopted handle, can leave its name to others.
    owner: Option<String>,
}

/// One instance, before its client is handed out.
#[derive(Debug)]
pub(super) struct Instance {
    pipe: Arc<OwnedHandle>,
    connect: Operation,
    connected: bool,
    /// Whether clients may send.
    receives: bool,
    #[cfg(feature = "tokio")]
    waiter: Option<Waiter>,
}

impl Instances {
    /// Makes the pipe, which must not exist, and as many instances as shall stand ready.
    pub(super) fn new(config: Config) -> io::Result<Self> {
        let first = Instance::new(&config, true)?;
        Ok(Self { set: Ok(Set::new(config, first)?), closed: AtomicBool::new(false) })
    }

    /// Begins with an instance that exists, connected or not. If it cannot be one, or the options cannot, the error comes
    /// when a client is asked for.
    pub(super) fn adopt(config: io::Result<Config>, handle: OwnedHandle) -> Self {
        let set = config.and_then(|config| {
            let first = Instance::adopt(&config, handle)?;
            Set::new(config, first)
        });
        match set {
            Ok(set) => Self { set: Ok(set), closed: AtomicBool::new(false) },
            Err(error) => Self::refused(&error),
        }
    }

    /// No instances at all, and why.
    pub(super) fn refused(error: &io::Error) -> Self {
        let refusal = Refusal { kind: error.kind(), reason: error.to_string() };
        Self { set: Err(refusal), closed: AtomicBool::new(false) }
    }

    /// Takes a connected client, if there is one, and puts a new instance in its place first. If there is none, gives
    /// events of which one will be signalled when it is worth to call again.
    ///
    /// # Errors
    /// If no client can come because no instance can be made; or if the only instance left has a client but cannot be
    /// replaced. The client is not lost then: it is there for the next call.
    pub(super) fn take_or_events(&self) -> io::Result<Result<OwnedHandle, Vec<Arc<Event>>>> {
        let set = self.set()?;
        let mut state = set.lock();
        let client = state.take(set, &self.closed)?;
        Ok(client.ok_or_else(|| state.events()))
    }

    /// The same for a task: if there is no client, has it woken when it is worth to call again.
    #[cfg(feature = "tokio")]
    pub(super) fn poll_take(&self, waker: &Waker) -> Poll<io::Result<OwnedHandle>> {
        let set = match self.set() {
            Ok(set) => set,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let mut state = set.lock();
        match state.take(set, &self.closed) {
            Ok(Some(client)) => Poll::Ready(Ok(client)),
            Ok(None) => match state.register(waker) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Forgets a task that does not wait any more. It is woken once, in case it also waits in another call.
    #[cfg(feature = "tokio")]
    pub(super) fn forget(&self, waker: &Waker) {
        if let Ok(set) = &self.set {
            let state = set.lock();
            let waiters = state.ready.iter().filter_map(|instance| instance.waiter.as_ref());
            waiters.for_each(|waiter| waiter.forget(waker));
        }
        waker.wake_by_ref();
    }

    /// Closes all instances: the name is free, and nobody can connect any more.
    pub(super) fn close(&self) {
        self.closed.store(true, SeqCst);
        let Ok(set) = &self.set else { return };
        let mut state = set.lock();
        state.changed.set();
        #[cfg(feature = "tokio")]
        state.wake_all();
        let instances = std::mem::take(&mut state.ready);
        drop(state);
        drop(instances);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(SeqCst)
    }

    /// An error of waiting for a client.
    pub(super) fn error(&self, kind: io::ErrorKind, cause: impl Display) -> io::Error {
        match &self.set {
            Ok(set) => set.config.path.error(ACCEPT, kind, cause),
            Err(_) => io::Error::new(kind, format!("cannot {ACCEPT}: {cause}")),
        }
    }

    /// The path, for people.
    pub(super) fn path(&self) -> &dyn Debug {
        match &self.set {
            Ok(set) => &set.config.path,
            Err(_) => &"?",
        }
    }

    fn set(&self) -> io::Result<&Set> {
        if self.is_closed() {
            return Err(self.error(io::ErrorKind::ConnectionAborted, CLOSED));
        }
        self.set.as_ref().map_err(|refusal| self.error(refusal.kind, &refusal.reason))
    }
}

impl Set {
    fn new(config: Config, first: Instance) -> io::Result<Self> {
        let owner = owner(&first.pipe);
        let mut state = State { ready: vec![first], changed: Arc::new(Event::new()?), owner };
        // Fewer than asked for will do; the next accept tries again.
        let _ = state.refill(&config);
        Ok(Self { config, state: Mutex::new(state) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    fn take(&mut self, set: &Set, closed: &AtomicBool) -> io::Result<Option<OwnedHandle>> {
        // Under the lock: `close` sets the flag before it takes the lock and the instances.
        if closed.load(SeqCst) {
            return Err(set.config.path.error(ACCEPT, io::ErrorKind::ConnectionAborted, CLOSED));
        }
        let refilled = self.refill(&set.config);
        loop {
            let Some(index) = self.ready.iter_mut().position(Instance::has_client) else {
                // Nothing to wait for means that no client can come.
                return if self.ready.is_empty() { refilled.map(|()| None) } else { Ok(None) };
            };
            match Instance::new(&set.config, false) {
                Ok(replacement) => self.ready.push(replacement),
                // The name must not vanish, except as the user's own limit wants it.
                Err(error) if self.ready.len() == 1 && error.kind() != io::ErrorKind::ResourceBusy => {
                    return Err(error);
                }
                // The others go on; the next call makes up for it.
                Err(_) => {}
            }
            if let Some(client) = self.ready.swap_remove(index).into_pipe() {
                return Ok(Some(client));
            }
        }
    }

    /// Makes instances until as many stand ready as should.
    fn refill(&mut self, config: &Config) -> io::Result<()> {
        if self.ready.len() >= usize::from(config.ready) {
            return Ok(());
        }
        let before = self.ready.len();
        let result = self.add_instances(config);
        if self.ready.len() > before {
            self.tell_of_change()?;
        }
        result
    }

    fn add_instances(&mut self, config: &Config) -> io::Result<()> {
        while self.ready.len() < usize::from(config.ready) {
            let first = self.ready.is_empty();
            let instance = match Instance::new(config, first) {
                Err(taken) if taken.kind() == io::ErrorKind::AddrInUse => self.join(config, taken)?,
                made => {
                    let made = made?;
                    if first {
                        // The pipe is a new one, made by this user.
                        self.owner = owner(&made.pipe);
                    }
                    made
                }
            };
            self.ready.push(instance);
        }
        Ok(())
    }

    /// Makes an instance of the pipe that has the name although none is left here, as a limit of instances was reached:
    /// streams of ours hold it, or somebody has taken it when the last of them was gone. The pipe is owned by the user who
    /// made it, or has left it to somebody else.
    fn join(&self, config: &Config, taken: io::Error) -> io::Result<Instance> {
        let instance = match Instance::new(config, false) {
            // Somebody else's pipe, who does not let this user make instances.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(taken),
            other => other?,
        };
        if self.owner.is_some() && owner(&instance.pipe) != self.owner { Err(taken) } else { Ok(instance) }
    }

    fn tell_of_change(&mut self) -> io::Result<()> {
        let fresh = Arc::new(Event::new()?);
        std::mem::replace(&mut self.changed, fresh).set();
        #[cfg(feature = "tokio")]
        self.wake_all();
        Ok(())
    }

    fn events(&self) -> Vec<Arc<Event>> {
        let connects = self.ready.iter().map(|instance| instance.connect.event());
        connects.chain([&self.changed]).map(Arc::clone).collect()
    }

    #[cfg(feature = "tokio")]
    fn register(&mut self, waker: &Waker) -> io::Result<()> {
        for instance in &mut self.ready {
            if instance.waiter.is_none() {
                instance.waiter = Some(Waiter::new(instance.connect.event())?);
            }
            if let Some(waiter) = &instance.waiter {
                waiter.wake_when_signalled(waker);
            }
        }
        Ok(())
    }

    /// Wakes all tasks that wait: each is registered with every instance there was when it began to.
    #[cfg(feature = "tokio")]
    fn wake_all(&self) {
        self.ready.iter().filter_map(|instance| instance.waiter.as_ref()).for_each(Waiter::wake_all);
    }
}

impl Instance {
    /// Makes an instance and lets it wait for a client.
    fn new(config: &Config, first: bool) -> io::Result<Self> {
        let creation = Creation {
            directions: config.directions,
            first,
            overlapped: true,
            write_through: config.write_through,
            message_type: config.mode == PipeMode::Messages,
            message_reads: config.message_reads,
            accept_remote: config.accept_remote,
            max_instances: config.limit,
            output_buffer: config.output_buffer,
            input_buffer: config.input_buffer,
            wait_timeout: config.wait_timeout,
            security: Some(config.security.as_sys()),
            inheritable: config.inheritable,
        };
        let path = &config.path;
        let handle =
            pipe::create(path.wide(), &creation).map_err(|error| creation_error(path, first, error))?;
        Self::waiting(config, handle)
    }

    /// Takes one that exists, if it is one of this pipe.
    fn adopt(config: &Config, handle: OwnedHandle) -> io::Result<Self> {
        handle::check_instance(handle.as_handle(), config)
            .map_err(|error| config.path.about(OPERATION, error))?;
        Self::waiting(config, handle)
    }

    fn waiting(config: &Config, handle: OwnedHandle) -> io::Result<Self> {
        let mut instance = Self {
            pipe: Arc::new(handle),
            connect: Operation::new()?,
            connected: false,
            receives: config.directions.receives,
            #[cfg(feature = "tokio")]
            waiter: None,
        };
        let started = instance.connect.connect(&instance.pipe);
        instance.note(started).map_err(|error| config.path.about(OPERATION, error))?;
        Ok(instance)
    }

    /// Whether a client is here, or has left something to be received. Clients that came and left without a trace are
    /// passed over.
    fn has_client(&mut self) -> bool {
        /// How many in a row: the next call goes on, as whoever connects now is the next one's client.
        const MOST: u32 = 64;
        self.poll_connect();
        for _ in 0..MOST {
            if !self.connected || !pipe::is_abandoned(self.pipe.as_handle(), self.receives) {
                break;
            }
            if pipe::disconnect(self.pipe.as_handle()).is_err() {
                break;
            }
            self.connected = false;
            let started = self.connect.connect(&self.pipe);
            let _ = self.note(started);
        }
        self.connected
    }

    fn poll_connect(&mut self) {
        while !self.connected && self.connect.in_flight() {
            match self.connect.poll() {
                Poll::Pending => break,
                // The thread that started it has ended.
                Poll::Ready(Err(error)) if pipe::is_cancelled(&error) => {
                    let started = self.connect.connect(&self.pipe);
                    let _ = self.note(started);
                }
                ready => {
                    let _ = self.note(ready);
                }
            }
        }
    }

    fn note(&mut self, connect: Poll<io::Result<Ended>>) -> io::Result<()> {
        match connect {
            Poll::Pending => Ok(()),
            // Also an instance that cannot wait any longer: its stream will tell why.
            Poll::Ready(result) => {
                self.connected = true;
                result.map(|_| ())
            }
        }
    }

    /// Takes the pipe out of an instance that has its client.
    fn into_pipe(self) -> Option<OwnedHandle> {
        // Tasks that wait for this instance do not know of the one that takes its place.
        #[cfg(feature = "tokio")]
        self.waiter.iter().for_each(Waiter::wake_all);
        drop(self.connect);
        Arc::into_inner(self.pipe)
    }
}

/// Who owns a pipe; `None` if the system does not tell.
fn owner(pipe: &OwnedHandle) -> Option<String> {
    identity::owner(pipe.as_handle()).ok().flatten()
}

fn creation_error(path: &PipePath, first: bool, error: io::Error) -> io::Error {
    // A pipe that is full refuses another instance before it is looked at whether that was to be the first one.
    if pipe::is_busy(&error) && !first {
        let reason = "the pipe has as many instances as it may have";
        return path.because(OPERATION, io::ErrorKind::ResourceBusy, reason, error);
    }
    let denied = matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::AlreadyExists);
    // Windows says "access denied" both to a name that is taken and to a program that may not make pipes.
    if first && (pipe::is_busy(&error) || denied && pipe::exists(path.wide())) {
        let reason = "there is a pipe of that name";
        return path.because(OPERATION, io::ErrorKind::AddrInUse, reason, error);
    }
    path.about(OPERATION, error)
}

#[cfg(test)]
mod tests {
    use super::{Instance, Instances, owner};
    use crate::os::windows::{
        named_pipe::{PipeListenerOptions, pipe_mode::Bytes},
        security_descriptor::{Access, SecurityDescriptorBuilder, Trustee},
        sys::event::wait_any,
    };
    use std::{fs::File, io::ErrorKind, num::NonZeroU8};

    /// Takes the only instance, and lets go of it.
    fn serve_one(instances: &Instances, path: &str) {
        let client = File::open(path).unwrap();
        while let Err(events) = instances.take_or_events().unwrap() {
            assert!(wait_any(&events, None).unwrap());
        }
        drop(client);
    }

    /// A name that a limit of instances has left free is not shared with whoever has taken it since.
    #[test]
    fn a_pipe_of_another_user_is_not_joined() {
        let path = format!(r"\\.\pipe\ip3-owner-{}", std::process::id());
        // By itself, a pipe of Wine 10 has no owner.
        let descriptor = SecurityDescriptorBuilder::new()
            .owner(Trustee::CurrentUser)
            .allow(Trustee::CurrentUser, Access::Full);
        let options = PipeListenerOptions::new()
            .path(&path)
            .instance_limit(NonZeroU8::new(2))
            .instances(1)
            .security_descriptor(Some(descriptor.build().unwrap()));
        let instances = options.listen::<Bytes, Bytes>().unwrap();
        let set = instances.set().unwrap();
        let ours = set.lock().owner.clone();
        assert!(ours.as_ref().is_some_and(|owner| owner.starts_with("S-1-")), "{ours:?}");
        set.lock().ready.clear();

        // Of the same user: one of ours.
        let stream = Instance::new(&set.config, true).unwrap();
        assert_eq!(owner(&stream.pipe), ours);
        assert!(instances.take_or_events().unwrap().is_err(), "it waits");
        set.lock().ready.clear();

        // Tests run as one user, so it is the listener that was another's.
        set.lock().owner = Some("S-1-5-32-999".into());
        let error = instances.take_or_events().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse, "{error}");
        drop(stream);
        assert!(instances.take_or_events().unwrap().is_err(), "the name is free");
        serve_one(&instances, &path);
    }
}
