//! Names of pipes: checking, and making ones that nobody can guess.

use crate::os::windows::sys::wide::WideString;
use std::{
    collections::hash_map::RandomState,
    ffi::{OsStr, OsString},
    fmt::{self, Debug, Display, Formatter},
    hash::BuildHasher,
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
}

/// Why a path cannot be one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadPath {
    /// There is nothing, or nothing after the prefix.
    Empty,
    /// It contains a zero.
    Zero,
    /// It has another form than `\\HOST\pipe\NAME`.
    NotAPipe,
    /// It has more than [`MAX_PATH_UNITS`].
    TooLong,
}

impl PipePath {
    /// Checks the path of a pipe to connect to.
    pub(crate) fn new(path: &OsStr) -> Result<Self, BadPath> {
        if path.is_empty() {
            return Err(BadPath::Empty);
        }
        let wide = WideString::new(path).ok_or(BadPath::Zero)?;
        let (_host, name) = parts(path).ok_or(BadPath::NotAPipe)?;
        if name.is_empty() {
            return Err(BadPath::Empty);
        }
        if path.encode_wide().count() > MAX_PATH_UNITS {
            return Err(BadPath::TooLong);
        }
        Ok(Self { text: path.to_os_string(), wide })
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
        if parts(path).is_none_or(|(host, _name)| host != b".") {
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

    /// A path that nobody else has or can guess.
    pub(crate) fn unguessable() -> Self {
        // std's states are keyed with the system's random numbers, differently for each state, and the hash (SipHash)
        // does not give the keys away. The process id only keeps processes apart should those numbers repeat.
        let random = || RandomState::new().hash_one(std::process::id());
        let text = format!(r"{LOCAL_PREFIX}interprocess-{:016x}{:016x}", random(), random());
        let text = OsString::from(text);
        let Some(wide) = WideString::new(&text) else { unreachable!("hexadecimal digits contain no zero") };
        Self { text, wide }
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

    /// The same error, but saying what was done and with which pipe.
    pub(crate) fn error(&self, operation: &str, kind: io::ErrorKind, cause: impl Display) -> io::Error {
        io::Error::new(kind, format!("cannot {operation} {}: {cause}", Path::new(&self.text).display()))
    }
}

impl Debug for PipePath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.text, f)
    }
}

impl Display for BadPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the name is empty"),
            Self::Zero => f.write_str("the name contains a zero character"),
            Self::NotAPipe => f.write_str(r"not a named pipe path (\\HOST\pipe\NAME)"),
            Self::TooLong => write!(f, "the path is longer than {MAX_PATH_UNITS} characters"),
        }
    }
}

/// Takes `\\HOST\pipe\NAME` apart into host and name; `None` if it is of another form.
fn parts(path: &OsStr) -> Option<(&[u8], &[u8])> {
    let rest = path.as_encoded_bytes().strip_prefix(br"\\")?;
    let slash = rest.iter().position(|&byte| byte == b'\\')?;
    let (host, rest) = rest.split_at(slash);
    let (pipe, name) = rest.split_at_checked(br"\pipe\".len())?;
    (!host.is_empty() && pipe.eq_ignore_ascii_case(br"\pipe\")).then_some((host, name))
}

#[cfg(test)]
mod tests {
    use super::{BadPath, PipePath};
    use std::ffi::OsStr;

    fn bad(path: &str) -> Option<BadPath> {
        PipePath::new(OsStr::new(path)).err()
    }

    #[test]
    fn paths() {
        assert_eq!(bad(r"\\.\pipe\x"), None);
        assert_eq!(bad(r"\\.\PIPE\x"), None);
        assert_eq!(bad(r"\\server\pipe\a\b"), None);
        assert_eq!(bad(""), Some(BadPath::Empty));
        assert_eq!(bad(r"\\.\pipe\"), Some(BadPath::Empty));
        assert_eq!(bad("\\\\.\\pipe\\a\0b"), Some(BadPath::Zero));
        for path in
            ["x", r"\", r"\\", r"\\s", r"\\s\", r"\\s\x", r"\\s\pipe", r"\\\pipe\x", r"C:\pipe\x", "/tmp/x"]
        {
            assert_eq!(bad(path), Some(BadPath::NotAPipe), "{path}");
        }
        assert_eq!(bad(&format!(r"\\.\pipe\{}", "x".repeat(247))), None);
        assert_eq!(bad(&format!(r"\\.\pipe\{}", "x".repeat(248))), Some(BadPath::TooLong));
    }

    #[test]
    fn unguessable_paths_are_valid_and_differ() {
        let (one, other) = (PipePath::unguessable(), PipePath::unguessable());
        assert_ne!(one.text, other.text);
        assert!(PipePath::new(&one.text).is_ok(), "{one:?}");
    }
}
