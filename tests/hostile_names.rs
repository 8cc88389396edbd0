//! Names that lead out of the namespace of pipes or mailslots, or that are another spelling of somebody else's name.
#![cfg(windows)]

mod common;

use common::unique;
use interprocess::{
    local_socket::{self, ListenerOptions, Name},
    os::windows::{
        mailslot::{Mailslot, MailslotSender},
        named_pipe::{DuplexPipeStream, PipeListenerOptions, pipe_mode::Bytes},
    },
};
use std::{fs, io};

/// What each path would be of a device, and what the error has to say.
fn hostile(secret: &str) -> Vec<(String, &'static str)> {
    let mut names: Vec<(String, &'static str)> = Vec::new();
    // Out of the namespace, to a file or another device.
    for up in ["..", r".\..", r"x\..\..", r"..\..", r"...\..\..", r"..\pipe\..", r"x\y\..\..\.."] {
        names.push((format!(r"{up}\{secret}"), "component"));
        names.push((format!(r"{up}\C:\Windows\win.ini"), "component"));
        names.push((format!(r"{up}\NUL"), "component"));
        names.push((format!("{}/{secret}", up.replace('\\', "/")), "slash"));
    }
    for up in ["..", r"x\..\..", r"..\mailslot\..", r"..\UNC\localhost"] {
        names.push((format!(r"{up}\mailslot\x"), "component"));
        names.push((format!(r"{up}\PhysicalDrive0"), "component"));
        names.push((format!(r"{up}\COM1"), "component"));
        names.push((format!(r"{up}\GLOBALROOT\Device\Null"), "component"));
    }
    // Other spellings of a name.
    for alias in ["name.", "name ", "name..", "name . .", "name. ", r"a.\name", r"a \name", "...", " ", ". "]
    {
        names.push((alias.into(), "a dot or a space"));
    }
    for alias in [r"x\..\name", r".\name", r"name\.", r"name\..", r"a\.\name", "..", "."] {
        names.push((alias.into(), "component"));
    }
    for alias in ["/name", "name/", "x/../name", "./name", "a/b", "//", "/"] {
        names.push((alias.into(), "slash"));
    }
    for alias in [r"\name", r"name\", r"a\\name", r"\\.\pipe\name", r"\"] {
        names.push((alias.into(), "empty component"));
    }
    names.push((String::new(), "empty"));
    names.push(("a\0b".into(), "zero"));
    names
}

fn refused<T>(what: &str, name: &str, why: &str, result: io::Result<T>) {
    let error = result.err().unwrap_or_else(|| panic!("{what}: {name:?} was taken"));
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{what}: {name:?}: {error}");
    assert!(error.to_string().contains(why), "{what}: {name:?}: {error}");
}

#[test]
fn hostile_names_are_refused_and_reach_nothing() {
    let file = std::env::temp_dir().join(unique());
    fs::write(&file, "secret").unwrap();
    let names = hostile(file.to_str().unwrap());
    assert!(names.len() >= 60, "{}", names.len());
    for (name, why) in &names {
        refused("local socket name", name, why, Name::namespaced(&**name));
        let path = format!(r"\\.\pipe\{name}");
        if *why != "empty" {
            refused("local socket path", &path, why, Name::path(&*path));
        }
        refused("connect", &path, why, DuplexPipeStream::<Bytes>::connect_by_path(&path));
        refused("listen", &path, why, PipeListenerOptions::new().path(&*path).create_duplex::<Bytes>());
        let path = format!(r"\\.\mailslot\{name}");
        refused("open a mailslot", &path, why, MailslotSender::open(&path));
        refused("create a mailslot", &path, why, Mailslot::create(&path));
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "secret");
    fs::remove_file(&file).unwrap();
}

/// What looks odd and is not changed by Windows stays a name.
#[test]
fn odd_names_are_names() {
    for odd in [".hidden", "a..b", "C:x", " x", r"a\b", "ä🦀", "x|y", "%2e%2e"] {
        let text = if odd.starts_with([' ', '.']) { odd.to_owned() } else { format!("odd-{odd}") };
        let name = Name::namespaced(&text).unwrap();
        let listener = ListenerOptions::new().name(name.borrow()).create_sync().unwrap();
        let client = local_socket::Stream::connect(name).unwrap();
        drop((listener.accept().unwrap(), client));
    }
}
