//! Socket addresses from any bytes, to bytes and to text.
#![no_main]

use interprocess::os::unix::uds::SocketAddr;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(address) = SocketAddr::from_bytes(bytes) else { return };
    assert_eq!(address.as_bytes(), bytes);
    let kinds = [address.as_pathname().is_some(), address.as_abstract_name().is_some(), address.is_unnamed()];
    assert_eq!(kinds.iter().filter(|&&kind| kind).count(), 1);
    assert!(!format!("{address} {address:?}").is_empty());
});
