//! Requests to shut down, for tasks.
//!
//! ```no_run
//! # async fn serve() {}
//! #[tokio::main]
//! async fn main() -> std::io::Result<()> {
//!     tokio::select! {
//!         request = interprocess::shutdown::tokio::wait() => println!("{}", request?.reason()),
//!         () = serve() => {}
//!     }
//!     Ok(())
//! }
//! ```

use super::{Request, platform::tokio as platform};
use std::{
    io,
    task::{Context, Poll},
};

/// Listens to requests to shut down on the current runtime. The counterpart of [`shutdown::Shutdown`](super::Shutdown).
#[derive(Debug)]
#[must_use = "requests to shut down are no longer received when this is dropped"]
pub struct Shutdown(platform::Listener);

impl Shutdown {
    /// Begins to listen: from now on, a request does not end the process.
    ///
    /// # Errors
    /// Those of [`shutdown::Shutdown::new`](super::Shutdown::new).
    ///
    /// # Panics
    /// On Unix, outside a Tokio runtime with I/O enabled.
    #[track_caller]
    pub fn new() -> io::Result<Self> {
        platform::Listener::new().map(Self)
    }

    /// Waits for the next request, of which several tasks that wait get one each; `None` if the listener was [closed](Self::close) or the runtime is gone.
    ///
    /// # Cancel safety
    /// Cancel-safe: a request is taken only when it is given.
    #[doc(alias = "wait")]
    pub async fn recv(&self) -> Option<Request> {
        self.0.recv().await
    }

    /// The next request, or [`Pending`](Poll::Pending): then the task is woken when there may be one. All tasks
    /// that poll are woken.
    pub fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        self.0.poll(cx)
    }

    /// Stops listening.
    pub fn close(&self) {
        self.0.close();
    }
}

/// Waits for a request to shut down, beginning when it is first polled, and for one only.
///
/// # Errors
/// Those of [`Shutdown::new`].
///
/// # Panics
/// On Unix, outside a Tokio runtime with I/O enabled.
///
/// # Cancel safety
/// Dropping it ends listening.
#[doc(alias("ctrl_c", "SIGINT"))]
pub async fn wait() -> io::Result<Request> {
    let shutdown = Shutdown::new()?;
    shutdown.recv().await.ok_or_else(|| io::Error::other("the runtime is gone"))
}
