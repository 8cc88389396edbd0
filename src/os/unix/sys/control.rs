//! Control messages as bytes: reading what a kernel wrote and writing what a kernel reads. No system calls, no `unsafe`,
//! and no trust in what is read: every length is checked against the bytes that are there.
//!
//! The macros of cmsg(3) need an aligned buffer, and a kernel none; here the fields are read and written as bytes, so that
//! a caller may bring any `&mut [u8]`.

use std::mem::offset_of;

/// Where the data of a message begins.
pub(crate) const HEADER: usize = LEN_OF_NOTHING as usize;

/// What the beginning of a message is aligned to, counted from the beginning of the buffer.
const ALIGNMENT: usize = SPACE_OF_A_BYTE as usize - SPACE_OF_NOTHING as usize;

#[allow(unsafe_code)]
// SAFETY: arithmetic on a constant.
const LEN_OF_NOTHING: libc::c_uint = unsafe { libc::CMSG_LEN(0) };
#[allow(unsafe_code)]
// SAFETY: arithmetic on a constant.
const SPACE_OF_NOTHING: libc::c_uint = unsafe { libc::CMSG_SPACE(0) };
#[allow(unsafe_code)]
// SAFETY: arithmetic on a constant.
const SPACE_OF_A_BYTE: libc::c_uint = unsafe { libc::CMSG_SPACE(1) };

/// `size_t` or `socklen_t`, as the system's libc has it.
const LENGTH_SIZE: usize = size_of_field(|header| &header.cmsg_len);

const fn size_of_field<T>(_: fn(&libc::cmsghdr) -> &T) -> usize {
    size_of::<T>()
}

/// The size of a descriptor's number.
pub(crate) const DESCRIPTOR: usize = size_of::<std::os::fd::RawFd>();

/// How many bytes a message with so much data takes in a buffer.
pub(crate) const fn space(data: usize) -> usize {
    SPACE_OF_NOTHING as usize + data.div_ceil(ALIGNMENT) * ALIGNMENT
}

/// A control message in a buffer.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) level: i32,
    pub(crate) kind: i32,
    pub(crate) data: &'a mut [u8],
}

/// Splits the first message off. `None`: there is none, or what is there is not one.
///
/// A message that says that it is longer than the buffer was cut short (macOS leaves the length as it was); the part
/// that is there is what counts.
pub(crate) fn split(bytes: &mut [u8]) -> Option<(Record<'_>, &mut [u8])> {
    let length = read_length(bytes)?;
    if length < HEADER || bytes.len() < HEADER {
        return None;
    }
    let level = read_int(bytes, offset_of!(libc::cmsghdr, cmsg_level))?;
    let kind = read_int(bytes, offset_of!(libc::cmsghdr, cmsg_type))?;
    let length = length.min(bytes.len());
    let whole = space(length - HEADER).min(bytes.len());
    let (message, rest) = bytes.split_at_mut(whole);
    Some((Record { level, kind, data: &mut message[HEADER..length] }, rest))
}

/// Writes a message at the beginning of a buffer, and tells how many bytes it took. `None`: there is no room.
pub(crate) fn write(buffer: &mut [u8], level: i32, kind: i32, data: &[u8]) -> Option<usize> {
    begin(buffer, level, kind, data.len())?.copy_from_slice(data);
    Some(space(data.len()))
}

/// Writes a message at the beginning of a buffer, with zeroes for data, and gives the data.
pub(crate) fn begin(buffer: &mut [u8], level: i32, kind: i32, data: usize) -> Option<&mut [u8]> {
    let message = buffer.get_mut(..space(data))?;
    message.fill(0);
    let length = HEADER + data;
    let at = offset_of!(libc::cmsghdr, cmsg_len);
    if LENGTH_SIZE == 4 {
        message[at..at + 4].copy_from_slice(&u32::try_from(length).ok()?.to_ne_bytes());
    } else {
        message[at..at + 8].copy_from_slice(&(length as u64).to_ne_bytes());
    }
    let at = offset_of!(libc::cmsghdr, cmsg_level);
    message[at..at + 4].copy_from_slice(&level.to_ne_bytes());
    let at = offset_of!(libc::cmsghdr, cmsg_type);
    message[at..at + 4].copy_from_slice(&kind.to_ne_bytes());
    Some(&mut message[HEADER..length])
}

/// Moves messages into a buffer, as far as they fit: descriptors one by one, all else in one piece. Descriptors that were
/// moved leave -1 behind. Tells how many bytes were written, and whether everything fitted.
pub(crate) fn move_fitting(
    from: &mut [u8],
    to: &mut [u8],
    holds_descriptors: impl Fn(&Record<'_>) -> bool,
) -> (usize, bool) {
    let (mut written, mut fits) = (0, true);
    let mut rest = from;
    while let Some((record, later)) = split(rest) {
        rest = later;
        let room = &mut to[written..];
        let descriptors = holds_descriptors(&record);
        let unit = if descriptors { DESCRIPTOR } else { record.data.len().max(1) };
        // The last message may be without its padding in a kernel's buffer, but not in this one.
        let most = (room.len() / ALIGNMENT * ALIGNMENT).saturating_sub(HEADER);
        let fitting = most.min(record.data.len()) / unit * unit;
        fits &= fitting == record.data.len() && room.len() >= space(fitting);
        if fitting == 0 || write(room, record.level, record.kind, &record.data[..fitting]).is_none() {
            continue;
        }
        written += space(fitting);
        if descriptors {
            record.data[..fitting].fill(0xff);
        }
    }
    (written, fits)
}

fn read_length(bytes: &[u8]) -> Option<usize> {
    let field = bytes.get(offset_of!(libc::cmsghdr, cmsg_len)..)?;
    if LENGTH_SIZE == 4 {
        usize::try_from(u32::from_ne_bytes(*field.first_chunk()?)).ok()
    } else {
        usize::try_from(u64::from_ne_bytes(*field.first_chunk()?)).ok()
    }
}

/// An `int`, or any other type of four bytes.
pub(crate) fn read_int(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::{HEADER, move_fitting, read_int, space, split, write};

    #[test]
    fn what_is_written_is_read() {
        for offset in 0..8 {
            let mut memory = [0xff_u8; 512];
            let buffer = &mut memory[offset..];
            let mut used = 0;
            for count in 0..20_u8 {
                let data: Vec<u8> = (0..count).collect();
                used += write(&mut buffer[used..], 1, i32::from(count), &data).unwrap();
                if used + space(20) > buffer.len() {
                    break;
                }
            }
            let mut rest = &mut buffer[..used];
            let mut count = 0;
            while let Some((record, later)) = split(rest) {
                assert_eq!((record.level, record.kind), (1, count));
                assert_eq!(record.data, (0..count as u8).collect::<Vec<_>>());
                count += 1;
                rest = later;
            }
            assert!(count > 5, "{count}");
        }
    }

    #[test]
    fn no_room() {
        for size in 0..space(4) {
            assert_eq!(write(&mut vec![0; size], 1, 1, &[0; 4]), None, "{size}");
        }
        assert_eq!(write(&mut vec![0; space(4)], 1, 1, &[0; 4]), Some(space(4)));
    }

    /// Every descriptor is in one of the two buffers, and in one alone.
    #[test]
    fn what_does_not_fit_stays() {
        let mut numbers = Vec::new();
        for number in 0..30_i32 {
            numbers.extend(number.to_ne_bytes());
        }
        let mut from = vec![0; 1024];
        let mut used = write(&mut from, 1, 9, b"something else").unwrap();
        used += write(&mut from[used..], 1, 1, &numbers[..40]).unwrap();
        used += write(&mut from[used..], 1, 1, &numbers[40..]).unwrap();
        for size in 0..used + 8 {
            let (mut from, mut to) = (from[..used].to_vec(), vec![0; size]);
            let (written, fits) = move_fitting(&mut from, &mut to, |record| record.kind == 1);
            assert_eq!(fits, size >= used, "{size} of {used}");
            let mut seen = Vec::new();
            for buffer in [&mut from[..], &mut to[..written]] {
                let mut rest = buffer;
                while let Some((record, later)) = split(rest) {
                    rest = later;
                    if record.kind == 1 {
                        seen.extend(record.data.chunks(4).map(|number| read_int(number, 0).unwrap()));
                    }
                }
            }
            seen.retain(|&number| number >= 0);
            seen.sort_unstable();
            assert_eq!(seen, (0..30).collect::<Vec<_>>(), "{size}");
        }
    }

    #[test]
    fn lengths_that_lie() {
        let mut buffer = vec![0; space(8)];
        write(&mut buffer, 1, 2, &[7; 8]).unwrap();
        // Cut short anywhere: never more than what is there.
        for size in 0..buffer.len() {
            match split(&mut buffer.clone()[..size]) {
                Some((record, rest)) => {
                    assert!(size >= HEADER, "{size}");
                    assert_eq!(record.data, &[7; 8][..(size - HEADER).min(8)]);
                    assert!(rest.is_empty());
                }
                None => assert!(size < HEADER, "{size}"),
            }
        }
        // Shorter than its own header, or as long as can be.
        for length in [[0; 16], [1; 16], [0xff; 16]] {
            let mut wrong = buffer.clone();
            let size = super::LENGTH_SIZE;
            wrong[..size].copy_from_slice(&length[..size]);
            match split(&mut wrong) {
                None => assert_eq!(length[0], 0),
                Some((record, rest)) => assert!(record.data.len() == 8 && rest.is_empty()),
            }
        }
        assert!(read_int(&[0; 7], 4).is_none() && read_int(&[0; 8], usize::MAX).is_none());
    }
}
