use super::number::Signal;
use std::{
    borrow::Borrow,
    fmt, io,
    iter::FusedIterator,
    ops::{BitAnd, BitOr, Not, Sub},
};

/// A set of signals.
///
/// ```
/// use interprocess::os::unix::signal::{Signal, SignalSet};
///
/// let stop = SignalSet::from([Signal::INT, Signal::TERM]);
/// assert!(stop.contains(Signal::TERM));
/// assert_eq!((stop - SignalSet::from(Signal::INT)).to_string(), "SIGTERM");
/// assert!(!(!stop).contains(Signal::INT));
/// ```
#[derive(Copy, Clone, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(
    /// Signal n is bit n - 1, as in the kernels' sets. No system has signals above 128.
    u128,
);

impl SignalSet {
    /// The set of no signals.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// Creates a set from signal numbers, as the constants of `libc` and signal-hook are.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): a number is not that of a signal, as in [`Signal::from_raw`].
    ///
    /// # Examples
    /// ```
    /// use interprocess::os::unix::signal::{Signal, SignalSet, TERM_SIGNALS};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let numbers = [15, 3, 2]; // libc::SIGTERM, libc::SIGQUIT and libc::SIGINT on every Unix
    /// let set = SignalSet::from_raw(&numbers)?;
    /// assert_eq!(set, SignalSet::from(TERM_SIGNALS));
    /// assert!(SignalSet::from_raw([0]).is_err());
    /// # Ok(()) }
    /// ```
    pub fn from_raw(numbers: impl IntoIterator<Item = impl Borrow<i32>>) -> io::Result<Self> {
        numbers.into_iter().map(|number| Signal::from_raw(*number.borrow())).collect()
    }

    /// All signals that programs can use ([`Signal::all`]), [`Signal::KILL`] and [`Signal::STOP`] included.
    pub fn all() -> Self {
        Signal::all().collect()
    }

    /// Adds a signal. `false`: it was there.
    pub fn insert(&mut self, signal: Signal) -> bool {
        let before = self.0;
        self.0 |= bit(signal);
        self.0 != before
    }

    /// Takes a signal out. `false`: it was not there.
    pub fn remove(&mut self, signal: Signal) -> bool {
        let before = self.0;
        self.0 &= !bit(signal);
        self.0 != before
    }

    /// Whether the signal is in the set.
    pub const fn contains(&self, signal: Signal) -> bool {
        self.0 & bit(signal) != 0
    }

    /// How many signals are in the set.
    pub const fn len(&self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// The signals, by number.
    pub const fn iter(&self) -> SignalSetIter {
        SignalSetIter(self.0)
    }

    /// The signals that are in either set. Also `|`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The signals that are in both sets. Also `&`.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The signals of this set that are not in the other. Also `-`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The signals of [`all`](Self::all) that are not in the set. Also `!`.
    #[must_use]
    pub fn complement(self) -> Self {
        Self::all().difference(self)
    }

    /// Whether the other set has all signals of this one.
    pub const fn is_subset(&self, other: &Self) -> bool {
        self.0 & !other.0 == 0
    }
}

const fn bit(signal: Signal) -> u128 {
    match (signal.as_raw() as u32).wrapping_sub(1) {
        shift @ 0..=127 => 1 << shift,
        _ => 0,
    }
}

impl From<Signal> for SignalSet {
    fn from(signal: Signal) -> Self {
        Self(bit(signal))
    }
}

impl From<&SignalSet> for SignalSet {
    fn from(set: &SignalSet) -> Self {
        *set
    }
}

impl<const N: usize> From<[Signal; N]> for SignalSet {
    fn from(signals: [Signal; N]) -> Self {
        signals.into_iter().collect()
    }
}

impl From<&[Signal]> for SignalSet {
    fn from(signals: &[Signal]) -> Self {
        signals.iter().collect()
    }
}

impl<const N: usize> From<&[Signal; N]> for SignalSet {
    fn from(signals: &[Signal; N]) -> Self {
        signals.iter().collect()
    }
}

impl From<Vec<Signal>> for SignalSet {
    fn from(signals: Vec<Signal>) -> Self {
        signals.into_iter().collect()
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        let mut set = Self::empty();
        set.extend(signals);
        set
    }
}

impl<'a> FromIterator<&'a Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = &'a Signal>>(signals: I) -> Self {
        signals.into_iter().copied().collect()
    }
}

impl Extend<Signal> for SignalSet {
    fn extend<I: IntoIterator<Item = Signal>>(&mut self, signals: I) {
        for signal in signals {
            self.insert(signal);
        }
    }
}

impl BitOr for SignalSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitAnd for SignalSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.intersection(other)
    }
}

impl Sub for SignalSet {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.difference(other)
    }
}

impl Not for SignalSet {
    type Output = Self;

    fn not(self) -> Self {
        self.complement()
    }
}

impl fmt::Debug for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

/// The names, with commas and spaces between them.
impl fmt::Display for SignalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, signal) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{signal}")?;
        }
        Ok(())
    }
}

impl IntoIterator for SignalSet {
    type Item = Signal;
    type IntoIter = SignalSetIter;

    fn into_iter(self) -> SignalSetIter {
        self.iter()
    }
}

impl IntoIterator for &SignalSet {
    type Item = Signal;
    type IntoIter = SignalSetIter;

    fn into_iter(self) -> SignalSetIter {
        self.iter()
    }
}

/// The signals of a [`SignalSet`], by number.
#[derive(Clone, Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct SignalSetIter(u128);

impl Iterator for SignalSetIter {
    type Item = Signal;

    fn next(&mut self) -> Option<Signal> {
        if self.0 == 0 {
            return None;
        }
        let shift = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(Signal::from_system(shift as i32 + 1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.0.count_ones() as usize;
        (count, Some(count))
    }
}

impl ExactSizeIterator for SignalSetIter {}
impl FusedIterator for SignalSetIter {}

#[cfg(test)]
mod tests {
    use super::SignalSet;
    use crate::os::unix::sys::signal::{number::Signal, set};

    #[test]
    fn members() {
        let mut set = SignalSet::empty();
        assert!(set.is_empty() && !set.contains(Signal::TERM));
        assert!(set.insert(Signal::TERM) && !set.insert(Signal::TERM));
        assert!(set.insert(Signal::HUP));
        assert_eq!((set.len(), set.iter().len()), (2, 2));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Signal::HUP, Signal::TERM]);
        assert_eq!(set.to_string(), "SIGHUP, SIGTERM");
        assert_eq!(format!("{set:?}"), "{SIGHUP, SIGTERM}");
        assert!(set.remove(Signal::HUP) && !set.remove(Signal::HUP));
        assert_eq!(set, SignalSet::from(Signal::TERM));
        assert_eq!(set, [Signal::TERM].iter().collect());
        assert_eq!(SignalSet::empty().to_string(), "");
    }

    #[test]
    fn operations() {
        let a = SignalSet::from([Signal::INT, Signal::TERM]);
        let b = SignalSet::from([Signal::TERM, Signal::HUP]);
        assert_eq!(a | b, SignalSet::from([Signal::HUP, Signal::INT, Signal::TERM]));
        assert_eq!(a & b, SignalSet::from(Signal::TERM));
        assert_eq!(a - b, SignalSet::from(Signal::INT));
        assert_eq!(!!a, a);
        assert_eq!((!a).len(), SignalSet::all().len() - 2);
        assert!((a & b).is_subset(&a) && !a.is_subset(&b));
        assert_eq!(SignalSet::all().iter().collect::<Vec<_>>(), Signal::all().collect::<Vec<_>>());
    }

    #[test]
    fn numbers_that_no_signal_has_are_in_no_set() {
        for number in [i32::MIN, -1, 0, 129, i32::MAX] {
            let mut set = SignalSet::empty();
            assert!(!set.insert(Signal::from_system(number)));
            assert!(set.is_empty() && !set.contains(Signal::from_system(number)));
        }
        assert!(SignalSet::from(Signal::from_system(128)).contains(Signal::from_system(128)));
    }

    #[test]
    fn the_systems_set_has_the_same_members() {
        for signal in Signal::all() {
            let set = SignalSet::from(signal);
            assert_eq!(set::from_system(&set::to_system(set)), set);
        }
        for set in [SignalSet::empty(), SignalSet::all()] {
            assert_eq!(set::from_system(&set::to_system(set)), set);
        }
    }
}
