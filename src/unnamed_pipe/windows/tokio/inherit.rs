use crate::{os::windows::sys::tokio_child, unnamed_pipe::windows::Process};
use std::os::windows::io::BorrowedHandle;
use tokio::process::Child;

impl Process for Child {
    fn process(&self) -> Option<BorrowedHandle<'_>> {
        tokio_child::process(self)
    }
}
