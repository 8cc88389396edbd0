//! Taking pending signals without a handler.

use super::info::Record;
use super::signal_set::SignalSet;
use std::{io, time::Duration};

pub(crate) use self::system::wait;

#[cfg(not(any(target_vendor = "apple", target_os = "openbsd")))]
mod system {
    use super::{Duration, Record, SignalSet, io};
    use crate::os::unix::sys::{
        signal::{info::record, set::to_system},
        sigset::sigtimedwait,
    };
    use std::{mem::MaybeUninit, ptr};

    /// Takes a signal that is pending, or waits for one. `None`: the time is over, or was shortened by this.
    pub(crate) fn wait(set: SignalSet, timeout: Option<Duration>) -> io::Result<Option<Record>> {
        // Some systems refuse more; the caller looks at the clock again in any case.
        const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
        let timeout = timeout.map(|timeout| {
            let timeout = timeout.min(LONGEST);
            // SAFETY: integers, for which zeroes are valid (there is padding on some systems).
            let mut spec: libc::timespec = unsafe { MaybeUninit::zeroed().assume_init() };
            spec.tv_sec = timeout.as_secs() as _;
            spec.tv_nsec = timeout.subsec_nanos() as _;
            spec
        });
        let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
        let set = to_system(set);
        let mut info = MaybeUninit::zeroed();
        // SAFETY: the pointers are to an initialised set, to memory for the description, and to a time or null, which all
        // these systems take for no limit.
        if unsafe { sigtimedwait(&set, info.as_mut_ptr(), timeout) } == -1 {
            let error = io::Error::last_os_error();
            return if error.raw_os_error() == Some(libc::EAGAIN) { Ok(None) } else { Err(error) };
        }
        // SAFETY: integers and pointers, which the kernel has filled in, and zeroes where it has not.
        Ok(Some(record(unsafe { info.assume_init_ref() })))
    }
}

#[cfg(any(target_vendor = "apple", target_os = "openbsd"))]
mod system {
    use super::{Duration, Record, SignalSet, io};
    use crate::os::unix::sys::{
        option::unsupported,
        signal::{info::undescribed, set::to_system},
        sigset,
    };

    /// Takes a signal that is pending, or waits for one, without its description.
    pub(crate) fn wait(set: SignalSet, timeout: Option<Duration>) -> io::Result<Option<Record>> {
        if timeout.is_some() {
            return Err(unsupported("this system cannot wait for signals with a time limit"));
        }
        sigset::wait(&to_system(set)).map(|number| Some(undescribed(number)))
    }
}
