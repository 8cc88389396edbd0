//! A library that uses the crate, for `unload.rs` to free.
//!
//! Waiting under Tokio, and timeouts of unnamed pipes, use callbacks of the system's thread pool, which must not run in
//! code that is not there any more.
#![cfg(windows)]

use interprocess::{
    os::windows::named_pipe::{PipeListenerOptions, pipe_mode::Bytes, tokio::DuplexPipeStream},
    unnamed_pipe,
};
use std::{io, panic, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Uses pipes, and leaves operations of all kinds unfinished behind. 0: all went well.
#[allow(unsafe_code, reason = "the attribute says that no other function has this name")]
#[unsafe(no_mangle)]
pub extern "system" fn use_pipes(number: u32) -> u32 {
    let result = panic::catch_unwind(|| exchange(number));
    u32::from(!matches!(result, Ok(Ok(()))))
}

fn exchange(number: u32) -> io::Result<()> {
    let (_send, recv) = unnamed_pipe::pipe()?;
    recv.set_recv_timeout(Some(Duration::from_millis(1)))?;
    let timed_out = io::Read::read(&mut &recv, &mut [0]).is_err();
    assert!(timed_out, "nobody sends");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let path = format!(r"\\.\pipe\interprocess-unload-{}-{number}", std::process::id());
        let listener = PipeListenerOptions::new().path(path.as_str()).create_tokio_duplex::<Bytes>()?;
        let (mut client, server) =
            tokio::try_join!(DuplexPipeStream::<Bytes>::connect_by_path(path.as_str()), listener.accept())?;
        let (mut recv, mut send) = server.split();
        let (mut heard, said) = ([0; 5], b"hello");
        tokio::try_join!(client.write_all(said), recv.read_exact(&mut heard))?;
        assert_eq!(heard, *said);
        // More than the pipe holds, and a read of what nobody sends: both are dropped while they wait.
        let (mut more, much) = ([0], vec![1; 1 << 20]);
        tokio::select! {
            biased;
            _ = send.write_all(&much) => {}
            _ = recv.read(&mut more) => {}
            _ = listener.accept() => {}
            _ = tokio::task::yield_now() => {}
        }
        Ok(())
    })
}
