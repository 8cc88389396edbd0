use super::folder::Folder;
use crate::tour::{
    packets::{reader, writer},
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking},
};
use interprocess::os::unix::uds::{UnixSeqpacket, UnixSeqpacketListener};
use std::io;

/// Sequenced packets of a connection by a path.
pub(crate) static SEQPACKET: Row =
    Row { primitive: "uds", mode: "seqpacket", parent: listen, child: connect };

fn listen(stage: &mut Stage) -> io::Result<Measured> {
    let folder = Folder::new(stage)?;
    let path = folder.join("socket");
    let listener = UnixSeqpacketListener::bind(&path)?;
    stage.start(|command| command.arg(&path).spawn())?;
    let (socket, _) = listener.accept()?;
    drop(folder);
    blocking::lead(reader(&socket), writer(&socket))
}

fn connect(part: &Part) -> io::Result<()> {
    let socket = UnixSeqpacket::connect(part.argument(0)?)?;
    blocking::follow(reader(&socket), writer(&socket), part.sabotage)
}
