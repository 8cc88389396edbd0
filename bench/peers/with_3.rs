//! The program of `exchange.rs`, with this version of interprocess.

include!("exchange.rs");
