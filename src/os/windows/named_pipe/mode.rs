//! The mode of a pipe as a value; as a type it is in [`pipe_mode`](super::pipe_mode).

/// How a named pipe keeps what is written to it.
///
/// The numbers are Windows' (`PIPE_TYPE_BYTE`, `PIPE_TYPE_MESSAGE`; Microsoft: "CreateNamedPipeW function").
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum PipeMode {
    /// As bytes, whose grouping into writes is not kept.
    #[default]
    Bytes = 0,
    /// As messages: each write is one, and can be read as one whole or as bytes.
    Messages = 4,
}

impl PipeMode {
    /// Windows' number for a pipe that keeps data like this.
    pub const fn to_pipe_type(self) -> u32 {
        self as u32
    }

    /// Windows' number for an end that reads like this (`PIPE_READMODE_BYTE`, `PIPE_READMODE_MESSAGE`).
    pub const fn to_readmode(self) -> u32 {
        match self {
            Self::Bytes => 0,
            Self::Messages => 2,
        }
    }

    /// The name of the variant.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bytes => "Bytes",
            Self::Messages => "Messages",
        }
    }
}

/// Takes either number of Windows'.
impl TryFrom<u32> for PipeMode {
    type Error = ();

    fn try_from(number: u32) -> Result<Self, ()> {
        let is = |mode: &Self| [mode.to_pipe_type(), mode.to_readmode()].contains(&number);
        [Self::Bytes, Self::Messages].into_iter().find(is).ok_or(())
    }
}
