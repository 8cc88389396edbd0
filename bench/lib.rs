//! Comparisons of the interprocess crate with its peers, interprocess 2.4 above all.
//!
//! - `tests/interop.rs`: programs of both versions talk to each other.
//! - `tests/messages.rs`: the same for named pipes of messages.
//! - `tests/drop_in.rs`: one program text compiles and works with both.
//! - `suite_2/`: 2.4's own tests, with this version. `.ci/platforms/suite-of-2.sh` runs them.
//! - `tests/syscalls.rs`: how many system calls an operation takes, here and elsewhere.
//! - `benches/local_socket.rs`: how fast it is, here and elsewhere.
//! - `benches/named_pipe.rs`: how fast Tokio's named pipes are, beside Tokio's own and 2.4's.
//! - `benches/named_pipe_sizes.rs`: how fast ours are at a server whose pipe has no size.
//! - `benches/uds.rs`: how fast batches of datagrams are, beside std's way of one call each.
//! - `benches/instructions.rs`: how many instructions an operation takes, beside std's.
//!
//! `cargo bench -p bench` runs all of the benchmarks, `cargo bench -p bench --bench uds` those of a file. The last three
//! end with an error if a ratio is not what it should be; `--no-fail-fast` goes on to the next file nevertheless.
//!
//! This library is what they share.

use std::path::PathBuf;

/// Bytes without a pattern (xorshift64), so that a lost, doubled or moved part changes their checksum.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// The noise of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// Fills the buffer with what comes next. Its length is a multiple of 8.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for word in buffer.chunks_exact_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            word.copy_from_slice(&self.0.to_le_bytes());
        }
    }
}

/// How many bytes, and which.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    bytes: u64,
    checksum: crc32fast::Hasher,
}

impl Tally {
    /// Counts more bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.checksum.update(bytes);
    }

    /// The same text for the same bytes.
    pub fn finish(self) -> String {
        format!("{}:{:08x}", self.bytes, self.checksum.finalize())
    }
}

/// A name for a socket that nobody else has, neither in another process nor in this one for another `purpose`.
pub fn unique_name(purpose: &str) -> String {
    format!("interprocess-bench-{}-{purpose}", std::process::id())
}

/// Such a name as a path: on Windows among the pipes, else in the temporary folder.
pub fn unique_path(purpose: &str) -> PathBuf {
    let folder = if cfg!(windows) { PathBuf::from(r"\\.\pipe") } else { std::env::temp_dir() };
    folder.join(unique_name(purpose))
}

/// A program of this package, from a test of it.
///
/// Cargo's `CARGO_BIN_EXE_...` is a path of the machine that compiled, which a program under Wine cannot use.
///
/// # Panics
/// If the running program is not in a folder below the one with this package's programs, where Cargo puts tests.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the running program is a file");
    let folder =
        test.parent().and_then(|deps| deps.parent()).expect("tests are in a folder below the programs'");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
