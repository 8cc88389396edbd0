//! One text, two versions: each program of `drop_in/` is written for interprocess 2.4, and compiles and works with this
//! version too, with nothing but the dependency changed. A server of either version serves a client of the other.

use bench::{unique_name, unique_path};
use std::{fmt::Debug, io, sync::mpsc, thread};

/// Of the local sockets' names.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Kind {
    Namespaced,
    Path,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Namespaced, Self::Path];

    /// A name of this kind that nobody else has.
    fn text(self, purpose: &str) -> String {
        match self {
            Self::Namespaced => unique_name(purpose),
            Self::Path => {
                unique_path(purpose).into_os_string().into_string().expect("the temporary folder is text")
            }
        }
    }
}

// Halves are deprecated since 2.4.7. Here, the types have the methods themselves for which 2.4 needs traits in scope.
#[allow(deprecated, unused_imports)]
mod with_2 {
    pub(crate) mod local_socket {
        use interprocess_2 as interprocess;
        include!("drop_in/local_socket.rs");
    }
    pub(crate) mod local_socket_tokio {
        use interprocess_2 as interprocess;
        include!("drop_in/local_socket_tokio.rs");
    }
    pub(crate) mod unnamed_pipe {
        use interprocess_2 as interprocess;
        include!("drop_in/unnamed_pipe.rs");
    }
    pub(crate) mod unnamed_pipe_tokio {
        use interprocess_2 as interprocess;
        include!("drop_in/unnamed_pipe_tokio.rs");
    }
    #[cfg(windows)]
    pub(crate) mod named_pipe {
        use interprocess_2 as interprocess;
        include!("drop_in/named_pipe.rs");
    }
    #[cfg(unix)]
    pub(crate) mod unix {
        use interprocess_2 as interprocess;
        include!("drop_in/unix.rs");
    }
}

// What does nothing any more is deprecated.
#[allow(deprecated, unused_imports)]
mod with_3 {
    pub(crate) mod local_socket {
        include!("drop_in/local_socket.rs");
    }
    pub(crate) mod local_socket_tokio {
        include!("drop_in/local_socket_tokio.rs");
    }
    pub(crate) mod unnamed_pipe {
        include!("drop_in/unnamed_pipe.rs");
    }
    pub(crate) mod unnamed_pipe_tokio {
        include!("drop_in/unnamed_pipe_tokio.rs");
    }
    #[cfg(windows)]
    pub(crate) mod named_pipe {
        include!("drop_in/named_pipe.rs");
    }
    #[cfg(unix)]
    pub(crate) mod unix {
        include!("drop_in/unix.rs");
    }
}

fn works<T>(what: impl Debug, result: io::Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{what:?}: {error}"))
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts").block_on(work)
}

/// Runs a server in another thread until it is ready and then a client, and checks what they said to each other.
fn meet(
    what: impl Debug,
    server: impl FnOnce(&dyn Fn()) -> io::Result<String> + Send,
    client: impl FnOnce() -> io::Result<String>,
) {
    let (ready, is_ready) = mpsc::channel();
    thread::scope(|scope| {
        let serving = scope.spawn(move || {
            server(&move || {
                // The other side waits, unless it has panicked.
                let _ = ready.send(());
            })
        });
        // A server that failed is never ready; its error is below.
        if is_ready.recv().is_ok() {
            assert_eq!(works(&what, client()), "Hello from server!\n", "{what:?}");
        }
        let heard = works(&what, serving.join().expect("no panic"));
        assert_eq!(heard, "Hello from client!\n", "{what:?}");
    });
}

#[test]
fn local_sockets_meet() {
    type Server = fn(Kind, &str, &dyn Fn()) -> io::Result<String>;
    type Client = fn(Kind, &str) -> io::Result<String>;
    let servers: [(&str, Server); 4] = [
        ("2", with_2::local_socket::serve),
        ("3", with_3::local_socket::serve),
        ("2-tokio", |kind, text, ready| block_on(with_2::local_socket_tokio::serve(kind, text, ready))),
        ("3-tokio", |kind, text, ready| block_on(with_3::local_socket_tokio::serve(kind, text, ready))),
    ];
    let clients: [(&str, Client); 4] = [
        ("2", with_2::local_socket::call),
        ("3", with_3::local_socket::call),
        ("2-tokio", |kind, text| block_on(with_2::local_socket_tokio::call(kind, text))),
        ("3-tokio", |kind, text| block_on(with_3::local_socket_tokio::call(kind, text))),
    ];
    for kind in Kind::ALL {
        for (server_name, server) in servers {
            for (client_name, client) in clients {
                let what = (kind, server_name, client_name);
                let text = kind.text(&format!("meet-{server_name}-{client_name}"));
                meet(what, |ready| server(kind, &text, ready), || client(kind, &text));
            }
        }
    }
}

#[test]
fn local_socket_names() {
    let path = Kind::Path.text("names");
    works("2", with_2::local_socket::names(&path));
    works("3", with_3::local_socket::names(&path));
}

#[test]
fn local_socket_programs() {
    type Program = fn(Kind, &str) -> io::Result<()>;
    let programs: [(&str, Program); 14] = [
        ("nonblocking-2", with_2::local_socket::nonblocking),
        ("nonblocking-3", with_3::local_socket::nonblocking),
        ("wait-modes-2", with_2::local_socket::wait_modes),
        ("wait-modes-3", with_3::local_socket::wait_modes),
        ("halves-2", with_2::local_socket::halves),
        ("halves-3", with_3::local_socket::halves),
        ("extras-2", with_2::local_socket::extras),
        ("extras-3", with_3::local_socket::extras),
        ("generic-2", with_2::local_socket::generic),
        ("generic-3", with_3::local_socket::generic),
        ("tokio-extras-2", |kind, text| block_on(with_2::local_socket_tokio::extras(kind, text))),
        ("tokio-extras-3", |kind, text| block_on(with_3::local_socket_tokio::extras(kind, text))),
        ("tokio-generic-2", |kind, text| block_on(with_2::local_socket_tokio::generic(kind, text))),
        ("tokio-generic-3", |kind, text| block_on(with_3::local_socket_tokio::generic(kind, text))),
    ];
    for kind in Kind::ALL {
        for (name, program) in programs {
            works((kind, name), program(kind, &kind.text(name)));
        }
    }
}

#[test]
fn unnamed_pipe_programs() {
    works("2", with_2::unnamed_pipe::sides());
    works("3", with_3::unnamed_pipe::sides());
    works("2, extras", with_2::unnamed_pipe::extras());
    works("3, extras", with_3::unnamed_pipe::extras());
    for [tx, rx] in
        [with_2::unnamed_pipe::handles(), with_3::unnamed_pipe::handles()].map(|ends| works("pipe", ends))
    {
        works("2 sends", with_2::unnamed_pipe::send(tx));
        assert_eq!(works("3 receives", with_3::unnamed_pipe::receive(rx)), "Hello from side B!");
    }
    for [tx, rx] in
        [with_2::unnamed_pipe::handles(), with_3::unnamed_pipe::handles()].map(|ends| works("pipe", ends))
    {
        works("3 sends", with_3::unnamed_pipe::send(tx));
        assert_eq!(works("2 receives", with_2::unnamed_pipe::receive(rx)), "Hello from side B!");
    }
}

#[test]
fn tokio_unnamed_pipe_programs() {
    block_on(async {
        if TOKIO_PIPES_OF_2_CAN_BE_CONVERTED {
            works("2", with_2::unnamed_pipe_tokio::sides().await);
        }
        works("3", with_3::unnamed_pipe_tokio::sides().await);
        works("2, extras", with_2::unnamed_pipe_tokio::extras().await);
        works("3, extras", with_3::unnamed_pipe_tokio::extras().await);
    });
}

/// On Windows, 2.4 releases a Tokio sender twice when it is converted to a handle (`TryFrom<Sender> for OwnedHandle` in
/// its `os/windows/unnamed_pipe/tokio.rs`), which under Wine changed a byte of the message: such programs compile, but
/// are not run. Its ends could not do overlapped operations anyway, which ours need.
const TOKIO_PIPES_OF_2_CAN_BE_CONVERTED: bool = cfg!(unix);

#[test]
fn tokio_unnamed_pipes_meet() {
    use with_2::unnamed_pipe_tokio as two;
    use with_3::unnamed_pipe_tokio as three;
    async fn check(
        what: &str,
        sending: impl Future<Output = io::Result<()>>,
        receiving: impl Future<Output = io::Result<String>>,
    ) {
        let ((), received) = works(what, tokio::try_join!(sending, receiving));
        assert_eq!(received, "Hello from side B!", "{what}");
    }
    block_on(async {
        let ends = |made: io::Result<_>| works("pipe", made);
        let [tx, rx] = ends(three::handles());
        check("3 and 3", three::send(tx), three::receive(rx)).await;
        if TOKIO_PIPES_OF_2_CAN_BE_CONVERTED {
            let [tx, rx] = ends(two::handles());
            check("2 and 2", two::send(tx), two::receive(rx)).await;
            for [tx, rx] in [ends(two::handles()), ends(three::handles())] {
                check("2 and 3", two::send(tx), three::receive(rx)).await;
            }
            for [tx, rx] in [ends(two::handles()), ends(three::handles())] {
                check("3 and 2", three::send(tx), two::receive(rx)).await;
            }
        }
    });
}

#[cfg(unix)]
#[test]
fn unix_programs() {
    works("2", with_2::unix::names(&Kind::Path.text("unix-2"), &unique_name("unix-2")));
    works("3", with_3::unix::names(&Kind::Path.text("unix-3"), &unique_name("unix-3")));
    works("2, pipes", with_2::unix::pipes());
    works("3, pipes", with_3::unix::pipes());
    works("2, errors", with_2::unix::errors());
    works("3, errors", with_3::unix::errors());
}

#[cfg(windows)]
#[test]
fn named_pipes_meet() {
    type Server = fn(&str, &dyn Fn()) -> io::Result<String>;
    type Client = fn(&str) -> io::Result<String>;
    let servers: [(&str, Server); 4] = [
        ("2", with_2::named_pipe::serve),
        ("3", with_3::named_pipe::serve),
        ("2-tokio", |path, ready| block_on(with_2::named_pipe::serve_on_tokio(path, ready))),
        ("3-tokio", |path, ready| block_on(with_3::named_pipe::serve_on_tokio(path, ready))),
    ];
    let clients: [(&str, Client); 4] = [
        ("2", with_2::named_pipe::call),
        ("3", with_3::named_pipe::call),
        ("2-tokio", |path| block_on(with_2::named_pipe::call_on_tokio(path))),
        ("3-tokio", |path| block_on(with_3::named_pipe::call_on_tokio(path))),
    ];
    for (server_name, server) in servers {
        for (client_name, client) in clients {
            let path = pipe_path(&format!("meet-{server_name}-{client_name}"));
            meet((server_name, client_name), |ready| server(&path, ready), || client(&path));
        }
    }
}

#[cfg(windows)]
#[test]
fn named_pipe_programs() {
    type Program = fn(&str) -> io::Result<()>;
    with_2::named_pipe::values();
    with_3::named_pipe::values();
    let programs: [(&str, Program); 6] = [
        ("extras-2", with_2::named_pipe::extras),
        ("extras-3", with_3::named_pipe::extras),
        ("errors-2", with_2::named_pipe::errors),
        ("errors-3", with_3::named_pipe::errors),
        ("messages-2", with_2::named_pipe::messages),
        ("messages-3", with_3::named_pipe::messages),
    ];
    for (name, program) in programs {
        works(name, program(&pipe_path(name)));
    }
}

/// Listeners of instances that Tokio has made. The second client finds an instance that the options have made.
#[cfg(windows)]
#[test]
fn adopted_named_pipes() {
    use interprocess::os::windows::named_pipe::{DuplexPipeStream, pipe_mode::Bytes};
    use std::{
        io::{Read, Write},
        os::windows::io::{AsHandle, OwnedHandle},
    };
    use tokio::{
        io::{AsyncRead, AsyncReadExt},
        net::windows::named_pipe::{NamedPipeServer, ServerOptions},
    };

    fn made_by_tokio(path: &str) -> NamedPipeServer {
        works(path, ServerOptions::new().first_pipe_instance(true).create(path))
    }
    fn its_handle(path: &str) -> OwnedHandle {
        works(path, made_by_tokio(path).as_handle().try_clone_to_owned())
    }
    fn call_twice(path: &str) -> thread::JoinHandle<()> {
        let path = path.to_owned();
        thread::spawn(move || {
            for _ in 0..2 {
                let mut client = works(&path, DuplexPipeStream::<Bytes>::connect_by_path(&path));
                works(&path, client.write_all(b"x"));
            }
        })
    }
    fn serve_twice<S: Read>(path: &str, mut accept: impl FnMut() -> io::Result<S>) {
        let calling = call_twice(path);
        for _ in 0..2 {
            works(path, works(path, accept()).read_exact(&mut [0]));
        }
        calling.join().expect("no panic");
    }
    async fn serve_twice_on_tokio<S: AsyncRead + Unpin>(
        path: &str,
        mut accept: impl AsyncFnMut() -> io::Result<S>,
    ) {
        let calling = call_twice(path);
        for _ in 0..2 {
            works(path, works(path, accept().await).read_exact(&mut [0]).await);
        }
        calling.join().expect("no panic");
    }
    block_on(async {
        let path = &pipe_path("adopted-3");
        let listener = works(path, with_3::named_pipe::adopt(path, its_handle(path)));
        serve_twice(path, || listener.accept());

        let path = &pipe_path("adopted-tokio-3");
        let listener = works(path, with_3::named_pipe::adopt_on_tokio(path, its_handle(path)));
        serve_twice_on_tokio(path, async || listener.accept().await).await;
        let path = &pipe_path("adopted-from-tokio-2");
        let listener = works(path, with_2::named_pipe::adopt_from_tokio(path, made_by_tokio(path)));
        serve_twice_on_tokio(path, async || listener.accept().await).await;
        let path = &pipe_path("adopted-from-tokio-3");
        let listener = works(path, with_3::named_pipe::adopt_from_tokio(path, made_by_tokio(path)));
        serve_twice_on_tokio(path, async || listener.accept().await).await;
        // Compiled only: 2.4 cannot read from such a handle without Tokio (error 87), and on Tokio would bind it again.
        let _ = (with_2::named_pipe::adopt, with_2::named_pipe::adopt_on_tokio);
    });
}

#[cfg(windows)]
fn pipe_path(purpose: &str) -> String {
    unique_path(purpose).into_os_string().into_string().expect("the name is text")
}
