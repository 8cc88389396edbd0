//! Handing pipe ends, sockets and standard streams to one child, and that nothing else can be taken for them.

mod common;

use common::{begin_role, command_for_role, within_deadline};
use interprocess::unnamed_pipe::{Inherit, InheritToken, Recver, Sender, pipe};
use std::{
    io::{ErrorKind, Read, Write},
    process::{Child, Command, Stdio},
};

/// A pipe whose receiver is to be handed over.
struct Sent {
    sender: Sender,
    token: InheritToken,
}

impl Sent {
    fn new(inherit: &mut Inherit) -> Self {
        let (sender, recver) = pipe().unwrap();
        Self { token: recver.inherit(inherit).unwrap(), sender }
    }

    /// Writes the token through the pipe, which the child looks for.
    fn finish(mut self) {
        self.sender.write_all(self.token.to_string().as_bytes()).unwrap();
    }
}

/// Whether each end is there and is the right one.
fn check_ends<'a>(tokens: impl Iterator<Item = &'a str>) {
    for token in tokens {
        let mut text = String::new();
        Recver::take_inherited(token).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, token);
        let error = Recver::take_inherited(token).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "taken twice: {error}");
    }
}

/// Finds all ends, or none if the argument begins with `none`.
#[test]
#[ignore = "a role, which another test starts"]
fn role_heir() {
    let argument = begin_role();
    let mut words = argument.split(' ');
    if words.next() == Some("all") {
        return check_ends(words);
    }
    for token in words {
        let error = Recver::take_inherited(token).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
}

fn give_ends(command: &mut Command, ends: Vec<Sent>, inherit: Inherit) -> std::io::Result<Child> {
    let child = inherit.spawn(command)?;
    ends.into_iter().for_each(Sent::finish);
    Ok(child)
}

#[test]
fn used_command_starts_children_without_the_ends() {
    within_deadline(|| {
        let mut command = command_for_role("role_heir", "");
        command.stdout(Stdio::null());
        for _ in 0..3 {
            let mut inherit = Inherit::new();
            let ends: Vec<_> = (0..3).map(|_| Sent::new(&mut inherit)).collect();
            let words: Vec<_> = ends.iter().map(|end| end.token.to_string()).collect();
            command.env("IP3_TEST_ARGUMENT", format!("all {}", words.join(" ")));
            assert!(give_ends(&mut command, ends, inherit).unwrap().wait().unwrap().success());
            command.env("IP3_TEST_ARGUMENT", format!("none {}", words.join(" ")));
            assert!(command.status().unwrap().success());
        }
    });
}

/// What was taken is not there for children, although the environment that announced it is.
#[test]
#[ignore = "a role, which another test starts"]
fn role_intermediate() {
    let token = begin_role();
    check_ends([&*token].into_iter());
    let mut command = command_for_role("role_heir", &format!("none {token}"));
    assert!(command.stdout(Stdio::null()).status().unwrap().success());
}

#[test]
fn taken_ends_are_not_inherited() {
    within_deadline(|| {
        let mut inherit = Inherit::new();
        let end = Sent::new(&mut inherit);
        let mut command = command_for_role("role_intermediate", end.token.as_ref());
        let child = give_ends(command.stdout(Stdio::null()), vec![end], inherit);
        assert!(child.unwrap().wait().unwrap().success());
    });
}

/// Safe code can make its own ends look inherited, and still gets no second owner of them.
#[allow(unsafe_code)]
#[test]
#[ignore = "a role, which another test starts"]
fn role_forger() {
    begin_role();
    let (mut sender, recver) = owned_but_inheritable();
    let numbers = [number(&sender), number(&recver)];
    let variables = [
        ("INTERPROCESS_INHERITED", format!("{},{}", numbers[0], numbers[1])),
        ("LISTEN_FDS", "100".to_owned()),
        ("LISTEN_PID", std::process::id().to_string()),
    ];
    for (name, value) in variables {
        // SAFETY: nothing reads the environment meanwhile. Safe code can do the same in older editions.
        unsafe { std::env::set_var(name, value) };
    }
    let sending = Sender::take_inherited(&format!("send-{}", numbers[0])).unwrap_err();
    let receiving = Recver::take_inherited(&format!("recv-{}", numbers[1])).unwrap_err();
    for error in [sending, receiving] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    #[cfg(unix)]
    {
        use interprocess::os::unix::uds::activation;
        for error in [activation::take().unwrap_err(), activation::take_without_pid().unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
        }
    }
    // Both are still there, and owned once.
    sender.write_all(b"x").unwrap();
    drop(sender);
    let mut text = String::new();
    { recver }.read_to_string(&mut text).unwrap();
    assert_eq!(text, "x");
}

#[test]
fn own_ends_are_not_taken_for_inherited() {
    within_deadline(|| {
        let mut command = command_for_role("role_forger", "");
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
    });
}

/// Takes what the argument says, which was announced twice, and then owns something of the same number.
#[test]
#[ignore = "a role, which another test starts"]
fn role_told_twice() {
    let given = begin_role();
    let token = format!("recv-{given}");
    // What a control pipe of Windows says does not matter here, but that it is taken.
    let _ = Recver::take_inherited(&token);
    let pipes: Vec<_> = (0..100).map(|_| owned_but_inheritable()).collect();
    let reused = pipes.into_iter().find(|(_, recver)| number(recver).to_string() == given);
    let Some((mut sender, mut recver)) = reused else {
        return common::skip("the number was not given again");
    };
    // On Windows, this would be taken for the value of a handle that was handed over.
    sender.write_all(&[0; 8]).unwrap();
    let error = Recver::take_inherited(&token).unwrap_err();
    let expected = if cfg!(windows) { "was taken already" } else { "was not inherited" };
    assert!(error.to_string().contains(expected), "{error}");
    sender.write_all(b"x").unwrap();
    drop(sender);
    let mut bytes = Vec::new();
    recver.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"\0\0\0\0\0\0\0\0x");
}

#[test]
fn end_announced_twice_is_taken_once() {
    #[cfg(unix)]
    if !common::has_room_for_descriptors(64) {
        return;
    }
    within_deadline(|| {
        let (mut sender, recver) = owned_but_inheritable();
        sender.write_all(&[0; 8]).unwrap();
        let given = number(&recver);
        let mut command = command_for_role("role_told_twice", &given.to_string());
        command.env("INTERPROCESS_INHERITED", format!("{given},{given}"));
        assert!(command.status().unwrap().success());
    });
}

#[cfg(windows)]
fn owned_but_inheritable() -> (Sender, Recver) {
    interprocess::os::windows::unnamed_pipe::CreationOptions::new().inheritable(true).build().unwrap()
}

#[cfg(windows)]
fn number(end: &impl std::os::windows::io::AsRawHandle) -> u64 {
    end.as_raw_handle().addr() as u64
}

#[cfg(unix)]
fn owned_but_inheritable() -> (Sender, Recver) {
    let (sender, recver) = pipe().unwrap();
    rustix::io::fcntl_setfd(&sender, rustix::io::FdFlags::empty()).unwrap();
    rustix::io::fcntl_setfd(&recver, rustix::io::FdFlags::empty()).unwrap();
    (sender, recver)
}

#[cfg(unix)]
fn number(end: &impl std::os::fd::AsRawFd) -> u64 {
    end.as_raw_fd() as u64
}

#[cfg(unix)]
mod with_passing {
    use super::{Inherit, Sent, begin_role, check_ends, command_for_role, give_ends, pipe, within_deadline};
    use interprocess::os::unix::uds::{
        UnixDatagram,
        activation::{self, Passing},
    };
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::{
        io::{self, ErrorKind, Read, Write},
        process::{Child, Command, Stdio},
    };

    /// Checks all that was given to it: the sockets by what comes out of them, then ends, then standard streams.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_child() {
        let tokens = begin_role();
        let sockets = activation::take().unwrap();
        assert!(!sockets.is_empty());
        for (index, passed) in sockets.iter().enumerate() {
            let activation::Activated::Datagram(socket) = passed.socket() else { panic!("{passed:?}") };
            let mut text = [0; 100];
            let length = socket.recv(&mut text).unwrap();
            assert_eq!(text[..length], *index.to_string().as_bytes());
            assert_eq!(passed.name(), Some(&*index.to_string()));
        }
        check_ends(tokens.split(' '));
        let mut input = String::new();
        io::stdin().read_to_string(&mut input).unwrap();
        assert_eq!(input, "input");
        io::stderr().write_all(b"error").unwrap();
    }

    /// The peers of what is passed, which hold what the child receives.
    fn passing(count: usize) -> io::Result<(Passing, Vec<UnixDatagram>)> {
        let mut passing = Passing::new();
        let mut peers = Vec::new();
        for index in 0..count {
            let (socket, peer) = UnixDatagram::pair()?;
            peer.send(index.to_string().as_bytes())?;
            passing = passing.socket(&index.to_string(), &socket)?;
            peers.push(peer);
        }
        Ok((passing, peers))
    }

    fn command(passing: Passing) -> io::Result<Command> {
        let role = command_for_role("with_passing::role_child", "");
        let mut command = passing.command(role.get_program())?;
        command.args(role.get_args());
        command.envs(role.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Ok(command)
    }

    fn start(command: &mut Command, ends: Vec<Sent>, inherit: Inherit) -> io::Result<()> {
        let tokens: Vec<_> = ends.iter().map(|end| end.token.to_string()).collect();
        command.env("IP3_TEST_ARGUMENT", tokens.join(" "));
        let (mut input, child_input) = pipe()?;
        let (child_error, mut error) = pipe()?;
        input.write_all(b"input")?;
        drop(input);
        command.stdin(Stdio::from(child_input)).stdout(Stdio::null()).stderr(Stdio::from(child_error));
        let child = give_ends(command, ends, inherit);
        // It holds the child's streams.
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let mut child: Child = child?;
        let mut text = String::new();
        error.read_to_string(&mut text)?;
        assert!(child.wait()?.success(), "{text}");
        assert_eq!(text, "error");
        Ok(())
    }

    /// Ends first, sockets first, and one command for all.
    fn all_orders(sockets: usize, pipes: usize) -> io::Result<()> {
        let mut inherit = Inherit::new();
        let ends: Vec<_> = (0..pipes).map(|_| Sent::new(&mut inherit)).collect();
        let (passed, _peers) = passing(sockets)?;
        start(&mut command(passed)?, ends, inherit)?;

        let (passed, peers) = passing(sockets)?;
        let mut command = command(passed)?;
        for round in 0..2 {
            if round > 0 {
                for (index, peer) in peers.iter().enumerate() {
                    peer.send(index.to_string().as_bytes())?;
                }
            }
            let mut inherit = Inherit::new();
            let ends: Vec<_> = (0..pipes).map(|_| Sent::new(&mut inherit)).collect();
            start(&mut command, ends, inherit)?;
        }
        Ok(())
    }

    /// A process in which the next descriptors that are opened have the lowest numbers.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_parent() {
        begin_role();
        limit_descriptors(200);
        for (sockets, pipes) in [(1, 1), (2, 1), (1, 5), (20, 5)] {
            all_orders(sockets, pipes).unwrap();
        }
    }

    /// Passes over the test if so many descriptors can't be open.
    fn expect_success_with(descriptors: u64, role: &str) {
        if getrlimit(Resource::Nofile).maximum.is_some_and(|most| most < descriptors) {
            crate::common::skip(format_args!(
                "fewer than {descriptors} descriptors may be open (RLIMIT_NOFILE)"
            ));
            return;
        }
        let mut command = command_for_role(role, "");
        assert!(command.stdout(Stdio::null()).status().unwrap().success());
    }

    #[test]
    fn all_that_a_child_gets_arrives() {
        // It starts hundreds of children.
        if crate::common::is_emulated() {
            return crate::common::skip("starting a program takes too long under an emulator");
        }
        within_deadline(|| expect_success_with(200, "with_passing::role_parent"));
    }

    fn limit_descriptors(current: u64) {
        let limit = Rlimit { current: Some(current), ..getrlimit(Resource::Nofile) };
        setrlimit(Resource::Nofile, limit).unwrap();
    }

    /// With few descriptors it is all or an error.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_poor_parent() {
        begin_role();
        let mut succeeded = 0;
        for limit in [16, 20, 30, 40] {
            for sockets in 1..10 {
                limit_descriptors(limit);
                match all_orders(sockets, 1) {
                    Ok(()) => succeeded += 1,
                    Err(error) => assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}"),
                }
            }
        }
        assert!(succeeded > 0);
    }

    #[test]
    fn few_descriptors_are_all_that_a_child_gets_or_an_error() {
        // It starts hundreds of children.
        if crate::common::is_emulated() {
            return crate::common::skip("starting a program takes too long under an emulator");
        }
        within_deadline(|| expect_success_with(40, "with_passing::role_poor_parent"));
    }

    /// The limit when the end gets its number is no longer the limit when sockets get theirs.
    #[test]
    #[ignore = "a role, which another test starts"]
    fn role_parent_with_another_limit() {
        begin_role();
        limit_descriptors(40);
        let mut inherit = Inherit::new();
        let end = Sent::new(&mut inherit);
        limit_descriptors(400);
        let (passed, _peers) = passing(50).unwrap();
        let error = start(&mut command(passed).unwrap(), vec![end], inherit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ResourceBusy, "{error}");
        assert!(error.to_string().contains("Passing"), "{error}");
    }

    #[test]
    fn one_number_for_two_is_an_error() {
        within_deadline(|| expect_success_with(400, "with_passing::role_parent_with_another_limit"));
    }
}
