//! FIFO files: making and opening them, what is refused, and waiting for the other end.
//!
//! Nothing here starts a process: a child that is just being started has all ends open for a moment, and what was dropped
//! would not be gone yet. Processes are in `fifo_file_processes.rs`.
#![cfg(unix)]

mod common;

use common::{
    FOREVER, Folder, bytes, expect_bytes,
    fifo::{counts_from_first_byte, fifo, mode_of, names_in, nonblocking},
    is_native_linux, within_deadline, write_pieces,
};
use interprocess::{
    os::unix::fifo_file::{
        FifoOptions, OpenOptions, PIPE_BUF, Receiver, Sender, UnlinkFifo, create_fifo, create_fifo_at,
        is_no_receiver,
    },
    unnamed_pipe,
};
use std::{
    error::Error as _,
    fs::{self, File},
    io::{ErrorKind, IoSlice, IoSliceMut, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd},
        unix::fs::{FileTypeExt, MetadataExt, symlink},
    },
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

/// A FIFO of another user than the one who runs the tests; `None` if that takes rights which are not there.
fn fifo_of_another(folder: &Folder) -> Option<PathBuf> {
    let path = folder.0.join("of-another");
    create_fifo(&path, 0o666).unwrap();
    match std::os::unix::fs::chown(&path, Some(65_534), None) {
        Ok(()) => Some(path),
        Err(error) => {
            common::skip(format_args!("files cannot be given to another user ({error})"));
            None
        }
    }
}

#[test]
fn making() {
    let folder = Folder::new();
    let path = folder.0.join("fifo");
    create_fifo(&path, 0o600).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
    for options in [FifoOptions::new(), FifoOptions::new().exact_mode(true)] {
        let error = options.create(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert!(error.to_string().contains("fifo"), "{error}");
        let cause = error.source().unwrap().downcast_ref::<std::io::Error>().unwrap();
        assert!(cause.raw_os_error().is_some(), "the system's number is kept");
        assert_eq!(options.create_guarded(&path).unwrap_err().kind(), ErrorKind::AlreadyExists);
        let error = options.create(folder.0.join("missing/fifo")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        assert_eq!(options.create("nul\0in it").unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(names_in(&folder), ["fifo"]);
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo(), "it is the same as before");
}

#[test]
fn in_the_folder_of_a_descriptor() {
    if !common::has_mapped_user() || !common::closes_at_once() {
        return;
    }
    let folder = Folder::new();
    let (before, after) = (folder.0.join("before"), folder.0.join("after"));
    fs::create_dir(&before).unwrap();
    let descriptor = File::open(&before).unwrap();
    fs::rename(&before, &after).unwrap();

    create_fifo_at(&descriptor, "one", 0o600).unwrap();
    FifoOptions::new().exact_mode(true).create_at(&descriptor, "two").unwrap();
    let mut options = nonblocking();
    for name in ["one", "two", "three"] {
        let mut receiver = options.open_receiver_at(&descriptor, name).unwrap();
        let mut sender = options.open_sender_at(&descriptor, name).unwrap();
        sender.write_all(b"x").unwrap();
        expect_bytes(&mut receiver, b"x").unwrap();
        // The third is made by opening it.
        options.create_or_open(0o600);
    }
    let mut names: Vec<_> = fs::read_dir(&after).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["one", "three", "two"]);

    // An absolute path does not begin there.
    let elsewhere = folder.0.join("elsewhere");
    FifoOptions::new().exact_mode(true).create_at(&descriptor, &elsewhere).unwrap();
    assert_eq!(mode_of(&elsewhere), 0o600);
    let no_folder = File::open("/dev/null").unwrap();
    assert_eq!(create_fifo_at(&no_folder, "x", 0o600).unwrap_err().kind(), ErrorKind::NotADirectory);

    // Waiting there, too.
    let error = OpenOptions::new().timeout(Duration::ZERO).open_sender_at(&descriptor, "one").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    thread::scope(|scope| {
        scope.spawn(|| OpenOptions::new().timeout(FOREVER).open_sender_at(&descriptor, "one").unwrap());
        Receiver::open(after.join("one")).unwrap();
    });
}

#[test]
fn a_guard_removes_its_own_file_alone() {
    let folder = Folder::new();
    let path = folder.0.join("fifo");
    let guard = FifoOptions::new().create_guarded(&path).unwrap();
    assert_eq!(guard.path(), path);
    drop(guard);
    assert!(names_in(&folder).is_empty(), "{:?}", names_in(&folder));

    // Another has taken the path since.
    let guard = FifoOptions::new().create_guarded(&path).unwrap();
    fs::rename(&path, folder.0.join("moved")).unwrap();
    create_fifo(&path, 0o600).unwrap();
    drop(guard);
    assert_eq!(names_in(&folder), ["fifo", "moved"]);

    // Many file systems give the inode of a removed file to the next one at once.
    if cfg!(target_os = "linux") {
        let again = folder.0.join("again");
        create_fifo(&again, 0o600).unwrap();
        let found = UnlinkFifo::new(&again).unwrap();
        fs::remove_file(&again).unwrap();
        let made = FifoOptions::new().create_guarded(&again).unwrap();
        drop(found);
        assert_eq!(names_in(&folder), ["again", "fifo", "moved"]);
        fs::remove_file(&again).unwrap();
        create_fifo(&again, 0o600).unwrap();
        drop(made);
        assert_eq!(names_in(&folder), ["again", "fifo", "moved"]);
        fs::remove_file(&again).unwrap();
    }

    FifoOptions::new().create_guarded(folder.0.join("kept")).unwrap().keep();
    drop(UnlinkFifo::new(&path).unwrap());
    assert_eq!(names_in(&folder), ["kept", "moved"]);

    fs::write(&path, "").unwrap();
    assert_eq!(UnlinkFifo::new(&path).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(UnlinkFifo::new(folder.0.join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    let link = folder.0.join("link");
    symlink("moved", &link).unwrap();
    assert_eq!(UnlinkFifo::new(&link).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// All ways to open what is not a FIFO, of which none may wait.
#[test]
fn what_is_not_a_fifo() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = |name: &str| folder.0.join(name);
        fs::write(path("file"), "untouched").unwrap();
        fs::create_dir(path("folder")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        symlink("file", path("link")).unwrap();
        create_fifo(path("fifo"), 0o600).unwrap();
        symlink("fifo", path("link-to-fifo")).unwrap();
        symlink("nothing", path("dangling")).unwrap();

        let blocking = OpenOptions::new();
        let limited = OpenOptions::new().timeout(FOREVER).clone();
        let kept = OpenOptions::new().keep_open(true).clone();
        let in_all_ways = [nonblocking(), blocking, limited, kept];
        let refused = |options: &OpenOptions, path: &Path, what: &str| {
            for error in [options.open_receiver(path).unwrap_err(), options.open_sender(path).unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{}: {error}", path.display());
                assert!(error.to_string().contains(what), "{error}");
            }
        };
        for mut options in in_all_ways {
            refused(&options, &path("file"), "a regular file");
            refused(&options, &path("folder"), "a folder");
            refused(&options, &path("socket"), "a socket");
            refused(&options, &path("link"), "a regular file");
            refused(&options, Path::new("/dev/null"), "a device");
            for missing in [path("dangling"), path("none"), path("none/fifo")] {
                assert_eq!(options.open_receiver(&missing).unwrap_err().kind(), ErrorKind::NotFound);
                assert_eq!(options.open_sender(&missing).unwrap_err().kind(), ErrorKind::NotFound);
            }
            options.no_follow(true);
            for link in ["link", "link-to-fifo", "dangling"] {
                refused(&options, &path(link), "a symbolic link");
            }
            options.no_follow(false).create_or_open(0o600);
            for (name, what) in [
                ("file", "a regular file"),
                ("folder", "a folder"),
                ("socket", "a socket"),
                ("link", "a symbolic link"),
                ("link-to-fifo", "a symbolic link"),
                ("dangling", "a symbolic link"),
            ] {
                refused(&options, &path(name), what);
            }
        }
        assert_eq!(fs::read_to_string(path("file")).unwrap(), "untouched");
        assert!(!path("nothing").exists());
        assert!(nonblocking().open_receiver(path("link-to-fifo")).is_ok(), "links are followed by default");
    });
}

#[test]
fn too_wide_a_mode() {
    if !common::has_mapped_user() {
        return;
    }
    let folder = Folder::new();
    let path = folder.0.join("fifo");
    FifoOptions::new().mode(0o620).exact_mode(true).create(&path).unwrap();
    for widest in [0o600, 0o640, 0o602, 0] {
        for mut options in [nonblocking(), OpenOptions::new()] {
            let checked = options.clone().widest_mode(widest).clone();
            for options in [&checked, options.create_or_open(widest)] {
                let error = options.open_receiver(&path).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
                assert!(error.to_string().contains("0620"), "{error}");
                assert_eq!(options.open_sender(&path).unwrap_err().kind(), ErrorKind::PermissionDenied);
            }
        }
    }
    for widest in [0o620, 0o666, 0o7777] {
        nonblocking().widest_mode(widest).own(true).open_receiver(&path).unwrap();
        nonblocking().create_or_open(widest).open_receiver(&path).unwrap();
    }
    assert_eq!(mode_of(&path), 0o620, "opening does not change it");
    // The narrower of the two counts.
    let both = nonblocking().widest_mode(0o600).create_or_open(0o666).open_receiver(&path);
    assert_eq!(both.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[test]
fn the_fifo_of_another_user() {
    within_deadline(|| {
        let folder = Folder::new();
        let Some(path) = fifo_of_another(&folder) else { return };
        // The blocking ones would wait for ever if they did not look first.
        for mut options in [nonblocking(), OpenOptions::new(), OpenOptions::new().timeout(FOREVER).clone()] {
            let own = options.clone().own(true).clone();
            for options in [&own, options.create_or_open(0o666)] {
                let error = options.open_receiver(&path).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
                assert!(error.to_string().contains("65534"), "{error}");
                assert_eq!(options.open_sender(&path).unwrap_err().kind(), ErrorKind::PermissionDenied);
            }
        }
        nonblocking().open_receiver(&path).unwrap();
    });
}

/// While somebody keeps putting other things at the path, what is opened is the FIFO or nothing.
#[test]
fn what_is_swapped_in() {
    let rounds = if is_native_linux((0, 0)) { 2_000 } else { 200 };
    within_deadline(move || {
        let (folder, path) = fifo();
        let good = fs::metadata(&path).unwrap();
        let mut receiver = nonblocking().keep_open(true).open_receiver(&path).unwrap();
        let victim = folder.0.join("victim");
        fs::write(&victim, "").unwrap();
        let mut bad = vec![folder.0.join("file"), folder.0.join("link"), folder.0.join("link-to-fifo")];
        fs::write(&bad[0], "").unwrap();
        symlink("victim", &bad[1]).unwrap();
        let trap = folder.0.join("trap");
        create_fifo(&trap, 0o600).unwrap();
        let trapped = nonblocking().keep_open(true).open_receiver(&trap).unwrap();
        symlink("trap", &bad[2]).unwrap();
        let of_another = fifo_of_another(&folder);
        let others =
            of_another.as_ref().map(|path| nonblocking().keep_open(true).open_receiver(path).unwrap());
        bad.extend(of_another);

        let aside = folder.0.join("good");
        fs::hard_link(&path, &aside).unwrap();
        let done = AtomicBool::new(false);
        let (mut opened, mut refused) = (0, 0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let next = folder.0.join("next");
                for bad in bad.iter().cycle() {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    // What is at the path is replaced in one step; a link to a link is the link itself.
                    for what in [bad, &aside] {
                        rustix::fs::linkat(
                            rustix::fs::CWD,
                            what,
                            rustix::fs::CWD,
                            &next,
                            rustix::fs::AtFlags::empty(),
                        )
                        .unwrap();
                        fs::rename(&next, &path).unwrap();
                        // A rename from one name of a file to another of the same does nothing.
                        let _ = fs::remove_file(&next);
                    }
                }
            });
            let options = nonblocking().no_follow(true).own(true).clone();
            for round in 0..rounds {
                let result = if round % 2 == 0 {
                    options.open_sender(&path).map(|sender| {
                        sender.write_atomic(b"x").unwrap();
                        OwnedFd::from(sender)
                    })
                } else {
                    options.clone().keep_open(true).open_receiver(&path).map(OwnedFd::from)
                };
                match result {
                    Ok(end) => {
                        let found = File::from(end).metadata().unwrap();
                        assert_eq!((found.dev(), found.ino()), (good.dev(), good.ino()));
                        opened += 1;
                        let _ = receiver.read(&mut [0; 64]);
                    }
                    Err(_) => refused += 1,
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        println!("{opened} times opened, {refused} times refused");
        assert_eq!(fs::read(&victim).unwrap(), b"");
        assert_eq!(fs::read(&bad[0]).unwrap(), b"");
        assert_eq!(trapped.available().unwrap(), 0);
        assert!(others.is_none_or(|others| others.available().unwrap() == 0));
    });
}

/// Several make the FIFO at once, and all get the same.
#[test]
fn making_at_once() {
    if !common::has_mapped_user() {
        return;
    }
    within_deadline(|| {
        let folder = Folder::new();
        for round in 0..20 {
            let path = folder.0.join(format!("fifo-{round}"));
            let open = || nonblocking().create_or_open(0o600).open_receiver(&path).unwrap();
            let inodes: Vec<u64> = thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
                let ends = threads.into_iter().map(|thread| File::from(thread.join().unwrap()));
                ends.map(|end| end.metadata().unwrap().ino()).collect()
            });
            assert!(inodes.iter().all(|inode| *inode == inodes[0]), "{inodes:?}");
        }
        assert_eq!(names_in(&folder).len(), 20, "{:?}", names_in(&folder));
    });
}

#[test]
fn a_sender_without_a_receiver() {
    let (_folder, path) = fifo();
    let error = nonblocking().open_sender(&path).unwrap_err();
    assert!(is_no_receiver(&error), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(text.contains("no receiver") && text.contains("fifo") && text.contains("ENXIO"), "{text}");
    let cause = std::error::Error::source(&error).expect("the system's error");
    let cause = cause.downcast_ref::<std::io::Error>().expect("of this type");
    assert_eq!(cause.raw_os_error(), Some(libc::ENXIO));
    assert!(is_no_receiver(cause));

    // std's is known too; other errors are not taken for it.
    use std::os::unix::fs::OpenOptionsExt;
    let error = fs::OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&path).unwrap_err();
    assert!(is_no_receiver(&error), "{error}");
    assert!(!is_no_receiver(&nonblocking().open_sender("/none").unwrap_err()));
}

#[test]
fn opening_waits_for_the_other_end() {
    within_deadline(|| {
        let (_folder, path) = fifo();
        thread::scope(|scope| {
            scope.spawn(|| Sender::open(&path).unwrap().write_all(b"from the first").unwrap());
            let mut text = String::new();
            Receiver::open(&path).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "from the first");
        });
        // Two FIFOs, opened in the same order: neither end may wait for bytes instead of for the other end.
        let (_folder, back) = fifo();
        thread::scope(|scope| {
            scope.spawn(|| {
                let sender = OpenOptions::new().timeout(FOREVER).open_sender(&path).unwrap();
                let receiver = Receiver::open(&back).unwrap();
                (&sender).write_all(b"question").unwrap();
                expect_bytes(&receiver, b"answer").unwrap();
            });
            let receiver = if counts_from_first_byte() {
                // Here a time limit means waiting for bytes.
                Receiver::open(&path).unwrap()
            } else {
                OpenOptions::new().timeout(FOREVER).open_receiver(&path).unwrap()
            };
            let sender = OpenOptions::new().timeout(FOREVER).open_sender(&back).unwrap();
            expect_bytes(&receiver, b"question").unwrap();
            (&sender).write_all(b"answer").unwrap();
        });
    });
}

#[test]
fn waiting_has_a_limit() {
    if !common::closes_at_once() {
        return;
    }
    within_deadline(|| {
        let (_folder, path) = fifo();
        for limit in [Duration::ZERO, Duration::from_millis(5)] {
            let options = OpenOptions::new().timeout(limit).clone();
            let error = options.open_sender(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            assert!(error.to_string().contains("no receiver has opened"), "{error}");
            let error = options.open_receiver(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
            assert!(error.to_string().contains("no sender has opened"), "{error}");
        }
        // The ends are in the mode that was asked for, whichever of them had to wait.
        thread::scope(|scope| {
            let waiting = scope.spawn(|| OpenOptions::new().timeout(FOREVER).open_sender(&path).unwrap());
            let mut receiver = nonblocking().open_receiver(&path).unwrap();
            let sender = waiting.join().unwrap();
            assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            let flags = rustix::fs::fcntl_getfl(&sender).unwrap();
            assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK), "{flags:?}");
            drop((sender, receiver));

            let waiting = scope.spawn(|| nonblocking().timeout(FOREVER).open_sender(&path).unwrap());
            // Where a sender counts from its first byte on, waiting for a silent one would be for ever.
            let limit = if counts_from_first_byte() { None } else { Some(FOREVER) };
            let mut receiver = nonblocking().timeout(limit).open_receiver(&path).unwrap();
            let mut sender = waiting.join().unwrap();
            assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            while sender.write(&[0; 4096]).is_ok() {}
            assert_eq!(sender.write(&[0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        });
    });
}

/// The path names another FIFO by the time that the receiver is there.
#[test]
fn a_sender_that_waits_follows_the_path() {
    if !common::closes_at_once() {
        return;
    }
    within_deadline(|| {
        let (folder, path) = fifo();
        let (begun, waits) = std::sync::mpsc::channel();
        thread::scope(|scope| {
            let sender = scope.spawn(|| {
                begun.send(()).unwrap();
                OpenOptions::new().timeout(FOREVER).open_sender(&path)
            });
            waits.recv().unwrap();
            let next = folder.0.join("next");
            create_fifo(&next, 0o600).unwrap();
            fs::rename(&next, &path).unwrap();
            let receiver = nonblocking().open_receiver(&path).unwrap();
            (&sender.join().unwrap().unwrap()).write_all(b"x").unwrap();
            expect_bytes(&receiver, b"x").unwrap();
            drop(receiver);

            let sender = scope.spawn(|| {
                begun.send(()).unwrap();
                OpenOptions::new().timeout(FOREVER).open_sender(&path)
            });
            waits.recv().unwrap();
            fs::remove_file(&path).unwrap();
            assert_eq!(sender.join().unwrap().unwrap_err().kind(), ErrorKind::NotFound);
        });
    });
}

#[test]
fn waiting_for_a_sender() {
    if !common::closes_at_once() {
        return;
    }
    within_deadline(|| {
        let (_folder, path) = fifo();
        let receiver = nonblocking().open_receiver(&path).unwrap();
        assert!(!receiver.wait_for_sender(Duration::ZERO).unwrap());
        for _ in 0..10 {
            thread::scope(|scope| {
                let waiting = scope.spawn(|| receiver.wait_for_sender(None).unwrap());
                let sender = Sender::open(&path).unwrap();
                if counts_from_first_byte() {
                    sender.write_atomic(b"x").unwrap();
                }
                // Elsewhere a sender that says nothing is noticed.
                assert!(waiting.join().unwrap());
                assert!(receiver.wait_for_sender(Duration::ZERO).unwrap());
                // What it leaves counts when it is gone.
                sender.write_atomic(b"y").unwrap();
                drop(sender);
                assert!(receiver.wait_for_sender(Duration::ZERO).unwrap());
                assert!((&receiver).read(&mut [0; 10]).unwrap() > 0);
                assert_eq!((&receiver).read(&mut [0; 10]).unwrap(), 0);
                assert!(!receiver.wait_for_sender(Duration::ZERO).unwrap());
            });
        }
        // Nothing was taken.
        let sender = Sender::open(&path).unwrap();
        sender.write_atomic(b"whole").unwrap();
        assert!(receiver.wait_for_sender(FOREVER).unwrap());
        assert_eq!(receiver.available().unwrap(), 5);
        expect_bytes(&receiver, b"whole").unwrap();
        assert!(nonblocking().keep_open(true).open_receiver(&path).unwrap().wait_for_sender(None).unwrap());
    });
}

/// Opening takes notice of a sender that leaves at once and has written nothing (`: > fifo`).
#[test]
fn a_silent_visitor_ends_opening() {
    if counts_from_first_byte() || !common::closes_at_once() {
        return;
    }
    within_deadline(|| {
        let (_folder, path) = fifo();
        for _ in 0..50 {
            thread::scope(|scope| {
                let opening =
                    scope.spawn(|| OpenOptions::new().timeout(FOREVER).open_receiver(&path).unwrap());
                drop(Sender::open(&path).unwrap());
                assert_eq!(opening.join().unwrap().read(&mut [0]).unwrap(), 0);
            });
        }
    });
}

#[test]
fn the_end_and_what_comes_after() {
    within_deadline(|| {
        let (_folder, path) = fifo();
        let mut receiver = nonblocking().open_receiver(&path).unwrap();
        assert_eq!(receiver.read(&mut [0]).unwrap(), 0, "nobody has come yet");
        for round in 0..3 {
            let sender = Sender::open(&path).unwrap();
            assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            let second = sender.try_clone().unwrap();
            sender.write_atomic(&[round]).unwrap();
            drop(sender);
            expect_bytes(&mut receiver, &[round]).unwrap();
            assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            drop(second);
            assert_eq!(receiver.read(&mut [0]).unwrap(), 0);
        }
        drop(receiver);

        let receiver = OpenOptions::new().keep_open(true).open_receiver(&path).unwrap();
        let second = receiver.try_clone().unwrap();
        receiver.set_nonblocking(true).unwrap();
        for mut receiver in [receiver, second] {
            assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            for round in 0..3 {
                Sender::open(&path).unwrap().write_atomic(&[round]).unwrap();
                expect_bytes(&mut receiver, &[round]).unwrap();
                assert_eq!(receiver.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
            }
        }
        // In blocking mode a read waits for the next sender.
        let receiver = OpenOptions::new().keep_open(true).open_receiver(&path).unwrap();
        drop(Sender::open(&path).unwrap());
        thread::scope(|scope| {
            scope.spawn(|| Sender::open(&path).unwrap().write_atomic(b"later").unwrap());
            expect_bytes(&receiver, b"later").unwrap();
        });
    });
}

#[test]
fn both_directions_by_one_descriptor() {
    let (_folder, path) = fifo();
    let options = nonblocking().read_write(true).clone();
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        assert_eq!(options.open_sender(&path).unwrap_err().kind(), ErrorKind::Unsupported);
        return;
    }
    let mut sender = options.open_sender(&path).unwrap();
    sender.write_all(b"kept").unwrap();
    let receiver = options.open_receiver(&path).unwrap();
    drop(sender);
    expect_bytes(&receiver, b"kept").unwrap();
    assert_eq!((&receiver).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // Blocking ones do not wait either.
    let mut options = OpenOptions::new();
    drop((options.read_write(true).open_receiver(&path).unwrap(), options.open_sender(&path).unwrap()));
}

#[test]
fn reading_and_writing() {
    if !common::closes_at_once() {
        return;
    }
    within_deadline(|| {
        let (_folder, path) = fifo();
        let receiver = nonblocking().open_receiver(&path).unwrap();
        let mut sender = Sender::open(&path).unwrap();
        receiver.set_nonblocking(false).unwrap();
        let sent = bytes(1, 5 << 20);
        thread::scope(|scope| {
            scope.spawn(|| write_pieces(&sender, &sent).unwrap());
            expect_bytes(&receiver, &sent).unwrap();
        });
        sender.flush().unwrap();

        let slices = [IoSlice::new(b""), IoSlice::new(b"abc"), IoSlice::new(b"defg")];
        assert_eq!(sender.write_vectored(&slices).unwrap(), 7);
        assert_eq!(receiver.available().unwrap(), 7);
        let (mut one, mut two) = ([0; 2], [0; 9]);
        let read =
            (&receiver).read_vectored(&mut [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two)]).unwrap();
        assert_eq!((read, &one, &two[..5]), (7, b"ab", b"cdefg".as_slice()));

        drop(receiver);
        assert_eq!(sender.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
        // The end is the same for a receiver that comes later.
        let receiver = nonblocking().open_receiver(&path).unwrap();
        sender.write_all(b"again").unwrap();
        expect_bytes(&receiver, b"again").unwrap();
    });
}

#[test]
fn messages_in_one_piece() {
    let (_folder, path) = fifo();
    let mut receiver = nonblocking().keep_open(true).open_receiver(&path).unwrap();
    let sender = nonblocking().open_sender(&path).unwrap();
    let error = sender.write_atomic(&vec![0; PIPE_BUF + 1]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.to_string().contains("PIPE_BUF"), "{error}");
    sender.write_atomic(b"").unwrap();
    assert_eq!(receiver.available().unwrap(), 0);

    let mut written = 0;
    let error = loop {
        match sender.write_atomic(&vec![7; PIPE_BUF]) {
            Ok(()) => written += PIPE_BUF,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
    assert_eq!(receiver.available().unwrap(), written, "of the last one nothing was taken");
    // Room for a part is none.
    let half = PIPE_BUF / 2;
    receiver.read_exact(&mut vec![0; half]).unwrap();
    assert_eq!(sender.write_atomic(&vec![7; PIPE_BUF]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(receiver.available().unwrap(), written - half);

    let (sender, _receiver) = unnamed_pipe::pipe().unwrap();
    assert_eq!(sender.write_atomic(&vec![0; PIPE_BUF + 1]).unwrap_err().kind(), ErrorKind::InvalidInput);
    sender.write_atomic(&vec![0; interprocess::os::unix::unnamed_pipe::PIPE_BUF]).unwrap();
}

#[test]
fn capacity() {
    let (_folder, path) = fifo();
    let receiver = nonblocking().open_receiver(&path).unwrap();
    let sender = Sender::open(&path).unwrap();
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        assert_eq!(sender.capacity().unwrap_err().kind(), ErrorKind::Unsupported);
        return;
    }
    assert_eq!(sender.set_capacity(100_000).unwrap(), 131_072);
    assert_eq!(receiver.capacity().unwrap(), 131_072);
    assert_eq!(receiver.set_capacity(4096).unwrap(), sender.capacity().unwrap());
}

#[test]
fn moving_without_copying() {
    let (folder, path) = fifo();
    let receiver = nonblocking().open_receiver(&path).unwrap();
    let sender = Sender::open(&path).unwrap();
    let (target, copy) = (unnamed_pipe::pipe().unwrap(), unnamed_pipe::pipe().unwrap());
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        for result in [
            sender.vmsplice(b"x"),
            sender.splice_from(folder_file(&folder), 1),
            receiver.splice_to(&target.0, 1),
            receiver.tee_to(&target.0, 1),
        ] {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Unsupported);
        }
        return;
    }
    #[cfg(target_os = "linux")]
    if !common::deny::has_splice() {
        return;
    }
    assert_eq!(sender.vmsplice(b"by reference").unwrap(), 12);
    assert_eq!(receiver.tee_to(&copy.0, 2).unwrap(), 2);
    assert_eq!(receiver.splice_to(&target.0, 100).unwrap(), 12);
    expect_bytes(&target.1, b"by reference").unwrap();
    expect_bytes(&copy.1, b"by").unwrap();
    assert_eq!(receiver.splice_to(&target.0, 100).unwrap_err().kind(), ErrorKind::WouldBlock);
    let file = folder_file(&folder);
    assert_eq!(sender.splice_from(&file, 100).unwrap(), 11);
    assert_eq!(sender.splice_from(&file, 100).unwrap(), 0, "the end of the file");
    expect_bytes(&receiver, b"from a file").unwrap();
    drop(sender);
    assert_eq!(receiver.splice_to(&target.0, 100).unwrap(), 0, "the end");
}

fn folder_file(folder: &Folder) -> File {
    let path = folder.0.join("file");
    fs::write(&path, b"from a file").unwrap();
    File::open(&path).unwrap()
}

#[test]
fn conversions() {
    let (folder, path) = fifo();
    let ends = || {
        let receiver = nonblocking().open_receiver(&path).unwrap();
        (Sender::open(&path).unwrap(), receiver)
    };
    let goes_through = |sender: &Sender, receiver: &Receiver| {
        sender.write_atomic(b"through").unwrap();
        expect_bytes(receiver, b"through").unwrap();
    };
    // Files and descriptors.
    let (sender, receiver) = ends();
    let (sender, receiver) = (OwnedFd::from(sender), OwnedFd::from(receiver));
    let (sender, receiver) = (Sender::try_from(sender).unwrap(), Receiver::try_from(receiver).unwrap());
    let (sender, receiver) = (File::from(sender), File::from(receiver));
    let (sender, receiver) = (Sender::try_from(sender).unwrap(), Receiver::try_from(receiver).unwrap());
    assert_eq!(sender.as_fd().as_raw_fd(), sender.as_raw_fd());
    assert_eq!(receiver.as_fd().as_raw_fd(), receiver.as_raw_fd());
    let (sender, receiver) = raw(sender, receiver);
    goes_through(&sender, &receiver);
    // The wrong way round, and what is no pipe.
    for error in [
        Receiver::try_from(OwnedFd::from(sender)).unwrap_err(),
        Sender::try_from(OwnedFd::from(receiver)).unwrap_err(),
        Sender::try_from(File::create(folder.0.join("file")).unwrap()).unwrap_err(),
        Receiver::try_from(File::open("/dev/null").unwrap()).unwrap_err(),
        Receiver::try_from(File::open(&folder.0).unwrap()).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    // Unnamed pipes.
    let (sender, receiver) = ends();
    let (sender, receiver) = (unnamed_pipe::Sender::from(sender), unnamed_pipe::Recver::from(receiver));
    (&sender).write_all(b"x").unwrap();
    expect_bytes(&receiver, b"x").unwrap();
    goes_through(&sender.try_into().unwrap(), &receiver.try_into().unwrap());
    let (sender, receiver) = unnamed_pipe::pipe().unwrap();
    goes_through(&sender.try_into().unwrap(), &receiver.try_into().unwrap());
    let not_a_pipe = || OwnedFd::from(File::open("/dev/null").unwrap());
    let error = Receiver::try_from(unnamed_pipe::Recver::from(not_a_pipe())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let error = Sender::try_from(unnamed_pipe::Sender::from(not_a_pipe())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[allow(unsafe_code)]
fn raw(sender: Sender, receiver: Receiver) -> (Sender, Receiver) {
    // SAFETY: into_raw_fd has just given up the descriptor.
    let sender = unsafe { Sender::from_raw_fd(sender.into_raw_fd()) };
    // SAFETY: into_raw_fd has just given up the descriptor.
    (sender, unsafe { Receiver::from_raw_fd(receiver.into_raw_fd()) })
}
