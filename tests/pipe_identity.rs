//! Named pipes: listing them, who the client is, acting as it, and handing an end to another process.
#![cfg(windows)]

mod common;

use common::{begin_role, command_for_role};
use interprocess::{
    ConnectWaitMode, local_socket,
    os::windows::{
        named_pipe::{
            self, ConnectOptions, DuplexPipeStream, ImpersonationLevel, PipeListener, PipeListenerOptions,
            pipe_mode,
        },
        security_descriptor::{
            Access, AceKind, Dacl, Integrity, SecurityDescriptor, SecurityDescriptorBuilder, Trustee,
        },
    },
};
use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    process::Stdio,
    ptr,
    time::Duration,
};

type Bytes = pipe_mode::Bytes;
type Stream = DuplexPipeStream<Bytes>;

fn unique_path() -> String {
    format!(r"\\.\pipe\{}", common::unique())
}

fn listen(path: &str) -> PipeListener<Bytes, Bytes> {
    PipeListenerOptions::new().path(path).create_duplex().unwrap()
}

/// A client that connected with these options and has sent a byte, and the server's end that has read it.
fn connected(options: &ConnectOptions) -> (Stream, Stream) {
    let path = unique_path();
    let listener = listen(&path);
    let mut client = Stream::connect_with(&path, options).unwrap();
    let mut server = listener.accept().unwrap();
    client.write_all(b"x").unwrap();
    server.read_exact(&mut [0]).unwrap();
    (client, server)
}

fn at(level: ImpersonationLevel) -> ConnectOptions {
    ConnectOptions::new().impersonation_level(level)
}

/// The user that this thread acts as.
fn who() -> io::Result<String> {
    let descriptor = SecurityDescriptorBuilder::new().owner(Trustee::CurrentUser).build()?;
    Ok(descriptor.owner()?.unwrap())
}

/// Whether pipes cannot be listed: Wine 10 has no folder of them.
fn cannot_list() -> bool {
    let result = named_pipe::list().map(drop);
    if common::is_wine() {
        assert_eq!(result.expect_err("Wine").kind(), ErrorKind::Unsupported);
        common::skip("Wine cannot list pipes");
        return true;
    }
    result.unwrap();
    false
}

#[test]
fn listing() {
    if cannot_list() {
        return;
    }
    let path = unique_path();
    let limited = unique_path();
    let of_path = |path: &str| {
        let all: Vec<_> = named_pipe::list()?.collect::<io::Result<_>>()?;
        let mut found = all.into_iter().filter(|entry| entry.path() == path);
        let first = found.next();
        assert_eq!(found.next(), None, "listed once");
        Ok::<_, io::Error>(first)
    };
    assert_eq!(of_path(&path).unwrap(), None);
    let listener = PipeListenerOptions::new().path(path.as_str()).instances(2);
    let listener = listener.create_duplex::<Bytes>().unwrap();
    let limit = std::num::NonZeroU8::new(7);
    let other = PipeListenerOptions::new().path(limited.as_str()).instances(3).instance_limit(limit);
    let other = other.create_duplex::<Bytes>().unwrap();

    let entry = of_path(&path).unwrap().expect("listed");
    assert_eq!(format!(r"\\.\pipe\{}", entry.name().display()), path);
    assert_eq!((entry.instances(), entry.max_instances()), (2, None));
    let entry = of_path(&limited).unwrap().expect("listed");
    assert_eq!((entry.instances(), entry.max_instances()), (3, Some(7)));

    drop((listener, other));
    assert_eq!(of_path(&path).unwrap(), None);
}

#[test]
fn a_list_ends_and_stays_at_its_end() {
    if cannot_list() {
        return;
    }
    let _listener = listen(&unique_path());
    let mut list = named_pipe::list().unwrap();
    assert!(list.by_ref().all(|entry| !entry.unwrap().name().is_empty()));
    assert!(list.next().is_none());
}

#[test]
fn a_client_of_this_computer_has_no_computer_name() {
    // Wine 10 has no `GetNamedPipeClientComputerNameW`, and ends a program that calls it.
    if common::is_wine() {
        return common::skip("Wine cannot do this");
    }
    let (client, server) = connected(&ConnectOptions::new());
    assert_eq!(server.client_computer_name().unwrap(), None);
    drop(client);
}

#[test]
fn acting_as_the_client() {
    let me = who().unwrap();
    for level in [ImpersonationLevel::Impersonation, ImpersonationLevel::Delegation] {
        for effective_only in [false, true] {
            let options = at(level).context_tracking(true).effective_only(effective_only);
            let (client, server) = connected(&options);
            let guard = server.impersonate_client().unwrap();
            assert_eq!(who().unwrap(), me);
            // The thread may open things, and nobody else is the client.
            std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
            assert_eq!(std::thread::spawn(who).join().unwrap().unwrap(), me);
            let inner = server.impersonate_client().unwrap();
            assert_eq!(server.peer_user_sid().unwrap(), me);
            drop(inner);
            assert!(acts_as_another(), "the outer guard still holds");
            drop(guard);
            assert!(!acts_as_another());
            drop(client);
        }
    }
}

/// The newest that lives decides, in whatever order they end.
#[test]
fn guards_that_end_in_any_order() {
    let (client, server) = connected(&at(ImpersonationLevel::Impersonation));
    let guard = || server.impersonate_client().unwrap();
    // A vector drops the oldest first.
    drop(vec![guard(), guard(), guard()]);
    assert!(!acts_as_another(), "nobody is left to act as");
    let (oldest, middle, newest) = (guard(), guard(), guard());
    drop(middle);
    assert!(acts_as_another());
    drop(oldest);
    assert!(acts_as_another(), "the newest still holds");
    drop(newest);
    assert!(!acts_as_another());
    drop(client);
}

/// Whether this thread has a token of its own.
#[allow(unsafe_code)]
fn acts_as_another() -> bool {
    use windows_sys::Win32::{
        Security::TOKEN_QUERY,
        System::Threading::{GetCurrentThread, OpenThreadToken},
    };
    let mut token = ptr::null_mut();
    // SAFETY: gives a constant.
    let thread = unsafe { GetCurrentThread() };
    // SAFETY: the constant stands for this thread, and `token` is a place for a handle.
    let result = unsafe { OpenThreadToken(thread, TOKEN_QUERY, 1, &mut token) };
    if result == 0 {
        return false;
    }
    // SAFETY: the call succeeded, so it is a new handle that nobody else owns.
    drop(unsafe { OwnedHandle::from_raw_handle(token) });
    true
}

#[test]
fn what_the_client_lets_the_server_do() {
    let me = who().unwrap();
    let (client, server) = connected(&at(ImpersonationLevel::Identification));
    assert_eq!(server.peer_user_sid().unwrap(), me);
    let guard = server.impersonate_client().unwrap();
    let opened = std::fs::File::open(std::env::current_exe().unwrap());
    drop(guard);
    if let Err(error) = opened {
        assert_eq!(error.raw_os_error(), Some(1346), "ERROR_BAD_IMPERSONATION_LEVEL: {error}");
    }
    drop(client);

    let (client, server) = connected(&at(ImpersonationLevel::Anonymous));
    match server.peer_user_sid() {
        // S-1-5-7 is the anonymous user. Wine 10 does not look at what the client allows.
        Ok(sid) => assert!(sid == "S-1-5-7" || common::is_wine() && sid == me, "{sid}"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}"),
    }
    assert!(!acts_as_another());
    drop(client);
}

/// The system keeps a client's identity from its connecting on, be that before `ConnectNamedPipe`.
#[test]
fn client_that_comes_before_the_server_waits_keeps_its_identity() {
    let path = unique_path();
    let server = bare_server(&path);
    let mut client = Stream::connect_with(&path, &at(ImpersonationLevel::Impersonation)).unwrap();
    client.write_all(b"x").unwrap();
    let options = PipeListenerOptions::new().path(path);
    let mut stream = PipeListener::<Bytes, Bytes>::from_handle_and_options(server, options).accept().unwrap();
    assert_eq!(stream.peer_user_sid().unwrap(), who().unwrap());
    assert_eq!(stream.peer_process_id().unwrap(), std::process::id());
    stream.read_exact(&mut [0]).unwrap();
    drop(stream.impersonate_client().unwrap());
}

/// The process is told whether or not the user is.
#[test]
fn credentials_of_a_peer_without_a_user_name_its_process() {
    let me = who().unwrap();
    let process = |stream: Stream| {
        let creds = local_socket::Stream::from(stream).peer_creds().unwrap();
        assert_eq!(creds.pid(), Some(std::process::id()));
        creds.user_sid().map(str::to_owned)
    };
    // Hides; has an identity only once something that it wrote was read. Wine 10 knows neither.
    for options in [at(ImpersonationLevel::Anonymous), ConnectOptions::new().context_tracking(true)] {
        let path = unique_path();
        let listener = listen(&path);
        let _client = Stream::connect_with(&path, &options).unwrap();
        let user = process(listener.accept().unwrap());
        let hides = user.as_ref().is_none_or(|sid| sid == "S-1-5-7");
        assert!(hides || common::is_wine() && user == Some(me.clone()), "{user:?}");
    }
    // In Wine 10, such a pipe has no owner.
    let path = unique_path();
    let _server = bare_server(&path);
    let owner = process(Stream::connect_by_path(&path).unwrap());
    assert_eq!(owner, (!common::is_wine()).then(default_owner));
}

#[test]
fn only_servers_act_as_clients() {
    let (client, server) = connected(&at(ImpersonationLevel::Impersonation));
    assert_eq!(client.impersonate_client().expect_err("client").kind(), ErrorKind::InvalidInput);
    assert!(!acts_as_another());
    drop(server);
}

#[test]
fn connecting_as_asked() {
    let path = unique_path();
    assert_eq!(
        Stream::connect_with(&path, &ConnectOptions::default()).expect_err("nobody").kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        Stream::connect_with("x", &ConnectOptions::new()).expect_err("no path").kind(),
        ErrorKind::InvalidInput
    );
    let one = std::num::NonZeroU8::new(1);
    let listener = PipeListenerOptions::new().path(path.as_str()).instances(1).instance_limit(one);
    let _listener = listener.create_duplex::<Bytes>().unwrap();
    let _client = Stream::connect_with(&path, &ConnectOptions::new()).unwrap();
    let busy = |mode| {
        let options = ConnectOptions::new().wait_mode(mode);
        Stream::connect_with(&path, &options).expect_err("busy").kind()
    };
    assert_eq!(busy(ConnectWaitMode::Deferred), ErrorKind::WouldBlock);
    assert_eq!(busy(ConnectWaitMode::Timeout(Duration::from_millis(30))), ErrorKind::TimedOut);
}

/// The owner of what this thread makes, told by the system and not by this crate.
#[allow(unsafe_code)]
fn default_owner() -> String {
    use windows_sys::Win32::{
        Security::{GetTokenInformation, SECURITY_MAX_SID_SIZE, TOKEN_OWNER, TOKEN_QUERY, TokenOwner},
        System::Threading::{GetCurrentProcess, OpenProcessToken},
    };
    let mut token = ptr::null_mut();
    // SAFETY: gives a constant.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the constant stands for this process, and `token` is a place for a handle.
    assert_ne!(unsafe { OpenProcessToken(process, TOKEN_QUERY, &mut token) }, 0);
    // SAFETY: the call succeeded, so it is a new handle that nobody else owns.
    let token = unsafe { OwnedHandle::from_raw_handle(token) };
    let mut block = [0_u64; 16];
    assert!(size_of::<TOKEN_OWNER>() + SECURITY_MAX_SID_SIZE as usize <= 128);
    let place = block.as_mut_ptr().cast();
    // SAFETY: the token is open, `place` has room for 128 bytes, and the last is a place for a number.
    let result = unsafe { GetTokenInformation(token.as_raw_handle(), TokenOwner, place, 128, &mut 0) };
    assert_ne!(result, 0);
    let base = block.as_ptr().addr();
    let bytes: Vec<u8> = block.iter().flat_map(|word| word.to_ne_bytes()).collect();
    // Revision, number of parts, authority, parts (Microsoft: "SID structure").
    let start = usize::from_ne_bytes(bytes[..size_of::<usize>()].try_into().unwrap()) - base;
    let sid = &bytes[start..];
    let parts = sid[8..][..4 * usize::from(sid[1])].chunks(4);
    let parts = parts.map(|part| format!("-{}", u32::from_le_bytes(part.try_into().unwrap())));
    format!("S-{}-{}{}", sid[0], sid[7], parts.collect::<String>())
}

fn allowed(descriptor: &SecurityDescriptor) -> Vec<String> {
    let Dacl::Entries(entries) = descriptor.dacl().unwrap() else { panic!("everybody may do everything") };
    assert!(entries.iter().all(|entry| entry.kind == AceKind::Allow));
    entries.into_iter().map(|entry| entry.sid.unwrap()).collect()
}

/// An elevated process's own is what elevated processes have, so the owner of the token counts and not its user.
#[test]
fn current_user_only_is_of_the_owner_of_the_token() {
    let own = default_owner();
    let descriptor = SecurityDescriptor::current_user_only().unwrap();
    assert_eq!(descriptor.owner().unwrap().as_ref(), Some(&own));
    assert_eq!(allowed(&descriptor), [own.as_str(), "S-1-5-18"]);
}

/// Windows' default lets everyone read, and so take the instances.
#[test]
fn by_default_no_other_user_may_connect() {
    let path = unique_path();
    let _listener = listen(&path);
    let client = Stream::connect_with(&path, &ConnectOptions::new().current_user_only(true)).unwrap();
    let descriptor = SecurityDescriptor::of_object(&client).unwrap();
    let own = default_owner();
    assert_eq!(descriptor.owner().unwrap().as_ref(), Some(&own));
    let mut allowed = allowed(&descriptor);
    // In an app container also that.
    allowed.retain(|sid| !sid.starts_with("S-1-15-2-"));
    assert_eq!(allowed, [own.as_str(), "S-1-5-18", "S-1-5-32-544"]);
}

/// Listens with a descriptor, and says whether a client that wants a server of its own user refuses it; its stream
/// otherwise.
fn connect_to_own(descriptor: SecurityDescriptor) -> io::Result<io::Result<Stream>> {
    let path = unique_path();
    let options = PipeListenerOptions::new().path(path.as_str()).security_descriptor(Some(descriptor));
    let _listener = options.create_duplex::<Bytes>()?;
    let connected = Stream::connect_with(&path, &ConnectOptions::new().current_user_only(true));
    let any = Stream::connect_with(&path, &ConnectOptions::new()).unwrap();
    match &connected {
        Ok(stream) => assert_eq!(stream.peer_user_sid().unwrap(), default_owner()),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            assert!(error.to_string().contains("own"), "{error}");
            assert_ne!(any.peer_user_sid().unwrap_or_default(), default_owner());
        }
    }
    Ok(connected)
}

/// The server's process is this one in each case: it is not asked.
#[test]
fn client_refuses_a_pipe_of_another_owner() {
    connect_to_own(SecurityDescriptor::current_user_only().unwrap()).unwrap().unwrap();

    // Made without a descriptor: Windows makes the user the owner, Wine 10 nobody, which is not taken for anybody.
    let path = unique_path();
    let _server = bare_server(&path);
    let connected = Stream::connect_with(&path, &ConnectOptions::new().current_user_only(true));
    assert_eq!(connected.is_err(), common::is_wine(), "{connected:?}");
    if let Err(error) = connected {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    }

    // Windows refuses to make it (ERROR_INVALID_OWNER), Wine 10 does not.
    match connect_to_own(SecurityDescriptor::from_sddl("O:S-1-5-21-1-2-3-1000D:(A;;GA;;;WD)").unwrap()) {
        Ok(connected) => {
            let error = connected.unwrap_err();
            assert!(error.to_string().contains("S-1-5-21-1-2-3-1000"), "{error}");
        }
        Err(error) => assert!(!common::is_wine(), "{error}"),
    }
}

/// A server without a security descriptor, and without `ConnectNamedPipe`.
#[allow(unsafe_code)]
fn bare_server(path: &str) -> OwnedHandle {
    use windows_sys::Win32::{
        Foundation::INVALID_HANDLE_VALUE,
        Storage::FileSystem::{FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX},
        System::Pipes::{CreateNamedPipeW, PIPE_WAIT},
    };
    let wide: Vec<u16> = path.encode_utf16().chain([0]).collect();
    let mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED;
    // SAFETY: the name is zero-terminated, and no attributes are allowed.
    let server = unsafe { CreateNamedPipeW(wide.as_ptr(), mode, PIPE_WAIT, 255, 512, 512, 0, ptr::null()) };
    assert_ne!(server, INVALID_HANDLE_VALUE);
    // SAFETY: the call succeeded, so it is a new handle that nobody else owns.
    unsafe { OwnedHandle::from_raw_handle(server) }
}

/// What a peer in an app container or of low integrity needs. Wine 10 has neither.
#[test]
fn label_and_name_for_sandboxed_peers() {
    let path = format!(r"\\.\pipe\LOCAL\{}", common::unique());
    let descriptor = SecurityDescriptorBuilder::new()
        .allow(Trustee::CurrentUser, Access::Full)
        .allow(Trustee::AllAppPackages, Access::ReadWrite)
        .mandatory_label(Integrity::Low);
    let options =
        PipeListenerOptions::new().path(&path).security_descriptor(Some(descriptor.build().unwrap()));
    let listener = options.create_duplex::<Bytes>().unwrap();
    let mut client = Stream::connect_by_path(&path).unwrap();
    client.write_all(b"x").unwrap();
    listener.accept().unwrap().read_exact(&mut [0]).unwrap();
}

#[test]
fn receiving_messages_only() {
    let path = unique_path();
    let options = PipeListenerOptions::new().path(path.as_str()).mode(named_pipe::PipeMode::Messages);
    let listener = options.create_send_only::<pipe_mode::Messages>().unwrap();
    let options = ConnectOptions::new();
    let client = named_pipe::RecvPipeStream::<pipe_mode::Messages>::connect_with(&path, &options).unwrap();
    listener.accept().unwrap();
    drop(client);
}

/// Gets the value of a handle on its standard input, makes a stream of it and answers through it.
#[test]
#[ignore = "a role, which another test starts"]
#[allow(unsafe_code)]
fn role_takes_a_stream() {
    begin_role();
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let value: usize = line.trim().parse().unwrap();
    // SAFETY: the parent has put this handle here for us, and nobody else knows of it.
    let handle = unsafe { OwnedHandle::from_raw_handle(ptr::without_provenance_mut(value)) };
    let mut stream = Stream::try_from(handle).unwrap();
    let mut question = String::new();
    BufReader::new(&stream).read_line(&mut question).unwrap();
    stream.write_all(format!("{} says {question}", std::process::id()).as_bytes()).unwrap();
}

#[test]
fn a_stream_goes_to_another_process() {
    let (mut client, server) = connected(&ConnectOptions::new());
    let mut command = command_for_role("role_takes_a_stream", "");
    let mut child = common::Killed(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    let value = server.share_with_process(&child.0).unwrap();
    drop(server);
    writeln!(child.0.stdin.take().unwrap(), "{}", value.addr()).unwrap();
    client.write_all(b"hello\n").unwrap();
    let mut answer = String::new();
    BufReader::new(&client).read_line(&mut answer).unwrap();
    assert_eq!(answer, format!("{} says hello\n", child.0.id()));
    child.succeeds();
    assert_eq!(client.read(&mut [0]).unwrap(), 0, "the copy was the only handle left");
}

#[cfg(feature = "tokio")]
#[test]
fn on_tokio() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    type AsyncStream = interprocess::os::windows::named_pipe::tokio::DuplexPipeStream<Bytes>;

    let me = who().unwrap();
    common::on_tokio(async {
        let path = unique_path();
        let listener = PipeListenerOptions::new().path(path.as_str()).create_tokio_duplex::<Bytes>().unwrap();
        let options = at(ImpersonationLevel::Impersonation);
        let mut client = AsyncStream::connect_with(&path, &options).await.unwrap();
        let mut server = listener.accept().await.unwrap();
        client.write_all(b"x").await.unwrap();
        server.read_exact(&mut [0]).await.unwrap();
        let guard = server.impersonate_client().unwrap();
        assert!(acts_as_another());
        assert_eq!(who().unwrap(), me);
        drop(guard);
        assert!(!acts_as_another());
        assert_eq!(client.impersonate_client().expect_err("client").kind(), ErrorKind::InvalidInput);
        assert!(common::is_wine() || server.client_computer_name().unwrap().is_none());
    });
}

#[cfg(feature = "tokio")]
#[test]
fn client_refuses_a_pipe_of_another_owner_on_tokio() {
    type AsyncStream = interprocess::os::windows::named_pipe::tokio::DuplexPipeStream<Bytes>;

    common::on_tokio(async {
        let path = unique_path();
        let _listener =
            PipeListenerOptions::new().path(path.as_str()).create_tokio_duplex::<Bytes>().unwrap();
        let options = ConnectOptions::new().current_user_only(true);
        let client = AsyncStream::connect_with(&path, &options).await.unwrap();
        assert_eq!(client.peer_user_sid().unwrap(), default_owner());

        let path = unique_path();
        let other = SecurityDescriptor::from_sddl("O:S-1-5-21-1-2-3-1000D:(A;;GA;;;WD)").unwrap();
        let listener = PipeListenerOptions::new().path(path.as_str()).security_descriptor(Some(other));
        let Ok(_listener) = listener.create_tokio_duplex::<Bytes>() else {
            return crate::common::skip("Windows refuses to make a pipe for another user");
        };
        let error = AsyncStream::connect_with(&path, &options).await.expect_err("another's");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        AsyncStream::connect_with(&path, &ConnectOptions::new()).await.unwrap();
    });
}
