//! The interface of interprocess 2.4, for programs that were written for it.
//!
//! Its traits, preludes and kinds of names are all here and re-exported where 2.4 has them. New programs need none of it:
//! the types have all methods themselves, and [`Name`](super::Name) makes names.

mod name;
#[cfg(feature = "tokio")]
pub(super) mod tokio;
pub mod traits;

pub use self::name::{
    GenericFilePath, GenericNamespaced, NameType, NamespacedNameType, PathNameType, ToFsName, ToNsName,
};

use super::{ConnectOptions, Listener, ListenerOptions, Stream};
use std::{io, iter::FusedIterator, time::Duration};

/// Everything that a program for interprocess 2.4 imports at once. [`interprocess::prelude`](crate::prelude) is that of this
/// version.
pub mod prelude {
    pub use crate::local_socket::{
        Listener as LocalSocketListener, NameType as _, Stream as LocalSocketStream, ToFsName as _,
        ToNsName as _,
        traits::{Listener as _, ListenerExt as _, Stream as _, StreamCommon as _},
    };
}

impl ListenerOptions<'_> {
    /// [`create_sync`](Self::create_sync), generic.
    ///
    /// # Errors
    /// As for `create_sync`.
    pub fn create_sync_as<L: traits::Listener>(self) -> io::Result<L> {
        L::from_options(self)
    }

    /// Does nothing: no attempt is repeated here. It was a limit of time for `try_overwrite` in interprocess 2.4.
    #[deprecated(since = "3.0.0", note = "it does nothing")]
    pub fn max_spin_time(self, _: Duration) -> Self {
        self
    }
}

impl ConnectOptions<'_> {
    /// [`connect_sync`](Self::connect_sync), generic.
    ///
    /// # Errors
    /// As for `connect_sync`.
    pub fn connect_sync_as<S: traits::Stream>(&self) -> io::Result<S> {
        S::from_options(self)
    }
}

/// What [`traits::Listener`] requires. It is no part of the type's page, which has [`incoming`](Listener::incoming).
#[doc(hidden)]
impl Iterator for Listener {
    type Item = io::Result<Stream>;

    fn next(&mut self) -> Option<Self::Item> {
        self.incoming().next()
    }
}

#[doc(hidden)]
impl FusedIterator for Listener {}

/// An iterator that accepts again and again, until the listener is closed.
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a, L> {
    listener: &'a L,
}

impl<'a, L: traits::Listener> From<&'a L> for Incoming<'a, L> {
    fn from(listener: &'a L) -> Self {
        Self { listener }
    }
}

impl<L: traits::Listener> Iterator for Incoming<'_, L> {
    type Item = io::Result<L::Stream>;

    fn next(&mut self) -> Option<Self::Item> {
        let accepted = self.listener.accept();
        if accepted.is_err() && self.listener.is_closed() { None } else { Some(accepted) }
    }
}

impl<L: traits::Listener> FusedIterator for Incoming<'_, L> {}
