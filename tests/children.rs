//! What tests start ends with them (`tests/common/children.rs`).
#![cfg(any(target_os = "linux", windows))]
#![cfg(not(miri))]

mod common;

use common::{Killed, begin_role, command_for_role, within_deadline};
use std::{
    io::{BufRead, BufReader, Read},
    process::Stdio,
    thread,
};

#[test]
fn child_ends_with_a_killed_test() {
    within_deadline(|| {
        let mut test = Killed(command_for_role("role_test", "").stdout(Stdio::piped()).spawn().unwrap());
        let mut output = BufReader::new(test.0.stdout.take().unwrap());
        let mut line = String::new();
        while !line.ends_with("its child runs\n") {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "it has ended");
        }
        test.kill();
        // The end comes when the child has closed its standard output, too.
        output.read_to_end(&mut Vec::new()).unwrap();
    });
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_test() {
    begin_role();
    command_for_role("role_child", "").status().unwrap();
}

#[test]
#[ignore = "a role, which another test starts"]
fn role_child() {
    begin_role();
    println!("its child runs");
    loop {
        thread::park();
    }
}
