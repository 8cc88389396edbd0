//! FIFO files between processes: shells at the other end, a crowd of writers, and what children inherit.
#![cfg(unix)]

mod common;

use common::{
    FOREVER, Folder, begin_role, bytes, expect_bytes,
    fifo::{fifo, mode_of, names_in, nonblocking},
    is_native_linux, start_role, within_deadline, write_pieces,
};
use interprocess::os::unix::fifo_file::{FifoOptions, OpenOptions, PIPE_BUF, Receiver, Sender, create_fifo};
use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, IoSlice, Read, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// In a process of its own, whose umask it changes.
#[test]
#[ignore = "a role, which another test starts"]
fn role_modes() {
    let folder = begin_role();
    let folder = Path::new(&folder);
    for umask in [0o022, 0o077, 0o777] {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask as _));
        let path = |purpose: &str| folder.join(format!("{purpose}-{umask:o}"));
        let masked = path("masked");
        create_fifo(&masked, 0o666).unwrap();
        assert_eq!(mode_of(&masked), 0o666 & !umask);
        let exact = path("exact");
        FifoOptions::new().mode(0o622).exact_mode(true).create(&exact).unwrap();
        assert_eq!(mode_of(&exact), 0o622);
        let guarded = path("guarded");
        FifoOptions::new().mode(0o640).create_guarded(&guarded).unwrap().keep();
        assert_eq!(mode_of(&guarded), 0o640 & !umask);
        let opened = path("opened");
        drop(nonblocking().create_or_open(0o622).open_receiver(&opened).unwrap());
        assert_eq!(mode_of(&opened), 0o622);
    }
}

#[test]
fn modes() {
    if !common::has_mapped_user() {
        return;
    }
    let folder = Folder::new();
    start_role("role_modes", folder.0.to_str().unwrap()).succeeds();
    assert_eq!(names_in(&folder).len(), 12, "{:?}", names_in(&folder));
}

/// In a process of its own, as other tests open descriptors all the time: what is opened is closed again, whatever
/// happens, and a child has none of it.
#[test]
#[ignore = "a role, which another test starts"]
#[cfg(target_os = "linux")]
fn role_descriptors() {
    let folder = begin_role();
    let path = Path::new(&folder).join("fifo");
    let limit = Duration::from_millis(1);
    let round = || {
        let guard = FifoOptions::new().exact_mode(true).create_guarded(&path).unwrap();
        assert!(FifoOptions::new().exact_mode(true).create(&path).is_err());
        assert!(nonblocking().open_sender(&path).is_err());
        assert!(OpenOptions::new().timeout(limit).open_sender(&path).is_err());
        assert!(OpenOptions::new().timeout(limit).open_receiver(&path).is_err());
        assert!(nonblocking().open_receiver("/dev/null").is_err());
        assert!(nonblocking().widest_mode(0).open_receiver(&path).is_err());
        let receiver = nonblocking().keep_open(true).open_receiver(&path).unwrap();
        let copy = receiver.try_clone().unwrap();
        let plain = nonblocking().open_receiver(&path).unwrap();
        assert!(plain.wait_for_sender(limit).unwrap() || cfg!(interprocess_portable_unix));
        let sender = Sender::open(&path).unwrap();
        let second = sender.try_clone().unwrap();
        let waited = OpenOptions::new().timeout(limit).open_sender(&path).unwrap();
        let both = nonblocking().read_write(true).open_sender(&path).unwrap();
        let listing = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
        let listing = String::from_utf8(listing.stdout).unwrap();
        assert!(listing.contains("/dev/null"), "it is a listing: {listing}");
        assert!(!listing.contains("/fifo"), "a child has inherited an end: {listing}");
        // The clones have the sender that keeps the end away in common.
        drop(copy);
        let before = common::open_descriptors();
        let pipe = interprocess::unnamed_pipe::Recver::from(receiver);
        assert_eq!(common::open_descriptors(), before - 1, "the sender that kept it open is closed");
        drop((guard, plain, sender, second, waited, both, pipe));
    };
    round();
    let before = common::open_descriptors();
    for _ in 0..20 {
        round();
    }
    assert_eq!(common::open_descriptors(), before);
}

#[test]
#[cfg(target_os = "linux")]
fn no_descriptor_is_left_or_inherited() {
    if !common::has_proc() {
        return;
    }
    let folder = Folder::new();
    start_role("role_descriptors", folder.0.to_str().unwrap()).succeeds();
    assert!(names_in(&folder).is_empty(), "{:?}", names_in(&folder));
}

/// Writes to nobody with SIGPIPE as deadly as in a C program.
#[test]
#[ignore = "a role, which another test starts"]
fn role_sigpipe() {
    let path = begin_role();
    common::deadly_sigpipe();
    let receiver = nonblocking().open_receiver(&path).unwrap();
    let mut sender = Sender::open(&path).unwrap();
    drop(receiver);
    assert_eq!(sender.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(sender.write_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(sender.write_atomic(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn writing_to_nobody_is_no_signal() {
    if cfg!(target_os = "linux") && !is_native_linux((6, 18)) {
        common::skip("this kernel has no RWF_NOSIGNAL, or an emulator stands before it");
        return;
    }
    let (_folder, path) = fifo();
    start_role("role_sigpipe", path.to_str().unwrap()).succeeds();
}

/// A shell that runs a script with paths as `$1` and so on.
fn shell(script: &str, paths: &[&Path]) -> common::Killed {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(paths).stdin(Stdio::null());
    common::Killed(command.spawn().unwrap())
}

/// How many MiB go through a shell's commands: all on the machine's own processor, fewer through an emulator.
fn mebibytes() -> u64 {
    if is_native_linux((0, 0)) { 256 } else { 8 }
}

/// A mebibyte that is different from all others.
fn mebibyte(base: &[u8], number: u64) -> Vec<u8> {
    let mut block = base.to_vec();
    for page in block.chunks_mut(4096) {
        page[..8].copy_from_slice(&number.to_le_bytes());
    }
    block
}

/// Through the shell's commands and back, with each byte compared.
fn through(script: &'static str) {
    let (_folder, there) = fifo();
    let (_other_folder, back) = fifo();
    within_deadline(move || {
        let base = bytes(9, 1 << 20);
        let mut shell = shell(script, &[&there, &back]);
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let mut sender = OpenOptions::new().timeout(FOREVER).open_sender(&there).unwrap();
                for number in 0..mebibytes() {
                    sender.write_all(&mebibyte(&base, number)).unwrap();
                }
            });
            let mut receiver = Receiver::open(&back).unwrap();
            let mut got = vec![0; 1 << 20];
            for number in 0..mebibytes() {
                receiver.read_exact(&mut got).unwrap();
                assert!(got == mebibyte(&base, number), "mebibyte {number} is wrong");
            }
            assert_eq!(receiver.read(&mut got).unwrap(), 0, "the end");
            sending.join().unwrap();
        });
        shell.succeeds();
    });
}

#[test]
fn through_cat() {
    through(r#"cat "$1" >"$2""#);
}

#[test]
fn through_dd() {
    through(r#"dd if="$1" of="$2" bs=64k 2>/dev/null"#);
}

/// What the shell counts a checksum of is what was sent, and what it sends has the checksum that it says.
#[test]
fn checksums_of_the_shell() {
    within_deadline(|| {
        let (folder, path) = fifo();
        let (sent, sums) = (folder.0.join("sent"), folder.0.join("sums"));
        let content = bytes(10, 5_000_001);
        fs::write(&sent, &content).unwrap();
        let mut sums_up = shell(r#"cksum <"$1" >"$3"; cksum <"$2" >>"$3""#, &[&path, &sent, &sums]);
        write_pieces(Sender::open(&path).unwrap(), &content).unwrap();
        sums_up.succeeds();
        let text = fs::read_to_string(&sums).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 2 && lines[0] == lines[1] && lines[0].contains("5000001"), "{text}");

        let mut copies = shell(r#"dd if="$1" of="$2" bs=100000 2>/dev/null"#, &[&sent, &path]);
        let receiver = Receiver::open(&path).unwrap();
        expect_bytes(&receiver, &content).unwrap();
        assert_eq!((&receiver).read(&mut [0]).unwrap(), 0, "the end");
        copies.succeeds();
    });
}

/// Each `echo` is a sender of its own, which comes and goes.
#[test]
fn lines_of_scripts() {
    const LINES: usize = 200;
    within_deadline(|| {
        let (_folder, path) = fifo();
        let receiver = OpenOptions::new().keep_open(true).open_receiver(&path).unwrap();
        let script = r#"n=0; while [ $n -lt 200 ]; do echo "$2 $n" >"$1"; n=$((n+1)); done"#;
        let mut scripts = ["a", "b", "c"].map(|name| shell(script, &[&path, Path::new(name)]));
        let mut next = [0; 3];
        for line in BufReader::new(receiver).lines().take(3 * LINES) {
            let line = line.unwrap();
            let (name, number) = line.split_once(' ').unwrap();
            let next = &mut next["abc".find(name).unwrap()];
            assert_eq!(number.parse::<usize>().unwrap(), *next, "{line}");
            *next += 1;
        }
        assert_eq!(next, [LINES; 3]);
        scripts.iter_mut().for_each(common::Killed::succeeds);
    });
}

/// A shell that is there first waits in open(2), which nobody announces.
#[test]
fn a_shell_that_waits() {
    within_deadline(|| {
        for wait in [None, Some(FOREVER)] {
            let (folder, path) = fifo();
            let copy = folder.0.join("copy");
            let mut cat = shell(r#"cat "$1" >"$2""#, &[&path, &copy]);
            let mut sender = OpenOptions::new().timeout(wait).open_sender(&path).unwrap();
            sender.write_all(b"to the shell").unwrap();
            drop(sender);
            cat.succeeds();
            assert_eq!(fs::read(&copy).unwrap(), b"to the shell");

            let mut echo = shell(r#"echo hello >"$1""#, &[&path]);
            let receiver = OpenOptions::new().timeout(wait).open_receiver(&path).unwrap();
            expect_bytes(&receiver, b"hello\n").unwrap();
            assert_eq!((&receiver).read(&mut [0]).unwrap(), 0);
            echo.succeeds();
        }
    });
}

/// A line that only this writer writes, and only once.
fn line(writer: usize, number: usize) -> Vec<u8> {
    let length = if number % 20 == 19 { PIPE_BUF } else { 16 + (writer * 131 + number * 7919) % 400 };
    let mut line = format!("{writer} {number} ").into_bytes();
    let letter = b'a' + ((writer + number) % 26) as u8;
    line.resize(length - 1, letter);
    line.push(b'\n');
    line
}

/// Opens the FIFO again and again. The argument is which writer it is, how many lines it writes and the path.
#[test]
#[ignore = "a role, which another test starts"]
fn role_writer() {
    let argument = begin_role();
    let parts: Vec<&str> = argument.splitn(3, ' ').collect();
    let (writer, lines) = (parts[0].parse().unwrap(), parts[1].parse::<usize>().unwrap());
    let mut number = 0;
    while number < lines {
        let mut sender = Sender::open(parts[2]).unwrap();
        for number in number..lines.min(number + 100) {
            let line = line(writer, number);
            if number % 2 == 0 {
                sender.write_atomic(&line).unwrap()
            } else {
                sender.write_all(&line).unwrap()
            }
        }
        number += 100;
    }
}

/// Fifty processes write lines at once, come and go, and one besides is killed while it writes.
#[test]
fn a_crowd_of_writers() {
    let (writers, lines) = match is_native_linux((0, 0)) {
        true if cfg!(target_arch = "x86_64") => (50, 2_000),
        // For these, tests are built with a standard library that is not optimised.
        true => (50, 400),
        false => (8, 300),
    };
    within_deadline(move || {
        let (_folder, path) = fifo();
        let receiver = OpenOptions::new().keep_open(true).open_receiver(&path).unwrap();
        let start = |writer: usize, lines: usize| {
            start_role("role_writer", &format!("{writer} {lines} {}", path.display()))
        };
        let mut children: Vec<_> = (0..writers).map(|writer| start(writer, lines)).collect();
        let mut victim = start(writers, usize::MAX / 2);

        let mut receiver = BufReader::with_capacity(1 << 16, receiver);
        let mut next = vec![0; writers + 1];
        let mut is_alive = true;
        let mut text = Vec::new();
        while is_alive || next[..writers].iter().any(|next| *next < lines) {
            text.clear();
            receiver.read_until(b'\n', &mut text).unwrap();
            let mut words = text.splitn(3, |byte| *byte == b' ');
            let mut number = || std::str::from_utf8(words.next().unwrap()).unwrap().parse::<usize>().unwrap();
            let (writer, number) = (number(), number());
            assert!(text == line(writer, number), "line {number} of writer {writer} is not whole");
            assert_eq!(number, next[writer], "writer {writer}");
            next[writer] += 1;
            if is_alive && next[writers] == lines / 2 {
                victim.kill();
                is_alive = false;
            }
        }
        children.iter_mut().for_each(common::Killed::succeeds);

        // What is left is of the one that was killed, and whole too.
        receiver.get_ref().set_nonblocking(true).unwrap();
        let error = loop {
            text.clear();
            if let Err(error) = receiver.read_until(b'\n', &mut text) {
                break error;
            }
            assert!(text == line(writers, next[writers]), "line {} of the killed writer", next[writers]);
            next[writers] += 1;
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
        assert!(text.is_empty(), "a part of a line: {} bytes", text.len());
        println!(
            "{} lines, {} of them of the one that was killed",
            next.iter().sum::<usize>(),
            next[writers]
        );
    });
}
