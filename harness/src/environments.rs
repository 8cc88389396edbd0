//! The library's test programs in other environments: another user, masks, limits, namespaces, directories.

use crate::{
    run::{Scratch, Verdict},
    suites::{self, Cell},
};
use std::{
    fs, io,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Users to whom nothing else belongs. `nobody` is whom tests take for a stranger.
const USER: u32 = 54321;
const STRANGER: u32 = 54322;

/// Before the program, for cells that an unprivileged user shall see.
const AS_USER: [&str; 4] = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"];

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(crate) fn run(long: bool, words: &[String]) -> io::Result<Verdict> {
    let scratch = Scratch::new()?;
    let root = rustix::process::geteuid().is_root();
    // Without privileges, all of it happens as the user who runs this.
    let user: &[&str] = if root { &AS_USER } else { &["env"] };
    let owner = if root { USER } else { rustix::process::geteuid().as_raw() };
    let shell =
        |name: &str, command: &str| Cell::new(name, &[user, &["bash", "-c", command, "bash"]].concat());

    let mut cells = Vec::new();
    let mut add = |mut cell: Cell, needs: &[&[&str]], temporary: &Path| {
        cell.obstacle = needs.iter().find_map(|probe| obstacle(probe));
        cell.variables.push(("TMPDIR".into(), temporary.display().to_string()));
        // Who starts this may have programs and directories that are closed to others.
        cell.variables.push(("PATH".into(), PATH.into()));
        cell.directory = Some(temporary.into());
        cells.push(cell);
    };
    let directory = |name: &str, mode: u32, owner: u32| -> io::Result<PathBuf> {
        let path = scratch.0.join(name);
        fs::create_dir(&path)?;
        if root {
            chown(&path, Some(owner), Some(owner))?;
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        Ok(path)
    };
    let own = directory("own", 0o700, owner)?;
    let roots = directory("root", 0o711, rustix::process::geteuid().as_raw())?;
    let probe: &[&str] = &[user, &["true"]].concat();
    let unshares = |flags: &[&'static str]| [&["unshare"], flags].concat();

    add(Cell::new("unprivileged user", user), &[probe], &own);
    for mask in ["0", "0777"] {
        let command = format!("umask {mask}; exec \"$@\"");
        let mut cell = shell(&format!("umask {mask}"), &command);
        if mask == "0777" {
            // A socket or a FIFO that has only what the mask leaves is closed to its own user. Locks must not be.
            cell.programs = &["shutdown", "socket_file", "unnamed_pipe"];
            cell.excuses = &["Permission denied", "PermissionDenied"];
            cell.never_excused = &["cannot lock"];
            // It waits until its server lets it in.
            cell.arguments.extend(["--skip", "a_killed_servers_path_is_free"].map(String::from));
        }
        add(cell, &[probe], &own);
        if root {
            let words = ["bash", "-c", &command, "bash"];
            let mut cell = Cell::new(format!("umask {mask}, root"), &words);
            if mask == "0777" {
                // Their children are other users, to whom all directories are closed.
                for test in ["relative_paths_need_no_path_from_the_root", "unmapped_users_match_nobody"] {
                    cell.arguments.extend(["--skip", test].map(String::from));
                }
            }
            add(cell, &[], &roots);
        }
    }
    let mut cell = shell("ulimit -n 20", "ulimit -n 20; exec \"$@\"");
    cell.arguments.push("--test-threads=1".into());
    cell.excuses = &["Too many open files", "os error 24"];
    add(cell, &[probe], &own);
    let cell = shell("ulimit -i 0", "ulimit -i 0; exec \"$@\"");
    add(cell, &[probe], &own);

    let mounts = unshares(&["--mount"]);
    let can_mount: &[&str] = &[&mounts[..], &["true"]].concat();
    let hide = "mount -t tmpfs none /proc && exec \"$@\"";
    let cell = Cell::new("no /proc", &[&mounts[..], &["bash", "-c", hide, "bash"]].concat());
    add(cell, &[can_mount], &roots);
    let read_only = directory("ro", 0o777, owner)?;
    let hide =
        format!("mount -t tmpfs none {0} && mount -o remount,ro {0} && exec \"$@\"", read_only.display());
    let mut cell = Cell::new("read-only TMPDIR", &[&mounts[..], &["bash", "-c", &hide, "bash"]].concat());
    // Its server cannot say that it does nothing.
    cell.arguments.extend(["--skip", "killed_server"].map(String::from));
    add(cell, &[can_mount], &read_only);
    let long_name = directory(&"l".repeat(140 - scratch.0.as_os_str().len()), 0o700, owner)?;
    let mut cell = Cell::new("TMPDIR of 141 bytes", user);
    // Programs that are about paths. The others have std's sockets on the other end, which have no way there.
    cell.programs = &["local_socket", "shutdown", "socket_file", "fifo", "path_races", "listener_close"];
    // A local socket's name may not be as long.
    cell.excuses = &["SUN_LEN", "does not fit into an address", "File name too long"];
    add(cell, &[probe], &long_name);
    let sticky = directory("sticky", 0o1777, STRANGER)?;
    add(Cell::new("another's sticky TMPDIR", user), &[probe], &sticky);

    let mut cell = Cell::new("orphaned process group", &["setsid"]);
    cell.groups_itself = true;
    add(cell, &[&["setsid", "true"]], &roots);
    let first = unshares(&["--pid", "--fork", "--kill-child", "--mount-proc"]);
    add(Cell::new("PID 1", &first), &[&[&first[..], &["true"]].concat()], &roots);
    let unmapped = [user, &["unshare", "--user"]].concat();
    add(Cell::new("unmapped user", &unmapped), &[&[&unmapped[..], &["true"]].concat()], &own);
    let mut cell = Cell::new("forks all the time", &["env"]);
    cell.variables.push(("INTERPROCESS_TEST_FORKS".into(), "1".into()));
    if !long {
        // Most of their tests drop something and see at once that it is closed. With luck that holds beside a fork, too.
        cell.left_out = &["fifo_file", "fifo_file_tokio", "local_socket", "socket_file"];
    }
    add(cell, &[], &roots);

    // CI leaves out what differs least from another row.
    let cells = cells.into_iter().filter(|cell| long || cell.name != "umask 0, root").collect();
    suites::run("test programs in other environments", &scratch, suites::chosen(cells, words))
}

/// Why a command cannot be run here.
fn obstacle(probe: &[&str]) -> Option<String> {
    let run = Command::new(probe[0]).args(&probe[1..]).stdin(Stdio::null()).output();
    match run {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            Some(format!("{}: {}", probe.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
        }
        Err(error) => Some(format!("{}: {error}", probe[0])),
    }
}
