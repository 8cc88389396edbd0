//! Rows for what Unix alone has.

mod credentials;
mod datagram;
mod descriptors;
mod fifo_file;
mod folder;
mod packets;
mod seqpacket;
mod signal;

use super::row::Row;

pub(crate) static ROWS: &[&Row] = &[
    &datagram::DATAGRAM,
    &seqpacket::SEQPACKET,
    &descriptors::DESCRIPTORS,
    &credentials::CREDENTIALS,
    &fifo_file::PATH,
    &fifo_file::TOKIO_PATH,
    &signal::STANDARD,
    &signal::VALUES,
    &signal::TOKIO_VALUES,
];
