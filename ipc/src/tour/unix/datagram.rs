use super::folder::Folder;
use crate::tour::{
    packets::{Packets, reader, writer},
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking},
};
use interprocess::os::unix::uds::UnixDatagram;
use std::io;

/// Datagrams between two sockets, each bound to a path.
pub(crate) static DATAGRAM: Row = Row { primitive: "uds", mode: "datagram", parent: bind, child: send_first };

/// The child says first where it is.
fn bind(stage: &mut Stage) -> io::Result<Measured> {
    let folder = Folder::new(stage)?;
    let (here, there) = (folder.join("parent"), folder.join("child"));
    let socket = UnixDatagram::bind(&here)?;
    stage.start(|command| command.arg(&here).arg(&there).spawn())?;
    let (_, from) = socket.recv_from(&mut [0])?;
    if from.as_pathname() != Some(&there) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the first datagram came from {from}, and not from {}", there.display()),
        ));
    }
    socket.connect_addr(&from)?;
    drop(folder);
    let measured = blocking::lead(reader(&socket), writer(&socket))?;
    // Datagrams have no end, and a socket that is dropped says nothing.
    Packets::send(&socket, &[])?;
    Ok(measured)
}

fn send_first(part: &Part) -> io::Result<()> {
    let socket = UnixDatagram::bind(part.argument(1)?)?;
    socket.connect(part.argument(0)?)?;
    socket.send(b"!")?;
    blocking::follow(reader(&socket), writer(&socket), part.sabotage)
}
