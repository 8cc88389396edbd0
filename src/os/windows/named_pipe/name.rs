//! Checking the names of pipes.

pub(crate) use crate::os::windows::device_path::BadPath;

use crate::{
    error,
    os::windows::{
        device_path::{self, Device},
        sys::wide::WideString,
    },
};
use std::{
    ffi::{OsStr, OsString},
    fmt::{self, Debug, Display, Formatter},
    io,
    os::windows::ffi::OsStrExt,
    path::Path,
};

/// The most UTF-16 units that a pipe's path may have (Microsoft: "CreateNamedPipeW function").
pub(crate) const MAX_PATH_UNITS: usize = 256;

/// What comes before the name of a pipe of this computer.
pub(crate) const LOCAL_PREFIX: &str = r"\\.\pipe\";

/// A path that can be the path of a named pipe.
#[derive(Clone)]
pub(crate) struct PipePath {
    text: OsString,
    wide: WideString,
    /// Whether it names this computer by `.`, as a listener's must.
    is_local: bool,
}

impl PipePath {
    /// Checks the path of a pipe to connect to.
    pub(crate) fn new(path: &OsStr) -> Result<Self, BadPath> {
        let host = device_path::check(path, Device::Pipe)?;
        if path.encode_wide().count() > MAX_PATH_UNITS {
            return Err(BadPath::TooLong(MAX_PATH_UNITS));
        }
        let wide = WideString::new(path).ok_or(BadPath::Zero)?;
        Ok(Self { is_local: host == b".", text: path.to_os_string(), wide })
    }

    /// Checks a path that was given to do something with: an [`io::Error`] says what was to be done.
    pub(crate) fn for_operation(path: &OsStr, operation: &str) -> io::Result<Self> {
        Self::new(path).map_err(|bad| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("cannot {operation} {}: {bad}", Path::new(path).display()),
            )
        })
    }

    /// Checks a path to listen at, which must be one of this computer.
    pub(crate) fn for_listener(path: &OsStr) -> io::Result<Self> {
        let checked = Self::for_operation(path, "listen at named pipe")?;
        if !checked.is_local {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    r"cannot listen at named pipe {}: it is of another computer (not \\.\pipe\...)",
                    Path::new(path).display()
                ),
            ));
        }
        Ok(checked)
    }

    /// Whether it is the path of the pipe with this name, which begins with a backslash. Windows does not tell apart
    /// upper and lower case.
    pub(crate) fn is_of(&self, name: &OsStr) -> bool {
        let mut path = OsString::from(LOCAL_PREFIX.trim_end_matches('\\'));
        path.push(name);
        let fold = |text: &OsStr| text.to_string_lossy().to_uppercase();
        fold(&path) == fold(&self.text)
    }

    /// The path as the system takes it.
    pub(crate) fn wide(&self) -> &WideString {
        &self.wide
    }

    /// An error of an operation on this pipe that the system does not know of.
    pub(crate) fn error(&self, operation: &str, kind: io::ErrorKind, reason: impl Display) -> io::Error {
        io::Error::new(kind, format!("cannot {}: {reason}", self.operation(operation)))
    }

    /// The system's error of an operation on this pipe.
    pub(crate) fn about(&self, operation: &str, cause: io::Error) -> io::Error {
        error::about(self.operation(operation), cause)
    }

    /// The same with a kind and a reason that say more.
    pub(crate) fn because(
        &self,
        operation: &str,
        kind: io::ErrorKind,
        reason: impl Display,
        cause: io::Error,
    ) -> io::Error {
        error::because(kind, self.operation(operation), reason, cause)
    }

    fn operation(&self, operation: &str) -> String {
        format!("{operation} {}", Path::new(&self.text).display())
    }
}

impl Debug for PipePath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{BadPath, PipePath};
    use std::ffi::OsStr;

    #[test]
    fn the_longest_path() {
        let check = |name: String| PipePath::new(OsStr::new(&format!(r"\\.\pipe\{name}"))).err();
        assert_eq!(check("x".repeat(247)), None);
        assert_eq!(check("x".repeat(248)), Some(BadPath::TooLong(256)));
    }
}
