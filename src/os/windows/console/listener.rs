//! Listeners, and giving events to all of them.

use super::ControlEvent;
use crate::{
    os::{
        wakers::Wakers,
        windows::sys::console::{self, Kind},
    },
    sync::{Condvar, Mutex},
    time::Deadline,
};
use std::{
    collections::VecDeque,
    convert::Infallible,
    io, mem,
    sync::{Arc, MutexGuard, mpsc},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// All listeners of the process.
static LISTENERS: Mutex<Vec<Arc<Queue>>> = Mutex::new(Vec::new());

/// Listens to control events of the console. Threads may share it; each event goes to one of them. Other listeners see it
/// as well.
///
/// Events that nobody has waited for yet are kept. Dropping the listener lets go of them.
#[derive(Debug)]
#[must_use = "control events are no longer received when this is dropped"]
pub struct ControlEvents {
    queue: Arc<Queue>,
}

/// A control event that was received.
///
/// If it [ends the process](ControlEvent::ends_the_process), Windows waits until this is dropped, but not longer than it
/// likes to.
#[derive(Debug)]
#[must_use = "dropping it lets Windows end the process, after some events"]
pub struct ReceivedEvent {
    event: ControlEvent,
    /// The handler goes on when all clones of this are gone.
    _hold: Option<mpsc::Sender<Infallible>>,
}

impl ReceivedEvent {
    /// Which event it is.
    pub fn event(&self) -> ControlEvent {
        self.event
    }

    /// Lets Windows go on, as dropping does.
    pub fn acknowledge(self) {}
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<ReceivedEvent>,
    closed: bool,
    /// Closes with the first event.
    once: bool,
    wakers: Wakers,
}

impl Queue {
    /// Adds an event; `false` if nobody listens any more.
    fn push(&self, event: ReceivedEvent) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        state.events.push_back(event);
        state.closed = state.once;
        self.wake(state);
        true
    }

    fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let wakers = state.wakers.take();
        drop(state);
        self.changed.notify_all();
        wakers.for_each(Waker::wake);
    }
}

/// Has the system call the handler, for the first time or `again`.
fn install(again: bool) -> io::Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    // Once for good: when nobody listens the handler passes events on. Removing it would wait for the handler, which waits
    // for the very thread that may be dropping its listener.
    let mut installed = INSTALLED.lock();
    if again || !*installed {
        console::install(deliver)?;
        *installed = true;
    }
    Ok(())
}

/// Has the listeners hear again after this process has called `AllocConsole`, `AttachConsole` or `FreeConsole`, which make
/// Windows forget who handles control events (Microsoft: "Console Control Handlers").
///
/// # Errors
/// Whatever the system reports (Microsoft: "SetConsoleCtrlHandler function").
pub fn listen_again() -> io::Result<()> {
    install(true)
}

impl ControlEvents {
    /// Begins to listen. After a change of consoles, see [`listen_again`].
    ///
    /// # Errors
    /// Whatever the system reports (Microsoft: "SetConsoleCtrlHandler function").
    pub fn new() -> io::Result<Self> {
        Self::listening(State::default())
    }

    /// Listens until the first event has come, whether or not anybody has looked by then.
    pub(crate) fn once() -> io::Result<Self> {
        Self::listening(State { once: true, ..State::default() })
    }

    fn listening(state: State) -> io::Result<Self> {
        install(false)?;
        let queue = Arc::new(Queue { state: Mutex::new(state), changed: Condvar::new() });
        LISTENERS.lock().push(Arc::clone(&queue));
        Ok(Self { queue })
    }

    /// Waits for the next event; `None` if the listener was [closed](Self::close) and all that came before was received.
    #[doc(alias = "recv")]
    pub fn wait(&self) -> Option<ReceivedEvent> {
        // Without a deadline there is no error.
        self.wait_until(Deadline::after(None)).unwrap_or(None)
    }

    /// The same, for as long as `timeout` allows. With a timeout of zero it does not wait.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if there was no event in time.
    pub fn wait_timeout(&self, timeout: Duration) -> io::Result<Option<ReceivedEvent>> {
        self.wait_until(Deadline::after(timeout))
    }

    fn wait_until(&self, deadline: Deadline) -> io::Result<Option<ReceivedEvent>> {
        let mut state = self.queue.state.lock();
        loop {
            if let Some(event) = state.events.pop_front() {
                return Ok(Some(event));
            }
            if state.closed {
                return Ok(None);
            }
            if deadline.is_over() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "there was no control event in time"));
            }
            state = self.queue.changed.wait(state, deadline.left());
        }
    }

    /// Stops listening: threads that wait are woken, and events that come from now on are not received.
    pub fn close(&self) {
        self.queue.close();
    }

    /// The next event, or `Pending`: then the task is woken when there may be one.
    #[cfg_attr(not(feature = "tokio"), allow(dead_code))]
    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<ReceivedEvent>> {
        let mut state = self.queue.state.lock();
        if let Some(event) = state.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        let swept = state.wakers.add(cx.waker());
        drop(state);
        swept.into_iter().flatten().for_each(Waker::wake);
        Poll::Pending
    }
}

/// Waits like [`wait`](ControlEvents::wait).
impl Iterator for &ControlEvents {
    type Item = ReceivedEvent;

    fn next(&mut self) -> Option<ReceivedEvent> {
        self.wait()
    }
}

impl Drop for ControlEvents {
    fn drop(&mut self) {
        LISTENERS.lock().retain(|queue| !Arc::ptr_eq(queue, &self.queue));
        self.queue.close();
        // The handler may still know the queue, and waits for its events.
        let events = mem::take(&mut self.queue.state.lock().events);
        drop(events);
    }
}

/// Gives an event to all listeners. Runs in a thread that the system makes for it. `false` if there are none: then the
/// default action is next.
fn deliver(kind: Kind) -> bool {
    let event = ControlEvent::from_sys(kind);
    let (hold, released) = mpsc::channel();
    let queues = LISTENERS.lock().clone();
    let mut received = false;
    for queue in queues {
        let hold = event.ends_the_process().then(|| hold.clone());
        received |= queue.push(ReceivedEvent { event, _hold: hold });
    }
    drop(hold);
    // Nothing is ever sent: this ends when all senders are gone.
    let _ = released.recv();
    received
}

#[cfg(test)]
mod tests {
    use super::{ControlEvent, ControlEvents, Kind, deliver};
    use std::{io, sync::mpsc, thread, time::Duration};

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    /// One test, as the listeners are the process's.
    #[test]
    fn events_reach_all_listeners_and_are_held() {
        assert!(!deliver(Kind::CtrlC), "nobody listens");
        let one = ControlEvents::new().unwrap();
        let other = ControlEvents::new().unwrap();
        assert!(deliver(Kind::CtrlBreak), "answered at once");
        for listener in [&one, &other] {
            let received = listener.wait_timeout(LONG).unwrap().unwrap();
            assert_eq!(received.event(), ControlEvent::CtrlBreak);
            let error = listener.wait_timeout(Duration::ZERO).expect_err("no other");
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }

        // The handler waits until both have let go.
        for kind in [Kind::Close, Kind::Logoff, Kind::Shutdown] {
            let (done, answered) = mpsc::channel();
            let handler = thread::spawn(move || done.send(deliver(kind)));
            let first = one.wait().unwrap();
            let second = other.wait().unwrap();
            assert!(first.event().ends_the_process() && first.event() == second.event());
            assert!(answered.recv_timeout(SHORT).is_err(), "held by both");
            first.acknowledge();
            assert!(answered.recv_timeout(SHORT).is_err(), "held by one");
            drop(second);
            assert!(answered.recv_timeout(LONG).unwrap());
            handler.join().unwrap().unwrap();
        }

        // Nor does it wait for a listener that is gone, or that never looks.
        let (done, answered) = mpsc::channel();
        let handler = thread::spawn(move || done.send(deliver(Kind::Close)));
        let held = one.wait().unwrap();
        assert!(answered.recv_timeout(SHORT).is_err());
        drop(other);
        assert!(answered.recv_timeout(SHORT).is_err());
        drop(held);
        assert!(answered.recv_timeout(LONG).unwrap());
        handler.join().unwrap().unwrap();

        thread::scope(|scope| {
            let waiting = scope.spawn(|| (&one).count());
            assert!(deliver(Kind::CtrlC));
            one.close();
            assert_eq!(waiting.join().unwrap(), 1);
        });
        assert!(one.wait().is_none());
        assert!(!deliver(Kind::CtrlC), "closed");
        let once = ControlEvents::once().unwrap();
        assert!(deliver(Kind::CtrlC));
        assert!(!deliver(Kind::CtrlC), "nobody has looked, and the second is not heard all the same");
        assert_eq!(once.wait().unwrap().event(), ControlEvent::CtrlC);
        assert!(once.wait().is_none());
        drop(one);
        assert!(!deliver(Kind::Close), "and gone");
    }
}
