//! Writing to pipes of which the system says little or nothing about their space.
#![cfg(windows)]

mod common;

use common::{FOREVER, unique, within_deadline};
use interprocess::{
    os::windows::named_pipe::{DuplexPipeStream, PipeListenerOptions, pipe_mode::Bytes},
    unnamed_pipe::pipe,
};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, ErrorKind, Read, Write},
    os::windows::{
        ffi::OsStrExt,
        io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle},
    },
    ptr,
    sync::mpsc,
    thread,
    time::Duration,
};
use windows_sys::{
    Wdk::Storage::FileSystem::{
        FILE_PIPE_LOCAL_INFORMATION, FilePipeLocalInformation, NtQueryInformationFile,
    },
    Win32::{
        Foundation::INVALID_HANDLE_VALUE,
        Storage::FileSystem::PIPE_ACCESS_DUPLEX,
        System::{
            IO::IO_STATUS_BLOCK,
            Pipes::{CreateNamedPipeW, GetNamedPipeHandleStateW, PIPE_NOWAIT},
        },
    },
};

type Stream = DuplexPipeStream<Bytes>;

/// More than a stream leaves in flight.
const CHUNK: usize = 64 * 1024;
const SHORT: Option<Duration> = Some(Duration::from_millis(30));

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

/// A server as another program has it, with buffers of this size: 0 is the default of .NET's and of go-winio.
#[allow(unsafe_code)]
fn server(size: u32) -> (File, String) {
    let path = unique_path();
    let name: Vec<u16> = OsStr::new(&path).encode_wide().chain([0]).collect();
    // SAFETY: the name is zero-terminated; no attributes are allowed.
    let handle =
        unsafe { CreateNamedPipeW(name.as_ptr(), PIPE_ACCESS_DUPLEX, 0, 1, size, size, 0, ptr::null()) };
    assert!(!ptr::eq(handle, INVALID_HANDLE_VALUE), "{}", io::Error::last_os_error());
    // SAFETY: the call succeeded, so this is a new handle that nobody else owns.
    (unsafe { File::from_raw_handle(handle) }, path)
}

#[allow(unsafe_code)]
fn write_quota(handle: BorrowedHandle<'_>) -> Result<u32, i32> {
    let mut io_status = IO_STATUS_BLOCK::default();
    let mut information = FILE_PIPE_LOCAL_INFORMATION::default();
    let size = size_of::<FILE_PIPE_LOCAL_INFORMATION>() as u32;
    let place = ptr::from_mut(&mut information).cast();
    let handle = handle.as_raw_handle();
    // SAFETY: the handle is open, the query is answered before the call returns, and `place` has room for `size`.
    let status =
        unsafe { NtQueryInformationFile(handle, &mut io_status, place, size, FilePipeLocalInformation) };
    if status < 0 { Err(status) } else { Ok(information.OutboundQuota) }
}

#[allow(unsafe_code)]
fn is_no_wait(handle: BorrowedHandle<'_>) -> bool {
    let (mut mode, none) = (0, ptr::null_mut());
    let handle = handle.as_raw_handle();
    // SAFETY: the handle is open, `mode` is a place for a number, and the other answers may be left out.
    let result = unsafe { GetNamedPipeHandleStateW(handle, &mut mode, none, none, none, ptr::null_mut(), 0) };
    assert_ne!(result, 0, "{}", io::Error::last_os_error());
    mode & PIPE_NOWAIT != 0
}

/// The length of each read until there is this much.
fn reads(mut reader: impl Read, size: usize, all: usize) -> Vec<usize> {
    let (mut buffer, mut lengths) = (vec![0; size], Vec::new());
    while lengths.iter().sum::<usize>() < all {
        let length = reader.read(&mut buffer).unwrap();
        assert_ne!(length, 0, "{lengths:?}");
        lengths.push(length);
    }
    lengths
}

/// Windows lets the space of a send-only end be asked only if that was wanted when it was made.
#[test]
fn send_only_servers_know_their_space() {
    within_deadline(|| {
        let path = unique_path();
        let options = PipeListenerOptions::new().path(&path).output_buffer_size_hint(5000);
        let listener = options.create_send_only::<Bytes>().unwrap();
        let mut client = File::open(&path).unwrap();
        let mut stream = listener.accept().unwrap();
        assert_eq!(write_quota(stream.as_handle()), Ok(5000));
        // While there is unread data, the system refuses to put an end into a mode in which writes do not wait.
        stream.set_nonblocking(true).unwrap();
        for _ in 0..3 {
            stream.write_all(&[7; 1000]).unwrap();
        }
        stream.flush().unwrap();
        assert_eq!(reads(&mut client, 10_000, 3000), [3000]);
    });
}

/// What is written in one call, and fits, is read in one call, also if the system says that there is no space.
#[test]
fn writes_arrive_in_one_piece() {
    within_deadline(|| {
        for (size, nonblocking) in [(CHUNK, true), (CHUNK, false), (0, true), (0, false)] {
            let (server, path) = server(size as u32);
            let mut stream = Stream::connect_by_path(&path).unwrap();
            stream.set_nonblocking(nonblocking).unwrap();
            stream.set_write_timeout(Some(FOREVER)).unwrap();
            let reader = thread::spawn(move || reads(server, CHUNK, 30_000));
            stream.write_all(&[1; 30_000]).unwrap();
            assert_eq!(reader.join().unwrap(), [30_000], "size {size}, nonblocking: {nonblocking}");
        }
    });
}

/// A pipe that has no size takes big pieces nevertheless, from whatever kind of writer.
#[test]
fn pipes_without_size_take_big_pieces() {
    within_deadline(|| {
        for nonblocking in [false, true] {
            let (server, path) = server(0);
            let mut stream = Stream::connect_by_path(&path).unwrap();
            stream.set_nonblocking(nonblocking).unwrap();
            stream.set_write_timeout(Some(FOREVER)).unwrap();
            let reader = thread::spawn(move || reads(server, CHUNK, 8 * CHUNK));
            let all = vec![1; 8 * CHUNK];
            let mut left = &all[..];
            while !left.is_empty() {
                match stream.write(left) {
                    Ok(length) => left = &left[length..],
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::WouldBlock);
                        stream.set_nonblocking(false).unwrap();
                        stream.flush().unwrap();
                        stream.set_nonblocking(true).unwrap();
                    }
                }
            }
            assert_eq!(reader.join().unwrap(), [CHUNK; 8], "nonblocking: {nonblocking}");
        }
    });
}

/// What was left in flight arrives after its thread, its stream and the time limit are gone, and nothing that failed does.
#[test]
fn what_is_in_flight_outlives_its_thread() {
    within_deadline(|| {
        for size in [0, 4096] {
            let (server, path) = server(size);
            let writer = thread::spawn(move || {
                let mut stream = Stream::connect_by_path(&path).unwrap();
                stream.set_write_timeout(SHORT).unwrap();
                let mut written = 0;
                let error = loop {
                    match stream.write(&[2; 10_000]) {
                        Ok(length) => written += length,
                        Err(error) => break error,
                    }
                };
                assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
                assert_eq!(stream.flush().unwrap_err().kind(), ErrorKind::TimedOut);
                stream.set_nonblocking(true).unwrap();
                assert_eq!(stream.write(b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
                written
            });
            let written = writer.join().unwrap();
            assert!(written > 0);
            let mut got = Vec::new();
            (&server).read_to_end(&mut got).unwrap();
            assert!(got == vec![2; written], "{} of {written}", got.len());
        }
    });
}

/// Nobody writes into the space that another one has seen, nor loses count.
#[test]
fn many_writers_with_time_limits() {
    within_deadline(|| {
        let (server, path) = server(1000);
        let stream = Stream::connect_by_path(&path).unwrap();
        stream.set_nonblocking(true).unwrap();
        let reader = thread::spawn(move || {
            let mut all = Vec::new();
            (&server).read_to_end(&mut all).unwrap();
            [0, 1, 2].map(|number| all.iter().filter(|&&byte| byte == number).count())
        });
        let write = |number: u8| {
            let (mut stream, mut written) = (stream.try_clone().unwrap(), 0);
            while written < 20_000 {
                match stream.write(&[number; 700]) {
                    Ok(length) => written += length,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
                    Err(error) => panic!("{error}"),
                }
            }
            written
        };
        let written = thread::scope(|scope| {
            let writers = [0, 1, 2].map(|number| scope.spawn(move || write(number)));
            writers.map(|writer| writer.join().unwrap())
        });
        drop(stream);
        assert_eq!(reader.join().unwrap(), written);
    });
}

/// The system copies what is to be written into memory of its own.
#[test]
fn a_huge_write_is_taken_in_pieces() {
    within_deadline(|| {
        const MOST: usize = 1 << 20;
        let (mut server, client) = Stream::pair().unwrap();
        let reader = thread::spawn(move || reads(client, CHUNK, MOST));
        assert_eq!(server.write(&vec![0; 3 * MOST]).unwrap(), MOST);
        reader.join().unwrap();
        let (mut sender, recver) = pipe().unwrap();
        let reader = thread::spawn(move || reads(recver, CHUNK, MOST));
        assert_eq!(sender.write(&vec![0; 3 * MOST]).unwrap(), MOST);
        reader.join().unwrap();
    });
}

/// `PIPE_NOWAIT`, the system's mode, cannot be entered while there is data.
#[test]
fn unnamed_pipes_have_a_nonblocking_mode_of_their_own() {
    within_deadline(|| {
        let (mut sender, mut recver) = pipe().unwrap();
        sender.write_all(b"unread").unwrap();
        sender.set_nonblocking(true).unwrap();
        recver.set_nonblocking(true).unwrap();
        assert!(!is_no_wait(sender.as_handle()) && !is_no_wait(recver.as_handle()));
        sender.write_all(b", more").unwrap();
        let mut got = [0; 12];
        recver.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"unread, more");
        assert_eq!(recver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        // Also with room for more than the pipe holds.
        assert_eq!(recver.read(&mut [0; 10_000]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

/// A thread that waits in an end keeps no other one longer than that wants to wait.
#[test]
fn time_limits_hold_beside_a_waiting_thread() {
    within_deadline(|| {
        let (sender, mut recver) = pipe().unwrap();
        let (tell, told) = mpsc::channel();
        let mut clone = sender.try_clone().unwrap();
        let waiting = thread::spawn(move || {
            tell.send(()).unwrap();
            clone.write_all(&[1; 100_000]).unwrap();
        });
        told.recv().unwrap();
        // Now or in a moment, the other thread is in its write.
        recver.read_exact(&mut [0; 1]).unwrap();
        sender.set_send_timeout(SHORT).unwrap();
        for _ in 0..3 {
            assert_eq!((&sender).write(&[2; 10_000]).unwrap_err().kind(), ErrorKind::TimedOut);
        }
        sender.set_nonblocking(true).unwrap();
        assert_eq!((&sender).write(&[2; 10_000]).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(sender);
        let mut rest = Vec::new();
        recver.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, vec![1; 99_999]);
        waiting.join().unwrap();
    });
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use super::{CHUNK, reads, server};
    use crate::common::{on_tokio, within_deadline};
    use interprocess::os::windows::named_pipe::{pipe_mode::Bytes, tokio::DuplexPipeStream};
    use std::{io::Read, sync::mpsc, thread};
    use tokio::{io::AsyncWriteExt, runtime, task::spawn_blocking};

    #[test]
    fn pipes_without_size_take_big_pieces() {
        on_tokio(async {
            let (server, path) = server(0);
            let mut stream = DuplexPipeStream::<Bytes>::connect_by_path(&path).await.unwrap();
            let reader = spawn_blocking(move || reads(server, CHUNK, 8 * CHUNK));
            stream.write_all(&vec![1; 8 * CHUNK]).await.unwrap();
            stream.flush().await.unwrap();
            assert_eq!(reader.await.unwrap(), [CHUNK; 8]);
        });
    }

    /// Windows cancels what a thread has in flight when the thread ends.
    #[test]
    fn what_is_in_flight_outlives_its_thread() {
        within_deadline(|| {
            for size in [0, 4096, 65536] {
                let (server, path) = server(size);
                let (tell, told) = mpsc::channel();
                let writer = thread::spawn(move || {
                    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(async {
                        let mut stream = DuplexPipeStream::<Bytes>::connect_by_path(&path).await.unwrap();
                        tell.send(()).unwrap();
                        stream.write_all(&[1; 10_000]).await.unwrap();
                        stream.flush().await.unwrap();
                        stream.write_all(&[2; CHUNK]).await.unwrap();
                        stream
                    })
                });
                told.recv().unwrap();
                let mut first = [0; 10_000];
                (&server).read_exact(&mut first).unwrap();
                let mut stream = writer.join().unwrap();
                // The next write is of another thread, and nothing of the one before is lost or comes twice.
                let writer = thread::spawn(move || {
                    let runtime = runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(async {
                        stream.write_all(b"end").await.unwrap();
                        stream.flush().await.unwrap();
                    });
                });
                let mut got = Vec::new();
                (&server).read_to_end(&mut got).unwrap();
                writer.join().unwrap();
                assert_eq!((got.len(), &got[CHUNK..]), (CHUNK + 3, &b"end"[..]), "size {size}");
            }
        });
    }
}
