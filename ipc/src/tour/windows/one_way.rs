use super::path;
use crate::tour::{
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking},
};
use interprocess::os::windows::named_pipe::{
    PipeListenerOptions, RecvPipeStream, SendPipeStream, pipe_mode::Bytes,
};
use std::io;

/// A named pipe for each direction.
pub(crate) static ONE_WAY: Row =
    Row { primitive: "named_pipe", mode: "one-way", parent: listen, child: connect };

fn listen(stage: &mut Stage) -> io::Result<Measured> {
    let up = format!("{}-up", path::unique(stage));
    let down = format!("{}-down", path::unique(stage));
    let receiving = PipeListenerOptions::new().path(&up).create_recv_only::<Bytes>()?;
    let sending = PipeListenerOptions::new().path(&down).create_send_only::<Bytes>()?;
    stage.start(|command| command.arg(&up).arg(&down).spawn())?;
    blocking::lead(receiving.accept()?, sending.accept()?)
}

fn connect(part: &Part) -> io::Result<()> {
    let send = SendPipeStream::<Bytes>::connect_by_path(part.argument(0)?)?;
    let recv = RecvPipeStream::<Bytes>::connect_by_path(part.argument(1)?)?;
    blocking::follow(recv, send, part.sabotage)
}
