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

/// Whether a sender that has written nothing yet is not known to be there, as on other Unixes and without tee(2).
pub(crate) fn counts_from_first_byte() -> bool {
    #[cfg(all(target_os = "linux", not(interprocess_portable_unix)))]
    return !super::deny::has_tee();
    #[cfg(not(all(target_os = "linux", not(interprocess_portable_unix))))]
    return true;
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
