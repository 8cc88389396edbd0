//! Unnamed pipes where they show that they are Unix's: options and modes.
//!
//! ```
//! use interprocess::os::unix::unnamed_pipe::CreationOptions;
//! use std::io::Write;
//!
//! # fn main() -> std::io::Result<()> {
//! let (mut sender, recver) = CreationOptions::new().nonblocking(true).create()?;
//! sender.write_all(b"four")?;
//! assert_eq!(recver.available()?, 4);
//! # Ok(())
//! # }
//! ```

pub use crate::unnamed_pipe::unix::{CreationOptions, PIPE_BUF, UnnamedPipeExt, pipe_with_mode as pipe};
