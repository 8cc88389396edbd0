use std::io;

/// Cloning that asks the operating system and can therefore fail.
pub trait TryClone: Sized {
    /// Makes a second object that refers to the same underlying one (for a stream: the same connection).
    ///
    /// # Errors
    /// Whatever the system reports, most often that the limit of open descriptors or handles is reached.
    fn try_clone(&self) -> io::Result<Self>;
}

impl<T: Clone> TryClone for T {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(self.clone())
    }
}
