/// A bound of traits that only this crate implements.
pub trait Sealed {}
