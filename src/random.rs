//! Numbers that nobody can guess.

use std::hash::{BuildHasher, RandomState};

/// std's states are keyed with the system's random numbers, differently for each state, and the hash (SipHash) does not give
/// the keys away. The process ID only keeps processes apart should those numbers repeat.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// 128 random bits, as 32 hexadecimal digits.
pub(crate) fn digits() -> String {
    format!("{:016x}{:016x}", number(), number())
}

#[cfg(test)]
mod tests {
    #[test]
    fn digits_differ_each_time() {
        let (one, other) = (super::digits(), super::digits());
        assert_eq!((one.len(), other.len()), (32, 32));
        assert_ne!(one, other);
    }
}
