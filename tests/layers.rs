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

    /// The module that the file is.
    fn module(&self) -> Vec<&str> {
        let path = self.path.trim_end_matches(".rs");
        path.split('/').filter(|name| *name != "lib").collect()
    }

    /// Every path in the code that begins with `crate`, `self` or `super`, and every one that is imported, with its line:
    /// from the root of the crate, or from another crate's name. Not those of unit tests, which may use what they like.
    fn names(&self) -> Vec<(usize, String)> {
        let mut names = Vec::new();
        if self.text.contains("#![cfg(test)]") {
            return names;
        }
        let mut inline: Vec<&str> = Vec::new();
        let mut import: Option<(usize, String)> = None;
        for (number, line) in self.code() {
            let indent = line.len() - line.trim_start().len();
            // rustfmt indents by 4.
            inline.truncate(if line.trim().is_empty() { inline.len() } else { indent / 4 });
            let words = line.trim();
            if let Some((_, name)) = words.strip_suffix(" {").and_then(|rest| rest.split_once("mod ")) {
                inline.push(name);
            }
            if inline.contains(&"tests") {
                continue;
            }
            let begin = ["use ", "pub use ", "pub(crate) use ", "pub(super) use ", "pub(in "];
            if import.is_none()
                && begin.iter().any(|begin| words.starts_with(begin))
                && words.contains("use ")
            {
                import = Some((number, String::new()));
            }
            let Some((first, mut text)) = import.take() else {
                let ends = |c: char| !c.is_alphanumeric() && c != '_' && c != ':';
                for word in words.split(ends).filter(|word| word.contains("::")) {
                    if ["crate::", "super::", "self::"].iter().any(|root| word.starts_with(root)) {
                        names.push((number, self.absolute(&inline, word)));
                    }
                }
                continue;
            };
            text.push_str(words);
            if words.ends_with(';') {
                let tree = text.split_once("use ").unwrap().1.trim_end_matches(';');
                let tree = if tree.starts_with('{') { format!("self::{tree}") } else { tree.to_owned() };
                let mut paths = Vec::new();
                leaves("", &tree, &mut paths);
                names.extend(paths.iter().map(|path| (first, self.absolute(&inline, path))));
            } else {
                import = Some((first, text));
            }
        }
        names
    }

    fn absolute(&self, inline: &[&str], path: &str) -> String {
        let mut module: Vec<&str> = self.module();
        module.extend(inline);
        let mut rest = path;
        let is_relative = rest.starts_with("self::") || rest.starts_with("super::");
        if let Some(path) = rest.strip_prefix("crate::") {
            return path.into();
        }
        if !is_relative {
            return format!("extern {}", rest.trim_start_matches("::"));
        }
        loop {
            if let Some(inner) = rest.strip_prefix("self::") {
                rest = inner;
            } else if let Some(outer) = rest.strip_prefix("super::") {
                module.pop();
                rest = outer;
            } else {
                break;
            }
        }
        module.push(rest);
        module.join("::")
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
        const ADAPTERS: [&str; 3] =
            ["os/unix/sys/async_fd.rs", "os/unix/sys/timer.rs", "os/windows/sys/tokio_child.rs"];
        self.path.ends_with("/tokio.rs")
            || self.path.contains("/tokio/")
            || ADAPTERS.contains(&self.path.as_str())
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

/// The paths of an import, whose braces may be nested.
fn leaves(before: &str, tree: &str, found: &mut Vec<String>) {
    let Some((root, group)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap().trim();
        found.push(if name == "self" {
            before.trim_end_matches("::").into()
        } else {
            format!("{before}{name}")
        });
        return;
    };
    let (mut depth, mut start) = (0, 0);
    let group = group.strip_suffix('}').unwrap();
    for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = group[start..at].trim();
                start = group.len().min(at + 1);
                if !part.is_empty() {
                    leaves(&format!("{before}{}", root.trim()), part, found);
                }
            }
            _ => {}
        }
    }
}

/// Fails with all names that break a rule.
fn forbid_names(rule: &str, applies: impl Fn(&File) -> bool, breaks: impl Fn(&File, &str) -> bool) {
    let mut found = Vec::new();
    for file in files().iter().filter(|file| applies(file)) {
        for (number, name) in file.names().iter().filter(|(_, name)| breaks(file, name)) {
            found.push(format!("{}:{number}: {name}", file.path));
        }
    }
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

/// Whether a path is of a module, or is the module.
fn is_below(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
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
        "a difference between systems of one platform outside its sys",
        |file| file.is_of_one_platform() && !file.is_sys(),
        |_, line| line.contains("target_os") || line.contains("target_vendor"),
    );
}

#[test]
fn dependencies_point_downwards() {
    const PORTABLE: [&str; 3] = ["local_socket", "unnamed_pipe", "shutdown"];
    /// What every layer may name: they name none themselves.
    const BASE: [&str; 8] =
        ["error", "random", "sealed", "sync", "time", "os::wakers", "TryClone", "ConnectWaitMode"];
    /// A function cannot be defined where it belongs without its result, which is portable.
    const REEXPORT: &str = "unnamed_pipe::unix::pipe_with_mode";

    forbid_names(
        "code below os/ that names a portable subject",
        |file| file.is_in("os/"),
        |_, name| PORTABLE.iter().any(|subject| is_below(name, subject)) && name != REEXPORT,
    );
    forbid_names(
        "a portable subject that names another",
        |file| !file.is_in("os/"),
        |file, name| {
            PORTABLE.iter().any(|subject| is_below(name, subject) && file.module().first() != Some(subject))
                && !["lib.rs", "prelude.rs"].contains(&file.path.as_str())
        },
    );
    forbid_names("sys that names what is above it", File::is_sys, |file, name| {
        let own = if file.is_in("os/unix/") { "os::unix::sys" } else { "os::windows::sys" };
        let mut known = BASE.iter().chain([&own]);
        !name.starts_with("extern ") && !known.any(|module| is_below(name, module))
    });
    forbid_names(
        "a base module that names another one of this crate",
        |file| BASE.iter().any(|base| file.module().join("::") == *base),
        |file, name| !name.starts_with("extern ") && !is_below(name, &file.module().join("::")),
    );
    for (own, other) in [("unix", "windows"), ("windows", "unix")] {
        forbid_names(
            "code of one platform that names the other",
            |file| file.module().contains(&own),
            |_, name| name.split("::").any(|module| module == other) && !name.starts_with("extern "),
        );
    }
    forbid_names(
        "the core of named pipes that names a face",
        |file| {
            ["raw", "poll"].iter().any(|core| {
                let core = format!("os/windows/named_pipe/{core}");
                file.path == format!("{core}.rs") || file.is_in(&format!("{core}/"))
            })
        },
        |_, name| {
            let faces = ["messages", "stream", "listener", "tokio"];
            faces.iter().any(|face| is_below(name, &format!("os::windows::named_pipe::{face}")))
        },
    );
    forbid_names(
        "blocking code that names Tokio",
        |file| !file.is_tokio(),
        |_, name| name.split([':', ' ']).any(|module| module == "tokio"),
    );
    forbid("blocking code that names Tokio", |file| !file.is_tokio(), |_, line| line.contains("tokio::"));
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
    const ENDINGS: [&str; 15] = [
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
        "Builder",
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

/// Builders take and return themselves by value, but for those that have the names of std's or Tokio's.
#[test]
fn builders_are_by_value() {
    const AS_ELSEWHERE: [&str; 3] =
        ["os/unix/fifo_file/options.rs", "os/unix/fifo_file/tokio/options.rs", "os/unix/signal/mask.rs"];
    forbid(
        "a builder by reference",
        |file| !AS_ELSEWHERE.contains(&file.path.as_str()),
        |_, line| line.contains("-> &mut Self"),
    );
}

#[test]
fn files_can_be_grasped() {
    const MOST_CODE: usize = 400;
    for file in files() {
        let code = file.code().filter(|(_, line)| !line.trim().is_empty()).count();
        assert!(code <= MOST_CODE, "{} has {code} lines of code, the most is {MOST_CODE}", file.path);
    }
}
