use super::program;
use crate::os::unix::sys::{child::Numbered, executable::SHELL, fd};
use std::{
    ffi::OsStr,
    io,
    os::fd::{AsFd, OwnedFd},
    process::Command,
};

/// Sockets on their way to a child, which is to find them by the protocol of sd_listen_fds(3), for example with
/// [`take`](super::take).
///
/// Only that child gets them, whatever other threads start meanwhile.
#[derive(Debug, Default)]
#[must_use = "the sockets reach no child unless it is started by a `command`"]
pub struct Passing {
    names: Vec<String>,
    fds: Vec<OwnedFd>,
}

impl Passing {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a socket, or any other descriptor, after those that are there: the first will be 3 in the child. This
    /// process's own stays open, and both share their modes, such as nonblocking mode.
    ///
    /// # Errors
    /// `InvalidInput`: the name has something else in it than printable ASCII, has a colon, or is longer than 255 bytes.
    /// Names need not be different. Else the limit of open descriptors.
    pub fn socket<S: AsFd>(mut self, name: &str, socket: S) -> io::Result<Self> {
        check_name(name)?;
        self.fds.push(fd::duplicate(socket.as_fd())?);
        self.names.push(name.to_owned());
        Ok(self)
    }

    /// A command whose children have the sockets.
    ///
    /// It is std's own, for arguments, environment, streams and all else, and can start any number of children. It holds
    /// duplicates of the sockets, and the numbers that they get in the child, until it is dropped.
    ///
    /// A process learns its id only when it runs, and the environment has to have it before. So what is started is a shell
    /// that sets the variables, and becomes the program (`exec`). That has these consequences:
    ///
    /// - The program is found here and now, relative to this process's working folder and in its `PATH`, whatever is set
    ///   for the child. Its own name (`argv[0]`) is its absolute path.
    /// - The methods of `Command` that tell what was set tell of the shell, and
    ///   [`arg0`](std::os::unix::process::CommandExt::arg0) names the shell.
    /// - A shell may add `PWD` and the like to the environment, and dash drops variables whose names are not letters,
    ///   digits and underscores.
    /// - A program that cannot be run after all is a child that exits with code 126 or 127.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`: there is no such program, or it may not be executed. `InvalidInput`: there is nothing
    /// to pass, which the protocol has no way to say. Else the limit of open descriptors.
    pub fn command<P: AsRef<OsStr>>(self, program: P) -> io::Result<Command> {
        if self.fds.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no socket to pass"));
        }
        let program = program::find(program.as_ref())?;
        let mut command = Command::new(SHELL);
        command.arg("-c").arg(script(&self.names)).arg(program);
        Numbered::new(self.fds)?.prepare(&mut command);
        Ok(command)
    }
}

/// Sets the variables and becomes the program, which is `$0` there. The values are in the text because the caller of
/// [`Passing::command`] may clear the environment.
fn script(names: &[String]) -> String {
    format!(
        "unset LISTEN_PIDFDID; LISTEN_PID=$$ LISTEN_FDS={} LISTEN_FDNAMES='{}'; \
         export LISTEN_PID LISTEN_FDS LISTEN_FDNAMES; exec \"$0\" \"$@\"",
        names.len(),
        names.join(":").replace('\'', r"'\''")
    )
}

/// The rules of systemd (sd_notify(3), `FDNAME=`).
fn check_name(name: &str) -> io::Result<()> {
    const LONGEST: usize = 255;
    let problem = if name.len() > LONGEST {
        "is longer than 255 bytes"
    } else if name.contains(':') {
        "has a colon in it, which separates names"
    } else if !name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        "has something else in it than printable ASCII"
    } else {
        return Ok(());
    };
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("the name {name:?} of a socket to be passed {problem}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_checked() {
        for good in ["", "http", "a b'c\"$(d)`e`\\~", &"x".repeat(255)] {
            check_name(good).unwrap();
        }
        for bad in ["a:b", "a\nb", "a\0b", "\u{7f}", "ä", &"x".repeat(256)] {
            check_name(bad).unwrap_err();
        }
    }
}
