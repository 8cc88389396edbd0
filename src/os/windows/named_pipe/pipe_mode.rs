//! Tags that say, as type parameters, how a stream moves data in one direction.
//!
//! They only decide which methods and traits a [`PipeStream`](super::PipeStream) has.

use super::PipeMode;

/// As bytes, whose grouping into writes is not kept.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bytes {}

/// As messages: each write arrives as one whole.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Messages {}

/// Not at all.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum None {}

/// A tag: [`Bytes`], [`Messages`] or [`None`].
pub trait PipeModeTag: sealed::Sealed + Send + Sync + Unpin + 'static {
    /// The mode that the tag stands for.
    const MODE: Option<PipeMode>;
}

impl PipeModeTag for Bytes {
    const MODE: Option<PipeMode> = Some(PipeMode::Bytes);
}

impl PipeModeTag for Messages {
    const MODE: Option<PipeMode> = Some(PipeMode::Messages);
}

impl PipeModeTag for None {
    const MODE: Option<PipeMode> = Option::None;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Bytes {}
    impl Sealed for super::Messages {}
    impl Sealed for super::None {}
}
