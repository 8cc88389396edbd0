//! Finding a program before a shell does, whose only way to say that there is none is exit code 127.

use crate::{error, os::unix::sys::executable};
use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// The absolute path of a program, found as execvp(3) does: by its path if there is a slash in it, else in `PATH`.
pub(super) fn find(program: &OsStr) -> io::Result<PathBuf> {
    if program.as_bytes().contains(&0) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the program {program:?} has a NUL byte in its name"),
        ));
    }
    if program.as_bytes().contains(&b'/') {
        return check(Path::new(program))
            .map_err(|error| error::about(format_args!("start the program {program:?}"), error));
    }
    search(program, env::var_os("PATH"))
}

fn search(program: &OsStr, path: Option<OsString>) -> io::Result<PathBuf> {
    let path = path.unwrap_or_else(|| "/bin:/usr/bin".into());
    let mut kind = io::ErrorKind::NotFound;
    if !program.is_empty() {
        for folder in env::split_paths(&path) {
            // An empty entry is the working folder.
            match check(&Path::new(".").join(folder).join(program)) {
                Ok(found) => return Ok(found),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => kind = error.kind(),
                Err(_) => {}
            }
        }
    }
    let why =
        if kind == io::ErrorKind::NotFound { "is not in" } else { "may not be executed where it is in" };
    Err(io::Error::new(kind, format!("the program {program:?} {why} PATH, which is {path:?}")))
}

fn check(path: &Path) -> io::Result<PathBuf> {
    executable::check_executable(path)?;
    std::path::absolute(path)
}

#[cfg(test)]
mod tests {
    use super::{find, search};
    use std::{ffi::OsStr, io::ErrorKind, path::Path};

    #[test]
    fn programs_are_found() {
        assert!(find(OsStr::new("sh")).unwrap().is_absolute());
        assert_eq!(find(OsStr::new("/bin/sh")).unwrap(), Path::new("/bin/sh"));
        assert_eq!(search(OsStr::new("sh"), None).unwrap(), Path::new("/bin/sh"));
        let found = search(OsStr::new("sh"), Some("/nowhere:/bin".into())).unwrap();
        assert_eq!(found, Path::new("/bin/sh"));
    }

    #[test]
    fn what_is_no_program_is_an_error() {
        for (program, kind) in [
            ("", ErrorKind::NotFound),
            ("/nowhere/sh", ErrorKind::NotFound),
            ("/bin", ErrorKind::PermissionDenied),
            ("/etc/passwd", ErrorKind::PermissionDenied),
            ("a\0b", ErrorKind::InvalidInput),
        ] {
            assert_eq!(find(OsStr::new(program)).unwrap_err().kind(), kind, "{program:?}");
        }
        let absent =
            search(OsStr::new("no-program-has-this-name"), Some("/bin:/nowhere".into())).unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::NotFound);
        let passed_over = search(OsStr::new("passwd"), Some("/etc:/nowhere".into())).unwrap_err();
        assert_eq!(passed_over.kind(), ErrorKind::PermissionDenied);
    }
}
