//! What the tour consists of. A new primitive is a file beside this one, and a line in [`EVERYWHERE`] or in the list
//! of its platform.

use super::{local_socket, platform, row::Row, unnamed_pipe};

/// The rows in their order.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    EVERYWHERE.iter().chain(platform::ROWS).copied()
}

static EVERYWHERE: &[&Row] = &[
    &unnamed_pipe::STDIO,
    &unnamed_pipe::INHERITED,
    &unnamed_pipe::TOKIO_STDIO,
    &unnamed_pipe::TOKIO_INHERITED,
    &local_socket::NAMESPACED,
    &local_socket::PATH,
    &local_socket::TOKIO_NAMESPACED,
    &local_socket::TOKIO_PATH,
];
