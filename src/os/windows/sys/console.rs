//! Control events of the console.

use super::{handle::check, module};
use std::{io, sync::OnceLock};
use windows_sys::{
    Win32::System::Console::{
        CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT,
        GenerateConsoleCtrlEvent, SetConsoleCtrlHandler,
    },
    core::BOOL,
};

/// A control event.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    CtrlC,
    CtrlBreak,
    Close,
    Logoff,
    Shutdown,
}

/// What is called for each event, in a thread of its own; gives whether the event was handled.
static HANDLER: OnceLock<fn(Kind) -> bool> = OnceLock::new();

/// Has `handler` called for each event from now on. It must not panic. To be called once.
pub(crate) fn install(handler: fn(Kind) -> bool) -> io::Result<()> {
    HANDLER.get_or_init(|| handler);
    module::pin()?;
    // SAFETY: the routine stays loaded, and may run in any thread.
    check(unsafe { SetConsoleCtrlHandler(Some(routine), 1) })
}

/// Says whether this process and its future children ignore Ctrl-C.
pub(crate) fn ignore_ctrl_c(ignored: bool) -> io::Result<()> {
    // SAFETY: no routine means the attribute of the process.
    check(unsafe { SetConsoleCtrlHandler(None, ignored.into()) })
}

/// Sends Ctrl-C, or Ctrl-Break for everything else, to a process group, or to all processes of the console if it is zero.
pub(crate) fn generate(kind: Kind, group: u32) -> io::Result<()> {
    let event = if kind == Kind::CtrlC { CTRL_C_EVENT } else { CTRL_BREAK_EVENT };
    // SAFETY: takes numbers only.
    check(unsafe { GenerateConsoleCtrlEvent(event, group) })
}

unsafe extern "system" fn routine(event: u32) -> BOOL {
    let kind = match event {
        CTRL_C_EVENT => Kind::CtrlC,
        CTRL_BREAK_EVENT => Kind::CtrlBreak,
        CTRL_CLOSE_EVENT => Kind::Close,
        CTRL_LOGOFF_EVENT => Kind::Logoff,
        CTRL_SHUTDOWN_EVENT => Kind::Shutdown,
        _ => return 0,
    };
    HANDLER.get().is_some_and(|handler| handler(kind)).into()
}
