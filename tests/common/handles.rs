//! Counting the open handles of a Windows process.

/// The process's handles. Tests that compare the number run in a process of their own.
#[allow(unsafe_code)]
pub(crate) fn handle_count() -> u32 {
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, GetProcessHandleCount};
    let mut count = 0;
    // SAFETY: gives a constant.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the constant stands for this process, and `count` is a place for a u32.
    let result = unsafe { GetProcessHandleCount(process, &mut count) };
    assert_ne!(result, 0);
    // Wine 10 succeeds and says 0, of every process.
    if count == 0 { count_one_by_one() } else { count }
}

fn count_one_by_one() -> u32 {
    let count = possible_handles().filter(|&value| flags(value).is_some()).count();
    assert_ne!(count, 0, "a process has some");
    count as u32
}

/// Everything that can be a handle: a multiple of 4, and the system takes small ones first.
fn possible_handles() -> impl Iterator<Item = usize> {
    const HIGHEST: usize = 1 << 16;
    (4..HIGHEST).step_by(4)
}

/// What the system says of a handle, if it is one.
#[allow(unsafe_code)]
fn flags(value: usize) -> Option<u32> {
    use windows_sys::Win32::Foundation::GetHandleInformation;
    let mut flags = 0;
    // SAFETY: a number that is no handle is refused, and `flags` is a place for a u32.
    let result = unsafe { GetHandleInformation(std::ptr::without_provenance_mut(value), &mut flags) };
    (result != 0).then_some(flags)
}

/// The handles that a child would inherit.
pub(crate) fn inheritable_handles() -> Vec<usize> {
    use windows_sys::Win32::Foundation::HANDLE_FLAG_INHERIT;
    possible_handles()
        .filter(|&value| flags(value).is_some_and(|flags| flags & HANDLE_FLAG_INHERIT != 0))
        .collect()
}

/// Runs `test` in another process, as other tests here open and close handles all the time.
pub(crate) fn in_own_process(name: &str, test: impl FnOnce()) {
    const VARIABLE: &str = "INTERPROCESS_TEST_ALONE";
    if std::env::var_os(VARIABLE).is_some() {
        return test();
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    super::children::end_with_this_process(&mut command);
    command.args(["--exact", name, "--test-threads=1", "--nocapture"]).env(VARIABLE, "1");
    assert!(command.status().unwrap().success(), "{name} failed in its own process");
}

/// Runs `round` until what is made once is made, and then checks that more rounds leave no handles behind.
pub(crate) fn leaves_no_handles(mut round: impl FnMut()) {
    const ROUNDS: u32 = 40;
    for _ in 0..5 {
        round();
    }
    let before = handle_count();
    for _ in 0..ROUNDS {
        round();
    }
    let after = handle_count();
    assert!(after < before + ROUNDS / 2, "{before} handles before, {after} after {ROUNDS} rounds");
}
