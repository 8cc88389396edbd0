//! Paths of named pipes and mailslots: `\\HOST\pipe\NAME` and `\\HOST\mailslot\NAME`.
//!
//! Windows normalizes a path before it opens it, as if it were the path of a file (Microsoft: "File path formats on Windows
//! systems", "Path normalization"): `/` becomes `\`, `.` and `..` are resolved, repeated separators become one, and
//! trailing dots and spaces are removed. So `\\.\pipe\..\C:\x` would be the file `C:\x`, and `\\.\pipe\name.` another
//! spelling of `\\.\pipe\name`. Only a path that normalization leaves as it is gets through here.

use std::{
    ffi::OsStr,
    fmt::{self, Display, Formatter},
};

/// Why a path is refused.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadPath {
    /// The path is empty, or has nothing after the device.
    Empty,
    /// It contains a zero.
    Zero,
    /// It has another form than this.
    OtherForm(&'static str),
    /// It contains a slash.
    Slash,
    /// A component is `.` or `..`.
    Dots,
    /// A component ends with a dot or a space.
    Trailing,
    /// A component is empty: there are two backslashes in a row, or one at the end.
    EmptyComponent,
    /// It has more UTF-16 units than this.
    TooLong(usize),
}

impl Display for BadPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the name is empty"),
            Self::Zero => f.write_str("the name contains a zero character"),
            Self::OtherForm(form) => write!(f, "its form is not {form}"),
            Self::Slash => f.write_str(r"it contains a slash, which Windows takes for a backslash"),
            Self::Dots => f.write_str("it has a component . or .., which leads to another name"),
            Self::Trailing => f.write_str(
                "a component ends with a dot or a space, which Windows removes: it is another name then",
            ),
            Self::EmptyComponent => f.write_str(
                "it has an empty component (a backslash at the beginning, at the end, or after another)",
            ),
            Self::TooLong(most) => write!(f, "the path is longer than {most} characters"),
        }
    }
}

/// The device that a path leads to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// Named pipes.
    Pipe,
    /// Mailslots.
    Mailslot,
}

impl Device {
    /// What stands between host and name.
    fn infix(self) -> &'static [u8] {
        match self {
            Self::Pipe => br"\pipe\",
            Self::Mailslot => br"\mailslot\",
        }
    }

    fn form(self) -> &'static str {
        match self {
            Self::Pipe => r"that of a named pipe's path (\\HOST\pipe\NAME)",
            Self::Mailslot => r"that of a mailslot's path (\\.\mailslot\NAME, \\HOST\mailslot\NAME)",
        }
    }
}

/// Checks a path, and returns the host in it: `.` is this computer.
pub(crate) fn check(path: &OsStr, device: Device) -> Result<&[u8], BadPath> {
    let bytes = path.as_encoded_bytes();
    if bytes.is_empty() {
        return Err(BadPath::Empty);
    }
    if bytes.contains(&0) {
        return Err(BadPath::Zero);
    }
    let (host, name) = parts(bytes, device.infix()).ok_or(BadPath::OtherForm(device.form()))?;
    if name.is_empty() {
        return Err(BadPath::Empty);
    }
    if bytes.contains(&b'/') {
        return Err(BadPath::Slash);
    }
    // The hosts that stand for this computer are not names.
    let host_to_check = if matches!(host, b"." | b"?") { None } else { Some(host) };
    for component in host_to_check.into_iter().chain(name.split(|&byte| byte == b'\\')) {
        match component {
            [] => return Err(BadPath::EmptyComponent),
            b"." | b".." => return Err(BadPath::Dots),
            [.., b'.' | b' '] => return Err(BadPath::Trailing),
            _ => {}
        }
    }
    Ok(host)
}

/// Takes a path apart into host and name.
fn parts<'p>(path: &'p [u8], infix: &[u8]) -> Option<(&'p [u8], &'p [u8])> {
    let rest = path.strip_prefix(br"\\")?;
    let (host, rest) = rest.split_at(rest.iter().position(|&byte| byte == b'\\')?);
    let (device, name) = rest.split_at_checked(infix.len())?;
    (!host.is_empty() && device.eq_ignore_ascii_case(infix)).then_some((host, name))
}

#[cfg(test)]
mod tests {
    use super::{BadPath, Device, check};
    use std::ffi::OsStr;

    #[test]
    fn paths_that_windows_would_change() {
        let bad = |path: &str| check(OsStr::new(path), Device::Pipe).err();
        for good in [
            r"\\.\pipe\x",
            r"\\.\PIPE\x",
            r"\\server\pipe\a\b",
            r"\\?\pipe\x",
            r"\\.\pipe\.x",
            r"\\.\pipe\a..b",
            r"\\.\pipe\C:x",
            r"\\.\pipe\ x",
        ] {
            assert_eq!(bad(good), None, "{good}");
        }
        for (path, why) in [
            ("", BadPath::Empty),
            (r"\\.\pipe\", BadPath::Empty),
            ("\\\\.\\pipe\\a\0b", BadPath::Zero),
            (r"\\.\pipe\a/b", BadPath::Slash),
            (r"\\./pipe\pipe\x", BadPath::Slash),
            (r"\\.\pipe\..\C:\x", BadPath::Dots),
            (r"\\.\pipe\a\.\b", BadPath::Dots),
            (r"\\.\pipe\a\..", BadPath::Dots),
            (r"\\.\pipe\...", BadPath::Trailing),
            (r"\\.\pipe\a.", BadPath::Trailing),
            (r"\\.\pipe\a ", BadPath::Trailing),
            (r"\\.\pipe\.. \x", BadPath::Trailing),
            (r"\\host.\pipe\x", BadPath::Trailing),
            (r"\\.\pipe\\x", BadPath::EmptyComponent),
            (r"\\.\pipe\x\", BadPath::EmptyComponent),
        ] {
            assert_eq!(bad(path), Some(why), "{path:?}");
        }
        for path in
            ["x", r"\", r"\\", r"\\s", r"\\s\", r"\\s\x", r"\\s\pipe", r"\\\pipe\x", r"C:\pipe\x", "/tmp/x"]
        {
            assert!(matches!(bad(path), Some(BadPath::OtherForm(_))), "{path}");
        }
    }

    #[test]
    fn hosts() {
        let host = |path| check(OsStr::new(path), Device::Mailslot).ok();
        assert_eq!(host(r"\\.\mailslot\x"), Some(&b"."[..]));
        assert_eq!(host(r"\\*\MAILSLOT\a\b"), Some(&b"*"[..]));
        for path in [
            r"\\h\mailslot\",
            r"\\.\",
            r"\\.\pipe\x",
            r"\\.\mailslot",
            r"\\\mailslot\x",
            r"\\.\mailslot\..\x",
        ] {
            assert_eq!(host(path), None, "{path}");
        }
    }
}
