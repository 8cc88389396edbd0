//! Unnamed pipes: one for each direction.

use super::{
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking, runtime},
};
use interprocess::unnamed_pipe::{Inherit, Recver, Sender, pipe, tokio as on_tokio};
use std::io;

/// As the standard streams of a child that knows nothing of this crate.
pub(crate) static STDIO: Row =
    Row { primitive: "unnamed_pipe", mode: "stdio", parent: stdio, child: ordinary_child };

/// As additional descriptors or handles.
pub(crate) static INHERITED: Row =
    Row { primitive: "unnamed_pipe", mode: "inherited", parent: inherited, child: inherited_child };

/// The parent on Tokio, the child as in [`STDIO`].
pub(crate) static TOKIO_STDIO: Row =
    Row { primitive: "unnamed_pipe::tokio", mode: "stdio", parent: tokio_stdio, child: ordinary_child };

/// Both on Tokio.
pub(crate) static TOKIO_INHERITED: Row = Row {
    primitive: "unnamed_pipe::tokio",
    mode: "inherited",
    parent: tokio_inherited,
    child: tokio_inherited_child,
};

fn stdio(stage: &mut Stage) -> io::Result<Measured> {
    let (sender, for_child) = pipe()?;
    let (child_sender, recver) = pipe()?;
    stage.start(|command| command.stdin(for_child).stdout(child_sender).spawn())?;
    blocking::lead(recver, sender)
}

fn ordinary_child(part: &Part) -> io::Result<()> {
    blocking::follow(io::stdin(), io::stdout(), part.sabotage)
}

fn inherited(stage: &mut Stage) -> io::Result<Measured> {
    let (sender, for_child) = pipe()?;
    let (child_sender, recver) = pipe()?;
    stage.start(|command| {
        let mut inherit = Inherit::new();
        command.arg(for_child.inherit(&mut inherit)?).arg(child_sender.inherit(&mut inherit)?);
        inherit.spawn(command)
    })?;
    blocking::lead(recver, sender)
}

fn inherited_child(part: &Part) -> io::Result<()> {
    let recver = Recver::take_inherited(part.argument(0)?)?;
    let sender = Sender::take_inherited(part.argument(1)?)?;
    blocking::follow(recver, sender, part.sabotage)
}

fn tokio_stdio(stage: &mut Stage) -> io::Result<Measured> {
    runtime::block_on(async {
        let (sender, for_child) = on_tokio::sender_pair()?;
        let (child_sender, recver) = on_tokio::recver_pair()?;
        stage.start(|command| command.stdin(for_child).stdout(child_sender).spawn())?;
        runtime::lead(recver, sender).await
    })
}

fn tokio_inherited(stage: &mut Stage) -> io::Result<Measured> {
    runtime::block_on(async {
        let (sender, for_child) = on_tokio::pipe()?;
        let (child_sender, recver) = on_tokio::pipe()?;
        stage.start(|command| {
            let mut inherit = Inherit::new();
            let for_child = Recver::try_from(for_child)?.inherit(&mut inherit)?;
            let child_sender = Sender::try_from(child_sender)?.inherit(&mut inherit)?;
            inherit.spawn(command.arg(for_child).arg(child_sender))
        })?;
        runtime::lead(recver, sender).await
    })
}

fn tokio_inherited_child(part: &Part) -> io::Result<()> {
    runtime::block_on(async {
        let recver = on_tokio::Recver::try_from(Recver::take_inherited(part.argument(0)?)?)?;
        let sender = on_tokio::Sender::try_from(Sender::take_inherited(part.argument(1)?)?)?;
        runtime::follow(recver, sender, part.sabotage).await
    })
}
