//! What the fuzz targets call (`fuzz/`): the functions that read what may come from anywhere. Not part of the crate that
//! others build.

use super::sys::{control, credentials};

/// Reads any bytes as control messages.
///
/// # Panics
/// If a message is not within the bytes, or the reading does not come forward.
pub fn read_control_messages(bytes: &[u8]) {
    let mut buffer = bytes.to_vec();
    let mut rest = &mut buffer[..];
    while let Some((record, later)) = {
        let before = rest.len();
        let split = control::split(rest);
        if let Some((record, later)) = &split {
            assert!(record.data.len() + later.len() + control::HEADER <= before, "more than there is");
        }
        split
    } {
        let _ = credentials::incoming(record.kind, record.data);
        rest = later;
    }
}

/// Writes control messages made of the bytes, moves them into a buffer that may be too small, and reads both.
///
/// # Panics
/// If something is lost, doubled or changed.
pub fn move_control_messages(bytes: &[u8]) {
    const RIGHTS: i32 = 1;
    let Some((&[offset, room], mut rest)) = bytes.split_first_chunk() else { return };
    let (mut from, mut used, mut sent) = (vec![0; 8192], usize::from(offset % 8), Vec::new());
    let begin = used;
    while let Some((&[kind, size], later)) = rest.split_first_chunk() {
        let kind = i32::from(kind % 3);
        // Numbers that never repeat, so that a doubled one is seen.
        let data: Vec<u8> = match kind {
            RIGHTS => (0..size % 64).flat_map(|_| next_number(&mut sent).to_ne_bytes()).collect(),
            _ => later[..usize::from(size).min(later.len())].to_vec(),
        };
        rest = if kind == RIGHTS { later } else { &later[data.len()..] };
        match control::write(&mut from[used..], 7, kind, &data) {
            Some(written) => used += written,
            None => {
                sent.truncate(sent.len() - if kind == RIGHTS { data.len() / 4 } else { 0 });
                break;
            }
        }
    }
    let mut to = vec![0; usize::from(room) * 8];
    let (written, fits) =
        control::move_fitting(&mut from[begin..used], &mut to, |record| record.kind == RIGHTS);
    let mut seen = numbers(&mut to[..written], RIGHTS);
    assert!(!fits || seen == sent, "what fits is there, in its order");
    seen.extend(numbers(&mut from[begin..used], RIGHTS));
    seen.sort_unstable();
    assert_eq!(seen, sent, "each is in one place");
}

fn next_number(sent: &mut Vec<i32>) -> i32 {
    let number = sent.len() as i32;
    sent.push(number);
    number
}

fn numbers(bytes: &mut [u8], kind: i32) -> Vec<i32> {
    let mut numbers = Vec::new();
    let mut rest = bytes;
    while let Some((record, later)) = control::split(rest) {
        rest = later;
        assert_eq!(record.level, 7, "a message that nobody wrote");
        if record.kind == kind {
            numbers.extend(record.data.chunks(4).filter_map(|number| control::read_int(number, 0)));
        }
    }
    numbers.retain(|&number| number >= 0);
    numbers
}
