use crate::os::unix::sys::{self, address::Address};
use std::{
    ffi::OsStr,
    fmt::{self, Debug, Display, Formatter},
    hash::{Hash, Hasher},
    io,
    os::unix::{ffi::OsStrExt, net},
    path::Path,
};

/// The address of a Unix domain socket: a path, a name in Linux's abstract namespace, or none.
///
/// The address of a socket that the system returns, such as a datagram's sender, is the path that this socket was bound to,
/// as its process spelled it. A relative path is relative to that process's working directory. On Linux a socket whose path
/// does not fit into an address ([`from_pathname`](Self::from_pathname)) has to be bound through /proc, by a path that
/// leads nowhere in other processes. Such addresses, below `/proc/self`, `/proc/thread-self` and `/dev/fd`, are returned as
/// unnamed, so that no reply can reach a stranger.
#[doc(alias = "sockaddr_un")]
#[derive(Clone)]
pub struct SocketAddr(pub(super) Address);

impl SocketAddr {
    /// The address of a path.
    ///
    /// # Errors
    /// `InvalidInput` if the path is empty, has a NUL byte or is longer than a socket address has room for
    /// (108 bytes on Linux, 104 on macOS and the BSDs).
    pub fn from_pathname<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        let path = path.as_ref();
        match sys::path::address(path)? {
            (address, None) => Ok(Self(address)),
            // Longer paths work in `bind` and `connect`, but an address that depends on a descriptor is not a value.
            (_, Some(_)) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the socket path {} does not fit into an address: it is longer than {} bytes",
                    path.display(),
                    sys::path::LIMIT
                ),
            )),
        }
    }

    /// The address of a name in the abstract namespace (unix(7)). The name may have any bytes, NUL too.
    ///
    /// # Errors
    /// `InvalidInput` if the name is longer than 107 bytes; `Unsupported` where there is no abstract namespace, that
    /// is, everywhere but on Linux and Android.
    pub fn from_abstract_name<N: AsRef<[u8]>>(name: N) -> io::Result<Self> {
        if !sys::socket::ABSTRACT_NAMESPACE {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this system has no abstract namespace of sockets (Linux and Android do)",
            ));
        }
        let name = name.as_ref();
        Address::of_abstract_name(name).map(Self).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the abstract socket name has {} bytes, the most is {}",
                    name.len(),
                    sys::path::LIMIT - 1
                ),
            )
        })
    }

    /// The address of a socket without a name.
    #[must_use]
    pub fn unnamed() -> Self {
        Self(Address::UNNAMED)
    }

    /// An address from its bytes, as [`as_bytes`](Self::as_bytes) gives them and as they are in `sun_path` of unix(7): a
    /// path, or a NUL and the name in the abstract namespace, or nothing.
    ///
    /// # Errors
    /// As for [`from_pathname`](Self::from_pathname) and [`from_abstract_name`](Self::from_abstract_name).
    pub fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        match bytes {
            [] => Ok(Self::unnamed()),
            [0, name @ ..] => Self::from_abstract_name(name),
            path => Self::from_pathname(OsStr::from_bytes(path)),
        }
    }

    /// The address as bytes: a path without a terminator, or a NUL and the name in the abstract namespace, or nothing.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The path, if the address has one.
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.path().map(|bytes| Path::new(OsStr::from_bytes(bytes)))
    }

    /// The name in the abstract namespace, if the address has one.
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        self.0.abstract_name()
    }

    /// Whether the socket has no name: the ends of a pair, and clients that did not bind.
    pub fn is_unnamed(&self) -> bool {
        self.0.bytes().is_empty()
    }
}

impl From<net::SocketAddr> for SocketAddr {
    fn from(address: net::SocketAddr) -> Self {
        Self(Address::of_std(&address))
    }
}

/// Fails with `InvalidInput` if a path fills the address, without room for a terminating NUL, which std does not allow.
impl TryFrom<SocketAddr> for net::SocketAddr {
    type Error = io::Error;

    fn try_from(address: SocketAddr) -> io::Result<Self> {
        address.0.as_std()
    }
}

impl PartialEq for SocketAddr {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes() == other.0.bytes()
    }
}

impl Eq for SocketAddr {}

impl Hash for SocketAddr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.bytes().hash(state);
    }
}

/// For people: paths as they are, abstract names with `@` for the leading NUL and escapes for what cannot be printed,
/// `(unnamed)`.
impl Display for SocketAddr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.as_pathname() {
            write!(f, "{}", path.display())
        } else if let Some(name) = self.as_abstract_name() {
            write!(f, "@{}", name.escape_ascii())
        } else {
            f.write_str("(unnamed)")
        }
    }
}

/// The same text as of `std::os::unix::net::SocketAddr`.
impl Debug for SocketAddr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.0.as_std(), self.as_pathname()) {
            (Ok(address), _) => address.fmt(f),
            // A path that fills the address.
            (Err(_), path) => write!(f, "{:?} (pathname)", path.unwrap_or(Path::new(""))),
        }
    }
}
