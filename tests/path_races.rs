//! Operations on paths in a directory that a hostile process changes all the time.
//!
//! The hostile process swaps what is at the path, the lock file beside it and the directory itself: links to a file of the
//! victim's, files of its own, sockets, FIFOs, directories. Whatever an operation comes to, it changes no file of the
//! victim's, removes no file of the hostile process that is not a socket, and ends.
//!
//! `INTERPROCESS_RACE_ROUNDS` sets how many rounds each operation has; 200 by default.
#![cfg(unix)]

mod common;

use common::{FOREVER, Killed, command_for_role, unique};
use interprocess::{
    local_socket::{ListenerOptions, Name},
    os::unix::{
        fifo_file::{self, FifoOptions, OpenOptions},
        local_socket::ListenerOptionsExt,
        uds::{self, UnixDatagram, UnixListener, UnixSeqpacketListener},
    },
};
use std::{
    env, fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, symlink},
        net,
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Instant,
};

fn rounds() -> usize {
    let usual = if common::is_emulated() { 20 } else { 200 };
    env::var("INTERPROCESS_RACE_ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap())
}

/// A file system in memory makes most rounds in a given time.
fn scene() -> PathBuf {
    let shared_memory = Path::new("/dev/shm");
    for parent in [shared_memory.to_owned(), common::writable_directory()] {
        let scene = parent.join(format!("{}-races", unique()));
        if fs::create_dir(&scene).is_ok() {
            return scene;
        }
    }
    panic!("there is no directory for files");
}

/// What the hostile process made, and holds open to see whether it is removed.
struct Treasure {
    file: fs::File,
    inode: u64,
}

struct Hostile {
    /// The directory that it swaps, and its other name.
    directory: PathBuf,
    moved: PathBuf,
    path: PathBuf,
    lock: PathBuf,
    temporary: PathBuf,
    victim: PathBuf,
    random: u64,
    lost: u32,
}

impl Hostile {
    fn new(scene: &Path) -> Self {
        let directory = scene.join("d");
        Self {
            path: directory.join("s"),
            lock: directory.join(".s.interprocess-lock"),
            temporary: directory.join("temporary"),
            moved: scene.join("moved"),
            victim: scene.join("victim"),
            directory,
            random: u64::from(std::process::id()) | 1,
            lost: 0,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn linger(&mut self) {
        for _ in 0..self.random(4000) {
            std::hint::spin_loop();
        }
    }

    /// Puts the temporary file in the place of what is at the path.
    fn put(&self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)
    }

    fn act(&mut self) -> io::Result<()> {
        let _ = fs::remove_file(&self.temporary);
        match self.random(9) {
            0 => {
                symlink(&self.victim, &self.temporary)?;
                self.put()?;
            }
            // Refused where fs.protected_hardlinks is set.
            1 => {
                fs::hard_link(&self.victim, &self.temporary)?;
                self.put()?;
            }
            2 => {
                let file = fs::File::create(&self.temporary)?;
                self.put_treasure(file)?;
            }
            3 => {
                fifo_file::create_fifo(&self.temporary, 0o600)?;
                let file = fs::File::options().read(true).write(true).open(&self.temporary)?;
                self.put_treasure(file)?;
            }
            4 => {
                let listener = net::UnixListener::bind(&self.temporary)?;
                self.put()?;
                self.linger();
                drop(listener);
            }
            5 => {
                fs::create_dir(&self.temporary)?;
                let _ = fs::remove_file(&self.path);
                let put = self.put();
                self.linger();
                put.and_then(|()| fs::remove_dir(&self.path)).or_else(|_| fs::remove_dir(&self.temporary))?;
            }
            6 => {
                symlink(&self.victim, &self.temporary)?;
                fs::rename(&self.temporary, &self.lock)?;
                self.linger();
                fs::remove_file(&self.lock)?;
            }
            7 => {
                fs::rename(&self.directory, &self.moved)?;
                self.linger();
                fs::rename(&self.moved, &self.directory)?;
            }
            _ => fs::remove_file(&self.path)?,
        }
        Ok(())
    }

    fn put_treasure(&mut self, file: fs::File) -> io::Result<()> {
        let treasure = Treasure { inode: file.metadata()?.ino(), file };
        self.put()?;
        self.linger();
        if treasure.file.metadata()?.nlink() == 0 {
            self.lost += 1;
        }
        // Wherever it is by now: an operation may be just looking at it.
        while treasure.file.metadata()?.nlink() > 0 {
            self.remove(treasure.inode)?;
        }
        Ok(())
    }

    fn remove(&self, inode: u64) -> io::Result<()> {
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if fs::symlink_metadata(&path).is_ok_and(|found| found.ino() == inode) {
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_hostile() {
    static ENDS: AtomicBool = AtomicBool::new(false);
    let scene = common::begin_role();
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        ENDS.store(true, Ordering::SeqCst);
    });
    let mut hostile = Hostile::new(Path::new(&scene));
    while !ENDS.load(Ordering::SeqCst) {
        // What fails was in the way of the other process.
        let _ = hostile.act();
    }
    let _ = fs::rename(&hostile.moved, &hostile.directory);
    let _ = fs::remove_file(&hostile.temporary);
    assert_eq!(hostile.lost, 0, "files of this process were removed");
}

/// Does something at a path again and again, beside the hostile process.
fn race(operation: impl Fn(&Path) -> io::Result<()>) {
    let scene = scene();
    let directory = scene.join("d");
    fs::create_dir(&directory).unwrap();
    for open in [&scene, &directory] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let victim = scene.join("victim");
    fs::write(&victim, "precious").unwrap();
    fs::set_permissions(&victim, fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = command_for_role("role_hostile", scene.to_str().unwrap());
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let mut hostile = match command.spawn() {
        Ok(child) => Killed(child),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            common::skip("another user cannot run this program");
            return fs::remove_dir_all(&scene).unwrap();
        }
        Err(error) => panic!("{error}"),
    };

    let path = directory.join("s");
    let (mut done, begun) = (0, Instant::now());
    for _ in 0..rounds() {
        done += usize::from(operation(&path).is_ok());
        let found = fs::metadata(&victim).expect("the victim's file was removed");
        assert_eq!(found.mode() & 0o777, 0o600, "the victim's file has another mode");
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(begun.elapsed() < FOREVER, "the operation hangs");
    }
    drop(hostile.0.stdin.take());
    assert!(hostile.0.wait().unwrap().success(), "the hostile process has lost files of its own");
    println!("{done} of {} operations succeeded", rounds());

    // In peace, all is well again.
    let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir(&path));
    operation(&path).unwrap();
    fs::remove_dir_all(&scene).unwrap();
}

fn listen(path: &Path, set: impl Fn(ListenerOptions<'_>) -> ListenerOptions<'_>) -> io::Result<()> {
    set(ListenerOptions::new().name(Name::path(path)?)).create_sync().map(drop)
}

#[test]
fn listening() {
    race(|path| listen(path, |options| options));
}

#[test]
fn listening_with_a_mode() {
    race(|path| listen(path, |options| options.mode(0o666)));
}

#[test]
fn listening_without_taking_over() {
    race(|path| listen(path, |options| options.reclaim_stale(false).mode(0o666)));
}

#[test]
fn displacing() {
    race(|path| listen(path, |options| options.try_overwrite(true).mode(0o666)));
}

#[test]
fn binding_sockets_with_a_mode() {
    race(|path| UnixListener::bind_with(path, Some(0o666), 1).map(drop));
    race(|path| UnixDatagram::bind_with(path, Some(0o666)).map(drop));
    race(|path| match UnixSeqpacketListener::bind_with(path, Some(0o666), 1) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        other => other.map(drop),
    });
}

#[test]
fn removing_sockets() {
    race(|path| {
        let _socket = UnixListener::bind(path)?;
        uds::UnlinkSocket::new(path).map(drop)
    });
}

#[test]
fn making_and_removing_fifos() {
    race(|path| FifoOptions::new().mode(0o666).exact_mode(true).create(path));
    race(|path| FifoOptions::new().mode(0o666).exact_mode(true).create_guarded(path).map(drop));
}

#[test]
fn opening_fifos() {
    if !common::has_mapped_user() {
        return;
    }
    race(|path| {
        OpenOptions::new()
            .nonblocking(true)
            .keep_open(true)
            .create_or_open(0o666)
            .open_receiver(path)
            .map(drop)
    });
}

/// Living listeners that come and go by all options at once: none loses its path but to one that displaces.
#[test]
fn listeners_of_all_options() {
    let scene = scene();
    let path = scene.join("s");
    let connect = || interprocess::local_socket::Stream::connect(Name::path(&path).unwrap());
    for round in 0..rounds() {
        let _ = fs::remove_file(&path);
        if round % 2 == 0 {
            drop(net::UnixListener::bind(&path));
        }
        let listeners: Vec<_> = thread::scope(|scope| {
            let racer = |number: usize| {
                let path = &path;
                scope.spawn(move || {
                    let options = ListenerOptions::new().name(Name::path(path).unwrap());
                    match number {
                        0 | 1 => options.reclaim_stale(false).create_sync(),
                        2 | 3 => options.create_sync(),
                        _ => options.try_overwrite(true).create_sync(),
                    }
                })
            };
            let racers: Vec<_> = (0..5).map(racer).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        let overwriting = listeners.last().unwrap();
        assert!(overwriting.is_ok(), "{overwriting:?}");
        assert!(listeners.iter().filter(|result| result.is_ok()).count() <= 2, "{listeners:?}");
        for error in listeners.iter().filter_map(|result| result.as_ref().err()) {
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse, "{error}");
        }
        connect().unwrap();
        // Those that were displaced, or not, leave alone what is not theirs.
        let mut listeners = listeners;
        let last = listeners.pop();
        let is_last_in_place = {
            let accepted = connect().unwrap();
            let last = last.as_ref().unwrap().as_ref().unwrap();
            last.set_nonblocking(interprocess::local_socket::ListenerNonblockingMode::Accept).unwrap();
            let is_there = last.accept().is_ok();
            drop(accepted);
            is_there
        };
        drop(listeners);
        if is_last_in_place {
            connect().unwrap();
        }
        drop(last);
        let left: Vec<_> = fs::read_dir(&scene).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
    fs::remove_dir_all(&scene).unwrap();
}
