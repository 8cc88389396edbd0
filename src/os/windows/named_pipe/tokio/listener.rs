//! The listener.

use super::{PipeStream, raw::AsyncPipe};
use crate::os::windows::named_pipe::{instances::Instances, pipe_mode::PipeModeTag};
use std::{
    fmt::{self, Debug, Formatter},
    future::poll_fn,
    io,
    marker::PhantomData,
    task::{Context, Poll, Waker, ready},
};

/// Accepts the clients of a named pipe, as streams that receive as `Rm` says and send as `Sm` says. The counterpart of
/// [`named_pipe::PipeListener`](crate::os::windows::named_pipe::PipeListener), and made by
/// [`create_tokio`](crate::os::windows::named_pipe::PipeListenerOptions::create_tokio).
pub struct PipeListener<Rm: PipeModeTag, Sm: PipeModeTag> {
    instances: Instances,
    modes: PhantomData<(Rm, Sm)>,
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeListener<Rm, Sm> {
    pub(super) fn new(instances: Instances) -> Self {
        Self { instances, modes: PhantomData }
    }

    /// Waits for a client. Cancel-safe: no client is lost. Several tasks may wait.
    ///
    /// # Errors
    /// Those of the synchronous [`accept`](crate::os::windows::named_pipe::PipeListener::accept), except
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    pub async fn accept(&self) -> io::Result<PipeStream<Rm, Sm>> {
        let mut waiting = Waiting { instances: &self.instances, waker: None };
        poll_fn(|cx| {
            let accepted = self.poll_accept(cx);
            if accepted.is_pending() {
                waiting.waker.get_or_insert_with(|| cx.waker().clone()).clone_from(cx.waker());
            }
            accepted
        })
        .await
    }

    /// The poll function of [`accept`](Self::accept). Several tasks may poll, and all are woken.
    ///
    /// # Errors
    /// As there.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<PipeStream<Rm, Sm>>> {
        let handle = ready!(self.instances.poll_take(cx.waker()))?;
        Poll::Ready(Ok(PipeStream::from_raw(AsyncPipe::new(handle, true))))
    }

    /// Stops listening, as the synchronous [`close`](crate::os::windows::named_pipe::PipeListener::close) does.
    pub fn close(&self) {
        self.instances.close();
    }

    /// Whether [`close`](Self::close) was called.
    pub fn is_closed(&self) -> bool {
        self.instances.is_closed()
    }
}

/// A task that has begun to wait in [`PipeListener::accept`], until that ends or is dropped.
struct Waiting<'a> {
    instances: &'a Instances,
    waker: Option<Waker>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(waker) = &self.waker {
            self.instances.forget(waker);
        }
    }
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> Debug for PipeListener<Rm, Sm> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipeListener")
            .field("path", self.instances.path())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
