//! Unnamed pipes where they show that they are Windows': options.
//!
//! ```
//! use interprocess::os::windows::unnamed_pipe::CreationOptions;
//! use std::num::NonZeroUsize;
//!
//! # fn main() -> std::io::Result<()> {
//! let (sender, recver) = CreationOptions::new().buffer_size_hint(NonZeroUsize::new(1 << 20)).create()?;
//! # drop((sender, recver));
//! # Ok(())
//! # }
//! ```

pub use crate::unnamed_pipe::windows::{CreationOptions, ShareHandle};
