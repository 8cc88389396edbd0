//! Unix domain sockets on a Tokio runtime.
//!
//! The types have the names and methods of [`tokio::net`]; each wraps the blocking type of
//! [the parent module](super), and only says when to try again.
//!
//! ```
//! use interprocess::os::unix::uds::tokio::{UnixListener, UnixStream};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("interprocess-doc-uds-tokio-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let path = folder.join("answer.sock");
//! let listener = UnixListener::bind(&path)?;
//! let server = tokio::spawn(async move {
//!     let (mut stream, _) = listener.accept().await?;
//!     stream.write_all(b"42").await
//! });
//!
//! let mut answer = String::new();
//! UnixStream::connect(&path).await?.read_to_string(&mut answer).await?;
//! assert_eq!(answer, "42");
//! # server.await.unwrap()?;
//! # std::fs::remove_file(&path)?;
//! # std::fs::remove_dir(&folder)
//! # }
//! ```

mod listener;
mod stream;

pub(crate) use self::stream::retried;
pub use self::{listener::UnixListener, stream::UnixStream};
