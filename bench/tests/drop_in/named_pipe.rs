// Programs for `os::windows::named_pipe` of interprocess 2.4, in the ways its documentation shows. See `drop_in.rs`.

use interprocess::{
    ConnectWaitMode, TryClone,
    os::windows::named_pipe::{
        DuplexPipeStream, FromHandleError, FromHandleErrorKind, Incoming, PipeDirection, PipeListener,
        PipeListenerOptions, PipeMode, PipeStream, PipeStreamRole, RecvPipeStream, ReuniteError, SendPipeStream,
        WaitTimeout,
        pipe_mode::{self, Bytes, Messages},
        tokio as on_tokio,
        tokio::PipeListenerOptionsExt as _,
    },
};
use std::{
    io::{self, BufReader, prelude::*},
    mem::MaybeUninit,
    num::NonZeroU8,
    os::windows::io::{AsHandle, OwnedHandle},
    path::Path,
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The server of 2.4's example: what it heard from its first client.
pub(crate) fn serve(path: &str, ready: &dyn Fn()) -> io::Result<String> {
    let listener: PipeListener<Bytes, Bytes> =
        PipeListenerOptions::new().path(Path::new(path)).create_duplex::<pipe_mode::Bytes>()?;
    ready();
    let mut incoming: Incoming<'_, Bytes, Bytes> = listener.incoming();
    let mut conn = BufReader::new(incoming.next().expect("it never ends")?);
    let mut buffer = String::with_capacity(128);
    conn.read_line(&mut buffer)?;
    conn.get_mut().write_all(b"Hello from server!\n")?;
    Ok(buffer)
}

/// The client of 2.4's example: what it heard.
pub(crate) fn call(path: &str) -> io::Result<String> {
    let mut buffer = String::with_capacity(128);
    let mut conn = BufReader::new(DuplexPipeStream::<pipe_mode::Bytes>::connect_by_path(path)?);
    conn.get_mut().write_all(b"Hello from client!\n")?;
    conn.read_line(&mut buffer)?;
    Ok(buffer)
}

/// The same on Tokio.
pub(crate) async fn serve_on_tokio(path: &str, ready: &dyn Fn()) -> io::Result<String> {
    let listener: on_tokio::PipeListener<Bytes, Bytes> =
        PipeListenerOptions::new().path(path).create_tokio_duplex::<pipe_mode::Bytes>()?;
    ready();
    let conn: on_tokio::DuplexPipeStream<Bytes> = listener.accept().await?;
    let (recver, mut sender): (on_tokio::RecvPipeStream<Bytes>, on_tokio::SendPipeStream<Bytes>) = conn.split();
    let mut recver = tokio::io::BufReader::new(recver);
    let mut buffer = String::new();
    tokio::io::AsyncBufReadExt::read_line(&mut recver, &mut buffer).await?;
    sender.write_all(b"Hello from server!\n").await?;
    sender.flush().await?;
    let whole = on_tokio::PipeStream::reunite(recver.into_inner(), sender).expect("two halves of one");
    assert!(whole.is_server() && !whole.is_client());
    Ok(buffer)
}

/// The same on Tokio.
pub(crate) async fn call_on_tokio(path: &str) -> io::Result<String> {
    let wait_mode = ConnectWaitMode::Timeout(Duration::from_secs(60));
    let mut conn = on_tokio::DuplexPipeStream::<Bytes>::connect_by_path_with_wait_mode(path, wait_mode).await?;
    conn.write_all(b"Hello from client!\n").await?;
    conn.flush().await?;
    let mut heard = [0; 19];
    conn.read_exact(&mut heard).await?;
    conn.assume_flushed();
    conn.mark_dirty();
    conn.evade_limbo();
    Ok(String::from_utf8_lossy(&heard).into_owned())
}

/// The values.
pub(crate) fn values() {
    for (direction, number, server, client) in [
        (PipeDirection::ClientToServer, 1, PipeStreamRole::Recver, PipeStreamRole::Sender),
        (PipeDirection::ServerToClient, 2, PipeStreamRole::Sender, PipeStreamRole::Recver),
        (PipeDirection::Duplex, 3, PipeStreamRole::RecverAndSender, PipeStreamRole::RecverAndSender),
    ] {
        assert_eq!((direction.server_role(), direction.client_role()), (server, client));
        assert_eq!((server.direction_as_server(), client.direction_as_client()), (direction, direction));
        assert_eq!((u32::from(direction), PipeDirection::try_from(number)), (number, Ok(direction)));
    }
    assert_eq!(PipeDirection::try_from(0), Err(()));
    assert_eq!((PipeMode::Bytes as u32, PipeMode::Messages as u32), (0, 4));
    assert_eq!((PipeMode::Bytes.to_pipe_type(), PipeMode::Messages.to_pipe_type()), (0, 4));
    assert_eq!((PipeMode::Bytes.to_readmode(), PipeMode::Messages.to_readmode()), (0, 2));
    for (number, mode) in [(0, Ok(PipeMode::Bytes)), (2, Ok(PipeMode::Messages)), (4, Ok(PipeMode::Messages))] {
        assert_eq!(PipeMode::try_from(number), mode);
    }
    assert_eq!(PipeMode::try_from(1), Err(()));
    assert_eq!(WaitTimeout::from_duration_clamped(Duration::ZERO), WaitTimeout::MIN);
    assert_eq!(u32::from(WaitTimeout::from_millis_clamped(u32::MAX)), WaitTimeout::MAX.to_raw());
    assert_eq!(WaitTimeout::from_raw(0), WaitTimeout::DEFAULT);
    assert_eq!(WaitTimeout::default(), WaitTimeout::DEFAULT);
}

/// Options, halves, handles, and what a stream can be asked.
pub(crate) fn extras(path: &str) -> io::Result<()> {
    let mut options = PipeListenerOptions::new()
        .path(path)
        .mode(PipeMode::Bytes)
        .nonblocking(false)
        .instance_limit(NonZeroU8::new(8))
        .write_through(false)
        .accept_remote(false)
        .input_buffer_size_hint(4096)
        .output_buffer_size_hint(4096)
        .wait_timeout(WaitTimeout::DEFAULT)
        .security_descriptor(None)
        .inheritable(false);
    options.input_buffer_size_hint = 8192;
    let options: PipeListenerOptions<'static> = options.to_owned()?;
    let listener = TryClone::try_clone(&options)?.create::<Bytes, Bytes>()?;
    let mut client = DuplexPipeStream::<Bytes>::connect_by_path_with_wait_mode(path, ConnectWaitMode::Unbounded)?;
    let server = listener.accept()?;
    assert!(server.is_server() && client.is_client());
    assert_eq!(server.client_process_id()?, client.server_process_id()?);
    assert_eq!(server.peer_process_id()?, client.peer_process_id()?);
    assert_eq!(server.peer_session_id()?, client.server_session_id()?);
    assert_eq!(server.client_session_id()?, client.peer_session_id()?);

    let (recver, mut sender): (RecvPipeStream<Bytes>, SendPipeStream<Bytes>) = server.split();
    sender.write_all(b"from a half")?;
    let mut buffer = [MaybeUninit::<u8>::uninit(); 64];
    assert_eq!(client.read_to_uninit(&mut buffer)?, 11);
    let server = PipeStream::<Bytes, Bytes>::reunite(recver, sender).expect("two halves of one");

    let handle = OwnedHandle::try_from(server).expect("no half");
    let mut server = DuplexPipeStream::<Bytes>::try_from(handle).expect("it was one");
    let copy = TryClone::try_clone(&server)?;
    server.write_all(b"and more")?;
    let mut text = [0; 8];
    client.read_exact(&mut text)?;
    assert_eq!(&text, b"and more");
    copy.assume_flushed();
    server.assume_flushed();
    drop((copy, server));
    assert_eq!(client.read(&mut text)?, 0);
    client.evade_limbo();

    listener.set_nonblocking(true)?;
    assert_eq!(listener.accept().expect_err("nobody is there").kind(), io::ErrorKind::WouldBlock);
    Ok(())
}

/// Handles that cannot be streams, and halves that do not match.
pub(crate) fn errors(path: &str) -> io::Result<()> {
    let listener = PipeListenerOptions::new().path(path).create_duplex::<Bytes>()?;
    let streams = |_| -> io::Result<_> {
        let client = DuplexPipeStream::<Bytes>::connect_by_path(path)?;
        Ok((listener.accept()?, client))
    };
    let [(one, _client), (other, _other_client)] = [streams(1)?, streams(2)?];
    let ((rh, one_sh), (other_rh, sh)) = (one.split(), other.split());
    let error: ReuniteError<Bytes, Bytes> = PipeStream::reunite(rh, sh).expect_err("of two streams");
    let _ = PipeStream::reunite(error.rh, one_sh).expect("of one stream");
    let _ = PipeStream::reunite(other_rh, error.sh).expect("of one stream");

    let executable = std::fs::File::open(std::env::current_exe()?)?;
    let error: FromHandleError = DuplexPipeStream::<Bytes>::try_from(OwnedHandle::from(executable)).expect_err("a file");
    assert!(matches!(error.details, FromHandleErrorKind::IsServerCheckFailed), "{error:?}");
    assert!(error.source.is_some() && !error.to_io_error().to_string().is_empty());
    let _: io::Error = FromHandleErrorKind::NoMessageBoundaries.into();
    Ok(())
}

/// Messages: their lengths, and one after another.
pub(crate) fn messages(path: &str) -> io::Result<()> {
    let listener =
        PipeListenerOptions::new().path(path).mode(PipeMode::Messages).create_send_only::<Messages>()?;
    let client = PipeStream::<Messages, pipe_mode::None>::connect_by_path(path);
    // 2.4 does not ask for the right that a receive-only client needs for messages; Wine lets it.
    let client = client?;
    let server = listener.accept()?;
    assert_eq!(server.send(b"one")?, 3);
    assert_eq!(client.peek_msg_len()?, 3);
    Ok(())
}

/// A listener of an instance that something else has made.
pub(crate) fn adopt(path: &str, instance: OwnedHandle) -> io::Result<PipeListener<Bytes, Bytes>> {
    let options = PipeListenerOptions::new().path(path).to_owned()?;
    Ok(PipeListener::<Bytes, Bytes>::from_handle_and_options(instance, options))
}

/// The same on Tokio, and of an object of Tokio's.
pub(crate) fn adopt_on_tokio(
    path: &str,
    instance: OwnedHandle,
) -> io::Result<on_tokio::PipeListener<Bytes, Bytes>> {
    let options = PipeListenerOptions::new().path(path).to_owned()?;
    on_tokio::PipeListener::from_handle_and_options(instance, options)
}

pub(crate) fn adopt_from_tokio(
    path: &str,
    instance: tokio::net::windows::named_pipe::NamedPipeServer,
) -> io::Result<on_tokio::PipeListener<Bytes, Bytes>> {
    let _ = instance.as_handle();
    let options = PipeListenerOptions::new().path(path).to_owned()?;
    Ok(on_tokio::PipeListener::from_tokio_and_options(instance, options))
}
