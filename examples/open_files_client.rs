//! Asks `open_files_server` for a file, and prints what it reads through the descriptor that it gets.

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    use interprocess::os::unix::uds::UnixSeqpacket;
    use std::{fs::File, io};

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, name] = arguments.as_slice() else {
        return Err(io::Error::other("usage: open_files_client SOCKET NAME"));
    };
    let server = UnixSeqpacket::connect(socket)?;
    server.send(name.as_bytes())?;
    let mut answer = [0; 256];
    let (length, files) = server.recv_with_fds(&mut answer, 1)?;
    match files.into_iter().next() {
        Some(file) => io::copy(&mut File::from(file), &mut io::stdout()).map(drop),
        None => Err(io::Error::other(String::from_utf8_lossy(&answer[..length]))),
    }
}

#[cfg(not(unix))]
fn main() {
    println!("only Unix passes open files over sockets");
}
