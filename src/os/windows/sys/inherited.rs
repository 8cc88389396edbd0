//! The handles that the parent announced to this process, each of which can be claimed once.
//!
//! Which handles a process was started with can't be asked later: safe code can make a handle of its own inheritable and
//! change the environment. So the table is filled before `main`, when nothing in the program owns a pipe that came with
//! it. A claim takes its entry out of the table.

use super::{handle, module::is_program};
use crate::sync::Mutex;
use std::{
    env,
    fs::File,
    io::{self, Read},
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle},
    ptr,
    sync::atomic::{AtomicBool, Ordering},
};

/// The variable in which `Inherit` announces handles to its child, separated by commas.
pub(crate) const ANNOUNCEMENT: &str = "INTERPROCESS_INHERITED";

/// Those that were announced, inheritable pipes when the program started, and are not claimed yet.
static UNCLAIMED: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// Whether [`at_start`] ran before `main`.
static IS_FILLED: AtomicBool = AtomicBool::new(false);

/// The pipe through which the parent tells the value of a handle that it duplicates into this process.
#[derive(Debug)]
pub(crate) struct Control(File);

/// Takes ownership of an announced pipe. From here on it is not inheritable.
pub(crate) fn claim(value: u64) -> io::Result<Control> {
    let mut unclaimed = UNCLAIMED.lock();
    check_pipe(value, true)?;
    if !IS_FILLED.load(Ordering::Acquire) {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "the handle {value} cannot be proved to be unowned: this code is in a DLL, which may have been loaded \
                 after the program opened it"
            ),
        ));
    }
    if !unclaimed.contains(&value) {
        return Err(not_passed(value));
    }
    // All entries of it: the variable may have it twice.
    unclaimed.retain(|&other| other != value);
    // SAFETY: it is open and came with the process, so that nobody has owned it (see `at_start`), and its entry in the
    // table is gone, so that nobody else will.
    let control = unsafe { OwnedHandle::from_raw_handle(raw(value)) };
    handle::set_inheritable(control.as_handle(), false)?;
    Ok(Control(control.into()))
}

impl Control {
    /// Takes ownership of the pipe that the parent duplicates into this process. `UnexpectedEof`: it does not.
    pub(crate) fn receive(mut self) -> io::Result<OwnedHandle> {
        let mut value = [0; 8];
        self.0.read_exact(&mut value)?;
        let value = u64::from_le_bytes(value);
        check_pipe(value, false)?;
        // SAFETY: it is open, and the parent made it for the reader of the control pipe, which only this is.
        Ok(unsafe { OwnedHandle::from_raw_handle(raw(value)) })
    }
}

fn raw(value: u64) -> RawHandle {
    ptr::without_provenance_mut(value as usize)
}

/// Fails if there is no pipe of this value, or if it is inheritable unlike what is expected of it.
fn check_pipe(value: u64, inheritable: bool) -> io::Result<()> {
    // The lowest two bits are not part of a handle's value, and the negative ones are not handles but stand for some.
    let is_handle = value != 0 && value % 4 == 0 && value <= u64::from(u32::MAX) && (value as isize) > 0;
    if !is_handle {
        return Err(invalid(format!("the handle {value} is not open")));
    }
    if is_standard_stream(raw(value)) {
        return Err(not_passed(value));
    }
    // SAFETY: used only to ask whether it is open and what it is; each of those calls fails if it is not.
    let candidate = unsafe { BorrowedHandle::borrow_raw(raw(value)) };
    let Ok(is_inheritable) = handle::is_inheritable(candidate) else {
        return Err(invalid(format!("the handle {value} is not open")));
    };
    if !handle::is_pipe_like(candidate) {
        return Err(invalid(format!("the handle {value} is not a pipe")));
    }
    // What Rust programs make is not inheritable, and what was claimed is not any more.
    if is_inheritable != inheritable { Err(not_passed(value)) } else { Ok(()) }
}

fn is_standard_stream(raw: RawHandle) -> bool {
    let standard = [io::stdin().as_raw_handle(), io::stdout().as_raw_handle(), io::stderr().as_raw_handle()];
    standard.contains(&raw)
}

fn not_passed(value: u64) -> io::Error {
    invalid(format!(
        "the handle {value} was not handed over by the parent ({ANNOUNCEMENT} in the environment at the start of this \
         process), or was taken already"
    ))
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Fills the table.
///
/// In the program itself this runs before `main`. Other code that runs so early is either C's, whose handles no parent
/// announces, or `unsafe` Rust's. A DLL may be loaded at any time, when handles have owners already; there the table
/// stays empty, and claims fail.
extern "C" fn at_start() {
    if !is_program() {
        return;
    }
    let announced = env::var(ANNOUNCEMENT).unwrap_or_default();
    let announced = announced.split(',').filter_map(|value| value.parse().ok());
    let mut unclaimed = UNCLAIMED.lock();
    unclaimed.extend(announced.filter(|&value| check_pipe(value, true).is_ok()));
    IS_FILLED.store(true, Ordering::Release);
}

/// The C runtime calls what is in this section before `main`, of MinGW as of Microsoft (Microsoft: "CRT
/// initialization").
#[used]
#[unsafe(link_section = ".CRT$XCU")]
static AT_START: extern "C" fn() = at_start;
