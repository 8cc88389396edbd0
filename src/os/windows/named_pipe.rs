//! Named pipes: the connections of Windows between processes, of one computer or of several.
//!
//! A [`PipeListener`] makes a pipe and accepts the clients that connect to it by its path, `\\.\pipe\NAME`.
//! Both ends are [`PipeStream`]s. For programs that run on Unix as well there is
//! [`local_socket`](crate::local_socket), which uses this module on Windows.
//!
//! # Security
//! By default, processes of the current user, administrators and the system can connect, in both directions. Windows' own
//! default also lets everyone read (Microsoft: "Named Pipe Security and Access Rights"), so that any user could occupy the
//! instances that stand ready; to let in more users, set a
//! [`security_descriptor`](PipeListenerOptions::security_descriptor). The current user is the owner of what the process
//! makes: of an elevated process, that is the group of administrators.
//! [`SecurityDescriptor::current_user_only`](super::security_descriptor::SecurityDescriptor::current_user_only) keeps
//! administrators who act as other users out as well.
//!
//! Names are first come, first served: any process can create a pipe of any name that is free. A listener fails with
//! [`AddrInUse`](std::io::ErrorKind::AddrInUse) if its name is taken. A client sets
//! [`ConnectOptions::current_user_only`] to refuse other users' servers, or checks
//! [`peer_user_sid`](PipeStream::peer_user_sid).
//!
//! [`list`] names the pipes that there are. What a server may do in a client's name, the client says with
//! [`ConnectOptions`], and the server does with [`impersonate_client`](PipeStream::impersonate_client).
//!
//! # Messages
//! A stream sends and receives either bytes or [messages](pipe_mode::Messages), which its type says for each direction.
//! Each [`send`](PipeStream::send) is one message and arrives whole; [`recv`](PipeStream::recv) and
//! [`recv_to_vec`](PipeStream::recv_to_vec) give one at a time. A question and its answer can be one
//! [transaction](PipeStream::transact):
//! ```
//! use interprocess::{
//!     ConnectWaitMode,
//!     os::windows::named_pipe::{DuplexPipeStream, PipeListenerOptions, pipe_mode::Messages},
//! };
//! use std::thread;
//!
//! # fn main() -> std::io::Result<()> {
//! let path = r"\\.\pipe\interprocess-doc-messages";
//! let listener = PipeListenerOptions::new().path(path).create_duplex::<Messages>()?;
//!
//! let client = thread::spawn(move || {
//!     let (mut reply, longest) = (Vec::new(), 1024);
//!     let wait_mode = ConnectWaitMode::Unbounded;
//!     DuplexPipeStream::<Messages>::call(path, b"Who is there?", &mut reply, longest, wait_mode)?;
//!     Ok::<Vec<u8>, std::io::Error>(reply)
//! });
//!
//! let stream = listener.accept()?;
//! let mut question = [0; 100];
//! let received = stream.recv(&mut question)?.expect("the client asks before it leaves");
//! assert_eq!(&question[..received.length], b"Who is there?");
//! stream.send(b"The server.")?;
//!
//! assert_eq!(client.join().unwrap()?, b"The server.");
//! # Ok(()) }
//! ```
//!
//! # Example
//! ```
//! use interprocess::os::windows::named_pipe::{
//!     DuplexPipeStream, PipeListenerOptions, pipe_mode::Bytes,
//! };
//! use std::{
//!     io::{BufRead, BufReader, Write},
//!     thread,
//! };
//!
//! # fn main() -> std::io::Result<()> {
//! let path = r"\\.\pipe\interprocess-doc-example";
//! let listener = PipeListenerOptions::new().path(path).create_duplex::<Bytes>()?;
//!
//! let client = thread::spawn(move || {
//!     let mut stream = DuplexPipeStream::<Bytes>::connect_by_path(path)?;
//!     stream.write_all(b"Hello from the client!\n")?;
//!     let mut answer = String::new();
//!     BufReader::new(stream).read_line(&mut answer)?;
//!     Ok::<String, std::io::Error>(answer)
//! });
//!
//! let stream = listener.accept()?;
//! let mut greeting = String::new();
//! BufReader::new(&stream).read_line(&mut greeting)?;
//! (&stream).write_all(b"Hello from the server!\n")?;
//!
//! assert_eq!(greeting, "Hello from the client!\n");
//! assert_eq!(client.join().unwrap()?, "Hello from the server!\n");
//! # Ok(()) }
//! ```

pub mod pipe_mode;
#[cfg(feature = "tokio")]
pub mod tokio;

mod connect;
mod connect_options;
mod handle;
mod identity;
mod info;
mod instance_pool;
mod list;
mod listener;
mod messages;
mod mode;
pub(crate) mod name;
mod options;
mod pipe;
#[cfg(any(feature = "tokio", test))]
pub(crate) mod poll;
pub(crate) mod raw;
mod stream;
mod v2;

pub use self::{
    connect_options::{ConnectOptions, ImpersonationLevel},
    handle::{FromHandleError, FromHandleErrorKind},
    info::PipeInfo,
    list::{PipeEntry, PipeList, list},
    listener::{Incoming, PipeListener},
    mode::{PipeDirection, PipeMode, PipeStreamRole},
    options::{PipeListenerOptions, WaitTimeout},
    pipe::{Blocking, Pipe, Waiting},
    raw::Received,
    stream::{DuplexPipeStream, PipeStream, RecvPipeStream, SendPipeStream},
};

/// Two halves that are not of one stream, given back.
pub type ReuniteError<Rm, Sm> = crate::error::ReuniteError<RecvPipeStream<Rm>, SendPipeStream<Sm>>;
/// What [`PipeStream::reunite`] gives.
pub type ReuniteResult<Rm, Sm> = Result<PipeStream<Rm, Sm>, ReuniteError<Rm, Sm>>;
