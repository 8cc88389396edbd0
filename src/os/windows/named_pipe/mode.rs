//! What a pipe carries and which way, as values; as types they are in [`pipe_mode`](super::pipe_mode).

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

/// Which way the data of a named pipe goes.
///
/// The numbers are Windows' (`PIPE_ACCESS_INBOUND` and so on; Microsoft: "CreateNamedPipeW function").
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum PipeDirection {
    /// From clients to the server.
    ClientToServer = 1,
    /// From the server to clients.
    ServerToClient = 2,
    /// Both ways.
    Duplex = 3,
}

/// What a stream does with its pipe.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum PipeStreamRole {
    /// It receives.
    Recver,
    /// It sends.
    Sender,
    /// It does both.
    RecverAndSender,
}

impl PipeDirection {
    /// What the client's end of such a pipe does.
    pub const fn client_role(self) -> PipeStreamRole {
        match self {
            Self::ClientToServer => PipeStreamRole::Sender,
            Self::ServerToClient => PipeStreamRole::Recver,
            Self::Duplex => PipeStreamRole::RecverAndSender,
        }
    }

    /// What the server's end of such a pipe does.
    pub const fn server_role(self) -> PipeStreamRole {
        match self {
            Self::ClientToServer => PipeStreamRole::Recver,
            Self::ServerToClient => PipeStreamRole::Sender,
            Self::Duplex => PipeStreamRole::RecverAndSender,
        }
    }
}

impl PipeStreamRole {
    /// The direction of a pipe whose server's end does this.
    pub const fn direction_as_server(self) -> PipeDirection {
        match self {
            Self::Recver => PipeDirection::ClientToServer,
            Self::Sender => PipeDirection::ServerToClient,
            Self::RecverAndSender => PipeDirection::Duplex,
        }
    }

    /// The direction of a pipe whose client's end does this.
    pub const fn direction_as_client(self) -> PipeDirection {
        match self {
            Self::Recver => PipeDirection::ServerToClient,
            Self::Sender => PipeDirection::ClientToServer,
            Self::RecverAndSender => PipeDirection::Duplex,
        }
    }
}

/// Takes Windows' number.
impl TryFrom<u32> for PipeDirection {
    type Error = ();

    fn try_from(number: u32) -> Result<Self, ()> {
        let all = [Self::ClientToServer, Self::ServerToClient, Self::Duplex];
        all.into_iter().find(|direction| u32::from(*direction) == number).ok_or(())
    }
}

/// Gives Windows' number.
impl From<PipeDirection> for u32 {
    fn from(direction: PipeDirection) -> Self {
        direction as Self
    }
}
