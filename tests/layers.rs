//! The house rules that a machine can check, on the text of `src/`.
#![cfg(not(miri))]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file's path relative to `src/`, with `/`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    /// The lines that are code, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn is_in(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    fn is_sys(&self) -> bool {
        ["unix", "windows"].iter().any(|system| {
            self.is_in(&format!("os/{system}/sys/")) || self.path == format!("os/{system}/sys.rs")
        })
    }

    /// Chosen by a cfg for one platform: everything below `os/`, and the halves of portable subjects.
    fn is_of_one_platform(&self) -> bool {
        self.is_in("os/")
            || ["unix", "windows"].iter().any(|system| {
                self.path.ends_with(&format!("/{system}.rs")) || self.path.contains(&format!("/{system}/"))
            })
    }

    fn is_tokio(&self) -> bool {
        self.path.ends_with("tokio.rs")
            || self.path.contains("/tokio/")
            || ["/registered.rs", "/timer.rs"].iter().any(|name| self.path.ends_with(name))
    }
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // An emulated system does not see the sources.
    if !root.is_dir() {
        return Vec::new();
    }
    let mut folders = vec![root.clone()];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    paths
        .into_iter()
        .map(|path| File {
            text: fs::read_to_string(&path).unwrap(),
            path: path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
        })
        .collect()
}

/// Fails with all lines of code that break a rule.
fn forbid(rule: &str, applies: impl Fn(&File) -> bool, breaks: impl Fn(&File, &str) -> bool) {
    let mut found = Vec::new();
    for file in files().iter().filter(|file| applies(file)) {
        for (number, line) in file.code().filter(|(_, line)| breaks(file, line)) {
            found.push(format!("{}:{number}: {}", file.path, line.trim()));
        }
    }
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn unsafe_code_is_in_sys() {
    forbid(
        "unsafe outside os/*/sys, but for from_raw_fd and from_raw_handle",
        |file| !file.is_sys(),
        |file, line| {
            let raw = line.contains("unsafe fn from_raw_") || line.contains("unsafe { Owned");
            line.contains("unsafe ") && !raw && !file.text.contains("#![cfg(test)]")
        },
    );
}

/// Windows refuses the mode while there is unread data.
#[test]
fn pipes_are_never_put_into_the_mode_of_windows_that_does_not_wait() {
    forbid(
        "PIPE_NOWAIT",
        |file| file.is_in("os/windows/") || file.is_in("unnamed_pipe/"),
        |_, line| line.contains("PIPE_NOWAIT") || line.contains("FILE_PIPE_COMPLETE_OPERATION"),
    );
}

#[test]
fn a_platform_chooses_a_file() {
    forbid(
        "a platform cfg in portable code that does not choose a module",
        |file| !file.is_of_one_platform(),
        |file, line| {
            let mentions = ["cfg(unix)", "cfg(windows)", "target_os", "target_vendor", "target_family"];
            let is_choice = ["local_socket.rs", "unnamed_pipe.rs", "shutdown.rs", "os.rs", "error.rs"]
                .contains(&file.path.as_str());
            mentions.iter().any(|mention| line.contains(mention)) && !is_choice
        },
    );
    forbid(
        "a difference between Unixes outside os/unix/sys",
        |file| file.is_in("os/unix/") && !file.is_sys(),
        |_, line| line.contains("target_os") || line.contains("target_vendor"),
    );
}

#[test]
fn dependencies_point_downwards() {
    let only_reexports = ["local_socket.rs", "unnamed_pipe.rs"];
    forbid(
        "code below os/ that names a portable module",
        |file| {
            file.is_in("os/") && !only_reexports.iter().any(|name| file.path.ends_with(&format!("/{name}")))
        },
        |_, line| line.contains("crate::local_socket") || line.contains("crate::unnamed_pipe"),
    );
    forbid(
        "Unix code that names Windows",
        |file| file.is_in("os/unix"),
        |_, line| line.contains("os::windows"),
    );
    forbid(
        "Windows code that names Unix",
        |file| file.is_in("os/windows"),
        |_, line| line.contains("os::unix"),
    );
    forbid(
        "blocking code that uses Tokio",
        |file| !file.is_tokio(),
        |_, line| line.contains("use tokio") || line.contains("use ::tokio::") && !line.starts_with("    "),
    );
    forbid(
        "foreign crates outside sys and the error of a system call",
        |file| !file.is_sys(),
        |_, line| ["windows_sys::", "libc::", "rustix::"].iter().any(|name| line.contains(name)),
    );
}

#[test]
fn everything_can_be_found_by_grep() {
    forbid("a macro of our own", |_| true, |_, line| line.contains("macro_rules!"));
    forbid(
        "a glob import",
        |_| true,
        |_, line| line.trim_start().starts_with("use ") && line.contains("::*"),
    );
}

/// What ends something when it is dropped, or does nothing if it is not used.
#[test]
fn guards_and_listeners_must_be_used() {
    const ENDINGS: [&str; 14] = [
        "Guard",
        "OnDrop",
        "Listener",
        "Signals",
        "SignalFd",
        "SignalMask",
        "Registration",
        "Shutdown",
        "Events",
        "Incoming",
        "Iter",
        "Options",
        "Mailslot",
        "Datagram",
    ];
    let mut found = Vec::new();
    for file in files().iter().filter(|file| !file.is_sys()) {
        let lines: Vec<_> = file.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let Some(name) = line.strip_prefix("pub struct ") else { continue };
            let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let attributes = lines[..index].iter().rev().take_while(|line| line.starts_with(['#', '/']));
            if ENDINGS.iter().any(|ending| name.ends_with(ending))
                && !attributes.into_iter().any(|line| line.starts_with("#[must_use"))
            {
                found.push(format!("{}:{}: {name}", file.path, index + 1));
            }
        }
    }
    assert!(found.is_empty(), "types without must_use:\n{}", found.join("\n"));
}

#[test]
fn files_can_be_grasped() {
    const MOST_CODE: usize = 400;
    for file in files() {
        let code = file.code().filter(|(_, line)| !line.trim().is_empty()).count();
        assert!(code <= MOST_CODE, "{} has {code} lines of code, the most is {MOST_CODE}", file.path);
    }
}
