use std::io;

/// Cloning that asks the operating system and can therefore fail.
///
/// References, `Box`, `Rc` and `Arc` do not implement it, so that cloning through them makes a second object, and not a
/// second pointer to the same one:
///
/// ```
/// use interprocess::{TryClone, local_socket::Stream};
/// use std::sync::Arc;
///
/// # fn main() -> std::io::Result<()> {
/// let (here, _there) = Stream::pair()?;
/// let shared = Arc::new(here);
/// let second: Stream = shared.try_clone()?;
/// # let _ = second;
/// # Ok(())
/// # }
/// ```
///
/// What has no second object fails to compile:
///
/// ```compile_fail,E0599
/// use interprocess::{TryClone, local_socket::Listener};
///
/// fn second(listener: &Listener) -> std::io::Result<&Listener> {
///     listener.try_clone()
/// }
/// ```
pub trait TryClone: Sized {
    /// Makes a second object that refers to the same underlying one (for a stream: the same connection).
    ///
    /// # Errors
    /// Whatever the system reports, most often that the limit of open descriptors or handles is reached.
    fn try_clone(&self) -> io::Result<Self>;
}
