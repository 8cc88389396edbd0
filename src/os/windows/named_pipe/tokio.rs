//! Named pipes under Tokio.
//!
//! Streams and listeners use overlapped operations of their own, and the system's thread pool wakes the tasks. Nothing
//! is bound to a runtime or to a completion port: an object can be made, used and dropped inside any runtime or outside
//! of one, and turned into its synchronous counterpart and back.
//!
//! # Example
//! ```
//! use interprocess::os::windows::named_pipe::{
//!     PipeListenerOptions, pipe_mode::Bytes, tokio::DuplexPipeStream,
//! };
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let path = r"\\.\pipe\interprocess-doc-tokio";
//! let listener = PipeListenerOptions::new().path(path).create_tokio_duplex::<Bytes>()?;
//!
//! let client = tokio::spawn(async move {
//!     let mut stream = DuplexPipeStream::<Bytes>::connect_by_path(path).await?;
//!     stream.write_all(b"Hello!").await?;
//!     stream.flush().await
//! });
//!
//! let mut greeting = String::new();
//! listener.accept().await?.read_to_string(&mut greeting).await?;
//! assert_eq!(greeting, "Hello!");
//! client.await.unwrap()?;
//! # Ok(()) }
//! ```

mod connect_options;
mod convert;
mod listener;
mod messages;
mod options;
pub(crate) mod stream;
mod v2;

pub use self::{
    listener::PipeListener,
    stream::{Async, DuplexPipeStream, PipeStream, RecvPipeStream, SendPipeStream},
    v2::PipeListenerOptionsExt,
};
pub use super::{FromHandleError, FromHandleErrorKind, Received};

/// Two halves that are not of one stream, given back.
pub type ReuniteError<Rm, Sm> = crate::error::ReuniteError<RecvPipeStream<Rm>, SendPipeStream<Sm>>;
/// What [`PipeStream::reunite`] gives.
pub type ReuniteResult<Rm, Sm> = Result<PipeStream<Rm, Sm>, ReuniteError<Rm, Sm>>;
