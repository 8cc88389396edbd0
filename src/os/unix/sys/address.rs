//! Addresses of Unix domain sockets, between their text and what the kernel takes and gives.
//!
//! rustix's own type cannot serve: as of 1.1, it panics on the address of a peer whose path fills `sun_path` to the last
//! byte, and takes a socket without a name for one with an empty path.

use std::{
    io,
    mem::{MaybeUninit, offset_of},
};

/// The bytes of a path that an address has room for.
pub(crate) const LIMIT: usize = size_of::<libc::sockaddr_un>() - PATH_OFFSET;

const PATH_OFFSET: usize = offset_of!(libc::sockaddr_un, sun_path);

/// What is in `sun_path`: a path without its terminator, a NUL and an abstract name, or nothing.
#[derive(Clone)]
pub(crate) struct Address {
    bytes: [u8; LIMIT],
    length: usize,
}

impl Address {
    pub(crate) const UNNAMED: Self = Self { bytes: [0; LIMIT], length: 0 };

    /// `None` if the path is empty, has a NUL or is too long.
    pub(crate) fn of_path(path: &[u8]) -> Option<Self> {
        if path.is_empty() || path.contains(&0) || path.len() > LIMIT {
            return None;
        }
        let mut address = Self { length: path.len(), ..Self::UNNAMED };
        address.bytes[..path.len()].copy_from_slice(path);
        Some(address)
    }

    /// `None` if the name is too long.
    pub(crate) fn of_abstract_name(name: &[u8]) -> Option<Self> {
        let mut address = Self { length: 1 + name.len(), ..Self::UNNAMED };
        address.bytes.get_mut(1..=name.len())?.copy_from_slice(name);
        Some(address)
    }

    pub(crate) fn path(&self) -> Option<&[u8]> {
        let bytes = self.bytes();
        (bytes.first().is_some_and(|&first| first != 0)).then_some(bytes)
    }

    pub(crate) fn abstract_name(&self) -> Option<&[u8]> {
        match self.bytes() {
            [0, name @ ..] => Some(name),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// The address and its length as system calls take them. A path gets its terminator where there is room for it,
    /// as portable programs expect; abstract names count every byte.
    pub(super) fn to_raw(&self) -> (libc::sockaddr_un, libc::socklen_t) {
        // SAFETY: sockaddr_un is plain integers, for which all zeroes is a value.
        let mut raw: libc::sockaddr_un = unsafe { MaybeUninit::zeroed().assume_init() };
        raw.sun_family = libc::AF_UNIX as libc::sa_family_t;
        for (to, from) in raw.sun_path.iter_mut().zip(self.bytes()) {
            *to = libc::c_char::from_ne_bytes([*from]);
        }
        let terminator = usize::from(self.path().is_some() && self.length < LIMIT);
        (raw, (PATH_OFFSET + self.length + terminator) as libc::socklen_t)
    }

    /// Has the kernel write an address, and reads it.
    ///
    /// The kernel may say that the address is longer than the structure: Linux counts a terminator that is not there if
    /// a path fills `sun_path`. Other systems pad with NULs, or fill in nothing.
    pub(super) fn from_kernel<T>(
        call: impl FnOnce(*mut libc::sockaddr, *mut libc::socklen_t) -> io::Result<T>,
    ) -> io::Result<(T, Self)> {
        // SAFETY: sockaddr_un is plain integers, for which all zeroes is a value.
        let mut raw: libc::sockaddr_un = unsafe { MaybeUninit::zeroed().assume_init() };
        let mut length = size_of::<libc::sockaddr_un>() as libc::socklen_t;
        let result = call((&raw mut raw).cast(), &raw mut length)?;
        let is_written = length as usize > size_of::<libc::sa_family_t>();
        if is_written && i32::from(raw.sun_family) != libc::AF_UNIX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the descriptor is a socket, but not a Unix domain socket",
            ));
        }
        let count = (length as usize).saturating_sub(PATH_OFFSET).min(LIMIT);
        let mut address = Self::UNNAMED;
        for (to, from) in address.bytes.iter_mut().zip(&raw.sun_path[..count]) {
            [*to] = from.to_ne_bytes();
        }
        address.length = match address.bytes[..count].iter().position(|&byte| byte == 0) {
            Some(0) if cfg!(any(target_os = "linux", target_os = "android")) => count,
            Some(end) => end,
            None => count,
        };
        // What is behind the end must not tell equal addresses apart.
        address.bytes[address.length..].fill(0);
        Ok((result, address))
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, LIMIT, PATH_OFFSET};

    fn round_trip(address: &Address) -> Address {
        let (raw, length) = address.to_raw();
        let written = Address::from_kernel(|to, to_length| {
            // SAFETY: from_kernel's pointer is to a sockaddr_un.
            unsafe { to.cast::<libc::sockaddr_un>().write(raw) };
            // SAFETY: from_kernel's pointer is to a length.
            unsafe { to_length.write(length) };
            Ok(())
        });
        written.unwrap().1
    }

    #[test]
    fn what_goes_in_comes_out() {
        let longest = [b'p'; LIMIT];
        for path in [&b"/tmp/x"[..], b"x", &longest] {
            let address = Address::of_path(path).unwrap();
            assert_eq!(round_trip(&address).path(), Some(path));
            assert_eq!(address.abstract_name(), None);
        }
        let (_, length) = Address::of_path(&longest).unwrap().to_raw();
        assert_eq!(length as usize, PATH_OFFSET + LIMIT, "no room for a terminator");
        for bad in [&b""[..], b"a\0b", &[b'p'; LIMIT + 1]] {
            assert!(Address::of_path(bad).is_none(), "{bad:?}");
        }
        assert!(round_trip(&Address::UNNAMED).bytes().is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn abstract_names_count_every_byte() {
        for name in [&b""[..], b"a", b"a\0b\0", &[0; LIMIT - 1]] {
            let address = Address::of_abstract_name(name).unwrap();
            assert_eq!(round_trip(&address).abstract_name(), Some(name));
            assert_eq!(address.path(), None);
        }
        assert!(Address::of_abstract_name(&[b'x'; LIMIT]).is_none());
    }

    /// Linux says 111 for a path of 108 bytes.
    #[test]
    fn a_length_beyond_the_structure() {
        let (raw, _) = Address::of_path(&[b'p'; LIMIT]).unwrap().to_raw();
        let read = Address::from_kernel(|to, length| {
            // SAFETY: from_kernel's pointer is to a sockaddr_un.
            unsafe { to.cast::<libc::sockaddr_un>().write(raw) };
            // SAFETY: from_kernel's pointer is to a length.
            unsafe { length.write((PATH_OFFSET + LIMIT + 1) as libc::socklen_t) };
            Ok(())
        });
        assert_eq!(read.unwrap().1.path(), Some(&[b'p'; LIMIT][..]));
    }
}
