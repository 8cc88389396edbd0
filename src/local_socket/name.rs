use super::platform;
use crate::random;
use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    fmt::{self, Debug, Display, Formatter},
    io,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The name of a local socket: a path, or a name in a namespace of its own.
///
/// Names are checked when they are made: an empty name, a NUL in it, one that is too long for the platform and, on
/// Windows, a path that is not a pipe's are errors there and then. Names compare by their kind and text.
///
/// The text form ([`Display`], [`FromStr`]) is the path itself, or `@` and the name; a relative path that begins with
/// `@` is written with `./` before it.
///
/// ```
/// use interprocess::local_socket::Name;
///
/// # fn main() -> std::io::Result<()> {
/// let name: Name<'static> = "@app".parse()?;
/// assert_eq!(name, Name::namespaced("app")?);
/// assert_eq!(name.text(), "app");
/// assert_eq!(name.to_string(), "@app");
/// # Ok(())
/// # }
/// ```
///
/// Functions that take a name take `&Name` as well, which borrows its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<'s> {
    kind: Kind,
    text: Cow<'s, OsStr>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Path,
    Namespaced,
    /// In one of the folders in which interprocess 2.4 puts namespaced names where there is no abstract namespace.
    #[cfg_attr(windows, allow(dead_code))] // The folders exist on Unix.
    SpecialDir,
}

impl<'s> Name<'s> {
    /// Creates the name of a path.
    ///
    /// # Errors
    /// `InvalidInput`: the path is empty, has a NUL, or is too long for a socket (Linux can reach most longer ones;
    /// elsewhere the limit is 104 bytes). `Unsupported`: on Windows, the path is not `\\HOST\pipe\NAME`.
    pub fn path(path: impl NameText<'s>) -> io::Result<Self> {
        Self::from_path(path.into_cow())
    }

    /// Creates a name in the namespace, which all users of the machine share on Linux and Windows: see
    /// [`for_current_user`](Self::for_current_user).
    ///
    /// # Errors
    /// `InvalidInput`: the name is empty, has a NUL, or is too long (107 bytes on Linux, 247 characters on Windows).
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::Name;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let borrowed = Name::namespaced("app-7")?;
    /// let owned = Name::namespaced(format!("app-{}", 7))?;
    /// assert_eq!(borrowed, owned);
    /// # Ok(())
    /// # }
    /// ```
    pub fn namespaced(name: impl NameText<'s>) -> io::Result<Self> {
        Self::from_namespaced(name.into_cow())
    }

    /// Creates a name that stands for a different socket for each user.
    ///
    /// A name of [`namespaced`](Self::namespaced) is shared by all users on Linux and Windows: a second user's server finds
    /// it taken, and a user can take it before another one's server does. Use this for a server that each user runs for
    /// themselves.
    ///
    /// The result is a path on Unix and a namespaced name on Windows, in which the user is resolved: its text can be given to
    /// another process of any user.
    ///
    /// # Errors
    /// - `InvalidInput`: the name is empty, has a NUL, or is too long.
    /// - `PermissionDenied`: the directory for names in the temporary directory belongs to another user or is open to others.
    ///
    /// # Platform-specific behavior
    /// - Unix: `$XDG_RUNTIME_DIR/NAME` if that directory belongs to the effective user alone (mode 0700), else
    ///   `interprocess-UID/NAME` in the temporary directory, which is created. In the name, `/` and `%` become `%2F` and
    ///   `%25`. No other user but root can connect or take the name.
    /// - Windows: `\\.\pipe\SID.NAME` with the SID of the thread's user. Any user can create a pipe of that name. Set
    ///   [`ConnectOptions::current_user_only`] in clients and [`ListenerOptions::current_user_only`] in servers to refuse
    ///   others.
    ///
    /// [`ConnectOptions::current_user_only`]: super::ConnectOptions::current_user_only
    /// [`ListenerOptions::current_user_only`]: super::ListenerOptions::current_user_only
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::{ConnectOptions, ListenerOptions, Name};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let name = Name::for_current_user("example")?;
    /// # let name = Name::for_current_user(format!("interprocess-doc-{}", std::process::id()))?;
    /// let listener = ListenerOptions::new().name(&name).current_user_only(true).create_sync()?;
    /// let stream = ConnectOptions::new().name(&name).current_user_only(true).connect_sync()?;
    /// # drop((listener, stream));
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_current_user(name: impl NameText<'s>) -> io::Result<Name<'static>> {
        platform::for_current_user(&name.into_cow())
    }

    /// Creates a namespaced name that no other socket has: `prefix`, a hyphen and 128 random bits.
    ///
    /// It is for a socket whose name is passed to the peer, such as to a child process as an argument, and for tests. The name
    /// cannot be guessed, but it is no secret: programs can list abstract names and pipes.
    ///
    /// # Errors
    /// As for [`namespaced`](Self::namespaced).
    ///
    /// # Examples
    /// ```
    /// use interprocess::local_socket::{ListenerOptions, Name};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let name = Name::unique("example")?;
    /// let listener = ListenerOptions::new().name(&name).create_sync()?;
    /// let argument = name.to_string(); // For a child process, which parses it.
    /// assert_eq!(argument.parse::<Name>()?, name);
    /// # drop(listener);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unique(prefix: impl NameText<'s>) -> io::Result<Name<'static>> {
        let mut text = prefix.into_cow().into_owned();
        text.push(format!("-{}", random::digits()));
        Name::from_namespaced(Cow::Owned(text))
    }

    pub(super) fn from_path(path: Cow<'s, OsStr>) -> io::Result<Self> {
        platform::check_path(&path)?;
        Ok(Self { kind: Kind::Path, text: path })
    }

    pub(super) fn from_namespaced(name: Cow<'s, OsStr>) -> io::Result<Self> {
        platform::check_namespaced(&name)?;
        Ok(Self { kind: Kind::Namespaced, text: name })
    }

    #[cfg_attr(windows, allow(dead_code))]
    pub(super) fn with_kind(kind: Kind, text: Cow<'s, OsStr>) -> Self {
        Self { kind, text }
    }

    #[cfg_attr(windows, allow(dead_code))]
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the name stands in a namespace of local sockets. On Windows all do.
    pub fn is_namespaced(&self) -> bool {
        self.kind == Kind::Namespaced || platform::PATHS_ARE_NAMESPACED
    }

    /// Whether the name is a path. On Windows all are.
    pub fn is_path(&self) -> bool {
        self.kind == Kind::Path || platform::PATHS_ARE_NAMESPACED
    }

    /// What the name was made from: the path, or the name in the namespace.
    pub fn text(&self) -> &OsStr {
        &self.text
    }

    /// The path that the name was made from.
    pub fn as_path(&self) -> Option<&Path> {
        (self.kind == Kind::Path).then(|| Path::new(&*self.text))
    }

    /// The name in the namespace that the name was made from.
    pub fn as_namespaced(&self) -> Option<&OsStr> {
        (self.kind != Kind::Path).then_some(&*self.text)
    }

    /// Borrows the name, as `Name::from(&name)` does.
    pub fn borrow(&self) -> Name<'_> {
        Name { kind: self.kind, text: Cow::Borrowed(&self.text) }
    }

    /// The same name with a text of its own.
    pub fn into_owned(self) -> Name<'static> {
        Name { kind: self.kind, text: Cow::Owned(self.text.into_owned()) }
    }
}

/// Borrows the text.
impl<'n> From<&'n Name<'_>> for Name<'n> {
    fn from(name: &'n Name<'_>) -> Self {
        name.borrow()
    }
}

impl Debug for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple(match self.kind {
            Kind::Path => "Path",
            Kind::Namespaced => "Namespaced",
            Kind::SpecialDir => "SpecialDir",
        })
        .field(&self.text)
        .finish()
    }
}

/// What is not Unicode is shown as U+FFFD.
impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.text.to_string_lossy();
        match self.kind {
            Kind::Path if text.starts_with('@') => write!(f, "./{text}"),
            Kind::Path => f.write_str(&text),
            Kind::Namespaced | Kind::SpecialDir => write!(f, "@{text}"),
        }
    }
}

impl FromStr for Name<'static> {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        match text.strip_prefix('@') {
            Some(name) => Self::from_namespaced(Cow::Owned(name.into())),
            None => Self::from_path(Cow::Owned(text.into())),
        }
    }
}

/// Text that a [`Name`] can be made from: borrowed, such as `&str`, `&OsStr`, `&Path` and `&String`, or owned, such as
/// `String`, `OsString` and `PathBuf`.
pub trait NameText<'s> {
    /// Converts to the type that a [`Name`] keeps its text in.
    fn into_cow(self) -> Cow<'s, OsStr>;
}

impl<'s, T: AsRef<Path> + ?Sized> NameText<'s> for &'s T {
    fn into_cow(self) -> Cow<'s, OsStr> {
        Cow::Borrowed(self.as_ref().as_os_str())
    }
}

impl<'s> NameText<'s> for String {
    fn into_cow(self) -> Cow<'s, OsStr> {
        Cow::Owned(self.into())
    }
}

impl<'s> NameText<'s> for OsString {
    fn into_cow(self) -> Cow<'s, OsStr> {
        Cow::Owned(self)
    }
}

impl<'s> NameText<'s> for PathBuf {
    fn into_cow(self) -> Cow<'s, OsStr> {
        Cow::Owned(self.into_os_string())
    }
}

impl<'s, T> NameText<'s> for Cow<'s, T>
where
    T: ToOwned + ?Sized,
    T::Owned: NameText<'s>,
    &'s T: NameText<'s>,
{
    fn into_cow(self) -> Cow<'s, OsStr> {
        match self {
            Cow::Borrowed(text) => text.into_cow(),
            Cow::Owned(text) => text.into_cow(),
        }
    }
}
