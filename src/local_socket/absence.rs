//! Waiting for a listener that does not exist yet: what both kinds of connecting have in common.

use super::{Name, is_no_listener};
use crate::{
    error,
    time::{Backoff, Deadline},
};
use std::{io, time::Duration};

/// The wait for one listener: attempts with pauses in between. No system tells when a listener comes to a name: a socket's file
/// is there before anybody listens at it, names in the abstract namespace and pipes are not in a directory that can be watched.
#[derive(Debug)]
pub(super) struct Absence {
    /// `None`: no wait was asked for.
    timeout: Option<Duration>,
    deadline: Deadline,
    backoff: Backoff,
}

impl Absence {
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, deadline: Deadline::after(timeout), backoff: Backoff::new() }
    }

    /// How long to pause after an attempt that failed; its error, or that of the deadline, if there shall be no other.
    pub(super) fn after(&mut self, error: io::Error, name: Option<&Name<'_>>) -> io::Result<Duration> {
        let (Some(timeout), true) = (self.timeout, is_no_listener(&error)) else { return Err(error) };
        if self.deadline.is_over() {
            let name = name.map(Name::to_string).unwrap_or_default();
            let operation = format!("connect to {name} within {timeout:?}");
            return Err(error::about_as(io::ErrorKind::TimedOut, operation, error));
        }
        Ok(self.deadline.at_most(self.backoff.pause()))
    }
}

#[cfg(test)]
mod tests {
    use super::Absence;
    use std::{
        io::{Error, ErrorKind},
        time::Duration,
    };

    #[test]
    fn only_absent_listeners_are_waited_for_and_pauses_grow_to_a_limit() {
        let mut patient = Absence::new(Some(Duration::MAX));
        let refused = patient.after(ErrorKind::PermissionDenied.into(), None).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        let pauses: Vec<_> = [ErrorKind::NotFound, ErrorKind::ConnectionRefused]
            .into_iter()
            .cycle()
            .take(7)
            .map(|kind| patient.after(Error::from(kind), None).unwrap().as_millis())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(
            Absence::new(None).after(ErrorKind::NotFound.into(), None).unwrap_err().kind(),
            ErrorKind::NotFound
        );
        let over = Absence::new(Some(Duration::ZERO)).after(ErrorKind::NotFound.into(), None).unwrap_err();
        assert_eq!(over.kind(), ErrorKind::TimedOut);
    }
}
