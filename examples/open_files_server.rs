//! A server that opens files on behalf of its clients and passes them the open file: a client can so read what it could
//! not open itself. It serves users that it knows, by what the kernel says of them.
//!
//!     cargo run --example open_files_server -- /tmp/files.sock /etc
//!     cargo run --example open_files_client -- /tmp/files.sock hostname

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use interprocess::os::unix::uds::{UnixSeqpacketListener, UnlinkSocket};
    use std::{fs::File, io, path::Path};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, folder] = arguments.as_slice() else {
        return Err(io::Error::other("usage: open_files_server SOCKET FOLDER"));
    };
    // Sequenced packets: each request and each answer arrives whole. Only this user may connect.
    let listener = UnixSeqpacketListener::bind_with(Path::new(socket), Some(0o600), 16)?;
    let _guard = UnlinkSocket::new(socket)?;
    println!("listening at {socket}");

    for client in listener.incoming() {
        let client = client?;
        let mut buffer = [0; 256];
        let length = client.recv(&mut buffer)?;
        let name = String::from_utf8_lossy(&buffer[..length]);
        println!("user {} wants {name}", client.peer_cred()?.uid());
        let is_plain = !name.is_empty() && !name.contains(['/', '\0']) && name != "." && name != "..";
        let opened = if is_plain {
            File::open(Path::new(folder).join(&*name))
        } else {
            Err(io::Error::other("a name has no folders"))
        };
        // A client that is gone is no reason to stop.
        let answered = match opened {
            Ok(file) => client.send_with_fds(b"here it is", &[file]),
            Err(error) => client.send(error.to_string().as_bytes()),
        };
        if let Err(error) = answered {
            eprintln!("the client did not take the answer: {error}");
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    println!("only Unix passes open files over sockets");
}
