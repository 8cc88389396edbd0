//! Local sockets: the parent listens, the child connects. Both directions are one stream.

use super::{
    row::{Part, Row},
    stage::Stage,
    transfer::{Measured, blocking, runtime},
};
use interprocess::local_socket::{ListenerOptions, Name, Stream, tokio as on_tokio};
use std::{io, path::PathBuf};

/// Blocking, by a name in the namespace.
pub(crate) static NAMESPACED: Row = Row {
    primitive: "local_socket",
    mode: "namespaced",
    parent: |stage| listen(stage, Name::namespaced(stage.unique_name())?),
    child: connect,
};

/// Blocking, by a path.
pub(crate) static PATH: Row = Row {
    primitive: "local_socket",
    mode: "path",
    parent: |stage| listen(stage, Name::path(unique_path(stage))?),
    child: connect,
};

/// On Tokio, by a name in the namespace.
pub(crate) static TOKIO_NAMESPACED: Row = Row {
    primitive: "local_socket::tokio",
    mode: "namespaced",
    parent: |stage| tokio_listen(stage, Name::namespaced(stage.unique_name())?),
    child: tokio_connect,
};

/// On Tokio, by a path.
pub(crate) static TOKIO_PATH: Row = Row {
    primitive: "local_socket::tokio",
    mode: "path",
    parent: |stage| tokio_listen(stage, Name::path(unique_path(stage))?),
    child: tokio_connect,
};

fn listen(stage: &mut Stage, name: Name<'static>) -> io::Result<Measured> {
    let listener = ListenerOptions::new().name(&name).create_sync()?;
    stage.start(|command| command.arg(name.to_string()).spawn())?;
    let stream = listener.accept()?;
    blocking::lead(&stream, &stream)
}

fn connect(part: &Part) -> io::Result<()> {
    let stream = Stream::connect(part.argument(0)?.parse::<Name>()?)?;
    blocking::follow(&stream, &stream, part.sabotage)
}

fn tokio_listen(stage: &mut Stage, name: Name<'static>) -> io::Result<Measured> {
    runtime::block_on(async {
        let listener = ListenerOptions::new().name(&name).create_tokio()?;
        stage.start(|command| command.arg(name.to_string()).spawn())?;
        let stream = listener.accept().await?;
        runtime::lead(&stream, &stream).await
    })
}

fn tokio_connect(part: &Part) -> io::Result<()> {
    runtime::block_on(async {
        let stream = on_tokio::Stream::connect(part.argument(0)?.parse::<Name>()?).await?;
        runtime::follow(&stream, &stream, part.sabotage).await
    })
}

/// Where a socket may be: on Windows among the pipes, else in the temporary folder.
fn unique_path(stage: &Stage) -> PathBuf {
    let folder = if cfg!(windows) { PathBuf::from(r"\\.\pipe") } else { std::env::temp_dir() };
    folder.join(stage.unique_name())
}
