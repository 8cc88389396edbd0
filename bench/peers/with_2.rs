//! The program of `exchange.rs`, with interprocess 2.4.

use interprocess_2 as interprocess;

include!("exchange.rs");
