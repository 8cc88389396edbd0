//! Addresses of Unix domain sockets, between their text and what the kernel takes and gives.
//!
//! rustix's own type cannot serve: as of 1.1, it panics on the address of a peer whose path fills `sun_path` to the last
//! byte, and takes a socket without a name for one with an empty path.

#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::{
    ffi::OsStr,
    fmt::{self, Debug, Formatter},
    io,
    mem::{MaybeUninit, offset_of},
    os::unix::{ffi::OsStrExt, net},
    ptr,
};

/// The bytes of a path that an address has room for.
pub(crate) const LIMIT: usize = size_of::<libc::sockaddr_un>() - PATH_OFFSET;

const PATH_OFFSET: usize = offset_of!(libc::sockaddr_un, sun_path);

/// An address as the kernel takes and gives it. It is read only when somebody asks what is in it.
///
/// A pointer to it is one to what the kernel writes.
#[derive(Copy, Clone)]
#[repr(C)]
pub(crate) struct Address {
    raw: libc::sockaddr_un,
    /// The length that goes to the kernel, or came from it; never more than the structure has.
    length: libc::socklen_t,
}

impl Address {
    pub(crate) const UNNAMED: Self = {
        // SAFETY: sockaddr_un is plain integers, for which all zeroes is a value.
        let mut raw: libc::sockaddr_un = unsafe { MaybeUninit::zeroed().assume_init() };
        raw.sun_family = libc::AF_UNIX as libc::sa_family_t;
        Self { raw, length: PATH_OFFSET as libc::socklen_t }
    };

    /// `None` if the path is empty, has a NUL or is too long.
    ///
    /// A path gets its terminator where there is room for it, as portable programs expect.
    #[inline]
    pub(crate) fn of_path(path: &[u8]) -> Option<Self> {
        if path.is_empty() || path.len() > LIMIT {
            return None;
        }
        let terminator = usize::from(path.len() < LIMIT);
        let address = Self::of_bytes(path, terminator);
        // What comes after the path is zeroes, so a NUL in it shows in the number of the others. To count them in an array
        // of known size takes far fewer instructions than a search in the slice.
        const { assert!(LIMIT <= u8::MAX as usize, "the sum of so many ones fits") };
        let others: u8 = address.raw.sun_path.iter().map(|&byte| u8::from(byte != 0)).sum();
        (usize::from(others) == path.len()).then_some(address)
    }

    /// `None` if the name is too long. Every byte of an abstract name counts.
    pub(crate) fn of_abstract_name(name: &[u8]) -> Option<Self> {
        if name.len() >= LIMIT {
            return None;
        }
        let mut bytes = [0; LIMIT];
        bytes[1..=name.len()].copy_from_slice(name);
        Some(Self::of_bytes(&bytes[..=name.len()], 0))
    }

    pub(crate) fn of_std(address: &net::SocketAddr) -> Self {
        let path = address.as_pathname().map(|path| path.as_os_str().as_bytes());
        let path = path.and_then(Self::of_path);
        path.or_else(|| Self::of_abstract_name(std_abstract_name(address)?)).unwrap_or(Self::UNNAMED)
    }

    pub(crate) fn as_std(&self) -> io::Result<net::SocketAddr> {
        match self.bytes() {
            [0, name @ ..] => std_of_abstract_name(name),
            // No path at all is an unnamed address to std.
            path => net::SocketAddr::from_pathname(OsStr::from_bytes(path)),
        }
    }

    #[inline]
    fn of_bytes(bytes: &[u8], terminator: usize) -> Self {
        let mut address = Self::UNNAMED;
        let room = &mut address.raw.sun_path[..bytes.len()];
        // SAFETY: `room` is as long as `bytes` and part of a local variable, and a c_char is a byte.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), room.as_mut_ptr(), room.len()) };
        address.length = (PATH_OFFSET + bytes.len() + terminator) as libc::socklen_t;
        address
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

    /// What is in `sun_path`: a path without its terminator, a NUL and an abstract name, or nothing.
    ///
    /// Some systems pad with NULs, or fill in nothing.
    pub(crate) fn bytes(&self) -> &[u8] {
        let count = (self.length as usize).saturating_sub(PATH_OFFSET).min(LIMIT);
        let first = self.raw.sun_path.as_ptr().cast::<u8>();
        // SAFETY: `count` is at most the array's length, and a c_char is a byte.
        let bytes = unsafe { std::slice::from_raw_parts(first, count) };
        match bytes.iter().position(|&byte| byte == 0) {
            Some(0) if cfg!(any(target_os = "linux", target_os = "android")) => bytes,
            Some(end) => &bytes[..end],
            None => bytes,
        }
    }

    /// For system calls that read an address.
    pub(super) fn as_raw(&self) -> (*const libc::sockaddr, libc::socklen_t) {
        ((&raw const self.raw).cast(), self.length)
    }

    /// For system calls that take a pointer to an address without a `const`, which they only read.
    pub(super) fn as_message_name(&self) -> (*mut libc::c_void, libc::socklen_t) {
        ((&raw const self.raw).cast_mut().cast(), self.length)
    }

    /// For a message whose sender's address the kernel writes, and its length into the message.
    pub(super) fn as_room(&mut self) -> (*mut libc::c_void, libc::socklen_t) {
        ((&raw mut self.raw).cast(), Self::ROOM)
    }

    /// The room for an address that the kernel writes, in bytes.
    pub(super) const ROOM: libc::socklen_t = size_of::<libc::sockaddr_un>() as libc::socklen_t;

    /// Forgets what the kernel wrote before it writes again, which it may do by writing nothing at all.
    pub(super) fn forget(&mut self) {
        self.raw.sun_family = libc::AF_UNIX as libc::sa_family_t;
        self.raw.sun_path[0] = 0;
    }

    /// Takes over what the kernel wrote, whose length it says is `length`. That may be more than the structure has: Linux
    /// counts a terminator that is not there if a path fills `sun_path`, and refuses an address of that length.
    ///
    /// This cannot fail, because a message or a connection has been taken with the address. One of another family, of a
    /// descriptor that was wrapped unchecked, counts as unnamed. So does a path that means another file in each process: it
    /// is the way in which its owner got at a long path, and a reply to it could reach a stranger.
    pub(super) fn set_written(&mut self, length: libc::socklen_t) {
        self.length = length.min(Self::ROOM);
        if self.is_foreign() || self.is_of_each_process() {
            *self = Self::UNNAMED;
        }
    }

    fn is_of_each_process(&self) -> bool {
        const BEGINNINGS: [&[u8]; 3] = [b"/proc/self/", b"/proc/thread-self/", b"/dev/fd/"];
        cfg!(any(target_os = "linux", target_os = "android"))
            && self.raw.sun_path[0] == b'/' as libc::c_char
            && BEGINNINGS.iter().any(|beginning| self.bytes().starts_with(beginning))
    }

    /// Nothing at all may have been written: unnamed peers.
    fn is_foreign(&self) -> bool {
        let is_written = self.length as usize > size_of::<libc::sa_family_t>();
        is_written && i32::from(self.raw.sun_family) != libc::AF_UNIX
    }

    /// Has the kernel write the address that comes with something that it gives away.
    pub(super) fn from_kernel<T>(
        call: impl FnOnce(*mut libc::sockaddr, *mut libc::socklen_t) -> io::Result<T>,
    ) -> io::Result<(T, Self)> {
        let mut address = Self::UNNAMED;
        let mut length = Self::ROOM;
        let result = call((&raw mut address.raw).cast(), &raw mut length)?;
        address.set_written(length);
        Ok((result, address))
    }

    /// Has the kernel write an address that was asked for. Fails for sockets of other families.
    pub(super) fn asked(
        call: impl FnOnce(*mut libc::sockaddr, *mut libc::socklen_t) -> io::Result<()>,
    ) -> io::Result<Self> {
        let mut address = Self::UNNAMED;
        let mut length = Self::ROOM;
        call((&raw mut address.raw).cast(), &raw mut length)?;
        address.length = length.min(Self::ROOM);
        if address.is_foreign() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the descriptor is a socket, but not a Unix domain socket",
            ));
        }
        if address.is_of_each_process() {
            address = Self::UNNAMED;
        }
        Ok(address)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn std_abstract_name(address: &net::SocketAddr) -> Option<&[u8]> {
    address.as_abstract_name()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn std_of_abstract_name(name: &[u8]) -> io::Result<net::SocketAddr> {
    net::SocketAddr::from_abstract_name(name)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn std_abstract_name(_: &net::SocketAddr) -> Option<&[u8]> {
    None
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn std_of_abstract_name(_: &[u8]) -> io::Result<net::SocketAddr> {
    unreachable!("no address has a name where there is no abstract namespace")
}

impl Debug for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, LIMIT, PATH_OFFSET};

    fn round_trip(address: &Address) -> Address {
        let written = Address::from_kernel(|to, to_length| {
            // SAFETY: from_kernel's pointer is to a sockaddr_un.
            unsafe { to.cast::<libc::sockaddr_un>().write(address.raw) };
            // SAFETY: from_kernel's pointer is to a length.
            unsafe { to_length.write(address.length) };
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
        let length = Address::of_path(&longest).unwrap().length;
        assert_eq!(length as usize, PATH_OFFSET + LIMIT, "no room for a terminator");
        for bad in [&b""[..], b"a\0b", &[b'p'; LIMIT + 1]] {
            assert!(Address::of_path(bad).is_none(), "{bad:?}");
        }
        assert!(round_trip(&Address::UNNAMED).bytes().is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn addresses_that_differ_from_process_to_process_are_none() {
        for path in
            ["/proc/self/fd/3/s", "/proc/thread-self/fd/3/s", "/proc/self/task/1/fd/3/s", "/dev/fd/3/s"]
        {
            let address = Address::of_path(path.as_bytes()).unwrap();
            assert!(round_trip(&address).bytes().is_empty(), "{path}");
        }
        let address = Address::of_path(b"/proc/selfish/s").unwrap();
        assert_eq!(round_trip(&address).path(), Some(&b"/proc/selfish/s"[..]));
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
        let raw = Address::of_path(&[b'p'; LIMIT]).unwrap().raw;
        let read = Address::from_kernel(|to, length| {
            // SAFETY: from_kernel's pointer is to a sockaddr_un.
            unsafe { to.cast::<libc::sockaddr_un>().write(raw) };
            // SAFETY: from_kernel's pointer is to a length.
            unsafe { length.write((PATH_OFFSET + LIMIT + 1) as libc::socklen_t) };
            Ok(())
        });
        let read = read.unwrap().1;
        assert_eq!(read.path(), Some(&[b'p'; LIMIT][..]));
        assert_eq!(read.as_raw().1 as usize, PATH_OFFSET + LIMIT, "the kernel takes no more back");
    }
}
