//! The named pipes that there are.

use crate::os::windows::sys::directory::{self, Directory};
use std::{
    ffi::{OsStr, OsString},
    io, iter,
    os::windows::ffi::OsStringExt,
    vec,
};

/// Lists the named pipes of this computer, whosever they are.
///
/// ```
/// use interprocess::os::windows::named_pipe::{self, PipeListenerOptions, pipe_mode::Bytes};
///
/// # fn main() -> std::io::Result<()> {
/// let path = r"\\.\pipe\interprocess-doc-list";
/// let listener = PipeListenerOptions::new().path(path).create_duplex::<Bytes>()?;
///
/// # if named_pipe::list().is_err_and(|error| error.kind() == std::io::ErrorKind::Unsupported) { return Ok(()) }
/// let pipes = named_pipe::list()?.collect::<std::io::Result<Vec<_>>>()?;
/// assert!(pipes.iter().any(|pipe| pipe.path() == path && pipe.instances() > 0));
/// # drop(listener);
/// # Ok(()) }
/// ```
///
/// Pipes may come and go while they are listed; each that is there all the time is listed once. That a name is listed does
/// not mean that one may connect, and programs can make pipes of any name: see the [module](super).
///
/// Microsoft documents the call ("NtQueryDirectoryFile function") and, with its tool PipeList, that it works for pipes and
/// tells their instances.
///
/// # Errors
/// [`Unsupported`](io::ErrorKind::Unsupported) if the system cannot list its pipes, as Wine 10; otherwise whatever the
/// system reports.
pub fn list() -> io::Result<PipeList> {
    let mut list = PipeList { directory: Directory::pipes()?, ready: Vec::new().into_iter() };
    list.read_more(true)?;
    Ok(list)
}

/// The named pipes that there are. Made by [`list`].
///
/// # Errors
/// Items are whatever the system reports while it reads the list; then the iterator ends.
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct PipeList {
    directory: Directory,
    ready: vec::IntoIter<PipeEntry>,
}

/// A named pipe that there was when it was [listed](list).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeEntry {
    name: OsString,
    instances: u32,
    max_instances: Option<u32>,
}

impl PipeEntry {
    /// Its name: what follows `\\.\pipe\` in its path. It may contain backslashes.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Its path, to connect to.
    pub fn path(&self) -> OsString {
        let mut path = OsString::from(super::name::LOCAL_PREFIX);
        path.push(&self.name);
        path
    }

    /// How many instances it had, connected or waiting for a client.
    pub fn instances(&self) -> u32 {
        self.instances
    }

    /// How many instances it can have; `None` if there is no limit.
    pub fn max_instances(&self) -> Option<u32> {
        self.max_instances
    }
}

impl PipeList {
    /// Reads the next entries that the system gives, or the first; `false` at the end.
    fn read_more(&mut self, restart: bool) -> io::Result<bool> {
        let bytes = self.directory.read(restart)?;
        self.ready = entries(bytes.as_deref().unwrap_or_default()).collect::<Vec<_>>().into_iter();
        Ok(bytes.is_some())
    }
}

impl Iterator for PipeList {
    type Item = io::Result<PipeEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.ready.next() {
                return Some(Ok(entry));
            }
            match self.read_more(false) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    // So that who ignores the error does not get it for ever.
                    self.directory.end();
                    return Some(Err(error));
                }
            }
        }
    }
}

impl iter::FusedIterator for PipeList {}

/// Reads the entries that the system gives (Microsoft: "FILE_DIRECTORY_INFORMATION structure"). For pipes their sizes are
/// numbers of instances: the size of the file, those that there are; the space it takes, those that there can be.
fn entries(mut bytes: &[u8]) -> impl Iterator<Item = PipeEntry> {
    iter::from_fn(move || {
        let entry = bytes;
        let next = number(entry, directory::NEXT_ENTRY)? as usize;
        bytes = if next == 0 { &[] } else { entry.get(next..)? };
        let length = number(entry, directory::NAME_LENGTH)? as usize;
        let name = entry.get(directory::NAME..)?.get(..length)?;
        let name: Vec<u16> =
            name.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
        Some(PipeEntry {
            name: OsString::from_wide(&name),
            instances: number(entry, directory::END_OF_FILE)?,
            max_instances: Some(number(entry, directory::ALLOCATION_SIZE)?).filter(|&most| most != u32::MAX),
        })
    })
}

/// The lower half of a number of 64 bits, or a number of 32.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::{PipeEntry, entries};

    fn entry(next: u32, instances: u32, most: u32, name: &str) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..4].copy_from_slice(&next.to_le_bytes());
        bytes[40..44].copy_from_slice(&instances.to_le_bytes());
        bytes[48..52].copy_from_slice(&most.to_le_bytes());
        bytes[60..64].copy_from_slice(&(name.len() as u32 * 2).to_le_bytes());
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    }

    #[test]
    fn entries_are_read() {
        let mut bytes = entry(72, 1, 3, "ab");
        bytes.resize(72, 0);
        bytes.extend(entry(0, 4, u32::MAX, r"c\d"));
        let expected = [
            PipeEntry { name: "ab".into(), instances: 1, max_instances: Some(3) },
            PipeEntry { name: r"c\d".into(), instances: 4, max_instances: None },
        ];
        assert_eq!(entries(&bytes).collect::<Vec<_>>(), expected);
        for length in 0..bytes.len() {
            assert!(entries(&bytes[..length]).count() < 2, "cut to {length}");
        }
    }
}
