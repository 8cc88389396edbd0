//! Which way a pipe moves data, as a value; as types it is in [`pipe_mode`](super::pipe_mode).

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
