//! Waiting until the peer of a pipe has read everything, by the system's thread pool: Windows has no overlapped form of it.

use super::{module::callback_environment, pipe};
use std::{
    ffi::c_void,
    io,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};
use windows_sys::Win32::System::Threading::{
    PTP_CALLBACK_INSTANCE, TP_CALLBACK_ENVIRON_V3, TP_CALLBACK_ENVIRON_V3_0, TrySubmitThreadpoolCallback,
};

/// Is ready when the peer has read everything or has gone. Dropping it does not end the wait of the pool's thread.
pub(crate) struct Drain(Arc<Shared>);

/// What the callback sees.
struct Shared {
    pipe: OwnedHandle,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    result: Option<io::Result<()>>,
    waker: Option<Waker>,
}

impl Drain {
    /// Begins to wait. The handle is duplicated.
    pub(crate) fn new(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        let shared = Arc::new(Shared { pipe: pipe.try_clone_to_owned()?, state: Mutex::default() });
        // Has the pool start another thread if others wait for this one ("long function").
        let takes_long = TP_CALLBACK_ENVIRON_V3_0 { Flags: 1 };
        let environment = TP_CALLBACK_ENVIRON_V3 { u: takes_long, ..callback_environment() };
        let context = Arc::into_raw(Arc::clone(&shared));
        // SAFETY: the callback expects a pointer of `Arc::into_raw` that it owns, and the environment is valid for the call.
        let submitted =
            unsafe { TrySubmitThreadpoolCallback(Some(drain), context.cast_mut().cast(), &environment) };
        if submitted == 0 {
            let error = io::Error::last_os_error();
            // SAFETY: there is no callback that could use the pointer.
            drop(unsafe { Arc::from_raw(context) });
            return Err(error);
        }
        Ok(Self(shared))
    }
}

impl Future for Drain {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        if let Some(result) = state.result.take() {
            return Poll::Ready(result);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs in the pool for a [`Drain`].
unsafe extern "system" fn drain(_instance: PTP_CALLBACK_INSTANCE, context: *mut c_void) {
    // SAFETY: `Drain::new` gave the pointer of an `Arc` to this callback, which runs once.
    let shared = unsafe { Arc::from_raw(context.cast_const().cast::<Shared>()) };
    let result = pipe::flush(shared.pipe.as_handle());
    let waker = {
        let mut state = shared.lock();
        state.result = Some(result);
        state.waker.take()
    };
    waker.into_iter().for_each(Waker::wake);
}
