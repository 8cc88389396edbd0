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
    count
}

/// Runs `test` in another process, as other tests here open and close handles all the time.
pub(crate) fn in_own_process(name: &str, test: impl FnOnce()) {
    const VARIABLE: &str = "INTERPROCESS_TEST_ALONE";
    if std::env::var_os(VARIABLE).is_some() {
        return test();
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
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
