//! More slices than one system call takes (`IOV_MAX`).
//!
//! A stream may take a part of them. A message is whole or it is not sent, so its slices are joined in a buffer first.

use std::{
    borrow::Cow,
    io::{self, IoSlice, IoSliceMut},
    ops::{Deref, Range},
};

/// How many slices one system call takes: 1,024 on all systems (illumos since 2013).
pub(crate) const MOST: usize = 1024;

/// The slices of a stream that one call takes. They have a byte if there is one in `slices`: a call without would be taken
/// for end-of-file, or for a writer that makes no progress.
pub(crate) fn part(slices: &[impl Deref<Target = [u8]>]) -> Range<usize> {
    if slices.len() <= MOST {
        return 0..slices.len();
    }
    let begin = slices.iter().position(|slice| !slice.is_empty()).unwrap_or(0);
    begin..slices.len().min(begin + MOST)
}

/// The number of bytes in all slices.
pub(crate) fn total(slices: &[impl Deref<Target = [u8]>]) -> usize {
    slices.iter().fold(0, |sum: usize, slice| sum.saturating_add(slice.len()))
}

/// The first `most` bytes of the slices.
pub(crate) fn first_bytes<'s>(slices: &'s [IoSlice<'_>], most: usize) -> Cow<'s, [IoSlice<'s>]> {
    if total(slices) <= most {
        return Cow::Borrowed(slices);
    }
    let mut left = most;
    let shortened = slices.iter().map_while(|slice| {
        let piece = &slice[..slice.len().min(left)];
        left -= piece.len();
        (!piece.is_empty() || left > 0).then(|| IoSlice::new(piece))
    });
    Cow::Owned(shortened.collect())
}

/// Copies the bytes of all slices into one buffer.
pub(crate) fn joined(slices: &[IoSlice<'_>]) -> io::Result<Vec<u8>> {
    let mut bytes = room(total(slices))?;
    slices.iter().for_each(|slice| bytes.extend_from_slice(slice));
    Ok(bytes)
}

/// Receives into one buffer, and copies from there into the slices. The length that `length` gives is at most the buffer's.
pub(crate) fn scattered<R>(
    slices: &mut [IoSliceMut<'_>],
    size: usize,
    receive: impl FnOnce(&mut [u8]) -> io::Result<R>,
    length: impl FnOnce(&R) -> usize,
) -> io::Result<R> {
    let mut bytes = room(size)?;
    bytes.resize(size, 0);
    let received = receive(&mut bytes)?;
    let mut rest = &bytes[..length(&received).min(size)];
    for slice in slices {
        let (piece, later) = rest.split_at(slice.len().min(rest.len()));
        slice[..piece.len()].copy_from_slice(piece);
        rest = later;
    }
    Ok(received)
}

/// Fails, before anything is sent or received, where `Vec` would abort the process.
fn room(size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match bytes.try_reserve_exact(size) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::OutOfMemory,
            format!("cannot join more than {MOST} slices: no memory for their {size} bytes"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, part};
    use std::io::IoSlice;

    #[test]
    fn a_part_has_a_byte_if_there_is_one() {
        let of = |lengths: &[usize]| {
            let slices: Vec<_> = lengths.iter().map(|&length| IoSlice::new(&b"xx"[..length])).collect();
            part(&slices)
        };
        assert_eq!(of(&[]), 0..0);
        assert_eq!(of(&[0; MOST]), 0..MOST);
        assert_eq!(of(&[0; MOST + 1]), 0..MOST);
        assert_eq!(of(&[2; MOST + 7]), 0..MOST);
        let mut lengths = vec![0; MOST];
        lengths.push(1);
        assert_eq!(of(&lengths), MOST..MOST + 1);
        lengths.extend([0; MOST + 5]);
        assert_eq!(of(&lengths), MOST..2 * MOST);
    }
}
