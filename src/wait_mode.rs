use std::time::Duration;

/// How long connecting may wait for a server that exists but is not yet ready to take the connection.
///
/// A server that does not exist is an error at once in every mode ([`NotFound`] or [`ConnectionRefused`]).
///
/// | the server exists, but | `Deferred` | `Timeout` | `Unbounded` |
/// | --- | --- | --- | --- |
/// | Linux: its backlog is full | [`WouldBlock`] | waits, then [`TimedOut`] | waits |
/// | Windows: all its pipe instances are busy | [`WouldBlock`] | waits, then [`TimedOut`] | waits |
/// | macOS, BSD: its backlog is full | [`ConnectionRefused`] | [`ConnectionRefused`] | [`ConnectionRefused`] |
///
/// A stream that is returned is connected, in every mode.
///
/// [`NotFound`]: std::io::ErrorKind::NotFound
/// [`ConnectionRefused`]: std::io::ErrorKind::ConnectionRefused
/// [`WouldBlock`]: std::io::ErrorKind::WouldBlock
/// [`TimedOut`]: std::io::ErrorKind::TimedOut
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ConnectWaitMode {
    /// Do not wait.
    Deferred,
    /// Wait at most this long.
    Timeout(Duration),
    /// Wait as long as it takes.
    #[default]
    Unbounded,
}
