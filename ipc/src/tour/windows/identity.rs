//! Who is at the other end, as the system says, seen from both. Then the exchange.

use super::path;
use crate::tour::{
    row::{Part, Row},
    sabotage::Sabotage,
    stage::Stage,
    transfer::{Measured, blocking, corrupt, during},
};
use interprocess::os::windows::{
    named_pipe::{DuplexPipeStream, PipeListenerOptions, pipe_mode::Bytes},
    security_descriptor::{SecurityDescriptor, SecurityDescriptorBuilder, Trustee},
};
use std::{fmt::Display, io, process};

/// The identities of two processes of one user.
pub(crate) static IDENTITY: Row =
    Row { primitive: "named_pipe", mode: "identity", parent: look, child: show };

type Stream = DuplexPipeStream<Bytes>;

fn look(stage: &mut Stage) -> io::Result<Measured> {
    let path = path::unique(stage);
    let listener = PipeListenerOptions::new().path(&path).create_duplex::<Bytes>()?;
    let child = stage.start(|command| command.arg(&path).arg(process::id().to_string()).spawn())?;
    let stream = listener.accept()?;
    during("the child, as the parent sees it", check(&stream, [process::id(), child], child))?;
    blocking::lead(&stream, &stream)
}

fn show(part: &Part) -> io::Result<()> {
    if part.sabotage == Some(Sabotage::Impostor) {
        return part.hand_on(&IDENTITY);
    }
    let stream = Stream::connect_by_path(part.argument(0)?)?;
    let parent: u32 = part.argument(1)?.parse().map_err(io::Error::other)?;
    during("the parent, as the child sees it", check(&stream, [parent, process::id()], parent))?;
    blocking::follow(&stream, &stream, part.sabotage)
}

fn check(stream: &Stream, [server, client]: [u32; 2], peer: u32) -> io::Result<()> {
    expect("server's process", server, stream.server_process_id()?)?;
    expect("client's process", client, stream.client_process_id()?)?;
    expect("peer's process", peer, stream.peer_process_id()?)?;
    // A child is in the session of its parent.
    expect("client's session", stream.server_session_id()?, stream.client_session_id()?)?;
    expect("peer's session", stream.server_session_id()?, stream.peer_session_id()?)?;
    let own = SecurityDescriptor::current_user_only()?.owner()?;
    let user = SecurityDescriptorBuilder::new().owner(Trustee::CurrentUser).build()?.owner()?;
    // The client is told the owner of the pipe, which is the group of administrators if the server is elevated.
    let expected = if stream.is_server() { user } else { own };
    expect("peer's user", expected.unwrap_or_default(), stream.peer_user_sid()?)
}

fn expect<T: PartialEq + Display>(what: &str, expected: T, told: T) -> io::Result<()> {
    if expected == told {
        return Ok(());
    }
    Err(corrupt(format!("the {what} is {told}, and should be {expected}")))
}
