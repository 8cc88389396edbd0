//! Rows for what Windows alone has.

mod identity;
mod impersonation;
mod messages;
mod one_way;
mod path;
mod transact;

use super::row::Row;

pub(crate) static ROWS: &[&Row] = &[
    &messages::MESSAGES,
    &one_way::ONE_WAY,
    &transact::TRANSACT,
    &identity::IDENTITY,
    &impersonation::IMPERSONATION,
];
