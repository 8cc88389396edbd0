//! A signal every 50 microseconds, for the thread that asks for it.
#![allow(unsafe_code)]

use std::{
    io,
    mem::MaybeUninit,
    ptr,
    sync::{
        Once,
        atomic::{AtomicUsize, Ordering},
    },
};

const PERIOD_NANOSECONDS: libc::c_long = 50_000;

static HANDLED: AtomicUsize = AtomicUsize::new(0);

/// How often the handler has run.
pub(crate) fn handled() -> usize {
    HANDLED.load(Ordering::Relaxed)
}

extern "C" fn handle(_: libc::c_int) {
    HANDLED.fetch_add(1, Ordering::Relaxed);
}

/// Interrupts the thread that made it with SIGALRM, whose handler is without SA_RESTART, until it is dropped.
///
/// An interval timer of the process (setitimer(2)) would not do: Linux prefers the main thread for its signals, and that
/// only waits for the tests.
#[derive(Debug)]
pub(crate) struct Rain(libc::timer_t);

impl Rain {
    pub(crate) fn on_this_thread() -> io::Result<Self> {
        static HANDLER: Once = Once::new();
        HANDLER.call_once(|| {
            // SAFETY: integers and a pointer, of which all zeroes are a value.
            let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
            action.sa_sigaction = handle as *const () as libc::sighandler_t;
            // SAFETY: the handler only counts.
            assert_eq!(unsafe { libc::sigaction(libc::SIGALRM, &action, ptr::null_mut()) }, 0);
        });
        // SAFETY: integers and pointers, of which all zeroes are a value.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGALRM;
        // SAFETY: takes nothing.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer = MaybeUninit::uninit();
        // SAFETY: the pointers are to an initialised event, and to room for a timer.
        if unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, timer.as_mut_ptr()) } == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call has filled it.
        let rain = Self(unsafe { timer.assume_init() });
        let period = libc::timespec { tv_sec: 0, tv_nsec: PERIOD_NANOSECONDS };
        let times = libc::itimerspec { it_interval: period, it_value: period };
        // SAFETY: the timer exists, and the pointer is to an initialised value.
        if unsafe { libc::timer_settime(rain.0, 0, &times, ptr::null_mut()) } == -1 {
            return Err(io::Error::last_os_error());
        }
        Ok(rain)
    }
}

impl Drop for Rain {
    fn drop(&mut self) {
        // SAFETY: the timer exists until here.
        unsafe { libc::timer_delete(self.0) };
    }
}
