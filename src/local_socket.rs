//! Local sockets: one API for talking to another process of the same machine, on every platform.
//!
//! A local socket is a Unix domain socket on Unix and a named pipe on Windows. It carries exactly the bytes that were
//! written, without framing, so that a program in any language can be at the other end.
//!
//! ```
//! use interprocess::local_socket::{ListenerOptions, Name, Stream};
//! use std::io::{BufRead, BufReader, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let name = Name::namespaced("interprocess-example")?;
//! # let unique = format!("interprocess-doc-local-{}", std::process::id());
//! # let name = Name::namespaced(&unique)?;
//! let listener = ListenerOptions::new().name(&name).create_sync()?;
//! let server = std::thread::spawn(move || -> std::io::Result<()> {
//!     let mut client = BufReader::new(listener.accept()?);
//!     let mut question = String::new();
//!     client.read_line(&mut question)?;
//!     write!(client.get_mut(), "you said: {question}")
//! });
//!
//! let mut stream = BufReader::new(Stream::connect(&name)?);
//! stream.get_mut().write_all(b"hello\n")?;
//! let mut answer = String::new();
//! stream.read_line(&mut answer)?;
//! assert_eq!(answer, "you said: hello\n");
//! # server.join().unwrap()
//! # }
//! ```
//!
//! # Names
//! A [`Name`] is a path or stands in a namespace of its own:
//!
//! | platform | [`Name::path`] | [`Name::namespaced`]`("app")` | [`Name::for_current_user`]`("app")` |
//! | --- | --- | --- | --- |
//! | Linux, Android | a socket file | `app` in the abstract namespace: no file, gone with the listener, no permissions, shared by containers that share the network namespace | the user's directory |
//! | macOS, BSD, other Unix | a socket file | the user's directory | the same |
//! | Windows | `\\.\pipe\app` alone (`\\HOST\pipe\app` to connect) | `\\.\pipe\app` | `\\.\pipe\SID.app` |
//!
//! The user's directory is `$XDG_RUNTIME_DIR` if it belongs to the user alone (mode 0700), else `interprocess-UID` in the
//! temporary directory, of mode 0700. In the name, `/` and `%` become `%2F` and `%25`, and so does the dot of `.` and `..`.
//!
//! **Namespaced names are shared by all users on Linux and Windows.** Any user can connect, unless the listener has
//! [`current_user_only`](ListenerOptions::current_user_only), and any user can take the name first: then listening fails with
//! `AddrInUse`, and clients connect to a stranger, unless they have [`current_user_only`](ConnectOptions::current_user_only).
//! Use [`Name::for_current_user`] for a server that each user has, and a path for one that different users connect to.
//! [`Name::unique`] is a name that nothing else has.
//!
//! interprocess 2.4 has other directories on macOS, the BSDs and other Unixes; for talking to its programs,
//! `os::unix::local_socket::SpecialDirUdSocket` is that mapping. On Linux and Windows both mappings are 2.4's.
//!
//! # Servers that died
//! On Windows, and for abstract names, a name vanishes with its listener; on Windows with the last stream that it
//! accepted, if that lives longer. A socket file stays behind if its server was
//! killed. A new listener finds that and takes the path over
//! ([`reclaim_stale`](ListenerOptions::reclaim_stale)), and leaves a living one alone (`AddrInUse`), even one that does
//! not listen yet or whose backlog is full: the system tells whether a living socket has the file, and the other program
//! does not notice. While a listener takes or leaves a path, it locks an empty file `.NAME.interprocess-lock` beside the
//! socket, so that one of several servers that start at the same moment wins. A living listener whose socket file was
//! renamed or removed does not keep its path.
//!
//! A listener belongs to the process that made it: dropped in a child by fork(2), it leaves the socket file alone.
//!
//! # Shutting down
//! [`Listener::close`], [`Stream::close`] and [`Stream::shutdown`] wake other threads or tasks that are blocked on the same
//! object. Dropping a [`SendHalf`] ends the sending direction where the platform can.
//!
//! | | Unix | Windows |
//! | --- | --- | --- |
//! | end of one's own sending, peer reads to the end | `shutdown(Shutdown::Write)`, or dropping the `SendHalf` | not there: `shutdown` is `Unsupported`. Say in your protocol how long a message is |
//! | after `close`, the peer reads to the end | at once | when the stream and its clones are dropped |
//! | the peer reads what was written before a drop | always | always, as long as the process lives or everything fitted into the pipe's buffer |

mod absence;
mod listener;
mod name;
mod options;
mod peer;
mod stream;
#[cfg(feature = "tokio")]
pub mod tokio;
mod v2;

// The only place in this module that knows which platform it is on. The half that is chosen provides `Stream`,
// `Listener`, `ListenerExtras`, `Pid`, `connect`, `pause`, `pair`, `waited_for`, `close`, `end_sending`, `peer_creds`,
// `local_name`, `peer_name`, the checks and facts about names, and `tokio` with the same for the runtime.
#[cfg(unix)]
mod unix;
#[cfg(unix)]
use self::unix as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use self::windows as platform;

pub use self::{
    listener::{Listener, ListenerNonblockingMode},
    name::{Name, NameText},
    options::{ConnectOptions, ListenerOptions},
    peer::PeerCreds,
    platform::Pid,
    stream::{RecvHalf, ReuniteError, ReuniteResult, SendHalf, Stream, is_no_listener, is_timeout},
    v2::{
        GenericFilePath, GenericNamespaced, Incoming, NameType, NamespacedNameType, PathNameType, ToFsName,
        ToNsName, prelude, traits,
    },
};
