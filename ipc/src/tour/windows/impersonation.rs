//! A server that acts as its client, as far as the client allows it. Then the exchange.

use super::path;
use crate::tour::{
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking, corrupt, during},
};
use interprocess::os::windows::{
    named_pipe::{
        ConnectOptions, DuplexPipeStream, ImpersonationLevel, PipeListenerOptions, pipe_mode::Bytes,
    },
    security_descriptor::{SecurityDescriptorBuilder, Trustee},
};
use std::{
    fs::File,
    io::{self, Read, Write},
};

/// The identity of the client, taken on by a thread of the server for a moment.
pub(crate) static IMPERSONATION: Row =
    Row { primitive: "named_pipe", mode: "impersonation", parent: act, child: allow };

type Stream = DuplexPipeStream<Bytes>;

fn act(stage: &mut Stage) -> io::Result<Measured> {
    let path = path::unique(stage);
    let listener = PipeListenerOptions::new().path(&path).create_duplex::<Bytes>()?;
    stage.start(|command| command.arg(&path).spawn())?;
    let mut stream = listener.accept()?;
    // A client has an identity once something that it wrote was read.
    during("waiting for the client's word", stream.read_exact(&mut [0]))?;
    let before = during("asking who this is", user())?;
    let guard = during("acting as the client", stream.impersonate_client())?;
    let meanwhile = during("asking who the client is", user())?;
    let opened = during("opening a file as the client", File::open(std::env::current_exe()?))?;
    drop((guard, opened));
    let after = during("asking who this is again", user())?;
    if [&meanwhile, &after] != [&before, &before] {
        return Err(corrupt(format!("one user is {before}, {meanwhile} as the client and {after} after it")));
    }
    blocking::lead(&stream, &stream)
}

fn allow(part: &Part) -> io::Result<()> {
    let options = ConnectOptions::new().impersonation_level(ImpersonationLevel::Impersonation);
    let mut stream = Stream::connect_with(part.argument(0)?, &options)?;
    stream.write_all(b"!")?;
    blocking::follow(&stream, &stream, part.sabotage)
}

/// The user of the thread.
fn user() -> io::Result<String> {
    let owned = SecurityDescriptorBuilder::new().owner(Trustee::CurrentUser).build()?;
    Ok(owned.owner()?.unwrap_or_default())
}
