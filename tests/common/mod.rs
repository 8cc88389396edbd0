//! What the test programs share: names, deadlines, child processes, checked transfers, and counts of descriptors.
#![allow(dead_code)] // No test program uses all of it.

pub(crate) mod children;
#[cfg(target_os = "linux")]
pub(crate) mod deny;
#[cfg(unix)]
pub(crate) mod fifo;
#[cfg(windows)]
pub(crate) mod handles;
#[cfg(target_os = "linux")]
pub(crate) mod rain;
#[cfg(unix)]
pub(crate) mod signalling;
#[cfg(windows)]
pub(crate) mod talk;

use interprocess::local_socket::Name;
use std::{
    env,
    future::poll_fn,
    hash::{BuildHasher, Hasher, RandomState},
    io::{self, Read, Write},
    path::PathBuf,
    pin::pin,
    process::{Child, Command},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    task::Poll,
    thread,
    time::Duration,
};

/// Longer than anything takes on a slow machine; who waits this long hangs.
pub(crate) const FOREVER: Duration = Duration::from_secs(120);

/// Fails instead of hanging.
pub(crate) fn within_deadline<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let worker = thread::spawn(move || done.send(work()));
    match result.recv_timeout(FOREVER) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the test hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) => unreachable!("the worker sends its result before it ends"),
        },
    }
}

/// Runs a future on a runtime of its own, with a deadline.
#[cfg(feature = "tokio")]
pub(crate) fn on_tokio<T>(future: impl Future<Output = T>) -> T {
    let runtime = runtime(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all());
    runtime.block_on(async { tokio::time::timeout(FOREVER, future).await.expect("the test hangs") })
}

/// Polls a future once; a pinned one that is lent is left as it is.
pub(crate) async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Builds a runtime. Where the system refuses what Tokio itself needs, such as eventfd(2), the test is over, and is skipped.
#[cfg(feature = "tokio")]
pub(crate) fn runtime(builder: &mut tokio::runtime::Builder) -> tokio::runtime::Runtime {
    builder.build().unwrap_or_else(|error| match has_tokio() {
        true => panic!("{error}"),
        false => panic!("skipped: no Tokio here: {error}"),
    })
}

/// Whether Tokio can start. Says so if it cannot.
#[cfg(feature = "tokio")]
pub(crate) fn has_tokio() -> bool {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Err(error)
            if [io::ErrorKind::Unsupported, io::ErrorKind::PermissionDenied].contains(&error.kind()) =>
        {
            skip(format_args!("no Tokio here: {error}"));
            false
        }
        other => {
            other.unwrap();
            true
        }
    }
}

/// Says why a test, or a part of it, does not do its work here. `harness` reads these lines, and `.ci/run` counts those in
/// the file that `INTERPROCESS_TEST_SKIPS` names, since the output of a test that passes is not shown.
pub(crate) fn skip(reason: impl std::fmt::Display) {
    eprintln!("skipped: {reason}");
    if let Some(path) = env::var_os("INTERPROCESS_TEST_SKIPS") {
        // Another user may not write to it.
        let file = std::fs::OpenOptions::new().append(true).open(path);
        let _ = file.and_then(|mut file| file.write_all(format!("{reason}\n").as_bytes()));
    }
}

/// A foreign program, if it runs here. With `CI=true` it has to.
pub(crate) fn program(name: &str) -> Option<Command> {
    let found = Command::new(name).arg(if name == "socat" { "-V" } else { "--version" }).output();
    let why = match found {
        Ok(output) if output.status.success() => {
            let mut command = Command::new(name);
            children::end_with_this_process(&mut command);
            return Some(command);
        }
        Ok(output) => format!("{name} does not run: {}", output.status),
        Err(error) => format!("{name} does not run: {error}"),
    };
    assert!(!env::var("CI").is_ok_and(|ci| ci == "true"), "{why}");
    skip(why);
    None
}

/// How a role ends that cannot do its work here.
const SKIPPED: i32 = 77;

/// Ends a test in the middle that cannot do its work here, or a role and the test that waits for it by
/// [`expect_success`].
pub(crate) fn cannot(reason: &str) -> ! {
    if env::var_os(ROLE).is_some() {
        skip(reason);
        std::process::exit(SKIPPED);
    }
    panic!("skipped: {reason}")
}

/// Fails unless a child has succeeded, and is skipped if it was.
#[track_caller]
pub(crate) fn expect_success(status: std::process::ExitStatus) {
    if status.code() == Some(SKIPPED) {
        cannot("its child cannot do its work here, and has said why");
    }
    assert!(status.success(), "the child failed: {status}");
}

/// Whether a test can have so many descriptors open. Says so if it cannot.
#[cfg(unix)]
pub(crate) fn has_room_for_descriptors(count: u64) -> bool {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let few = limit.filter(|&limit| limit < count);
    if let Some(few) = few {
        skip(format_args!("this process may have {few} descriptors, the test needs {count}"));
    }
    few.is_none()
}

/// Whether there is /proc, where it is Linux. Says so if there is not.
#[cfg(unix)]
pub(crate) fn has_proc() -> bool {
    let linux = cfg!(any(target_os = "linux", target_os = "android"));
    let missing = linux && !std::path::Path::new("/proc/self/fd").exists();
    if missing {
        skip("/proc is not mounted");
    }
    !missing
}

/// Whether what is dropped is closed at once, and not only when the children are gone that other threads start. Says so if
/// it is not.
#[cfg(unix)]
pub(crate) fn closes_at_once() -> bool {
    let forks = env::var_os("INTERPROCESS_TEST_FORKS").is_some();
    if forks {
        skip("children hold for a moment what this test has to see closed");
    }
    !forks
}

/// Whether this process's user has a number in its user namespace, by which others know it. Says so if it has none.
#[cfg(unix)]
pub(crate) fn has_mapped_user() -> bool {
    let unmapped = std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.trim().is_empty());
    if unmapped {
        skip("the user namespace does not map the user of this process");
    }
    !unmapped
}

/// A text that no other test has, in this process or another, even if that has the same number in another namespace.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    #[cfg(target_os = "linux")]
    signalling::fork_if_wanted();
    static RANDOM: LazyLock<u64> = LazyLock::new(|| RandomState::new().build_hasher().finish());
    let (process, random) = (std::process::id(), *RANDOM as u16);
    format!("ip3-{process}-{random:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The kinds of names that every platform has.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Namespaced,
    Path,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Namespaced, Kind::Path];

/// The directory for temporary files. Ends the test if that is on a read-only file system.
pub(crate) fn writable_directory() -> PathBuf {
    let directory = env::temp_dir();
    #[cfg(unix)]
    {
        let flags = rustix::fs::statvfs(&directory).unwrap().f_flag;
        if flags.contains(rustix::fs::StatVfsMountFlags::RDONLY) {
            cannot("the directory for temporary files is read-only");
        }
    }
    directory
}

/// A folder for sockets, removed in the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = writable_directory().join(unique());
        std::fs::create_dir(&folder).unwrap();
        // Under any mask.
        #[cfg(unix)]
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A fresh name, in its text form.
pub(crate) fn fresh_name(kind: Kind) -> Name<'static> {
    match (kind, cfg!(windows)) {
        (Kind::Namespaced, _) => format!("@{}", unique()),
        (Kind::Path, true) => format!(r"\\.\pipe\{}", unique()),
        (Kind::Path, false) => writable_directory().join(format!("{}.sock", unique())).display().to_string(),
    }
    .parse()
    .unwrap()
}

/// How many descriptors this process has open.
#[cfg(target_os = "linux")]
pub(crate) fn open_descriptors() -> usize {
    let listing = std::fs::read_dir("/proc/self/fd");
    listing.unwrap_or_else(|_| cannot("without /proc, descriptors cannot be counted")).count()
}

/// Whether this is Wine and not Windows, for tests that show where the two differ.
#[cfg(windows)]
pub(crate) fn is_wine() -> bool {
    std::path::Path::new(r"C:\windows\system32\winecfg.exe").exists()
}

const ROLE: &str = "IP3_TEST_ROLE";
const ARGUMENT: &str = "IP3_TEST_ARGUMENT";

/// This program. Linux knows its path by /proc; without that, it is what it was started as.
pub(crate) fn own_program() -> PathBuf {
    env::current_exe().unwrap_or_else(|_| env::args_os().next().unwrap().into())
}

/// This program again, as a process of its own that plays a role: the test of that name, which is ignored otherwise and
/// begins with [`begin_role`].
pub(crate) fn command_for_role(role: &str, argument: &str) -> Command {
    let mut command = Command::new(own_program());
    children::end_with_this_process(&mut command);
    command
        .args(["--exact", role, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(ARGUMENT, argument);
    command
}

/// Starts this program in a role, and kills it in the end.
pub(crate) fn start_role(role: &str, argument: &str) -> Killed {
    let mut command = command_for_role(role, argument);
    Killed(command.stdout(std::process::Stdio::null()).spawn().unwrap())
}

/// Gives a role its argument. Whoever runs ignored tests learns that there is nothing in it to see.
pub(crate) fn begin_role() -> String {
    children::end_with_parent();
    env::var(ARGUMENT).unwrap_or_else(|_| cannot("a role, which another test starts"))
}

/// The argument, if this process was started for that role of a test which is also run as such.
pub(crate) fn role_argument(role: &str) -> Option<String> {
    if env::var(ROLE).ok()? == role { env::var(ARGUMENT).ok() } else { None }
}

/// A child that does not outlive the test.
pub(crate) struct Killed(pub(crate) Child);

impl Killed {
    /// SIGKILL, or TerminateProcess.
    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub(crate) fn succeeds(&mut self) {
        expect_success(self.0.wait().unwrap());
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Bytes that no accident produces, different for each seed.
pub(crate) fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

/// Writes in pieces of odd sizes.
pub(crate) fn write_pieces(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    let mut size = 1;
    while !rest.is_empty() {
        let (piece, later) = rest.split_at(size.min(rest.len()));
        to.write_all(piece)?;
        rest = later;
        size = size * 3 % 100_003 + 1;
    }
    to.flush()
}

/// Reads exactly so many bytes and compares them, without printing them all.
pub(crate) fn expect_bytes(mut from: impl Read, expected: &[u8]) -> io::Result<()> {
    let mut got = vec![0; expected.len()];
    from.read_exact(&mut got)?;
    if let Some(at) = got.iter().zip(expected).position(|(got, expected)| got != expected) {
        return Err(io::Error::other(format!("byte {at} of {} is wrong", expected.len())));
    }
    Ok(())
}

/// Both directions at once over one stream that is shared by reference.
pub(crate) fn exchange<S: Sync>(stream: &S, sends: &[u8], receives: &[u8]) -> io::Result<()>
where
    for<'a> &'a S: Read + Write,
{
    thread::scope(|scope| {
        let writer = scope.spawn(|| write_pieces(stream, sends));
        expect_bytes(stream, receives)?;
        writer.join().expect("the writer panicked")
    })
}

/// The same on Tokio.
#[cfg(feature = "tokio")]
pub(crate) async fn exchange_tokio<S>(stream: &S, sends: &[u8], receives: &[u8]) -> io::Result<()>
where
    for<'a> &'a S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let write = async {
        let mut stream = stream;
        for piece in sends.chunks(33_333) {
            stream.write_all(piece).await?;
        }
        stream.flush().await
    };
    let read = async {
        let mut stream = stream;
        let mut got = vec![0; receives.len()];
        stream.read_exact(&mut got).await?;
        if got == receives { Ok(()) } else { Err(io::Error::other("the bytes are wrong")) }
    };
    tokio::try_join!(write, read).map(|_| ())
}

/// Gives SIGPIPE its default action, which Rust's start-up code has replaced.
#[cfg(unix)]
#[allow(unsafe_code)]
pub(crate) fn deadly_sigpipe() {
    // SAFETY: SIG_DFL runs no code of this process.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// Whether a socket's path fits into its address, so that peers are told it. Says so if it does not.
#[cfg(unix)]
pub(crate) fn fits_into_an_address(path: &std::path::Path) -> bool {
    // The shortest sun_path of a system that the crate knows has 104 bytes, one of which is the zero at the end.
    let fits = path.as_os_str().len() < 104;
    if !fits {
        skip("the paths of temporary files do not fit into addresses");
    }
    fits
}

/// A path of so many bytes, with its folders.
#[cfg(unix)]
pub(crate) fn long_path(folder: &Folder, length: usize) -> PathBuf {
    let mut path = folder.0.clone();
    while length - path.as_os_str().len() > 60 {
        path.push("d".repeat(40));
    }
    std::fs::create_dir_all(&path).unwrap();
    path.push("s".repeat(length - path.as_os_str().len() - 1));
    assert_eq!(path.as_os_str().len(), length);
    path
}

/// `None` for what this system documents not to have, and says so. A kernel of its own that is new enough must have it:
/// only other systems, emulators and older kernels are excused.
#[cfg(unix)]
pub(crate) fn unless_missing<T>(result: io::Result<T>, since_linux: (u32, u32)) -> Option<T> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            assert!(!is_native_linux(since_linux), "{error}");
            skip(error);
            None
        }
        other => Some(other.unwrap()),
    }
}

/// Whether this is Linux of at least this version on the processor that nobody runs these tests on through an emulator.
/// `INTERPROCESS_TEST_LINUX` is the version of a kernel that is played by denying system calls.
#[cfg(unix)]
pub(crate) fn is_native_linux(since: (u32, u32)) -> bool {
    let system = rustix::system::uname();
    let played = env::var("INTERPROCESS_TEST_LINUX");
    let release = played.as_deref().unwrap_or_else(|_| system.release().to_str().unwrap());
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
    cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "x86")))
        && (number(), number()) >= since
}

/// Whether qemu's user mode, or something like it, stands in for Linux.
#[cfg(unix)]
pub(crate) fn is_emulated() -> bool {
    cfg!(all(target_os = "linux", not(any(target_arch = "x86_64", target_arch = "x86"))))
}

/// Whether a control message can have too little room. qemu gives the kernel twice as much as its program has, and leaves
/// open what it cannot hand on.
#[cfg(unix)]
pub(crate) fn cuts_control_messages() -> bool {
    !is_emulated()
}

/// The error of what succeeds as long as a descriptor is open that was dropped: a child that another test is just starting
/// has it for a moment, between fork and exec.
pub(crate) fn error_once_closed<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Error {
    loop {
        match call() {
            Ok(_) => thread::yield_now(),
            Err(error) => return error,
        }
    }
}

/// The result of what fails with `AddrInUse` as long as a listener is open that was dropped, for the same reason.
pub(crate) fn once_unused<T>(mut call: impl FnMut() -> io::Result<T>) -> T {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => thread::yield_now(),
            result => return result.unwrap(),
        }
    }
}
