use super::folder::Folder;
use crate::tour::{
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking, runtime},
};
use interprocess::os::unix::fifo_file::{OpenOptions, Sender, tokio as on_tokio};
use std::{io, path::Path, time::Duration};

/// Two FIFOs, one for each direction.
pub(crate) static PATH: Row =
    Row { primitive: "fifo_file", mode: "path", parent: blocking_parent, child: blocking_child };

/// The same on Tokio.
pub(crate) static TOKIO_PATH: Row =
    Row { primitive: "fifo_file::tokio", mode: "path", parent: tokio_parent, child: tokio_child };

/// How long the child may take to open its ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// FIFOs that belong to this user alone, made where they are opened first.
fn own() -> OpenOptions {
    OpenOptions::new().create_or_open(0o600).clone()
}

/// The parent's receiver is there before the child starts, so that the child's sender finds it.
fn blocking_parent(stage: &mut Stage) -> io::Result<Measured> {
    let folder = Folder::new(stage)?;
    let (there, back) = (folder.join("there"), folder.join("back"));
    let receiver = own().nonblocking(true).open_receiver(&back)?;
    start(stage, &there, &back)?;
    let sender = own().timeout(PATIENCE).open_sender(&there)?;
    // The child opens its sender first: it is here.
    receiver.set_nonblocking(false)?;
    drop(folder);
    blocking::lead(receiver, sender)
}

fn blocking_child(part: &Part) -> io::Result<()> {
    let sender = Sender::open(part.argument(1)?)?;
    let receiver = own().open_receiver(part.argument(0)?)?;
    blocking::follow(receiver, sender, part.sabotage)
}

fn tokio_parent(stage: &mut Stage) -> io::Result<Measured> {
    runtime::block_on(async {
        let folder = Folder::new(stage)?;
        let (there, back) = (folder.join("there"), folder.join("back"));
        let options = on_tokio::OpenOptions::from(own());
        let receiver = options.open_receiver(&back)?;
        start(stage, &there, &back)?;
        let sender = tokio::time::timeout(PATIENCE, options.open_sender_waiting(&there)).await??;
        drop(folder);
        runtime::lead(receiver, sender).await
    })
}

fn tokio_child(part: &Part) -> io::Result<()> {
    runtime::block_on(async {
        let options = on_tokio::OpenOptions::from(own());
        let sender = options.open_sender(part.argument(1)?)?;
        let receiver = options.open_receiver_waiting(part.argument(0)?).await?;
        runtime::follow(receiver, sender, part.sabotage).await
    })
}

fn start(stage: &mut Stage, there: &Path, back: &Path) -> io::Result<u32> {
    stage.start(|command| command.arg(there).arg(back).spawn())
}
