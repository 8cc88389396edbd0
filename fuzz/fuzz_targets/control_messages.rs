//! Control messages from anywhere, and moving them without losing or doubling a descriptor.
#![no_main]

use interprocess::os::unix::fuzzing::{move_control_messages, read_control_messages};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read_control_messages(bytes);
    move_control_messages(bytes);
});
