//! Waiting until the peer of a pipe has read everything, by the system's thread pool: Windows has no overlapped form of it.

use super::{
    module::callback_environment,
    pipe,
    pool::{self, Answer, Job},
};
use std::{
    io,
    os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use windows_sys::Win32::System::Threading::{TP_CALLBACK_ENVIRON_V3, TP_CALLBACK_ENVIRON_V3_0};

/// Is ready when the peer has read everything or has gone. Dropping it does not end the wait of the pool's thread.
pub(crate) struct Drain(Arc<Flush>);

struct Flush {
    pipe: OwnedHandle,
    answer: Answer<io::Result<()>>,
}

impl Drain {
    /// Begins to wait. The handle is duplicated.
    pub(crate) fn new(pipe: BorrowedHandle<'_>) -> io::Result<Self> {
        let flush = Arc::new(Flush { pipe: pipe.try_clone_to_owned()?, answer: Answer::new() });
        // Has the pool start another thread if others wait for this one ("long function").
        let takes_long = TP_CALLBACK_ENVIRON_V3_0 { Flags: 1 };
        let environment = TP_CALLBACK_ENVIRON_V3 { u: takes_long, ..callback_environment() };
        // SAFETY: it refers to the process's own pool and to the file that this code is in.
        unsafe { pool::submit(&flush, &environment) }?;
        Ok(Self(flush))
    }
}

impl Job for Flush {
    fn run(&self) {
        self.answer.give(pipe::flush(self.pipe.as_handle()));
    }
}

impl Future for Drain {
    type Output = io::Result<()>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.answer.poll(cx)
    }
}
