//! Moments at which waiting ends, and pauses between attempts.

use std::time::{Duration, Instant};

/// When waiting ends, if it does.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// In that time from now, or never; also never where the clock does not go as far.
    pub(crate) fn after(timeout: impl Into<Option<Duration>>) -> Self {
        Self(timeout.into().and_then(|timeout| Instant::now().checked_add(timeout)))
    }

    /// How long there is to wait, and 0 if it is over. `None` is for ever.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// `pause`, or what is left if that is less.
    pub(crate) fn at_most(self, pause: Duration) -> Duration {
        self.left().map_or(pause, |left| left.min(pause))
    }

    pub(crate) fn is_over(self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }
}

/// Pauses before further attempts, where no event announces that one may succeed: 1 ms, and twice as long each time up to
/// 20 ms.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    const LONGEST: Duration = Duration::from_millis(20);

    pub(crate) const fn new() -> Self {
        Self::starting_at(Duration::from_millis(1))
    }

    pub(crate) const fn starting_at(first: Duration) -> Self {
        Self(first)
    }

    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.0;
        self.0 = Self::LONGEST.min(2 * pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Deadline};
    use std::time::Duration;

    #[test]
    fn deadline_is_over_when_nothing_is_left() {
        let past = Deadline::after(Duration::ZERO);
        assert!(past.is_over());
        assert_eq!(past.left(), Some(Duration::ZERO));
        for never in [Deadline::after(None), Deadline::after(Duration::MAX)] {
            assert!(!never.is_over());
            assert_eq!(never.left(), None);
        }
        assert!(!Deadline::after(Duration::from_secs(3600)).is_over());
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..7).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 20, 20]);
    }
}
