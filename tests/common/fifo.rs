//! FIFO files for tests.

use super::Folder;
use interprocess::os::unix::fifo_file::{OpenOptions, create_fifo};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// A FIFO in a folder of its own.
pub(crate) fn fifo() -> (Folder, PathBuf) {
    let folder = Folder::new();
    let path = folder.0.join("fifo");
    create_fifo(&path, 0o600).unwrap();
    // Under any mask.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    (folder, path)
}

pub(crate) fn nonblocking() -> OpenOptions {
    OpenOptions::new().nonblocking(true).clone()
}

pub(crate) fn mode_of(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

pub(crate) fn names_in(folder: &Folder) -> Vec<String> {
    let names = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}
