//! Rows that are for Windows alone: so far, all that it has is everywhere.

use super::row::Row;

pub(crate) static ROWS: &[&Row] = &[];
