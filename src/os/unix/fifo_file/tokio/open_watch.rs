//! Waiting for a file to be opened.

use crate::os::unix::sys::{
    async_fd::Registered,
    open_watch::{self, OpenWatch},
    timer::{sleep, timeout},
};
use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};
use tokio::io::Interest;

/// A watch on the runtime. `None`: nobody will tell.
pub(super) struct AsyncOpenWatch(Option<Registered<OwnedFd>>);

impl AsyncOpenWatch {
    #[track_caller]
    pub(super) fn new(watch: OpenWatch) -> io::Result<Self> {
        let watch = watch.into_descriptor().map(|watch| Registered::new(watch, Interest::READABLE));
        watch.transpose().map(Self)
    }

    /// Whether something will tell.
    pub(super) fn tells(&self) -> bool {
        self.0.is_some()
    }

    /// Waits until the file is opened, or the time is over. `None`: as long as it takes, if something will tell.
    pub(super) async fn wait(&self, at_most: Option<Duration>) -> io::Result<()> {
        match (&self.0, at_most) {
            (Some(watch), None) => told(watch).await,
            (Some(watch), Some(at_most)) => timeout(at_most, told(watch)).await?.unwrap_or(Ok(())),
            (None, Some(at_most)) => sleep(at_most).await,
            (None, None) => Ok(()),
        }
    }
}

async fn told(watch: &Registered<OwnedFd>) -> io::Result<()> {
    watch.reading(|watch| open_watch::take_events(watch.as_fd())).await
}
