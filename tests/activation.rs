//! Socket activation: what one process of ours passes and another takes, and the same with `systemd-socket-activate`,
//! Python and Bash at the other end.
//!
//! A program that is not installed is skipped by name; with `CI=true` that is a failure.
#![cfg(target_os = "linux")]

mod common;

use common::{Folder, Killed, begin_role, command_for_role, within_deadline};
use interprocess::os::unix::uds::{
    UnixDatagram, UnixListener, UnixSeqpacket, UnixSeqpacketListener, UnixStream,
    activation::{self, Activated, ActivatedSocket, Passing},
};
use std::{
    env, fs,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const VARIABLES: [&str; 4] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"];

/// Which file a descriptor of this process is, as the kernel names it.
fn identity(fd: impl AsFd) -> String {
    let link = format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd());
    fs::read_link(link).unwrap().display().to_string()
}

/// The descriptors that are open in this process.
fn open_numbers() -> Vec<i32> {
    let entries = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().file_name());
    let mut numbers: Vec<i32> = entries.map(|name| name.to_str().unwrap().parse().unwrap()).collect();
    // The one of the folder is closed again.
    numbers.retain(|number| fs::read_link(format!("/proc/self/fd/{number}")).is_ok());
    numbers.sort_unstable();
    numbers
}

fn is_close_on_exec(number: i32) -> bool {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
    u32::from_str_radix(flags, 8).unwrap() & libc::O_CLOEXEC as u32 != 0
}

fn thread_count() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

fn variables() -> Vec<&'static str> {
    VARIABLES.into_iter().filter(|name| env::var_os(name).is_some()).collect()
}

fn kind(socket: &Activated) -> &'static str {
    match socket {
        Activated::StreamListener(_) => "stream-listener",
        Activated::SeqpacketListener(_) => "seqpacket-listener",
        Activated::Stream(_) => "stream",
        Activated::Seqpacket(_) => "seqpacket",
        Activated::Datagram(_) => "datagram",
        Activated::Other(_) => "other",
        _ => "unknown",
    }
}

fn describe(passed: &ActivatedSocket) -> String {
    let name = passed.name().unwrap_or("(none)");
    format!("{} {} {} {name}", passed.as_fd().as_raw_fd(), kind(passed.socket()), identity(passed))
}

/// One line of a role's report, which the test harness may put behind words of its own.
fn tell(line: &str) {
    println!("\nREPORT {line}");
}

/// What a role reports.
fn report_of(command: &mut Command) -> Vec<String> {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{command:?}: {text}");
    text.lines().filter_map(|line| line.strip_prefix("REPORT ")).map(str::to_owned).collect()
}

/// Gives a command the arguments and the environment of a role.
fn play(mut command: Command, role: &str, argument: &str) -> Command {
    let ours = command_for_role(role, argument);
    command.args(ours.get_args());
    command.envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

fn passing_to_role(passing: Passing, role: &str, argument: &str) -> Command {
    play(passing.command(common::own_program()).unwrap(), role, argument)
}

/// A role that a shell starts after a script of its own.
fn role_after(script: &str, role: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{script}; exec \"$0\" \"$@\"")).arg(common::own_program());
    play(command, role, "")
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_report() {
    begin_role();
    let (open, before) = (open_numbers(), variables());
    let result = activation::take();
    match &result {
        Ok(passed) => {
            passed.iter().for_each(|passed| tell(&describe(passed)));
            assert!(passed.iter().all(|passed| is_close_on_exec(passed.as_fd().as_raw_fd())));
            assert!(activation::take().unwrap().is_empty(), "taken twice");
            assert_eq!(variables(), before, "the harness has a thread that may be reading them");
        }
        Err(error) => {
            tell(&format!("{:?}: {error}", error.kind()));
            assert_eq!(activation::take().unwrap_err().to_string(), error.to_string(), "another error");
            assert_eq!(variables(), before);
        }
    }
    assert_eq!(open_numbers(), open, "descriptors were opened or closed");
    tell(&format!("open {open:?}"));
}

/// What the report has to end with if `count` descriptors are passed.
fn expected_open(count: i32) -> String {
    // Something may have come with this process, and goes on to all its children.
    let ours = report_of(&mut command_for_role("role_report", "")).pop().unwrap();
    let list = ours.strip_prefix("open [").unwrap().strip_suffix(']').unwrap();
    let mut numbers: Vec<i32> = list.split(", ").map(|number| number.parse().unwrap()).collect();
    numbers.extend(3..3 + count);
    numbers.sort_unstable();
    numbers.dedup();
    format!("open {numbers:?}")
}

#[test]
fn every_kind() {
    if !common::has_proc() {
        return;
    }
    within_deadline(|| {
        let folder = Folder::new();
        let stream_listener = UnixListener::bind(folder.0.join("stream")).unwrap();
        let seqpacket_listener = UnixSeqpacketListener::bind(folder.0.join("seqpacket")).unwrap();
        let (stream, _stream_peer) = UnixStream::pair().unwrap();
        let (seqpacket, _seqpacket_peer) = UnixSeqpacket::pair().unwrap();
        let bound = UnixDatagram::bind(folder.0.join("datagram")).unwrap();
        let unbound = UnixDatagram::unbound().unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let (reader, writer) = interprocess::unnamed_pipe::pipe().unwrap();
        let file = fs::File::open("/dev/null").unwrap();

        let all: [(&str, &str, &dyn AsFd); 10] = [
            ("stream-listener", "web", &stream_listener),
            ("seqpacket-listener", "a 'quoted' $(name) \"of\" `sorts` \\", &seqpacket_listener),
            ("stream", "", &stream),
            ("seqpacket", "connection", &seqpacket),
            ("datagram", "log", &bound),
            ("datagram", "log", &unbound),
            ("other", "tcp", &tcp),
            ("other", "reader", &reader),
            ("other", "writer", &writer),
            ("other", "unknown", &file),
        ];
        let mut passing = Passing::new();
        let mut expected = Vec::new();
        for (number, (kind, name, socket)) in (3..).zip(all) {
            passing = passing.socket(name, socket.as_fd()).unwrap();
            expected.push(format!("{number} {kind} {} {name}", identity(socket.as_fd())));
        }
        expected.push(expected_open(10));
        let mut command = passing_to_role(passing, "role_report", "");
        // A command starts as many children as one likes.
        for _ in 0..2 {
            assert_eq!(report_of(&mut command), expected);
        }
    });
}

#[test]
fn many() {
    if !common::has_proc() {
        return;
    }
    within_deadline(|| {
        let sockets: Vec<_> = (0..40).map(|_| UnixDatagram::unbound().unwrap()).collect();
        let mut passing = Passing::new();
        for (index, socket) in sockets.iter().enumerate() {
            passing = passing.socket(&index.to_string(), socket).unwrap();
        }
        let numbered = sockets.iter().enumerate();
        let lines =
            numbered.map(|(index, socket)| format!("{} datagram {} {index}", index + 3, identity(socket)));
        let expected: Vec<_> = lines.chain([expected_open(40)]).collect();
        assert_eq!(report_of(&mut passing_to_role(passing, "role_report", "")), expected);
    });
}

/// Each child gets its own sockets and nobody else's, nor do children that have nothing to do with it.
#[test]
fn spawning_at_the_same_time() {
    if !common::has_proc() {
        return;
    }
    within_deadline(|| {
        let (nothing, one, two) = (expected_open(0), expected_open(1), expected_open(2));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let (a, b) = UnixStream::pair().unwrap();
                        let lone = Passing::new().socket("a", &a).unwrap();
                        let report = report_of(&mut passing_to_role(lone, "role_report", ""));
                        assert_eq!(report, [format!("3 stream {} a", identity(&a)), one.clone()]);

                        let both = Passing::new().socket("b", &b).unwrap().socket("a", &a).unwrap();
                        let report = report_of(&mut passing_to_role(both, "role_report", ""));
                        let [first, second] = [identity(&b), identity(&a)];
                        let lines = [format!("3 stream {first} b"), format!("4 stream {second} a")];
                        assert_eq!(report, [&lines[..], std::slice::from_ref(&two)].concat());

                        let report = report_of(&mut command_for_role("role_report", ""));
                        assert_eq!(report, std::slice::from_ref(&nothing));
                    }
                });
            }
        });
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_supervisor() {
    begin_role();
    let open = open_numbers();
    let mut command = Passing::new().socket("x", std::io::stdin()).unwrap().command("true").unwrap();
    // The number that the child gets, and beyond it what is passed.
    assert_eq!(open_numbers().len(), open.len() + 2);
    assert!(command.status().unwrap().success());
    assert_eq!(open_numbers().len(), open.len() + 2);
    drop(command);
    assert_eq!(open_numbers(), open);

    // What std's `Command` reports the failure on is not among the numbers that are replaced in the child.
    let mut passing = Passing::new();
    for _ in 0..20 {
        passing = passing.socket("x", std::io::stdin()).unwrap();
    }
    let mut command = passing.command("true").unwrap();
    assert_eq!(command.arg("x".repeat(1 << 20)).spawn().unwrap_err().raw_os_error(), Some(libc::E2BIG));
}

#[test]
fn a_supervisor_keeps_nothing() {
    if !common::has_proc() {
        return;
    }
    if !common::has_room_for_descriptors(100) {
        return;
    }
    common::start_role("role_supervisor", "").succeeds();
}

#[test]
fn for_another_process() {
    if !common::has_proc() {
        return;
    }
    let mut command = command_for_role("role_report", "");
    command.env("LISTEN_PID", "1").env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "a");
    assert_eq!(report_of(&mut command), [expected_open(0)]);
}

#[test]
fn what_is_wrong_takes_nothing() {
    if !common::has_proc() {
        return;
    }
    within_deadline(|| {
        for (script, message) in [
            ("LISTEN_FDS=x", "the variable LISTEN_FDS has the value \"x\": not a number"),
            ("LISTEN_FDS=0", "the variable LISTEN_FDS has the value \"0\": no descriptor"),
            ("LISTEN_FDS=1 LISTEN_FDNAMES=a:b", "the variable LISTEN_FDNAMES has the value \"a:b\": 2 names"),
            ("LISTEN_FDS=2 LISTEN_FDNAMES=a:b", "LISTEN_FDS=2, but descriptor 4 is not open in this process"),
        ] {
            // What 4 is in this process may have come with it.
            let script = format!("{script}; export LISTEN_PID=$$ LISTEN_FDS LISTEN_FDNAMES; exec 3<&0 4<&-");
            let mut command = role_after(&format!("LISTEN_FDNAMES=a; {script}"), "role_report");
            let report = report_of(command.stdin(Stdio::null()));
            assert!(report[0].starts_with(&format!("InvalidData: {message}")), "{report:?}");
            assert!(report[1].contains("[0, 1, 2, 3"), "{report:?}");
        }
        let script = "export LISTEN_PID=$$x LISTEN_FDS=1";
        let report = report_of(&mut role_after(script, "role_report"));
        assert!(report[0].starts_with("InvalidData: the variable LISTEN_PID"), "{report:?}");
    });
}

/// Without `LISTEN_FDNAMES`.
#[test]
fn without_names() {
    if !common::has_proc() {
        return;
    }
    let script = "export LISTEN_PID=$$ LISTEN_FDS=1; unset LISTEN_FDNAMES; exec 3</dev/null";
    let report = report_of(&mut role_after(script, "role_report"));
    assert_eq!(report[0], "3 other /dev/null (none)");
}

/// What a supervisor starts that does not know the process ID of the service.
#[test]
#[ignore = "a role, which another test starts"]
fn role_without_pid() {
    let expected = begin_role();
    if env::var_os("LISTEN_PID").is_none() {
        assert!(activation::take().unwrap().is_empty(), "taken without the option");
    }
    let passed = activation::take_without_pid().unwrap();
    assert_eq!(passed.iter().map(describe).collect::<Vec<_>>().join(";"), expected);
    assert!(passed.iter().all(|passed| is_close_on_exec(passed.as_fd().as_raw_fd())));
    assert!(activation::take_without_pid().unwrap().is_empty(), "taken twice");
    assert!(activation::take().unwrap().is_empty(), "taken twice");
}

#[test]
fn a_process_id_is_not_needed_by_option() {
    if !common::has_proc() {
        return;
    }
    const PASSED: &str = "3 other /dev/null one;4 other /dev/zero two";
    for (pid, expected) in [
        ("unset LISTEN_PID", PASSED),
        ("export LISTEN_PID=", PASSED),
        ("export LISTEN_PID=$$", PASSED),
        // A service that passed its environment on to this process.
        ("export LISTEN_PID=1", ""),
    ] {
        let script =
            format!("{pid}; export LISTEN_FDS=2 LISTEN_FDNAMES=one:two; exec 3</dev/null 4</dev/zero");
        let mut command = role_after(&script, "role_without_pid");
        let status = command.env("IP3_TEST_ARGUMENT", expected).stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{pid}");
    }
}

/// Passed descriptors that are no ends of pipes, or the other end, stay there to be taken for what they are.
#[test]
#[ignore = "a role, which another test starts"]
fn role_with_no_pipe() {
    use interprocess::unnamed_pipe::{Recver, Sender};
    begin_role();
    for (error, part) in [
        (Recver::take_inherited("recv-3").unwrap_err(), "not a pipe"),
        (Recver::take_inherited("recv-4").unwrap_err(), "other direction"),
        (Recver::take_inherited("recv-5").unwrap_err(), "not inherited"),
        (Recver::take_inherited("recv-0").unwrap_err(), "standard stream"),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    Sender::take_inherited("send-4").unwrap();
    let error = activation::take_without_pid().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "4 is taken: {error}");
}

#[test]
fn passed_descriptors_are_checked_before_they_are_taken() {
    let script = "unset LISTEN_PID LISTEN_FDNAMES; export LISTEN_FDS=2; exec 3</dev/null 4>&1 5<&0";
    let (_sender, recver) = interprocess::unnamed_pipe::pipe().unwrap();
    let output = role_after(script, "role_with_no_pipe").stdin(Stdio::from(recver)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// The harness runs each test in a thread of its own, but a process that is forked has one thread.
#[allow(unsafe_code)]
#[test]
#[ignore = "a role, which another test starts"]
fn role_with_one_thread() {
    begin_role();
    // SAFETY: the harness's other thread waits for this one and holds no lock that the child needs.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let result = std::panic::catch_unwind(|| {
            // SAFETY: a process that is forked has one thread.
            unsafe { env::set_var("LISTEN_PID", std::process::id().to_string()) };
            assert_eq!(activation::take().unwrap().len(), 1);
            // Emulators have threads of their own.
            if thread_count() == 1 || cfg!(target_arch = "x86_64") {
                assert!(variables().is_empty(), "{:?}", variables());
            }
            assert!(activation::take().unwrap().is_empty(), "taken twice");
        });
        // SAFETY: nothing of the harness is to run in this process.
        unsafe { libc::_exit(result.is_err().into()) };
    }
    let mut status = 0;
    // SAFETY: the pointer is to an int that the call fills.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
}

#[test]
fn variables_that_are_removed() {
    if !common::has_proc() {
        return;
    }
    let (socket, _peer) = UnixStream::pair().unwrap();
    let passing = Passing::new().socket("x", &socket).unwrap();
    report_of(&mut passing_to_role(passing, "role_with_one_thread", ""));
}

/// A process with two threads, and its children.
#[test]
#[ignore = "a role, which another test starts"]
fn role_with_threads() {
    begin_role();
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(activation::take().unwrap().len(), 1);
            assert_eq!(variables(), VARIABLES[..3], "variables were changed that other threads may read");
            assert!(activation::take().unwrap().is_empty(), "taken twice");
            const LOOK: &str =
                r#"echo "${LISTEN_FDS-none} $([ -e /proc/self/fd/3 ] && echo open)$LISTEN_PID""#;
            let mut command = Command::new("sh");
            command.arg("-c").arg(LOOK);
            let look = |command: &mut Command| String::from_utf8(command.output().unwrap().stdout).unwrap();
            assert_eq!(look(&mut command), format!("1 {}\n", std::process::id()));
            activation::remove_from(&mut command);
            assert_eq!(look(&mut command), "none \n");
        });
    });
}

#[test]
fn variables_that_stay() {
    let (socket, _peer) = UnixStream::pair().unwrap();
    let passing = Passing::new().socket("x", &socket).unwrap();
    report_of(&mut passing_to_role(passing, "role_with_threads", ""));
}

/// The descriptors that the child has for other things do not get into the way of those that are passed.
#[test]
fn beside_other_arrangements() {
    let (socket, mut peer) = UnixStream::pair().unwrap();
    let mut command = Passing::new().socket("x", &socket).unwrap().command("sh").unwrap();
    command.arg("-c").arg("cat; echo error >&2; echo passed >&3; cat <&3");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop((command, socket));
    child.stdin.take().unwrap().write_all(b"input ").unwrap();
    peer.write_all(b"answer").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"input answer");
    assert_eq!(output.stderr, b"error\n");
    let mut passed = String::new();
    peer.read_to_string(&mut passed).unwrap();
    assert_eq!(passed, "passed\n");
}

#[test]
fn arguments_and_environment_arrive() {
    const ODD: [&str; 8] = ["", " ", "a b", "'", "\"$HOME\"", "`ls`\\", "-c", "new\nline ä"];
    let (socket, _peer) = UnixStream::pair().unwrap();
    let passing = || Passing::new().socket("it's \"$HOME\" `x` \\", &socket).unwrap();
    let mut command = passing().command("printf").unwrap();
    let output = command.arg(r"%s\0").args(ODD).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), ODD.map(|text| format!("{text}\0")).concat());

    let mut command = passing().command("env").unwrap();
    command.arg("-0").env("LEFT", "out").env("LISTEN_FDS", "9").env_clear().env("LISTEN_PIDFDID", "1");
    command.envs(ODD.iter().enumerate().map(|(index, text)| (format!("odd{index}"), text)));
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let mut got: Vec<_> = output.split_terminator('\0').collect();
    // Shells add these.
    got.retain(|variable| !["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|name| variable.starts_with(name)));
    got.sort_unstable();
    let mut expected = vec![
        "LISTEN_FDNAMES=it's \"$HOME\" `x` \\".to_owned(),
        "LISTEN_FDS=1".to_owned(),
        format!("LISTEN_PID={pid}"),
    ];
    expected.extend(ODD.iter().enumerate().map(|(index, text)| format!("odd{index}={text}")));
    assert_eq!(got, expected);
}

#[test]
fn what_cannot_be_passed() {
    let (socket, _peer) = UnixStream::pair().unwrap();
    let passing = || Passing::new().socket("", &socket).unwrap();
    let kind = |program: &str| passing().command(program).unwrap_err().kind();
    // execvp(3) says so too if a directory in PATH may not be searched, such as another user's.
    let absent = kind("no-program-has-this-name");
    assert!(matches!(absent, ErrorKind::NotFound | ErrorKind::PermissionDenied), "{absent}");
    assert_eq!(kind("./no-program-has-this-name"), ErrorKind::NotFound);
    assert_eq!(kind("/"), ErrorKind::PermissionDenied);
    assert_eq!(Passing::new().command("true").unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(Passing::new().socket("a:b", &socket).unwrap_err().kind(), ErrorKind::InvalidInput);
    let launchd = activation::take_from_launchd("x").unwrap_err();
    assert_eq!(launchd.kind(), ErrorKind::Unsupported, "{launchd}");
    assert_eq!(activation::take_from_launchd("a\0b").unwrap_err().kind(), ErrorKind::InvalidInput);

    // What only exec finds out is a child that fails.
    let folder = Folder::new();
    let path = folder.0.join("program");
    fs::write(&path, "#!/no/interpreter\n").unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = passing().command(&path).unwrap();
    let code = command.stderr(Stdio::null()).status().unwrap().code();
    assert!(matches!(code, Some(126 | 127)), "{code:?}");
}

/// One client, or all that a connection or pipe has; `>` before what was received says that it was here.
fn serve(socket: Activated) {
    let echo = |mut stream: &UnixStream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        write!(stream, ">{text}").unwrap();
    };
    let echo_packet = |socket: &UnixSeqpacket| {
        let mut buffer = [b'>'; 100];
        let length = socket.recv(&mut buffer[1..]).unwrap();
        socket.send(&buffer[..=length]).unwrap();
    };
    match socket {
        Activated::StreamListener(listener) => echo(&listener.accept().unwrap().0),
        Activated::Stream(stream) => echo(&stream),
        Activated::SeqpacketListener(listener) => echo_packet(&listener.accept().unwrap().0),
        Activated::Seqpacket(socket) => echo_packet(&socket),
        Activated::Datagram(socket) => {
            let mut buffer = [b'>'; 100];
            let (length, from) = socket.recv_from(&mut buffer[1..]).unwrap();
            socket.send_to_addr(&buffer[..=length], &from).unwrap();
        }
        Activated::Other(fd) => {
            let mut text = String::new();
            let mut stream = TcpListener::from(fd).accept().unwrap().0;
            stream.read_to_string(&mut text).unwrap();
            write!(stream, ">{text}").unwrap();
        }
        other => panic!("{other:?}"),
    }
}

/// Serves all that is passed, in that order. The argument is what that has to be.
#[test]
#[ignore = "a role, which another test starts"]
fn role_server() {
    let expected = begin_role();
    let passed = activation::take().unwrap();
    let kinds =
        passed.iter().map(|passed| format!("{}={}", passed.name().unwrap_or(""), kind(passed.socket())));
    assert_eq!(kinds.collect::<Vec<_>>().join(" "), expected);
    passed.into_iter().for_each(|passed| serve(passed.into_socket()));
}

fn expect_echo(mut stream: impl Read + Write, end: impl FnOnce()) {
    stream.write_all(b"hello").unwrap();
    end();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, ">hello");
}

fn expect_stream_echo(stream: &UnixStream) {
    expect_echo(stream, || stream.shutdown(Shutdown::Write).unwrap());
}

fn expect_packet_echo(socket: &UnixSeqpacket) {
    socket.send(b"hello").unwrap();
    let mut answer = [0; 100];
    let length = socket.recv(&mut answer).unwrap();
    assert_eq!(&answer[..length], b">hello");
}

fn expect_datagram_echo(to: &Path, folder: &Folder) {
    let socket = UnixDatagram::bind(folder.0.join("client")).unwrap();
    until_there(|| socket.send_to(b"hello", to));
    let mut answer = [0; 100];
    let length = socket.recv(&mut answer).unwrap();
    assert_eq!(&answer[..length], b">hello");
}

/// Tries until somebody listens.
fn until_there<T>(mut attempt: impl FnMut() -> std::io::Result<T>) -> T {
    loop {
        match attempt() {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                thread::sleep(Duration::from_millis(1));
            }
            other => return other.unwrap(),
        }
    }
}

#[test]
fn what_is_taken_works() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = |name: &str| folder.0.join(name);
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let tcp_address = tcp.local_addr().unwrap();
        let (stream, stream_peer) = UnixStream::pair().unwrap();
        let (seqpacket, seqpacket_peer) = UnixSeqpacket::pair().unwrap();
        let passing = Passing::new()
            .socket("a", UnixListener::bind(path("a")).unwrap())
            .and_then(|passing| passing.socket("b", UnixSeqpacketListener::bind(path("b"))?))
            .and_then(|passing| passing.socket("c", UnixDatagram::bind(path("c"))?))
            .and_then(|passing| passing.socket("d", tcp))
            .and_then(|passing| passing.socket("e", stream))
            .and_then(|passing| passing.socket("f", seqpacket))
            .unwrap();
        let kinds = "a=stream-listener b=seqpacket-listener c=datagram d=other e=stream f=seqpacket";
        let mut command = passing_to_role(passing, "role_server", kinds);
        let mut child = Killed(command.stdout(Stdio::null()).spawn().unwrap());
        drop(command);
        expect_stream_echo(&UnixStream::connect(path("a")).unwrap());
        expect_packet_echo(&UnixSeqpacket::connect(path("b")).unwrap());
        expect_datagram_echo(&path("c"), &folder);
        let tcp = TcpStream::connect(tcp_address).unwrap();
        expect_echo(&tcp, || tcp.shutdown(Shutdown::Write).unwrap());
        expect_stream_echo(&stream_peer);
        expect_packet_echo(&seqpacket_peer);
        child.succeeds();
    });
}

/// `role_server` behind `systemd-socket-activate`, which hands it the environment that it is told to.
fn socket_activate(options: &[&str], path: &Path, expected: &str) -> Option<Killed> {
    let mut command = common::program("systemd-socket-activate")?;
    let role = command_for_role("role_server", expected);
    command.args(options).arg("-l").arg(path);
    for (name, value) in role.get_envs() {
        command.arg(format!("-E{}={}", name.to_str().unwrap(), value.unwrap().to_str().unwrap()));
    }
    command.arg(role.get_program()).args(role.get_args());
    // Its log is of no interest unless something fails, which then shows in what it serves.
    Some(Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()))
}

#[test]
fn systemd_passes_a_stream_listener() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("socket");
        let Some(mut child) = socket_activate(&["--fdname=web"], &path, "web=stream-listener") else {
            return;
        };
        expect_stream_echo(&until_there(|| UnixStream::connect(&path)));
        child.succeeds();
    });
}

#[test]
fn systemd_passes_several() {
    within_deadline(|| {
        let folder = Folder::new();
        let (first, second) = (folder.0.join("first"), folder.0.join("second"));
        let options = ["--fdname=a:b", "-l", first.to_str().unwrap()];
        let Some(mut child) = socket_activate(&options, &second, "a=stream-listener b=stream-listener")
        else {
            return;
        };
        let [first, second] = [first, second].map(|path| until_there(|| UnixStream::connect(&path)));
        expect_stream_echo(&first);
        expect_stream_echo(&second);
        child.succeeds();
    });
}

#[test]
fn systemd_passes_a_seqpacket_listener() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("socket");
        let options = ["--seqpacket", "--fdname=packets"];
        let Some(mut child) = socket_activate(&options, &path, "packets=seqpacket-listener") else { return };
        expect_packet_echo(&until_there(|| UnixSeqpacket::connect(&path)));
        child.succeeds();
    });
}

#[test]
fn systemd_passes_a_datagram_socket() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("socket");
        let options = ["--datagram", "--fdname=log"];
        let Some(mut child) = socket_activate(&options, &path, "log=datagram") else { return };
        expect_datagram_echo(&path, &folder);
        child.succeeds();
    });
}

/// A process for each client. The clients here are ours and Python's.
#[test]
fn systemd_passes_connections() {
    const CLIENT: &str = r#"
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1])
    s.sendall(b"from python")
    s.shutdown(socket.SHUT_WR)
    print(s.makefile().read())
"#;
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("socket");
        let Some(_child) = socket_activate(&["-a", "--fdname=one"], &path, "one=stream") else { return };
        for _ in 0..3 {
            expect_stream_echo(&until_there(|| UnixStream::connect(&path)));
        }
        let Some(mut python) = common::program("python3") else { return };
        let output = python.arg("-c").arg(CLIENT).arg(&path).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), ">from python\n");
    });
}

/// systemd's own program takes what we pass and adds a socket of its own.
#[test]
fn systemd_takes_what_is_passed() {
    within_deadline(|| {
        let folder = Folder::new();
        let path = folder.0.join("socket");
        if common::program("systemd-socket-activate").is_none() {
            return;
        }
        let passing =
            Passing::new().socket("ours", UnixListener::bind(folder.0.join("ours")).unwrap()).unwrap();
        let mut command = passing.command("systemd-socket-activate").unwrap();
        let role = command_for_role("role_server", "=stream-listener =stream-listener");
        command.arg("-l").arg(&path);
        for (name, value) in role.get_envs() {
            command.arg(format!("-E{}={}", name.to_str().unwrap(), value.unwrap().to_str().unwrap()));
        }
        command.arg(role.get_program()).args(role.get_args());
        let mut child = Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let theirs = until_there(|| UnixStream::connect(&path));
        expect_stream_echo(&UnixStream::connect(folder.0.join("ours")).unwrap());
        expect_stream_echo(&theirs);
        child.succeeds();
    });
}

#[test]
fn python_takes_what_is_passed() {
    const SERVER: &str = r#"
import os, socket
assert int(os.environ["LISTEN_PID"]) == os.getpid(), "LISTEN_PID"
assert os.environ["LISTEN_FDS"] == "2", "LISTEN_FDS"
assert os.environ["LISTEN_FDNAMES"] == "requests:log", "LISTEN_FDNAMES"
requests, log = socket.socket(fileno=3), socket.socket(fileno=4)
assert requests.family == log.family == socket.AF_UNIX
assert requests.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
assert log.type == socket.SOCK_DGRAM
connection, _ = requests.accept()
connection.sendall(b">" + connection.makefile("rb").read())
connection.close()
data, client = log.recvfrom(100)
log.sendto(b">" + data, client)
"#;
    within_deadline(|| {
        if common::program("python3").is_none() {
            return;
        }
        let folder = Folder::new();
        let requests = UnixListener::bind(folder.0.join("requests")).unwrap();
        let log = UnixDatagram::bind(folder.0.join("log")).unwrap();
        let passing = Passing::new().socket("requests", &requests).unwrap().socket("log", &log).unwrap();
        let mut command = passing.command("python3").unwrap();
        let mut child = Killed(command.arg("-c").arg(SERVER).spawn().unwrap());
        expect_stream_echo(&UnixStream::connect(folder.0.join("requests")).unwrap());
        expect_datagram_echo(&folder.0.join("log"), &folder);
        child.succeeds();
    });
}

#[test]
fn bash_takes_what_is_passed() {
    if common::program("bash").is_none() {
        return;
    }
    let (stream, peer) = UnixStream::pair().unwrap();
    let mut command = Passing::new().socket("x", OwnedFd::from(stream)).unwrap().command("bash").unwrap();
    command.arg("-c").arg(r#"[ "$LISTEN_PID" = $$ ] && read -r line <&3; printf ">%s" "$line" >&3"#);
    let mut child = Killed(command.spawn().unwrap());
    drop(command);
    expect_stream_echo(&peer);
    child.succeeds();
}
