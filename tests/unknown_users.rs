//! IDs that stand for users who are not known: in a user namespace that maps nobody. Linux.
#![cfg(target_os = "linux")]

mod common;

use common::{Folder, Killed, fresh_name, within_deadline};
use interprocess::{
    local_socket::{ConnectOptions, ListenerOptions, Name, Stream},
    os::unix::{fifo_file, uds::UnixStream},
};
use std::{io::ErrorKind, path::Path, process::Command};

/// The child of the test below, to which all users look the same, its own included.
#[test]
#[ignore = "a role, which another test starts"]
fn role_stranger() {
    let folder = common::begin_role();
    let [socket, fifo] = ["socket", "fifo"].map(|name| Path::new(&folder).join(name));
    let stream = Stream::connect(Name::path(&socket).unwrap()).unwrap();
    let creds = stream.peer_creds().unwrap();
    assert_eq!((creds.euid(), creds.egid()), (None, None));
    assert!(creds.groups().is_none_or(<[u32]>::is_empty));
    let own_only = ConnectOptions::new().name(Name::path(&socket).unwrap()).current_user_only(true);
    let error = own_only.connect_sync().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    let shown = UnixStream::connect(&socket).unwrap().peer_cred().unwrap().uid();

    let (one, _other) = Stream::pair().unwrap();
    assert_eq!(one.peer_creds().unwrap().euid(), None, "not even this process itself");
    let same = UnixStream::pair().unwrap().0.peer_cred().unwrap().uid();
    assert_eq!(shown, same, "the kernel does not tell them apart");

    let error = fifo_file::OpenOptions::new().own(true).nonblocking(true).open_receiver(&fifo).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    if cfg!(not(interprocess_portable_unix)) {
        let name = fresh_name(common::Kind::Namespaced);
        let error = ListenerOptions::new().name(name).current_user_only(true).create_sync().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
}

#[test]
fn unmapped_users_match_nobody() {
    let unshare = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", program]);
        command
    };
    if !unshare("true").output().is_ok_and(|output| output.status.success()) {
        common::skip("this system makes no user namespaces, or has no unshare(1)");
        return;
    }
    within_deadline(move || {
        let folder = Folder::new();
        let path = folder.0.join("socket");
        let name = Name::path(&path).unwrap();
        let _listener = ListenerOptions::new().name(name).create_sync().unwrap();
        fifo_file::create_fifo(folder.0.join("fifo"), 0o600).unwrap();
        let role = common::command_for_role("role_stranger", folder.0.to_str().unwrap());
        let mut command = unshare(role.get_program().to_str().unwrap());
        command.args(role.get_args());
        command.envs(role.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Killed(command.stdout(std::process::Stdio::null()).spawn().unwrap()).succeeds();
    });
}
