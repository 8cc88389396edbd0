//! What the environment says was passed to this process.

use std::{ffi::OsString, io, os::fd::RawFd};

const PID: &str = "LISTEN_PID";
const FDS: &str = "LISTEN_FDS";
const FDNAMES: &str = "LISTEN_FDNAMES";

/// All variables of the protocol. The last one backs up `LISTEN_PID` in new versions of systemd; nothing here needs it, but with a
/// new `LISTEN_PID` it would be wrong.
pub(super) const ALL: [&str; 4] = [PID, FDS, FDNAMES, "LISTEN_PIDFDID"];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) count: RawFd,
    /// As many as descriptors, if there are names.
    pub(super) names: Option<Vec<String>>,
}

/// For which processes the variables have to be meant.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Recipient {
    /// `LISTEN_PID` is this process.
    This,
    /// `LISTEN_PID` is this process, empty, or not set.
    ThisOrUnknown,
}

/// Reads what is passed to the process of this ID. `None`: nothing.
pub(super) fn read(
    get: impl Fn(&str) -> Option<OsString>,
    process: u32,
    recipient: Recipient,
) -> io::Result<Option<Passed>> {
    let (pid, Some(fds)) = (text(&get, PID)?, text(&get, FDS)?) else { return Ok(None) };
    let is_meant = match (pid, recipient) {
        (None, Recipient::This) => false,
        (None, Recipient::ThisOrUnknown) => true,
        (Some(pid), Recipient::ThisOrUnknown) if pid.is_empty() => true,
        (Some(pid), _) => number::<u32>(PID, &pid)? == process,
    };
    if !is_meant {
        return Ok(None);
    }
    // Leaves room for what the descriptors' numbers begin with.
    let count = number(FDS, &fds).and_then(|count: u16| match count {
        0 => Err(malformed(FDS, &fds, "no descriptor at all")),
        count => Ok(RawFd::from(count)),
    })?;
    let names = match text(&get, FDNAMES)? {
        None => None,
        Some(names) => {
            let split: Vec<_> = names.split(':').map(str::to_owned).collect();
            if split.len() != count as usize {
                let problem = format!("{} names for {count} descriptors", split.len());
                return Err(malformed(FDNAMES, &names, &problem));
            }
            Some(split)
        }
    };
    Ok(Some(Passed { count, names }))
}

fn text(get: impl Fn(&str) -> Option<OsString>, name: &str) -> io::Result<Option<String>> {
    let into_text = |value: OsString| {
        value.into_string().map_err(|value| malformed(name, &value.to_string_lossy(), "not valid UTF-8"))
    };
    get(name).map(into_text).transpose()
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> io::Result<T> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { value.parse().ok() } else { None };
    number.ok_or_else(|| malformed(name, value, "not a number, or one that is too large"))
}

fn malformed(name: &str, value: &str, problem: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the variable {name} has the value {value:?}: {problem}"),
    )
}

#[cfg(test)]
mod tests {
    use super::{Passed, Recipient, read};
    use std::{ffi::OsString, io, os::unix::ffi::OsStringExt};

    fn from(variables: &[(&str, &str)]) -> io::Result<Option<Passed>> {
        let get = |wanted: &str| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| OsString::from_vec(value.as_bytes().to_vec()))
        };
        read(get, 10, Recipient::This)
    }

    #[test]
    fn what_is_passed() {
        let two = from(&[("LISTEN_PID", "10"), ("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", "a:")]).unwrap();
        assert_eq!(two, Some(Passed { count: 2, names: Some(vec!["a".into(), String::new()]) }));
        let unnamed = from(&[("LISTEN_PID", "10"), ("LISTEN_FDS", "1")]).unwrap();
        assert_eq!(unnamed, Some(Passed { count: 1, names: None }));
    }

    #[test]
    fn nothing_is_passed() {
        let of_others = [("LISTEN_PID", "11"), ("LISTEN_FDS", "x"), ("LISTEN_FDNAMES", "a:b")];
        for variables in [&[][..], &[("LISTEN_FDS", "1")], &[("LISTEN_PID", "10")], &of_others] {
            assert_eq!(from(variables).unwrap(), None, "{variables:?}");
        }
    }

    #[test]
    fn a_process_id_can_be_optional() {
        let none = |name: &str| (name == "LISTEN_FDS").then(|| "1".into());
        let empty = |name: &str| if name == "LISTEN_PID" { Some("".into()) } else { none(name) };
        let other = |name: &str| if name == "LISTEN_PID" { Some("11".into()) } else { none(name) };
        let one = Some(Passed { count: 1, names: None });
        assert_eq!(read(none, 10, Recipient::ThisOrUnknown).unwrap(), one);
        assert_eq!(read(empty, 10, Recipient::ThisOrUnknown).unwrap(), one);
        assert_eq!(read(other, 11, Recipient::ThisOrUnknown).unwrap(), one);
        assert_eq!(read(other, 10, Recipient::ThisOrUnknown).unwrap(), None);
    }

    #[test]
    fn malformed_values_are_errors() {
        for (pid, fds, names, culprit) in [
            ("", "1", "a", "LISTEN_PID"),
            ("-10", "1", "a", "LISTEN_PID"),
            ("99999999999", "1", "a", "LISTEN_PID"),
            ("10", "", "a", "LISTEN_FDS"),
            ("10", "0", "a", "LISTEN_FDS"),
            ("10", "-1", "a", "LISTEN_FDS"),
            ("10", "+1", "a", "LISTEN_FDS"),
            ("10", "1 ", "a", "LISTEN_FDS"),
            ("10", "2147483647", "a", "LISTEN_FDS"),
            ("10", "2", "a", "LISTEN_FDNAMES"),
            ("10", "1", "a:b", "LISTEN_FDNAMES"),
        ] {
            let result = from(&[("LISTEN_PID", pid), ("LISTEN_FDS", fds), ("LISTEN_FDNAMES", names)]);
            let error = result.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
            assert!(error.to_string().contains(&format!("{culprit} ")), "{error}");
        }
    }

    #[test]
    fn other_bytes_than_text() {
        let get = |name: &str| (name == "LISTEN_PID").then(|| OsString::from_vec(vec![0xff]));
        assert_eq!(read(get, 10, Recipient::This).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
