//! Each option of a named pipe's listener, looked at from outside. A listener that ignores one fails its test.
//!
//! `security_descriptor`, `inheritable`, `mode` and `path` are also in the other tests of named pipes.
#![cfg(windows)]

mod common;

use common::{talk::Talk, unique, within_deadline};
use interprocess::{
    ConnectWaitMode,
    os::windows::{
        named_pipe::{DuplexPipeStream, PipeListenerOptions, PipeMode, WaitTimeout, pipe_mode::Bytes},
        security_descriptor::SecurityDescriptor,
    },
};
use std::{
    fmt::Debug,
    io::{self, ErrorKind, Read},
    num::NonZeroU8,
    os::windows::io::{AsHandle, AsRawHandle},
    ptr,
    time::{Duration, Instant},
};
use windows_sys::{
    Wdk::Storage::FileSystem::{
        FILE_MODE_INFORMATION, FILE_WRITE_THROUGH, FileModeInformation, NtQueryInformationFile,
    },
    Win32::{
        Foundation::{ERROR_SEM_TIMEOUT, HANDLE_FLAG_INHERIT, LocalFree},
        Security::{
            Authorization::{
                ConvertSecurityDescriptorToStringSecurityDescriptorW, GetSecurityInfo, SDDL_REVISION_1,
                SE_KERNEL_OBJECT,
            },
            DACL_SECURITY_INFORMATION,
        },
        System::{
            IO::IO_STATUS_BLOCK,
            Pipes::{GetNamedPipeInfo, PIPE_TYPE_MESSAGE, PIPE_UNLIMITED_INSTANCES, WaitNamedPipeW},
        },
    },
};

type Stream = DuplexPipeStream<Bytes>;

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", unique())
}

fn kind<T: Debug>(result: io::Result<T>) -> ErrorKind {
    result.expect_err("must fail").kind()
}

/// Both ends of a connection whose listener has these options: the server's, then the client's.
fn connected(options: PipeListenerOptions<'_>) -> (Stream, Stream) {
    let path = unique_path();
    let listener = options.path(&path).create_duplex::<Bytes>().unwrap();
    let client = Stream::connect_by_path(&path).unwrap();
    (listener.accept().unwrap(), client)
}

/// As the system tells it.
#[derive(Debug, Default)]
struct Info {
    flags: u32,
    output_buffer: u32,
    input_buffer: u32,
    most_instances: u32,
}

#[allow(unsafe_code)]
fn info(end: &Stream) -> Info {
    let mut info = Info::default();
    // SAFETY: the handle is open, and the others are places for u32s.
    let result = unsafe {
        GetNamedPipeInfo(
            end.as_handle().as_raw_handle(),
            &mut info.flags,
            &mut info.output_buffer,
            &mut info.input_buffer,
            &mut info.most_instances,
        )
    };
    assert_ne!(result, 0, "{}", io::Error::last_os_error());
    info
}

#[test]
fn mode() {
    for (mode, flag) in [(PipeMode::Bytes, 0), (PipeMode::Messages, PIPE_TYPE_MESSAGE)] {
        let (server, _client) = connected(PipeListenerOptions::new().mode(mode));
        assert_eq!(info(&server).flags & PIPE_TYPE_MESSAGE, flag, "{mode:?}");
    }
}

#[test]
fn nonblocking() {
    within_deadline(|| {
        let path = unique_path();
        let options = PipeListenerOptions::new().path(&path).nonblocking(true);
        let listener = options.create_duplex::<Bytes>().unwrap();
        assert_eq!(kind(listener.accept()), ErrorKind::WouldBlock);
        let _client = Stream::connect_by_path(&path).unwrap();
        let server = listener.accept().expect("a client is here");
        assert_eq!(kind({ &server }.read(&mut [0])), ErrorKind::WouldBlock);
    });
}

#[test]
fn instance_limit() {
    let limit = |limit| PipeListenerOptions::new().instance_limit(NonZeroU8::new(limit));
    let (server, _client) = connected(limit(5));
    assert_eq!(info(&server).most_instances, 5);
    let (server, _client) = connected(PipeListenerOptions::new());
    // Wine 10 says the number that it makes of this one.
    assert!([PIPE_UNLIMITED_INSTANCES, u32::MAX].contains(&info(&server).most_instances));
    let refused = limit(255).path(unique_path()).create_duplex::<Bytes>();
    assert_eq!(kind(refused), ErrorKind::InvalidInput, "it would be no limit");
    // No more clients than that, however many instances should stand ready.
    let path = unique_path();
    let listener = limit(3).path(&path).instances(10).create_duplex::<Bytes>().unwrap();
    let clients = fill(&path);
    assert_eq!(clients.len(), 3);
    for _ in 0..3 {
        std::mem::forget(listener.accept().unwrap());
    }
    assert_eq!(kind(listener.accept()), ErrorKind::ResourceBusy);
}

/// What each end says of its pipe is what was asked for, and what the system says of it.
#[test]
fn pipe_info_tells_sizes_and_instances() {
    let path = unique_path();
    let options = PipeListenerOptions::new()
        .path(&path)
        .instance_limit(NonZeroU8::new(9))
        .instances(2)
        .input_buffer_size_hint(8192)
        .output_buffer_size_hint(16384);
    let listener = options.create_duplex::<Bytes>().unwrap();
    let client = Stream::connect_by_path(&path).unwrap();
    let server = listener.accept().unwrap();
    for end in [&client, &server] {
        let told = end.pipe_info().unwrap();
        assert_eq!((told.input_buffer_size(), told.output_buffer_size()), (8192, 16384));
        // The one that was accepted, and two that wait.
        assert_eq!((told.instances(), told.max_instances()), (3, Some(9)));
        assert_eq!(info(end).input_buffer, told.input_buffer_size());
        assert_eq!(info(end).output_buffer, told.output_buffer_size());
    }
    drop(listener);
    assert_eq!(client.pipe_info().unwrap().instances(), 1);
    let (server, client) = connected(PipeListenerOptions::new());
    assert_eq!([server, client].map(|end| end.pipe_info().unwrap().max_instances()), [None, None]);
}

/// Connects as often as goes without waiting.
fn fill(path: &str) -> Vec<Stream> {
    let mut clients = Vec::new();
    loop {
        match Stream::connect_by_path_with_wait_mode(path, ConnectWaitMode::Deferred) {
            Ok(client) => clients.push(client),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                return clients;
            }
        }
    }
}

#[test]
fn instances() {
    for (options, number) in [
        (PipeListenerOptions::new(), 4),
        (PipeListenerOptions::new().instances(1), 1),
        (PipeListenerOptions::new().instances(60), 60),
    ] {
        let path = unique_path();
        let _listener = options.path(&path).create_duplex::<Bytes>().unwrap();
        assert_eq!(fill(&path).len(), number);
    }
}

/// Only the handle's mode can be seen. What it changes is between computers.
#[allow(unsafe_code)]
#[test]
fn write_through() {
    for write_through in [false, true] {
        let (server, _client) = connected(PipeListenerOptions::new().write_through(write_through));
        let mut io_status = IO_STATUS_BLOCK::default();
        let mut information = FILE_MODE_INFORMATION::default();
        let place = ptr::from_mut(&mut information).cast();
        let size = size_of::<FILE_MODE_INFORMATION>() as u32;
        let handle = server.as_handle().as_raw_handle();
        // SAFETY: the handle is open, the query is answered before the call returns, and `place` has room for `size`.
        let status =
            unsafe { NtQueryInformationFile(handle, &mut io_status, place, size, FileModeInformation) };
        assert!(status >= 0, "{status:#x}");
        assert_eq!(information.Mode & FILE_WRITE_THROUGH != 0, write_through);
    }
}

/// Windows takes a client that comes by way of the network for one of another computer, even from this one. Wine 10 has no
/// pipes by way of the network at all, so that there this holds of any listener.
#[test]
fn accept_remote() {
    within_deadline(|| {
        let name = unique();
        let options = PipeListenerOptions::new().path(format!(r"\\.\pipe\{name}"));
        assert!(!options.accept_remote, "the default");
        let listener = options.create_duplex::<Bytes>().unwrap();
        let by_network = Stream::connect_by_path(format!(r"\\127.0.0.1\pipe\{name}"));
        by_network.expect_err("clients of other computers are not let in");
        assert_eq!(kind(listener.accept_timeout(Duration::ZERO)), ErrorKind::TimedOut);
    });
}

/// Windows may round them up.
#[test]
fn buffer_size_hints() {
    let hints = |input, output| {
        PipeListenerOptions::new().input_buffer_size_hint(input).output_buffer_size_hint(output)
    };
    for (input, output) in [(8192, 200_000), (300_000, 16_384)] {
        let (server, client) = connected(hints(input, output));
        let info = info(&server);
        assert!((input..2 * input).contains(&info.input_buffer), "{info:?}");
        assert!((output..2 * output).contains(&info.output_buffer), "{info:?}");
        // So much is taken without a reader.
        let limit = Some(Duration::from_secs(20));
        client.set_write_timeout(limit).unwrap();
        client.say(&vec![1; input as usize]).unwrap();
        server.set_write_timeout(limit).unwrap();
        server.say(&vec![2; output as usize]).unwrap();
        assert_eq!(server.hear(input as usize).unwrap().map(|heard| heard.len()), Some(input as usize));
    }
    let (server, _client) = connected(PipeListenerOptions::new());
    let info = info(&server);
    assert!(info.input_buffer >= 65_536 && info.output_buffer >= 65_536, "{info:?}");
}

/// How long `WaitNamedPipe` waits at a pipe that is busy, if it is left to the server.
#[allow(unsafe_code)]
fn waits(timeout: WaitTimeout) -> Duration {
    let path = unique_path();
    let options = PipeListenerOptions::new().path(&path).instances(1).wait_timeout(timeout);
    let _listener = options.create_duplex::<Bytes>().unwrap();
    let _client = Stream::connect_by_path(&path).unwrap();
    let wide: Vec<u16> = path.encode_utf16().chain([0]).collect();
    let start = Instant::now();
    // SAFETY: the name is zero-terminated.
    let result = unsafe { WaitNamedPipeW(wide.as_ptr(), 0) };
    let error = io::Error::last_os_error();
    assert_eq!(result, 0);
    assert_eq!(error.raw_os_error(), Some(ERROR_SEM_TIMEOUT as i32), "{error}");
    start.elapsed()
}

#[test]
fn wait_timeout() {
    within_deadline(|| {
        // Clocks of 15 ms may end a wait early by one of their ticks.
        assert!(waits(WaitTimeout::from_millis_clamped(2000)) > Duration::from_millis(1950));
        assert!(waits(WaitTimeout::MIN) < Duration::from_millis(1900));
        assert!(waits(WaitTimeout::DEFAULT) < Duration::from_millis(1900), "50 ms, says Windows");
    });
}

#[allow(unsafe_code)]
#[test]
fn inheritable() {
    for inheritable in [false, true] {
        let (server, _client) = connected(PipeListenerOptions::new().inheritable(inheritable));
        let mut flags = 0;
        let handle = server.as_handle().as_raw_handle();
        // SAFETY: the handle is open, and `flags` is a place for a u32.
        let result = unsafe { windows_sys::Win32::Foundation::GetHandleInformation(handle, &mut flags) };
        assert_ne!(result, 0);
        assert_eq!(flags & HANDLE_FLAG_INHERIT != 0, inheritable);
    }
}

/// The access list of a pipe, as text.
#[allow(unsafe_code)]
fn access_list(end: &Stream) -> String {
    let (mut descriptor, mut text) = (ptr::null_mut(), ptr::null_mut());
    let (handle, none) = (end.as_handle().as_raw_handle(), ptr::null_mut());
    // SAFETY: the handle is open, what is not asked for has no place, and `descriptor` is a place for a pointer.
    let error = unsafe {
        GetSecurityInfo(
            handle,
            SE_KERNEL_OBJECT,
            DACL_SECURITY_INFORMATION,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            none,
            &mut descriptor,
        )
    };
    assert_eq!(error, 0, "{}", io::Error::from_raw_os_error(error as i32));
    let mut length = 0;
    // SAFETY: `descriptor` is one, as the call before succeeded, and the others are places for a pointer and a u32.
    let result = unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor,
            SDDL_REVISION_1,
            DACL_SECURITY_INFORMATION,
            &mut text,
            &mut length,
        )
    };
    assert_ne!(result, 0, "{}", io::Error::last_os_error());
    // SAFETY: `text` has so many units, as the call succeeded, and nobody writes to it.
    let units = unsafe { std::slice::from_raw_parts(text, length as usize) };
    let list = String::from_utf16(units).unwrap();
    // SAFETY: both are memory of the system that is ours to free.
    unsafe { LocalFree(text.cast()) };
    // SAFETY: as above, and this is not used any more.
    unsafe { LocalFree(descriptor) };
    list.trim_end_matches('\0').to_owned()
}

#[test]
fn security_descriptor() {
    // Everybody, who by default may only read, and guests. Windows does not let us in as such, Wine 10 does.
    for user in ["WD", "BG"] {
        let descriptor = SecurityDescriptor::from_sddl(&format!("D:P(A;;GA;;;{user})")).unwrap();
        let path = unique_path();
        let options = PipeListenerOptions::new().path(&path).security_descriptor(Some(descriptor));
        let listener = options.create_duplex::<Bytes>().unwrap();
        let Ok(_client) = Stream::connect_by_path(&path) else {
            assert_ne!(user, "WD");
            continue;
        };
        let seen = access_list(&listener.accept().unwrap());
        let entries: Vec<&str> = seen.split('(').skip(1).collect();
        assert_eq!(entries.len(), 1, "{seen}");
        assert!(entries[0].starts_with("A;") && entries[0].ends_with(&format!(";;;{user})")), "{seen}");
    }
}

/// Options become a pipe in one place, for streams of messages and under Tokio too: that they get there is enough.
#[cfg(feature = "tokio")]
#[test]
fn on_tokio() {
    use interprocess::os::windows::named_pipe::{pipe_mode::Messages, tokio};
    common::on_tokio(async {
        let path = unique_path();
        let options = PipeListenerOptions::new().path(&path).instances(2);
        let listener = options.create_tokio_duplex::<Messages>().unwrap();
        let clients = fill_with_tokio(&path).await;
        assert_eq!(clients.len(), 2);
        listener.accept().await.unwrap();

        async fn fill_with_tokio(path: &str) -> Vec<tokio::DuplexPipeStream<Messages>> {
            let mut clients = Vec::new();
            let mode = ConnectWaitMode::Deferred;
            while let Ok(client) =
                tokio::DuplexPipeStream::<Messages>::connect_by_path_with_wait_mode(path, mode).await
            {
                clients.push(client);
            }
            clients
        }
    });
}
