use crate::tour::stage::Stage;
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
};

/// A folder in which nobody else has a say. It is gone when this is dropped, with all that is in it.
///
/// Sockets work without their files once they are connected, so a row drops it then: whatever stops the row later
/// leaves nothing behind.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(stage: &Stage) -> io::Result<Self> {
        let path = std::env::temp_dir().join(stage.unique_name());
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // There is nobody to tell.
        let _ = fs::remove_dir_all(&self.0);
    }
}
