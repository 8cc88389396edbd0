//! Unnamed pipes, on every platform, within a process and between parent and child.

mod common;

use common::{bytes, command_for_role, error_once_closed, expect_bytes, within_deadline, write_pieces};
use interprocess::unnamed_pipe::{Inherit, Recver, Sender, pipe};
use std::{
    io::{ErrorKind, IoSlice, IoSliceMut, Read, Write},
    process::{Command, Stdio},
    thread,
};

#[test]
fn bytes_arrive() {
    within_deadline(|| {
        let (sender, recver) = pipe().unwrap();
        let sent = bytes(1, 5 << 20);
        thread::scope(|scope| {
            scope.spawn(|| write_pieces(sender, &sent).unwrap());
            expect_bytes(&recver, &sent).unwrap();
        });
        assert_eq!((&recver).read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn ends() {
    let (mut sender, mut recver) = pipe().unwrap();
    sender.flush().unwrap();
    let copy = sender.try_clone().unwrap();
    sender.write_all(b"first").unwrap();
    drop(sender);
    (&copy).write_all(b"second").unwrap();
    drop(copy);
    let mut text = String::new();
    recver.read_to_string(&mut text).unwrap();
    assert_eq!(text, "firstsecond");

    let (mut sender, recver) = pipe().unwrap();
    drop(recver);
    assert_eq!(sender.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn nonblocking() {
    let (mut sender, mut recver) = pipe().unwrap();
    recver.set_nonblocking(true).unwrap();
    assert_eq!(recver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    sender.set_nonblocking(true).unwrap();
    let mut written = 0;
    let error = loop {
        match sender.write(&[5; 1000]) {
            Ok(count) => written += count,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    drop(sender);
    let mut got = Vec::new();
    recver.set_nonblocking(false).unwrap();
    recver.read_to_end(&mut got).unwrap();
    assert_eq!(got.len(), written);
}

#[test]
fn vectored() {
    let (mut sender, mut recver) = pipe().unwrap();
    let slices = [IoSlice::new(b""), IoSlice::new(b"abc"), IoSlice::new(b"defg")];
    let written = sender.write_vectored(&slices).unwrap();
    sender.write_all(&b"abcdefg"[written..]).unwrap();
    drop(sender);
    let (mut one, mut two) = ([0; 2], [0; 5]);
    let mut got: Vec<u8> = Vec::new();
    loop {
        let read = recver.read_vectored(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)]).unwrap();
        if read == 0 {
            break;
        }
        got.extend(one.iter().chain(&two).take(read));
    }
    assert_eq!(got, b"abcdefg");
}

/// Copies its input to its output, between two marks.
#[test]
#[ignore = "a role, which another test starts"]
fn role_copy() {
    common::begin_role();
    std::io::copy(&mut std::io::stdin(), &mut std::io::stderr()).unwrap();
}

#[test]
fn as_standard_streams() {
    within_deadline(|| {
        let (input, child_input) = pipe().unwrap();
        let (child_output, output) = pipe().unwrap();
        let mut command = command_for_role("role_copy", "");
        command.stdin(Stdio::from(child_input)).stdout(Stdio::null()).stderr(Stdio::from(child_output));
        let mut child = command.spawn().unwrap();
        drop(command);
        let sent = bytes(2, 1 << 20);
        thread::scope(|scope| {
            scope.spawn(|| write_pieces(input, &sent).unwrap());
            expect_bytes(&output, &sent).unwrap();
            assert_eq!((&output).read(&mut [0]).unwrap(), 0, "the end of the child's output");
        });
        assert!(child.wait().unwrap().success());
    });
}

/// Takes a receiver and a sender, and copies from one to the other.
#[test]
#[ignore = "a role, which another test starts"]
fn role_heir() {
    let tokens = common::begin_role();
    let (recv, send) = tokens.split_once(' ').unwrap();
    for (wrong, part) in [("rubbish", "not the token"), (send, "other kind")] {
        let error = Recver::take_inherited(wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    let mut recver = Recver::take_inherited(recv).unwrap();
    let mut sender = Sender::take_inherited(send).unwrap();
    for error in [Recver::take_inherited(recv).unwrap_err(), Sender::take_inherited(send).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "a second taking: {error}");
    }
    std::io::copy(&mut recver, &mut sender).unwrap();
}

#[test]
fn as_additional_ends() {
    within_deadline(|| {
        let (input, child_input) = pipe().unwrap();
        let (child_output, output) = pipe().unwrap();
        let mut inherit = Inherit::new();
        let tokens =
            [child_input.inherit(&mut inherit).unwrap(), child_output.inherit(&mut inherit).unwrap()];
        let mut command = command_for_role("role_heir", &format!("{} {}", tokens[0], tokens[1]));
        let mut child = inherit.spawn(command.stdout(Stdio::null())).unwrap();
        let sent = bytes(3, 1 << 20);
        thread::scope(|scope| {
            scope.spawn(|| write_pieces(input, &sent).unwrap());
            expect_bytes(&output, &sent).unwrap();
            // This process's copy of the child's sender is closed, so the child's end is the end.
            assert_eq!((&output).read(&mut [0]).unwrap(), 0);
        });
        assert!(child.wait().unwrap().success());
    });
}

/// Ends while its parent holds its input.
#[test]
#[ignore = "a role, which another test starts"]
fn role_bystander() {
    common::begin_role();
    let _ = std::io::stdin().read(&mut [0]);
}

/// While threads start children that inherit nothing, ends go to their heirs, and to nobody else: if a bystander had one,
/// the end of the stream would wait for it.
#[test]
fn nobody_else_inherits() {
    within_deadline(|| {
        let bystanders: Vec<_> = (0..2)
            .map(|_| {
                thread::spawn(|| {
                    (0..10)
                        .map(|_| {
                            let mut command = command_for_role("role_bystander", "");
                            command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for round in 0..10 {
            let (mut input, child_input) = pipe().unwrap();
            let (child_output, mut output) = pipe().unwrap();
            let mut inherit = Inherit::new();
            let tokens =
                [child_input.inherit(&mut inherit).unwrap(), child_output.inherit(&mut inherit).unwrap()];
            let mut command = command_for_role("role_heir", &format!("{} {}", tokens[0], tokens[1]));
            let mut child = inherit.spawn(command.stdout(Stdio::null())).unwrap();
            input.write_all(&[round]).unwrap();
            drop(input);
            let mut got = Vec::new();
            output.read_to_end(&mut got).unwrap();
            assert_eq!(got, [round]);
            assert!(child.wait().unwrap().success());
        }
        for bystander in bystanders {
            for mut child in bystander.join().unwrap() {
                drop(child.stdin.take());
                child.wait().unwrap();
            }
        }
    });
}

/// A parent that gives up: the token leads nowhere.
#[test]
fn an_end_that_is_not_handed_over() {
    let (_sender, recver) = pipe().unwrap();
    let mut inherit = Inherit::new();
    recver.inherit(&mut inherit).unwrap();
    let mut command = Command::new("a-program-that-does-not-exist");
    assert_eq!(inherit.spawn(&mut command).unwrap_err().kind(), ErrorKind::NotFound);
    let (mut sender, recver) = pipe().unwrap();
    let mut inherit = Inherit::new();
    recver.inherit(&mut inherit).unwrap();
    drop(inherit);
    assert_eq!(error_once_closed(|| sender.write(b"x")).kind(), ErrorKind::BrokenPipe);
}

#[cfg(unix)]
type Owned = std::os::fd::OwnedFd;
#[cfg(windows)]
type Owned = std::os::windows::io::OwnedHandle;

/// Standard streams, which programs adopt, are often files. The position is the system's: another holder goes on behind it.
#[test]
fn adopted_file_is_read_and_written_at_its_position() {
    within_deadline(|| {
        let folder = common::Folder::new();
        let path = folder.0.join("file");
        let mut file = std::fs::File::create(&path).unwrap();
        let mut sender = Sender::from(Owned::from(file.try_clone().unwrap()));
        sender.write_all(b"one, ").unwrap();
        sender.write_all(b"two, ").unwrap();
        sender.set_send_timeout(Some(common::FOREVER)).unwrap();
        sender.write_all(b"three").unwrap();
        file.write_all(b"!").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one, two, three!");

        let mut file = std::fs::File::open(&path).unwrap();
        let mut recver = Recver::from(Owned::from(file.try_clone().unwrap()));
        recver.read_exact(&mut [0; 5]).unwrap();
        recver.set_recv_timeout(Some(common::FOREVER)).unwrap();
        recver.read_exact(&mut [0; 5]).unwrap();
        file.read_exact(&mut [0; 2]).unwrap();
        let mut rest = String::new();
        recver.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "ree!");
        assert_eq!(recver.read(&mut [0]).unwrap(), 0);
    });
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use super::{
        ErrorKind, IoSlice, Owned, Recver, Sender, bytes, common, expect_bytes, pipe, thread, write_pieces,
    };
    use common::on_tokio;
    use interprocess::unnamed_pipe::tokio as asynchronous;
    use std::{future::poll_fn, pin::Pin};
    use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

    #[test]
    fn bytes_arrive() {
        on_tokio(async {
            let (mut sender, mut recver) = asynchronous::pipe().unwrap();
            let sent = bytes(4, 5 << 20);
            let write = async {
                sender.write_all(&sent).await?;
                sender.flush().await?;
                drop(sender);
                Ok(())
            };
            let mut got = Vec::new();
            tokio::try_join!(write, recver.read_to_end(&mut got)).unwrap();
            assert!(got == sent);
        });
    }

    /// No system call takes so many, which must not look like a pipe that has no room left.
    #[test]
    fn many_slices() {
        on_tokio(async {
            let (sender, mut recver) = asynchronous::pipe().unwrap();
            let sent = bytes(7, 5000);
            let write = async {
                let slices: Vec<_> = sent.chunks(1).map(IoSlice::new).collect();
                let (mut sender, mut written) = (sender, 0);
                while written < slices.len() {
                    let sending =
                        poll_fn(|cx| Pin::new(&mut sender).poll_write_vectored(cx, &slices[written..]));
                    written += sending.await?;
                }
                std::io::Result::Ok(())
            };
            let mut got = Vec::new();
            let everything = async { tokio::try_join!(write, recver.read_to_end(&mut got)) };
            everything.await.unwrap();
            assert!(got == sent);
        });
    }

    #[test]
    fn with_blocking_ends() {
        on_tokio(async {
            let sent = bytes(5, 1 << 20);
            let (mut sender, recver) = asynchronous::sender_pair().unwrap();
            let expected = sent.clone();
            let reader = thread::spawn(move || expect_bytes(recver, &expected));
            sender.write_all(&sent).await.unwrap();
            sender.shutdown().await.unwrap();
            drop(sender);
            reader.join().unwrap().unwrap();

            let (sender, mut recver) = asynchronous::recver_pair().unwrap();
            let to_send = sent.clone();
            let writer = thread::spawn(move || write_pieces(sender, &to_send));
            let mut got = Vec::new();
            recver.read_to_end(&mut got).await.unwrap();
            assert!(got == sent);
            writer.join().unwrap().unwrap();
        });
    }

    /// A child of Tokio's takes the ends, and later children of the command do not.
    #[cfg(feature = "tokio-process")]
    #[test]
    fn ends_of_a_tokio_child() {
        use interprocess::unnamed_pipe::Inherit;
        use std::process::Stdio;

        on_tokio(async {
            let (mut input, child_input) = asynchronous::sender_pair().unwrap();
            let (child_output, mut output) = asynchronous::recver_pair().unwrap();
            let mut inherit = Inherit::new();
            let tokens =
                [child_input.inherit(&mut inherit).unwrap(), child_output.inherit(&mut inherit).unwrap()];
            let heir = super::command_for_role("role_heir", &format!("{} {}", tokens[0], tokens[1]));
            let mut command = tokio::process::Command::from(heir);
            let mut child = inherit.spawn_tokio(command.stdout(Stdio::null()).stderr(Stdio::null())).unwrap();
            let sent = bytes(8, 1 << 20);
            let write = async {
                input.write_all(&sent).await?;
                input.flush().await?;
                drop(input);
                Ok(())
            };
            let mut got = Vec::new();
            // The child's ends are the only ones, so the end comes when it drops them.
            tokio::try_join!(write, output.read_to_end(&mut got)).unwrap();
            assert!(got == sent);
            assert!(child.wait().await.unwrap().success());
            assert!(!command.status().await.unwrap().success(), "the ends are announced to one child");
        });
    }

    #[cfg(feature = "tokio-process")]
    #[test]
    fn ends_of_a_tokio_child_that_does_not_start() {
        on_tokio(async {
            let (mut sender, recver) = asynchronous::sender_pair().unwrap();
            let mut inherit = interprocess::unnamed_pipe::Inherit::new();
            recver.inherit(&mut inherit).unwrap();
            let mut command = tokio::process::Command::new("a-program-that-does-not-exist");
            assert_eq!(inherit.spawn_tokio(&mut command).unwrap_err().kind(), ErrorKind::NotFound);
            let error = loop {
                if let Err(error) = sender.write(b"x").await {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn ends_and_vectored_writes() {
        on_tokio(async {
            let (mut sender, recver) = asynchronous::pipe().unwrap();
            assert_eq!(sender.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")]).await.unwrap(), 3);
            drop(recver);
            let error = loop {
                if let Err(error) = sender.write(b"x").await {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn conversions() {
        on_tokio(async {
            let (sender, mut recver) = asynchronous::pipe().unwrap();
            let owned = Owned::try_from(sender).unwrap();
            let mut sender = asynchronous::Sender::try_from(owned).unwrap();
            sender.write_all(b"x").await.unwrap();
            let mut got = [0];
            recver.read_exact(&mut got).await.unwrap();
            let owned = Owned::try_from(recver).unwrap();
            drop(asynchronous::Recver::try_from(owned).unwrap());
            let error = loop {
                if let Err(error) = sender.write(b"x").await {
                    break error;
                }
            };
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        });
        let (sender, recver) = pipe().unwrap();
        let (sender, recver) = (Owned::from(sender), Owned::from(recver));
        std::io::Write::write_all(&mut Sender::from(sender), b"y").unwrap();
        expect_bytes(Recver::from(recver), b"y").unwrap();
    }
}

#[cfg(unix)]
mod on_unix {
    use super::{ErrorKind, IoSlice, Read, Recver, Sender, Write, common, expect_bytes, pipe};
    use interprocess::os::unix::unnamed_pipe::{CreationOptions, UnnamedPipeExt};
    use std::os::fd::{AsFd, AsRawFd};

    #[test]
    fn no_child_inherits() {
        let (sender, recver) = pipe().unwrap();
        let copy = sender.try_clone().unwrap();
        for fd in [sender.as_fd(), recver.as_fd(), copy.as_fd()] {
            assert!(rustix::io::fcntl_getfd(fd).unwrap().contains(rustix::io::FdFlags::CLOEXEC));
        }
        UnnamedPipeExt::set_nonblocking(&recver, true).unwrap();
    }

    #[test]
    fn what_is_not_an_inherited_end() {
        if !crate::common::has_room_for_descriptors(1000) {
            return;
        }
        let (sender, recver) = pipe().unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
        let not_open = rustix::io::fcntl_dupfd_cloexec(&file, 900).unwrap();
        let number = not_open.as_raw_fd();
        drop(not_open);
        for (token, part) in [
            (format!("recv-{}", recver.as_raw_fd()), "not inherited"),
            (format!("recv-{}", file.as_raw_fd()), "not inherited"),
            (format!("recv-{number}"), "not open"),
            ("recv-0".to_owned(), "standard stream"),
            ("recv-4294967296".to_owned(), "no descriptor has the number"),
        ] {
            let error = Recver::take_inherited(&token).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert!(error.to_string().contains(part), "{token}: {error}");
        }
        rustix::io::fcntl_setfd(&recver, rustix::io::FdFlags::empty()).unwrap();
        let error = Sender::take_inherited(&format!("send-{}", recver.as_raw_fd())).unwrap_err();
        assert!(error.to_string().contains("not inherited"), "{error}");
        // Nothing was taken by the failures.
        (&sender).write_all(b"x").unwrap();
        expect_bytes(&recver, b"x").unwrap();
        file.metadata().unwrap();
    }

    #[test]
    fn what_is_there() {
        let (mut sender, recver) = pipe().unwrap();
        assert_eq!(recver.available().unwrap(), 0);
        sender.write_all(b"12345").unwrap();
        assert_eq!(recver.available().unwrap(), 5);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn capacity() {
        let (sender, recver) = CreationOptions::new().capacity(100_000).create().unwrap();
        assert_eq!(sender.capacity().unwrap(), 131_072);
        assert_eq!(sender.set_capacity(4096).unwrap(), recver.capacity().unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn packets() {
        let (mut sender, mut recver) = CreationOptions::new().packets(true).create().unwrap();
        sender.write_all(b"one").unwrap();
        sender.write_all(b"second").unwrap();
        let mut packet = [0; 10];
        assert_eq!(recver.read(&mut packet).unwrap(), 3);
        assert_eq!(recver.read(&mut packet[..2]).unwrap(), 2);
        drop(sender);
        assert_eq!(recver.read(&mut packet).unwrap(), 0, "what did not fit the buffer is gone");
    }

    /// Two that are there before the first read: the runtime tells of both at once.
    #[cfg(all(feature = "tokio", target_os = "linux"))]
    #[test]
    fn packets_on_tokio() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        crate::common::on_tokio(async {
            let (mut sender, mut recver) = CreationOptions::new().packets(true).create_tokio().unwrap();
            sender.write_all(b"one").await.unwrap();
            sender.write_all(b"three").await.unwrap();
            let mut buffer = [0; 64];
            assert_eq!(recver.read(&mut buffer).await.unwrap(), 3);
            assert_eq!(recver.read(&mut buffer).await.unwrap(), 5);
            drop(sender);
            assert_eq!(recver.read(&mut buffer).await.unwrap(), 0);
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn moving_without_copying() {
        let (first, source) = pipe().unwrap();
        let (second, target) = pipe().unwrap();
        let (third, copy) = pipe().unwrap();
        if !common::deny::has_splice() {
            return;
        }
        assert_eq!(first.vmsplice(b"by reference").unwrap(), 12);
        assert_eq!(source.tee_to(&third, 2).unwrap(), 2);
        assert_eq!(source.splice_to(&second, 100).unwrap(), 12);
        expect_bytes(&target, b"by reference").unwrap();
        expect_bytes(&copy, b"by").unwrap();

        let folder = common::Folder::new();
        let path = folder.0.join("file");
        std::fs::write(&path, b"from a file").unwrap();
        let file = std::fs::File::open(&path).unwrap();
        assert_eq!(first.splice_from(&file, 100).unwrap(), 11);
        assert_eq!(first.splice_from(&file, 100).unwrap(), 0, "the end of the file");
        let (socket, mut other) = std::os::unix::net::UnixStream::pair().unwrap();
        assert_eq!(source.splice_to(&socket, 100).unwrap(), 11);
        expect_bytes(&mut other, b"from a file").unwrap();
        drop(first);
        assert_eq!(source.splice_to(&socket, 100).unwrap(), 0, "the end of the pipe");
        assert_eq!((&source).read(&mut [0]).unwrap(), 0);
    }

    /// Writes to nobody with SIGPIPE as deadly as in a C program; the argument tells whether that must be survived.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_sigpipe() {
        common::begin_role();
        common::deadly_sigpipe();
        let (mut sender, recver) = pipe().unwrap();
        drop(recver);
        assert_eq!(sender.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(sender.write_vectored(&[IoSlice::new(b"x")]).unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn writing_to_nobody_is_no_signal() {
        let release = rustix::system::uname().release().to_string_lossy().into_owned();
        let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        let emulated = cfg!(not(any(target_arch = "x86_64", target_arch = "x86")));
        if cfg!(target_os = "linux") && (version < (6, 18) || emulated) {
            crate::common::skip(format_args!(
                "this kernel ({release}) has no RWF_NOSIGNAL, or an emulator stands before it"
            ));
            return;
        }
        common::start_role("on_unix::role_sigpipe", "").succeeds();
    }
}

#[cfg(windows)]
mod on_windows {
    use super::{ErrorKind, Owned, Read, Recver, Sender, Write, common, pipe};
    use std::{
        fs::OpenOptions,
        os::windows::{
            fs::OpenOptionsExt,
            io::{AsHandle, AsRawHandle},
        },
        ptr,
    };

    /// The access rights of a handle.
    #[allow(unsafe_code)]
    fn granted(handle: &impl AsHandle) -> u32 {
        use windows_sys::Wdk::Foundation::{NtQueryObject, ObjectBasicInformation};

        // PUBLIC_OBJECT_BASIC_INFORMATION: the second number is what was granted.
        let mut information = [0_u32; 14];
        let place = information.as_mut_ptr().cast();
        let handle = handle.as_handle().as_raw_handle();
        // SAFETY: the handle is open, and `place` has room for 56 bytes.
        let status = unsafe { NtQueryObject(handle, ObjectBasicInformation, place, 56, ptr::null_mut()) };
        assert!(status >= 0, "{status:#x}");
        information[1]
    }

    /// Windows refuses to tell of the pipe's space, and to set the end's mode, without these rights. Wine 10 does not ask.
    #[test]
    fn ends_have_the_rights_to_read_and_write_attributes() {
        const ATTRIBUTES: u32 = 0x80 | 0x100;
        let check = |rights: u32, what: &str| {
            assert_eq!(rights & ATTRIBUTES, ATTRIBUTES, "{what} has {rights:#x}");
        };
        let (sender, recver) = pipe().unwrap();
        check(granted(&sender), "Sender");
        check(granted(&recver), "Recver");
        #[cfg(feature = "tokio")]
        {
            use interprocess::unnamed_pipe::tokio;
            let (sender, recver) = tokio::pipe().unwrap();
            check(granted(&sender), "Tokio Sender");
            check(granted(&recver), "Tokio Recver");
            let (sender, mut recver) = tokio::sender_pair().unwrap();
            check(granted(&sender), "Tokio Sender of a pair");
            check(granted(&recver), "Recver of a pair");
            recver.set_nonblocking(true).unwrap();
            assert_eq!(recver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            let (sender, recver) = tokio::recver_pair().unwrap();
            check(granted(&sender), "Sender of a pair");
            check(granted(&recver), "Tokio Recver of a pair");
        }
    }

    /// Every operation would be at its beginning.
    #[test]
    fn adopted_file_without_a_position_is_refused() {
        const FILE_FLAG_OVERLAPPED: u32 = 0x4000_0000;
        let folder = common::Folder::new();
        let path = folder.0.join("file");
        std::fs::write(&path, "content").unwrap();
        let open = || {
            OpenOptions::new().read(true).write(true).custom_flags(FILE_FLAG_OVERLAPPED).open(&path).unwrap()
        };
        let error = Recver::from(Owned::from(open())).read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let error = Sender::from(Owned::from(open())).write(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"content");
    }

    #[test]
    fn null_device_is_at_its_end() {
        let null = OpenOptions::new().read(true).write(true).open("NUL").unwrap();
        assert_eq!(Recver::from(Owned::from(null.try_clone().unwrap())).read(&mut [0]).unwrap(), 0);
        assert_eq!(Sender::from(Owned::from(null)).write(b"x").unwrap(), 1);
    }
}
