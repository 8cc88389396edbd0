use super::platform;
use std::{
    ffi::OsStr,
    fmt::{self, Display, Formatter},
    io,
    process::{Child, Command},
};

/// Which end of a pipe it is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Send,
    Recv,
}

impl Direction {
    /// How tokens begin.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Recv => "recv",
        }
    }

    /// The number in a token of the form `send-N` or `recv-N`.
    pub(super) fn number_in(self, token: &str) -> io::Result<u64> {
        let number = token.split_once('-').and_then(|(word, number)| {
            matches!(word, "send" | "recv").then_some((word, number.parse::<u64>().ok()?))
        });
        match number {
            Some((word, number)) if word == self.word() => Ok(number),
            Some((word, _)) => Err(invalid(format!(
                "the token {token:?} means a pipe end of the other kind: {word} instead of {}",
                self.word()
            ))),
            None => Err(invalid(format!("{token:?} is not the token of an inherited pipe end"))),
        }
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Pipe ends on their way to one child.
///
/// Only that child gets them, whatever other threads start meanwhile. On Unix they are close-on-exec, and the child
/// removes that flag between fork and exec. On Windows, where a child inherits either all inheritable handles or none,
/// they are not inherited but duplicated into the child after its start; what it inherits is the means to learn of that.
///
/// This process's own copies are closed when the child has started, or when this object is dropped.
#[doc(alias("pass_fds", "command-fds"))]
#[derive(Debug, Default)]
#[must_use = "the ends reach no child unless it is started with `spawn`"]
pub struct Inherit {
    ends: Vec<platform::Handover>,
}

impl Inherit {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn add(&mut self, end: platform::OwnedEnd, direction: Direction) -> io::Result<InheritToken> {
        let handover = platform::Handover::new(end)?;
        let token = InheritToken(format!("{}-{}", direction.word(), handover.number()));
        self.ends.push(handover);
        Ok(token)
    }

    /// Starts the child and hands it all the ends.
    ///
    /// The child finds them by their tokens and by the environment variable `INTERPROCESS_INHERITED`, which is set on
    /// `command` meanwhile. A program between the two, such as a shell, has to pass the variable on.
    ///
    /// `command` can be used again, by itself or with another `Inherit`. Children that it starts later do not get these
    /// ends: [`take_inherited`](super::Recver::take_inherited) fails in them.
    ///
    /// # Errors
    /// - [`ResourceBusy`](io::ErrorKind::ResourceBusy): on Unix, `command` is from `Passing`, which needs the number of one
    ///   of the ends for a socket. This happens only if more than 500 sockets are passed, or almost no descriptor is free.
    /// - Those of [`Command::spawn`], and on Windows those of duplicating a handle; the child is killed then.
    pub fn spawn(self, command: &mut Command) -> io::Result<Child> {
        self.announce(command);
        let child = command.spawn();
        command.env_remove(platform::ANNOUNCEMENT);
        let mut child = child.map_err(platform::Handover::explain)?;
        self.deliver(&child).inspect_err(|_| {
            // Both fail only if it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        })?;
        Ok(child)
    }

    /// Has the next child of `command` get the ends.
    pub(super) fn announce(&self, command: &mut Command) {
        for end in &self.ends {
            end.prepare(command);
        }
        let numbers: Vec<_> = self.ends.iter().map(|end| end.number().to_string()).collect();
        command.env(platform::ANNOUNCEMENT, numbers.join(","));
    }

    /// Hands over what the child did not get by its start.
    pub(super) fn deliver(self, child: &impl platform::Process) -> io::Result<()> {
        self.ends.into_iter().try_for_each(|end| end.deliver(child))
    }
}

/// What a child needs to find a pipe end that its parent hands to it: a short text, which is no secret.
///
/// On Unix it is `recv-` or `send-` and the descriptor's number in the child.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InheritToken(String);

impl AsRef<OsStr> for InheritToken {
    fn as_ref(&self) -> &OsStr {
        self.0.as_ref()
    }
}

impl AsRef<str> for InheritToken {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Display for InheritToken {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Direction;

    #[test]
    fn tokens_are_checked() {
        assert_eq!(Direction::Send.number_in("send-12").unwrap(), 12, "a good token");
        for wrong in
            ["", "12", "send", "send-", "send--1", "send-x", "give-1", "send-99999999999999999999999"]
        {
            let error = Direction::Send.number_in(wrong).unwrap_err().to_string();
            assert!(error.contains("is not the token"), "{wrong:?}: {error}");
        }
        let error = Direction::Send.number_in("recv-3").unwrap_err().to_string();
        assert!(error.contains("other kind"), "{error}");
    }
}
