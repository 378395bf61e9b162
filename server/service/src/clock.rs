//! Time as a parameter.

use chrono::SubsecRound;
use domain::Instant;

/// Tells the time. Every use case asks the one it was given, so tests can set it.
pub trait Clock: Send + Sync + 'static {
    /// Now, truncated to microseconds: the precision both databases keep.
    fn now(&self) -> Instant;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    fn now(&self) -> Instant {
        chrono::Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct FakeClock(std::sync::Mutex<Instant>);

impl FakeClock {
    /// A clock that shows `now`.
    pub const fn new(now: Instant) -> Self {
        Self(std::sync::Mutex::new(now))
    }

    /// Moves the clock, forward or back.
    pub fn advance(&self, by: chrono::TimeDelta) {
        let mut now = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += by;
    }

    /// Sets the clock.
    pub fn set(&self, to: Instant) {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = to;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The machine's clock, moved by as many milliseconds as a file says: for journeys, which look at a
/// running program. Without the file it is the machine's.
#[cfg(feature = "testing")]
#[derive(Debug, Clone)]
pub struct MovedClock(std::path::PathBuf);

#[cfg(feature = "testing")]
impl MovedClock {
    /// A clock that this file moves, from the moment that it is there.
    pub const fn by(file: std::path::PathBuf) -> Self {
        Self(file)
    }
}

#[cfg(feature = "testing")]
impl Clock for MovedClock {
    fn now(&self) -> Instant {
        let told = std::fs::read_to_string(&self.0).ok();
        let moved = told.and_then(|text| text.trim().parse().ok());
        SystemClock.now() + chrono::TimeDelta::milliseconds(moved.unwrap_or(0))
    }
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> Instant {
        (**self).now()
    }
}
