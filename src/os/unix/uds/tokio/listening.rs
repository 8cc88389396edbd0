//! What listeners for both kinds of connections have in common on a runtime.

use crate::{
    os::unix::{
        sys::{async_fd::Registered, fd::Lent},
        uds::{
            SocketAddr,
            listening::{self, Accepted, Attempt, shut_down},
        },
    },
    sync::Mutex,
};
use std::{
    future::poll_fn,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::io::Interest;

/// A listener whose socket the current runtime watches.
#[derive(Debug)]
pub(crate) struct Listening {
    inner: listening::Listening,
    /// A duplicate of the descriptor: the runtime must have let go of it before it is closed, and the listener's own
    /// descriptor means another socket once the listener is closed. `None`: it is.
    watched: Mutex<Option<Arc<Registered<Lent>>>>,
}

impl Listening {
    /// # Panics
    /// Outside a Tokio runtime that has I/O enabled.
    #[track_caller]
    pub(crate) fn new(inner: listening::Listening) -> io::Result<Self> {
        let watched = Lent::new(inner.duplicate()?);
        if !inner.set_nonblocking_if_private() {
            watched.make_nonblocking()?;
        }
        let watched = Registered::new(watched, Interest::READABLE)?;
        Ok(Self { inner, watched: Mutex::new(Some(Arc::new(watched))) })
    }

    pub(crate) fn get(&self) -> &listening::Listening {
        &self.inner
    }

    /// Takes the listener off the runtime, in nonblocking mode.
    pub(crate) fn into_inner(self) -> listening::Listening {
        if let Some(watched) = self.watched() {
            watched.get().keep();
        }
        self.inner
    }

    fn watched(&self) -> Option<Arc<Registered<Lent>>> {
        self.watched.lock().clone()
    }

    /// Accepts a connection that `admits`; all others end. `finish` makes it the caller's, or gives it back with an error.
    pub(crate) async fn accept<S>(
        &self,
        mut admits: impl FnMut(BorrowedFd<'_>) -> io::Result<bool>,
        finish: impl Fn(OwnedFd) -> Result<S, (OwnedFd, io::Error)>,
    ) -> io::Result<(S, SocketAddr)> {
        poll_fn(|cx| self.poll_accept(cx, &mut admits, &finish)).await
    }

    pub(crate) fn poll_accept<S>(
        &self,
        cx: &mut Context<'_>,
        mut admits: impl FnMut(BorrowedFd<'_>) -> io::Result<bool>,
        finish: impl FnOnce(OwnedFd) -> Result<S, (OwnedFd, io::Error)>,
    ) -> Poll<io::Result<(S, SocketAddr)>> {
        let accepted = match self.inner.take_returned() {
            Some(accepted) => Ok(accepted),
            None => ready!(self.poll_next(cx, &mut admits)),
        };
        Poll::Ready(accepted.and_then(|(socket, peer)| match finish(socket) {
            Ok(connection) => Ok((connection, peer)),
            Err((socket, error)) => {
                self.inner.put_back((socket, peer));
                Err(error)
            }
        }))
    }

    fn poll_next(
        &self,
        cx: &mut Context<'_>,
        admits: &mut impl FnMut(BorrowedFd<'_>) -> io::Result<bool>,
    ) -> Poll<io::Result<Accepted>> {
        let Some(watched) = self.watched() else { return Poll::Ready(Err(self.inner.closed())) };
        let attempt = |lent: &Lent| {
            loop {
                if self.inner.is_shared() {
                    // Another holder may have put the description into blocking mode meanwhile.
                    lent.make_nonblocking()?;
                }
                let accepted = self.inner.attempt(true, Attempt::Nonblocking)?;
                let accepted = accepted.ok_or(io::ErrorKind::WouldBlock)?;
                if admits(accepted.0.as_fd())? {
                    return Ok(accepted);
                }
            }
        };
        match watched.poll_reading(cx, attempt) {
            // What `close` did before the task was registered did not wake it.
            Poll::Pending if self.inner.is_closed() => Poll::Ready(Err(self.inner.closed())),
            Poll::Ready(Err(_)) if self.inner.is_closed() => Poll::Ready(Err(self.inner.closed())),
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Poll::Ready(Err(shut_down()))
            }
            other => other,
        }
    }

    /// Closes the listener, and has all tasks that wait in it fail.
    pub(crate) fn close(&self) {
        let watched = self.watched.lock().take();
        self.inner.close();
        if let Some(watched) = watched {
            watched.wake_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Listening;
    use crate::os::unix::uds::{SocketAddr, UnixListener, UnixStream, tokio};
    use std::io;

    #[test]
    fn connection_that_cannot_be_registered_is_accepted_next() {
        let runtime = ::tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let path = std::env::temp_dir().join(format!("ip3-put-back-{}", std::process::id()));
            let address = SocketAddr::from_pathname(&path).unwrap();
            let listener = UnixListener::bind_addr(&address).unwrap();
            let listening = Listening::new(listener.into_listening()).unwrap();
            let client = UnixStream::connect(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            let failed = listening
                .accept(|_| Ok(true), |socket| Err::<(), _>((socket, io::Error::other("no room"))))
                .await;
            assert_eq!(failed.unwrap_err().to_string(), "no room");
            let accepted = listening.accept(|_| Ok(true), tokio::UnixStream::try_registered).await.unwrap();
            assert!(accepted.0.try_write(b"!").is_ok_and(|count| count == 1));
            drop(client);
        });
    }
}
