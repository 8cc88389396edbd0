//! The listener.

use super::PipeStream;
use crate::os::windows::named_pipe::{
    PipeListenerOptions, instance_pool::Instances, pipe_mode::PipeModeTag, poll::AsyncPipe,
};
use std::{
    fmt::{self, Debug, Formatter},
    future::poll_fn,
    io,
    marker::PhantomData,
    os::windows::io::{AsHandle, OwnedHandle},
    task::{Context, Poll, Waker, ready},
};
use tokio::net::windows::named_pipe::NamedPipeServer;

/// Accepts the clients of a named pipe, as streams that receive as `Rm` says and send as `Sm` says. The counterpart of
/// [`named_pipe::PipeListener`](crate::os::windows::named_pipe::PipeListener), and made by
/// [`create_tokio`](crate::os::windows::named_pipe::PipeListenerOptions::create_tokio).
#[must_use = "the listener is closed when this is dropped"]
pub struct PipeListener<Rm: PipeModeTag, Sm: PipeModeTag> {
    instances: Instances,
    modes: PhantomData<(Rm, Sm)>,
}

impl<Rm: PipeModeTag, Sm: PipeModeTag> PipeListener<Rm, Sm> {
    pub(super) fn new(instances: Instances) -> Self {
        Self { instances, modes: PhantomData }
    }

    /// Makes a listener of an instance of a pipe that exists. See the synchronous
    /// [`from_handle_and_options`](crate::os::windows::named_pipe::PipeListener::from_handle_and_options). Needs no runtime.
    ///
    /// # Errors
    /// None today: what is wrong with the handle is the error of [`accept`](Self::accept).
    pub fn from_handle_and_options(
        handle: OwnedHandle,
        options: PipeListenerOptions<'static>,
    ) -> io::Result<Self> {
        Ok(Self::new(options.adopt::<Rm, Sm>(handle)))
    }

    /// The same for an instance that Tokio has. A client that it has connected is accepted; what it has read ahead of that
    /// client is lost.
    pub fn from_tokio_and_options(server: NamedPipeServer, options: PipeListenerOptions<'static>) -> Self {
        // Tokio does not give its handle away.
        let handle = server.as_handle().try_clone_to_owned();
        // Before anything is started here: it would read ahead of a client that comes now.
        drop(server);
        match handle {
            Ok(handle) => Self::new(options.adopt::<Rm, Sm>(handle)),
            Err(error) => Self::new(Instances::refused(&error)),
        }
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
