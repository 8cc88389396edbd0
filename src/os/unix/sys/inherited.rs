//! The descriptors that the parent announced to this process, each of which can be claimed once.
//!
//! Which descriptors a process was started with can't be asked later: safe code can clear close-on-exec on a
//! descriptor of its own and change the environment. So the table is filled before `main`, when nothing in the program
//! owns a descriptor above 2. A claim takes its entry out of the table.

use super::program;
use crate::sync::Mutex;
use rustix::io::FdFlags;
use std::{
    env,
    ffi::c_void,
    io,
    os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd},
    sync::atomic::{AtomicBool, Ordering},
};

/// The variable in which `Inherit` announces the numbers of pipe ends to its child, separated by commas.
pub(crate) const ANNOUNCEMENT: &str = "INTERPROCESS_INHERITED";

/// The first number of the protocol of sd_listen_fds(3).
pub(crate) const FIRST_LISTENED: RawFd = 3;

/// Those that were announced, open, and inheritable when the program started, and are not claimed yet.
static UNCLAIMED: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

/// Whether [`at_start`] ran before `main`.
static IS_FILLED: AtomicBool = AtomicBool::new(false);

/// Takes ownership of announced descriptors: of all, or on failure of none.
///
/// `check` sees each of them before. From here on they are close-on-exec.
pub(crate) fn claim(
    numbers: impl Iterator<Item = RawFd> + Clone,
    check: impl Fn(BorrowedFd<'_>) -> io::Result<()>,
) -> io::Result<Vec<OwnedFd>> {
    let mut unclaimed = UNCLAIMED.lock();
    for number in numbers.clone() {
        check_claimable(number, unclaimed.contains(&number))?;
        // SAFETY: the descriptor is open, and while the lock is held nobody owns it.
        check(unsafe { BorrowedFd::borrow_raw(number) })?;
    }
    for number in numbers.clone() {
        // SAFETY: as above.
        let fd = unsafe { BorrowedFd::borrow_raw(number) };
        super::fd::set_close_on_exec(fd, true)?;
    }
    unclaimed.retain(|&other| !numbers.clone().any(|number| number == other));
    let owned = numbers.map(|number| {
        // SAFETY: the descriptor came with the process, so nobody has owned it (see `at_start`), and its entry in the
        // table is gone, so that nobody else will.
        unsafe { OwnedFd::from_raw_fd(number) }
    });
    Ok(owned.collect())
}

fn check_claimable(number: RawFd, unclaimed: bool) -> io::Result<()> {
    let invalid = |message| Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    if number <= 2 {
        return invalid(format!("descriptor {number} is a standard stream, which is never handed over"));
    }
    let Some(flags) = flags(number) else {
        return invalid(format!(
            "descriptor {number} is not open in this process; only one child gets what is handed over"
        ));
    };
    if !IS_FILLED.load(Ordering::Acquire) {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "descriptor {number} cannot be proved to be unowned: this code is in a shared library, which may have \
                 been loaded after the program opened it"
            ),
        ));
    }
    // Of two versions of this crate in one program, each has a table of its own.
    if flags.contains(FdFlags::CLOEXEC) {
        return invalid(format!(
            "descriptor {number} was not inherited by this process, or has been taken already"
        ));
    }
    if !unclaimed {
        return invalid(format!(
            "descriptor {number} was not inherited by this process in a way that its parent announced \
             ({ANNOUNCEMENT} or LISTEN_FDS in the environment at its start)"
        ));
    }
    Ok(())
}

/// The flags of a descriptor, if it is open.
fn flags(number: RawFd) -> Option<FdFlags> {
    // SAFETY: fcntl with F_GETFD touches no memory, and is defined for numbers that are not open: EBADF.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    (flags != -1).then(|| FdFlags::from_bits_retain(flags as _))
}

fn is_inheritable(number: RawFd) -> bool {
    number > 2 && flags(number).is_some_and(|flags| !flags.contains(FdFlags::CLOEXEC))
}

/// Fills the table.
///
/// In the program itself this runs before `main`. Whatever other code does so early is either C's, whose descriptors
/// no parent announces, or `unsafe` Rust's. A shared library may be loaded at any time, when descriptors have owners
/// already; there the table stays empty, and claims fail.
extern "C" fn at_start() {
    if !program::contains(at_start as *const c_void) {
        return;
    }
    let announced = env::var(ANNOUNCEMENT).unwrap_or_default();
    let announced =
        announced.split(',').filter_map(|number| number.parse().ok()).filter(|&n| is_inheritable(n));
    let listened = (FIRST_LISTENED..FIRST_LISTENED + listened()).take_while(|&number| is_inheritable(number));
    let mut unclaimed = UNCLAIMED.lock();
    unclaimed.extend(listened.chain(announced));
    IS_FILLED.store(true, Ordering::Release);
}

/// How many descriptors the environment says were passed to this process by the protocol of sd_listen_fds(3), or to
/// whichever process gets there if it does not say for which they are.
fn listened() -> RawFd {
    let pid = env::var_os("LISTEN_PID").unwrap_or_default();
    if !pid.is_empty() && pid != *std::process::id().to_string() {
        return 0;
    }
    env::var("LISTEN_FDS").ok().and_then(|count| count.parse::<u16>().ok()).map_or(0, RawFd::from)
}

#[cfg(not(miri))]
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func,mod_init_funcs"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static AT_START: extern "C" fn() = at_start;
