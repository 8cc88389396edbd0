//! The types that most programs with local sockets import.
//!
//! `use interprocess::local_socket::*` also imports the module [`local_socket::tokio`](crate::local_socket), which hides the
//! crate `tokio`, so that `#[tokio::main]` fails to compile. This module has no module in it. The types for Tokio have the
//! same names; import them by name, and they take precedence over these.
//!
#![cfg_attr(feature = "tokio", doc = "```")]
#![cfg_attr(not(feature = "tokio"), doc = "```ignore")]
//! use interprocess::{local_socket::tokio::Stream, prelude::*};
//! use tokio::io::AsyncWriteExt;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> std::io::Result<()> {
//!     let name = Name::unique("example")?;
//!     let listener = ListenerOptions::new().name(&name).create_tokio()?;
//!     let (accepted, stream) = tokio::join!(listener.accept(), Stream::connect(&name));
//!     accepted?.write_all(b"hello").await?;
//! #   drop(stream?);
//!     Ok(())
//! }
//! ```
//!
//! [`local_socket::prelude`](crate::local_socket::prelude) is that of interprocess 2.4.

pub use crate::local_socket::{
    ConnectOptions, Listener, ListenerOptions, Name, RecvHalf, SendHalf, Stream, is_no_listener, is_timeout,
};
