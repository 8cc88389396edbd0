use crate::{
    os::unix::signal::tokio::Signals,
    shutdown::{Request, unix},
};
use std::{
    io,
    task::{Context, Poll},
};

#[derive(Debug)]
pub(in crate::shutdown) struct Listener(Signals);

impl Listener {
    #[track_caller]
    pub(in crate::shutdown) fn new() -> io::Result<Self> {
        Signals::new(unix::signals()).map(Self)
    }

    pub(in crate::shutdown) async fn recv(&self) -> Option<Request> {
        self.0.recv().await.map(unix::request)
    }

    pub(in crate::shutdown) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        self.0.poll_recv(cx).map(|info| info.map(unix::request))
    }

    pub(in crate::shutdown) fn close(&self) {
        self.0.close();
    }
}
