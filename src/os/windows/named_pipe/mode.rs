//! The mode of a pipe as a value; as a type it is in [`pipe_mode`](super::pipe_mode).

/// How a named pipe keeps what is written to it.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum PipeMode {
    /// As bytes, whose grouping into writes is not kept.
    #[default]
    Bytes,
    /// As messages: each write is one, and can be read as one whole or as bytes.
    Messages,
}

impl PipeMode {
    /// The name of the variant.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bytes => "Bytes",
            Self::Messages => "Messages",
        }
    }
}
