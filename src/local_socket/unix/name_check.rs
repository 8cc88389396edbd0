//! Which names Unix domain sockets can have.

use super::longest_namespaced;
use crate::os::unix::sys::path;
use std::{ffi::OsStr, io, os::unix::ffi::OsStrExt, path::Path};

pub(in crate::local_socket) fn check_path(text: &OsStr) -> io::Result<()> {
    check(text, "path")?;
    path::check_length(Path::new(text))
}

pub(in crate::local_socket) fn check_namespaced(text: &OsStr) -> io::Result<()> {
    check(text, "name")?;
    if text.len() <= longest_namespaced() {
        return Ok(());
    }
    Err(invalid(format!(
        "the local socket name {} is too long: it has {} bytes, the most is {}",
        Path::new(text).display(),
        text.len(),
        longest_namespaced()
    )))
}

pub(super) fn check(text: &OsStr, what: &str) -> io::Result<()> {
    if text.is_empty() {
        return Err(invalid(format!("the local socket {what} is empty")));
    }
    if text.as_bytes().contains(&0) {
        return Err(invalid(format!(
            "the local socket {what} {} has a NUL byte in it",
            Path::new(text).display()
        )));
    }
    Ok(())
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
