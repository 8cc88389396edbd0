//! The process handle of a child of Tokio's, which does not lend it itself.

use std::os::windows::io::BorrowedHandle;
use tokio::process::Child;

/// The handle; `None` if the child has ended and was waited for.
pub(crate) fn process(child: &Child) -> Option<BorrowedHandle<'_>> {
    let handle = child.raw_handle()?;
    // SAFETY: the child owns the handle, and closes it when it is dropped or waited for, which takes it mutably.
    Some(unsafe { BorrowedHandle::borrow_raw(handle) })
}
